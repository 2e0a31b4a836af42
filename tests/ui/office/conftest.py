"""The office's pages run in the same process as the desk's."""

from tests.ui.station.conftest import _desk, bench_url, chromium, desk, desk_url, open_desk

__all__ = ["_desk", "bench_url", "chromium", "desk", "desk_url", "open_desk"]
