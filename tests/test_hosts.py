"""By whom something was hosted: one event, all of them, and which of them by whom."""

import pytest
from lines import lines_of

KIEL = "The harbour day in Kiel was hosted jointly by the Boat Club, Old Quay Trust and boats4all."
OSLO = "It was hosted by Old Quay Trust & the City of Oslo."
FILES = {
    "kiel.txt": f"Harbour Day Kiel\n\nDate: 3 May 2021\n\n{KIEL} Bo Ek hosted a talk. It was sponsored by Ropes Ltd.",
    "oslo.txt": f"Harbour Day Oslo\n\nDate: 7 June 2022\n\nMany came. {OSLO} Nobody talked of ferries.",
    "bergen.txt": "Ferry Plan Bergen\n\nA plan for ferries. No one hosted anything.",
}


@pytest.fixture
def ask(tmp_path, config):
    with lines_of(FILES, tmp_path, config) as lines:
        yield lines.ask


@pytest.mark.parametrize(
    ("question", "answer", "quotes"),
    [
        ("Who hosted the harbour day in Kiel?", f"Boat Club, Old Quay Trust, boats4all: “{KIEL}” [1]", [KIEL]),
        ("Which organisations hosted the Oslo harbour day?", f"Old Quay Trust, City of Oslo: “{OSLO}” [1]", [OSLO]),
        ("How many organisations hosted in Oslo?", f"2: Old Quay Trust, City of Oslo: “{OSLO}” [1]", [OSLO]),
        (
            "Which organisation was among the hosts of every harbour?",
            "- Old Quay Trust: Harbour Day Kiel; Harbour Day Oslo [1][2]",
            [KIEL, OSLO],
        ),
        ("Which harbour day did the Boat Club help to host?", f"- Harbour Day Kiel: “{KIEL}” [1]", [KIEL]),
        (
            "Which harbour day did boats4all host, and which the City of Oslo?",
            f"- Harbour Day Kiel: “{KIEL}” [1]\n- Harbour Day Oslo: “{OSLO}” [2]",
            [KIEL, OSLO],
        ),
    ],
)
def test_the_sentence_that_says_so_is_quoted(ask, question, answer, quotes):
    assert ask(question) == (answer, quotes)


@pytest.mark.parametrize(
    "question",
    [
        "Who hosted the harbour day in Bergen?",
        "Who hosted a talk in Kiel?",
        "Who sponsored the harbour day in Oslo?",
        "Which harbour day did the Ferry Club host?",
        "Which two organisations were among the hosts of every harbour?",
        "Who did not host the harbour day in Kiel?",
        "Which university hosted the harbour day in Kiel?",
        "Why was the harbour day in Kiel hosted by the Boat Club?",
    ],
)
def test_any_other_question_is_left_to_the_model(ask, question):
    assert ask(question) is None
