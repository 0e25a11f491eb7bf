"""The gate: passes on what was accepted, and fails, naming the questions, on what is broken on purpose."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from evaluation import CONFIG, DOCUMENTS, QUESTIONS, WHOLE, TinyGenerator, tiny_run, tiny_set

from eval import baseline as baselines
from eval import commands, runs, sets
from eval.baseline import evidence_of
from eval.catalogue import metric
from eval.collection import opened_index
from eval.compare import Difference, compare, difference, flips, same_answers
from eval.differences import comparison_table
from eval.gate import Limits, Line, check, fast_tier, limits
from eval.journal import RunError
from eval.questions import Question
from eval.run import Selection
from eval.run import run as measure
from eval.statistics import Interval
from rag import abstention, citations
from rag.cli import main
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.generators.scripted import ScriptedGenerator
from rag.retrieval import hybrid
from rag.verification import spans as verification

pytestmark = pytest.mark.usefixtures("few_resamples")

SETTINGS = Limits(
    watched=("decision.right", "answer.correct", "retrieval.found", "retrieval.hit@1", "retrieval.ndcg@10")
)


@pytest.fixture
def accepted(tmp_path):
    """A folder with an accepted run of the tiny set; gives the fast tier on it as it is now."""
    baselines.accept(tiny_run(tmp_path, "run", TinyGenerator(replies=WHOLE)), tmp_path / "baseline")
    known = sets.load(tmp_path / "set")

    def now() -> runs.Run:
        return fast_tier(known, CONFIG, HashEmbedder(), tmp_path / "baseline", tmp_path / "indexes")

    return now


def verdict(run, tmp_path, limit=SETTINGS):
    return check(run, baselines.load(tmp_path / "baseline", "tiny"), limit)


# --- the fast tier


def test_recorded_drafts_give_the_scores_of_the_run(accepted, tmp_path):
    before, now = runs.load(tmp_path / "run"), accepted()
    assert {id_: row["scores"] for id_, row in now.questions.items()} == {
        id_: row["scores"] for id_, row in before.questions.items()
    }
    assert now.metrics["metrics"] == before.metrics["metrics"]


def test_the_gate_is_passed_by_what_was_accepted(accepted, tmp_path):
    found = verdict(accepted(), tmp_path)
    assert found.passes
    assert (found.never, found.flips) == ([], [])
    assert found.table().endswith("The gate passes.")


def test_recorded_drafts_hold_no_text_of_a_document(accepted, tmp_path):
    records = baselines.drafts(tmp_path / "baseline", "tiny")
    assert records.keys() == {question.id for question in QUESTIONS}
    assert all("text" not in item for record in records.values() for item in record["evidence"])
    with opened_index(sets.load(tmp_path / "set"), CONFIG, HashEmbedder(), tmp_path / "indexes") as index:
        for record in records.values():
            for item in evidence_of(record, index):
                passage = item.passage
                assert passage.text == DOCUMENTS[passage.document][passage.start : passage.end]


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """The set on the seeds, accepted with a model that quotes the gold; gives the gate's verdict as things are now."""
    folder = tmp_path_factory.mktemp("seeds")
    known, embedder, config = sets.load(commands.SEEDS), HashEmbedder(256), Config()
    texts = {file.name: file.read_text("utf-8") for file in known.documents.glob("*.txt")}
    replies = {question.question: _quoted(question, texts) for question in known.questions}
    run = measure(known, Selection(), config, embedder, ScriptedGenerator(replies), folder / "run", folder / "indexes")
    baselines.accept(run, folder / "baseline")

    def now():
        found = fast_tier(known, config, embedder, folder / "baseline", folder / "indexes")
        return check(found, baselines.load(folder / "baseline", "seeds"), limits(commands.DATA / "gate.toml", "seeds"))

    return now


def _quoted(question: Question, texts) -> str:
    spans = (" ".join(texts[span.document][span.start : span.end].split()) for span in question.gold)
    return " ".join(f"{span} [1]." for span in spans) or "NO ANSWER"


def worse(found) -> set[str]:
    return {line.name for line in found.lines if "worse than the baseline" in line.faults}


@pytest.mark.slow
def test_the_seeds_pass_as_they_were_accepted(seeds):
    found = seeds()
    assert (worse(found), found.never, found.flips) == (set(), [], [])
    assert {line.name for line in found.lines} >= {"retrieval.hit@3", "answer.correct", "citation.document"}


