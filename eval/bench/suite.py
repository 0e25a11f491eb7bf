"""The whole benchmark: its parts in order."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval import collection, runs
from eval.bench import answers, cold, encoding
from eval.bench.bare import BareLlama
from eval.bench.busy import busy
from eval.bench.evidence import evidence
from eval.bench.plan import Plan
from eval.bench.recipe import PlainRecipe, open_encoder
from eval.bench.result import RESULT, Bench, ResultFile, load
from eval.bench.sizes import sizes
from eval.bench.stages import Stopwatch
from eval.bench.users import Ask, users
from eval.journal import RunError
from eval.questions import Question
from eval.sets import KnownAnswerSet, sample
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders import open_embedder
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import open_index
from rag.ingest import Progress
from rag.prompts import load as load_prompt

__all__ = ["Serve", "directly", "run"]

SETTINGS = ("evidence", "closeness", "candidates", "context", "answer_tokens")

Serve = Callable[[Assistant], AbstractContextManager[Ask]]
"""Lets any number of users ask an assistant while the context is open."""


@contextmanager
def directly(assistant: Assistant) -> Iterator[Ask]:
    """Let users ask ``assistant`` itself: first come, first served."""
    yield lambda question, _: assistant.stream(question.question, question.history)


def run(
    known: KnownAnswerSet,
    config: Config,
    plan: Plan,
    folder: Path,
    indexes: Path,
    tell: Progress,
    *,
    seed: int = 0,
    llm: bool = True,
    serve: Serve = directly,
) -> Bench:
    """Measure, write ``bench.json`` to ``folder`` after every part, and return everything.

    Without ``llm``, only what needs no language model. ``indexes`` is where the index of the set is kept.

    Raises:
        RunError: the set has fewer than two answerable questions, or a process of the benchmark failed.
    """
    questions = _chosen(known, plan.questions, seed)
    folder.mkdir(parents=True, exist_ok=True)
    with collection.opened_index(known, config, open_embedder(config), indexes, tell) as index:
        texts, place = [passage.text for passage in collection.every_passage(index)], index.folder
    result = ResultFile(folder / RESULT, _made(known, questions, config, plan, seed, llm, len(texts)))
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        copy = Path(temporary) / "index"
        cold.copied(place, copy)
        measured = dataclasses.replace(config, index=copy)
        parts = _Parts(questions, texts, measured, plan, place, result, tell)
        if llm:
            parts.with_model(serve)
        else:
            parts.without_model()
        result.keep(sizes(plan.sizes, config.candidates, plan.queries, Path(temporary), tell))
    return load(folder)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts, and what all of them need. ``place`` is the index of the set, ``config.index`` a copy of it."""

    questions: Sequence[Question]
    texts: Sequence[str]
    config: Config
    plan: Plan
    place: Path
    result: ResultFile
    tell: Progress

    def with_model(self, serve: Serve) -> None:
        """Measure whole answers, and everything else that needs a language model."""
        plan, keep, tell = self.plan, self.result.keep, self.tell
        with Assistant.open(self.config) as assistant:
            recipe = PlainRecipe(self.config, self.texts)
            bare = BareLlama(recipe.llama, self.config)
            watch = Stopwatch(assistant)
            answers.warm_up(watch, recipe)
            keep(answers.answers(self.questions, watch, recipe, bare, plan.written, tell))
            bare.close()
            keep(encoding.queries(self.questions, assistant.embedder, recipe.encoder))
            keep(encoding.passages(self.texts, assistant.embedder, recipe.encoder, plan.embedded, tell))
            keep(evidence(self.questions[: plan.evidence_questions], plan.evidence, watch, recipe, tell))
            drafted = self._drafted() or self.questions
            started = drafted[: plan.starts]
            read = {q.id: [item.passage.text for item in assistant.retrieve(q.question, q.history)] for q in started}
            recipe.close()
            keep(busy(drafted[: plan.busy_questions], watch, tell))
            with serve(assistant) as ask:
                keep(users(self.questions, plan.users, plan.each_user, ask, tell))
        keep(cold.starts(started, read, self.place, self.config, ["help", "search", "footnote", "recipe"], tell))

    def without_model(self) -> None:
        """Measure what needs no language model."""
        keep, config = self.result.keep, self.config
        embedder, encoder = open_embedder(config), open_encoder(config)
        with open_index(config, embedder) as index:
            watch = Stopwatch(Assistant(index, embedder, ScriptedGenerator({}), load_prompt(config.prompt), config))
            answers.warm_up(watch)
            keep(answers.searches(self.questions, watch, self.tell))
        keep(encoding.queries(self.questions, embedder, encoder))
        keep(encoding.passages(self.texts, embedder, encoder, self.plan.embedded, self.tell))
        started = self.questions[: self.plan.starts]
        keep(cold.starts(started, {q.id: [] for q in started}, self.place, config, ["help", "search"], self.tell))

    def _drafted(self) -> list[Question]:
        """Return the questions for which a draft was written."""
        written = {s.id for s in self.result.samples if s.system == "again" and "first_token_s" in s.values}
        return [question for question in self.questions if question.id in written]


def _chosen(known: KnownAnswerSet, count: int, seed: int) -> tuple[Question, ...]:
    """Return ``count`` answerable questions: an abstention would only be faster."""
    answerable = [question for question in known.questions if question.answerable]
    if min(count, len(answerable)) < 2:
        raise RunError("The benchmark needs at least two answerable questions. Set --limit to 2 or more.")
    return sample(answerable, count, seed)


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
        "settings": {name: getattr(config, name) for name in SETTINGS},
        "program": collection.code_hash(),
        "machine": runs.machine(config),
    }
