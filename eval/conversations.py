"""Conversations: is every message read as it was meant, by itself or together with the questions that it refers to?

Measured without a language model, from what is searched and found: one line of the file is a conversation, and each of
its turns says whether it depends on the ones before it and which words of which document answer it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.journal import RunError
from rag.assistant import Assistant
from rag.followups import search_query
from rag.replies import kind_of_message
from rag.types import Turn

__all__ = ["Message", "Reading", "readings"]

KINDS = ("question", "reply", "none")


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a conversation, with the right reply to it.

    ``kind`` is "question"; "reply" for thanks and the like, which are not searched; or "none" for a question that the
    documents don't answer. ``says`` are words of ``document`` that answer it.
    """

    question: str
    reply: str
    kind: str = "question"
    depends: bool = False
    document: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a message was read: ``query`` was searched; ``as_meant`` if it was joined with earlier ones only if needed.

    ``found``: its answer is in the passages read; ``None`` for messages without one.
    """

    conversation: str
    message: Message
    query: str
    as_meant: bool
    found: bool | None


def readings(file: Path, assistant: Assistant) -> Iterator[Reading]:
    """Yield how each message of ``file`` is read, given the right replies to the ones before it.

    Raises:
        RunError: a line is invalid, or a document doesn't contain the words that it should.
    """
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        try:
            table = json.loads(line)
            id, messages = str(table["id"]), [_message(turn) for turn in table["turns"]]
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"{file}, line {number}: not a valid conversation ({error!r}).") from error
        history = list[Turn]()
        for message in messages:
            yield _reading(id, message, history, assistant)
            history += [Turn("user", message.question), Turn("assistant", message.reply)]


def _message(table: dict[str, Any]) -> Message:
    message = Message(**table)
    if message.kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    return message


def _reading(id: str, message: Message, history: list[Turn], assistant: Assistant) -> Reading:
    plain = bool(kind_of_message(message.question))
    if plain or message.kind == "reply":
        return Reading(id, message, "", plain == (message.kind == "reply"), None)
    query = search_query(message.question, history)
    as_meant = (query != message.question) == message.depends
    if message.kind == "none":
        return Reading(id, message, query, as_meant, None)
    if message.says not in _one_line(assistant.index.text(message.document)):
        raise RunError(f"{id}: {message.document} doesn't say {message.says!r}.")
    evidence = assistant.retrieve(message.question, history)
    return Reading(id, message, query, as_meant, any(message.says in _one_line(e.passage.text) for e in evidence))


def _one_line(text: str) -> str:
    return " ".join(text.split())
