"""Nothing of a deleted document is left in any byte of the index folder, whatever its format and whatever became of it.

Files of every format that can be read come in as uploads, so that their originals lie in the folder, too; questions are
asked about them, and answers, feedback and attention states are kept. Then they are deleted in several ways.
"""

from __future__ import annotations

import contextlib
import io
import json
import mailbox
import random
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import makers
import pptx
import pytest
import xlsxwriter
from fpdf import FPDF

from rag import feedback, prompts
from rag.archive import Archive
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.formats.registry import FORMATS
from rag.generators.llama.states import StateCache
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index, open_index
from rag.ingest import embedded, ingest, remove
from rag.ports import Content, WritableIndex
from rag.types import Document

EMBEDDER = HashEmbedder()
BODY = "<office:body><office:{0}>{1}</office:{0}></office:body>"
ODF = f"<office:document-content {makers.ODF}>{BODY}</office:document-content>"
OPEN = "application/vnd.oasis.opendocument."


def word(draw: random.Random) -> str:
    return "".join(draw.choice("bcdfgklmnprtvz") + draw.choice("aeiou") for _ in range(7)).capitalize()


def pdf(text: str) -> bytes:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=12)
    made.multi_cell(0, 8, text)
    return bytes(made.output())


def saved(made: object) -> bytes:
    buffer = io.BytesIO()
    made.save(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()


def word_file(text: str) -> bytes:
    made = docx.Document()
    made.add_paragraph(text)
    return saved(made)


def slides(text: str) -> bytes:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text_frame.text = text.partition(".")[0], text
    return saved(made)


def book(text: str) -> bytes:
    buffer = io.BytesIO()
    made = xlsxwriter.Workbook(buffer)
    made.add_worksheet("Sheet").write_column("A1", ["Note", text])
    made.close()
    return buffer.getvalue()


def opened(kind: str, inner: str) -> Callable[[str], bytes]:
    return lambda text: makers.archive({"content.xml": ODF.format(kind, inner.format(text))}, OPEN + kind)


def epub(text: str) -> bytes:
    page = f"<html xmlns='http://www.w3.org/1999/xhtml'><body><p>{text}</p></body></html>"
    package = '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml"/></manifest>'
    container = '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    parts = {
        "META-INF/container.xml": container + '<rootfile full-path="book.opf"/></rootfiles></container>',
        "book.opf": package + '<spine><itemref idref="a"/></spine></package>',
        "a.xhtml": page,
    }
    return makers.archive(parts, "application/epub+zip")


def mbox(text: str, folder: Path) -> bytes:
    box = mailbox.mbox(folder / "made.mbox")
    box.add(makers.mail("A letter", text=text))
    box.close()
    data = (folder / "made.mbox").read_bytes()
    (folder / "made.mbox").unlink()
    return data


def notebook(text: str) -> bytes:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "markdown", "source": [text]}]}).encode()


def files(text: Callable[[], str], folder: Path) -> dict[str, bytes]:
    """Return a file of each format by the ending of its name, each with a text of its own."""
    return {
        ".txt": text().encode(),
        ".md": f"# {text()}\n\n{text()}\n".encode(),
        ".html": f"<html><body><p>{text()}</p></body></html>".encode(),
        ".pdf": pdf(text()),
        ".docx": word_file(text()),
        ".pptx": slides(text()),
        ".xlsx": book(text()),
        ".odt": opened("text", "<text:p>{}</text:p>")(text()),
        ".ods": opened(
            "spreadsheet",
            '<table:table table:name="S"><table:table-row><table:table-cell office:value-type="string"><text:p>{}'
            "</text:p></table:table-cell></table:table-row></table:table>",
        )(text()),
        ".odp": opened(
            "presentation",
            "<draw:page><draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame></draw:page>",
        )(text()),
        ".csv": f"Name,Note\nOne,{text()}\n".encode(),
        ".rtf": rb"{\rtf1\ansi " + text().encode() + b"}",
        ".epub": epub(text()),
        ".eml": bytes(makers.mail("A letter", [("inner.txt", text().encode())], text())),
        ".msg": makers.msg("A letter", text(), ("inner.txt", text().encode())),
        ".mbox": mbox(text(), folder),
        ".json": json.dumps([{"note": text()}]).encode(),
        ".jsonl": (json.dumps({"note": text()}) + "\n").encode(),
        ".ipynb": notebook(text()),
        ".zip": makers.archive({"inner.txt": text(), "deep/other.md": text()}),
    }


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return Config(index=tmp_path_factory.mktemp("deletion") / "index", passage_tokens=24)


