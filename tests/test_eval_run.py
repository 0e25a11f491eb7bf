"""A run: what it writes down, that it goes on after a kill, and that its figures are those worked out by hand."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from evaluation import CONFIG, DOCUMENTS, QUESTIONS, REPLIES, TinyGenerator, tiny_run, tiny_set
from hypothesis import given
from hypothesis import strategies as st

from eval import commands, run, runs
from eval.abstention_metrics import abstention
from eval.collection import Texts, every_passage, opened_index
from eval.journal import Journal, RunError, read_records
from eval.questions import Question
from eval.recording import RecordingGenerator, ReplayGenerator
from eval.retrieval_metrics import retrieval_scores
from eval.run import Selection
from eval.scoring import answer_from, answer_scores, correct
from eval.statistics import bootstrap, bootstrap_ratio
from eval.summary import decisions, mean, without_cost
from eval.tables import run_table
from rag.cli import main
from rag.embedders.hashed import HashEmbedder
from rag.errors import GenerationError
from rag.generators.scripted import ScriptedGenerator
from rag.retrieval import hybrid
from rag.types import Answer, Passage, Prompt

pytestmark = pytest.mark.usefixtures("few_resamples")

OUTCOMES = {
    "right": ("answered", None),
    "half": ("answered", "reading"),
    "misread": ("answered", "reading"),
    "declined": ("unsure", "unsure"),
    "unsure": ("abstained", "refusal"),
    "broken": ("failed", "failure"),
    "elsewhere": ("answered", None),
    "refused": ("unsure", None),
    "invented": ("answered", None),
    "mongolia": ("abstained", None),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def whole(folder) -> runs.Run:
    """A run of the tiny set that nothing interrupted."""
    return tiny_run(folder, "whole", TinyGenerator())


# --- what happened, and the figures


def test_every_question_ends_as_it_must(whole):
    assert {id_: (row["status"], row["lost"]) for id_, row in whole.questions.items()} == OUTCOMES


def test_the_figures_are_those_worked_out_by_hand(whole):
    points = {name: figure["point"] for name, figure in whole.metrics["metrics"].items()}
    assert points["answer.correct"] == pytest.approx(2 / 7, abs=1e-6)
    assert points["answer.fact_coverage"] == pytest.approx(2.5 / 7, abs=1e-6)
    assert points["answer.forbidden"] == 1  # both questions that forbid something
    assert points["decision.right"] == 0.6
    assert points["answer.conditioned"] == pytest.approx((1 + 0.5 + 0 + 0 + 0 + 0 + 1 + 1 + 0 + 1) / 10)
    assert points["citation.document"] == pytest.approx(5 / 7, abs=1e-6)
    assert points["citation.span"] == pytest.approx(4 / 7, abs=1e-6)
    assert points["citation.validity"] == points["citation.verbatim"] == points["citation.coverage"] == 1
    assert points["abstention.false_answer_rate"] == pytest.approx(1 / 3, abs=1e-6)
    assert points["abstention.false_refusal_rate"] == pytest.approx(3 / 7, abs=1e-6)
    assert points["retrieval.found"] == 1


def test_the_abstention_figures_are_those_of_the_definitions(whole):
    scores, metrics = abstention(decisions(whole.questions.values())), whole.metrics["metrics"]
    for side in ("refusal", "answerable"):
        for name in ("precision", "recall", "f1"):
            assert metrics[f"abstention.{side}_{name}"]["point"] == pytest.approx(
                getattr(getattr(scores, side), name), abs=1e-6
            )
    assert metrics["abstention.macro_f1"]["point"] == pytest.approx(scores.macro_f1, abs=1e-6)


def test_every_figure_lies_in_its_interval_and_counts_its_questions(whole):
    for name, figure in whole.metrics["metrics"].items():
        assert figure["low"] - 1e-6 <= figure["point"] <= figure["high"] + 1e-6, name
        assert 1 <= figure["n"] <= 10, name
    assert whole.metrics["counts"] == {
        "questions": 10,
        "answerable": 7,
        "clusters": 6,
        "asked": 10,
        "answered": 5,
        "unsure": 2,
        "abstained": 2,
        "failed": 1,
    }


def test_outcomes_add_up_and_groups_have_wilson_intervals(whole):
    points = {name: figure["point"] for name, figure in whole.metrics["metrics"].items()}
    four = [points[f"outcome.{name}"] for name in ("right", "wrong", "unsure", "refused")]
    assert four == pytest.approx([2 / 7, 3 / 7, 1 / 7, 1 / 7], abs=1e-6)  # the question that failed counts as wrong
    assert points["answer.correct"] == points["outcome.right"]
    assert points["outcome.helpful"] == pytest.approx(3 / 7, abs=1e-6)  # "seven arches" is quoted
    assert points["outcome.false_answer"] == points["outcome.false_unsure"] == pytest.approx(1 / 3, abs=1e-6)
    groups = whole.metrics["groups"]
    assert groups["kind"]["near-miss"]["outcomes"]["outcome.false_answer"]["count"] == 1
    assert groups["kind"]["near-miss"]["outcomes"]["outcome.false_answer"]["low"] == pytest.approx(0.094531)
    assert "outcome.right" not in groups["kind"]["near-miss"]["outcomes"]
    assert {name: group["questions"] for name, group in groups["path"].items()} == {"read": 9, "failed": 1}
    assert list(groups["genre"]) == [""]
    assert whole.questions["right"]["path"] == "read"


def test_lost_points_rules_and_kinds_are_told(whole):
    metrics = whole.metrics
    assert metrics["lost"]["all"] == {"none": 2, "reading": 2, "unsure": 1, "refusal": 1, "failure": 1}
    assert sum(sum(kind.values()) for name, kind in metrics["lost"].items() if name != "all") == 7
    rates = {kind: (rate["count"], rate["total"]) for kind, rate in metrics["false_answers"].items()}
    assert rates == {"near-miss": (1, 2), "off-topic": (0, 1)}
    assert metrics["false_answers"]["near-miss"]["low"] == pytest.approx(0.094531)
    assert metrics["metrics"]["abstention.false_answer_rate"]["n"] == 3
    assert metrics["trivial"]["always_answer"]["decision_right"] == 0.7
    assert metrics["trivial"]["always_refuse"]["false_answer_rate"] == 0
    assert metrics["kinds"]["fact"]["metrics"]["answer.correct"]["point"] == pytest.approx(2 / 6 * 6 / 6, abs=1e-6)
    assert metrics["peak_memory_mb"] > 10
    assert metrics["latency"]["total_s"]["count"] == 9


def test_a_failure_is_counted_and_told(whole):
    assert whole.metrics["failures"] == {"broken": "GenerationError: The model broke on purpose."}
    record = whole.answers()["broken"]
    assert record["answer"] is None
    assert "Question: What does the museum keep of the ferry?" in record["prompt"]
    assert whole.questions["broken"]["scores"]["answer.correct"] == 0
    assert whole.questions["broken"]["scores"]["decision.right"] == 0
    assert "FAILED broken" in run_table(whole)


def test_any_exception_is_a_failure_of_its_question_alone(tmp_path):
    class Crashing(TinyGenerator):
        def score(self, prompt, choices, stop=None):
            if "arches" in prompt.question:
                raise ZeroDivisionError("by nought")
            return super().score(prompt, choices, stop)

    found = tiny_run(tmp_path, "run", Crashing())
    assert found.metrics["failures"].keys() == {"declined", "broken"}
    assert found.metrics["counts"]["answered"] == 5


def test_everything_that_went_in_and_came_out_is_kept(whole):
    record = whole.answers()["right"]
    assert list(record) == [
        *(
            "id",
            "kind",
            "question",
            "read",
            "history",
            "prompt",
            "evidence",
            "calls",
            "answer",
            "error",
            "scores",
            "cost",
        ),
    ]
    assert "Question: Who was the engineer of the bridge?" in record["prompt"]
    assert all(item["text"] in record["prompt"] for item in record["evidence"])
    assert [call["task"] for call in record["calls"]] == ["answerable", "question"]
    assert record["calls"][1]["draft"] == REPLIES["the engineer of the bridge?"]
    assert record["answer"]["answer"] == "The engineer of the bridge was Ann Lee. [1]"
    assert record["answer"]["receipt"]["generator"] == {"name": "scripted", "sha256": "0" * 64}
    assert {"retrieval_s", "first_token_s", "total_s", "peak_mb"} == set(record["cost"])
    (citation,) = record["answer"]["citations"]
    text = DOCUMENTS[citation["document"]]
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert record["scores"]["answer.correct"] == 1


def test_what_a_plan_answers_is_kept_with_the_plan_and_the_passages(tmp_path):
    gold, plan = QUESTIONS[0].gold, " mention | topic: Ann Lee"
    asked = Question("plan", "Which documents mention Ann Lee?", True, ("bridge",), gold, (("bridge",),), kind="multi")
    generator = TinyGenerator(completions={asked.question: plan})
    record = tiny_run(tmp_path, "run", generator, questions=(asked,)).answers()["plan"]
    assert (record["prompt"], record["answer"]["status"], record["answer"]["path"]) == (None, "answered", "mention")
    assert [call.get("draft") for call in record["calls"]] == [None, plan.strip()]
    assert [item["document"] for item in record["evidence"]] == ["bridge.txt"]
    assert record["scores"]["citation.document"] == 1


def test_a_record_gives_back_its_answer(whole, tmp_path):
    known = tiny_set(tmp_path)
    with opened_index(known, CONFIG, HashEmbedder(), tmp_path / "indexes") as index:
        for question in known.questions:
            record = whole.answers()[question.id]
            assert answer_scores(question, answer_from(record), Texts(index)) == record["scores"]


def test_nothing_is_asked_without_a_language_model(tmp_path):
    found = tiny_run(tmp_path, "run")
    assert not (found.folder / "answers.jsonl").exists()
    assert all(name.startswith(("retrieval.", "bm25.", "dense.")) for name in found.metrics["metrics"])
    assert found.made["identity"]["generator"] is None
    assert "No questions." in run_table(found)


def test_retrieval_is_that_of_the_assistant_and_of_each_half_alone(folder, whole):
    known = tiny_set(folder / "set")
    with opened_index(known, CONFIG, HashEmbedder(), folder / "indexes") as index:
        passages = every_passage(index)
        assert len(passages) == len(index)
        assert all(DOCUMENTS[p.document][p.start : p.end] == p.text for p in passages)
        for way, weight in {"retrieval": 0.5, "bm25": 0.0, "dense": 1.0}.items():
            rankings = {}
            for question in known.questions:
                found = hybrid.retrieve(question.question, index, HashEmbedder(), 20, 100, weight)
                rankings[question.id] = [item.passage for item in found]
            for id_, scores in retrieval_scores(known.questions, rankings, passages).items():
                for name, value in scores.items():
                    assert whole.questions[id_]["scores"][f"{way}.{name}"] == pytest.approx(value, abs=1e-6)


# --- which questions


def test_a_limit_is_for_answers_and_never_for_retrieval(tmp_path):
    chosen = Selection(limit=4, seed=3)
    found = tiny_run(tmp_path, "run", TinyGenerator(), chosen)
    assert (found.metrics["counts"]["questions"], found.metrics["counts"]["asked"]) == (10, 4)
    assert {q.id for q in chosen.answered(tiny_set(tmp_path / "set"))} == found.answers().keys()
    assert sum(row["status"] is None for row in found.questions.values()) == 6


@pytest.mark.parametrize("limit", [0, -3])
def test_a_limit_of_nothing_is_refused(tmp_path, limit):
    with pytest.raises(RunError, match="--limit must be at least 1"):
        tiny_run(tmp_path, "run", None, Selection(limit=limit))
    assert not (tmp_path / "run").exists()


def test_a_split_is_for_both(tmp_path):
    questions = [replace(question, split=("dev", "test")[at % 2]) for at, question in enumerate(QUESTIONS)]
    found = tiny_run(tmp_path, "run", TinyGenerator(), Selection(split="dev"), questions=questions)
    assert found.questions.keys() == {question.id for question in questions[::2]}
    with pytest.raises(RunError, match="no question of the split 'train'"):
        tiny_run(tmp_path, "other", None, Selection(split="train"), questions=questions)


# --- again, and after a break


def lines(found: runs.Run, name: str = "answers.jsonl") -> list[str]:
    records = [json.loads(line) for line in (found.folder / name).read_text("utf-8").splitlines()]
    return [json.dumps(without_cost(record)) for record in records]


def test_the_same_run_twice_gives_the_same_answers_byte_for_byte(whole, tmp_path):
    again = tiny_run(tmp_path, "again", TinyGenerator())
    for name in ("answers.jsonl", "retrieval.jsonl"):
        assert lines(again, name) == lines(whole, name)
    assert (again.folder / "questions.jsonl").read_bytes() == (whole.folder / "questions.jsonl").read_bytes()
    assert again.metrics["answers_sha256"] == whole.metrics["answers_sha256"]


@pytest.mark.parametrize("after", [1, 4, 8])
def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_figures(whole, tmp_path, after):
    command = [sys.executable, str(Path(__file__).parent / "evaluation.py"), str(tmp_path), "run", "0.1"]
    root = Path(__file__).parents[1]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(root)}, cwd=tmp_path)
    file = tmp_path / "run" / "answers.jsonl"
    limit = time.monotonic() + 60
    try:
        while not file.exists() or file.read_bytes().count(b"\n") < after:
            assert process.poll() is None, "the run ended before it was killed"
            assert time.monotonic() < limit
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (tmp_path / "run" / "metrics.json").exists()
    with pytest.raises(RunError, match="is not finished"):
        runs.load(tmp_path / "run")
    with file.open("ab") as torn:
        torn.write(b'{"id": "declined", "kind": "fa')
    done = file.read_bytes().count(b"\n")
    generator = TinyGenerator()
    resumed = tiny_run(tmp_path, "run", generator)
    asked_now = {prompt.question for prompt in generator.prompts}
    assert done >= after
    assert len(asked_now) <= 10 - done
    assert lines(resumed) == lines(whole)
    same = ("metrics", "groups", "kinds", "lost", "counts", "false_answers", "trivial", "answers_sha256", "failures")
    assert {name: resumed.metrics[name] for name in same} == {name: whole.metrics[name] for name in same}


def test_what_is_done_is_not_asked_again(tmp_path):
    tiny_run(tmp_path, "run", TinyGenerator())
    generator = TinyGenerator()
    tiny_run(tmp_path, "run", generator)
    assert generator.prompts == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"selection": Selection(limit=3)}, "selection"),
        ({"config": replace(CONFIG, evidence=2)}, "settings"),
        ({"embedder": HashEmbedder(32)}, "embedder"),
        ({"questions": QUESTIONS[1:]}, "questions"),
        ({"generator": None}, "generator, prompt"),
    ],
)
def test_a_folder_with_another_run_is_refused(tmp_path, change, named):
    tiny_run(tmp_path, "run", TinyGenerator())
    before = (tmp_path / "run" / "answers.jsonl").read_bytes()
    with pytest.raises(RunError, match=f"started with another {named}. Set it back, or choose another folder"):
        tiny_run(tmp_path, "run", **{"generator": TinyGenerator(), **change})
    assert (tmp_path / "run" / "answers.jsonl").read_bytes() == before


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "letter.txt").write_text("dear")
    with pytest.raises(RunError, match="is not empty and contains no run"):
        tiny_run(tmp_path, "run")


def test_two_processes_do_not_work_on_one_run(tmp_path):
    with (
        runs.started(tmp_path / "run", {}, {}, "code"),
        pytest.raises(RunError, match="Another process is using"),
        runs.started(tmp_path / "run", {}, {}, "code"),
    ):
        pass


def test_a_run_that_several_versions_of_the_program_made_says_so(tmp_path, monkeypatch):
    tiny_run(tmp_path, "run", TinyGenerator())
    monkeypatch.setattr(run.collection, "code_hash", lambda: "another")
    found = tiny_run(tmp_path, "run", TinyGenerator())
    assert len(found.made["code"]) == 2
    assert "2 versions of the program" in run_table(found)


# --- the index of a set


class CountingEmbedder(HashEmbedder):
    texts = 0

    def embed_passages(self, texts, progress=None):
        self.texts += len(texts)
        return super().embed_passages(texts, progress)


def test_the_index_of_a_set_is_made_once_and_anew_when_a_document_changes(tmp_path):
    known, embedder = tiny_set(tmp_path / "set"), CountingEmbedder()
    embedded = []
    for _ in range(2):
        with opened_index(known, CONFIG, embedder, tmp_path / "indexes") as index:
            assert {info.name for info in index.documents()} == DOCUMENTS.keys()
        embedded.append(embedder.texts)
    assert embedded[0] == embedded[1] > 0
    (known.documents / "ferry.txt").write_text("The ferry sank.", "utf-8")
    with opened_index(known, CONFIG, embedder, tmp_path / "indexes") as index:
        assert index.text("ferry.txt") == "The ferry sank."


def test_a_set_with_a_document_that_cannot_be_read_is_not_measured(tmp_path):
    known = tiny_set(tmp_path / "set")
    (known.documents / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(RunError, match=r"Can't read .*broken.pdf of the set tiny"):
        tiny_run(tmp_path, "run")


# --- the journal


@given(st.lists(st.text(max_size=20), max_size=5), st.integers(0, 400))
def test_a_journal_that_was_torn_anywhere_holds_the_records_before(tmp_path_factory, texts, cut):
    file = tmp_path_factory.mktemp("journal") / "records.jsonl"
    with Journal(file) as journal:
        for number, text in enumerate(texts):
            journal.append({"id": str(number), "text": text})
    data = file.read_bytes()
    file.write_bytes(data[:cut])
    with Journal(file) as journal:
        kept = list(journal.records.values())
        assert [record["text"] for record in kept] == texts[: data[:cut].count(b"\n")]
        journal.append({"id": "next", "text": "more"})
    assert list(read_records(file)) == [record["id"] for record in kept] + ["next"]


def test_a_last_line_that_the_disk_never_got_is_cut_off(tmp_path):
    file = tmp_path / "records.jsonl"
    file.write_bytes(b'{"id": "1"}\n' + bytes(30) + b"\n")
    with Journal(file) as journal:
        assert journal.records == {"1": {"id": "1"}}
    assert file.read_bytes() == b'{"id": "1"}\n'


def test_a_damaged_line_in_the_middle_is_named(tmp_path):
    file = tmp_path / "records.jsonl"
    file.write_bytes(b'{"id": "1"}\n{"id": \n{"id": "3"}\n')
    with pytest.raises(RunError, match="line 2, is damaged"):
        Journal(file)


# --- the stand-ins


@pytest.fixture(params=["recording", "replay"])
def stand_in(request):
    """A stand-in for a generator, which must behave as the scripted one that is behind it."""
    behind = ScriptedGenerator({"Who": "Ann was there."}, {"Who": 0.75})
    if request.param == "recording":
        return RecordingGenerator(behind)
    scores = dict(zip(["yes", "no"], behind.score(Prompt("", (), "Who?"), ["yes", "no"]), strict=True))
    calls = [{"task": "answerable", "scores": scores}, {"task": "question", "draft": "Ann was there."}]
    return ReplayGenerator({"Who?": calls}, behind.name, behind.fingerprint)


def test_a_stand_in_behaves_as_the_generator(stand_in):
    behind = ScriptedGenerator({"Who": "Ann was there."}, {"Who": 0.75})
    prompt = Prompt("Answer.", (), "Who?")
    assert "".join(stand_in.stream(prompt, 20)) == "".join(behind.stream(prompt, 20))
    asked = replace(prompt, task="answerable")
    assert stand_in.score(asked, ["yes", "no"]) == behind.score(asked, ["yes", "no"])
    assert (stand_in.name, stand_in.fingerprint) == (behind.name, behind.fingerprint)
    assert isinstance(stand_in.measure(prompt), int)
    assert stand_in.context >= behind.context
    stand_in.close()


def test_what_was_recorded_is_repeated_for_its_own_task_alone():
    calls = [
        {"task": "plan", "query": "Who?", "draft": "count", "steps": 2},
        {"task": "question", "query": "Who?", "draft": "Ann."},
        {"task": "answerable", "query": "Who?", "scores": {"yes": -0.1, "no": -2.0}},
    ]
    replayed = ReplayGenerator({"Who?": calls})
    asked = {task: Prompt("", (), "Who?", task=task) for task in ("plan", "question", "answerable", "new")}
    drafts = {task: "".join(replayed.stream(prompt, 9)) for task, prompt in asked.items()}
    assert drafts == {"plan": "count", "question": "Ann.", "answerable": "", "new": ""}
    assert replayed.score(asked["answerable"], ["yes", "no"]) == [-0.1, -2.0]
    assert replayed.score(asked["new"], ["yes", "no"]) == [0.0, 0.0]


def test_what_was_written_before_a_failure_is_kept():
    generator = RecordingGenerator(TinyGenerator(replies={"Who": "Ann was BROKEN"}))
    prompt = Prompt("", (), "Who?")
    with pytest.raises(GenerationError, match="on purpose"):
        list(generator.stream(prompt, 20))
    assert generator.take() == (prompt, [{"task": "question", "query": "Who?", "draft": "Ann was "}])
    assert generator.take() == (None, [])


def test_a_question_that_was_not_recorded_cannot_be_replayed():
    with pytest.raises(GenerationError, match="There is no recorded draft for the question “Who else"):
        list(ReplayGenerator({}).stream(Prompt("", (), "Who else?"), 20))


# --- scores


@pytest.mark.parametrize(
    ("question", "text", "right"),
    [
        (Question("q", "?", True, facts=(("Ann",), ("Bo",))), "Ann and Bo.", True),
        (Question("q", "?", True, facts=(("Ann",), ("Bo",))), "Ann.", False),
        (Question("q", "?", True, facts=(("Ann",),), never=("Cy",)), "Ann, or Cy.", False),
        (Question("q", "?", True, answers=("the red fox",)), "It was the red fox.", True),
        (Question("q", "?", True, answers=("a red fox ran far away",)), "a red fox ran home", True),
        (Question("q", "?", True, answers=("a red fox ran far away",)), "a dog", False),
        (Question("q", "?", True), "anything", None),
        (Question("q", "?", False, never=("Cy",)), "Cy", None),
    ],
)
def test_what_a_right_answer_is(question, text, right):
    assert correct(question, text) is right


def test_a_mark_states_no_fact():
    asked = Question("q", "How many hens?", True, facts=(("3", "three"),))
    said = Answer("1", "How many hens?", "answered", 0.9, "Some hens [3].")
    assert answer_scores(asked, said, {})["answer.correct"] == 0
    assert answer_scores(asked, replace(said, answer="3 hens [1]."), {})["answer.correct"] == 1


def test_a_set_with_gold_alone_is_scored_by_what_is_cited(tmp_path):
    questions = [replace(question, answers=(), facts=()) for question in QUESTIONS]
    found = tiny_run(tmp_path, "run", TinyGenerator(), questions=questions)
    assert "answer.correct" not in found.metrics["metrics"]
    assert {id_: row["lost"] for id_, row in found.questions.items() if row["lost"]} == {
        "misread": "reading",
        "declined": "refusal",
        "unsure": "refusal",
        "broken": "failure",
    }


def test_undefined_scores_are_left_out_of_a_mean():
    rows = [
        {"cluster": str(at), "answerable": True, "scores": {"a.b": value}} for at, value in enumerate([1.0, None, 0.0])
    ]
    figure = mean(rows, "a.b")
    assert (figure["point"], figure["n"]) == (0.5, 2)
    assert mean(rows, "a.c") is None


def test_strata_keep_what_a_set_was_designed_to_hold():
    values = [1.0] * 10 + [0.0] * 10
    clusters = ["a"] * 5 + ["b"] * 5 + [f"alone-{at}" for at in range(10)]
    strata = [True] * 10 + [False] * 10
    assert (bootstrap(values, clusters, strata=strata).low, bootstrap(values, clusters, strata=strata).high) == (
        0.5,
        0.5,
    )
    assert bootstrap(values, clusters).low < 0.3
    ratio = bootstrap_ratio(values, [1.0] * 20, clusters, strata=strata)
    assert (ratio.low, ratio.point, ratio.high) == (0.5, 0.5, 0.5)
    mean_of = bootstrap(values, clusters, lambda rows: float(rows.mean()), resamples=200, strata=strata)
    assert (mean_of.low, mean_of.high) == (0.5, 0.5)
    with pytest.raises(ValueError, match="a stratum for each of 20"):
        bootstrap(values, clusters, strata=[True])


# --- the command


@pytest.fixture
def command_line(tmp_path, monkeypatch):
    """The command line in an empty folder, with the fakes instead of the models."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rag.embedders.open_embedder", lambda config: HashEmbedder())
    monkeypatch.setattr("rag.generators.open_generator", lambda config: TinyGenerator())
    tiny_set(tmp_path / "set")
    return lambda *arguments: main(["eval", *arguments])


