"""Settings of one receipt printer and the arguments of its commands."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from devices.driver import Profile
from devices.drivers.lettering import DOTS_A_COLUMN, Font
from hub.ports import Document, Message


class PrinterProfile(Profile):
    """How this printer differs from others. What it can tell of itself is found out at adoption."""

    columns: Literal[48, 42, 32] = 48  # characters of font A on a line: 80 mm, 76 mm and 58 mm paper
    monitored: bool = True  # False: it has never answered a question about its state
    chinese: Font = "gbk"  # raster: no Chinese font, every such line goes as a picture
    qr: Literal["native", "raster"] = "native"
    barcode: Literal["native", "raster"] = "native"
    cut: Literal["partial", "full", "none"] = "partial"
    drawer: Literal["open_high", "open_low", "no_sensor"] = "open_high"  # level of pin 3 while the drawer is open
    drawer_open_s_max: int = Field(180, ge=5, le=3600)  # open for longer it stands open to everybody
    drawer_pin: Literal[2, 5] = 2
    drawer_pulse_ms: int = Field(100, ge=20, le=500)
    chunk_bytes: int = Field(1024, ge=64, le=4096)  # cheap printers lose bytes when more comes at once
    answer_wait_s: float = Field(0.5, ge=0.05, le=5)  # how long a status answer may take
    silent_s_max: float = Field(8, ge=1, le=60)  # a printer that stops answering in the middle of a job: then nobody can tell
    confirm_s_max: float = Field(60, ge=5, le=600)  # a printer that works on but does not confirm

    @property
    def dots(self) -> int:
        """Width of the paper's printable part."""
        return self.columns * DOTS_A_COLUMN


class PrintOrder(Message):
    """`print`: a document, and from 1 on the number of the copy, which is then marked as one."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    document: Document
    copy_no: int = Field(0, ge=0, le=99, alias="copy")
