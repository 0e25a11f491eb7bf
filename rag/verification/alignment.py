"""Alignment: compare the words of a claim with the words of its source.

Numbers are compared by value and unit if both have one, dates by day, names by their letters.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

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
"""Weight of a word that is in the same sentence or in a heading, but not in the statement itself."""

KEYED = re.compile(r"([^\s:][^:.!?]{0,39}): \S")
"""A key with its value."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement with the forms of its words and of the words around it, and its words as (kind, form).

    ``key`` holds the forms before the colon of a line such as "Location: Leeds".
    """

    statement: Statement
    forms: frozenset[str]
    around: frozenset[str]
    kinds: frozenset[tuple[str, str]]
    key: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Source:
    """A passage of evidence: the spans of its sentences, the forms of their words, and its statements."""

    evidence: Evidence
    spans: list[tuple[int, int]]
    forms: list[frozenset[str]]
    above: frozenset[str]
    """Forms of the words in title and headings."""
    around: frozenset[str]
    """Forms of all its words and of title and headings."""
    stated: list[Stated]


def heading(passage: Passage) -> str:
    """Return the title and headings of a passage as the model reads them; they are part of what it says."""
    return f"{passage.title}. {passage.date}. {passage.section}. {passage.header}"


def source_of(evidence: Evidence, spoken: str) -> Source:
    """Analyse a passage of evidence; ``spoken`` is its language if its words don't reveal it."""
    passage = evidence.passage
    language = language_of(passage.text, spoken)
    spans = sentences(passage.text)
    forms = [forms_in(without_bullet(passage.text[a:b]), passage.date, language) for a, b in spans]
    above = forms_in(heading(passage), "", language)
    by_start = dict(zip([start for start, _ in spans], forms, strict=True))
    stated = [_stated(statement, by_start[statement.start] | above, language) for statement in statements(passage)]
    # Lines of keys and values describe one thing, so each of them is about what the values of the others name.
    record = frozenset[str]().union(*(item.forms - item.key for item in stated if item.key))
    stated = [replace(item, around=item.around | record) if item.key else item for item in stated]
    return Source(evidence, spans, forms, above, above.union(*forms), stated)


def _stated(statement: Statement, around: frozenset[str], language: str) -> Stated:
    words = content_words(statement.text, language)
    own = forms_of(words) | forms_in(statement.about, "", language)
    keyed = None if statement.row else KEYED.match(statement.text)
    key = (forms_in(keyed[1], "", language) or frozenset({keyed[1]})) if keyed else frozenset[str]()
    return Stated(statement, own, around, frozenset((kind_of(word), word.form) for word in words), key)


def kind_of(word: Word) -> str:
    """Return the kind of value that ``word`` is: values of the same kind exclude each other."""
    return word.measure.partition(":")[0] or word.kind


@functools.lru_cache(maxsize=4096)
def forms_in(text: str, date: str, language: str) -> frozenset[str]:
    """Return the forms of the words of ``text``; a day without a year gets the year of the document's ``date``."""
    forms = forms_of(content_words(text, language))
    return forms | {date} if date and any(form.startswith("--") for form in forms) else forms


def forms_of(words: Iterable[Word]) -> frozenset[str]:
    """Return the forms of ``words``: for a number its value, and its unit or that it has none."""
    found_forms = set[str]()
    for word in words:
        found_forms.add(word.form)
        if word.kind == "number" or word.measure:
            found_forms.add(word.measure or f"={word.form}")
    return frozenset(found_forms)


def has(word: Word, forms: Collection[str]) -> bool:
    """Return whether ``word`` is among ``forms``; a number with a unit also matches the number without one."""
    if word.measure:
        return word.measure in forms or f"={word.form}" in forms
    return found(word, forms)


def fit(item: Stated, context: Mapping[str, float], around: float = AROUND) -> float:
    """Return the weight of the words of ``context`` that a statement contains; those ``around`` it count for less."""
    own = sum(weight for form, weight in context.items() if form in item.forms)
    return own + around * sum(weight for form, weight in context.items() if form in item.around - item.forms)


def is_value(word: Word, asked: Collection[str]) -> bool:
    """Return whether ``word`` is a number, date or name that is not in the question."""
    return word.kind != "word" and word.form not in asked and word.text.lower() not in UNITS
