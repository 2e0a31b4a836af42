"""Printers and scanners found near the hub: take them in, print a test receipt, look at it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from nicegui import background_tasks, ui

from hub.errors import ChairsideError
from hub.ids import TapId
from ui.setup.draft import Step
from ui.setup.services import Candidate, SetupServices
from ui.texts import N_, Texts
from ui.widgets import InlineError, Kind, act, empty_state, loading, press, status_dot, text
from ui.widgets.parts import Tone

KINDS = {"receipt_printer": N_("Receipt printer"), "scanner": N_("Scanner")}
ROLES = {"receipt_printer": ("receipt", "ticket")}
JOB_STATES: dict[str, tuple[Tone, str]] = {
    "queued": ("idle", N_("Waiting for the printer …")),
    "printing": ("idle", N_("Printing …")),
    "printed": ("good", N_("Printed. Is the ¥ sign right, and the Chinese readable?")),
    "held": ("warn", N_("The printer has stopped: look at its paper and its cover.")),
    "uncertain": ("warn", N_("Nobody can say whether it came out: please look.")),
    "failed": ("bad", N_("It could not be printed.")),
}


class AtSetup(Protocol):
    """The run through set-up this step belongs to."""

    services: SetupServices
    t: Texts
    on_print: Callable[[], None] | None

    def go(self, step: Step) -> None:
        """Show another step."""
        ...


def printers(at: AtSetup) -> None:
    """List what was found; each can be taken in and tested. A shop may open without any."""
    t = at.t
    text(t("Printers and scanners"), tag="h1")
    found = ui.element("div").classes("setup-found cs-scroll")
    with ui.element("div").classes("setup-actions"):
        press(t("Look again"), lambda: background_tasks.create(look()), icon="refresh")
        press(t("Continue"), lambda: at.go(Step.DONE), classes="cs-brand cs-grow")

    async def look() -> None:
        found.clear()
        with found:
            loading(t)
        try:
            with found:  # whoever looks is asked for by the page she looks from
                candidates: Sequence[Candidate] = await at.services.candidates()
        except ChairsideError as wrong:
            if not found.is_deleted:
                found.clear()
                with found:
                    InlineError(t).show(wrong)
            return
        if not found.is_deleted:
            found.clear()
            with found:
                _list(at, candidates)

    background_tasks.create(look())


def _list(at: AtSetup, candidates: Sequence[Candidate]) -> None:
    t = at.t
    if not candidates:
        empty_state(
            t("No printer or scanner was found."),
            t("Plug it in and switch it on, then look again. A network printer is added in the office, under Devices."),
            icon="print_disabled",
        )
    for number, candidate in enumerate(candidates, 1):
        with ui.element("div").classes("cs-surface cs-pad setup-device"):
            _Found(at, candidate, number)


class _Found:
    """One device that was found, on its way into the shop."""

    def __init__(self, at: AtSetup, candidate: Candidate, number: int) -> None:
        self._at, self._candidate = at, candidate
        kind = str(candidate.get("kind") or "receipt_printer")
        self._spec: dict[str, Any] = {
            "id": str(candidate.get("id") or f"{kind.replace('_', '-')}-{number}")[:32],
            "kind": kind,
            "name": str(candidate.get("name") or at.t(KINDS.get(kind, kind)))[:60],
            "address": str(candidate["address"]),
            "roles": candidate.get("roles") or ROLES.get(kind, ()),
            "profile": dict(candidate.get("profile") or {}),
        }
        self._job = ""
        self._room = ui.element("div").classes("cs-column")
        self._draw_found()

    def _draw_found(self) -> None:
        t = self._at.t
        with self._room:
            self._title()
            act(t, t("Use this one"), self._adopt, kind=Kind.BRAND)

    def _title(self) -> None:
        t, kind = self._at.t, self._spec["kind"]
        with ui.element("div").classes("cs-row cs-between"):
            text(self._spec["name"], "cs-bold cs-t3")
            if self._candidate.get("simulated"):
                status_dot("warn", t("Simulated"))
        text(f"{t(KINDS[kind]) if kind in KINDS else kind} · {self._spec['address']}", "cs-muted cs-figures")

    async def _adopt(self, tap_id: TapId) -> None:
        await self._at.services.adopt(self._spec, tap_id)
        t = self._at.t
        self._room.clear()
        with self._room:
            self._title()
            status_dot("good", t("Ready"))
            if self._spec["kind"] == "receipt_printer":
                self._state = ui.element("div").props('role="status"')
                again = act(t, t("Print a test receipt"), self._test, icon="receipt_long")
                again.repeats = True

    async def _test(self, tap_id: TapId) -> None:
        self._job = await self._at.services.test_print(self._spec["id"], tap_id)
        self._at.on_print = self._printed
        self._printed()

    def _printed(self) -> None:
        tone, words = JOB_STATES[self._at.services.job_state(self._job)]
        self._state.clear()
        with self._state:
            status_dot(tone, self._at.t(words))
