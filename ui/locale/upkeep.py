"""Keeps the catalogues whole: `python -m ui.locale.upkeep` tells what is wrong, `… --write [domain …]` takes new sentences in.

Writing keeps every translation, adds new sentences untranslated (in English: as they are), and drops those no page says any more.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import normalize, read_po

from ui.locale.found import Message, loose_words, wanted
from ui.texts import CATALOGUES, LANGUAGES

ENGLISH = "en"
PLURAL_FORMS = {"en": "nplurals=2; plural=(n != 1);"}
ONE_FORM = "nplurals=1; plural=0;"
_NAMES = re.compile(r"\{(\w+)[^}]*\}")
_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")

Forms = tuple[str, ...]
Kept = dict[tuple[str | None, str], Forms]


def problems() -> list[str]:
    """Everything that would show a person the wrong words, one line each."""
    found = [str(loose) for loose in loose_words()]
    everything = wanted()
    for language in LANGUAGES:
        for domain, messages in everything.items():
            found += _problems_of(language, domain, messages)
        found += _contradictions(language)
    return found


def write(domains: Iterable[str]) -> None:
    """Bring the files of `domains` in step with the pages, in every language."""
    everything = wanted()
    for domain in domains:
        for language in LANGUAGES:
            file = _file(language, domain)
            kept = _read(file, language)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_as_po(language, everything.get(domain, {}), kept), encoding="utf-8")


def _file(language: str, domain: str) -> Path:
    return CATALOGUES / language / f"{domain}.po"


def _catalogue(file: Path, language: str) -> Catalog:
    if not file.exists():
        return Catalog(locale=language)
    with file.open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def _read(file: Path, language: str) -> Kept:
    kept: Kept = {}
    for message in _catalogue(file, language):
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            kept[message.context, key] = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return kept


def _as_po(language: str, messages: Iterable[Message], kept: Kept) -> str:
    plural = PLURAL_FORMS.get(language, ONE_FORM)
    head = f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {plural}\\n"\n'
    return head + "".join(_entry(language, message, kept.get((message.context, message.id), ())) for message in messages)


def _entry(language: str, message: Message, forms: Forms) -> str:
    if language == ENGLISH:
        forms = _in_english(message, forms)
    context = f"msgctxt {normalize(message.context, width=0)}\n" if message.context else ""
    lines = f"\n{context}msgid {normalize(message.id, width=0)}\n"
    if not message.plural:
        return f"{lines}msgstr {normalize(forms[0] if forms else '', width=0)}\n"
    count = 2 if language == ENGLISH else 1
    filled = [*forms, *([""] * count)][:count]
    return f"{lines}msgid_plural {normalize(message.plural, width=0)}\n" + "".join(
        f"msgstr[{n}] {normalize(form, width=0)}\n" for n, form in enumerate(filled)
    )


def _in_english(message: Message, forms: Forms) -> Forms:
    """English speaks for itself; only the sentences of errors are written by hand."""
    if message.context == "error sentence":
        return forms
    if message.context:
        return (message.english,)
    return (message.id, message.plural) if message.plural else (message.id,)


def _problems_of(language: str, domain: str, messages: Iterable[Message]) -> list[str]:
    file, found = _file(language, domain), []
    kept = _read(file, language)
    where = f"{language}/{file.name}"
    for message in messages:
        forms = kept.pop((message.context, message.id), ())
        expected = 2 if language == ENGLISH and message.plural else 1
        if len(forms) != expected or not all(forms):
            found.append(f"{where}: not translated: {message.context or ''} {message.id!r}")
        elif wrong := _wrong(language, message, forms):
            found.append(f"{where}: {wrong}: {message.context or ''} {message.id!r}")
    found += [f"{where}: no page says this any more: {key!r}" for _, key in kept]
    return found + [f"{where}: fuzzy: {message.id!r}" for message in _catalogue(file, language) if message.fuzzy and message.id]


def _wrong(language: str, message: Message, forms: Forms) -> str:
    if language == ENGLISH and message.context == "error hint" and forms != (message.english,):
        return "the hint is not the one of the source"
    if message.context is None:
        names = set(_NAMES.findall(message.id)) | set(_NAMES.findall(message.plural))
        if any(set(_NAMES.findall(form)) != names for form in forms):
            return "other names in braces"
    if language != ENGLISH and not _HAN.search("".join(forms)) and re.search(r"[a-z]{2}", _NAMES.sub("", message.id)):
        return "still English"
    return ""


def _contradictions(language: str) -> list[str]:
    said: Kept = {}
    found = []
    for file in sorted((CATALOGUES / language).glob("*.po")):
        for key, forms in _read(file, language).items():
            if said.setdefault(key, forms) != forms:
                found.append(f"{language}/{file.name}: {key[1]!r} is translated otherwise elsewhere")
    return found


def main(arguments: Sequence[str]) -> int:
    """The command. Returns how many problems there are, at most 100."""
    if arguments[:1] == ["--write"]:
        write(arguments[1:] or wanted())
    found = problems()
    sys.stdout.writelines(f"{line}\n" for line in found)
    return min(len(found), 100)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
