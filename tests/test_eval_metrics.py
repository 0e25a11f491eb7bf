from __future__ import annotations

import doctest
import importlib
import itertools
import pkgutil
import random
import re
import string
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    ndcg_score,
    precision_recall_fscore_support,
    roc_auc_score,
)

import eval
from eval.abstention_metrics import (
    Confusion,
    Decision,
    Rate,
    abstention,
    always_answer,
    always_refuse,
    conditioned_score,
    confusion,
    false_answers,
    false_refusals,
)
from eval.answer_metrics import (
    contains_reference,
    exact_match,
    fact_coverage,
    facts_found,
    normalise,
    plain,
    said_anyway,
    says,
    token_f1,
    words,
)
from eval.calibration_metrics import (
    aurc,
    auroc,
    balanced_accuracy,
    brier,
    calibration_error,
    reliability,
    risk_coverage,
)
from eval.citation_metrics import (
    broken_marks,
    character_gold,
    citation_coverage,
    citation_validity,
    document_gold,
    quotations,
    span_gold,
    verbatim_rate,
)
from eval.lost_points import lost_at
from eval.retrieval_metrics import (
    RANKING_METRICS,
    document_found,
    gold_found,
    holds,
    passage_id,
    passage_qrels,
    ranking_scores,
    retrieval_scores,
    span_precision,
    span_recall,
    trec_order,
)
from eval.sets import Question, Span
from rag.types import Answer, Citation, Sentence

MODULES = sorted(module.name for module in pkgutil.iter_modules(eval.__path__))
WORKED = {name for name in MODULES if name.endswith("_metrics")} | {"statistics", "lost_points", "spans"}


@pytest.mark.parametrize("name", MODULES)
def test_the_worked_examples_in_the_docstrings_hold(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"eval.{name}"))
    assert outcome.failed == 0
    assert outcome.attempted > 0 or name not in WORKED


def test_every_module_has_its_place_in_the_flow() -> None:
    assert sorted(re.findall(r"\w+", " ".join(re.findall(r"^    (.+?)(?:  |$)", eval.__doc__ or "", re.M)))) == MODULES


# ---------------------------------------------------------------------------------------------- retrieval


def plain_ranking(qrels: dict[str, dict[str, int]], run: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """What trec_eval says, under our names."""
    measures = {"success.1,3,5,10", "recall.5,10,20", "recip_rank", "ndcg_cut.10"}
    theirs = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)
    return {
        question: {
            **{f"hit@{k}": scores[f"success_{k}"] for k in (1, 3, 5, 10)},
            **{f"recall@{k}": scores[f"recall_{k}"] for k in (5, 10, 20)},
            # Cut at 10: a first relevant passage at rank 11 has a reciprocal rank of 1/11.
            "mrr@10": scores["recip_rank"] if scores["recip_rank"] > 0.095 else 0.0,
            "ndcg@10": scores["ndcg_cut_10"],
        }
        for question, scores in theirs.items()
    }


