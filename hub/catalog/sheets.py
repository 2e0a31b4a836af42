"""A file of a spreadsheet program as lines of text cells, whatever program and country it comes from; bounded, never run.

CSV in UTF-8 (with or without BOM), UTF-16 with BOM or GB18030, separated by comma, semicolon or tab; XLSX as values.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hub.catalog.values import Reason, plain, shown

FILE_BYTES_MAX = 8_000_000
UNPACKED_BYTES_MAX = 80_000_000
ROWS_MAX = 50_000
COLUMNS_MAX = 40
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class FileRefused(Exception):
    """The file cannot be read from `line` on; a person is told through a Problem."""

    def __init__(self, reason: Reason, value: object = "", line: int = 1) -> None:
        self.reason, self.value, self.line = reason, shown(value), line
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Row:
    """One line, numbered as the spreadsheet program shows it. `refused`: cells (by place) that hold no plain value."""

    line: int
    cells: list[str]
    refused: dict[int, Reason] = field(default_factory=dict)


def read_rows(source: Path | bytes, sheet_names: frozenset[str]) -> Iterator[Row]:
    """Lines that are not empty, at most ROWS_MAX. `sheet_names` (small letters) choose the sheet of a workbook with several.

    Raises FileRefused, also while lines are being read.
    """
    content = _content(source)
    if content.startswith(_OLE):
        raise FileRefused(Reason.OLD_EXCEL)
    rows = _of_workbook(content, sheet_names) if content.startswith(_ZIP) else _of_csv(content)
    kept = 0
    for row in rows:
        if not any(row.cells) and not row.refused:
            continue
        kept += 1
        if kept > ROWS_MAX + 1:
            raise FileRefused(Reason.ROWS_TOO_MANY, ROWS_MAX, row.line)
        yield row


def _content(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        content = source
    else:
        try:
            with source.open("rb") as file:
                content = file.read(FILE_BYTES_MAX + 1)
        except OSError as why:
            raise FileRefused(Reason.UNREADABLE, source.name) from why
    if len(content) > FILE_BYTES_MAX:
        raise FileRefused(Reason.FILE_TOO_LARGE, f"{FILE_BYTES_MAX // 1_000_000} MB")
    if not content.strip():
        raise FileRefused(Reason.FILE_EMPTY)
    return content


def _of_csv(content: bytes) -> Iterator[Row]:
    text = _decoded(content)
    head = text.lstrip().split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            refused = {place: Reason.FORMULA for place, cell in enumerate(stripped) if plain(cell)[:1] in {"=", "@"}}
            yield Row(line, stripped, refused)
            line = reader.line_num + 1
    except csv.Error as why:
        raise FileRefused(Reason.UNREADABLE, why, line) from why


def _decoded(content: bytes) -> str:
    encodings = ("utf-16",) if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused(Reason.ENCODING)


def _of_workbook(content: bytes, sheet_names: frozenset[str]) -> Iterator[Row]:
    from openpyxl import load_workbook  # noqa: PLC0415 - 16 MB and 0.3 s that a hub spends only when a workbook comes

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED_BYTES_MAX:
                raise FileRefused(Reason.FILE_TOO_LARGE, f"{UNPACKED_BYTES_MAX // 1_000_000} MB")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        try:
            sheet = _chosen(list(book.worksheets), sheet_names)
            sheet.reset_dimensions()  # what the file says of its own size is a claim
            for line, cells in enumerate(sheet.iter_rows(max_col=COLUMNS_MAX), 1):
                if line > 2 * ROWS_MAX:
                    raise FileRefused(Reason.ROWS_TOO_MANY, ROWS_MAX, line)
                yield _row(line, cells)
        finally:
            book.close()
    except FileRefused:
        raise
    except Exception as why:  # openpyxl raises whatever its parts raise on a broken or hostile workbook: one problem, no crash
        raise FileRefused(Reason.UNREADABLE, type(why).__name__) from why


def _chosen(sheets: list[Any], names: frozenset[str]) -> Any:
    if len(sheets) == 1:
        return sheets[0]
    for sheet in sheets:
        if plain(sheet.title).casefold() in names:
            return sheet
    raise FileRefused(Reason.SHEET_MISSING, ", ".join(sheet.title for sheet in sheets))


def _row(line: int, cells: tuple[Any, ...]) -> Row:
    texts: list[str] = []
    refused: dict[int, Reason] = {}
    for place, cell in enumerate(cells):
        if cell.value is None:
            texts.append("")
            continue
        if cell.data_type == "f":
            refused[place] = Reason.FORMULA
        elif cell.data_type == "e" or isinstance(cell.value, (date, time, timedelta)):
            refused[place] = Reason.NOT_TEXT  # an error, or a code the program has taken for a day
        texts.append(_text(cell))
    while texts and not texts[-1] and len(texts) - 1 not in refused:
        texts.pop()
    return Row(line, texts, refused)


def _text(cell: Any) -> str:
    value = cell.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        if "%" in (cell.number_format or ""):
            return f"{(Decimal(f'{value:.15g}') * 100).normalize():f}%"
        return str(int(value)) if float(value).is_integer() and abs(value) < 10**15 else f"{value:.15g}"
    return str(value).strip()
