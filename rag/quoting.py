"""The sentences of the evidence that may answer a question: by their words and by their meaning, in turns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

import numpy as np

from rag.alignment import AROUND, WEIGHTS, Source, has, heading, source_of
from rag.citations import Span, quote
from rag.ports import Embedder
from rag.text.language import language_of
from rag.text.words import content_words
from rag.types import Evidence

__all__ = ["nearest"]


def nearest(question: str, evidence: Sequence[Evidence], embedder: Embedder, most: int) -> list[Span]:
    """Return up to ``most`` sentences of ``evidence`` that are nearest to ``question``, the best first.

    The best by words and the best by meaning come in turns: of 132 questions whose evidence holds every fact, four
    sentences hold all facts for 107 so, for 100 by words and for 99 by meaning alone.
    """
    sources = [source_of(item, language_of(question)) for item in evidence]
    by_words, by_meaning = _by_words(question, sources), _by_meaning(question, sources, embedder)
    turns = chain.from_iterable(zip_longest(by_words, by_meaning))
    return list(dict.fromkeys(span for span in turns if span))[:most]


def _by_words(question: str, sources: Sequence[Source]) -> list[Span]:
    """Return the sentences that have words of the question, those with most of them first."""
    spoken = language_of(question)
    words = {word.form: word for word in content_words(question, spoken)}.values()
    scored = list[tuple[float, Span]]()
    for source in sources:
        for (start, end), forms in zip(source.spans, source.forms, strict=True):
            own = sum(WEIGHTS[word.kind] for word in words if has(word, forms))
            near = own + AROUND * sum(WEIGHTS[word.kind] for word in words if has(word, source.above - forms))
            scored.append((near if own else 0.0, _span(source.evidence, start, end)))
    return [span for score, span in sorted(scored, key=lambda pair: -pair[0]) if score]


def _by_meaning(question: str, sources: Sequence[Source], embedder: Embedder) -> list[Span]:
    """Return all sentences, those whose vectors are nearest to that of the question first."""
    spans = [_span(source.evidence, *span) for source in sources for span in source.spans]
    if not spans:
        return []
    texts = [f"{heading(span.evidence.passage)} {quote(span)}" for span in spans]
    cosines = embedder.embed_passages(texts) @ embedder.embed_query(question)
    return [spans[place] for place in np.argsort(-cosines, kind="stable")]


def _span(item: Evidence, start: int, end: int) -> Span:
    return Span(item, item.passage.start + start, item.passage.start + end)