class TestRanking:
    @pytest.mark.parametrize("ties", [False, True])
    def test_equals_pytrec_eval_on_thousands_of_random_cases(self, ties: bool) -> None:
        rng = random.Random(20 + ties)
        qrels, run = {}, {}
        for number in range(3_000):
            pool = [f"p{i}" for i in range(rng.randint(1, 40))]
            judged = rng.sample(pool, rng.randint(1, len(pool)))
            qrels[f"q{number}"] = {id_: rng.choice([0, 1, 1, 2, 3]) for id_ in judged} | {"elsewhere": 1}
            found = rng.sample(pool, rng.randint(1, len(pool)))
            run[f"q{number}"] = {id_: rng.randint(1, 4) / 4 if ties else rng.random() for id_ in found}
        expected = plain_ranking(qrels, run)
        ours = ranking_scores(qrels, {question: trec_order(scores) for question, scores in run.items()})
        assert ours.keys() == expected.keys()
        for question, scores in ours.items():
            assert scores == pytest.approx(expected[question], abs=1e-12), question
        assert len({scores["ndcg@10"] for scores in ours.values()}) > 1_000, "the cases differ"

    def test_ndcg_of_one_grade_agrees_with_sklearn(self) -> None:
        rng = random.Random(3)
        for _ in range(200):
            grades = [rng.choice([0, 0, 1, 2]) for _ in range(15)]
            if not any(grades):
                continue
            qrels = {"q": {str(i): grade for i, grade in enumerate(grades)}}
            ours = ranking_scores(qrels, {"q": [str(i) for i in range(15)]})["q"]["ndcg@10"]
            assert ours == pytest.approx(ndcg_score([grades], [[-i for i in range(15)]], k=10))

    def test_a_question_without_a_run_scores_nothing(self) -> None:
        scores = ranking_scores({"q": {"a": 1}, "r": {"a": 1}, "s": {"a": 1}}, {"q": ["a"], "r": []})
        assert set(scores["q"].values()) == {1.0}
        assert set(scores["r"].values()) == set(scores["s"].values()) == {0.0}
        assert set(ranking_scores({"q": {"a": 1}}, {})["q"].values()) == {0.0}

    def test_a_passage_named_twice_counts_once(self) -> None:
        qrels = {"q": {"a": 1, "b": 1}}
        assert ranking_scores(qrels, {"q": ["a", "a", "b"]}) == ranking_scores(qrels, {"q": ["a", "b"]})

    @given(
        st.lists(st.sampled_from("abcdefghijklmnop"), unique=True),
        st.sets(st.sampled_from("abcdefghijklmnop"), min_size=1),
    )
    def test_range_and_monotony(self, run: list[str], relevant: set[str]) -> None:
        scores = ranking_scores({"q": dict.fromkeys(relevant, 1)}, {"q": run})["q"]
        assert set(scores) == set(RANKING_METRICS)
        assert all(0 <= value <= 1 + 1e-12 for value in scores.values())
        assert scores["hit@1"] <= scores["hit@3"] <= scores["hit@5"] <= scores["hit@10"]
        assert scores["recall@5"] <= scores["recall@10"] <= scores["recall@20"]
        assert scores["hit@1"] <= scores["mrr@10"] <= scores["hit@10"]
        better = sorted(run, key=lambda id_: id_ not in relevant)
        assert (
            ranking_scores({"q": dict.fromkeys(relevant, 1)}, {"q": better})["q"]["ndcg@10"]
            >= scores["ndcg@10"] - 1e-12
        )


spans = st.builds(
    lambda document, start, length: Span(document, start, start + length),
    st.sampled_from("ab"),
    st.integers(0, 40),
    st.integers(1, 20),
)
some_spans = st.lists(spans, max_size=6)


def characters(found: Sequence[Span]) -> set[tuple[str, int]]:
    return {(span.document, at) for span in found for at in range(span.start, span.end)}


class TestSpans:
    @pytest.mark.parametrize(
        ("passage", "gold", "relevant"),
        [
            ((0, 10), (0, 10), True),
            ((0, 10), (3, 10), True),
            ((0, 10), (3, 11), False),  # it must be contained, and one character is not
            ((0, 10), (0, 20), True),  # half of a longer one
            ((1, 11), (0, 20), True),
            ((0, 10), (1, 20), False),
            ((0, 10), (5, 17), False),
            ((4, 14), (0, 100), True),  # nothing but gold; half of it would never fit
            ((0, 10), (1, 100), False),
            ((0, 10), (20, 25), False),
        ],
    )
    def test_what_is_relevant(self, passage: tuple[int, int], gold: tuple[int, int], relevant: bool) -> None:
        assert holds(Span("a", *passage), Span("a", *gold)) is relevant
        assert not holds(Span("b", *passage), Span("a", *gold))

    @given(spans, st.integers(0, 9), st.integers(0, 9))
    def test_whatever_contains_the_gold_is_relevant(self, gold: Span, before: int, behind: int) -> None:
        assert holds(replace(gold, start=gold.start - before, end=gold.end + behind), gold)

    @given(some_spans, some_spans)
    def test_recall_and_precision_are_those_of_sets_of_characters(self, found: list[Span], gold: list[Span]) -> None:
        got, wanted = characters(found), characters(gold)
        assert span_recall(found, gold) == len(got & wanted) / max(1, len(wanted))
        assert span_precision(found, gold) == len(got & wanted) / max(1, len(got))

    @given(some_spans, some_spans, spans)
    def test_more_passages_never_lower_recall(self, found: list[Span], gold: list[Span], more: Span) -> None:
        assert span_recall(found, gold) <= span_recall([*found, more], gold) <= 1

    @given(some_spans, some_spans)
    def test_neither_order_nor_repetition_matters(self, found: list[Span], gold: list[Span]) -> None:
        assert span_recall(found, gold) == span_recall([*found[::-1], *found], gold[::-1])
        assert span_precision(found, gold) == span_precision([*found[::-1], *found], gold[::-1])

    def test_gold_found_needs_one_or_all(self) -> None:
        passages = [Span("a", 0, 50), Span("b", 0, 50)]
        gold = (Span("a", 0, 5), Span("c", 0, 5))
        assert gold_found(passages, Question("q", "?", True, gold=gold))
        assert not gold_found(passages, Question("q", "?", True, gold=gold, need="all"))
        assert gold_found(passages, Question("q", "?", True, gold=gold[:1], need="all"))
        assert not gold_found(passages, Question("q", "?", True))
        assert not gold_found([], Question("q", "?", True, gold=gold))


