"""What devices tell, made fit to be shown and counted with."""

from __future__ import annotations

from devices.drivers.snmp.agent import Value

TEXT_MAX = 64


def text(value: Value, length: int = TEXT_MAX) -> str:
    """What a device calls something: UTF-8 or GBK, on one line, cut to `length`."""
    if not isinstance(value, bytes):
        return ""
    try:
        said = value.decode("utf-8")
    except UnicodeDecodeError:
        said = value.decode("gb18030", "replace")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())[:length]


def whole(value: Value) -> int | None:
    """A number, or None for anything else."""
    return value if isinstance(value, int) else None
