"""Who talked about what: the sentences that hold a topic and name somebody who is in one of the lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.citations import Checked, Claim, Span, Support
from rag.collection.asked import COUNT, WHO, Asked
from rag.collection.catalogue import stems
from rag.collection.records import HONORIFIC, records
from rag.collection.rosters import List, people
from rag.sentences import sentences
from rag.types import Evidence, Passage
from rag.words import content_words, found

__all__ = ["talked_about", "talks_about", "topic"]

TALKED = re.compile(
    r"\b(?:talk(?:ed|s)?|sp[eo]aks?|spoke|spoken) (?:about|on|of)\b|\b(?:discuss|mention)", re.IGNORECASE
)
REFERS_BACK = re.compile(r"(?:he|she|his|her)\b", re.IGNORECASE)
INITIAL = re.compile(r"\b[A-ZÀ-Þ]\b\.?")


def talks_about(asked: Asked) -> bool:
    """Tell whether it is asked who talked about something."""
    return bool(WHO.search(asked.text) and TALKED.search(asked.text) and not COUNT.search(asked.text))


def topic(asked: Asked, titles: Iterable[str]) -> frozenset[str]:
    """Return the stems of what was talked about: not those of ``titles``, which say where."""
    return asked.rest.difference(*map(stems, titles)) - {"count", "discuss", "mention"}


def talked_about(asked: Asked, topic: frozenset[str], lists: Sequence[List], passages: Sequence[Passage]) -> Checked:
    """Return the sentences of ``passages`` that hold all of ``topic`` and name somebody of ``lists``.

    Who is "he" or "she" is who was named last.
    """
    names = sorted({_key(person) for _, records in lists for record in records for person in people(record)})
    answer: Checked = []
    for passage in passages:
        last: list[str] = []
        listed = {record.start - passage.start for record in records([passage])}
        for start, end in sentences(passage.text):
            text = " ".join(passage.text[start:end].split())
            here = sorted(filter(None, (_named(name, text) for name in names)), key=text.index)
            here = here or (last if REFERS_BACK.match(text) else [])
            last = here or last
            if here and _holds(text, topic, asked, passage) and not any(start <= entry < end for entry in listed):
                span = Span(Evidence(passage, 1.0, 1), passage.start + start, passage.start + end)
                answer.append((Claim(f"{', '.join(here)}: “{text}”", "\n- "), Support((span,), 1.0)))
    return answer if asked.expects(len(answer)) else []


def _holds(text: str, topic: frozenset[str], asked: Asked, passage: Passage) -> bool:
    forms = {word.form for word in content_words(text)}
    return topic <= forms and all(found(word, forms | {passage.date}) for word in asked.dates)


def _key(name: str) -> tuple[str, ...]:
    """Return the words of a name that a text may use: without titles and initials."""
    return tuple(INITIAL.sub("", re.sub(rf"^{HONORIFIC}", "", name)).split())


def _named(name: tuple[str, ...], text: str) -> str:
    """Return ``name`` as it stands in ``text``, or nothing."""
    match = re.search(r"\s+(?:[A-Z]\.?\s+)?".join(rf"\b{re.escape(word)}\b" for word in name), text)
    return match[0] if match else ""
