"""Conditions: the evidence they compose, the runs they make, and those runs beside each other in the report."""

from dataclasses import replace

import pytest
from evaluation import CONFIG, ENGINEER, QUESTIONS, TinyGenerator, tiny_run, tiny_set

from eval.collection import every_passage, opened_index
from eval.conditions import CONDITIONS, condition, evidence_under
from eval.journal import RunError
from eval.questions import Span
from eval.report import page
from eval.retrieval_metrics import distracts
from eval.robustness import beside, robustness, robustness_table
from eval.run import Selection
from rag.embedders.hashed import HashEmbedder
from rag.generators.llama import LlamaGenerator
from rag.retrieval.hybrid import retrieve

pytestmark = pytest.mark.usefixtures("few_resamples")

QUESTION = QUESTIONS[0]
CUT = replace(CONFIG, passage_tokens=16)
"""Settings that cut the documents into many passages, so that there is something to distract with."""


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    """Gives the evidence of a question under a condition, and the passages that search finds for it."""
    folder = tmp_path_factory.mktemp("conditions")
    known = tiny_set(folder / "set")
    with opened_index(known, CUT, HashEmbedder(), folder / "indexes") as index:
        passages = every_passage(index)

        def under(name, question=QUESTION, config=CUT):
            return evidence_under(condition(name), question, passages, index, HashEmbedder(), config)

        under.found = retrieve(QUESTION.question, index, HashEmbedder(), 100)
        yield under


def distractors(found, question=QUESTION) -> list[bool]:
    return [distracts(item.passage, question) for item in found]


def test_gold_stands_where_the_condition_says(evidence):
    assert distractors(evidence("gold-only")) == [False]
    assert distractors(evidence("gold-first")) == [False, True, True]
    assert distractors(evidence("gold-middle")) == [True, False, True]
    assert distractors(evidence("gold-last")) == [True, True, False]
    wide = replace(CUT, evidence=5)
    assert distractors(evidence("gold-middle", config=wide)) == [True, True, False, True, True]
    narrow = replace(CUT, evidence=1)
    assert distractors(evidence("gold-middle", config=narrow)) == [True, False, True]


@pytest.mark.parametrize(("name", "number"), [(f"distractors-{20 * n}", n) for n in (1, 2, 3, 4)])
def test_a_share_of_five_places_distracts(evidence, name, number):
    found = evidence(name)
    assert distractors(found).count(True) == number
    assert distractors(found).count(False) == 1
    scores = [item.score for item in found]
    assert scores == sorted(scores, reverse=True)  # the order in which search ranks them


def test_distractors_are_the_best_that_search_finds_without_gold(evidence):
    best = [item.passage.id for item in evidence.found if distracts(item.passage, QUESTION)]
    composed = [item.passage.id for item in evidence("distractors-80") if distracts(item.passage, QUESTION)]
    assert composed == best[:4]
    assert [item.passage.id for item in evidence("gold-last")][:2] == best[:2]


def test_where_no_spans_are_known_the_gold_states_the_facts(evidence):
    named = replace(QUESTION, gold=(), documents=("ferry.txt", "bridge.txt"))
    (item,) = evidence("gold-only", named)
    assert ENGINEER in item.passage.text
    both = replace(named, facts=(("Ann Lee",), ("1901",), ("Bo Marsh",), ("nowhere",)))
    held = [item.passage for item in evidence("gold-only", both)]
    assert {passage.document for passage in held} == {"ferry.txt", "bridge.txt"}
    assert len(held) <= 3
    beside = [item.passage.document for item in evidence("gold-first", named)]
    assert (beside[0], set(beside[1:])) == ("bridge.txt", {"museum.txt"})
    assert evidence("gold-only", replace(named, facts=(("nowhere",),))) == []


def test_a_run_under_a_condition_needs_spans_or_documents_with_facts(tmp_path):
    questions = [
        replace(q, gold=(), documents=("bridge.txt",) if q.answerable else ()) for q in QUESTIONS[:1] + QUESTIONS[7:]
    ]
    found = tiny_run(tmp_path, "run", TinyGenerator(), Selection(condition="gold-only"), questions=questions)
    assert {id_ for id_, row in found.questions.items() if row["status"]} == {"right"}
    assert found.questions["right"]["scores"]["outcome.right"] == 1
    plain = tiny_run(tmp_path, "plain", TinyGenerator(), questions=questions)
    assert robustness([plain, found]).count == 1


