"""What an abbreviation stands for: how it is asked, where it is spelt out, and which lists have it twice."""

import pytest
from lines import lines_of

from rag.collection.abbreviations import abbreviation_in

FILES = {
    "text.txt": """The harbour

Ann Lee of the North Harbour Trust (NHT) opened the day. Ask your GP (a general practitioner) about the water.

Deoxyribonucleic acid (DNA) is in fish. The report (see below) and the list (DOC) are here.

The trust of the harbour (QRS) is old. The council (a body of nine) met the RNG (range of nine).
""",
    "kiel.txt": "Kiel\n\nSpeakers:\n\nBo Ek - Head of Boats, bcn\n\nDi Fox - ABC\n\nCy Orr - City of Kiel",
    "oslo.txt": "Oslo\n\nSpeakers:\n\nBo Ek - Boat Club Nord\n\nDi Fox - City of Oslo\n\nCy Orr - Bank of Nice",
}


@pytest.fixture
def ask(tmp_path, config):
    with lines_of(FILES, tmp_path, config) as lines:
        yield lines.ask


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("What does NHT stand for?", "NHT"),
        ("what does the abbreviation “nht” stand for", "nht"),
        ("What is R&D short for?", "R&D"),
        ("What is the full name of the NHT?", "NHT"),
        ("And what does the acronym NHT mean?", "NHT"),
        ("What is NHT an acronym of?", "NHT"),
        ("NHT stands for what?", "NHT"),
        ("What does the colour red stand for?", ""),
        ("What does NHT mean for the harbour?", ""),
        ("What does NHT stand for, and who leads it?", ""),
        ("Who stood for the NHT?", ""),
        ("What does A stand for?", ""),
    ],
)
def test_nothing_but_the_meaning_of_an_abbreviation_is_asked(question, short):
    assert abbreviation_in(question) == short


@pytest.mark.parametrize(
    ("short", "long", "begins"),
    [
        ("NHT", "North Harbour Trust", "Ann Lee of the North Harbour Trust (NHT)"),
        ("nht", "North Harbour Trust", "Ann Lee of the North Harbour Trust (NHT)"),
        ("GP", "general practitioner", "Ask your GP"),
        ("DNA", "Deoxyribonucleic acid", "Deoxyribonucleic acid (DNA)"),
    ],
)
def test_what_a_text_spells_out_is_told_with_its_sentence(ask, short, long, begins):
    text, quotes = ask(f"What does {short} stand for?")
    assert text.startswith(long) and quotes[0].startswith(begins)


def test_lists_that_have_both_beside_one_person_are_quoted_together(ask):
    text, quotes = ask("What does BCN stand for?")
    assert text.startswith("Boat Club Nord") and quotes == ["Bo Ek - Head of Boats, bcn", "Bo Ek - Boat Club Nord"]
    assert ask("What does BCN stand for?", among=["kiel.txt"]) is None


@pytest.mark.parametrize("short", ["DOC", "QRS", "RNG", "ABC", "CK", "Kiel", "UNO"])
def test_what_is_nowhere_spelt_out_is_left_to_the_model(ask, short):
    assert ask(f"What does {short} stand for?") is None
