"""The bench: a real one on a tiny set, ratios worked out by hand, turns, stages; no test says how fast anything is."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from command import footnote
from evaluation import CONFIG, TinyGenerator, tiny_set
from test_eval_report import Outline

from eval.bench import suite
from eval.bench.figures import RATIOS, figures, ratio
from eval.bench.report import page
from eval.bench.samples import Sample, in_turns, latin_square
from eval.bench.stages import Laps, Timed, Watch
from eval.bench.table import bench_table
from rag import prompts
from rag.assistant import Assistant
from rag.embedding import HashEmbedder
from rag.index import Index
from rag.ingest import ingest

ANSWERS = {
    "q1": {"again": (1.0, 4.0), "first": (8.0, 12.0), "recipe": (10.0, 12.0)},
    "q2": {"again": (2.0, 5.0), "first": (4.0, 7.0), "recipe": (12.0, 15.0)},
    "q3": {"again": (1.0, 2.0), "first": (9.0, 10.0), "recipe": (9.0, 20.0)},
    "q4": {"again": (None, 1.0), "first": (None, 9.0), "recipe": (9.0, 20.0)},
}
"""First word and whole answer, in seconds; for the last question ours wrote nothing."""


def hand_made() -> list[Sample]:
    samples = []
    for id_, systems in ANSWERS.items():
        for system, (first, total) in systems.items():
            values = {"retrieval_s": 0.1, "total_s": total, "reading_s": (first or total) - 0.1}
            if first is not None:
                values |= {"first_token_s": first, "writing_s": total - first}
            samples.append(Sample("answers", system, id_, values))
    for id_, ours, bare in (("q1", 9.0, 10.0), ("q2", 16.0, 10.0), ("q3", 19.0, 20.0)):
        samples.append(Sample("answers", "again", id_ + "-rate", {"writing_rate": ours}))
        samples.append(Sample("answers", "bare", id_ + "-rate", {"writing_rate": bare}))
    return samples


def bench_of(samples, questions=("Who?", "When?")) -> suite.Bench:
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
    return suite.Bench(made, tuple(samples), json.loads(json.dumps(figures(samples))))


# --- ratios


def test_a_ratio_is_the_median_of_the_ratios_of_the_pairs():
    ratios = figures(hand_made())["ratios"]
    first = ratios["first_token"]  # 10/1, 12/2 and 9/1; the question without a draft has no first word
    assert (first["point"], first["n"]) == (9.0, 3)
    assert (first["ours"], first["theirs"]) == (1.0, 10.0)
    assert 6.0 <= first["low"] <= 9.0 <= first["high"] <= 10.0
    assert ratios["first_token.new"]["point"] == 1.25  # 10/8, 12/4, 9/9
    assert ratios["total"]["point"] == (3.0 + 10.0) / 2  # 3, 3, 10, 20: the answer without a draft counts too
    assert ratios["writing"]["point"] == pytest.approx(0.95)  # ours over theirs: 0.9, 1.6, 0.95


def test_a_ratio_of_what_was_not_measured_is_not_there():
    assert "embedding" not in figures(hand_made())["ratios"]
    assert ratio(RATIOS[0], [Sample("answers", "again", "q", {"first_token_s": 1.0})]) is None
    assert figures([]) == {"spreads": [], "ratios": {}}


def test_ratios_are_the_same_each_time():
    assert figures(hand_made()) == figures(hand_made())


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
    with Index.create(tmp_path / "index", embedder, CONFIG.passage_tokens) as index:
        ingest([known.documents], index, embedder, CONFIG)
        yield Watch(Assistant(index, embedder, TinyGenerator(), prompts.load(CONFIG.prompt), CONFIG)), known


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
    assert not {"first_token_s", "writing_s", "checking_s"} & values.keys()
    assert values["retrieval_s"] + values["reading_s"] == pytest.approx(values["total_s"])


# --- what is shown


def test_the_table_and_the_page_tell_the_ratios():
    bench = bench_of(hand_made())
    table = bench_table(bench)
    assert re.search(
        r"^first word sooner than the plain recipe +9\.0 × +6\.0 – 10\.0 +1\.00 s +10\.0 s +3$", table, re.M
    )
    text = " ".join(Outline(page(bench)).texts)
    assert "The first word comes after 1.00 s. With the plain recipe, after 10.0 s." in text
    assert "9.0" in text
    assert "Every stage" in text


def test_a_busy_machine_is_told_of():
    bench = bench_of(hand_made())
    assert "other work to do" not in page(bench)
    assert "up to 7.0 processes for 2 cores" in page(replace(bench, made={**bench.made, "load": [1.0, 7.0]}))


def test_questions_and_names_are_escaped():
    evil = '"><img src=x onerror=alert(1)></style></title><!--'
    bench = bench_of(hand_made(), questions=(evil, evil, evil))
    made = {**bench.made, "set": evil, "generator": evil, "embedder": evil}
    outline = Outline(page(replace(bench, made=made)))
    assert "img" not in outline.counts
    assert evil in " ".join(outline.texts)


def test_a_bench_that_is_not_there_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(suite.RunError, match="Run 'footnote bench' again"):
        suite.load(tmp_path)
    (tmp_path / "bench.json").write_text('{"format": 0}')
    with pytest.raises(suite.RunError, match="another version"):
        suite.load(tmp_path)


def test_one_question_is_too_few(tmp_path):
    tiny_set(tmp_path / "set")
    done = footnote("bench", "--set", tmp_path / "set", "--limit", 1, "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "at least two questions" in done.stderr


# --- for real


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Path:
    """A bench of two questions with the smallest model, made by the command."""
    folder = tmp_path_factory.mktemp("bench")
    tiny_set(folder / "set")
    (folder / "small.toml").write_text(
        'generator = "smollm2-135m-instruct"\nanswer_tokens = 16\nmin_confidence = 0.0\ncontext = 2048\n'
    )
    options = ("--quick", "--limit", 2, "--set", folder / "set", "--config", folder / "small.toml")
    done = footnote("bench", *options, "--out", folder / "out", cwd=folder, timeout=1800)
    assert done.returncode == 0, done.stderr
    assert "first word sooner than the plain recipe" in done.stdout
    return folder / "out"


@pytest.mark.llm
def test_a_real_bench_measures_every_part(real):
    bench = suite.load(real)
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
    wanted = {known.name for known in RATIOS}
    assert bench.figures["ratios"].keys() == wanted
    assert bench.figures == json.loads(json.dumps(figures(bench.samples)))


@pytest.mark.llm
@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_of_a_real_bench_needs_nothing_but_itself(real, width):
    from browser import chromium

    file = real / "bench.html"
    html = file.read_text("utf-8")
    outline = Outline(html)
    assert not {"script", "link", "iframe", "img"} & outline.counts.keys()
    assert not re.search(r"https?:|//\w|@import|url\(", html)
    seen: list[str] = []
    with chromium() as browser:
        shown = browser.new_page(viewport={"width": width, "height": 900})
        shown.on("request", lambda request: seen.append(request.url))
        shown.on("console", lambda message: seen.append(message.text))
        shown.on("pageerror", lambda error: seen.append(str(error)))
        shown.goto(file.as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") == width
        assert shown.locator("h1").is_visible()
    assert seen == [file.as_uri()]
