"""The bench: a real one on a tiny set, ratios worked out by hand, turns, stages; no test says how fast anything is."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from command import footnote
from evaluation import CONFIG, TinyGenerator, tiny_set
from test_eval_report import Outline

from eval.bench import result
from eval.bench.cold import child
from eval.bench.evidence import evidence
from eval.bench.figures import RATIOS, by_name, curve, figures, ratio
from eval.bench.plan import QUICK
from eval.bench.report import page
from eval.bench.samples import Sample, in_turns, latin_square
from eval.bench.stages import Laps, Stopwatch, Timed
from eval.bench.suite import directly
from eval.bench.synthetic import Collection
from eval.bench.table import bench_table, in_unit, times
from eval.bench.users import users
from eval.journal import RunError
from eval.plots import Axis, Line, plot
from rag import prompts
from rag.assistant import Assistant
from rag.embedders.hashed import HashEmbedder
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest

ANSWERS = {
    "q1": {"again": (1.0, 4.0), "first": (8.0, 12.0), "recipe": (10.0, 12.0)},
    "q2": {"again": (2.0, 5.0), "first": (4.0, 7.0), "recipe": (12.0, 15.0)},
    "q3": {"again": (1.0, 2.0), "first": (9.0, 10.0), "recipe": (9.0, 20.0)},
    "q4": {"again": (None, 1.0), "first": (None, 9.0), "recipe": (9.0, 20.0)},
}
"""First word and whole answer, in seconds; for the last question ours wrote nothing, and declined it."""


def hand_made() -> list[Sample]:
    samples = []
    for id_, systems in ANSWERS.items():
        for system, (first, total) in systems.items():
            values = {"retrieval_s": 0.1, "undrafted_s": total}
            if first is not None:
                values = {"retrieval_s": 0.1, "reading_s": first - 0.1, "first_token_s": first}
                values |= {"writing_s": total - first, "total_s": total}
            samples.append(Sample("answers", system, id_, values))
    for id_, ours, bare in (("q1", 9.0, 10.0), ("q2", 16.0, 10.0), ("q3", 19.0, 20.0)):
        samples.append(Sample("answers", "again", id_ + "-rate", {"writing_rate": ours}))
        samples.append(Sample("answers", "bare", id_ + "-rate", {"writing_rate": bare}))
    return samples


def bench_of(samples, questions=("Who?", "When?")) -> result.Bench:
    """Return a bench of the hand-made samples, as it is written and read again."""
    made = {
        "set": "tiny",
        "passages": 3,
        "questions": {f"q{n}": text for n, text in enumerate(questions, start=1)},
        "embedder": "hash",
        "generator": "scripted",
        "machine": {"cores": 2, "threads": 2},
        "load": [0.5, 1.0],
    }
    return result.Bench(made, tuple(samples), json.loads(json.dumps(figures(samples))))


# --- ratios


def test_a_ratio_is_the_median_of_the_ratios_of_the_pairs():
    ratios = figures(hand_made())["ratios"]
    first = ratios["first_token"]  # 10/1, 12/2 and 9/1; the question without a draft has no first word
    assert (first["point"], first["n"]) == (9.0, 3)
    assert (first["ours"], first["theirs"]) == (1.0, 10.0)
    assert 6.0 <= first["low"] <= 9.0 <= first["high"] <= 10.0
    assert ratios["first_token.new"]["point"] == 1.25  # 10/8, 12/4, 9/9
    assert ratios["total"]["point"] == 3.0  # 3, 3 and 10
    assert ratios["writing"]["point"] == pytest.approx(0.95)  # ours over theirs: 0.9, 1.6, 0.95


def test_a_ratio_of_what_was_not_measured_is_not_there():
    assert "embedding" not in figures(hand_made())["ratios"]
    assert ratio(RATIOS[0], [Sample("answers", "again", "q", {"first_token_s": 1.0})]) is None
    assert figures([]) == {"spreads": [], "ratios": {}}


def test_ratios_are_the_same_each_time():
    assert figures(hand_made()) == figures(hand_made())


def test_sizes_are_compared_each_on_its_own():
    samples = []
    for at, ours, theirs in ((100, 1.0, 1.0), (10_000, 2.0, 8.0)):
        samples.append(Sample("sizes", "footnote", "0", {"dense_s": ours}, at))
        samples.append(Sample("sizes", "exact", "0", {"dense_s": theirs}, at))
    found = figures(samples)
    assert {name: of["point"] for name, of in found["ratios"].items()} == {"dense@100": 1.0, "dense@10000": 4.0}
    known, at = by_name("dense@10000")
    assert known.words(at) == "faster dense search than exact FAISS, passages: 10,000"
    assert [(of["at"], of["p50"]) for of in curve(found, "sizes", "exact", "dense_s")] == [(100, 1.0), (10_000, 8.0)]


# --- turns


def test_nobody_answers_a_question_right_after_itself():
    turns = list(in_turns(["1", "2", "3", "4"], ["first", "recipe"], "again"))
    ours = [question for system, question in turns if system != "recipe"]
    assert sorted(turns) == sorted((s, q) for s in ("first", "recipe", "again") for q in "1234")
    assert all(before != after for before, after in pairwise(ours))
    assert turns.index(("first", "2")) < turns.index(("again", "1"))


def test_every_size_is_measured_on_everything_once():
    pairs = list(latin_square("abc", [1, 2, 4, 8]))
    assert len(pairs) == len(set(pairs)) == 12


# --- stages


def test_a_watch_adds_up_the_time_of_a_part():
    laps = Laps()
    watched = Timed(HashEmbedder(), laps, {"embed_query": "embed_s"})
    assert watched.dimension == 64
    assert (watched.embed_query("one") == HashEmbedder().embed_query("one")).all()
    watched.embed_query("two")
    taken = laps.take()
    assert set(taken) == {"embed_s"}
    assert taken["embed_s"] > 0
    assert laps.take() == {}


@pytest.fixture
def watch(tmp_path):
    known = tiny_set(tmp_path / "set")
    embedder = HashEmbedder()
    with SqliteIndex.create(tmp_path / "index", embedder, CONFIG.passage_tokens) as index:
        ingest([known.documents], index, embedder, CONFIG)
        yield Stopwatch(Assistant(index, embedder, TinyGenerator(), prompts.load(CONFIG.prompt), CONFIG)), known


def test_stages_add_up_to_the_answer(watch):
    watch, known = watch
    watched = watch.ask(known.questions[0])
    values = watched.values
    assert watched.draft == "The engineer of the bridge was Ann Lee [1]."
    assert watched.pieces == 9
    assert watched.evidence[0].passage.document == "bridge.txt"
    searching = sum(values[name] for name in ("embed_s", "dense_s", "lexical_s", "fusion_s"))
    assert searching == pytest.approx(values["retrieval_s"])
    assert values["retrieval_s"] + values["reading_s"] == pytest.approx(values["first_token_s"])
    rest = values["writing_s"] + values["checking_s"]
    assert values["first_token_s"] + rest == pytest.approx(values["total_s"])
    assert min(values.values()) >= 0


def test_without_a_draft_there_is_no_first_word(watch):
    watch, known = watch
    values = watch.ask(next(q for q in known.questions if q.id == "mongolia")).values
    assert not {"first_token_s", "writing_s", "total_s"} & values.keys()
    assert 0 < values["retrieval_s"] < values["undrafted_s"]


# --- sizes


class OnlyFirst:
    """Stands in for the plain recipe, and notes what it is asked with."""

    def __init__(self):
        self.asked = []

    def ask(self, question, evidence, limit):
        self.asked.append((question.id, len(evidence), limit))
        return {"first_token_s": 1.0, "total_s": 1.0}, "word"


def test_the_first_word_is_measured_with_every_number_of_passages(watch):
    watch, known = watch
    recipe = OnlyFirst()
    samples = list(evidence(known.questions[:2], (1, 2, 3), watch, recipe, lambda *_: None))
    assert {(s.system, s.id, s.at) for s in samples} == {
        (system, question.id, count)
        for system in ("footnote", "recipe")
        for question in known.questions[:2]
        for count in (1, 2, 3)
    }
    assert sorted(recipe.asked) == sorted((q.id, count, 1) for q in known.questions[:2] for count in (1, 2, 3))
    assert all("first_token_s" in sample.values for sample in samples)
    assert watch.assistant.config == CONFIG


def test_many_users_are_answered_at_once_and_failures_counted(watch):
    watch, known = watch
    questions = [q for q in known.questions if q.id in ("right", "half", "broken")]
    with directly(watch.assistant) as ask:
        samples = list(users(questions, (1, 4), 3, ask, lambda *_: None))
    whole = {sample.at: sample.values for sample in samples if sample.id == "all"}
    assert {at: (of["answers"], of["failures"]) for at, of in whole.items()} == {1: (2, 1), 4: (8, 4)}
    assert all(of["fairness"] >= 1 for of in whole.values())
    single = [sample for sample in samples if sample.id != "all"]
    assert len({(sample.at, sample.id) for sample in single}) == 10
    assert all(0 < sample.values["first_token_s"] <= sample.values["total_s"] for sample in single)


def test_made_up_vectors_are_unit_clustered_and_the_same_each_time():
    made = Collection(2500, 32)
    vectors = np.concatenate(list(made.blocks()))
    assert vectors.shape == (2500, 32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors == np.concatenate(list(Collection(2500, 32).blocks()))).all()
    assert (vectors[0] != next(Collection(2500, 32, seed=1).blocks())[0]).any()
    near = np.sort(vectors[:500] @ vectors.T, axis=1)
    assert near[:, -2].mean() > 0.5 > 0.2 > np.abs(near.mean())  # a passage has neighbours, and most are far
    best = (made.queries(50) @ vectors[:1000].T).max(axis=1)
    assert 0.8 < best.mean() < 0.95


def test_made_up_texts_are_cut_where_their_passages_say():
    (document, passages, vectors), *_ = Collection(30, 8).documents(words=True)
    assert len(passages) == len(vectors) == 30
    assert all(document.text[p.start : p.end] == p.text for p in passages)
    assert all(len(question.split()) == 5 for question in Collection(30, 8).questions(40))


def test_a_size_is_built_and_measured_in_processes_of_their_own(tmp_path):
    order = {"folder": str(tmp_path / "index"), "count": 1200, "candidates": 20, "queries": 5}
    built = child("eval.bench.sizes", {**order, "step": "build"})
    measured = child("eval.bench.sizes", {**order, "step": "measure"})
    assert built["disk_mb"] > 1
    assert measured["index"]["recall"] == 1.0  # so few are searched exactly
    assert [set(row) for row in measured["queries"]["footnote"]] == [{"dense_s", "lexical_s"}] * 5
    with pytest.raises(RunError, match="Start the benchmark again"):
        child("eval.bench.sizes", {**order, "step": "no such step"})


# --- what is shown


def test_the_table_and_the_page_tell_the_ratios():
    bench = bench_of(hand_made())
    table = bench_table(bench)
    assert re.search(
        r"^faster to first word than the plain recipe +9\.0 × +6\.0 – 10\.0 +1\.00 s +10\.0 s +3$", table, re.M
    )
    text = " ".join(Outline(page(bench)).texts)
    assert "The first word comes after 1.00 s. With the plain recipe, after 10.0 s." in text
    assert "9.0" in text
    assert "Every stage" in text


def test_figures_have_units_that_people_read():
    assert [in_unit("total_s", value) for value in (0.0004, 0.0123, 0.99, 12.345, 123.4)] == [
        "0.40 ms",
        "12.3 ms",
        "990 ms",
        "12.3 s",
        "123 s",
    ]
    assert (in_unit("peak_mb", 2345.6), in_unit("failures", 0.0), times(0.956)) == ("2,346 MB", "0", "0.96 ×")


def test_a_plot_goes_through_its_points():
    across, up = Axis("passages", [100, 1000, 10_000], log=True), Axis("seconds", [0, 1, 2])
    svg = plot([Line("ours", [(100, 0), (1000, 1), (10_000, 2)], "first")], across, up, "Cost", "about")
    xs, ys = ([float(value) for value in re.findall(f' {name}="([^"]+)"', svg)] for name in ("cx", "cy"))
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1])
    assert ys[0] - ys[1] == pytest.approx(ys[1] - ys[2])
    assert "ours: 1,000 passages, 1 seconds" in svg
    assert Outline(svg).counts["svg"] == 1


def test_a_busy_machine_is_told_of():
    bench = bench_of(hand_made())
    assert "The machine was busy" not in page(bench)
    assert "up to 7.0 processes for 2 cores" in page(replace(bench, made={**bench.made, "load": [1.0, 7.0]}))


def test_questions_and_names_are_escaped():
    evil = '"><img src=x onerror=alert(1)></style></title><!--'
    bench = bench_of(hand_made(), questions=(evil, evil, evil))
    made = {**bench.made, "set": evil, "generator": evil, "embedder": evil}
    outline = Outline(page(replace(bench, made=made)))
    assert "img" not in outline.counts
    assert evil in " ".join(outline.texts)


def test_a_bench_that_is_not_there_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(RunError, match="Run 'footnote bench' again"):
        result.load(tmp_path)
    (tmp_path / "bench.json").write_text('{"format": 0}')
    with pytest.raises(RunError, match="another version"):
        result.load(tmp_path)


def test_one_question_is_too_few(tmp_path):
    tiny_set(tmp_path / "set")
    done = footnote("bench", "--set", tmp_path / "set", "--limit", 1, "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "at least two answerable questions" in done.stderr


# --- for real


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Path:
    """A bench of two questions with the smallest model, made by the command."""
    folder = tmp_path_factory.mktemp("bench")
    tiny_set(folder / "set")
    (folder / "small.toml").write_text(
        'generator = "smollm2-135m-instruct"\nanswer_tokens = 16\ncontext = 2048\n'
        "min_confidence = 0.0\nmin_unsure = 0.0\n"
    )
    options = ("--quick", "--limit", 2, "--set", folder / "set", "--config", folder / "small.toml")
    done = footnote("bench", *options, "--out", folder / "out", cwd=folder, timeout=1800)
    assert done.returncode == 0, done.stderr
    assert "faster to first word than the plain recipe" in done.stdout
    return folder / "out"


@pytest.mark.slow
@pytest.mark.llm
def test_a_real_bench_measures_every_part(real):
    bench = result.load(real)
    answered = {(s.system, s.id) for s in bench.samples if s.part == "answers"}
    assert answered == {(s, q) for s in ("first", "again", "recipe", "bare") for q in bench.made["questions"]}
    for sample in bench.samples:
        assert all(value >= 0 for value in sample.values.values()), sample
    ours = [s.values for s in bench.samples if (s.part, s.system) == ("answers", "again")]
    assert all({"embed_s", "dense_s", "lexical_s", "first_token_s", "tokens"} <= values.keys() for values in ours)
    cold = {s.system: s.values for s in bench.samples if s.part == "cold"}
    assert set(cold) == {"help", "search", "footnote", "recipe"}
    assert all(cold[name]["peak_mb"] > 100 for name in ("search", "footnote", "recipe"))
    assert all(cold[name]["ready_s"] < cold[name]["total_s"] for name in ("search", "footnote", "recipe"))
    assert len([s for s in bench.samples if (s.part, s.system) == ("embedding", "library")]) == 2
    read = {(s.system, s.at) for s in bench.samples if s.part == "evidence"}
    assert read == {(system, count) for system in ("footnote", "recipe") for count in QUICK.evidence}
    served = {s.at: s.values for s in bench.samples if (s.part, s.id) == ("users", "all")}
    assert {at: (of["answers"], of["failures"]) for at, of in served.items()} == {n: (n, 0) for n in QUICK.users}
    assert {s.at for s in bench.samples if s.part == "sizes"} == set(QUICK.sizes)
    assert {name.partition("@")[0] for name in bench.figures["ratios"]} == {known.name for known in RATIOS}
    assert bench.figures == json.loads(json.dumps(figures(bench.samples)))


@pytest.mark.slow
@pytest.mark.llm
@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_of_a_real_bench_needs_nothing_but_itself(browser, real, width):
    file = real / "bench.html"
    html = file.read_text("utf-8")
    outline = Outline(html)
    assert not {"script", "link", "iframe", "img"} & outline.counts.keys()
    assert not re.search(r"https?:|//\w|@import|url\(", html)
    seen: list[str] = []
    with browser.new_page(viewport={"width": width, "height": 900}) as shown:
        shown.on("request", lambda request: seen.append(request.url))
        shown.on("console", lambda message: seen.append(message.text))
        shown.on("pageerror", lambda error: seen.append(str(error)))
        shown.goto(file.as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") == width
        assert shown.locator("h1").is_visible()
    assert seen == [file.as_uri()]
