"""Footnote's own texts, in the language of the question, and messages that aren't questions about the documents.

"Thanks!" needs no search, and "What can you do?" is answered from the list of documents, without a model. The texts are
in ``rag/data/replies.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from rag.catalogue import title_of
from rag.ports import DocumentInfo
from rag.text.dates import day
from rag.text.detection import language_of_question
from rag.text.language import month_name, numbers

__all__ = ["Kind", "Replies", "is_refusal", "kind_of_message", "reason_of", "replies_for", "replies_in"]

FILE = Path(__file__).parent / "data" / "replies.toml"
WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
SHOWN = 3
"""Number of titles named as examples."""

Kind = Literal["greeting", "thanks", "about", "documents"]
"""Kinds of messages that don't ask about the content of the documents."""
SAID: tuple[Kind, ...] = ("thanks", "greeting")
ASKED: tuple[Kind, ...] = ("about", "documents")


@dataclass(frozen=True, slots=True)
class Replies:
    """The replies in one ``language``, some with placeholders."""

    texts: Mapping[str, Any]
    language: str = "en"

    @property
    def unsure(self) -> str:
        """Introduction of the sentences that may answer a question."""
        return str(self.texts["unsure"])

    def refusal(self, unmentioned: Sequence[str] = ()) -> str:
        """Return the text of an abstention, with the words of the question that no document contains."""
        if not unmentioned:
            return str(self.texts["refusal"])
        return f"{self.texts['refusal']} {self.texts['unmentioned'].format(words=self.either(unmentioned))}"

    def either(self, names: Sequence[str]) -> str:
        """Return ``names`` in quotation marks, with "or" between them."""
        return f" {self.texts['or']} ".join(f"“{name}”" for name in names)

    def note(self, key: str, **values: object) -> str:
        """Return a note below an answer, from the table ``notes``."""
        return str(self.texts["notes"][key].format(**values))

    def recognised(self, name: str, pages: Iterable[tuple[int, float]]) -> str:
        """Return the note that ``pages`` of ``name``, each with its confidence, were read from pictures."""
        sure = (self.note("sure", page=page, percent=f"{100 * confidence:.0f}") for page, confidence in pages)
        return self.note("recognised", name=name, pages=", ".join(sure))

    def listing(self, key: str, **values: object) -> str:
        """Return an introduction from the table ``lists``; counts are written in words in English, up to twelve.

        >>> replies_in("en").listing("there_some", total=3), replies_in("de").listing("there_some", total=3)
        ('There are three documents:', 'Es gibt 3 Dokumente:')
        """
        told = {name: self._count(value) if isinstance(value, int) else value for name, value in values.items()}
        text = str(self.texts["lists"][key].format(**told))
        return text[0].upper() + text[1:] if not text.startswith(" ") else text

    def _count(self, count: int) -> str:
        in_words = {1: "one", **{value: name for name, value in numbers("en").items()}}
        return in_words[count] if self.language == "en" and count <= 12 else str(count)

    def date(self, date: str) -> str:
        """Return an ISO 8601 date in words; anything else unchanged.

        >>> [replies_in(name).date("2011-03-11") for name in ("en", "de", "fr", "es")]
        ['11 March 2011', '11. März 2011', '11 mars 2011', '11 de marzo de 2011']
        """
        if not (parts := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", date)) or not 1 <= int(parts[2]) <= 12:
            return day(date, self.language)
        month = month_name(int(parts[2]), self.language)
        form = self.texts["lists"]["day"]
        return str(form.format(day=int(parts[3]), month=month, lower=month.lower(), year=parts[1]))

    def to(self, kind: Kind, documents: Sequence[DocumentInfo]) -> str:
        """Return the reply to a message of ``kind``; ``documents`` are those that can be asked about."""
        if kind in SAID:
            return str(self.texts[kind])
        if not documents:
            return str(self.texts["nothing"])
        titles = "; ".join(title_of(info) for info in documents[:SHOWN])
        return str(self.texts["about"].format(count=len(documents), titles=titles))


def replies_in(language: str) -> Replies:
    """Return the replies in ``language``; in English if it has no table."""
    tables = _tables()
    return Replies(tables[language], language) if language in tables else Replies(tables["en"])


def replies_for(question: str, default: str = "en") -> Replies:
    """Return the replies in the language of ``question``, or in the ``default`` if its words don't reveal it."""
    return replies_in(language_of_question(question, default))


@lru_cache(maxsize=1024)  # of the same turns in every question of a conversation
def kind_of_message(text: str) -> tuple[Kind, Replies] | None:
    """Return the kind of message and the replies in its language; ``None`` for a question about the documents.

    >>> [(found := kind_of_message(text)) and found[0] for text in ("Thanks a lot!", "So what can you do?", "Why?")]
    ['thanks', 'about', None]
    """
    words = _words(text)
    for language, table in _tables().items():
        said, fillers = table["said"], frozenset(table["said"]["filler"].split())
        for kind in SAID:
            own = set(said[kind].split())
            if own & set(words) and own | fillers >= set(words):
                return kind, Replies(table, language)
        for kind in ASKED:
            if _without(fillers, words) in [_without(fillers, _words(phrase)) for phrase in said[kind]]:
                return kind, Replies(table, language)
    return None


def is_refusal(text: str) -> bool:
    """Return whether ``text`` is an abstention, in any language."""
    return reason_of(text) is not None


def reason_of(text: str) -> str | None:
    """Return what an abstention says beside the refusal, in any language; ``None`` for any other text.

    >>> reason_of("The documents do not answer this question. They never mention “Bo”."), reason_of("In Leeds.")
    ('They never mention “Bo”.', None)
    """
    refusals = (table["refusal"] for table in _tables().values())
    return next((text.removeprefix(told).strip() for told in refusals if text.startswith(told)), None)


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower().replace("’", "'"))


def _without(fillers: Collection[str], words: Sequence[str]) -> list[str]:
    """Return ``words`` without ``fillers``, or all of them if they are only fillers."""
    return [word for word in words if word not in fillers] or list(words)


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
