"""Questions that are asked of each of several documents: "What did each workshop decide?", "… in Leeds and in York?"

Read together, their passages are mixed up by a small model, and the best of one document keep out those of the others.
So each document is asked by itself, by its title, and the answer is the list of what they tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise

from rag.collection.asked import YES_OR_NO
from rag.collection.catalogue import DOCUMENT, EVENTS, Titles, called, stems
from rag.index import DocumentInfo
from rag.words import NUMBERS

__all__ = ["asked_of_each"]

ANY_KIND = EVENTS | frozenset("articl document event meet report".split())
"""Stems of what any document, or what it tells of, may be called."""
MOST = 12
"""Documents that are asked one by one: each takes seconds."""
KIND = 4
"""Words that may name a kind of document."""
OF_EACH = re.compile(
    r"\b(?:(?P<each>each|every)(?: one)?|all|both)(?: of)?(?: (?:the|these|those|our|your))?"
    rf"(?: (?P<number>\d\d?|{'|'.join(NUMBERS)}))?(?P<kind>(?: [^\W\d_][\w-]*){{1,{KIND}}})"
)
APART = re.compile(r"\b(?:when|where|how (?:many|much|long)|what (?:was|were|is|are) the)\b", re.IGNORECASE)
"""How it is asked what "all" or "both" have each for themselves; who was at both of them is another question."""
TOGETHER = re.compile(
    r"\b(?:altogether|overall|combined|in all|total|sum|apart|between|differ\w*|same|common|compare\w*|average|"
    r"most|least|fewest|more|less|first|last|earliest|latest|or|than|together|relat\w*|connect\w*|link\w*|"
    r"(?:dis)?agree\w*|one another|(?:to|with) each other|versus|vs)\b",
    re.IGNORECASE,
)
"""What asks for something that only all documents together tell."""
AT_EVERY = re.compile(r"\b(?:who|which)\b.*\bevery\b|\bboth\b", re.IGNORECASE)
"""Who was at every one was at all of them."""
RESPECTIVELY = re.compile(r",? respectively\b", re.IGNORECASE)
TOKEN = re.compile(r"[^\W\d_][\w'’-]*")
ASKS = re.compile(r"\b(?:who|what|which|where|when|why|how|did|do|does|was|were|is|are)\b", re.IGNORECASE)
AND = re.compile(r"(?:,|,? and|,? &)(?: (?:also|at|by|during|for|from|in|of|on|the|to|with))*")


Near = Callable[[], Sequence[str]]
"""Returns the public names of the documents that are nearest to the question, the nearest first."""


def asked_of_each(
    question: str, titles: Titles, among: Collection[str] | None = None, near: Near | None = None
) -> list[tuple[DocumentInfo, str]]:
    """Return the documents of ``titles`` of which ``question`` asks the same, and what each of them is asked.

    ``among`` are the public names of documents to look at; those that are ``near`` are taken where "each of the
    meetings" does not say which. None where it is asked of one document, or of all together.
    """
    if YES_OR_NO.match(question) or TOGETHER.search(question):
        return []
    question = RESPECTIVELY.sub("", question)
    return _of_each(question, titles, among, near) or _of_several(question, titles, among)


def _of_each(
    question: str, titles: Titles, among: Collection[str] | None, near: Near | None
) -> list[tuple[DocumentInfo, str]]:
    """Return the documents of the kind that ``question`` names behind "each", "every", "all" or "both"."""
    for match in OF_EACH.finditer(question):
        if not APART.search(question) and (not match["each"] or AT_EVERY.search(question)):
            continue
        words, number = match["kind"].split(), _number(match)
        for count in range(len(words), 0, -1):
            documents = _of_kind(words[:count], question, titles, among)
            if near and documents and stems(" ".join(words[:count])) <= ANY_KIND:
                nearest = near()[:number]
                documents = [info for info in documents if info.name in nearest]
            if 1 < len(documents) <= MOST and number in {None, len(documents)}:
                before, behind = question[: match.start()], " ".join(words[count:])
                behind = f" {behind}" * bool(behind) + question[match.end() :]
                return [(info, f"{before}{info.title or info.name}{behind}") for info in documents]
    return []


def _of_kind(words: list[str], question: str, titles: Titles, among: Collection[str] | None) -> list[DocumentInfo]:
    """Return the documents whose titles have ``words``, or all where these are what any document may be called."""
    series = titles.series(question)
    words = [word.lower().removesuffix("s") for word in words]
    kind, last = stems(" ".join(words)), words[-1]
    own = kind - DOCUMENT - (EVENTS if series else frozenset())
    known = own or kind <= ANY_KIND
    documents = [info for info in titles.called((), among, series) if own <= called(info)] if kind and known else []
    # A word such as "day" or "about" belongs to what they are called where their titles have it.
    ends = stems(last) or all(re.search(rf"\b{re.escape(last)}", info.title, re.IGNORECASE) for info in documents)
    return documents if ends else []


def _number(match: re.Match[str]) -> int | None:
    """Return how many there are to be."""
    if match[0].lower().startswith("both"):
        return 2
    number = match["number"]
    return None if number is None else int(number) if number.isdigit() else NUMBERS[number]


def _of_several(question: str, titles: Titles, among: Collection[str] | None) -> list[tuple[DocumentInfo, str]]:
    """Return the documents that ``question`` names one after the other: "in Leeds and in York"."""
    names = titles.names_in(question)
    named = [token for token in TOKEN.finditer(question) if token[0][0].isupper() and stems(f"x {token[0]}") & names]
    if len(named) < 2 or re.search(r"\bboth\b", question, re.IGNORECASE):
        return []
    if not all(_joins(question[one.end() : other.start()], titles) for one, other in pairwise(named)):
        return []
    before, behind = question[: named[0].start()], question[named[-1].end() :]
    first = question[named[0].end() : named[1].start()]
    common = "" if stems(first) <= stems(behind) else AND.sub("", first).rstrip()
    asked = {}
    for token in named:
        info = _by_name(stems(f"x {token[0]}"), titles, among)
        if info is None or info.name in asked:
            return []
        asked[info.name] = info, f"{before}{token[0]}{common}{behind}"
    return list(asked.values())


def _joins(text: str, titles: Titles) -> bool:
    """Tell whether nothing stands in ``text`` but "and", and what the documents are called."""
    left = AND.sub(" ", text, count=1)
    return (
        left != text
        and not ASKS.search(left)
        and stems(left) <= titles.common | DOCUMENT | EVENTS
        and not re.search(r"[^\w\s]", left)
    )


def _by_name(name: frozenset[str], titles: Titles, among: Collection[str] | None) -> DocumentInfo | None:
    """Return the one document that is called by ``name``, if it may be looked at."""
    info = next(info for info in titles.documents if name & called(info))
    return info if among is None or info.name in among else None
