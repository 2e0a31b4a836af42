"""What can be done to a simulated device, in words; a button appears when it would change something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ui.texts import N_

State = Mapping[str, Any]
AFTER_LINES, SLOW_BYTES_PER_S, AFTER_BYTES, NONSENSE = 6, 150, 120, 5
A_LABEL_S, A_PAGE_S, IN_A_DOCUMENT = 2.0, 5.0, 4000
PAYMENT_CODE, CARD_STAYS = "134567890123456789", 20
LOST_PCT, SLOW_LINE_S = 30, 0.6
ANOTHER_AMOUNT = 100
FRAMES_LOST, SLOWER_THAN_WAITED_S = 5000, 2.0
TOO_MUCH_MG, LIFTED_MG, LATE_S, HALF_AN_ANSWER = 20_000_000, -250_000, 1.0, 3

FULL, EMPTY = {"pct": 100, "minutes": 30}, {"pct": 8, "minutes": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One button: the verb and its arguments, and when it makes sense. `fault`: it breaks something."""

    verb: str
    label: str
    icon: str
    args: Mapping[str, Any] = field(default_factory=dict)
    when: Callable[[State], bool] = lambda _: True
    fault: bool = True


def _has(state: State, fault: str) -> bool:
    return any(str(name).startswith(fault) for name in state.get("faults", ()))


def _value(state: State, name: str) -> Any:
    return dict(state.get("values", {})).get(name)


def _plugged(state: State) -> bool:
    return bool(state.get("plugged"))


def _stopped(state: State) -> bool:
    """Whether somebody took something out of a printer, or opened it."""
    return state.get("paper") == "out" or state.get("cover") == "open" or any(_has(state, f) for f in ("jam", "toner", "pause"))


def _fault(verb: str, label: str, icon: str, **args: Any) -> Deed:
    """A fault a device has or has not; while it has it, it cannot be given once more."""
    return Deed(verb=verb, label=label, icon=icon, args=args, when=lambda state: not _has(state, verb))


