"""A document open at a place: its text, the page of a PDF as it looks, and what is said where it is not as it was."""

import io
import re

import pypdfium2
import pytest
from browser import PAYLOADS
from bs4 import BeautifulSoup
from fpdf import FPDF

from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.errors import DocumentError
from rag.formats import pdf_pages
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest
from ui import reader
from ui.evidence import reader_address
from ui.reader import Span, missing_html, reader_html
from ui.texts import ENGLISH, in_language

QUOTE = "Town number 2 has 5 cranes, and the harbour master writes down every ship"

TABLE = "| Room | Day |\n| --- | --- |\n| Attic | £9 |\n| Great Hall | £43 |\n| | £12 |\n"
FEES = f"# Fees\n\nA day:\n\n{TABLE}\nThat | is all.\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    pdf = FPDF()
    for page in range(1, 4):
        pdf.add_page()
        pdf.set_font("helvetica", size=12)
        for cranes in range(3, 8):
            line = (
                f"Town number {page} has {cranes} cranes, and the harbour master writes down every ship that comes in."
            )
            pdf.multi_cell(0, 7, line, new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(folder / "harbour.pdf"))
    (folder / "notes.md").write_text("# Ships\n\nThe Mary came in.\n\n# Captains\n\nNobody knows.\n", encoding="utf-8")
    (folder / "fees.md").write_text(FEES, encoding="utf-8")
    (folder / "long.txt").write_text("".join(f"Line {n}.\n" for n in range(12_000)), encoding="utf-8")
    (folder / "hostile.txt").write_text("\n".join(PAYLOADS), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def index(folder, tmp_path_factory):
    embedder = HashEmbedder(16)
    with SqliteIndex.create(tmp_path_factory.mktemp("index"), embedder, 60) as index:
        assert not ingest([folder], index, embedder, Config(passage_tokens=60)).failed
        yield index


def span_of(index, name: str, words: str) -> Span:
    start = index.document(name).text.index(words)
    return Span(name, start, start + len(words), index.document(name).sha256[:12])


def soup(index, span: Span, **options) -> BeautifulSoup:
    return BeautifulSoup(reader_html(index, span, ENGLISH, **options), "lxml")


def test_the_text_with_the_words_marked_and_its_headings_set_off(index):
    page = soup(index, span_of(index, "notes.md", "Mary came"))
    assert page.select_one("mark#quote").text == "Mary came"
    assert page.select_one(".text").text == index.document("notes.md").text
    assert [heading.text.strip("# ") for heading in page.select(".text strong")] == ["Ships", "Captains"]
    assert page.html["lang"] == "en" and not page.select("script")


def test_a_table_is_shown_as_one_and_its_text_stays_as_it_is(index):
    page = soup(index, span_of(index, "fees.md", "| Great Hall | £43 |"))
    assert page.select_one(".text").text == index.document("fees.md").text
    rows = [[cell.text for cell in row.select("[role=cell]")] for row in page.select("[role=table] > [role=row]")]
    assert rows == [["Room", "Day"], ["Attic", "£9"], ["Great Hall", "£43"], ["", "£12"]]
    assert [mark.text for mark in page.select("mark")] == ["Great Hall", "£43"]
    assert page.select_one("#quote").text == "Great Hall"
    hidden = [hidden.text for hidden in page.select(".text > .unseen, .table > .unseen")]
    assert hidden == ["# ", "| --- | --- |\n"]


def test_a_span_that_begins_inside_a_heading_is_marked_whole(index):
    page = soup(index, span_of(index, "notes.md", "Captains\n\nNobody"))
    assert "".join(mark.text for mark in page.select("mark")) == "Captains\n\nNobody"
    assert len(page.select("#quote")) == 1


def test_of_a_long_document_the_neighbourhood_is_shown_with_ways_to_the_rest(index):
    span = span_of(index, "long.txt", "Line 6000.")
    page = soup(index, span)
    shown = page.select_one(".text").text
    assert shown in index.document("long.txt").text and len(shown) == 2 * reader.WINDOW + len("Line 6000.")
    earlier, later = page.select("main a")
    assert [a.text for a in (earlier, later)] == ["Earlier text", "Later text"]
    start = int(re.search(r"start=(\d+)", later["href"])[1])
    following = soup(index, Span("long.txt", start, start)).select_one(".text").text
    assert shown + following in index.document("long.txt").text


def test_a_pdf_is_shown_as_the_page_with_the_words_marked_on_it(index):
    page = soup(index, span_of(index, "harbour.pdf", QUOTE))
    image = page.select_one("img")
    assert image["src"] == "read/page?document=harbour.pdf&start=0&end=0&page=2"
    assert image["alt"] == "Picture of page 2"
    assert page.select_one(".quoted q").text == QUOTE
    assert len(page.select(".spot")) == 1 and page.select_one(".spot")["id"] == "quote"
    assert [a.text for a in page.select("nav.pages a")] == ["Previous page", "Next page"]
    assert not soup(index, span_of(index, "harbour.pdf", QUOTE), page=3).select(".spot")
    assert soup(index, span_of(index, "harbour.pdf", QUOTE), as_text=True).select_one("mark").text == QUOTE


def test_the_words_are_found_where_they_stand_on_the_page(index, folder):
    document, data = index.document("harbour.pdf"), (folder / "harbour.pdf").read_bytes()
    first = document.pages[1]
    tops = []
    for cranes in range(3, 8):
        words = f"Town number 2 has {cranes} cranes"
        before = document.text[first : document.text.index(words)]
        (box,) = pdf_pages.places(data, 2, words, before)
        assert 0 < box.left < 0.1 and 0.1 < box.width < 0.5 and 0 < box.height < 0.05
        tops.append(box.top)
    assert tops == sorted(tops) and len(set(tops)) == 5
    same = "the harbour master writes"
    places = [pdf_pages.places(data, 2, same, document.text[first : first + n]) for n in (0, 400)]
    assert places[0][0].top < places[1][0].top
    assert pdf_pages.places(data, 2, "words that are not there") == pdf_pages.places(data, 2, "") == []
    assert len(pdf_pages.places(data, 2, document.text[first : first + 200])) > 1, "a box a line"


def test_the_words_are_found_on_a_page_that_lies_on_its_side():
    pdf = FPDF()
    for _ in range(2):
        pdf.add_page()
        pdf.set_font("helvetica", size=12)
        pdf.cell(0, 10, "The harbour of the town")
    document = pypdfium2.PdfDocument(bytes(pdf.output()))
    document[1].set_rotation(90)
    stream = io.BytesIO()
    document.save(stream)
    (upright,), (turned,) = (pdf_pages.places(stream.getvalue(), page, "harbour") for page in (1, 2))
    assert upright.width > upright.height and turned.height > turned.width
    assert turned.left > 0.8, "what was at the top of the page is at its right"


def test_the_picture_of_a_page_is_a_png_and_its_errors_are_ours(folder):
    data = (folder / "harbour.pdf").read_bytes()
    assert pdf_pages.picture(data, 1, width=300).startswith(b"\x89PNG")
    with pytest.raises(DocumentError, match="no page 4"):
        pdf_pages.picture(data, 4)
    with pytest.raises(DocumentError, match="broken"):
        pdf_pages.picture(b"nonsense", 1)


def test_a_pdf_whose_file_changed_is_shown_as_the_text_that_was_read(index, folder):
    file = folder / "harbour.pdf"
    data = file.read_bytes()
    try:
        file.write_bytes(data + b"\n%")
        page = soup(index, span_of(index, "harbour.pdf", QUOTE))
        assert page.select_one("mark").text == QUOTE
        assert "The original file has moved or changed" in page.select_one(".note").text
        file.unlink()
        assert soup(index, span_of(index, "harbour.pdf", QUOTE)).select(".note")
    finally:
        file.write_bytes(data)


def test_a_document_that_changed_since_it_was_quoted_says_so(index):
    page = soup(index, Span("notes.md", 9, 20, "0" * 12))
    assert "has changed since the answer was given" in page.select_one("[role=note]").text


def test_a_document_that_is_gone_says_so_in_the_readers_language(index):
    assert reader_html(index, Span("gone.txt"), ENGLISH) == ""
    assert reader_html(None, Span("notes.md"), ENGLISH) == ""
    page = missing_html("<b>gone.txt", in_language("de"))
    assert "Dieses Dokument ist nicht mehr im Index" in page and "<b>" not in page


@pytest.mark.parametrize("place", [(0, 0), (5, 1), (10**9, 10**9 + 5), (0, 10**9)])
def test_any_place_shows_a_page(index, place):
    for name in ("notes.md", "long.txt", "harbour.pdf"):
        for as_text in (True, False):
            assert soup(index, Span(name, *place), as_text=as_text, page=99).select_one("main").contents


def test_nothing_in_a_document_is_interpreted(index):
    text = index.document("hostile.txt").text
    page = soup(index, Span("hostile.txt", 0, len(text)))
    assert page.select_one(".text").text == text
    assert not page.select("main :not(div, mark, strong)")
    for payload in PAYLOADS:
        shown = BeautifulSoup(missing_html(payload, ENGLISH), "lxml")
        assert shown.bdi.text == payload and not shown.select("main :not(p, a)")
        assert "<" not in reader_address(payload, 0, 1)
