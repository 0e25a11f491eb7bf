"""The confidence fitted anew: signals as the assistant has them, scikit-learn's fit, the threshold asked for."""

import argparse

import numpy as np
import pytest
from command import footnote
from evaluation import CONFIG, DOCUMENTS, QUESTIONS, WHOLE, TinyGenerator, tiny_set
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from eval import commands
from eval.calibrate import Tolerance, calibrate, fit, take_signals, threshold
from eval.journal import RunError
from rag import abstention, prompts
from rag.assistant import Assistant, made_for
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index
from rag.ingest import ingest

pytestmark = pytest.mark.usefixtures("few_resamples")

NONE = Tolerance(0.0, 0.0)
PROMPT = prompts.load(CONFIG.prompt)
SIGNALS = {stage: names.keys() - {"intercept"} for stage, names in abstention.load_coefficients().items()}


def quiet(*_):
    """Tell nobody."""


def take(folder, generator):
    known = tiny_set(folder / "set")
    parts = known, known.questions, CONFIG, HashEmbedder(), generator
    return take_signals(*parts, folder / "signals.jsonl", folder / "indexes", quiet)


@pytest.fixture
def index(tmp_path):
    """The index of a user, with the documents of the tiny set."""
    documents = tmp_path / "own"
    documents.mkdir()
    for name, text in DOCUMENTS.items():
        (documents / name).write_text(text, "utf-8")
    config = Config(index=tmp_path / "index")
    with create_index(config, HashEmbedder()) as index:
        ingest([documents], index, HashEmbedder(), config)
        yield index


def assistant(index, generator=None, config=None):
    return Assistant(index, HashEmbedder(), generator or TinyGenerator(), PROMPT, config or Config())


# --- the fit


@given(st.integers(0, 10_000), st.integers(12, 80), st.sampled_from([0.1, 1.0, 10.0]))
def test_the_fit_is_that_of_scikit_learn(seed, count, strength):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, 3)) * [3, 0.3, 1]
    right = (values @ [1, 2, 0] + rng.normal(size=count) > 0.3).astype(float)
    right[:2] = 0, 1
    expected = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(values, right)
    found = fit(values, right, strength)
    assert found == pytest.approx([expected.intercept_[0], *expected.coef_[0]], abs=2e-3)


def test_a_fit_of_what_is_told_apart_stays_finite():
    found = fit([[-1.0], [1.0]] * 20, [0, 1] * 20)
    assert np.isfinite(found).all()
    assert found[1] > 1


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=40), st.floats(0, 1))
def test_no_more_false_answers_than_were_accepted(pairs, accepted):
    judged, right = np.array([n / 20 for n, _ in pairs]), np.array([answerable for _, answerable in pairs])
    wrong = judged[~right]
    least = threshold(judged, right, accepted)
    answered = wrong >= least
    assert answered.sum() <= accepted * len(wrong) + 1e-9
    if (~answered).any():  # the next lower one would answer too many
        assert (wrong >= wrong[~answered].max()).sum() > accepted * len(wrong) - 1e-9


# --- from sets to the index


def test_signals_are_those_of_the_assistant_and_all_is_drafted(tmp_path):
    generator = TinyGenerator(replies=WHOLE)
    rows = {row["id"]: row for row in take(tmp_path, generator)}
    assert rows.keys() == {question.id for question in QUESTIONS}
    drafted = [prompt.question for prompt in generator.prompts if prompt.task == "question"]
    assert drafted == [question.question for question in QUESTIONS]
    assert {id_ for id_, row in rows.items() if row["right"]} == {"right", "broken", "elsewhere"}
    assert rows["mongolia"]["signals"].keys() == SIGNALS["read"] | SIGNALS["drafted"]
    assert rows["mongolia"]["signals"]["unknown"] == 1
    assert rows["mongolia"]["signals"]["yes"] < 0 < rows["right"]["signals"]["yes"]
    again = TinyGenerator(replies=WHOLE)
    assert take(tmp_path, again) == list(rows.values())
    assert again.prompts == []  # what was taken is not taken again


ALIKE = dict.fromkeys(sorted(SIGNALS["read"] | SIGNALS["drafted"]), 0.5)


