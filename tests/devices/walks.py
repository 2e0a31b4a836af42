"""A second reader for every SNMP walk: Debian's snmpbulkwalk, and our values as it prints them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

BULKWALK = Path("/usr/bin/snmpbulkwalk")


def walked(port: int, oid: str, *how: str) -> list[str]:
    """What snmpbulkwalk reads: `.oid = value`, numbers and bytes as they are; bytes that go over several lines put together."""
    shown = ["-On", "-Oe", "-OQ", "-OU", "-Ox", "-Ob"]
    done = subprocess.run(
        [str(BULKWALK), *how, "-t", "5", "-Cr50", *shown, f"127.0.0.1:{port}", oid], capture_output=True, text=True, check=True
    )
    rows: list[str] = []
    for line in done.stdout.splitlines():
        if line.startswith("."):
            rows.append(line)
        else:
            rows[-1] += line
    return [row for row in rows if row.startswith(f".{oid}.")]


def as_printed(value: Any) -> str:
    """A value of ours as it stands in such a row."""
    if isinstance(value, bytes):
        return '"' + "".join(f"{byte:02X} " for byte in value) + '"' if value else '""'
    return str(value)


def as_rows(oid: str, column: dict[tuple[int, ...], Any]) -> list[str]:
    """A column of ours as such rows."""
    return [f".{oid}.{'.'.join(map(str, index))} = {as_printed(value)}" for index, value in column.items()]
