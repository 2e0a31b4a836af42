"""One TOML file, overridden by environment variables `CHAIRSIDE_…`; an unknown key is refused by name.

A section is a part of the system; docs/settings.md lists every key and a test holds the two together.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from hub.errors import PersonError


class SettingsRefused(PersonError):
    """The settings cannot be used as they are."""

    code = "settings_refused"
    hint = "Correct the named key in the settings file or environment and start again."


class Section(BaseModel):
    """A group of settings; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Web(Section):
    """Where pages and API listen."""

    host: str = Field("127.0.0.1", description="address the shop's pages listen on")
    port: int = Field(8080, ge=1, le=65535, description="port of the shop's pages")
    lan: bool = Field(False, description="serve HTTPS to the shop's network with the local CA")
    names: tuple[str, ...] = Field((), description="further host names under which the pages may be asked for")
    body_max_kb: int = Field(8192, ge=1, description="largest request body in KB; a price list of 20,000 products has 3,000")


class Broker(Section):
    """The shop's MQTT broker."""

    url: str = Field("", description="an MQTT 3.1.1 broker of your own, mqtt://user:password@host:port; empty runs our own")
    port: int = Field(1883, ge=1, le=65535, description="MQTT port of our own broker")


class Devices(Section):
    """The device host of this shop."""

    host_id: str = Field("h1", pattern=r"^[a-z0-9-]{1,32}$", description="name of this device host")
    bench_port: int = Field(8090, ge=1, le=65535, description="loopback port of the simulated devices' bench")
    watch_internet: bool = Field(True, description="measure router, name service and head office all the time; never done in development")
    network_interface: str = Field("", max_length=32, description="interface the shop's devices hang on, such as eth0; empty watches all")
    lease_file: str = Field(
        "", description="lease file of the dnsmasq that gives out addresses in the shop; empty where another machine does"
    )
    mdns: bool = Field(True, description="hear devices that announce themselves by multicast DNS, and with --lan announce the hub")
    mdns_addresses: tuple[str, ...] = Field((), description="addresses of this machine to do so on; empty means all")


class Power(Section):
    """What happens when the battery of the UPS the hub lives on is nearly empty."""

    wait_s: float = Field(20, ge=0, le=600, description="seconds the battery must be nearly empty before the shop gets ready to stop")
    flush_s: float = Field(20, ge=0, le=120, description="seconds head office gets at most to take in what is still unsent")
    off_command: tuple[str, ...] = Field(
        (), description='program and arguments that switch this computer off, as ["systemctl", "poweroff"]; empty only stops the shop'
    )


class Till(Section):
    """Taking money."""

    payment_codes: tuple[Annotated[str, Field(pattern=r"^[a-z]{2,16} \d{2}(-\d{2})? \d{2}(-\d{2})?$")], ...] = Field(
        ("wechat 18 10-15", "alipay 16-24 25-30", "unionpay 19 62"),
        description="payment codes guests show: name, number of digits, first two digits; `alipay 16-24 25-30`",
    )


class Hq(Section):
    """The link to head office; a shop without one is complete."""

    url: str = Field("", description="nats://host:port or tls://host:port of head office; empty means none")
    credentials: str = Field("", description="file with this shop's credentials for head office")


class HeadOffice(Section):
    """A head office run by this program."""

    host: str = Field("127.0.0.1", description="address head office's pages listen on")
    port: int = Field(8081, ge=1, le=65535, description="port of head office's pages")
    nats_port: int = Field(4222, ge=1, le=65535, description="port shops connect to")
    postgres_port: int = Field(5433, ge=1, le=65535, description="loopback port of the embedded database")
    postgres_dsn: str = Field("", description="a PostgreSQL of your own; empty runs the embedded one")


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(env_prefix="CHAIRSIDE_", env_nested_delimiter="__", extra="forbid", frozen=True)

    store_id: str = Field("s1", pattern=r"^[a-z0-9-]{1,32}$", description="short name of this shop, part of every topic")
    store_dir: Path = Field(Path("store"), description="folder that keeps all data of this shop")
    development: bool = Field(False, description="take the next free port when one is taken, and name its owner")
    web: Web = Web()
    broker: Broker = Broker()
    devices: Devices = Devices()
    power: Power = Power()
    till: Till = Till()
    hq: Hq = Hq()
    head_office: HeadOffice = HeadOffice()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic calls it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        toml = TomlConfigSettingsSource(settings_cls, toml_file=_file_of_this_load)
        return (init_settings, env_settings, toml)


_file_of_this_load: Path | None = None


def load_settings(file: Path | None = None, **overrides: Any) -> Settings:
    """Read `file` (may be missing), then the environment, then `overrides`.

    Raises SettingsRefused naming each bad key, with the nearest known one.
    """
    global _file_of_this_load  # noqa: PLW0603 - pydantic-settings takes the file from the class, not from the call
    _file_of_this_load = file if file and file.exists() else None
    try:
        return Settings(**overrides)
    except ValidationError as wrong:
        raise SettingsRefused(**{".".join(map(str, e["loc"])): _said(e) for e in wrong.errors()}) from wrong
    finally:
        _file_of_this_load = None


def known_keys() -> dict[str, str]:
    """Every settable key with its description, as docs/settings.md lists them."""
    found: dict[str, str] = {}
    for name, field in Settings.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            found.update({f"{name}.{key}": sub.description or "" for key, sub in inner.model_fields.items()})
        else:
            found[name] = field.description or ""
    return found


def _said(error: Any) -> str:
    if error["type"] != "extra_forbidden":
        return str(error["msg"])
    key = ".".join(map(str, error["loc"]))
    near = difflib.get_close_matches(key, known_keys(), n=1)
    return f"unknown key, did you mean {near[0]}?" if near else "unknown key"
