"""Head office's rule for what follows on what it has: by number, epoch and hash alone."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_bridge.contract import Batch, WireLine
from cloud_bridge.hq.chain import BEFORE_FIRST, Place, Refusal, sealed, take
from hub.journal import _sealed

AT = "2026-03-02T10:00:00.000+00:00"


def chain(*kinds: str, after: Place = BEFORE_FIRST, epoch: int | None = None) -> list[WireLine]:
    lines, before = [], after
    for kind in kinds:
        number = (before.epoch or 1) if epoch is None else epoch
        line = WireLine(before.seq + 1, number, AT, "mei", "reception", "desk", kind, "{}", bytes(32))
        line = replace(line, hash=sealed(before.hash, line))
        before = Place(line.epoch, line.seq, line.hash)
        lines.append(line)
    return lines


def place(line: WireLine) -> Place:
    return Place(line.epoch, line.seq, line.hash)


def held(lines: list[WireLine]) -> dict[int, Place]:
    return {line.seq: place(line) for line in lines}


def batch(lines: list[WireLine], epoch: int = 1) -> Batch:
    return Batch(store="s1", epoch=epoch, round=1, lines=tuple(lines))


def test_head_office_seals_a_line_as_the_journal_does() -> None:
    line = WireLine(7, 2, AT, "mei", "reception", "desk", "SaleCompleted", '{"total":12800,"名":"¥"}', bytes(32))
    fields = (line.seq, line.epoch, line.at, line.actor, line.role, line.station, line.kind, line.body)
    assert sealed(b"x" * 32, line) == _sealed(b"x" * 32, *fields)


def test_lines_that_follow_are_taken() -> None:
    lines = chain("A", "B", "C")
    taken = take(BEFORE_FIRST, batch(lines), {})
    assert (taken.lines, taken.head) == (lines, place(lines[-1]))


def test_lines_we_have_are_passed_over_and_the_rest_taken() -> None:
    lines = chain("A", "B", "C", "D")
    taken = take(place(lines[1]), batch(lines), held(lines[:2]))
    assert (taken.duplicates, taken.lines) == (2, lines[2:])


def test_lines_above_a_gap_are_not_taken() -> None:
    lines = chain("A", "B", "C", "D")
    taken = take(place(lines[0]), batch(lines[2:]), {})
    assert (taken.gap, taken.lines, taken.head) == (True, [], place(lines[0]))


def test_an_edited_line_breaks_the_chain() -> None:
    lines = chain("A", "B")
    taken = take(place(lines[0]), batch([replace(lines[1], body='{"total":1}')]), {})
    assert (taken.refusal, taken.lines) == (Refusal.BROKEN, [])


def test_a_copy_with_an_old_epoch_is_refused_whole() -> None:
    lines = chain("A", "B")
    raised = chain("EpochRaised", after=place(lines[1]), epoch=2)
    more = chain("C", after=place(lines[1]))
    taken = take(place(raised[0]), batch(more, epoch=1), held(lines + raised))
    assert (taken.refusal, taken.head) == (Refusal.OLD_EPOCH, place(raised[0]))


def test_another_line_under_a_taken_number_is_refused_without_a_new_epoch() -> None:
    lines, others = chain("A", "B", "C"), chain("A", "X")
    taken = take(place(lines[2]), batch(others), held(lines))
    assert (taken.refusal, taken.fork, taken.head) == (Refusal.CONFLICT, None, place(lines[2]))


def test_a_new_epoch_may_leave_our_chain_where_the_hashes_say() -> None:
    lines = chain("A", "B", "C", "D")
    others = [*lines[:2], *chain("X", "Y", after=place(lines[1]))]
    others += chain("EpochRaised", after=place(others[-1]), epoch=2)
    taken = take(place(lines[3]), batch(others, epoch=2), held(lines))
    assert (taken.fork, taken.lines, taken.head) == (3, others[2:], place(others[-1]))


def test_a_new_epoch_that_does_not_join_our_chain_forgets_nothing() -> None:
    lines, foreign = chain("A", "B", "C"), chain("X", "Y", "Z")
    taken = take(place(lines[2]), batch(foreign[1:], epoch=2), held(lines))
    assert (taken.refusal, taken.fork, taken.head) == (Refusal.BROKEN, None, place(lines[2]))


def test_the_epoch_changes_only_at_a_line_that_says_so() -> None:
    lines = chain("A")
    stray = chain("B", after=place(lines[0]), epoch=2)
    assert take(place(lines[0]), batch(stray, epoch=2), {}).refusal is Refusal.STRAY_EPOCH


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(1, 6)), max_size=25))
def test_pieces_in_any_order_and_any_number_of_times_make_the_same_chain(pieces: list[tuple[int, int]]) -> None:
    lines = chain(*"ABCDEFGHIJKL")
    head, kept = BEFORE_FIRST, []
    for start, length in [*pieces, *((n, 1) for n in range(12))]:
        taken = take(head, batch(lines[start : start + length]), held(kept))
        assert taken.fork is None
        assert taken.refusal is None
        kept += taken.lines
        head = taken.head
    assert kept == lines