@pytest.mark.slow
def test_a_broken_fusion_is_stopped_and_the_flipped_questions_are_named(seeds, monkeypatch):
    fused = hybrid.fuse
    monkeypatch.setattr(hybrid, "fuse", lambda *given: {id_: -score for id_, score in fused(*given).items()})
    found = seeds()
    assert not found.passes
    assert {"retrieval.found", "retrieval.hit@1", "retrieval.hit@3", "retrieval.ndcg@10"} <= worse(found)
    assert not {"answer.correct", "decision.right"} & worse(found)
    lost = {flip.id for flip in found.flips if flip.metric == "retrieval.hit@3" and flip.after < flip.before}
    line = next(line for line in found.lines if line.name == "retrieval.hit@3")
    assert len(lost) == line.difference.lost > 20
    table = found.table()
    assert all(f"lost  retrieval.hit@3  {id_}: " in table for id_ in lost)
    assert table.endswith("THE GATE FAILS.")


@pytest.mark.slow
def test_one_half_of_the_search_that_is_gone_shows(seeds, monkeypatch):
    monkeypatch.setattr("rag.indexes.sqlite.index.SqliteIndex.search_lexical", lambda *_: [])
    found = seeds()
    assert not found.passes
    assert "retrieval.hit@3" in worse(found)


@pytest.mark.slow
def test_broken_verification_is_stopped_by_the_recorded_drafts(seeds, monkeypatch):
    monkeypatch.setattr(verification, "support", lambda claims, evidence, question: [None] * len(claims))
    found = seeds()
    # The quotes of an unsure answer do not rest on it: they still cite the right documents.
    assert {"answer.correct", "decision.right"} <= worse(found)
    assert not {"retrieval.hit@3", "retrieval.found"} & worse(found)


@pytest.mark.slow
def test_a_citation_that_does_not_hold_is_never_tolerated(seeds, monkeypatch):
    cite = citations.cite

    def spoilt(claims, supports):
        text, shown, cited = cite(claims, supports)
        return text, shown, [replace(citation, quote=citation.quote + "!") for citation in cited]

    monkeypatch.setattr(citations, "cite", spoilt)
    found = seeds()
    assert not found.passes
    assert any("a mark without a valid citation" in text for text in found.never)
    assert any("a quote that is not in its document" in text for text in found.never)
    assert all(f"NEVER: {text}" in found.table() for text in found.never)


def test_a_failure_is_never_tolerated(accepted, tmp_path, monkeypatch):
    def crash(*_):
        raise RuntimeError("crashed")

    monkeypatch.setattr(abstention, "confidence", crash)
    found = verdict(accepted(), tmp_path)
    assert "right failed: RuntimeError: crashed" in found.never
    assert not found.passes


def test_passages_that_are_cut_otherwise_do_not_take_the_drafts_evidence_away(accepted, tmp_path):
    known = sets.load(tmp_path / "set")
    config = replace(CONFIG, passage_tokens=16)
    found = fast_tier(known, config, HashEmbedder(), tmp_path / "baseline", tmp_path / "indexes")
    before = runs.load(tmp_path / "run")
    for id_, row in found.questions.items():
        assert row["scores"].get("answer.correct") == before.questions[id_]["scores"].get("answer.correct")


def test_evidence_of_a_document_that_is_gone_is_told(accepted, tmp_path):
    (tmp_path / "set" / "documents" / "ferry.txt").unlink()
    with pytest.raises(RunError, match=r"A recorded draft is based on ferry.txt, which was deleted"):
        accepted()


# --- floors and margins


def _line(
    name: str, low: float, high: float, floor: float | None = None, now: float = 0.5, margin: float = 0.02
) -> Line:
    known = metric(name)
    gained = Interval(low, high, (low + high) / 2, 9)
    return Line(name, now, floor, Difference(known, 9, 0.5, 0.5, gained, 0, 0, 1.0), margin)


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        (_line("answer.correct", -0.30, -0.03), ["worse than the baseline"]),
        (_line("answer.correct", -0.30, -0.01), []),
        (_line("answer.correct", -0.02, -0.02), []),
        (_line("answer.correct", 0.03, 0.30), []),
        (_line("answer.correct", 0, 0, floor=0.6), ["below its floor"]),
        (_line("answer.correct", 0, 0, floor=0.5), []),
        (_line("answer.forbidden", 0.03, 0.30), ["worse than the baseline"]),
        (_line("answer.forbidden", -0.30, -0.03), []),
        (_line("answer.forbidden", 0.01, 0.30), []),
        (_line("answer.forbidden", 0, 0, floor=0.4), ["above its limit"]),
        (_line("answer.forbidden", 0, 0, floor=0.6), []),
        (_line("answer.correct", -0.30, -0.03, margin=0.05), []),
    ],
)
def test_what_passes(line, faults):
    assert line.faults == faults


