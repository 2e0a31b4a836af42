"""Every reason a device, a job or a file can give has words in the pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from devices.reasons import REASONS as DEVICE_REASONS
from hub.catalog.values import Reason
from hub.clock import MovedClock
from hub.equipment.model import JobState
from hub.equipment.printing import NO_PRINTER, NOT_MADE
from hub.ports import Health, PrintKind
from ui.office import figures
from ui.office.reasons import REASONS
from ui.station import printing, reasons
from ui.texts import of


def test_every_reason_of_a_device_has_words_and_the_same_advice() -> None:
    assert {code: (r.sentence, r.action) for code, r in DEVICE_REASONS.items()}.items() <= reasons.WORDS.items()


def test_the_print_desks_own_reasons_have_words() -> None:
    for why in (NO_PRINTER, NOT_MADE):
        assert reasons.WORDS[why.reason] == (why.sentence, why.action)


def test_every_reason_of_a_price_list_every_state_and_every_paper_has_words() -> None:
    assert set(REASONS) == set(Reason)
    assert set(printing.STATES) == set(JobState)
    assert set(printing.KINDS) == set(PrintKind)
    assert set(reasons.HEALTH) == set(Health)


def test_every_figure_a_device_may_tell_has_words_in_the_office() -> None:
    page = (Path(__file__).parents[3] / "docs" / "mqtt.md").read_text(encoding="utf-8")
    told = page[page.index("\nFigures: ") : page.index("; host: `devices_")]
    assert set(re.findall(r"`(\w+)`", told)) == set(figures.WORDS)


def test_figures_are_said_in_the_units_people_use_and_unknown_ones_not_at_all() -> None:
    told = {
        "mg": 1_250_500,
        "uptime_s": 273_600,
        "clock_set": False,
        "last_scan": "2026-11-22T02:00:00+00:00",
        "minutes_left": None,
        "x": 1,
    }
    clock = MovedClock(datetime(2026, 11, 22, tzinfo=UTC), "Asia/Shanghai")
    assert dict(figures.said(of("en"), clock, told)) == {
        "On the scale": "1,250.5 g",
        "Running for": "3 days 4 h",
        "Clock was set": "no",
        "Last code read at": "11-22 10:00",
    }


def test_a_reason_nobody_translated_speaks_with_the_words_it_brought() -> None:
    assert reasons.words(of("zh_CN"), "never_heard_of", "It rains.", "Take an umbrella.") == ("It rains.", "Take an umbrella.")
