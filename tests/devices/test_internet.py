"""The way to the Internet, hop by hop, against a simulated one; and the real questions against this machine itself."""

from __future__ import annotations

import asyncio
import http.server
import itertools
import struct
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.internet import Answers, Internet, answers_it, broken_hop, default_route, question, resolvers
from devices.errors import BadAddress, CannotConnect
from devices.outside import Outside, is_reply
from devices.reasons import REASONS
from devices.simulators.internet import FAR, GATEWAY, InternetSim, Lose
from devices.simulators.verbs import Garble, Late, Nothing
from devices.transport import Address, transport_to
from hub.ports import Outcome
from tests.devices.rig import Rig, driving, errand

NOTHING = Nothing()
LOOKS_FOR_LOSS = 10


@pytest_asyncio.fixture
async def sim(tmp_path: Path) -> AsyncIterator[InternetSim]:
    """A way out that is well."""
    sim = InternetSim("internet", tmp_path / "internet")
    await sim.start()
    yield sim
    await sim.stop()


def on(sim: InternetSim, **profile: Any) -> Any:
    return driving("internet", sim.address, **profile)


async def looked(rig: Rig) -> Any:
    await rig.driver.identify()
    return await rig.driver.poll()


async def test_a_way_that_is_well_tells_how_fast_every_hop_is(sim: InternetSim) -> None:
    async with on(sim, far=FAR) as rig:
        condition = await looked(rig)
    assert condition.reason == ""
    assert condition.figures["gateway"] == GATEWAY
    assert condition.figures["interface"] == "eth0"
    for name in ("gateway_ms", "dns_ms", "far_ms", "hq_ms"):
        assert 0 < condition.figures[name] < 1000, name


@pytest.mark.parametrize("far", ["", FAR])
@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        ("cable_out", "no_carrier"),
        ("no_address", "no_address"),
        ("gateway_down", "gateway_silent"),
        ("line_down", "line_down"),
        ("dns_broken", "names_broken"),
        ("dns_silent", "names_broken"),
        ("hq_down", "hq_silent"),
    ],
)
async def test_the_hop_that_is_broken_is_named_and_healed_it_is_well_again(sim: InternetSim, verb: str, reason: str, far: str) -> None:
    await sim.do(verb, NOTHING)
    async with on(sim, far=far) as rig:
        assert (await looked(rig)).reason == reason
        assert REASONS[reason].sentence
    await sim.do("heal", NOTHING)
    async with on(sim, far=far) as rig:
        assert (await looked(rig)).reason == ""


async def test_a_line_that_goes_down_while_it_is_watched_is_seen_in_the_next_look(sim: InternetSim) -> None:
    async with on(sim) as rig:
        assert (await looked(rig)).reason == ""
        await sim.do("line_down", NOTHING)
        assert (await rig.driver.poll()).reason == "line_down"


async def test_three_of_ten_pings_lost_are_told_of_the_line_and_not_of_the_shop(sim: InternetSim) -> None:
    await sim.do("lose", Lose(pct=50))
    async with on(sim, far=FAR) as rig:
        await rig.driver.identify()
        conditions = [await rig.driver.poll() for _ in range(5)]
    assert conditions[-1].reason == "line_loses"
    assert 20 < conditions[-1].figures["far_loss_pct"] < 80
    assert conditions[-1].figures["gateway_loss_pct"] == 0


async def test_losses_in_the_shop_are_said_before_those_of_the_line(sim: InternetSim) -> None:
    await sim.do("lose", Lose(pct=50, where="shop"))
    async with on(sim, far=FAR) as rig:
        await rig.driver.identify()
        assert [await rig.driver.poll() for _ in range(5)][-1].reason == "shop_network_loses"


async def test_a_router_that_answers_no_ping_is_no_fault_while_the_world_beyond_answers() -> None:
    assert broken_hop(Answers(gateway=False, names=True, far=None, hq=None)) == ""
    assert broken_hop(Answers(gateway=False, names=False, far=True, hq=None)) == "names_broken"


async def test_a_slow_line_is_told(sim: InternetSim) -> None:
    await sim.do("slow", Late(seconds=0.3))
    async with on(sim, far=FAR, slow_ms_max=200) as rig:
        condition = await looked(rig)
    assert condition.reason == "line_slow"
    assert condition.figures["far_ms"] >= 300
    assert condition.figures["gateway_ms"] < 200


async def test_nobody_outside_is_asked_but_whom_a_person_named(sim: InternetSim) -> None:
    async with on(sim) as rig:
        condition = await looked(rig)
    assert (condition.figures["far"], condition.figures["far_ms"]) == ("", None)


async def test_head_office_is_asked_seldom_while_all_is_well(sim: InternetSim) -> None:
    async with on(sim) as rig:
        await rig.driver.identify()
        for _ in range(4):
            await rig.driver.poll()
        assert sim._hq.clients == 1


async def test_nonsense_for_an_answer_is_no_answer(sim: InternetSim) -> None:
    await sim.do("garble", Garble(answers=1000))
    async with on(sim, far=FAR) as rig:
        condition = await looked(rig)
    assert condition.figures["gateway_ms"] is None
    assert condition.figures["dns_ms"] is None
    assert condition.reason == "names_broken"  # head office takes connections, so the line works


