"""What the pages say, read from their source: every sentence handed to `t(…)`, `t.many(…)` or `N_(…)`, and every error there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parent.parent.parent
PAGES = PROJECT / "ui"
SOURCES_OF_ERRORS = ("hub", "ui", "cloud_bridge/hq")  # what a page can meet; devices speak to it in reason codes
DOMAINS = ("kiosk", "board", "station", "office", "bench", "hq")  # a folder of ui/ each; all others speak from common
TRANSLATING = {"t", "N_", "_t", "self"}
SHOWING = {  # calls whose argument at this place stands on the screen as it is
    "label": 0,
    "button": 0,
    "notify": 0,
    "tooltip": 0,
    "page_title": 0,
    "input": 0,
    "text": 0,
    "press": 0,
    "Press": 0,
    "tile": 0,
    "chip": 0,
    "stylist_chip": 0,
    "empty_state": 0,
    "called": 0,
    "say": 0,
    "relabel": 0,
    "main_action": 1,
    "act": 1,
    "Act": 1,
    "status_dot": 1,
    "Sheet": 1,
    "page": 1,
}
NOT_WORDS = {"Chairside", " · Chairside", "A+", "SIMULATED"}  # names and signs, the same in every language
_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")
_ICON = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence: its context (None, or one of errors.po), its id, its plural, and the English of an error's hint."""

    context: str | None
    id: str
    plural: str = ""
    english: str = ""


@dataclass(frozen=True, slots=True)
class Loose:
    """Words on the screen that no catalogue knows."""

    file: Path
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(PROJECT)}:{self.line}: not in a catalogue: {self.words!r}"


def wanted() -> dict[str, dict[Message, None]]:
    """Every message by domain, in order of appearance."""
    found: dict[str, dict[Message, None]] = {}
    for file in _files(PAGES):
        for message in _messages(ast.parse(file.read_text(encoding="utf-8"))):
            found.setdefault(_domain(file), {})[message] = None
    common = found.get("common", {})
    for domain, messages in found.items():
        if domain != "common":
            found[domain] = {message: None for message in messages if message not in common}
    found["errors"] = dict.fromkeys(_errors())
    return found


def loose_words() -> list[Loose]:
    """Words shown without a catalogue, and Chinese anywhere in the source of a page."""
    return [loose for file in _files(PAGES) for loose in _loose(file)]


def _files(root: Path) -> list[Path]:
    return sorted(file for file in root.rglob("*.py") if "__pycache__" not in file.parts)


def _domain(file: Path) -> str:
    folder = file.relative_to(PAGES).parts[0]
    return folder if folder in DOMAINS else "common"


def _messages(tree: ast.AST) -> Iterator[Message]:
    for call in _calls(tree):
        words = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if isinstance(call.func, ast.Attribute) and call.func.attr == "many" and len(words) == 2:
            yield Message(None, words[0], words[1])
        elif _name(call) in TRANSLATING and len(words) == 1 and call.args[0] is not None and isinstance(call.args[0], ast.Constant):
            yield Message(None, words[0])


def _calls(tree: ast.AST) -> list[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _loose(file: Path) -> Iterator[Loose]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for call in _calls(tree):
        place = SHOWING.get(_name(call))
        if _name(call) in TRANSLATING and call.args and isinstance(call.args[0], ast.JoinedStr):
            yield Loose(file, call.lineno, ast.unparse(call.args[0]))
        if place is not None and len(call.args) > place and (words := _bare(call.args[place])) and not _is_icon(call, words):
            yield Loose(file, call.lineno, words)
    documented = _docstrings(tree)
    for node in ast.walk(tree):
        if file.name == "texts.py":  # the languages' own names
            break
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented and _HAN.search(node.value):
            yield Loose(file, node.lineno, node.value)


def _bare(shown: ast.expr) -> str:
    """The letters of a literal that would be shown as it is."""
    if isinstance(shown, ast.Constant) and isinstance(shown.value, str):
        words = shown.value
    elif isinstance(shown, ast.JoinedStr):
        words = "".join(str(part.value) for part in shown.values if isinstance(part, ast.Constant))
    else:
        return ""
    return words if re.search(r"[^\W\d_]{2}", words) and words not in NOT_WORDS else ""


def _is_icon(call: ast.Call, words: str) -> bool:
    """`text("print", "material-icons", …)` shows a sign, `@ui.page("/kiosk")` names a path."""
    if words.startswith("/"):
        return True
    return bool(_ICON.fullmatch(words)) and any(
        isinstance(arg, ast.Constant | ast.JoinedStr) and "material-icons" in ast.unparse(arg) for arg in call.args
    )


def _docstrings(tree: ast.AST) -> set[int]:
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}


def _errors() -> Iterator[Message]:
    """Sentence and hint of every class below ChairsideError that has a code of its own; inherited hints come from the parent."""
    classes = [node for source in SOURCES_OF_ERRORS for file in _files(PROJECT / source) for node in _classes(file)]
    known = {"ChairsideError": ""}
    codes: dict[str, str] = {}
    while True:
        fresh = [c for c in classes if c.name not in known and any(base in known for base in _bases(c))]
        if not fresh:
            break
        for found in fresh:
            hint = _constant(found, "hint") or next(known[base] for base in _bases(found) if base in known)
            known[found.name] = hint
            if code := _constant(found, "code"):
                codes.setdefault(code, hint)
    for code, hint in sorted(codes.items()):
        yield Message("error sentence", code)
        if hint:
            yield Message("error hint", code, english=hint)


def _classes(file: Path) -> list[ast.ClassDef]:
    return [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.ClassDef)]


def _bases(found: ast.ClassDef) -> list[str]:
    return [base.id if isinstance(base, ast.Name) else base.attr for base in found.bases if isinstance(base, ast.Name | ast.Attribute)]


def _constant(found: ast.ClassDef, name: str) -> str:
    for node in found.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == name and isinstance(node, ast.Assign | ast.AnnAssign):
            return str(node.value.value) if isinstance(node.value, ast.Constant) else ""
    return ""
