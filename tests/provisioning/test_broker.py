from __future__ import annotations

import json
import re
import socket
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.settings import Settings
from provisioning.broker import BrokerRefused, BrokerUrlRefused, ForeignBroker, OwnBroker, broker_for
from provisioning.parties import NameRefused
from tests.provisioning.conftest import Party, RunningBroker, free_port, until

Connect = Callable[..., Party]
REFUSED = 128


def test_each_party_has_its_own_secret_that_only_the_owner_reads_and_the_configuration_holds_none_of_them(tmp_path: Path) -> None:
    OwnBroker(Settings(store_dir=tmp_path), port=18830).prepare()
    secrets = [json.loads(path.read_text()) for path in sorted((tmp_path / "secrets").glob("mqtt-*.json"))]
    assert [s["user"] for s in secrets] == ["bridge", "doctor", "host-h1", "hub"]
    assert {s["url"] for s in secrets} == {"mqtt://127.0.0.1:18830"}
    passwords = {s["password"] for s in secrets}
    assert len(passwords) == 4
    assert all(len(p) >= 22 for p in passwords)  # 128 bits
    config = (tmp_path / "broker" / "nats-server.conf").read_text()
    assert not any(p in config for p in passwords)
    assert len(re.findall(r"\$2a\$04\$", config)) == 4
    for path in (tmp_path / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_a_second_start_keeps_passwords_and_hashes_and_follows_the_port(tmp_path: Path) -> None:
    OwnBroker(Settings(store_dir=tmp_path), port=18830).prepare()
    before = json.loads((tmp_path / "secrets" / "mqtt-hub.json").read_text())
    hashes = (tmp_path / "secrets" / "broker-users.json").read_text()
    OwnBroker(Settings(store_dir=tmp_path), port=18831).prepare()
    after = json.loads((tmp_path / "secrets" / "mqtt-hub.json").read_text())
    assert after == {**before, "url": "mqtt://127.0.0.1:18831"}
    assert (tmp_path / "secrets" / "broker-users.json").read_text() == hashes


def test_a_password_file_cut_short_by_a_power_cut_is_made_anew(tmp_path: Path) -> None:
    OwnBroker(Settings(store_dir=tmp_path), port=18830).prepare()
    (tmp_path / "secrets" / "mqtt-hub.json").write_text('{"url": "mq')
    OwnBroker(Settings(store_dir=tmp_path), port=18830).prepare()
    assert json.loads((tmp_path / "secrets" / "mqtt-hub.json").read_text())["password"]


def test_hub_and_device_host_hear_each_other(running: RunningBroker, connect: Connect) -> None:
    hub, host = connect(running.secret("hub")).here(), connect(running.secret("host")).here()
    assert host.subscribe("store/s1/dev/+/do/+") == 1
    assert host.subscribe("store/s1/host/h1/do/+") == 1
    assert host.subscribe("store/s1/screen/+/beat") == 1
    assert hub.subscribe("store/s1/dev/+/event/+") == 1
    assert hub.subscribe("store/s1/host/+/done") == 1
    for topic in ("store/s1/dev/p1/do/print", "store/s1/host/h1/do/adopt", "store/s1/screen/k1/beat"):
        hub.publish(topic, "{}")
        assert host.next()[0] == topic
    for topic in ("store/s1/dev/sc1/event/scan", "store/s1/host/h1/done"):
        host.publish(topic, "{}")
        assert hub.next()[0] == topic


def test_the_wildcards_the_parts_use_are_allowed(running: RunningBroker, connect: Connect) -> None:
    hub, host, bridge = (connect(running.secret(p)).here() for p in ("hub", "host", "bridge"))
    assert hub.subscribe("store/s1/dev/#") == 1
    assert hub.subscribe("store/s1/#") == 1
    assert host.subscribe("store/s1/dev/+/do/#") == 1
    assert host.subscribe("store/s1/host/h1/do/#") == 1
    for topic in ("store/s1/dev/+/info", "store/s1/dev/+/state", "store/s1/host/+/state", "store/s1/hub/state"):
        assert bridge.subscribe(topic) == 1


def test_a_device_may_touch_only_its_own_topics(running: RunningBroker, connect: Connect) -> None:
    running.broker.add_device("d1")
    hub = connect(running.secret("hub")).here()
    hub.subscribe("store/s1/#")
    device = _logged_in(connect, running.secret("dev-d1"))
    assert device.subscribe("store/s1/dev/d1/do/+") == 1
    for foreign in ("store/s1/dev/d2/do/+", "store/s1/#", "#", "$MQTT/#", "$SYS/#", "store/s2/dev/d1/do/+", "store/s1/dev/+/do/+"):
        assert device.subscribe(foreign) == REFUSED, foreign
    for foreign in ("store/s1/dev/d2/state", "store/s1/dev/d1/do/print", "store/s1/hub/state", "store/s2/dev/d1/state", "$MQTT/x"):
        device.publish(foreign, "forged")
    device.publish("store/s1/dev/d1/state", "mine")
    assert hub.next()[:2] == ("store/s1/dev/d1/state", b"mine")
    assert hub.hears_nothing()
    until(lambda: running.said().count("Publish Violation") >= 5, "the violations in the broker's log")


def test_the_hub_asks_the_bridge_and_the_bridge_answers(running: RunningBroker, connect: Connect) -> None:
    hub, bridge = connect(running.secret("hub")).here(), connect(running.secret("bridge")).here()
    assert bridge.subscribe("store/s1/bridge/do/flush") == 1
    assert hub.subscribe("store/s1/bridge/done") == 1
    hub.publish("store/s1/bridge/do/flush", "{}")
    assert bridge.next()[0] == "store/s1/bridge/do/flush"
    bridge.publish("store/s1/bridge/done", "{}")
    assert hub.next()[0] == "store/s1/bridge/done"


def test_the_bridge_can_only_listen_to_states(running: RunningBroker, connect: Connect) -> None:
    hub, bridge = connect(running.secret("hub")).here(), connect(running.secret("bridge")).here()
    hub.subscribe("store/s1/#")
    bridge.publish("store/s1/dev/p1/do/print", "forged")
    bridge.publish("store/s1/hub/state", "forged")
    assert bridge.subscribe("store/s1/dev/+/event/+") == REFUSED
    hub.publish("store/s1/hub/state", "true")
    assert hub.next()[1] == b"true"
    assert hub.hears_nothing()


def test_a_wrong_password_is_refused(running: RunningBroker, connect: Connect) -> None:
    stranger = connect({**running.secret("hub"), "password": "guessed"})
    until(lambda: stranger.refused, "the refusal")
    assert not stranger.connected


def test_a_device_is_added_and_removed_without_dropping_the_others(running: RunningBroker, connect: Connect) -> None:
    hub, host = connect(running.secret("hub")).here(), connect(running.secret("host")).here()
    hub.subscribe("store/s1/dev/+/state")
    running.broker.add_device("d1")
    running.broker.add_device("d2")
    first, second = _logged_in(connect, running.secret("dev-d1")), _logged_in(connect, running.secret("dev-d2"))
    running.broker.remove("d1")
    until(lambda: first.drops > 0, "the removed device to be dropped")
    second.publish("store/s1/dev/d2/state", "still here")
    assert hub.next()[1] == b"still here"
    host.publish("store/s1/dev/p1/state", "me too")
    assert hub.next()[1] == b"me too"
    assert (hub.drops, host.drops, second.drops) == (0, 0, 0)


def test_a_killed_broker_that_lost_all_it_kept_takes_everyone_back_and_keeps_what_they_say_again(
    running: RunningBroker, connect: Connect
) -> None:
    host = connect(running.secret("host")).here()
    host.publish("store/s1/dev/p1/state", "online", retain=True)
    running.stop()
    running.broker.forget()
    running.start()
    until(lambda: host.connected and host.drops == 1, "the host to come back by itself")
    hub = connect(running.secret("hub")).here()
    hub.subscribe("store/s1/dev/+/state")
    host.publish("store/s1/dev/p1/state", "online again", retain=True)
    assert hub.next()[:2] == ("store/s1/dev/p1/state", b"online again")
    late = connect(running.secret("bridge")).here()
    late.subscribe("store/s1/dev/+/state")
    assert late.next() == ("store/s1/dev/p1/state", b"online again", True)


def test_no_party_may_come_by_the_other_protocol_of_the_broker(running: RunningBroker) -> None:
    port = int(re.search(r"client connections on 127\.0\.0\.1:(\d+)", running.said())[1])
    secret = running.secret("hub")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, plain.makefile("rw") as line:
        assert line.readline().startswith("INFO ")
        login = {"user": secret["user"], "pass": secret["password"], "verbose": False, "lang": "test", "version": "0"}
        line.write(f"CONNECT {json.dumps(login)}\r\nPING\r\n")
        line.flush()
        assert "Authorization Violation" in line.readline()


def test_devices_added_by_several_at_once_are_all_let_in(tmp_path: Path) -> None:
    settings, port = Settings(store_dir=tmp_path), free_port()
    OwnBroker(settings, port=port).prepare()
    ids = [f"d{n}" for n in range(8)]
    with ThreadPoolExecutor(8) as several:
        list(several.map(lambda device: OwnBroker(settings, port=port).add_device(device), ids))
    config = (tmp_path / "broker" / "nats-server.conf").read_text()
    assert [device for device in ids if f'"dev-{device}"' not in config] == []


def test_a_device_added_twice_keeps_its_secret(tmp_path: Path) -> None:
    broker = OwnBroker(Settings(store_dir=tmp_path), port=free_port())
    broker.prepare()
    first = broker.add_device("d1").read_text()
    assert broker.add_device("d1").read_text() == first


@pytest.mark.parametrize("name", ["", "a b", "../x", "a.b", "a/b", "a*", "+", "Å", "x" * 65])
def test_a_device_name_that_would_reach_into_other_topics_is_refused(tmp_path: Path, name: str) -> None:
    broker = OwnBroker(Settings(store_dir=tmp_path), port=free_port())
    broker.prepare()
    with pytest.raises(NameRefused):
        broker.add_device(name)
    assert list((tmp_path / "secrets").glob("mqtt-dev-*")) == []


def test_a_configuration_the_broker_refuses_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = OwnBroker(Settings(store_dir=tmp_path), port=free_port())
    broker.prepare()
    config = tmp_path / "broker" / "nats-server.conf"
    before = config.read_text()
    monkeypatch.setattr(broker, "_users", lambda: [{"user": "x", "permissions": {"publish": 7}}])
    with pytest.raises(BrokerRefused):
        broker.add_device("d1")
    assert config.read_text() == before
    assert list((tmp_path / "secrets").glob("mqtt-dev-*")) == []


def test_a_message_over_64_kb_ends_the_connection_and_reaches_nobody(running: RunningBroker, connect: Connect) -> None:
    hub, host = connect(running.secret("hub")).here(), connect(running.secret("host")).here()
    hub.subscribe("store/s1/dev/+/state")
    host.publish("store/s1/dev/p1/state", b"x" * 60_000)
    assert len(hub.next()[1]) == 60_000
    host.publish("store/s1/dev/p1/state", b"x" * 70_000, qos=0)
    until(lambda: host.drops > 0, "the disconnect")
    assert hub.hears_nothing()


def test_any_broker_by_url_gets_nothing_started_and_hands_its_address_to_everyone(tmp_path: Path) -> None:
    settings = Settings(store_dir=tmp_path, broker={"url": "mqtt://salon:p%40ss@10.0.0.5"})
    broker = broker_for(settings, port=1)
    assert isinstance(broker, ForeignBroker)
    broker.prepare()
    for party in ("hub", "host", "bridge"):
        secret = json.loads((tmp_path / "secrets" / f"mqtt-{party}.json").read_text())
        assert secret == {"url": "mqtt://10.0.0.5:1883", "user": "salon", "password": "p@ss"}


@pytest.mark.parametrize("url", ["http://x", "mqtt://", "10.0.0.5:1883", "mqtt://x:notaport"])
def test_a_broker_url_that_is_none_is_refused_without_saying_the_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(BrokerUrlRefused):
        broker_for(Settings(store_dir=tmp_path, broker={"url": url}), port=1)


def _logged_in(connect: Connect, secret: dict[str, str]) -> Party:
    """A device tries until the broker has taken the new configuration."""
    return until(lambda: next((p for p in [connect(secret)] if _settles(p)), None), "the new device to be let in")


def _settles(party: Party) -> bool:
    until(lambda: party.connected or party.refused, "an answer")
    if party.refused:
        party.close()
    return party.connected
