"""What a device or a print job says of itself, in the reader's language: the code crosses the wire, the words are here."""

from __future__ import annotations

from hub.ports import Health
from ui.texts import N_, Texts
from ui.widgets.parts import Tone

WORDS: dict[str, tuple[str, str]] = {
    "connecting": (N_("The device is being connected."), ""),
    "unreachable": (N_("The device does not answer at its address."), N_("Check that it is switched on and its cable is plugged in.")),
    "link_lost": (N_("The connection to the device broke."), N_("Check its cable and power.")),
    "silent": (N_("The device does not answer questions about its state."), N_("Switch it off and on again.")),
    "unmonitored": (N_("This printer never tells its state: it prints, but nothing can be confirmed."), ""),
    "wrong_device": (N_("Another device answers at this address."), N_("Plug the right device in, or adopt the new one.")),
    "bad_address": (N_("The address of the device cannot be used."), N_("Remove the device and adopt it again.")),
    "cannot_load": (N_("The device cannot be set up as it is stored."), N_("Remove the device and adopt it again.")),
    "driver_failed": (N_("The driver of the device failed."), N_("Send the log to support; the device is tried again by itself.")),
    "disabled": (N_("The device is switched off in the settings."), N_("Enable it to use it again.")),
    "removed": (N_("The device was removed."), ""),
    "changed": (N_("The settings of the device were changed meanwhile."), ""),
    "paper_out": (N_("The printer has no paper."), N_("Put in a new roll and close the cover.")),
    "cover_open": (N_("The cover of the printer is open."), N_("Close the cover.")),
    "head_open": (N_("The print head is open."), N_("Press the head down until it latches.")),
    "ribbon_out": (N_("The printer has no ribbon."), N_("Put in a new ribbon.")),
    "printer_paused": (N_("The printer is paused."), N_("Press its pause button.")),
    "buffer_full": (N_("The printer takes no more labels for now."), N_("Wait; if nothing comes out, switch it off and on.")),
    "label_too_small": (N_("What should be printed does not fit on the label."), N_("Print less on it, or use larger labels.")),
    "printer_error": (N_("The printer reports an error."), N_("Clear jammed paper, then switch the printer off and on.")),
    "printer_stopped": (N_("The printer has stopped."), N_("Look at the printer: its lamps and its feed button.")),
    "paper_low": (N_("The paper roll is nearly used up."), N_("Have a new roll at hand.")),
    "says_offline": (N_("The printer says it is offline and gives no cause; jobs are sent and proven by its answer."), ""),
    "no_confirmation": (N_("The printer took the whole job but did not confirm it."), N_("Look at the paper before printing a copy.")),
    "lost_while_printing": (N_("The connection broke while the job was printing."), N_("Look at the paper before printing a copy.")),
    "restarted_while_printing": (
        N_("The device host stopped in the middle of this job."),
        N_("Look at the paper before printing a copy."),
    ),
    "restarted_while_held": (
        N_("The device host restarted while the job was held in the printer; a part of it may be missing."),
        N_("Look at the paper before printing a copy."),
    ),
    "cut_short": (N_("The command was cut short in the middle; it may have happened."), N_("Look at the device before asking again.")),
    "bad_barcode": (N_("A barcode of the document is not a valid EAN-13."), N_("Correct the code of the product.")),
    "no_font": (
        N_("No font for this text is installed: some characters came out as question marks."),
        N_("Install Noto Sans CJK."),
    ),
    "no_printer": (N_("No printer has been set up for this."), N_("Add a printer in the office, under Devices.")),
    "document_failed": (
        N_("What should be printed could not be put together."),
        N_("Call support and give them the number of this job."),
    ),
    "expired": (N_("The command came too late to be run."), ""),
    "malformed": (N_("The command does not have the agreed form."), ""),
    "unknown_verb": (N_("This device has no such command."), ""),
    "queue_full": (N_("Too many commands wait for this device."), N_("See why the device does not work them off.")),
    "interrupted": (N_("The command was stopped before anything reached the device."), ""),
    "garbage": (N_("The scanner sends what is not a code."), N_("Check its baud rate and its suffix (CR).")),
    "scale_moving": (N_("The scale did not come to rest."), N_("Keep hands and hoses off the pan, then weigh again.")),
    "over_capacity": (N_("There is more on the scale than it can weigh."), N_("Take something off the scale.")),
    "under_zero": (N_("The scale shows less than nothing."), N_("Put the pan back, empty it and set the scale to zero.")),
    "on_battery": (N_("The mains are gone; the UPS gives power from its battery."), N_("Finish what is open, and look at the fuses.")),
    "battery_low": (N_("The mains are gone and the battery of the UPS is nearly empty."), N_("Finish now: the tills go dark in a moment.")),
    "replace_battery": (N_("The battery of the UPS is worn out."), N_("Order a new one; without it a power cut ends everything at once.")),
    "ups_overload": (N_("More hangs on the UPS than it can carry."), N_("Plug hair dryers and heaters in elsewhere.")),
    "ups_stale": (
        N_("There is no news from the UPS; whether the mains are there is not known."),
        N_("Pull its data cable out and plug it in again."),
    ),
    "ups_driver_gone": (N_("The program that listens to the UPS has stopped."), N_("Restart the computer the UPS is connected to.")),
    "nut_silent": (N_("The program that knows the UPS gives no answer."), N_("Restart the computer the UPS is connected to.")),
    "ups_not_found": (
        N_("NUT has no such UPS; without a name it must have exactly one."),
        N_("Adopt it again with the name it has in NUT."),
    ),
    "snmp_silent": (
        N_("The device does not answer over SNMP."),
        N_("Check its community or keys, and that SNMP is switched on for this hub."),
    ),
    "snmp_refused": (
        N_("The device refuses the SNMP user or its keys."),
        N_("Remove the device and adopt it with the right user and keys."),
    ),
    "ports_in_error": (N_("A port loses many frames."), N_("Change the cable of that port; the figures of the device name it.")),
    "poe_overload": (
        N_("The network device has no power left for what it feeds."),
        N_("Unplug something that gets its power over the network cable."),
    ),
    "no_such_port": (N_("The device has no port of this name."), ""),
    "no_poe": (N_("This port gives no power."), ""),
    "no_set_over_v3": (N_("Over SNMP v3 nothing is changed from here."), N_("Switch the power on the pages of the device itself.")),
    "snmp_read_only": (N_("The device lets this hub change nothing."), N_("Give the hub a community that may write.")),
    "poe_unconfirmed": (
        N_("The device did not confirm; the port may be without power."),
        N_("Look at what hangs on the port before asking again."),
    ),
    "not_taken": (N_("The display does not take what it is sent."), N_("Check its power, its cable and the flow control of its line.")),
    "too_wide": (N_("The right side of a line is wider than the display; a price is never cut."), N_("Shorten it.")),
    "card_wanted": (N_("The terminal waits for the card."), N_("Insert the card, or hold it to the terminal.")),
    "look_at_terminal": (N_("The terminal asks the guest for something, such as the PIN."), N_("Look at the terminal.")),
    "pin_wrong": (N_("The PIN was wrong."), N_("Look at the terminal.")),
    "card_out": (N_("The terminal is done with the card."), N_("Take the card out.")),
    "card_approved": (N_("The terminal says that it is approved."), ""),
    "terminal_waits": (N_("The terminal works."), N_("Wait.")),
    "payment_unknown": (
        N_("Nobody can tell whether the terminal did it."),
        N_("Ask the terminal for its last receipt before asking for the money again."),
    ),
    "amount_differs": (N_("The terminal says that it was another amount."), N_("Compare its receipt with what was asked for.")),
    "payment_cancelled": (N_("It was cancelled at the terminal, or nobody put a card in."), ""),
    "card_declined": (N_("The bank declined the payment."), N_("Pay with another card, or another way.")),
    "card_unreadable": (N_("The terminal cannot read the card."), N_("Try again, or take another card.")),
    "card_not_accepted": (N_("This card is not accepted here."), N_("Take another card.")),
    "card_expired": (N_("The card is not valid today."), N_("Take another card.")),
    "card_inserted": (N_("There is a card in the terminal."), N_("Take the card out.")),
    "credit_short": (N_("There is not enough money on the card."), N_("Pay with another card, or another way.")),
    "wrong_currency": (N_("The terminal does not take this currency."), ""),
    "amount_refused": (N_("The terminal does not take this amount."), ""),
    "reversal_refused": (N_("The terminal cannot reverse this payment."), N_("Give the money back another way.")),
    "nothing_to_abort": (N_("No payment runs at this terminal."), ""),
    "end_of_day_due": (N_("The terminal takes no more before its day is closed."), N_("Close the day of the terminal.")),
    "bank_unreachable": (N_("The terminal does not reach the bank."), N_("Check the network of the terminal, then try again.")),
    "terminal_busy": (N_("The terminal is busy."), N_("Wait until it is done.")),
    "terminal_paper_out": (N_("The terminal has no paper."), N_("Put a new roll in the terminal.")),
    "terminal_locked": (N_("The terminal must be set up or unlocked first."), N_("Call the company the terminal is from.")),
    "terminal_cannot": (N_("The terminal has no such function."), ""),
    "terminal_broken": (N_("The terminal reports that it is broken."), N_("Call the company the terminal is from.")),
    "terminal_refused": (N_("The terminal refused."), N_("Look at the terminal.")),
    "registration_refused": (N_("The terminal refuses this till."), N_("Check its password and adopt it again.")),
    "page_hidden": (N_("The page is open but not in front."), N_("Bring it to the front on that screen.")),
    "no_beat": (N_("The page has not been heard of."), N_("Look whether the screen is on and shows its page.")),
    "disk_read_only": (N_("The hub can no longer write to its storage."), N_("Tell support at once: its card must be replaced.")),
    "disk_full": (N_("The storage of the hub is nearly full."), N_("Tell support.")),
    "under_voltage": (N_("The hub gets too little power."), N_("Use the power supply that belongs to it, with nothing in between.")),
    "disk_worn": (N_("The storage of the hub is nearly worn out."), N_("Have it replaced soon.")),
    "too_hot": (N_("The hub is too hot."), N_("Free its air slots and keep it away from dryers and heaters.")),
    "throttled": (N_("The hub has slowed itself down."), ""),
    "memory_low": (N_("The hub is short of memory."), N_("Tell support.")),
    "clock_not_set": (N_("The clock of the hub was not set since it started."), N_("Compare the time on the board with a watch.")),
    "host_stopped": (N_("The device host has stopped."), N_("It is started again by itself; if not, restart the hub.")),
    "already_adopted": (N_("This address belongs to a device that is already here."), ""),
    "no_such_device": (N_("There is no such device."), ""),
    "no_such_kind": (N_("There is no driver for this kind of device."), ""),
    "storage_failed": (N_("The device host could not keep the change."), N_("Free some space on the hub.")),
}
HEALTH: dict[Health, tuple[Tone, str]] = {
    Health.CONNECTING: ("idle", N_("Connecting")),
    Health.ONLINE: ("good", N_("Ready")),
    Health.DEGRADED: ("warn", N_("Needs attention")),
    Health.OFFLINE: ("bad", N_("Not connected")),
    Health.UNKNOWN: ("idle", N_("Unknown")),
    Health.DISABLED: ("idle", N_("Switched off")),
}


def words(t: Texts, reason: str, sentence: str, action: str) -> tuple[str, str]:
    """What is so, and what to do; a reason nobody translated speaks with the words it brought along."""
    known = WORDS.get(reason)
    if known is None:
        return sentence, action
    return t(known[0]), t(known[1]) if known[1] else ""


def joined(t: Texts, first: str, second: str) -> str:
    """Two sentences one after the other, as this language sets them."""
    return t("{first} {second}", first=first, second=second) if first and second else first or second
