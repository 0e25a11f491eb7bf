"""Terms: what is indexed of a text and looked up of a question, by language.

A term is a word in lower case, without accents and ending, of letters and digits of Unicode's form NFKC: ligatures,
full-width letters and soft hyphens are read as what they stand for. Chinese, Japanese and Thai do not part words: each
two neighbouring characters are a term. What is stored and shown is never changed by it.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.text.language import SEPARATORS, language_of, stop_words
from rag.text.stems import stem

__all__ = ["Lookup", "lookup", "pieces_per_word", "searchable", "terms"]

MOST = 256
"""Words of a question that are looked up; thousands would be slow and add nothing."""
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Soft hyphens and what has no width: they are no part of a word."""
HAN = "\u3005\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
HIRAGANA, KATAKANA = "\u3041-\u309f", "\u30a1-\u30ff\u31f0-\u31ff"
UNSPACED = f"{HAN}{HIRAGANA}{KATAKANA}\u0e01-\u0e4e\u0e80-\u0ecf\u1000-\u109f\u1780-\u17d3"
"""Han, Kana, Thai, Lao, Burmese and Khmer: scripts without spaces between words."""
MARKS = re.escape("".join(c for c in map(chr, range(0x300, sys.maxunicode >> 4)) if unicodedata.category(c)[0] == "M"))
RUN = re.compile(rf"(?P<unspaced>[{UNSPACED}]+)|(?:(?![{UNSPACED}])[^\W_][{MARKS}]*)+")
LETTERS = re.compile(rf"[{UNSPACED}]{{1,2}}|(?:(?![{UNSPACED}])[^\W\d_])+")
"""A word without its figures; where words are not parted, they have two characters on average."""
QUESTION_WORDS = re.compile(
    rf"{'|'.join(SEPARATORS)}|(?<=[{HAN}{KATAKANA}])[{HIRAGANA}]+|[{HIRAGANA}]+(?=[{HAN}{KATAKANA}])"
)
"""What parts the words of a question in such a script: words that only say how it is asked, and endings in Hiragana."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is looked up of a question: its ``words``, and the ``pairs`` that stand side by side, without repetition.

    Each is a tuple of alternatives, of which a passage may have any: the forms that the languages of the documents
    give it. A pair is two terms with a space between them.
    """

    words: list[tuple[str, ...]]
    pairs: list[tuple[str, ...]]


def searchable(text: str) -> str:
    """Return ``text`` as it is compared: lower case, in Unicode's form NFKC, without what is not seen.

    >>> searchable("The aﬃliate of\u00adfice, ＲＯＯＭ ５")
    'the affiliate office, room 5'
    """
    return unicodedata.normalize("NFKC", text.translate(INVISIBLE) if not text.isascii() else text).lower()


def terms(text: str, language: str = "") -> list[str]:
    """Return the terms of ``text``, in order; its ``language`` (ISO 639-1) says how words are stemmed.

    >>> terms("The aﬃliate oﬃce’s Gebühren", "de"), terms("图书馆", "zh")
    (['the', 'affiliat', 'offic', 's', 'gebuhr'], ['图书', '书馆'])
    """
    return [stem(word, language) for word in _words(searchable(text))]


def lookup(question: str, languages: Collection[str]) -> Lookup:
    """Return what to look up of ``question`` in documents in ``languages``; words that only say how it is asked go.

    >>> lookup("Who is the prime minister of Fiji?", {"en"})
    Lookup(words=[('prime',), ('minist',), ('fiji',)], pairs=[('prime minist',)])
    """
    words = list(_words(QUESTION_WORDS.sub(" ", searchable(question)) or searchable(question)))
    ignored = stop_words(language_of(question))
    kept = [word for word in words if word not in ignored]
    beside = [pair for pair in pairwise(words) if not ignored & set(pair)]
    spoken = sorted(languages) or [""]
    return Lookup(
        _different(tuple(stem(word, language) for language in spoken) for word in kept or words),
        _different(tuple(" ".join(stem(word, language) for word in pair) for language in spoken) for pair in beside),
    )


def pieces_per_word(text: str, spans: Sequence[tuple[int, int]]) -> float:
    """Return into how many pieces a tokenizer that gives ``spans`` takes a word of ``text``; 1 where there is none.

    A word of a language that its model was trained on is mostly one piece, that of another two or three (Ács,
    "Exploring BERT's Vocabulary", 2019).

    >>> pieces_per_word("Gebühr 5", [(0, 2), (2, 4), (4, 6), (7, 8)])
    3.0
    """
    pieces = sum(text[start].isalpha() for start, end in spans if end > start)
    return pieces / max(len(LETTERS.findall(text)), 1) if pieces else 1.0


def _different(found: Iterator[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(tuple(dict.fromkeys(alternatives)) for alternatives in found))[:MOST]


def _words(text: str) -> Iterator[str]:
    """Yield the words of a ``searchable`` text, and each two neighbouring characters where words are not parted."""
    for run in RUN.finditer(text):
        if not run["unspaced"] or len(run[0]) == 1:
            yield run[0]
        else:
            yield from map("".join, pairwise(run[0]))
