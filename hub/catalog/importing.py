"""Taking in the price lists and staff list a shop already has: a trial that names every bad line, then all or nothing."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hub.access import Actor, Right
from hub.catalog import columns
from hub.catalog.columns import Header, Kind, Known, Line, Listed, Problem, StockRow
from hub.catalog.price_list import Imported, ListedProduct, ListedService, compare, taken_barcodes
from hub.catalog.service import Catalog
from hub.catalog.sheets import FileRefused, Row, read_rows
from hub.catalog.values import Reason
from hub.errors import PersonError
from hub.ids import TapId

L = TypeVar("L", bound=Listed)
PROBLEMS_MAX = 5_000


class ImportRefused(PersonError):
    """The list has problems, or is not one the catalogue keeps; nothing was changed."""

    code = "import_refused"
    hint = "Correct the named lines in the file, or leave them out, and read it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What a file would do to the shop. `rows` are the good lines; nothing is taken in while there are `problems`."""

    kind: Kind
    rows: tuple[Listed, ...]
    problems: tuple[Problem, ...]
    added: int = 0
    changed: int = 0
    same: int = 0


class Importing:
    """Files against the shop."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def plan(self, actor: Actor, source: Path | bytes, kind: Kind) -> ImportPlan:
        """`read_plan` beside the loop, for those who may import. Raises NotAllowed."""
        actor.must(Right.CHANGE_CATALOG)
        return await asyncio.to_thread(self.read_plan, source, kind)

    def read_plan(self, source: Path | bytes, kind: Kind) -> ImportPlan:
        """Read a CSV or XLSX file and compare it with the shop; writes nothing, never raises for what the file holds.

        Seconds for a large file: not for the loop.
        """
        problems: list[Problem] = []
        rows: list[Listed] = []
        try:
            lines = read_rows(source, columns.SHEETS[kind])
            header = columns.read_header(next(lines, Row(1, [])), kind, problems)
            if header is not None:
                self._read(kind, header, lines, (rows, problems))
                if not rows and not problems:
                    raise FileRefused(Reason.FILE_EMPTY)
        except FileRefused as refused:
            problems.append(Problem(line=refused.line, column="", reason=refused.reason, value=refused.value))
        return self._compared(kind, rows, problems)

    async def apply(self, actor: Actor, plan: ImportPlan, tap_id: TapId) -> Imported:
        """Take in services or products: every line of the plan in one transaction, or none.

        Raises NotAllowed, ImportRefused when the plan has problems, BarcodeTaken when the shop changed since.
        """
        actor.must(Right.CHANGE_CATALOG)
        _must_be_clean(plan)
        if plan.kind is Kind.SERVICES:
            return await self._catalog.take_in_services(actor, rows_of(plan, ListedService), tap_id)
        if plan.kind is Kind.PRODUCTS:
            return await self._catalog.take_in_products(actor, rows_of(plan, ListedProduct), tap_id)
        raise ImportRefused(kind=plan.kind)

    def _read(self, kind: Kind, header: Header, lines: Iterator[Row], into: tuple[list[Listed], list[Problem]]) -> None:
        rows, problems = into
        known = self._known(kind)
        seen: dict[tuple[str, str], int] = {}
        for row in lines:
            line = Line(row, header)
            listed = columns.READ[kind](line, known)
            for column, reason, value in _unique(listed):
                if seen.setdefault((column, value), row.line) != row.line:
                    line.refuse(column, reason, value)
            if listed and not line.problems:
                rows.append(listed)
            problems += line.problems
            if len(problems) > PROBLEMS_MAX:
                raise FileRefused(Reason.PROBLEMS_TOO_MANY, PROBLEMS_MAX, row.line)

    def _known(self, kind: Kind) -> Known:
        return Known(
            money=self._catalog.shop().money,
            services={service.code: service.id for service in self._catalog.every_service()},
            products={product.code: product for product in self._catalog.every_product()} if kind is Kind.STOCK else {},
        )

    def _compared(self, kind: Kind, rows: list[Listed], problems: list[Problem]) -> ImportPlan:
        added, changed, same = len(rows), 0, 0
        if kind is Kind.SERVICES:
            services = compare({s.code: s for s in self._catalog.every_service()}, _only(rows, ListedService))
            added, changed, same = len(services.added), len(services.changed), services.same
        elif kind is Kind.PRODUCTS and rows:
            now = {product.code: product for product in self._catalog.every_product()}
            listed = _only(rows, ListedProduct)
            products = compare(now, listed)
            added, changed, same = len(products.added), len(products.changed), products.same
            taken = taken_barcodes(now.values(), products)
            problems = [*problems, *(_barcode_of_another(row, taken[row.code]) for row in listed if row.code in taken)]
            rows = [row for row in listed if row.code not in taken]
        problems.sort(key=lambda problem: problem.line)
        return ImportPlan(kind=kind, rows=tuple(rows), problems=tuple(problems), added=added, changed=changed, same=same)


async def hand_over(plan: ImportPlan, row_type: type[L], give: Callable[[L, TapId], Awaitable[object]], tap_id: TapId) -> int:
    """Give every row of a clean plan (staff, stock) to whoever keeps such things; returns how many.

    Each row has a tap id of its own made from `tap_id` and its line, so that after a power cut the same call carries on.
    Raises ImportRefused when the plan has problems, and what `give` raises.
    """
    _must_be_clean(plan)
    rows = rows_of(plan, row_type)
    for row in rows:
        await give(row, tap_of_line(tap_id, row.line))
    return len(rows)


def rows_of(plan: ImportPlan, row_type: type[L]) -> list[L]:
    """The plan's rows of one type."""
    return _only(plan.rows, row_type)


def tap_of_line(tap_id: TapId, line: int) -> TapId:
    """The tap id of one line of a list handed over under `tap_id`."""
    return TapId(str(uuid.uuid5(uuid.UUID(tap_id), str(line))))


def _only(rows: Iterable[Listed], row_type: type[L]) -> list[L]:
    return [row for row in rows if isinstance(row, row_type)]


def _must_be_clean(plan: ImportPlan) -> None:
    if plan.problems:
        raise ImportRefused(problems=len(plan.problems))


def _unique(listed: Listed | None) -> list[tuple[str, Reason, str]]:
    """What may stand in a list once."""
    match listed:
        case ListedService():
            return [("code", Reason.CODE_TWICE, listed.code)]
        case ListedProduct():
            barcode = listed.draft.barcode
            return [("code", Reason.CODE_TWICE, listed.code), *([("barcode", Reason.BARCODE_TWICE, barcode)] if barcode else [])]
        case StockRow():
            return [("code", Reason.CODE_TWICE, listed.product)]
        case _:
            return []


def _barcode_of_another(row: ListedProduct, other: str) -> Problem:
    return Problem(line=row.line, column="barcode", reason=Reason.BARCODE_OF_ANOTHER, value=f"{row.draft.barcode} ({other})")
