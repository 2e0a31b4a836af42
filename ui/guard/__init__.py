"""What stands in front of every page, call and socket: right host, own origin, a session, a bounded body, safe headers.

Pure ASGI, used by the shop and by head office. NiceGUI knows a page by its client id alone and lets any origin open a
socket; so the guard ties each page's socket to the session the page was served to.
"""

from ui.guard.asked import Why
from ui.guard.guard import Guard, Rules, SessionStore

__all__ = ["Guard", "Rules", "SessionStore", "Why"]
