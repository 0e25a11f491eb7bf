"""PDF as a reader sees it: reading order, tables, running lines, forms, hidden text, bad pages, scans."""

import io

import pypdfium2
import pytest
from fpdf import FPDF
from scans import lines, needs_tesseract, scanned, small

from rag.errors import DocumentError
from rag.formats import ocr, pdf_pages
from rag.formats.pdf import from_pdf

TOWN = (
    "The harbour opens at six in the morning and closes at nine in the evening. Boats that come later wait at the "
    "buoy, where the warden finds them. Nobody may sleep aboard without a permit of the office."
)
SHOP = (
    "The workshop lends ladders for two days without a deposit. Tools are returned clean and dry, and whoever breaks "
    "one pays for it. The deposit for the lathe is 200 pounds."
)
CLUB = "Rowing lessons are given on Saturdays by members of the club. A lesson takes an hour and costs 12 pounds."


def new(pages: int = 1) -> FPDF:
    made = FPDF()
    made.set_font("helvetica", size=11)
    for _ in range(pages):
        made.add_page()
    return made


def text_of(made: FPDF) -> str:
    return from_pdf(bytes(made.output())).text


def column(made: FPDF, x: float, y: float, width: float, text: str) -> None:
    made.set_xy(x, y)
    made.multi_cell(width, 6, text)


# Reading order


def test_columns_are_read_one_after_the_other():
    made = new()
    left = "The harbour opens at", "six in the morning and", "closes at nine."
    right = "The workshop lends six", "ladders for two days", "without a deposit."
    for number, (one, other) in enumerate(zip(left, right, strict=True)):
        made.text(20, 40 + 7 * number, one)
        made.text(115, 40 + 7 * number, other)
    assert text_of(made) == (
        "The harbour opens at six in the morning and closes at nine.\n\n"
        "The workshop lends six ladders for two days without a deposit."
    )


def test_three_columns_of_unlike_length_between_lines_as_wide_as_the_page():
    made = new()
    lines(made, "What follows is for all who live or work in the old harbour, on the quay or at the mill.")
    for x, text in ((10, TOWN), (75, SHOP), (140, CLUB)):
        column(made, x, 40, 55, text)
    column(made, 10, 130, 0, "Whatever is not answered here is answered by the office in the old customs house.")
    found = text_of(made)
    assert [found.index(text) for text in (TOWN, SHOP, CLUB)] == sorted(
        found.index(text) for text in (TOWN, SHOP, CLUB)
    )
    assert found.startswith("What follows") and found.endswith("customs house.")


def test_columns_whose_lines_do_not_stand_side_by_side():
    made = new()
    column(made, 10, 40, 85, TOWN)
    column(made, 110, 42.5, 85, SHOP)
    assert text_of(made) == f"{TOWN}\n\n{SHOP}"


def test_columns_close_to_each_other():
    made = new()
    column(made, 10, 40, 85, TOWN)
    column(made, 96, 40, 85, SHOP)
    assert text_of(made) == f"{TOWN}\n\n{SHOP}"


def test_a_heading_above_columns_and_a_sentence_from_one_to_the_next():
    made = new()
    made.set_font("helvetica", size=20)
    made.cell(0, 12, "News of the harbour", align="C")
    made.set_font("helvetica", size=11)
    words = TOWN.split()
    column(made, 10, 40, 85, " ".join(words[:17]))
    column(made, 110, 40, 85, " ".join(words[17:]))
    found = from_pdf(bytes(made.output()))
    assert found.text == f"News of the harbour\n\n{TOWN}"
    assert [found.text[h.start : h.end] for h in found.headings] == ["News of the harbour"]


def test_what_is_drawn_last_but_stands_first_is_read_first():
    made = new()
    column(made, 10, 60, 0, "The second paragraph.")
    column(made, 10, 30, 0, "The first paragraph.")
    assert text_of(made).startswith("The first")


def test_words_broken_at_line_ends_are_whole():
    made = new()
    lines(made, "An exam-\nple of a co-\noperation with the co-operation, from 2019-\n2020, by Smith-\nJones.")
    assert text_of(made) == "An example of a co-operation with the co-operation, from 2019-2020, by Smith-Jones."


