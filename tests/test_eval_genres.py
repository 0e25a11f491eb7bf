"""The set on documents of many genres is what it says it is: questions, facts, halves by document, and drafts."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from eval.answer_metrics import facts_found, said_anyway, says, words
from eval.drafts import read_drafts
from eval.sets import load, misplaced
from rag.documents import find, read

FOLDER = Path(__file__).parents[1] / "eval" / "data" / "genres"
UNANSWERABLE = {"near-miss", "false-premise", "off-topic"}
RIGHT = {"verbatim", "reworded", "value", "table", "date", "number-form"}
WRONG = {"row", "name", "negation", "old-value", "number", "unit", "date", "swap", "condition", "other"}


@pytest.fixture(scope="module")
def known():
    return load(FOLDER)


@pytest.fixture(scope="module")
def texts(known):
    return {name: read(file, name).text for name, file in find(known.documents)}


@pytest.fixture(scope="module")
def drafts():
    return read_drafts(FOLDER / "drafts.jsonl")


@pytest.fixture(scope="module")
def halves(drafts):
    """The half that each document belongs to."""
    return {draft.passage.document: draft.split for draft in drafts}


def test_is_large_enough_and_a_third_of_it_cannot_be_answered(known):
    unanswerable = [question for question in known.questions if not question.answerable]
    assert len(known.questions) >= 180
    assert len(unanswerable) * 3 >= len(known.questions)
    assert {question.kind for question in unanswerable} == UNANSWERABLE
    assert not UNANSWERABLE & {question.kind for question in known.questions if question.answerable}


def test_has_many_genres_and_languages(known):
    assert len({question.genre for question in known.questions}) >= 15
    languages = Counter(question.language for question in known.questions)
    assert set(languages) == {"en", "de", "fr", "es"}
    assert min(languages.values()) >= 15


def test_documents_are_there_and_each_is_asked_about(known, texts):
    assert misplaced(known.questions, texts) == []
    assert {name for question in known.questions for name in question.documents} == texts.keys()


def test_the_halves_share_no_document(known, texts, halves, drafts):
    assert halves.keys() == texts.keys()
    assert all(draft.split == halves[draft.passage.document] for draft in drafts)
    for question in known.questions:
        assert {halves[name] for name in question.documents} <= {question.split}, question.id
    sizes = Counter(question.split for question in known.questions)
    assert set(sizes) == {"dev", "test"}
    assert min(sizes.values()) >= 80


def test_every_fact_stands_in_its_documents_and_in_every_reference_answer(known, texts):
    for question in known.questions:
        assert question.answerable == bool(question.facts and question.answers and question.documents), question.id
        for text in (*question.answers, "\n".join(texts[name] for name in question.documents)):
            if question.answerable:
                assert all(facts_found(text, question.facts, question.match)), question.id


def test_a_reference_answer_says_nothing_forbidden(known):
    assert [q.id for q in known.questions if any(said_anyway(answer, q.never) for answer in q.answers)] == []


def test_spellings_of_a_fact_differ_and_none_holds_another(known):
    for question in known.questions:
        for fact in question.facts:
            for spelling in fact:
                assert words(spelling), question.id
                assert [s for s in fact if s is not spelling and says(spelling, s)] == [], question.id


def test_no_question_is_asked_twice_and_histories_are_conversations(known):
    asked = Counter((tuple(map(str, q.history)), words(q.question)) for q in known.questions)
    assert max(asked.values()) == 1
    for question in known.questions:
        roles = [turn.role for turn in question.history]
        assert roles == ["user", "assistant"] * (len(roles) // 2), question.id
        assert bool(roles) == (question.kind == "followup"), question.id


def test_half_of_the_drafts_are_right(drafts):
    right = Counter(draft.right for draft in drafts)
    assert min(right.values()) >= 200
    assert {draft.kind for draft in drafts if draft.right} == RIGHT
    assert {draft.kind for draft in drafts if not draft.right} == WRONG
    assert {draft.genre for draft in drafts} and all(draft.text.strip() for draft in drafts)


def test_no_draft_is_judged_twice(drafts):
    assert max(Counter((d.passage.document, d.passage.start, d.question, d.text) for d in drafts).values()) == 1
    assert len({draft.id for draft in drafts}) == len(drafts)


def test_the_readme_counts_right(known, drafts):
    told = (FOLDER / "README.md").read_text("utf-8")
    counted = dict(re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", told, re.MULTILINE))
    kinds = Counter(question.kind for question in known.questions)
    assert {kind: int(number) for kind, number in counted.items()} == kinds
    assert f"{len(known.questions)} questions" in told
    assert f"{len(drafts)} drafts" in told


def test_ids_are_in_order(known):
    numbers = [(q.id.rstrip("0123456789"), int(re.findall(r"\d+$", q.id)[0])) for q in known.questions]
    assert all(a[1] < b[1] for a, b in pairwise(numbers) if a[0] == b[0])
