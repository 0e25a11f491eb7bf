"""A quoted row of a table comes with the header above it, on a terminal and in the panel."""

import io

import docx
import openpyxl
import pytest
from bs4 import BeautifulSoup

from rag.answers import readable
from rag.citations import Claim, Span, Support, cite
from rag.documents import read
from rag.embedders.hashed import HashEmbedder
from rag.passages import cut
from rag.text.statements import cells as cells_of
from rag.text.statements import header_above
from rag.text.statements import readable as readable_passage
from rag.types import Answer, Document, Evidence
from ui.conversation import Answered
from ui.evidence import evidence_html
from ui.texts import ENGLISH

MARKDOWN = "# Allotments\n\n| Plot | Area | Rent |\n| --- | --- | --- |\n" + "".join(
    f"| P{n} | {100 + n} | {200 + n} |\n" for n in range(1, 121)
)
SPACED = "Allotments\n\nPlot    Area    Rent\n" + "".join(f"P{n}    {100 + n}    {200 + n}\n" for n in range(1, 121))
BARS = "Allotments\n\nPlot | Area | Rent\n" + "\n".join(f"P{n} | {100 + n} | {200 + n}" for n in range(1, 121))


def evidence_for(text: str, row: str, embedder) -> Evidence:
    document = Document("a.md", text, "0" * 64, "text/markdown", "Allotments")
    passages = cut(document, embedder.tokenizer, 120)
    assert len(passages) > 3
    return Evidence(next(passage for passage in passages if row in passage.text), 1.0, 1)


@pytest.mark.parametrize("text", [MARKDOWN, SPACED, BARS], ids=["markdown", "spaced", "bars"])
@pytest.mark.parametrize("number", [1, 60, 120])
def test_a_row_is_cited_with_its_header(text, number, embedder):
    row = next(line for line in text.splitlines() if f"P{number} " in line)
    evidence = evidence_for(text, row, embedder)
    start = text.index(row)
    answer_text, sentences, (citation,) = cite(
        [Claim("The rent is shown.")], [Support((Span(evidence, start, start + len(row)),), 1.0)]
    )
    assert citation.quote == row == text[citation.start : citation.end]
    assert citation.header.split() == text.splitlines()[2].split()
    answer = Answer("1", "?", "answered", 1.0, answer_text, tuple(sentences), (citation,), (evidence,))
    assert f"    Plot | Area | Rent:\n    “{row}”" in readable(answer)
    panel = BeautifulSoup(evidence_html(Answered(answer), ENGLISH), "lxml")
    assert panel.select_one(".columns").get_text() == "Plot | Area | Rent"


def long_files() -> dict[str, bytes]:
    rows = [("Plot", "Area", "Rent"), *((f"P{n}", str(100 + n), f"£{200 + n}") for n in range(1, 121))]
    word, book, buffers = docx.Document(), openpyxl.Workbook(), (io.BytesIO(), io.BytesIO())
    word.add_heading("Allotments", 1)
    table = word.add_table(len(rows), 3)
    cells = table._cells
    for at, text in enumerate(text for row in rows for text in row):
        cells[at].text = text
    word.save(buffers[0])
    for row in (["Allotments"], [], *rows):
        book.active.append(row)
    book.save(buffers[1])
    page = "".join(f"<tr>{''.join(f'<td>{text}</td>' for text in row)}</tr>" for row in rows)
    return {
        "a.docx": buffers[0].getvalue(),
        "a.xlsx": buffers[1].getvalue(),
        "a.csv": "\r\n".join(";".join(row) for row in rows).encode("utf-8-sig"),
        "a.html": f"<html><body><h1>Allotments</h1><table>{page}</table></body></html>".encode(),
    }


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.csv", "a.html"])
def test_a_row_far_down_a_table_of_any_format_has_its_header(name, tmp_path, embedder):
    (tmp_path / name).write_bytes(long_files()[name])
    passages = cut(read(tmp_path / name, name), embedder.tokenizer, 120)
    for number in (1, 60, 120):
        found = next(passage for passage in passages if f"P{number} " in passage.text)
        assert f"Plot: P{number}; Area: {100 + number}; Rent: £{200 + number}" in readable_passage(found)
        row = found.start + found.text.index(f"P{number} ")
        assert cells_of(header_above(found, row)) in (["Plot", "Area", "Rent"], [""])


def test_prose_has_no_header_nor_has_a_header_itself(embedder):
    text = f"{MARKDOWN}\nThe office is open on Mondays, and it is closed on all other days of the week."
    evidence = evidence_for(text, "The office is open", embedder)
    assert header_above(evidence.passage, text.index("The office")) == ""
    first = evidence_for(MARKDOWN, "| Plot |", embedder)
    assert header_above(first.passage, MARKDOWN.index("| Plot")) == ""


def test_a_title_above_two_columns_is_no_header_even_with_empty_cells():
    text = "| Document control | |\n|---|---|\n| Version | 5.2 |\n| | since May |\n| Owner | |\n"
    (passage,) = cut(Document("a.md", text, "0" * 64, "text/markdown"), HashEmbedder().tokenizer, 200)
    assert readable_passage(passage).splitlines() == ["Version: 5.2", "since May", "Owner"]
