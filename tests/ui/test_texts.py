"""Every word in three languages, and errors in words for people."""

from __future__ import annotations

from datetime import datetime

import pytest

from hub.errors import ChairsideError, MachineError, NotAllowed, PersonError, StorageFull
from hub.visits.model import VisitCannotMove
from ui import texts
from ui.locale.upkeep import problems


def test_every_sentence_is_translated_and_no_page_shows_one_that_is_in_no_catalogue() -> None:
    assert problems() == []


def test_a_sentence_no_catalogue_knows_stays_english() -> None:
    assert texts.of("zh_CN")("The {animal} is blue", animal="cat") == "The cat is blue"


def test_an_unknown_language_is_answered_in_the_default_one() -> None:
    assert texts.of("fr").language == "zh_CN"


def test_what_is_in_the_address_wins_over_what_the_browser_remembers() -> None:
    assert texts.asked({"lang": "en"}, {texts.COOKIE: "zh_TW"}).language == "en"
    assert texts.asked({}, {texts.COOKIE: "zh_TW"}).language == "zh_TW"
    assert texts.asked({}, {texts.COOKIE: "../../etc"}).language == "zh_CN"


@pytest.mark.parametrize(
    ("from_s", "to_s", "said"),
    [
        (0, 0, "no wait"),
        (0, 300, "up to 5 minutes"),
        (300, 900, "about 5–15 minutes"),
        (900, 900, "about 15 minutes"),
        (1200, 1750, "about 20–30 minutes"),
        (600, 60, "about 10 minutes"),
    ],
)
def test_a_wait_is_a_range_of_five_minutes(from_s: int, to_s: int, said: str) -> None:
    assert texts.of("en").wait(from_s, to_s) == said


def test_hours_and_minutes_are_said_as_people_say_them() -> None:
    t = texts.of("en")
    assert [t.minutes(m) for m in (45, 60, 105)] == ["45 min", "1 h", "1 h 45 min"]
    assert t.clock(datetime(2026, 3, 2, 9, 5)) == "09:05"  # noqa: DTZ001 - the shop's own time


def test_one_thing_and_many_things_are_said_differently_in_english_only() -> None:
    assert texts.of("en").many("{count} service", "{count} services", 1) == "1 service"
    assert texts.of("en").many("{count} service", "{count} services", 2) == "2 services"
    assert texts.of("zh_CN").many("{count} service", "{count} services", 2) == "2 项服务"


def test_a_refusal_names_the_guest_and_the_next_action() -> None:
    said = texts.of("en").error(VisitCannotMove(ticket=7, now="waiting", wanted="paid"))
    assert said.sentence == "Number 7 cannot take this step now."
    assert said.hint == VisitCannotMove.hint


def test_a_fact_that_is_missing_leaves_a_dash() -> None:
    assert texts.of("en").error(VisitCannotMove()).sentence == "Number – cannot take this step now."


def test_an_error_nobody_translated_speaks_as_the_kind_it_belongs_to() -> None:
    class FridgeFull(PersonError):
        code = "fridge_full"
        hint = "Drink something."

    class FridgeBroken(StorageFull):
        code = "fridge_broken"

    class Odd(ChairsideError):
        code = "odd"

    t = texts.of("en")
    assert t.error(FridgeFull()) == texts.Said("This cannot be done now.", "Drink something.")
    assert t.error(FridgeBroken()).sentence == t.error(StorageFull()).sentence
    assert t.error(Odd()).sentence == t.error(MachineError()).sentence


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_an_error_shows_no_code_and_no_name_of_a_class(language: str) -> None:
    said = texts.of(language).error(NotAllowed(right="refund", role="stylist"))
    assert "not_allowed" not in said.sentence
    assert "refund" not in said.sentence