def test_a_run_from_the_command_line(command_line, tmp_path, capsys):
    assert command_line("run", "--set", "set", "--limit", "5", "--seed", "1") == 0
    shown = capsys.readouterr()
    assert "tiny: 10 questions (7 answerable, 6 clusters); 5 asked" in shown.out
    assert "Run: build/eval/tiny-" in shown.err
    assert runs.load(tmp_path / "build" / "eval" / "latest").metrics["counts"]["asked"] == 5
    assert command_line("report") == 0
    assert (tmp_path / "build" / "eval" / "latest" / "report.html").exists()


def test_the_same_command_finds_its_run_again(command_line, tmp_path):
    for _ in range(2):
        assert command_line("run", "--set", "set", "--no-llm") == 0
    assert len([path for path in (tmp_path / "build" / "eval").glob("tiny-*") if path.is_dir()]) == 1
    assert command_line("run", "--set", "set", "--no-llm", "--split", "none") == 2


def test_a_missing_run_is_told_in_one_line(command_line, capsys):
    assert command_line("report", "nowhere") == 2
    assert "There is no run in nowhere. To make one, run: footnote eval run" in capsys.readouterr().err


def test_a_published_set_is_brought_into_our_form(command_line, tmp_path, capsys):
    paragraph = {"context": "Ann Lee built it.", "qas": [{"id": "1", "question": "Who built it?", "answers": [
        {"text": "Ann Lee", "answer_start": 0}]}]}  # fmt: skip
    (tmp_path / "squad.json").write_text(json.dumps({"data": [{"title": "Bridge", "paragraphs": [paragraph]}]}))
    assert command_line("convert", "squad.json", "out") == 0
    assert capsys.readouterr().out == "1 questions on 1 documents in out\n"
    assert command_line("run", "--set", "out", "--no-llm") == 0


def test_the_set_that_ships_is_the_usual_one():
    assert (commands.SEEDS / "questions.jsonl").exists()


def test_help_comes_without_loading_the_evaluation():
    code = "import sys; from rag.cli import parser; parser().format_help(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.split(".")[0] in ("eval", "numpy", "torch", "filelock")]


def test_passages_are_those_of_the_index_in_order(folder, whole):
    known = tiny_set(folder / "set")
    with opened_index(known, CONFIG, HashEmbedder(), folder / "indexes") as index:
        ids = [passage.id for passage in every_passage(index)]
        assert ids == sorted(ids)
        assert isinstance(every_passage(index)[0], Passage)
