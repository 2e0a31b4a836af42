"""Who is on the shop's network: remembered in silence, and told when somebody new comes. Times are moved, files are the kernel's and dnsmasq's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import Sweep
from devices.network import neighbours
from devices.network.makers import MAKERS, maker_of
from devices.network.neighbours import KEPT_MAX, TOLD_PER_HOUR, WAITING_MAX, Sources, Watch
from devices.network.surroundings import Lookout, Surroundings
from devices.network.tables import ROWS_MAX, arp, is_random, leases
from devices.registry import Device
from devices.schema import STEPS
from hub.clock import MovedClock
from hub.db import Db
from hub.migrations import migrate

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"
PRINTER, STRANGER, PHONE = "00:26:ab:00:00:01", "3c:5a:b4:00:00:02", "da:a1:19:00:00:03"


def row(mac: str, ip: str, device: str = "eth0", flags: str = "0x2") -> str:
    return f"{ip:<16} 0x1         {flags}         {mac}     *        {device}\n"


class Shop:
    """A watch over files of a folder, in moved time."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, MovedClock(NOW)
        self.arp, self.leases = folder / "arp", folder / "leases"
        self.told: list[dict[str, Any]] = []
        self.broker = True
        self.db = Db(folder / "devices.db")
        self.db.open()
        migrate(self.db, STEPS)
        self.watch = self._watch()

    def _watch(self) -> Watch:
        async def tell(body: dict[str, Any]) -> bool:
            if self.broker:
                self.told.append(body)
            return self.broker

        watch = Watch(self.db, self.clock, Sources(arp=self.arp, leases=self.leases, interface="eth0"), tell)
        watch.load()
        return watch

    def restart(self) -> None:
        self.watch = self._watch()

    async def sees(self, *rows: str) -> None:
        self.arp.write_text(HEAD + "".join(rows))
        await self.watch.look()

    async def a_day_later(self) -> None:
        self.clock.forward(days=1, seconds=1)

    def macs(self) -> set[str]:
        return {seen.mac for seen in self.watch.all()}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.db.close()


async def test_the_first_day_is_learned_in_silence_and_then_a_new_card_is_told_once(shop: Shop) -> None:
    await shop.sees(row(PRINTER, "10.0.0.9"))
    assert shop.told == []
    await shop.a_day_later()
    await shop.sees(row(PRINTER, "10.0.0.9"), row(STRANGER, "10.0.0.77"))
    await shop.sees(row(PRINTER, "10.0.0.9"), row(STRANGER, "10.0.0.77"))
    assert [(body["mac"], body["ip"], body["more"]) for body in shop.told] == [(STRANGER, "10.0.0.77", 0)]


async def test_the_name_of_the_lease_and_the_maker_of_the_card_are_told(shop: Shop) -> None:
    await shop.sees()
    await shop.a_day_later()
    shop.leases.write_text(f"0 {PRINTER} 10.0.0.9 tm-t88\x07 01:{PRINTER}\n")
    await shop.sees()
    assert [(body["name"], body["maker"], body["random"]) for body in shop.told] == [("tm-t88", "Seiko Epson", False)]


async def test_a_guests_phone_is_marked_and_never_told_and_forgotten_after_a_day(shop: Shop) -> None:
    await shop.sees()
    await shop.a_day_later()
    await shop.sees(row(PHONE, "10.0.0.120"))
    assert [seen.random for seen in shop.watch.all()] == [True]
    assert shop.told == []
    await shop.a_day_later()
    await shop.sees()
    assert shop.macs() == set()
    shop.restart()
    assert shop.macs() == set()


async def test_what_the_broker_has_not_is_told_again_also_after_a_restart(shop: Shop) -> None:
    await shop.sees()
    await shop.a_day_later()
    shop.broker = False
    await shop.sees(row(STRANGER, "10.0.0.77"))
    shop.restart()
    shop.broker = True
    await shop.sees(row(STRANGER, "10.0.0.77"))
    await shop.sees(row(STRANGER, "10.0.0.77"))
    assert [body["mac"] for body in shop.told] == [STRANGER]


async def test_a_restart_does_not_begin_a_new_day_of_silence(shop: Shop) -> None:
    await shop.sees(row(PRINTER, "10.0.0.9"))
    await shop.a_day_later()
    shop.restart()
    await shop.sees(row(STRANGER, "10.0.0.77"))
    assert [body["mac"] for body in shop.told] == [STRANGER]


async def test_a_flood_of_new_cards_is_told_in_part_and_the_rest_counted(shop: Shop) -> None:
    await shop.sees()
    await shop.a_day_later()
    flood = [row(f"3c:5a:b4:00:{number // 256:02x}:{number % 256:02x}", "10.0.0.5") for number in range(100)]
    await shop.sees(*flood)
    assert len(shop.told) == TOLD_PER_HOUR
    assert shop.told[0]["more"] == 100 - WAITING_MAX
    await shop.sees(*flood)
    assert len(shop.told) == TOLD_PER_HOUR
    shop.clock.forward(seconds=3601)
    await shop.sees(*flood)
    assert len(shop.told) == WAITING_MAX


