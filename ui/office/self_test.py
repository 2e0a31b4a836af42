"""The self-test of a device on the office's sheet: step by step, what the person saw, and the file for support."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from hub.equipment import Device, SelfTests
from hub.equipment.self_test import NEEDS_EYES, Step
from hub.ids import TapId
from hub.ports import Outcome
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, heading
from ui.station.reasons import joined, words
from ui.texts import N_
from ui.widgets import Kind, act, main_action, press, status_dot, text

STEPS = {
    "look": N_("See whether it is there"),
    "print": N_("Print a test"),
    "kick": N_("Open the drawer"),
    "scan": N_("Read a code: scan any product within 20 seconds"),
    "weigh": N_("Put something on the scale and weigh it"),
    "show": N_("Show two lines"),
    "ports": N_("Read the ports"),
    "pay": N_("Pay the smallest amount with a card, and give it back"),
}
QUESTIONS = {
    "print": N_("Did it come out, whole and readable?"),
    "kick": N_("Did the drawer open?"),
    "show": N_("Can both lines be read?"),
}


class SelfTest:
    """One test of one device, from its beginning to its file."""

    def __init__(self, desk: Desk, tests: SelfTests, device: Device) -> None:
        self._desk, self._tests, self._device = desk, tests, device
        self._to_do: list[str] = []
        self._done: list[Step] = []
        heading(desk.t("Self-test"))
        text(desk.t("What the device says meanwhile is kept in the result file."), "cs-muted")
        self._steps = Drawn(self._draw, "cs-column")

    @property
    def _asked(self) -> Step | None:
        """The step a person has to say something about."""
        last = self._done[-1] if self._done else None
        waits = last and last.step in NEEDS_EYES and last.outcome is not Outcome.FAILED and last.seen is None
        return last if waits else None

    def _draw(self) -> None:
        t = self._desk.t
        for step in self._done:
            self._draw_done(step)
        if self._asked:
            text(t(QUESTIONS[self._asked.step]), "cs-label")
            with box("cs-row cs-wrap"):
                press(t("Yes, it did"), partial(self._say, self._asked.step, True), icon="check", classes="cs-brand")
                press(t("No"), partial(self._say, self._asked.step, False), icon="close")
        elif self._to_do:
            main_action(t, t(STEPS[self._to_do[0]]), self._go_on, icon="play_arrow")
        elif self._done:
            main_action(t, t("Save the result file"), self._finish, icon="download")
        else:
            act(t, t("Begin the self-test"), self._begin, kind=Kind.BRAND, icon="fact_check")

    def _draw_done(self, step: Step) -> None:
        t = self._desk.t
        with box("cs-row cs-between"):
            status_dot("good" if step.passed else "idle" if step is self._asked else "bad", t(STEPS[step.step]))
            text(t("{number} ms", number=step.took_ms), "cs-muted cs-figures")
        if step.reason:
            text(joined(t, *words(t, step.reason, step.sentence, "")), "cs-muted")
        elif step.seen is False:
            text(t("Nobody saw it happen."), "cs-muted")

    async def _begin(self, _: TapId) -> None:
        self._to_do = list(await self._tests.begin(self._desk.actor(), self._device.id))
        self._steps.redraw()

    async def _go_on(self, _: TapId) -> None:
        self._done.append(await self._tests.step(self._desk.actor(), self._device.id, self._to_do[0]))
        self._to_do.pop(0)
        self._steps.redraw()

    def _say(self, step: str, seen: bool) -> None:  # noqa: FBT001
        self._done[-1] = self._tests.saw(self._desk.actor(), self._device.id, step, seen=seen)
        self._steps.redraw()

    async def _finish(self, tap_id: TapId) -> None:
        file = await self._tests.finish(self._desk.actor(), self._device.id, tap_id)
        ui.download.content(file, f"chairside-{self._device.id}.json", "application/json")
        self._to_do, self._done = [], []
        self._steps.redraw()
