"""What can be measured of any page: targets, names for screen readers, words of the wrong language, things cut off."""

from __future__ import annotations

import re

from playwright.sync_api import Page

_HAN = re.compile(r"[\u2e80-\u9fff]+")
_LATIN = re.compile(r"[A-Za-z]{3,}")
NAMES = (
    "青丝",
    "演示",
    "Qingsi",
    "Salon",
    "English",
    "简体中文",
    "繁體中文",
    "Chairside",
    "PIN",
    "林小雨",
    "陈思远",
    "王曼",
    "周杰",
    "许琳",
    "沈慧",
    "何青",
)
NAMES += ("CNY", "TWD", "HKD", "EUR", "USD", "Asia", "Shanghai", "tcp", "serial", "dev", "usb", "DS2208", "setup")
FACES = "".join(name[0] for name in ("林小雨", "陈思远", "王曼", "周杰", "许琳", "沈慧", "何青"))

TARGETS = """() => [...document.querySelectorAll('button, a[href], input, select, [role=switch]')].map((e) => {
  const box = (e.closest('.q-toggle, .q-field') ?? e).getBoundingClientRect();
  return { words: e.innerText || e.ariaLabel || e.outerHTML.slice(0, 60), width: box.width, height: box.height };
}).filter((b) => b.width > 0)"""
NAMELESS = """() => [...document.querySelectorAll('button')].filter((b) => {
  const bare = b.cloneNode(true);
  bare.querySelectorAll('[aria-hidden=true]').forEach((e) => e.remove());
  return !(b.ariaLabel || bare.textContent.trim());
}).map((b) => b.outerHTML.slice(0, 120))"""
WORDS = """() => {
  const seen = document.body.cloneNode(true);
  seen.querySelectorAll('script, style, .material-icons, .notranslate, #popup, #too_long_message_popup, #esm-fallback').forEach((e) => e.remove());
  const labels = [...document.querySelectorAll('[aria-label]')].map((e) => e.ariaLabel);
  return [seen.textContent, ...labels].join(' ');
}"""
SPILLED = """() => document.documentElement.scrollWidth > innerWidth + 1 || document.documentElement.scrollHeight > innerHeight + 1"""


def small_targets(page: Page, least: int) -> list[str]:
    """What is there to touch and is smaller than `least` px on a side."""
    return [
        f"{t['words']!r}: {t['width']:.0f}×{t['height']:.0f}" for t in page.evaluate(TARGETS) if min(t["width"], t["height"]) < least - 0.5
    ]


def nameless(page: Page) -> list[str]:
    """Buttons a screen reader could only call button."""
    return list(page.evaluate(NAMELESS))


def foreign_words(page: Page, language: str) -> list[str]:
    """Words on the page that are not of its language, names aside."""
    words = str(page.evaluate(WORDS))
    for name in NAMES:
        words = words.replace(name, " ")
    found = _HAN.findall(words) if language == "en" else _LATIN.findall(words)
    return [word for word in found if word not in FACES]


def spills(page: Page) -> bool:
    """Whether a page that must fit its screen does not."""
    return bool(page.evaluate(SPILLED))
