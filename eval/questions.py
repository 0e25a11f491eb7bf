"""Test questions with known answers, and their format in ``questions.jsonl``.

    {"id", "question", "answerable": true | false, "answers": ["reference answer", ...],
     "gold": [{"document": "file.txt", "start": 0, "end": 10}, ...],
     "docs": ["file.txt", ...]?, "facts": [["accepted spelling", ...], ...]?, "never": ["forbidden phrase", ...]?,
     "match": "words" | "substring"?, "history": [{"role", "content"}, ...]?, "kind"?, "genre"?, "language"?,
     "need": "all" | "any"?, "split"?, "cluster"?}

With ``docs`` but without ``gold``, the set knows documents and facts but no spans. Other fields are ignored.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from eval.answer_metrics import MATCHES, Match
from rag.errors import FootnoteError
from rag.types import Turn

__all__ = [
    "Question",
    "SetError",
    "Span",
    "json_object",
    "listed",
    "located",
    "read_json_lines",
    "read_questions",
    "text_of",
    "write_questions",
]

T = TypeVar("T")

_PLURAL: dict[type[Any], str] = {str: "texts", dict: "objects", list: "lists"}


class SetError(FootnoteError):
    """A test set that can't be read: the message names the file and the problem."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of a document; ``grade`` is its relevance, at least 1."""

    document: str
    start: int
    end: int
    grade: int = 1


@dataclass(frozen=True, slots=True)
class Question:
    """A question with a known answer.

    ``gold`` holds the spans with the answer: each is sufficient if ``need`` is ``any``, all are needed if it is
    ``all``. ``facts`` are what a complete answer states, each in its accepted spellings; ``never`` is what it must not
    say, and ``match`` how both are compared. ``documents`` hold the answer if no spans are known: only they may be
    cited. ``kind``, ``genre`` (of the documents: a lease, minutes) and ``language`` group questions in reports.
    Questions of the same ``cluster``, by default their document, are not independent.
    """

    id: str
    question: str
    answerable: bool
    answers: tuple[str, ...] = ()
    gold: tuple[Span, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()
    never: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()
    kind: str = ""
    need: Literal["all", "any"] = "any"
    split: str = ""
    cluster: str = ""
    documents: tuple[str, ...] = ()
    genre: str = ""
    language: str = ""
    match: Match = "words"

    @property
    def sources(self) -> frozenset[str]:
        """The documents that hold the answer: the named ones, or those of the gold; empty if there is none."""
        return frozenset(self.documents or (span.document for span in self.gold)) if self.answerable else frozenset()


def read_questions(file: Path, match: Match | None = None) -> tuple[Question, ...]:
    """Read one question per line; ``match`` is the default. Raises ``SetError`` naming file and line."""
    questions: dict[str, Question] = {}
    for number, row in read_json_lines(file):
        with located(f"{file}, line {number}"):
            question = _question(row, match)
        if question.id in questions:
            raise SetError(f"{file}, line {number}: the id {question.id!r} is already used; ids must be unique.")
        questions[question.id] = question
    if not questions:
        raise SetError(f"{file} contains no question. Write one question per line.")
    return tuple(questions.values())


def write_questions(questions: Iterable[Question], file: Path) -> None:
    """Write ``questions`` one per line, without empty and default fields; ``load`` restores them."""
    with file.open("w", encoding="utf-8", newline="\n") as out:
        for question in questions:
            out.write(json.dumps(_row(question), ensure_ascii=False) + "\n")


def read_json_lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, object) for each line that isn't blank; raise ``SetError`` for a bad one."""
    if not file.is_file():
        raise SetError(f"There is no file {file}. A test set needs it.")
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, json_object(line, f"{file}, line {number}")


def json_object(data: bytes, where: str) -> dict[str, Any]:
    """Read one JSON object. Raises ``SetError`` that starts with ``where``."""
    try:
        row = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SetError(f"{where}: not UTF-8 ({error.reason}). Save the file as UTF-8.") from error
    except json.JSONDecodeError as error:
        raise SetError(f"{where}: not JSON ({error.msg} at character {error.pos + 1}).") from error
    if not isinstance(row, dict):
        raise SetError(f"{where}: expected a JSON object.")
    return row


@contextmanager
def located(where: str) -> Iterator[None]:
    """Turn a ``ValueError`` inside the block into a ``SetError`` that says where it is."""
    try:
        yield
    except ValueError as error:
        raise SetError(f"{where}: {error}.") from error


def text_of(row: Mapping[str, Any], key: str) -> str:
    """Return the text under ``key``. Raises ``ValueError`` if it is missing, empty or not a text."""
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} must be a non-empty text")
    return value


