"""What a bench gave, on the disk: written anew after each part, so that one that is stopped leaves what it had.

bench.json     what was measured with what, every sample, and the figures made of them
bench.html     the same as a page, see ``eval.bench.report``
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.bench.figures import figures
from eval.bench.samples import Sample
from eval.journal import RunError, write_whole

__all__ = ["PAGE", "RESULT", "Bench", "Keeper", "load", "machine_load"]

FORMAT = 1
RESULT = "bench.json"
PAGE = "bench.html"


@dataclass(frozen=True, slots=True)
class Bench:
    """A finished bench: what it was made of, its samples and its figures."""

    made: dict[str, Any]
    samples: tuple[Sample, ...]
    figures: dict[str, Any]


class Keeper:
    """Collects the samples of part after part, and writes the file anew after each."""

    def __init__(self, file: Path, made: dict[str, Any]) -> None:
        self._file = file
        self._made = {**made, "load": [machine_load()]}
        self.samples: list[Sample] = []

    def keep(self, samples: Iterable[Sample]) -> None:
        """Measure a whole part and write it down."""
        self.samples += samples
        self._made["load"].append(machine_load())
        table = {
            "format": FORMAT,
            "made": self._made,
            "samples": [dataclasses.asdict(sample) for sample in self.samples],
            "figures": figures(self.samples),
        }
        write_whole(self._file, json.dumps(table, ensure_ascii=False, indent=1) + "\n")


def load(folder: Path) -> Bench:
    """Read what ``run`` wrote. Raises ``RunError`` where there is nothing, or it is damaged."""
    file = folder / RESULT
    try:
        table = json.loads(file.read_text("utf-8"))
        if table["format"] != FORMAT:
            raise RunError(f"{file} was made by another version of Footnote. Run 'footnote bench' again.")
        samples = tuple(Sample(**row) for row in table["samples"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{file} is missing or damaged ({error}). Run 'footnote bench' again.") from error
    return Bench(table["made"], samples, table["figures"])


def machine_load() -> float:
    """Return how many processes wanted to run in the last minute: above the number of cores, the machine was busy."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0
