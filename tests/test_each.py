"""Questions asked of each of several documents: which are, and what each document is asked."""

import pytest
from lines import lines_of

from rag.collection.catalogue import Catalogue
from rag.question.each import MOST, asked_of_each

FILES = {
    "kiel.txt": "Harbour Day Kiel\n\nDate: 3 May 2021\n\nMany came.",
    "oslo.txt": "Harbour Day Oslo\n\nDate: 7 June 2022\n\nMany came.",
    "bergen.txt": "Harbour Day Bergen\n\nDate: 8 July 2022\n\nMany came.",
    "prices.txt": "Price list of the boats\n\nA boat costs £4.",
}


@pytest.fixture(scope="module")
def titles(tmp_path_factory, config):
    with lines_of(FILES, tmp_path_factory.mktemp("each"), config) as lines:
        yield Catalogue(lines.index).titles()


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (
            "How many boats came to each harbour day?",
            [f"How many boats came to Harbour Day {city}?" for city in ("Kiel", "Oslo", "Bergen")],
        ),
        (
            "What did each of the three harbour days decide?",
            [f"What did Harbour Day {city} decide?" for city in ("Kiel", "Oslo", "Bergen")],
        ),
        (
            "When were all the harbour days held?",
            [f"When were Harbour Day {c} held?" for c in ("Kiel", "Oslo", "Bergen")],
        ),
        (
            "What does every document say about fees?",
            [f"What does {title} say about fees?" for title in ("Price list of the boats",)]
            + [f"What does Harbour Day {city} say about fees?" for city in ("Kiel", "Oslo", "Bergen")],
        ),
        ("Who opened it in Kiel and in Oslo?", ["Who opened it in Kiel?", "Who opened it in Oslo?"]),
        (
            "How many came to the Kiel, Oslo and Bergen days respectively?",
            [f"How many came to the {city} days?" for city in ("Kiel", "Oslo", "Bergen")],
        ),
        (
            "Who opened the Kiel harbour and the Oslo harbour?",
            ["Who opened the Kiel harbour?", "Who opened the Oslo harbour?"],
        ),
    ],
)
def test_each_document_is_asked_by_its_name(titles, question, asked):
    assert [part for _, part in asked_of_each(question, titles)] == asked


@pytest.mark.parametrize(
    "question",
    [
        "Who opened the harbour day in Kiel?",
        "Who spoke at both harbour days?",
        "Which club spoke at every harbour day?",
        "How many boats came to all the harbour days in total?",
        "How many boats came to each of the two harbour days?",
        "Which came first, Kiel or Oslo?",
        "How far apart are Kiel and Oslo?",
        "How are Kiel and Oslo related?",
        "What did Kiel and Oslo agree on?",
        "Did each harbour day have a choir?",
        "What does each boat cost?",
        "What does each page cost?",
        "What is paid for each minute?",
        "Who opened it in Kiel, and what did Oslo decide?",
        "What happened in Kiel and in Hamburg?",
        "",
    ],
)
def test_any_other_question_is_asked_of_all_together(titles, question):
    assert asked_of_each(question, titles) == []


def test_it_keeps_to_the_chosen_documents(titles):
    chosen = ["kiel.txt", "oslo.txt"]
    parts = asked_of_each("How many came to each harbour day?", titles, chosen)
    assert [info.name for info, _ in parts] == chosen
    assert asked_of_each("How many came to each harbour day?", titles, chosen[:1]) == []
    assert asked_of_each("How many came to Kiel and Bergen?", titles, chosen) == []


def test_which_of_all_meetings_are_meant_is_told_by_what_is_near(titles):
    near = ["oslo.txt", "prices.txt", "kiel.txt"]
    parts = asked_of_each("What did each of the two meetings decide?", titles, near=lambda: near)
    assert [question for _, question in parts] == [
        "What did Price list of the boats decide?",
        "What did Harbour Day Oslo decide?",
    ]
    parts = asked_of_each("What did each meeting decide?", titles, near=lambda: near)
    assert {info.name for info, _ in parts} == set(near)
    assert asked_of_each("What did each of the two boats cost?", titles, near=lambda: near) == []


def test_very_many_documents_are_not_asked_one_by_one(tmp_path, config):
    files = {f"{n}.txt": f"Harbour Day {n}\n\nMany came." for n in range(MOST + 1)}
    with lines_of(files, tmp_path, config) as lines:
        assert asked_of_each("How many came to each harbour day?", Catalogue(lines.index).titles()) == []
