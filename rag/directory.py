"""Questions that lines answer by themselves: who stands for whom, who is listed where, and what a document's top says.

A small model reads a list badly: it takes the neighbour's line, and will not say yes to an entry without a verb. Such
questions are recognised by their words alone, every one of which must be understood, so that a question which asks for
anything more is left to the language model. The answer quotes the lines.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from rag.catalogue import DOCUMENT, Catalogue, Titles, stems
from rag.citations import Claim, Span, Support
from rag.index import DocumentInfo, Index
from rag.records import Record, entries, fields
from rag.types import Evidence, Passage
from rag.words import Word, content_words, found

__all__ = ["Directory"]

Checked = list[tuple[Claim, Support]]

SAYS = frozenset(
    """act among appear attend belong besid came collect come contribut describ each everi featur give given happen held
    here hold list mention name occur part place present record refer repres report seri show speak spoke spoken stand
    stood take taken talk took work""".split()
)
"""Stems that say that somebody or something is listed, speaks for another or took place, and nothing else."""
PEOPLE = frozenset(
    "attende contributor deleg everyon guest member panellist particip peopl person speaker staff".split()
)
ANYONE = frozenset("everyon peopl person".split())
SPEAKING = frozenset("speak speech spoke spoken talk".split())
ORGANISATION = frozenset("affili agenc bodi charit compani employ firm institut organ organis organiz".split())
ROLE = frozenset("capac function job posit post role titl".split())
IN_PLACE = frozenset("locat venu".split())
KEYS = {"where": frozenset("locat place venu".split()), "when": frozenset(["date"])}
"""Stems of the fields that say where and when."""

INTERROGATIVE = re.compile(r"\b(who|what|which|where|when)\b", re.I)
OTHERWISE = re.compile(r"\b(why|how|except|besides|apart from|other than|not|never|without|no)\b|n['’]t\b", re.I)
WHO = re.compile(
    r"\b(who|whom|whose|list|names?|give|(?:which|what) (?:\w+ ){0,2}(?:people|persons?|speakers?|guests?|members?|"
    r"participants?|attendees?|delegates?|panell?ists?|contributors?))\b",
    re.I,
)
STANDS_FOR = re.compile(
    r"\b(?:works?|working|worked|stands?)\s+(?:for|at|with)\b|\b(?:spoke|speak|speaking|appear(?:ed)?)\s+for\b|\b(?:for|from)\s*\?*$"
    r"|\bfor whom\b|\bfrom where\b|\bwhere\b.*\b(?:from|work)|\brepresent|\bbelong",
    re.I,
)
OF_KIND = re.compile(r"\b(?:which|what)\s+(\w+)(?:\s+(\w+))?", re.I)
COUNT = re.compile(r"\bhow many\b", re.I)
WHERE = re.compile(r"\bwhere\b|\b(?:venue|location)s?\b|\b(?:which|what) places?\b", re.I)
WHEN = re.compile(r"\bwhen\b|\bdates?\b|\b(?:which|what) day\b", re.I)
EACH = re.compile(r"\b(?:each|every|all)\b|\bwhere were the (?:\w+ )?\w+s\b", re.I)
HOLDS_ROLE = re.compile(
    r"\b(?:administrator|advis[eo]r|analyst|assistant|author|c[eft]o|chair\w*|chief|consultant|co-?ordinator|deputy|"
    r"director|editor|engineer|executive|fellow|founder|head|lead|leader|lecturer|manager|member|officer|owner|partner|"
    r"president|principal|professor|secretary|teacher|treasurer|trustee)\b",
    re.I,
)
EXTREME = re.compile(r"\b(most|fewest|least)\b", re.I)
SEVERAL = re.compile(r"\b(?:more than one|(?:two|2) or more|at least (?:two|2)|several)\b", re.I)
COMPARING = frozenset("few fewest least one sever".split())
"""Stems of the words of both that mean something by themselves."""
SAME = 0.9
"""Measure of Ratcliff and Obershelp from which two names are one."""
SEARCHED = 50
"""Passages that are looked through for an entry."""
MOST = 10
"""Documents that are looked through whole, and passages of each."""
PASSAGES = 400


@dataclass(frozen=True, slots=True)
class _Asked:
    """The words of a question: ``text`` as it is asked, the stems of all, how many are expected, dates, and what the
    people are called whom it asks for."""

    text: str
    stems: frozenset[str]
    number: int | None
    dates: tuple[Word, ...]
    people: frozenset[str]


class Directory:
    """Answers questions from single lines of the documents of ``index``."""

    def __init__(self, index: Index, catalogue: Catalogue) -> None:
        self._index = index
        self._catalogue = catalogue

    def answer(self, question: str, earlier: str = "", among: Collection[str] | None = None) -> Checked | None:
        """Return claims with the lines that they rest on, or ``None`` where the question is for the language model.

        ``earlier`` are the questions that it refers back to; ``among`` the public names of documents to look at.
        """
        if OTHERWISE.search(COUNT.sub("", question)) or len(_interrogatives(question)) > 1:
            return None
        asked = _asked(question, earlier)
        titles = self._catalogue.titles()
        documents = self._documents(asked, titles, among)
        for kind, pattern in (("where", WHERE), ("when", WHEN)):
            if pattern.search(question) and (answer := self._field(kind, asked, titles, documents, among)):
                return answer
        if re.search(r"\bwhen\b", question, re.I):
            return None
        nouns = DOCUMENT | titles.common
        near = self._near(f"{earlier} {question}", among)
        if answer := _stands_for(asked, near, nouns) or _standing_for(asked, near, nouns):
            return answer
        if EXTREME.search(question) or SEVERAL.search(question):
            documents = documents or titles.called(asked.stems, among)
            lists = self._lists(asked, documents[: MOST + 1])
            return _compared(asked, lists, nouns) if len(documents) <= MOST else None
        return _listed(asked, self._lists(asked, documents), nouns)

    def _documents(self, asked: _Asked, titles: Titles, among: Collection[str] | None) -> list[DocumentInfo]:
        """Return the documents that the question names by words of their titles or by their dates; few, or none."""
        marks = titles.named(asked.stems - SAYS - PEOPLE - DOCUMENT)
        dated = [
            info
            for info in titles.called(asked.stems, among)
            if all(found(word, {info.date}) or word.form in stems(info.title) for word in asked.dates)
        ]
        if not marks:
            return dated if asked.dates and len(dated) <= MOST else []
        whole = [info for info in dated if marks <= stems(info.title)]
        several = [info for info in dated if marks & stems(info.title)]
        named = whole or (several if all(titles.counts[mark] == 1 for mark in marks) else [])
        return named if len(named) <= MOST else []

    def _near(self, query: str, among: Collection[str] | None) -> list[Record]:
        """Return the entries in the passages that hold words of ``query``."""
        passages = self._index.passages([number for number, _ in self._index.search_lexical(query, SEARCHED)])
        kept = [passage for passage in passages if among is None or passage.document in among]
        return [record for passage in kept for record in entries(passage)]

    def _lists(self, asked: _Asked, documents: Sequence[DocumentInfo]) -> dict[str, list[Record]]:
        """Return the entries of the lists that are asked for, of each document by what it is called."""
        return {
            info.title or info.name: [
                record for passage in self._passages(info) for record in entries(passage) if _is_meant(record, asked)
            ]
            for info in documents
        }

    def _passages(self, info: DocumentInfo) -> list[Passage]:
        ids = sorted(self._index.passage_ids([info.name]))[:PASSAGES]
        return sorted(self._index.passages(ids), key=lambda passage: passage.start)

    def _field(
        self, kind: str, asked: _Asked, titles: Titles, documents: list[DocumentInfo], among: Collection[str] | None
    ) -> Checked | None:
        """Return the line that says where or when, of the documents that are named or of all that are meant."""
        if not documents and EACH.search(asked.text):
            documents = titles.called(asked.stems, among)
        rest = asked.stems - SAYS - DOCUMENT - titles.common - IN_PLACE - {"date"}
        if (
            not documents
            or len(documents) > MOST
            or not rest <= frozenset().union(*(stems(d.title) for d in documents))
        ):
            return None
        lines = [self._line(info, KEYS[kind]) for info in documents]
        known = [line for line in lines if line]
        if len(known) < len(lines) or asked.number not in {None, len(known)}:
            return None
        if len(known) == 1:
            return [(Claim(known[0].value), _behind(known))]
        return [
            (Claim(f"{info.title or info.name}: {line.value}", "\n- "), _behind([line]))
            for info, line in zip(documents, known, strict=True)
        ]

    def _line(self, info: DocumentInfo, keys: frozenset[str]) -> Record | None:
        found_fields = (record for passage in self._passages(info)[:MOST] for record in fields(passage))
        return next((record for record in found_fields if stems(record.name) & keys), None)


def _interrogatives(question: str) -> set[str]:
    """Return what is asked for, by the words that ask for it: a question for two things is none of these."""
    words = {word.lower() for word in INTERROGATIVE.findall(COUNT.sub("", question))}
    return words - {"what"} | {"which"} if "what" in words else words


def _asked(question: str, earlier: str) -> _Asked:
    words = content_words(f"{earlier} {question}")
    small = [int(word.form) for word in words if word.kind == "number" and word.form.isdigit() and int(word.form) <= 20]
    dates = tuple(word for word in words if word.kind == "date" or (word.kind == "number" and len(word.form) == 4))
    others = frozenset(word.form for word in words if word.kind in {"word", "name"})
    speakers = frozenset({"speaker"} if others & SPEAKING else ())
    return _Asked(question, others, small[0] if small else None, dates, others & PEOPLE - ANYONE | speakers)


def _around(record: Record) -> frozenset[str]:
    """Return the stems that a question may use of where ``record`` stands: the title, the list."""
    return stems(record.passage.title) | stems(record.label)


def _stands_for(asked: _Asked, records: Sequence[Record], nouns: frozenset[str]) -> Checked:
    """Return what stands beside a name that the question holds."""
    lines = [(record, part) for record in records if (part := _beside(record, asked, nouns))]
    if len({part.casefold() for _, part in lines}) == 1:
        return [(Claim(lines[0][1]), _behind([lines[0][0]]))]
    return _quoted([record for record, _ in lines])


def _beside(record: Record, asked: _Asked, nouns: frozenset[str]) -> str | None:
    """Return the part of an entry's value that is asked for, or ``None`` where anything else is asked."""
    name = stems(record.name)
    if len(name & asked.stems) < min(2, len(name)):
        return None
    rest = asked.stems - name - SAYS - PEOPLE - nouns - _around(record)
    kind = OF_KIND.search(asked.text)
    named = {stem for word in (kind.groups() if kind else ()) if word for stem in stems(word)}
    left = rest - ORGANISATION - ROLE
    if named & (nouns | PEOPLE) or not left <= stems(record.value):
        return None
    first, *_, last = parts if len(parts := record.value.split(", ")) > 1 else [record.value, record.value]
    if rest & ROLE:
        return record.value if HOLDS_ROLE.search(first) and not rest & ORGANISATION else None
    if rest & ORGANISATION or named & left or STANDS_FOR.search(asked.text):
        held = HOLDS_ROLE.search(last)
        return None if held else last if HOLDS_ROLE.search(first) else record.value
    return None


