"""Staff: who works here, in which post, and their PINs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nicegui import ui

from hub.access import Right, Role
from hub.ids import TapId
from hub.staff.model import PIN_DIGITS_MAX, PIN_DIGITS_MIN, StaffDraft, StaffMember, may_manage
from ui.login import ROLES
from ui.office.services import OfficeServices
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, field
from ui.widgets import InlineError, Kind, Sheet, act, chip, empty_state, main_action, press, text

CHANGES = frozenset({"StaffAdded", "StaffChanged", "PinSet", "StaffUnlocked"})


class People:
    """The staff section of the office."""

    def __init__(self, desk: Desk, services: OfficeServices) -> None:
        self._desk, self._services = desk, services
        self._list: Drawn | None = None

    def draw(self) -> None:
        """Everybody, and the way to add somebody."""
        t = self._desk.t
        self._sheet = Sheet(t, t("Staff"))
        with box("desk-bar"):
            text(t("Staff"), "cs-t4 cs-grow", tag="h1")
            if self._desk.may(Right.CHANGE_STAFF):
                press(t("Add a person"), self._ask_new, icon="person_add", classes="cs-brand")
        self._list = Drawn(self._draw_list, "desk-panel cs-scroll cs-grow", "section")

    def redraw(self) -> None:
        """Show what is so now."""
        if self._list:
            self._list.redraw()

    def _draw_list(self) -> None:
        t, desk = self._desk.t, self._desk
        if not desk.may(Right.CHANGE_STAFF):
            empty_state(t("Only managers see the staff list."), t("Log in as a manager to change it."), icon="lock")
            return
        everyone = self._desk.ask.staff.everyone(desk.reader())
        for member in sorted(everyone, key=lambda m: not m.active):
            self._draw_member(member)

    def _draw_member(self, member: StaffMember) -> None:
        t = self._desk.t
        with box("desk-device", "article").props(f'data-staff="{member.id}"'):
            text(member.name[:1], "cs-face", tag="span").props('aria-hidden="true"')
            with box("cs-grow"):
                text(member.name, "cs-bold")
                post = t(ROLES[member.role]) if member.role in ROLES else str(member.role)
                marks = [post] + ([t("guests can ask for her")] if member.stylist else []) + ([] if member.active else [t("has left")])
                text(" · ".join(marks), "cs-muted cs-t1")
            actor = self._desk.reader()
            if member.id == actor.id:
                press(t("New PIN"), partial(self._ask_pin, member), icon="pin")
            elif may_manage(actor, member.role):
                press(t("Edit"), partial(self._ask_change, member), icon="edit")
                press(t("New PIN"), partial(self._ask_pin, member), icon="pin")

    def _ask_new(self) -> None:
        with self._sheet:
            PersonForm(self._desk, self._services, None, self._saved)
        self._sheet.open(self._desk.t("Add a person"))

    def _ask_change(self, member: StaffMember) -> None:
        with self._sheet:
            PersonForm(self._desk, self._services, member, self._saved)
        self._sheet.open(member.name)

    def _ask_pin(self, member: StaffMember) -> None:
        with self._sheet:
            PinForm(self._desk, self._services, member, self._saved)
        self._sheet.open(self._desk.t("New PIN for {name}", name=member.name))

    def _saved(self) -> None:
        self._sheet.close()
        with self._sheet:
            pass  # nothing typed stays behind, PINs least of all
        self.redraw()


class PersonForm:
    """Name, post, whether guests can ask for her; for a new person also the first PIN."""

    def __init__(self, desk: Desk, services: OfficeServices, member: StaffMember | None, saved: Callable[[], None]) -> None:
        self._desk, self._services, self._member, self._saved = desk, services, member, saved
        t = desk.t
        self._role = member.role if member else Role.STYLIST
        self._stylist = member.stylist if member else True
        self._active = member.active if member else True
        self._name = field(t("Name"), value=member.name if member else "")
        text(t("Post"), "cs-label")
        self._roles = Drawn(self._draw_roles, "desk-chips cs-wrap")
        self._marks = Drawn(self._draw_marks, "desk-chips cs-wrap")
        self._pin = None if member else pin_field(t("PIN"))
        self._rule = Drawn(self._draw_rule)
        main_action(t, t("Save"), self._save)
        if member:
            act(t, t("Let her try PINs again"), self._unlock, kind=Kind.QUIET)

    def _draw_roles(self) -> None:
        actor = self._desk.reader()
        for role, label in ROLES.items():
            if may_manage(actor, role):
                chip(self._desk.t(label), partial(self._choose_role, role), chosen=role is self._role)

    def _choose_role(self, role: Role) -> None:
        self._role, self._stylist = role, self._stylist if self._member else role is Role.STYLIST
        self._roles.redraw()
        self._marks.redraw()
        self._rule.redraw()

    def _draw_marks(self) -> None:
        t = self._desk.t
        chip(t("Guests can ask for her"), self._turn_stylist, chosen=self._stylist)
        if self._member:
            chip(t("Works here"), self._turn_active, chosen=self._active)

    def _turn_stylist(self) -> None:
        self._stylist = not self._stylist
        self._marks.redraw()

    def _turn_active(self) -> None:
        self._active = not self._active
        self._marks.redraw()

    def _draw_rule(self) -> None:
        if self._pin is not None:
            text(self._desk.t("At least {digits} digits, no row and no repetition.", digits=PIN_DIGITS_MIN[self._role]), "cs-hint")

    async def _save(self, tap_id: TapId) -> None:
        name = str(self._name.value or "").strip()
        skills = self._member.skills if self._member else ()
        draft = StaffDraft(name=name, role=self._role, skills=skills, stylist=self._stylist, active=self._active)
        actor, people = self._desk.actor(), self._desk.ask.staff
        if self._member:
            await people.change(actor, self._member.id, draft, tap_id)
        else:
            pin = str(self._pin.value or "") if self._pin else ""
            await people.add(actor, draft, tap_id, pin or None)
        self._saved()

    async def _unlock(self, tap_id: TapId) -> None:
        if self._member:
            await self._desk.ask.staff.unlock(self._desk.actor(), self._member.id, tap_id)


class PinForm:
    """A new PIN, typed twice; one's own also the old one."""

    def __init__(self, desk: Desk, services: OfficeServices, member: StaffMember, saved: Callable[[], None]) -> None:
        self._desk, self._services, self._member, self._saved = desk, services, member, saved
        t = desk.t
        self._old = pin_field(t("The PIN until now")) if member.id == desk.reader().id else None
        self._new, self._again = pin_field(t("New PIN")), pin_field(t("The same again"))
        text(t("At least {digits} digits, no row and no repetition.", digits=PIN_DIGITS_MIN[member.role]), "cs-hint")
        text(t("Whoever is logged in with the old PIN is logged out."), "cs-hint")
        self._differ = InlineError(t)
        self._main = main_action(t, t("Save"), self._save)

    async def _save(self, tap_id: TapId) -> None:
        t, new = self._desk.t, str(self._new.value or "")
        if new != str(self._again.value or ""):
            self._differ.say(t("The two PINs are not the same."), t("Type the new PIN twice."))
            ui.timer(0, self._main.arm, once=True)
            return
        self._differ.hush()
        old = str(self._old.value or "") if self._old else None
        await self._desk.ask.staff.set_pin(self._desk.actor(), self._member.id, new, tap_id, old)
        self._saved()


def pin_field(label: str) -> ui.input:
    """A field for digits that are not shown."""
    made = field(label)
    made.props(f"type=password inputmode=numeric maxlength={PIN_DIGITS_MAX} autocomplete=new-password")
    return made
