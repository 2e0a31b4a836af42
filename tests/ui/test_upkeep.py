"""The upkeep of catalogues finds what would show a person the wrong words."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ui.locale import found, upkeep
from ui.locale.found import Message

PAGE = '''
"""A page."""
def page(t):
    text(t("Take a number"))
    text("Take a seat")
    ui.label(f"{3} guests")
    text("print", "material-icons", tag="i")
    press("Go", go)
    t.many("{count} guest", "{count} guests", 2)
    t(f"Hello {name}")
    text(name)
    x = "请"
TABLE = {1: N_("One")}
'''


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pages = tmp_path / "ui"
    (pages / "kiosk").mkdir(parents=True)
    (pages / "kiosk" / "page.py").write_text(PAGE, encoding="utf-8")
    for module in (found, upkeep):
        for name, value in {"PROJECT": tmp_path, "PAGES": pages, "SOURCES_OF_ERRORS": ("ui",), "CATALOGUES": tmp_path / "locale"}.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)
    return tmp_path


def test_sentences_are_found_where_they_are_said() -> None:
    assert list(found._messages(ast.parse(PAGE))) == [
        Message(None, "Take a number"),
        Message(None, "{count} guest", "{count} guests"),
        Message(None, "One"),
    ]


def test_words_shown_without_a_catalogue_are_named_with_file_and_line(tree: Path) -> None:
    said = [str(loose) for loose in found.loose_words()]
    assert said == [
        "ui/kiosk/page.py:5: not in a catalogue: 'Take a seat'",
        "ui/kiosk/page.py:6: not in a catalogue: ' guests'",
        "ui/kiosk/page.py:8: not in a catalogue: 'Go'",
        "ui/kiosk/page.py:10: not in a catalogue: \"f'Hello {name}'\"",
        "ui/kiosk/page.py:12: not in a catalogue: '请'",
    ]


def test_writing_keeps_translations_adds_new_sentences_and_drops_old_ones(tree: Path) -> None:
    upkeep.write(["kiosk"])
    file = tree / "locale" / "zh_CN" / "kiosk.po"
    file.write_text(
        file.read_text(encoding="utf-8").replace('msgid "Take a number"\nmsgstr ""', 'msgid "Take a number"\nmsgstr "取号"')
        + '\nmsgid "Old"\nmsgstr "旧"\n',
        encoding="utf-8",
    )
    upkeep.write(["kiosk"])
    kept = upkeep._read(file, "zh_CN")
    assert kept[None, "Take a number"] == ("取号",)
    assert kept[None, "One"] == ("",)
    assert (None, "Old") not in kept
    assert upkeep._read(tree / "locale" / "en" / "kiosk.po", "en")[None, "{count} guest"] == ("{count} guest", "{count} guests")


@pytest.mark.parametrize(
    ("language", "forms", "wrong"),
    [
        ("zh_CN", ("取号",), ""),
        ("zh_CN", ("Take {n}",), "other names in braces"),
        ("zh_CN", ("Take a ticket",), "still English"),
        ("en", ("Take a number",), ""),
    ],
)
def test_a_translation_with_other_names_or_in_english_is_a_problem(language: str, forms: tuple[str, ...], wrong: str) -> None:
    assert upkeep._wrong(language, Message(None, "Take a number"), forms) == wrong


def test_every_error_with_a_code_needs_a_sentence_and_a_hint(tree: Path) -> None:
    (tree / "ui" / "errors.py").write_text(
        "class PersonError(ChairsideError):\n    code = 'person'\n    hint = 'Look.'\n"
        "class Late(PersonError):\n    code = 'late'\n"
        "class Later(Late):\n    pass\n"
        "class Other:\n    code = 'other'\n",
        encoding="utf-8",
    )
    assert [(m.context, m.id, m.english) for m in found.wanted()["errors"]] == [
        ("error sentence", "late", ""),
        ("error hint", "late", "Look."),
        ("error sentence", "person", ""),
        ("error hint", "person", "Look."),
    ]