def _standing_for(asked: _Asked, records: Sequence[Record], nouns: frozenset[str]) -> Checked:
    """Return the entries beside which stands what the question holds."""
    if not WHO.search(asked.text) or COUNT.search(asked.text):
        return []
    rest = asked.stems - SAYS - PEOPLE - nouns
    lines = []
    for record in records:
        value, around = stems(record.value), _around(record)
        # What the title says too is said of all its list, unless it is all that stands beside a name.
        own = rest - (around - value if value <= rest else around)
        if own and own <= value and _is_meant(record, asked):
            lines.append(record)
    return _quoted(lines) if asked.number in {None, len(lines)} else []


def _listed(asked: _Asked, lists: Mapping[str, Sequence[Record]], nouns: frozenset[str]) -> Checked | None:
    """Return the lists of the named documents: all entries, those of a kind of organisation, or those in each list."""
    if not lists or not all(lists.values()) or not asked.stems & (PEOPLE | SPEAKING | {"list", "repres"}):
        return None
    rest = asked.stems - SAYS - PEOPLE - nouns - frozenset().union(*map(stems, lists))
    if rest:
        return _of_kind(asked, rest, lists)
    if len(lists) > 1 and re.search(r"\bboth\b", asked.text, re.I):
        return _repeated(lists, len(lists))
    lines = [record for records in lists.values() for record in records]
    people = [person for record in lines for person in _people(record)]
    if COUNT.search(asked.text):
        told = Claim(f"{len(people)} {'is' if len(people) == 1 else 'are'} listed.")
        return [(told, _behind(lines)), *_quoted(lines)] if asked.people else None
    return _quoted(lines) if WHO.search(asked.text) and asked.number in {None, len(people)} else None


