"""Somebody else's things on the shop's broker: they speak below their own topic, and nobody is deceived by them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from hub.settings import Settings
from provisioning.broker import OwnBroker, broker_for
from provisioning.cli import app
from provisioning.parties import BaseRefused, NameRefused, ThirdParty
from tests.provisioning.conftest import Party, RunningBroker, free_port, until

Connect = Callable[..., Party]
REFUSED = 128
ZIGBEE = ThirdParty(name="zigbee", dialect="zigbee2mqtt", base="zigbee2mqtt")
PLUG = ThirdParty(name="plug", dialect="tasmota", base="plug_1")


def _in(running: RunningBroker, connect: Connect, third: ThirdParty) -> Party:
    secret = json.loads(running.broker.add_thing(third).read_text())
    until(lambda: running.said().count("Reloaded server configuration"), "the reload")
    return connect(secret).here()


def test_a_bridge_announces_itself_speaks_and_is_heard_by_the_device_host_alone(running: RunningBroker, connect: Connect) -> None:
    zigbee = _in(running, connect, ZIGBEE)
    host = connect(running.secret("host")).here()
    assert host.subscribe("homeassistant/#") == 1
    assert host.subscribe("zigbee2mqtt/basin") == 1
    zigbee.publish("homeassistant/sensor/0x1/t/config", "{}", retain=True)
    assert host.next()[0] == "homeassistant/sensor/0x1/t/config"
    zigbee.publish("zigbee2mqtt/basin", '{"water_leak":true}')
    assert host.next()[:2] == ("zigbee2mqtt/basin", b'{"water_leak":true}')
    hub = connect(running.secret("hub")).here()
    assert hub.subscribe("zigbee2mqtt/basin") == REFUSED
    assert hub.subscribe("homeassistant/#") == REFUSED


def test_the_device_host_gives_commands_and_nothing_else(running: RunningBroker, connect: Connect) -> None:
    zigbee = _in(running, connect, ZIGBEE)
    host = connect(running.secret("host")).here()
    assert zigbee.subscribe("zigbee2mqtt/#") == 1
    assert zigbee.subscribe("homeassistant/status") == 1
    for forged in ("zigbee2mqtt/basin", "zigbee2mqtt/bridge/request/permit_join", "homeassistant/sensor/x/config"):
        host.publish(forged, "forged")
    host.publish("zigbee2mqtt/plug/set", '{"state":"ON"}')
    host.publish("homeassistant/status", "online")
    assert zigbee.next()[0] == "zigbee2mqtt/plug/set"
    assert zigbee.next()[0] == "homeassistant/status"
    assert zigbee.hears_nothing()


def test_a_foreign_client_with_a_thing_s_password_is_refused_everything_that_is_not_its_own(
    running: RunningBroker, connect: Connect
) -> None:
    running.broker.add_thing(ZIGBEE)
    plug = _in(running, connect, PLUG)
    hub, host = connect(running.secret("hub")).here(), connect(running.secret("host")).here()
    hub.subscribe("store/s1/#")
    host.subscribe("zigbee2mqtt/#")
    host.subscribe("tele/plug_1/#")
    for foreign in ("store/s1/#", "#", "zigbee2mqtt/#", "cmnd/plug_2/POWER", "homeassistant/#", "store/s1/dev/+/do/+", "$SYS/#"):
        assert plug.subscribe(foreign) == REFUSED, foreign
    for foreign in ("store/s1/dev/p1/state", "store/s1/dev/p1/do/print", "store/s1/host/h1/state", "zigbee2mqtt/basin", "tele/plug_2/LWT"):
        plug.publish(foreign, "forged")
    plug.publish("tele/plug_1/LWT", "Online")
    assert host.next()[:2] == ("tele/plug_1/LWT", b"Online")
    assert host.hears_nothing()
    assert hub.hears_nothing()
    assert running.said().count("Publish Violation") >= 5


def test_a_forged_will_is_not_told(running: RunningBroker, connect: Connect) -> None:
    secret = json.loads(running.broker.add_thing(PLUG).read_text())
    hub = connect(running.secret("hub")).here()
    hub.subscribe("store/s1/#")
    until(lambda: running.said().count("Reloaded server configuration"), "the reload")
    forger = connect(secret, will=("store/s1/host/h1/state", "offline")).here()
    forger.vanish()
    until(lambda: "Publish Violation" in running.said(), "the violation")
    assert hub.hears_nothing()


def test_letting_a_thing_in_drops_nobody_but_perhaps_the_device_host_for_a_moment(running: RunningBroker, connect: Connect) -> None:
    hub, bridge = connect(running.secret("hub")).here(), connect(running.secret("bridge")).here()
    _in(running, connect, ZIGBEE)
    assert (hub.drops, bridge.drops) == (0, 0)


@pytest.mark.parametrize("base", ["", "store", "store/s1", "homeassistant", "tele", "a b", "a.b", "a/b/c/d", "+", "#", "a/#", "$SYS", "Å"])
def test_a_base_topic_that_is_not_one_thing_s_own_is_refused(base: str) -> None:
    with pytest.raises(BaseRefused):
        ThirdParty(name="x", dialect="shelly", base=base)


def test_a_name_or_a_dialect_nobody_knows_is_refused() -> None:
    with pytest.raises(NameRefused):
        ThirdParty(name="../x", dialect="shelly", base="x")
    with pytest.raises(BaseRefused):
        ThirdParty(name="x", dialect="matter", base="x")


def test_two_things_never_share_a_topic_and_the_same_one_again_keeps_its_secret(tmp_path: Path) -> None:
    broker = OwnBroker(Settings(store_dir=tmp_path), port=free_port())
    broker.prepare()
    first = broker.add_thing(ZIGBEE).read_text()
    with pytest.raises(BaseRefused) as refused:
        broker.add_thing(ThirdParty(name="spy", dialect="shelly", base="zigbee2mqtt/basin"))
    assert refused.value.facts["taken_by"] == "zigbee"
    assert not (tmp_path / "secrets" / "mqtt-thing-spy.json").exists()
    assert broker.add_thing(ZIGBEE).read_text() == first


def test_a_file_cut_short_keeps_nobody_else_out(tmp_path: Path) -> None:
    broker = OwnBroker(Settings(store_dir=tmp_path), port=free_port())
    broker.prepare()
    (tmp_path / "secrets" / "mqtt-thing-torn.json").write_text('{"url": "mq')
    broker.add_thing(PLUG)
    config = (tmp_path / "broker" / "nats-server.conf").read_text()
    assert '"thing-plug"' in config
    assert "torn" not in config


def test_another_broker_gets_a_file_too(tmp_path: Path) -> None:
    broker = broker_for(Settings(store_dir=tmp_path, broker={"url": "mqtt://salon:secret@10.0.0.5"}), port=1)
    broker.prepare()
    kept = json.loads(broker.add_thing(PLUG).read_text())
    assert kept == {"url": "mqtt://10.0.0.5:1883", "user": "salon", "password": "secret", "dialect": "tasmota", "base": "plug_1"}


def test_the_command_lets_a_thing_into_the_broker_as_it_runs(running: RunningBroker, connect: Connect) -> None:
    said = CliRunner().invoke(app, ["thing", "zigbee", "zigbee2mqtt", "zigbee2mqtt", "--store-dir", str(running.settings.store_dir)])
    assert said.exit_code == 0, said.output
    secret = json.loads(Path(said.output.strip().splitlines()[-1]).read_text())
    assert secret["password"] not in said.output
    until(lambda: running.said().count("Reloaded server configuration"), "the reload")
    assert connect(secret).here().subscribe("zigbee2mqtt/#") == 1
    assert "bench" in json.loads((running.settings.store_dir / "secrets" / "broker-users.json").read_text())


def test_a_device_gets_a_credential_of_its_own_and_loses_it_again(running: RunningBroker, connect: Connect) -> None:
    def command(*more: str) -> Result:
        return CliRunner().invoke(app, ["credential", *more, "--store-dir", str(running.settings.store_dir)])

    said = command("kiosk-7")
    assert said.exit_code == 0, said.output
    secret = json.loads(Path(said.output.strip().splitlines()[-1]).read_text())
    until(lambda: running.said().count("Reloaded server configuration"), "the reload")
    device = connect(secret).here()
    assert (device.subscribe("store/s1/dev/kiosk-7/do/+"), device.subscribe("store/s1/dev/other/do/+")) == (1, 128)
    assert command("kiosk-7", "--remove").exit_code == 0
    until(lambda: not device.connected, "the device to be dropped")
    again = command("kiosk-7", "--remove")
    assert (again.exit_code, "mqtt-dev-" in again.output) == (2, True)


def test_the_command_without_a_shop_says_what_to_do(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["thing", "zigbee", "zigbee2mqtt", "zigbee2mqtt", "--store-dir", str(tmp_path)])
    assert said.exit_code == 2
    assert "chairside run" in said.output
