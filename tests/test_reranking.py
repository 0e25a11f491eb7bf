"""One contract for the real reranker and the fake, and what a reranker does to what the search found."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import model_servers
import numpy as np
import pytest
from model_servers import ModelServer

from eval import sets
from eval.commands import SEEDS
from eval.run import Selection, identity_of
from rag import commands, models, prompts
from rag.assistant import Assistant, made_for
from rag.config import Config, load
from rag.embedders.hashed import HashEmbedder
from rag.errors import ConfigError, ModelDamaged, ModelMissing, ModelUnknown, ServerError
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest
from rag.maintenance import doctor
from rag.passages import context_text
from rag.ports import Reranker
from rag.rerankers import open_reranker
from rag.rerankers.cross_encoder import CrossEncoderReranker
from rag.rerankers.words import WordReranker
from rag.retrieval.hybrid import retrieve
from rag.weights import registry
from tests import tiny
from tests.servers import serving
from ui.service import Service

EMBEDDER = HashEmbedder(64)
QUESTION = "Where is the copper violin?"
TEXTS = ["The copper violin is in the orchard.", "A river.", "", "  \n", "Ωμέγα 🜁 \u0000 \ud800", "stone " * 500]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """Settings that name a tiny reranker, which was pulled from a hub."""
    folder = tmp_path_factory.mktemp("reranker")
    files = tiny.files_of(tiny.reranker(folder))
    with pytest.MonkeyPatch.context() as patch, serving() as hub:
        hub.become_the_hub(patch, folder / "hf")
        patch.setattr(registry, "REGISTRY", folder / "models.toml")
        tables = [
            tiny.publish(hub, "tiny-reranker", "reranker", files, pinned=["config.json", "tokenizer.json"]),
            tiny.publish(hub, "tiny-embedder", "embedder", files),
        ]
        registry.REGISTRY.write_text("\n".join(tables))
        models.pull("tiny-reranker", folder / "models")
        yield Config(models=folder / "models", index=folder / "index", reranker="tiny-reranker", threads=1)


@pytest.fixture(scope="module")
def real(config: Config) -> Reranker:
    reranker = open_reranker(config)
    assert isinstance(reranker, CrossEncoderReranker)
    return reranker


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """A server that counts common words."""
    with model_servers.serving(embedder=WordReranker()) as server:
        yield server


@pytest.fixture(params=["fake", "real", "/v1", "/rerank"])
def reranker(request: pytest.FixtureRequest) -> Reranker:
    if request.param.startswith("/"):
        found = open_reranker(Config(reranker=request.getfixturevalue("server").url + request.param))
        assert found is not None
        return found
    return WordReranker() if request.param == "fake" else request.getfixturevalue("real")


class TestContract:
    def test_every_text_has_a_score_of_its_own(self, reranker: Reranker) -> None:
        scores = reranker.score(QUESTION, TEXTS)
        assert len(scores) == len(TEXTS) and all(math.isfinite(score) for score in scores)
        alone = [reranker.score(QUESTION, [text])[0] for text in TEXTS]
        assert scores == pytest.approx(alone, abs=1e-4)
        assert reranker.score(QUESTION, TEXTS[::-1]) == pytest.approx(scores[::-1], abs=1e-4)

    def test_the_question_and_the_text_both_matter(self, reranker: Reranker) -> None:
        (first,) = reranker.score(QUESTION, [TEXTS[0]])
        assert first not in reranker.score(QUESTION, ["A meadow is a meadow."])
        assert first not in reranker.score("meadow?", [TEXTS[0]])

    def test_the_same_texts_have_the_same_scores(self, reranker: Reranker) -> None:
        assert reranker.score(QUESTION, TEXTS) == reranker.score(QUESTION, TEXTS)

    def test_no_texts_have_no_scores(self, reranker: Reranker) -> None:
        assert reranker.score(QUESTION, []) == []

    def test_several_threads_may_ask_at_once(self, reranker: Reranker) -> None:
        right = reranker.score(QUESTION, TEXTS)
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda _: reranker.score(QUESTION, TEXTS), range(8))) == [right] * 8

    def test_name_and_fingerprint_say_which_it_is(self, reranker: Reranker) -> None:
        assert reranker.name and reranker.fingerprint


def test_a_server_that_reranks_nothing_says_so(server: ModelServer) -> None:
    with model_servers.serving(embedder=HashEmbedder()) as useless, pytest.raises(ServerError):
        useless.models = [{"id": "none"}]
        reranker = open_reranker(Config(reranker=f"{useless.url}/v1"))
        assert reranker is not None
        reranker.score(QUESTION, TEXTS)


# --- the real one


def test_the_scores_are_those_that_its_modules_compute(real: CrossEncoderReranker) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(real.folder)(QUESTION, TEXTS[0], return_tensors="pt")
    with torch.no_grad():
        states = AutoModel.from_pretrained(real.folder)(tokens["input_ids"], tokens["attention_mask"])[0][:, 0]
        wide, norm, last = (load_file(real.folder / f"{part}/model.safetensors") for part in tiny.HEAD)
        states = torch.nn.functional.gelu(states @ wide["linear.weight"].T)
        states = torch.nn.functional.layer_norm(states, (32,), norm["norm.weight"], norm["norm.bias"])
        logit = states @ last["linear.weight"].T + last["linear.bias"]
    assert real.score(QUESTION, [TEXTS[0]]) == pytest.approx([float(logit)], abs=1e-4)


def test_it_has_the_files_that_are_registered_for_the_published_ones(real: CrossEncoderReranker) -> None:
    shipped = Path(models.__file__).parent / "data" / "models.toml"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "REGISTRY", shipped)
        known = models.registry()
    for name in ("ettin-reranker-17m", "ettin-reranker-32m"):
        assert {file.name for file in known[name].files} == set(tiny.files_of(real.folder))


def test_it_is_the_one_that_was_pulled(config: Config, real: CrossEncoderReranker) -> None:
    assert real.name == "tiny-reranker"
    assert real.fingerprint == models.fingerprint("tiny-reranker", config.models)
    recorded = json.loads((real.folder / ".trusted.json").read_text())
    assert recorded["model.safetensors"]["sha256"] == real.fingerprint
    assert not {"config.json", "tokenizer.json"} & set(recorded)


def test_torch_is_loaded_with_the_first_text_and_nothing_is_printed_or_asked(config: Config) -> None:
    program = (
        "import socket, sys; from pathlib import Path; from rag.rerankers.cross_encoder import CrossEncoderReranker\n"
        "def refuse(*_): raise AssertionError('a connection was opened')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "r = CrossEncoderReranker(Path(sys.argv[1]), 1)\n"
        "assert not {'torch', 'sentence_transformers', 'transformers'} & set(sys.modules)\n"
        "assert len(r.score('a river?', ['the river', 'a stone'])) == 2\n"
    )
    line = [sys.executable, "-c", program, str(config.models / "tiny-reranker")]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_none_is_used_unless_one_is_named(config: Config) -> None:
    assert Config().reranker == "" and open_reranker(Config()) is None
    assert load(environment={"FOOTNOTE_RERANKER": "ettin-reranker-17m"}).reranker == "ettin-reranker-17m"
    with pytest.raises(ConfigError, match="between 1 and 1000"):
        load(environment={"FOOTNOTE_RERANKED": "0"})


def test_one_that_is_unknown_missing_damaged_or_no_reranker_says_what_to_do(config: Config, tmp_path: Path) -> None:
    for name, problem in {
        "tiny-rerankr": "did you mean 'tiny-reranker'",
        "tiny-embedder": "Choose one of: tiny-reranker",
    }.items():
        with pytest.raises(ModelUnknown, match=problem):
            open_reranker(replace(config, reranker=name))
    with pytest.raises(ModelMissing, match="footnote models pull tiny-reranker"):
        open_reranker(replace(config, models=tmp_path))
    (tmp_path / "tiny-reranker").mkdir()
    (tmp_path / "tiny-reranker" / "config.json").write_text("{")
    with pytest.raises(ModelDamaged, match="footnote models pull tiny-reranker"):
        CrossEncoderReranker(tmp_path / "tiny-reranker").score(QUESTION, TEXTS)


def test_the_doctor_looks_at_it(config: Config, tmp_path: Path) -> None:
    def found(settings: Config) -> dict[str, str | None]:
        return {name: problem for name, problem in doctor.checks(settings) if name.startswith("weights")}

    assert found(config)["weights of tiny-reranker"] is None
    missing = found(replace(config, models=tmp_path))["weights of tiny-reranker"]
    assert missing and "footnote models pull tiny-reranker" in missing
    assert len(found(replace(config, reranker=""))) == 2


# --- what it does to what the search found


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(30):
        words = [tiny.WORDS[(number * step) % 14] for step in range(1, 9)]
        (folder / f"{number:02}.txt").write_text(f"Of number {number}\n\nThe {' '.join(words)}.")
    with SqliteIndex.create(tmp_path / "index", EMBEDDER, 24) as made:
        ingest([folder], made, EMBEDDER, load(overrides={"passage_tokens": 24}, environment={}))
        yield made


class Recording:
    """A fake whose scores are given by a function, and that keeps what it was asked."""

    name = fingerprint = "recording"

    def __init__(self, logits: Sequence[float]) -> None:
        self.logits = logits
        self.asked: list[tuple[str, list[str]]] = []

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((question, list(texts)))
        return list(self.logits[: len(texts)])


def test_the_first_are_ordered_anew_and_the_others_follow(index: SqliteIndex) -> None:
    before = retrieve(QUESTION, index, EMBEDDER, 20)
    logits = np.random.default_rng(3).normal(0, 4, 8)
    recording = Recording(logits)
    found = retrieve(QUESTION, index, EMBEDDER, 20, reranker=recording, reranked=8)
    order = sorted(range(8), key=lambda i: -logits[i])
    assert [item.passage for item in found] == [before[i].passage for i in order] + [i.passage for i in before[8:]]
    assert [item.rank for item in found] == list(range(1, 21))
    assert [item.score for item in found[:8]] == pytest.approx([1 / (1 + math.exp(-logits[i])) for i in order])
    scores = [item.score for item in found]
    assert scores == sorted(scores, reverse=True) and scores[-1] >= 0 and scores[0] <= 1
    assert {item.passage.id: (item.dense, item.lexical) for item in found} == {
        item.passage.id: (item.dense, item.lexical) for item in before
    }


def test_it_reads_the_question_and_what_was_embedded(index: SqliteIndex) -> None:
    recording = Recording([0.0] * 20)
    before = retrieve(QUESTION, index, EMBEDDER, 20)
    retrieve(QUESTION, index, EMBEDDER, 3, reranker=recording)
    ((question, texts),) = recording.asked
    assert question == QUESTION
    assert texts == [context_text(item.passage, EMBEDDER.tokenizer, EMBEDDER.limit) for item in before]
    assert all(text.startswith("Of number") for text in texts)


def test_equal_scores_come_in_order_of_id_however_large(index: SqliteIndex) -> None:
    for logit in (0.0, 1000.0, -1000.0):
        found = retrieve(QUESTION, index, EMBEDDER, 12, reranker=Recording([logit] * 12), reranked=12)
        ids = [item.passage.id for item in found]
        assert ids == sorted(ids)
    found = retrieve(QUESTION, index, EMBEDDER, 2, reranker=Recording([900.0, 1000.0]), reranked=2)
    assert [item.score for item in found] == [1, 1], "alike when scaled"
    assert found[0].passage == retrieve(QUESTION, index, EMBEDDER, 2)[1].passage, "and still told apart"


def test_the_order_does_not_depend_on_the_limit(index: SqliteIndex, real: Reranker) -> None:
    for reranker in (WordReranker(), real):
        everything = retrieve(QUESTION, index, EMBEDDER, 1000, reranker=reranker)
        for limit in (0, 1, 4, 25):
            found = retrieve(QUESTION, index, EMBEDDER, limit, reranker=reranker)
            assert [i.passage for i in found] == [i.passage for i in everything[:limit]]
            assert [i.score for i in found] == pytest.approx([i.score for i in everything[:limit]], abs=1e-4)


def test_nothing_found_is_nothing_to_order(tmp_path: Path, index: SqliteIndex) -> None:
    with SqliteIndex.create(tmp_path / "empty", EMBEDDER, 24) as empty:
        assert retrieve(QUESTION, empty, EMBEDDER, 5, reranker=WordReranker()) == []
    chosen = retrieve(QUESTION, index, EMBEDDER, 5, documents=["03.txt"], reranker=WordReranker())
    assert {item.passage.document for item in chosen} == {"03.txt"}


# --- where it is told


def assistant_on(index: SqliteIndex, config: Config, reranker: Reranker | None = None) -> Assistant:
    prompt = prompts.load(config.prompt)
    return Assistant(index, EMBEDDER, ScriptedGenerator({}), prompt, config, reranker)


def test_an_assistant_orders_with_it_and_the_receipt_names_it(
    index: SqliteIndex, config: Config, real: Reranker
) -> None:
    plain = assistant_on(index, replace(config, reranker=""))
    ordered = assistant_on(index, replace(config, reranked=9))
    assert plain.reranker is None and "reranker" not in plain.ask(QUESTION).receipt
    said = {"name": "tiny-reranker", "sha256": real.fingerprint, "reranked": 9}
    assert ordered.ask(QUESTION).receipt["reranker"] == said
    assert [item.score for item in ordered.retrieve(QUESTION, ())] == pytest.approx(
        [item.score for item in retrieve(QUESTION, index, EMBEDDER, 3, reranker=real, reranked=9)], abs=1e-4
    )
    assert assistant_on(index, config, WordReranker()).reranker.name == "words"


def test_the_search_page_and_the_command_show_the_same_order(
    index: SqliteIndex, config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reranker = WordReranker()
    right = [item.passage.document for item in retrieve(QUESTION, index, EMBEDDER, 6, reranker=reranker)]
    assert right != [item.passage.document for item in retrieve(QUESTION, index, EMBEDDER, 6)]
    service = Service(lambda: assistant_on(index, config, reranker), config)
    service.start()
    assert service.loaded.wait(60)
    assert [item.passage.document for item in service.search(QUESTION, 6)] == right
    service.close()
    monkeypatch.setattr("rag.embedders.open_embedder", lambda _: EMBEDDER)
    monkeypatch.setattr("rag.rerankers.open_reranker", lambda _: reranker)
    options = argparse.Namespace(question=QUESTION, number=6, json=True)
    assert commands.search(replace(config, index=index.folder), options) == 0
    assert [json.loads(line)["document"] for line in capsys.readouterr().out.splitlines()] == right


def test_a_run_of_the_evaluation_says_which_reranker(config: Config, real: Reranker) -> None:
    known = sets.load(SEEDS)
    without, with_one = (
        identity_of(known, Selection(), settings, EMBEDDER, None) for settings in (replace(config, reranker=""), config)
    )
    assert with_one == without | {"reranker": {"name": real.name, "sha256": real.fingerprint, "reranked": 20}}


def test_pull_brings_what_the_settings_name(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    options = argparse.Namespace(action="pull", names=[], source=None)
    settings = replace(config, embedder="tiny-embedder", generator="of my own.gguf")
    assert commands.manage_models(settings, options) == 0
    pulled = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert pulled == ["tiny-embedder", "tiny-reranker"]


def test_a_calibration_holds_for_the_reranker_it_was_made_with(index: SqliteIndex, config: Config) -> None:
    assistant = assistant_on(index, replace(config, reranker=""))
    parts = EMBEDDER, assistant.generator, assistant.prompt
    halves = {stage: dict.fromkeys(names, 0.5) for stage, names in assistant.coefficients.items()}
    fitted = {"coefficients": halves, "min_confidence": 0.3, "min_unsure": 0.2}
    index.calibrate(fitted | {"made_for": made_for(*parts, WordReranker())})
    assert assistant_on(index, replace(config, reranker="")).coefficients == assistant.coefficients
    assert assistant_on(index, config, WordReranker()).coefficients == fitted["coefficients"]
