"""Who is logged in where: sessions of staff and screens, pairing codes, and the brake on guessing."""

from hub.sessions.backoff import Backoff, Counted, Limit, TooManyTries
from hub.sessions.store import CodeWrong, Screen, ScreenId, SessionLimits, Sessions
from hub.sessions.tables import SCHEMA

__all__ = ["SCHEMA", "Backoff", "CodeWrong", "Counted", "Limit", "Screen", "ScreenId", "SessionLimits", "Sessions", "TooManyTries"]
