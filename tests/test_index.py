"""The index in SQLite and FAISS beyond what every engine does: files, crashes, and that its parts agree."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag.embedders.hashed import HashEmbedder
from rag.errors import IndexBusy, IndexFault, IndexMismatch, IndexMissing
from rag.indexes.shared import WINDOW
from rag.indexes.sqlite.database import DATABASE
from rag.indexes.sqlite.dense import VECTORS
from rag.indexes.sqlite.index import SqliteIndex
from rag.indexes.sqlite.vectors import VectorIndex
from rag.ingest import text_hash
from rag.passages import cut, windows
from rag.text.stems import stem
from rag.types import Document, Passage

EMBEDDER = HashEmbedder(32)
LIMIT = 24
WORDS = "river stone harbour candle meadow lantern orchard winter copper saddle violin engine ladder button".split()


def document(name: str, text: str, title: str = "", language: str = "") -> Document:
    return Document(name, text, hashlib.sha256(text.encode()).hexdigest(), "text/plain", title, language=language)


def put(
    index: SqliteIndex, name: str, text: str, source: str = "/data/docs", title: str = "", language: str = ""
) -> str:
    made = document(name, text, title, language)
    passages = cut(made, EMBEDDER.tokenizer, LIMIT)
    texts = [embedded(passage) for passage in passages]
    vectors = [EMBEDDER.embed_passages(parts) for parts in texts]
    return index.replace(source, made, passages, vectors, [text_hash(parts) for parts in texts])


def stored(text: str) -> NDArray[np.float64]:
    return EMBEDDER.embed_query(text).astype(np.float16).astype(np.float64)


def embedded(passage: Passage) -> list[str]:
    return [passage.text, *windows(passage, EMBEDDER.tokenizer, LIMIT)]


def prose(seed: int, sentences: int = 8) -> str:
    draw = random.Random(seed)
    return " ".join(" ".join(draw.choices(WORDS, k=7)).capitalize() + "." for _ in range(sentences))


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(folder / DATABASE)) as connection:
        return connection.execute(query).fetchall()


def everything(index: SqliteIndex) -> list[Passage]:
    return index.passages([row[0] for row in rows(index.folder, "SELECT id FROM passages ORDER BY id")])  # type: ignore[misc]


def assert_agreement(index: SqliteIndex) -> None:
    """SQLite, the full-text index and the vectors hold the same passages, and find what a plain loop finds."""
    assert rows(index.folder, "PRAGMA integrity_check") == [("ok",)]
    assert rows(index.folder, "PRAGMA foreign_key_check") == []
    passages = everything(index)
    ids = [passage.id for passage in passages]
    assert [row[0] for row in rows(index.folder, "SELECT passage FROM vectors ORDER BY passage")] == ids
    assert [row[0] for row in rows(index.folder, "SELECT rowid FROM terms ORDER BY rowid")] == ids
    for passage in passages:
        assert index.text(passage.document, passage.start, passage.end) == passage.text
    for word in WORDS:
        holding = {p.id for p in passages if word in p.text.lower()}
        assert {i for i, _ in index.search_lexical(word, 10_000)} == holding
        assert index.term_frequency(word) == len(holding)
        query = EMBEDDER.embed_query(word)
        exact = {p.id: float(stored(p.text) @ query.astype(float)) for p in passages}
        expected = sorted(ids, key=lambda i: (-exact[i], i))[:5]
        found = index.search_dense(query, 5)
        assert [i for i, _ in found] == expected
        assert [score for _, score in found] == pytest.approx([exact[i] for i in expected], abs=1e-6)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    with SqliteIndex.create(tmp_path / "index", EMBEDDER, LIMIT) as made:
        yield made


class TestOpening:
    def test_without_an_index_it_says_how_to_make_one(self, tmp_path: Path) -> None:
        with pytest.raises(IndexMissing, match="footnote ingest PATH"):
            SqliteIndex.open(tmp_path)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("script", ["", "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)"])
    def test_a_file_without_our_tables_is_no_index(self, tmp_path: Path, script: str) -> None:
        with contextlib.closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
            connection.executescript(script)
        with pytest.raises(IndexMissing):
            SqliteIndex.open(tmp_path)
        SqliteIndex.create(tmp_path, EMBEDDER, LIMIT).close()
        SqliteIndex.open(tmp_path, EMBEDDER).close()

    def test_a_damaged_file_is_named(self, tmp_path: Path) -> None:
        (tmp_path / DATABASE).write_bytes(b"no database at all" * 1000)
        with pytest.raises(IndexFault, match=r"footnote\.db is damaged .*footnote doctor --repair"):
            SqliteIndex.open(tmp_path)

    def test_another_schema_is_refused(self, index: SqliteIndex) -> None:
        index.close()
        with contextlib.closing(sqlite3.connect(index.folder / DATABASE, isolation_level=None)) as connection:
            connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
        with pytest.raises(IndexMismatch, match="schema 99"):
            SqliteIndex.open(index.folder)

    def test_read_only_reads_and_does_not_write(self, index: SqliteIndex) -> None:
        put(index, "a.txt", prose(1))
        (index.folder / VECTORS).unlink()
        with SqliteIndex.open(index.folder, EMBEDDER, read_only=True) as reader:
            assert len(reader.search_dense(EMBEDDER.embed_query("river"), 3)) == 3
            with pytest.raises(IndexFault, match="for reading only"):
                reader.delete("a.txt")
        assert not (index.folder / VECTORS).exists()

    def test_a_closed_index_on_a_medium_that_cannot_be_written(self, index: SqliteIndex, tmp_path: Path) -> None:
        put(index, "a.txt", prose(1))
        index.close()
        program = (
            "import sys; from pathlib import Path; from rag.indexes.sqlite.index import SqliteIndex\n"
            "from rag.embedders.hashed import HashEmbedder\n"
            "e = HashEmbedder(32)\nwith SqliteIndex.open(Path(sys.argv[1]), e, read_only=True) as index:\n"
            "    print(len(index.search_dense(e.embed_query('river'), 3)), len(index.search_lexical('river', 1)))"
        )
        if os.geteuid() != 0 or not shutil.which("unshare"):
            pytest.skip("mounting read-only takes root")
        command = f'mount --bind -o ro {index.folder} {index.folder} && exec {sys.executable} -c "$0" {index.folder}'
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", command, program], capture_output=True, text=True, check=False
        )
        if "permission denied" in done.stderr.lower() or "not permitted" in done.stderr:
            pytest.skip("mounting is not allowed here")
        assert (done.stdout.split(), done.stderr) == (["3", "1"], "")


class TestDocuments:
    def test_replacing_keeps_the_name_and_never_uses_an_id_twice(self, index: SqliteIndex) -> None:
        put(index, "a.txt", prose(1))
        before = {passage.id for passage in everything(index)}
        assert put(index, "a.txt", prose(2)) == "a.txt"
        after = {passage.id for passage in everything(index)}
        assert index.document("a.txt").text == prose(2)
        assert after and not before & after
        index.delete("a.txt")
        put(index, "a.txt", prose(1))
        assert min(passage.id for passage in everything(index)) > max(after)
        assert_agreement(index)

    def test_a_failing_change_changes_nothing(self, index: SqliteIndex) -> None:
        put(index, "a.txt", prose(1))
        generation, before = index.generation, everything(index)
        made = document("a.txt", prose(2))
        passages = cut(made, EMBEDDER.tokenizer, LIMIT)
        with pytest.raises(ValueError, match="zip"):
            index.replace("/data/docs", made, passages, [EMBEDDER.embed_passages(["one"])], ["hash"])
        assert (index.generation, everything(index)) == (generation, before)
        assert_agreement(index)

    def test_stats(self, index: SqliteIndex) -> None:
        put(index, "a.txt", prose(1))
        stats = index.stats()
        assert (stats["documents"], stats["sources"], stats["characters"]) == (1, 1, len(prose(1)))
        assert stats["passages"] == len(index) == len(everything(index))
        assert (stats["embedder"], stats["dimension"], stats["passage_tokens"]) == ("hash", 32, LIMIT)
        assert stats["generation"] == index.generation == 2
        assert stats["bytes"] > 4096


class TestDeleting:
    # How many others there are decides whether the full-text index happens to merge its parts by itself.
    @pytest.mark.parametrize(("way", "others"), [("delete", 0), ("delete", 5), ("delete", 60), ("replace", 5)])
    def test_nothing_is_left_in_any_file(self, index: SqliteIndex, way: str, others: int) -> None:
        with index.writing():
            for number in range(others):
                put(index, f"{number}.txt", prose(number))
        secret = "Qvortzipane met the Wyxlomund at Brzenkaldy."
        put(index, "secret.txt", f"{prose(99)} {secret} {prose(98)}", title="Plomquestra")
        # Without their first letters: the full-text index writes only how a word differs from the one before.
        marks = [b"ortzipan", b"xlomund", b"zenkald", b"omquestra"]
        secrets = [p for p in everything(index) if p.document == "secret.txt"]
        vectors = [stored(text).astype(np.float16).tobytes() for p in secrets for text in embedded(p)]
        assert all(any(mark in data.lower() for data in contents(index.folder)) for mark in marks)
        assert all(any(vector in data for data in contents(index.folder)) for vector in vectors)
        vectors += [stored(p.text).astype(np.float32).tobytes() for p in secrets]
        reader = SqliteIndex.open(index.folder, EMBEDDER)
        assert reader.search_lexical("Wyxlomund", 1)
        reader.search_dense(EMBEDDER.embed_query("river"), 1)
        if way == "delete":
            assert index.delete("secret.txt")
        else:
            put(index, "secret.txt", prose(97))
        assert_nothing_of(index.folder, marks, vectors)
        assert not reader.search_lexical("Wyxlomund", 1)
        reader.close()
        assert_agreement(index)
        index.close()
        assert_nothing_of(index.folder, marks, vectors)

    def test_the_last_document_takes_its_source_along(self, index: SqliteIndex) -> None:
        put(index, "a.txt", prose(1), "/home/somebody/private")
        index.delete("a.txt")
        assert_nothing_of(index.folder, [b"somebody"], [])
        assert index.stats()["sources"] == 0
        assert index.search_dense(EMBEDDER.embed_query("river"), 3) == []

    def test_a_kill_between_the_commit_and_the_tidying_is_made_up_for(self, index: SqliteIndex) -> None:
        for number in range(20):
            put(index, f"{number}.txt", prose(number))
        put(index, "secret.txt", f"{prose(99)} Wyxlomund {prose(98)}")
        index.close()
        program = (
            "import os, sys; from pathlib import Path; from rag.indexes.sqlite.index import SqliteIndex\n"
            "from rag.embedders.hashed import HashEmbedder\n"
            "SqliteIndex._settle = lambda self: os._exit(9)\n"
            "SqliteIndex.open(Path(sys.argv[1]), HashEmbedder(32)).delete('secret.txt')"
        )
        assert subprocess.run([sys.executable, "-c", program, index.folder], check=False).returncode == 9
        with SqliteIndex.open(index.folder, EMBEDDER) as again:
            assert len(again.documents()) == 20
            assert_nothing_of(index.folder, [b"wyxlomund"], [])
            assert_agreement(again)


def contents(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir()]


def assert_nothing_of(folder: Path, marks: list[bytes], vectors: list[bytes]) -> None:
    for file in folder.iterdir():
        data = file.read_bytes()
        assert not [mark for mark in marks if mark in data.lower()], file.name
        assert not [1 for vector in vectors if vector in data], file.name


class TestVectorsFile:
    @pytest.fixture
    def folder(self, index: SqliteIndex) -> Path:
        with index.writing():
            for number in range(30):
                put(index, f"{number}.txt", prose(number))
        index.close()
        return index.folder

    def test_it_is_used_when_it_is_whole(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with SqliteIndex.open(folder, EMBEDDER) as index:
            monkeypatch.setattr(VectorIndex, "add", lambda *_: pytest.fail("was built from SQLite"))
            assert len(index.search_dense(EMBEDDER.embed_query("river"), 5)) == 5

    @pytest.mark.parametrize("damage", ["missing", "empty", "half", "end", "flip", "trailer", "foreign"])
    def test_it_is_rebuilt_when_it_is_not(self, folder: Path, damage: str) -> None:
        file = folder / VECTORS
        whole = file.read_bytes()
        damaged = {
            "empty": b"",
            "half": whole[: len(whole) // 2],
            "end": whole[:-1],
            "flip": whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:],
            "trailer": whole[:-40] + b"\xff" + whole[-39:],
            "foreign": os.urandom(5000),
        }
        file.unlink()
        if damage != "missing":
            file.write_bytes(damaged[damage])
        with SqliteIndex.open(folder, EMBEDDER) as index:
            assert_agreement(index)
        assert file.read_bytes()[-8:] == whole[-8:]
        assert len(file.read_bytes()) == len(whole)

    def test_an_older_file_is_not_taken_for_a_newer(self, folder: Path) -> None:
        old = (folder / VECTORS).read_bytes()
        with SqliteIndex.open(folder, EMBEDDER) as index:
            index.delete("3.txt")
            put(index, "new.txt", prose(77))
        (folder / VECTORS).write_bytes(old)
        with SqliteIndex.open(folder, EMBEDDER) as index:
            assert_agreement(index)

    def test_an_older_database_put_back_does_not_get_the_newer_vectors(self, folder: Path) -> None:
        backup = (folder / DATABASE).read_bytes()
        with SqliteIndex.open(folder, EMBEDDER) as index:
            put(index, "new.txt", prose(77))
        (folder / DATABASE).write_bytes(backup)
        newer = (folder / VECTORS).read_bytes()
        with SqliteIndex.open(folder, EMBEDDER) as index:
            put(index, "other.txt", prose(78))
        (folder / VECTORS).write_bytes(newer)
        with SqliteIndex.open(folder, EMBEDDER) as index:
            assert_agreement(index)

    def test_faiss_itself_can_read_it(self, folder: Path) -> None:
        import faiss

        assert faiss.read_index(str(folder / VECTORS)).ntotal == rows(folder, "SELECT count(*) FROM vectors")[0][0]


class TestSearching:
    def test_bm25_is_that_of_the_formula(self, index: SqliteIndex) -> None:
        for number in range(12):
            put(index, f"{number}.txt", prose(number, 3 + number % 4), language="en")
        passages = everything(index)
        bags = {p.id: re.findall(r"\w+", p.text.lower()) for p in passages}
        average = sum(map(len, bags.values())) / len(bags)

        def bm25(bag: list[str], words: list[str]) -> float:
            score = 0.0
            for word in words:
                n = sum(word in other for other in bags.values())
                idf = max(math.log((len(bags) - n + 0.5) / (n + 0.5)), 1e-6)
                f = bag.count(word)
                score += idf * f * 2.2 / (f + 1.2 * (0.25 + 0.75 * len(bag) / average))
            return score

        words = ["river", "violin", "engine"]  # whose Porter stems stand for nothing else here
        expected = {i: bm25(bag, words) for i, bag in bags.items() if set(words) & set(bag)}
        found = index.search_lexical("the river, a Violin; of engines", 1000)  # no two of them side by side
        assert dict(found) == pytest.approx(expected)
        assert found == sorted(found, key=lambda pair: (-pair[1], pair[0]))
        assert index.search_lexical("river the violin the engine", 3) == found[:3]

    def test_kept_scores_are_those_of_the_full_text_index(
        self, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever was asked before, changed since or had to give way, one query over all words says the same."""
        monkeypatch.setattr("rag.indexes.sqlite.lexical.KEPT", 800)  # fifty passages
        plain = "SELECT rowid, -bm25(terms) AS score FROM terms WHERE terms MATCH ?"
        draw = random.Random(3)
        for number in range(60):
            if number % 4 == 0:
                put(index, f"{number % 12}.txt", prose(number, 5))
            words = draw.sample(WORDS, 3)
            stems = [stem(word, "") for word in words]
            either = " OR ".join(stems)
            pairs = f'"{stems[0]} {stems[1]}" OR "{stems[1]} {stems[2]}"'
            with contextlib.closing(sqlite3.connect(index.folder / DATABASE)) as connection:
                scores = dict(connection.execute(plain, (either,)).fetchall())
                for i, score in connection.execute(plain, (pairs,)).fetchall():
                    scores[i] += 0.3 * score
            expected = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:9]
            assert index.search_lexical(" ".join(words), 9) == expected
        assert 0 < index._lexical._kept.size <= 800

    def test_words_side_by_side_count_more(self, index: SqliteIndex) -> None:
        put(index, "a.txt", "The engine is by the river and the violin.")
        put(index, "b.txt", "The river engine is by the violin and the.")
        put(index, "c.txt", "A candle in a meadow.")
        put(index, "d.txt", "A ladder in an orchard.")
        assert len({score for _, score in index.search_lexical("engine, violin or river?", 9)}) == 1
        (first, high), (second, low) = index.search_lexical("river engine", 9)
        assert [p.document for p in index.passages([first, second])] == ["b.txt", "a.txt"]
        assert high > low > 0

    @settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(question=st.text(alphabet=st.characters(), max_size=60))
    def test_no_text_raises(self, index: SqliteIndex, question: str) -> None:
        if not len(index):
            put(index, "a.txt", prose(1))
        for i, score in index.search_lexical(question, 5):
            assert i > 0 and score > 0
        assert index.term_frequency(question) >= 0

    def test_equal_scores_come_in_order_of_id_even_where_they_are_cut(self, index: SqliteIndex) -> None:
        with index.writing():
            for number in range(50):
                put(index, f"{number}.txt", "The river runs by the stone.")
        vector = EMBEDDER.embed_query("river")
        ids = [passage.id for passage in everything(index)]
        for k in (1, 7, 49):
            assert [i for i, _ in index.search_dense(vector, k)] == ids[:k]
            assert [i for i, _ in index.search_lexical("river", k)] == ids[:k]

    def test_dense_scores_are_those_of_the_passage_and_its_best_window(self, index: SqliteIndex) -> None:
        with index.writing():
            for number in range(40):
                put(index, f"{number}.txt", prose(number))
        put(index, "one window.txt", "The river runs.")
        vector = EMBEDDER.embed_query(prose(3, 1))
        whole = dict(index.search_dense(vector, 10_000))
        ids = sorted(whole)
        assert len(ids) == len(index)
        scores = index.scores_dense(vector, ids)
        assert [index.scores_dense(vector, [i])[0] for i in ids] == scores, "whatever stands beside it"
        texts = [windows(passage, EMBEDDER.tokenizer, LIMIT) for passage in index.passages(ids)]
        assert max(map(len, texts)) > 1
        best = [float((EMBEDDER.embed_passages(parts) @ vector).max()) for parts in texts]
        expected = [(1 - WINDOW) * whole[i] + WINDOW * cosine for i, cosine in zip(ids, best, strict=True)]
        assert scores == pytest.approx(expected, abs=1e-3)
        assert index.scores_dense(vector, [10**9]) == [0.0]


