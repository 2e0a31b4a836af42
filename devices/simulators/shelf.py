"""Receipts a simulated printer has put out, kept as the bytes they were printed from. They survive a restart."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devices.simulators.characters import Charset
from devices.simulators.paper_language import Act, acts_of, as_text

KEPT = 200


@dataclass(slots=True)
class Receipt:
    """One piece of paper. Times `…_mono` are seconds of the machine's monotonic clock, the same in every process."""

    number: int
    raw: bytes = b""
    connected_mono: float | None = None
    first_byte_mono: float | None = None
    first_ink_mono: float | None = None
    cut_mono: float | None = None
    cut_at: str = ""
    charset: Charset = "gbk"

    def acts(self) -> list[Act]:
        """What is on it."""
        return acts_of(self.raw, charset=self.charset)

    def lines(self) -> list[str]:
        """What is on it, as text."""
        return [text for act in self.acts() if (text := as_text(act)) is not None]

    def as_json(self) -> dict[str, Any]:
        """For the bench's API."""
        times = {name: getattr(self, name) for name in ("connected_mono", "first_byte_mono", "first_ink_mono", "cut_mono")}
        return {"number": self.number, "cut_at": self.cut_at, "bytes": len(self.raw), "lines": self.lines(), "simulated": True, **times}


@dataclass(slots=True)
class Shelf:
    """The newest receipts in `folder`, or in memory only without one."""

    folder: Path | None = None
    receipts: list[Receipt] = field(default_factory=list)
    next_number: int = 1

    def __post_init__(self) -> None:
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(self.folder.glob("*.json"))[-KEPT:]:
            kept = json.loads(file.read_text("utf-8"))
            raw = file.with_suffix(".bin")
            if raw.exists():
                self.receipts.append(Receipt(raw=raw.read_bytes(), **kept))
        if self.receipts:
            self.next_number = self.receipts[-1].number + 1

    def put(self, receipt: Receipt) -> None:
        """A receipt was cut off."""
        receipt.number, self.next_number = self.next_number, self.next_number + 1
        receipt.cut_mono = time.monotonic()
        receipt.cut_at = datetime.now(UTC).isoformat()
        self.receipts.append(receipt)
        if self.folder is not None:
            self._keep(receipt)
        while len(self.receipts) > KEPT:
            self._drop(self.receipts.pop(0))

    def _keep(self, receipt: Receipt) -> None:
        if self.folder is None:
            return
        known = {
            n: getattr(receipt, n)
            for n in ("number", "connected_mono", "first_byte_mono", "first_ink_mono", "cut_mono", "cut_at", "charset")
        }
        name = self.folder / f"{receipt.number:08d}"
        name.with_suffix(".bin").write_bytes(receipt.raw)
        part = name.with_suffix(".part")
        part.write_text(json.dumps(known), "utf-8")
        part.replace(name.with_suffix(".json"))

    def _drop(self, receipt: Receipt) -> None:
        if self.folder is not None:
            for suffix in (".json", ".bin"):
                (self.folder / f"{receipt.number:08d}{suffix}").unlink(missing_ok=True)
