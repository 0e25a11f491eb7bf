"""Questions that the documents answer, to suggest them to the reader: made from headings, facts and lists, without a model.

A sentence such as "The deposit is returned within …" says what can be asked about it. Each question is kept only if the
search for it finds the passage that it was made from first. Where nothing good can be made, there are fewer. Patterns and
wordings of each language are in ``rag/data/questions.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from rag.catalogue import Titles, is_kind
from rag.planning import possible
from rag.ports import DocumentInfo, Filter, Index
from rag.text.language import language_of, numbers, refers_back, stop_words
from rag.text.sentences import is_item, sentences
from rag.text.statements import cells, header_above, is_row, without_bullet
from rag.text.words import content_words
from rag.types import Answer, Document, Evidence, Passage

__all__ = ["Suggestion", "Suggestions"]

FILE = Path(__file__).parent / "data" / "questions.toml"
NAME = r"[A-Z][\w'’-]+(?: (?:(?:of|for|and|the) )?[A-Z][\w'’-]+){0,4}"
NUMBERING = re.compile(
    r"^(?:(?:§|[Aa]rticle|[Ss]ection|[Aa]bschnitt|[Cc]hapter|[Kk]apitel|[Tt]itre|[Pp]art|[Aa]rt\.|[Aa]rtikel)\s*)?"
    r"(?:[A-Z]?\d+(?:\.\d+)*|[IVX]+|[A-Z](?=\.))\s*[.):–—-]*\s+"
)
"""The number in front of a heading."""
ANCHOR = re.compile(r"\s*\{[^}]*\}\s*$")
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
LOOKED_AT = 40
"""Most passages of a document, and most searches, for one set of suggestions."""
SPREAD = 12
"""Most documents from which the first questions are made."""
NEAR = 4
"""Passages on either side of an answer's passages that may suggest the next question."""
ALIKE = 0.6
"""Share of common words from which two questions are the same."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question, and the passage that answers it: ``start`` and ``end`` are the span it was made from."""

    question: str
    passage: Passage
    start: int
    end: int
    kind: int
    """Place in the order of preference."""


Search = Callable[[str], Sequence[Evidence]]
"""Returns the passages for a question, best first."""


