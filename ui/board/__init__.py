"""The wall screen: who is called, who waits and how long. Read from five metres, never a name of a guest."""

from ui.board.page import BoardServices, pages

__all__ = ["BoardServices", "pages"]
