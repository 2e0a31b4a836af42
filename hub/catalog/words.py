"""The words a product is found by: Latin ones by their beginning, Chinese ones by any run of characters inside a name."""

from __future__ import annotations

import re
import unicodedata

from hub.catalog.model import Product

PARTS_ASKED_MAX = 8
_HAN = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # with kana: scripts written without spaces
_ACCENTS = re.compile("[\u0300-\u036f\u3099\u309a]")  # the marks NFKD takes off Latin letters and kana
_PARTS = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")


def words_of(product: Product) -> str:
    """What is indexed of a product."""
    names = product.names
    return " ".join(map(_spaced, _parts(f"{product.code} {names.zh_CN} {names.zh_TW} {names.en}")))


def wanted_words(text: str) -> str:
    """What a person typed as an FTS5 query: every part must be there. Empty when nothing can be searched for."""
    return " ".join(f'"{_spaced(part)}"' + ("" if part[0] >= _HAN[0] else "*") for part in _parts(text)[:PARTS_ASKED_MAX])


def _parts(text: str) -> list[str]:
    """Runs of Chinese and of other letters and digits, in small letters, narrow forms and without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return _PARTS.findall(_ACCENTS.sub("", apart))


def _spaced(part: str) -> str:
    return " ".join(part) if part[0] >= _HAN[0] else part
