"""Questions that a document answers, made from its headings, facts, lists and tables.

No language model is needed: a sentence such as "The deposit is returned within …" says what can be asked about it. The
patterns and wordings of each language are in ``rag/data/questions.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from rag.catalogue import is_kind
from rag.text.language import language_of, numbers, refers_back, stop_words
from rag.text.markup import unmarked
from rag.text.sentences import is_item, sentences
from rag.text.statements import cells, header_above, is_row, without_bullet
from rag.text.words import content_words
from rag.types import Document, Passage

__all__ = ["ALIKE", "Suggestion", "alike", "questions"]

FILE = Path(__file__).parent / "data" / "questions.toml"
NAME = r"[A-Z][\w'’-]+(?: (?:(?:of|for|and|the) )?[A-Z][\w'’-]+){0,4}"
NUMBERING = re.compile(
    r"^(?:(?:§|[Aa]rticle|[Ss]ection|[Aa]bschnitt|[Cc]hapter|[Kk]apitel|[Tt]itre|[Pp]art|[Aa]rt\.|[Aa]rtikel)\s*)?"
    r"(?:[A-Z]?\d+(?:\.\d+)*|[IVX]+|[A-Z](?=\.))\s*[.):–—-]*\s+"
)
"""The number in front of a heading."""
ODD = re.compile(r"[\ue000-\uf8ff\ufffd|<>=\\{}_/@#*\[\]]|https?:|\.\w{2,4}\b")
"""What doesn't belong in a question: the marks of code, addresses, damaged characters."""
KEYED = re.compile(r"^([^\W\d_][\w '’-]{2,30}):[ \t]+(\S.{0,100})$", re.MULTILINE)
HEAD = 600
"""Characters at the start of a document in which lines of the form key, colon, value describe it."""
VALUE = re.compile(r"\d")
"""What a cell must have for a question about its column."""
BELOW = 120
"""Least characters below a heading."""
LONGEST = 110
"""Longest question."""
ALIKE = 0.6
"""Share of common words from which two texts are about the same."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question, and the passage that answers it: ``start`` and ``end`` are the span it was made from."""

    question: str
    passage: Passage
    start: int
    end: int
    kind: int
    """Place in the order of preference."""


def questions(document: Document, passages: Sequence[Passage], has_own_title: bool) -> list[Suggestion]:
    """Return the questions that ``passages`` of ``document`` answer, the most natural ones first.

    Its title is named only if no other document has it.
    """
    made = _Maker(document, has_own_title).made(passages)
    fit = {one.question: one for one in made if _is_fit(one.question)}
    return sorted(fit.values(), key=lambda one: one.kind)


def alike(one: str, other: str) -> float:
    """Return the share of the words of two texts that they have in common, 0 to 1."""
    words, others = (frozenset(word.form for word in content_words(text)) for text in (one, other))
    return len(words & others) / max(len(words | others), 1)


