"""Head office as a process: `python -m cloud_bridge.hq --data DIR [--config FILE]`, and small errands beside it:

`python -m cloud_bridge.hq add-shop --data DIR --store s1 --write FILE` lets a shop connect and writes its credentials,
`python -m cloud_bridge.hq remove-shop --data DIR --store s1` ends that, `python -m cloud_bridge.hq new-code --data DIR`
makes a new operator code. All three work while head office runs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cloud_bridge.hq.sessions import OperatorCode
from cloud_bridge.hq.shops import Shops
from hub.errors import ChairsideError
from hub.lean import SOCKET_CLIENTS, without
from hub.logs import log_plainly
from hub.settings import load_settings


def main(given: argparse.Namespace) -> None:
    """Run what was asked for. Raises ChairsideError."""
    settings = load_settings(given.config).head_office
    data: Path = given.data.resolve()
    match given.errand:
        case "add-shop":
            is_new = Shops(data, settings).add(given.store, given.write.resolve(), name=given.name)
            _say(f"{given.store}: {'new password in' if is_new else 'unchanged,'} {given.write}")
        case "remove-shop":
            Shops(data, settings).remove(given.store)
            _say(f"{given.store}: may not connect any more")
        case "new-code":
            _say(OperatorCode(data).renew())
        case _:
            with without(*SOCKET_CLIENTS):
                from cloud_bridge.hq.app import run  # noqa: PLC0415 - the errands do not need a second of imports
            run(data, settings)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")


def _arguments() -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, required=True, help="folder that keeps all data of head office")
    common.add_argument("--config", type=Path, help="settings file")
    errands = {
        "run": "head office itself (default)",
        "add-shop": "let a shop connect",
        "remove-shop": "end that",
        "new-code": "new log-in code",
    }
    parser = argparse.ArgumentParser(prog="python -m cloud_bridge.hq", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    found = parser.add_subparsers(dest="errand", required=True)
    parsers = {name: found.add_parser(name, help=words, parents=[common]) for name, words in errands.items()}
    for name in ("add-shop", "remove-shop"):
        parsers[name].add_argument("--store", required=True, help="short name of the shop: a-z, 0-9, -")
    parsers["add-shop"].add_argument("--write", type=Path, required=True, help="where to write its credentials")
    parsers["add-shop"].add_argument("--name", default="", help="how people call it")
    named = sys.argv[1:2]
    return parser.parse_args(sys.argv[1:] if named and named[0] in {*errands, "-h", "--help"} else ["run", *sys.argv[1:]])


if __name__ == "__main__":
    log_plainly()
    try:
        main(_arguments())
    except ChairsideError as why:
        sys.exit(f"{why} {why.hint}")
