"""Every reason a device or a command gives, with its sentence and what to do. docs/mqtt.md lists them; a test holds the two together.

The code crosses MQTT and is what pages translate; the English sentence is for logs and for readers without a translation.
"""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """What happened and the next step, each one sentence; `action` is empty where nothing need be done."""

    sentence: str
    action: str = ""


REASONS: dict[str, Reason] = {
    # the link
    "connecting": Reason("The device is being connected."),
    "unreachable": Reason("The device does not answer at its address.", "Check that it is switched on and its cable is plugged in."),
    "link_lost": Reason("The connection to the device broke.", "Check its cable and power."),
    "silent": Reason("The device does not answer questions about its state.", "Switch it off and on again."),
    "unmonitored": Reason("This printer never tells its state: it prints, but nothing can be confirmed."),
    "wrong_device": Reason("Another device answers at this address.", "Plug the right device in, or adopt the new one."),
    "bad_address": Reason("The address of the device cannot be used.", "Remove the device and adopt it again."),
    "cannot_load": Reason("The device cannot be set up as it is stored.", "Remove the device and adopt it again."),
    "driver_failed": Reason("The driver of the device failed.", "Send the log to support; the device is tried again by itself."),
    "disabled": Reason("The device is switched off in the settings.", "Enable it to use it again."),
    "removed": Reason("The device was removed."),
    "changed": Reason("The settings of the device were changed meanwhile."),
    # paper
    "paper_out": Reason("The printer has no paper.", "Put in a new roll and close the cover."),
    "cover_open": Reason("The cover of the printer is open.", "Close the cover."),
    "head_open": Reason("The print head is open.", "Press the head down until it latches."),
    "ribbon_out": Reason("The printer has no ribbon.", "Put in a new ribbon."),
    "printer_paused": Reason("The printer is paused.", "Press its pause button."),
    "buffer_full": Reason("The printer takes no more labels for now.", "Wait; if nothing comes out, switch it off and on."),
    "label_too_small": Reason("What should be printed does not fit on the label.", "Print less on it, or use larger labels."),
    "printer_error": Reason("The printer reports an error.", "Clear jammed paper, then switch the printer off and on."),
    "paper_low": Reason("The paper roll is nearly used up.", "Have a new roll at hand."),
    "says_offline": Reason("The printer says it is offline and gives no cause; jobs are sent and proven by its answer."),
    "no_confirmation": Reason("The printer took the whole job but did not confirm it.", "Look at the paper before printing a copy."),
    "lost_while_printing": Reason("The connection broke while the job was printing.", "Look at the paper before printing a copy."),
    "restarted_while_printing": Reason("The device host stopped in the middle of this job.", "Look at the paper before printing a copy."),
    "cut_short": Reason("The command was cut short in the middle; it may have happened.", "Look at the device before asking again."),
    "restarted_while_held": Reason(
        "The device host restarted while the job was held in the printer; a part of it may be missing.",
        "Look at the paper before printing a copy.",
    ),
    "bad_barcode": Reason("A barcode of the document is not a valid EAN-13.", "Correct the code of the product."),
    "no_font": Reason("No font for this text is installed: some characters came out as question marks.", "Install Noto Sans CJK."),
    "drawer_open_too_long": Reason("The drawer has been open for too long.", "Close the drawer."),
    "drawer_reversed": Reason(
        "The drawer says that it closes when it is opened.", "Choose the other level of its sensor in the office, under Devices."
    ),
    # office printer
    "paper_jam": Reason("Paper is jammed in the printer.", "Open it, pull the paper out gently and close it again."),
    "toner_out": Reason("Toner or ink of the printer is used up.", "Put in a new cartridge."),
    "toner_low": Reason("Toner or ink of the printer is nearly used up.", "Order a new cartridge."),
    "output_full": Reason("The output tray of the printer is full.", "Take the pages out."),
    "printer_busy": Reason("The printer takes no job for now.", "Wait; if it stays so, switch the printer off and on."),
    "printer_refuses": Reason(
        "The printer refuses what it is asked.", "Let it print without a user name, on the printer's own pages, or look at its address."
    ),
    "job_aborted": Reason("The printer gave the job up.", "Look at the printer, then print it again."),
    "job_canceled": Reason("The job was cancelled."),
    "no_such_job": Reason("The printer has no such job any more."),
    "no_format": Reason("The printer takes neither PDF nor, for one page, JPEG.", "Use another printer for this."),
    "document_too_long": Reason("The document has more pages than are ever printed at once.", "Choose a shorter time for it."),
    # commands
    "expired": Reason("The command came too late to be run."),
    "withdrawn": Reason("Another device was given the command before it began here."),
    "not_withdrawn": Reason("The command has begun already, or has ended."),
    "malformed": Reason("The command does not have the agreed form."),
    "unknown_verb": Reason("This device has no such command."),
    "queue_full": Reason("Too many commands wait for this device.", "See why the device does not work them off."),
    # scanner
    "garbage": Reason("The scanner sends what is not a code.", "Check its baud rate and its suffix (CR)."),
    # card reader
    "no_card_number": Reason(
        "The card reader sends what is not a card number.", "Check its baud rate, and how its numbers are set up here."
    ),
    # scale
    "scale_moving": Reason("The scale did not come to rest.", "Keep hands and hoses off the pan, then weigh again."),
    "over_capacity": Reason("There is more on the scale than it can weigh.", "Take something off the scale."),
    "under_zero": Reason("The scale shows less than nothing.", "Put the pan back, empty it and set the scale to zero."),
    # power
    "on_battery": Reason("The mains are gone; the UPS gives power from its battery.", "Finish what is open, and look at the fuses."),
    "battery_low": Reason("The mains are gone and the battery of the UPS is nearly empty.", "Finish now: the tills go dark in a moment."),
    "replace_battery": Reason("The battery of the UPS is worn out.", "Order a new one; without it a power cut ends everything at once."),
    "ups_overload": Reason("More hangs on the UPS than it can carry.", "Plug hair dryers and heaters in elsewhere."),
    "ups_off": Reason("The UPS is switched off and gives no power.", "Switch it on."),
    "ups_bypass": Reason(
        "The UPS passes the mains straight through: when they go, everything goes dark.", "Switch its bypass off, or have it looked at."
    ),
    "ups_fault": Reason("The UPS reports a fault of its own.", "Look at its display, and have it looked at."),
    "ups_stale": Reason(
        "There is no news from the UPS; whether the mains are there is not known.", "Pull its data cable out and plug it in again."
    ),
    "ups_driver_gone": Reason("The program that listens to the UPS has stopped.", "Restart the computer the UPS is connected to."),
    "no_ups_there": Reason(
        "What answers at this address does not describe itself as a UPS.", "Adopt the UPS at the address of its own network card."
    ),
    "nut_silent": Reason("The program that knows the UPS gives no answer.", "Restart the computer the UPS is connected to."),
    "ups_not_found": Reason("NUT has no such UPS; without a name it must have exactly one.", "Adopt it again with the name it has in NUT."),
    # switches, routers, access points
    "snmp_silent": Reason(
        "The device does not answer over SNMP.", "Check its community or keys, and that SNMP is switched on for this hub."
    ),
    "snmp_refused": Reason("The device refuses the SNMP user or its keys.", "Remove the device and adopt it with the right user and keys."),
    "ports_in_error": Reason("A port loses many frames.", "Change the cable of that port; the figures of the device name it."),
    "poe_overload": Reason(
        "The network device has no power left for what it feeds.", "Unplug something that gets its power over the network cable."
    ),
    "no_such_port": Reason("The device has no port of this name."),
    "no_poe": Reason("This port gives no power."),
    "no_set_over_v3": Reason("Over SNMP v3 nothing is changed from here.", "Switch the power on the pages of the device itself."),
    "snmp_read_only": Reason("The device lets this hub change nothing.", "Give the hub a community that may write."),
    "poe_unconfirmed": Reason(
        "The device did not confirm; the port may be without power.", "Look at what hangs on the port before asking again."
    ),
    # the way to the Internet
    "no_carrier": Reason("The network cable of the hub has no link.", "Plug the cable in at the hub and at the router or switch."),
    "no_address": Reason("The hub has no address in the network.", "Switch the router off and on, and wait two minutes."),
    "gateway_silent": Reason("The router does not answer.", "Look whether it has power; if so, switch it off and on and wait two minutes."),
    "names_broken": Reason(
        "Names on the Internet cannot be looked up.", "Switch the router off and on; if it stays, the provider must help."
    ),
    "line_down": Reason(
        "The router works, but nothing beyond it answers: the line is down.", "Call the provider; the shop goes on meanwhile."
    ),
    "far_silent": Reason("The host outside that is measured does not answer; the line itself works."),
    "hq_silent": Reason("Head office does not answer; the line works. Nothing is lost, it is caught up with later."),
    "shop_network_loses": Reason("The network in the shop loses packets.", "Check the cables between the hub, the switch and the router."),
    "line_loses": Reason("The line of the provider loses packets.", "If it stays, call the provider."),
    "line_slow": Reason("The line of the provider answers slowly.", "If it stays, call the provider."),
    "no_speed_server": Reason("No file to measure the speed with is set.", "Name one in the settings of the Internet."),
    "speed_failed": Reason("The file to measure the speed with did not come."),
    # customer display
    "not_taken": Reason("The display does not take what it is sent.", "Check its power, its cable and the flow control of its line."),
    "too_wide": Reason("The right side of a line is wider than the display; a price is never cut.", "Shorten it."),
    # third-party things
    "not_announced": Reason(
        "Nothing on the broker announces this device in words that are understood.",
        "Look whether its bridge runs and announces itself for Home Assistant.",
    ),
    "thing_away": Reason(
        "The device, or the bridge that speaks for it, says that it is away.",
        "Check its power and its radio; look whether its bridge runs.",
    ),
    "thing_silent": Reason("The device has said nothing for longer than it may.", "Change its battery, or bring it nearer to its bridge."),
    "not_yet_heard": Reason("Nothing has been heard of this device since the device host started."),
    "water_leak": Reason("There is water where it must not be.", "Turn the water off there and mop it up."),
    "too_warm": Reason("It is warmer there than it may be.", "Look at what stands there, and cool the room."),
    "too_cold": Reason("It is colder there than it may be.", "Look at what stands there, and heat the room."),
    "sensor_battery_low": Reason("The battery of the sensor is nearly empty.", "Change its battery."),
    "no_such_outlet": Reason("The device has no switch of this name."),
    "switch_unconfirmed": Reason("The device did not say that it has switched.", "Look at it before asking again."),
    # card terminal: what happens at it
    "card_wanted": Reason("The terminal waits for the card.", "Insert the card, or hold it to the terminal."),
    "look_at_terminal": Reason("The terminal asks the guest for something, such as the PIN.", "Look at the terminal."),
    "pin_wrong": Reason("The PIN was wrong.", "Look at the terminal."),
    "card_out": Reason("The terminal is done with the card.", "Take the card out."),
    "card_approved": Reason("The terminal says that it is approved."),
    "terminal_waits": Reason("The terminal works.", "Wait."),
    # card terminal: why it does not
    "payment_unknown": Reason(
        "Nobody can tell whether the terminal did it.", "Ask the terminal for its last receipt before asking for the money again."
    ),
    "amount_differs": Reason("The terminal says that it was another amount.", "Compare its receipt with what was asked for."),
    "payment_cancelled": Reason("It was cancelled at the terminal, or nobody put a card in."),
    "card_declined": Reason("The bank declined the payment.", "Pay with another card, or another way."),
    "card_unreadable": Reason("The terminal cannot read the card.", "Try again, or take another card."),
    "card_not_accepted": Reason("This card is not accepted here.", "Take another card."),
    "card_expired": Reason("The card is not valid today.", "Take another card."),
    "card_inserted": Reason("There is a card in the terminal.", "Take the card out."),
    "credit_short": Reason("There is not enough money on the card.", "Pay with another card, or another way."),
    "wrong_currency": Reason("The terminal does not take this currency."),
    "amount_refused": Reason("The terminal does not take this amount."),
    "reversal_refused": Reason("The terminal cannot reverse this payment.", "Give the money back another way."),
    "nothing_to_abort": Reason("No payment runs at this terminal."),
    "end_of_day_due": Reason("The terminal takes no more before its day is closed.", "Close the day of the terminal."),
    "bank_unreachable": Reason("The terminal does not reach the bank.", "Check the network of the terminal, then try again."),
    "terminal_busy": Reason("The terminal is busy.", "Wait until it is done."),
    "terminal_paper_out": Reason("The terminal has no paper.", "Put a new roll in the terminal."),
    "terminal_locked": Reason("The terminal must be set up or unlocked first.", "Call the company the terminal is from."),
    "terminal_cannot": Reason("The terminal has no such function."),
    "terminal_broken": Reason("The terminal reports that it is broken.", "Call the company the terminal is from."),
    "terminal_refused": Reason("The terminal refused.", "Look at the terminal."),
    "registration_refused": Reason("The terminal refuses this till.", "Check its password and adopt it again."),
    # screens
    "page_hidden": Reason("The page is open but not in front.", "Bring it to the front on that screen."),
    "screen_battery_low": Reason("The battery of the screen is nearly empty.", "Plug its charger in."),
    "no_beat": Reason("The page has not been heard of.", "Look whether the screen is on and shows its page."),
    # the hub's own board
    "disk_read_only": Reason("The hub can no longer write to its storage.", "Tell support at once: its card must be replaced."),
    "disk_full": Reason("The storage of the hub is nearly full.", "Tell support."),
    "under_voltage": Reason("The hub gets too little power.", "Use the power supply that belongs to it, with nothing in between."),
    "disk_worn": Reason("The storage of the hub is nearly worn out.", "Have it replaced soon."),
    "too_hot": Reason("The hub is too hot.", "Free its air slots and keep it away from dryers and heaters."),
    "throttled": Reason("The hub has slowed itself down."),
    "memory_low": Reason("The hub is short of memory.", "Tell support."),
    "clock_not_set": Reason("The clock of the hub was not set since it started.", "Compare the time on the board with a watch."),
    # the host
    "host_stopped": Reason("The device host has stopped.", "It is started again by itself; if not, restart the hub."),
    "already_adopted": Reason("This address belongs to a device that is already here."),
    "no_such_device": Reason("There is no such device."),
    "no_such_kind": Reason("There is no driver for this kind of device."),
    "subnet_refused": Reason(
        "This is no part of the shop's own network, or too large a one.", "Name a part of the shop's own network, at most a /22."
    ),
    "sweep_runs": Reason("The network is being searched already.", "Wait until the search has ended."),
    "storage_failed": Reason("The device host could not keep the change.", "Free some space on the hub."),
}


def reason(code: str) -> Reason:
    """The words of `code`. Raises KeyError for a code nobody wrote down."""
    return REASONS[code]
