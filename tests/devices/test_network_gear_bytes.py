"""SNMP by its bytes: texts and counters, a SET and its answer; what an address, a profile and the simulator refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.driver import Driver
from devices.drivers import driver_of
from devices.drivers.network_gear.change import error_status, set_request
from devices.drivers.network_gear.ports import grown
from devices.drivers.network_gear.profile import NetworkGearProfile
from devices.drivers.snmp.values import text
from devices.errors import BadAddress, CannotConnect
from devices.simulators import snmp_agent
from devices.transport import Address, transport_to
from hub.clock import Clock


@pytest.mark.parametrize(
    ("now", "then", "bits", "by"),
    [(7, 5, 32, 2), (3, 2**32 - 1, 32, 4), (3, 2**64 - 1, 64, 4), (40, 1000, 32, 40)],  # the last was cleared
)
def test_a_counter_grows_past_its_end_and_starts_anew_when_it_is_cleared(now: int, then: int, bits: int, by: int) -> None:
    assert grown(now, then, bits) == by


@pytest.mark.parametrize(
    "settings",
    [
        {"version": "v3"},
        {"version": "v3", "user": "hub", "priv": "aes", "priv_key": "long enough"},
        {"version": "v3", "user": "hub", "auth": "sha", "auth_key": "short"},
        {"version": "v1"},
        {"community": ""},
    ],
)
def test_the_profile_refuses_what_cannot_work(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        NetworkGearProfile.model_validate(settings)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_text_on_one_line(said: bytes) -> None:
    shown = text(said)
    assert len(shown) <= 64
    assert shown.isprintable()


def test_gbk_is_read_where_it_is_no_utf8() -> None:
    assert text("前台交换机".encode("gbk")) == "前台交换机"


@given(st.binary(max_size=60))
def test_any_bytes_are_an_answer_of_that_request_or_none(answer: bytes) -> None:
    assert error_status(answer, 5) in {None, 0} or answer[0] == 0x30


@given(st.integers(0, 2**31 - 1), st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20), st.integers(-(2**31), 2**31 - 1))
def test_what_is_set_is_read_by_the_other_end_as_it_was_meant(request: int, oid: list[int], value: int) -> None:
    sent = set_request(b"public", request, ".".join(map(str, (1, 3, *oid))), value)
    heard = snmp_agent.Request.read(sent)
    assert (heard.kind, heard.id, heard.community) == (snmp_agent.SET, request, b"public")
    assert heard.asked == (((1, 3, *oid), snmp_agent.number(value)),)
    said = snmp_agent.answer(snmp_agent.Tree(), heard, 100)
    assert error_status(said, request) == snmp_agent.NOT_WRITABLE
    assert error_status(said, request ^ 1) is None


@given(st.binary(max_size=80))
def test_any_bytes_are_a_question_to_the_simulator_or_are_not_answered(data: bytes) -> None:
    try:
        heard = snmp_agent.Request.read(data)
    except snmp_agent.Malformed:
        return
    assert snmp_agent.answer(snmp_agent.Tree(), heard, 100)[0] == 0x30


def test_it_needs_an_address_of_its_own_kind() -> None:
    made: type[Driver] = driver_of("network_gear")
    with pytest.raises(BadAddress):
        made(made.profile(), transport_to(Address.parse("tcp://127.0.0.1:9")), Clock())
    with pytest.raises(BadAddress):
        Address.parse("snmp://10.0.0.2")


async def test_a_name_nobody_knows_is_unreachable() -> None:
    with pytest.raises(CannotConnect):
        await transport_to(Address.parse("snmp://no-such-host.invalid:161")).open()


def test_the_library_is_loaded_only_where_a_device_is() -> None:
    root = Path(__file__).parents[2]
    users = {
        p.relative_to(root).as_posix()
        for p in (root / "devices").rglob("*.py")
        if "import gufo" in (code := p.read_text()) or "from gufo" in code
    }
    assert users == {"devices/drivers/snmp/agent.py"}
