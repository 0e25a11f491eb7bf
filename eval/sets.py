"""Test sets: a folder of documents, and questions with known answers and their positions.

A set is a folder with ``documents/`` and ``questions.jsonl`` (for its fields see ``eval.questions``). ``set.toml`` next
to it may contain ``name``, ``match`` (how facts are compared: see ``eval.answer_metrics.says``) and ``documents`` (a
path relative to the folder, if the documents are elsewhere).
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from eval.answer_metrics import MATCHES, Match
from eval.questions import Question, SetError, Span, read_questions, write_questions

__all__ = [
    "KnownAnswerSet",
    "Question",
    "SetError",
    "Span",
    "documents_of",
    "load",
    "misplaced",
    "sample",
    "write_questions",
]


@dataclass(frozen=True, slots=True)
class KnownAnswerSet:
    """Questions, and the folder of their documents."""

    name: str
    documents: Path
    questions: tuple[Question, ...]


def load(folder: Path) -> KnownAnswerSet:
    """Read a set in our format. Raises ``SetError`` naming file and line."""
    documents, settings = documents_of(folder), _settings(folder / "set.toml")
    questions = read_questions(folder / "questions.jsonl", cast(Match | None, settings.get("match")))
    return KnownAnswerSet(settings.get("name", folder.resolve().name), documents, questions)


def documents_of(folder: Path) -> Path:
    """Return the folder of a set's documents. Raises ``SetError`` if there is none."""
    documents = (folder / _settings(folder / "set.toml").get("documents", "documents")).resolve()
    if not documents.is_dir():
        raise SetError(
            f"{folder}: there is no folder {documents}. Put the documents there, or name their folder in set.toml."
        )
    return documents


def sample(questions: Sequence[Question], limit: int, seed: int = 0) -> tuple[Question, ...]:
    """Choose ``limit`` questions, keeping the proportion of answerable ones and the order.

    The choice only depends on the ids and the seed (smallest SHA-256 of both), not on order, platform or Python
    version. If ``limit`` is at least two and both types exist, there is at least one of each.

    >>> questions = [Question(str(i), "?", answerable=i % 3 > 0) for i in range(30)]
    >>> chosen = sample(questions, 6)
    >>> len(chosen), sum(question.answerable for question in chosen)
    (6, 4)
    """
    if limit >= len(questions):
        return tuple(questions)
    strata = [[q for q in questions if q.answerable], [q for q in questions if not q.answerable]]
    share = round(limit * len(strata[0]) / len(questions))
    if limit > 1 and strata[0] and strata[1]:
        share = min(max(share, 1), limit - 1)
    chosen: set[str] = set()
    for stratum, size in zip(strata, (share, limit - share), strict=True):
        chosen.update(sorted((q.id for q in stratum), key=lambda id: _lot(id, seed))[:size])
    return tuple(question for question in questions if question.id in chosen)


def misplaced(questions: Iterable[Question], texts: Mapping[str, str]) -> list[str]:
    """List the documents and gold spans that are missing from ``texts`` (by document name), one message each.

    >>> question = Question("q1", "?", True, gold=(Span("a.txt", 2, 9), Span("b.txt", 0, 1)))
    >>> misplaced([question], {"a.txt": "short"})
    ['q1: a.txt ends at 5, before 9', 'q1: there is no document b.txt']
    """
    problems = []
    for question in questions:
        absent = (name for name in question.documents if name not in texts)
        problems += [f"{question.id}: there is no document {name}" for name in absent]
        for span in question.gold:
            text = texts.get(span.document)
            if text is None:
                problems.append(f"{question.id}: there is no document {span.document}")
            elif span.end > len(text):
                problems.append(f"{question.id}: {span.document} ends at {len(text)}, before {span.end}")
    return problems


def _settings(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    try:
        settings = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetError(f"{file}: not valid TOML ({error}).") from error
    for key, value in settings.items():
        if key not in ("name", "documents", "match") or not isinstance(value, str):
            raise SetError(f"{file}: unknown entry {key!r}. Allowed are name, documents and match, as texts.")
    if (match := settings.get("match", MATCHES[0])) not in MATCHES:
        raise SetError(f"{file}: match must be {' or '.join(MATCHES)}, not {match!r}.")
    return settings


def _lot(id_: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}\0{id_}".encode()).hexdigest()
