"""Buttons that act on the shop: one TapId per arming, one run at a time, refusals beside the finger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

import structlog
from nicegui import ui

from hub.errors import ChairsideError, MachineError, NotLoggedIn, PersonError
from hub.ids import TapId
from ui.texts import Texts
from ui.widgets.errors import InlineError
from ui.widgets.press import Press

log = structlog.get_logger()

OnTap = Callable[[TapId], Awaitable[object]]
PROGRESS_AFTER_S = 0.3
SETTLE_S = 0.4  # a second click of the same finger arrives within this time


class Kind(StrEnum):
    """How an act looks."""

    MAIN = "cs-press cs-main"
    BRAND = "cs-press cs-brand"
    PLAIN = "cs-press"
    QUIET = "cs-press cs-quiet"
    DANGER = "cs-press cs-danger"


class Act(ui.element):
    """A button and its error. `on_tap(tap_id)` runs at most once at a time; while it runs the button is held, after 300 ms it shows so.

    After a success it stays held (the page redraws, or calls `arm()`), unless `repeats`: then it is armed again after a moment.
    After a PersonError nothing was changed: it is armed with a new TapId. After a failure the same TapId is kept, so that trying
    again is the same tap.
    """

    def __init__(self, t: Texts, label: str, on_tap: OnTap, *, kind: Kind = Kind.PLAIN, icon: str = "") -> None:
        super().__init__("div")
        self.classes("cs-act")
        self._on_tap, self._tap, self._held = on_tap, TapId.new(), False
        self.repeats = False
        with self:
            self.error = InlineError(t)
            self.button = Press(label, self._pressed, icon=icon, classes=kind)

    @property
    def tap_id(self) -> TapId:
        """The id the next press will carry."""
        return self._tap

    def arm(self) -> None:
        """Make it a new tap: what is asked for has changed, or it may be done again."""
        self._tap = TapId.new()
        self._held = False
        self.error.hush()
        self.button.enable(True)

    def enable(self, on: bool) -> Act:  # noqa: FBT001 - the one thing this method says
        """Whether it can be pressed at all."""
        self.button.enable(on)
        return self

    def relabel(self, label: str) -> None:
        """Change what the button says."""
        self.button.relabel(label)

    async def press(self) -> None:
        """As if a finger had pressed it: for the Enter key and for scanners."""
        await self._pressed()

    async def _pressed(self) -> None:
        if self._held:
            return
        self._held = True
        self.error.hush()
        self.button.classes(add="cs-running")
        progress = asyncio.get_running_loop().call_later(PROGRESS_AFTER_S, self._show_progress)
        try:
            await self._on_tap(self._tap)
        except NotLoggedIn:
            ui.navigate.reload()  # the guard leads to the log-in page
        except ChairsideError as wrong:
            self._refused(wrong)
        except Exception:  # the border of a page: the person must be told and get the button back, the log names the culprit
            log.exception("act failed", path=self.client.page.path)
            self._refused(MachineError())
        else:
            await self._succeeded()
        finally:
            progress.cancel()
            if not self.is_deleted:
                self.button.classes(remove="cs-running cs-progress")

    async def _succeeded(self) -> None:
        if self.is_deleted:
            return
        if self.repeats:
            await asyncio.sleep(SETTLE_S)
            self.arm()
        else:
            self.button.enable(False)

    def _refused(self, wrong: ChairsideError) -> None:
        if self.is_deleted:
            return
        if isinstance(wrong, PersonError):
            self.arm()
        self._held = False
        self.error.show(wrong)

    def _show_progress(self) -> None:
        if not self.is_deleted:
            self.button.classes(add="cs-progress")


def main_action(t: Texts, label: str, on_tap: OnTap, *, icon: str = "") -> Act:
    """The one thing to do on this page: full width, filled."""
    return Act(t, label, on_tap, kind=Kind.MAIN, icon=icon)


def act(t: Texts, label: str, on_tap: OnTap, *, kind: Kind = Kind.PLAIN, icon: str = "") -> Act:
    """Another act; set `.repeats = True` when pressing it again means again (one more test print)."""
    return Act(t, label, on_tap, kind=kind, icon=icon)
