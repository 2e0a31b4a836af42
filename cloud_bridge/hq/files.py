"""Small files of head office, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson


def write_secret(path: Path, text: str) -> None:
    """Write `text` for our eyes only: temp file, fsync, rename."""
    write_whole(path, text, mode=0o600)


def write_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write `text` so that a reader finds the old file or the new one, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if mode == 0o600 else 0o755)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in `path`; empty when there is no file."""
    return dict(orjson.loads(path.read_bytes())) if path.exists() else {}


def write_json(path: Path, value: dict[str, Any], *, mode: int = 0o644) -> None:
    """The object into `path`, whole."""
    write_whole(path, orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n", mode=mode)
