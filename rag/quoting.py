"""Quotes for unsure answers: the sentences of the evidence closest to the question, with the list they belong to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

import numpy as np

from rag.citations import Span, quote
from rag.ports import Embedder
from rag.text.language import language_of
from rag.text.sentences import WORD, is_item, sentences
from rag.text.statements import SYMBOL, is_row
from rag.text.words import content_words
from rag.types import Evidence
from rag.verification.alignment import AROUND, WEIGHTS, Source, has, heading, source_of

__all__ = ["LINES", "nearest", "quotes"]

PLACES, LINES = 4, 10
"""Most places of the evidence that are quoted, and most sentences and list items in all of them."""
SHORT = 120
"""Characters of a sentence that rarely says enough by itself: the next one is quoted with it."""
LONGEST_LIST = 700
"""Characters of a list that is quoted whole."""
ITEM_SYMBOL = re.compile(rf"{SYMBOL}\s+")
"""The symbol of a list item; a number stays, since it may be that of a clause."""
HEADING = re.compile(r"#{1,6}\s")
CONSIDERED = 40
"""Closest sentences that are looked at."""


def quotes(supporting: Iterable[Span], question: str, evidence: Sequence[Evidence], embedder: Embedder) -> list[Span]:
    """Return the sentences that may answer ``question``: those ``supporting`` a draft first, then the closest ones.

    An item brings its whole list, line by line with the introduction; a short sentence is quoted together with the next
    one. Of 155 questions about organisations and other genres, the quotes contain every fact for 97 this way, and for
    89 with four single sentences; of 150 about the seeds, for 112 and 103. They are 1.4 times as long.
    """
    found, places = list[Span](), 0
    for span in chain(supporting, nearest(question, evidence, embedder, CONSIDERED)):
        if _overlaps(span, found):
            continue
        if places == PLACES or len(found) == LINES:
            break
        place = [one for one in _with_context(span) if not _overlaps(one, found)]
        found += place if len(found) + len(place) <= LINES else [span]
        places += 1
    return [_without_symbol(span) for span in found]


def _without_symbol(span: Span) -> Span:
    """Return ``span`` without the symbol of a list item: it is shown as an item anyway."""
    symbol = ITEM_SYMBOL.match(quote(span))
    return replace(span, start=span.start + symbol.end()) if symbol else span


def _overlaps(span: Span, others: Iterable[Span]) -> bool:
    name = span.evidence.passage.document
    return any(
        other.evidence.passage.document == name and other.start < span.end and span.start < other.end
        for other in others
    )


def _with_context(span: Span) -> list[Span]:
    """Return ``span`` with the other lines of its list, or with the next sentence if it is short."""
    item, text = span.evidence, span.evidence.passage.text
    parts = sentences(text)
    begin = span.start - item.passage.start
    at = next((place for place, (start, end) in enumerate(parts) if start <= begin < end), None)
    if at is None or is_row(text[slice(*parts[at])]):
        return [span]
    first, last = _list_around(text, parts, at)
    if first < last:
        return [_span(item, start, end) for start, end in parts[first : last + 1]]
    if span.end - span.start < SHORT and at + 1 < len(parts):
        (start, end), (follows, close) = parts[at], parts[at + 1]
        apart = "\n" in text[end:follows]
        return [_span(item, start, end), _span(item, follows, close)] if apart else [_span(item, start, close)]
    return [span]


def _list_around(text: str, parts: Sequence[tuple[int, int]], at: int) -> tuple[int, int]:
    """Return the first and last of ``parts`` in the list of the one ``at``, or only that if there is none.

    A list has an introduction, and is cut to ``LONGEST_LIST``.
    """
    items = [is_item(text, start, end) for start, end in parts]
    introduces = text[slice(*parts[at])].endswith(":") and any(items[at + 1 : at + 2])
    if not items[at] and not introduces:
        return at, at
    first = last = at
    while first and items[first]:
        first -= 1
    while last + 1 < len(parts) and items[last + 1]:
        last += 1
    while last > at and parts[last][1] - parts[first][0] > LONGEST_LIST:
        last -= 1
    while first < at and parts[last][1] - parts[first][0] > LONGEST_LIST:
        first += 1
    return first, last


def nearest(question: str, evidence: Sequence[Evidence], embedder: Embedder, most: int) -> list[Span]:
    """Return up to ``most`` sentences of ``evidence`` closest to ``question``, best first.

    The best by words and the best by meaning alternate: of 132 questions whose evidence contains every fact, four
    sentences contain all facts for 107 this way, for 100 by words alone and for 99 by meaning alone.
    """
    sources = [_without_headings(source_of(item, language_of(question))) for item in evidence]
    by_words, by_meaning = _by_words(question, sources), _by_meaning(question, sources, embedder)
    turns = chain.from_iterable(zip_longest(by_words, by_meaning))
    return list(dict.fromkeys(span for span in turns if span))[:most]


def _without_headings(source: Source) -> Source:
    """Return ``source`` without the sentences that say nothing by themselves: headings, and lines without words."""
    passage = source.evidence.passage
    headings = {_words_in(part) for part in (passage.title, *passage.section.split(" > "))}
    pairs = zip(source.spans, source.forms, strict=True)
    kept = [(span, forms) for span, forms in pairs if _says(passage.text[slice(*span)], headings)]
    return replace(source, spans=[span for span, _ in kept], forms=[forms for _, forms in kept])


def _says(text: str, headings: Collection[str]) -> bool:
    words = _words_in(text)
    return bool(words) and not HEADING.match(text) and words not in headings


def _words_in(text: str) -> str:
    """Return the words of ``text`` in lower case, without punctuation."""
    return " ".join(match[0].lower() for match in WORD.finditer(text))


def _by_words(question: str, sources: Sequence[Source]) -> list[Span]:
    """Return the sentences that share words with the question, those with most of them first."""
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
    """Return all sentences, those with vectors closest to the question's first."""
    spans = [_span(source.evidence, *span) for source in sources for span in source.spans]
    if not spans:
        return []
    texts = [f"{heading(span.evidence.passage)} {quote(span)}" for span in spans]
    cosines = embedder.embed_passages(texts) @ embedder.embed_query(question)
    return [spans[place] for place in np.argsort(-cosines, kind="stable")]


def _span(item: Evidence, start: int, end: int) -> Span:
    return Span(item, item.passage.start + start, item.passage.start + end)