class TestRetrieval:
    passages = tuple(Span("a", at, at + 100) for at in range(0, 500, 100))

    def test_a_hand_worked_case(self) -> None:
        first, second, third, *_ = self.passages
        question = Question("q", "?", True, gold=(Span("a", 10, 30), Span("a", 210, 230)), need="all")
        scores = retrieval_scores([question], {"q": [second, third, first]}, self.passages, cutoffs=(2, 3))["q"]
        assert scores["hit@1"] == 0
        assert scores["hit@3"] == 1
        assert scores["mrr@10"] == 0.5
        assert scores["ndcg@10"] == pytest.approx((1 / np.log2(3) + 1 / 2) / (1 + 1 / np.log2(3)))
        assert (scores["all_gold@2"], scores["all_gold@3"]) == (0, 1)
        assert (scores["span_recall@2"], scores["span_recall@3"]) == (0.5, 1)
        assert (scores["span_precision@2"], scores["span_precision@3"]) == (20 / 200, 40 / 300)

    def test_a_right_document_is_found(self) -> None:
        question = Question("q", "?", True, documents=("b", "c"))
        assert document_found([*self.passages, Span("c", 0, 9)], question)
        assert not document_found(self.passages, question)
        assert document_found(self.passages, Question("q", "?", True, gold=(Span("a", 0, 5),)))
        assert not document_found(self.passages, Question("q", "?", False, documents=("a",)))

    def test_gold_across_a_border_is_a_miss_and_not_nothing(self) -> None:
        question = Question("q", "?", True, gold=(Span("a", 95, 105),))
        (judged,) = passage_qrels([question], self.passages).values()
        assert judged and not judged.keys() & {passage_id(passage) for passage in self.passages}
        scores = retrieval_scores([question], {"q": list(self.passages)}, self.passages)["q"]
        assert scores["hit@10"] == scores["recall@20"] == scores["ndcg@10"] == 0
        assert scores["span_recall@3"] == 1

    def test_questions_without_gold_are_not_scored(self) -> None:
        questions = [Question("q", "?", False), Question("r", "?", True)]
        assert retrieval_scores(questions, {"q": list(self.passages)}, self.passages) == {}

    def test_grades_reach_the_qrels(self) -> None:
        question = Question("q", "?", True, gold=(Span("a", 0, 5), Span("a", 7, 9, grade=3), Span("a", 101, 105)))
        assert passage_qrels([question], self.passages) == {"q": {"a:0-100": 3, "a:100-200": 1}}
        assert passage_id(self.passages[1]) == "a:100-200"


# ------------------------------------------------------------------------------------------------- answer


def squad_normalise(text: str) -> str:
    """The definition of SQuAD, restated without regular expressions: one run of letters and digits after another."""
    kept = "".join(character for character in text.lower() if character not in string.punctuation)
    runs = ("".join(run) for _, run in itertools.groupby(kept, key=str.isalnum))
    return " ".join("".join(" " if run in ("a", "an", "the") else run for run in runs).split())


