"""What a list of services, products, staff or stock must say, column by column; docs/import.md is the reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from hub.access import Role
from hub.catalog import values
from hub.catalog.model import Names, Phase, Product, ProductDraft, ProductId, ServiceDraft, ServiceId, parse_phases
from hub.catalog.price_list import ListedProduct, ListedService
from hub.catalog.sheets import Row
from hub.catalog.values import Reason, ValueRefused, plain, shown
from hub.money import Currency

T = TypeVar("T")


class Kind(StrEnum):
    """What a file lists."""

    SERVICES = "services"
    PRODUCTS = "products"
    STAFF = "staff"
    STOCK = "stock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason why a file cannot be taken in. `line` as the spreadsheet program shows it, `value` clipped for people."""

    line: int
    column: str
    reason: Reason
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRow:
    """One person of a staff list. `skills` are services; none means every service."""

    line: int
    name: str
    role: Role
    stylist: bool
    skills: tuple[ServiceId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRow:
    """Pieces of one product found on the shelf."""

    line: int
    product: ProductId
    quantity: int


Listed = ListedService | ListedProduct | StaffRow | StockRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the shop knows that a list may refer to."""

    money: Currency
    services: Mapping[str, ServiceId]
    products: Mapping[str, Product]


@dataclass(frozen=True, slots=True)
class Header:
    """`places`: cell number → column; `absent`: columns the list may have and has not."""

    places: dict[int, str]
    absent: tuple[str, ...]


_NAMES = {
    "name_zh_CN": ("name_zh_cn", "name", "名称", "中文名", "简体名", "服务名称", "商品名称", "品名"),
    "name_zh_TW": ("name_zh_tw", "繁体名", "繁體名", "名稱"),
    "name_en": ("name_en", "english", "英文名"),
}
_CODE, _CATEGORY = ("code", "编号", "编码", "代码", "編號"), ("category", "类别", "分类", "類別", "分類")
_PRICE, _TAX, _ACTIVE = ("price", "价格", "售价", "单价", "價格", "單價"), ("tax", "税率", "稅率"), ("active", "在售", "上架")
COLUMNS: dict[Kind, dict[str, tuple[str, ...]]] = {
    Kind.SERVICES: {
        "code": _CODE,
        "category": _CATEGORY,
        **_NAMES,
        "phases": ("phases", "时长", "步骤", "分钟", "時長", "步驟"),
        "price": _PRICE,
        "tax": _TAX,
        "active": _ACTIVE,
    },
    Kind.PRODUCTS: {
        "code": _CODE,
        "category": _CATEGORY,
        **_NAMES,
        "barcode": ("barcode", "条码", "条形码", "條碼"),
        "price": _PRICE,
        "tax": _TAX,
        "stocked": ("stocked", "管库存", "管理库存", "管庫存"),
        "favourite": ("favourite", "常用"),
        "active": _ACTIVE,
    },
    Kind.STAFF: {
        "name": ("name", "姓名"),
        "role": ("role", "岗位", "职位", "崗位", "職位"),
        "stylist": ("stylist", "做服务", "做服務"),
        "skills": ("skills", "技能", "服务项目", "服務項目"),
    },
    Kind.STOCK: {"code": _CODE, "quantity": ("quantity", "数量", "數量")},
}
REQUIRED: dict[Kind, tuple[str, ...]] = {
    Kind.SERVICES: ("code", "category", "phases", "price", "tax"),
    Kind.PRODUCTS: ("code", "category", "price", "tax"),
    Kind.STAFF: ("name", "role"),
    Kind.STOCK: ("code", "quantity"),
}
SHEETS: dict[Kind, frozenset[str]] = {
    Kind.SERVICES: frozenset({"services", "服务", "服務", "服务项目"}),
    Kind.PRODUCTS: frozenset({"products", "商品", "产品", "產品"}),
    Kind.STAFF: frozenset({"staff", "员工", "員工"}),
    Kind.STOCK: frozenset({"stock", "库存", "庫存"}),
}
_ROLES = {
    "reception": Role.RECEPTION, "前台": Role.RECEPTION, "櫃檯": Role.RECEPTION,
    "stylist": Role.STYLIST, "发型师": Role.STYLIST, "美发师": Role.STYLIST, "技师": Role.STYLIST, "設計師": Role.STYLIST,
    "manager": Role.MANAGER, "店长": Role.MANAGER, "经理": Role.MANAGER, "店長": Role.MANAGER,
    "technician": Role.TECHNICIAN, "设备管理员": Role.TECHNICIAN,
    "owner": Role.OWNER, "店主": Role.OWNER, "老板": Role.OWNER,
}  # fmt: skip
_QUANTITY_MAX, _STAFF_NAME_MAX = 100_000, 40
_NO_PHASES: tuple[Phase, ...] = ()
_EVERY_SERVICE: tuple[ServiceId, ...] = ()


class Line:
    """One line being read: every bad cell becomes a problem, so that a person sees all of them at once."""

    def __init__(self, row: Row, header: Header) -> None:
        self.number = row.line
        self.absent = header.absent
        self.problems: list[Problem] = []
        self._cells = {column: row.cells[place] for place, column in header.places.items() if place < len(row.cells)}
        for place, reason in row.refused.items():
            self.refuse(header.places.get(place, ""), reason, row.cells[place])
        for place, cell in enumerate(row.cells):
            if cell and place not in header.places:
                self.refuse("", Reason.CELLS_TOO_MANY, cell)
        self._refused = {problem.column for problem in self.problems}

    def take(self, column: str, read: Callable[[str], T], instead: T) -> T:
        """The cell as `read` understands it; a refusal is kept as a problem and `instead` given."""
        if column in self._refused:
            return instead
        text = self._cells.get(column, "")
        try:
            return read(text)
        except ValueRefused as refused:
            self.refuse(column, refused.reason, text)
            return instead

    def refuse(self, column: str, reason: Reason, value: object) -> None:
        """Keep a problem of this line."""
        self.problems.append(Problem(line=self.number, column=column, reason=reason, value=shown(value)))


def read_header(row: Row, kind: Kind, problems: list[Problem]) -> Header | None:
    """Which cell holds which column. None when a column that must be there is missing; problems are added."""
    meant = {alias: column for column, aliases in COLUMNS[kind].items() for alias in aliases}
    places: dict[int, str] = {}
    for place, cell in enumerate(row.cells):
        if not cell:
            continue
        column = meant.get(re.sub(r"[\s-]+", "_", plain(cell).casefold().rstrip("*")))
        if column is None:
            problems.append(Problem(line=row.line, column=shown(cell), reason=Reason.COLUMN_UNKNOWN, value=""))
            places[place] = ""
        elif column in places.values():
            problems.append(Problem(line=row.line, column=column, reason=Reason.COLUMN_TWICE, value=shown(cell)))
            places[place] = ""
        else:
            places[place] = column
    there = set(places.values())
    missing = [column for column in REQUIRED[kind] if column not in there]
    if "name_zh_CN" in COLUMNS[kind] and not there & set(_NAMES):
        missing.append("name_zh_CN")
    problems += [Problem(line=row.line, column=column, reason=Reason.COLUMN_MISSING, value="") for column in missing]
    return None if missing else Header(places, tuple(column for column in COLUMNS[kind] if column not in there))


def read_service(line: Line, known: Known) -> ListedService | None:
    """A service, or None with the line's problems."""
    code, category = line.take("code", values.check_code, "-"), line.take("category", values.check_category, "-")
    phases = line.take("phases", parse_phases, _NO_PHASES)
    price, tax = _price(line, known), line.take("tax", values.parse_tax, 0)
    names, active = _names(line), _yes(line, "active", blank=True)
    if line.problems:
        return None
    draft = ServiceDraft(code=code, category=category, names=names, phases=phases, price=price, tax=tax, active=active)
    return ListedService(line=line.number, draft=draft, absent=line.absent)


def read_product(line: Line, known: Known) -> ListedProduct | None:
    """A product, or None with the line's problems."""
    code, category = line.take("code", values.check_code, "-"), line.take("category", values.check_category, "-")
    barcode = line.take("barcode", lambda text: values.check_barcode(text) if text else None, None)
    price, tax = _price(line, known), line.take("tax", values.parse_tax, 0)
    names, stocked = _names(line), _yes(line, "stocked", blank=True)
    favourite, active = _yes(line, "favourite", blank=False), _yes(line, "active", blank=True)
    if line.problems:
        return None
    draft = ProductDraft(
        code=code,
        category=category,
        names=names,
        price=price,
        tax=tax,
        barcode=barcode,
        stocked=stocked,
        active=active,
        favourite=favourite,
    )
    return ListedProduct(line=line.number, draft=draft, absent=line.absent)


def read_staff(line: Line, known: Known) -> StaffRow | None:
    """A person who works here, or None with the line's problems."""
    name = line.take("name", lambda text: _given(text, "name"), "")
    role = line.take("role", _role, Role.STYLIST)
    stylist = _yes(line, "stylist", blank=role is Role.STYLIST)
    skills = line.take("skills", lambda text: _skills(text, known), _EVERY_SERVICE)
    return None if line.problems else StaffRow(line=line.number, name=name, role=role, stylist=stylist, skills=skills)


def read_stock(line: Line, known: Known) -> StockRow | None:
    """Pieces on the shelf, or None with the line's problems."""
    product = line.take("code", lambda text: _stocked(text, known), None)
    quantity = line.take("quantity", _quantity, 0)
    return None if line.problems or product is None else StockRow(line=line.number, product=product, quantity=quantity)


READ: dict[Kind, Callable[[Line, Known], Listed | None]] = {
    Kind.SERVICES: read_service,
    Kind.PRODUCTS: read_product,
    Kind.STAFF: read_staff,
    Kind.STOCK: read_stock,
}


def _names(line: Line) -> Names:
    texts = {
        column: line.take(column, lambda text, column=column: values.check_text(text, column, values.NAME_MAX), "-")  # type: ignore[misc]
        for column in _NAMES
    }
    if not any(texts.values()):
        line.refuse("name_zh_CN", Reason.MISSING, "")
    return Names(zh_CN=texts["name_zh_CN"], zh_TW=texts["name_zh_TW"], en=texts["name_en"])


def _price(line: Line, known: Known) -> int:
    return line.take("price", lambda text: values.parse_price(text, known.money), 0)


def _yes(line: Line, column: str, *, blank: bool) -> bool:
    return line.take(column, lambda text: values.parse_yes(text, column, blank=blank), blank)


def _given(text: str, column: str) -> str:
    clean = values.check_text(text, column, _STAFF_NAME_MAX)
    if not clean:
        raise ValueRefused(Reason.MISSING, column)
    return clean


def _role(text: str) -> Role:
    bare = plain(text).casefold()
    if not bare:
        raise ValueRefused(Reason.MISSING, "role")
    if bare not in _ROLES:
        raise ValueRefused(Reason.ROLE_UNKNOWN, "role", text)
    return _ROLES[bare]


def _skills(text: str, known: Known) -> tuple[ServiceId, ...]:
    codes = [values.check_code(part) for part in re.split(r"[\s,;、|]+", plain(text)) if part]
    for code in codes:
        if code not in known.services:
            raise ValueRefused(Reason.SERVICE_UNKNOWN, "skills", code)
    return tuple(dict.fromkeys(known.services[code] for code in codes))


def _stocked(text: str, known: Known) -> ProductId | None:
    product = known.products.get(values.check_code(text))
    if product is None:
        raise ValueRefused(Reason.PRODUCT_UNKNOWN, "code", text)
    if not product.stocked:
        raise ValueRefused(Reason.NOT_STOCKED, "code", text)
    return product.id


def _quantity(text: str) -> int:
    bare = plain(text)
    if not bare:
        raise ValueRefused(Reason.MISSING, "quantity")
    if not re.fullmatch(r"[0-9]{1,9}", bare):
        raise ValueRefused(Reason.NUMBER_SHAPE, "quantity", text)
    if not 1 <= int(bare) <= _QUANTITY_MAX:
        raise ValueRefused(Reason.NUMBER_RANGE, "quantity", text)
    return int(bare)
