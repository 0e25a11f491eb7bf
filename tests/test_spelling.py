"""Mistyped words of a question, put right from the evidence."""

import pytest

from rag.text.spelling import corrected
from rag.types import Evidence, Passage

TEXT = (
    "Demetria Cacafranca, Carol Taylor and Rabiyah Latif had spoken of the council. The plenary session closed. "
    "A Nightrider runs."
)
EVIDENCE = [Evidence(Passage("a.txt", 0, len(TEXT), TEXT, "Manchester Communication Academy"), 1.0, 1)]
KNOWN = {
    word.strip(".,:").lower()
    for word in f"{TEXT} Manchester Communication Academy Carl Demetrio what did say and".split()
}


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("demetria cacafranka", "demetria Cacafranca"),
        ("carol tayler?", "carol Taylor?"),
        ("rabiya latif", "Rabiyah latif"),
        ("MANCHESTER COMUNICATION ACADAMY", "MANCHESTER Communication Academy"),
        ("who closd teh plenery sesion", "who closd teh plenary session"),
        ("did carol tyalor close?", "did carol Taylor close?"),
        ("What did Carl Tayler say, and Demetrio Latif?", "What did Carl Taylor say, and Demetrio Latif?"),
        ("rabiya lateef, wat council?", "Rabiyah lateef, wat council?"),
        ("taylor and rabiyah", "taylor and rabiyah"),
        ("who havent spoken, who cant speak", "who havent spoken, who cant speak"),
        ("Who is Wat Tyler?", "Who is Wat Tyler?"),
        ("Who spoke in Newcastle?", "Who spoke in Newcastle?"),
        ("Who is Philippa Collins?", "Who is Philippa Collins?"),
        ("wich organistion, and wehre", "wich organistion, and wehre"),
        ("", ""),
        ("£250K 🎉 日本", "£250K 🎉 日本"),
    ],
)
def test_only_a_long_word_that_is_nowhere_and_a_letter_off_is_put_right(asked, read):
    assert corrected(asked, EVIDENCE, lambda word: word.lower() in KNOWN) == read


def test_without_evidence_nothing_changes():
    assert corrected("demetria cacafranka", [], lambda word: False) == "demetria cacafranka"


def typed(question, text, known=""):
    evidence = [Evidence(Passage("a.txt", 0, len(text), text), 1.0, 1)]
    return corrected(question, evidence, lambda word: word.lower() in f"{text} {known}".lower().split())


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Is prednisone safe with milk?", "Take prednisolone with food."),
        ("¿Cuánto tarda el envío?", "Cada tarea tiene un plazo."),
        ("Wer hat den Schlüsel?", "Der Schlüsseldienst kommt am Montag."),
        ("Who is Sir Bann?", "Mr Mann opened it."),
        ("What does class B cost?", "Class A costs £4."),
        ("Is it in room 214?", "It is in room 215."),
    ],
)
def test_a_word_of_two_letters_more_or_a_short_one_is_another_word(question, text):
    assert typed(question, text) == question


def test_a_word_of_the_language_is_read_as_it_stands_even_where_a_neighbour_is_in_the_text():
    assert typed("Who is the minister?", "The sinister figure left.", known="minister") == "Who is the minister?"
    assert typed("Who is the minster?", "The minister left.") == "Who is the minister?"


def test_of_two_that_are_alike_the_more_frequent_is_meant():
    assert typed("the martan house", "martin martin marten house") == "the martin house"


def test_accents_count_as_letters():
    assert typed("der Schlussel", "Der Schlüssel hängt dort.") == "der Schlüssel"