class _Maker:
    """Makes the questions of one document."""

    def __init__(self, document: Document, has_own_title: bool) -> None:
        self._document = document
        self._language = document.language or language_of(document.text)
        self._words = _tables().get(self._language, {})
        self._title = self._named() if has_own_title else ""
        self._headings = Counter(_plain(document.text[one.start : one.end]).lower() for one in document.headings)

    def made(self, passages: Sequence[Passage]) -> Iterator[Suggestion]:
        """Yield the questions of ``passages``; none in a language without patterns."""
        for passage in passages if self._words else ():
            yield from self._from_sentences(passage)
            yield from self._from_headings(passage)
            yield from self._from_fields(passage)
            yield from self._from_rows(passage)

    def _from_sentences(self, passage: Passage) -> Iterator[Suggestion]:
        spans = sentences(passage.text)
        for (start, end), following in zip_longest(spans, spans[1:]):
            text = self._begun(_plain(without_bullet(passage.text[start:end])))
            for pattern, wording in _said(self._language):
                match = pattern.search(text)
                listed = following is not None and is_item(passage.text, *following)
                if match and (listed or not text.endswith(":")) and self._stands_alone(match[1]):
                    yield Suggestion(match.expand(wording), passage, passage.start + start, passage.start + end, 1)
                    break
            if following and self._is_asked(passage.text, start, end):
                question = _plain(passage.text[start:end])
                yield Suggestion(question, passage, passage.start + start, passage.start + following[1], 0)

    def _from_headings(self, passage: Passage) -> Iterator[Suggestion]:
        headings = self._document.headings
        for heading, following in zip_longest(headings, headings[1:]):
            end = min(passage.end, following.start if following else passage.end)
            name = _plain(self._document.text[heading.start : heading.end])
            name = _lowered(name).capitalize() if name.isupper() else name
            below = self._document.text[heading.end : end]
            if passage.start <= heading.start and self._tells(name) and self._is_about(below, name):
                about, phrase = self._words["about" if self._title else "about_any"], self._phrase(name)
                question = about.format(title=self._title, heading=phrase)
                yield Suggestion(question, passage, heading.start, end, 3 if phrase == self._quoted(name) else 2)

    def _from_fields(self, passage: Passage) -> Iterator[Suggestion]:
        wording = self._words.get("field", "")
        lines = [match for match in KEYED.finditer(passage.text) if passage.start + match.start() < HEAD]
        if not wording or not self._title or len(lines) < 2:
            return
        for match in lines:
            key = " ".join(match[1].split())
            if any(character.isdigit() for character in match[2]) and self._is_noun(key):
                field = self._phrase(key) if "article" not in self._words else _lowered(key)
                question = wording.format(field=field, title=self._title)
                yield Suggestion(question, passage, passage.start + match.start(), passage.start + match.end(), 2)

    def _from_rows(self, passage: Passage) -> Iterator[Suggestion]:
        """Yield a question for some rows of tables, each about another column."""
        wording, used = self._words.get("cell", ""), set[str]()
        for start, end in sentences(passage.text) if wording else ():
            line = passage.text[start:end]
            header = header_above(passage, passage.start + start) if is_row(line) else ""
            columns, row = cells(header), cells(line)
            if not header or len(columns) != len(row) or row == columns or not (subject := self._subject(row[0])):
                continue
            for column, value in list(zip(columns, row, strict=True))[1:]:
                if column not in used and len(column.split()) == 2 and VALUE.search(value) and self._is_noun(column):
                    used.add(column)
                    question = wording.format(column=_lowered(column), subject=subject)
                    yield Suggestion(question, passage, passage.start + start, passage.start + end, 3)
                    break

    # --- words

    def _is_asked(self, text: str, start: int, end: int) -> bool:
        """Return whether the sentence is a question at the start of a line, which the text behind it answers."""
        question, before = _plain(text[start:end]), text[:start].rpartition("\n")[2]
        first, second, *_ = [*question.lower().split(), "", ""]
        to_reader = second in self._words.get("to_readers", "").split()
        asks = first in self._words.get("asks", "").split() and not to_reader
        whole = question.endswith("?") and len(content_words(question, self._language)) > 1
        return asks and whole and not before.strip("#*_ ") and self._stands_alone(question)

    def _begun(self, sentence: str) -> str:
        """Return ``sentence`` with its first word in lower case, unless the document always capitalises it."""
        first, *others = sentence.split(" ", 1)
        is_word = first[1:].islower() and others and others[0][0].islower()
        is_name = re.search(rf"[a-z,] {re.escape(first)}\b", self._document.text)
        small = first.lower() in stop_words(self._language) or (is_word and not is_name)
        return " ".join([first.lower() if small else first, *others])

    def _stands_alone(self, text: str) -> bool:
        """Return whether ``text`` refers to nothing said before, and starts with no function word but an article."""
        words = text.lower().split()
        first = words[words[0] in self._words.get("articles", "").split() and len(words) > 1]
        own = first not in stop_words(self._language) or text.endswith("?")
        return own and refers_back(self._language).search(text) is None

    def _named(self) -> str:
        """Return the title as it is written in a question; empty if it is not a name."""
        title = _plain(self._document.title)
        if not self._words or not 4 <= len(title) <= 60 or ODD.search(title) or title[-1] in ".:;,?!":
            return ""
        kind = content_words(title, self._language)[-1:]
        if "article" in self._words and kind and is_kind(kind[0].form) and not title.endswith("s"):
            return f"{self._words['article']} {title}"
        return self._quoted(title)

    def _quoted(self, text: str) -> str:
        return str(self._words["quoted"].format(text=text))

    def _tells(self, heading: str) -> bool:
        """Return whether ``heading`` says what is below it: a noun phrase that no other heading repeats."""
        words, ignored = heading.lower().split(), stop_words(self._language)
        telling = {word for word in words if word not in ignored and len(word.strip("-–—&")) > 2}
        clause = any(word in ignored for word in words[:2])  # "If you cancel", "Test the pump"
        once = self._headings[heading.lower()] == 1 and alike(heading, self._document.title) < ALIKE
        plain = heading[-1:].isalnum() and not re.search(r"[:;\"“”„]", heading)
        return plain and once and not clause and len(words) <= 6 and not telling <= set(self._words["general"].split())

    def _phrase(self, heading: str) -> str:
        """Return ``heading`` inside a sentence: in lower case, with the article that the document uses; or quoted."""
        article = self._words.get("article")
        if article is None or not all(map(self._is_common, heading.split())):
            return self._quoted(heading)
        phrase = _lowered(heading)
        uses = re.findall(rf"\b(?:({article}) )?{re.escape(phrase)}(?![\w-])", self._document.text, re.IGNORECASE)
        with_article = len([use for use in uses if use])
        if with_article > 1 and 3 * with_article >= 2 * (len(uses) - 1):
            return f"{article} {phrase}"
        is_plural = re.search(rf"(?:{self._words['plural']})$", phrase)
        return phrase if is_plural or (" " in phrase and len(uses) > 1) else self._quoted(heading)

    def _is_common(self, word: str) -> bool:
        """Return whether the document has ``word``, or a form of it, in lower case, or it is an acronym."""
        if word.islower() or _is_acronym(word):
            return True
        form = re.escape(word.lower().removesuffix("s"))
        return re.search(rf"(?<![\w-]){form}s?(?![\w-])", self._document.text) is not None

    def _subject(self, cell: str) -> str:
        """Return what a row is about as it is written in a question: a name or a code; empty if it is neither."""
        text = cell.strip("`*")
        words = text.split()
        if not 0 < len(words) <= 4 or ODD.search(text) or set(text.lower().split()) & stop_words(self._language):
            return ""
        if cell.startswith("`"):
            return self._quoted(text)
        is_name = text[0].isupper() and (len(words) > 1 or _is_acronym(text))
        return text if is_name and text.replace(" ", "").replace("-", "").isalnum() else ""

    def _is_about(self, text: str, heading: str) -> bool:
        """Return whether ``text`` begins with sentences, not a list or table, and the first ones say the heading."""
        spans = sentences(text)
        if len(text.strip()) < BELOW or any(is_row(text[a:b]) for a, b in spans) or is_item(text, *spans[0]):
            return False
        said = {word.form for a, b in spans[:2] for word in content_words(text[a:b], self._language)}
        return {word.form for word in content_words(heading, self._language)} <= said

    def _is_noun(self, key: str) -> bool:
        """Return whether ``key`` can follow "What is the …": a few words without function words, in the singular."""
        words = key.lower().split()
        plain = 0 < len(words) <= 3 and not set(words) & stop_words(self._language) and key.replace(" ", "").isalpha()
        return plain and len(words[-1]) > 2 and not re.search(rf"(?:{self._words.get('plural', '-')})\b", key)


