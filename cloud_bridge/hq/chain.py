"""Which lines of a shop follow on what head office has, decided by number, epoch and hash alone. No I/O.

Head office holds one unbroken chain a shop. A line is taken when it carries the next number and its hash seals the line
before; so nothing is taken twice, out of order, edited or with a gap. A shop restored from an older copy comes with a
higher epoch: then its chain may leave ours earlier, where the hashes say, and what we have beyond is what it forgot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cloud_bridge.contract import Batch, WireLine

GENESIS = bytes(32)
EPOCH_RAISED = "EpochRaised"


class Refusal(StrEnum):
    """Why lines are not taken."""

    OLD_EPOCH = "old_epoch"  # a clone, or a copy older than the last restore: it must not speak for the shop
    CONFLICT = "conflict"  # another line under a number we have, without a new epoch that would allow it
    BROKEN = "chain_broken"  # the hash does not seal the line before
    STRAY_EPOCH = "stray_epoch"  # the epoch changes at a line that does not announce it


@dataclass(frozen=True, slots=True)
class Place:
    """A line's identity and seal; (0, 0, GENESIS) before the first."""

    epoch: int
    seq: int
    hash: bytes


BEFORE_FIRST = Place(0, 0, GENESIS)


@dataclass(slots=True)
class Taken:
    """What to do with one message. Lines with a number below `fork` stay; ours from `fork` on are forgotten by the shop."""

    head: Place
    lines: list[WireLine] = field(default_factory=list)
    duplicates: int = 0
    fork: int | None = None
    gap: bool = False
    refusal: Refusal | None = None


def sealed(before: bytes, line: WireLine) -> bytes:
    """SHA-256 of the hash before and the line's fields, as hub/journal.py seals them."""
    fields = (line.seq, line.epoch, line.at, line.actor, line.role, line.station, line.kind, line.body)
    return hashlib.sha256(before + "\x1f".join(map(str, fields)).encode()).digest()


def take(head: Place, batch: Batch, held: Mapping[int, Place]) -> Taken:
    """Judge `batch` against our `head`.

    `held` gives our line under each number from one below the batch's first up to the head; it may be empty when the
    batch starts above the head.
    """
    found = Taken(head)
    if batch.epoch < head.epoch:
        found.refusal = Refusal.OLD_EPOCH
        return found
    for line in batch.lines:
        before = found.head
        if line.seq <= before.seq:
            known = held.get(line.seq)
            if known is not None and known.hash == line.hash:
                found.duplicates += 1
                continue
            before = BEFORE_FIRST if line.seq == 1 else held.get(line.seq - 1, before)
            if batch.epoch <= head.epoch or before.seq != line.seq - 1:
                found.refusal = Refusal.CONFLICT
                return found
            found.fork = line.seq
        elif line.seq > before.seq + 1:
            found.gap = True
            return found
        if refusal := _does_not_follow(before, line):
            found.refusal = refusal
            found.fork = None if found.fork == line.seq else found.fork
            return found
        found.lines.append(line)
        found.head = Place(line.epoch, line.seq, line.hash)
    return found


def first_broken(lines: Sequence[WireLine]) -> int | None:
    """The first number of a whole chain, from 1, that does not follow; None when all do."""
    before = BEFORE_FIRST
    for line in lines:
        if line.seq != before.seq + 1 or _does_not_follow(before, line):
            return line.seq
        before = Place(line.epoch, line.seq, line.hash)
    return None


def _does_not_follow(before: Place, line: WireLine) -> Refusal | None:
    if sealed(before.hash, line) != line.hash:
        return Refusal.BROKEN
    same = line.epoch == before.epoch or before.seq == 0
    raised = line.epoch > before.epoch and line.kind == EPOCH_RAISED
    return None if same or raised else Refusal.STRAY_EPOCH
