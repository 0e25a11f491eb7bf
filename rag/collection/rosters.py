"""Answers from the entries of lists: who stands for whom, who stands for this, who is listed where. Pure functions.

Each recognises its questions by their words alone, every one of which must be understood. An empty answer means that
the question is none of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

from rag.citations import Checked, Claim, Span, Support
from rag.collection.asked import COUNT, HOW_MUCH, MONEY, ORGANISATION, PEOPLE, ROLE, WHO, Asked
from rag.collection.catalogue import stems
from rag.collection.records import PERSON, Record
from rag.types import Evidence
from rag.words import found

__all__ = [
    "AMOUNT",
    "List",
    "around",
    "behind",
    "called",
    "compared",
    "compares",
    "entries",
    "in_several",
    "listed",
    "people",
    "quoted",
    "standing_for",
    "stands_for",
]

List = tuple[str, Sequence[Record]]
"""What a document is called, and the entries of its lists that are asked for."""

STANDS_FOR = re.compile(
    r"\b(?:works?|working|worked|stands?)\s+(?:for|at|with)\b|\b(?:spoke|speak|speaking|appear(?:ed)?)\s+for\b|"
    r"\b(?:for|from|with)\s*\?*$|\bfor whom\b|\bfrom where\b|\bwhere\b.*\b(?:from|work)|\brepresent|\bbelong",
    re.IGNORECASE,
)
WHO_IS = re.compile(rf"(?:and )?who(?:'s|’s| is| was) (?-i:{PERSON})\s*\?*", re.IGNORECASE)
"""What asks for somebody, and not for those beside whom their name stands."""
OF_KIND = re.compile(r"\b(?:which|what)\s+(\w+)(?:\s+(\w+))?", re.IGNORECASE)
AMOUNT = re.compile(r"[£$€]?\s?\d")
PLURAL = re.compile(r"\b(?:are|were|have been|list|names|all|every)\b|^name\b", re.IGNORECASE)
SEQUENCE = frozenset("chronolog current first last one order present".split())
"""Stems of what is said of the order of a list."""
EXTREME = re.compile(r"\b(most|fewest|least)\b", re.IGNORECASE)
SEVERAL = re.compile(r"\b(?:more than one|(?:two|2) or more|at least (?:two|2)|several)\b", re.IGNORECASE)
IN_EACH = re.compile(r"\b(?:both|also)\b", re.IGNORECASE)
COMPARING = frozenset("few fewest least one sever".split())
"""Stems of the words of these two that mean something by themselves."""
PART = re.compile(r",\s|\s(?:and|of|for|&)\s")
PLACE = re.compile(r"\bin\s+(?:the\s+)?(\w+)", re.IGNORECASE)
OF = re.compile(r"\b(?:from|for|(?<!name )of|represent\w*)\s+(?:the\s+)?(\w+)", re.IGNORECASE)
HOLDS_ROLE = re.compile(
    r"\b(?:administrator|advis[eo]r|analyst|assistant|author|c[eft]o|chair\w*|chief|consultant|co-?ordinator|deputy|"
    r"director|editor|engineer|executive|fellow|founder|head|lead|leader|lecturer|manager|member|officer|owner|partner|"
    r"president|principal|professor|secretary|teacher|treasurer|trustee)\b",
    re.IGNORECASE,
)
COUNCIL = re.compile(r"\bM?(?:BC|DC)\b")
"""How British lists shorten borough and district councils."""
SAME = 0.9
"""Measure of Ratcliff and Obershelp from which two names are one."""


def stands_for(asked: Asked, records: Sequence[Record]) -> Checked:
    """Return what stands beside a name that the question holds."""
    lines = [(record, part) for record in records if (part := _beside(record, asked))]
    if len({part.casefold() for _, part in lines}) == 1:
        return [(Claim(lines[0][1]), behind([lines[0][0]]))]
    return quoted([record for record, _ in lines])


def _beside(record: Record, asked: Asked) -> str | None:
    """Return the part of an entry's value that is asked for, or ``None`` where anything else is asked."""
    if not record.value or not asked.names(record):
        return None
    rest = asked.rest - stems(record.name) - around(record)
    kind = OF_KIND.search(asked.text)
    kinds = stems(" ".join(word for word in kind.groups() if word)) if kind else frozenset()
    left = rest - (MONEY if HOW_MUCH.search(asked.text) else ORGANISATION | ROLE)
    if kinds & (asked.nouns | PEOPLE) or not left <= _beside_name(record):
        return None
    parts = record.value.split(", ")
    if HOW_MUCH.search(asked.text):
        return record.value if AMOUNT.match(record.value) else None
    if rest & ROLE:
        return record.value if _is_role(parts[0]) and not rest & ORGANISATION else None
    if rest & ORGANISATION or kinds & left or STANDS_FOR.search(asked.text):
        if _is_role(parts[-1]):
            return None
        return parts[-1] if _is_role(parts[0]) else record.value
    return None