def _compared(asked: _Asked, lists: Mapping[str, Sequence[Record]], nouns: frozenset[str]) -> Checked | None:
    """Return in which list the most or the fewest are, or who is in several of them."""
    listed = {title: records for title, records in lists.items() if records}
    if len(listed) < 2 or not asked.people or asked.stems - SAYS - PEOPLE - nouns - COMPARING:
        return None
    if SEVERAL.search(asked.text):
        return _repeated(listed, 2)
    counts = {title: sum(len(_people(record)) for record in records) for title, records in listed.items()}
    word = EXTREME.search(asked.text)[1].lower()  # type: ignore[index]
    best = max(counts.values()) if word == "most" else min(counts.values())
    return [
        (
            Claim(f"{title}: {count} listed", "\n- " if list(counts.values()).count(best) > 1 else ""),
            _behind(listed[title]),
        )
        for title, count in counts.items()
        if count == best
    ]


def _repeated(lists: Mapping[str, Sequence[Record]], least: int) -> Checked:
    """Return the people who are in ``least`` or more of ``lists``, with the documents whose lists those are."""
    return [
        (Claim(f"{person}: {'; '.join(r.passage.title or r.passage.document for r in found)}", "\n- "), _behind(found))
        for person, found in _in_several(lists, least)
    ]


