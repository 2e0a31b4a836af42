"""What is written can be read: contrast of every ink on every ground it stands on (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ui import theme
from ui.theme import CONTRAST, DARK, LIGHT, Palette

PALETTES = {"light": LIGHT, "dark": DARK, "contrast": CONTRAST}
TEXT = [("ink", ground) for ground in ("ground", "surface", "brand_soft", "good_soft", "warn_soft", "bad_soft")]
TEXT += [(ink, ground) for ink in ("muted", "brand", "accent", "good", "warn", "bad") for ground in ("ground", "surface")]
TEXT += [
    ("good", "good_soft"),
    ("warn", "warn_soft"),
    ("bad", "bad_soft"),
    ("brand", "brand_soft"),
    ("muted", "brand_soft"),
    ("muted", "off"),
]
TEXT += [("on_brand", "brand"), ("on_brand", "brand_pressed"), ("on_call", "call")]
OUTLINES = [("edge", "ground"), ("edge", "surface"), ("brand", "ground")]


def styles() -> str:
    assert {file.name for file in theme.STATIC.glob("*.css")} == set(theme.STYLES)
    return "".join((theme.STATIC / name).read_text(encoding="utf-8") for name in theme.STYLES)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_every_text_reads_on_every_ground_it_stands_on(palette: Palette) -> None:
    found = {f"{ink} on {ground}": contrast(getattr(palette, ink), getattr(palette, ground)) for ink, ground in TEXT}
    worst = {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < 4.5}
    assert worst == {}


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_everything_to_touch_has_an_outline_that_can_be_seen(palette: Palette) -> None:
    for outline, ground in OUTLINES:
        assert contrast(getattr(palette, outline), getattr(palette, ground)) >= 3, (outline, ground)


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_the_stylesheet_names_tokens_and_no_colours() -> None:
    css = styles()
    rules = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    assert re.findall(r"#[0-9A-Fa-f]{3,8}\b(?=[^{]*[;}])", rules) == []


def test_every_token_the_stylesheet_names_exists() -> None:
    css = styles()
    given = set(re.findall(r"--([\w-]+):", theme.variables() + css))
    assert set(re.findall(r"var\(--([\w-]+)\)", css)) - given == set()


def test_nothing_is_fetched_from_elsewhere() -> None:
    for file in Path(theme.STATIC).iterdir():
        assert "http" not in re.sub(r"https?://www\.w3\.org/\S+", "", file.read_text(encoding="utf-8")), file.name