def test_a_floor_holds_without_a_baseline(tmp_path):
    run = tiny_run(tmp_path, "run", TinyGenerator(replies=WHOLE))
    assert check(run, None, Limits(floors={"answer.correct": 0.3})).passes
    found = check(run, None, Limits(floors={"answer.correct": 0.9, "gold.correct": 0.5}))
    assert [line.faults for line in found.lines] == [["below its floor"]]
    assert found.notes == ["Not measured in this run: gold.correct."]


def test_floors_of_groups_are_held(tmp_path):
    questions = [replace(question, genre="leaflet" if "museum" in question.question else "") for question in QUESTIONS]
    run = tiny_run(tmp_path, "run", TinyGenerator(replies=WHOLE), questions=questions)
    file = tmp_path / "gate.toml"
    file.write_text(
        'margin = 0.02\nwatched = []\n[floors.tiny]\n"answer.correct" = 0.1\n'
        '[floors.tiny.genre.leaflet]\n"outcome.right" = 0.9\n"outcome.wrong" = 0.5\n'
        '[floors.tiny.path.read]\n"outcome.right" = 0.1\n[floors.tiny.kind.off-topic]\n"outcome.right" = 0.1\n'
        '[floors.tiny.language.fr]\n"outcome.right" = 0.1\n'
    )
    limit = limits(file, "tiny")
    assert limit.floors == {"answer.correct": 0.1}
    assert limit.groups["genre", "leaflet"] == {"outcome.right": 0.9, "outcome.wrong": 0.5}
    found = check(run, None, limit)
    assert {(line.group, line.name): line.faults for line in found.lines} == {
        ("", "answer.correct"): [],
        ("genre leaflet", "outcome.right"): ["below its floor"],  # one of two: the day on which it is closed is refused
        ("genre leaflet", "outcome.wrong"): [],
        ("path read", "outcome.right"): [],
    }
    assert found.notes == [
        "Not measured in this run for the kind off-topic: outcome.right.",
        "This run has no question of the language fr.",
    ]
    assert not found.passes
    assert re.search(
        r"^genre leaflet: outcome.right +90.0 % +– +50.0 %.* below its floor$", found.table(), re.MULTILINE
    )
    assert check(run, None, replace(limit, groups={("path", "read"): {"outcome.right": 0.1}})).passes


def test_the_limits_that_ship_are_understood():
    found = limits(commands.DATA / "gate.toml", "seeds")
    assert found.margin == 0.02
    assert {"retrieval.hit@3", "answer.correct"} <= {*found.watched} & found.floors.keys()
    assert limits(commands.DATA / "gate.toml", "another").floors == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('margin = 0.1\nwatched = ["answer.wrong"]', "which is not a metric"),
        (
            'margin = 0.1\nwatched = []\n[floors.tiny.genere.a]\n"outcome.right" = 1',
            "but questions are grouped by kind",
        ),
        ('margin = 0.1\nwatched = []\n[floors.tiny.genre.a]\n"outcome.rihgt" = 1', "not a metric of single questions"),
        (
            'margin = 0.1\nwatched = []\n[floors.tiny.genre.a]\n"abstention.macro_f1" = 1',
            "floors for the genre a of tiny, but 'abstention.macro_f1' is not a metric of single",
        ),
        ("margin = 0.1\nwatched = []\n[floors.tiny.genre]\na = 1", "can't be read"),
        ("margin = 0.1", "can't be read"),
        ("margin =", "can't be read"),
        ('margin = "wide"\nwatched = []', "can't be read"),
    ],
)
def test_limits_that_are_not_understood_are_refused(tmp_path, text, message):
    (tmp_path / "gate.toml").write_text(text)
    with pytest.raises(RunError, match=message):
        limits(tmp_path / "gate.toml", "tiny")


# --- the baseline


def test_the_baseline_moves_by_accept_alone(accepted, tmp_path):
    files = sorted((tmp_path / "baseline").rglob("*.json*"))
    before = [file.read_bytes() for file in files]
    verdict(accepted(), tmp_path)
    assert [file.read_bytes() for file in files] == before
    other = tiny_run(tmp_path, "other", TinyGenerator(replies={**WHOLE, "last captain": "NO ANSWER"}))
    assert [file.read_bytes() for file in files] == before
    baselines.accept(other, tmp_path / "baseline")
    assert [file.read_bytes() for file in files] != before


