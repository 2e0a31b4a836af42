"""`python -m devices.simulators --port 8090 --data DIR`: the bench of simulated devices, on loopback, until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from devices.simulators.bench import Bench, bench_app


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """We own the signals: uvicorn would raise them again and skip our clean end."""
        yield


async def _serve(port: int, data: Path, mqtt: Path | None) -> None:
    bench = Bench(data, mqtt)
    await bench.start()
    server = _Server(uvicorn.Config(bench_app(bench), host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=2))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    try:
        await server.serve()
    finally:
        await bench.stop()


def main() -> int:
    """Exit code 0 after an orderly stop."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulators", description="Simulated devices.")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--data", type=Path, default=Path("store/bench"))
    parser.add_argument("--mqtt", type=Path, help="the bench's credentials on the broker, for third-party things")
    chosen = parser.parse_args()
    asyncio.run(_serve(chosen.port, chosen.data, chosen.mqtt))
    return 0


if __name__ == "__main__":
    sys.exit(main())
