"""Personal fields at rest: AES-256-GCM under a key per owner, wrapped by the shop key.

The shop key lives in `<secrets_dir>/shop.key` only, never in a database, a log or a backup. The wrapped keys live in
keys.db, a file of its own whose backups are short-lived: destroying an owner's key there makes her fields unreadable in
every copy of the shop's database, older backups too.
"""

from __future__ import annotations

import hmac
import os
import stat
import threading
from collections import OrderedDict
from pathlib import Path

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.db import Db, Tx
from hub.errors import MachineError, NotFound
from hub.migrations import Migration

log = structlog.get_logger()

KEY_BYTES = 32
NONCE_BYTES = 12
FORMAT = b"\x01"  # first byte of everything sealed or wrapped, so that the cipher can be changed later
KEPT_KEYS_MAX = 512  # unwrapped keys held in memory

SCHEMA = Migration(
    "0001-keys",
    """
    CREATE TABLE vault (one INTEGER PRIMARY KEY CHECK (one = 1), shop_key_check BLOB NOT NULL) STRICT;
    CREATE TABLE keys (owner TEXT PRIMARY KEY, wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE destroyed (owner TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    """,
)
KEYS_SCHEMA = (SCHEMA,)


class Erased(NotFound):
    """The owner's key was destroyed: what was sealed for her can never be read again."""

    code = "erased"
    hint = "This guest's data was erased at her request. Start a new file if she comes again."


class VaultLocked(MachineError):
    """The shop key is missing, damaged, or not the one this shop's keys were wrapped with; nothing was changed."""

    code = "vault_locked"
    hint = "Put this shop's own shop.key back into the secrets folder, from its escrow or its backup, and start again."


class Vault:
    """Seals and opens personal fields. `keys` is keys.db, open and migrated; call `open` once before use. Thread-safe."""

    def __init__(self, secrets_dir: Path, keys: Db) -> None:
        self._file, self._keys = secrets_dir / "shop.key", keys
        self._derived: dict[str, bytes] = {}
        self._kept: OrderedDict[str, AESGCM] = OrderedDict()
        self._destroyed = 0  # how many keys were destroyed since the start: a key read before that may be stale
        self._lock = threading.Lock()

    def open(self) -> None:
        """Load the shop key, or make it at the first start; before the loop runs.

        Raises VaultLocked when there are wrapped keys already and the shop key is missing or another one.
        """
        known = self._keys.one("SELECT shop_key_check FROM vault")
        if known is None:
            _make_key(self._file)
        shop_key = _read_key(self._file)
        derived = {use: _derive(shop_key, use) for use in ("wrap", "blind", "pepper", "check")}
        if known is None:
            self._keys.write_at_start(_keep_check, derived["check"])
        elif not hmac.compare_digest(known["shop_key_check"], derived["check"]):
            raise VaultLocked(file=self._file.name, why="another shop's key")
        self._derived = derived

    async def new_key(self, owner: str) -> None:
        """Make the owner's key, durable on return; an owner who has one keeps it. Raises Erased for a destroyed one."""
        wrapped = _sealed(AESGCM(self._derive_of("wrap")), os.urandom(KEY_BYTES), owner)
        await self._keys.write(_insert_key, owner, wrapped)

    def seal(self, owner: str, text: str, *, field: str) -> bytes:
        """`text` encrypted for this owner and this field only. Raises Erased when the owner has no key."""
        return _sealed(self._key_of(owner), text.encode(), _bound(owner, field))

    def unseal(self, owner: str, sealed: bytes, *, field: str) -> str:
        """What was sealed. Raises Erased when the key was destroyed, VaultLocked for bytes of another owner or field."""
        return _opened(self._key_of(owner), sealed, _bound(owner, field)).decode()

    async def destroy(self, owner: str) -> None:
        """Make all that was ever sealed for this owner unreadable; durable on return, idempotent."""
        await self._keys.write(self._destroy, owner)

    def is_destroyed(self, owner: str) -> bool:
        """Whether this owner's key was destroyed; remembered for ever, so that a restored backup is erased again."""
        return self._keys.one("SELECT 1 FROM destroyed WHERE owner = ?", (owner,)) is not None

    def destroyed(self) -> list[str]:
        """Every owner whose key was destroyed."""
        return [row["owner"] for row in self._keys.all("SELECT owner FROM destroyed ORDER BY owner")]

    def blind(self, text: str) -> bytes:
        """A keyed fingerprint (32 bytes) to look `text` up by; without the shop key it tells nothing."""
        return hmac.digest(self._derive_of("blind"), text.encode(), "sha256")

    def pepper(self) -> bytes:
        """32 bytes to be mixed into PIN hashes; stolen databases alone cannot be tried against."""
        return self._derive_of("pepper")

    def _derive_of(self, use: str) -> bytes:
        try:
            return self._derived[use]
        except KeyError:
            raise VaultLocked(why="not opened") from None

    def _key_of(self, owner: str) -> AESGCM:
        with self._lock:
            if key := self._kept.get(owner):
                self._kept.move_to_end(owner)
                return key
            seen = self._destroyed
        row = self._keys.one("SELECT wrapped FROM keys WHERE owner = ?", (owner,))
        if row is None:
            raise Erased(owner=owner)
        key = AESGCM(_opened(AESGCM(self._derive_of("wrap")), row["wrapped"], owner))
        with self._lock:
            if seen == self._destroyed:
                self._kept[owner] = key
                while len(self._kept) > KEPT_KEYS_MAX:
                    self._kept.popitem(last=False)
        return key

    def _destroy(self, tx: Tx, owner: str) -> None:
        tx.execute("DELETE FROM keys WHERE owner = ?", (owner,))
        tx.execute("INSERT OR IGNORE INTO destroyed VALUES (?)", (owner,))
        with self._lock:
            self._destroyed += 1
            self._kept.pop(owner, None)