def squad_scores(answer: str, references: list[str]) -> tuple[float, float]:
    gold = [reference for reference in references if squad_normalise(reference)]
    exact, f1 = 0.0, 0.0
    for reference in gold or [""]:
        said, wanted = squad_normalise(answer), squad_normalise(reference)
        exact = max(exact, 1.0 if said == wanted else 0.0)
        left, shared = wanted.split(), 0
        for token in said.split():
            if token in left:
                left.remove(token)
                shared += 1
        if not said or not wanted:
            f1 = max(f1, 1.0 if said == wanted else 0.0)
        elif shared:
            precision, recall = shared / len(said.split()), shared / len(wanted.split())
            f1 = max(f1, 2 * precision * recall / (precision + recall))
    return exact, f1


PIECES = ["the", "The", "a", "A.", "an", "AN", "Norman", "normans", "1066", "10,000", "U.S.", "co-op", "Duke's", "—"]
PIECES += [
    "the-end",
    "–a–",
    "“the”",
    "’",
    " ",
    "\t",
    "\n",
    "\u00a0",
    "İ",
    "ß",
    "é",
    "e\u0301",
    "½",
    "_",
    "$5",
    "...",
    "",
    "naïve",
]


def random_text(rng: random.Random) -> str:
    return rng.choice(["", " ", " ", "-"]).join(rng.choices(PIECES, k=rng.randint(0, 7)))


class TestSquad:
    def test_equals_the_definition_on_thousands_of_random_pairs(self) -> None:
        rng = random.Random(6)
        seen = set()
        for _ in range(20_000):
            references = [random_text(rng) for _ in range(rng.randint(0, 3))]
            answer = rng.choice([random_text(rng), *[f" {text}!" for text in references]])
            exact, f1 = squad_scores(answer, references)
            assert exact_match(answer, references) == exact, (answer, references)
            assert token_f1(answer, references) == pytest.approx(f1, abs=1e-12), (answer, references)
            seen.add((exact, round(f1, 2)))
        assert len(seen) > 20, "the cases differ"

    @given(st.text())
    def test_normalises_any_text_as_defined(self, text: str) -> None:
        assert normalise(text) == squad_normalise(text)
        assert normalise(normalise(text)) == squad_normalise(squad_normalise(text))

    @given(st.text(), st.lists(st.text(), max_size=3), st.text())
    def test_range_order_and_monotony(self, answer: str, references: list[str], more: str) -> None:
        f1, exact = token_f1(answer, references), exact_match(answer, references)
        assert 0 <= exact <= f1 <= 1
        assert token_f1(answer, references[::-1]) == f1
        if normalise(more) and any(map(normalise, references)):
            assert token_f1(answer, [*references, more]) >= f1

    @pytest.mark.parametrize(
        ("answer", "references", "exact", "f1"),
        [
            ("", [], 1, 1),
            ("I do not know", [], 0, 0),
            ("", ["Normans"], 0, 0),
            ("the", ["a"], 1, 1),  # a reference of articles only is no reference
            ("Denmark, Iceland and Norway", ["Denmark, Iceland and Norway"], 1, 1),
            ("in the 10th century", ["10th century"], 0, 0.8),
            ("Rollo Rollo", ["Rollo"], 0, 2 / 3),
            ("Rollo", ["William", "Rollo the Viking"], 0, 2 / 3),
        ],
    )
    def test_hand_worked_cases(self, answer: str, references: list[str], exact: float, f1: float) -> None:
        assert exact_match(answer, references) == exact
        assert token_f1(answer, references) == pytest.approx(f1)


