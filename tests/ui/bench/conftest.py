"""The bench page over the real program of simulated devices."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.ui.station.conftest import _desk, chromium, desk, desk_url, free_port, open_desk

__all__ = ["_desk", "bench_url", "chromium", "desk", "desk_url", "open_desk", "sims"]


@pytest.fixture(scope="session")
def bench_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    data = tmp_path_factory.mktemp("bench")
    program = subprocess.Popen(
        [sys.executable, "-m", "devices.simulators", "--port", str(port), "--data", str(data)], cwd=Path(__file__).parents[3]
    )
    url, until = f"http://127.0.0.1:{port}", time.monotonic() + 20
    try:
        while True:
            assert program.poll() is None, "the simulated devices did not start"
            assert time.monotonic() < until, "the simulated devices did not come up"
            try:
                httpx.get(f"{url}/healthz", timeout=2)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        program.kill()
        program.wait()


@pytest.fixture
def sims(bench_url: str) -> Iterator[httpx.Client]:
    """The simulated devices themselves, well at the beginning of each test."""
    with httpx.Client(base_url=bench_url, timeout=10, limits=httpx.Limits(max_keepalive_connections=0)) as client:
        for verb in ("heal", "reload", "cover_close", "plug_in", "close_drawer"):
            client.post(f"/sims/printer/do/{verb}", json={})
        client.post("/sims/scanner/do/plug_in", json={})
        yield client
