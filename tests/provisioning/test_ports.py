from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.ports import Ports, PortTaken, owner_of
from tests.provisioning.conftest import free_port


@pytest.fixture
def squatter() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        yield taken.getsockname()[1]


def test_a_free_port_is_used_as_configured(tmp_path: Path) -> None:
    wanted = free_port()
    assert Ports(tmp_path / "ports.json", development=True).choose("web", wanted) == wanted
    assert Ports(tmp_path / "ports.json", development=False).choose("web", wanted) == wanted


def test_in_development_a_taken_port_is_named_with_its_owner_and_the_next_free_one_is_used(tmp_path: Path, squatter: int) -> None:
    ports = Ports(tmp_path / "ports.json", development=True)
    chosen = ports.choose("web", squatter)
    assert squatter < chosen < squatter + 200
    assert re.search(rf"port {squatter} is taken by \S.* \(pid {os.getpid()}\), using {chosen}", ports.moved[0])


def test_in_a_shop_a_taken_port_stops_the_start_and_names_its_owner(tmp_path: Path, squatter: int) -> None:
    with pytest.raises(PortTaken) as refused:
        Ports(tmp_path / "ports.json", development=False).choose("web", squatter)
    assert f"pid {os.getpid()}" in refused.value.sentence()


def test_the_second_start_takes_the_ports_of_the_first_even_when_the_configured_one_is_free_again(tmp_path: Path, squatter: int) -> None:
    first = Ports(tmp_path / "ports.json", development=True)
    moved_to = first.choose("web", squatter)
    first.remember()
    wanted = free_port()
    (tmp_path / "ports.json").write_text(json.dumps({"web": {"wanted": wanted, "port": moved_to}}))
    second = Ports(tmp_path / "ports.json", development=True)
    assert second.choose("web", wanted) == moved_to
    assert second.moved == []


def test_a_newly_configured_port_is_followed(tmp_path: Path) -> None:
    wanted, other = free_port(), free_port()
    (tmp_path / "ports.json").write_text(json.dumps({"web": {"wanted": other, "port": other}}))
    assert Ports(tmp_path / "ports.json", development=True).choose("web", wanted) == wanted


def test_two_parts_that_ask_for_the_same_port_get_two(tmp_path: Path) -> None:
    ports, wanted = Ports(tmp_path / "ports.json", development=True), free_port()
    assert ports.choose("web", wanted) == wanted
    assert ports.choose("hq", wanted) != wanted
    assert "this shop's web" in ports.moved[0]


def test_in_a_shop_two_parts_set_to_the_same_port_stop_the_start(tmp_path: Path) -> None:
    ports, wanted = Ports(tmp_path / "ports.json", development=False), free_port()
    ports.choose("web", wanted)
    with pytest.raises(PortTaken) as refused:
        ports.choose("hq", wanted)
    assert "this shop's web" in refused.value.sentence()


def test_a_part_left_out_this_time_keeps_its_port(tmp_path: Path) -> None:
    web, hq = free_port(), free_port()
    with_hq = Ports(tmp_path / "ports.json", development=True)
    with_hq.choose("web", web)
    with_hq.choose("hq", hq)
    with_hq.remember()
    alone = Ports(tmp_path / "ports.json", development=True)
    alone.choose("web", web)
    alone.remember()
    assert json.loads((tmp_path / "ports.json").read_text())["hq"]["port"] == hq


def test_the_owner_of_a_free_port_is_nobody() -> None:
    assert owner_of(free_port()).pid == 0