async def test_no_more_cards_are_remembered_than_there_is_room_for_and_made_up_ones_go_first(shop: Shop) -> None:
    await shop.sees(row(PRINTER, "10.0.0.9"))
    shop.clock.forward(seconds=60)
    made_up = [row(f"da:a1:19:00:{number // 256:02x}:{number % 256:02x}", "10.0.0.5") for number in range(KEPT_MAX + 50)]
    await shop.sees(*made_up)
    assert len(shop.watch.all()) == KEPT_MAX
    assert PRINTER in shop.macs()
    assert shop.db.all("SELECT count(*) AS n FROM macs_seen")[0]["n"] == KEPT_MAX


async def test_what_stays_as_it_is_is_not_written_again_for_ten_minutes(shop: Shop) -> None:
    await shop.sees(row(PRINTER, "10.0.0.9"))
    first = shop.watch.all()[0].last
    shop.clock.forward(seconds=300)
    await shop.sees(row(PRINTER, "10.0.0.9"))
    assert shop.watch.all()[0].last == first
    await shop.sees(row(PRINTER, "10.0.0.10"))
    assert (shop.watch.all()[0].ip, shop.watch.all()[0].last > first) == ("10.0.0.10", True)


async def test_files_that_are_not_there_say_nothing(shop: Shop) -> None:
    await shop.watch.look()
    assert shop.macs() == set()


async def test_another_interface_is_not_the_devices_network(shop: Shop) -> None:
    await shop.sees(row(STRANGER, "192.168.50.7", device="wlan0"))
    assert shop.macs() == set()


# what could be adopted


@pytest.fixture
async def around(tmp_path: Path) -> AsyncIterator[Surroundings]:
    db = Db(tmp_path / "devices.db")
    db.open()
    await_arp = tmp_path / "arp"
    await_arp.write_text(HEAD + row(PRINTER, "10.0.0.9") + row(STRANGER, "10.0.0.77"))

    class Nowhere:
        def host_event(self, name: str, body: dict[str, Any]) -> int | None:
            return None

        async def flushed(self) -> bool:
            return False

    await asyncio.to_thread(migrate, db, STEPS)
    made = Surroundings(db, MovedClock(NOW), Lookout(watch=Sources(arp=await_arp)), Nowhere())
    assert made._watch is not None
    await made._watch.look()
    yield made
    db.close()


async def test_the_card_of_a_printers_maker_is_proposed_and_only_proposed(around: Surroundings) -> None:
    [found] = around.candidates()
    assert (found.kind, found.address, found.evidence) == ("receipt_printer", "tcp://10.0.0.9:9100", "network card made by Seiko Epson")


async def test_whoever_is_seen_is_told_with_the_device_it_is(around: Surroundings) -> None:
    adopted = Device(id="p1", kind="receipt_printer", name="", address="tcp://10.0.0.9:9100", profile={})
    told = around.neighbours([adopted, replace(adopted, id="x", address="nonsense")])
    assert {row["mac"]: row["device"] for row in told["neighbours"]} == {PRINTER: "p1", STRANGER: ""}
    assert (told["watching"], told["more"]) == (True, 0)


def test_the_secret_of_a_sweep_is_not_shown() -> None:
    assert "s3cret" not in repr(Sweep(community="s3cret"))  # type: ignore[arg-type]


# the files


def test_incomplete_rows_groups_and_what_is_no_card_are_left_out() -> None:
    text = HEAD + "".join(
        (
            row("00:00:00:00:00:00", "10.0.0.2"),
            row(PRINTER, "10.0.0.3", flags="0x0"),
            row("01:00:5e:00:00:01", "224.0.0.1"),
            row("zz:26:ab:00:00:01", "10.0.0.4"),
            row(PRINTER, "10.0.0.999"),
            row(PRINTER.upper(), "10.0.0.9", flags="0x6"),
            "short line\n",
        )
    )
    assert [(heard.mac, heard.ip) for heard in arp(text)] == [(PRINTER, "10.0.0.9")]


def test_leases_that_ended_and_those_of_ipv6_are_left_out() -> None:
    text = f"100 {PRINTER} 10.0.0.9 old *\n2000 {STRANGER} 10.0.0.77 * *\nduid 00:01:00:01:2a\n2000 1234567 fd00::5 laptop 00:01\n"
    assert [(heard.mac, heard.name) for heard in leases(text, 1000)] == [(STRANGER, "")]


def test_a_made_up_mac_is_told_from_a_makers() -> None:
    assert (is_random(PHONE), is_random(PRINTER)) == (True, False)
    assert not any(is_random(f"{prefix[:2]}:00:00:00:00:00") for prefix in MAKERS)
    assert maker_of(STRANGER).name == ""


@given(st.text(max_size=300) | st.lists(st.text(alphabet="0123456789abcdef:.x* \n", max_size=90)).map("\n".join))
def test_any_text_is_a_table_or_nothing(text: str) -> None:
    for heard in (*arp(HEAD + text), *leases(text, 0)):
        assert len(heard.mac) == 17
        assert heard.ip.count(".") == 3
        assert heard.name.isprintable()


def test_a_table_without_end_is_read_in_part(tmp_path: Path) -> None:
    many = HEAD + "".join(row(f"00:26:ab:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}", "10.0.0.9") for n in range(ROWS_MAX * 4))
    (tmp_path / "arp").write_text(many)
    assert len(Sources(arp=tmp_path / "arp").read(0)) <= ROWS_MAX
    assert len(many) > neighbours.BYTES_MAX
