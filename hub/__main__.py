"""The hub's process: `python -m hub --store-dir DIR [--config FILE] [--demo]`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import signal
import sys
from pathlib import Path
from typing import Any

from hub.lean import COLOURED_LOGS, without

gc.disable()  # until everything is built: a quarter of the start-up time
with without(*COLOURED_LOGS):
    import structlog
    import uvicorn

    from hub import cores
    from hub.app import Shop
    from hub.errors import ChairsideError
    from hub.first_start import keep_entry
    from hub.logs import log_plainly
    from hub.settings import load_settings

log = structlog.get_logger()


class _Server(uvicorn.Server):
    """uvicorn without its signal handling, which would end the process before the databases are closed."""

    def capture_signals(self) -> Any:
        """Nothing: signals are ours."""
        return contextlib.nullcontext()


async def _serve(shop: Shop, *, demo: bool) -> int:
    from hub.front import build  # noqa: PLC0415 - after the databases are open: a shop that may not start says so at once

    app, refresh = build(shop)
    web = shop.settings.web
    tls = shop.settings.store_dir / "tls"
    config = uvicorn.Config(app, host=web.host, port=web.port, log_config=None, access_log=False, timeout_graceful_shutdown=2)
    if web.lan:
        config.ssl_certfile, config.ssl_keyfile = str(tls / "server.pem"), str(tls / "server.key")
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    shop.db.on_broken(lambda _why: setattr(server, "should_exit", True))
    await shop.start(demo=demo)
    gc.collect()
    gc.freeze()  # what was built stays: later collections need not look at it
    gc.enable()
    beside = [
        asyncio.create_task(refresh.run(shop.journal), name="refresh"),
        asyncio.create_task(keep_entry(shop, shop.base_url, shop.settings.store_dir / "entry.json"), name="entry links"),
    ]
    try:
        await server.serve()
    finally:
        for task in beside:
            task.cancel()
        await shop.stop()
    return 1 if shop.db.broken else 0


def main() -> int:
    """Run until told to stop. Exit code 0 after an orderly stop, 1 when the database failed, 2 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m hub")
    parser.add_argument("--store-dir", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--demo", action="store_true", help="fill an empty shop with the demo shop")
    asked = parser.parse_args()
    log_plainly()
    cores.share_one()
    try:
        settings = load_settings(asked.config, **({"store_dir": asked.store_dir} if asked.store_dir else {}))
        shop = Shop(settings)
    except ChairsideError as refused:
        log.critical("the hub cannot start", code=refused.code, what=str(refused), hint=refused.hint)
        return 2
    try:
        return asyncio.run(_serve(shop, demo=asked.demo))
    finally:
        shop.close()


if __name__ == "__main__":
    sys.exit(main())
