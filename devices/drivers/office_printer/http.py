"""The little of HTTP/1.1 that IPP rides on: one POST a connection, and an answer put together as its bytes come. No I/O."""

from __future__ import annotations

HTTP = b"HTTP/1."
HEAD_MAX = 16 * 1024
BODY_MAX = 256 * 1024
LINE_MAX = 1024


class NotHttp(ValueError):
    """These bytes are no answer over HTTP, or one longer than any printer has reason to give."""


def post(host: str, path: str, length: int) -> bytes:
    """The head in front of `length` bytes of IPP."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/ipp\r\nContent-Length: {length}\r\n"
        "Connection: close\r\nUser-Agent: Chairside\r\n\r\n"
    ).encode("ascii")


class Reply:
    """One answer: `take` what came until `complete`."""

    def __init__(self) -> None:
        self.status = 0  # known as soon as the head is there
        self.body = b""
        self.complete = False
        self._rest = b""
        self._length: int | None = None  # of what is still to come; of this chunk, where there are chunks
        self._chunked = False

    def take(self, data: bytes) -> None:
        """Raises NotHttp."""
        self._rest += data
        while not self.complete and self._step():
            pass
        if len(self.body) > BODY_MAX:
            raise NotHttp("too long")

    def ended(self) -> None:
        """The connection was closed; the answer ends there when it did not say where. Raises NotHttp when it was not at its end."""
        if not self.complete and not (self.status and not self._chunked and self._length is None):
            raise NotHttp("cut short")
        self.complete = True

    def _step(self) -> bool:
        """Whether anything could be made of what is there."""
        if not self.status:
            return self._head()
        if self._chunked and self._length is None:
            return self._chunk_head()
        many = len(self._rest) if self._length is None else min(self._length, len(self._rest))
        self.body, self._rest = self.body + self._rest[:many], self._rest[many:]
        if self._length is None:
            return False
        self._length -= many
        if self._length:
            return False
        if self._chunked:
            self._length = None
        else:
            self.complete = True
        return True

    def _head(self) -> bool:
        if not self._rest.startswith(HTTP[: len(self._rest)]):
            raise NotHttp("no answer")
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if not end:
            if len(head) > HEAD_MAX:
                raise NotHttp("head too long")
            return False
        first, *lines = head.decode("latin-1").split("\r\n")
        said = first.partition(" ")[2]
        if not (said[:3].isascii() and said[:3].isdigit()):
            raise NotHttp("no answer")
        self._rest = rest
        status = int(said[:3])
        if status < 200:  # go on: the real answer follows
            return True
        self.status = status
        told = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._chunked = "chunked" in told.get("transfer-encoding", "").lower()
        length = told.get("content-length", "")
        if not self._chunked and length:
            self._length = _count(length, 10)
            self.complete = self._length == 0
        return True

    def _chunk_head(self) -> bool:
        line, end, rest = self._rest.removeprefix(b"\r\n").partition(b"\r\n")
        if not end:
            if len(line) > LINE_MAX:
                raise NotHttp("line too long")
            return False
        self._rest = rest
        self._length = _count(line.partition(b";")[0].decode("latin-1").strip(), 16)
        self.complete = self._length == 0
        return True


def _count(said: str, base: int) -> int:
    if not said.isascii() or not said.isalnum() or len(said) > 8:
        raise NotHttp("length")
    try:
        return int(said, base)
    except ValueError as why:
        raise NotHttp("length") from why