def forms(mark: str) -> list[bytes]:
    return [mark.encode(), mark.encode("utf-16-le"), mark.encode("utf-16-be")]


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each name in ``folder`` and each file, as it is and with all that is compressed in it."""
    for file in folder.rglob("*"):
        yield str(file), file.name.lower().encode()
        if file.is_file():
            data = file.read_bytes()
            yield str(file), data
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as packed:
                    yield from ((f"{file}:{name}", packed.read(name)) for name in packed.namelist())
            yield from ((f"{file}, packed", plain) for plain in inflated(data))


def inflated(data: bytes) -> Iterator[bytes]:
    for head in (b"\x78\x01", b"\x78\x9c", b"\x78\xda"):
        at = data.find(head)
        while at >= 0:
            with contextlib.suppress(zlib.error):
                yield zlib.decompressobj().decompress(data[at:])
            at = data.find(head, at + 1)


def traces(folder: Path, marks: set[str], vectors: dict[bytes, str]) -> set[tuple[str, str]]:
    """Return (what is left, the file that it is in), of words and of the bytes of vectors."""
    found = set()
    for name, data in contents(folder):
        small = data.lower()
        found |= {(mark, name) for mark in marks if any(form in small for form in forms(mark))}
        found |= {(of, name) for vector, of in vectors.items() if vector in data}
    return found


def keep(assistant: Assistant, name: str, question: str) -> None:
    """Keep what a server keeps that was asked about a document: the answer, feedback, an attention state."""
    folder, index = assistant.config.index, assistant.index
    answer = assistant.ask(question)
    archive = Archive(folder)
    archive.put(answer)
    passages = index.content(name).passages
    quote = index.text(name)
    span = feedback.Span(name, 0, len(quote), quote)
    feedback.add(folder, feedback.Feedback("down", question, answer=answer.answer, citations=(span,)))
    ids = [i for i in index.passage_ids() if index.passages([i])[0].document == name]
    assert len(ids) == len(passages)
    for i in ids:
        text = index.passages([i])[0].text
        StateCache(1, 64, index).put(i, "0" * 64, text.lower().encode() * 3)


def test_no_byte_of_a_deleted_document_is_left_whatever_its_format(config: Config, tmp_path: Path) -> None:
    draw = random.Random()
    secrets: list[str] = []

    def text() -> str:
        words = [word(draw) for _ in range(3)]
        secrets.extend(words)
        return f"{words[0]} met the keeper at {words[1]}. The lantern of {words[2]} was lit in winter."

    uploads = config.index / "uploads"
    (uploads / "kept").mkdir(parents=True)
    (uploads / "kept" / "stays.txt").write_text("The harbour stays open in winter. Candles are kept in the meadow.\n")
    made = files(text, tmp_path)
    assert set(made) == {format.suffixes[0] for format in FORMATS}
    for suffix, data in made.items():
        place = uploads / f"{word(draw)}" / f"{word(draw)}{suffix}"
        secrets += [place.parent.name, place.stem]
        place.parent.mkdir()
        place.write_bytes(data)
    # Without their ends: the full-text index writes how a word differs from the one before, and stems may be shorter.
    marks = {secret[3:10].lower() for secret in secrets}
    with create_index(config, EMBEDDER) as index:
        report = ingest([uploads], index, EMBEDDER, config)
        assert not report.failed, report.failed
        names = [info.name for info in index.documents() if not info.name.startswith("kept/")]
        vectors = vectors_of(index, names)
        generator = ScriptedGenerator({"": "The lantern was lit in winter."}, {"": 0.97})
        with Assistant(open_index(config, EMBEDDER), EMBEDDER, generator, prompts.load(config.prompt), config) as asked:
            for name in names:
                keep(asked, name, f"Who met the keeper at {secrets[names.index(name)]}?")
            before = traces(config.index, marks, vectors)
            assert {what for what, _ in before} >= marks | set(names), "the test sees what is there"
            kinds = {Path(file.split(":")[0]).relative_to(config.index).parts[0] for _, file in before}
            assert kinds >= {"footnote.db", "answers", "feedback.jsonl", "states", "uploads", "vectors.faiss"}
            delete(index, uploads, names, config)
            assert traces(config.index, marks, vectors) == set()
            assert asked.index.search_lexical("harbour", 3)
    assert [info.name for info in index.documents()] == ["kept/stays.txt"]
    index.close()
    assert traces(config.index, marks, vectors) == set()


def vectors_of(index: WritableIndex, names: list[str]) -> dict[bytes, str]:
    """Return the bytes of each vector, in single precision and as it is stored, with the document that it is of."""
    found = {}
    for name in names:
        for matrix in index.content(name).vectors:
            for row in matrix:
                found |= {row.astype("<f4").tobytes(): name, row.astype("<f2").tobytes(): name}
    return found


def delete(index: WritableIndex, uploads: Path, names: list[str], config: Config) -> None:
    """Delete a third of the documents by name, a third by an ingest without their files, and replace the others."""
    outer = [name for name in names if (uploads / name).is_file()]
    for name in outer[::3]:
        assert remove(index, name)
    for name in outer[1::3]:
        (uploads / name).unlink()
        (uploads / name).parent.rmdir()
    for name in outer[2::3]:
        (uploads / name).unlink()
        (uploads / name).with_suffix(".txt").write_text("Nothing to see here in the orchard.\n")
    assert not ingest([uploads], index, EMBEDDER, config).failed
    for info in index.documents():
        if not info.name.startswith("kept/"):
            assert remove(index, info.name)


# --- what a killed process leaves


def content(name: str, text: str) -> Content:
    return embedded(Document(name, text, "0" * 64, "text/plain"), EMBEDDER, 24)


def put(index: WritableIndex, name: str, text: str) -> None:
    made = content(name, text)
    index.replace("/srv", made.document, made.passages, made.vectors, made.hashes)


class Killed(BaseException):
    """Stands for a kill: nothing that comes after is done."""


@pytest.mark.parametrize(
    "moment", ["before the log is emptied", "before the note is taken back", "while vectors are saved"]
)
def test_what_a_kill_leaves_goes_with_the_next_opening(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(index=tmp_path, passage_tokens=24)
    index = create_index(config, EMBEDDER)
    put(index, "a.txt", "The harbour stays open in winter.")
    put(index, "b.txt", "Qvortzipane met the Wyxlomund at Brzenkaldy.")
    vectors = vectors_of(index, ["b.txt"])
    from rag.indexes.sqlite.database import Storage
    from rag.indexes.sqlite.vectors import VectorIndex

    def killed(self: object, *_: object) -> None:
        if moment.startswith("while"):
            (tmp_path / "vectors.faiss.new").write_bytes(b"".join(vectors))
        raise Killed

    with monkeypatch.context() as patch:
        if moment.startswith("while"):
            index.delete("b.txt")
            put(index, "b.txt", "Qvortzipane met the Wyxlomund at Brzenkaldy.")
            patch.setattr(VectorIndex, "save", killed)
            with pytest.raises(Killed):
                for number in range(20):
                    put(index, f"{number}.txt", f"Candle {number} of the orchard.")
            patch.undo()
            index.close()
            with open_index(config) as again:  # as 'footnote rm' does: without an embedder
                again.delete("b.txt")
        else:
            original = Storage.checkpoint
            patch.setattr(Storage, "checkpoint", killed if "log" in moment else lambda s: original(s) and killed(s))
            with pytest.raises(Killed):
                index.delete("b.txt")
            patch.undo()
    with open_index(config, EMBEDDER) as again:
        assert not traces(tmp_path, {"ortzipan", "xlomund", "zenkald"}, vectors)
        assert "a.txt" in [info.name for info in again.documents()]


def test_what_is_stored_after_its_document_was_deleted_does_not_stay(tmp_path: Path) -> None:
    config = Config(index=tmp_path, passage_tokens=24)
    with create_index(config, EMBEDDER) as index:
        put(index, "b.txt", "Qvortzipane met the Wyxlomund at Brzenkaldy.")
        (number,) = index.passage_ids()
        states = StateCache(1, 1, index)
        assert states.get(number, "0" * 64) is None
        index.delete("b.txt")
        states.put(number, "0" * 64, b"wyxlomund")
        (tmp_path / "answers").mkdir()
        (tmp_path / "answers" / "x.new").write_text("left by a kill: wyxlomund")
        put(index, "c.txt", "One")
        index.delete("c.txt")
        assert not traces(tmp_path, {"xlomund"}, {})
