"""Questions about the documents as a collection: which came first, how far apart, which name somebody or something.

No few passages answer these, however well they are chosen; what the index knows of every document does. They are
recognised by their words alone, every one of which must be understood, so that a question which asks for anything
more is left to the language model. The answer quotes the line of each document that it rests on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from rag.citations import Checked, Claim, Span, Support, quote
from rag.collection.catalogue import DOCUMENT, EVENTS, Catalogue, called, in_order, stems
from rag.dates import day
from rag.index import DocumentInfo, Index
from rag.sentences import sentences
from rag.types import Evidence, Passage
from rag.words import Word, content_words, count_in, dates_in, found

__all__ = ["CONFIDENCE", "Overview"]

CONFIDENCE = 0.95
"""Rather less than the share of the questions recognised here and in the directory whose every fact is in the answer:
86 of 87, of which 55 are of the seeds set, with which they were made, and 32 on the documents of other offices.
"""

EARLIEST = frozenset("first earliest oldest".split())
LATEST = frozenset("last latest newest recent".split())
WHEN = frozenset("date chronolog chronological order timelin".split())
ABOUT = frozenset(
    """among appear attend came collect come discuss everi featur give happen held here hold list mention name occur
    part place present refer seri show speak speaker speech spoke spoken take taken talk took""".split()
)
"""Stems that say that somebody or something is in a document, or that it was, and nothing else."""
BETWEEN = frozenset("apart day earlier later month one pass week".split())
"""Stems that say how two of them lie to each other in time."""
COMPARES = re.compile(
    r"\b(first|last|earlier|later|before|after|between|apart|next|followed|following|previous|preced\w+)\b",
    re.IGNORECASE,
)
NEXT = re.compile(r"\b(next|after|followed|following|later)\b", re.IGNORECASE)
OF_KIND = re.compile(r"\b(?:which|what)(?: (?:was|is) the)? (?:next |previous |following )?(\w+)", re.IGNORECASE)
STEPS = frozenset("earlier follow later next one preced previous".split())
"""Stems that say that one came after or before another."""
OTHERWISE = re.compile(r"\b(who|whom|whose|what|where|why)\b", re.IGNORECASE)
ASKS = re.compile(r"\b(which|what|when|how many|list|name|show|all|every|each)\b", re.IGNORECASE)
MENTIONS = re.compile(r"\b(mention|contain|refer|cover)(s|ed)?\b|\b(talk|speak|say)s? about\b", re.IGNORECASE)
PLURAL = re.compile(
    r"\b(how many|(which|what)( of)?( the)?( \w+)? (?!(?:does|has|is|was)\b)\w+s|all|every|each)\b", re.IGNORECASE
)
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOST = 40
"""Documents that are told of."""
SEARCHED = 400
"""Passages that are looked through for a name."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The words of a question: what the documents are called, what is named, how many it expects, what is left.

    ``mentions`` tells whether it asks for nothing but which documents hold words.
    """

    nouns: frozenset[str]
    names: tuple[Word, ...]
    dates: tuple[Word, ...]
    number: int | None
    others: tuple[Word, ...]
    mentions: bool

    @property
    def rest(self) -> frozenset[str]:
        return frozenset(word.form for word in self.others)


class Overview:
    """Answers questions about all documents of ``index``."""

    def __init__(self, index: Index, catalogue: Catalogue) -> None:
        self._index = index
        self._catalogue = catalogue

    def answer(self, question: str, among: Collection[str] | None = None) -> Checked:
        """Return what the documents (those with the public names ``among``) answer together, claims with their spans.

        Nothing where the question is not one about the collection, or where nothing was found.
        """
        if not (ASKS.search(question) or COMPARES.search(question)):
            return []
        titles = self._catalogue.titles()
        series = titles.series(question)
        asked = _asked(question, titles.common | series | (EVENTS if series else frozenset()))
        documents = titles.called(asked.nouns, among, series)
        if not asked.nouns or len(documents) < 2:
            return []
        if COMPARES.search(question) and not OTHERWISE.search(question):
            pool = titles.called((), among)
            compared = _compared(asked, documents, self._index) or _beside(
                question, asked, documents, pool, self._index
            )
            if compared:
                return compared
        if not asked.names and asked.rest <= ABOUT | EARLIEST | LATEST | WHEN:
            return _by_date(question, asked, documents, self._index)
        if PLURAL.search(question) and not asked.dates:
            return _naming(asked, documents, self._index)
        return []


def _asked(question: str, common: frozenset[str]) -> _Asked:
    """Return the parts of ``question``; numbers such as "two" say how many are expected, not which."""
    words = content_words(question)
    nouns = frozenset(word.form for word in words if word.form in DOCUMENT | common)
    names = tuple(word for word in words if word.kind == "name" and word.form not in nouns)
    others = tuple(word for word in words if word.kind == "word" and word.form not in nouns)
    first = next((word.form for word in words if word.kind != "number" and word.form not in ABOUT), "")
    number = count_in(words) if first in nouns else None
    return _Asked(
        nouns, names, dates_in(words), number, others, first in nouns and MENTIONS.search(question) is not None
    )


def _naming(asked: _Asked, documents: Sequence[DocumentInfo], index: Index) -> Checked:
    """Return the documents that hold all that is named in one sentence, with the first such sentence of each.

    Words that are no names may mean many things: they count where it is asked which documents mention them, or where
    as many hold them as the question expects.
    Nothing where a title holds one of them: then it is asked what that document says.
    """
    words = [*asked.names, *(word for word in asked.others if word.form not in ABOUT)]
    if not words or any(word.form in called(info) for word in words for info in documents):
        return []
    phrase = " ".join(word.text for word in words)
    passages = index.passages([number for number, _ in index.search_lexical(phrase, SEARCHED)])
    lines = dict[str, Span]()
    for passage in in_order(passages):
        span = _line(passage, words)
        if span and passage.document not in lines:
            lines[passage.document] = span
    holding = [info for info in documents if info.name in lines]
    only_names = len(words) == len(asked.names)
    if not holding or not (only_names or asked.mentions or 1 < len(holding) == asked.number):
        return []
    some = "at least " if len(passages) == SEARCHED else ""
    verb = "is named in" if only_names else "stands in"
    told = Claim(f"“{phrase}” {verb} {some}{len(holding)} of {len(documents)} documents.")
    shown = holding[:MOST]
    return [
        (told, Support(tuple(lines[info.name] for info in shown), 1.0)),
        *(_item(info, lines[info.name], quoted=True) for info in shown),
    ]


def _by_date(question: str, asked: _Asked, documents: Sequence[DocumentInfo], index: Index) -> Checked:
    """Return the first, the last, those of a time, or all ``documents``, each with the line that holds its date.

    Nothing where the date of one of them is not known, or stands nowhere in its text.
    """
    first, last = asked.rest & EARLIEST, asked.rest & LATEST
    if asked.dates:
        documents = [info for info in documents if all(found(word, {info.date}) for word in asked.dates)]
    elif not (first or last or asked.rest & WHEN or re.match("when", question, re.IGNORECASE)):
        return []
    if not all(info.date for info in documents):
        return []
    chosen = documents[:1] if first else documents[-1:] if last else documents[:MOST]
    items = _dated(chosen, index)
    if not items or len(items) > 1:
        return items
    return [(Claim(claim.text), support) for claim, support in items]


def _compared(asked: _Asked, documents: Sequence[DocumentInfo], index: Index) -> Checked:
    """Return how two documents, each known by a word that only its title has, lie to each other in time.

    Nothing where others are named or more is asked, or where a date is not known or stands nowhere in the text.
    """
    two, left = _known(asked, documents)
    if len(two) != 2 or asked.dates or not left <= ABOUT | EARLIEST | LATEST | BETWEEN:
        return []
    items = _dated(two, index) if all(DAY.fullmatch(info.date) for info in two) else []
    if not items:
        return []
    days = (date.fromisoformat(two[1].date) - date.fromisoformat(two[0].date)).days
    earlier, later = (info.title or info.name for info in two)
    apart = f"{days} day{'' if days == 1 else 's'}"
    told = f"“{earlier}” came first, {apart} before “{later}”." if days else f"“{earlier}” and “{later}” have one date."
    return [(Claim(told), _together(items)), *items]


def _beside(
    question: str, asked: _Asked, documents: Sequence[DocumentInfo], every: Sequence[DocumentInfo], index: Index
) -> Checked:
    """Return which of ``documents``, or of ``every`` one where an event is asked for, came next to the one named."""
    kind = OF_KIND.search(question)
    if not kind or asked.dates or asked.number:
        return []
    titled = all(stems(kind[1]) <= stems(info.title) for info in documents)
    order = list(every if stems(kind[1]) <= DOCUMENT and not titled else documents)
    one, left = _known(asked, documents)
    if len(one) != 1 or not left <= ABOUT | STEPS or not all(DAY.fullmatch(info.date) for info in order):
        return []
    here = order.index(one[0])
    there = here + (1 if NEXT.search(question) else -1)
    items = _dated([order[here], order[there]], index) if 0 <= there < len(order) else []
    return [(Claim(items[1][0].text), _together(items))] if items else []


def _together(items: Checked) -> Support:
    """Return what stands behind all of ``items``."""
    return Support(tuple(span for _, support in items for span in support.spans), 1.0)


def _known(asked: _Asked, documents: Sequence[DocumentInfo]) -> tuple[list[DocumentInfo], set[str]]:
    """Return the documents that a word of the question tells from all others by its title, and the words left."""
    counts = Counter(stem for info in documents for stem in called(info))
    words = {word.form for word in asked.names} | asked.rest
    known = [info for info in documents if any(counts[stem] == 1 for stem in words & called(info))]
    return known, {stem for stem in words if counts[stem] != 1}


def _dated(documents: Sequence[DocumentInfo], index: Index) -> Checked:
    """Return each of ``documents`` with the line that holds its date; nothing where one has none."""
    lines = [_date_line(info, index) for info in documents]
    items = [_item(info, line, quoted=False) for info, line in zip(documents, lines, strict=True) if line]
    return items if len(items) == len(lines) else []


def _date_line(info: DocumentInfo, index: Index) -> Span | None:
    """Return the first sentence of a document that holds its date."""
    passages = in_order(index.passages(sorted(index.passage_ids([info.name]))))
    words = content_words(day(info.date))
    return next(filter(None, (_line(passage, words) for passage in passages)), None)


def _line(passage: Passage, words: Sequence[Word]) -> Span | None:
    """Return the first sentence of ``passage`` that holds all ``words``."""
    for start, end in sentences(passage.text):
        forms = {word.form for word in content_words(passage.text[start:end])}
        if all(found(word, forms) for word in words):
            return Span(Evidence(passage, 1.0, 1), passage.start + start, passage.start + end)
    return None


def _item(info: DocumentInfo, span: Span, quoted: bool) -> tuple[Claim, Support]:
    """Return a line on one document."""
    text = ", ".join(part for part in (info.title or info.name, day(info.date)) if part)
    if quoted:
        text += f": “{' '.join(quote(span).split())}”"
    return Claim(text, "\n- "), Support((span,), 1.0)