class Suggestions:
    """Makes questions from ``index`` and checks them with ``search``."""

    def __init__(self, index: Index, search: Search) -> None:
        self._index = index
        self._search = search

    def first(self, most: int = 4) -> list[str]:
        """Return up to ``most`` questions to begin with, of as many documents as possible."""
        infos = self._index.documents()
        step = max(1, len(infos) // SPREAD)
        makers = [self._of(info, infos) for info in infos[::step][:SPREAD]]
        return [found.question for found in self._checked(_in_turn(makers), (), most)]

    def after(self, answer: Answer, asked: Sequence[str] = (), most: int = 3) -> list[str]:
        """Return up to ``most`` questions about the passages near an answer, without what was ``asked`` and answered."""
        told = [(cited.document, cited.start, cited.end) for cited in answer.citations]
        names = dict.fromkeys(item.passage.document for item in answer.evidence)
        names = dict.fromkeys([name for name, *_ in told] or list(names)[:1])
        infos = self._index.documents()
        makers = [self._near(info, infos, answer) for name in names for info in infos if info.name == name]
        new = (one for one in _in_turn(makers) if not _is_told(one, told))
        return [found.question for found in self._checked(new, (answer.question, *asked), most)]

    def all(self, most: int) -> list[Suggestion]:
        """Return up to ``most`` checked questions of all documents, for measuring them."""
        infos = self._index.documents()
        return self._checked(_in_turn(self._of(info, infos) for info in infos), (), most, 100 * most)

    def _of(self, info: DocumentInfo, infos: Sequence[DocumentInfo]) -> list[Suggestion]:
        ids = self._index.passage_ids(Filter.of([info.name]))[:LOOKED_AT]
        return self._made(info, infos, self._index.passages(ids))

    def _near(self, info: DocumentInfo, infos: Sequence[DocumentInfo], answer: Answer) -> list[Suggestion]:
        """Return the questions about the passages of a document that are near those of ``answer``, nearest first."""
        ids = self._index.passage_ids(Filter.of([info.name]))
        at = [ids.index(item.passage.id) for item in answer.evidence if item.passage.id in ids]
        distance = {id: min((abs(n - one) for one in at), default=n) for n, id in enumerate(ids)}
        near = [id for id in ids if distance[id] <= NEAR]
        made = self._made(info, infos, self._index.passages(near))
        return sorted(made, key=lambda one: (distance[one.passage.id] > 1, one.kind))

    def _made(
        self, info: DocumentInfo, infos: Sequence[DocumentInfo], passages: Sequence[Passage]
    ) -> list[Suggestion]:
        alone = Counter(other.title for other in infos)[info.title] == 1
        return list(_Maker(self._index.document(info.name), alone).made(passages))

    def _checked(
        self, made: Iterable[Suggestion], asked: Sequence[str], most: int, patience: int = LOOKED_AT
    ) -> list[Suggestion]:
        """Return up to ``most`` of ``made`` that the search answers from their own passages, each about something else."""
        kept, known = list[Suggestion](), [_words(question) for question in asked]
        titles = Titles.of(self._index.documents())
        for tried, one in enumerate(made):
            if len(kept) >= most or tried >= patience:
                break
            words = _words(one.question)
            if any(_share(words, other) >= ALIKE for other in known) or possible(one.question, titles):
                continue
            found = self._search(one.question)
            if found and found[0].passage.id == one.passage.id:
                kept.append(one)
                known.append(words)
        return kept


class _Maker:
    """Makes the questions of one document."""

    def __init__(self, document: Document, has_own_title: bool) -> None:
        self._document = document
        self._language = document.language or language_of(document.text)
        self._words = _tables().get(self._language)
        self._title = self._named() if has_own_title else ""
        self._headings = Counter(_plain(document.text[one.start : one.end]).lower() for one in document.headings)

    def made(self, passages: Sequence[Passage]) -> Iterator[Suggestion]:
        """Yield the questions of ``passages``, the most natural ones first."""
        if self._words is None:
            return
        found = [one for passage in passages for one in self._of(passage) if _is_fit(one.question)]
        yield from sorted({one.question: one for one in found}.values(), key=lambda one: one.kind)

    def _of(self, passage: Passage) -> Iterator[Suggestion]:
        yield from self._from_sentences(passage)
        yield from self._from_headings(passage)
        yield from self._from_fields(passage)
        yield from self._from_rows(passage)

    def _from_sentences(self, passage: Passage) -> Iterator[Suggestion]:
        spans = sentences(passage.text)
        for (start, end), following in zip_longest(spans, spans[1:]):
            text = _plain(without_bullet(passage.text[start:end]))
            for pattern, wording in _said(self._language):
                match = pattern.search(text)
                listed = following is not None and is_item(passage.text, *following)
                if match and (listed or not text.endswith(":")) and self._stands_alone(match[1]):
                    yield Suggestion(match.expand(wording), passage, passage.start + start, passage.start + end, 1)
                    break
            if following and self._is_asked(passage.text, start, end):
                yield Suggestion(text, passage, passage.start + start, passage.start + following[1], 0)

    def _from_headings(self, passage: Passage) -> Iterator[Suggestion]:
        headings = self._document.headings
        for heading, following in zip_longest(headings, headings[1:]):
            end = min(passage.end, following.start if following else passage.end)
            name = _plain(self._document.text[heading.start : heading.end])
            name = _lowered(name).capitalize() if name.isupper() else name
            if passage.start <= heading.start and end - heading.end >= BELOW and self._tells(name):
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
        asks = question.split(" ")[0].lower() in self._words.get("asks", "").split()
        return asks and question.endswith("?") and not before.strip("#*_ ") and self._stands_alone(question)

    def _stands_alone(self, text: str) -> bool:
        """Return whether ``text`` refers to nothing said before, and starts with no function word."""
        first = text.split()[0].lower()
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
        once = self._headings[heading.lower()] == 1 and _share(_words(heading), _words(self._document.title)) < ALIKE
        plain = heading[-1:].isalnum() and not re.search(r"[:;\"“”„]", heading)
        return plain and once and not clause and len(words) <= 6 and not telling <= set(self._words["general"].split())

    def _phrase(self, heading: str) -> str:
        """Return ``heading`` inside a sentence, in lower case and with the article that the document uses, or quoted."""
        article = self._words.get("article")
        if article is None or not all(word.islower() or _is_acronym(word) or self._is_common(word) for word in heading.split()):
            return self._quoted(heading)
        phrase = _lowered(heading)
        uses = re.findall(rf"\b(?:({article}) )?{re.escape(phrase)}(?![\w-])", self._document.text, re.IGNORECASE)
        with_article = len([use for use in uses if use])
        if with_article > 1 and 3 * with_article >= 2 * (len(uses) - 1):
            return f"{article} {phrase}"
        is_plural = re.search(rf"(?:{self._words['plural']})$", phrase)
        return phrase if is_plural or (" " in phrase and len(uses) > 1) else self._quoted(heading)

    def _is_common(self, word: str) -> bool:
        """Return whether the document has ``word``, or a form of it, in lower case."""
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
    return NUMBERING.sub("", ANCHOR.sub("", " ".join(heading.split()).strip("#=*_ ")).replace("*", "").strip())


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


def _is_told(one: Suggestion, told: Collection[tuple[str, int, int]]) -> bool:
    name = one.passage.document
    return any(name == cited and one.start < end and start < one.end for cited, start, end in told)


def _in_turn(made: Iterable[Sequence[Suggestion]]) -> Iterator[Suggestion]:
    """Yield the first of each list, then the second of each, and so on."""
    rows = list(made)
    for place in range(max(map(len, rows), default=0)):
        yield from (row[place] for row in rows if place < len(row))


def _words(question: str) -> frozenset[str]:
    return frozenset(word.form for word in content_words(question))


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


@cache
def _said(language: str) -> list[tuple[re.Pattern[str], str]]:
    """Return the patterns of sentences, each with its question."""
    numbered = rf"(?:{'|'.join(numbers(language))}|\d{{1,2}})"
    return [
        (re.compile(pattern.replace("{number}", numbered).replace("{name}", NAME)), wording)
        for pattern, wording in _tables()[language]["said"]
    ]


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