def test_text_that_is_turned_and_pages_that_are():
    made = new()
    lines(made, TOWN)
    with made.rotation(90, 190, 200):
        made.text(190, 200, "Stamped on the margin")
    assert text_of(made) == f"{TOWN}\n\nStamped on the margin"
    sheet = pypdfium2.PdfDocument(bytes(new_columns().output()))
    sheet[0].set_rotation(90)
    stream = io.BytesIO()
    sheet.save(stream)
    assert from_pdf(stream.getvalue()).text == f"{TOWN}\n\n{SHOP}"


def new_columns() -> FPDF:
    made = new()
    column(made, 10, 40, 85, TOWN)
    column(made, 110, 40, 85, SHOP)
    return made


def test_a_list_with_hanging_numbers_is_no_table():
    made = new()
    for number, text in ((1, TOWN), (2, SHOP), (3, "The keys stay with the caretaker.")):
        y = made.get_y()
        made.set_xy(12, y)
        made.cell(text=f"{number}.")
        made.set_xy(25, y)
        made.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")
    assert text_of(made) == f"1. {TOWN}\n2. {SHOP}\n3. The keys stay with the caretaker."


def test_superscripts_are_set_apart():
    made = new()
    for text, place in (("The club has 420", "LINE"), ("3", "SUP"), (" members on 20 m", "LINE"), ("2", "SUP")):
        made.char_vpos = place
        made.write(6, text)
    assert text_of(made) == "The club has 420 [3] members on 20 m²"


def test_the_mark_of_a_note_is_no_part_of_a_sum():
    made = new()
    for text, place in (
        ("Rent: £450", "LINE"),
        ("1", "SUP"),
        (" a month, 12 m", "LINE"),
        ("3", "SUP"),
        (" of sand", "LINE"),
    ):
        made.char_vpos = place
        made.write(6, text)
    assert text_of(made) == "Rent: £450 [1] a month, 12 m³ of sand"


def test_ligatures_and_soft_hyphens_are_letters():
    made = new()
    lines(
        made,
        "The of\u00adfice of the club is on the first floor, and it is open on all days of the week but Mon-\nday.",
    )
    assert text_of(made).startswith("The office of the club") and text_of(made).endswith("but Monday.")


@pytest.mark.parametrize("wide", [TOWN, "Prices of the harbour"])
def test_columns_below_and_above_a_text_as_wide_as_the_page(wide):
    made = new()
    column(made, 10, 30, 0, wide)
    column(made, 10, 60, 85, SHOP)
    column(made, 110, 60, 85, CLUB)
    column(made, 10, 130, 0, wide)
    found = text_of(made)
    assert found == f"{wide}\n\n{SHOP}\n\n{CLUB}\n\n{wide}"


def test_columns_above_a_table_as_wide_as_the_page():
    made = new()
    column(made, 10, 30, 85, SHOP)
    column(made, 110, 30, 85, CLUB)
    made.set_xy(10, 100)
    ruled(made, ROWS)
    found = text_of(made)
    assert found.startswith(f"{SHOP}\n\n{CLUB}\n\nHall | Day | Price\nHall 1 | Saturday | £40")


@pytest.mark.parametrize("space", [4, 7, 10])
def test_articles_of_unlike_length_in_two_columns(space):
    made = new()
    articles = (("Harbour", TOWN), ("Workshop", SHOP), ("Club", CLUB)), (("Town", TOWN), ("Tools", SHOP))
    for x, column_of in zip((10, 110), articles, strict=True):
        y = 30.0
        for heading, text in column_of:
            made.set_font("helvetica", "", 14)
            column(made, x, y, 85, heading)
            made.set_font("helvetica", "", 11)
            column(made, x, made.get_y() + 1, 85, text)
            y = made.get_y() + space
    found = from_pdf(bytes(made.output()))
    names = [found.text[h.start : h.end] for h in found.headings]
    assert names == ["Harbour", "Workshop", "Club", "Town", "Tools"]


def test_what_a_line_strikes_out_is_not_read():
    made = new()
    for text, style in (
        ("The berth fee is ", ""),
        ("£30", "S"),
        (" £45 a ", ""),
        ("week", "U"),
        (", not ", ""),
        ("£12 or so", "S"),
    ):
        made.set_font("helvetica", style, 11)
        made.write(6, text)
    assert text_of(made) == "The berth fee is £45 a week, not"


# Tables