class TestFacts:
    @pytest.mark.parametrize(
        ("text", "fact"),
        [
            ("It was on 11–12 March.", "11-12 march"),
            ("co\u2011production", "Co-production"),
            ("the Co-Production week", "co production"),
            ("He’s the “lead”", "he's the 'lead'"),
            ("cost 1,250,000 pounds", "1250000 pounds"),
            ("cost £1\u202f250", "£1250"),
            ("about 40 % said so", "40%"),
            ("3.5 million", "3.5 Million"),
            ("at 10.30am,\nin Leeds", "10.30am in leeds"),
            ("It took place in a hall", "place in hall"),
            ("Straße", "STRASSE"),
            ("ﬁnal", "final"),
            ("by Age UK (London)", "Age UK, London"),
        ],
    )
    def test_is_said(self, text: str, fact: str) -> None:
        assert says(text, fact)

    @pytest.mark.parametrize(
        ("text", "fact"),
        [
            ("It began in 1998", "998"),
            ("Annette spoke", "Ann"),
            ("13.5 million", "3.5 million"),
            ("40 people", "40%"),
            ("2011,2012", "20112012"),
            ("1,25", "125"),
            ("March of the 11th", "11 March"),
            ("anything", ""),
            ("anything", "…"),
        ],
    )
    def test_is_not_said(self, text: str, fact: str) -> None:
        assert not says(text, fact)

    @pytest.mark.parametrize(
        ("text", "fact"),
        [
            ("Jobs on the cluster can be preempted.", "preempt"),
            ("a quota of 75\u00a0GB", "75 gb"),
            ("75GB in all", "75gb"),
            ("only Datica‑owned machines", "datica-owned"),
            ("It costs $25 a month.", "$25"),
            ("It costs $30/TB.", "30/tb"),
            ("use --constraint=80g", "constraint=80g"),
            ("by lazy ⅔ majority", "lazy 2/3"),
            ("after five (5) attempts", "five (5)"),
            ("a100_multi", "a100"),
            ("the user’s file", "user's"),
            ("write to private@couchdb.apache.org.", "private@couchdb.apache.org"),
        ],
    )
    def test_begins_a_word(self, text: str, fact: str) -> None:
        assert says(text, fact, "substring")
        assert facts_found(text, [["(none)", fact]], "substring") == (True,)

    @pytest.mark.parametrize(
        ("text", "fact"),
        [
            ("within 17 days", "7 days"),
            ("1.75 GB", "75 gb"),
            ("1,613", "613"),
            ("It costs $250.", "$25"),
            ("It costs $25.50.", "$25"),
            ("It costs $25,000.", "$25"),
            ("in a sandbox", "box"),
            ("the last 60", "last 6"),
            ("exempt", "preempt"),
            ("anything", ""),
            ("anything", " "),
        ],
    )
    def test_begins_no_word(self, text: str, fact: str) -> None:
        assert not says(text, fact, "substring")
        assert said_anyway(text, [fact], "substring") == ()

    def test_an_article_alone_is_a_word(self) -> None:
        assert words("The") == ("the",)
        assert words("The A") == ("the", "a")

    @given(st.text())
    def test_every_text_says_itself(self, text: str) -> None:
        assert says(text, text) == bool(words(text))
        assert words(text.upper().lower()) == words(text.upper().lower() + " ")

    @given(st.text())
    def test_every_text_begins_itself(self, text: str) -> None:
        assert says(text, text, "substring") == bool(plain(text))

    def test_coverage_counts_facts(self) -> None:
        facts = [["Leeds"], ["11 March", "March 11"], ["Ann", "Ms Doe"]]
        answer = "Ms. Doe spoke on March 11."
        assert facts_found(answer, facts) == (False, True, True)
        assert fact_coverage(answer, facts) == pytest.approx(2 / 3)
        assert fact_coverage(answer, []) is None
        assert fact_coverage("", facts) == 0

    @given(st.text(), st.lists(st.lists(st.text(), min_size=1), min_size=1), st.text())
    def test_coverage_is_a_share_and_more_text_never_lowers_it(
        self, answer: str, facts: list[list[str]], more: str
    ) -> None:
        coverage = fact_coverage(answer, facts)
        assert coverage is not None
        assert 0 <= coverage <= 1
        assert fact_coverage(answer, facts[::-1]) == coverage
        longer = fact_coverage(f"{answer} \n…\n {more}", facts)
        # Where the answer holds nothing but articles they count as words; beside others they do not.
        articles_only = set(words(answer)) <= {"a", "an", "the"}
        assert articles_only or (longer is not None and longer >= coverage)

    def test_containment_and_what_must_not_be_said(self) -> None:
        assert contains_reference("Led by Rollo.", ["William", "rollo"]) == 1
        assert contains_reference("Led by Rollox.", ["William", "rollo"]) == 0
        assert contains_reference("Led by Rollo.", []) == 0
        assert said_anyway("The Password is x", ["password", "secret"]) == ("password",)


