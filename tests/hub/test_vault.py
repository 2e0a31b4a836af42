"""Personal fields are readable with the right key only, and never again once it is destroyed."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.db import Db
from hub.migrations import migrate
from hub.vault import KEPT_KEYS_MAX, KEYS_SCHEMA, Erased, Vault, VaultLocked


def opened_keys(folder: Path) -> Db:
    keys = Db(folder / "keys.db")
    keys.open()
    migrate(keys, KEYS_SCHEMA)
    return keys


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Db]:
    db = opened_keys(tmp_path)
    yield db
    db.close()


@pytest.fixture
def vault(tmp_path: Path, keys: Db) -> Vault:
    vault = Vault(tmp_path / "secrets", keys)
    vault.open()
    return vault


async def test_what_is_sealed_for_a_guest_can_be_read_again(vault: Vault) -> None:
    await vault.new_key("lin")
    sealed = vault.seal("lin", "林小姐", field="name")
    assert "林小姐".encode() not in sealed
    assert vault.unseal("lin", sealed, field="name") == "林小姐"


async def test_the_same_name_looks_different_every_time(vault: Vault) -> None:
    await vault.new_key("lin")
    assert vault.seal("lin", "林", field="name") != vault.seal("lin", "林", field="name")


async def test_a_sealed_field_moved_to_another_guest_or_field_is_refused(vault: Vault) -> None:
    await vault.new_key("lin")
    await vault.new_key("mei")
    sealed = vault.seal("lin", "13800138000", field="phone")
    for owner, field in (("mei", "phone"), ("lin", "name")):
        with pytest.raises(VaultLocked):
            vault.unseal(owner, sealed, field=field)


@pytest.mark.parametrize("damage", [b"", b"\x01", b"\x01short", b"\x02" + bytes(40), bytes(60)])
async def test_damaged_bytes_are_refused_and_named(vault: Vault, damage: bytes) -> None:
    await vault.new_key("lin")
    with pytest.raises(VaultLocked):
        vault.unseal("lin", damage, field="name")


async def test_a_destroyed_key_makes_old_copies_unreadable(vault: Vault) -> None:
    await vault.new_key("lin")
    sealed = vault.seal("lin", "林", field="name")
    await vault.destroy("lin")
    await vault.destroy("lin")
    with pytest.raises(Erased):
        vault.unseal("lin", sealed, field="name")
    with pytest.raises(Erased):
        vault.seal("lin", "again", field="name")
    with pytest.raises(Erased):
        await vault.new_key("lin")
    assert vault.is_destroyed("lin")
    assert vault.destroyed() == ["lin"]


async def test_making_a_key_twice_keeps_the_first(vault: Vault) -> None:
    await vault.new_key("lin")
    sealed = vault.seal("lin", "林", field="name")
    await asyncio.gather(*(vault.new_key("lin") for _ in range(20)))
    assert vault.unseal("lin", sealed, field="name") == "林"


async def test_an_owner_without_a_key_cannot_be_sealed_for(vault: Vault) -> None:
    with pytest.raises(Erased):
        vault.seal("nobody", "x", field="name")


async def test_only_a_bounded_number_of_keys_stays_in_memory(vault: Vault) -> None:
    owners = [f"g{n}" for n in range(KEPT_KEYS_MAX + 20)]
    await asyncio.gather(*(vault.new_key(o) for o in owners))
    sealed = {o: vault.seal(o, o, field="name") for o in owners}
    assert len(vault._kept) == KEPT_KEYS_MAX
    assert all(vault.unseal(o, s, field="name") == o for o, s in sealed.items())


async def test_a_key_read_while_it_is_destroyed_is_not_kept(vault: Vault, keys: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    await vault.new_key("lin")
    read = keys.one

    def one_then_destroyed(sql: str, values: tuple[str, ...] = ()) -> object:
        row = read(sql, values)
        asyncio.run_coroutine_threadsafe(vault.destroy("lin"), loop).result(5)
        return row

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(keys, "one", one_then_destroyed)
    await asyncio.to_thread(vault.seal, "lin", "x", field="name")
    monkeypatch.undo()
    with pytest.raises(Erased):
        vault.seal("lin", "x", field="name")


def test_the_shop_key_is_made_once_and_for_its_owner_only(tmp_path: Path, keys: Db) -> None:
    for _ in range(2):
        Vault(tmp_path / "secrets", keys).open()
    file = tmp_path / "secrets" / "shop.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [f.name for f in file.parent.iterdir()] == ["shop.key"]


def test_a_shop_key_open_to_others_is_closed_again(tmp_path: Path, keys: Db) -> None:
    Vault(tmp_path / "secrets", keys).open()
    file = tmp_path / "secrets" / "shop.key"
    file.chmod(0o644)
    Vault(tmp_path / "secrets", keys).open()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_shops_have_different_keys(tmp_path: Path, vault: Vault) -> None:
    other_keys = opened_keys(tmp_path / "other")
    try:
        other = Vault(tmp_path / "other" / "secrets", other_keys)
        other.open()
        assert other.blind("+8613800138000") != vault.blind("+8613800138000")
        assert other.pepper() != vault.pepper()
    finally:
        other_keys.close()


def test_a_missing_foreign_or_damaged_shop_key_is_named_and_never_replaced(tmp_path: Path, keys: Db) -> None:
    Vault(tmp_path / "secrets", keys).open()
    file = tmp_path / "secrets" / "shop.key"
    for content, why in (("00" * 32, "another shop's key"), ("zz", "unreadable"), ("00", "wrong length"), (None, "missing")):
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_text(content)
        with pytest.raises(VaultLocked) as refused:
            Vault(tmp_path / "secrets", keys).open()
        assert refused.value.facts["why"] == why
    assert not file.exists()


def test_a_vault_that_was_not_opened_says_so(tmp_path: Path, keys: Db) -> None:
    with pytest.raises(VaultLocked):
        Vault(tmp_path / "secrets", keys).blind("x")


def test_the_vault_reads_after_a_restart_and_its_files_tell_nothing(tmp_path: Path) -> None:
    keys = opened_keys(tmp_path)
    vault = Vault(tmp_path / "secrets", keys)
    vault.open()
    asyncio.run(vault.new_key("lin"))
    sealed, index = vault.seal("lin", "林", field="name"), vault.blind("13800138000")
    wrapped = keys.one("SELECT wrapped FROM keys")["wrapped"]
    keys.close()

    keys = opened_keys(tmp_path)
    again = Vault(tmp_path / "secrets", keys)
    again.open()
    assert again.unseal("lin", sealed, field="name") == "林"
    assert again.blind("13800138000") == index
    shop_key = bytes.fromhex((tmp_path / "secrets" / "shop.key").read_text().strip())
    asyncio.run(again.destroy("lin"))
    keys.close()
    kept = b"".join(f.read_bytes() for f in tmp_path.glob("keys.db*"))
    assert shop_key not in kept
    assert shop_key.hex().encode() not in kept
    assert wrapped not in kept, "the destroyed key is still in the file"