def _is_role(text: str) -> bool:
    return text[0].islower() or HOLDS_ROLE.search(text) is not None


def standing_for(asked: Asked, records: Sequence[Record]) -> Checked:
    """Return the entries beside which stands what the question holds."""
    if not WHO.search(asked.text) or COUNT.search(asked.text) or WHO_IS.fullmatch(asked.text.strip()):
        return []
    lines = []
    in_place = frozenset().union(*(stems(match[1]) for match in PLACE.finditer(asked.text)))
    for record in records:
        if record.name[0].isdigit():  # a week, a number of a row
            continue
        value, place = _beside_name(record), around(record)
        if not all(found(date, {*value, *place, record.passage.date}) for date in asked.dates):
            continue
        # What the title says too is said of all its list, unless it is all that stands beside a name.
        own = asked.rest - (place - value if value <= asked.rest else place)
        if own & in_place:
            continue  # Who spoke in Leeds need not be from there.
        if own and own <= value and asked.means(record) and (_is_part(own, record.value, asked) or _is_of(own, asked)):
            lines.append(record)
    return quoted(lines) if asked.expects(len(lines)) else []


def _is_part(own: frozenset[str], value: str, asked: Asked) -> bool:
    """Tell whether a whole part of ``value`` is asked for: the deputy director of something is a deputy director."""
    parts = [written for part in PART.split(value) for written in (part, part.replace(" ", ""))]
    return any(stems(part) & own and stems(part) <= asked.stems for part in parts)


def _is_of(own: frozenset[str], asked: Asked) -> bool:
    """Tell whether the question asks for those from, or for, what begins with one of its words: not in a place."""
    return any(stems(match[1]) & own for match in OF.finditer(asked.text))


def _beside_name(record: Record) -> frozenset[str]:
    """Return the stems of what stands beside a name, Fair Shares as Fairshares too; a borough council is a council."""
    joined = frozenset().union(*(stems(f"{one}{other}") for one, other in pairwise(record.value.split())))
    return stems(record.value) | joined | (frozenset(["council"]) if COUNCIL.search(record.value) else frozenset())


def around(record: Record) -> frozenset[str]:
    """Return the stems that a question may use of where ``record`` stands: the document, the list."""
    passage = record.passage
    return stems(passage.title) | stems(passage.document) | stems(record.label)


def entries(records: Sequence[Record]) -> list[Record]:
    """Return the entries of lists, and of the rows of tables those that are about somebody, each as one entry."""
    found: list[list[Record]] = []
    for record in records:
        if record.key and found and found[-1][0].key and found[-1][0].start == record.start:
            found[-1].append(record)
        elif not record.key or re.fullmatch(PERSON, record.name):
            found.append([record])
    return [_entry(row) if row[0].key else row[0] for row in found]


def _entry(row: Sequence[Record]) -> Record:
    value = ", ".join(cell.value for cell in row)
    return replace(row[0], key="", value=value, text=f"{row[0].name}, {value}")


def listed(asked: Asked, lists: Sequence[List]) -> Checked:
    """Return the lists of the documents that are named: all entries, those of a kind, or who is in each of them."""
    found = all(records for _, records in lists)
    if not lists or not found or not (asked.people or asked.stems & (PEOPLE | {"list", "repres"})):
        return []
    rest = asked.rest.difference(*(stems(title) for title, _ in lists))
    if rest:
        return _of_kind(asked, rest, lists)
    if len(lists) > 1 and IN_EACH.search(asked.text):
        return in_several(lists, len(lists))
    lines = [record for _, records in lists for record in records]
    count = sum(len(people(record)) for record in lines)
    if COUNT.search(asked.text):
        told = Claim(f"{count} {'is' if count == 1 else 'are'} listed.")
        return [(told, behind(lines)), *quoted(lines)] if asked.people else []
    # "Who is from Leeds" does not ask for the list that the report on Leeds has.
    asks = WHO.search(asked.text) and not re.search(r"\bfrom\b", asked.text, re.IGNORECASE)
    return quoted(lines) if asks and asked.expects(count) else []


