"""Started in place of a server, becomes it: gives up root, and makes sure the server never outlives head office.

Run by its path, with the standard library only, so that it is the server after a few milliseconds:
`lifeline.py PARENT SIGNAL UID GID REACH PROGRAM ARG…`. The kernel sends SIGNAL when PARENT dies, however it dies.
UID -1 keeps the user. With REACH 1 the server may still pass through folders of root's, such as a home of mode 0700,
on the way to its own files: the one capability for that is kept, all others are dropped with root.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def main(arguments: list[str]) -> None:
    """Become the program; returns never."""
    parent, signal, uid, gid, reach = map(int, arguments[:5])
    program = arguments[5:]
    if uid >= 0:
        _leave_root(uid, gid, reach=bool(reach))
    _libc.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)  # after the change of user, which clears it
    if os.getppid() != parent:
        sys.exit("the one who started this is already gone")
    os.execv(program[0], program)  # noqa: S606 - this is what it is for


def _leave_root(uid: int, gid: int, *, reach: bool) -> None:
    if reach:
        _libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if reach and not any(_keep(capability) for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE)):
        sys.exit("the server's user cannot reach its files and the kernel lends it no way through")


def _keep(capability: int) -> bool:
    """Keep just this capability over execve; False when we do not have it."""
    header, sets = _Header(CAPABILITY_VERSION_3, 0), (_Sets * 2)()
    sets[0] = _Sets(1 << capability, 1 << capability, 1 << capability)
    if _libc.capset(ctypes.byref(header), ctypes.byref(sets)) != 0:
        return False
    return bool(_libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)


if __name__ == "__main__":
    main(sys.argv[1:])
