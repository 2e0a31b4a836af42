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
    "drawer_open_too_long": (N_("The drawer has been open for too long."), N_("Close the drawer.")),
    "drawer_reversed": (
        N_("The drawer says that it closes when it is opened."),
        N_("Choose the other level of its sensor in the office, under Devices."),
    ),
    "drawer_by_hand": (N_("The drawer was opened by key or by hand, not by the till."), ""),
    "no_printer": (N_("No printer has been set up for this."), N_("Add a printer in the office, under Devices.")),
    "document_failed": (
        N_("What should be printed could not be put together."),
        N_("Call support and give them the number of this job."),
    ),
    "paper_jam": (N_("Paper is jammed in the printer."), N_("Open it, pull the paper out gently and close it again.")),
    "toner_out": (N_("Toner or ink of the printer is used up."), N_("Put in a new cartridge.")),
    "toner_low": (N_("Toner or ink of the printer is nearly used up."), N_("Order a new cartridge.")),
    "output_full": (N_("The output tray of the printer is full."), N_("Take the pages out.")),
    "printer_busy": (N_("The printer takes no job for now."), N_("Wait; if it stays so, switch the printer off and on.")),
    "printer_refuses": (
        N_("The printer refuses what it is asked."),
        N_("Let it print without a user name, on the printer's own pages, or look at its address."),
    ),
    "job_aborted": (N_("The printer gave the job up."), N_("Look at the printer, then print it again.")),
    "job_canceled": (N_("The job was cancelled."), ""),
    "no_such_job": (N_("The printer has no such job any more."), ""),
    "no_format": (N_("The printer takes neither PDF nor, for one page, JPEG."), N_("Use another printer for this.")),
    "document_too_long": (N_("The document has more pages than are ever printed at once."), N_("Choose a shorter time for it.")),
    "expired": (N_("The command came too late to be run."), ""),
    "withdrawn": (N_("Another device was given the command before it began here."), ""),
    "not_withdrawn": (N_("The command has begun already, or has ended."), ""),
    "malformed": (N_("The command does not have the agreed form."), ""),
    "unknown_verb": (N_("This device has no such command."), ""),
    "queue_full": (N_("Too many commands wait for this device."), N_("See why the device does not work them off.")),
    "interrupted": (N_("The command was stopped before anything reached the device."), ""),
    "garbage": (N_("The scanner sends what is not a code."), N_("Check its baud rate and its suffix (CR).")),
    "nothing_scanned": (N_("Nothing was scanned."), N_("Check its power and its cable, then scan again.")),
    "no_card_number": (
        N_("The card reader sends what is not a card number."),
        N_("Check its baud rate, and how its numbers are set up here."),
    ),
    "scale_moving": (N_("The scale did not come to rest."), N_("Keep hands and hoses off the pan, then weigh again.")),
    "over_capacity": (N_("There is more on the scale than it can weigh."), N_("Take something off the scale.")),
    "under_zero": (N_("The scale shows less than nothing."), N_("Put the pan back, empty it and set the scale to zero.")),
    "on_battery": (N_("The mains are gone; the UPS gives power from its battery."), N_("Finish what is open, and look at the fuses.")),
    "battery_low": (N_("The mains are gone and the battery of the UPS is nearly empty."), N_("Finish now: the tills go dark in a moment.")),
    "replace_battery": (N_("The battery of the UPS is worn out."), N_("Order a new one; without it a power cut ends everything at once.")),
    "ups_overload": (N_("More hangs on the UPS than it can carry."), N_("Plug hair dryers and heaters in elsewhere.")),
    "ups_off": (N_("The UPS is switched off and gives no power."), N_("Switch it on.")),
    "ups_bypass": (
        N_("The UPS passes the mains straight through: when they go, everything goes dark."),
        N_("Switch its bypass off, or have it looked at."),
    ),
    "ups_fault": (N_("The UPS reports a fault of its own."), N_("Look at its display, and have it looked at.")),
    "ups_stale": (
        N_("There is no news from the UPS; whether the mains are there is not known."),
        N_("Pull its data cable out and plug it in again."),
    ),
    "ups_driver_gone": (N_("The program that listens to the UPS has stopped."), N_("Restart the computer the UPS is connected to.")),
    "no_ups_there": (
        N_("What answers at this address does not describe itself as a UPS."),
        N_("Adopt the UPS at the address of its own network card."),
    ),
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
    "no_carrier": (N_("The network cable of the hub has no link."), N_("Plug the cable in at the hub and at the router or switch.")),
    "no_address": (N_("The hub has no address in the network."), N_("Switch the router off and on, and wait two minutes.")),
    "gateway_silent": (
        N_("The router does not answer."),
        N_("Look whether it has power; if so, switch it off and on and wait two minutes."),
    ),
    "names_broken": (
        N_("Names on the Internet cannot be looked up."),
        N_("Switch the router off and on; if it stays, the provider must help."),
    ),
    "line_down": (
        N_("The router works, but nothing beyond it answers: the line is down."),
        N_("Call the provider; the shop goes on meanwhile."),
    ),
    "far_silent": (N_("The host outside that is measured does not answer; the line itself works."), ""),
    "hq_silent": (N_("Head office does not answer; the line works. Nothing is lost, it is caught up with later."), ""),
    "shop_network_loses": (
        N_("The network in the shop loses packets."),
        N_("Check the cables between the hub, the switch and the router."),
    ),
    "line_loses": (N_("The line of the provider loses packets."), N_("If it stays, call the provider.")),
    "line_slow": (N_("The line of the provider answers slowly."), N_("If it stays, call the provider.")),
    "no_speed_server": (N_("No file to measure the speed with is set."), N_("Name one in the settings of the Internet.")),
    "speed_failed": (N_("The file to measure the speed with did not come."), ""),
    "not_taken": (N_("The display does not take what it is sent."), N_("Check its power, its cable and the flow control of its line.")),
    "too_wide": (N_("The right side of a line is wider than the display; a price is never cut."), N_("Shorten it.")),
    "not_announced": (
        N_("Nothing on the broker announces this device in words that are understood."),
        N_("Look whether its bridge runs and announces itself for Home Assistant."),
    ),
    "thing_away": (
        N_("The device, or the bridge that speaks for it, says that it is away."),
        N_("Check its power and its radio; look whether its bridge runs."),
    ),
    "thing_silent": (
        N_("The device has said nothing for longer than it may."),
        N_("Change its battery, or bring it nearer to its bridge."),
    ),
    "not_yet_heard": (N_("Nothing has been heard of this device since the device host started."), ""),
    "water_leak": (N_("There is water where it must not be."), N_("Turn the water off there and mop it up.")),
    "too_warm": (N_("It is warmer there than it may be."), N_("Look at what stands there, and cool the room.")),
    "too_cold": (N_("It is colder there than it may be."), N_("Look at what stands there, and heat the room.")),
    "sensor_battery_low": (N_("The battery of the sensor is nearly empty."), N_("Change its battery.")),
    "no_such_outlet": (N_("The device has no switch of this name."), ""),
    "switch_unconfirmed": (N_("The device did not say that it has switched."), N_("Look at it before asking again.")),
    "page_hidden": (N_("The page is open but not in front."), N_("Bring it to the front on that screen.")),
    "screen_battery_low": (N_("The battery of the screen is nearly empty."), N_("Plug its charger in.")),
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
    "subnet_refused": (
        N_("This is no part of the shop's own network, or too large a one."),
        N_("Name a part of the shop's own network, at most a /22."),
    ),
    "sweep_runs": (N_("The network is being searched already."), N_("Wait until the search has ended.")),
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
