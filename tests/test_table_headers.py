"""A quoted row of a table comes with the header above it, on a terminal and in the panel."""

import pytest
from bs4 import BeautifulSoup

from rag.answers import readable
from rag.citations import Claim, Span, Support, cite
from rag.passages import cut
from rag.text.statements import header_above
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


def test_prose_has_no_header_nor_has_a_header_itself(embedder):
    text = f"{MARKDOWN}\nThe office is open on Mondays, and it is closed on all other days of the week."
    evidence = evidence_for(text, "The office is open", embedder)
    assert header_above(evidence.passage, text.index("The office")) == ""
    first = evidence_for(MARKDOWN, "| Plot |", embedder)
    assert header_above(first.passage, MARKDOWN.index("| Plot")) == ""
