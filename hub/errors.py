"""One root for every error a person or a program can meet, told apart by whose fault it is.

A code is for programs and translations, the sentence for logs, the hint says what to do next.
"""

from __future__ import annotations

from typing import Any, ClassVar


class ChairsideError(Exception):
    """Root. `facts` are the named values of this case: ids, amounts and limits, never personal data."""

    code: ClassVar[str] = "error"
    hint: ClassVar[str] = ""
    status: ClassVar[int] = 500

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """What happened, in one line."""
        said = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.code}: {said}" if said else self.code

    def as_json(self) -> dict[str, Any]:
        """The body every API answer with an error has."""
        return {"code": self.code, "hint": self.hint, "facts": {k: str(v) for k, v in self.facts.items()}}


class PersonError(ChairsideError):
    """The person asked for something that cannot be; nothing was changed."""

    code = "cannot_do_that"
    status = 409


class InvalidInput(PersonError):
    """A value is outside what the field takes."""

    code = "invalid_input"
    hint = "Correct the marked value and try again."
    status = 422


class NotFound(PersonError):
    """No such thing, or not in this shop."""

    code = "not_found"
    hint = "It may have been removed. Go back and look again."
    status = 404


class NotAllowed(PersonError):
    """The role does not have the right."""

    code = "not_allowed"
    hint = "Ask a manager to do this, or log in as someone who may."
    status = 403


class NotLoggedIn(PersonError):
    """No session, or one that has ended."""

    code = "not_logged_in"
    hint = "Log in with your PIN."
    status = 401


class TapReused(PersonError):
    """One tap id was sent for two different wishes."""

    code = "tap_reused"
    hint = "Reload the page and try again; nothing was changed."


class MachineError(ChairsideError):
    """A machine failed; the person did nothing wrong."""

    code = "machine_failed"
    hint = "Try again. If it happens again, call support."
    status = 503


class StorageFailed(MachineError):
    """The database could not take the change; nothing was changed."""

    code = "storage_failed"
    hint = "Nothing was saved. Wait a moment and try again; if it stays, restart the hub."


class StorageFull(StorageFailed):
    """The disk is full; nothing was changed, reading still works."""

    code = "storage_full"
    hint = "Nothing was saved. Free some space on the hub, then try again."


class StorageUnsafe(MachineError):
    """The database must not be opened by this program."""

    code = "storage_unsafe"
    hint = "Install the version of Chairside this shop was last run with, or a newer one."