def called(asked: Asked, records: Sequence[Record]) -> Checked:
    """Return the list that is called what is asked for: "Name all the directors", of one below "The directors"."""
    if not WHO.search(asked.text) or not PLURAL.search(asked.text) or asked.figures:
        return []
    lines = [record for record in records if not record.key and record.label and _is_called(asked, record)]
    labels = {(record.passage.document, record.label) for record in lines}
    return quoted(lines) if len(labels) == 1 and len(lines) > 1 else []


def _is_called(asked: Asked, record: Record) -> bool:
    label = stems(record.label)
    rest = asked.rest - SEQUENCE - (around(record) - label)
    return bool(rest) and rest <= label


def _of_kind(asked: Asked, rest: frozenset[str], lists: Sequence[List]) -> Checked:
    """Return the entries whose value is of the kind asked for, as in "Which councils are listed as speakers"."""
    kind = OF_KIND.search(asked.text)
    if not kind or not kind[1].endswith("s") or rest != stems(kind[1]):
        return []
    lines = [r for _, records in lists for r in records if rest <= ORGANISATION or rest <= _beside_name(r)]
    return quoted(lines) if asked.expects(len({line.value for line in lines})) else []


def compares(asked: Asked) -> bool:
    """Tell whether it is asked in which of all lists the most or the fewest are, or who is in several of them."""
    comparing = EXTREME.search(asked.text) or SEVERAL.search(asked.text)
    return bool(comparing and asked.people and not asked.rest - COMPARING)


def compared(asked: Asked, lists: Sequence[List]) -> Checked:
    """Return in which of all ``lists`` the most or the fewest are, or who is in several of them."""
    extreme = EXTREME.search(asked.text)
    lists = [(title, records) for title, records in lists if records]
    if len(lists) < 2:
        return []
    if SEVERAL.search(asked.text) or not extreme:
        return in_several(lists, 2)
    counts = [sum(len(people(record)) for record in records) for _, records in lists]
    best = max(counts) if extreme[1].lower() == "most" else min(counts)
    before = "\n- " if counts.count(best) > 1 else ""
    return [
        (Claim(f"{title}: {best} listed.", before), behind(records))
        for (title, records), count in zip(lists, counts, strict=True)
        if count == best
    ]


def in_several(lists: Sequence[List], least: int) -> Checked:
    """Return the people who are in ``least`` or more of ``lists``, with the documents whose lists those are."""
    seen: list[tuple[str, dict[str, Record]]] = []
    for title, records in lists:
        for record, person in ((entry, person) for entry in records for person in people(entry)):
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


def people(record: Record) -> list[str]:
    """Return the people in one entry: ``Cy Orr and Di Fox - Boat Club Nord`` has two."""
    return re.split(r"\s+(?:and|&)\s+|,\s", record.name)


def _is_same(name: str, other: str) -> bool:
    """Tell whether two names are one, but for a letter: lists are typed by hand."""
    return SequenceMatcher(None, name.lower(), other.lower(), autojunk=False).ratio() >= SAME


def behind(lines: Sequence[Record]) -> Support:
    """Return the support of ``lines``: neighbours in a list are one span."""
    spans = [Span(Evidence(group[0].passage, 1.0, 1), group[0].start, group[-1].end) for group in _neighbours(lines)]
    return Support(tuple(spans), 1.0)


def quoted(lines: Sequence[Record]) -> Checked:
    """Return each line as it stands; neighbours in a list have one citation."""
    return [(Claim(_said(record), "\n- "), behind(group)) for group in _neighbours(lines) for record in group]


def _said(record: Record) -> str:
    """Return the line, or what a cell says of the first one of its row."""
    return f"{record.name} – {record.key}: {record.value}" if record.name and record.key else record.text


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