def listed(row: Mapping[str, Any], key: str, kind: type[T]) -> list[T]:
    """Return the list under ``key``, empty if missing. Raises ``ValueError`` if it holds another type."""
    values = row.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, kind) for value in values):
        raise ValueError(f"{key} must be a list of {_PLURAL[kind]}")
    return values


def _question(row: Mapping[str, Any], match: Match | None) -> Question:
    id_ = text_of(row, "id")
    gold = tuple(_span(span) for span in listed(row, "gold", dict))
    documents = tuple(map(_name, listed(row, "docs", str)))
    places = [*(span.document for span in gold), *documents]
    answerable = row.get("answerable")
    if not isinstance(answerable, bool):
        raise ValueError("answerable must be true or false")
    if gold and not answerable:
        raise ValueError("a question that the documents do not answer has no gold")
    need = row.get("need", "any")
    if need not in ("all", "any"):
        raise ValueError(f"need must be all or any, not {need!r}")
    return Question(
        id=id_,
        question=text_of(row, "question"),
        answerable=answerable,
        answers=tuple(listed(row, "answers", str)),
        gold=gold,
        facts=tuple(_spellings(fact) for fact in listed(row, "facts", list)),
        never=tuple(listed(row, "never", str)),
        history=tuple(_turn(turn) for turn in listed(row, "history", dict)),
        # Some sets write a list of kinds as text: ['partial'].
        kind=str(row.get("kind") or ("answerable" if answerable else "unanswerable")).strip("[]'\""),
        need=need,
        split=str(row.get("split", "")),
        cluster=_cluster(row, id_, places),
        documents=documents,
        genre=str(row.get("genre") or _folder(places)),
        language=str(row.get("language", "")),
        match=_match(row, match or usual_match(documents, gold)),
    )


def usual_match(documents: Sequence[str], gold: Sequence[Span]) -> Match:
    """Return the default for how facts are compared: sets without spans list prefixes of words."""
    return "substring" if documents and not gold else "words"


def _match(row: Mapping[str, Any], usual: Match) -> Match:
    match = row.get("match", usual)
    if match not in MATCHES:
        raise ValueError(f"match must be {' or '.join(MATCHES)}, not {match!r}")
    return cast(Match, match)


def _cluster(row: Mapping[str, Any], id_: str, documents: Sequence[str]) -> str:
    paragraph = row.get("paragraph")
    about = paragraph.get("document") if isinstance(paragraph, dict) else None
    return str(row.get("cluster") or about or next(iter(documents), id_))


def _folder(documents: Sequence[str]) -> str:
    """Return the first folder in the path of the first document, or an empty string."""
    folder, slash, _ = next(iter(documents), "").partition("/")
    return folder if slash else ""


def _name(document: str) -> str:
    """Return the name of a document in Unicode composed form (NFC), on any file system."""
    if not document.strip():
        raise ValueError("docs must name documents")
    return unicodedata.normalize("NFC", document)


def _span(span: Mapping[str, Any]) -> Span:
    start, end, grade = span.get("start"), span.get("end"), span.get("grade", 1)
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        raise ValueError(f"gold needs integers 0 <= start < end, not {start!r} and {end!r}")
    if type(grade) is not int or grade < 1:
        raise ValueError(f"the grade of a gold span must be an integer of at least 1, not {grade!r}")
    return Span(_name(text_of(span, "document")), start, end, grade)


def _turn(turn: Mapping[str, Any]) -> Turn:
    role = turn.get("role")
    if role not in ("user", "assistant"):
        raise ValueError(f"the role of a turn must be user or assistant, not {role!r}")
    return Turn(cast(Literal["user", "assistant"], role), text_of(turn, "content"))


def _spellings(fact: Sequence[object]) -> tuple[str, ...]:
    if not fact or not all(isinstance(spelling, str) and spelling.strip() for spelling in fact):
        raise ValueError("each fact must be a list of accepted spellings")
    return tuple(cast(Sequence[str], fact))


def _row(question: Question) -> dict[str, Any]:
    row = asdict(question)
    for span in row["gold"]:
        if span["grade"] == 1:
            del span["grade"]
    always = ("id", "question", "answerable", "answers", "gold")
    row["docs"] = row.pop("documents")
    usual = {
        "need": "any",
        "genre": _folder([*(span.document for span in question.gold), *question.documents]),
        "match": usual_match(question.documents, question.gold),
    }
    return {key: value for key, value in row.items() if key in always or (value and value != usual.get(key))}
