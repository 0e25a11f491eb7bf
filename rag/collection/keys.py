"""Answers from lines with a key and from cells below a header: ``Treasurer: Ann Lee``, ``| Ann Lee | 960 214 |``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.citations import Checked, Claim
from rag.collection.asked import ANYONE, COUNT, HOW_MUCH, MONEY, ORGANISATION, ROLE, SAYS, Asked
from rag.collection.catalogue import stems
from rag.collection.records import Record
from rag.collection.rosters import AMOUNT, around, behind, quoted
from rag.words import found

__all__ = ["under_key"]

ALIKE = {
    **dict.fromkeys(ROLE, "role"),
    **dict.fromkeys(ORGANISATION, "organis"),
    **dict.fromkeys("mobil phone tel telephon".split(), "phone"),
    **dict.fromkeys("email mail".split(), "email"),
}
"""Stems of keys that are called so or so."""
GENERAL = frozenset("date locat number place subject time titl total venu".split())
"""Stems of keys that any document may have: by themselves they do not tell which is meant."""
FROM = dict.fromkeys(("from", "for", "of"), frozenset(["organis"]))
"""What is meant by keys without a word of their own, in tables of people."""
GOES_WITH = {"phone": "number", "email": "address"}
WHO = re.compile(r"\bwho(?:m|se)?\b", re.IGNORECASE)
SEVERAL = re.compile(r"\b(?:are|were|list|names?|all|every|each|people)\b", re.IGNORECASE)
SOMEBODY_ELSE = re.compile(r"\b(?:he|she|him|his|hers?|they|them|their)\b", re.IGNORECASE)
FITTING = [
    (WHO, re.compile(r"[A-ZÀ-ÞŁŚŻČŘŠŽ][^\d]*").fullmatch),
    (re.compile(r"\bwhen\b", re.IGNORECASE), re.compile(r".*\d").match),
    (re.compile(r"\bwhere\b", re.IGNORECASE), re.compile(r"[^£$€\d]").match),
    (HOW_MUCH, AMOUNT.match),
]
"""What a value must be for what is asked."""
PRICES = MONEY | frozenset("amount each rate".split())
HIRING = frozenset("book buy hire order rent".split())
"""Stems of columns of prices, and of what one pays for."""


def under_key(asked: Asked, records: Sequence[Record]) -> Checked:
    """Return the value whose key is asked for, where every other word of the question says where it stands.

    A key that is asked for whole goes before one of which a word is.
    """
    if COUNT.search(asked.text) or SOMEBODY_ELSE.search(asked.text):
        return []
    lines = [record for record in records if record.key and _is_asked(asked, record)]
    whole = [record for record in lines if _alike(stems(record.key)) <= _alike(asked.stems)]
    lines = _nearest(asked, whole or lines)
    values = {record.value.casefold() for record in lines}
    if len(values) == 1 and (asked.number in {None, 1} or str(asked.number) in _place(lines[0])):
        return [(Claim(lines[0].value), behind(lines[:1]))]
    several = asked.number == len(values) or (asked.number is None and SEVERAL.search(asked.text))
    return quoted(lines) if several else []


def _nearest(asked: Asked, lines: Sequence[Record]) -> list[Record]:
    """Return those of ``lines`` whose names have the most words of the question."""
    counts = [len(stems(line.name) & asked.stems) for line in lines]
    return [line for line, count in zip(lines, counts, strict=True) if count == max(counts)]


def _is_asked(asked: Asked, record: Record) -> bool:
    """Tell whether the key is in the question, and all else that is asked where the line stands, or in its value."""
    key = _alike(stems(record.key)) or FROM.get(record.key.lower(), frozenset())
    hits = (key & _alike(stems(asked.text))) - {"each"}
    price = AMOUNT.match(record.value) and (HOW_MUCH.search(asked.text) or asked.stems & MONEY)
    if not hits and not (price and record.name and key <= PRICES):
        return False
    if key <= GENERAL and not asked.stems - key - SAYS - ANYONE:
        return False
    if not asked.names(record) or not all(fits(record.value) for asks, fits in FITTING if asks.search(asked.text)):
        return False
    known = _place(record)
    left = _alike(asked.stems - SAYS - ANYONE - asked.nouns - known) - key - {GOES_WITH.get(hit, "") for hit in hits}
    left -= PRICES | HIRING if price else frozenset()
    counted = {word for word in asked.figures if word.form == str(asked.number)}
    figures = [word for word in asked.figures if word not in counted and not found(word, known | {record.passage.date})]
    return not left and not figures


def _place(record: Record) -> frozenset[str]:
    """Return the stems and figures of the line and of where it stands."""
    return around(record) | stems(record.name) | stems(record.block) | stems(record.value)


def _alike(words: Iterable[str]) -> frozenset[str]:
    return frozenset(ALIKE.get(word, word) for word in words)
