"""Which earlier questions a question refers back to."""

import pytest

from rag.followups import earlier_questions, search_query
from rag.types import Turn


@pytest.mark.parametrize(
    ("earlier", "question", "query"),
    [
        (["Who wrote it?"], "When was the roadshow in Cardiff held?", "When was the roadshow in Cardiff held?"),
        (["Who wrote the report?"], "And when?", "Who wrote the report? And when?"),
        (
            ["Which report is new?", "Who wrote it?"],
            "Did he speak?",
            "Which report is new? Who wrote it? Did he speak?",
        ),
        (["Why?"] * 9, "Why?", "Why? Why? Why? Why?"),
        (["word " * 900], "And when was that?", "And when was that?"),
        ([], "And when was that?", "And when was that?"),
        (["Where was the roadshow in Cardiff held?"], "Opening hours", "Opening hours"),
        (["Where was the roadshow in Cardiff held?"], "What is NESTA?", "What is NESTA?"),
        (["Who hosted it in Cardiff?"], "And in London?", "Who hosted it in London? And in London?"),
        (["Who spoke for Spice?"], "And for Kent Council?", "Who spoke for Kent Council? And for Kent Council?"),
        (
            ["Who hosted the Cardiff roadshow?"],
            "And who hosted the one in York?",
            "Who hosted the York roadshow? And who hosted the one in York?",
        ),
        (["What did Ann say in York?"], "And in Leeds?", "What did Ann say in Leeds? And in Leeds?"),
        (["What did Ann say in York?"], "And Bo?", "What did Ann say in York? And Bo?"),
        (["Is York insured?"], "What about paying in Leeds?", "Is York insured? What about paying in Leeds?"),
        (["Who spoke in York?"], "Did she speak in Leeds?", "Who spoke in York? Did she speak in Leeds?"),
        (["Is it dear in York?"], "Look one more time. My hat.", "Is it dear in York? Look one more time. My hat."),
        (["Who hosted it in Cardiff?"], "At what price?", "Who hosted it in Cardiff? At what price?"),
    ],
)
def test_a_question_stands_behind_those_that_it_refers_to(earlier, question, query):
    history = [turn for text in earlier for turn in (Turn("user", text), Turn("assistant", "In May. [1]"))]
    assert search_query(question, history) == query
    assert query.removesuffix(question).strip() == earlier_questions(question, history)
