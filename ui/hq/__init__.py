"""Head office's console: every shop at a glance, and one of them in full."""

from ui.hq.login import login_page
from ui.hq.page import console_pages
from ui.hq.services import ConsoleServices

__all__ = ["ConsoleServices", "console_pages", "login_page"]
