"""How a device is asked. The community and the keys are secrets: masked wherever a profile is shown, and left out of what a refusal says."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, Field, SecretStr, model_validator

from devices.driver import Profile


class SnmpProfile(Profile):
    """How to be let in."""

    model_config = ConfigDict(hide_input_in_errors=True)

    version: Literal["v2c", "v3"] = "v2c"
    community: SecretStr = Field(SecretStr("public"), min_length=1, max_length=64)
    user: str = Field("", max_length=32)
    auth: Literal["none", "md5", "sha", "sha256", "sha512"] = "none"
    auth_key: SecretStr = Field(SecretStr(""), max_length=64)
    priv: Literal["none", "aes", "des"] = "none"
    priv_key: SecretStr = Field(SecretStr(""), max_length=64)
    answer_wait_s: float = Field(1, ge=0.05, le=5)  # how long one answer may take

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.version == "v3" and not self.user:
            raise ValueError("v3 needs a user")
        if self.priv != "none" and self.auth == "none":
            raise ValueError("priv needs auth")
        for kind, key in ((self.auth, self.auth_key), (self.priv, self.priv_key)):
            if kind != "none" and len(key.get_secret_value()) < 8:  # RFC 3414
                raise ValueError("a key has at least eight characters")
        return self
