"""Our way to the SNMP library: numbers and bytes in, rows out, and what goes wrong under our own names. Only this file knows the library.

Sources: RFC 3416 (v2c), RFC 3414 (v3). The library opens a UDP socket of its own, which is closed when the agent is forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from gufo.snmp import (
    Aes128Key,
    BaseAuthKey,
    BasePrivKey,
    DesKey,
    Md5Key,
    Sha1Key,
    Sha256Key,
    Sha512Key,
    SnmpAuthError,
    SnmpError,
    User,
)
from gufo.snmp.aio import SnmpSession

from devices.drivers.snmp.profile import SnmpProfile
from devices.errors import BadAddress, CannotConnect, DeviceError, Silent
from devices.transport import Peer, Transport

Value = None | str | bytes | int | float
Index = tuple[int, ...]
T = TypeVar("T")

ROWS_AT_ONCE = 64
ROWS_MAX = 512
ROWS_AHEAD = 16
_AUTH: dict[str, type[BaseAuthKey]] = {"md5": Md5Key, "sha": Sha1Key, "sha256": Sha256Key, "sha512": Sha512Key}
_PRIV: dict[str, type[BasePrivKey]] = {"aes": Aes128Key, "des": DesKey}


class NoAnswer(Silent):
    """Nothing answers over SNMP. A wrong community looks the same: agents do not answer it."""

    hint = "Check the community or the keys, that SNMP is on, and that the device lets this hub ask."
    reason = "snmp_silent"


class Refused(DeviceError):
    """The v3 user or one of its keys is wrong."""

    code = "snmp_refused"
    hint = "Enter the user and the keys of the device again."
    reason = "snmp_refused"


class NotUnderstood(Silent):
    """What came is no answer."""


class Agent:
    """What answers at `host`, an IP address. Asked one thing at a time; every answer has the profile's limit."""

    def __init__(self, profile: SnmpProfile, host: str, port: int) -> None:
        user = _user(profile) if profile.version == "v3" else None
        community = profile.community.get_secret_value()
        try:
            self._session = SnmpSession(host, port, community=community, user=user, timeout=profile.answer_wait_s)
        except OSError as why:
            raise CannotConnect(host=host, port=port, why=type(why).__name__) from why
        self._rows_at_once = ROWS_AT_ONCE
        self._out_of_order = False

    @classmethod
    async def reached(cls, profile: SnmpProfile, link: Transport) -> Agent:
        """Opens `link` to find the address, and greets. Raises BadAddress, CannotConnect, or as `get`."""
        if not isinstance(link, Peer):
            raise BadAddress(why="snmp://host:port is needed")
        await link.open()
        agent = cls(profile, link.ip, link.port)
        await agent.greet()
        return agent

    async def greet(self) -> None:
        """For v3, learn who answers and its time; needed before the first question. Raises as `get`."""
        await _named(self._session.refresh())

    async def get(self, *oids: str) -> dict[str, Value]:
        """Values by OID, those the device has. Raises NoAnswer, Refused or NotUnderstood."""
        return await _named(self._session.get_many(oids))

    async def column(self, oid: str, reaches: Index = (), rows_max: int = ROWS_MAX) -> dict[Index, Value]:
        """The first rows of a column by index; ends where the index does not grow, for some tables never end. Raises as `get`.

        The library takes a page the device refuses (tooBig) for the end of the table. So when the column is empty, or the row `reaches`
        did not come, that is asked for by itself; if it is there, pages are half as long from then on.
        """
        while True:
            rows = await _named(self._walked(oid, rows_max))
            if not await self._misses(oid, rows, reaches):
                return rows
            if self._rows_at_once == 1:
                raise NotUnderstood(oid=oid)
            self._rows_at_once //= 2

    async def whole_column(self, oid: str) -> dict[Index, Value]:
        """A column indexed by one number, of which a page refused in the middle cuts nothing off. Raises as `get`.

        The numbers right behind the last row are asked for by themselves; when one is there, pages are half as long from then on. A table
        that goes on behind its end even row by row is out of order: it stays as it is and is not doubted again.
        """
        rows = await self.column(oid)
        at_first = self._rows_at_once
        while not self._out_of_order and await self._goes_on(oid, rows):
            if self._rows_at_once == 1:
                self._rows_at_once, self._out_of_order = at_first, True
            else:
                self._rows_at_once //= 2
                rows = await self.column(oid)
        return rows

    async def _goes_on(self, oid: str, rows: dict[Index, Value]) -> bool:
        if not rows or len(rows) == ROWS_MAX:
            return False
        last = max(rows)[0]
        return bool(await self.get(*(f"{oid}.{last + ahead}" for ahead in range(1, ROWS_AHEAD + 1))))

    async def _walked(self, oid: str, rows_max: int) -> dict[Index, Value]:
        rows: dict[Index, Value] = {}
        last: Index = ()
        async for name, value in self._session.getbulk(oid, self._rows_at_once):
            index = tuple(int(part) for part in name.removeprefix(f"{oid}.").split("."))
            if index <= last or len(rows) == rows_max:
                break
            rows[index], last = value, index
        return rows

    async def _misses(self, oid: str, rows: dict[Index, Value], reaches: Index) -> bool:
        if not rows:
            return await _named(self._begins(oid))
        if not reaches or reaches in rows or max(rows) > reaches:
            return False
        return bool(await self.get(f"{oid}.{'.'.join(map(str, reaches))}"))

    async def _begins(self, oid: str) -> bool:
        async for _ in self._session.getnext(oid):
            return True
        return False


def _user(profile: SnmpProfile) -> User:
    auth = _AUTH.get(profile.auth)
    priv = _PRIV.get(profile.priv)
    return User(
        profile.user,
        auth_key=auth(profile.auth_key.get_secret_value().encode()) if auth else None,
        priv_key=priv(profile.priv_key.get_secret_value().encode()) if priv else None,
    )


async def _named(asking: Awaitable[T]) -> T:
    """Raises NoAnswer, Refused or NotUnderstood in place of what the library raises."""
    try:
        answer = await asking
    except SnmpAuthError:
        raise Refused from None
    except SnmpError as why:
        raise NotUnderstood(why=str(why)) from why
    except OSError as why:  # a time-out too
        raise NoAnswer(why=type(why).__name__) from why
    task = asyncio.current_task()
    if task is not None and task.cancelling():  # Python 3.11 loses, under the library, a cancellation that comes together with the answer
        raise asyncio.CancelledError
    return answer
