"""What a hand does on several pages."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from ui.texts import Texts


def type_digits(page: Page, digits: str) -> None:
    """On the pad that is shown."""
    for digit in digits:
        page.locator(f'.cs-key[data-key="{digit}"]').click()


def count_as_one_sum(page: Page, t: Texts, digits: str) -> None:
    """Counting a drawer: the pad for the sum takes the place of the one for notes, so wait until it has."""
    page.get_by_role("button", name=t("As one sum")).click()
    expect(page.get_by_text(t("Count all cash in the drawer and type the sum."))).to_be_visible()
    type_digits(page, digits)