PRINTER: tuple[Deed, ...] = (
    Deed(verb="reload", label=N_("Put a new roll in"), icon="receipt", when=lambda s: s.get("paper") != "ok", fault=False),
    Deed(
        verb="cover_close", label=N_("Close the cover"), icon="vertical_align_bottom", when=lambda s: s.get("cover") == "open", fault=False
    ),
    Deed(verb="plug_in", label=N_("Plug the cable in"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="heal", label=N_("Make it well again"), icon="healing", when=lambda s: bool(s.get("faults")), fault=False),
    Deed(verb="paper_out", label=N_("Take the paper out"), icon="receipt", when=lambda s: s.get("paper") != "out"),
    Deed(
        verb="paper_out",
        label=N_("Paper ends in the middle of the next receipt"),
        icon="hourglass_bottom",
        args={"after_lines": AFTER_LINES},
        when=lambda s: s.get("paper") != "out",
    ),
    Deed(verb="paper_low", label=N_("Paper nearly used up"), icon="battery_2_bar", when=lambda s: s.get("paper") == "ok"),
    Deed(verb="cover_open", label=N_("Open the cover"), icon="vertical_align_top", when=lambda s: s.get("cover") != "open"),
    Deed(verb="cut_cable", label=N_("Pull the cable"), icon="link_off", when=_plugged),
    Deed(verb="power_off", label=N_("Switch it off"), icon="power_off", when=_plugged),
    _fault("slow", N_("Print slowly"), "speed", bytes_per_s=SLOW_BYTES_PER_S),
    _fault("dont_answer", N_("Stop answering"), "voice_over_off"),
    _fault("liar", N_("Say done, print nothing"), "theater_comedy", how="prints_nothing"),
    _fault("liar", N_("Print, but say offline"), "theater_comedy", how="says_offline"),
    _fault("liar", N_("Hear one question of several"), "hearing_disabled", how="hears_one"),
    _fault("drop", N_("Lose the connection in mid-receipt"), "cable", after_bytes=AFTER_BYTES),
    _fault("half_write", N_("Swallow half of the next receipt"), "content_cut", after_bytes=AFTER_BYTES),
    Deed(verb="garble", label=N_("Answer nonsense"), icon="blur_on", args={"answers": NONSENSE}, when=lambda s: not _has(s, "garble")),
    Deed(
        verb="charset",
        label=N_("Read Chinese as GBK"),
        icon="translate",
        args={"name": "gbk"},
        when=lambda s: s.get("charset") != "gbk",
        fault=False,
    ),
    Deed(
        verb="charset",
        label=N_("Read Chinese as UTF-8"),
        icon="translate",
        args={"name": "utf8"},
        when=lambda s: s.get("charset") != "utf8",
    ),
)
DRAWER: tuple[Deed, ...] = (
    Deed(
        verb="close_drawer", label=N_("Close the drawer"), icon="keyboard_arrow_up", when=lambda s: s.get("drawer") == "open", fault=False
    ),
    Deed(verb="open_drawer", label=N_("Open it with the key"), icon="key", when=lambda s: s.get("drawer") != "open", fault=False),
)
SCANNER: tuple[Deed, ...] = (
    Deed(verb="plug_in", label=N_("Plug the cable in"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="unplug", label=N_("Pull the cable"), icon="link_off", when=_plugged),
    Deed(verb="gs1", label=N_("Scan a GS1 code with lot and expiry"), icon="qr_code_2", when=_plugged, fault=False),
    Deed(
        verb="scan",
        label=N_("Scan a guest's payment code"),
        icon="qr_code",
        args={"code": PAYMENT_CODE},
        when=_plugged,
        fault=False,
    ),
    Deed(verb="prefixes", label=N_("Send no AIM prefix"), icon="remove", args={"on": False}, when=lambda s: bool(s.get("prefixes"))),
    Deed(
        verb="prefixes", label=N_("Send the AIM prefix"), icon="add", args={"on": True}, when=lambda s: not s.get("prefixes"), fault=False
    ),
    Deed(verb="garbage", label=N_("Send garbage"), icon="blur_on", when=_plugged),
    Deed(
        verb="separator",
        label=N_("Send the separator as F8"),
        icon="keyboard",
        args={"how": "f8"},
        when=lambda s: s.get("separator") != "f8",
    ),
    Deed(
        verb="separator", label=N_("Lose the separator"), icon="keyboard", args={"how": "lost"}, when=lambda s: s.get("separator") != "lost"
    ),
    Deed(verb="drop_records", label=N_("Lose keys of the next code"), icon="content_cut", when=_plugged),
    Deed(verb="lose_release", label=N_("Lose the release of a shift key"), icon="keyboard_capslock", when=_plugged),
)
CARD_READER: tuple[Deed, ...] = (
    Deed(verb="plug_in", label=N_("Plug the cable in"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="card", label=N_("Hold a card to it"), icon="contactless", when=_plugged, fault=False),
    Deed(verb="card", label=N_("Leave a card on it"), icon="hourglass_bottom", args={"times": CARD_STAYS}, when=_plugged, fault=False),
    Deed(verb="torn", label=N_("Take a card away too soon"), icon="content_cut", when=_plugged),
    Deed(verb="garbage", label=N_("Send garbage"), icon="blur_on", when=_plugged),
    Deed(verb="unplug", label=N_("Pull the cable"), icon="link_off", when=_plugged),
)
SCALE: tuple[Deed, ...] = (
    Deed(verb="plug_in", label=N_("Plug the cable in"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="settle", label=N_("Let the pan come to rest"), icon="balance", when=lambda s: bool(s.get("moving")), fault=False),
    Deed(verb="heal", label=N_("Make it well again"), icon="healing", when=lambda s: bool(s.get("faults")) and _plugged(s), fault=False),
    Deed(verb="jiggle", label=N_("Make the pan move"), icon="vibration", when=lambda s: not s.get("moving")),
    Deed(verb="put", label=N_("Put far too much on it"), icon="fitness_center", args={"mg": TOO_MUCH_MG}),
    Deed(verb="put", label=N_("Lift the pan"), icon="upload", args={"mg": LIFTED_MG}),
    _fault("dont_answer", N_("Stop answering"), "voice_over_off"),
    _fault("late", N_("Answer too late"), "hourglass_bottom", seconds=LATE_S),
    Deed(verb="garble", label=N_("Answer nonsense"), icon="blur_on", args={"answers": NONSENSE}, when=lambda s: not _has(s, "garble")),
    _fault("half_write", N_("Give half an answer"), "content_cut", after_bytes=HALF_AN_ANSWER),
    Deed(verb="unplug", label=N_("Pull the cable"), icon="link_off", when=_plugged),
)
UPS: tuple[Deed, ...] = (
    Deed(verb="plug_in", label=N_("Plug the cable in"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="mains_on", label=N_("Bring the mains back"), icon="bolt", when=lambda s: not s.get("mains"), fault=False),
    Deed(verb="battery", label=N_("Charge the battery"), icon="battery_full", args=FULL, when=lambda s: s.get("pct") != 100, fault=False),
    Deed(verb="load", label=N_("Take things off it"), icon="remove", args={"pct": 20}, when=lambda s: s.get("load") != 20, fault=False),
    Deed(verb="heal", label=N_("Make it well again"), icon="healing", when=lambda s: bool(s.get("faults")) and _plugged(s), fault=False),
    Deed(verb="mains_off", label=N_("Cut the mains"), icon="flash_off", when=lambda s: bool(s.get("mains"))),
    Deed(verb="battery", label=N_("Let the battery run down"), icon="battery_1_bar", args=EMPTY, when=lambda s: s.get("pct") == 100),
    Deed(verb="load", label=N_("Plug a hair dryer in"), icon="add", args={"pct": 130}, when=lambda s: s.get("load") == 20),
    _fault("replace_battery", N_("Wear the battery out"), "battery_alert"),
    _fault("bypass", N_("Switch it to bypass"), "alt_route"),
    _fault("output_off", N_("Switch its output off"), "power_off"),
    _fault("wrong_community", N_("Change its community"), "key"),
    _fault("stale", N_("Let its data grow old"), "schedule"),
    _fault("driver_gone", N_("Stop its driver"), "usb_off"),
    _fault("wait", N_("Let its driver wait"), "hourglass_empty"),
    _fault("dont_answer", N_("Stop answering"), "voice_over_off"),
    Deed(verb="garble", label=N_("Answer nonsense"), icon="blur_on", args={"answers": NONSENSE}, when=lambda s: not _has(s, "garble")),
    _fault("half_write", N_("Give half an answer"), "content_cut", after_bytes=AFTER_BYTES),
    Deed(verb="unplug", label=N_("Pull the cable"), icon="link_off", when=_plugged),
)
LABELS: tuple[Deed, ...] = (
    Deed(
        verb="reload",
        label=N_("Put a new roll in"),
        icon="receipt",
        when=lambda s: "out" in (s.get("paper"), s.get("ribbon")),
        fault=False,
    ),
    Deed(verb="head_close", label=N_("Close the head"), icon="vertical_align_bottom", when=lambda s: s.get("head") == "open", fault=False),
    Deed(verb="resume", label=N_("Let it go on"), icon="play_arrow", when=lambda s: bool(s.get("paused")), fault=False),
    Deed(verb="plug_in", label=N_("Plug the cable in"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="heal", label=N_("Make it well again"), icon="healing", when=lambda s: bool(s.get("faults")), fault=False),
    Deed(verb="paper_out", label=N_("Take the paper out"), icon="receipt", when=lambda s: s.get("paper") != "out"),
    Deed(
        verb="paper_out",
        label=N_("Paper ends after the next label"),
        icon="hourglass_bottom",
        args={"after_labels": 1},
        when=lambda s: s.get("paper") != "out",
    ),
    Deed(verb="ribbon_out", label=N_("Take the ribbon out"), icon="gesture", when=lambda s: s.get("ribbon") != "out"),
    Deed(verb="head_open", label=N_("Open the head"), icon="vertical_align_top", when=lambda s: s.get("head") != "open"),
    Deed(verb="pause", label=N_("Pause it"), icon="pause", when=lambda s: not s.get("paused")),
    Deed(verb="cut_cable", label=N_("Pull the cable"), icon="link_off", when=_plugged),
    _fault("slow", N_("Print slowly"), "speed", seconds=A_LABEL_S),
    _fault("dont_answer", N_("Stop answering"), "voice_over_off"),
    _fault("drop", N_("Lose the connection in mid-label"), "cable", after_bytes=AFTER_BYTES),
    Deed(verb="garble", label=N_("Answer nonsense"), icon="blur_on", args={"answers": NONSENSE}, when=lambda s: not _has(s, "garble")),
)
NETWORK_GEAR: tuple[Deed, ...] = (
    Deed(verb="plug_in", label=N_("Plug the cable in"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="port_up", label=N_("Plug port 1 in"), icon="lan", when=lambda s: 1 in s.get("down", ()), fault=False),
    Deed(verb="heal", label=N_("Make it well again"), icon="healing", when=lambda s: bool(s.get("faults")) and _plugged(s), fault=False),
    Deed(
        verb="wifi",
        label=N_("Let seven onto its Wi-Fi"),
        icon="wifi",
        args={"clients": 7},
        when=lambda s: not s.get("wifi_clients"),
        fault=False,
    ),
    Deed(
        verb="wifi",
        label=N_("Send everybody off its Wi-Fi"),
        icon="wifi_off",
        args={"clients": 0},
        when=lambda s: bool(s.get("wifi_clients")),
    ),
    Deed(verb="port_down", label=N_("Unplug port 1"), icon="link_off", when=lambda s: 1 not in s.get("down", ())),
    Deed(verb="errors", label=N_("Lose frames at port 1"), icon="broken_image", args={"count": FRAMES_LOST}),
    Deed(verb="reboot", label=N_("Reboot it"), icon="restart_alt"),
    _fault("poe_overload", N_("Draw too much power"), "bolt"),
    _fault("dont_answer", N_("Stop answering"), "voice_over_off"),
    _fault("wrong_community", N_("Change its community"), "key"),
    _fault("too_big", N_("Refuse long answers"), "compress"),
    _fault("slow", N_("Answer too late"), "hourglass_bottom", seconds=SLOWER_THAN_WAITED_S),
    Deed(verb="garble", label=N_("Answer nonsense"), icon="blur_on", args={"answers": NONSENSE}, when=lambda s: not _has(s, "garble")),
    Deed(verb="unplug", label=N_("Pull the cable"), icon="link_off", when=_plugged),
)
DISPLAY: tuple[Deed, ...] = (
    Deed(verb="plug_in", label=N_("Plug the cable in"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="heal", label=N_("Make it well again"), icon="healing", when=lambda s: bool(s.get("faults")) and _plugged(s), fault=False),
    _fault("stuck", N_("Take no more bytes"), "pause"),
    Deed(verb="power_cycle", label=N_("Switch it off and on"), icon="restart_alt", when=_plugged),
    Deed(verb="unplug", label=N_("Pull the cable"), icon="link_off", when=_plugged),
)
THING: tuple[Deed, ...] = (
    Deed(verb="plug_in", label=N_("Give it power"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="dry", label=N_("Mop the water up"), icon="dry", when=lambda s: _value(s, "water_leak") is True, fault=False),
    Deed(verb="open_door", label=N_("Open the door"), icon="meeting_room", when=lambda s: _value(s, "open") is False, fault=False),
    Deed(verb="close_door", label=N_("Close the door"), icon="door_front", when=lambda s: _value(s, "open") is True, fault=False),
    Deed(verb="heal", label=N_("Make it well again"), icon="healing", when=lambda s: bool(s.get("faults")) and _plugged(s), fault=False),
    Deed(verb="leak", label=N_("Spill water"), icon="water_drop", when=lambda s: _value(s, "water_leak") is False),
    Deed(verb="warm", label=N_("Heat it to 45 °C"), icon="thermostat", args={"celsius": 45}),
    Deed(verb="draw", label=N_("Hang a hair dryer on it"), icon="bolt", args={"watts": 1850}),
    _fault("stuck", N_("Let its switch stick"), "block"),
    Deed(verb="low_battery", label=N_("Let the battery run down"), icon="battery_1_bar", when=lambda s: _value(s, "battery") is not None),
    _fault("silent", N_("Let it say nothing"), "voice_over_off"),
    Deed(verb="garbage", label=N_("Send garbage"), icon="blur_on", when=_plugged),
    Deed(verb="flood", label=N_("Send a thousand messages"), icon="waves", args={"messages": 1000}, when=_plugged),
    Deed(
        verb="rename", label=N_("Give it another name"), icon="edit", args={"name": "renamed"}, when=lambda s: s.get("called") != "renamed"
    ),
    Deed(verb="unplug", label=N_("Take its power away"), icon="power_off", when=_plugged),
)
INTERNET: tuple[Deed, ...] = (
    Deed(verb="plug_in", label=N_("Switch it on"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="heal", label=N_("Make it well again"), icon="healing", when=lambda s: bool(s.get("faults")) and _plugged(s), fault=False),
    _fault("cable_out", N_("Pull the network cable"), "link_off"),
    _fault("no_address", N_("Give it no address"), "location_off"),
    _fault("gateway_down", N_("Router without power"), "router"),
    _fault("dns_broken", N_("Break the name service"), "dns"),
    _fault("line_down", N_("Cut the provider's line"), "public_off"),
    _fault("hq_down", N_("Head office is closed"), "domain_disabled"),
    Deed(
        verb="lose", label=N_("Lose packets on the line"), icon="blur_on", args={"pct": LOST_PCT}, when=lambda s: not s.get("lose_line_pct")
    ),
    Deed(
        verb="lose",
        label=N_("Lose packets in the shop"),
        icon="cable",
        args={"pct": LOST_PCT, "where": "shop"},
        when=lambda s: not s.get("lose_shop_pct"),
    ),
    _fault("slow", N_("Make the line slow"), "speed", seconds=SLOW_LINE_S),
    Deed(verb="unplug", label=N_("Switch it off"), icon="power_off", when=_plugged),
)
OFFICE: tuple[Deed, ...] = (
    Deed(verb="plug_in", label=N_("Plug the cable in"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="mend", label=N_("Fill and close everything"), icon="build", when=_stopped, fault=False),
    Deed(verb="heal", label=N_("Make it well again"), icon="healing", when=lambda s: bool(s.get("faults")) and _plugged(s), fault=False),
    Deed(verb="paper_out", label=N_("Take the paper out"), icon="receipt", when=lambda s: s.get("paper") != "out"),
    _fault("jam", N_("Jam the paper"), "contact_page"),
    Deed(verb="cover_open", label=N_("Open the cover"), icon="vertical_align_top", when=lambda s: s.get("cover") != "open"),
    _fault("toner_low", N_("Toner nearly used up"), "battery_2_bar"),
    _fault("toner_out", N_("Use up its toner"), "battery_alert"),
    _fault("pause", N_("Pause it"), "pause"),
    _fault("slow", N_("Print slowly"), "speed", seconds=A_PAGE_S),
    _fault("busy", N_("Take no jobs"), "do_not_disturb"),
    _fault("abort_jobs", N_("Give every job up"), "cancel"),
    _fault("lose_answer", N_("Lose the answer to the next job"), "content_cut"),
    _fault("forget_jobs", N_("Forget what was printed"), "psychology_alt"),
    _fault("drop", N_("Lose the connection in mid-document"), "cable", after_bytes=IN_A_DOCUMENT),
    _fault("dont_answer", N_("Stop answering"), "voice_over_off"),
    _fault("garble", N_("Answer nonsense"), "blur_on", answers=NONSENSE),
    Deed(verb="cut_cable", label=N_("Pull the cable"), icon="link_off", when=_plugged),
)
TERMINAL: tuple[Deed, ...] = (
    Deed(verb="plug_in", label=N_("Plug the cable in"), icon="power", when=lambda s: not _plugged(s), fault=False),
    Deed(verb="insert_card", label=N_("Put the card in"), icon="credit_card", when=lambda s: s.get("screen") == "insert card", fault=False),
    Deed(verb="approve", label=N_("A guest with a good card"), icon="thumb_up", when=lambda s: s.get("guest") != "approve", fault=False),
    Deed(verb="reload", label=N_("Put a new roll in"), icon="receipt", when=lambda s: s.get("paper") == "out", fault=False),
    Deed(verb="heal", label=N_("Make it well again"), icon="healing", when=lambda s: bool(s.get("faults")) and _plugged(s), fault=False),
    Deed(verb="decline", label=N_("The bank says no"), icon="block", when=lambda s: s.get("guest") != "decline"),
    Deed(verb="no_card", label=N_("Nobody puts a card in"), icon="hourglass_empty", when=lambda s: s.get("guest") != "no_card"),
    Deed(verb="customer_cancels", label=N_("The guest cancels"), icon="cancel", when=lambda s: s.get("guest") != "customer_cancels"),
    Deed(verb="card_removed", label=N_("The guest pulls the card out"), icon="eject", when=lambda s: s.get("guest") != "card_removed"),
    _fault("drop_after_authorisation", N_("Lose the line when it is paid"), "cable"),
    _fault("no_answer_after_ack", N_("Say nothing more once it was asked"), "voice_over_off"),
    _fault("auto_reverse", N_("Give back what the till did not hear of"), "undo"),
    _fault("no_result", N_("End without a result"), "question_mark"),
    _fault("other_amount", N_("Take another amount"), "price_change", minor=ANOTHER_AMOUNT),
    _fault("end_of_day_due", N_("Want its day closed"), "event_busy"),
    Deed(verb="paper_out", label=N_("Take the paper out"), icon="receipt", when=lambda s: s.get("paper") != "out"),
    _fault("late", N_("Answer too late"), "hourglass_bottom", seconds=LATE_S),
    _fault("dont_answer", N_("Stop answering"), "voice_over_off"),
    Deed(verb="garble", label=N_("Answer nonsense"), icon="blur_on", args={"answers": NONSENSE}, when=lambda s: not _has(s, "garble")),
    _fault("half_write", N_("Give half an answer"), "content_cut", after_bytes=HALF_AN_ANSWER),
    Deed(verb="unplug", label=N_("Pull the cable"), icon="link_off", when=_plugged),
)
WEIGHTS_G = (0, 5, 30, 60, 90, 500, 1250)
