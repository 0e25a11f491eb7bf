"""Word files as they are shown: numbers, notes, changes, merged cells."""

import io

import docx
import pytest
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn

from rag.formats.docx import from_docx


def text_of(made) -> str:
    return extracted(made).text


def extracted(made):
    stream = io.BytesIO()
    made.save(stream)
    return from_docx(stream.getvalue())


def element(xml: str):
    name, _, rest = xml.partition(">")
    joint = "" if name.endswith("/") else ">"
    end = "/" if name.endswith("/") else ""
    return parse_xml(f"{name.removesuffix('/')} {nsdecls('w')}{end}{joint or '>'}{rest}")


def define(made, number: int, levels: list[tuple[str, str]], extra: str = "", overrides: str = "") -> None:
    """Add a numbering: of each level its kind and its text."""
    shown = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>{extra}<w:lvlText w:val="{text}"/></w:lvl>'
        for at, (kind, text) in enumerate(levels)
    )
    root = made.part.numbering_part.element
    root.insert(0, element(f'<w:abstractNum w:abstractNumId="{number}">{shown}</w:abstractNum>'))
    root.append(element(f'<w:num w:numId="{number}"><w:abstractNumId w:val="{number}"/>{overrides}</w:num>'))


def numbered(made, text: str, number: int, level: int = 0, style: str | None = None):
    paragraph = made.add_paragraph(text, style)
    place = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    paragraph._p.get_or_add_pPr().append(element(place))
    return paragraph


def test_clauses_have_the_numbers_of_their_style():
    made = docx.Document()
    for text in ("The tenant pays rent.", "The roof is repaired.", "The keys stay here."):
        made.add_paragraph(text, style="List Number")
    made.add_paragraph("Tea", style="List Bullet")
    assert text_of(made) == "1. The tenant pays rent.\n2. The roof is repaired.\n3. The keys stay here.\n• Tea"


def test_levels_count_apart_and_begin_anew():
    made = docx.Document()
    define(made, 90, [("decimal", "%1."), ("lowerLetter", "(%2)"), ("lowerRoman", "%1.%2.%3")])
    for text, level in (("Rent", 0), ("monthly", 1), ("in advance", 1), ("by post", 2), ("Keys", 0), ("two", 1)):
        numbered(made, text, 90, level)
    assert text_of(made).split("\n") == [
        "1. Rent",
        "(a) monthly",
        "(b) in advance",
        "1.b.i by post",
        "2. Keys",
        "(a) two",
    ]


def test_legal_numbers_are_figures_and_headings_carry_theirs():
    made = docx.Document()
    define(made, 91, [("upperRoman", "%1"), ("decimal", "%1.%2")], extra="<w:isLgl/>")
    numbered(made, "Scope", 91, 0, "Heading 1")
    numbered(made, "Terms", 91, 1, "Heading 2")
    found = extracted(made)
    assert [found.text[h.start : h.end] for h in found.headings] == ["1 Scope", "1.1 Terms"]


def test_a_list_that_starts_anew_or_elsewhere():
    made = docx.Document()
    define(made, 92, [("decimal", "%1.")])
    root = made.part.numbering_part.element
    start = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>'
    root.append(element(f'<w:num w:numId="93"><w:abstractNumId w:val="92"/>{start}</w:num>'))
    for number in (92, 92, 93, 93):
        numbered(made, "Clause", number)
    numbered(made, "Plain", 0, style="List Number")
    assert text_of(made).split("\n") == ["1. Clause", "2. Clause", "7. Clause", "8. Clause", "Plain"]


