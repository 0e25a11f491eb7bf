"""Whether to answer: the signals, and the probability that is made of them."""

import pytest

from rag.abstention import confidence, load_coefficients, missing_words, signals
from rag.types import Evidence, Passage, Prompt

LONDON = "Location: University College London\n\nIt is estimated that work with 3 families cost the Council less."
CARDIFF = "Date: 11.03.2011\nLocation: Cardiff Millennium Centre\nDavid Pugh talked about timebanking."
EVIDENCE = [
    Evidence(Passage("london.txt", 0, len(LONDON), LONDON, "London Co-production Roadshow"), 1.0, 1, dense=0.6),
    Evidence(Passage("cardiff.txt", 0, len(CARDIFF), CARDIFF, "Cardiff Co-production Roadshow"), 0.5, 2, dense=0.4),
]


def test_words_that_the_evidence_lacks():
    lacking = missing_words("Who spoke at the Newcastle roadshow in March 2011?", EVIDENCE)
    assert [word.text for word in lacking] == ["spoke", "Newcastle"]


def test_signals_tell_a_near_miss_from_a_hit():
    frequency = {"spoke": 0, "Newcastle": 0}.get
    venue = Prompt("", tuple(EVIDENCE), "What was the venue in Cardiff?")
    spoke = Prompt("", tuple(EVIDENCE), "Who spoke there?", earlier="Was there a roadshow in Newcastle?")
    hit = signals(venue, lambda word: 1, yes=2.0)
    miss = signals(spoke, lambda word: frequency(word, 1), yes=2.0)
    assert (hit["unknown"], miss["unknown"]) == (0.0, 1.0)
    assert (hit["after"], miss["after"]) == (0.0, 1.0)
    assert hit["dense"] == 0.6
    coefficients = load_coefficients()
    assert confidence(hit, coefficients) > 0.5 > confidence(miss | {"yes": 0.5}, coefficients)


def test_confidence_is_the_logistic_function():
    assert confidence({"yes": 0.0}, {"intercept": 0.0, "yes": 1.0}) == 0.5
    assert confidence({"yes": 2.0}, {"intercept": -1.0, "yes": 1.0}) == pytest.approx(0.7310585786)
    assert 0 <= confidence({"yes": 1e9}, {"intercept": 0.0, "yes": 1.0}) <= 1


@pytest.mark.parametrize(
    ("question", "text", "defined"),
    [
        ("What is the Night Rider?", "They told of the Night Rider – a bus that comes late.", 1.0),
        ("Who was Ann Lee?", "It was opened by Ann Lee, the head of the school.", 1.0),
        ("what are buffer strips", "Buffer strips are the grass between field and ditch.", 1.0),
        ("What is the Night Rider?", "The Night Rider comes late.", 0.0),
        ("What is the price of the Night Rider?", "The Night Rider is a bus.", 0.0),
        ("What is (or was) a [bus?", "A bus is a car.", 0.0),
        ("Where is the Night Rider?", "The Night Rider is a bus.", 0.0),
    ],
)
def test_a_sentence_that_says_what_it_is_is_a_signal(question, text, defined):
    evidence = (Evidence(Passage("a.txt", 0, len(text), text), 1.0, 1),)
    assert signals(Prompt("", evidence, question), lambda word: 1, 0.0)["defined"] == defined
