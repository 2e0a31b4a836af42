"""The picture of the network from what everybody tells: every device stands in it once, at the place that was recorded or heard of."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from hub.equipment.model import Device
from hub.equipment.network_model import Card, Gear, Known, Neighbours, Place, Spot
from hub.equipment.picture import picture_of
from hub.ports import DeviceInfo, DeviceState, Health

AT = datetime(2026, 11, 22, tzinfo=UTC)


def device(name, kind, transport="tcp", /, **figures):
    info = DeviceInfo(kind=kind, name=name, transport=transport)
    return Device(id=name, info=info, state=DeviceState(health=Health.ONLINE, since="x", figures=figures), health=Health.ONLINE)


def mac(number):
    return f"00:00:00:00:00:{number:02x}"


def row(number, of="", **more):
    return {"mac": mac(number), "ip": f"10.0.0.{number}", "device": of, **more}


def known(devices, rows=(), gear=None, cables=None, cards=None):
    return Known(
        devices=devices,
        neighbours=Neighbours.model_validate({"watching": True, "neighbours": rows}),
        gear={name: Gear.model_validate(said) for name, said in (gear or {}).items()},
        cables=cables or {},
        cards=cards or {},
    )


def shape(spot):
    """The tree as nested pairs of port and name."""
    return {(child.port, child.id): shape(child) for child in spot.children}


def everyone(spot):
    return [spot.id, *(found for child in spot.children for found in everyone(child))]


ROUTER, CORE, BACK = (
    device("gate", "network_gear", name="gw"),
    device("core", "network_gear", name="core-sw"),
    device("back", "network_gear"),
)
WAY = device("internet", "internet", "internet", gateway="10.0.0.1")
PRINTER, SCALE = device("printer", "receipt_printer"), device("scale", "scale", "serial")


def test_from_the_hub_over_router_and_switches_to_the_devices():
    lldp = {"neighbours": [{"port": "lan1", "chassis": "xx", "remote_port": "24", "name": "core-sw"}]}
    core = {"addresses": [{"mac": mac(9), "port": "3"}, {"mac": mac(1), "port": "24"}, {"mac": mac(3), "port": "20"}]}
    rows = [row(1, "gate"), row(2, "core"), row(3, "back"), row(9, "printer"), row(77)]
    core["addresses"].append({"mac": mac(77), "port": "10"})
    back = {"addresses": [{"mac": mac(9), "port": "1"}, {"mac": mac(2), "port": "1"}]}
    drawn = picture_of(known([WAY, ROUTER, CORE, BACK, PRINTER, SCALE], rows, {"gate": lldp, "core": core, "back": back}))
    assert shape(drawn.root) == {
        ("", "scale"): {},
        ("", "gate"): {("lan1", "core"): {("3", "printer"): {}, ("10", mac(77)): {}, ("20", "back"): {}}},
    }
    assert drawn.loose == ()


def test_what_a_person_recorded_wins_over_what_a_switch_has_heard():
    core = {"addresses": [{"mac": mac(9), "port": "3"}]}
    drawn = picture_of(known([CORE, PRINTER], [row(9, "printer")], {"core": core}, {"printer": Place(gear="core", port="8", socket="W-2")}))
    [router] = drawn.root.children
    [switch] = router.children
    [spot] = switch.children
    assert (spot.port, spot.socket, spot.recorded) == ("8", "W-2", True)


def test_a_shop_without_any_gear_shows_its_router_and_what_hangs_nobody_knows_where():
    drawn = picture_of(known([WAY, PRINTER, SCALE], [row(1, name="fritz"), row(9, "printer"), row(5, random=True), row(77, maker="APC")]))
    assert shape(drawn.root) == {("", "scale"): {}, ("", "router"): {}}
    assert drawn.root.children[-1].name == "fritz"
    assert sorted(spot.id for spot in drawn.loose) == [mac(77), "printer"]
    assert drawn.guests == 1


def test_nothing_known_is_an_empty_picture():
    drawn = picture_of(known([]))
    assert (drawn.root.children, drawn.loose) == ((), ())


def test_a_name_a_person_gave_a_card_is_shown():
    card = Card(mac=mac(77), ip="", said="esp", maker="", name="Camera", known=True, appeared_at=AT)
    assert picture_of(known([], [row(77, name="esp")], cards={mac(77): card})).loose[0].name == "Camera"


def test_a_recorded_place_at_gear_that_is_gone_leaves_the_device_loose():
    drawn = picture_of(known([PRINTER], cables={"printer": Place(gear="gone", port="1")}))
    assert [spot.id for spot in drawn.loose] == ["printer"]


names = st.sampled_from(["gate", "core", "back", "printer", "scale", "x"])
ports = st.sampled_from(["1", "2", "24"])
macs = st.integers(1, 12).map(mac)
gear_said = st.fixed_dictionaries(
    {
        "neighbours": st.lists(st.fixed_dictionaries({"port": ports, "name": st.sampled_from(["gw", "core-sw", ""]), "chassis": macs})),
        "addresses": st.lists(st.fixed_dictionaries({"mac": macs | st.just("?"), "port": ports})),
    }
)


@given(
    st.lists(
        st.tuples(st.integers(1, 12), names | st.just(""), st.booleans()), max_size=12, unique_by=(lambda r: r[0], lambda r: r[1] or r[0])
    ),
    st.dictionaries(st.sampled_from(["gate", "core", "back"]), gear_said),
    st.dictionaries(names, st.builds(lambda g, p: Place(gear=g, port=p), names, ports)),
)
def test_whatever_is_told_every_device_stands_in_the_picture_exactly_once(rows, gear, cables):
    devices = [WAY, ROUTER, CORE, BACK, PRINTER, SCALE]
    drawn = picture_of(known(devices, [row(n, of, random=made_up) for n, of, made_up in rows], gear, cables))
    shown = [*everyone(drawn.root), *(name for spot in drawn.loose for name in everyone(spot))]
    named = [name for name in shown if name in {d.id for d in devices}]
    assert sorted(named) == ["back", "core", "gate", "printer", "scale"]
    assert isinstance(drawn.root, Spot)


def test_a_port_that_leads_to_another_switch_is_where_nothing_hangs():
    core = {"addresses": [{"mac": mac(3), "port": "20"}, {"mac": mac(9), "port": "21"}]}
    lldp = [{"port": "21", "name": "core-sw"}]
    back = {"addresses": [{"mac": mac(9), "port": "5"}, {"mac": mac(66), "port": "5"}], "neighbours": lldp}
    core["neighbours"] = [{"port": "21", "chassis": mac(3)}]
    rows = [row(2, "core"), row(3, "back"), row(9, "printer")]
    [router] = picture_of(known([CORE, BACK, PRINTER], rows, {"core": core, "back": back})).root.children
    found = [(spot.id, spot.port) for top in router.children for below in top.children for spot in (below, *below.children)]
    assert ("printer", "5") in found
