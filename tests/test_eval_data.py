"""The known-answer set that ships with Footnote is what it says it is: every figure taken on it rests on this."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from eval.answer_metrics import facts_found, said_anyway, says, words
from eval.sets import KnownAnswerSet, Question, load, misplaced

FOLDER = Path(__file__).parents[1] / "eval" / "data" / "seeds"
AT_LEAST = {
    "fact": 45,
    "list": 15,
    "paraphrase": 20,
    "typo": 10,
    "multi": 20,
    "followup": 12,
    "near-miss": 25,
    "false-premise": 12,
    "off-topic": 12,
    "injection": 10,
    "underspecified": 6,
    "followup-near-miss": 5,
}
UNANSWERABLE = frozenset(
    ("near-miss", "false-premise", "off-topic", "injection", "underspecified", "followup-near-miss")
)
# A capital letter inside a sentence.
NAME = re.compile(r"(?<=[\w,] )[A-Z][a-z]+")
# Counts, which an answer works out and no document states.
WORKED_OUT = {"multi-017", "multi-018"}
# The answer is an event, named in its document but not on the line with its date.
EVENTS = {"followup-011"}
# The words on which an unanswerable question hinges: were one of them in the documents, there might be an answer.
ABSENT = [
    *("Newcastle", "Leeds", "Glasgow", "ticket", "tickets", "telephone", "phone", "attended", "chaired", "chair"),
    *("lunch", "prison", "pages", "founded", "National", "Institute of Local Government", "Parliament", "MP"),
    *("score", "ride", "fare", "paid", "wages", "postponed", "May", "seventh", "seven"),
    *("chapter", "publisher", "published by", "countries", "countries of origin", "email", "e-mail", "price"),
    *("Mongolia", "Python", "pancakes", "French", "Hamlet", "Fahrenheit", "laptop", "headache", "light", "joke"),
]


@pytest.fixture(scope="module")
def known() -> KnownAnswerSet:
    return load(FOLDER)


@pytest.fixture(scope="module")
def texts(known: KnownAnswerSet) -> dict[str, str]:
    # newline="": the offsets count the characters of the file as they are, whatever its line ends.
    return {file.name: _read(file) for file in sorted(known.documents.glob("*.txt"))}


def _read(file: Path) -> str:
    with file.open(encoding="utf-8", newline="") as opened:
        return opened.read()


def _gold(question: Question, texts: dict[str, str]) -> str:
    return "\n".join(texts[span.document][span.start : span.end] for span in question.gold)


def _answerable(known: KnownAnswerSet) -> list[Question]:
    return [question for question in known.questions if question.answerable]


def _unanswerable(known: KnownAnswerSet) -> list[Question]:
    return [question for question in known.questions if not question.answerable]


def test_is_large_enough_and_a_third_of_it_cannot_be_answered(known):
    assert len(known.questions) >= 170
    assert len(_unanswerable(known)) * 3 >= len(known.questions)


def test_has_every_kind_of_question_in_number(known):
    kinds = Counter(question.kind for question in known.questions)
    assert set(kinds) == set(AT_LEAST)
    assert {kind: kinds[kind] for kind, least in AT_LEAST.items() if kinds[kind] < least} == {}


def test_a_kind_is_answerable_or_not_as_a_whole(known):
    assert [q.id for q in known.questions if q.answerable == (q.kind in UNANSWERABLE)] == []


def test_the_readme_counts_right(known):
    kinds = Counter(question.kind for question in known.questions)
    told = re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", _read(FOLDER / "README.md"), re.MULTILINE)
    assert {kind: int(number) for kind, number in told} == kinds


def test_ids_tell_the_kind_and_count_on(known):
    for kind in AT_LEAST:
        ids = [question.id for question in known.questions if question.kind == kind]
        assert ids == [f"{kind}-{number:03}" for number in range(1, len(ids) + 1)]


def test_the_two_halves_have_the_same_kinds_and_all_documents(known, texts):
    halves = {half: [q for q in known.questions if q.split == half] for half in ("dev", "test")}
    assert sum(map(len, halves.values())) == len(known.questions)
    for kind in AT_LEAST:
        dev, test = (sum(q.kind == kind for q in half) for half in halves.values())
        assert 0 <= dev - test <= 1, kind
    for half in halves.values():
        assert {span.document for question in half for span in question.gold} == set(texts)


def test_asks_of_every_document_alone_and_of_several_at_once(known, texts):
    assert len(texts) == 5
    alone = Counter(span.document for q in known.questions if q.kind == "fact" for span in q.gold)
    assert min(alone[name] for name in texts) >= 7
    spread = [q for q in known.questions if q.kind == "multi" and len({s.document for s in q.gold}) > 1]
    assert len(spread) >= 20


def test_no_question_is_asked_twice(known):
    asked = Counter((tuple(map(str, q.history)), words(q.question)) for q in known.questions)
    assert [question for question, times in asked.items() if times > 1] == []


def test_gold_spans_lie_in_the_documents_and_are_trimmed(known, texts):
    assert misplaced(known.questions, texts) == []
    for question in known.questions:
        for span in question.gold:
            quote = texts[span.document][span.start : span.end]
            assert quote and quote == quote.strip(), question.id


def test_gold_spans_begin_and_end_with_a_word_and_are_not_listed_twice(known, texts):
    for question in known.questions:
        assert len(set(question.gold)) == len(question.gold), question.id
        for span in question.gold:
            text = texts[span.document]
            before, after = text[span.start - 1 : span.start], text[span.end : span.end + 1]
            assert not (before.isalnum() and text[span.start].isalnum()), question.id
            assert not (after.isalnum() and text[span.end - 1].isalnum()), question.id


def test_answerable_questions_have_gold_answers_and_facts(known):
    for question in _answerable(known):
        assert question.gold and question.answers and question.facts, question.id


def test_unanswerable_questions_have_none_of_them(known):
    for question in _unanswerable(known):
        assert not (question.gold or question.answers or question.facts), question.id


def test_every_fact_stands_in_the_gold_spans(known, texts):
    """In one of its spellings. Where an event is the answer, its name may stand elsewhere in the document."""
    for question in _answerable(known):
        if question.id not in WORKED_OUT:
            gold = _gold(question, texts)
            if question.kind == "multi" or question.id in EVENTS:
                gold += "\n" + "\n".join(texts[span.document] for span in question.gold)
            missing = [fact for fact in question.facts if not facts_found(gold, [fact])[0]]
            assert missing == [], question.id


def test_every_reference_answer_says_every_fact(known):
    for question in _answerable(known):
        for answer in question.answers:
            missing = [fact for fact in question.facts if not facts_found(answer, [fact])[0]]
            assert missing == [], question.id


def test_spellings_of_a_fact_differ_and_none_holds_another(known):
    for question in known.questions:
        for fact in question.facts:
            for spelling in fact:
                assert words(spelling), question.id
                assert [s for s in fact if s is not spelling and says(spelling, s)] == [], question.id


def test_a_right_answer_says_nothing_forbidden(known, texts):
    """Neither a reference answer, nor one that quotes the gold spans, nor one in any accepted spelling."""
    for question in known.questions:
        right: Sequence[str] = (*question.answers, _gold(question, texts), *sum(question.facts, ()))
        assert [text for text in right if said_anyway(text, question.never)] == [], question.id


def test_what_is_forbidden_can_be_recognised(known):
    assert [q.id for q in known.questions if not all(map(words, q.never))] == []


def test_needs_all_its_gold_only_where_there_are_several(known):
    assert [q.id for q in known.questions if q.need == "all" and len(q.gold) < 2] == []


def test_histories_are_conversations_that_the_assistant_ended(known):
    for question in known.questions:
        roles = [turn.role for turn in question.history]
        assert roles == ["user", "assistant"] * (len(roles) // 2), question.id
        assert all(turn.content == turn.content.strip() != "" for turn in question.history), question.id
        assert bool(roles) or not question.kind.startswith("followup"), question.id


def test_follow_ups_do_not_name_what_they_refer_to(known):
    """Without its history a follow-up cannot be answered: it says no name out of the last exchange."""
    for question in known.questions:
        if question.kind.startswith("followup"):
            names = {name for turn in question.history[-2:] for name in NAME.findall(turn.content)}
            assert said_anyway(question.question, names) == (), question.id


@pytest.mark.parametrize("word", ABSENT)
def test_what_unanswerable_questions_hinge_on_is_absent(word, texts):
    assert [name for name, text in texts.items() if says(text, word)] == []
