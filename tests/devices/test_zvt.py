"""The bytes of ZVT: every message and frame means one thing or nothing, and no card's number survives whole."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.driver import Driver
from devices.drivers.card_terminal import codes, zvt
from devices.drivers.card_terminal.dialogue import Dialogue, Heard, Patience
from devices.drivers.card_terminal.receipt import LINES_MAX, Papers, covered
from devices.drivers.card_terminal.told import transaction
from devices.drivers.card_terminal.wire import Plain, Serial, crc, framed, unframed
from devices.drivers.card_terminal.zvt import Apdu, NotZvt
from devices.errors import DeviceError
from devices.reasons import REASONS
from devices.simulators.card_terminal import TerminalSim
from devices.transport import Inbox
from hub.clock import Clock


class Pipe(Inbox):
    """Takes what is written and forgets it."""

    async def write(self, data: bytes, within_s: float) -> None:
        self.written = [*getattr(self, "written", []), data]


@pytest.mark.parametrize(
    ("apdu", "raw"),
    [
        (Apdu(zvt.AUTHORISATION, zvt.amount_bmp(1250) + b"\x49\x01\x56"), "06010a0400000000125049 0156"),
        (zvt.YES, "800000"),
        (Apdu(0x06D3, bytes(254)), "06d3fe" + "00" * 254),
        (Apdu(0x06D3, bytes(255)), "06d3ffff00" + "00" * 255),
        (Apdu(0x06D3, bytes(861)), "06d3ff5d03" + "00" * 861),
    ],
)
def test_a_message_is_its_control_field_its_length_and_its_data(apdu: Apdu, raw: str) -> None:
    assert apdu.encoded() == bytes.fromhex(raw)
    assert zvt.first_apdu(apdu.encoded() + b"\x80") == (apdu, len(apdu.encoded()))


@pytest.mark.parametrize("raw", ["99", "060fff0090", "485454502f"])
def test_what_is_no_zvt_is_refused(raw: str) -> None:
    with pytest.raises(NotZvt):
        zvt.first_apdu(bytes.fromhex(raw))


def test_the_check_of_a_frame_is_the_documented_one_and_every_dle_is_doubled() -> None:
    assert crc(b"123456789") == 0x2189  # CRC-16/KERMIT
    apdu = Apdu(zvt.AUTHORISATION, zvt.amount_bmp(10_10)).encoded()
    frame = framed(apdu)
    assert frame[:2] + frame[-4:-2] == b"\x10\x02\x10\x03"
    assert apdu.count(0x10) == 2
    assert frame.count(0x10) == 2 * 2 + 2 + frame[-2:].count(0x10)
    assert unframed(frame) == (apdu, len(frame))


def test_bitmaps_are_read_until_one_whose_length_nobody_knows() -> None:
    found = zvt.bitmaps(bytes.fromhex("2700 04000000001250 490156 22f0f84761730000000119 0602 1f00 8bf0f3 414243 ee 2705"))
    assert (found[zvt.RESULT], zvt.number_of(found[zvt.AMOUNT]), found[zvt.CARD_NAME]) == (b"\x00", 1250, b"ABC")
    assert zvt.masked(found[zvt.PAN]) == "****0119"
    assert 0xEE not in found


def test_a_receipt_in_one_block_is_told_apart_for_guest_and_shop() -> None:
    papers = Papers()
    line = b"\x07\x05" + "Grün!".encode("cp437")
    for kind in (1, 2):
        content = b"\x1f\x07\x01" + bytes((kind,)) + b"\x25" + bytes((len(line),)) + line
        papers.add(Apdu(zvt.PRINT_BLOCK, b"\x06" + bytes((len(content),)) + content))
    assert (papers.of_guest(), papers.of_shop()) == (["Grün!"], ["Grün!"])


def test_receipts_have_an_end() -> None:
    papers = Papers()
    for _ in range(500):
        papers.add(Apdu(zvt.PRINT_LINE, b"\x00" + b"x" * 3000))
        papers.add(Apdu(zvt.PRINT_LINE, b"\xff\xff"))
    assert len(papers.of_guest()) == LINES_MAX
    assert max(map(len, papers.of_guest())) <= 60


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Karte 4761730000000119", "Karte ************0119"),
        ("4761 7300 0000 0119", "**** **** **** 0119"),
        ("6216-6100-0000-0000-123", "****-****-****-***0-123"),
        ("Beleg 0001 Trace 000123", "Beleg 0001 Trace 000123"),
        ("AID A0000000041010", "AID A0000000041010"),
        ("AID D27600002545500100", "AID D27600002545500100"),
        ("VISA4761730000000119", "VISA************0119"),
        ("A4761730000000119", "A************0119"),
        ("2026-03-14 12:00:59", "2026-03-14 12:00:59"),
    ],
)
def test_numbers_as_long_as_a_cards_are_covered(said: str, kept: str) -> None:
    assert covered(said) == kept


@given(st.from_regex(r"[1-9][0-9]{11,18}", fullmatch=True), st.sampled_from(["", " ", "-"]), st.text(max_size=8))
def test_no_card_number_gets_through_whatever_stands_around_it(pan: str, gap: str, around: str) -> None:
    grouped = gap.join(pan[at : at + 4] for at in range(0, len(pan), 4))
    kept = covered(f"{around} {grouped} {around}")
    assert pan not in re.sub(r"[ -]", "", kept)
    assert pan[:-4] not in re.sub(r"[ .-]", "", kept)
    filled = pan + "f" * (len(pan) % 2)
    assert zvt.masked(bytes.fromhex(filled)) == "****" + pan[-4:]


APDUS = st.builds(
    Apdu,
    st.sampled_from([zvt.STATUS, zvt.PROGRESS, zvt.COMPLETION, zvt.ABORT, zvt.PRINT_LINE, zvt.PRINT_BLOCK, 0x8000, 0x849C]),
    st.binary(max_size=300)
    | st.lists(st.sampled_from([b"\x27\x00", b"\x04\x99\x99\x99\x99\x99\x99", b"\x06\x82", b"\x22\xf1\xf9"])).map(b"".join),
)


@given(st.binary(max_size=400) | st.lists(APDUS, max_size=4).map(lambda said: b"".join(a.encoded() for a in said)))
@example(b"\x06\x0f\xff")
@example(b"\x04\x0f\x03\x06\x82\xff")
def test_any_bytes_are_messages_or_refused(data: bytes) -> None:
    heard = Heard()
    try:
        while data:
            apdu, taken = zvt.first_apdu(data)
            if apdu is None:
                break
            data = data[taken:]
            heard.fields = zvt.bitmaps(apdu.data)
            heard.papers.add(apdu)
            zvt.objects(apdu.data)
            zvt.terminal_state(apdu.data)
            told = transaction(heard)
            assert told.amount_minor is None or 0 <= told.amount_minor <= zvt.AMOUNT_MAX
            assert len(told.receipt) <= LINES_MAX
    except NotZvt:
        return


@given(APDUS, st.lists(st.integers(1, 9), max_size=12), st.binary(max_size=6).filter(lambda noise: 0x10 not in noise))
def test_a_frame_is_understood_in_any_pieces_and_behind_noise(apdu: Apdu, sizes: list[int], noise: bytes) -> None:
    async def story() -> Apdu | None:
        link = Pipe()
        wire, data = Serial(link), noise + framed(apdu.encoded())
        for size in [*sizes, len(data)]:
            if not data:
                break
            link.put(data[:size])
            data = data[size:]
            await wire.more(0.01)
            found = await wire.take()
            if found is not None:
                return found
        return None

    assert asyncio.run(story()) == apdu


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=6), st.booleans())
def test_a_terminal_that_says_anything_never_breaks_the_wire(pieces: list[bytes], serial: bool) -> None:
    async def story() -> None:
        link = Pipe()
        wire = Serial(link) if serial else Plain(link)
        for piece in pieces:
            link.put(piece)
            await wire.more(0.01)
            try:
                while await wire.take() is not None:
                    pass
            except (NotZvt, DeviceError):
                return

    asyncio.run(story())


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=6), st.booleans())
def test_a_simulated_terminal_takes_any_bytes(pieces: list[bytes], serial: bool) -> None:
    async def story() -> None:
        sim = TerminalSim.on_tcp("t", serial=serial)
        for piece in pieces:
            sim.received(piece)
        await sim.stop()
        assert sim.ledger == []

    asyncio.run(story())


def test_every_code_of_a_terminal_has_words() -> None:
    for code in range(256):
        assert {codes.step_of(code), codes.reason_of(code)} <= set(REASONS)
        assert codes.state_reason(code) in {"", *REASONS}
    assert codes.state_reason(None) == codes.state_reason(codes.READY) == ""
    assert codes.reason_of(0x6C) == "payment_cancelled"
    assert codes.step_of(0x0A) == "card_wanted"


def test_no_driver_that_hears_card_numbers_is_recorded() -> None:
    from devices.drivers.card_terminal import CardTerminal  # noqa: PLC0415 - beside the others it would say nothing

    assert (CardTerminal.private, Driver.private) == (True, False)


WELL, STOPPED = Apdu(zvt.STATUS, b"\x27\x00" + zvt.amount_bmp(1250)), Apdu(zvt.ABORT, b"\x6c")


@pytest.mark.parametrize(
    ("said", "no", "strays"),
    [
        ([WELL, zvt.YES, STOPPED], 0x6C, [WELL]),  # of an earlier payment: it came before our acknowledgement
        ([zvt.YES, WELL, STOPPED], None, []),  # yes, and then no: nobody can tell
        ([zvt.YES, Apdu(zvt.STATUS, b"\x27\x05"), STOPPED], 0x05, []),
        ([Apdu(0x8483)], 0x83, []),
    ],
)
async def test_what_counts_is_what_comes_after_our_acknowledgement_and_yes_is_never_taken_back(
    said: list[Apdu], no: int | None, strays: list[Apdu]
) -> None:
    link, heard, found = Pipe(), Heard(), []
    talk = Dialogue(Plain(link), 0.5, Clock())
    talk.stray = found.append
    link.put(b"".join(apdu.encoded() for apdu in said))
    await talk.hold(Apdu(zvt.AUTHORISATION, zvt.amount_bmp(1250)), Patience(silence_s=0.5, whole_s=1), heard)
    assert (heard.no(), found) == (no, strays)
