"""What a person, or a fault, does to a simulated device: the arguments of verbs that several have, and those of the receipt printer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.simulators.characters import Charset


class Args(BaseModel):
    """Arguments of a verb."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Args):
    """None."""


class PaperOut(Args):
    """The roll ends now, or after some more printed lines."""

    after_lines: int = Field(0, ge=0, le=1000)


class Slow(Args):
    """How fast it prints; 0 is as fast as it can."""

    bytes_per_s: int = Field(2000, ge=0, le=1_000_000)


class Liar(Args):
    """prints_nothing: says ok and feeds no paper. says_offline: prints and says it does not. hears_one: of the questions in one packet."""

    how: Literal["prints_nothing", "says_offline", "hears_one"] = "prints_nothing"


class AfterBytes(Args):
    """When so many bytes more have come."""

    after_bytes: int = Field(0, ge=0, le=1_000_000)


class Late(Args):
    """Answers come so much later than the question."""

    seconds: float = Field(1, ge=0, le=10)


class Font(Args):
    """What its Chinese font reads."""

    name: Charset = "gbk"


class Garble(Args):
    """How many of the next answers are nonsense."""

    answers: int = Field(1, ge=1, le=1000)