ROWS = (("Hall", "Day", "Price"), ("Hall 1", "Saturday", "£40"), ("Hall 2", "Sunday", "£50"), ("Attic", "", "£20"))


def spaced(made: FPDF, rows, y: float = 60, widths=(20, 80, 140)) -> None:
    for number, row in enumerate(rows):
        for x, cell in zip(widths, row, strict=True):
            made.text(x, y + 7 * number, cell)


def test_columns_set_with_spaces_are_rows():
    made = new()
    lines(made, "Prices of the halls, due on arrival.")
    spaced(made, ROWS)
    assert text_of(made).split("\n\n")[1].split("\n") == [
        "Hall | Day | Price",
        "Hall 1 | Saturday | £40",
        "Hall 2 | Sunday | £50",
        "Attic |  | £20",
    ]


def ruled(made: FPDF, rows) -> None:
    with made.table() as table:
        for cells in rows:
            row = table.row()
            for cell in cells:
                row.cell(cell)


def test_a_ruled_table_has_the_lines_of_a_cell_in_one_row():
    made = new()
    long = "Saturday and the whole of the following Sunday until late in the evening"
    ruled(made, (("Hall", "Day", "Price"), ("Hall 1", long, "£40"), ("Hall 2", "Sunday", "£50")))
    lines(made, "After it.")
    assert text_of(made) == f"Hall | Day | Price\nHall 1 | {long} | £40\nHall 2 | Sunday | £50\n\nAfter it."


def test_a_cell_over_several_columns_or_rows_is_in_each():
    made = new()
    with made.table() as table:
        row = table.row()
        for cell in ("Room", "Sat", "Sun"):
            row.cell(cell)
        row = table.row()
        row.cell("Hall", rowspan=2)
        row.cell("£1")
        row.cell("£2")
        row = table.row()
        row.cell("Closed", colspan=2)
    assert text_of(made) == "Room | Sat | Sun\nHall | £1 | £2\nHall | Closed | Closed"


def test_a_table_goes_on_over_a_page_under_its_header():
    from rag.passages import table_header

    made = new()
    spaced(made, ROWS, y=270)
    made.add_page()
    spaced(made, (("Loft", "Monday", "£30"), ("Barn", "Friday", "£60")), y=20)
    found = text_of(made)
    assert found.endswith("Attic |  | £20\nLoft | Monday | £30\nBarn | Friday | £60")
    assert table_header(found, found.index("Barn")) == "Hall | Day | Price"


# Running lines


def test_the_last_lines_of_pages_are_no_page_numbers():
    made = FPDF()
    made.set_font("helvetica", size=11)
    for number in range(1, 5):
        made.add_page()
        made.text(20, 36, f"Hall {number}, full day")
        made.text(20, 266, f"£ {40 + number}")
    assert [f"£ {40 + n}" in text_of(made) for n in range(1, 5)] == [True] * 4


@pytest.mark.parametrize("last", ["{0} kg", "Room {0}", "{0} %", "Total: {0}", "Nr. {0}5 in 3 days", "£{0}"])
def test_a_line_with_a_number_at_the_foot_of_each_page_stays(last):
    made = FPDF()
    made.set_font("helvetica", size=11)
    for number in range(1, 5):
        made.add_page()
        lines(made, "Some text stands above the last line of this page.", last.format(number))
    assert all(last.format(number) in text_of(made) for number in range(1, 5))


FOOTERS = [
    "Handbook 2025 | {0}",
    "{0} | Handbook 2025",
    "Handbook 2025 {0}",
    "Handbook, page {0}",
    "Handbook, p. {0}/5",
    "Handbook ({0})",
    "Handbook · {0}",
    "Handbook, S. {0}/5",
    "S. {0}/5",
    "{0} / 5",
    "{0} of 5",
    "Handbook / Page {0} of 5",
    "Handbook   Version 2.1   Page {0}",
    "Handbook [{0}]",
    "Handbook - {0} -",
    "Page {0} of 5 | Handbook",
    "Page {0} of 5",
    "Seite {0}",
    "- {0} -",
    "{0}",
]


