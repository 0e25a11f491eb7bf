"""Turn reader feedback into test questions: a maintainer accepts it, and the next evaluation includes it.

Accepted questions form their own set, in the folder ``questions`` of the index, on the documents of the index. If these
are the seeds, ``footnote eval run`` asks them together with the questions about the seeds.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from eval import sets
from eval.journal import write_whole
from eval.questions import Question, SetError, Span, read_questions, write_questions
from eval.sets import KnownAnswerSet
from rag import feedback as queue
from rag.citations import without_marks
from rag.errors import DocumentError
from rag.feedback import Feedback
from rag.ports import Index

__all__ = ["KIND", "Incomplete", "accept", "default_set", "described", "question_of", "reviewed_folder"]

KIND = "reviewed"
SHORT = 60
"""Longest right answer, in characters, that counts as one fact which an answer must state in these words."""
LACKS = {
    "verdict": "A thumbs down alone does not say what the right answer is. Enter it before accepting.",
    "right_answer": "Enter the right answer before accepting.",
    "passage": "Select the passage with the right answer before accepting.",
}


class Incomplete(SetError):
    """Feedback that can't become a question yet; ``lacks`` is a key of ``LACKS``."""

    def __init__(self, lacks: str) -> None:
        super().__init__(LACKS[lacks])
        self.lacks = lacks


def reviewed_folder(index: Path) -> Path:
    """Return the folder of accepted questions for the index in the folder ``index``."""
    return index / "questions"


def question_of(said: Feedback) -> Question:
    """Return the test question for a piece of feedback.

    A thumbs up confirms the answer and its sources; other kinds say what would have been right. Raises ``Incomplete``
    if the right answer is unknown.
    """
    id, history = f"{KIND}-{said.id}", said.history
    if said.kind == "should_abstain" or (said.kind == "up" and said.status == "abstained"):
        return Question(id, said.question, False, history=history, kind=KIND)
    shown = without_marks(said.answer).strip() if said.status == "answered" else ""
    answer, spans = said.right_answer.strip(), said.passages
    if said.kind == "up":
        answer, spans = shown or _quoted(said), said.citations
    elif said.kind == "wrong_source":
        answer = answer or shown
    elif said.kind == "down" and not answer:
        raise Incomplete("verdict")
    if not answer:
        raise Incomplete("right_answer")
    if not spans:
        raise Incomplete("passage")
    gold = tuple(Span(span.document, span.start, span.end) for span in spans)
    facts = ((answer,),) if len(answer) <= SHORT else ()
    return Question(id, said.question, True, (answer,), gold, facts, history=history, kind=KIND)


def _quoted(said: Feedback) -> str:
    """Return the quoted sentences of an unsure answer."""
    return " ".join(span.quote for span in said.citations) if said.status == "unsure" else ""


def accept(said: Feedback, index: Index, folder: Path | None = None) -> Question:
    """Add ``said`` to the set in ``folder`` and remove it from the queue; return the question.

    The set is created if necessary. Raises ``SetError`` if it can't become a question, or if the set lacks the
    documents it refers to.
    """
    question = question_of(said)
    folder = folder or reviewed_folder(index.folder)
    documents = _documents(folder, index)
    for span in said.passages if said.kind != "up" else said.citations:
        _check(span, documents, index)
    file = folder / "questions.jsonl"
    known = read_questions(file) if file.exists() else ()
    if all(question.id != other.id for other in known):
        part = folder / "questions.part"
        write_questions([*known, question], part)
        part.replace(file)
    queue.remove(index.folder, [said.id])
    return question


def described(said: Feedback) -> str:
    """Return a piece of feedback for a terminal."""
    lines = [f"question: {said.question}", f"said: {said.kind}", f"answer ({said.status}): {said.answer}"]
    lines += [f"right answer: {said.right_answer}"] if said.right_answer else []
    lines += [f"right passage: {span.document}: “{span.quote}”" for span in said.passages]
    lines += [f"comment: {said.comment}"] if said.comment else []
    return "\n".join(line if len(line) < 2000 else line[:2000] + " …" for line in lines)


def default_set(seeds: Path, index: Path) -> KnownAnswerSet:
    """Return the default questions: those about the ``seeds``, and the accepted ones.

    If the index holds other documents than the seeds, only the accepted ones.
    """
    own = reviewed_folder(index)
    if not (own / "questions.jsonl").exists():
        return sets.load(seeds)
    shipped, accepted = sets.load(seeds), sets.load(own)
    if accepted.documents != shipped.documents:
        return accepted
    return KnownAnswerSet(shipped.name, shipped.documents, (*shipped.questions, *accepted.questions))


def _documents(folder: Path, index: Index) -> Path:
    """Return the folder of the set's documents: for a new set the index's own, or copies if it has several."""
    if not (folder / "set.toml").exists() and not (folder / "documents").exists():
        sources = {info.source for info in index.documents()}
        folder.mkdir(parents=True, exist_ok=True)
        if len(sources) == 1 and Path(*sources).is_dir():
            table = {"name": index.folder.resolve().name, "documents": str(*sources)}
            lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items()]
            write_whole(folder / "set.toml", "".join(lines))
        else:
            (folder / "documents").mkdir()
    if (folder / "documents").exists():
        _copy(index, folder / "documents")
        return folder / "documents"
    return sets.documents_of(folder)


def _copy(index: Index, to: Path) -> None:
    """Copy the files of all documents of the index into the set."""
    for info in index.documents():
        file, copy = index.file(info.name), to / info.name
        if not copy.exists() and _is_as_read(file, info.sha256):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


def _check(span: queue.Span, documents: Path, index: Index) -> None:
    try:
        document = index.document(span.document)
    except DocumentError as error:
        raise SetError(str(error)) from error
    if document.text[span.start : span.end] != span.quote:
        raise SetError(f"'{span.document}' has changed: the passage is no longer there.")
    if not _is_as_read(documents / span.document, document.sha256):
        raise SetError(f"{documents} does not contain the version of '{span.document}' that is in the index.")


def _is_as_read(file: Path, sha256: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256
