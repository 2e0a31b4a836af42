"""Questions to an office printer: IPP over HTTP, one at a time, each over a connection of its own."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from devices.drivers.office_printer import http, ipp
from devices.drivers.office_printer.ipp import Answer, Attributes, Op, Wanted
from devices.drivers.office_printer.pages import Sheets
from devices.errors import BadAddress, DeviceError, LinkLost, Silent
from devices.transport import Named, Transport

CHUNK_BYTES = 16 * 1024
WRITE_S = 10.0
JOBS_LOOKED_AT = 200
_OUR_NAME: Wanted = (ipp.NAME, "requesting-user-name", ["chairside"])
_FOR_A_JOB: Wanted = (
    ipp.KEYWORD,
    "requested-attributes",
    ["job-id", "job-name", "job-state", "job-state-reasons", "job-impressions-completed", "job-media-sheets-completed"],
)


class PrinterRefuses(DeviceError):
    """It answers, and will not do what it is asked."""

    code = "printer_refuses"
    hint = "Look at the settings of the printer."
    reason = "printer_refuses"


class NotWhole(LinkLost):
    """The link broke while a document was being sent."""


class Talk:
    """Every question raises CannotConnect, LinkLost, Silent or PrinterRefuses."""

    def __init__(self, link: Transport, answer_wait_s: float) -> None:
        if not isinstance(link, Named):
            raise BadAddress(why="ipp://host/path is needed")
        self._link, self._answer_wait_s = link, answer_wait_s
        self._uri = link.uri
        place = urlsplit(link.uri)
        self._host, self._path = place.netloc, place.path
        self._line = asyncio.Lock()
        self._number = 0
        self.refused = 0  # answers that could not be understood

    async def close(self) -> None:
        """Let go of the connection."""
        await self._link.close()

    async def printer(self, asked: tuple[str, ...]) -> Attributes:
        """What it tells of itself."""
        answer = await self._ask(Op.GET_PRINTER_ATTRIBUTES, [(ipp.KEYWORD, "requested-attributes", asked)])
        if not answer.ok:
            raise PrinterRefuses(status=hex(answer.status))
        return answer.printer

    async def job(self, number: int) -> Attributes | None:
        """One job by its number; None when the printer does not know it (any more)."""
        answer = await self._ask(Op.GET_JOB_ATTRIBUTES, [(ipp.INTEGER, "job-id", [number]), _FOR_A_JOB])
        return answer.jobs[0] if answer.ok and answer.jobs else None

    async def job_named(self, command: str) -> Attributes | None:
        """The job of one of our commands; None when the printer does not know it (any more)."""
        for which in ("not-completed", "completed"):
            about: list[Wanted] = [(ipp.INTEGER, "limit", [JOBS_LOOKED_AT]), _FOR_A_JOB, (ipp.KEYWORD, "which-jobs", [which])]
            answer = await self._ask(Op.GET_JOBS, about)
            if found := next((one for one in answer.jobs if ipp.text(one, "job-name", 255) == name_of(command)), None):
                return found
        return None

    async def cancel(self, number: int) -> bool:
        """Whether the printer will print no more of it."""
        return (await self._ask(Op.CANCEL_JOB, [(ipp.INTEGER, "job-id", [number]), _OUR_NAME])).ok

    async def print(self, command: str, made: Sheets, within_s: float) -> Answer:
        """Send a document, once. Raises NotWhole too, when it did not go out to its end.

        A small printer reads on while it prints, so its answer may take long, and a connection closed before is a page that breaks off.
        """
        about: list[Wanted] = [_OUR_NAME, (ipp.NAME, "job-name", [name_of(command)]), (ipp.MIME, "document-format", [made.mime])]
        on_paper: list[Wanted] = [(ipp.KEYWORD, "media", ["iso_a4_210x297mm"])]
        return await self._exchange(Op.PRINT_JOB, about, within_s, on_paper, made.data)

    async def _ask(self, op: Op, about: list[Wanted]) -> Answer:
        return await self._exchange(op, about, self._answer_wait_s, [], b"")

    async def _exchange(self, op: Op, about: list[Wanted], within_s: float, on_paper: list[Wanted], document: bytes) -> Answer:
        async with self._line:
            self._number = self._number % 1_000_000 + 1
            target: list[Wanted] = [(ipp.URI, "printer-uri", [self._uri])]
            body = ipp.request(op, self._number, [*target, *about], on_paper) + document
            try:
                await self._link.open()
                try:
                    await self._write(http.post(self._host, self._path, len(body)) + body)
                except LinkLost as why:
                    raise (NotWhole if document else LinkLost)(**why.facts) from why
                return await self._answer(within_s)
            finally:
                await self._link.close()

    async def _write(self, data: bytes) -> None:
        for at in range(0, len(data), CHUNK_BYTES):
            await self._link.write(data[at : at + CHUNK_BYTES], WRITE_S)

    async def _answer(self, within_s: float) -> Answer:
        """Raises LinkLost, Silent or PrinterRefuses."""
        reply = http.Reply()
        try:
            async with asyncio.timeout(within_s):
                while not reply.complete:
                    try:
                        reply.take(await self._link.read(within_s))
                    except LinkLost:
                        if not reply.status:
                            raise
                        reply.ended()
            if reply.status == 200:
                answer = ipp.read(reply.body)
                if answer.request == self._number:
                    return answer
        except TimeoutError:
            raise Silent from None
        except (http.NotHttp, ipp.NotIpp):
            reply.status = 0
        if reply.status in {401, 403, 404, 426}:
            raise PrinterRefuses(status=reply.status)
        self.refused += 1
        raise Silent(status=reply.status)


def name_of(command: str) -> str:
    """What the job of a command is called in the printer."""
    return f"Chairside {command}"
