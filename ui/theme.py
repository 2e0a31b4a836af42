"""Every value of the look, and the frame every page stands in. Pages name tokens and classes, never values.

`install()` is called once by each composition root before its pages; a page begins with `with theme.page(t, title): …`.
The classes live in ui/static: chairside.css for every page, one more file for each kind of screen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from nicegui import app, ui

from ui.texts import Texts

STATIC = Path(__file__).parent / "static"
STYLES = ("chairside.css", "kiosk.css", "board.css", "entry.css")
ASSETS = "/assets"  # open to pages without a session: styles and scripts only


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """One set of colours. Every ink on every ground it may stand on is at least AA (4.5 : 1); a test computes it."""

    ground: str
    surface: str
    ink: str
    muted: str
    line: str
    edge: str  # outline of things to touch, 3 : 1
    off: str  # what cannot be pressed now
    brand: str
    brand_pressed: str
    on_brand: str
    brand_soft: str
    accent: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    call: str  # a called number fills the wall with it
    on_call: str


LIGHT = Palette(
    ground="#FAF7F4",
    surface="#FFFFFF",
    ink="#2B2624",
    muted="#6F6560",
    line="#E8E1DB",
    edge="#948983",
    off="#EFE9E4",
    brand="#7A3E5D",
    brand_pressed="#5F2F48",
    on_brand="#FFFFFF",
    brand_soft="#F5EBF0",
    accent="#9A562B",
    good="#2F6A48",
    good_soft="#E8F2EC",
    warn="#7F5210",
    warn_soft="#FBF1DF",
    bad="#A83A33",
    bad_soft="#FCECEA",
    call="#7A3E5D",
    on_call="#FFFFFF",
)
DARK = Palette(
    ground="#171214",
    surface="#221B1E",
    ink="#F8F2ED",
    muted="#BDAFA8",
    line="#3A3034",
    edge="#85777C",
    off="#332A2E",
    brand="#E6AECA",
    brand_pressed="#F2CDDF",
    on_brand="#2A1420",
    brand_soft="#3A2631",
    accent="#ECAE7A",
    good="#8BD3A9",
    good_soft="#1E3227",
    warn="#EDC474",
    warn_soft="#38301D",
    bad="#F7A39B",
    bad_soft="#3F2523",
    call="#7A3E5D",
    on_call="#FFFFFF",
)
CONTRAST = Palette(
    ground="#FFFFFF",
    surface="#FFFFFF",
    ink="#000000",
    muted="#2E2A28",
    line="#000000",
    edge="#000000",
    off="#E2E2E2",
    brand="#4A1236",
    brand_pressed="#2B071E",
    on_brand="#FFFFFF",
    brand_soft="#FFFFFF",
    accent="#5E2B0C",
    good="#0B4526",
    good_soft="#FFFFFF",
    warn="#523100",
    warn_soft="#FFFFFF",
    bad="#7A1710",
    bad_soft="#FFFFFF",
    call="#4A1236",
    on_call="#FFFFFF",
)
SIZES = (14, 16, 20, 28, 40, 64)  # px at the base size; --t1 … --t6
SPACES = (4, 8, 12, 16, 24, 40)  # px; --s1 … --s6


class Look(StrEnum):
    """Where a page is seen, which decides base size, targets and palette."""

    KIOSK = "kiosk"
    BOARD = "board"
    STATION = "station"
    OFFICE = "office"
    HQ = "hq"


def install() -> None:
    """Serve styles and scripts and put them into every page's head. Once per process, before the pages."""
    version = hashlib.sha256(b"".join(f.read_bytes() for f in sorted(STATIC.iterdir()) if f.is_file())).hexdigest()[:12]
    folder = f"{ASSETS}/{version}"
    app.add_static_files(folder, STATIC, max_cache_age=365 * 24 * 3600)
    styles = "".join(f'<link rel="stylesheet" href="{folder}/{name}">' for name in STYLES)
    ui.add_head_html(
        f'{styles}<style>{variables()}</style><script src="{folder}/chairside.js"></script>',
        shared=True,
    )


@contextmanager
def page(t: Texts, title: str, look: Look = Look.OFFICE) -> Iterator[None]:
    """The frame of a page: title, language, palette. `title` is already translated.

    The content is a column over the whole window (class `cs-page`); what scrolls inside is the page's decision.
    """
    ui.page_title(f"{title} · Chairside")
    palette = DARK if look is Look.BOARD else LIGHT
    ui.colors(
        primary=palette.brand,
        secondary=palette.accent,
        accent=palette.accent,
        positive=palette.good,
        negative=palette.bad,
        warning=palette.warn,
        info=palette.muted,
        dark=DARK.surface,
    )
    classes = f"cs cs-{look}" + (" cs-dark" if look is Look.BOARD else "")
    words = {"language": t.language.replace("_", "-"), "lost": t("Connection lost"), "waiting": t("Trying again …")}
    ui.add_head_html(f"<script>chairside.page({_in_script(words)})</script>")
    ui.query("body").classes(classes)
    with ui.element("div").classes("cs-page"):
        yield


def variables() -> str:
    """The tokens as CSS custom properties."""
    sizes = "".join(f"--t{n}:{px / 16:g}rem;" for n, px in enumerate(SIZES, 1))
    spaces = "".join(f"--s{n}:{px / 16:g}rem;" for n, px in enumerate(SPACES, 1))
    return f":root{{{_colours(LIGHT)}{sizes}{spaces}--radius:.875rem}}.cs-dark{{{_colours(DARK)}}}.cs-contrast{{{_colours(CONTRAST)}}}"


def _colours(palette: Palette) -> str:
    return "".join(f"--{name.replace('_', '-')}:{value};" for name, value in asdict(palette).items())


def _in_script(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
