"""The whole bench: its parts in order, each kept on the disk as soon as it is done.

bench.json     what was measured with what, every sample, and the figures made of them
bench.html     the same as a page, see ``eval.bench.report``
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval import collection
from eval.bench import answers, cold, encoding
from eval.bench.bare import BareLlama
from eval.bench.figures import figures
from eval.bench.recipe import PlainRecipe, open_encoder
from eval.bench.samples import Sample
from eval.bench.stages import Watch
from eval.journal import RunError, write_whole
from eval.questions import Question
from eval.sets import KnownAnswerSet, sample
from rag.assistant import Assistant
from rag.config import Config, usable_cores
from rag.embedding import open_embedder
from rag.generation import ScriptedGenerator
from rag.index import Index
from rag.ingest import Progress
from rag.prompts import load as load_prompt

__all__ = ["FULL", "QUICK", "Bench", "Plan", "load", "run"]

FORMAT = 1
RESULT = "bench.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: counts, and the sizes at which cost is held against size."""

    questions: int
    written: int
    embedded: int
    starts: int


FULL = Plan(questions=30, written=64, embedded=1024, starts=3)
QUICK = Plan(questions=4, written=32, embedded=128, starts=1)


@dataclass(frozen=True, slots=True)
class Bench:
    """A finished bench: what it was made of, its samples and its figures."""

    made: dict[str, Any]
    samples: tuple[Sample, ...]
    figures: dict[str, Any]


class Keeper:
    """Collects the samples of part after part, and writes the file anew after each."""

    def __init__(self, file: Path, made: dict[str, Any]) -> None:
        self._file, self._made = file, made
        self.samples: list[Sample] = []

    def keep(self, samples: Iterable[Sample]) -> None:
        """Measure a whole part and write it down."""
        self.samples += samples
        table = {
            "format": FORMAT,
            "made": {**self._made, "load": [*self._made["load"], _load()]},
            "samples": [dataclasses.asdict(sample) for sample in self.samples],
            "figures": figures(self.samples),
        }
        write_whole(self._file, json.dumps(table, ensure_ascii=False, indent=1) + "\n")


def run(
    known: KnownAnswerSet, config: Config, plan: Plan, seed: int, folder: Path, indexes: Path, tell: Progress, llm: bool
) -> Bench:
    """Measure, write ``bench.json`` into ``folder`` after every part, and return all of it.

    Without ``llm`` only what needs no language model. ``indexes`` is where the index of the set is kept.

    Raises:
        RunError: the set has fewer than two questions that its documents answer, or a process of the bench failed.
    """
    questions = _chosen(known, plan.questions, seed)
    folder.mkdir(parents=True, exist_ok=True)
    embedder = open_embedder(config)
    with collection.opened_index(known, config, embedder, indexes, tell) as index:
        texts, place = [passage.text for passage in collection.every_passage(index)], index.folder
    keeper = Keeper(folder / RESULT, _made(known, questions, config, plan, seed, llm, len(texts)))
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "index"
        cold.copied(place, copy)
        measured = dataclasses.replace(config, index=copy)
        if llm:
            _with_model(questions, texts, measured, plan, place, keeper, tell)
        else:
            _without_model(questions, texts, measured, plan, place, keeper, tell)
    return load(folder)


def _with_model(
    questions: Sequence[Question],
    texts: Sequence[str],
    config: Config,
    plan: Plan,
    place: Path,
    keeper: Keeper,
    tell: Progress,
) -> None:
    with Assistant.open(config) as assistant:
        recipe = PlainRecipe(config, texts)
        bare = BareLlama(recipe.llama, config)
        watch = Watch(assistant)
        answers.warm_up(watch, recipe)
        keeper.keep(answers.answers(questions, watch, recipe, bare, plan.written, tell))
        bare.close()
        keeper.keep(encoding.queries(questions, assistant.embedder, recipe.encoder))
        keeper.keep(encoding.passages(texts, assistant.embedder, recipe.encoder, plan.embedded, tell))
        drafted = [q for q in questions if _drafted(q.id, keeper.samples)] or list(questions)
        drafted = drafted[: plan.starts]
        evidence = {q.id: [item.passage.text for item in assistant.retrieve(q.question, q.history)] for q in drafted}
        recipe.close()
    keeper.keep(cold.starts(drafted, evidence, place, config, ["help", "search", "footnote", "recipe"], tell))


def _without_model(
    questions: Sequence[Question],
    texts: Sequence[str],
    config: Config,
    plan: Plan,
    place: Path,
    keeper: Keeper,
    tell: Progress,
) -> None:
    embedder, encoder = open_embedder(config), open_encoder(config)
    with Index.open(config.index, embedder) as index:
        watch = Watch(Assistant(index, embedder, ScriptedGenerator({}), load_prompt(config.prompt), config))
        answers.warm_up(watch)
        keeper.keep(answers.searches(questions, watch, tell))
    keeper.keep(encoding.queries(questions, embedder, encoder))
    keeper.keep(encoding.passages(texts, embedder, encoder, plan.embedded, tell))
    nothing: dict[str, list[str]] = {question.id: [] for question in questions}
    keeper.keep(cold.starts(questions[: plan.starts], nothing, place, config, ["help", "search"], tell))


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


def _chosen(known: KnownAnswerSet, count: int, seed: int) -> tuple[Question, ...]:
    """Return ``count`` of the questions that the documents answer: an abstention would only be quicker."""
    answerable = [question for question in known.questions if question.answerable]
    if min(count, len(answerable)) < 2:
        raise RunError("It takes at least two questions that the documents answer. Set --limit to 2 or more.")
    return sample(answerable, count, seed)


def _drafted(id_: str, samples: Iterable[Sample]) -> bool:
    return any(s.id == id_ and s.system == "again" and "first_token_s" in s.values for s in samples)


def _made(
    known: KnownAnswerSet, questions: Sequence[Question], config: Config, plan: Plan, seed: int, llm: bool, count: int
) -> dict[str, Any]:
    return {
        "set": known.name,
        "passages": count,
        "questions": {question.id: question.question for question in questions},
        "seed": seed,
        "plan": dataclasses.asdict(plan),
        "embedder": config.embedder,
        "generator": Path(config.generator).name if llm else None,
        "settings": {name: getattr(config, name) for name in ("evidence", "candidates", "context", "answer_tokens")},
        "program": collection.code_hash(),
        "machine": {
            "processor": platform.machine(),
            "system": platform.system(),
            "python": platform.python_version(),
            "cores": usable_cores(),
            "threads": config.threads or usable_cores(),
        },
        "load": [_load()],
    }


def _load() -> float:
    """Return how many processes wanted to run in the last minute: above the number of cores, the machine was busy."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0
