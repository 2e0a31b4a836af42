"""What our parts rely on in a broker, asked of our own and of one written by others."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.settings import Settings
from provisioning.broker import broker_for
from tests.provisioning.conftest import Party, RunningBroker, answers, free_port, until

Connect = Callable[..., Party]
Secret = Callable[[str], dict[str, str]]
MOSQUITTO = Path("/usr/sbin/mosquitto")


def _ours(tmp_path: Path) -> Iterator[Secret]:
    running = RunningBroker(tmp_path)
    yield running.secret
    running.stop()


def _mosquitto(tmp_path: Path) -> Iterator[Secret]:
    assert MOSQUITTO.exists(), "mosquitto is not installed: make peers installs it"
    port, passwords, config = free_port(), tmp_path / "passwords", tmp_path / "mosquitto.conf"
    subprocess.run(["mosquitto_passwd", "-c", "-b", str(passwords), "salon", "secret"], check=True)
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n")
    broker_for(Settings(store_dir=tmp_path, broker={"url": f"mqtt://salon:secret@127.0.0.1:{port}"}), port=1).prepare()
    process = subprocess.Popen([str(MOSQUITTO), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(port), "mosquitto")
        yield lambda party: json.loads((tmp_path / "secrets" / f"mqtt-{party}.json").read_text())
    finally:
        process.kill()
        process.wait(5)


@pytest.fixture(params=["nats-server", pytest.param("mosquitto", marks=pytest.mark.peer)])
def secret_of(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Secret]:
    yield from _ours(tmp_path) if request.param == "nats-server" else _mosquitto(tmp_path)


def test_a_screen_that_comes_later_learns_the_last_state(secret_of: Secret, connect: Connect) -> None:
    connect(secret_of("host")).here().publish("store/s1/dev/p1/state", "online", retain=True)
    hub = connect(secret_of("hub")).here()
    assert hub.subscribe("store/s1/dev/+/state") == 1
    assert hub.next() == ("store/s1/dev/p1/state", b"online", True)


def test_a_state_taken_back_is_not_told_any_more(secret_of: Secret, connect: Connect) -> None:
    host = connect(secret_of("host")).here()
    host.publish("store/s1/dev/p1/state", "online", retain=True)
    host.publish("store/s1/dev/p1/state", b"", retain=True)
    host.publish("store/s1/dev/p2/state", "online", retain=True)
    hub = connect(secret_of("hub")).here()
    hub.subscribe("store/s1/dev/+/state")
    assert hub.next()[0] == "store/s1/dev/p2/state"
    assert hub.hears_nothing()


def test_a_command_waits_for_a_device_host_that_is_away(secret_of: Secret, connect: Connect) -> None:
    hub = connect(secret_of("hub")).here()
    hub.subscribe("store/s1/host/+/state")
    host = connect(secret_of("host"), client_id="host-h1", will=("store/s1/host/h1/state", "away")).here()
    assert host.subscribe("store/s1/dev/+/do/+") == 1
    host.vanish()
    assert hub.next()[1] == b"away"  # what is on its way to a host while it goes may come after what was sent later
    for n in range(5):
        hub.publish("store/s1/dev/p1/do/print", str(n))
    back = connect(secret_of("host"), client_id="host-h1").here()
    assert [back.next()[1] for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]


def test_the_last_will_of_a_host_whose_cable_is_cut_is_told_and_kept(secret_of: Secret, connect: Connect) -> None:
    hub = connect(secret_of("hub")).here()
    hub.subscribe("store/s1/host/+/state")
    host = connect(secret_of("host"), will=("store/s1/host/h1/state", "away")).here()
    host.publish("store/s1/host/h1/state", "here", retain=True)
    assert hub.next()[1] == b"here"
    host.vanish()
    assert hub.next()[1] == b"away"
    later = connect(secret_of("bridge")).here()
    later.subscribe("store/s1/host/+/state")
    assert later.next() == ("store/s1/host/h1/state", b"away", True)


def test_a_wrong_password_is_refused_by_either(secret_of: Secret, connect: Connect) -> None:
    stranger = connect({**secret_of("hub"), "password": "guessed"})
    until(lambda: stranger.refused, "the refusal")
    assert not stranger.connected
