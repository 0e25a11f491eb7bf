"""Questions that lines answer by themselves: who stands for whom, who is listed where, and what a document's top says.

A small model reads a list badly: it takes the neighbour's line, and will not say yes to an entry without a verb. Such
questions are recognised by their words alone, every one of which must be understood, so that a question which asks for
anything more is left to the language model. The answer quotes the lines.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from rag.citations import Checked, Claim
from rag.collection import rosters
from rag.collection.abbreviations import abbreviation_in, listed_as_both, spelt_out
from rag.collection.asked import COUNT, HOW_MUCH, PEOPLE, SAYS, YES_OR_NO, Asked
from rag.collection.catalogue import DOCUMENT, EVENTS, Catalogue, Titles, called, in_order, stems
from rag.collection.hosts import HOSTING, asks_which, hosted, hosts
from rag.collection.keys import under_key
from rag.collection.records import TOP, Record, records
from rag.collection.rosters import List
from rag.collection.topics import talked_about, talks_about, topic
from rag.dates import day
from rag.index import DocumentInfo, Index
from rag.sentences import sentences
from rag.types import Passage
from rag.words import content_words, found

__all__ = ["Directory"]

INTERROGATIVE = re.compile(r"\b(who|what|which|where|when)\b", re.IGNORECASE)
OTHERWISE = re.compile(
    r"\b(why|how|except|besides|apart from|other than|not|never|without|no|before|after|instead|former)\b|n['’]t\b",
    re.IGNORECASE,
)
WHERE = re.compile(r"\bwhere\b|\b(?:venue|location)s?\b|\b(?:which|what) places?\b", re.IGNORECASE)
WHEN = re.compile(r"\bwhen\b|\bdates?\b|\b(?:which|what) day\b", re.IGNORECASE)
EACH = re.compile(r"\b(?:each|every|all)\b|\bwhere were the (?:\w+ )?\w+s\b", re.IGNORECASE)
AND_AT_WHICH = re.compile(
    r",? and (?:at|in|on) (?:which|what) (?P<noun>(?:\w+ )??\w+)(?: each| respectively)?\s*\?*$", re.IGNORECASE
)
PUBLISHED = re.compile(
    r"\b(?:by|contact|created|issued|last|next|posted|published|revised|stand|updated|version)\b", re.IGNORECASE
)
"""What stands beside a date that is not that of an event."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
TOP_LINES, DATED = 6, 120
"""Sentences at the top among which the line with the date is looked for, and characters of the longest such line."""
FIELDS = {WHERE: frozenset("locat place venu".split()), WHEN: frozenset(["date"])}
"""Stems of the fields that say where and when."""
SEARCHED = 30
"""Passages that are looked through for a record."""
FEW, FAR = 10, 3
"""Passages up to which those further off are looked through too, and how far off they are."""
DOCUMENTS, PASSAGES = 10, 400
"""Documents that are looked through whole, and the most passages of one."""


