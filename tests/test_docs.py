"""What is not in the docs does not exist. `make docs` writes the pages that are made from the code; the rest is checked."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from typer.main import get_command

from hub.journal import Event
from hub.ledger import Account
from hub.money import CURRENCIES, tax_within
from hub.settings import Section, Settings, known_keys
from provisioning.cli import app
from tests.test_architecture import PACKAGES, events, none

ROOT = Path(__file__).parents[1]
CNY = CURRENCIES["CNY"]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

SETTINGS_INTRO = """\
# Settings

<!-- Written by `make docs` from hub/settings.py. -->

One TOML file, given with `--config`. An environment variable wins over the file, an argument over both. A key that is not
listed here is refused by name, with the nearest known one.

```toml
store_id = "s1"

[web]
port = 8080
```
"""
EVENTS_INTRO = """\
# Events

<!-- Written by `make docs` from the events files of the hub. -->

Every fact the shop can announce. Each is one line of the journal, written in the same transaction as the rows it tells of,
and is known everywhere by (store, epoch, seq). Events hold ids, codes and amounts in minor units, never a name, a phone number or a note.
"""


def settings_page() -> str:
    """docs/settings.md as the code has it."""
    plain = {name: field for name, field in Settings.model_fields.items() if not _section(field.annotation)}
    sections = {name: found for name, field in Settings.model_fields.items() if (found := _section(field.annotation))}
    parts = [SETTINGS_INTRO, _settings_table("The whole", "", plain)]
    parts += [
        _settings_table(f"[{name}] {_sentence(section)}", f"{name}.", section.model_fields, "__") for name, section in sections.items()
    ]
    return "\n".join(parts)


def events_page() -> str:
    """docs/events.md as the code has it."""
    by_place: dict[str, list[type[Event]]] = {}
    for kind in events():
        by_place.setdefault(kind.__module__.removesuffix(".events").removeprefix("hub."), []).append(kind)
    parts = [EVENTS_INTRO]
    for place, kinds in sorted(by_place.items()):
        parts.append("\n".join([f"## {place}\n", *map(_event, kinds)]) + "\n")
    return "\n".join(parts)


WRITTEN = {"settings.md": settings_page, "events.md": events_page}


@pytest.mark.parametrize("page", WRITTEN)
def test_pages_made_from_the_code_are_in_step_with_it(page: str) -> None:
    assert (ROOT / "docs" / page).read_text() == WRITTEN[page](), "run `make docs`"


def test_every_setting_is_on_the_settings_page() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    none([key for key in known_keys() if f"`{key}`" not in page])
    none([key for key, said in known_keys().items() if not said])


def test_every_link_leads_somewhere() -> None:
    found = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            path, _, heading = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            there = (page.parent / path).resolve() if path else page
            if not there.exists() or (heading and heading not in _headings(there)):
                found.append(f"{page.relative_to(ROOT)}: {target}")
    none(found)


def test_every_make_command_in_the_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    none(
        [
            f"{p.name}: make {name}"
            for p in PAGES
            for name in re.findall(r"(?:`|^\$? *)make ([a-z]+)", p.read_text(), re.MULTILINE)
            if name not in targets
        ]
    )


def test_the_two_commands_of_the_readme_are_the_way_in() -> None:
    readme = (ROOT / "README.md").read_text()
    start = re.search(r"```sh\n(.*?)```", readme, re.DOTALL)
    assert start
    assert start[1].split("\n")[-2] == "make run"
    assert len(start[1].strip().split("\n")) == 2


def test_every_make_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    none(
        [
            name
            for name in re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
            if f"make {name}" not in readme and name != "help"
        ]
    )


def test_every_chairside_command_and_option_in_the_docs_exists() -> None:
    known = get_command(app).commands
    options = {name: {o for p in command.params for o in [*p.opts, *p.secondary_opts]} for name, command in known.items()}
    found = []
    for page in PAGES:
        for line in re.findall(r"(?:`|^\$? *)chairside ([^`\n]*)", page.read_text(), re.MULTILINE):
            name, *rest = line.split() or [""]
            said = {word.split("=")[0].strip("[]") for word in rest if word.strip("[]").startswith("--")}
            if name not in known or not said <= options[name]:
                found.append(f"{page.relative_to(ROOT)}: chairside {line}")
    none(found)


def test_every_chairside_command_and_option_is_in_the_docs() -> None:
    text = "\n".join(p.read_text() for p in PAGES)
    none([name for name in get_command(app).commands if f"chairside {name}" not in text])
    none([o for command in get_command(app).commands.values() for p in command.params for o in p.opts if o not in text and o != "--help"])


def test_the_architecture_page_has_one_picture_five_short_sections_and_every_part() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert page.count("```mermaid") == 1
    assert len(re.findall(r"^## ", page, re.MULTILINE)) == 5
    none([package for package in PACKAGES if f"`{package}" not in page])


def test_the_money_page_explains_every_account_and_its_example_is_right() -> None:
    page = (ROOT / "docs" / "money-words.md").read_text()
    none([account for account in Account if f"| `{account}` |" not in page])
    rows = re.findall(r"\| (\d+) % \| ¥([\d.]+) \| ¥([\d.]+) \|", page)
    assert len(rows) == 2
    none([f"{amount}: {tax}" for rate, amount, tax in rows if tax_within(CNY.parse(amount), int(rate) * 100) != CNY.parse(tax)])
    total = [sum(CNY.parse(row[n]) for row in rows) for n in (1, 2)]
    assert f"| the sale | | {CNY.show(total[0])} | {CNY.show(total[1])} |" in page


def test_the_glossary_is_in_order() -> None:
    words = re.findall(r"^- \*\*(.*?)\*\*", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert words == sorted(words, key=str.lower)


def test_decisions_are_numbered_and_each_says_why() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [p.name[:4] for p in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    none([p.name for p in records if not re.search(r"\b(why|reasons?|because)\b", p.read_text(), re.IGNORECASE)])


def test_the_changelog_names_this_version() -> None:
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text()


def _section(annotation: typing.Any) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, Section) else None


def _settings_table(title: str, prefix: str, fields: typing.Mapping[str, typing.Any], joint: str = "") -> str:
    section = prefix.removesuffix(".").upper() + joint
    lines = [f"## {title}\n", "| key | default | environment | what it does |", "|---|---|---|---|"]
    for name, field in fields.items():
        lines.append(f"| `{prefix}{name}` | `{_default(field)}` | `CHAIRSIDE_{section}{name.upper()}` | {field.description} |")
    return "\n".join(lines) + "\n"


def _default(field: typing.Any) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str | Path) else "[]" if value == () else str(value)


def _event(kind: type[Event]) -> str:
    hints = typing.get_type_hints(kind)
    fields = ", ".join(f"`{f.name}` {_short(hints[f.name])}" for f in dataclasses.fields(kind))
    return f"- **{kind.__name__}**: {_sentence(kind)} {f'Fields: {fields}.' if fields else 'No fields.'}"


def _short(annotation: typing.Any) -> str:
    inner: list[typing.Any] = [a for a in typing.get_args(annotation) if a is not Ellipsis]
    if typing.get_origin(annotation) is tuple:
        return f"list of {_short(inner[0])}"
    if inner:
        return " or ".join("none" if a is type(None) else _short(a) for a in inner)
    if dataclasses.is_dataclass(annotation):
        return (
            "(" + ", ".join(f"{f.name} {_short(typing.get_type_hints(annotation)[f.name])}" for f in dataclasses.fields(annotation)) + ")"
        )
    return "code" if annotation is str else getattr(annotation, "__name__", str(annotation))


def _sentence(thing: type) -> str:
    """The docstring on one line."""
    return " ".join((inspect.getdoc(thing) or "").split())


def _headings(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE) if page.suffix == ".md" else []
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


if __name__ == "__main__":
    for name, write in WRITTEN.items():
        (ROOT / "docs" / name).write_text(write())
