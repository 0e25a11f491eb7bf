"""The result of a benchmark on disk, written after each part, so that nothing is lost if it is stopped.

bench.json     settings and models, every sample, and the results bench.html     the same as a page, see
``eval.bench.report``
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

__all__ = ["PAGE", "RESULT", "Bench", "ResultFile", "load", "machine_load"]

FORMAT = 1
RESULT = "bench.json"
PAGE = "bench.html"


@dataclass(frozen=True, slots=True)
class Bench:
    """A finished benchmark: settings and models, samples and results."""

    made: dict[str, Any]
    samples: tuple[Sample, ...]
    figures: dict[str, Any]


class ResultFile:
    """Collects the samples of each part, and writes the file after each."""

    def __init__(self, file: Path, made: dict[str, Any]) -> None:
        self._file = file
        self._made = {**made, "load": [machine_load()]}
        self.samples: list[Sample] = []

    def keep(self, samples: Iterable[Sample]) -> None:
        """Measure one part and write it down."""
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
    """Read what ``run`` wrote. Raises ``RunError`` if it is missing or damaged."""
    file = folder / RESULT
    try:
        table = json.loads(file.read_text("utf-8"))
        if table["format"] != FORMAT:
            raise RunError(f"{file} was written by another version of Footnote. Run 'footnote bench' again.")
        samples = tuple(Sample(**row) for row in table["samples"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{file} is missing or damaged ({error}). Run 'footnote bench' again.") from error
    return Bench(table["made"], samples, table["figures"])


def machine_load() -> float:
    """Return the load of the last minute: if it exceeds the number of cores, the machine was busy."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0