def test_evidence_is_numbered_and_scored_as_search_does(evidence):
    scores = {item.passage.id: (item.score, item.dense, item.lexical) for item in evidence.found}
    for name in CONDITIONS:
        found = evidence(name)
        assert [item.rank for item in found] == list(range(1, len(found) + 1))
        assert all((item.score, item.dense, item.lexical) == scores[item.passage.id] for item in found)


def test_gold_that_search_does_not_find_is_there_all_the_same(evidence):
    (alone,) = evidence("gold-only", replace(QUESTION, question="zebra?"), replace(CUT, candidates=1, dense_weight=0.0))
    assert ENGINEER in alone.passage.text
    assert (alone.score, alone.lexical) == (0, 0)


def test_gold_in_several_places_stays_together_and_is_never_cut(evidence):
    both = replace(QUESTION, gold=(*QUESTION.gold, *QUESTIONS[1].gold), need="all")
    assert distractors(evidence("gold-middle", both), both) == [True, False, False, True]
    either = replace(both, need="any")
    found = evidence("gold-only", either)
    assert [item.passage.document for item in found] == ["bridge.txt"]


def test_gold_that_no_passage_holds_whole_is_taken_from_those_that_touch_it(evidence):
    across = replace(QUESTION, gold=(Span("bridge.txt", 20, 110),))
    found = evidence("gold-only", across)
    assert len(found) > 1
    assert not any(distractors(found, across))


