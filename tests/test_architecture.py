"""What no linter of ours says: budgets, borders that only one file may cross, and that events tell of nobody."""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import inspect
import pkgutil
import re
import subprocess
import types
import typing
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import devices
import hub
from hub.errors import ChairsideError
from hub.ids import Id
from hub.journal import Event

ROOT = Path(__file__).parents[1]
PACKAGES = ("hub", "devices", "ui", "cloud_bridge", "provisioning")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 5

# A text in an event is a code. Each name is listed with what it holds; a name, phone or note is never one of them.
CODES_IN_EVENTS = {
    "currency": "ISO 4217",
    "device": "id of a device",
    "fallback": "id of a device",
    "fields": "names of the fields of a guest's file, not what they hold",
    "for_station": "name of a till or screen",
    "gear": "id of a network device",
    "language": "language code",
    "mac": "number of a network card by its maker; made-up ones, which phones have, are never told",
    "notice": "version of the privacy notice",
    "product": "id of a product",
    "screen": "id of a screen",
    "skills": "ids of services",
    "source": "id of what a print job is about",
    "till": "name of a till",
}

SOURCES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
TREES = {p.relative_to(ROOT).as_posix(): ast.parse(p.read_text(), filename=str(p)) for p in SOURCES}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def none(found: list[str]) -> None:
    """Fails with every line of `found`, one below the other."""
    assert not found, "\n".join(["", *found])


def functions() -> Iterator[tuple[str, Function]]:
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{name}:{node.lineno} {node.name}", node


def imports(tree: ast.AST) -> Iterator[str]:
    """Full names of all that is imported, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    files = [*SOURCES, *(ROOT / "tests").rglob("*.py")]
    none([f"{p.relative_to(ROOT)}: {n}" for p in files if (n := len(p.read_text().splitlines())) > FILE_LINES_MAX])


def test_no_function_is_longer_than_a_screen() -> None:
    none([f"{at}: {n}" for at, f in functions() if (n := (f.end_lineno or f.lineno) - f.lineno + 1) > FUNCTION_LINES_MAX])


def test_no_function_takes_more_than_five_parameters() -> None:
    none([f"{at}: {n}" for at, f in functions() if not _is_called_by_a_framework(f) and (n := _parameters(f)) > PARAMETERS_MAX])


def test_every_folder_with_code_is_a_package() -> None:
    folders = {p.parent for p in SOURCES}
    none([str(f.relative_to(ROOT)) for f in sorted(folders) if not (f / "__init__.py").exists()])


def test_tests_are_no_package() -> None:
    none([str(p) for p in (ROOT / "tests").rglob("__init__.py")])


def test_one_sqlite_is_used_and_one_file_opens_it() -> None:
    none([name for name, tree in TREES.items() if any(i.split(".")[0] in {"sqlite3", "apsw", "aiosqlite"} for i in imports(tree))])
    assert [name for name, tree in TREES.items() if any(i.split(".")[0] == "sqlcipher3" for i in imports(tree))] == ["hub/db.py"]


def test_a_capabilitys_tables_are_its_own() -> None:
    found = []
    for name, tree in TREES.items():
        if name == "hub/app.py":  # puts the schemas together
            continue
        for imported in imports(tree):
            owner = re.match(r"(hub\.\w+)\.tables\b", imported)
            if owner and not name.startswith(owner[1].replace(".", "/") + "/"):
                found.append(f"{name} imports {imported}")
    none(found)


def test_time_comes_from_the_clock() -> None:
    asked = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
    keepers = ("hub/clock.py", "hub/ids.py", "devices/simulators/")
    found = [
        f"{name}:{node.lineno}"
        for name, tree in TREES.items()
        if not name.startswith(keepers)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ".".join(ast.unparse(node).split(".")[-2:]) in asked
    ]
    none(found)


def test_nothing_in_the_project_names_the_place_it_was_made_or_fetched_from() -> None:
    hosts = "|".join(("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "proxy.go" + "lang.org"))
    place = re.compile(rf"(?<![\w.-])/wo[r]k\b(?![-\w])|\.libra[r]y\b|(?<![\w/])shar[e]d/|{hosts}|--(extra-)?index-u[r]l|--find-lin[k]s")
    found = [
        f"{p.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for p in _files_of_the_project()
        for number, line in enumerate(_text(p).splitlines(), 1)
        if place.search(line)
    ]
    none(found)


def test_nobody_writes_import_ui() -> None:
    """Our `ui` and NiceGUI's share the name."""
    found = [
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import) and any(a.name == "ui" for a in node.names)
    ]
    none(found)


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"#.*\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    none([f"{p.relative_to(ROOT)}" for p in [*SOURCES, *(ROOT / "tests").rglob("*.py")] if later.search(p.read_text())])


