"""From what readers say about answers to known-answer questions: a maintainer accepts, and the next evaluation asks it.

Accepted questions go into a set of their own, ``questions`` in the index's folder, on the documents of the index. Where
these are the documents of the seeds, ``footnote eval run`` asks them together with the questions on the seeds.
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

__all__ = ["KIND", "accept", "default_set", "described", "question_of", "reviewed_folder"]

KIND = "reviewed"
SHORT = 60
"""Characters up to which a right answer is taken as one fact, that a full answer must state in these words."""


def reviewed_folder(index: Path) -> Path:
    """Return the folder of the accepted questions of the index in the folder ``index``."""
    return index / "questions"


def question_of(said: Feedback) -> Question:
    """Return the known-answer question that ``said`` is.

    A thumb up says that the answer was right, and its sources; the rest say what would have been. Raises ``SetError``
    with what is missing where there is no telling what the right answer is.
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
        raise SetError("A thumb down alone does not say what would have been right.")
    if not answer:
        raise SetError("It does not say what the right answer is.")
    if not spans:
        raise SetError("It does not say where the right answer stands.")
    gold = tuple(Span(span.document, span.start, span.end) for span in spans)
    facts = ((answer,),) if len(answer) <= SHORT else ()
    return Question(id, said.question, True, (answer,), gold, facts, history=history, kind=KIND)


def _quoted(said: Feedback) -> str:
    """Return what an answer that was not sure said: the sentences that it quoted."""
    return " ".join(span.quote for span in said.citations) if said.status == "unsure" else ""


def accept(said: Feedback, index: Index, folder: Path | None = None) -> Question:
    """Write ``said`` as a question into the set in ``folder`` and take it out of the queue; return the question.

    The set is made where there is none. Raises ``SetError`` where it cannot be a question, or the set does not hold the
    documents that it is about.
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
    """Return what was said as a maintainer of a terminal wants it."""
    lines = [f"question: {said.question}", f"said: {said.kind}", f"answer ({said.status}): {said.answer}"]
    lines += [f"right answer: {said.right_answer}"] if said.right_answer else []
    lines += [f"right passage: {span.document}: “{span.quote}”" for span in said.passages]
    lines += [f"comment: {said.comment}"] if said.comment else []
    return "\n".join(line if len(line) < 2000 else line[:2000] + " …" for line in lines)


def default_set(seeds: Path, index: Path) -> KnownAnswerSet:
    """Return the questions that are asked where no set is named: those on the ``seeds``, and those that were accepted.

    Where the documents of the index are others than the seeds, the accepted questions alone.
    """
    own = reviewed_folder(index)
    if not (own / "questions.jsonl").exists():
        return sets.load(seeds)
    shipped, accepted = sets.load(seeds), sets.load(own)
    if accepted.documents != shipped.documents:
        return accepted
    return KnownAnswerSet(shipped.name, shipped.documents, (*shipped.questions, *accepted.questions))


def _documents(folder: Path, index: Index) -> Path:
    """Return the folder of the set's documents: for a new set that of the index, or copies where it has several."""
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
    """Bring the files of all documents of the index to where the set keeps its own."""
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
        raise SetError(f"'{span.document}' has changed since: the passage stands there no more.")
    if not _is_as_read(documents / span.document, document.sha256):
        raise SetError(f"{documents} does not hold '{span.document}' as it is in the index.")


def _is_as_read(file: Path, sha256: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256
