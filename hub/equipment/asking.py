"""Questions to devices and their hosts. A question is kept nowhere: an answer that does not come in time is DeviceBusy."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from hub.clock import Clock
from hub.equipment.link import MqttLink
from hub.equipment.model import DeviceBusy, DeviceRefused
from hub.ids import Id
from hub.ports import Command, Done, Outcome

HOST_ANSWERS_WITHIN_S = 15.0
ANSWER_MARGIN_S = 1.0


class Asking:
    """Knows which hosts are there, and who waits for which answer."""

    def __init__(self, link: MqttLink, clock: Clock) -> None:
        self._link, self._clock = link, clock
        self._hosts: dict[str, bool] = {}
        self._waiting: dict[str, asyncio.Future[Done]] = {}

    def host_is(self, host: str, *, there: bool) -> None:
        """A host told that it came or went."""
        self._hosts[host] = there

    @property
    def reachable(self) -> bool:
        """Whether what devices last told can be true: the broker and a host are there."""
        return self._link.connected and any(self._hosts.values())

    async def host(self, verb: str, args: dict[str, Any]) -> Done:
        """Ask the device host. Raises DeviceBusy when nobody answers, DeviceRefused with its reason."""
        host = self._host()
        if host is None:
            raise DeviceBusy
        done = await self._ask(f"host/{host}/do/{verb}", Command(id=Id.new(), args=args), HOST_ANSWERS_WITHIN_S)
        if done.outcome is not Outcome.DONE:
            raise DeviceRefused(reason=done.reason, sentence=done.sentence)
        return done

    def tell_host(self, verb: str, args: dict[str, Any]) -> None:
        """Say it to the host that is there; whatever comes of it is told elsewhere."""
        if host := self._host():
            self._link.send(f"host/{host}/do/{verb}", Command(id=Id.new(), args=args), qos=0)

    async def device(self, device: str, verb: str, args: dict[str, Any], within_s: float, command_id: str = "") -> Done:
        """Ask a device for what makes sense only now: begun within `within_s`, or never. The same `command_id` is the same wish.

        Raises DeviceBusy.
        """
        until = self._clock.now() + timedelta(seconds=within_s)
        command = Command(id=command_id or Id.new(), deadline=until.isoformat(), args=args)
        return await self._ask(f"dev/{device}/do/{verb}", command, within_s + ANSWER_MARGIN_S)

    def answered(self, done: Done) -> bool:
        """Hand an answer to whoever waits for it; False when nobody does."""
        waiting = self._waiting.get(done.id)
        if waiting and not waiting.done():
            waiting.set_result(done)
        return waiting is not None

    def _host(self) -> str | None:
        return next((name for name, there in self._hosts.items() if there), None)

    async def _ask(self, topic: str, command: Command, within_s: float) -> Done:
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting[command.id] = answer
        try:
            self._link.send(topic, command)
            return await asyncio.wait_for(answer, within_s)
        except TimeoutError:
            raise DeviceBusy(topic=topic) from None
        finally:
            self._waiting.pop(command.id, None)
