"""Progress bars on standard error, one for each step of something that takes long."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["bars"]

BYTES = ("download", "join", "check")
"""Steps that are counted in bytes."""
UNITS = {"read": " files", "done": " files", "embed": " texts"}
PACE, LOG_PACE = 0.2, 30.0
"""Seconds between two lines on a terminal, and in a log."""


@contextlib.contextmanager
def bars(committed: Callable[[str], None] = lambda name: None) -> Iterator[Callable[..., None]]:
    """Give a progress callback (step, done, total, name); ``committed`` is called with the name of what is done."""
    from tqdm import tqdm

    shown = dict[str, Any]()
    pages = ""
    pace = PACE if sys.stderr.isatty() else LOG_PACE

    def progress(step: str, done: int, total: int, name: str = "") -> None:
        nonlocal pages
        if step == "pages":
            pages = f"{done:,} pages, " if done else ""
            return
        if step == "done":
            committed(name)
        if step not in shown:
            unit = {"unit": "B", "unit_scale": True} if step in BYTES else {"unit": UNITS.get(step, "it")}
            # What was there before a break does not count for the speed.
            beginning = {"total": total, "initial": done, "mininterval": pace}
            shown[step] = tqdm(desc=step, file=sys.stderr, dynamic_ncols=True, **beginning, **unit)
        bar = shown[step]
        bar.total = total
        bar.set_postfix_str((pages if step == "done" else "") + name[-40:], refresh=False)
        bar.update(done - bar.n)

    try:
        yield progress
    finally:
        for bar in shown.values():
            bar.close()
