"""Entries of lists and fields at the top: what is one, where it stands, and that prose is none."""

import pytest

from rag.records import entries, fields
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
    assert [(record.name, record.value) for record in entries(passages(text))] == found


def test_an_entry_stands_where_it_says():
    text = "Minutes\n\nPresent:\n  • Ann  Lee - City Council\n  • Bo Ek - Harbour Trust\n\nThe chair opened it."
    for record in entries(passages(text)):
        assert " ".join(text[record.start : record.end].split()) == record.text
        assert record.label == "Present"
        assert record.text == f"{record.name} - {record.value}"


def test_a_list_is_called_by_the_line_above_it_or_by_its_section():
    listed = "Ann Lee - Kiel\nBo Ek - Oslo\n"
    labels = [
        record.label for record in entries(passages(f"Guests:\n{listed}Nobody else came.\n{listed}", "Day > Speakers"))
    ]
    assert labels == ["Guests", "Guests", "Speakers", "Speakers"]


def test_a_list_goes_on_in_the_next_passage():
    text = "Speakers:\n" + "".join(f"Ann Lee{letter} - Council of {letter}\n" for letter in "ABCDE")
    parts = passages(text, size=60)
    assert len(parts) > 2
    found = entries(parts)
    assert [record.value for record in found] == [f"Council of {letter}" for letter in "ABCDE"]
    assert {record.label for record in found} == {"Speakers"}
    assert all(record.passage.start <= record.start and record.end <= record.passage.end for record in found)


def test_fields_stand_at_the_top_alone():
    top = "Report\n\nDate: 3 May 2021\nLocation: Harbour Hall, Kiel\n\n"
    prose = "It was said at the end of the day that one thing is needed: no boats.\n"
    text = top + prose + "x" * 1000 + "\nPlace: Oslo\n"
    found = fields(passages(text, size=100))
    assert [(record.name, record.value) for record in found] == [
        ("Date", "3 May 2021"),
        ("Location", "Harbour Hall, Kiel"),
    ]
    assert [text[record.start : record.end] for record in found] == ["Date: 3 May 2021", "Location: Harbour Hall, Kiel"]
