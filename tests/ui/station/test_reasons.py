"""Every reason a device, a job or a file can give has words in the pages."""

from __future__ import annotations

from devices.reasons import REASONS as DEVICE_REASONS
from hub.catalog.values import Reason
from hub.equipment.model import JobState
from hub.equipment.printing import NO_PRINTER, NOT_MADE
from hub.ports import Health, PrintKind
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


def test_a_reason_nobody_translated_speaks_with_the_words_it_brought() -> None:
    assert reasons.words(of("zh_CN"), "never_heard_of", "It rains.", "Take an umbrella.") == ("It rains.", "Take an umbrella.")
