"""Whether this machine has nothing better to do than background work."""

from __future__ import annotations

import time
from typing import NamedTuple

import psutil

__all__ = ["Machine", "Reading", "others"]

SHARE = 0.25
"""Cores' worth of work by other processes from which the machine counts as busy."""


class Reading(NamedTuple):
    """The clock, and the processor time spent until then by all processes and by this one, in seconds."""

    clock: float
    every: float
    own: float


def others(before: Reading, after: Reading) -> float:
    """Return how many cores other processes used between two readings.

    >>> others(Reading(10.0, 100.0, 5.0), Reading(12.0, 104.0, 8.5))
    0.25
    """
    spent = after.every - before.every - (after.own - before.own)
    return spent / max(after.clock - before.clock, 1e-3)


class Machine:
    """The load that other processes put on this machine, and its power supply."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._last = self._read()

    def is_free(self) -> bool:
        """Return whether the others were idle since the last call, and the machine isn't on battery.

        Call it after a second or more: processor time is counted in hundredths of a second.
        """
        before, self._last = self._last, self._read()
        return others(before, self._last) < SHARE and not _on_battery()

    def _read(self) -> Reading:
        times, own = psutil.cpu_times(), self._process.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # Also counted as user time.
        return Reading(time.monotonic(), sum(times) - idle - guests, own.user + own.system)


def _on_battery() -> bool:
    battery = getattr(psutil, "sensors_battery", lambda: None)()  # Not on every system.
    return battery is not None and battery.power_plugged is False
