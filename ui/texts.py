"""Every word a person reads: gettext catalogues, asked for by their English sentence.

A page writes `t = texts.of(language)` once and then `t("Take a number")`, `t("{minutes} minutes", minutes=20)` or
`t.many("{count} guest before you", "{count} guests before you", 2)`. A sentence kept in a table is marked `N_("…")` there and
translated where it is shown. Catalogues lie in ui/locale/<language>/<domain>.po; `python -m ui.locale.upkeep` keeps them whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from hub.errors import ChairsideError, MachineError, PersonError

LANGUAGES: Mapping[str, str] = {"zh_CN": "简体中文", "zh_TW": "繁體中文", "en": "English"}
DEFAULT = "zh_CN"
COOKIE = "chairside_language"
CATALOGUES = Path(__file__).parent / "locale"
SENTENCE, HINT = "error sentence", "error hint"  # contexts of errors.po; the message id is the error's code

Key = tuple[str | None, str]


def N_(message: str) -> str:  # noqa: N802 - gettext's name for "marked, translated later"
    """`message` itself; marks a sentence for the catalogues."""
    return message


@dataclass(frozen=True, slots=True)
class Said:
    """An error in words for a person: what happened, and what to do next."""

    sentence: str
    hint: str


class Texts:
    """One language's sentences."""

    def __init__(self, language: str, messages: Mapping[Key, tuple[str, ...]]) -> None:
        self.language = language
        self._messages = messages

    def __call__(self, message: str, /, **values: Any) -> str:
        """`message` in this language with its `{names}` filled in; an unknown message stays English."""
        return self._find(None, message, (message,))[0].format(**values)

    def many(self, one: str, other: str, /, count: int, **values: Any) -> str:
        """The form of this sentence for `count` things, which it may name as `{count}`."""
        forms = self._find(None, one, (one, other))
        form = forms[0] if count == 1 or len(forms) == 1 else forms[1]
        return form.format(count=count, **values)

    def error(self, wrong: ChairsideError) -> Said:
        """What to tell the person whose finger met `wrong`; an untranslated error speaks as the kind it belongs to."""
        codes = [kind.__dict__["code"] for kind in type(wrong).__mro__ if "code" in kind.__dict__]
        known = next((code for code in codes if (SENTENCE, code) in self._messages), wrong.code)
        return self.refusal(known, wrong.hint, wrong.facts)

    def refusal(self, code: str, hint: str, facts: Mapping[str, Any]) -> Said:
        """The same for an error that came as JSON; an unknown code speaks as any failure."""
        if (SENTENCE, code) not in self._messages:
            code = PersonError.code if hint else MachineError.code
        sentence = self._find(SENTENCE, code, (code,))[0].format_map(_Facts(facts))
        return Said(sentence, self._find(HINT, code, (hint,))[0])

    def clock(self, local: datetime) -> str:
        """`14:30`; `local` is already in the shop's zone."""
        return f"{local:%H:%M}"

    def wait(self, from_s: int, to_s: int) -> str:
        """An estimate as a range of minutes, coarse on purpose: `about 15–20 minutes`, `no wait`."""
        low, high = _five_minutes(from_s), _five_minutes(max(to_s, from_s) + 299)
        if high == 0:
            return self("no wait")
        if low == 0:
            return self("up to {minutes} minutes", minutes=high)
        if low == high:
            return self("about {minutes} minutes", minutes=high)
        return self("about {low}–{high} minutes", low=low, high=high)

    def minutes(self, minutes: int) -> str:
        """How long a service takes: `45 min`, `1 h 30 min`."""
        hours, rest = divmod(minutes, 60)
        if not hours:
            return self("{minutes} min", minutes=rest)
        return self("{hours} h {minutes} min", hours=hours, minutes=rest) if rest else self("{hours} h", hours=hours)

    def _find(self, context: str | None, message: str, untranslated: tuple[str, ...]) -> tuple[str, ...]:
        return self._messages.get((context, message), untranslated)


def of(language: str) -> Texts:
    """The sentences of `language`, one of LANGUAGES; any other name gives the default."""
    return _loaded(language if language in LANGUAGES else DEFAULT)


def asked(query: Mapping[str, str], cookies: Mapping[str, str]) -> Texts:
    """The language of a staff page: `?lang=` wins, then what this browser chose last, then the default."""
    return of(query.get("lang") or cookies.get(COOKIE) or DEFAULT)


@cache
def _loaded(language: str) -> Texts:
    messages: dict[Key, tuple[str, ...]] = {}
    for file in sorted((CATALOGUES / language).glob("*.po")):
        with file.open("rb") as source:
            for message in read_po(source, locale=language):
                if not message.id or message.fuzzy:
                    continue
                key = message.id if isinstance(message.id, str) else message.id[0]
                forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
                if all(forms):
                    messages[message.context, key] = forms
    return Texts(language, messages)


class _Facts(dict[str, Any]):
    """Facts of an error; a fact this case does not carry leaves a dash, not a crash."""

    def __missing__(self, key: str) -> str:
        return "–"


def _five_minutes(seconds: int) -> int:
    return seconds // 300 * 5