@pytest.mark.parametrize("footer", FOOTERS)
@pytest.mark.parametrize("y", [12, 288])
def test_a_running_line_is_none_of_the_text(footer, y):
    made = FPDF()
    made.set_font("helvetica", size=11)
    for number in range(1, 6):
        made.add_page()
        made.text(20, y, footer.format(number))
        made.text(20, 40, f"Room {number} has a view of the garden on the side of the river.")
        made.text(20, 270, "The deposit for a wedding is" if number == 3 else "The room is warm.")
        if number == 4:
            made.text(20, 33, "200 pounds and is paid on arrival.")
    found = text_of(made)
    assert "Handbook" not in found and "age" not in found and "Seite" not in found
    assert "The deposit for a wedding is\n200 pounds and is paid on arrival." in found
    assert found.count("Room") == 5


@pytest.mark.parametrize("last", ["£ 4{0}.50", "{0}1,00 EUR", "EUR {0}", "Total £{0}", "{0} boats", "Hall {0}: £1{0}"])
def test_a_price_above_a_page_number_stays(last):
    made = FPDF()
    made.set_font("helvetica", size=11)
    for number in range(1, 5):
        made.add_page()
        made.text(20, 36, f"Hall {number}, full day")
        made.text(20, 262, last.format(number))
        made.text(100, 288, f"Page {number} of 4")
    found = text_of(made)
    assert all(last.format(number) in found for number in range(1, 5)) and "Page" not in found


def test_a_footer_in_three_parts_and_one_that_changes_sides():
    made = FPDF()
    made.set_font("helvetica", size=11)
    for number in range(1, 6):
        made.add_page()
        made.text(20, 12, "Mill Trust")
        made.text(150, 12, "Terms of hire")
        made.text(20, 60, f"Text of sheet {number}.")
        made.text(20, 286, "May 2025")
        made.text(90, 286, "Confidential")
        made.text(190 if number % 2 else 175, 286, f"{number}/5")
    found = text_of(made)
    assert found.count("Confidential") <= 1 and found.count("Mill Trust") <= 1 and "/5" not in found
    assert all(f"Text of sheet {number}." in found for number in range(1, 6))


def test_roman_numbers_and_headers_that_alternate():
    made = FPDF()
    made.set_font("helvetica", size=11)
    for number, roman in enumerate(("i", "ii", "iii", "iv", "v", "vi")):
        made.add_page()
        made.text(20, 12, f"{number + 1} | The mill" if number % 2 else f"Annual report | {number + 1}")
        made.text(100, 288, roman)
        made.text(20, 60, f"Text of sheet {number}.")
    assert text_of(made) == "\n\n".join(f"Text of sheet {number}." for number in range(6))


# What nobody sees


def test_hidden_text_is_not_read():
    made = new()
    made.set_text_color(255)
    lines(made, "White on white.")
    made.set_fill_color(0, 0, 120)
    made.cell(0, 8, "White on blue.", fill=True, new_x="LMARGIN", new_y="NEXT")
    made.set_text_color(0, 0, 120)
    made.cell(0, 8, "Blue on blue.", fill=True, new_x="LMARGIN", new_y="NEXT")
    made.set_text_color(0)
    made.text_mode = "INVISIBLE"
    lines(made, "Invisible.")
    made.text_mode = "FILL"
    made.text(400, 50, "Beside the page.")
    made.set_font("helvetica", size=0.5)
    made.text(20, 90, "Too small.")
    made.set_font("helvetica", size=11)
    lines(made, "The end.")
    assert text_of(made).split() == "White on blue. The end.".split()


# Forms, bad pages


