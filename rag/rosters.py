"""Answers from the entries of lists: who stands for whom, who stands for this, who is listed where. Pure functions.

Each recognises its questions by their words alone, every one of which must be understood. An empty answer means that
the question is none of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.catalogue import stems
from rag.citations import Claim, Span, Support
from rag.records import Record
from rag.types import Evidence
from rag.words import Word, content_words

__all__ = [
    "COUNT",
    "PEOPLE",
    "SAYS",
    "Asked",
    "Checked",
    "List",
    "behind",
    "compared",
    "listed",
    "standing_for",
    "stands_for",
]

Checked = list[tuple[Claim, Support]]
List = tuple[str, Sequence[Record]]
"""What a document is called, and the entries of its lists that are asked for."""

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
ATTENDING = frozenset("attend attende deleg guest particip present".split())
LABELS = PEOPLE | ATTENDING | frozenset("absent apolog contact host organis sponsor team".split())
"""Stems of what lists of people are called: who is in one of them is not in another."""
ORGANISATION = frozenset("affili agenc bodi charit compani employ firm institut organ organis organiz".split())
ROLE = frozenset("capac function job posit post role titl".split())

WHO = re.compile(
    r"\b(who|whom|whose|list|names?|give|(?:which|what) (?:\w+ ){0,2}(?:people|persons?|speakers?|guests?|members?|"
    r"participants?|attendees?|delegates?|panell?ists?|contributors?))\b",
    re.IGNORECASE,
)
ONE = re.compile(r"\b(?:which|what) (?:person|speaker|guest|member|participant|attendee|panell?ist)\b", re.IGNORECASE)
STANDS_FOR = re.compile(
    r"\b(?:works?|working|worked|stands?)\s+(?:for|at|with)\b|\b(?:spoke|speak|speaking|appear(?:ed)?)\s+for\b|"
    r"\b(?:for|from)\s*\?*$|\bfor whom\b|\bfrom where\b|\bwhere\b.*\b(?:from|work)|\brepresent|\bbelong",
    re.IGNORECASE,
)
OF_KIND = re.compile(r"\b(?:which|what)\s+(\w+)(?:\s+(\w+))?", re.IGNORECASE)
COUNT = re.compile(r"\bhow many\b", re.IGNORECASE)
EXTREME = re.compile(r"\b(most|fewest|least)\b", re.IGNORECASE)
SEVERAL = re.compile(r"\b(?:more than one|(?:two|2) or more|at least (?:two|2)|several)\b", re.IGNORECASE)
COMPARING = frozenset("few fewest least one sever".split())
"""Stems of the words of these two that mean something by themselves."""
HOLDS_ROLE = re.compile(
    r"\b(?:administrator|advis[eo]r|analyst|assistant|author|c[eft]o|chair\w*|chief|consultant|co-?ordinator|deputy|"
    r"director|editor|engineer|executive|fellow|founder|head|lead|leader|lecturer|manager|member|officer|owner|partner|"
    r"president|principal|professor|secretary|teacher|treasurer|trustee)\b",
    re.IGNORECASE,
)
SAME = 0.9
"""Measure of Ratcliff and Obershelp from which two names are one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question holds: its ``text``, the ``stems`` of its words, how many answers it expects, its dates.

    ``nouns`` are the stems of what the documents are called; ``people`` is what those are called whom it asks for, if
    they are called anything: speakers.
    """

    text: str
    stems: frozenset[str]
    number: int | None
    dates: tuple[Word, ...]
    nouns: frozenset[str]

    @classmethod
    def of(cls, question: str, earlier: str, nouns: frozenset[str]) -> Asked:
        """Read ``question``, and the words of the ``earlier`` ones that it refers back to."""
        words = content_words(f"{earlier} {question}")
        numbers = [word.form for word in words if word.kind == "number"]
        counts = [int(form) for form in numbers if form.isdigit() and len(form) <= 2]
        if ONE.search(question):
            counts = [1]
        dates = tuple(word for word in words if word.kind == "date" or (word.kind == "number" and len(word.form) == 4))
        others = frozenset(word.form for word in words if word.kind in {"word", "name"})
        return cls(question, others, counts[0] if counts else None, dates, nouns)

    @property
    def people(self) -> frozenset[str]:  # noqa: D102 (see the class)
        speakers = frozenset(["speaker"]) if self.stems & SPEAKING else frozenset[str]()
        return self.stems & PEOPLE - ANYONE | speakers | (ATTENDING if self.stems & ATTENDING else frozenset())

    @property
    def rest(self) -> frozenset[str]:
        """What is left to be understood."""
        return self.stems - SAYS - PEOPLE - self.nouns

    def expects(self, count: int) -> bool:
        """Tell whether ``count`` answers are as many as the question speaks of, if it does."""
        return self.number in {None, count}

    def means(self, record: Record) -> bool:
        """Tell whether the list of ``record`` is asked for: that of the speakers, where speakers are.

        A list that is not called anything may be one of speakers, since those are named most; not of all who came.
        """
        label = stems(record.label) & LABELS
        return bool(self.people & label) or not (self.people and (label or self.people & ATTENDING))


def stands_for(asked: Asked, records: Sequence[Record]) -> Checked:
    """Return what stands beside a name that the question holds."""
    lines = [(record, part) for record in records if (part := _beside(record, asked))]
    if len({part.casefold() for _, part in lines}) == 1:
        return [(Claim(lines[0][1]), behind([lines[0][0]]))]
    return _quoted([record for record, _ in lines])


def _beside(record: Record, asked: Asked) -> str | None:
    """Return the part of an entry's value that is asked for, or ``None`` where anything else is asked."""
    name = stems(record.name)
    if len(name & asked.stems) < min(2, len(name)):
        return None
    rest = asked.rest - name - _around(record)
    kind = OF_KIND.search(asked.text)
    kinds = stems(" ".join(word for word in kind.groups() if word)) if kind else frozenset()
    left = rest - ORGANISATION - ROLE
    if kinds & (asked.nouns | PEOPLE) or not left <= stems(record.value):
        return None
    parts = record.value.split(", ")
    if rest & ROLE:
        return record.value if HOLDS_ROLE.search(parts[0]) and not rest & ORGANISATION else None
    if rest & ORGANISATION or kinds & left or STANDS_FOR.search(asked.text):
        if HOLDS_ROLE.search(parts[-1]):
            return None
        return parts[-1] if HOLDS_ROLE.search(parts[0]) else record.value
    return None


