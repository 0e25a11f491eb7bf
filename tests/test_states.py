"""The cache of attention states: what is put in comes out whole or not at all, within budget, and not for long."""

import threading

import pytest

from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.generators.llama.states import FOLDER, StateCache, sweep
from rag.indexes.opening import create_index, open_index
from rag.ingest import ingest

MIB = 1 << 20


class Shelf:
    """An owner whose passages are those of ``ids``."""

    def __init__(self, folder, *ids):
        self.folder, self.ids, self.generation = folder, set(ids), 1

    def existing(self, ids):
        return self.ids & set(ids)


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path, *range(1, 20))


def files(shelf):
    return sorted(file.name for file in (shelf.folder / FOLDER).glob("*"))


def test_what_is_put_comes_out(shelf):
    cache = StateCache(1, 1, shelf)
    cache.put(3, "a", b"three")
    assert (cache.get(3, "a"), cache.get(3, "b"), cache.get(4, "a")) == (b"three", None, None)
    assert StateCache(0, 1, shelf).get(3, "a") == b"three"
    assert StateCache(1, 0, shelf).get(3, "a") is None


def test_what_belongs_to_no_passage_is_in_memory_only(shelf):
    cache = StateCache(1, 1, shelf)
    cache.put(0, "a", b"instructions")
    assert cache.get(0, "a") == b"instructions"
    assert StateCache(1, 1, shelf).get(0, "a") is None
    assert files(shelf) == []


def test_it_says_when_it_is_full(shelf):
    for cache in (StateCache(1), StateCache(0, 1, shelf)):
        for passage in range(1, 4):
            cache.put(passage, "a", bytes(MIB // 4 + 1))
            assert cache.full == (passage == 3)


def test_memory_keeps_what_was_used_last(shelf):
    cache = StateCache(1)
    for passage in range(1, 5):
        cache.put(passage, "a", bytes(MIB // 4))
    cache.get(1, "a")
    cache.put(5, "a", bytes(MIB // 4))
    assert [passage for passage in range(1, 6) if cache.get(passage, "a")] == [1, 3, 4, 5]
    cache.put(6, "a", bytes(2 * MIB))
    assert not any(cache.get(passage, "a") for passage in range(1, 7))


def test_the_disk_keeps_what_was_used_last(shelf):
    cache = StateCache(0, 1, shelf)
    for passage in range(1, 4):
        cache.put(passage, "a", bytes(MIB // 4))
    cache.get(1, "a")
    cache.put(4, "a", bytes(MIB // 4))
    assert files(shelf) == ["1-a.state", "3-a.state", "4-a.state"]
    cache.put(5, "a", bytes(2 * MIB))
    assert files(shelf) == ["1-a.state", "3-a.state", "4-a.state"]


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-1], lambda data: data[:10], lambda data: b"", lambda data: data[:-9] + b"\1" * 9],
)
def test_a_torn_file_is_as_good_as_none(shelf, damage):
    StateCache(0, 1, shelf).put(3, "a", bytes(100))
    file = shelf.folder / FOLDER / "3-a.state"
    file.write_bytes(damage(file.read_bytes()))
    cache = StateCache(1, 1, shelf)
    assert cache.get(3, "a") is None
    cache.put(3, "a", b"anew")
    assert StateCache(0, 1, shelf).get(3, "a") == b"anew"


def test_a_file_under_the_name_of_another_is_not_trusted(shelf):
    StateCache(0, 1, shelf).put(3, "a", b"three")
    (shelf.folder / FOLDER / "3-a.state").rename(shelf.folder / FOLDER / "3-b.state")
    assert StateCache(0, 1, shelf).get(3, "b") is None


def test_states_go_with_their_passages(shelf):
    cache, other = StateCache(1, 1, shelf), StateCache(1, 1, shelf)
    for passage in (3, 4):
        cache.put(passage, "a", b"state")
    other.put(0, "a", b"instructions")
    assert other.get(3, "a") and other.get(4, "a")
    shelf.ids.discard(3)
    shelf.generation += 1
    assert (cache.get(3, "a"), cache.get(4, "a")) == (None, b"state")
    assert files(shelf) == ["4-a.state"]
    assert (other.get(3, "a"), other.get(0, "a")) == (None, b"instructions")


def test_what_a_killed_process_left_behind_is_swept(shelf):
    StateCache(0, 1, shelf).put(3, "a", b"state")
    for name in ("3-a.4711.99", "4-b", "nonsense", "99-a.state"):
        (shelf.folder / FOLDER / name).write_bytes(b"left")
    sweep(shelf.folder / FOLDER, shelf.existing)
    assert files(shelf) == ["3-a.state"]


def test_a_folder_that_cannot_be_written_is_done_without(shelf):
    (shelf.folder / FOLDER).write_text("a file where the folder should be")
    cache = StateCache(1, 1, shelf)
    cache.put(3, "a", b"state")
    assert cache.get(3, "a") == b"state"
    assert cache.get(4, "a") is None


def test_threads_share_one(shelf):
    cache = StateCache(1, 1, shelf)
    wrong = []

    def use(seed):
        for i in range(50):
            passage = (seed + i) % 7 + 1
            cache.put(passage, "a", bytes([passage]) * 50_000)
            state = cache.get(passage, "a")
            if state is not None and set(state) != {passage}:
                wrong.append(passage)

    threads = [threading.Thread(target=use, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_no_state_outlives_its_document(tmp_path):
    """With a real index: what a document's removal and change leave behind of its states is nothing."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("kept", "changed", "removed"):
        (folder / f"{name}.txt").write_text(f"The {name} one says this.")
    embedder, config = HashEmbedder(32), Config(index=tmp_path / "index")
    with create_index(config, embedder) as index:
        ingest([folder], index, embedder, config)
        passages = {passage.document: passage.id for passage in index.passages(index.passage_ids())}
        cache = StateCache(1, 1, index)
        for passage in passages.values():
            cache.put(passage, "a", b"state")
        (folder / "changed.txt").write_text("It says something else.")
        (folder / "removed.txt").unlink()
        with open_index(config, embedder) as other:
            ingest([folder], other, embedder, config)
        assert files(index) == [f"{passages['kept.txt']}-a.state"]
        assert [name for name, passage in passages.items() if cache.get(passage, "a")] == ["kept.txt"]
