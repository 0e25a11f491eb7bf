"""Which earlier questions a question refers back to."""

import pytest

from rag.followups import by_name, earlier_questions, last_exchange, search_query
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
        (["What does it cost at 40 degrees?"], "And at 60?", "What does it cost at 60 degrees? And at 60?"),
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


@pytest.mark.parametrize(
    ("asked", "told", "question", "read"),
    [
        (
            "Who opened the fair?",
            "Ann Lee: “Ann Lee opened it.” [1]",
            "Where does she work?",
            "Where does Ann Lee work?",
        ),
        ("Who opened it?", "Mr Bo van Ek, head of it.", "And his phone number?", "And Mr Bo van Ek's phone number?"),
        ("Who opened the Old Fair?", "It is Bo K Ek. [1]", "What's her job?", "What's Bo K Ek's job?"),
        ("Who opened it?", "Father Ann Lee Orr.", "Who spoke after her?", "Who spoke after Father Ann Lee Orr?"),
        ("Who opened it?", "Ann Lee.", "Who spoke with her in May?", "Who spoke with Ann Lee in May?"),
        ("Who is Ann Lee?", "The head of Old Town Boats.", "Who did she meet?", "Who did Ann Lee meet?"),
        ("Which club is Bo Ek from?", "Boat Club Nord", "When did he join?", "When did Bo Ek join?"),
        ("Which person is new?", "Ann Lee [1]", "Is he old, and is he here?", "Is Ann Lee old, and is he here?"),
        ("Who opened it?", "- Ann Lee [1]\n- Bo Ek [2]", "Where does she work?", "Where does she work?"),
        ("Who opened it?", "Ann Lee and Bo Ek.", "Where does she work?", "Where does she work?"),
        ("What did Ann Lee tell Bo Ek?", "A story.", "Did he like it?", "Did he like it?"),
        ("Who opened it?", "The documents do not answer this question.", "Is he old?", "Is he old?"),
        ("Who opened it?", "Ann Lee.", "What did Bo Ek say of her?", "What did Bo Ek say of her?"),
        ("Who opened it?", "Ann Lee.", "Where was it?", "Where was it?"),
    ],
)
def test_he_and_she_are_read_as_whom_the_last_turns_name(asked, told, question, read):
    assert by_name(question, [Turn("user", asked), Turn("assistant", told)]) == read
    assert search_query(question, [Turn("user", asked), Turn("assistant", told)]).endswith(read)


def test_without_a_conversation_nobody_is_meant():
    assert by_name("Where does she work?", []) == "Where does she work?"
    assert by_name("Where does she work?", [Turn("user", "Who opened it?")]) == "Where does she work?"


def test_the_last_exchange_is_what_was_answered_last():
    asked, told = Turn("user", "Where is the fair?"), Turn("assistant", "In Leeds [1], they say [2].")
    thanks = (Turn("user", "Thanks"), Turn("assistant", "You're welcome."))
    refused = (Turn("user", "And in York?"), Turn("assistant", "The documents do not answer this question."))
    kept = (asked, Turn("assistant", "In Leeds, they say."))
    assert last_exchange([asked, told]) == kept
    assert last_exchange([asked, told, *thanks]) == kept
    assert last_exchange([asked, told, *refused]) == ()
    assert last_exchange([asked]) == last_exchange([]) == ()
    (_, long) = last_exchange([asked, Turn("assistant", "word " * 900)])
    assert 300 < len(long.content) <= 400


@pytest.mark.parametrize(
    ("earlier", "question"),
    [
        ("Je peux prendre combien de livres ?", "Et des jeux de société ?"),
        ("Was kostet der Saal?", "Und mit Bühne am Wochenende?"),
        ("¿Cuánto cuesta la sala?", "¿Y con cocina los sábados?"),
    ],
)
def test_a_question_goes_on_from_another_in_other_languages(earlier, question):
    history = [Turn("user", earlier), Turn("assistant", "12.")]
    assert earlier_questions(question, history) == earlier