def standing_for(asked: Asked, records: Sequence[Record]) -> Checked:
    """Return the entries beside which stands what the question holds."""
    if not WHO.search(asked.text) or COUNT.search(asked.text):
        return []
    lines = []
    for record in records:
        value, around = stems(record.value), _around(record)
        # What the title says too is said of all its list, unless it is all that stands beside a name.
        own = asked.rest - (around - value if value <= asked.rest else around)
        if own and own <= value and asked.means(record):
            lines.append(record)
    return _quoted(lines) if asked.expects(len(lines)) else []


def _around(record: Record) -> frozenset[str]:
    """Return the stems that a question may use of where ``record`` stands: the title, the list."""
    return stems(record.passage.title) | stems(record.label)


def listed(asked: Asked, lists: Sequence[List]) -> Checked:
    """Return the lists of the documents that are named: all entries, those of a kind, or who is in each of them."""
    found = all(records for _, records in lists)
    if not lists or not found or not (asked.people or asked.stems & (PEOPLE | {"list", "repres"})):
        return []
    rest = asked.rest.difference(*(stems(title) for title, _ in lists))
    if rest:
        return _of_kind(asked, rest, lists)
    if len(lists) > 1 and re.search(r"\bboth\b", asked.text, re.IGNORECASE):
        return _repeated(lists, len(lists))
    lines = [record for _, records in lists for record in records]
    count = sum(len(_people(record)) for record in lines)
    if COUNT.search(asked.text):
        told = Claim(f"{count} {'is' if count == 1 else 'are'} listed.")
        return [(told, behind(lines)), *_quoted(lines)] if asked.people else []
    # "Who is from Leeds" does not ask for the list that the report on Leeds has.
    asks = WHO.search(asked.text) and not re.search(r"\bfrom\b", asked.text, re.IGNORECASE)
    return _quoted(lines) if asks and asked.expects(count) else []