@pytest.mark.parametrize(
    ("levels", "placed", "shown"),
    [
        (
            [("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "%1.%2(%3)")],
            [0, 0, 0, 1, 1, 2, 2, 1, 2],
            ["1.", "2.", "3.", "3.1", "3.2", "3.2(a)", "3.2(b)", "3.3", "3.3(a)"],
        ),
        (
            [("upperRoman", "Article %1"), ("decimal", "§ %2"), ("lowerRoman", "(%3)")],
            [0, 1, 1, 2, 2, 0, 1],
            ["Article I", "§ 1", "§ 2", "(i)", "(ii)", "Article II", "§ 1"],
        ),
        ([("upperLetter", "%1)"), ("decimalZero", "%1.%2")], [0, 1, 1, 0, 1], ["A)", "A.01", "A.02", "B)", "B.01"]),
        ([("none", ""), ("decimal", "Clause %2:")], [0, 1, 1], ["", "Clause 1:", "Clause 2:"]),
    ],
)
def test_clauses_of_several_levels(levels, placed, shown):
    made = docx.Document()
    define(made, 95, levels)
    for level in placed:
        numbered(made, "Keys", 95, level)
    assert [line for line in text_of(made).split("\n") if line] == [f"{number} Keys".strip() for number in shown]


def test_clauses_go_on_behind_a_paragraph_and_a_table():
    made = docx.Document()
    define(made, 96, [("decimal", "%1."), ("lowerLetter", "(%2)")])
    numbered(made, "Rent", 96)
    made.add_paragraph("It is paid monthly.")
    numbered(made, "in advance", 96, 1)
    made.add_table(1, 2).cell(0, 1).text = "£20"
    numbered(made, "by post", 96, 1)
    numbered(made, "Keys", 96)
    assert [line for line in text_of(made).split("\n") if line.startswith(("1", "2", "("))] == [
        "1. Rent",
        "(a) in advance",
        "(b) by post",
        "2. Keys",
    ]


def test_a_removed_paragraph_is_not_counted_and_a_removed_end_joins_two():
    made = docx.Document()
    define(made, 94, [("decimal", "%1.")])
    numbered(made, "One", 94)
    gone = numbered(made, "", 94)
    gone._p.append(element("<w:del><w:r><w:delText>Old</w:delText></w:r></w:del>"))
    gone._p.get_or_add_pPr().append(element("<w:rPr><w:del/></w:rPr>"))
    first = numbered(made, "Two begins", 94)
    first._p.get_or_add_pPr().append(element("<w:rPr><w:del/></w:rPr>"))
    numbered(made, "and ends.", 94)
    assert text_of(made) == "1. One\n2. Two begins and ends."


@pytest.mark.parametrize("mark", ["strike", "dstrike", "vanish"])
def test_what_is_struck_out_or_hidden_is_not_read(mark):
    made = docx.Document()
    paragraph = made.add_paragraph("The fee is ")
    for text, on in (("£30 ", True), ("£45", False)):
        properties = paragraph.add_run(text)._r.get_or_add_rPr()
        properties.append(element(f"<w:{mark}/>" if on else f'<w:{mark} w:val="0"/>'))
    assert text_of(made) == "The fee is £45"


def test_what_a_style_strikes_out_is_not_read():
    made = docx.Document()
    style = made.styles.add_style("Gone", docx.enum.style.WD_STYLE_TYPE.CHARACTER)
    style.font.strike = True
    paragraph = made.add_paragraph("It costs ")
    paragraph.add_run("£30 ", "Gone")
    paragraph.add_run("£45")
    assert text_of(made) == "It costs £45"


def test_superscripts_are_set_apart():
    made = docx.Document()
    paragraph = made.add_paragraph("The club has 420")
    for text, raised in (("3", True), (" members on 20 m", False), ("2", True), (" since the 1", False), ("st", True)):
        paragraph.add_run(text).font.superscript = raised
    assert text_of(made) == "The club has 420 [3] members on 20 m² since the 1st"


def add_part(made, kind: str, xml: str) -> None:
    body = f"<w:{kind} {nsdecls('w')}>{xml}</w:{kind}>".encode()
    mime = f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}+xml"
    part = Part(PackURI(f"/word/{kind}.xml"), mime, body, made.part.package)
    made.part.relate_to(part, f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}")


@pytest.mark.parametrize(
    ("kind", "note", "reference", "expected"),
    [
        ("footnotes", "footnote", "footnoteReference", "Rent is due [1] monthly.\n\nFootnote 1: In advance.\n\nNext."),
        ("endnotes", "endnote", "endnoteReference", "Rent is due [i] monthly.\n\nEndnote i: In advance.\n\nNext."),
        ("comments", "comment", "commentReference", "Rent is due monthly.\n\nComment by Ann: In advance.\n\nNext."),
    ],
)
def test_notes_and_comments_come_behind_their_paragraph(kind, note, reference, expected):
    made = docx.Document()
    paragraph = made.add_paragraph("Rent is due")
    mark = OxmlElement(f"w:{reference}")
    mark.set(qn("w:id"), "2")
    paragraph.add_run()._r.append(mark)
    paragraph.add_run(" monthly.")
    made.add_paragraph("Next.")
    words = "<w:p><w:r><w:t>In advance.</w:t></w:r></w:p>"
    add_part(made, kind, f'<w:{note} w:id="0" w:type="separator"/><w:{note} w:id="2" w:author="Ann">{words}</w:{note}>')
    assert text_of(made) == expected


def test_headers_and_footers_are_read_once_without_page_numbers():
    made = docx.Document()
    made.add_paragraph("Agreement")
    made.sections[0].header.paragraphs[0].text = "Reference number HX-4471"
    footer = made.sections[0].footer.paragraphs[0]
    footer.text = "Mill Trust | Page "
    for kind, text in (("begin", ""), ("", "PAGE"), ("separate", ""), ("", "3"), ("end", "")):
        run = footer.add_run()._r
        if kind:
            run.append(element(f'<w:fldChar w:fldCharType="{kind}"/>'))
        else:
            run.append(element(f"<w:instrText>{text}</w:instrText>" if text == "PAGE" else f"<w:t>{text}</w:t>"))
    made.add_section().header.is_linked_to_previous = True
    assert text_of(made) == "Agreement\n\nHeader: Reference number HX-4471\n\nFooter: Mill Trust"


def test_a_header_that_repeats_the_text_is_not_read_again():
    made = docx.Document()
    made.add_heading("Agreement", 0)
    made.sections[0].header.paragraphs[0].text = "Agreement"
    assert text_of(made) == "Agreement"


def test_a_text_box_is_read_once():
    made = docx.Document()
    paragraph = made.add_paragraph("Before")
    box = "<w:txbxContent><w:p><w:r><w:t>Call 5512.</w:t></w:r></w:p></w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    content = (
        f"<mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    )
    paragraph.add_run()._r.append(parse_xml(f"<w:object {nsdecls('w')}>{content}</w:object>"))
    made.add_paragraph("After")
    assert text_of(made) == "Before\n\nCall 5512.\n\nAfter"


def test_merged_cells_are_filled():
    made = docx.Document()
    table = made.add_table(4, 3)
    rows = (["Room", "Day", "Price"], ["Hall", "Sat", "£80"], ["", "Sun", "£95"], ["Attic", "Closed", ""])
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(3, 1).merge(table.cell(3, 2))
    assert text_of(made).split("\n") == [
        "Room | Day | Price",
        "Hall | Sat | £80",
        "Hall | Sun | £95",
        "Attic | Closed | Closed",
    ]


def test_a_cell_over_rows_and_columns():
    made = docx.Document()
    table = made.add_table(4, 4)
    rows = (
        ["Room", "Day", "From", "Price"],
        ["Hall", "", "9", "£80"],
        ["", "", "14", "£95"],
        ["Attic", "Sat", "9", "£30"],
    )
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 1))
    assert [" ".join(line.split()) for line in text_of(made).split("\n")] == [
        "Room | Day | From | Price",
        "Hall | Hall | 9 | £80",
        "Hall | Hall | 14 | £95",
        "Attic | Sat | 9 | £30",
    ]