def _in_several(lists: Mapping[str, Sequence[Record]], least: int) -> list[tuple[str, list[Record]]]:
    """Return the people who are in ``least`` or more of ``lists``, with their entries."""
    seen: list[tuple[str, dict[str, Record]]] = []
    for title, records in lists.items():
        for record, person in ((entry, person) for entry in records for person in _people(entry)):
            known = next((found for other, found in seen if _is_same(person, other)), None)
            if known is None:
                seen.append((person, {title: record}))
            else:
                known.setdefault(title, record)
    return [(person, list(found.values())) for person, found in seen if len(found) >= least]


def _people(record: Record) -> list[str]:
    return re.split(r"\s+(?:and|&)\s+|,\s", record.name)


def _is_same(name: str, other: str) -> bool:
    """Tell whether two names are one, but for a letter: lists are typed by hand."""
    return SequenceMatcher(None, name.lower(), other.lower(), autojunk=False).ratio() >= SAME


def _of_kind(asked: _Asked, rest: frozenset[str], lists: Mapping[str, Sequence[Record]]) -> Checked | None:
    """Return the entries whose value is of the kind asked for, as in "Which councils are listed as speakers"."""
    kind = OF_KIND.search(asked.text)
    if not kind or not kind[1].endswith("s") or rest != stems(kind[1]):
        return None
    lines = [r for records in lists.values() for r in records if rest <= ORGANISATION or rest <= stems(r.value)]
    return _quoted(lines) if asked.number in {None, len({line.value for line in lines})} else None


def _is_meant(record: Record, asked: _Asked) -> bool:
    """Tell whether the list of ``record`` is the one asked for: that of the speakers, where speakers are asked for."""
    label = stems(record.label)
    return bool(asked.people & label) or not (asked.people and label & PEOPLE)


def _quoted(lines: Sequence[Record]) -> Checked:
    """Return each line as it stands; neighbours in a list have one citation."""
    groups: list[list[Record]] = []
    for record in lines:
        if groups and _follows(groups[-1][-1], record):
            groups[-1].append(record)
        else:
            groups.append([record])
    return [(Claim(record.text, "\n- "), _behind(group)) for group in groups for record in group]


def _follows(above: Record, below: Record) -> bool:
    """Tell whether nothing but white space and a bullet lies between two entries."""
    passage = above.passage
    between = passage.text[above.end - passage.start : below.start - passage.start]
    return passage == below.passage and above.end <= below.start and not any(c.isalnum() for c in between)


def _behind(lines: Sequence[Record]) -> Support:
    """Return the support of ``lines``, each a span; neighbours are one."""
    spans: list[Span] = []
    for above, record in pairwise([None, *lines]):
        assert record
        if above and _follows(above, record):
            spans[-1] = Span(spans[-1].evidence, spans[-1].start, record.end)
        else:
            spans.append(Span(Evidence(record.passage, 1.0, 1), record.start, record.end))
    return Support(tuple(spans), 1.0)
