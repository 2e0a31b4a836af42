"""`chairside run` as a person meets it, with the shop's processes played by small ones that keep the same contract."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.provisioning.conftest import answers, free_port, gone, until

ROOT = Path(__file__).parents[2]

PAGES = """
    import http.server, json, os, pathlib, ssl, sys

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/healthz" else 404)
            self.end_headers()
        def log_message(self, *_):
            pass

    def serve(port, entry, links, tls=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Pages)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "server.pem", tls / "server.key")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        pathlib.Path(entry).write_text(json.dumps(links))
        server.serve_forever()
"""
HUB = """
    import os, pathlib, sys
    from pages import serve

    store, port = pathlib.Path(sys.argv[sys.argv.index("--store-dir") + 1]), os.environ["CHAIRSIDE_WEB__PORT"]
    lan = os.environ["CHAIRSIDE_WEB__LAN"] == "true"
    print("argv", sys.argv[1:], os.environ["CHAIRSIDE_BROKER__PORT"], os.environ.get("CHAIRSIDE_WEB__NAMES"), flush=True)
    assert (store / "secrets" / "mqtt-hub.json").exists() and (store / "secrets" / "bridge-token").exists()
    serve(int(port), store / "entry.json", {"kiosk": f"http://127.0.0.1:{port}/kiosk?code=abc{os.getpid()}"}, store / "tls" if lan else None)
"""
WAITING = """
    import os, pathlib, signal, sys
    print("argv", sys.argv[1:], flush=True)
    signal.pause()
"""
BRIDGE = """
    import json, pathlib, signal, sys
    store = pathlib.Path(sys.argv[sys.argv.index("--store-dir") + 1])
    print(json.loads((store / "secrets" / "hq.json").read_text()), flush=True)
    signal.pause()
"""
HQ = """
    import json, os, pathlib, sys
    from pages import serve

    data = pathlib.Path(sys.argv[sys.argv.index("--data") + 1])
    data.mkdir(exist_ok=True)
    if sys.argv[1] == "add-shop":
        url = "nats://127.0.0.1:" + os.environ["CHAIRSIDE_HEAD_OFFICE__NATS_PORT"]
        pathlib.Path(sys.argv[sys.argv.index("--write") + 1]).write_text(json.dumps({"url": url, "user": sys.argv[sys.argv.index("--store") + 1]}))
    else:
        port = int(os.environ["CHAIRSIDE_HEAD_OFFICE__PORT"])
        serve(port, data / "entry.json", {"hq": f"http://127.0.0.1:{port}/?code=xyz"})
