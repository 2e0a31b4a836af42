"""Counting the drawer: note by note, or as one sum. Used to open a shift and to close it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hub.access import Right
from hub.errors import InvalidInput
from hub.ids import TapId
from hub.money import CURRENCIES, Minor
from ui.station.cash import PIECES
from ui.station.desk import Desk
from ui.station.parts import Drawn, box
from ui.widgets import Keypad, chip, main_action, press, text

AMOUNT_DIGITS_MAX = 12
PIECES_DIGITS_MAX = 4


class Counter:
    """Gives the counted sum; None while nothing was counted."""

    def __init__(self, desk: Desk, changed: Callable[[], None]) -> None:
        self._desk, self._changed = desk, changed
        self._by_piece = True
        self._pieces: dict[Minor, int] = {}
        self._typed = ""
        self._piece: Minor = PIECES[desk.currency][0]
        self._all: Drawn | None = None

    @property
    def counted(self) -> Minor | None:
        """The sum in minor units."""
        if self._by_piece:
            return sum(piece * count for piece, count in self._pieces.items()) if self._pieces else None
        try:
            return CURRENCIES[self._desk.currency].parse(self._typed) if self._typed else None
        except InvalidInput:
            return None

    def draw(self) -> None:
        """Notes and coins with their pad, or one sum with it."""
        self._all = Drawn(self._draw_all, "desk-count-body")

    def _turn(self, *, by_piece: bool) -> None:
        self._by_piece, self._typed, self._pieces = by_piece, "", {}
        if self._all:
            self._all.redraw()
        self._changed()

    def _draw_all(self) -> None:
        t = self._desk.t
        with box("desk-count-left"):
            with box("desk-chips"):
                chip(t("Note by note"), lambda: self._turn(by_piece=True), chosen=self._by_piece)
                chip(t("As one sum"), lambda: self._turn(by_piece=False), chosen=not self._by_piece)
            if self._by_piece:
                self._list = Drawn(self._draw_pieces, "desk-pieces")
            else:
                text(t("Count all cash in the drawer and type the sum."), "cs-muted")
        with box("desk-pad"):
            if self._by_piece:
                self._pad = Keypad(t, self._count_piece, longest=PIECES_DIGITS_MAX).on_enter(self._next_piece)
            else:
                self._pad = Keypad(t, self._type_sum, kind="amount", longest=AMOUNT_DIGITS_MAX)

    def _draw_pieces(self) -> None:
        t, desk = self._desk.t, self._desk
        for piece in PIECES[desk.currency]:
            count = self._pieces.get(piece)
            with press("", partial(self._choose, piece), classes="desk-piece") as made:
                text(desk.money(piece), "cs-money cs-bold", tag="span")
                text("–" if count is None else f"× {count}", "cs-figures", tag="span")
            made.choose(piece == self._piece).called(t("{piece}: {count} pieces", piece=desk.money(piece), count=count or 0))

    def _choose(self, piece: Minor) -> None:
        self._piece = piece
        count = self._pieces.get(piece)
        self._pad.put("" if count is None else str(count))
        self._list.redraw()

    def _next_piece(self) -> None:
        pieces = PIECES[self._desk.currency]
        self._choose(pieces[(pieces.index(self._piece) + 1) % len(pieces)])

    def _count_piece(self, value: str) -> None:
        if value:
            self._pieces[self._piece] = int(value)
        else:
            self._pieces.pop(self._piece, None)
        self._list.redraw()
        self._changed()

    def _type_sum(self, value: str) -> None:
        self._typed = value
        self._changed()


class CountIn:
    """Opening a shift: a manager counts what is in the drawer."""

    def __init__(self, desk: Desk, opened: Callable[[], None]) -> None:
        self._desk, self._opened = desk, opened
        self._counter = Counter(desk, self._changed)

    def draw(self) -> None:
        """The prompt: what to do, or who can."""
        t, desk = self._desk.t, self._desk
        with box("desk-count-in"):
            text(t("Count the drawer in"), "cs-t4 cs-bold", tag="h2")
            if not desk.may(Right.HANDLE_SHIFT):
                text(t("Before the first sale a manager counts the cash in the drawer. Let a manager log in here; the basket stays."))
                with box("cs-row"):
                    press(t("Switch user"), desk.switch_user, icon="switch_account", classes="cs-brand")
                    press(t("Back"), self._opened, classes="cs-quiet")
                return
            self._counter.draw()
            self._main = main_action(t, t("Open the shift"), self._open)
            self._changed()

    def _changed(self) -> None:
        t, counted = self._desk.t, self._counter.counted
        self._main.enable(counted is not None)
        label = t("Open the shift") if counted is None else t("Open the shift with {amount}", amount=self._desk.money(counted))
        self._main.relabel(label)

    async def _open(self, tap_id: TapId) -> None:
        counted = self._counter.counted
        if counted is None:
            raise InvalidInput(counted="")
        await self._desk.ask.pos.open_shift(self._desk.actor(), self._desk.till, counted, tap_id)
        self._opened()
