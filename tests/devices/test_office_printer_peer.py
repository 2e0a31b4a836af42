"""Office printer and mDNS against programs of others: avahi, a printer by CUPS, its test suite of IPP, poppler. In a network of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.devices.shop import ROOT

PROGRAMS = ("unshare", "dbus-daemon", "avahi-daemon", "avahi-browse", "avahi-publish", "ippeveprinter", "ipptool", "pdftoppm")
HERE = Path(__file__).parent

pytestmark = pytest.mark.peer


def test_beside_avahi_and_a_printer_by_others() -> None:
    missing = [program for program in PROGRAMS if not shutil.which(program, path="/usr/bin:/usr/sbin:/bin:/sbin")]
    assert missing == [], "make peers installs them"
    inside = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", str(HERE / "inside_avahi.py")]
    command = ["unshare", "-n", "-m", "-p", "-f", "--kill-child", "sh", str(HERE / "beside_avahi.sh"), *inside]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "3 passed" in done.stdout, done.stdout[-3000:]
