"""What was recognised from a picture is said: when it is read, when it is shown, and with an answer."""

import pytest
from fpdf import FPDF
from scans import lines, needs_tesseract, scanned, small

from rag import cli, prompts
from rag.assistant import Assistant
from rag.config import Config
from rag.formats import ocr
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest


@needs_tesseract
def test_a_scan_is_marked_wherever_it_is_shown(tmp_path, embedder, capsys):
    sheet = small()
    lines(sheet, "Rules of the boat club", "The deposit for the key is 35 pounds.")
    (tmp_path / "rules.pdf").write_bytes(scanned(sheet))
    config = Config(index=tmp_path / "index")
    question = "How much is the deposit for the key?"
    generator = ScriptedGenerator({question: "The deposit for the key is 35 pounds."}, {question: 0.97})
    with SqliteIndex.create(config.index, embedder, config.passage_tokens) as index:
        report = ingest([tmp_path / "rules.pdf"], index, embedder, config)
        ((page, confidence),) = index.document("rules.pdf").recognised_pages
        answer = Assistant(index, embedder, generator, prompts.load(config.prompt), config).ask(question)
    note = f"rules.pdf: {ocr.note([(page, confidence)])}"
    assert page == 1 and note in report.summary()
    assert answer.status == "answered" and answer.citations[0].page == 1
    assert answer.notes == (f"{note}.",)
    assert cli.main(["--index", str(config.index), "show", "rules.pdf"]) == 0
    assert f"recognised pages: 1 ({100 * confidence:.0f} % sure)" in capsys.readouterr().out


def test_a_quote_is_cited_with_its_own_page(tmp_path, embedder):
    made = FPDF()
    made.set_font("helvetica", size=11)
    for number in (1, 2, 3):
        made.add_page()
        lines(made, f"Chapter {number} is about the number {number * 111}.")
    (tmp_path / "a.pdf").write_bytes(bytes(made.output()))
    config = Config(index=tmp_path / "index")
    question, draft = "Which number is chapter 3 about?", "Chapter 3 is about the number 333."
    generator = ScriptedGenerator({question: draft}, {question: 0.97})
    with SqliteIndex.create(config.index, embedder, config.passage_tokens) as index:
        ingest([tmp_path / "a.pdf"], index, embedder, config)
        answer = Assistant(index, embedder, generator, prompts.load(config.prompt), config).ask(question)
    assert answer.evidence[0].passage.page == 1
    assert [(citation.quote, citation.page) for citation in answer.citations] == [(draft, 3)]


def test_tesseract_that_fails_finds_nothing(tmp_path, monkeypatch):
    for script in ("exit 1", "echo 'level\\tpage'", "sleep 5"):
        (tmp_path / "tesseract").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "tesseract").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        monkeypatch.setattr(ocr, "TIMEOUT", 0.3)
        ocr.installed.cache_clear()
        assert ocr.available() and ocr.recognise(b"no picture") == []
    ocr.installed.cache_clear()


@pytest.mark.parametrize(
    ("language", "codes"),
    [("de", "deu"), ("de-AT", "deu"), ("en-GB", "eng"), ("", "eng+deu+fra"), ("fr", "fra"), ("cy", "eng+deu+fra")],
)
def test_the_language_of_the_document_is_read_where_it_is_installed(language, codes, monkeypatch):
    monkeypatch.setattr(ocr, "installed", lambda: frozenset({"fra", "deu", "eng", "osd"}))
    assert ocr.languages(language) == codes


def test_the_table_of_words_is_read():
    rows = ["level\tp\tb\tpar\tl\tw\tleft\ttop\twidth\theight\tconf\ttext"]
    rows += ["4\t1\t1\t1\t1\t0\t10\t20\t90\t12\t-1\t", "5\t1\t1\t1\t1\t1\t10\t20\t40\t10\t91.5\tHall"]
    rows += ["5\t1\t1\t1\t1\t2\t60\t20\t40\t10\t12\t~", "5\t1\t1\t1\t1\t3\t60\t20\t40\t10\t95\t "]
    words = list(ocr.parsed("\n".join(rows)))
    assert [(word.text, word.left, word.foot, word.line, word.confidence) for word in words] == [
        ("Hall", 10, 32, 1, 0.915),
        ("~", 60, 32, 1, 0.12),
    ]


@pytest.mark.parametrize(
    ("read", "text"),
    [
        ("open from 9 am to | pm", "open from 9 am to 1 pm"),
        ("due on | May", "due on 1 May"),
        ("so | may go", "so may go"),
        ("| Hall | £40 |", "Hall £40"),
        ("until |", "until"),
    ],
)
def test_an_upright_stroke_is_no_column(read, text):
    words = [ocr.RecognisedWord(word, 0, 0, 1, 1, 1, 1, 0.9) for word in read.split()]
    assert " ".join(word.text for word in ocr.without_bars(words)) == text
