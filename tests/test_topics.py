"""Who talked about what: the sentences that say so, and whom they name."""

import pytest
from lines import lines_of

FILES = {
    "kiel.txt": """Harbour Day Kiel

Date: 3 May 2021

Ann Lee, from the Harbour Trust, opened the day. She talked about the price of boats.

Dr Bo Ek and Cy Orr from the Boat Club shared a plan for the old ferry. The ferry sank. He left.

Speakers:

Ann Lee - Harbour Trust

Dr Bo Ek - Ferry Club

Cy Orr - Boat Club
""",
    "oslo.txt": """Harbour Day Oslo

Date: 7 June 2022

Di K Fox described how the ferry was built. Nobody spoke about ice.

Speakers:

Di Fox - City of Oslo

Anne Lee - Harbour Trust

Programme

10.30 New engines: Ida Orr
""",
}
SHE = "Ann Lee: “She talked about the price of boats.”"
PLAN = "Bo Ek, Cy Orr: “Dr Bo Ek and Cy Orr from the Boat Club shared a plan for the old ferry.”"
BUILT = "Di K Fox: “Di K Fox described how the ferry was built.”"


@pytest.fixture
def ask(tmp_path, config):
    with lines_of(FILES, tmp_path, config) as lines:
        yield lines.ask


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Who talked about the ferry?", [PLAN, BUILT]),
        ("Which speakers discussed the ferry, counting both of the reports?", [PLAN, BUILT]),
        ("Who spoke about the ferry in Oslo?", [BUILT]),
        ("Who mentioned a ferry in June 2022?", [BUILT]),
        ("Which two people mentioned the ferry?", [PLAN, BUILT]),
        ("Who talked about the price of boats?", [SHE]),
        ("who spoke about old ferries", [PLAN]),
    ],
)
def test_the_sentences_are_quoted_with_those_whom_they_name(ask, question, told):
    text, quotes = ask(question)
    assert [line.split(" [")[0] for line in text.removeprefix("- ").split("\n- ")] == told
    assert quotes == [line.split("“")[1].removesuffix("”") for line in told]


def test_a_line_of_the_programme_says_who_talked_about_its_title(ask):
    assert ask("Who talked about new engines?") == ("Ida Orr: “New engines: Ida Orr” [1]", ["New engines: Ida Orr"])


@pytest.mark.parametrize(
    "question",
    [
        "Who talked about ice?",
        "Who talked about the harbour?",
        "Who talked about trains?",
        "Which three people mentioned the ferry?",
        "How many people talked about the ferry?",
        "Who did not talk about the ferry?",
        "Why did Bo Ek talk about the ferry?",
        "Who talked about the new ferry?",
    ],
)
def test_any_other_question_is_left_to_the_model(ask, question):
    assert ask(question) is None
