"""Clauses of prose, and cells of tables under their headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.statements import cells, clauses, is_row, readable, statements, table_header, without_bullet
from rag.types import Passage

PRICES = "| Room | Day | Hour |\n|---|---|---|\n| Hall 3 | £43 | £9 |\n| Hall 4 | £50 | £11 |"


def passage(text, header=""):
    return Passage("a.md", 700, 700 + len(text), text, "Prices", header=header)


def said(text, header=""):
    return [(statement.text, statement.about) for statement in statements(passage(text, header))]


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("| Hall 3 | £43 |", True),
        ("Hall 3 | £43", True),
        ("| Memory |", True),
        ("Mon   closed   10-12", True),
        ("Mon\tclosed\t10-12", True),
        ("Mon   closed", False),
        ("Part\tLoad", False),
        ("It is open. | It is shut", True),
        ("Keys: Ann Lee", False),
        ("a|b", False),
        ("", False),
    ],
)
def test_a_row_has_bars_or_three_columns(line, row):
    assert is_row(line) is row


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("| Hall 3 | £43 |", ["Hall 3", "£43"]),
        ("Hall 3 | £43", ["Hall 3", "£43"]),
        ("|  | £43 |", ["", "£43"]),
        ("Mon   closed   10-12", ["Mon", "closed", "10-12"]),
        ("Mon\tclosed\t10-12", ["Mon", "closed", "10-12"]),
        ("| **Memory** | 8  GB |", ["**Memory**", "8 GB"]),
    ],
)
def test_the_cells_of_a_row(row, found):
    assert cells(row) == found


# --- statements


KEYS = "Memory | 8 GB\nColour | grey\nDisk | 20 GB"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (KEYS, "Memory 8 GB"),
        ("Mon | 9-12 | 1-2\nTue | 9-12 | closed", "Mon 9-12 1-2"),
        ("Tea | £2\nSoup | £4", "Tea £2"),
    ],
)
def test_a_first_row_with_values_is_no_header(text, first):
    found = said(text)
    assert found[0] == (first, "")
    assert {about for _, about in found} == {""}
    assert readable(passage(text)) == (text.replace(" |", ":") if text == KEYS else text)
    assert table_header(text, text.index("\n") + 1) == ""


FORM = "Tenant | Ann Lee\nRent | £450\nPets | no\nStart | 1 May 2025\nAgent: | Bo Ek"


@pytest.mark.parametrize("lines", [FORM, "\n".join(f"| {line} |" for line in FORM.split("\n"))])
def test_a_form_has_no_header_but_names_and_values(lines):
    whole = f"Lease of the mill\n\n{lines}\n\nThe end."
    assert readable(passage(whole)).split("\n")[2:7] == [
        "Tenant: Ann Lee",
        "Rent: £450",
        "Pets: no",
        "Start: 1 May 2025",
        "Agent: Bo Ek",
    ]
    start = whole.index("Start")
    assert table_header(whole, whole.rindex("\n", 0, start) + 1) == ""
    assert said(lines)[0] == ("Tenant Ann Lee", "")


@pytest.mark.parametrize("header", ["Room | Day", "Room | 2025", "Plan | Fix 12"])
def test_a_first_row_of_names_or_years_is_a_header(header):
    text = f"{header}\nHall 3 | £43\nHall 4 | £50"
    assert said(text)[2] == ("£43", f"Hall 3. {header.split(' | ')[1]}")
    assert table_header(text, text.index("Hall 4")) == header


def test_what_has_a_rule_below_it_is_a_header_whatever_it_holds():
    text = "| Size | 8 GB | 16 GB |\n|---|---|---|\n| Box | £43 | £50 |"
    assert said(text)[-1] == ("£50", "Box. 16 GB")
    assert table_header(text, text.index("| Box")) == "| Size | 8 GB | 16 GB |"


def test_a_cell_is_about_its_column_and_what_its_row_begins_with():
    found = dict(said(PRICES))
    assert "Hall 3" in found["£43"] and "Day" in found["£43"]
    assert "Hall 3" in found["£9"] and "Hour" in found["£9"] and "Day" not in found["£9"]
    assert "Hall 4" not in found["£9"]
    assert found["Hall 3"] == "Room"


def test_a_row_goes_on_with_the_one_above_where_its_first_cell_is_empty():
    found = dict(said("| Room | Season | Day |\n|---|---|---|\n| Hall 3 | summer | £43 |\n| | winter | £50 |"))
    assert "Hall 3" in found["£50"] and "winter" in found["£50"]


def test_a_passage_in_the_middle_of_a_table_is_read_under_its_header():
    rows = PRICES.split("\n", 2)[2]
    assert said(rows, header="| Room | Day | Hour |") == said(PRICES)[1:]
    assert "Day" not in "".join(about for _, about in said(rows))


def test_behind_a_table_its_header_means_nothing():
    assert said(f"{PRICES}\n\nPrices rise in May.")[-1] == ("Prices rise in May.", "")


def test_the_offsets_are_of_the_whole_row_or_sentence():
    text = f"{PRICES}\n\nPrices rise in May, and fees in June."
    for statement in statements(passage(text)):
        line = text[statement.start : statement.end]
        assert all(word in line or word in "Hall" for word in statement.text.split()), (line, statement)
        assert statement.row == line.startswith("|")


def test_a_row_with_more_cells_than_its_header_has_its_last_ones_under_it():
    assert dict(said("| Day | Hour |\n|---|---|\n| Hall 3 | £43 | £9 |"))["£9"].endswith("Hour")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Fix 12 costs £35 and Fix 24 costs £60.", ["Fix 12 costs £35", "Fix 24 costs £60."]),
        ("Fee: £5; deposit: £10.", ["Fee: £5", "deposit: £10."]),
        ("Der Hund darf mit, aber nicht in den Keller.", ["Der Hund darf mit", "nicht in den Keller."]),
        ("Le chat est admis mais le chien ne l'est pas.", ["Le chat est admis", "le chien ne l'est pas."]),
        ("El gato puede entrar pero el perro no.", ["El gato puede entrar", "el perro no."]),
        ("1,480 people came.", ["1,480 people came."]),
        ("Einer zahlt 14,5 %.", ["Einer zahlt 14,5 %."]),
        ("Sand and land are words.", ["Sand", "land are words."]),
        ("", []),
    ],
)
def test_clauses_end_at_semicolons_commas_and_conjunctions(text, found):
    assert [part.removeprefix("aber ") for part in clauses(text)] == found


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("5. Keys are counted.", "Keys are counted."),
        ("5) Keys", "Keys"),
        ("(a) Keys", "Keys"),
        ("b. Keys", "Keys"),
        ("• Keys", "Keys"),
        ("  - Keys", "Keys"),
        ("5 keys", "5 keys"),
        ("-5 degrees", "-5 degrees"),
        ("2.3 The rent", "2.3 The rent"),
        ("A. Lee", "A. Lee"),
    ],
)
def test_what_numbers_an_item_says_nothing(line, plain):
    assert without_bullet(line) == plain


# --- the header of a table that a passage breaks off


def test_the_header_is_the_first_row_of_the_table():
    text = f"Rooms\n\n{PRICES}\n\nThat is all.\n"
    assert table_header(text, text.index("| Hall 4")) == "| Room | Day | Hour |"
    assert table_header(text, text.index("| Hall 3")) == "| Room | Day | Hour |"
    assert table_header(text, text.index("| Room")) == ""
    assert table_header(text, text.index("Rooms")) == ""
    assert table_header(text, text.index("That")) == ""


def test_another_table_above_is_another_table():
    text = f"| Name | Office |\n|---|---|\n| Ann | Chair |\n\n{PRICES}"
    assert table_header(text, text.index("| Hall 4")) == "| Room | Day | Hour |"
    assert table_header(text, text.index("| Ann")) == "| Name | Office |"


def test_a_table_of_columns_has_its_header_too():
    text = "Week    Day watch    Night watch\n--------\n1 May    Ann    Bo\n2 May    Cy    Di\n"
    assert table_header(text, text.index("2 May")) == "Week    Day watch    Night watch"


def test_a_header_far_above_is_not_looked_for():
    text = "| Room | Day |\n|---|---|\n" + "| Hall | £43 |\n" * 3000
    assert table_header(text, text.index("| Hall", 5_000)) == "| Room | Day |"
    assert table_header(text, len(text) - 15) != "| Room | Day |"


@given(
    st.lists(
        st.sampled_from(["| a | b |", "|---|---|", "a   b   c", "Text.", "", "=====", "\t|\t", "x" * 3000]), max_size=9
    )
)
def test_any_text_has_statements_and_headers(lines):
    text = "\n".join(lines)
    for start in range(0, min(len(text), 100)):
        header = table_header(text, start)
        assert "\n" not in header
        assert header == "" or header in text
    for statement in statements(passage(text)):
        assert 0 <= statement.start < statement.end <= len(text)
        assert statement.text.strip()


# --- as a reader says it


def test_a_table_is_read_with_each_cell_behind_its_header():
    assert readable(passage(f"Prices\n\n{PRICES}\n\nThey rise in May.")) == (
        "Prices\n\nRoom: Hall 3; Day: £43; Hour: £9\nRoom: Hall 4; Day: £50; Hour: £11\n\nThey rise in May."
    )


def test_rows_of_a_table_that_began_before_are_read_so_too():
    rows = PRICES.split("\n", 2)[2]
    assert readable(passage(rows, "| Room | Day | Hour |")) == (
        "Room: Hall 3; Day: £43; Hour: £9\nRoom: Hall 4; Day: £50; Hour: £11"
    )


def test_an_empty_cell_is_not_read():
    assert readable(passage("| Room | Day |\n|---|---|\n| Hall 3 | |")) == "Room: Hall 3"


@pytest.mark.parametrize("text", ["Text.\n\nMore.", "| Memory | 8 GB |", "", "a: b\nc: d"])
def test_what_is_no_table_with_a_header_is_read_as_it_stands(text):
    assert readable(passage(text)) == text
