"""What a child says, in a file of bounded size that the child itself writes: a hung supervisor never blocks a till."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import IO

from provisioning.private_files import OWNER_ONLY

BYTES_MAX = 5_000_000
KEPT = 3
LAST_WORDS_BYTES = 4096


class ChildLog:
    """`<folder>/<name>.log` and up to three older ones: `.1.log` is the newest of them. Only the owner may read them."""

    def __init__(self, folder: Path, name: str, bytes_max: int = BYTES_MAX) -> None:
        self.path = folder / f"{name}.log"
        self._bytes_max = bytes_max
        self._begin = 0

    def rotate(self) -> None:
        """Put the log of the run before aside."""
        if not self.path.exists() or not self.path.stat().st_size:
            return
        for age in range(KEPT, 1, -1):
            if self._older(age - 1).exists():
                self._older(age - 1).replace(self._older(age))
        self.path.replace(self._older(1))

    def open(self) -> IO[bytes]:
        """Where a new child writes, always at the end; `last_words` counts from here."""
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWNER_ONLY)
        self._begin = os.fstat(handle).st_size
        return os.fdopen(handle, "wb")

    def keep_small(self) -> None:
        """Past its limit the log is copied aside and emptied under the child's hands; a line may be lost in between."""
        if not self.path.exists() or self.path.stat().st_size <= self._bytes_max:
            return
        shutil.copyfile(self.path, self._older(1))
        self._older(1).chmod(OWNER_ONLY)
        os.truncate(self.path, 0)
        self._begin = 0

    def last_words(self, lines: int = 3) -> str:
        """The last lines the newest child said."""
        if not self.path.exists():
            return ""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(min(self._begin, size), size - LAST_WORDS_BYTES))
            said = file.read().decode(errors="replace")
        return "\n".join([line for line in said.splitlines() if line.strip()][-lines:])

    def _older(self, age: int) -> Path:
        return self.path.with_suffix(f".{age}.log")
