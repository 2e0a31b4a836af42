"""Head office's console says what shops announce in people's words."""

from __future__ import annotations

import enum
import typing

import pytest

import hub.app  # noqa: F401 - every event of the shop is defined with it
from hub.journal import Event
from hub.pos.events import SaleCompleted
from ui import texts
from ui.hq import words

UNSAID = {"currency", "tenders"}  # told by the amounts


def events() -> list[type[Event]]:
    """Those of the shop; tests have some of their own."""
    return [event for event in Event.__subclasses__() if event.__module__.startswith("hub.")]


def fields() -> dict[str, typing.Any]:
    """Every field of every event, with its type."""
    return {name: kind for event in events() for name, kind in typing.get_type_hints(event).items() if name != "kind"}


def test_every_fact_has_a_word() -> None:
    assert set(fields()) - UNSAID == set(words.FACTS)


def test_every_kind_of_event_has_a_word() -> None:
    assert {kind.kind for kind in events()} <= set(words.KINDS)


@pytest.mark.parametrize("name", sorted(words.CODES))
def test_every_code_a_fact_can_have_has_a_word(name: str) -> None:
    kind = fields()[name]
    (codes,) = [part for part in typing.get_args(kind) or (kind,) if isinstance(part, type) and issubclass(part, enum.Enum)]
    said = set(words.CODES[name])
    assert said <= {str(code) for code in codes}
    if name not in {"right", "role"}:  # only some rights are approved by PIN, and nobody is paired as every role
        assert {str(code) for code in codes} == said


def test_a_sale_reads_as_a_sentence_of_facts() -> None:
    body = {"sale": "01a200a0-ebb8-7f36-9b9c-d601532b37a7", "receipt_no": 7, "till": "t1", "currency": "CNY", "total": 25600, "tax": 1300}
    said = words.facts(texts.of("zh_CN"), body)
    assert said == "合计 ¥256.00 · 小票 7 · 收银台 t1 · 税额 ¥13.00 · 销售 …2b37a7"
    assert SaleCompleted.kind in words.KINDS


def test_codes_flags_and_lists_are_said_in_the_readers_language() -> None:
    t = texts.of("zh_CN")
    assert words.facts(t, {"print_kind": "z_report", "state": "printed"}) == "单据 Z 报表 · 状态 已打印"
    assert words.facts(t, {"given": ["membership", "photos"], "refused": []}) == "同意 会员、照片"
    assert words.facts(t, {"printed": False}) == "已打出 否"
    assert words.who(t, "manager") == "店长"
