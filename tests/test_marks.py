"""What is struck out is not read, and a superscript is part of no number, in every format that has them."""

import io

import pptx
import pytest
import xlsxwriter
from makers import ODF, archive

from rag.formats.opendocument import from_ods, from_odt
from rag.formats.pptx import from_pptx
from rag.formats.rtf import from_rtf
from rag.formats.xlsx import from_xlsx
from rag.text.statements import readable
from rag.types import Passage


def workbook() -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    struck, raised, pounds = (
        book.add_format(look)
        for look in ({"font_strikeout": True}, {"font_script": 1}, {"num_format": "£0", "font_strikeout": True})
    )
    sheet = book.add_worksheet("Fees")
    sheet.write_row("A1", ["Berth", "Fee", "Members"])
    sheet.write("A2", "Quay")
    sheet.write_rich_string("B2", "now ", struck, "£30", " £45")
    sheet.write_rich_string("C2", "420", raised, "3", " in all")
    sheet.write("A3", "Buoy", struck)
    sheet.write("B3", 12, pounds)
    sheet.write("A4", "Mole")
    sheet.write("B4", 20, book.add_format({"num_format": "£0"}))
    book.close()
    return buffer.getvalue()


def test_cells_of_a_workbook():
    text = from_xlsx(workbook()).text
    assert "| Quay | now £45 | 420 [3] in all |" in text
    assert "Buoy" not in text and "£12" not in text and "| Mole | £20 |  |" in text


def test_slides():
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text = "Fees"
    paragraph = slide.placeholders[1].text_frame.paragraphs[0]
    for text, name, value in (
        ("The fee is ", "", ""),
        ("£30 ", "strike", "sngStrike"),
        ("£45 for 420", "strike", "noStrike"),
        ("3", "baseline", "30000"),
        (" members, 20 m", "", ""),
        ("2", "baseline", "30000"),
        (" and CO", "", ""),
        ("2", "baseline", "-25000"),
    ):
        run = paragraph.add_run()
        run.text = text
        if name:
            run._r.get_or_add_rPr().set(name, value)
    buffer = io.BytesIO()
    made.save(buffer)
    assert from_pptx(buffer.getvalue()).text == "Fees\n\nThe fee is £45 for 420 [3] members, 20 m² and CO2"


STYLES = (
    '<office:automatic-styles><style:style style:name="S" style:family="text">'
    '<style:text-properties style:text-line-through-style="solid"/></style:style>'
    '<style:style style:name="T" style:family="text" style:parent-style-name="S"/>'
    '<style:style style:name="U" style:family="text">'
    '<style:text-properties style:text-position="super 58%"/></style:style>'
    '<style:style style:name="P" style:family="paragraph"><style:text-properties '
    'style:text-line-through-style="none" style:text-underline-style="solid"/></style:style>'
    '<style:style style:name="C" style:family="table-cell">'
    '<style:text-properties style:text-line-through-type="double"/></style:style></office:automatic-styles>'
)
ROOT = f'<office:document-content {ODF} xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0">{STYLES}'


def test_text_documents():
    paragraph = (
        '<text:p text:style-name="P">The fee is <text:span text:style-name="T">£30</text:span> £45 for 420'
        '<text:span text:style-name="U">3</text:span> members.</text:p><text:p text:style-name="S">Gone.</text:p>'
    )
    body = f"<office:body><office:text>{paragraph}</office:text></office:body></office:document-content>"
    data = archive({"content.xml": ROOT + body}, "application/vnd.oasis.opendocument.text")
    assert from_odt(data).text == "The fee is £45 for 420 [3] members."


def test_cells_of_a_spreadsheet():
    cells = (("Berth", ""), ("Fee", "")), (("Quay", ""), ("£30", "C")), (("Mole", ""), ("£45", ""))
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell table:style-name="{style}"><text:p>{text}</text:p></table:table-cell>'
            for text, style in row
        )
        + "</table:table-row>"
        for row in cells
    )
    body = f'<office:body><office:spreadsheet><table:table table:name="Fees">{rows}</table:table></office:spreadsheet>'
    data = archive(
        {"content.xml": f"{ROOT}{body}</office:body></office:document-content>"},
        "application/vnd.oasis.opendocument.spreadsheet",
    )
    text = from_ods(data).text
    assert "£30" not in text and "Mole" in text and "£45" in text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"The fee is {\strike \'a330} \'a345.", "The fee is  £45."),
        (r"The fee is \strike \'a330 \strike0\'a345.", "The fee is £45."),
        (r"It has 420{\super 3} members on 20 m{\super 2}.", "It has 420 [3] members on 20 m²."),
        (r"Open{\v  never} daily.", "Open daily."),
        (r"The {\b\strike old\strike0  new} fee", "The  new fee"),
        (r"A \viewkind4 view.", "A view."),
    ],
)
def test_rich_text(source, text):
    found = from_rtf(rb"{\rtf1\ansi\ansicpg1252 " + source.encode() + rb"\par}").text
    assert found.split() == text.split()


@pytest.mark.parametrize("struck", ["~~£30~~", "<del>£30</del>", "<s>£30</s>"])
def test_markdown_keeps_what_is_struck_out_from_the_model(struck):
    text = f"The fee is {struck} £45."
    assert readable(Passage("a.md", 0, len(text), text)).split() == "The fee is £45.".split()


def test_waves_that_strike_nothing_out_stay():
    text = "About ~20 boats, ~~ or so, and ~~~ a fence"
    assert readable(Passage("a.md", 0, len(text), text)) == text