# ----------------------------------------------------------------------------------------------- citation

TEXTS = {"a.txt": "Ann led the day.", "b.txt": "Bo came\n too, and later."}
ANN = Citation(1, "a.txt", "", 0, 7, "Ann led")
BO = Citation(2, "b.txt", "", 0, 7, "Bo came")


def answered(text: str, *citations: Citation, sentences: tuple[Sentence, ...] = ()) -> Answer:
    return Answer("1", "Who?", "answered", 0.9, text, sentences, citations)


class TestCitation:
    def test_marks_with_what_they_name(self) -> None:
        said = answered("Ann [1] and Bo [2].", ANN, BO)
        assert broken_marks(said, TEXTS) == ()
        assert citation_validity(said, TEXTS) == 1

    @pytest.mark.parametrize(
        "spoilt",
        [
            replace(BO, document="c.txt"),
            replace(BO, start=1),
            replace(BO, quote="Bo came "),
            replace(BO, quote="", start=7),
            replace(BO, mark=3),
        ],
    )
    def test_what_cannot_be_checked_is_broken(self, spoilt: Citation) -> None:
        said = answered("Ann [1] and Bo [2].", ANN, spoilt)
        assert 2 in broken_marks(said, TEXTS)
        assert citation_validity(said, TEXTS) == pytest.approx(0.5 if spoilt.mark == 2 else 2 / 3)

    def test_each_citation_of_a_mark_must_hold(self) -> None:
        assert broken_marks(answered("[1]", ANN, replace(ANN, quote="No")), TEXTS) == (1,)
        assert broken_marks(answered("[1]", replace(ANN, quote="No"), ANN), TEXTS) == (1,)

    def test_marks_of_sentences_count_and_years_do_not(self) -> None:
        said = answered("In [2011].", sentences=(Sentence("In [2011].", (4,), 0.1),))
        assert broken_marks(said, TEXTS) == (4,)
        assert citation_validity(answered("Nothing."), TEXTS) is None

    def test_coverage(self) -> None:
        sentences = (Sentence("A.", (1,), 1), Sentence("B.", (1, 2), 1), Sentence("C.", (), 0))
        assert citation_coverage(answered("", sentences=sentences)) == pytest.approx(2 / 3)
        assert citation_coverage(answered("")) is None

    def test_gold_at_each_level(self) -> None:
        gold = (Span("a.txt", 0, 3), Span("b.txt", 0, 4))
        every = Question("q", "?", True, gold=gold, need="all")
        either = replace(every, need="any")
        assert document_gold([ANN], every).recall == 0.5
        assert document_gold([ANN], either).recall == 1
        assert document_gold([ANN, replace(ANN, start=9)], every).precision == 1
        elsewhere = replace(ANN, start=9, end=12)
        assert (span_gold([elsewhere], either).precision, span_gold([elsewhere], either).recall) == (0, 0)
        assert span_gold([ANN, elsewhere, BO], every).precision == pytest.approx(2 / 3)
        assert span_gold([ANN, elsewhere, BO], every).recall == 1
        assert character_gold([ANN], every).recall == 3 / 7
        assert character_gold([ANN], either).recall == 1
        assert character_gold([ANN, BO], every).precision == 7 / 14

    def test_documents_alone_are_enough(self) -> None:
        named = Question("q", "?", True, documents=("a.txt", "c.txt"))
        assert document_gold([ANN, BO], named).precision == 0.5
        assert document_gold([ANN], replace(named, need="all")).recall == 0.5
        assert document_gold([ANN], replace(named, answerable=False)).recall == 0

    def test_no_citation_scores_nothing(self) -> None:
        question = Question("q", "?", True, gold=(Span("a.txt", 0, 3),))
        for level in (document_gold, span_gold, character_gold):
            scores = level([], question)
            assert (scores.precision, scores.recall, scores.f1) == (0, 0, 0)

    @given(some_spans, some_spans, st.sampled_from(["all", "any"]))
    def test_range_and_order(self, cited: list[Span], gold: list[Span], need: str) -> None:
        question = Question("q", "?", True, gold=tuple(gold), need=need)  # type: ignore[arg-type]
        backwards = replace(question, gold=question.gold[::-1])
        for level in (document_gold, span_gold, character_gold):
            scores = level(cited, question)
            assert 0 <= scores.precision <= 1
            assert 0 <= scores.recall <= 1
            assert (
                min(scores.precision, scores.recall) - 1e-12
                <= scores.f1
                <= max(scores.precision, scores.recall) + 1e-12
            )
            assert level(cited[::-1], backwards) == scores

    @given(some_spans.filter(bool))
    def test_citing_the_gold_is_perfect(self, gold: list[Span]) -> None:
        question = Question("q", "?", True, gold=tuple(gold), need="all")
        for level in (document_gold, span_gold, character_gold):
            assert level(gold, question).f1 == 1

    def test_verbatim(self) -> None:
        assert verbatim_rate(["Bo came too", "Ann led", "Bo went"], TEXTS.values()) == pytest.approx(2 / 3)
        assert verbatim_rate([], TEXTS.values()) is None
        assert quotations('“Bo came too” and "Ann led the day", “yes”.') == ("Bo came too", "Ann led the day")


