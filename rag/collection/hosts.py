"""By whom something was hosted, or sponsored: the sentences that say so, and the questions that they answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.citations import Checked, Claim
from rag.collection.asked import COUNT, ORGANISATION, Asked
from rag.collection.catalogue import stems
from rag.collection.records import Record
from rag.collection.rosters import List, behind, in_several
from rag.sentences import sentences
from rag.types import Passage

__all__ = ["HOSTING", "asks_which", "hosted", "hosts"]

HOSTING = frozenset("host sponsor".split())
"""Stems of the verbs that are understood."""
BY = re.compile(r"\b(?P<verb>hosted|sponsored)\s+(?:(?:jointly|kindly|together)\s+)?by\s+(?P<who>[^.;:()]{2,200})")
PART = re.compile(r",\s+and\s+|\s+(?:and|&)\s+|,\s+|\s+together with\s+")
ARTICLE = re.compile(r"(?:the|our|an?)\s+", re.IGNORECASE)
AND_WHICH = re.compile(r",? and (?:which|what)(?: one)?(?: did| was| were)? ", re.IGNORECASE)
KIND = re.compile(r"\b(?:which|what)(?: of the)?(?: (?:two|three|four))? (\w+)", re.IGNORECASE)
ALL = re.compile(r"\b(?:all|both|each|every)\b", re.IGNORECASE)
HELPING = frozenset("among each everi help joint jointli togeth".split())
"""Stems of what may stand beside the verb."""


def hosts(passages: Sequence[Passage]) -> list[Record]:
    """Return an entry for each of those who hosted or sponsored what ``passages`` of one document tell of."""
    found = []
    for passage in passages:
        for start, end in sentences(passage.text) if BY.search(passage.text) else ():
            text = " ".join(passage.text[start:end].split())
            for match in BY.finditer(text):
                for part in PART.split(match["who"]):
                    name = ARTICLE.sub("", part.strip(), count=1)
                    place = passage.start + start, passage.start + end
                    found.append(Record(passage, *place, text, name, "", "", label=match["verb"]))
    return found


def asks_which(asked: Asked) -> bool:
    """Tell whether it is asked which of the documents somebody hosted."""
    kind = KIND.search(asked.text)
    return kind is not None and bool(stems(kind[1]) & asked.nouns)


def hosted(asked: Asked, lists: Sequence[List]) -> Checked:
    """Return which of the documents of ``lists`` somebody hosted, who hosted the one there is, or who all of them."""
    verb = asked.stems & HOSTING
    lists = [(title, [entry for entry in entries if stems(entry.label) & verb]) for title, entries in lists]
    if asks_which(asked):
        return _which(asked, lists)
    titles = (stems(title) for title, _ in lists)
    rest = asked.stems.difference(asked.nouns, HOSTING, HELPING, ORGANISATION, *titles)
    if rest or not lists or not all(entries for _, entries in lists):
        return []
    if len(lists) > 1:
        found = in_several(lists, len(lists)) if ALL.search(asked.text) else []
        return found if asked.expects(len(found)) else []
    entries = lists[0][1]
    count = f"{len(entries)}: " if COUNT.search(asked.text) else ""
    return [(Claim(count + ", ".join(entry.name for entry in entries)), behind(entries[:1]))]


def _which(asked: Asked, lists: Sequence[List]) -> Checked:
    """Return the documents, each with its sentence, that those hosted for whom it is asked, one after the other."""
    answer: Checked = []
    for part in AND_WHICH.split(asked.text):
        names = stems(part) - asked.nouns - HOSTING - HELPING
        told = [(title, entry) for title, entries in lists for entry in entries if names and names <= stems(entry.name)]
        if not told:
            return []
        answer += [(Claim(f"{title}: “{entry.text}”", "\n- "), behind([entry])) for title, entry in told]
    return answer
