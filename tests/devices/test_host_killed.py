"""The device host as a process: killed in the middle, stopped in order, started again. Printed once, or flagged."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import stat

from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.scale import Put, ScaleSim
from devices.simulators.verbs import Nothing, PaperOut, Slow
from hub.ids import Id
from hub.ports import Document, Text
from tests.devices.rig import TICKET, until
from tests.devices.shop import HostProcess, Shop, running

PRINT = {"document": TICKET.model_dump(), "copy": 0}
LONG = {"document": Document(blocks=tuple(Text(text=f"第 {n:03d} 行 line {n:03d}") for n in range(150))).model_dump(), "copy": 0}


def stored(host: HostProcess, command: str) -> bool:
    """Whether the host has taken the command."""
    with contextlib.closing(sqlite3.connect(host.store_dir / "devices.db")) as db:
        return bool(db.execute("SELECT 1 FROM commands WHERE id = ?", (command,)).fetchone())


async def test_paper_out_in_mid_receipt_with_the_host_killed_is_held_again_and_then_flagged(
    shop: Shop, host_process: HostProcess, printer: PrinterSim
) -> None:
    host_process.start()
    session = await running(host_process, shop)
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    await printer.do("paper_out", PaperOut(after_lines=40))
    command = shop.command(device, "print", LONG)
    await until(lambda: ("held", "paper_out") in shop.jobs(device))
    host_process.kill()
    shop.heard.clear()
    host_process.start()
    await running(host_process, shop, before=session)
    await until(lambda: ("held", "paper_out") in shop.jobs(device), 10)
    assert shop.answers(device, command) == []
    await printer.do("reload", Nothing())
    answer = await shop.answer(device, command)
    assert (answer["outcome"], answer["retry_safe"], answer["reason"]) == ("unknown", False, "restarted_while_held")
    after = shop.command(device, "print", PRINT)
    assert (await shop.answer(device, after))["outcome"] == "done"
    torn, ticket = printer.shelf.receipts
    assert 40 <= len(torn.lines()) < 150  # what was in the printer came out after the reload, and nothing was sent again
    assert ticket.lines() == ["排队号 A12", "前面还有 2 位"]


async def test_a_job_held_before_its_first_byte_prints_after_restart_and_reload(
    shop: Shop, host_process: HostProcess, printer: PrinterSim
) -> None:
    host_process.start()
    session = await running(host_process, shop)
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    await printer.do("paper_out", PaperOut())
    command = shop.command(device, "print", PRINT)
    await until(lambda: ("held", "paper_out") in shop.jobs(device))
    host_process.kill()
    host_process.start()
    await running(host_process, shop, before=session)
    await printer.do("reload", Nothing())
    assert (await shop.answer(device, command))["outcome"] == "done"
    assert [r.lines() for r in printer.shelf.receipts] == [["排队号 A12", "前面还有 2 位"]]


async def test_a_host_killed_while_the_printer_prints_flags_the_job_and_prints_nothing_twice(
    shop: Shop, host_process: HostProcess, printer: PrinterSim
) -> None:
    host_process.start()
    session = await running(host_process, shop)
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    await printer.do("slow", Slow(bytes_per_s=3000))
    body = json.dumps({"id": Id.new(), "args": LONG})
    command = json.loads(body)["id"]
    shop.publish(f"store/{shop.store}/dev/{device}/do/print", body)
    await until(lambda: printer.state()["waiting_bytes"] > 500)
    host_process.kill()
    host_process.start()
    await running(host_process, shop, before=session)
    shop.publish(f"store/{shop.store}/dev/{device}/do/print", body)  # the hub asks again
    answer = await shop.answer(device, command)
    assert (answer["outcome"], answer["reason"]) == ("unknown", "restarted_while_printing")
    await printer.do("slow", Slow(bytes_per_s=0))
    assert (await shop.answer(device, shop.command(device, "print", PRINT), 10))["outcome"] == "done"
    whole = [r for r in printer.shelf.receipts if len(r.lines()) == 150]
    assert len(whole) <= 1
    assert printer.shelf.receipts[-1].lines() == ["排队号 A12", "前面还有 2 位"]


async def test_a_host_killed_while_the_scale_weighs_weighs_again_for_nothing_of_it_lasts(shop: Shop, host_process: HostProcess) -> None:
    scale = ScaleSim.on_tcp("scale")
    await scale.start()
    try:
        host_process.start()
        session = await running(host_process, shop)
        device = await shop.adopt("scale", scale.address)
        await shop.health(device, "online")
        await scale.do("put", Put(mg=1_250_000))
        await scale.do("jiggle", Nothing())
        command = shop.command(device, "weigh", {"within_s": 10})
        await until(lambda: stored(host_process, command))
        host_process.kill()
        await scale.do("settle", Nothing())
        host_process.start()
        await running(host_process, shop, before=session)
        answer = await shop.answer(device, command)
        assert (answer["outcome"], answer["result"]) == ("done", {"mg": 1_250_000})
    finally:
        await scale.stop()


async def test_commands_sent_while_the_host_is_away_are_run_when_it_is_back(
    shop: Shop, host_process: HostProcess, printer: PrinterSim
) -> None:
    host_process.start()
    session = await running(host_process, shop)
    device = await shop.adopt("receipt_printer", printer.address)
    host_process.kill()
    await until(lambda: shop.last[f"store/{shop.store}/host/h1/state"]["health"] == "offline")
    commands = [shop.command(device, "print", PRINT) for _ in range(5)]
    host_process.start()
    await running(host_process, shop, before=session)
    for command in commands:
        assert (await shop.answer(device, command))["outcome"] == "done"
    assert len(printer.shelf.receipts) == 5


async def test_sigterm_ends_the_host_in_order_and_says_so(shop: Shop, host_process: HostProcess, printer: PrinterSim) -> None:
    host_process.start()
    await running(host_process, shop)
    await shop.adopt("receipt_printer", printer.address)
    assert host_process.terminate() == 0
    state = await until(lambda: shop.last[f"store/{shop.store}/host/h1/state"])
    assert (state["health"], state["reason"]) == ("offline", "host_stopped")
    assert "Traceback" not in host_process.log()


async def test_a_host_told_to_stop_lets_the_running_job_end(shop: Shop, host_process: HostProcess, printer: PrinterSim) -> None:
    host_process.start()
    await running(host_process, shop)
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    await printer.do("slow", Slow(bytes_per_s=5000))
    command = shop.command(device, "print", LONG)
    waiting = shop.command(device, "print", PRINT)
    await until(lambda: printer.state()["waiting_bytes"] > 500)
    stopping = asyncio.create_task(asyncio.to_thread(host_process.terminate))
    assert (await shop.answer(device, command))["outcome"] == "done"
    assert await stopping == 0
    assert shop.answers(device, waiting) == []  # it is run after the next start
    assert len(printer.shelf.receipts) == 1


async def test_without_credentials_the_host_says_what_is_missing(host_process: HostProcess) -> None:
    (host_process.store_dir / "secrets" / "mqtt-host.json").unlink()
    host_process.start()
    assert host_process._process is not None
    assert host_process._process.wait(10) == 2
    assert "mqtt-host.json" in host_process.log()
    assert "Traceback" not in host_process.log()


async def test_the_secret_never_lands_in_the_log(shop: Shop, host_process: HostProcess) -> None:
    secrets = host_process.store_dir / "secrets" / "mqtt-host.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    host_process.start()
    await running(host_process, shop)
    assert "secret" not in host_process.log()
