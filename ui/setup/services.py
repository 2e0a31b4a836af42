"""What set-up asks of the shop. Nobody is logged in yet: the composition root acts as the shop itself, and only while it may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.catalog.model import ShopDraft
from hub.ids import TapId
from ui.refresh import Refresh

Candidate = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupServices:
    """Everything set-up is a function of.

    take_demo() fills the demo shop; finish(draft, owner_name, pin) opens a shop of its own; candidates() lists devices that could be
    taken in; adopt(spec, tap_id) takes one in (spec: id, kind, name, address, roles, profile); test_print(device_id, tap_id) prints a
    test receipt and gives its print job's id; job_state(job_id) tells how far it is.
    """

    is_set_up: Callable[[], bool]
    take_demo: Callable[[], Awaitable[object]]
    finish: Callable[[ShopDraft, str, str], Awaitable[object]]
    candidates: Callable[[], Awaitable[Sequence[Candidate]]]
    adopt: Callable[[dict[str, Any], TapId], Awaitable[object]]
    test_print: Callable[[str, TapId], Awaitable[str]]
    job_state: Callable[[str], str]
    refresh: Refresh
