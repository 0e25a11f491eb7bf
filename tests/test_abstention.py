"""Whether to answer: the signals, and the probability that is made of them."""

from dataclasses import replace

import pytest

from rag.abstention import (
    confidence,
    draft_signals,
    have_same_signals,
    is_hollow,
    load_coefficients,
    missing_words,
    signals,
)
from rag.citations import parse
from rag.types import Evidence, Passage, Prompt
from rag.verification.spans import support

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
    assert signals(replace(venue, evidence=()), lambda word: 1, yes=2.0)["dense"] == 0.0


@pytest.mark.parametrize("stage", ["read", "drafted"])
def test_a_surer_model_and_nearer_evidence_make_it_likelier_and_a_word_that_is_nowhere_less(stage):
    coefficients = load_coefficients()[stage]
    values = dict.fromkeys(coefficients.keys() - {"intercept"}, 0.5)
    usual = confidence(values, coefficients)
    for name in ("yes", "dense"):
        assert confidence(values | {name: 1.0}, coefficients) > usual, name
    assert confidence(values | {"unknown": 1.0}, coefficients) < usual


def test_a_supported_draft_makes_it_likelier_and_a_hollow_one_less():
    coefficients = load_coefficients()["drafted"]
    values = dict.fromkeys(coefficients.keys() - {"intercept"}, 0.5)
    usual = confidence(values, coefficients)
    for name in ("supported", "joint", "on_it"):
        assert confidence(values | {name: 1.0}, coefficients) > usual, name
    assert confidence(values | {"hollow": 1.0}, coefficients) < usual


def test_coefficients_of_other_signals_are_told_from_those_of_these():
    shipped = load_coefficients()
    assert have_same_signals(load_coefficients(), shipped)
    assert not have_same_signals({"read": shipped["read"]}, shipped)
    assert not have_same_signals({"intercept": 0.5, "yes": 1.0}, shipped)
    assert not have_same_signals({"read": 0.5, "drafted": 0.5}, shipped)
    assert not have_same_signals(shipped | {"read": {"intercept": 0.0, "yes": 1.0}}, shipped)


def test_the_shipped_coefficients_name_the_signals_of_each_stage():
    read = signals(Prompt("", tuple(EVIDENCE), "Where?"), lambda word: 1, yes=0.0)
    drafted = read | draft_signals(Prompt("", tuple(EVIDENCE), "Where?"), [], [])
    coefficients = load_coefficients()
    assert coefficients["read"].keys() == read.keys() | {"intercept"}
    assert coefficients["drafted"].keys() == drafted.keys() | {"intercept"}


# --- what a draft tells


def drafted(question, draft, *kept):
    """The signals of ``draft``, of whose claims those at the places ``kept`` have support."""
    prompt, claims = Prompt("", tuple(EVIDENCE), question), parse(draft)
    supports = support(claims, EVIDENCE, question)
    return draft_signals(prompt, claims, [(claims[at], supports[at]) for at in kept])


def test_claims_without_support_lower_the_mean():
    one = drafted("Who spoke?", "David Pugh talked about timebanking.", 0)
    two = drafted("Who spoke?", "David Pugh talked about timebanking. Ann Lee danced.", 0)
    assert one["supported"] == 1.0
    assert two["supported"] == 0.5
    assert drafted("Who spoke?", "Ann Lee danced.")["supported"] == 0.0


def test_what_is_cited_is_more_or_less_on_the_question():
    on_it = drafted("What did David Pugh talk about?", "David Pugh talked about timebanking.", 0)
    beside = drafted("What did David Pugh talk about?", "It was at the Cardiff Millennium Centre.", 0)
    assert on_it["on_it"] > beside["on_it"]
    assert on_it["joint"] > beside["joint"]


def test_nothing_drafted_tells_nothing():
    assert drafted("Who spoke?", "") == {"supported": 0.0, "joint": 0.0, "on_it": 0.0, "hollow": 1.0}


@pytest.mark.parametrize(
    ("question", "draft", "hollow"),
    [
        ("When was the fair in Leeds?", "The fair was in Leeds.", True),
        ("When was the fair in Leeds?", "The fair in Leeds was in May.", False),
        ("When was the fair in Leeds?", "", True),
        ("Was the fair in Leeds?", "Yes.", False),
        ("Was the fair in Leeds?", "No, it was not.", False),
        ("War der Markt in Leeds?", "Ja.", False),
        ("Wann war der Markt in Leeds?", "Der Markt war in Leeds.", True),
        ("Wann war der Markt in Leeds?", "Der Markt war im Mai.", False),
        ("How many rooms are there?", "There are six rooms.", False),
    ],
)
def test_a_draft_is_hollow_where_it_only_repeats_the_question(question, draft, hollow):
    assert is_hollow(parse(draft), Prompt("", (), question)) is hollow


def test_confidence_is_the_logistic_function():
    assert confidence({"yes": 0.0}, {"intercept": 0.0, "yes": 1.0}) == 0.5
    assert confidence({"yes": 2.0}, {"intercept": -1.0, "yes": 1.0}) == pytest.approx(0.7310585786)
    assert 0 <= confidence({"yes": 1e9}, {"intercept": 0.0, "yes": 1.0}) <= 1
