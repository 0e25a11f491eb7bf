"""Footnote's own texts, in the language of the question, and messages that aren't questions about the documents.

"Thanks!" needs no search, and "What can you do?" is answered from the list of documents, without a model. The texts are
in ``rag/data/replies.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from rag.catalogue import title_of
from rag.ports import DocumentInfo
from rag.text.language import language_of

__all__ = ["Kind", "Replies", "is_refusal", "kind_of_message", "replies_for"]

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
    """The replies in one language, some with placeholders."""

    texts: Mapping[str, str]

    @property
    def unsure(self) -> str:
        """Introduction of the sentences that may answer a question."""
        return self.texts["unsure"]

    def refusal(self, unmentioned: Sequence[str] = ()) -> str:
        """Return the text of an abstention, with the words of the question that no document contains."""
        if not unmentioned:
            return self.texts["refusal"]
        words = f" {self.texts['or']} ".join(f"“{word}”" for word in unmentioned)
        return f"{self.texts['refusal']} {self.texts['unmentioned'].format(words=words)}"

    def to(self, kind: Kind, documents: Sequence[DocumentInfo]) -> str:
        """Return the reply to a message of ``kind``; ``documents`` are those that can be asked about."""
        if kind in SAID:
            return self.texts[kind]
        if not documents:
            return self.texts["nothing"]
        titles = "; ".join(title_of(info) for info in documents[:SHOWN])
        return self.texts["about"].format(count=len(documents), titles=titles)


def replies_for(question: str, default: str = "en") -> Replies:
    """Return the replies in the language of ``question``, or in the ``default`` if its words don't reveal it."""
    tables = _tables()
    return Replies(tables.get(language_of(question, default), tables["en"]))


@lru_cache(maxsize=1024)  # of the same turns in every question of a conversation
def kind_of_message(text: str) -> tuple[Kind, Replies] | None:
    """Return the kind of message and the replies in its language; ``None`` for a question about the documents.

    >>> [(found := kind_of_message(text)) and found[0] for text in ("Thanks a lot!", "So what can you do?", "Why?")]
    ['thanks', 'about', None]
    """
    words = _words(text)
    for table in _tables().values():
        said, fillers = table["said"], frozenset(table["said"]["filler"].split())
        for kind in SAID:
            own = set(said[kind].split())
            if own & set(words) and own | fillers >= set(words):
                return kind, Replies(table)
        for kind in ASKED:
            if _without(fillers, words) in [_without(fillers, _words(phrase)) for phrase in said[kind]]:
                return kind, Replies(table)
    return None


def is_refusal(text: str) -> bool:
    """Return whether ``text`` is an abstention, in any language."""
    return any(text.startswith(table["refusal"]) for table in _tables().values())


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower().replace("’", "'"))


def _without(fillers: Collection[str], words: Sequence[str]) -> list[str]:
    """Return ``words`` without ``fillers``, or all of them if they are only fillers."""
    return [word for word in words if word not in fillers] or list(words)


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
