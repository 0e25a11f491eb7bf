"""Texts to vectors, in turns: our embedder and ``SentenceTransformer.encode`` on the same weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from eval.bench.samples import Sample
from eval.questions import Question
from rag.ingest import Progress
from rag.ports import Embedder

__all__ = ["passages", "queries"]

GROUP = 64
"""Passages that are embedded in one turn."""


def passages(texts: Sequence[str], embedder: Embedder, encoder: Any, count: int, tell: Progress) -> Iterator[Sample]:
    """Yield passages a second for each group of ``count`` different texts made of ``texts``."""
    chosen = _different(texts, count)
    groups = [chosen[first : first + GROUP] for first in range(0, len(chosen), GROUP)]
    systems: dict[str, Callable[[list[str]], Any]] = {
        "footnote": embedder.embed_passages,
        "library": partial(encoder.encode, show_progress_bar=False),
    }
    for done, group in enumerate(groups):
        tell("embedding", done, len(groups), "")
        for system, encode in systems.items():
            seconds = _seconds(partial(encode, group))
            yield Sample("embedding", system, str(done), {"seconds_s": seconds, "rate": len(group) / seconds})
    tell("embedding", len(groups), len(groups), "")


def queries(questions: Sequence[Question], embedder: Embedder, encoder: Any) -> Iterator[Sample]:
    """Yield the seconds that it takes to embed each question."""
    for question in questions:
        ours = _seconds(partial(embedder.embed_query, question.question))
        theirs = _seconds(partial(encoder.encode, [question.question], show_progress_bar=False))
        yield Sample("query", "footnote", question.id, {"seconds_s": ours})
        yield Sample("query", "library", question.id, {"seconds_s": theirs})


def _different(texts: Sequence[str], count: int) -> list[str]:
    """Return ``count`` texts, each time round with a word less at their beginning, so that none comes twice.

    >>> _different(["a b c", "d e f"], 5)
    ['a b c', 'd e f', 'b c', 'e f', 'c']
    """
    rounds = -(-count // len(texts))
    return [" ".join(text.split()[turn:]) for turn in range(rounds) for text in texts][:count]


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
