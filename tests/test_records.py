"""Entries of lists, rows of tables and lines with a key: what is one, where it stands, and that prose is none."""

import pytest

from rag.collection.records import records
from rag.types import Passage


def passages(text, section="", size=10_000):
    """Return ``text`` in passages of whole lines, ``size`` characters at most each."""
    made, start = [], 0
    for line in text.splitlines(keepends=True):
        if made and made[-1].end - made[-1].start + len(line) <= size:
            last = made.pop()
            made.append(
                Passage("a.txt", last.start, start + len(line), text[last.start : start + len(line)], "T", section)
            )
        else:
            made.append(Passage("a.txt", start, start + len(line), line, "T", section))
        start += len(line)
    return made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ann Lee - City Council\nBo Ek – Harbour Trust", [("Ann Lee", "City Council"), ("Bo Ek", "Harbour Trust")]),
        ("Ann Lee - City Council\n\nBo Ek - Trust\n\n", [("Ann Lee", "City Council"), ("Bo Ek", "Trust")]),
        (
            "• Ann Lee — Chair.\n• Dr. Bo van Ek — Harbour Trust",
            [("Ann Lee", "Chair"), ("Dr. Bo van Ek", "Harbour Trust")],
        ),
        ("1. Ann Lee - Chair\n2. Bo Ek and Cy Orr - Kiel", [("Ann Lee", "Chair"), ("Bo Ek and Cy Orr", "Kiel")]),
        (
            "Ann Lee, Chair, City Council\nBo Ek, Head of Boats\nCy Orr, Harbour Trust",
            [("Ann Lee", "Chair, City Council"), ("Bo Ek", "Head of Boats"), ("Cy Orr", "Harbour Trust")],
        ),
        (
            "LEE, Ann - Chair, Trust\nVAN EK, Bo - Kiel\nORR, Cy - Oslo",
            [("Ann LEE", "Chair, Trust"), ("Bo VAN EK", "Kiel"), ("Cy ORR", "Oslo")],
        ),
        ("Ann Lee - City Council", []),
        ("Ann Lee, Chair\nBo Ek, Head of Boats", []),
        ("The ferry has two boats - one is old.\nThe other - bought last year - is new.", []),
        ("It is closed, said Ann Lee.\nIt is open, said Bo Ek.\nNobody knows, said Cy Orr.", []),
        ("Ann Lee - who is it?\nBo Ek - what a name!", []),
        ("", []),
        ("- \n-\n – ", []),
    ],
)
def test_entries_are_lines_in_a_row_that_say_something_of_a_name(text, found):
    assert [(record.name, record.value) for record in records(passages(text))] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Rota\n\nDay      Cook       Cleaner\nMonday    Ann Lee    Bo Ek\n",
            [("Monday", "Cook", "Ann Lee"), ("Monday", "Cleaner", "Bo Ek")],
        ),
        (
            "Item      Half day    Whole day\n------------------------\nHall (old)    £4    £7\nGarden   £2\n",
            [("Hall (old)", "Half day", "£4"), ("Hall (old)", "Whole day", "£7"), ("Garden", "Half day", "£2")],
        ),
        (
            "          Saturday   Sunday\nFirst boat     0700   0900\n",
            [("First boat", "Saturday", "0700"), ("First boat", "Sunday", "0900")],
        ),
        ("No.\tWhat\tWho\n1\tRope\tAnn Lee\n2\tSail\tBo Ek\n", [("Rope", "Who", "Ann Lee"), ("Sail", "Who", "Bo Ek")]),
        ("Mooring\t£4.50\nWinter mooring\t£2\n", [("", "Mooring", "£4.50"), ("", "Winter mooring", "£2")]),
        ("1937-1966   Ann Lee\n1966-1981   Bo Ek\n", [("Ann Lee", "", "1937-1966"), ("Bo Ek", "", "1966-1981")]),
        ("Chair      Ann Lee\nTreasurer     Bo Ek\n", [("", "Chair", "Ann Lee"), ("", "Treasurer", "Bo Ek")]),
        ("| 1 | Ann Lee | Kiel |\n| 2 | Bo Ek | Oslo |\n", [("Ann Lee", "", "Kiel"), ("Bo Ek", "", "Oslo")]),
        ("It is open.   It is closed.\nIt is old.   It is new.\n", []),
    ],
)
def test_columns_set_with_spaces_are_a_table(text, found):
    assert [(record.name, record.key, record.value) for record in records(passages(text))] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "The speakers were: Ann Lee (Boat Club, Kiel), Bo Ek (City of Oslo) and Cy Orr (Spice).",
            [("Ann Lee", "Boat Club, Kiel"), ("Bo Ek", "City of Oslo"), ("Cy Orr", "Spice")],
        ),
        (
            "On the panel were: Ann Lee, head of boats; Bo Ek from the City of Oslo; Cy Orr",
            [("Ann Lee", "head of boats"), ("Bo Ek", "the City of Oslo"), ("Cy Orr", "")],
        ),
        (
            "The speakers were Dr Ann Lee of the Boat Club, Bo Ek, who sails, and Cy Orr, a cook.",
            [("Dr Ann Lee", "the Boat Club"), ("Bo Ek", "who sails"), ("Cy Orr", "a cook")],
        ),
        ("Present:\tMrs Ann Lee (chair), Bo Ek", [("Mrs Ann Lee", "chair"), ("Bo Ek", "")]),
        ("PART A - COPIES\n\nPART B - RESEARCH\n\nPART C - TALKS\n", []),
        ("Present:\nAnn Lee\nBo Ek\n", [("Ann Lee", ""), ("Bo Ek", "")]),
        ("Boats:\nOld Nelly\nNew Nelly\n", []),
        ("The boats were: Old Nelly (Kiel), New Nelly (Oslo).", []),
        ("The members were: pleased, on the whole, and Ann Lee was too.", []),
    ],
)
def test_people_are_entries_in_a_sentence_or_alone_on_a_line_where_it_says_what_they_are(text, found):
    assert [(record.name, record.value) for record in records(passages(text)) if record.name] == found