def _of_kind(asked: Asked, rest: frozenset[str], lists: Sequence[List]) -> Checked:
    """Return the entries whose value is of the kind asked for, as in "Which councils are listed as speakers"."""
    kind = OF_KIND.search(asked.text)
    if not kind or not kind[1].endswith("s") or rest != stems(kind[1]):
        return []
    lines = [r for _, records in lists for r in records if rest <= ORGANISATION or rest <= stems(r.value)]
    return _quoted(lines) if asked.expects(len({line.value for line in lines})) else []


def compared(asked: Asked, lists: Sequence[List]) -> Checked:
    """Return in which of all lists the most or the fewest are, or who is in several of them."""
    extreme, several = EXTREME.search(asked.text), SEVERAL.search(asked.text)
    lists = [(title, records) for title, records in lists if records]
    if not (extreme or several) or len(lists) < 2 or not asked.people or asked.rest - COMPARING:
        return []
    if several or not extreme:
        return _repeated(lists, 2)
    counts = [sum(len(_people(record)) for record in records) for _, records in lists]
    best = max(counts) if extreme[1].lower() == "most" else min(counts)
    before = "\n- " if counts.count(best) > 1 else ""
    return [
        (Claim(f"{title}: {best} listed.", before), behind(records))
        for (title, records), count in zip(lists, counts, strict=True)
        if count == best
    ]


def _repeated(lists: Sequence[List], least: int) -> Checked:
    """Return the people who are in ``least`` or more of ``lists``, with the documents whose lists those are."""
    seen: list[tuple[str, dict[str, Record]]] = []
    for title, records in lists:
        for record, person in ((entry, person) for entry in records for person in _people(entry)):
            known = next((found for other, found in seen if _is_same(person, other)), None)
            if known is None:
                seen.append((person, {title: record}))
            else:
                known.setdefault(title, record)
    return [
        (Claim(f"{person}: {'; '.join(found)}", "\n- "), behind(list(found.values())))
        for person, found in seen
        if len(found) >= least
    ]


def _people(record: Record) -> list[str]:
    return re.split(r"\s+(?:and|&)\s+|,\s", record.name)


def _is_same(name: str, other: str) -> bool:
    """Tell whether two names are one, but for a letter: lists are typed by hand."""
    return SequenceMatcher(None, name.lower(), other.lower(), autojunk=False).ratio() >= SAME


def behind(lines: Sequence[Record]) -> Support:
    """Return the support of ``lines``: neighbours in a list are one span."""
    spans = [Span(Evidence(group[0].passage, 1.0, 1), group[0].start, group[-1].end) for group in _neighbours(lines)]
    return Support(tuple(spans), 1.0)


def _quoted(lines: Sequence[Record]) -> Checked:
    """Return each line as it stands; neighbours in a list have one citation."""
    return [(Claim(record.text, "\n- "), behind(group)) for group in _neighbours(lines) for record in group]


def _neighbours(lines: Sequence[Record]) -> list[list[Record]]:
    """Return ``lines`` in groups between whose members there is nothing but white space and a bullet."""
    groups: list[list[Record]] = []
    for record in lines:
        if groups and _follows(groups[-1][-1], record):
            groups[-1].append(record)
        else:
            groups.append([record])
    return groups


def _follows(above: Record, below: Record) -> bool:
    passage = above.passage
    between = passage.text[above.end - passage.start : below.start - passage.start]
    return passage == below.passage and above.end <= below.start and not any(c.isalnum() for c in between)