class Directory:
    """Answers questions from single lines of the documents of ``index``."""

    def __init__(self, index: Index, catalogue: Catalogue) -> None:
        self._index = index
        self._catalogue = catalogue

    def answer(self, question: str, earlier: str = "", among: Collection[str] | None = None) -> Checked:
        """Return claims with the lines that they rest on; none where the question is for the language model.

        ``earlier`` are the questions that it refers back to; ``among`` the public names of documents to look at.
        """
        if short := abbreviation_in(question):
            return self._meaning(short, among)
        titles = self._catalogue.titles()
        also = AND_AT_WHICH.search(question)
        if also and stems(also["noun"]) <= DOCUMENT | titles.common:
            return _with_titles(self.answer(question[: also.start()], earlier, among))
        if not _asks_for_one_thing(question):
            return []
        series = titles.series(question)
        asked = Asked.of(question, earlier, DOCUMENT | titles.common | series | (EVENTS if series else frozenset()))
        named = _named(asked, titles, among, series)
        meant = named or titles.called(asked.stems, among, series)
        for pattern, keys in FIELDS.items():
            if pattern.search(question) and (answer := self._field(asked, named, meant, keys)):
                return answer
        if re.search(r"\bwhen\b", question, re.IGNORECASE):
            return under_key(asked, self._near(f"{earlier} {question}", among))
        if asked.stems & HOSTING and (answer := self._hosted(asked, named, among)):
            return answer
        near = self._near(f"{earlier} {question}", among)
        if talks_about(asked):
            return self._talks(asked, f"{earlier} {question}", named, meant) or under_key(asked, near)
        listed = [record for record in near if not record.key]
        answer = (
            rosters.stands_for(asked, listed)
            or under_key(asked, near)
            or rosters.standing_for(asked, [record for record in near if record.name])
            or rosters.called(asked, listed)
        )
        if not answer and rosters.compares(asked):  # Only then are the lists of all documents looked through.
            answer = rosters.compared(asked, self._lists(asked, meant))
        return answer or rosters.listed(_within(asked, named), self._lists(asked, named))

    def _meaning(self, short: str, among: Collection[str] | None) -> Checked:
        """Return what ``short`` stands for, as a text spells it out, or else as lists have it."""
        ids = [number for number, _ in self._index.search_lexical(short, SEARCHED)]
        passages = [passage for passage in self._index.passages(ids) if among is None or passage.document in among]
        return spelt_out(short, passages) or listed_as_both(short, self._entries(short, among))

    def _field(
        self, asked: Asked, named: Sequence[DocumentInfo], meant: Sequence[DocumentInfo], keys: frozenset[str]
    ) -> Checked:
        """Return the field with one of ``keys`` of the ``named`` document, or of each that is ``meant``."""
        documents = named or (meant if EACH.search(asked.text) else [])
        rest = asked.rest - keys
        if not documents or len(documents) > DOCUMENTS or rest.difference(*map(called, documents)):
            return []
        lines = [self._line(info, keys) or self._dated(info, asked) for info in documents]
        known = [line for line in lines if line]
        if len(known) < len(lines) or not asked.expects(len(known)):
            return []
        if len(known) == 1:
            return [(Claim(known[0].value), rosters.behind(known))]
        return [
            (Claim(f"{info.title or info.name}: {line.value}", "\n- "), rosters.behind([line]))
            for info, line in zip(documents, known, strict=True)
        ]

    def _line(self, info: DocumentInfo, keys: frozenset[str]) -> Record | None:
        top = [passage for passage in self._passages(info) if passage.start < TOP]
        found = [record for record in records(top) if record.end <= TOP]
        under_key = (record for record in found if not record.name and stems(record.key) & keys)
        beside = (record for record in found if len(record.name.split()) == 1 and stems(record.name) & keys)
        return next(under_key, None) or next(beside, None)

    def _dated(self, info: DocumentInfo, asked: Asked) -> Record | None:
        """Return the line under the title that holds the date of a document, and for "where" names besides."""
        words = content_words(day(info.date)) if DAY.fullmatch(info.date) else []
        top = next(iter(self._passages(info)), None) if words else None
        for start, end in sentences(top.text)[:TOP_LINES] if top else ():
            text = " ".join(top.text[start:end].split()) if top else ""
            forms = stems(text)
            if top is None or len(text) > DATED or not all(found(word, forms) for word in words):
                continue
            named = {word.form for word in content_words(f"x {text}") if word.kind == "name"} - called(info)
            if not PUBLISHED.search(text) and (named or not WHERE.search(asked.text)):
                return Record(top, top.start + start, top.start + end, text, "", "date", text)
        return None

    def _lists(self, asked: Asked, documents: Sequence[DocumentInfo]) -> list[List]:
        """Return the lists of ``documents`` that are asked for; of many documents, none."""
        if len(documents) > DOCUMENTS:
            return []
        return [
            (
                info.title or info.name,
                [entry for entry in rosters.entries(records(self._passages(info))) if asked.means(entry)],
            )
            for info in documents
        ]

    def _passages(self, info: DocumentInfo) -> list[Passage]:
        """Return the passages of a document in order; of one that has very many, none."""
        ids = sorted(self._index.passage_ids([info.name]))
        return in_order(self._index.passages(ids)) if len(ids) <= PASSAGES else []

    def _hosted(self, asked: Asked, named: Sequence[DocumentInfo], among: Collection[str] | None) -> Checked:
        """Return by whom the ``named`` document was hosted, or all that are called so, or which of them by whom."""
        titles = self._catalogue.titles()
        every = titles.called(asked.stems, among, titles.series(asked.text))
        documents = every if asks_which(asked) or not named else named
        if len(documents) > DOCUMENTS:
            return []
        return hosted(
            _within(asked, documents), [(info.title or info.name, hosts(self._passages(info))) for info in documents]
        )

    def _talks(self, asked: Asked, query: str, named: Sequence[DocumentInfo], meant: Sequence[DocumentInfo]) -> Checked:
        """Return who talked in the documents that are ``meant`` about what is asked."""
        about = topic(asked, (info.title for info in named))
        ids = [number for number, _ in self._index.search_lexical(query, PASSAGES)] if about else []
        holding = in_order(passage for passage in self._index.passages(ids) if about <= stems(passage.text))
        documents = {passage.document for passage in holding}
        lists = self._lists(asked, [info for info in meant if info.name in documents])
        names = {info.name for info in meant}
        return talked_about(asked, about, lists, [passage for passage in holding if passage.document in names])

    def _entries(self, short: str, among: Collection[str] | None) -> list[Record]:
        """Return the entries of those in lists who stand for ``short`` somewhere."""
        here = [record for record in self._near(short, among) if record.name]
        names = {record.name for record in here if short.casefold() in record.value.casefold().split(", ")}
        return [record for name in sorted(names) for record in self._near(name, among) if record.name == name]

    def _near(self, query: str, among: Collection[str] | None) -> list[Record]:
        """Return the records in the passages that hold words of ``query``, and in those beside them."""
        ids = {number for number, _ in self._index.search_lexical(query, SEARCHED)}
        reach = FAR if len(ids) <= FEW else 1
        beside = {number + step for number in ids for step in range(-reach, reach + 1)}
        passages = self._index.passages(sorted(self._index.existing(beside)))
        documents: dict[str, list[Passage]] = {}
        for passage in in_order(passages):
            if among is None or passage.document in among:
                documents.setdefault(passage.document, []).append(passage)
        return [record for run in documents.values() for record in records(run)]