# --------------------------------------------------------------------------------------------- abstention

decisions = st.lists(st.builds(Decision, st.booleans(), st.booleans(), st.sampled_from(["x", "y"])), max_size=40)


class TestAbstention:
    @given(decisions)
    def test_equals_sklearn(self, made: list[Decision]) -> None:
        scores = abstention(made)
        if not made:
            assert scores.macro_f1 == 0
            return
        precision, recall, f1, _ = precision_recall_fscore_support(
            [d.answerable for d in made], [not d.abstained for d in made], labels=[False, True], zero_division=0
        )
        ours = (scores.refusal, scores.answerable)
        assert [s.precision for s in ours] == pytest.approx(precision)
        assert [s.recall for s in ours] == pytest.approx(recall)
        assert [s.f1 for s in ours] == pytest.approx(f1)
        assert scores.macro_f1 == pytest.approx(f1.mean())

    @given(decisions)
    def test_kinds_add_up_and_order_does_not_matter(self, made: list[Decision]) -> None:
        counts = confusion(made)
        assert sum(rate.count for rate in false_answers(made).values()) == counts.answered_unanswerable
        assert sum(rate.count for rate in false_refusals(made).values()) == counts.abstained_answerable
        assert sum(r.total for r in (*false_answers(made).values(), *false_refusals(made).values())) == len(made)
        assert abstention(made) == abstention(made[::-1])
        assert false_answers(made) == false_answers(made[::-1])

    @given(decisions)
    def test_the_baselines_ignore_what_was_decided(self, made: list[Decision]) -> None:
        flipped = [replace(decision, abstained=not decision.abstained) for decision in made]
        assert always_answer(made) == always_answer(flipped)
        assert always_refuse(made) == always_refuse(flipped)
        assert always_answer(made).false_refusal_rate == 0
        assert always_refuse(made).false_answer_rate == 0

    def test_by_kind(self) -> None:
        made = [Decision(False, False, "trap"), Decision(False, True, "trap"), Decision(False, True, "off topic")]
        made += [Decision(True, True, "list"), Decision(True, False, "trap")]
        assert false_answers(made) == {"off topic": Rate(0, 1), "trap": Rate(1, 2)}
        assert false_refusals(made) == {"list": Rate(1, 1), "trap": Rate(0, 1)}
        assert confusion(made) == Confusion(1, 1, 1, 2)
        assert (Rate(1, 2).value, Rate(0, 0).value) == (0.5, 0.0)

    def test_conditioned_on_the_decision(self) -> None:
        cases = itertools.product((True, False), (True, False))
        assert [conditioned_score(Decision(*case), 0.3) for case in cases] == [0.0, 0.3, 1.0, 0.0]


tied = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]), st.booleans()), min_size=1, max_size=30)


