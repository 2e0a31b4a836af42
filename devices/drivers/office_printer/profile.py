"""Settings of one office printer and the arguments of its commands."""

from __future__ import annotations

from pydantic import Field

from devices.driver import Profile
from hub.ports import Document, Message


class OfficePrinterProfile(Profile):
    """What it can print it tells by itself."""

    answer_wait_s: float = Field(3, ge=0.05, le=7)  # how long an answer may take
    silent_s_max: float = Field(60, ge=1, le=600)  # a printer that is gone in the middle of a job: then nobody can tell
    confirm_s_max: float = Field(300, ge=5, le=3600)  # a job that does not come to its end, though nothing stops it


class PrintPages(Message):
    """`print`: a document, and from 1 on the number of the copy, which is then marked as one."""

    document: Document
    copy_no: int = Field(0, ge=0, le=99, alias="copy")


class CancelPrint(Message):
    """`cancel`: the print command whose job shall come out no more."""

    id: str = Field(pattern=r"^[0-9a-f-]{36}$")