OTHER_PROCESS = """
import sys
from pathlib import Path
from rag.embedders.hashed import HashEmbedder
from rag.indexes.sqlite.index import SqliteIndex
embedder = HashEmbedder(32)
index = SqliteIndex.open(Path(sys.argv[1]), embedder)
"""


class TestProcessesAndThreads:
    def start(self, folder: Path, program: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-uc", OTHER_PROCESS + program, str(folder)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def test_a_second_writer_is_told_to_wait_and_readers_are_not(
        self, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(index, "a.txt", prose(1))
        with self.start(index.folder, "with index.writing(): print('in'); input()") as other:
            assert other.stdout is not None and other.stdout.readline() == "in\n"
            monkeypatch.setattr("rag.indexes.sqlite.database.WAIT", 0.2)
            with pytest.raises(IndexBusy, match="Another process is changing the index"):
                index.delete("a.txt")
            assert index.search_lexical(prose(1, 1), 1)
            other.communicate("\n", timeout=120)
        assert index.delete("a.txt")

    def test_a_killed_writer_leaves_no_lock(self, index: SqliteIndex) -> None:
        with self.start(index.folder, "with index.writing(): print('in'); input()") as other:
            assert other.stdout is not None and other.stdout.readline() == "in\n"
            other.kill()
            other.wait()
        put(index, "a.txt", prose(1))

    def test_a_reader_in_another_process_sees_changes_without_a_restart(self, index: SqliteIndex) -> None:
        program = (
            "import sys\n"
            "for line in sys.stdin:\n"
            "    ids = [i for i, _ in index.search_dense(embedder.embed_query(line), 50)]\n"
            "    print(index.generation, sorted({p.document for p in index.passages(ids)}))"
        )
        with self.start(index.folder, program) as other:
            assert other.stdin is not None and other.stdout is not None

            def ask() -> str:
                print("river", file=other.stdin, flush=True)
                assert other.stdout is not None
                return other.stdout.readline().strip()

            assert ask() == "1 []"
            put(index, "a.txt", prose(1))
            assert ask() == "2 ['a.txt']"
            put(index, "b.txt", prose(2))
            put(index, "a.txt", prose(3))
            assert ask().endswith("['a.txt', 'b.txt']")
            index.delete("a.txt")
            assert ask().endswith("['b.txt']")
            other.communicate(timeout=120)

    def test_a_reader_is_told_when_the_index_is_made_anew_by_another_embedder(self, index: SqliteIndex) -> None:
        put(index, "a.txt", prose(1))
        with SqliteIndex.open(index.folder, EMBEDDER) as reader:
            assert reader.search_dense(EMBEDDER.embed_query("river"), 1)
            index.adopt(HashEmbedder(16), LIMIT)
            with pytest.raises(IndexMismatch):
                reader.search_dense(EMBEDDER.embed_query("river"), 1)

    def test_many_threads_read_while_one_writes(self, index: SqliteIndex) -> None:
        for number in range(10):
            put(index, f"{number}.txt", prose(number))
        stop, errors, reads = threading.Event(), list[BaseException](), [0]

        def read(seed: int) -> None:
            draw = random.Random(seed)
            try:
                while not stop.is_set():
                    word = draw.choice(WORDS)
                    dense = index.search_dense(EMBEDDER.embed_query(word), 5)
                    assert dense == sorted(dense, key=lambda pair: (-pair[1], pair[0]))
                    for passage in index.passages([i for i, _ in dense + index.search_lexical(word, 5)]):
                        assert passage.text and passage.text.strip() == passage.text
                    reads[0] += 1
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for number in range(30):
            put(index, f"{number % 12}.txt", prose(100 + number))
            if number % 5 == 0:
                index.delete(f"{number % 12}.txt")
        stop.set()
        for thread in threads:
            thread.join(30)
        assert not errors
        assert reads[0] > 30
        assert_agreement(index)


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_changes_keeps_the_parts_in_agreement(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    expected: dict[str, str] = {}
    index = SqliteIndex.create(tmp_path, EMBEDDER, LIMIT)
    for step in range(40):
        action = draw.choice(["put", "put", "put", "delete", "reopen", "search", "group", "lose"])
        name = f"{draw.randrange(8)}.txt"
        if action == "put":
            expected[name] = prose(seed * 1000 + step, draw.randrange(1, 12))
            assert put(index, name, expected[name]) == name
        elif action == "delete":
            assert index.delete(name) == (expected.pop(name, None) is not None)
        elif action == "group":
            with index.writing():
                for number in (1, 2, 1):
                    expected[f"{number}.txt"] = prose(seed * 1000 + step + number)
                    put(index, f"{number}.txt", expected[f"{number}.txt"])
        elif action == "reopen":
            index.close()
            index = SqliteIndex.open(tmp_path, EMBEDDER)
        elif action == "search":
            index.search_dense(EMBEDDER.embed_query("river"), 3)
        else:
            (tmp_path / VECTORS).unlink(missing_ok=True)
        assert {info.name: index.document(info.name).text for info in index.documents()} == expected
        if step % 8 == 0:
            assert_agreement(index)
    assert_agreement(index)
    index.close()


def test_a_thousand_vectors_give_what_numpy_gives() -> None:
    draw = np.random.default_rng(5)
    matrix = draw.standard_normal((1000, 48)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix = matrix.astype(np.float16).astype(np.float32)  # as it is kept
    matrix[500:520] = matrix[7]  # ties
    vectors = VectorIndex(48)
    vectors.add(range(1, 1001), matrix)
    vectors.remove(range(1, 1001, 3))
    kept = [i for i in range(1, 1001) if i % 3 != 1]
    for query in (matrix[7], matrix[33], -matrix[2]):
        exact = {i: float(matrix[i - 1].astype(float) @ query.astype(float)) for i in kept}
        assert vectors.scores(query, kept) == pytest.approx([exact[i] for i in kept], abs=1e-12)
        for k in (1, 5, 100, 5000):
            found = vectors.search(query, k)
            assert [i for i, _ in found] == sorted(kept, key=lambda i: (-round(exact[i], 12), i))[:k]
