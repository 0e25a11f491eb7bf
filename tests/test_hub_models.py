"""Tiny embedders and language models, registered, pulled from a hub and opened as the real ones are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from rag import models
from rag.config import Config, load
from rag.embedders import open_embedder
from rag.embedders.folders import FolderEmbedder
from rag.embedders.onnx import OnnxEmbedder
from rag.embedders.sentence_transformer import SentenceTransformerEmbedder
from rag.errors import IndexMismatch, ModelDamaged, ModelUnknown
from rag.generators import open_generator
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest
from rag.retrieval.hybrid import retrieve
from rag.types import Evidence, Passage, Prompt
from rag.weights import registry
from tests import tiny
from tests.servers import serving

PROMPTS = {"query": "query: ", "passage": "passage: "}
TEXTS = ["The river is in the meadow.", "stone", "", "The copper violin.", "stone", "\ud800 Ωμέγα"]
THINKING = "{% if enable_thinking %}{% endif %}" + tiny.CHATML


@dataclass(frozen=True)
class Pulled:
    """A machine that has the tiny models from a hub."""

    config: Config

    def embedder(self, name: str) -> FolderEmbedder:
        return open_embedder(replace(self.config, embedder=name))


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulled]:
    """Plain BERT for ONNX Runtime and BERT for sentence-transformers, both with and without prompts; ModernBERT."""
    folder = tmp_path_factory.mktemp("hub")
    slow, half = tiny.embedder(folder / "bert"), tiny.embedder(folder / "modern", "ModernBert", "cls", half=True)
    kinds = {"slow": tiny.files_of(slow), "fast": tiny.files_of(slow) | PLAIN, "half": tiny.files_of(half)}
    with pytest.MonkeyPatch.context() as patch, serving() as hub:
        hub.become_the_hub(patch, folder / "hf")
        patch.setattr(registry, "REGISTRY", folder / "models.toml")
        tables = [tiny.publish(hub, name, "embedder", files, ["model.safetensors"]) for name, files in kinds.items()]
        for name in ("slow", "fast"):
            tables.append(tiny.publish(hub, f"{name}-prompted", "embedder", kinds[name], prompts=PROMPTS))
        for name, template in {"talks": tiny.CHATML, "thinks": THINKING}.items():
            weights = tiny.generator(folder, template).read_bytes()
            tables.append(tiny.publish(hub, name, "generator", {f"{name}.gguf": weights}))
        registry.REGISTRY.write_text("\n".join(tables))
        for name in models.registry():
            models.pull(name, folder / "models")
        yield Pulled(Config(models=folder / "models", threads=1, context=1024, state_disk=0))


PLAIN = {
    "modules.json": json.dumps(
        [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ]
    ).encode(),
    "1_Pooling/config.json": b'{"word_embedding_dimension": 32, "pooling_mode_mean_tokens": true}',
}
"""What tells an embedder to be plain BERT, in the form in which most are published."""
PROMPTED = pytest.mark.parametrize("name", ["slow", "fast"])


def test_each_is_run_by_what_can_run_it(pulled: Pulled) -> None:
    kinds = {name: type(pulled.embedder(name)) for name in ("slow", "fast", "fast-prompted", "half")}
    slow, fast = SentenceTransformerEmbedder, OnnxEmbedder
    assert kinds == {"slow": slow, "fast": fast, "fast-prompted": fast, "half": slow}


@PROMPTED
def test_prompts_stand_in_front_of_questions_and_of_passages(pulled: Pulled, name: str) -> None:
    plain, prompted = pulled.embedder(name), pulled.embedder(f"{name}-prompted")
    assert np.allclose(prompted.embed_query(TEXTS[0]), plain.embed_query("query: " + TEXTS[0]), atol=1e-5)
    passages = prompted.embed_passages(TEXTS)
    assert np.allclose(passages, plain.embed_passages(["passage: " + text for text in TEXTS]), atol=1e-5)
    assert not np.allclose(passages[0], plain.embed_passages(TEXTS)[0], atol=1e-3)
    assert not np.allclose(passages[0], prompted.embed_query(TEXTS[0]), atol=1e-3)


@PROMPTED
def test_progress_and_shape_are_those_of_the_texts(pulled: Pulled, name: str) -> None:
    calls: list[tuple[int, int]] = []
    vectors = pulled.embedder(f"{name}-prompted").embed_passages(TEXTS, lambda *done: calls.append(done))
    assert calls[-1] == (len(TEXTS), len(TEXTS))
    assert vectors.shape == (len(TEXTS), 32) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert pulled.embedder(f"{name}-prompted").embed_passages([]).shape == (0, 32)


@PROMPTED
def test_the_limit_leaves_room_for_the_prompt(pulled: Pulled, name: str) -> None:
    prompted = pulled.embedder(f"{name}-prompted")
    assert (pulled.embedder(name).limit, prompted.limit) == (tiny.LONGEST - 2, tiny.LONGEST - 4)
    whole, shorter = "stone " * prompted.limit, "stone " * (prompted.limit - 1)
    vectors = prompted.embed_passages([whole, whole + "river", shorter, shorter + "river"])
    assert np.allclose(vectors[0], vectors[1], atol=1e-5), "what is behind the limit is not read"
    assert not np.allclose(vectors[2], vectors[3], atol=1e-3), "and the limit is not understated"


def test_weights_in_half_precision_are_computed_in_single(pulled: Pulled) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    half = pulled.embedder("half")
    tokens = AutoTokenizer.from_pretrained(half.folder)(TEXTS[0], return_tensors="pt")
    model = AutoModel.from_pretrained(half.folder, dtype=torch.float32)
    with torch.no_grad():
        first = model(tokens["input_ids"], tokens["attention_mask"])[0][0, 0].numpy()
    assert np.allclose(half.embed_query(TEXTS[0]), first / np.linalg.norm(first), atol=1e-5)
    assert np.allclose(half.embed_passages(TEXTS)[0], half.embed_query(TEXTS[0]), atol=1e-4)


def test_an_index_is_of_its_embedder(pulled: Pulled, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The copper violin is in the orchard.\n\nThe river is in the meadow.")
    settings = load(overrides={"passage_tokens": 16}, environment={})
    embedder = pulled.embedder("fast-prompted")
    with SqliteIndex.create(tmp_path / "index", embedder, 16) as index:
        ingest([tmp_path / "a.txt"], index, embedder, settings)
        (found, *_) = retrieve("Where is the copper violin?", index, embedder, 2)
        assert "copper violin" in found.passage.text
        vector = embedder.embed_query("Where is the copper violin?")
        assert found.dense == pytest.approx(index.scores_dense(vector, [found.passage.id])[0])
    with pytest.raises(IndexMismatch, match=r"made by the embedder fast-prompted.*footnote reindex"):
        SqliteIndex.open(tmp_path / "index", pulled.embedder("half"))


def test_an_embedder_is_no_generator_and_no_reranker(pulled: Pulled) -> None:
    with pytest.raises(ModelUnknown, match="The generator 'talks' can't be used as embedder"):
        pulled.embedder("talks")
    (pulled.config.models / "half" / "config.json").write_text("{}")
    with pytest.raises(ModelDamaged, match=r"config.json.*footnote models pull half"):
        pulled.embedder("half")


# --- language models


def question() -> Prompt:
    text = "The copper violin is in the orchard."
    evidence = Evidence(Passage("a.txt", 0, len(text), text), 1.0, 1)
    return Prompt("Answer from the sources.", (evidence,), "Where is the violin?")


@pytest.mark.parametrize("name", ["talks", "thinks"])
def test_a_language_model_of_unknown_hash_is_loaded_as_it_was_pulled(pulled: Pulled, name: str) -> None:
    config = replace(pulled.config, generator=name)
    with closing(open_generator(config)) as generator:
        assert generator.name == name
        assert generator.fingerprint == models.fingerprint(name, config.models)
        assert len(list(generator.stream(question(), 5))) <= 5
        yes, no = generator.score(question(), ["yes", "no"])
        assert yes <= 0 and no <= 0
    recorded = json.loads((config.models / name / ".trusted.json").read_text())
    assert recorded[f"{name}.gguf"]["sha256"] == generator.fingerprint


def test_a_model_that_may_think_is_told_that_it_has(pulled: Pulled) -> None:
    lengths = {}
    for name in ("talks", "thinks"):
        config = replace(pulled.config, generator=name)
        with closing(open_generator(config)) as generator:
            assert generator._llama.template()[0] == "<|im_start|>user\n"
            lengths[name] = generator.measure(question())
            ending = generator._llama.template()[1]
        assert ending.endswith("<think>\n\n</think>\n\n" if name == "thinks" else "<|im_start|>assistant\n")
    assert lengths["thinks"] > lengths["talks"], "and it is counted"
