"""Head office's words for states, alarms and what shops announce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.clock import Clock
from hub.money import CURRENCIES
from ui.hq.services import Shop
from ui.texts import N_, Texts
from ui.widgets.parts import Tone

PRESENCE: Mapping[str, tuple[Tone, str]] = {
    "online": ("good", N_("Online")),
    "late": ("warn", N_("Late")),
    "offline": ("bad", N_("Offline")),
    "never": ("idle", N_("Never heard")),
}
HUB: Mapping[str, tuple[Tone, str]] = {
    "alive": ("good", N_("Hub runs")),
    "silent": ("bad", N_("Hub does not answer")),
    "stopped": ("bad", N_("Hub stopped")),
    "unknown": ("idle", N_("Hub unknown")),
}
HEALTH: Mapping[str, tuple[Tone, str]] = {
    "online": ("good", N_("Ready")),
    "connecting": ("idle", N_("Connecting")),
    "degraded": ("warn", N_("Needs attention")),
    "offline": ("bad", N_("Not reachable")),
    "unknown": ("idle", N_("Unknown")),
    "disabled": ("idle", N_("Switched off")),
}
DEVICE_ICONS = {
    "receipt_printer": "receipt_long",
    "label_printer": "label",
    "scanner": "barcode_reader",
    "scale": "scale",
    "ups": "battery_charging_full",
    "network_gear": "hub",
    "customer_display": "price_check",
    "card_terminal": "credit_card",
    "presence": "tablet_mac",
    "cash_drawer": "point_of_sale",
    "hub_board": "memory",
}
ALARMS: Mapping[str, str] = {
    "forgotten": N_("The shop was restored from an older copy and forgot {lines} events, from number {from_seq} on. They are kept here."),
    "epoch_raised": N_("The shop began epoch {epoch} at number {seq}."),
    "old_epoch": N_("A copy with the old epoch {epoch} speaks for this shop and is refused: a clone, or an outdated copy."),
    "two_bridges": N_("Two bridges speak for this shop in turn: the same hub may be running twice."),
    "chain_broken": N_("An event does not follow from the one before and was refused (epoch {epoch}, from number {seq})."),
    "conflict": N_("Another event came under a number that is taken and was refused (epoch {epoch}, from number {seq})."),
    "stray_epoch": N_("The epoch changed without being announced; the events were refused (epoch {epoch}, from number {seq})."),
    "unstorable": N_("A message of {bytes} bytes could not be stored and was refused."),
}
KINDS: Mapping[str, str] = {
    "CatalogImported": N_("Price list imported"),
    "ProductChanged": N_("Product changed"),
    "ServiceChanged": N_("Service changed"),
    "ShopChanged": N_("Shop details changed"),
    "ShopSetUp": N_("Shop set up"),
    "CardAsked": N_("Card terminal asked"),
    "CardEnded": N_("Card terminal answered"),
    "CardSettled": N_("Card payment cleared up"),
    "CardCorrected": N_("Guest file corrected"),
    "CardExported": N_("Guest file exported"),
    "CardRead": N_("Guest file read"),
    "ConsentWithdrawn": N_("Consent withdrawn"),
    "ConsentsRecorded": N_("Consents recorded"),
    "CustomerEnrolled": N_("Guest enrolled"),
    "CustomerErased": N_("Guest erased"),
    "AlarmRaised": N_("Sensor raised an alarm"),
    "AssetLabelPrinted": N_("Device label printed"),
    "CableRecorded": N_("Place of a device recorded"),
    "NetworkCardNamed": N_("Network card named"),
    "UnknownCardAppeared": N_("Unknown device in the network"),
    "DeviceAdopted": N_("Device added"),
    "DeviceChanged": N_("Device state changed"),
    "DeviceRemoved": N_("Device removed"),
    "DeviceSettingsChanged": N_("Device settings changed"),
    "DeviceSwitched": N_("Device switched off or on"),
    "DeviceTested": N_("Device tested"),
    "ScreenSilent": N_("Screen silent"),
    "FallbackChosen": N_("Stand-in of a printer chosen"),
    "DrawerOpenedByHand": N_("Drawer opened by hand"),
    "ShutdownBegun": N_("Battery nearly empty: getting ready to stop"),
    "ShutdownCalledOff": N_("Power is back: the shop goes on"),
    "ShutdownOrdered": N_("Stopped on an empty battery"),
    "PrintJobMoved": N_("Print job moved"),
    "PrintJobSettled": N_("Print job settled"),
    "ReprintAsked": N_("Copy printed"),
    "EpochRaised": N_("New epoch"),
    "ReceiptNumbersSkipped": N_("Receipt numbers skipped"),
    "SaleCompleted": N_("Sale"),
    "SaleRefunded": N_("Refund"),
    "ShiftOpened": N_("Shift opened"),
    "ShiftClosed": N_("Shift closed"),
    "PairingCodeMade": N_("Pairing code made"),
    "ScreenPaired": N_("Screen paired"),
    "ScreenUnpaired": N_("Screen unpaired"),
    "SessionStarted": N_("Logged in"),
    "SessionEnded": N_("Logged out"),
    "PinRefused": N_("Wrong PIN"),
    "PinSet": N_("PIN set"),
    "StaffAdded": N_("Staff added"),
    "StaffChanged": N_("Staff changed"),
    "StaffUnlocked": N_("Staff unlocked"),
    "StepUpApproved": N_("Approved by PIN"),
    "StockBelowNought": N_("Stock below zero"),
    "StockMoved": N_("Stock moved"),
    "GuestCheckedIn": N_("Checked in"),
    "GuestCalled": N_("Called"),
    "GuestSeated": N_("Seated"),
    "ServiceStarted": N_("Service started"),
    "ServiceFinished": N_("Service finished"),
    "GuestPaid": N_("Paid"),
    "GuestLeft": N_("Left"),
    "GuestCameBack": N_("Came back"),
    "GuestPutBack": N_("Put back in the queue"),
}
FACTS: Mapping[str, str] = {
    "total": N_("total"),
    "receipt_no": N_("receipt"),
    "ticket": N_("ticket"),
    "enabled": N_("switched on"),
    "device": N_("device"),
    "fallback": N_("stand-in"),
    "mac": "MAC",
    "more": N_("and others"),
    "alarm": N_("alarm"),
    "attempt": N_("attempt"),
    "act": N_("asked for"),
    "amount": N_("amount"),
    "ended": N_("ended"),
    "by_person": N_("by a person"),
    "flushed": N_("everything sent before"),
    "gear": N_("network device"),
    "health": N_("state"),
    "product": N_("product"),
    "quantity": N_("quantity"),
    "balance": N_("balance"),
    "expected": N_("expected"),
    "counted": N_("counted"),
    "opening_float": N_("float"),
    "price": N_("price"),
    "price_was": N_("price before"),
    "lines": N_("items"),
    "till": N_("till"),
    "tax": N_("tax"),
    "business_day": N_("business day"),
    "z_number": "Z",
    "print_kind": N_("paper"),
    "state": N_("state"),
    "printed": N_("came out"),
    "passed": N_("passed"),
    "copy": N_("copy"),
    "wait_s": N_("wait in seconds"),
    "right": N_("for"),
    "tries": N_("tries"),
    "role": N_("role"),
    "stylist": N_("serves guests"),
    "active": N_("active"),
    "skills": N_("skills"),
    "what": N_("price list"),
    "change": N_("change"),
    "added": N_("added"),
    "changed": N_("changed"),
    "same": N_("unchanged"),
    "stocked": N_("stocked"),
    "minutes": N_("minutes"),
    "working_minutes": N_("minutes of work"),
    "reason": N_("because of"),
    "open_days": N_("open days a week"),
    "demo": N_("practice shop"),
    "language": N_("language"),
    "notice": N_("notice"),
    "channel": N_("told at"),
    "given": N_("agreed"),
    "refused": N_("refused"),
    "purpose": N_("purpose"),
    "fields": N_("fields"),
    "for_station": N_("station"),
    "screen": N_("screen"),
    "old_epoch": N_("former epoch"),
    "forgotten_from": N_("forgotten from number"),
    "known_seq": N_("known up to number"),
    "first": N_("from number"),
    "last": N_("to number"),
    "sale": N_("sale"),
    "refund": N_("refund"),
    "shift": N_("shift"),
    "visit": N_("visit"),
    "service": N_("service"),
    "services": N_("services"),
    "customer": N_("guest"),
    "staff": N_("staff"),
    "price_list": N_("import"),
    "job": N_("print job"),
    "source": N_("of"),
}
_PURPOSES = {"membership": N_("membership"), "marketing": N_("news and offers"), "photos": N_("photos")}
CODES: Mapping[str, Mapping[str, str]] = {
    "health": {code: word for code, (_, word) in HEALTH.items()},
    "print_kind": {
        "receipt": N_("receipt"),
        "refund": N_("refund receipt"),
        "ticket": N_("queue ticket"),
        "z_report": N_("Z report"),
        "test": N_("test print"),
    },
    "state": {
        "queued": N_("waiting"),
        "printing": N_("printing"),
        "held": N_("held by the printer"),
        "printed": N_("printed"),
        "uncertain": N_("uncertain"),
        "failed": N_("failed"),
    },
    "act": {"pay": N_("a payment"), "reverse": N_("a reversal"), "end_of_day": N_("the end of the day")},
    "ended": {"asked": N_("open"), "approved": N_("paid"), "declined": N_("not paid"), "unknown": N_("unknown")},
    "alarm": {"water_leak": N_("water"), "too_warm": N_("too warm"), "too_cold": N_("too cold")},
    "right": {"refund": N_("a refund")},
    "role": {
        "kiosk": N_("kiosk"),
        "board": N_("board"),
        "reception": N_("reception"),
        "stylist": N_("stylist"),
        "manager": N_("manager"),
        "technician": N_("technician"),
        "owner": N_("owner"),
        "bridge": N_("bridge"),
        "system": N_("the hub itself"),
    },
    "reason": {"sale": N_("sale"), "refund": N_("refund"), "receipt": N_("delivery"), "correction": N_("correction")},
    "change": {"added": N_("new"), "changed": N_("changed"), "retired": N_("no longer offered"), "offered_again": N_("offered again")},
    "what": {"services": N_("services"), "products": N_("products")},
    "channel": {"kiosk": N_("kiosk"), "staff": N_("the desk"), "system": N_("the hub itself")},
    "purpose": _PURPOSES,
    "given": _PURPOSES,
    "refused": _PURPOSES,
}
AMOUNTS = {"amount", "total", "expected", "counted", "opening_float", "price", "price_was"}
_FACT_MAX = 24


def state_of(t: Texts, shop: Shop) -> tuple[Tone, str]:
    """The one word for a shop in the list: whether it is heard, and if so what is wrong with its hub."""
    if shop.is_fenced and shop.presence in {"online", "late"}:
        return "bad", t("Outdated copy")
    if shop.presence == "online" and shop.hub != "alive":
        tone, word = HUB.get(shop.hub, HUB["unknown"])
        return tone, t(word)
    tone, word = PRESENCE.get(shop.presence, PRESENCE["never"])
    return tone, t(word)


def money(amounts: Mapping[str, int]) -> str:
    """`¥1,280.00`, several currencies side by side; a dash for none."""
    return " · ".join(amount(value, code) for code, value in sorted(amounts.items())) or "–"


def amount(value: int, code: str) -> str:
    """`¥1,280.00`; a currency the program does not trade in is named."""
    currency = CURRENCIES.get(code)
    return currency.show(value) if currency else f"{code} {value}"


def age(t: Texts, clock: Clock, moment: datetime | None) -> str:
    """`12 s ago`, `5 min ago`, above an hour the time, above a day the date too; a dash for never."""
    if moment is None:
        return "–"
    seconds = int((clock.now() - moment).total_seconds())
    if seconds < 60:
        return t("{seconds} s ago", seconds=max(seconds, 0))
    if seconds < 3600:
        return t("{minutes} min ago", minutes=seconds // 60)
    local = clock.local(moment)
    return f"{local:%H:%M}" if seconds < 86_400 else f"{local:%Y-%m-%d %H:%M}"


def age_of(t: Texts, clock: Clock, iso: str) -> str:
    """The same for a time as devices tell it."""
    try:
        return age(t, clock, datetime.fromisoformat(iso)) if iso else ""
    except ValueError:
        return ""


def alarm(t: Texts, kind: str, facts: Mapping[str, Any]) -> str:
    """An alarm as a sentence."""
    known = {name: facts.get(name, "–") for name in ("lines", "from_seq", "epoch", "seq", "bytes")}
    return t(ALARMS[kind], **known) if kind in ALARMS else kind


def kind(t: Texts, name: str) -> str:
    """What a line tells of, in words where there are some."""
    return t(KINDS[name]) if name in KINDS else name


def who(t: Texts, role: str) -> str:
    """The role of whoever did it."""
    return t(CODES["role"][role]) if role in CODES["role"] else role


def facts(t: Texts, body: Mapping[str, Any]) -> str:
    """The body of a line, short: what has a word of its own first and amounts as money, ids by their last letters at the end."""
    names = [*(name for name in FACTS if name in body), *sorted(name for name in body if name not in FACTS)]
    told = [name for name in names if name not in {"currency", "tenders"} and body[name] not in (None, "", [])]
    amounts = AMOUNTS | ({"tax"} if "total" in body else set())  # of a sale it is money, of a price list a rate
    currency = str(body.get("currency", "CNY"))
    said = [f"{_named(t, name)} {_fact(t, name, body[name], currency if name in amounts else '')}" for name in told]
    return " · ".join(said)


def _named(t: Texts, name: str) -> str:
    return t(FACTS[name]) if name in FACTS else name


def _fact(t: Texts, name: str, value: Any, currency: str) -> str:
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if currency and isinstance(value, int):
        return amount(value, currency)
    if _is_id(value):
        return f"…{value[-6:]}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return t(", ").join(_fact(t, name, one, "") for one in value)
    codes = CODES.get(name, {})
    return t(codes[value]) if value in codes else str(value)[:_FACT_MAX]


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 36 and value.count("-") == 4