def test_a_cell_over_a_whole_row_and_a_frame_around_text():
    made = docx.Document()
    table = made.add_table(2, 2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "Lower field"
    table.cell(1, 0).text, table.cell(1, 1).text = "P1", "£20"
    made.add_paragraph("")
    frame = made.add_table(1, 1).cell(0, 0)
    frame.text = "Note well."
    frame.add_paragraph("Keys are counted.", style="List Number")
    assert text_of(made) == "Lower field\nP1 | £20\n\nNote well.\n\n1. Keys are counted."


def test_a_removed_row_is_not_read():
    made = docx.Document()
    table = made.add_table(2, 2)
    for row, texts in zip(table.rows, (["Old", "£1"], ["New", "£2"]), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.rows[0]._tr.get_or_add_trPr().append(element("<w:del/>"))
    assert text_of(made) == "New | £2"


def test_what_a_content_control_asks_for_is_not_read():
    made = docx.Document()
    paragraph = made.add_paragraph("Name: ")
    for shown, text in (("<w:showingPlcHdr/>", "Click here"), ("", "Ann")):
        run = f"<w:sdtContent><w:r><w:t>{text}</w:t></w:r></w:sdtContent>"
        paragraph._p.append(element(f"<w:sdt><w:sdtPr>{shown}</w:sdtPr>{run}</w:sdt>"))
    assert text_of(made) == "Name: Ann"


@pytest.mark.parametrize("title", ["Word Document", "Document1", "Microsoft Word - lease.docx", "Dokument"])
def test_a_title_from_a_program_is_none(title):
    made = docx.Document()
    made.core_properties.title = title
    made.add_heading("Lease of the mill", 1)
    assert extracted(made).title == "Lease of the mill"


def test_a_style_that_is_based_on_a_heading_is_one():
    made = docx.Document()
    style = made.styles.add_style("Clause head", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
    style.base_style = made.styles["Heading 2"]
    made.add_paragraph("Rent", style="Clause head")
    assert [(h.start, h.end, h.level) for h in extracted(made).headings] == [(0, 4, 2)]
