"""Convert published sets (SQuAD 2.0, BEIR, LegalBench-RAG) into our format."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.questions import (
    Question,
    SetError,
    Span,
    json_object,
    listed,
    located,
    read_json_lines,
    text_of,
    write_questions,
)
from eval.sets import KnownAnswerSet, load

__all__ = ["convert", "read_beir", "read_spans", "read_squad"]


def convert(path: Path, out: Path) -> KnownAnswerSet:
    """Detect the format of ``path``, write it to the folder ``out`` in our format, and load it.

    A JSON file with ``data`` is SQuAD, one with ``tests`` is span-level; a folder with ``corpus.jsonl`` is BEIR, one
    with ``corpus/`` is span-level. Raises ``SetError`` for anything else, or if ``out`` is not empty.
    """
    if path.is_dir():
        if (path / "questions.jsonl").exists():
            raise SetError(f"{path} is a test set already; use it as it is.")
        if (path / "corpus.jsonl").exists():
            return read_beir(path, out)
        if (path / "corpus").is_dir():
            return read_spans(path, out)
    elif path.is_file():
        content = json_object(path.read_bytes(), str(path))
        if isinstance(content.get("data"), list):
            return read_squad(path, out)
        if isinstance(content.get("tests"), list):
            return read_spans(path, out)
    raise SetError(
        f"The format of {path} is unknown. Choose a SQuAD file, a BEIR folder (corpus.jsonl, queries.jsonl, "
        "qrels/test.tsv) or a span-level set (corpus/ and benchmarks/*.json)."
    )


def read_squad(file: Path, out: Path) -> KnownAnswerSet:
    """Convert a SQuAD file (1.1 or 2.0): one document per article, its paragraphs separated by empty lines.

    ``gold`` holds the positions of the reference answers, each sufficient by itself; a question marked impossible gets
    the kind ``adversarial``. If an answer isn't at its stated position, it is searched nearby in the paragraph.
    """
    with located(str(file)):
        articles = _objects(json_object(file.read_bytes(), str(file)), "data")
    documents = _documents_folder(out)
    questions: list[Question] = []
    taken: set[str] = set()
    for number, article in enumerate(articles, start=1):
        where = f"{file}, article {number}"
        with located(where):
            name = _file_name(text_of(article, "title"), taken)
            text, asked = _article(article, name, where)
        questions += asked
        _write(documents / name, text)
    return _finish(questions, out)


def read_beir(folder: Path, out: Path, split: str = "test") -> KnownAnswerSet:
    """Convert a BEIR folder: one document per corpus entry, its title above its text.

    ``gold`` is each relevant document as a whole, with its grade. Queries without a relevant document that has text, in
    ``qrels/<split>.tsv``, are left out: there is nothing to find.
    """
    qrels = _read_qrels(folder / "qrels" / f"{split}.tsv")
    documents = _documents_folder(out)
    spans: dict[str, Span] = {}
    taken: set[str] = set()
    for number, row in read_json_lines(folder / "corpus.jsonl"):
        with located(f"{folder / 'corpus.jsonl'}, line {number}"):
            id_ = text_of(row, "_id")
        text = "\n\n".join(part for key in ("title", "text") if (part := _plain(str(row.get(key) or "")).strip()))
        if text:
            spans[id_] = Span(_file_name(id_, taken), 0, len(text))
            _write(documents / spans[id_].document, text)
    questions = []
    for number, row in read_json_lines(folder / "queries.jsonl"):
        with located(f"{folder / 'queries.jsonl'}, line {number}"):
            id_, query = text_of(row, "_id"), text_of(row, "text")
        gold = tuple(replace(spans[doc], grade=grade) for doc, grade in qrels.get(id_, ()) if doc in spans)
        if gold:
            questions.append(Question(id_, query, answerable=True, gold=gold, split=split))
    return _finish(questions, out)


def read_spans(path: Path, out: Path) -> KnownAnswerSet:
    """Convert a span-level set: ``corpus/`` and ``benchmarks/*.json``, or one such JSON file near its ``corpus/``.

    The name of the benchmark becomes the kind of its questions. All spans of ``gold`` are needed.
    """
    files = [path] if path.is_file() else sorted(path.glob("benchmarks/*.json")) or sorted(path.glob("*.json"))
    roots = [path.parent, path.parent.parent] if path.is_file() else [path]
    corpus = next((root / "corpus" for root in roots if (root / "corpus").is_dir()), None)
    if corpus is None or not files:
        raise SetError(f"{path}: a span-level set needs a folder corpus/ next to a JSON file of tests.")
    documents = _documents_folder(out)
    originals = {unicodedata.normalize("NFC", name): _original(corpus / name) for name in _names(corpus)}
    for name, text in originals.items():
        _write(documents / name, _plain(text))
    questions = []
    for file in files:
        with located(str(file)):
            tests = _objects(json_object(file.read_bytes(), str(file)), "tests")
        for number, test in enumerate(tests, start=1):
            with located(f"{file}, test {number}"):
                gold = tuple(_corpus_span(item, originals) for item in _objects(test, "snippets"))
                query, id_ = text_of(test, "query"), f"{file.stem}-{number}"
            questions.append(Question(id_, query, answerable=bool(gold), gold=gold, kind=file.stem, need="all"))
    return _finish(questions, out)


def _article(article: Mapping[str, Any], name: str, where: str) -> tuple[str, list[Question]]:
    """Return the text of an article and the questions about it."""
    begin, texts = 0, []
    questions = []
    for paragraph in _objects(article, "paragraphs"):
        context = text_of(paragraph, "context")
        for qa in _objects(paragraph, "qas"):
            with located(f"{where}, question {qa.get('id')}"):
                questions.append(_squad_question(qa, context, name, begin))
        texts.append(_plain(context))
        begin += len(texts[-1]) + 2
    return "\n\n".join(texts), questions


def _squad_question(qa: Mapping[str, Any], context: str, name: str, begin: int) -> Question:
    texts, gold = [], []
    for answer in [] if qa.get("is_impossible") else _objects(qa, "answers"):
        text = text_of(answer, "text")
        start = _nearest(context, text, answer.get("answer_start"))
        before, until = (begin + len(_plain(context[:at])) for at in (start, start + len(text)))
        texts.append(text)
        gold.append(Span(name, before, until))
    return Question(
        text_of(qa, "id"),
        text_of(qa, "question").strip(),
        answerable=bool(gold),
        answers=tuple(dict.fromkeys(texts)),
        gold=tuple(dict.fromkeys(gold)),
        kind="answerable" if gold else "adversarial",
        cluster=name,
    )


def _nearest(context: str, text: str, start: object) -> int:
    if type(start) is not int:
        raise ValueError(f"answer_start must be a whole number, not {start!r}")
    places = [match.start() for match in re.finditer(re.escape(text), context)]
    if not places:
        raise ValueError(f"the answer {text!r} is not in its paragraph")
    return min(places, key=lambda place: abs(place - start))


def _read_qrels(file: Path) -> dict[str, list[tuple[str, int]]]:
    if not file.is_file():
        raise SetError(f"There is no file {file}. A BEIR set needs the relevance judgements of a split.")
    qrels: dict[str, list[tuple[str, int]]] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
            if not row or (number == 1 and row[0] == "query-id"):
                continue
            if len(row) != 3 or not re.fullmatch(r"-?\d+", row[2]):
                raise SetError(f"{file}, line {number}: expected query, document and an integer, separated by tabs.")
            if int(row[2]) > 0:
                qrels.setdefault(row[0], []).append((row[1], int(row[2])))
    return qrels


def _corpus_span(item: Mapping[str, Any], originals: Mapping[str, str]) -> Span:
    path = unicodedata.normalize("NFC", text_of(item, "file_path"))
    if path not in originals:
        raise ValueError(f"there is no document {path!r} in corpus/")
    text, span = originals[path], item.get("span")
    match span:
        case [int(start), int(end)] if 0 <= start < end <= len(text):
            return Span(path, len(_plain(text[:start])), len(_plain(text[:end])))
    raise ValueError(f"{span!r} is not a span of {path}, which has {len(text)} characters")


def _objects(row: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return a required list of objects."""
    if key not in row:
        raise ValueError(f"{key} is missing")
    return listed(row, key, dict)


def _names(corpus: Path) -> Iterator[str]:
    for file in sorted(corpus.rglob("*")):
        if file.is_file() and not file.name.startswith("."):
            yield file.relative_to(corpus).as_posix()


def _original(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise SetError(f"{file} is not UTF-8 text ({error.reason}). Delete it or save it as UTF-8.") from error


def _plain(text: str) -> str:
    # As a text reader returns it, so that offsets match: no byte order mark, uniform line ends.
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _file_name(title: str, taken: set[str]) -> str:
    stem = re.sub(r"[^\w.]+", "-", unicodedata.normalize("NFKC", title).replace("_", " ")).strip("-.")[:80]
    name, count = f"{stem or 'document'}.txt", 1
    while name.casefold() in taken:
        count += 1
        name = f"{stem or 'document'}-{count}.txt"
    taken.add(name.casefold())
    return name


def _documents_folder(out: Path) -> Path:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SetError(f"{out} is not an empty folder. Choose one that is empty or does not exist.")
    documents = out / "documents"
    documents.mkdir(parents=True)
    return documents


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8", newline="\n")


def _finish(questions: Sequence[Question], out: Path) -> KnownAnswerSet:
    write_questions(questions, out / "questions.jsonl")
    return load(out)
