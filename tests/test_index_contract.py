"""What every engine of the port ``Index`` does, on each of them: SQLite with FAISS, and Milvus (Lite)."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import commands, documents, feedback
from rag.archive import Archive
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.errors import ConfigError, DocumentError, IndexBusy, IndexFault, IndexMismatch, IndexMissing
from rag.feedback import Feedback, Span
from rag.generators.llama.states import FOLDER as STATES
from rag.indexes.opening import create_index, open_index
from rag.indexes.shared import weighed
from rag.ingest import ingest, text_hash
from rag.maintenance.migration import migrate
from rag.passages import cut, windows
from rag.ports import EVERYTHING, Filter, WritableIndex
from rag.types import Answer, Document, Evidence, Heading, Passage

pytestmark = pytest.mark.usefixtures("quick_milvus")
EMBEDDER = HashEmbedder(32)
LIMIT = 24
WORDS = "river stone harbour candle meadow lantern orchard winter copper saddle violin engine ladder button".split()


SYNTAX = [
    *('"', 'river" OR "stone', "river AND", "NEAR(river stone)", "text: river", "river*", "^river", "(", "- river"),
    *("river' or 1 == 1", "river_stone \\"),
]
STRANGE = ["\x00river", "river\ud800", "\u0301", "'", "{title}: x", "river " * 10_000, " ".join(map(str, range(9999)))]


def settings_for(engine: str, folder: Path) -> Config:
    url = str(folder / "milvus.db") if engine == "milvus" else ""
    return Config(index=folder / "index", index_url=url, passage_tokens=LIMIT)


@pytest.fixture(params=["sqlite", "milvus"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    return settings_for(request.param, tmp_path)


@pytest.fixture
def index(config: Config) -> Iterator[WritableIndex]:
    with create_index(config, EMBEDDER) as made:
        yield made


def document(name: str, text: str, title: str = "") -> Document:
    return Document(name, text, hashlib.sha256(text.encode()).hexdigest(), "text/plain", title, language="en")


def put(index: WritableIndex, name: str, text: str, source: str = "/data/docs", title: str = "") -> str:
    return put_document(index, document(name, text, title), source)


def put_document(index: WritableIndex, made: Document, source: str = "/data/docs") -> str:
    passages = cut(made, EMBEDDER.tokenizer, LIMIT)
    texts = [embedded(passage) for passage in passages]
    vectors = [EMBEDDER.embed_passages(parts) for parts in texts]
    return index.replace(source, made, passages, vectors, [text_hash(parts) for parts in texts])


def embedded(passage: Passage) -> list[str]:
    return [passage.text, *windows(passage, EMBEDDER.tokenizer, LIMIT)]


def everything(index: WritableIndex, *documents: str) -> list[Passage]:
    return index.passages(index.passage_ids(Filter.of(documents) if documents else EVERYTHING))


def prose(seed: int, sentences: int = 8) -> str:
    draw = random.Random(seed)
    return " ".join(" ".join(draw.choices(WORDS, k=7)).capitalize() + "." for _ in range(sentences))


def rich(name: str = "sub/a.txt") -> Document:
    text = "Ünïcode “quotes”\r\n\r\n日本語 🜁 e\u0301 \u0000 end. " + prose(3)
    made = replace(document(name, text, "A title"), date="2011-03-11", headings=(Heading(0, 16, 1),))
    return replace(made, pages=(0, 20), empty_pages=(3,), recognised_pages=((2, 0.87),))


class TestOpening:
    def test_without_an_index_it_says_how_to_make_one(self, config: Config) -> None:
        with pytest.raises(IndexMissing, match="footnote ingest PATH"):
            open_index(config)
        assert not config.index.exists() and not Path(config.index_url or "none").exists()

    def test_what_made_it_is_noted_and_others_are_refused(self, index: WritableIndex, config: Config) -> None:
        with pytest.raises(IndexMismatch, match=r"made by the embedder hash .*footnote reindex"):
            open_index(config, HashEmbedder(16))
        with pytest.raises(IndexMismatch):
            create_index(config, HashEmbedder(16))
        with pytest.raises(IndexMismatch, match=rf"passage_tokens = {LIMIT}, not 99"):
            create_index(replace(config, passage_tokens=99), EMBEDDER)
        put(index, "a.txt", prose(1))
        with create_index(config, EMBEDDER) as again, open_index(config) as listing:
            assert again.documents() == listing.documents() == index.documents()
            with pytest.raises(ValueError, match="without an embedder"):
                listing.search_dense(EMBEDDER.embed_query("river"), 1)

    def test_stats(self, index: WritableIndex) -> None:
        put(index, "a.txt", prose(1))
        stats = index.stats()
        assert (stats["documents"], stats["sources"], stats["characters"]) == (1, 1, len(prose(1)))
        assert stats["passages"] == len(index) == len(everything(index))
        assert (stats["embedder"], stats["dimension"], stats["passage_tokens"]) == ("hash", 32, LIMIT)
        assert (stats["fingerprint"], stats["generation"]) == (EMBEDDER.fingerprint, index.generation)
        before = index.generation
        put(index, "b.txt", prose(1))
        assert index.generation > before

    def test_a_calibration_is_kept(self, index: WritableIndex, config: Config) -> None:
        assert index.calibration is None
        index.calibrate({"coefficients": {"read": [1.5, "é"]}})
        with open_index(config) as again:
            assert again.calibration == {"coefficients": {"read": [1.5, "é"]}}


class TestDocuments:
    def test_a_document_is_read_back_as_it_was_put(self, index: WritableIndex, config: Config) -> None:
        made = rich()
        name = put_document(index, made, "/data")
        assert index.document(name) == made
        assert index.text(name) == made.text
        assert (index.text(name, 3, 40), index.text(name, 5, 2)) == (made.text[3:40], "")
        stored = everything(index)
        assert [replace(p, id=0) for p in stored] == cut(made, EMBEDDER.tokenizer, LIMIT)
        assert all(p.id > 0 for p in stored)
        assert index.passages([stored[-1].id, 10**9, stored[0].id]) == [stored[-1], stored[0]]
        assert index.existing([stored[0].id, 10**9]) == {stored[0].id}
        (info,) = index.documents()
        assert (info.name, info.source, info.path, info.pages, info.empty_pages) == (name, "/data", name, 2, (3,))
        assert (info.characters, info.passages) == (len(made.text), len(stored))
        assert index.file(name) == Path("/data/sub/a.txt")
        with open_index(config) as listing:
            assert listing.documents() == [info]

    def test_a_text_and_a_passage_of_any_length_are_kept(self, index: WritableIndex) -> None:
        made = document("long.txt", "日本 river" * 10_000)
        passages = [
            Passage(made.name, start, end, made.text[start:end]) for start, end in ((0, 50_000), (50_000, 80_000))
        ]
        vectors = [EMBEDDER.embed_passages(["river"] * 90) for _ in passages]
        index.replace("/data", made, passages, vectors, ["one", "two"])
        assert index.document("long.txt") == made
        assert [replace(passage, id=0) for passage in everything(index)] == passages
        assert all(
            np.array_equal(a, b.astype(np.float16))
            for a, b in zip(index.content(made.name).vectors, vectors, strict=True)
        )

    def test_an_unknown_name_says_so(self, index: WritableIndex) -> None:
        for ask in (index.document, index.text, index.file, index.content):
            with pytest.raises(DocumentError, match="no document 'nope'"):
                ask("nope")
        assert not index.delete("nope")

    def test_replacing_keeps_the_name_and_never_uses_an_id_twice(self, index: WritableIndex) -> None:
        put(index, "a.txt", prose(1))
        before = set(index.passage_ids())
        assert put(index, "a.txt", prose(2)) == "a.txt"
        after = set(index.passage_ids())
        assert index.document("a.txt").text == prose(2)
        assert after and not before & after
        assert index.existing(before | after) == after
        assert index.passages(sorted(before)) == []
        index.delete("a.txt")
        put(index, "a.txt", prose(1))
        assert not set(index.passage_ids()) & (before | after)

    def test_the_same_path_in_two_sources(self, index: WritableIndex) -> None:
        assert put(index, "a.txt", prose(1), "/data/one") == "a.txt"
        assert put(index, "a.txt", prose(2), "/data/two") == "two/a.txt"
        assert put(index, "a.txt", prose(3), "/else/two") == "two-2/a.txt"
        index.delete("a.txt")
        assert put(index, "a.txt", prose(4), "/data/two") == "two/a.txt", "names are stable"
        assert put(index, "a.txt", prose(5), "/data/one") == "a.txt"
        assert index.document("two/a.txt").text == prose(4)
        assert index.files("/else/two") == {"a.txt": ("two-2/a.txt", document("", prose(3)).sha256)}
        assert index.files("/nowhere") == {}

    def test_documents_with_the_same_content_are_named_the_oldest_first(self, index: WritableIndex) -> None:
        for name in ("b.txt", "a.txt", "c.txt"):
            put(index, name, prose(1))
        put(index, "c.txt", prose(2))
        assert index.names_of(document("", prose(1)).sha256) == ["b.txt", "a.txt"]

    def test_neighbours_are_the_passages_before_and_after_in_the_same_document(self, index: WritableIndex) -> None:
        for name in ("a.txt", "b.txt"):
            put(index, name, prose(5))
        passages = everything(index, "a.txt")
        assert len(passages) > 2
        for before, passage, after in zip([None, *passages], passages, [*passages[1:], None], strict=False):
            assert index.neighbours(passage) == (before, after)
        index.delete("a.txt")
        assert index.neighbours(passages[1]) == (None, None)

    def test_passages_come_document_by_document_as_the_text_goes(self, index: WritableIndex) -> None:
        for number in (3, 1, 2):
            put(index, f"{number}.txt", prose(number))
        put(index, "1.txt", prose(9))
        listed = [(p.document, p.start) for p in everything(index)]
        names = list(dict.fromkeys(name for name, _ in listed))
        assert listed == sorted(listed, key=lambda place: (names.index(place[0]), place[1]))
        assert {p.document for p in everything(index, "1.txt", "3.txt")} == {"1.txt", "3.txt"}
        assert index.passage_ids(Filter.of([])) == index.passage_ids(Filter.of(["none"])) == []

    def test_the_header_of_a_table_is_found_with_the_passages_in_the_middle_of_it(self, index: WritableIndex) -> None:
        put(index, "table.md", "| Lantern | Orchard |\n|---|---|\n" + "| copper | violin |\n" * 12)
        first, *others = everything(index)
        assert first.header == "" and others
        assert {passage.header for passage in others} == {"| Lantern | Orchard |"}
        assert {i for i, _ in index.search_lexical("lantern", 99)} == {passage.id for passage in (first, *others)}

    def test_known_vectors_are_those_that_were_put(self, index: WritableIndex) -> None:
        put(index, "a.txt", prose(1))
        texts = [embedded(passage) for passage in everything(index)]
        known = index.known_vectors([text_hash(parts) for parts in [*texts, ["new"]]])
        assert known.keys() == {text_hash(parts) for parts in texts}
        for parts in texts:
            put_in = EMBEDDER.embed_passages(parts).astype(np.float16)
            assert np.array_equal(known[text_hash(parts)], put_in.astype(np.float32))
        assert index.known_vectors([]) == {}


class TestChanges:
    def test_a_failing_change_changes_nothing(self, index: WritableIndex) -> None:
        put(index, "a.txt", prose(1))
        generation, before = index.generation, everything(index)
        made = document("a.txt", prose(2))
        passages = cut(made, EMBEDDER.tokenizer, LIMIT)
        with pytest.raises(ValueError, match="zip"):
            index.replace("/data/docs", made, passages, [EMBEDDER.embed_passages(["one"])], ["hash"])
        assert (index.generation, everything(index)) == (generation, before)

    def test_a_transaction_is_kept_or_not_as_a_whole_and_seen_at_its_end(
        self, index: WritableIndex, config: Config
    ) -> None:
        put(index, "a.txt", prose(1))
        put(index, "c.txt", prose(3))
        before = index.documents()
        with open_index(config, EMBEDDER) as reader:
            with pytest.raises(RuntimeError), index.transaction():
                put(index, "a.txt", "The qvortzipane is new.")
                put(index, "b.txt", prose(2))
                index.delete("c.txt")
                raise RuntimeError
            assert reader.documents() == index.documents() == before
            assert reader.search_lexical("qvortzipane", 9) == []
            with index.transaction():
                put(index, "a.txt", "The qvortzipane is new.")
                put(index, "b.txt", prose(2))
                index.delete("c.txt")
                assert reader.documents() == before
                assert reader.search_lexical("qvortzipane", 9) == []
            assert [info.name for info in reader.documents()] == ["a.txt", "b.txt"]
            assert [p.document for p in reader.passages([i for i, _ in reader.search_lexical("qvortzipane", 9)])] == [
                "a.txt"
            ]

    def test_another_embedder_takes_over_in_one_transaction(self, index: WritableIndex, config: Config) -> None:
        for name in ("a.txt", "b.txt"):
            put(index, name, prose(1))
        other, wanted = HashEmbedder(16), document("a.txt", prose(1))
        with open_index(config, EMBEDDER) as reader:
            assert reader.search_dense(EMBEDDER.embed_query("river"), 1)
            with index.transaction():
                index.adopt(other, 99)
                passages = cut(wanted, other.tokenizer, 99)
                vectors = [other.embed_passages([passage.text]) for passage in passages]
                index.replace("/data/docs", wanted, passages, vectors, [passage.text for passage in passages])
                assert len(reader.search_dense(EMBEDDER.embed_query("river"), 50)) == len(reader) > 2
            with pytest.raises(IndexMismatch):
                reader.search_dense(EMBEDDER.embed_query("river"), 1)
        assert [(info.name, info.passages) for info in index.documents()] == [("a.txt", len(passages)), ("b.txt", 0)]
        assert index.document("b.txt").text == prose(1)
        found = index.search_dense(other.embed_query("river"), 50)
        assert {p.document for p in index.passages([i for i, _ in found])} == {"a.txt"}
        assert index.stats()["dimension"] == 16

    def test_what_rests_on_a_deleted_document_goes_with_it(self, index: WritableIndex, config: Config) -> None:
        for name in ("a.txt", "b.txt"):
            put(index, name, prose(1))
        (gone, *_), (kept, *_) = (everything(index, name) for name in ("a.txt", "b.txt"))
        answers = {name: Archive(config.index).put(answer_from(p)) for name, p in (("a", gone), ("b", kept))}
        for name in ("a.txt", "b.txt"):
            feedback.add(config.index, Feedback("up", "Word?", citations=(Span(name, 0, 3, "The"),)))
        (config.index / STATES).mkdir()
        for passage in (gone, kept):
            (config.index / STATES / f"{passage.id}-key.state").write_bytes(b"state")
        assert index.delete("a.txt")
        assert [said.citations[0].document for said in feedback.pending(config.index)] == ["b.txt"]
        assert Archive(config.index).get(answers["a"]) is None
        assert Archive(config.index).get(answers["b"]) is not None
        assert [file.name for file in (config.index / STATES).iterdir()] == [f"{kept.id}-key.state"]

    def test_a_second_writer_is_told_to_wait_and_readers_are_not(
        self, index: WritableIndex, config: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(index, "a.txt", prose(1))
        program = (
            "import sys; from filelock import FileLock\nwith FileLock(sys.argv[1]): print('in', flush=True); input()"
        )
        for engine in ("sqlite.database", "milvus.writing"):
            monkeypatch.setattr(f"rag.indexes.{engine}.WAIT", 0.2)
        command = [sys.executable, "-c", program, str(next(config.index.glob("*lock")))]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None and other.stdout.readline() == "in\n"
            with pytest.raises(IndexBusy, match="Another process is changing the index"):
                index.delete("a.txt")
            assert index.search_lexical(prose(1, 1), 1)
            other.communicate("\n", timeout=120)
        assert index.delete("a.txt")


def answer_from(passage: Passage) -> Answer:
    return Answer("", "What?", "answered", 1.0, "That.", evidence=(Evidence(passage, 1.0, 1),))


class TestSearching:
    def test_all_is_found_that_a_plain_loop_finds(self, index: WritableIndex) -> None:
        with index.writing():
            for number in range(6):
                put(index, f"{number}.txt", prose(number))
        put(index, "1.txt", prose(77))
        index.delete("2.txt")
        passages = everything(index)
        for word in WORDS[:4]:
            holding = {p.id for p in passages if word in p.text.lower()}
            found = index.search_lexical(word, 1000)
            assert {i for i, _ in found} == holding
            assert found == sorted(found, key=lambda pair: (-pair[1], pair[0])) and found[-1][1] > 0
            assert index.term_frequency(word) == len(holding)
            query = EMBEDDER.embed_query(word)
            exact = {p.id: float(EMBEDDER.embed_query(p.text) @ query) for p in passages}
            dense = index.search_dense(query, 5)
            assert [score for _, score in dense] == pytest.approx(sorted(exact.values(), reverse=True)[:5], abs=1e-3)
            assert dict(dense) == pytest.approx({i: exact[i] for i, _ in dense}, abs=1e-3)

    def test_a_filter_is_part_of_the_search(self, index: WritableIndex) -> None:
        with index.writing():
            for number in range(20):
                put(index, f"{number}.txt", f"The river runs by the stone. {prose(number, 2)}", f"/data/{number % 2}")
            put(index, "far.txt", "The river " + "and the candle " * 15, "/data/far")
        vector = EMBEDDER.embed_query("the river runs by the stone")
        for within, allowed in (
            (Filter.of(["far.txt"]), {"far.txt"}),
            (Filter.of(["far.txt", "3.txt", "none"]), {"far.txt", "3.txt"}),
            (Filter(sources=frozenset({"/data/far"})), {"far.txt"}),
            (Filter(frozenset({"3.txt", "4.txt"}), frozenset({"/data/1"})), {"3.txt"}),
        ):
            ids = index.passage_ids(within)
            assert {p.document for p in index.passages(ids)} == allowed
            assert {i for i, _ in index.search_dense(vector, len(ids), within)} == set(ids)
            lexical = index.search_lexical("the river runs", 99, within)
            assert {p.document for p in index.passages([i for i, _ in lexical])} == allowed
            assert {i for i, _ in lexical} <= {i for i, _ in index.search_lexical("the river runs", 999)}
            assert len(index.search_lexical("river", 1, within)) == 1
        for nothing in (Filter.of([]), Filter.of(["none"]), Filter(sources=frozenset({"/data"}))):
            assert index.search_dense(vector, 5, nothing) == index.search_lexical("river", 5, nothing) == []

    def test_words_side_by_side_count_more(self, index: WritableIndex) -> None:
        put(index, "a.txt", "The engine is by the river and the violin.")
        put(index, "b.txt", "The river engine is by the violin and the.")
        put(index, "c.txt", "A candle in a meadow.")
        put(index, "d.txt", "A ladder in an orchard.")
        (first, high), (second, low) = index.search_lexical("river engine", 9)
        assert [p.document for p in index.passages([first, second])] == ["b.txt", "a.txt"]
        assert high > low > 0

    def test_forms_of_a_word_and_accents_match(self, index: WritableIndex) -> None:
        put(index, "a.txt", "Zoë recognised the cafés. " + prose(1))
        for question in ("recognising", "CAFÉ", "cafe\u0301s", "zoe"):
            assert index.search_lexical(question, 5), question
        assert index.term_frequency("recognises") == index.term_frequency("cafe recognise") == 1
        assert index.term_frequency("no-such-word") == index.term_frequency("…") == 0

    def test_title_date_and_section_are_found(self, index: WritableIndex) -> None:
        made = replace(document("a.txt", "Zoning\n\n" + prose(1), "Plomquestra"), date="2011-03-11")
        put_document(index, replace(made, headings=(Heading(0, 6, 1),)))
        assert len(index.search_lexical("Plomquestra", 99)) == len(index.search_lexical("March 2011", 99)) == len(index)
        assert len(index.search_lexical("zoning", 99)) >= 1

    def test_stop_words_count_only_where_there_is_nothing_else(self, index: WritableIndex) -> None:
        put(index, "a.txt", "To be or not to be.")
        put(index, "b.txt", "The river is wide.")
        assert len(index.search_lexical("What is the river?", 9)) == 1
        assert len(index.search_lexical("To be or not to be?", 9)) == 1

    def test_coverage_counts_rare_words_more_and_unknown_ones_most(self, index: WritableIndex) -> None:
        for number in range(8):
            put(index, f"{number}.txt", "The river runs by the stone.")
        put(index, "rare.txt", "The lantern by the river.")
        (rare,), (common,) = (index.passage_ids(Filter.of([name])) for name in ("rare.txt", "1.txt"))
        assert index.coverage("lantern river", rare) == pytest.approx(1)
        assert 0 < index.coverage("lantern river", common) < 0.5
        assert index.coverage("lantern qvortz", rare) == pytest.approx(0.5)
        assert index.coverage("lantern", 10**9) == index.coverage("…", rare) == 0

    @pytest.mark.parametrize("questions", [SYNTAX, STRANGE])
    def test_a_question_is_never_syntax(self, index: WritableIndex, questions: list[str]) -> None:
        put(index, "a.txt", "The river. " + prose(1))
        for question in questions:
            assert bool(index.search_lexical(question, 5)) == ("river" in question), question
            index.term_frequency(question)

    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(question=st.text(alphabet=st.characters(), max_size=60))
    def test_no_text_raises(self, index: WritableIndex, question: str) -> None:
        if not len(index):
            put(index, "a.txt", prose(1))
        for i, score in index.search_lexical(question, 5):
            assert i > 0 and score > 0
        assert index.term_frequency(question) >= 0

    def test_dense_scores_are_those_of_the_passage_and_its_best_window(self, index: WritableIndex) -> None:
        with index.writing():
            for number in range(8):
                put(index, f"{number}.txt", prose(number))
        vector = EMBEDDER.embed_query(prose(3, 1))
        ids = index.passage_ids()
        texts = [windows(passage, EMBEDDER.tokenizer, LIMIT) for passage in index.passages(ids)]
        assert max(map(len, texts)) > 1
        best = [float((EMBEDDER.embed_passages(parts) @ vector).max()) for parts in texts]
        whole = [float(EMBEDDER.embed_query(passage.text) @ vector) for passage in index.passages(ids)]
        expected = [weighed(*pair) for pair in zip(whole, best, strict=True)]
        assert index.scores_dense(vector, ids) == pytest.approx(expected, abs=2e-3)
        assert index.scores_dense(vector, [10**9]) == [0.0]

    def test_an_empty_index_finds_nothing(self, index: WritableIndex) -> None:
        assert index.search_dense(EMBEDDER.embed_query("river"), 5) == []
        assert index.search_lexical("river", 5) == []
        assert index.scores_dense(EMBEDDER.embed_query("river"), []) == []
        assert (index.term_frequency("river"), len(index), bool(index), index.documents()) == (0, 0, True, [])


class TestMoving:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Callable[[str, str], Config]:
        return lambda engine, name: settings_for(engine, tmp_path / name)

    def contents(self, index: WritableIndex) -> list[object]:
        return [
            (info, put_in.document, [*put_in.passages], [*put_in.hashes], [v.tobytes() for v in put_in.vectors])
            for info in index.documents()
            for put_in in [index.content(info.name)]
        ]

    def test_there_and_back_nothing_is_lost_or_changed(self, place: Callable[[str, str], Config]) -> None:
        with create_index(place("sqlite", "one"), EMBEDDER) as source:
            for number in range(12):
                put(source, "a.txt", prose(number), f"/data/{number % 4}")
                put(source, f"{number}.txt", prose(number), title="A title")
            put_document(source, rich())
            source.delete("a.txt")  # The others keep their names, which a newcomer would not get.
            source.calibrate({"min_confidence": 0.5})
            whole = self.contents(source)
            with (
                create_index(place("milvus", "two"), EMBEDDER) as there,
                create_index(place("sqlite", "three"), EMBEDDER) as back,
            ):
                moved = migrate(source, there, lambda *_: None)
                assert (moved.moved, moved.present, moved.passages, moved.compared) == (16, 0, len(source), 16)
                assert migrate(there, back, lambda *_: None).moved == 16
                assert self.contents(there) == self.contents(back) == whole
                assert back.calibration == {"min_confidence": 0.5}

    def test_a_move_that_was_cut_off_goes_on_and_follows_what_changed(
        self, place: Callable[[str, str], Config], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("rag.maintenance.migration.BATCH", 10)

        def cut_off(step: str, done: int, total: int, name: str) -> None:
            if done > 3:
                raise KeyboardInterrupt

        with (
            create_index(place("sqlite", "one"), EMBEDDER) as source,
            create_index(place("milvus", "two"), EMBEDDER) as target,
        ):
            for number in range(9):
                put(source, f"{number}.txt", prose(number))
            with pytest.raises(KeyboardInterrupt):
                migrate(source, target, cut_off)
            present = len(target.documents())
            assert 3 < present < 9
            put(source, "0.txt", prose(99))
            moved = migrate(source, target, lambda *_: None)
            assert (moved.moved, moved.present) == (9 - present + 1, present - 1)
            assert self.contents(source) == self.contents(target)

    def test_the_command_moves_goes_on_and_says_how_to_use_it(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        config, there = settings_for("sqlite", tmp_path), str(tmp_path / "there.db")
        with create_index(config, EMBEDDER) as source:
            put(source, "a.txt", prose(1))
            documents, passages = source.documents(), len(source)
        for moved in (1, 0):
            assert commands.manage_index(config, Namespace(to=there)) == 0
            said = capsys.readouterr().out
            assert f"{moved} documents moved, {1 - moved} already there: {passages} passages in {there}" in said
            assert f'set index_url = "{there}"' in said
        with open_index(replace(config, index_url=there)) as found:
            assert found.documents() == documents
        assert commands.manage_index(replace(config, index_url=there), Namespace(to=str(tmp_path / "back"))) == 0
        assert f'set index = "{tmp_path / "back"}"' in capsys.readouterr().out
        with open_index(Config(index=tmp_path / "back")) as found:
            assert found.documents() == documents

    def test_another_index_is_not_moved_into(self, place: Callable[[str, str], Config]) -> None:
        with (
            create_index(place("sqlite", "one"), EMBEDDER) as source,
            create_index(place("sqlite", "two"), EMBEDDER) as target,
            create_index(place("sqlite", "three"), HashEmbedder(16)) as foreign,
        ):
            put(source, "a.txt", prose(1))
            put(target, "b.txt", prose(1))
            with pytest.raises(IndexMismatch, match=r"other documents, such as 'b\.txt'"):
                migrate(source, target, lambda *_: None)
            with pytest.raises(IndexMismatch, match="another embedder"):
                migrate(source, foreign, lambda *_: None)

    def test_a_difference_is_told(self, place: Callable[[str, str], Config], monkeypatch: pytest.MonkeyPatch) -> None:
        with (
            create_index(place("sqlite", "one"), EMBEDDER) as source,
            create_index(place("sqlite", "two"), EMBEDDER) as target,
        ):
            put(source, "a.txt", prose(1))
            whole = target.content

            def other(name: str) -> object:
                found = whole(name)
                return replace(found, vectors=[vector + 1 for vector in found.vectors])

            monkeypatch.setattr(target, "content", other)
            with pytest.raises(IndexFault, match=r"'a\.txt' differs"):
                migrate(source, target, lambda *_: None)


class TestMilvus:
    def test_what_a_killed_writer_left_is_not_seen_and_is_deleted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from rag.indexes.milvus.writing import Writer

        config = settings_for("milvus", tmp_path)
        with create_index(config, EMBEDDER) as index:
            put(index, "a.txt", "The river runs by the stone.")
            before = index.documents()
            with monkeypatch.context() as killed:
                killed.setattr(Writer, "_commit", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
                with pytest.raises(KeyboardInterrupt):
                    put(index, "a.txt", "The wyxlomund runs by the stone.")
        with create_index(config, EMBEDDER) as again:
            assert again.documents() == before
            assert again.search_lexical("wyxlomund", 9) == []
            put(again, "b.txt", prose(1))
            assert again.term_frequency("wyxlomund") == 0, "the next change deletes it"

    def test_what_no_field_can_hold_is_refused_and_the_others_go_in(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = settings_for("milvus", tmp_path)
        (tmp_path / "in").mkdir()
        for name in ("a.txt", "b.txt"):
            (tmp_path / "in" / name).write_text(prose(1))
        read = documents.read

        def with_a_long_title(file: Path, name: str) -> Document:
            found = read(file, name)
            return replace(found, title="x" * 70_000) if name == "a.txt" else found

        monkeypatch.setattr(documents, "read", with_a_long_title)
        with create_index(config, EMBEDDER) as index:
            report = ingest([tmp_path / "in"], index, EMBEDDER, config)
            assert report.added == ["b.txt"]
            ((name, reason),) = report.failed
            assert name == "a.txt" and "more than 65535 bytes" in reason
            assert [info.name for info in index.documents()] == ["b.txt"]

    def test_the_missing_client_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pymilvus", None)
        with pytest.raises(ConfigError, match=r"pip install 'footnote\[milvus\]'"):
            create_index(settings_for("milvus", tmp_path), EMBEDDER)

    def test_a_server_that_is_not_there_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("rag.indexes.milvus.store.TIMEOUT", 0.5)
        config = Config(index=tmp_path / "index", index_url="http://127.0.0.1:9")
        with pytest.raises(IndexFault, match=r"127\.0\.0\.1:9.*Check that the server runs"):
            open_index(config)