"""
PARTS = {"hub": HUB, "devices": WAITING, "devices/simulators": WAITING, "cloud_bridge": BRIDGE, "cloud_bridge/hq": HQ}


class Run:
    """One `chairside run` in its own process."""

    def __init__(self, folder: Path, parts: Path, ports: dict[str, int]) -> None:
        self.store, self._folder, self._parts = folder / "store", folder, parts
        self._env = {**os.environ, "CHAIRSIDE_DEVELOPMENT": "true", **{key: str(port) for key, port in ports.items()}}
        self.ports = ports
        self.process: subprocess.Popen[str] | None = None

    def start(self, *arguments: str, **env: str) -> None:
        program = (
            "import sys; from pathlib import Path; import provisioning.shop as shop; from provisioning.cli import app; "
            f"shop.ROOT = Path({str(self._parts)!r}); app(sys.argv[1:])"
        )
        self._output = (self._folder / "console").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            stdout=self._output,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self._folder,
            env={**self._env, **env, "PYTHONPATH": str(ROOT)},
        )

    def up(self, *arguments: str, **env: str) -> Run:
        self.start("run", "--store-dir", str(self.store), *arguments, **env)
        until(lambda: "Everything runs" in self.console(), "the shop to open", 20)
        return self

    def console(self) -> str:
        return (self._folder / "console").read_text()

    def log(self, name: str) -> str:
        path = self.store / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def pids(self) -> dict[str, int]:
        return {name: entry["pid"] for name, entry in json.loads((self.store / "children.json").read_text()).items()}

    def chosen(self, name: str) -> int:
        port: int = json.loads((self.store / "ports.json").read_text())[name]["port"]
        return port

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(15)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    parts = tmp_path / "parts"
    for name, program in PARTS.items():
        (parts / name).mkdir(parents=True, exist_ok=True)
        (parts / name / "__init__.py").touch()
        (parts / name / "__main__.py").write_text(textwrap.dedent(program))
    (parts / "pages.py").write_text(textwrap.dedent(PAGES))
    names = (
        "WEB__PORT",
        "BROKER__PORT",
        "DEVICES__BENCH_PORT",
        "HEAD_OFFICE__PORT",
        "HEAD_OFFICE__NATS_PORT",
        "HEAD_OFFICE__POSTGRES_PORT",
    )
    one = Run(tmp_path, parts, {f"CHAIRSIDE_{name}": free_port() for name in names})
    yield one
    if one.process and one.process.poll() is None:
        one.process.kill()
        one.process.wait(5)
    for pid in one.pids().values() if (one.store / "children.json").exists() else ():
        until(lambda pid=pid: gone(pid), f"the end of {pid}")


def test_one_command_opens_shop_bench_and_head_office_and_prints_their_pages(run: Run) -> None:
    run.up("--demo")
    web, hq = run.chosen("web"), run.chosen("head office")
    said = run.console()
    assert f"http://127.0.0.1:{web}/kiosk?code=abc" in said
    assert f"http://127.0.0.1:{web}/bench" in said
    assert f"http://127.0.0.1:{hq}/?code=xyz" in said
    assert set(run.pids()) == {"broker", "hub", "devices", "bridge", "bench", "hq"}
    assert "'--demo'" in run.log("hub")
    until(lambda: f"'--port', '{run.chosen('bench')}'" in run.log("bench"), "the bench")
    nats = run.chosen("head office's NATS")
    until(lambda: f"nats://127.0.0.1:{nats}" in run.log("bridge"), "the bridge")


def test_stopping_ends_every_process_within_seconds_and_frees_the_ports(run: Run) -> None:
    run.up()
    pids, ports = run.pids(), [run.chosen(name) for name in ("web", "broker", "head office")]
    assert run.end(signal.SIGINT) == 0
    assert all(gone(pid) for pid in pids.values())
    assert not any(answers(port) for port in ports)
    assert json.loads((run.store / "children.json").read_text()) == {}
    assert "stopped" in run.console()


OFF = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(' '.join(sys.argv[2:])); sys.exit(int(sys.argv[3]))"


def off_command(run: Run, code: int) -> str:
    """A program that notes how it was called."""
    return json.dumps([sys.executable, "-S", "-c", OFF, str(run.store / "off"), "now; echo $HOME", str(code)])


def test_on_the_hubs_order_everything_stops_and_the_machine_is_asked_to_switch_itself_off(run: Run) -> None:
    run.up(CHAIRSIDE_POWER__OFF_COMMAND=off_command(run, 0))
    pids = run.pids()
    assert not (run.store / "off").exists()
    (run.store / "stop-order.json").write_text("{}")
    assert run.process
    assert run.process.wait(20) == 0
    assert all(gone(pid) for pid in pids.values())
    assert (run.store / "off").read_text() == "now; echo $HOME 0"  # no shell saw it
    assert "asked to switch this computer off" in run.console()


@pytest.mark.parametrize(("command", "said"), [("[]", "everything is stopped. Switch"), ('["/no/such/program"]', "could not be run")])
def test_without_a_program_that_can_a_person_is_told_to_switch_it_off(run: Run, command: str, said: str) -> None:
    run.up("--no-hq", "--no-bench", CHAIRSIDE_POWER__OFF_COMMAND=command)
    (run.store / "stop-order.json").write_text("{}")
    assert run.process
    assert run.process.wait(20) == 0
    assert said in " ".join(run.console().split())


def test_an_order_of_an_earlier_run_stops_nothing(run: Run) -> None:
    run.store.mkdir(parents=True)
    (run.store / "stop-order.json").write_text("{}")
    run.up("--no-hq", "--no-bench", CHAIRSIDE_POWER__OFF_COMMAND=off_command(run, 0))
    assert not (run.store / "stop-order.json").exists()
    assert run.end() == 0
    assert not (run.store / "off").exists()


def test_kill_9_of_the_command_leaves_no_orphans_and_the_next_start_works(run: Run) -> None:
    run.up()
    pids = run.pids()
    run.end(signal.SIGKILL)
    for pid in pids.values():
        until(lambda pid=pid: gone(pid), f"the end of {pid}")
    run.up()
    assert run.pids().keys() == pids.keys()
    assert not set(run.pids().values()) & set(pids.values())


def test_a_killed_hub_comes_back_under_the_same_address_and_nobody_else_notices(run: Run) -> None:
    run.up()
    before = run.pids()
    os.kill(before["hub"], signal.SIGKILL)
    until(lambda: run.pids().get("hub", before["hub"]) != before["hub"], "the new hub")
    until(lambda: answers(run.chosen("web")), "its pages")
    assert {**run.pids(), "hub": 0} == {**before, "hub": 0}
    assert "hub was ended by SIGKILL" in run.console()
    until(lambda: f"/kiosk?code=abc{run.pids()['hub']}" in run.console(), "its new entry code")


def test_the_second_start_takes_the_same_ports_and_secrets(run: Run) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", run.ports["CHAIRSIDE_WEB__PORT"]))
        squatter.listen(1)
        run.up("--no-hq", "--no-bench")
        assert re.search(r"web: port \d+ is taken by .* \(pid \d+\), using \d+", run.console())
        moved = run.chosen("web")
        assert moved != run.ports["CHAIRSIDE_WEB__PORT"]
        secrets = {p.name: p.read_text() for p in (run.store / "secrets").iterdir()}
        run.end()
    run.up("--no-hq", "--no-bench")
    assert run.chosen("web") == moved
    assert {p.name: p.read_text() for p in (run.store / "secrets").iterdir()} == secrets


def test_a_shop_without_head_office_and_bench_is_complete(run: Run) -> None:
    run.up("--no-hq", "--no-bench")
    assert set(run.pids()) == {"broker", "hub", "devices"}
    assert "/bench" not in run.console()
    assert not (run.store / "hq").exists()


def test_a_shop_of_a_real_head_office_has_a_bridge_and_starts_no_head_office(run: Run) -> None:
    (run.store / "secrets").mkdir(parents=True)
    (run.store / "secrets" / "hq.json").write_text(json.dumps({"url": "tls://hq.example:4222"}))
    run.up("--no-bench", CHAIRSIDE_HQ__URL="tls://hq.example:4222")
    assert set(run.pids()) == {"broker", "hub", "devices", "bridge"}
    until(lambda: "tls://hq.example:4222" in run.log("bridge"), "the bridge")


def test_with_a_broker_of_ones_own_none_is_started(run: Run) -> None:
    run.up("--no-hq", "--no-bench", CHAIRSIDE_BROKER__URL="mqtt://salon:secret@127.0.0.1:1884")
    assert set(run.pids()) == {"hub", "devices"}
    assert json.loads((run.store / "secrets" / "mqtt-hub.json").read_text())["user"] == "salon"


def test_a_broker_that_cannot_read_what_it_kept_starts_empty(run: Run) -> None:
    run.up("--no-hq", "--no-bench")
    run.end()
    kept = run.store / "broker" / "jetstream"
    kept.rename(kept.with_name("gone"))
    kept.write_text("not a folder")
    run.start("run", "--store-dir", str(run.store), "--no-hq", "--no-bench")
    until(lambda: "broker ended" in run.console(), "the crash")
    until(lambda: answers(run.chosen("broker")), "the broker")
    assert kept.is_dir()


def test_lan_serves_https_that_a_tablet_with_the_shops_authority_trusts(run: Run) -> None:
    run.up("--lan", "--no-hq", "--no-bench")
    context = ssl.create_default_context(cafile=str(run.store / "tls" / "ca.pem"))
    with urllib.request.urlopen(f"https://localhost:{run.chosen('web')}/healthz", context=context) as answer:
        assert answer.status == 200
    assert ".local" in run.log("hub")


def test_the_same_folder_is_not_opened_twice(run: Run) -> None:
    run.up("--no-hq", "--no-bench")
    program = [sys.executable, "-m", "provisioning.cli", "run", "--store-dir", str(run.store)]
    second = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 2
    assert f"pid={run.process.pid}" in second.stdout
    assert "--store-dir" in second.stdout
    assert all(not gone(pid) for pid in run.pids().values())


def test_in_a_shop_a_taken_port_ends_the_start_with_a_sentence(run: Run) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", run.ports["CHAIRSIDE_WEB__PORT"]))
        squatter.listen(1)
        run.start("run", "--store-dir", str(run.store), CHAIRSIDE_DEVELOPMENT="false")
        assert run.process.wait(20) == 2
    assert "port_taken" in run.console()
    assert f"pid {os.getpid()}" in run.console()
    assert "Traceback" not in run.console()


def test_an_unknown_setting_is_refused_with_the_nearest_known_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text("[web]\nprot = 8080\n")
    run.start("run", "--config", str(tmp_path / "shop.toml"))
    assert run.process.wait(20) == 2
    assert "web.port" in run.console()


def test_no_secret_is_on_a_command_line_or_in_a_log(run: Run) -> None:
    run.up("--no-hq")
    secrets = [json.loads(p.read_text())["password"] for p in (run.store / "secrets").glob("mqtt-*.json")]
    secrets.append((run.store / "secrets" / "bridge-token").read_text().strip())
    shown = " ".join(" ".join(psutil.Process(pid).cmdline()) for pid in run.pids().values())
    shown += "".join(p.read_text() for p in (run.store / "logs").iterdir()) + run.console()
    assert len(secrets) == 6
    assert not any(secret in shown for secret in secrets)


def test_everything_the_shop_keeps_is_for_its_owner_alone(run: Run) -> None:
    run.up("--no-hq", "--no-bench")
    assert stat.S_IMODE(run.store.stat().st_mode) == 0o700
    files = [p for p in run.store.rglob("*") if p.is_file() and "jetstream" not in p.parts]
    assert [p for p in files if stat.S_IMODE(p.stat().st_mode) & 0o077] == []


def test_a_head_office_runs_by_itself(run: Run, tmp_path: Path) -> None:
    run.start("hq", "--data", str(tmp_path / "office"))
    until(lambda: "code=xyz" in run.console(), "head office")
    assert run.end() == 0


def test_the_version_is_the_projects(run: Run) -> None:
    said = subprocess.run([sys.executable, "-m", "provisioning.cli", "version"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", said.stdout)
