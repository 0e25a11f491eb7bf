"""One contract for the real embedders and the fake, and what only the real ones can get wrong."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from model_servers import ModelServer, serving

from rag.config import Config, load
from rag.embedders import bert, open_embedder, open_folder
from rag.embedders.folders import FolderEmbedder
from rag.embedders.hashed import HashEmbedder
from rag.embedders.onnx import OnnxEmbedder
from rag.embedders.sentence_transformer import SentenceTransformerEmbedder
from rag.errors import ModelDamaged, ModelMissing, ModelUnknown, ServerError
from rag.ports import Embedder

SEEDS = Path(__file__).parent.parent / "seeds"
TEXTS = [
    "The Cardiff roadshow was held in the Millennium Centre.",
    "Bread is baked from flour, water, salt and yeast.",
    "",
    "   \n\t ",
    "日本語 Ωμέγα naïve 🜁 \u0000 \ud800 e\u0301",
    "word " * 2000,
]


@pytest.fixture(scope="module")
def real() -> FolderEmbedder:
    return open_embedder(load(overrides={"threads": 2}))


@pytest.fixture(scope="module")
def reference(real: FolderEmbedder) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(real.folder, 1)


@pytest.fixture(scope="module")
def server(real: FolderEmbedder) -> Iterator[ModelServer]:
    """A server that embeds with the real model."""
    with serving(embedder=real) as server:
        server.models = [{"id": "maker/all-MiniLM-L6-v2", "max_model_len": 256}]
        yield server


@pytest.fixture(scope="module")
def openai(server: ModelServer) -> Embedder:
    return open_embedder(Config(embedder=f"{server.url}/v1"))


@pytest.fixture(scope="module")
def tei(server: ModelServer) -> Embedder:
    return open_embedder(Config(embedder=f"{server.url}/embed"))


@pytest.fixture(params=["fake", "real", "reference", "openai", "tei"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return HashEmbedder() if request.param == "fake" else request.getfixturevalue(request.param)


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
        start = "the " * embedder.limit
        assert len(embedder.tokenizer.spans(start)) == embedder.limit
        vectors = embedder.embed_passages([start, start + "unrelated words that are never seen"])
        assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-4)
        # One token less leaves room for one more: the limit is not understated.
        shorter = "the " * (embedder.limit - 1)
        vectors = embedder.embed_passages([shorter, shorter + "sky"])
        assert abs(vectors[0] - vectors[1]).max() > 1e-3

    def test_name_and_fingerprint_say_which_it_is(self, embedder: Embedder) -> None:
        assert embedder.name
        assert len(embedder.fingerprint) > 4


class TestAgainstTheReference:
    """The vectors are those of sentence-transformers, so that an index needs not tell the two apart."""

    TEXTS = (
        *TEXTS,
        "x",
        "Où sont les neiges d'antan ? — Nulle part, répondit-il.",
        "Straße, Ärger, Übermut und ein überlanges Donaudampfschifffahrtsgesellschaftskapitänswort",
        "Быстрая коричневая лиса перепрыгивает через ленивую собаку.",
        "الكتاب على الطاولة في الغرفة المجاورة",
        "המסמכים עונים על השאלה",
        "文档回答了这个问题。한국어 문장도 있습니다. ドキュメント",
        "ภาษาไทยไม่มีช่องว่างระหว่างคำ",
        "हिन्दी में एक वाक्य",
        "👩‍👩‍👧‍👦 🏳️‍🌈 \ufeff\u200b\u202e mixed \x07 marks \x00\x1b[31m",
        "[CLS] [SEP] [MASK] [PAD] [UNK] ##ing",
        "1,234.56 € = 2³ × ½ ≠ ∞; f(x)=e^{iπ}+1",
        "a" * 500,
        "-" * 3000,
        "The end of the limit " * 51,
    )

    def test_it_is_the_fast_one_that_is_opened(self, real: FolderEmbedder) -> None:
        assert isinstance(real, OnnxEmbedder)

    def test_vectors_are_equal_in_any_language(
        self, real: FolderEmbedder, reference: SentenceTransformerEmbedder
    ) -> None:
        expected = reference.embed_passages(self.TEXTS)
        assert abs(real.embed_passages(self.TEXTS) - expected).max() < 1e-5
        for text, vector in zip(self.TEXTS, expected, strict=True):
            assert abs(real.embed_query(text) - vector).max() < 1e-5, text[:40]

    def test_vectors_of_real_passages_are_equal(
        self, real: FolderEmbedder, reference: SentenceTransformerEmbedder
    ) -> None:
        text = (SEEDS / "001_ae7487e856be8924.txt").read_text(encoding="utf-8")
        texts = [text[start : start + 40 * (1 + start % 23)] for start in range(0, min(len(text), 20_000), 400)]
        assert abs(real.embed_passages(texts) - reference.embed_passages(texts)).max() < 1e-5

    def test_a_batch_of_any_make_up_changes_nothing(
        self, real: FolderEmbedder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        expected = real.embed_passages(self.TEXTS)
        for tokens, together in ((1, 2048), (40, 3), (100_000, 2048)):
            monkeypatch.setattr("rag.embedders.onnx.BATCH_TOKENS", tokens)
            monkeypatch.setattr("rag.embedders.onnx.SORTED_TEXTS", together)
            assert abs(real.embed_passages(self.TEXTS) - expected).max() < 1e-5


def test_equal_texts_are_computed_once(real: FolderEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(
        "rag.embedders.onnx._run", lambda session, tokens: seen.append(len(tokens)) or _axis(len(tokens))
    )
    vectors = real.embed_passages(["one", "two", "one", "one", "two"])
    assert sum(seen) == 2
    assert vectors.tobytes() == _axis(5).tobytes()


def _axis(count: int) -> np.ndarray:
    return np.eye(1, 384, dtype=np.float32).repeat(count, axis=0)


def test_whoever_is_told_of_progress_can_hold_it_up(real: FolderEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    monkeypatch.setattr("rag.embedders.onnx.BATCH_TOKENS", 1)  # a batch a text
    monkeypatch.setattr("rag.embedders.onnx._run", lambda session, tokens: begun.append(1) or _axis(len(tokens)))
    ahead: list[int] = []

    def progress(done: int, total: int) -> None:
        time.sleep(0.02)  # time enough to do everything
        ahead.append(len(begun) - done)

    real.embed_passages([f"text {number}" for number in range(20)], progress)
    assert (len(ahead), ahead[-1]) == (20, 0)
    assert max(ahead) <= 2  # its two threads


def test_many_threads_may_begin_at_once(real: FolderEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[Path] = []
    session = bert.session

    def load_counted(folder: Path) -> object:
        loads.append(folder)
        return session(folder)

    monkeypatch.setattr(bert, "session", load_counted)
    fresh, start = OnnxEmbedder(real.folder, 2), threading.Barrier(4)

    def ask(number: int) -> np.ndarray:
        start.wait()
        return fresh.embed_query(f"question {number}")

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    assert len(loads) == 1
    assert all(np.allclose(v, real.embed_query(f"question {n}"), atol=1e-6) for n, v in enumerate(found))


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", {"model_type": "mpnet"}),
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"position_embedding_type": "relative_key"}),
        ("1_Pooling/config.json", {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}),
        ("sentence_bert_config.json", {"do_lower_case": True}),
        ("config_sentence_transformers.json", {"prompts": {"query": "search_query: "}}),
        ("modules.json", None),
    ],
)
def test_any_other_model_is_left_to_sentence_transformers(
    tmp_path: Path, real: FolderEmbedder, file: str, change: dict[str, object] | None
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(real.folder, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    assert isinstance(open_folder(folder), OnnxEmbedder)
    table = json.loads((folder / file).read_text())
    dense = {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}
    (folder / file).write_text(json.dumps([*table, dense] if change is None else table | change))
    assert isinstance(open_folder(folder), SentenceTransformerEmbedder)


def test_fingerprints_of_different_embedders_differ(real: FolderEmbedder) -> None:
    assert len({HashEmbedder(16).fingerprint, HashEmbedder(32).fingerprint, real.fingerprint}) == 3


def test_the_fingerprint_is_that_of_the_weights_whatever_runs_them(real: FolderEmbedder) -> None:
    assert OnnxEmbedder(real.folder).fingerprint == SentenceTransformerEmbedder(real.folder).fingerprint
    assert real.fingerprint == OnnxEmbedder(real.folder).fingerprint


def test_a_server_counts_rather_too_many_tokens_than_too_few(real: FolderEmbedder, openai: Embedder) -> None:
    for file in SEEDS.glob("*.txt"):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert len(openai.tokenizer.spans(line)) >= len(real.tokenizer.spans(line)), line


def test_the_fingerprint_of_a_server_is_that_of_its_model(server: ModelServer, openai: Embedder, tei: Embedder) -> None:
    with serving(embedder=server.embedder) as moved:
        moved.models = [server.models[0] | {"created": 99}]
        assert open_embedder(Config(embedder=f"{moved.url}/v1")).fingerprint == openai.fingerprint
        moved.models = [server.models[0] | {"root": "another"}]
        assert open_embedder(Config(embedder=f"{moved.url}/v1")).fingerprint != openai.fingerprint
    assert tei.fingerprint != openai.fingerprint


def test_a_server_that_embeds_nothing_says_so(server: ModelServer) -> None:
    with serving("no vectors", embedder=server.embedder) as useless:
        for address in (f"{useless.url}/v1", f"{server.url}/v2/nowhere/embed"):
            with pytest.raises(ServerError, match=r"not vectors|doesn't know the model or the path"):
                open_embedder(Config(embedder=address))


REAL = pytest.mark.parametrize("kind", [OnnxEmbedder, SentenceTransformerEmbedder])


@REAL
def test_the_real_ones_open_no_connection(
    kind: type[FolderEmbedder], real: FolderEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert kind(real.folder, 1).embed_query("offline").shape == (384,)


def test_the_fast_one_does_without_torch_and_prints_nothing(real: FolderEmbedder) -> None:
    program = (
        "import sys; from pathlib import Path; from rag.embedders import open_folder\n"
        "e = open_folder(Path(sys.argv[1])); assert (e.dimension, e.limit) == (384, 254), (e.dimension, e.limit)\n"
        "assert e.fingerprint and e.tokenizer.spans('a word')\n"
        "assert not {'onnxruntime', 'onnx'} & set(sys.modules)\n"
        "e.embed_passages(['some text'] * 3); e.embed_query('a question')\n"
        "assert not {'torch', 'sentence_transformers', 'transformers', 'faiss'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, real.folder], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_reference_prints_nothing(real: FolderEmbedder) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from rag.embedders.sentence_transformer import SentenceTransformerEmbedder\n"
        "SentenceTransformerEmbedder(Path(sys.argv[1])).embed_passages(['some text'] * 3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, real.folder], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@REAL
def test_a_missing_or_broken_model_says_what_to_do(
    kind: type[FolderEmbedder], tmp_path: Path, real: FolderEmbedder
) -> None:
    with pytest.raises(ModelMissing, match="footnote models pull"):
        open_embedder(Config(models=tmp_path))
    with pytest.raises(ModelUnknown):
        open_embedder(Config(models=tmp_path, embedder="no-such-model"))
    folder = tmp_path / "all-MiniLM-L6-v2"
    shutil.copytree(real.folder, folder)
    whole = (folder / "model.safetensors").read_bytes()
    for torn in (b"torn", b"", whole[: len(whole) // 2]):
        (folder / "model.safetensors").write_bytes(torn)
        with pytest.raises(ModelDamaged, match="footnote models pull all-MiniLM-L6-v2"):
            kind(folder).embed_query("text")
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelDamaged, match="footnote models pull"):
        _ = kind(folder).dimension
