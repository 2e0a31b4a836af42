"""The bench: simulated devices in hand, always marked as simulated."""

from ui.bench.client import BenchClient, BenchSilent, Sim
from ui.bench.page import BenchServices, pages

__all__ = ["BenchClient", "BenchServices", "BenchSilent", "Sim", "pages"]
