"""What a decoder is to the fuzzing, and the bytes it is fed: what it understands, whole or broken, and noise."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

PIECE_MAX = 700
Take = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """`make` gives a fresh one; `refuses` are the errors by which it says no; `valid` what it understands, to be broken."""

    module: str
    make: Callable[[], Take]
    valid: Sequence[bytes]
    refuses: tuple[type[Exception], ...] = ()


def stream(decoder: Decoder, rng: random.Random, size: int) -> Iterator[bytes]:
    """`size` bytes in pieces: what is valid, whole or broken, and noise."""
    while size > 0:
        piece = _broken(rng.choice(decoder.valid), decoder.valid, rng) if rng.random() < 0.8 else rng.randbytes(rng.randint(1, 200))
        piece = piece[: min(size, PIECE_MAX)] or b"\0"
        size -= len(piece)
        cut = rng.randrange(len(piece)) if rng.random() < 0.3 else 0
        yield from (part for part in (piece[:cut], piece[cut:]) if part)


def _broken(frame: bytes, frames: Sequence[bytes], rng: random.Random) -> bytes:
    """A frame with up to three faults."""
    data = bytearray(frame)
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << rng.randrange(8)
            case 1:
                del data[at : at + rng.randint(1, 4)]
            case 2:
                data[at:at] = rng.randbytes(rng.randint(1, 4))
            case 3:
                data[at:at] = data[: rng.randint(1, 30)] * rng.choice((1, 3))
            case 4:
                del data[at:]
            case _:
                data[at:] = rng.choice(frames)[at:]
        del data[PIECE_MAX:]
    return bytes(data)