def columns(pairs: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [score for score, _ in pairs], [right for _, right in pairs]


class TestCalibration:
    @given(tied)
    def test_auroc_equals_sklearn(self, pairs: list[tuple[float, bool]]) -> None:
        scores, right = columns(pairs)
        if len(set(right)) < 2:
            assert auroc(scores, right) is None
        else:
            assert auroc(scores, right) == pytest.approx(roc_auc_score(right, scores))

    @given(tied)
    def test_balanced_accuracy_equals_sklearn(self, pairs: list[tuple[float, bool]]) -> None:
        scores, right = columns(pairs)
        called = [score >= 0.25 for score in scores]
        if len(set(right)) < 2:
            assert balanced_accuracy(called, right) is None
        else:
            assert balanced_accuracy(called, right) == pytest.approx(balanced_accuracy_score(right, called))

    @given(tied)
    def test_brier_equals_sklearn(self, pairs: list[tuple[float, bool]]) -> None:
        scores, right = columns(pairs)
        assert brier(scores, right) == pytest.approx(brier_score_loss(right, scores, labels=[False, True]))

    @given(tied)
    def test_the_curve_is_the_mean_over_the_orders_of_ties(self, pairs: list[tuple[float, bool]]) -> None:
        pairs = pairs[:6]
        scores, right = columns(pairs)
        curves = []
        for order in itertools.permutations(pairs):
            if all(one[0] >= other[0] for one, other in itertools.pairwise(order)):
                wrong = np.cumsum([not ok for _, ok in order])
                curves.append(wrong / np.arange(1, len(order) + 1))
        coverage, risk = risk_coverage(scores, right)
        assert risk == pytest.approx(np.mean(curves, axis=0))
        assert aurc(scores, right) == pytest.approx(float(np.mean(curves)))
        assert coverage[-1] == 1
        assert risk[-1] == pytest.approx(1 - np.mean(right))

    @given(tied)
    def test_the_order_of_questions_does_not_matter(self, pairs: list[tuple[float, bool]]) -> None:
        forwards, backwards = columns(pairs), columns(pairs[::-1])
        for metric in (auroc, aurc, brier):
            assert metric(*forwards) == pytest.approx(metric(*backwards))
        assert reliability(*forwards) == reliability(*backwards)

    @given(tied, st.integers(1, 12))
    def test_calibration_error_by_hand(self, pairs: list[tuple[float, bool]], bins: int) -> None:
        groups: dict[int, list[tuple[float, bool]]] = {}
        for score, right in pairs:
            groups.setdefault(min(bins - 1, int(score * bins)), []).append((score, right))
        expected = sum(abs(sum(s for s, _ in group) - sum(r for _, r in group)) for group in groups.values()) / len(
            pairs
        )
        points = reliability(*columns(pairs), bins=bins)
        error = calibration_error(points)
        assert error is not None
        assert error == pytest.approx(expected, abs=1e-9)
        assert 0 <= error <= 1
        assert sum(point.count for point in points) == len(pairs)
        assert all(point.low <= point.confidence <= point.high for point in points)

    def test_perfect_order_is_perfect(self) -> None:
        scores, right = [0.9, 0.8, 0.2], [1, 1, 0]
        assert auroc(scores, right) == 1
        assert aurc(scores, right) == pytest.approx(1 / 9)
        worst = aurc(scores, [0, 1, 1])
        assert worst is not None
        assert worst > 1 / 9

    def test_nothing_is_not_defined(self) -> None:
        assert aurc([], []) is auroc([], []) is brier([], []) is calibration_error(reliability([], [])) is None

    @pytest.mark.parametrize("pair", [([0.1], [0, 1]), ([0.1], [0.5]), ([float("nan")], [1]), ([[0.1]], [[1]])])
    def test_nonsense_is_refused(self, pair: tuple[list[float], list[float]]) -> None:
        with pytest.raises(ValueError, match=r"expected|correct"):
            auroc(*pair)


def test_each_lost_question_is_lost_at_one_stage() -> None:
    stages = {
        case: lost_at(found=case[0], abstained=case[1], correct=case[2], cited=case[3])
        for case in itertools.product((False, True), repeat=4)
    }
    for (found, abstained, correct, cited), stage in stages.items():
        if abstained or not correct:
            assert stage == ("retrieval" if not found else "refusal" if abstained else "reading")
        else:
            assert stage == (None if cited else "citation")
