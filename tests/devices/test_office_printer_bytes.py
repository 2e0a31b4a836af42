"""IPP and HTTP as bytes: right answers are read right however they arrive, and anything else is refused within limits."""

from __future__ import annotations

import contextlib
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from devices.drivers.office_printer import http, ipp
from devices.drivers.office_printer.ipp import NotIpp, Op, Wanted
from devices.simulators import ipp_language as theirs
from devices.simulators import paged
from devices.simulators.paged import pictures

ABOUT: list[Wanted] = [
    (ipp.URI, "printer-uri", ["ipp://10.0.0.9/ipp/print"]),
    (ipp.KEYWORD, "requested-attributes", ["job-id", "job-name"]),
]
TOLD: list[theirs.Told] = [
    ("job-id", 0x21, [7]),
    ("job-name", 0x42, ["账单"]),
    ("marker-levels", 0x21, [80, -2]),
    ("copies-supported", 0x33, [(1, 99)]),
    ("printer-info", 0x35, [b"\x00\x02de\x00\x04B\xc3\xbcr"]),
    ("color-supported", 0x22, [False]),
    ("nothing", 0x13, [b""]),
]


def asked() -> theirs.Asked:
    found = theirs.read(ipp.request(Op.GET_JOBS, 9, ABOUT) + b"behind")
    assert found is not None
    return found


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def test_a_request_is_read_by_a_printer_as_it_was_meant() -> None:
    found = asked()
    assert (found.version, found.operation, found.number, found.document) == ((1, 1), 0x0A, 9, b"behind")
    assert list(found.attributes)[:3] == ["attributes-charset", "attributes-natural-language", "printer-uri"]
    assert found.attributes["requested-attributes"] == ["job-id", "job-name"]


def test_every_kind_of_value_is_read() -> None:
    answer = ipp.read(body_of(theirs.answer(asked(), 0, [(2, TOLD), (2, TOLD[:1])])))
    assert (answer.status, answer.request, len(answer.jobs)) == (0, 9, 2)
    job = answer.jobs[0]
    assert (ipp.number(job, "job-id"), ipp.text(job, "job-name"), ipp.text(job, "printer-info")) == (7, "账单", "Bür")
    assert (job["marker-levels"], job["copies-supported"], job["color-supported"]) == ((80, -2), ((1, 99),), (False,))
    assert (ipp.number(job, "color-supported"), ipp.number(job, "nothing"), ipp.text(job, "job-id")) == (None, None, "")


def test_what_is_in_a_collection_is_not_taken_for_the_printers_own_word() -> None:
    def piece(tag: int, name: bytes, value: bytes) -> bytes:
        return bytes((tag,)) + struct.pack(">H", len(name)) + name + struct.pack(">H", len(value)) + value

    size = piece(0x34, b"media-col", b"") + piece(0x4A, b"", b"printer-state") + piece(0x23, b"", b"\0\0\0\5") + piece(0x37, b"", b"")
    data = b"\x02\x00\x00\x00\x00\x00\x00\x01\x04" + size + piece(0x23, b"printer-state", b"\0\0\0\3") + b"\x03"
    assert ipp.read(data).printer == {"printer-state": (3,)}


@pytest.mark.parametrize(
    "data", [b"", b"\x02", b"\x02\x00\x00\x00\x00\x00\x00\x01", b"\x09\x00\x00\x00\x00\x00\x00\x01\x03", b"HTTP/1.1 200 OK"]
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(NotIpp):
        ipp.read(data)


@given(st.binary(max_size=400) | st.binary(max_size=400).map(lambda rest: b"\x02\x00\x00\x00\x00\x00\x00\x01\x04" + rest))
def test_any_bytes_are_a_message_or_are_refused(data: bytes) -> None:
    with contextlib.suppress(NotIpp):
        answer = ipp.read(data)
        for found in (answer.printer, *answer.jobs):
            for name in found:
                assert ipp.text(found, name).isprintable()
                ipp.number(found, name)
    theirs.read(data)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_message_with_one_wrong_byte_is_read_or_refused(at: int, byte: int) -> None:
    data = bytearray(body_of(theirs.answer(asked(), 0, [(4, TOLD)])))
    data[at % len(data)] = byte
    with contextlib.suppress(NotIpp):
        ipp.read(bytes(data))


@given(st.binary(max_size=200), st.lists(st.integers(1, 60), max_size=30), st.booleans())
def test_an_answer_means_the_same_in_any_pieces(body: bytes, sizes: list[int], chunked: bool) -> None:
    half = len(body) // 2
    chunks = b"".join(b"%x;n=1\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part) + b"0\r\n\r\n"
    head = b"Transfer-Encoding: chunked\r\n\r\n" + chunks if chunked else b"content-length: %d\r\n\r\n" % len(body) + body
    data = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + head
    reply = http.Reply()
    for size in [*sizes, len(data)]:
        reply.take(data[:size])
        data = data[size:]
    assert (reply.complete, reply.status, reply.body) == (True, 200, body)


@given(
    st.lists(
        st.binary(max_size=200) | st.sampled_from([b"HTTP/1.1 200 OK\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n", b"ff\r\n"]),
        max_size=12,
    )
)
def test_any_bytes_are_an_answer_or_are_refused_and_the_printer_takes_any(pieces: list[bytes]) -> None:
    reply, printer = http.Reply(), theirs.PostReader()
    with contextlib.suppress(http.NotHttp):
        for piece in pieces:
            reply.take(piece)
        reply.ended()
    for piece in pieces:
        for body in printer.bodies(piece):
            assert body is None or theirs.read(body) is None or theirs.read(body)


def test_an_answer_without_end_is_refused_before_it_fills_the_memory() -> None:
    reply = http.Reply()
    reply.take(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    with pytest.raises(http.NotHttp):
        for _ in range(100):
            reply.take(b"1000\r\n" + bytes(0x1000) + b"\r\n")
    with pytest.raises(http.NotHttp):
        http.Reply().take(b"HTTP/1.1 200 OK\r\n" + b"x" * 20_000)


@settings(deadline=None)  # the first picture loads Pillow
@given(st.binary(max_size=300))
def test_any_document_has_pages_or_none(data: bytes) -> None:
    box = b"/MediaBox[0 0 595 842] 480 0 0 100 56 600 cm <</Subtype/Image/Width 8/Height 2/Filter/FlateDecode>>\nstream\n"
    for mime in ("application/pdf", "image/jpeg", "image/urf"):
        assert all(isinstance(page, Image.Image) for page in pictures(mime, data) + pictures(mime, box + data))
    assert len(pictures("application/pdf", box + zlib.compress(b"\xff\x00"))) == 1


@pytest.mark.parametrize("box", [b"0 0 5 842", b"0 0 595 842"])
@pytest.mark.parametrize("wide", [b"0", b"0.001", b"170", b"9999999"])
def test_a_page_of_any_measure_is_shown_or_left_out(box: bytes, wide: bytes) -> None:
    dots = zlib.compress(b"\xff\xff")
    picture = b"<</Subtype /Image/Width 8/Height 2/Filter /FlateDecode>>\nstream\n" + dots
    assert paged.sheet("application/pdf", b"/MediaBox [" + box + b"]\n" + wide + b" 0 0 255 20 20 cm\n" + picture).startswith(b"\x89PNG")
