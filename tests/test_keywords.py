"""Key words with the word that asks at their end."""

import pytest

from rag.question.keywords import in_full


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("denbighshire nightrider what is it", "What is denbighshire nightrider?"),
        ("Ann Lee, who is she?", "Who is Ann Lee?"),
        ("the report on boats how long", "How long is the report on boats?"),
        ("people in oslo HOW MANY?", "How many people in oslo?"),
    ],
)
def test_the_word_that_asks_comes_first(typed, read):
    assert in_full(typed) == read


@pytest.mark.parametrize(
    "question",
    [
        "What is the nightrider?",
        "In Oslo, what is it?",
        "Tell me how long",
        "Was it long, and how long?",
        "And the report, how long?",
        "finn gram which organisation",
        "Where is it and what is it?",
        "how many",
        "what is it",
        "",
    ],
)
def test_any_other_question_is_left_as_it_is(question):
    assert in_full(question) == question
