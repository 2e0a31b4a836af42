"""What devices announce by multicast DNS becomes a candidate for each of them, and nothing said on the network is believed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.network.services import TYPES, Said, candidates_of
from devices.transport import Address

UUID = "5d3c1a52-0000-4000-8000-51a11a7ed001"


def said(type_: str, name: str = "Brother HL-L2350", port: int = 631, **txt: str) -> Said:
    return Said(type=type_, name=name, host="brother.local.", address="10.0.0.9", port=port, txt=txt)


@pytest.mark.parametrize(
    ("one", "kind", "address", "identity"),
    [
        (said("_ipp._tcp", rp="ipp/print", uuid=UUID.upper()), "office_printer", "ipp://10.0.0.9:631/ipp/print", UUID),
        (said("_ipps._tcp", port=443, rp="printers/a4"), "office_printer", "ipps://10.0.0.9:443/printers/a4", ""),
        (said("_pdl-datastream._tcp", "TM-T20 store1", 9100, ty="EPSON TM-T20III"), "receipt_printer", "tcp://10.0.0.9:9100", ""),
        (
            said("_pdl-datastream._tcp", "ZTC ZD420", 6101, ty="Zebra", mac="00:07:4D:11:22:33"),
            "label_printer",
            "tcp://10.0.0.9:6101",
            "00074d112233",
        ),
        (said("_ipp._tcp", "TM-m30", uuid=UUID), "receipt_printer", "tcp://10.0.0.9:9100", UUID),
        (said("_printer._tcp", "XP-80C", 515), "receipt_printer", "tcp://10.0.0.9:9100", ""),
        (said("_nut._tcp", "ups on the shelf", 3493), "ups", "tcp://10.0.0.9:3493", ""),
        (said("_pdl-datastream._tcp", "thing", 9100), "", "tcp://10.0.0.9:9100", ""),
    ],
)
def test_a_device_is_proposed_as_what_it_says_and_where_we_can_speak_to_it(one: Said, kind: str, address: str, identity: str) -> None:
    made = one.candidate()
    assert made is not None
    assert (made.kind, made.address, made.identity) == (kind, address, identity)
    assert f"announced as {one.type}" in made.evidence
    assert ("guessed" in made.evidence) is (one.name in {"TM-m30", "XP-80C"})


def test_a_printer_that_announces_itself_four_times_is_proposed_once_by_the_best_of_it() -> None:
    told = [
        said(kind, port=port, uuid=UUID)
        for kind, port in (("_printer._tcp", 515), ("_pdl-datastream._tcp", 9100), ("_ipps._tcp", 631), ("_ipp._tcp", 631))
    ]
    (made,) = candidates_of(told)
    assert made.address == "ipp://10.0.0.9:631/ipp/print"
    (nameless,) = candidates_of([said("_ipp._tcp"), said("_pdl-datastream._tcp", port=9100)])
    assert nameless.kind == "office_printer"


@pytest.mark.parametrize(
    "bad",
    [
        {"rp": "ipp/print?simulated=1"},
        {"rp": "../../x y"},
        {"rp": "a" * 200},
        {"port": 0},
        {"port": 70000},
        {"address": "300.1.1.1"},
        {"address": "evil"},
    ],
)
def test_what_cannot_be_an_address_is_left_out(bad: dict[str, Any]) -> None:
    own = {"address": "10.0.0.9", "port": 631, **{k: v for k, v in bad.items() if k != "rp"}}
    assert Said(type="_ipp._tcp", name="x", host="x.local.", txt={k: v for k, v in bad.items() if k == "rp"}, **own).candidate() is None


@given(
    st.builds(
        Said,
        type=st.sampled_from(TYPES),
        name=st.text(max_size=80),
        host=st.text(max_size=20),
        address=st.text(max_size=15) | st.just("10.0.0.9"),
        port=st.integers(-1, 70_000),
        txt=st.dictionaries(st.sampled_from(["rp", "uuid", "mac", "ty", "note"]), st.text(max_size=100)),
    )
)
def test_whatever_is_said_an_address_can_be_read_and_a_name_be_shown(one: Said) -> None:
    for made in candidates_of([one]):
        address = Address.parse(made.address)
        assert (address.host, address.simulated) == ("10.0.0.9", False) or address.host == one.address
        assert made.name.isprintable()
        assert 0 < len(made.name) <= 60
        assert len(made.identity) <= 36
