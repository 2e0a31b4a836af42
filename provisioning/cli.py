"""The command `chairside`."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console

from hub.clock import Clock
from hub.errors import ChairsideError, PersonError
from hub.settings import Settings, load_settings
from provisioning.broker import broker_in_force
from provisioning.child_log import ChildLog
from provisioning.parties import ThirdParty
from provisioning.ports import Ports
from provisioning.private_files import private_dir
from provisioning.run import keep_running, ready_supervisor, sole_run
from provisioning.shop import ROOT, HeadOffice, Shop, Wishes, python_env

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Runs a salon from one small computer in the shop.")
console = Console()

StoreDir = Annotated[Path | None, typer.Option(help="Folder that keeps all data of this shop; default: the settings' store_dir.")]
Config = Annotated[Path | None, typer.Option(help="Settings file (TOML); every key is in docs/settings.md.")]


@app.command()
def run(
    store_dir: StoreDir = None,
    config: Config = None,
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Import the demo shop when the shop is empty.")] = False,
    no_hq: Annotated[bool, typer.Option("--no-hq", help="Start no head office beside the shop.")] = False,
    no_bench: Annotated[bool, typer.Option("--no-bench", help="Start no simulated devices.")] = False,
    lan: Annotated[bool, typer.Option("--lan", help="Serve the pages to the shop's network over HTTPS, with a local CA.")] = False,
) -> None:
    """Start a shop, its devices, a bench of simulated ones and a head office; print where their pages are."""
    with _told_plainly():
        settings, file = _settings(config, store_dir)
        with _logging(settings.store_dir), sole_run(settings.store_dir):
            clock = Clock()
            supervisor = ready_supervisor(settings.store_dir, clock, console)
            wishes = Wishes(demo=demo, with_hq=not no_hq, with_bench=not no_bench, lan=lan, config=file)
            asyncio.run(keep_running(Shop(settings, wishes, clock), supervisor, clock, console))


@app.command()
def hq(data: Annotated[Path, typer.Option(help="Folder that keeps all data of head office.")], config: Config = None) -> None:
    """Start a head office by itself."""
    with _told_plainly():
        settings, file = _settings(config, None)
        data = data.absolute()
        with _logging(data), sole_run(data):
            clock = Clock()
            supervisor = ready_supervisor(data, clock, console)
            asyncio.run(keep_running(HeadOffice(settings, data, file), supervisor, clock, console))


@app.command()
def devices(store_dir: StoreDir = None, config: Config = None) -> None:
    """Become a device host, as on a second board; its secret must lie in `<store-dir>/secrets/mqtt-host.json`."""
    with _told_plainly():
        settings, file = _settings(config, store_dir)
    rest = ["--config", str(file)] if file else []
    env = {**os.environ, **python_env()}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    os.execve(  # noqa: S606 - this process becomes the host, and its signals are the host's
        sys.executable, [sys.executable, "-m", "devices", "--store-dir", str(settings.store_dir), *rest], env
    )


@app.command()
def doctor(
    store_dir: StoreDir = None,
    config: Config = None,
    *,
    printed: Annotated[bool, typer.Option("--print", help="Print the findings even when the network is well.")] = False,
    language: Annotated[str, typer.Option(help="zh_CN, zh_TW or en.")] = "zh_CN",
) -> None:
    """Say what is wrong in this shop; when its network is dead, on the receipt printer too. Exit code 1: something is broken."""
    with _told_plainly():
        settings, file = _settings(config, store_dir)
    port = Ports(settings.store_dir / "ports.json", development=settings.development).known("web", settings.web.port)
    rest = [*(["--config", str(file)] if file else []), *(["--print"] if printed else []), "--language", language]
    argv = [sys.executable, "-m", "hub.doctor", "--store-dir", str(settings.store_dir), "--port", str(port), *rest]
    os.execve(sys.executable, argv, {**os.environ, **python_env()})  # noqa: S606 - its exit code is ours


@app.command()
def thing(
    name: Annotated[str, typer.Argument(help="What to call its credential, such as zigbee.")],
    dialect: Annotated[str, typer.Argument(help="zigbee2mqtt, tasmota, shelly or esphome.")],
    base: Annotated[str, typer.Argument(help="The topic it speaks below, as set in it.")],
    store_dir: StoreDir = None,
    config: Config = None,
) -> None:
    """Let somebody else's sensors, switches and plugs onto the shop's broker; print the file with their user and password."""
    with _told_plainly():
        settings, _ = _settings(config, store_dir)
        third = ThirdParty(name=name, dialect=dialect, base=base)
        file = broker_in_force(settings).add_thing(third)
        console.print(str(file), markup=False, highlight=False, soft_wrap=True)


@app.command()
def credential(
    name: Annotated[str, typer.Argument(help="The device's id, of a-z, 0-9 and '-'; or with --remove a thing's name too.")],
    store_dir: StoreDir = None,
    config: Config = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take it away; whoever uses it is dropped, nobody else is.")] = False,
) -> None:
    """Give a device that speaks MQTT itself a credential of its own, good for its own topics only; print the file it lies in."""
    with _told_plainly():
        settings, _ = _settings(config, store_dir)
        broker = broker_in_force(settings)
        if remove:
            broker.remove(name)
        else:
            console.print(str(broker.add_device(name)), markup=False, highlight=False, soft_wrap=True)


@app.command()
def version() -> None:
    """Print the version."""
    console.print(_version(), highlight=False)


def _settings(config: Path | None, store_dir: Path | None) -> tuple[Settings, Path | None]:
    """Settings with an absolute store folder, and the absolute settings file. Raises SettingsRefused, ConfigMissing."""
    if config and not config.is_file():
        raise ConfigMissing(file=config)
    file = config.absolute() if config else None
    overrides: dict[str, Any] = {"store_dir": store_dir} if store_dir else {}
    settings = load_settings(file, **overrides)
    return settings.model_copy(update={"store_dir": settings.store_dir.absolute()}), file


class ConfigMissing(PersonError):
    """There is no such settings file."""

    code = "config_missing"
    hint = "Check the path given with --config."


@contextmanager
def _told_plainly() -> Iterator[None]:
    """An error of ours is a sentence and what to do next, not a traceback."""
    os.umask(0o077)  # what the shop writes is for its owner
    try:
        yield
    except ChairsideError as refused:
        console.print(refused.sentence(), style="red", markup=False, highlight=False, soft_wrap=True)
        console.print(refused.hint, markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2 if isinstance(refused, PersonError) else 1) from refused


@contextmanager
def _logging(folder: Path) -> Iterator[None]:
    """Our own log goes beside the children's; the console is for people."""
    mine = ChildLog(private_dir(folder / "logs"), "chairside")
    mine.rotate()
    with io.TextIOWrapper(mine.open(), write_through=True) as file:
        structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=file), processors=_PROCESSORS)
        try:
            yield
        finally:
            structlog.reset_defaults()


_PROCESSORS: list[Any] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.JSONRenderer(),
]


def _version() -> str:
    project = ROOT / "pyproject.toml"
    if project.exists():
        return str(tomllib.loads(project.read_text())["project"]["version"])
    return metadata.version("chairside")


if __name__ == "__main__":
    app()