def _keep_check(tx: Tx, check: bytes) -> None:
    tx.insert("vault", one=1, shop_key_check=check)


def _insert_key(tx: Tx, owner: str, wrapped: bytes) -> None:
    if tx.one("SELECT 1 FROM destroyed WHERE owner = ?", (owner,)):
        raise Erased(owner=owner)
    tx.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (owner, wrapped))


def _bound(owner: str, field: str) -> str:
    return f"{owner}\x1f{field}"


def _sealed(key: AESGCM, plain: bytes, bound_to: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return FORMAT + nonce + key.encrypt(nonce, plain, bound_to.encode())


def _opened(key: AESGCM, sealed: bytes, bound_to: str) -> bytes:
    if sealed[:1] != FORMAT:
        raise VaultLocked(why="unknown format")
    try:
        return key.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], bound_to.encode())
    except (InvalidTag, ValueError) as wrong:
        raise VaultLocked(why="not sealed for this owner and field, or damaged") from wrong


def _derive(shop_key: bytes, use: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"chairside {use} v1".encode()).derive(shop_key)


def _make_key(file: Path) -> None:
    """Write a fresh key unless there is one; whole or not at all, and never over another."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f".shop.key.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(os.urandom(KEY_BYTES).hex() + "\n")
            out.flush()
            os.fsync(out.fileno())
        file.hardlink_to(fresh)  # unlike a rename it fails when another process was faster: the first key stays
    except FileExistsError:
        return
    finally:
        fresh.unlink()
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_key(file: Path) -> bytes:
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            file.chmod(0o600)
            log.warning("the shop key was readable by others and is no more", file=file.name)
        key = bytes.fromhex(file.read_text("ascii").strip())
    except FileNotFoundError:
        raise VaultLocked(file=file.name, why="missing") from None
    except (OSError, ValueError) as wrong:
        raise VaultLocked(file=file.name, why="unreadable") from wrong
    if len(key) != KEY_BYTES:
        raise VaultLocked(file=file.name, why="wrong length")
    return key
