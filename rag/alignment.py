"""Words of a claim beside the words of its source: what a passage states, and which forms of words it has there.

Numbers are compared by what they measure where both have units, dates by the day, names by their letters.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from rag.text.language import UNITS, language_of
from rag.text.sentences import sentences
from rag.text.statements import Statement, statements, without_bullet
from rag.text.words import Word, content_words, found
from rag.types import Evidence, Passage

__all__ = [
    "AROUND",
    "WEIGHTS",
    "Source",
    "Stated",
    "fit",
    "forms_in",
    "has",
    "heading",
    "is_value",
    "kind_of",
    "source_of",
]

WEIGHTS = {"word": 1.0, "name": 2.0, "number": 2.0, "date": 2.0}
AROUND = 0.5
"""Weight of a word that stands in the same sentence, or above it, but not in the statement itself."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement with the forms of its words and of what stands around it, and its words as (kind, form)."""

    statement: Statement
    forms: frozenset[str]
    around: frozenset[str]
    kinds: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Source:
    """A passage of evidence: the spans of its sentences, the forms of their words, and its statements."""

    evidence: Evidence
    spans: list[tuple[int, int]]
    forms: list[frozenset[str]]
    above: frozenset[str]
    """Of what stands above it."""
    around: frozenset[str]
    """Of all of it, and what stands above it."""
    stated: list[Stated]


def heading(passage: Passage) -> str:
    """Return what stands above a passage where it is read: it belongs to what the passage says."""
    return f"{passage.title}. {passage.date}. {passage.section}. {passage.header}"


def source_of(evidence: Evidence, spoken: str) -> Source:
    """Return a passage of evidence taken apart; it is in the language ``spoken`` where its words do not tell."""
    passage = evidence.passage
    language = language_of(passage.text, spoken)
    spans = sentences(passage.text)
    forms = [forms_in(without_bullet(passage.text[a:b]), passage.date, language) for a, b in spans]
    above = forms_in(heading(passage), "", language)
    by_start = dict(zip([start for start, _ in spans], forms, strict=True))
    stated = [_stated(statement, by_start[statement.start] | above, language) for statement in statements(passage)]
    return Source(evidence, spans, forms, above, above.union(*forms), stated)


def _stated(statement: Statement, around: frozenset[str], language: str) -> Stated:
    words = content_words(statement.text, language)
    own = forms_of(words) | forms_in(statement.about, "", language)
    return Stated(statement, own, around, frozenset((kind_of(word), word.form) for word in words))


def kind_of(word: Word) -> str:
    """Return what kind of value ``word`` is: values of a kind exclude each other."""
    return word.measure.partition(":")[0] or word.kind


@functools.lru_cache(maxsize=4096)
def forms_in(text: str, date: str, language: str) -> frozenset[str]:
    """Return the forms of the words of ``text``; a day without its year is of the year of the document's ``date``."""
    forms = forms_of(content_words(text, language))
    return forms | {date} if date and any(form.startswith("--") for form in forms) else forms


def forms_of(words: Iterable[Word]) -> frozenset[str]:
    """Return the forms of ``words``: of a number its value, and what it measures or that no unit stands there."""
    found_forms = set[str]()
    for word in words:
        found_forms.add(word.form)
        if word.kind == "number" or word.measure:
            found_forms.add(word.measure or f"={word.form}")
    return frozenset(found_forms)


def has(word: Word, forms: Collection[str]) -> bool:
    """Tell whether ``word`` is among ``forms``: a number with a unit by what it measures, or where no unit stands."""
    if word.measure:
        return word.measure in forms or f"={word.form}" in forms
    return found(word, forms)


def fit(item: Stated, context: Mapping[str, float], around: float = AROUND) -> float:
    """Return the weight of the words of ``context`` that a statement has; those ``around`` it count for less."""
    own = sum(weight for form, weight in context.items() if form in item.forms)
    return own + around * sum(weight for form, weight in context.items() if form in item.around - item.forms)


def is_value(word: Word, asked: Collection[str]) -> bool:
    """Tell whether ``word`` is a number, date or name that the question does not give itself."""
    return word.kind != "word" and word.form not in asked and word.text.lower() not in UNITS
