"""What device tests are made of: a driver on a simulated device, a job that remembers what happened to it, waiting for a condition."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from devices.driver import Announcement, Bell, Condition, Driver, Job, Result
from devices.drivers import driver_of
from devices.transport import Address, Transport, transport_to
from hub.clock import Clock
from hub.ids import Id
from hub.ports import Columns, Command, Document, Ean13, Feed, Qr, Rule, Text

RECEIPT = Document(
    blocks=(
        Text(text="春风美发 Spring Salon", align="center", bold=True, size=2),
        Rule(),
        Columns(left="洗剪吹", right="¥128.00"),
        Columns(left="Shampoo 500 ml", right="¥36.50"),
        Rule(),
        Columns(left="合计 Total", right="¥164.50", bold=True),
        Ean13(digits="6901234567892"),
        Qr(data="https://example.com/r/1"),
        Feed(lines=1),
    )
)
TICKET = Document(blocks=(Text(text="排队号 A12", align="center", size=2), Text(text="前面还有 2 位")))


async def until(true: Callable[[], Any], within_s: float = 20.0) -> Any:
    """The first true value of `true()`, asked again and again; fails with what it last was."""
    limit = time.monotonic() + within_s
    while not (found := true()):
        if time.monotonic() > limit:
            raise AssertionError(f"not within {within_s} s: {found!r}")
        await asyncio.sleep(0.002)
    return found


@dataclass
class Bells:
    """What a driver told of itself."""

    announced: list[Announcement] = field(default_factory=list)
    shown: list[Condition] = field(default_factory=list)

    @property
    def bell(self) -> Bell:
        return Bell(announce=self.announced.append, show=self.shown.append)

    def reasons(self) -> list[str]:
        """The reasons shown, repeats left out."""
        found: list[str] = []
        for condition in self.shown:
            if not found or found[-1] != condition.reason:
                found.append(condition.reason)
        return found


@dataclass
class Errand:
    """A job and what the driver did with it."""

    job: Job
    wrote: bool = False
    moves: list[tuple[str, str]] = field(default_factory=list)


def errand(verb: str, args: Any = None, *, kind: type[Driver] | None = None, after_break: bool = False, expires: Any = None) -> Errand:
    """A command with checked arguments, as the supervisor would hand it over."""
    kind = kind or driver_of("receipt_printer")
    form = kind.verbs[verb]
    made: Errand

    async def before_writing() -> None:
        made.wrote = True

    async def moved(where: str, why: str) -> None:
        made.moves.append((where, why))

    made = Errand(
        Job(
            command=Command(id=Id.new()),
            verb=verb,
            args=form.model_validate(args or {}),
            expires=expires,
            before_writing=before_writing,
            moved=moved,
            after_break=after_break,
        )
    )
    return made


def print_errand(document: Document = TICKET, copy: int = 0, **more: Any) -> Errand:
    """A print job."""
    return errand("print", {"document": document.model_dump(), "copy": copy}, **more)


@dataclass
class Rig:
    """A driver on a link."""

    driver: Driver
    link: Transport
    bells: Bells

    async def run(self, work: Errand) -> Result:
        return await self.driver.run(work.job)


@asynccontextmanager
async def driving(kind: str, address: str, link: Transport | None = None, clock: Clock | None = None, **profile: Any) -> AsyncIterator[Rig]:
    """A started driver on `address` (or on `link`); let go of at the end."""
    made = driver_of(kind)
    link = link or transport_to(Address.parse(address))
    driver = made(made.profile.model_validate(profile), link, clock or Clock())
    rig = Rig(driver, link, Bells())
    try:
        if kind in {"scanner", "card_reader", "ups", "card_terminal"}:
            await driver.identify()
        elif kind in {"scale", "customer_display"}:
            await link.open()
        await driver.start(rig.bells.bell)
        yield rig
    finally:
        await driver.stop()


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