def test_what_stands_behind_a_time_is_an_entry_of_a_programme():
    text = "Programme\n\n9.30 Coffee\n10.00 Welcome: Ann Lee\n11:15–12:00 Old boats: Bo Ek\n12.00 pm - The end: all\n"
    found = records(passages(text))
    assert [(record.key, record.value) for record in found] == [("Welcome", "Ann Lee"), ("Old boats", "Bo Ek")]
    assert [text[record.start : record.end] for record in found] == ["Welcome: Ann Lee", "Old boats: Bo Ek"]


def test_an_entry_stands_where_it_says():
    text = "Minutes\n\nPresent:\n  • Ann  Lee - City Council\n  • Bo Ek - Harbour Trust\n\nThe chair opened it."
    for record in records(passages(text)):
        assert " ".join(text[record.start : record.end].split()) == record.text
        assert record.label == "Present"
        assert record.text == f"{record.name} - {record.value}"


def test_a_list_is_called_by_the_line_above_it_or_by_its_section():
    listed = "Ann Lee - Kiel\nBo Ek - Oslo\n"
    labels = [
        record.label for record in records(passages(f"Guests:\n{listed}Nobody else came.\n{listed}", "Day > Speakers"))
    ]
    assert labels == ["Guests", "Guests", "Speakers", "Speakers"]


def test_a_list_goes_on_in_the_next_passage():
    text = "Speakers:\n" + "".join(f"Ann Lee{letter} - Council of {letter}\n" for letter in "ABCDE")
    parts = passages(text, size=60)
    assert len(parts) > 2
    found = records(parts)
    assert [record.value for record in found] == [f"Council of {letter}" for letter in "ABCDE"]
    assert {record.label for record in found} == {"Speakers"}
    assert all(record.passage.start <= record.start and record.end <= record.passage.end for record in found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Report\n\nDate: 3 May 2021\nLocation: Harbour Hall", [("Date", "3 May 2021"), ("Location", "Harbour Hall")]),
        ("**Head of Boats:** Ann Lee.", [("Head of Boats", "Ann Lee")]),
        ("- Kiel Office: Ann Lee\n- Oslo Office: Bo Ek", [("Kiel Office", "Ann Lee"), ("Oslo Office", "Bo Ek")]),
        ("E-mail: ann@lee.example", [("E-mail", "ann@lee.example")]),
        ("Line managers: carry out the checks every year", []),
        ("One thing is needed for the day: no boats.", []),
        ("Note: " + "this goes on and on " * 4, []),
    ],
)
def test_a_key_has_a_value_and_no_sentence(text, found):
    assert [(record.key, record.value) for record in records(passages(text))] == found


@pytest.mark.parametrize("edge", ["| ", ""])
def test_a_cell_stands_under_its_header(edge):
    rows = ["Name | Post | Telephone", "--- | --- | ---", "Ann Lee | Chair | 960 214", "Bo Ek | Head of Boats | "]
    text = "\n".join(f"{edge}{row}{edge[::-1]}" for row in rows) + "\n\nNobody else has one."
    assert [(record.name, record.key, record.value) for record in records(passages(text))] == [
        ("Ann Lee", "Post", "Chair"),
        ("Ann Lee", "Telephone", "960 214"),
        ("Bo Ek", "Post", "Head of Boats"),
    ]


def test_the_lines_above_in_the_paragraph_belong_to_a_record():
    text = "Library\nHead: Ann Lee\nTelephone: 960\n\nDepot\nHead: Bo Ek\n\nTelephone: 961"
    assert [(record.value, record.block) for record in records(passages(text))] == [
        ("Ann Lee", "Library"),
        ("960", "Library"),
        ("Bo Ek", "Depot"),
        ("961", ""),
    ]


def test_entries_between_which_others_stand_are_a_list_where_they_are_three():
    text = "Ann Lee - £20\nA boat.\n\nBo Ek - £30\nA sail.\n\n"
    assert records(passages(text)) == []
    assert [record.value for record in records(passages(text + "Cy Orr - £40\nAn oar."))] == ["£20", "£30", "£40"]