def raw_pdf(*objects: str) -> bytes:
    """Return a PDF of these objects, the first of which is the catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return out + f"{head}trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF".encode()


def stream(text: str) -> str:
    return f"<</Length {len(text)}>>\nstream\n{text}\nendstream"


FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
PAGE = "/Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Resources<</Font<</F 3 0 R>>>>"


def form() -> bytes:
    field = "/Type/Annot/Subtype/Widget/F 4/DA(/F 10 Tf)"
    labels = "BT /F 11 Tf 20 250 Td (Name) Tj 0 -30 Td (Boat) Tj 0 -30 Td (Insured) Tj 0 -30 Td (Paid) Tj ET"
    return raw_pdf(
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R 7 0 R 8 0 R 9 0 R]/DR<</Font<</F 3 0 R>>>>>>>>",
        "<</Type/Pages/Kids[4 0 R]/Count 1>>",
        FONT,
        f"<<{PAGE}/Contents 5 0 R/Annots[6 0 R 7 0 R 8 0 R 9 0 R 10 0 R]>>",
        stream(labels),
        f"<<{field}/FT/Tx/T(name)/V(Ann Lee)/Rect[90 246 250 262]>>",
        f"<<{field}/FT/Ch/Ff 131072/T(boat)/Opt[(Gull)(Tern)]/V(Tern)/Rect[90 216 250 232]>>",
        f"<<{field}/FT/Btn/T(insured)/V/Yes/AS/Yes/AP<</N<</Yes 5 0 R/Off 5 0 R>>>>/Rect[90 186 102 198]>>",
        f"<<{field}/FT/Btn/T(paid)/V/Off/AS/Off/AP<</N<</Yes 5 0 R/Off 5 0 R>>>>/Rect[90 156 102 168]>>",
        "<</Type/Annot/Subtype/FreeText/F 4/Contents(Typed onto it)/DA(/F 10 Tf)/Rect[20 100 200 115]>>",
    )


def test_the_values_of_a_form_stand_beside_their_labels():
    found = from_pdf(form()).text
    for label, value in (("Name", "Ann Lee"), ("Boat", "Tern"), ("Insured", "☒"), ("Paid", "☐")):
        assert any(line.startswith(label) and line.endswith(value) for line in found.split("\n")), found
    assert "Name: Ann Lee" in found and "Insured: ☒" in found
    assert "Typed onto it" in found
    assert pdf_pages.places(form(), 1, "Ann Lee")[0].left == pytest.approx(90 / 400, abs=0.01)


def test_a_page_that_cannot_be_read_costs_itself_alone():
    words = stream("BT /F 11 Tf 20 250 Td (Chapter one or three.) Tj ET")
    page = f"<<{PAGE}/Contents 6 0 R>>"
    bad = ["<</Type/Pages/Kids[4 0 R 9 0 R 5 0 R]/Count 3>>", FONT, page, page, words]
    found = from_pdf(raw_pdf("<</Type/Catalog/Pages 2 0 R>>", *bad))
    assert found.text == "Chapter one or three.\n\nChapter one or three."
    assert found.empty_pages == (2,)
    with pytest.raises(DocumentError, match="page 2 that cannot be read"):
        pdf_pages.picture(raw_pdf("<</Type/Catalog/Pages 2 0 R>>", *bad), 2)


@pytest.mark.parametrize(
    ("kids", "empty"), [("9 4", (1,)), ("4 5 9", (3,)), ("9 4 9 5 9", (1, 3, 5)), ("9 9 4", (1, 2))]
)
def test_bad_pages_at_the_ends_cost_themselves_alone(kids, empty):
    words = stream("BT /F 11 Tf 20 250 Td (Chapter one or three.) Tj ET")
    page = f"<<{PAGE}/Contents 6 0 R>>"
    numbers = kids.split()
    tree = f"<</Type/Pages/Kids[{' '.join(f'{n} 0 R' for n in numbers)}]/Count {len(numbers)}>>"
    found = from_pdf(raw_pdf("<</Type/Catalog/Pages 2 0 R>>", tree, FONT, page, page, words))
    assert found.empty_pages == empty
    assert found.text.count("Chapter one or three.") == len(numbers) - len(empty)
    assert len(found.pages) == len(numbers)


def test_text_without_unicode_is_no_text(monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    font = (
        "<</Type/Font/Subtype/Type1/BaseFont/ZapfX/FirstChar 65/LastChar 70/Widths[600 600 600 600 600 600]"
        "/Encoding<</Type/Encoding/Differences[65/g1/g2/g3/g4/g5/g6]>>/FontDescriptor 7 0 R>>"
    )
    data = raw_pdf(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[4 0 R]/Count 1>>",
        font,
        f"<<{PAGE}/Contents 5 0 R>>",
        stream("BT /F 11 Tf 20 250 Td (ABCDEF FEDCBA) Tj ET"),
        "<<>>",
        "<</Type/FontDescriptor/FontName/ZapfX/Flags 4/FontBBox[0 0 600 700]/ItalicAngle 0/Ascent 700/Descent 0>>",
    )
    with pytest.raises(DocumentError, match=r"scan without text.*OCR.*install Tesseract"):
        from_pdf(data)


def with_letters_missing(*lines: str) -> bytes:
    """Return a PDF that has a private number for "t" in place of its Unicode value, and an "f" for "fi"."""
    codes = {0x74: "E00D", 0x7D: "0066"}
    cmap = "\n".join(f"<{code:02X}> <{value}>" for code, value in codes.items())
    rest = "\n".join(f"<{code:02X}> <{code:04X}>" for code in range(32, 122) if code not in codes)
    unicode = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        "1 begincodespacerange <00> <FF> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{cmap}\nendbfchar\n89 beginbfchar\n{rest}\nendbfchar\nendcmap end end"
    )
    font = (
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R"
        "/Encoding<</Type/Encoding/BaseEncoding/WinAnsiEncoding/Differences[125/fi]>>>>"
    )
    text = " 0 -24 Td ".join(f"({line}) Tj" for line in lines)
    return raw_pdf(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[4 0 R]/Count 1>>",
        font,
        f"<<{PAGE}/Contents 5 0 R>>",
        stream(f"BT /F 14 Tf 20 250 Td {text} ET"),
        stream(unicode),
    )


@needs_tesseract
def test_letters_without_unicode_are_read_off_the_page():
    data = with_letters_missing(
        "The allocation request was }lled out by the group.",
        "Its computation takes place at night.",
        "The total is 1,200 units.",
    )
    text = from_pdf(data).text
    assert "The allocation request was filled out by the group." in text
    assert "Its computation takes place at night." in text and "The total is 1,200 units." in text
    assert pdf_pages.places(data, 1, "The allocation request was filled out by the group.")


def test_without_tesseract_letters_without_unicode_stay(monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    text = from_pdf(with_letters_missing("The total is 1,200 units.")).text
    assert text == "The \ue00do\ue00dal is 1,200 uni\ue00ds."


# Where a quote stands


def test_a_quote_is_found_in_columns_and_cells():
    data = bytes(new_columns().output())
    boxes = pdf_pages.places(data, 1, "The deposit for the lathe is 200 pounds.")
    assert boxes and all(box.left > 0.5 for box in boxes)
    made = new()
    long = "Saturday and the whole of the following Sunday until late in the evening"
    ruled(made, (("Hall", "Day", "Price"), ("Hall 1", long, "£40")))
    boxes = pdf_pages.places(bytes(made.output()), 1, f"Hall 1 | {long} | £40")
    assert len(boxes) >= 2 and max(box.top for box in boxes) < 0.2


# Scans


@needs_tesseract
def test_a_scan_is_recognised_and_its_words_are_found_on_the_page():
    sheet = small()
    lines(sheet, "Rules of the club", "The deposit for the key is 35 pounds.")
    data = scanned(sheet, stamp="Scanned 2025")
    found = from_pdf(data)
    assert "The deposit for the key is 35 pounds." in found.text
    ((page, confidence),) = found.recognised_pages
    assert page == 1 and 0.7 < confidence <= 1
    (box,) = pdf_pages.places(data, 1, "The deposit for the key is 35 pounds.")
    assert 0.07 < box.left < 0.13 and 0.2 < box.top < 0.4 and box.width > 0.5


@needs_tesseract
def test_a_scan_of_columns_is_read_one_after_the_other():
    sheet = small(170, 70)
    column(sheet, 10, 10, 65, TOWN)
    column(sheet, 95, 10, 65, SHOP)
    found = from_pdf(scanned(sheet)).text
    assert found.index("harbour") < found.index("sleep aboard") < found.index("workshop") < found.index("lathe")


def test_without_tesseract_a_scan_says_what_to_install(monkeypatch):
    monkeypatch.setattr(ocr.shutil, "which", lambda name: None)
    with pytest.raises(DocumentError, match=r"scan without text.*apt install tesseract-ocr"):
        from_pdf(scanned(small()))


def test_the_recognised_layer_of_a_scan_is_its_text():
    made = FPDF()
    made.set_font("helvetica", size=11)
    made.add_page()
    picture = io.BytesIO()
    blank = pypdfium2.PdfDocument(bytes(new().output()))[0]
    blank.render(scale=1, grayscale=True).to_pil().save(picture, "PNG")
    made.image(picture, 0, 0, 210, 297)
    made.text_mode = "INVISIBLE"
    lines(made, TOWN)
    assert text_of(made) == TOWN