def test_a_code_names_one_error() -> None:
    """Words and hints are looked up by it."""
    for name in (m.name for package in (hub, devices) for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")):
        if not name.endswith("__main__"):
            importlib.import_module(name)
    named: dict[str, set[str]] = {}
    waiting = [ChairsideError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "code" in vars(kind) and kind.__module__.startswith(("hub.", "devices.")):
            named.setdefault(kind.code, set()).add(f"{kind.__module__}.{kind.__name__}")
    assert len(named) > 50
    none([f"{code}: {', '.join(sorted(kinds))}" for code, kinds in named.items() if len(kinds) > 1])


def test_events_tell_of_ids_codes_and_amounts_and_of_nobody() -> None:
    kinds = events()
    assert len(kinds) > 1
    none([wrong for kind in kinds for wrong in _not_allowed(kind)])


def test_events_are_announced_in_the_events_file_of_their_capability() -> None:
    found = [
        f"{name}: {node.name}"
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and "Event" in [ast.unparse(base).split(".")[-1] for base in node.bases]
    ]
    allowed = re.compile(r"hub/(\w+/events|journal)\.py: ")
    none([line for line in found if line.startswith("hub/") and not allowed.match(line)])


def test_every_code_listed_for_events_is_used() -> None:
    used = {field for kind in events() for field in _text_fields(kind)}
    assert set(CODES_IN_EVENTS) - used == set()


@pytest.mark.parametrize(
    ("annotation", "allowed"),
    [(str, False), (float, False), (bytes, False), (dict, False), (object, False), (int, True), (bool, True), (date, True), (Id, True)],
)
def test_the_rule_for_events_knows_what_it_refuses(annotation: type, allowed: bool) -> None:
    kind = dataclasses.make_dataclass("Told", [("what", annotation)], frozen=True)
    assert (_not_allowed(kind) == []) is allowed


def _is_called_by_a_framework(function: Function) -> bool:
    """A route or a command takes what a person may say, one parameter each, and is never called by us."""
    names = [ast.unparse(d.func if isinstance(d, ast.Call) else d) for d in function.decorator_list]
    return any(name.split(".")[0] in {"app", "router", "ui"} for name in names)


def _parameters(function: Function) -> int:
    args = function.args
    all_of_them = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return len(all_of_them) - bool(all_of_them and all_of_them[0].arg in {"self", "cls"})


def _files_of_the_project() -> list[Path]:
    """What git keeps or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:  # an unpacked archive
        return [p for p in ROOT.rglob("*") if p.is_file() and not {".venv", ".uv", "build", "__pycache__"} & set(p.parts)]
    return [p for name in listed.stdout.split("\0") if name and (p := ROOT / name).is_file()]


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:  # a picture, a recording
        return ""


def events() -> list[type[Event]]:
    """Every event there is, by name."""
    homes = ["hub.journal", *(m.name for m in pkgutil.walk_packages(hub.__path__, "hub.") if m.name.endswith(".events"))]
    found = [
        kind
        for home in homes
        for _, kind in inspect.getmembers(importlib.import_module(home), inspect.isclass)
        if issubclass(kind, Event) and kind is not Event and kind.__module__ == home
    ]
    return sorted(found, key=lambda kind: kind.__name__)


def _not_allowed(kind: type) -> list[str]:
    hints = typing.get_type_hints(kind)
    fields = [field.name for field in dataclasses.fields(kind)]
    return [f"{kind.__name__}.{name}: {hints[name]}" for name in fields if not _allowed(hints[name], name)]


def _text_fields(kind: type) -> Iterator[str]:
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if str in {hints[field.name], *typing.get_args(hints[field.name])}:
            yield field.name


def _allowed(annotation: typing.Any, field: str) -> bool:
    annotation = getattr(annotation, "__supertype__", annotation)
    parts = [part for part in typing.get_args(annotation) if part is not Ellipsis]
    if typing.get_origin(annotation) is tuple or isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return all(part is type(None) or _allowed(part, field) for part in parts)
    if typing.get_origin(annotation) is typing.Literal:
        return True
    if annotation is str:
        return field in CODES_IN_EVENTS
    if not isinstance(annotation, type):
        return False
    if dataclasses.is_dataclass(annotation):
        return _not_allowed(annotation) == []
    return issubclass(annotation, (Id, int, date, enum.Enum))
