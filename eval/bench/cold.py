"""Cold start: from a new process to an answer, without any of our caches, and its peak memory.

Run as a program, this module is that process: it reads its task from standard input and writes its measurements as
JSON.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.bench.samples import Sample
from eval.journal import RunError
from eval.questions import Question
from rag.config import Config
from rag.config import load as load_config
from rag.ingest import Progress
from rag.types import Evidence, Passage, Turn

__all__ = ["child", "copied", "help_seconds", "now_mb", "peak_mb", "starts"]


def starts(
    questions: Sequence[Question],
    evidence: dict[str, list[str]],
    folder: Path,
    config: Config,
    systems: Sequence[str],
    tell: Progress,
) -> Iterator[Sample]:
    """Yield, for each question and system, the measurements of a new process, from its start.

    ``evidence`` holds the texts that the recipe reads, by question. Each process gets a copy of the index in ``folder``
    with documents and vectors only. The files may be in the operating system's cache.
    """
    turns = [(question, system) for question in questions for system in systems]
    for done, (question, system) in enumerate(turns):
        tell("cold starts", done, len(turns), question.id)
        if system == "help":
            values = {"total_s": help_seconds()}
        else:
            with tempfile.TemporaryDirectory() as temporary:
                copied(folder, Path(temporary) / "index")
                settings = _plain(dataclasses.replace(config, index=Path(temporary) / "index"))
                asked = [dataclasses.asdict(question)]
                order = {"system": system, "config": settings, "questions": asked, "evidence": evidence[question.id]}
                values = child("eval.bench.cold", order)
        yield Sample("cold", system, question.id, values)
    tell("cold starts", len(turns), len(turns), "")


def copied(folder: Path, to: Path) -> None:
    """Copy the index in ``folder``, which must not be open, without cached attention states."""
    to.mkdir(parents=True)
    for file in filter(Path.is_file, folder.iterdir()):
        shutil.copyfile(file, to / file.name)


def child(module: str, order: dict[str, Any]) -> Any:
    """Run ``module`` as a program with ``order`` on its standard input, and return its JSON output.

    Raises:
        RunError: it failed; the message ends with its own.
    """
    begun = {"begun": time.time(), **order}
    done = subprocess.run(
        [sys.executable, "-m", module], input=json.dumps(begun), capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise RunError(f"A process of the benchmark ({module}) failed: {last[0]} Start the benchmark again.")
    return json.loads(done.stdout.splitlines()[-1])


def help_seconds() -> float:
    """Return the time that ``footnote --help`` takes."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "rag.cli", "--help"], capture_output=True, check=True)
    return time.perf_counter() - begin


def peak_mb() -> float:
    """Return the peak resident memory of this process, in MiB."""
    # The alternative would include the memory of the parent process.
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _status("VmHWM") or most / (2**20 if sys.platform == "darwin" else 2**10)


def now_mb() -> float:
    """Return the resident memory of this process, in MiB; the peak if that is unknown."""
    return _status("VmRSS") or peak_mb()


def _status(name: str) -> float | None:
    """Return a memory value that Linux keeps for this process, in MiB."""
    file = Path("/proc/self/status")
    lines = file.read_text().splitlines() if file.exists() else []
    return next((int(line.split()[1]) / 2**10 for line in lines if line.startswith(f"{name}:")), None)


def _plain(config: Config) -> dict[str, Any]:
    return {name: str(v) if isinstance(v, Path) else v for name, v in dataclasses.asdict(config).items()}


def _main() -> None:
    order = json.load(sys.stdin)
    config = load_config(None, {}, order["config"])
    question = _question(order["questions"][0])
    run = {"search": _search, "footnote": _footnote, "recipe": _recipe}[order["system"]]
    values = run(config, question, order)
    print(json.dumps({**values, "peak_mb": peak_mb()}))


def _search(config: Config, question: Question, order: dict[str, Any]) -> dict[str, float]:
    from rag.embedders import open_embedder
    from rag.indexes.opening import open_index
    from rag.retrieval.hybrid import retrieve

    embedder = open_embedder(config)
    with open_index(config, embedder) as index:
        ready = time.time() - order["begun"]
        retrieve(question.question, index, embedder, config.evidence, config.candidates, config.dense_weight)
        return {"ready_s": ready, "total_s": time.time() - order["begun"]}


def _footnote(config: Config, question: Question, order: dict[str, Any]) -> dict[str, float]:
    from eval.bench.stages import Stopwatch
    from rag.assistant import Assistant

    with Assistant.open(config) as assistant:
        return _times(order["begun"], lambda: Stopwatch(assistant).ask(question).values)


def _recipe(config: Config, question: Question, order: dict[str, Any]) -> dict[str, float]:
    from eval.bench.recipe import PlainRecipe

    recipe = PlainRecipe(config, order["evidence"])
    evidence = [Evidence(Passage("", 0, 0, text), 0.0, rank) for rank, text in enumerate(order["evidence"], start=1)]
    return _times(order["begun"], lambda: recipe.ask(question, evidence)[0])


def _times(begun: float, ask: Any) -> dict[str, float]:
    ready = time.time() - begun
    values = ask()
    until = {name: ready + values[name] for name in ("first_token_s", "total_s", "undrafted_s") if name in values}
    return {"ready_s": ready, **until}


def _question(row: dict[str, Any]) -> Question:
    history = tuple(Turn(**turn) for turn in row["history"])
    return Question(row["id"], row["question"], row["answerable"], history=history)


if __name__ == "__main__":
    _main()
