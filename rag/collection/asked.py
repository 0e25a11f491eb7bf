"""What the words of a question ask for, where lines of the documents may answer it by themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.collection.catalogue import stems
from rag.collection.records import Record
from rag.words import Word, content_words, count_in, dates_in, found

__all__ = [
    "ANYONE",
    "COUNT",
    "HOW_MUCH",
    "MONEY",
    "ORGANISATION",
    "PEOPLE",
    "ROLE",
    "SAYS",
    "WHO",
    "YES_OR_NO",
    "Asked",
]

SAYS = frozenset(
    """act among appear attend belong besid came collect come contribut describ each everi featur gave give given
    happen held here hold list mention name occur part place present record refer repres report sent seri show speak
    spoke spoken stand stood take taken talk took work""".split()
)
"""Stems that say that somebody or something is listed, speaks for another or took place, and nothing else."""
PEOPLE = frozenset(
    "attende contributor deleg everybodi everyon guest member panellist particip peopl person speaker staff".split()
)
ANYONE = frozenset("everybodi everyon peopl person".split())
SPEAKING = frozenset("speak speech spoke spoken talk".split())
ATTENDING = frozenset("attend attende deleg guest particip present".split())
LABELS = (PEOPLE | ATTENDING | frozenset("absent apolog contact host sponsor team".split())) - ANYONE
"""Stems of what lists of people are called: who is in one of them is not in another."""
ORGANISATION = frozenset("affili agenc bodi charit compani employ firm institut organ organis organiz".split())
ROLE = frozenset("capac function job posit post role titl".split())

MONEY = frozenset("award charg cost fee get got grant money paid pay price receiv worth".split())
"""Stems that say that it is about an amount, and nothing else."""
BRACKETS = re.compile(r"\([^()]*\)")

WROTE = frozenset("write writer written wrote".split())
"""Stems of what an author has done: lists say who is one."""

WHO = re.compile(
    r"\b(who|whom|whose|list|names?|give|(?:which|what) (?:\w+ ){0,2}(?:people|persons?|speakers?|guests?|members?|"
    r"participants?|attendees?|delegates?|panell?ists?|contributors?))\b",
    re.IGNORECASE,
)
ONE = re.compile(r"\b(?:which|what) (?:person|speaker|guest|member|participant|attendee|panell?ist)\b", re.IGNORECASE)
COUNT = re.compile(r"\bhow many\b", re.IGNORECASE)
YES_OR_NO = re.compile(
    r"(?:am|are|can|could|did|do|does|had|has|have|is|may|might|shall|should|was|were|will|would)\b", re.IGNORECASE
)
HOW_MUCH = re.compile(r"\bhow much\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question holds: its ``text``, the ``stems`` of its words, its ``figures`` (dates and numbers).

    ``number`` is how many answers it expects; ``nouns`` are the stems of what the documents are called.
    """

    text: str
    stems: frozenset[str]
    figures: tuple[Word, ...]
    number: int | None
    nouns: frozenset[str]

    @classmethod
    def of(cls, question: str, earlier: str, nouns: frozenset[str]) -> Asked:
        """Read ``question``, and the words of the ``earlier`` ones that it refers back to."""
        words = content_words(f"{earlier} {question}")
        figures = tuple(word for word in words if word.kind in {"number", "date"})
        number = 1 if ONE.search(question) else count_in(words)
        others = frozenset(word.form for word in words if word.kind in {"word", "name"})
        if others & WROTE and WHO.match(question):
            others = others - WROTE | {"author"}
        return cls(question, others, figures, number, nouns)

    @property
    def dates(self) -> tuple[Word, ...]:
        """The dates and years that it names."""
        return dates_in(self.figures)

    @property
    def people(self) -> frozenset[str]:
        """What those are called whom it asks for, if they are called anything: speakers."""
        speakers = frozenset(["speaker"]) if self.stems & SPEAKING else frozenset[str]()
        return self.stems & LABELS | speakers | (ATTENDING if self.stems & ATTENDING else frozenset())

    @property
    def rest(self) -> frozenset[str]:
        """What is left to be understood."""
        return self.stems - SAYS - PEOPLE - LABELS - self.nouns

    def expects(self, count: int) -> bool:
        """Tell whether ``count`` answers are as many as it speaks of, if it does."""
        return self.number in {None, count}

    def names(self, record: Record) -> bool:
        """Tell whether it holds the name of ``record``, or two words of it and all its numbers, brackets left out."""
        name = content_words(BRACKETS.sub("", record.name))
        told = {word.form for word in self.figures}
        words = {word.form for word in name if word.kind in {"word", "name"}}
        numbers = [word for word in name if word.kind in {"number", "date"}]
        return len(words & self.stems) >= min(2, len(words)) and all(found(word, told) for word in numbers)

    def means(self, record: Record) -> bool:
        """Tell whether the list of ``record`` is asked for: that of the speakers, where speakers are.

        A list that is not called anything may be one of speakers, since those are named most.
        """
        label = stems(record.label) & LABELS
        return bool(self.people & label) or not self.people or (self.people == {"speaker"} and not label)
