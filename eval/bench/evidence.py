"""The cost of more evidence: time to first word with 1 to 8 passages, ours and the plain recipe's in turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eval.bench.recipe import PlainRecipe
from eval.bench.samples import Sample, latin_square
from eval.bench.stages import Stopwatch
from eval.questions import Question
from rag.ingest import Progress

__all__ = ["evidence"]


def evidence(
    questions: Sequence[Question], counts: Sequence[int], watch: Stopwatch, recipe: PlainRecipe, tell: Progress
) -> Iterator[Sample]:
    """Yield the time to first word for each question with each of ``counts`` passages, all read before.

    A draft is started whatever the evidence is worth, and cancelled after its first word.
    """
    assistant, usual = watch.assistant, watch.assistant.config
    pairs = [*((question, max(counts)) for question in questions), *latin_square(questions, counts)]
    try:
        for done, (question, count) in enumerate(pairs):
            tell("evidence", done, len(pairs), question.id)
            assistant.config = replace(usual, evidence=count, min_confidence=0.0)
            ours = watch.ask(question, first_only=True)
            if done < len(questions):
                continue  # only to have read every passage once
            yield Sample("evidence", "footnote", question.id, ours.values, count)
            values, _ = recipe.ask(question, watch.found(question), limit=1)
            yield Sample("evidence", "recipe", question.id, values, count)
    finally:
        assistant.config = usual
    tell("evidence", len(pairs), len(pairs), "")