def _plain(heading: str) -> str:
    """Return a heading or sentence on one line, without its number, marks and anchor.

    >>> _plain("## 7.2 **Access** { #access }"), _plain("§ 3 Arten"), _plain("3D printing")
    ('Access', 'Arten', '3D printing')
    """
    return NUMBERING.sub("", unmarked(heading.strip("#= ")))


def _is_acronym(word: str) -> bool:
    return len(word) > 1 and any(character.isupper() or character.isdigit() for character in word[1:])


def _lowered(text: str) -> str:
    """Return ``text`` in lower case, except for its acronyms.

    >>> _lowered("Max GPU Time"), _lowered("END OF LEASE"), _lowered("Co-production")
    ('max GPU time', 'end of lease', 'co-production')
    """
    if text.isupper() and len(text) > 3:
        return text.lower()
    return " ".join(word if _is_acronym(word) and "-" not in word else word.lower() for word in text.split())


def _is_fit(question: str) -> bool:
    """Return whether a question is of a readable length, without signs that don't belong in a question."""
    inside = question.rstrip("?").rstrip()
    one = not any(mark in inside for mark in ".?!")
    return 12 <= len(question) <= LONGEST and one and not ODD.search(question)


@cache
def _said(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Return the patterns of sentences, each with its question."""
    table = _tables()[language]
    numbered = rf"(?:{'|'.join(numbers(language))}|\d{{1,2}})"
    return [
        (
            re.compile(
                pattern.replace("{time}", table.get("time", "")).replace("{number}", numbered).replace("{name}", NAME)
            ),
            wording,
        )
        for pattern, wording in table["said"]
    ]


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
