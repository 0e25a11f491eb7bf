"""Whole answers, in turns: ours with passages it never read, the plain recipe, llama.cpp alone, and ours once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eval.bench.bare import BareLlama
from eval.bench.recipe import PlainRecipe
from eval.bench.samples import Sample, in_turns
from eval.bench.stages import Stopwatch, TimedAnswer
from eval.questions import Question
from rag import prompts
from rag.followups import earlier_questions
from rag.ingest import Progress
from rag.types import Evidence

__all__ = ["answers", "searches", "warm_up"]

FEWEST = 4
"""Tokens below which a draft says nothing about the writing speed."""


def answers(
    questions: Sequence[Question], watch: Stopwatch, recipe: PlainRecipe, bare: BareLlama, length: int, tell: Progress
) -> Iterator[Sample]:
    """Yield one sample per question for each of ``first``, ``recipe``, ``bare`` (``length`` tokens) and ``again``.

    The recipe reads every passage retrieved for ours; leaving out those far behind the best is part of our method.
    """
    evidence = dict[str, tuple[Evidence, ...]]()
    turns = list(in_turns(questions, ["first", "recipe", "bare"], "again"))
    for done, (system, question) in enumerate(turns):
        tell("answers", done, len(turns), question.id)
        if system in ("first", "again"):
            timed = watch.ask(question)
            evidence[question.id] = watch.found(question)
            values = timed.values | _rate(timed, recipe)
        elif system == "recipe":
            values, text = recipe.ask(question, evidence[question.id])
            values |= _rate(TimedAnswer(values, text, 0, ()), recipe)
        else:
            values = bare.run(_flat(watch, question, evidence[question.id]), length)
        yield Sample("answers", system, question.id, values)
    tell("answers", len(turns), len(turns), "")


def searches(questions: Sequence[Question], watch: Stopwatch, tell: Progress) -> Iterator[Sample]:
    """Yield the cost of searching for each question, without reading."""
    for done, question in enumerate(questions):
        tell("searches", done, len(questions), question.id)
        yield Sample("searches", "again", question.id, watch.search(question))
    tell("searches", len(questions), len(questions), "")


def warm_up(watch: Stopwatch, recipe: PlainRecipe | None = None) -> None:
    """Load everything that doesn't depend on the question, without reading a passage."""
    assistant = watch.assistant
    vector = assistant.embedder.embed_query("warm up")
    assistant.index.search_dense(vector, 1)
    assistant.index.search_lexical("warm up", 1)
    assistant.generator.score(replace(assistant.prompt.prompt((), "Warm?"), task="answerable"), ["yes", "no"])
    if recipe:
        recipe.ask(Question("warm-up", "Warm?", answerable=False), (), limit=1)


def _rate(timed: TimedAnswer, recipe: PlainRecipe) -> dict[str, float]:
    """Return the number of tokens of a draft, and the tokens written per second.

    Tokenising the draft again may give fewer tokens than were written, and so may counting its pieces: the larger count
    is closer.
    """
    tokens = max(recipe.count(timed.draft), timed.pieces) if timed.draft else 0
    if tokens < FEWEST:
        return {"tokens": tokens}
    return {"tokens": tokens, "writing_rate": tokens / timed.values["writing_s"]}


def _flat(watch: Stopwatch, question: Question, evidence: Sequence[Evidence]) -> str:
    """Return the prompt of an answer as one text."""
    file: prompts.PromptFile = watch.assistant.prompt
    earlier = earlier_questions(question.question, question.history)
    return file.prompt(evidence, question.question, earlier).text
