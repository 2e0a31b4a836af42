"""`python -m devices --store-dir DIR [--config FILE] [--record DIR]`: the device host of a shop, until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

for _unused in ("rich", "better_exceptions"):  # structlog would load them to colour tracebacks: 7 MB nobody sees in a log
    sys.modules.setdefault(_unused, None)  # type: ignore[arg-type]
import structlog  # noqa: E402

for _unused in ("rich", "better_exceptions"):
    if sys.modules.get(_unused) is None:
        sys.modules.pop(_unused, None)

from devices.host import Host, HostConfig  # noqa: E402
from devices.mqtt_link import Broker  # noqa: E402
from hub.clock import Clock  # noqa: E402
from hub.errors import ChairsideError  # noqa: E402
from hub.settings import load_settings  # noqa: E402

log = structlog.get_logger()


def main() -> int:
    """Exit code 0 after an orderly stop, 2 when it cannot start as it is set up."""
    arguments = _arguments()
    _log_plainly()
    try:
        settings = load_settings(arguments.config, **({"store_dir": arguments.store_dir} if arguments.store_dir else {}))
        config = HostConfig(
            store_id=settings.store_id,
            host_id=settings.devices.host_id,
            bench_port=settings.devices.bench_port,
            data=settings.store_dir / "devices.db",
            record=arguments.record,
        )
        broker = Broker.from_file(settings.store_dir / "secrets" / "mqtt-host.json")
        return start(config, broker)
    except ChairsideError as why:
        log.critical("device host cannot start", why=why.sentence(), hint=why.hint)
        return 2


def start(config: HostConfig, broker: Broker) -> int:
    """Build the host before the loop runs, run it until a signal, close its files."""
    host = Host(config, broker, Clock())
    try:
        asyncio.run(_until_signal(host))
    finally:
        host.close()
    return 0


async def _until_signal(host: Host) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await host.run(stop)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devices", description="The device host of a shop.")
    parser.add_argument("--store-dir", type=Path, help="folder that keeps all data of this shop")
    parser.add_argument("--config", type=Path, help="settings file")
    parser.add_argument("--record", type=Path, help="folder to keep every byte of every device in, to look for a fault")
    chosen = parser.parse_args()
    if chosen.record:
        chosen.record.mkdir(parents=True, exist_ok=True, mode=0o700)
    return chosen


def _log_plainly() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event"), bool_as_flag=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


if __name__ == "__main__":
    sys.exit(main())
