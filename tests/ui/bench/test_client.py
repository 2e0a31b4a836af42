"""What the pages learn of a bench that is away or broken."""

from __future__ import annotations

import httpx
import pytest

from ui.bench import BenchClient, BenchSilent


async def asked(transport: httpx.AsyncBaseTransport | None) -> None:
    bench = BenchClient("http://127.0.0.1:9", transport)
    try:
        await bench.sims()
    finally:
        await bench.close()


async def test_a_bench_that_is_away_is_silent_and_nothing_else() -> None:
    with pytest.raises(BenchSilent):
        await asked(None)


async def test_a_bench_that_refuses_is_silent() -> None:
    with pytest.raises(BenchSilent):
        await asked(httpx.MockTransport(lambda _: httpx.Response(500)))


async def test_a_bench_that_talks_nonsense_is_silent() -> None:
    for nonsense in ([{"id": "printer"}], {"sims": 1}, ["printer"], "ok"):
        with pytest.raises(BenchSilent):
            await asked(httpx.MockTransport(lambda _, said=nonsense: httpx.Response(200, json=said)))
    with pytest.raises(BenchSilent):
        await asked(httpx.MockTransport(lambda _: httpx.Response(200, text="<html>")))
