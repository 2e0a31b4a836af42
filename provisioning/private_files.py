"""Files that only their owner may read, written whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

OWNER_ONLY_DIR = 0o700
OWNER_ONLY = 0o600


def private_dir(path: Path) -> Path:
    """`path`, made when missing, closed to everyone but its owner."""
    path.mkdir(mode=OWNER_ONLY_DIR, parents=True, exist_ok=True)
    path.chmod(OWNER_ONLY_DIR)
    return path


def write_private(path: Path, content: str | bytes, mode: int = OWNER_ONLY) -> None:
    """Write `content` beside `path`, make it durable, then put it in place: a power cut leaves the old file or the new."""
    raw = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_private_json(path: Path, value: Any) -> None:
    """The same for JSON."""
    write_private(path, json.dumps(value, indent=2, sort_keys=True) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; empty when the file is missing or cut short, so that it is made anew."""
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def shared_secret(path: Path) -> str:
    """The secret in `path`, 256 random bits made on first use."""
    if not path.exists() or not path.read_text().strip():
        write_private(path, secrets.token_urlsafe(32) + "\n")
    path.chmod(OWNER_ONLY)
    return path.read_text().strip()
