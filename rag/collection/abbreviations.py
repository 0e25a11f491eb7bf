"""What an abbreviation stands for: where a text spells it out, or where lists have both beside the same person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product

from rag.citations import Checked, Claim, Span, Support
from rag.collection.records import Record
from rag.collection.rosters import behind
from rag.sentences import sentences
from rag.types import Evidence, Passage

__all__ = ["abbreviation_in", "listed_as_both", "spelt_out"]

SHORT = r"(?:the )?(?:abbreviation |acronym |initials |letters |name |term )?[\"'“‘]?(?P<short>\w[\w&.-]{1,9})[\"'”’]?"
ASKED = [
    re.compile(rf"(?:and |so )?{pattern}\s*[?.]*", re.IGNORECASE)
    for pattern in (
        rf"what (?:does|do|did) {SHORT} stand for",
        rf"what (?:is|are|was) {SHORT} (?:short|an? (?:abbreviation|acronym)) (?:for|of)",
        rf"what (?:does|do) the (?:abbreviation|acronym|initials|letters) {SHORT} mean",
        rf"what is the (?:full|long) (?:name|form) (?:of|for) {SHORT}",
        rf"{SHORT} stands for what",
    )
]
SMALL = re.compile(r"\b(?:and|for|in|of|on|the|to)\s+|&\s+", re.IGNORECASE)
ARTICLE = re.compile(r"(?:an?|the)\s+", re.IGNORECASE)
MORE = 5
"""Words that a long form may have beyond the letters of the short one, at most twice as many as those."""


def abbreviation_in(question: str) -> str:
    """Return the abbreviation whose meaning ``question`` asks for, and nothing else; empty where it does not.

    >>> abbreviation_in("What does the acronym WHO stand for?"), abbreviation_in("Who stands for the WHO?")
    ('WHO', '')
    """
    found = next(filter(None, (pattern.fullmatch(question.strip()) for pattern in ASKED)), None)
    return found["short"] if found and len(_letters(found["short"])) > 1 else ""


def spelt_out(short: str, passages: Sequence[Passage]) -> Checked:
    """Return how the first sentence that spells ``short`` out in brackets, or before them, does so."""
    for passage in passages:
        for start, end in sentences(passage.text):
            long = next(_long_forms(short, " ".join(passage.text[start:end].split())), "")
            if long:
                span = Span(Evidence(passage, 1.0, 1), passage.start + start, passage.start + end)
                return [(Claim(long), Support((span,), 1.0))]
    return []


def _long_forms(short: str, sentence: str) -> Iterator[str]:
    """Yield what stands for ``short`` in ``sentence``: ``long form (short)``, ``short (long form)``.

    >>> list(_long_forms("nef", "Anna Coote of the new economics foundation (nef) spoke."))
    ['new economics foundation']
    >>> list(_long_forms("GP", "Ask your GP (general practitioner) first."))
    ['general practitioner']
    """
    name = rf"[\"'“‘]?{re.escape(short)}[\"'”’]?"
    for match in re.finditer(rf"([^()]+?)\s*\({name}\)", sentence, re.IGNORECASE):
        if long := _long_form(short, match[1]):
            yield long
    for match in re.finditer(rf"(?<!\w){name}\s+\(([^()]+)\)", sentence, re.IGNORECASE):
        inside = ARTICLE.sub("", match[1], count=1)
        if _begins(short, inside):
            yield inside


def _long_form(short: str, before: str) -> str:
    """Return the words at the end of ``before`` that ``short`` abbreviates, or nothing.

    From its last letter to its first, each must be found before the one that was found last, the first at the beginning
    of a word (Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions", 2003).
    """
    letters, place = _letters(short), len(before)
    for left, letter in reversed(list(enumerate(letters))):
        place = before.lower().rfind(letter, 0, place)
        while left == 0 and place > 0 and before[place - 1].isalnum():
            place = before.lower().rfind(letter, 0, place)
        if place < 0:
            return ""
    long = before[place:].strip(" \"'“”‘’")
    fits = len(letters) < len(_letters(long)) and len(long.split()) <= min(len(letters) + MORE, 2 * len(letters))
    return long if fits else ""


def listed_as_both(short: str, records: Sequence[Record]) -> Checked:
    """Return the entry of a list whose initials are ``short``, of somebody who is listed with ``short`` elsewhere."""
    for one, other in product(records, records):
        if one.name.casefold() != other.name.casefold() or _letters(short) not in map(_letters, one.value.split(", ")):
            continue
        for part in other.value.split(", "):
            if part.casefold() != short.casefold() and _letters(short) in {
                _initials(part),
                _initials(SMALL.sub("", part)),
            }:
                return [(Claim(part), behind([one, other]))]
    return []


def _begins(short: str, long: str) -> bool:
    """Tell whether the words of ``long``, or all but the small ones, begin with the letters of ``short``."""
    return _letters(short) in {_initials(long), _initials(SMALL.sub("", long))} - {_letters(long)}


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _initials(text: str) -> str:
    return "".join(word[0] for word in text.lower().split() if word[0].isalnum())