def test_the_baseline_says_what_it_was_made_of(accepted, tmp_path):
    file = tmp_path / "baseline" / "tiny" / "baseline.json"
    table = json.loads(file.read_text("utf-8"))
    assert table["format"] == 1
    assert table["made"]["identity"]["generator"] == {"name": "scripted", "sha256": "0" * 64}
    assert {"documents", "questions", "embedder", "prompt", "settings"} <= table["made"]["identity"].keys()
    assert table["metrics"]["metrics"]["answer.correct"]["n"] == 7
    rows = [line for line in file.read_text("utf-8").splitlines() if line.startswith('{"id"')]
    assert len(rows) == len(table["questions"]) == 10


def test_a_run_with_failures_is_not_accepted(tmp_path):
    run = tiny_run(tmp_path, "run", TinyGenerator())
    with pytest.raises(RunError, match=r"1 questions of .* failed \(broken\)"):
        baselines.accept(run, tmp_path / "baseline")
    assert not (tmp_path / "baseline").exists()


def test_a_run_of_several_programs_is_not_accepted(tmp_path):
    run = tiny_run(tmp_path, "run")
    mixed = replace(run, made={**run.made, "code": ["one", "two"]})
    with pytest.raises(RunError, match="Several versions of the program"):
        baselines.accept(mixed, tmp_path / "baseline")


def test_a_baseline_without_answers_guards_retrieval(tmp_path, monkeypatch):
    baselines.accept(tiny_run(tmp_path, "run"), tmp_path / "baseline")
    assert baselines.drafts(tmp_path / "baseline", "tiny") == {}
    known = sets.load(tmp_path / "set")
    now = fast_tier(known, CONFIG, HashEmbedder(), tmp_path / "baseline", tmp_path / "indexes")
    assert verdict(now, tmp_path).passes
    assert {line.name for line in verdict(now, tmp_path).lines} == {name for name in SETTINGS.watched if "retr" in name}


@pytest.mark.parametrize("text", ["{", '{"format": 1}', "[]"])
def test_a_damaged_baseline_is_told(tmp_path, text):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "baseline.json").write_text(text)
    with pytest.raises(RunError, match=r"baseline.json is damaged"):
        baselines.load(tmp_path, "tiny")


# --- two runs beside each other


def test_flipped_questions_and_their_chance(tmp_path):
    before = tiny_run(tmp_path, "before", TinyGenerator(replies=WHOLE))
    changed = {**WHOLE, "arches": "The bridge has seven arches [1].", "come from": "NO ANSWER"}
    after = tiny_run(tmp_path, "after", TinyGenerator(replies=changed))
    by_name = {item.metric.name: item for item in compare(before.questions, after.questions)}
    right = by_name["answer.correct"]
    assert (right.lost, right.won, right.count, right.p, right.gained.point) == (1, 1, 7, 1.0, 0.0)
    assert by_name["retrieval.found"].p == 1.0
    assert [(flip.metric, flip.id) for flip in flips(before.questions, after.questions, ["answer.correct"])] == [
        ("answer.correct", "elsewhere"),
        ("answer.correct", "declined"),
    ]
    table = comparison_table(before, after)
    lost, won = (table.index(f"{way}  answer.correct: right") for way in ("LOST", "WON"))
    assert lost < table.index("  elsewhere (fact): Where did the engineer of the bridge come from?") < won
    assert "      expected: Dover\n      A: Ann Lee came from Dover. [1]\n      B: The documents do not" in table
    assert won < table.index("  declined (fact): How many arches has the bridge?")
    assert "   same settings and models" in table
    assert "The answers differ." in table


def test_a_run_beside_itself_differs_in_nothing(tmp_path):
    run = tiny_run(tmp_path, "run", TinyGenerator())
    assert all(
        (item.gained.low, item.gained.high, item.p_family) == (0, 0, 1) for item in compare(*[run.questions] * 2)
    )
    assert same_answers(run.metrics, run.metrics) is True
    assert "The answers are the same, byte for byte." in comparison_table(run, run)


def test_runs_of_other_settings_are_compared_and_what_differs_is_told(tmp_path):
    before = tiny_run(tmp_path, "before", TinyGenerator(replies=WHOLE))
    after = tiny_run(tmp_path, "after", TinyGenerator(replies=WHOLE), config=replace(CONFIG, evidence=1))
    table = comparison_table(before, after)
    assert "   settings.evidence: 3 → 1" in table
    assert "settings.context" not in table
    assert re.search(r"Paired on \d+ to 10 questions that have the metric in both", table)