# --- runs


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Runs under every condition and an ordinary one, by name, in one folder."""
    folder = tmp_path_factory.mktemp("compared")
    made = {"": tiny_run(folder, "found", TinyGenerator(), config=CUT)}
    for name in CONDITIONS:
        made[name] = tiny_run(folder, name, TinyGenerator(), Selection(condition=name), CUT)
    return made


def test_a_condition_asks_the_questions_that_have_gold(compared):
    for name in CONDITIONS:
        run = compared[name]
        assert run.made["identity"]["selection"]["condition"] == name
        assert run.answers().keys() == {question.id for question in QUESTIONS if question.gold}
        figures = run.metrics["metrics"]
        assert figures["evidence.found"]["point"] == pytest.approx(6 / 7, abs=1e-6)  # the one that fails reads nothing
        assert (figures["evidence.distractors"]["point"] == 0) == (name == "gold-only")
        assert "retrieval.found" in figures


def test_the_evidence_of_a_condition_is_what_is_read_and_kept(compared):
    record = compared["gold-last"].answers()["right"]
    assert len(record["evidence"]) == 3
    assert ENGINEER in record["evidence"][-1]["text"]
    assert record["prompt"].index(ENGINEER) > record["prompt"].index(record["evidence"][0]["text"])


def test_gold_alone_tells_reading_from_retrieval(tmp_path, monkeypatch):
    from rag.retrieval import hybrid

    fused = hybrid.fuse
    monkeypatch.setattr(hybrid, "fuse", lambda *given: {id_: -score for id_, score in fused(*given).items()})
    config = replace(CONFIG, evidence=1)
    found = tiny_run(tmp_path, "found", TinyGenerator(), config=config)
    given = tiny_run(tmp_path, "given", TinyGenerator(), Selection(condition="gold-only"), config)
    assert found.questions["right"]["lost"] == "retrieval"
    assert found.questions["right"]["scores"]["answer.correct"] == 0
    assert given.questions["right"]["scores"]["answer.correct"] == 1
    assert {item["document"] for item in given.answers()["half"]["evidence"]} == {"ferry.txt"}


def test_a_sample_under_a_condition_holds_that_of_an_ordinary_run(tmp_path):
    known = tiny_set(tmp_path)
    ordinary = Selection(limit=5, seed=2).answered(known)
    under = Selection(limit=5, seed=2, condition="gold-only").answered(known)
    assert len(under) == 5
    assert {question.id for question in ordinary if question.gold} <= {question.id for question in under}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"selection": Selection(condition="gold")}, "There is no condition 'gold'. Conditions: gold-only"),
        ({"selection": Selection(condition="gold-only"), "generator": None}, "Leave out --condition or --no-llm"),
        ({"selection": Selection(condition="gold-only"), "questions": QUESTIONS[7:]}, "has gold to compose"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_done(tmp_path, options, message):
    with pytest.raises(RunError, match=message):
        tiny_run(tmp_path, "run", **{"generator": TinyGenerator(), **options})
    assert not (tmp_path / "run").exists()


@pytest.mark.llm
def test_a_small_model_answers_under_a_condition_twice_the_same(tmp_path):
    from rag import models
    from rag.config import Config

    config = Config(generator="smollm2-135m-instruct")
    file = models.locate(config.generator, config.models)
    twice = []
    for name in ("once", "again"):
        with LlamaGenerator(file, name=config.generator) as generator:
            twice.append(tiny_run(tmp_path, name, generator, Selection(condition="gold-middle", limit=2), CUT))
    run, again = twice
    assert again.metrics["answers_sha256"] == run.metrics["answers_sha256"]
    assert run.metrics["counts"]["asked"] == 2
    assert run.metrics["counts"]["failed"] == 0
    for record in run.answers().values():
        assert len(record["evidence"]) == 3
        assert record["calls"][0]["scores"].keys() == {"yes", "no"}


# --- beside each other


def test_the_runs_beside_a_run_are_found(compared, tmp_path):
    found = {run.made["identity"]["selection"]["condition"] for run in beside(compared[""])}
    assert found == set(CONDITIONS)
    assert "" in {run.made["identity"]["selection"]["condition"] for run in beside(compared["gold-only"])}
    other = tiny_run(tmp_path, "other", TinyGenerator(), config=replace(CUT, evidence=2))
    tiny_run(tmp_path, "gold", TinyGenerator(), Selection(condition="gold-only"), CUT)
    assert beside(other) == []


def test_of_two_runs_under_a_condition_the_larger_is_shown(tmp_path):
    first = tiny_run(tmp_path, "found", TinyGenerator())
    for limit in (2, 4, 3):
        tiny_run(tmp_path, f"gold-{limit}", TinyGenerator(), Selection(condition="gold-only", limit=limit))
    tiny_run(tmp_path, "searched")
    assert [run.folder.name for run in beside(first)] == ["gold-4"]
    assert robustness([first, *beside(first)]).count == 4


def test_conditions_are_compared_on_the_questions_that_all_of_them_asked(compared):
    found = robustness([compared["gold-last"], compared[""], compared["gold-only"]])
    assert found.count == 7
    assert [row.condition for row in found.rows] == ["", "gold-only", "gold-last"]
    assert found.reference == "gold-only"
    by_name = {row.condition: row for row in found.rows}
    for name, row in by_name.items():
        rows = [row for row in compared[name].questions.values() if row["gold"]]
        right = sum(row["scores"]["answer.correct"] for row in rows) / 7
        assert row.figures["answer.correct"]["point"] == pytest.approx(right, abs=1e-6)
        assert row.figures["answer.correct"]["n"] == 7
    assert by_name["gold-only"].gained is None
    assert by_name["gold-last"].gained.count == 7


def test_only_the_condition_may_differ(compared, tmp_path):
    other = tiny_run(tmp_path, "run", TinyGenerator(), Selection(condition="gold-only"), replace(CUT, evidence=2))
    with pytest.raises(RunError, match="has another settings than"):
        robustness([compared[""], other])
    assert robustness([compared[""]]) is None


def test_runs_without_a_common_question_are_told(tmp_path):
    made = [
        tiny_run(tmp_path, name, TinyGenerator(), Selection(condition=name, only=(only,)))
        for name, only in (("gold-only", "right"), ("gold-last", "half"))
    ]
    with pytest.raises(RunError, match="share no answered question"):
        robustness(made)


def test_the_report_and_the_terminal_show_them(compared, monkeypatch, capsys):
    table = robustness_table(robustness(list(compared.values())))
    for known in CONDITIONS.values():
        assert known.label in table
    assert "The same 7 questions; differences relative to the gold alone." in table
    html = page(compared[""], beside(compared[""]))
    section = html[html.index("Robustness") :]
    section = section[: section.index("</section>")]
    assert section.count("<svg") == 1 + len(CONDITIONS)
    assert 'aria-label="gold last: ' in section
    assert "Robustness" not in page(compared[""])
    assert "Robustness" in page(compared["gold-last"], beside(compared["gold-last"]))
