"""Terms of the full-text index, by language.

A term is a word in lower case, without accents and ending, made of letters and digits in Unicode's form NFKC:
ligatures, full-width letters and soft hyphens are resolved. Chinese, Japanese and Thai don't separate words, so every
two adjacent characters are a term. The stored and displayed text is never changed.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.text.compounds import SHORTEST, Known, joined, parts
from rag.text.detection import language_of_question
from rag.text.language import JOINTS, SEPARATORS, language_of, stop_words
from rag.text.stems import stem

__all__ = ["ANY", "Lookup", "lookup", "pieces_per_word", "searchable", "spans_of", "terms"]

ANY = "*"
MOST = 256
"""Most words of a question that are looked up; thousands would be slow and add nothing."""
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Soft hyphens and zero-width characters, which are not part of a word."""
HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
HIRAGANA, KATAKANA = "\u3041-\u309f", "\u30a1-\u30ff\u31f0-\u31ff"
UNSPACED = f"{HAN}{HIRAGANA}{KATAKANA}\u0e01-\u0e4e\u0e80-\u0ecf\u1000-\u109f\u1780-\u17d3"
"""Han, Kana, Thai, Lao, Burmese and Khmer: scripts without spaces between words."""
MARKS = re.escape("".join(c for c in map(chr, range(0x300, sys.maxunicode >> 4)) if unicodedata.category(c)[0] == "M"))
RUN = re.compile(rf"(?P<unspaced>[{UNSPACED}]+)|(?:(?![{UNSPACED}])[^\W_][{MARKS}]*)+")
LETTERS = re.compile(rf"[{UNSPACED}]{{1,2}}|(?:(?![{UNSPACED}])[^\W\d_])+")
"""A word without its digits; in scripts without spaces, words have two characters on average."""
QUESTION_WORDS = re.compile(
    rf"{'|'.join(SEPARATORS)}|(?<=[{HAN}{KATAKANA}])[{HIRAGANA}]+|[{HIRAGANA}]+(?=[{HAN}{KATAKANA}])"
)
"""Separators in questions in such scripts: question words, and endings in Hiragana."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """The terms of a question: its ``words``, and the ``pairs`` of adjacent ones, without repetition.

    Each is a tuple of alternatives, any of which a passage may contain: the forms in the languages of the documents. A
    pair is two terms separated by a space; a form with ``ANY`` at its end is the start of a term.
    """

    words: list[tuple[str, ...]]
    pairs: list[tuple[str, ...]]


def searchable(text: str) -> str:
    """Return ``text`` for comparison: lower case, in Unicode's form NFKC, without invisible characters.

    >>> searchable("The aﬃliate of\u00adfice, ＲＯＯＭ ５")
    'the affiliate office, room 5'
    """
    return unicodedata.normalize("NFKC", text.translate(INVISIBLE) if not text.isascii() else text).lower()


def terms(text: str, language: str = "") -> list[str]:
    """Return the terms of ``text``, in order; its ``language`` (ISO 639-1) determines the stemming.

    >>> terms("The aﬃliate oﬃce’s Gebühren", "de"), terms("图书馆", "zh")
    (['the', 'affiliat', 'offic', 's', 'gebuhr'], ['图书', '书馆'])
    """
    return [stem(word, language) for word in _words(searchable(text))]


def lookup(question: str, languages: Collection[str], known: Known | None = None) -> Lookup:
    """Return what to look up for ``question`` in documents in ``languages``, without its question words.

    If the terms of the index are ``known``, compounds and their parts find each other.

    >>> lookup("Who is the prime minister of Fiji?", {"en"})
    Lookup(words=[('prime',), ('minist',), ('fiji',)], pairs=[('prime minist',)])
    """
    words = list(_words(QUESTION_WORDS.sub(" ", searchable(question)) or searchable(question)))
    ignored = stop_words(language_of(question))
    kept = [word for word in words if word not in ignored]
    beside = [pair for pair in pairwise(words) if not ignored & set(pair)]
    spoken = sorted(languages) or [""]
    alternatives = [tuple(stem(word, language) for language in spoken) for word in kept or words]
    if known and (compounding := _compounding(question, languages)):
        alternatives = list(_with_compounds(kept or words, alternatives, compounding, known))
    return Lookup(
        _different(alternatives),
        _different(tuple(" ".join(stem(word, language) for word in pair) for language in spoken) for pair in beside),
    )


def _compounding(question: str, languages: Collection[str]) -> str:
    """Return the language of ``question`` if it writes compounds in one word and documents are in it."""
    possible = sorted(JOINTS.keys() & set(languages))
    spoken = language_of_question(question, possible[0]) if possible else ""
    return spoken if spoken in possible else ""


def _with_compounds(
    words: Sequence[str], alternatives: Sequence[tuple[str, ...]], language: str, known: Known
) -> Iterator[tuple[str, ...]]:
    """Yield the ``alternatives`` of ``words``: each with compounds that it is part of, or those of its own parts."""
    compounds = list(joined(words, language, known))
    for place, (word, forms) in enumerate(zip(words, alternatives, strict=True)):
        own = tuple(compound for compound, used in compounds if place in used)
        if own or any(known(form, False) for form in forms):
            yield (*forms, *own)
        elif split := parts(word, language, known):
            yield from ((part, *forms) for part in split)
        else:
            start = stem(word, language)
            yield (*forms, start + ANY) if len(start) >= SHORTEST and known(start, True) else forms


def spans_of(question: str, text: str, language: str) -> list[tuple[int, int]]:
    """Return where ``text``, which is in ``language``, has words of ``question`` in any form, without overlaps.

    >>> [(start, end) for start, end in spans_of("Which libraries?", "The library, the librarian.", "en")]
    [(4, 11)]
    """
    wanted = {form for forms in lookup(question, {language}).words for form in forms}
    found = list[tuple[int, int]]()
    for run in RUN.finditer(text):
        for start, end in _terms_of(run):
            if stem(searchable(text[start:end]), language) in wanted:
                overlaps = found and start < found[-1][1]
                found[-1:] = [(found[-1][0], end)] if overlaps else [*found[-1:], (start, end)]
    return found


def _terms_of(run: re.Match[str]) -> list[tuple[int, int]]:
    """Return the spans of a run's terms: the word itself, or every two adjacent characters of an unspaced script."""
    if not run["unspaced"] or len(run[0]) == 1:
        return [run.span()]
    return [(start, start + 2) for start in range(run.start(), run.end() - 1)]


def pieces_per_word(text: str, spans: Sequence[tuple[int, int]]) -> float:
    """Return the average number of tokens per word of ``text``, given the tokenizer's ``spans``; 1 without words.

    A word of a language that the model was trained on is usually one token, a word of another language two or three
    (Ács, "Exploring BERT's Vocabulary", 2019).

    >>> pieces_per_word("Gebühr 5", [(0, 2), (2, 4), (4, 6), (7, 8)])
    3.0
    """
    pieces = sum(text[start].isalpha() for start, end in spans if end > start)
    return pieces / max(len(LETTERS.findall(text)), 1) if pieces else 1.0


def _different(found: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(tuple(dict.fromkeys(alternatives)) for alternatives in found))[:MOST]


def _words(text: str) -> Iterator[str]:
    """Yield the words of a ``searchable`` text, and every two adjacent characters in scripts without spaces."""
    for run in RUN.finditer(text):
        if not run["unspaced"] or len(run[0]) == 1:
            yield run[0]
        else:
            yield from map("".join, pairwise(run[0]))