def separable(count=40):
    """Records whose yes tells all, and is so far below no that any coefficients that ship would refuse each."""
    return [
        {
            "id": str(at),
            "answerable": at % 2 == 0,
            "right": at % 2 == 0,
            "cluster": str(at // 4),
            "signals": {**ALIKE, "yes": -23.0 + (at % 2 == 0) * 2.0 + (at % 5) / 10},
        }
        for at in range(count)
    ]


def test_the_fit_mends_what_ships_and_says_so():
    found = calibrate(separable(), NONE, before=(0.5, 0.3))
    assert found.figures["as shipped"]["false_refusals"] == 1  # every yes is below none
    assert found.figures["fitted"]["false_refusals"] == 0
    assert found.figures["fitted"]["false_answers"] == 0
    assert found.figures["fitted"]["auroc"] == 1
    assert abstention.have_same_signals(found.coefficients, abstention.load_coefficients())
    assert min(found.coefficients[stage]["yes"] for stage in SIGNALS) > 1
    table = found.table()
    assert "as shipped" in table
    assert "100.0 %" in table


def mixed(count=60):
    """Records that the signals tell apart badly: not all that can be answered, and not all that is right."""
    return [
        row | {"answerable": at % 2 == 0 or at % 7 == 0, "right": at % 2 == 0 and at % 5 > 0}
        for at, row in enumerate(separable(count))
    ]


def test_no_more_is_answered_and_met_as_unsure_than_was_accepted():
    rows = mixed()
    unanswerable = sum(not row["answerable"] for row in rows)
    found = calibrate(rows, Tolerance(0.1, 0.3), before=(0.5, 0.3)).figures["fitted"]
    assert found["false_answers"] <= 0.1 + 1e-6
    assert found["false_answers"] + found["false_unsure"] <= 0.4 + 1e-6
    assert found["false_unsure"] * unanswerable >= 1
    strict = calibrate(rows, Tolerance(0.1, 0.0), before=(0.5, 0.3)).figures["fitted"]
    assert strict["min_confidence"] == found["min_confidence"]
    assert strict["min_unsure"] > found["min_unsure"]
    assert strict["false_answers"] + strict["false_unsure"] <= 0.1 + 1e-6
    assert strict["false_refusals"] >= found["false_refusals"]


def test_each_stage_is_fitted_on_what_it_tells():
    rows = [row | {"right": at % 4 == 0} for at, row in enumerate(separable())]
    for at, row in enumerate(rows):
        row["signals"]["supported"] = float(at % 4 == 0)
    found = calibrate(rows, NONE, before=(0.5, 0.3)).coefficients
    assert "supported" not in found["read"]
    assert found["drafted"]["supported"] > 1
    assert found["read"]["yes"] > found["drafted"]["yes"]


@pytest.mark.parametrize("rows", [[], separable()[::2], separable(8)])
def test_too_little_to_fit_is_told(rows):
    with pytest.raises(RunError, match="Calibration needs questions from at least 5 clusters"):
        calibrate(rows, Tolerance(0.05, 0.1), (0.5, 0.3))


def test_an_index_that_was_calibrated_decides_by_it(index):
    made = made_for(HashEmbedder(), TinyGenerator(), PROMPT)
    noted = calibrate(separable(), NONE, (0.5, 0.3)).noted(["tiny"], NONE, made)
    before = assistant(index).ask("How many arches has the bridge?").confidence
    index.calibrate(noted)
    assert index.calibration == noted
    fitted = assistant(index)
    assert fitted.coefficients == noted["coefficients"]
    assert fitted.config.min_confidence == noted["min_confidence"]
    assert fitted.config.min_unsure == noted["min_unsure"]
    answer = fitted.ask("How many arches has the bridge?")
    assert answer.confidence != before
    assert answer.receipt["settings"]["min_confidence"] == noted["min_confidence"]


def test_it_is_not_taken_up_for_another_model_other_signals_or_against_the_settings(index):
    made = made_for(HashEmbedder(), TinyGenerator(), PROMPT)
    noted = calibrate(separable(), NONE, (0.5, 0.3)).noted(["tiny"], NONE, made)
    index.calibrate(noted | {"made_for": made | {"generator": "1" * 64}})
    assert assistant(index).coefficients == abstention.load_coefficients()
    for other in ({"intercept": 0.0, "yes": 1.0}, noted["coefficients"] | {"read": {"intercept": 0.0, "moon": 1.0}}):
        index.calibrate(noted | {"coefficients": other})
        assert assistant(index).coefficients == abstention.load_coefficients()
    index.calibrate(noted)
    chosen = assistant(index, config=Config(min_confidence=0.9))
    assert chosen.config.min_confidence == 0.9
    assert chosen.coefficients == noted["coefficients"]


def test_the_command_notes_it_in_the_index(index, tmp_path, monkeypatch, capsys):
    knowing = ScriptedGenerator(WHOLE, {"ticket": 0.01, "tunnel": 0.01, "Mongolia": 0.01, "": 0.995})
    guessing = ScriptedGenerator({}, {"": 0.995})
    waiting = [knowing, guessing]
    monkeypatch.setattr("rag.generators.open_generator", lambda *_: waiting.pop(0))
    monkeypatch.setattr("rag.embedders.open_embedder", lambda *_: HashEmbedder())
    monkeypatch.setattr(commands, "BUILD", tmp_path / "build")
    tiny_set(tmp_path / "set")
    tiny_set(tmp_path / "more")
    (tmp_path / "more" / "set.toml").write_text('name = "more"\n')
    sets = [tmp_path / "set", tmp_path / "more"]
    options = argparse.Namespace(set=sets, split=None, limit=None, seed=0, false_answers=0.34, false_unsure=0.34)
    assert commands.calibrate(Config(index=index.folder), options) == 0
    assert "as shipped" in capsys.readouterr().out
    noted = index.calibration
    assert noted["on"] == "20 questions of tiny, more"
    assert noted["measured"]["false_answers"] <= 0.34
    assert noted["measured"]["false_answers"] + noted["measured"]["false_unsure"] <= 0.68
    assert assistant(index).coefficients == noted["coefficients"]
    monkeypatch.setattr(commands, "BUILD", tmp_path / "other")
    with pytest.raises(RunError, match="is no better than guessing"):
        commands.calibrate(Config(index=index.folder), options)
    assert index.calibration == noted
    options.false_unsure = 5.0
    with pytest.raises(RunError, match="--false-unsure must be between 0 and 1"):
        commands.calibrate(Config(index=index.folder), options)


def test_without_an_index_the_command_says_how_to_make_one(tmp_path):
    done = footnote("eval", "calibrate", "--index", tmp_path / "none", cwd=tmp_path)
    assert done.returncode != 0
    assert "footnote ingest" in done.stderr
