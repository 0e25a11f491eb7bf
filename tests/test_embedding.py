"""One contract for the real embedder and the fake, and what only the real one can get wrong."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rag.config import Config, load
from rag.embedding import Embedder, HashEmbedder, SentenceTransformerEmbedder, open_embedder
from rag.errors import ModelDamaged, ModelMissing, ModelUnknown

TEXTS = [
    "The Cardiff roadshow was held in the Millennium Centre.",
    "Bread is baked from flour, water, salt and yeast.",
    "",
    "   \n\t ",
    "日本語 Ωμέγα naïve 🜁 \u0000 \ud800 e\u0301",
    "word " * 2000,
]


@pytest.fixture(scope="module")
def real() -> SentenceTransformerEmbedder:
    return open_embedder(load(overrides={"threads": 1}))


@pytest.fixture(params=["fake", "real"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return HashEmbedder() if request.param == "fake" else request.getfixturevalue("real")


class TestContract:
    def test_passages_become_unit_vectors_of_the_stated_shape(self, embedder: Embedder) -> None:
        vectors = embedder.embed_passages(TEXTS)
        assert vectors.shape == (len(TEXTS), embedder.dimension)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_no_texts_are_no_vectors(self, embedder: Embedder) -> None:
        assert embedder.embed_passages([]).shape == (0, embedder.dimension)

    def test_a_question_is_embedded_as_a_passage_is(self, embedder: Embedder) -> None:
        vector = embedder.embed_query(TEXTS[0])
        assert vector.shape == (embedder.dimension,)
        assert vector.dtype == np.float32
        assert vector @ embedder.embed_passages(TEXTS)[0] == pytest.approx(1, abs=1e-4)

    def test_the_order_of_the_texts_is_kept(self, embedder: Embedder) -> None:
        texts = [f"{'long ' * (i % 7)}text number {i}" for i in range(40)]
        together = embedder.embed_passages(texts)
        assert np.allclose(together, np.stack([embedder.embed_query(text) for text in texts]), atol=1e-4)

    def test_the_same_texts_give_the_same_bytes(self, embedder: Embedder) -> None:
        assert embedder.embed_passages(TEXTS).tobytes() == embedder.embed_passages(TEXTS).tobytes()

    def test_what_is_about_the_same_is_nearer(self, embedder: Embedder) -> None:
        near = embedder.embed_passages(TEXTS[:2]) @ embedder.embed_query("Where was the Cardiff roadshow held?")
        assert near[0] > near[1]

    def test_progress_ends_at_the_number_of_texts(self, embedder: Embedder) -> None:
        calls: list[tuple[int, int]] = []
        embedder.embed_passages(["one"] * 40, lambda done, total: calls.append((done, total)))
        assert calls[-1] == (40, 40)
        assert calls == sorted(calls)

    def test_the_tokenizer_gives_spans_of_the_text(self, embedder: Embedder) -> None:
        text = "Footnote cites passages."
        spans = embedder.tokenizer.spans(text)
        assert "".join(text[start:end] for start, end in spans) == text.replace(" ", "")

    def test_only_the_limit_is_read(self, embedder: Embedder) -> None:
        start = "apple " * embedder.limit
        assert len(embedder.tokenizer.spans(start)) == embedder.limit
        vectors = embedder.embed_passages([start, start + "unrelated words that are never seen"])
        assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-4)
        # One token less leaves room for one more: the limit is not understated.
        shorter = "apple " * (embedder.limit - 1)
        vectors = embedder.embed_passages([shorter, shorter + "volcano"])
        assert abs(vectors[0] - vectors[1]).max() > 1e-3

    def test_name_and_fingerprint_say_which_it_is(self, embedder: Embedder) -> None:
        assert embedder.name
        assert len(embedder.fingerprint) > 4


def test_fingerprints_of_different_embedders_differ(real: SentenceTransformerEmbedder) -> None:
    assert len({HashEmbedder(16).fingerprint, HashEmbedder(32).fingerprint, real.fingerprint}) == 3


def test_the_real_one_opens_no_connection(real: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    fresh = SentenceTransformerEmbedder(real.folder, 1)
    assert fresh.embed_query("offline").shape == (384,)


def test_everything_but_embedding_does_without_torch_and_prints_nothing(real: SentenceTransformerEmbedder) -> None:
    program = (
        "import sys; from pathlib import Path; from rag.embedding import SentenceTransformerEmbedder as E\n"
        "e = E(Path(sys.argv[1])); assert (e.dimension, e.limit) == (384, 254), (e.dimension, e.limit)\n"
        "assert e.fingerprint and e.tokenizer.spans('a word')\n"
        "assert not {'torch', 'sentence_transformers', 'faiss'} & set(sys.modules)\n"
        "e.embed_passages(['some text'] * 3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, real.folder], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_missing_or_broken_model_says_what_to_do(tmp_path: Path, real: SentenceTransformerEmbedder) -> None:
    with pytest.raises(ModelMissing, match="footnote models pull"):
        open_embedder(Config(models=tmp_path))
    with pytest.raises(ModelUnknown):
        open_embedder(Config(models=tmp_path, embedder="no-such-model"))
    folder = tmp_path / "all-MiniLM-L6-v2"
    shutil.copytree(real.folder, folder)
    (folder / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(ModelDamaged, match="footnote models pull all-MiniLM-L6-v2"):
        SentenceTransformerEmbedder(folder).embed_query("text")
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelDamaged, match="footnote models pull"):
        _ = SentenceTransformerEmbedder(folder).dimension
