"""Whole answers, in turns: ours with passages it never read, the plain recipe, llama.cpp alone, ours once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eval.bench.bare import BareLlama
from eval.bench.recipe import PlainRecipe
from eval.bench.samples import Sample, in_turns
from eval.bench.stages import Watch, Watched
from eval.questions import Question
from rag import prompts
from rag.followups import earlier_questions
from rag.ingest import Progress
from rag.types import Evidence

__all__ = ["answers", "searches", "warm_up"]

FEWEST = 4
"""Tokens below which a draft says nothing about the rate of writing."""


def answers(
    questions: Sequence[Question], watch: Watch, recipe: PlainRecipe, bare: BareLlama, length: int, tell: Progress
) -> Iterator[Sample]:
    """Yield a sample a question for each of ``first``, ``recipe``, ``bare`` (``length`` tokens) and ``again``.

    The recipe reads all passages that were found for ours; to leave out what is far behind the best is part of ours.
    """
    evidence = dict[str, tuple[Evidence, ...]]()
    turns = list(in_turns(questions, ["first", "recipe", "bare"], "again"))
    for done, (system, question) in enumerate(turns):
        tell("answers", done, len(turns), question.id)
        if system in ("first", "again"):
            watched = watch.ask(question)
            evidence[question.id] = watch.found(question)
            values = watched.values | _rate(watched, recipe)
        elif system == "recipe":
            values, text = recipe.ask(question, evidence[question.id])
            values |= _rate(Watched(values, text, 0, ()), recipe)
        else:
            values = bare.run(_flat(watch, question, evidence[question.id]), length)
        yield Sample("answers", system, question.id, values)
    tell("answers", len(turns), len(turns), "")


def searches(questions: Sequence[Question], watch: Watch, tell: Progress) -> Iterator[Sample]:
    """Yield what searching took for each question, without reading."""
    for done, question in enumerate(questions):
        tell("searches", done, len(questions), question.id)
        yield Sample("searches", "again", question.id, watch.search(question))
    tell("searches", len(questions), len(questions), "")


def warm_up(watch: Watch, recipe: PlainRecipe | None = None) -> None:
    """Bring everything into memory that is there whatever is asked, without reading a passage."""
    assistant = watch.assistant
    vector = assistant.embedder.embed_query("warm up")
    assistant.index.search_dense(vector, 1)
    assistant.index.search_lexical("warm up", 1)
    assistant.generator.score(replace(assistant.prompt.prompt((), "Warm?"), task="answerable"), ["yes", "no"])
    if recipe:
        recipe.ask(Question("warm-up", "Warm?", answerable=False), (), limit=1)


def _rate(watched: Watched, recipe: PlainRecipe) -> dict[str, float]:
    """Return the tokens of a draft, and how many of them were written a second.

    The draft cut into tokens anew may have fewer than were written, and so may its pieces: the larger is the nearer.
    """
    tokens = max(recipe.count(watched.draft), watched.pieces) if watched.draft else 0
    if tokens < FEWEST:
        return {"tokens": tokens}
    return {"tokens": tokens, "writing_rate": tokens / watched.values["writing_s"]}


def _flat(watch: Watch, question: Question, evidence: Sequence[Evidence]) -> str:
    """Return the prompt of an answer as one text."""
    file: prompts.PromptFile = watch.assistant.prompt
    earlier = earlier_questions(question.question, question.history)
    return file.prompt(evidence, question.question, earlier).text