def _named(asked: Asked, titles: Titles, among: Collection[str] | None, series: frozenset[str]) -> list[DocumentInfo]:
    """Return the few documents that a question names by words of their titles or by their dates."""
    marks = titles.named(asked.stems - SAYS - PEOPLE - DOCUMENT - series)
    if among is not None and len(among) == 1 and not marks and not asked.dates:
        return [info for info in titles.documents if info.name in among]
    dated = [
        info
        for info in titles.called(asked.stems, among, series)
        if all(found(word, {info.date}) or word.form in called(info) for word in asked.dates)
    ]
    if not marks:
        documents = dated if asked.dates else []
    elif all(titles.counts[mark] == 1 for mark in marks):
        documents = [info for info in dated if marks & called(info)]
    else:
        documents = [info for info in dated if marks <= called(info)]
    return documents if len(documents) <= DOCUMENTS else []


def _within(asked: Asked, documents: Sequence[DocumentInfo]) -> Asked:
    """Return ``asked`` of ``documents``: the words that they are called by ask for nothing."""
    return replace(asked, nouns=asked.nouns.union(*map(called, documents)))


def _with_titles(checked: Checked) -> Checked:
    """Return the claims with the titles of the documents that they are from."""
    told = []
    for claim, support in checked:
        title = support.spans[0].evidence.passage.title
        told.append((Claim(f"{title}: {claim.text}" if title else claim.text, "\n- "), support))
    return told


def _asks_for_one_thing(question: str) -> bool:
    """Tell whether ``question`` asks who, which, where or when, or how many or much: one of them, and nothing else."""
    plain = HOW_MUCH.sub("", COUNT.sub("", question))
    asked = {"which" if word.lower() == "what" else word.lower() for word in INTERROGATIVE.findall(plain)}
    return len(asked) < 2 and not (YES_OR_NO.match(question) or OTHERWISE.search(plain))
