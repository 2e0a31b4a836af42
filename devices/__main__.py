"""`python -m devices --store-dir DIR [--config FILE] [--record DIR]`: the device host of a shop, until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from hub.lean import COLOURED_LOGS, without

with without(*COLOURED_LOGS):
    import structlog

    from devices.host import Host, HostConfig
    from devices.network.neighbours import Sources
    from devices.network.services import Sign
    from devices.network.surroundings import Lookout
    from hub.clock import Clock
    from hub.errors import ChairsideError
    from hub.logs import log_plainly
    from hub.mqtt import Broker
    from hub.settings import Devices, Hq, Settings, load_settings

log = structlog.get_logger()

HQ_PORT = 4222


def main() -> int:
    """Exit code 0 after an orderly stop, 2 when it cannot start as it is set up."""
    arguments = _arguments()
    log_plainly()
    try:
        settings = load_settings(arguments.config, **({"store_dir": arguments.store_dir} if arguments.store_dir else {}))
        config = HostConfig(
            store_id=settings.store_id,
            host_id=settings.devices.host_id,
            bench_port=settings.devices.bench_port,
            data=settings.store_dir / "devices.db",
            record=arguments.record,
            mdns=settings.devices.mdns,
            mdns_addresses=settings.devices.mdns_addresses,
            sign=_sign(settings) if arguments.announce else None,
            board=f"board:///?{urlencode({'data': settings.store_dir.resolve()})}",
            internet=internet_of(settings.hq) if settings.devices.watch_internet and not settings.development else "",
            lookout=lookout_of(settings.devices),
        )
        broker = Broker.from_file(settings.store_dir / "secrets" / "mqtt-host.json")
        return start(config, broker)
    except ChairsideError as why:
        log.critical("device host cannot start", why=why.sentence(), hint=why.hint)
        return 2


def internet_of(hq: Hq) -> str:
    """The address of the way out, with head office at its end where the shop has one."""
    parts = urlsplit(hq.url)
    return f"internet:///?hq={parts.hostname}:{parts.port or HQ_PORT}" if parts.hostname and ":" not in parts.hostname else "internet:///"


def lookout_of(devices: Devices) -> Lookout:
    """The real network, as it is set up."""
    leases = Path(devices.lease_file) if devices.lease_file else None
    return Lookout(watch=Sources(leases=leases, interface=devices.network_interface))


def _sign(settings: Settings) -> Sign:
    """Under a name the hub's certificate has."""
    host = next((name for name in settings.web.names if name.endswith(".local")), f"{socket.gethostname().split('.')[0].lower()}.local")
    return Sign(name=f"Chairside {settings.store_id}", port=settings.web.port, host=host, words={"store": settings.store_id, "path": "/"})


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
    parser.add_argument("--announce", action="store_true", help="let tablets find the hub, which runs on this machine too")
    chosen = parser.parse_args()
    if chosen.record:
        chosen.record.mkdir(parents=True, exist_ok=True, mode=0o700)
    return chosen


if __name__ == "__main__":
    sys.exit(main())
