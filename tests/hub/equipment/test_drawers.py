"""A drawer opened without the till is a fact of the shop."""

from __future__ import annotations

import pytest

from hub.equipment.events import DrawerOpenedByHand
from tests.hub.equipment.wire import printer, until

AT = "2026-03-02T03:04:05+00:00"


def opened(wire, *, by_command, at=AT):
    wire.says("dev/p1/event/drawer_opened", by_command=by_command, at=at)


async def test_a_drawer_opened_by_hand_is_in_the_journal_and_in_the_printers_history_once(salon, wire):
    def told():
        return [(moment.at.isoformat(), moment.reason) for moment in salon.shop.equipment.history(salon.desk, "p1") if moment.reason]

    printer(wire)
    opened(wire, by_command=True)
    opened(wire, by_command=False)
    opened(wire, by_command=False)  # the broker says it again
    opened(wire, by_command=False, at="2026-03-02T03:09:00+00:00")
    await until(lambda: len(told()) == 2)
    assert told() == [("2026-03-02T03:09:00+00:00", "drawer_by_hand"), (AT, "drawer_by_hand")]
    assert salon.shop.journal.count(DrawerOpenedByHand) == 2


async def test_the_history_goes_on_as_if_no_hand_had_been_there(salon, wire):
    printer(wire)
    await until(lambda: salon.shop.equipment.history(salon.desk, "p1"))
    opened(wire, by_command=False)
    await until(lambda: len(salon.shop.equipment.history(salon.desk, "p1")) == 2)
    salon.shop.equipment._seen.clear()  # as after a restart: the retained state comes again
    printer(wire)
    wire.says("dev/p1/state", health="degraded", reason="paper_low", since=AT)
    await until(lambda: len(salon.shop.equipment.history(salon.desk, "p1")) == 3)
    assert [m.reason for m in salon.shop.equipment.history(salon.desk, "p1")] == ["paper_low", "drawer_by_hand", ""]


@pytest.mark.parametrize("payload", [b"", b"{}", b'{"by_command": "x"}', b'{"by_command": false, "at": "2026-03-02T03:04:05"}'])
async def test_garbage_is_refused(salon, wire, payload):
    printer(wire)
    before = salon.shop.link.refused
    wire.garbage("dev/p1/event/drawer_opened", payload)
    assert salon.shop.link.refused == before + 1
    assert salon.shop.journal.count(DrawerOpenedByHand) == 0
