"""Many vectors are parted into lists: what is found, what stays the same, and what goes on meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from test_index import EMBEDDER, LIMIT, OTHER_PROCESS, assert_nothing_of, everything, prose, put, rows, stored

from rag.embedders.hashed import HashEmbedder
from rag.indexes.sqlite import dense, lists
from rag.indexes.sqlite.dense import VECTORS
from rag.indexes.sqlite.index import SqliteIndex
from rag.indexes.sqlite.lists import Cancelled, Source, find_centroids, lists_for, part, tune
from rag.indexes.sqlite.vectors import Floats, Ids, VectorIndex

DIMENSION = 48


def unit(rows: Floats) -> Floats:
    found: Floats = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)
    return found


def clustered(seed: int, count: int) -> Floats:
    """Return vectors in topics, documents within them and passages within these."""
    draw = np.random.default_rng(seed)
    topics = np.random.default_rng(0).standard_normal((40, DIMENSION)).astype(np.float32)
    documents = topics[draw.integers(40, size=count // 10)] + draw.standard_normal((count // 10, DIMENSION))
    return unit(np.repeat(documents, 10, axis=0) + draw.standard_normal((count, DIMENSION)))


def never() -> bool:
    return False


def source(vectors: VectorIndex) -> Source:
    return Source(vectors.ids, lambda ids: (ids, vectors.rows(ids)), vectors.dimension)


def filled(count: int, centroids: Floats | None = None) -> VectorIndex:
    vectors = VectorIndex(DIMENSION, centroids)
    vectors.add(range(1, count + 1), clustered(1, count))
    return vectors


class TestLists:
    def test_few_lists_are_searched_and_nearly_all_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lists, "FLAT", 5000)
        flat = filled(20_000)
        many = part(source(flat), lists_for(len(flat)), never)
        assert 450 < many.lists <= 566 == lists_for(len(flat))
        recall = tune(many, clustered(2, 200), never)
        assert recall >= 0.985
        assert many.probes < many.lists / 3
        queries = clustered(3, 200)
        hits = 0
        for query in queries:
            exact, found = flat.search(query, 10), many.search(query, 10)
            assert found == sorted(found, key=lambda pair: (-pair[1], pair[0]))
            scores = dict(exact)
            assert all(scores[i] == score for i, score in found if i in scores), "scores are exact whatever is searched"
            hits += len(scores.keys() & dict(found).keys())
        assert hits >= 0.98 * 10 * len(queries)
        assert many.search(queries[0], 10, many.lists) == flat.search(queries[0], 10)
        assert many.search(queries[0], 20_000) == flat.search(queries[0], 20_000), "all that is asked for is found"

    def test_the_same_centroids_and_vectors_give_the_same_whatever_came_between(self, tmp_path: Path) -> None:
        rows, queries = clustered(1, 3000), clustered(2, 30)
        centroids = find_centroids(rows, 60, never)
        one, other = VectorIndex(DIMENSION, centroids, 5), VectorIndex(DIMENSION, centroids, 5)
        one.add(range(1, 3001), rows)
        one.remove(range(2000, 2500))
        kept = [i for i in range(1, 3001) if not 2000 <= i < 2500]
        for first in range(0, len(kept), 7):
            batch = kept[first : first + 7]
            other.add([*batch, 9000 + first], np.concatenate([rows[[i - 1 for i in batch]], queries[:1]]))
            other.remove([9000 + first])
        other.save(tmp_path / "vectors", {"a": "1"})
        loaded = VectorIndex.load(tmp_path / "vectors", DIMENSION, {"a": "1"})
        assert loaded is not None
        assert (loaded.lists, loaded.probes, loaded.ids.tolist()) == (one.lists, 5, kept)
        for query in queries:
            for k in (1, 30, 400):
                assert one.search(query, k) == other.search(query, k) == loaded.search(query, k)

    def test_no_centroid_is_a_copy_of_one_vector(self) -> None:
        rows = clustered(1, 2000)
        alone = -rows[:1]  # far from all others
        centroids = find_centroids(np.concatenate([rows, alone]), 100, never)
        assert (centroids @ alone[0]).max() < 0.99
        assert np.linalg.norm(centroids, axis=1) == pytest.approx(1, abs=1e-5)

    def test_it_stops_when_asked_to(self) -> None:
        calls = iter([False] * 4 + [True])
        with pytest.raises(Cancelled):
            part(source(filled(3000)), 60, lambda: next(calls))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteIndex]:
    """Return an index whose vectors are parted into lists when there are more than 100 of them."""
    monkeypatch.setattr(lists, "FLAT", 100)
    monkeypatch.setattr(lists, "LISTS", 2.0)
    monkeypatch.setattr(lists, "FEWEST", 2)
    with SqliteIndex.create(tmp_path / "index", EMBEDDER, LIMIT) as made:
        yield made


def fill(index: SqliteIndex, documents: int, first: int = 0) -> None:
    with index.transaction():
        for number in range(first, first + documents):
            put(index, f"{number}.txt", prose(number))


def settled(index: SqliteIndex) -> VectorIndex:
    """Wait for the lists that are being made, and return the vectors."""
    worker = index._dense._worker
    if worker is not None:
        worker.join(60)
        assert not worker.is_alive()
    index.search_dense(EMBEDDER.embed_query("river"), 1)
    assert index._dense._vectors is not None
    return index._dense._vectors


def answers(index: SqliteIndex) -> list[list[tuple[int, float]]]:
    return [index.search_dense(EMBEDDER.embed_query(prose(seed, 1)), 10) for seed in range(500, 530)]


def assert_all_there(index: SqliteIndex) -> None:
    """Whatever is in the database is found by its vector, with its score, and nothing else."""
    vectors = settled(index)
    ids = [passage.id for passage in everything(index)]
    assert vectors.ids.tolist() == ids
    for passage in everything(index)[::17]:
        query = EMBEDDER.embed_query(passage.text)
        best = dict(index.search_dense(query, len(ids)))
        assert best.keys() == set(ids)
        assert best[passage.id] == pytest.approx(float(stored(passage.text) @ query.astype(float)), abs=1e-6)


class TestChange:
    def test_lists_are_made_beside_the_writing_and_noted(self, index: SqliteIndex) -> None:
        fill(index, 40)
        vectors = settled(index)
        assert vectors.lists > 10
        stats = index.stats()
        assert (stats["lists"], stats["lists_searched"]) == (vectors.lists, vectors.probes)
        assert stats["recall"] >= 0.98
        assert_all_there(index)

    def test_searches_go_on_and_no_change_is_lost(self, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch) -> None:
        begun, go_on = threading.Event(), threading.Event()

        def slow(*arguments: object) -> VectorIndex:
            made: VectorIndex = part(*arguments)  # type: ignore[arg-type]
            begun.set()
            assert go_on.wait(60)
            return made

        monkeypatch.setattr(dense, "part", slow)
        stop, errors, lists_seen = threading.Event(), list[BaseException](), set[int]()

        def read() -> None:
            try:
                while not stop.is_set():
                    found = index.search_dense(EMBEDDER.embed_query("river stone"), 20)
                    assert len(found) == 20
                    assert found == sorted(found, key=lambda pair: (-pair[1], pair[0]))
                    lists_seen.add(index._dense._vectors.lists)  # type: ignore[union-attr]
            except BaseException as error:
                errors.append(error)

        fill(index, 40)
        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert begun.wait(60)
        put(index, "3.txt", prose(1003))
        index.delete("4.txt")
        fill(index, 5, 100)
        assert index._dense._vectors is not None and index._dense._vectors.lists == 1, "the old lists serve"
        go_on.set()
        vectors = settled(index)
        stop.set()
        for thread in threads:
            thread.join(30)
        assert not errors
        assert vectors.lists > 10
        assert 1 in lists_seen
        assert_all_there(index)

    def test_closing_gives_it_up_and_the_next_one_makes_it_up(
        self, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun = threading.Event()

        def endless(_source: Source, _lists: int, stop: Callable[[], bool]) -> VectorIndex:
            begun.set()
            while not stop():
                pass
            raise Cancelled

        with monkeypatch.context() as patch:
            patch.setattr(dense, "part", endless)
            fill(index, 40)
            assert begun.wait(60)
            index.close()
        with SqliteIndex.open(index.folder, EMBEDDER) as again:
            assert again.stats()["lists"] == 1
            again.organise()
            assert again.stats()["lists"] > 10
            assert_all_there(again)

    def test_lists_follow_the_size(self, index: SqliteIndex) -> None:
        fill(index, 40)
        before = settled(index).lists
        fill(index, 120, 100)
        assert settled(index).lists > 1.5 * before
        with index.transaction():
            for number in range(100, 220):
                index.delete(f"{number}.txt")
        assert settled(index).lists < 1.5 * before
        with index.transaction():
            for number in range(35):
                index.delete(f"{number}.txt")
        assert settled(index).lists == 1
        assert rows(index.folder, "SELECT count(*) FROM centroids") == [(0,)]
        assert_all_there(index)

    def test_another_embedder_takes_no_old_lists(self, index: SqliteIndex) -> None:
        fill(index, 40)
        assert settled(index).lists > 10
        index.adopt(HashEmbedder(16), LIMIT)
        assert index.search_dense(HashEmbedder(16).embed_query("river"), 3) == []
        assert index.stats()["lists"] == 1

    def test_nothing_deleted_is_left_in_any_file(self, index: SqliteIndex) -> None:
        fill(index, 40)
        settled(index)
        put(index, "secret.txt", "Qvortzipane met the Wyxlomund at Brzenkaldy.")
        index.organise()
        (secret,) = [p for p in everything(index) if p.document == "secret.txt"]
        halves = stored(secret.text).astype(np.float16)
        assert any(halves.tobytes() in file.read_bytes() for file in index.folder.iterdir())
        index.delete("secret.txt")
        assert_nothing_of(index.folder, [], [halves.tobytes(), halves.astype(np.float32).tobytes()])
        assert_all_there(index)


class TestFile:
    @pytest.fixture
    def folder(self, index: SqliteIndex) -> Path:
        fill(index, 40)
        assert settled(index).lists > 10
        index.close()
        return index.folder

    def test_it_is_used_when_it_is_whole(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with SqliteIndex.open(folder, EMBEDDER) as index:
            monkeypatch.setattr(VectorIndex, "add", lambda *_: pytest.fail("was built from SQLite"))
            assert settled(index).lists == index.stats()["lists"] > 10

    @pytest.mark.parametrize("damage", ["missing", "torn", "flipped"])
    def test_without_it_the_same_lists_are_made_and_the_same_is_found(self, folder: Path, damage: str) -> None:
        with SqliteIndex.open(folder, EMBEDDER) as index:
            expected = answers(index)
        whole = (folder / VECTORS).read_bytes()
        (folder / VECTORS).unlink()
        if damage == "torn":
            (folder / VECTORS).write_bytes(whole[: len(whole) // 2])
        elif damage == "flipped":
            (folder / VECTORS).write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
        with SqliteIndex.open(folder, EMBEDDER) as index:
            assert answers(index) == expected
            assert settled(index).lists > 10
        assert len((folder / VECTORS).read_bytes()) == len(whole)

    def test_a_little_more_is_read_from_the_database(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = (folder / VECTORS).stat().st_mtime_ns
        with SqliteIndex.open(folder, EMBEDDER) as index:
            index.search_dense(EMBEDDER.embed_query("river"), 1)
            put(index, "new.txt", prose(99, 2))
            expected = answers(index)
        assert (folder / VECTORS).stat().st_mtime_ns == before
        added, add = list[int](), VectorIndex.add

        def counted(self: VectorIndex, ids: Ids, vectors: Floats) -> None:
            added.extend(ids)
            add(self, ids, vectors)

        monkeypatch.setattr(VectorIndex, "add", counted)
        with SqliteIndex.open(folder, EMBEDDER) as index:
            assert answers(index) == expected
            assert 0 < len(added) <= 3
            fill(index, 10, 200)
        assert (folder / VECTORS).stat().st_mtime_ns != before

    def test_another_process_takes_over_the_new_lists(self, index: SqliteIndex) -> None:
        program = (
            "from test_lists import answers\n"
            "for line in sys.stdin: print(index.stats()['lists'], answers(index), flush=True)"
        )
        command = [sys.executable, "-uc", OTHER_PROCESS + program, str(index.folder)]
        folder = str(Path(__file__).parent)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder) as other:
            assert other.stdin is not None and other.stdout is not None

            def ask() -> str:
                print(file=other.stdin, flush=True)
                assert other.stdout is not None
                return other.stdout.readline().strip()

            fill(index, 10)
            assert ask() == f"1 {answers(index)}"
            fill(index, 40, 10)
            vectors = settled(index)
            assert ask() == f"{vectors.lists} {answers(index)}"
            index.delete("11.txt")
            assert ask() == f"{vectors.lists} {answers(index)}"
            other.communicate(timeout=120)