def test_runs_of_different_questions_are_not_compared():
    asked = _rows([1.0])
    with pytest.raises(RunError, match="different questions under the ids 0"):
        compare(asked, {"0": {**asked["0"], "question": "Another?"}})
    with pytest.raises(RunError, match="no question in common"):
        compare(asked, {"1": asked["0"]})


def _rows(values, name="answer.correct"):
    return {
        str(at): {"cluster": str(at), "answerable": True, "question": "?", "scores": {name: value}}
        for at, value in enumerate(values)
    }


def test_many_questions_that_flip_one_way_are_more_than_chance():
    before, after = _rows([0.0] * 20 + [1.0] * 5), _rows([1.0] * 18 + [0.0] * 2 + [1.0] * 5)
    (item,) = compare(before, after)
    assert (item.lost, item.won, item.verdict) == (0, 18, "better")
    assert item.p == pytest.approx(2 / 2**18)
    (item,) = compare(after, before)
    assert item.verdict == "worse"


def test_holm_corrects_over_the_family():
    def rows(values):
        scores = {"answer.correct": values, "citation.document": [0.0] * 9, "decision.right": [1.0] * 9}
        return {
            str(at): {
                "cluster": "",
                "answerable": True,
                "question": "?",
                "scores": {n: row[at] for n, row in scores.items()},
            }
            for at in range(9)
        }

    found = {item.metric.name: item for item in compare(rows([0.0] * 9), rows([1.0] * 6 + [0.0] * 3))}
    assert found["answer.correct"].p == pytest.approx(2 / 64)
    assert found["answer.correct"].p_family == pytest.approx(6 / 64)
    assert found["answer.correct"].verdict == ""


def test_questions_in_one_run_only_are_left_out():
    known = metric("answer.correct")
    assert difference(known, _rows([1.0, 0.0]), _rows([1.0, 1.0, 1.0])).count == 2
    assert difference(known, _rows([None, 1.0]), _rows([1.0])) is None


# --- the command


@pytest.fixture
def command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rag.embedders.open_embedder", lambda config: HashEmbedder())
    monkeypatch.setattr("rag.generators.open_generator", lambda config: TinyGenerator(replies=WHOLE))
    tiny_set(tmp_path / "set")

    def run(action, *arguments):
        extra = ("--baseline", "baseline") if action in ("gate", "accept") else ()
        return main(["eval", action, *arguments, *extra])

    return run


def test_the_gate_from_the_command_line(command_line, monkeypatch, capsys):
    assert command_line("gate", "--set", "set") == 2
    assert "There is no baseline for the set tiny" in capsys.readouterr().err
    assert command_line("run", "--set", "set", "--out", "a") == 0
    assert command_line("accept", "a") == 0
    assert "Baseline: baseline/tiny/baseline.json" in capsys.readouterr().out
    assert command_line("gate", "--set", "set") == 0
    assert command_line("gate", "a") == 0
    assert command_line("compare", "a", "a") == 0
    fused = hybrid.fuse
    monkeypatch.setattr(hybrid, "fuse", lambda *given: {id_: -score for id_, score in fused(*given).items()})
    assert command_line("run", "--set", "set", "--out", "b") == 0
    capsys.readouterr()
    assert command_line("compare", "a", "b") == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("retrieval.ndcg@10"))
    assert float(line.split()[3]) < -10


def test_gate_exits_with_one_where_it_is_not_passed(command_line, monkeypatch, capsys):
    command_line("run", "--set", "set", "--out", "a")
    command_line("accept", "a")
    monkeypatch.setattr(abstention, "confidence", lambda *_: 1 / 0)
    assert command_line("gate", "--set", "set") == 1
    assert "NEVER: right failed: ZeroDivisionError" in capsys.readouterr().out


# --- what is committed


@pytest.mark.parametrize("name", ["seeds", "languages"])
def test_this_commit_passes_the_fast_tier(config, embedder, tmp_path, name):
    known = sets.load(commands.DATA / name)
    now = fast_tier(known, config, embedder, commands.BASELINES, tmp_path / "indexes")
    found = check(now, baselines.load(commands.BASELINES, name), limits(commands.DATA / "gate.toml", name))
    assert found.passes and any(line.floor for line in found.lines), found.table()


def test_nothing_but_baselines_lies_in_their_folder():
    names = {path.name for path in Path(commands.BASELINES).rglob("*") if path.is_file()}
    assert names <= {"baseline.json", "drafts.jsonl", "README.md"}