async def test_a_simulated_way_that_was_restarted_is_found_where_it_plays_now(sim: InternetSim, tmp_path: Path) -> None:
    async with on(sim) as rig:
        assert (await looked(rig)).reason == ""
        await sim.stop()
        other = InternetSim("internet", tmp_path / "internet")
        await other.start()
        assert (await rig.driver.poll()).reason == ""
        await other.stop()


async def test_the_files_gone_is_a_miss(sim: InternetSim) -> None:
    async with on(sim) as rig:
        await rig.driver.identify()
        await sim.do("unplug", NOTHING)
        with pytest.raises(CannotConnect):
            await rig.driver.poll()
        with pytest.raises(CannotConnect):
            await rig.driver.identify()


def test_whatever_answers_or_not_there_is_one_reason_with_words_and_none_when_all_answer() -> None:
    for gateway, names, far, hq in itertools.product((True, False), *((True, False, None),) * 3):
        said = broken_hop(Answers(gateway=gateway, names=names, far=far, hq=hq))
        assert said == "" or said in REASONS
        if False not in {gateway, names, far, hq}:
            assert said == ""
        if not gateway and True not in {names, far, hq}:
            assert said == "gateway_silent"


async def test_the_speed_is_measured_only_where_a_file_is_named(sim: InternetSim) -> None:
    async with on(sim) as rig:
        result = await rig.run(errand("speed", kind=Internet))
    assert (result.outcome, result.reason) == (Outcome.FAILED, "no_speed_server")


class _Serves(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        size = int(self.path.strip("/"))
        self.send_response(200 if size else 404)
        self.end_headers()
        for _ in range(size // 65536):
            try:
                self.wfile.write(b"\0" * 65536)
            except OSError:
                return

    def log_message(self, *_: Any) -> None: ...


async def test_the_speed_is_that_of_a_real_http_server_and_never_more_than_twenty_megabytes() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Serves)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        base = f"http://127.0.0.1:{server.server_address[1]}"
        for size, wanted in ((655_360, 655_360), (64_000_000, 20_000_000)):
            async with driving("internet", "internet:///", speed_url=f"{base}/{size}") as rig:
                result = await rig.run(errand("speed", kind=Internet))
            assert result.outcome is Outcome.DONE
            assert result.answer["bytes"] == wanted
            assert result.answer["mbps"] > 0
        async with driving("internet", "internet:///", speed_url=f"{base}/0") as rig:
            assert (await rig.run(errand("speed", kind=Internet))).reason == "speed_failed"
    finally:
        server.shutdown()
        server.server_close()


async def test_the_real_questions_are_answered_by_this_machine_itself() -> None:
    way = transport_to(Address.parse("internet:///"))
    assert isinstance(way, Outside)
    assert await way.ping("127.0.0.1") is not None  # by ICMP, or refused at port 443: both prove that somebody is there
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await way.connect("127.0.0.1", port) is not None
    server.close()
    await server.wait_closed()
    assert await way.connect("127.0.0.1", port) is None
    assert await way.ask("127.0.0.1", port, b"x", 0.2) == b""


async def test_what_a_simulated_way_does_not_play_is_never_asked_of_the_real_world(sim: InternetSim) -> None:
    way = transport_to(Address.parse(sim.address))
    assert isinstance(way, Outside)
    await way.open()
    assert way._place("ping", "192.0.2.99") == ("127.0.0.1", 0)
    assert await way.ping("192.0.2.99") is None
    assert await way.connect("example.com", 80) is None


def test_the_address_of_head_office_is_checked() -> None:
    with pytest.raises(BadAddress):
        Address.parse("internet:///?hq=nowhere")


def test_of_two_default_routes_the_one_with_the_smaller_metric_is_taken() -> None:
    head = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
    rows = "wlan0 00000000 0101A8C0 0003 0 0 600 00000000 0 0 0\neth0 00000000 0100000A 0003 0 0 100 00000000 0 0 0\neth0 0000000A 00000000 0001 0 0 100 00FFFFFF 0 0 0\n"
    assert default_route(head + rows) == ("eth0", "10.0.0.1")
    assert resolvers("# x\nnameserver 10.0.0.1\nnameserver fe80::1\nnameserver 9.9.9.9\n") == ("10.0.0.1", "9.9.9.9")


@given(st.text(max_size=400))
def test_any_text_in_the_kernels_files_is_read_or_left_out(text: str) -> None:
    default_route("head\n" + text)
    resolvers(text)


@given(st.binary(max_size=80), st.integers(0, 65535))
def test_any_datagram_is_an_answer_or_none(data: bytes, number: int) -> None:
    assert not answers_it(data[:11], number)
    answers_it(data, number)
    if is_reply(data, number, b"load"):
        assert data.endswith(b"load")


def test_a_question_has_the_form_of_rfc_1035() -> None:
    assert question(7, "hq.example.com") == struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"\2hq\7example\3com\0\0\1\0\1"
    assert question(7, "").endswith(b"\0\0\2\0\1")
