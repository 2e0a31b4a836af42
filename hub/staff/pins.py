"""PIN hashes: argon2id over the PIN mixed with a pepper that is in no database."""

from __future__ import annotations

import asyncio
import hmac
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from hub import cores
from hub.vault import Vault

AT_ONCE = 2  # hashes computed side by side: bounds memory, and leaves the shop its processor
MEMORY_KIB = 19 * 1024  # with two passes 40 to 100 ms on the small computers this runs on
PASSES = 2
CHARS_MAX = 64  # anything longer is nobody's PIN and not worth hashing


class PinHasher:
    """Computes and checks PIN hashes in threads of its own, never on the loop or in the writer."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._argon2 = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pin", initializer=cores.use_any)

    async def hash(self, staff: str, pin: str) -> str:
        """A salted hash of this person's PIN."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._argon2.hash, self._mixed(staff, pin))

    async def is_right(self, hashed: str, staff: str, pin: str) -> bool:
        """Whether `hashed` is of this person and this PIN."""
        if len(pin) > CHARS_MAX:
            return False
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._verify, hashed, self._mixed(staff, pin))

    def _verify(self, hashed: str, mixed: bytes) -> bool:
        try:
            return self._argon2.verify(hashed, mixed)
        except (VerificationError, InvalidHashError):
            return False

    def _mixed(self, staff: str, pin: str) -> bytes:
        return hmac.digest(self._vault.pepper(), f"{staff}\x1f{pin}".encode(), "sha256")
