"""Files come into the index, change, vanish, fail and are killed half way."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag import documents
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.errors import DocumentError, IndexBusy, IndexMissing
from rag.indexes.sqlite.database import DATABASE
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import IngestReport, ingest, ingest_some
from rag.passages import cut
from rag.ports import Progress, Vectors, WritableIndex
from rag.types import Document

CONFIG = Config(passage_tokens=24)
WORDS = "river stone harbour candle meadow lantern orchard winter copper saddle violin engine ladder button".split()


class CountingEmbedder(HashEmbedder):
    """Remembers what it was given."""

    def __init__(self, dimension: int = 32) -> None:
        super().__init__(dimension)
        self.texts: list[str] = []
        self.calls = 0

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.texts += texts
        self.calls += 1
        return super().embed_passages(texts, progress)


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
def index(tmp_path: Path, embedder: CountingEmbedder) -> SqliteIndex:
    return SqliteIndex.create(tmp_path / "index", embedder, CONFIG.passage_tokens)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    (made / "sub").mkdir(parents=True)
    write(made / "a.txt", 1)
    write(made / "b.md", 2)
    write(made / "sub" / "c.txt", 3)
    return made


def prose(seed: int, sentences: int = 8) -> str:
    draw = random.Random(seed)
    return "\n\n".join(" ".join(draw.choices(WORDS, k=9)).capitalize() + "." for _ in range(sentences))


def write(file: Path, seed: int, sentences: int = 8) -> None:
    file.write_text(prose(seed, sentences), encoding="utf-8")


def names(index: SqliteIndex) -> list[str]:
    return [info.name for info in index.documents()]


def test_a_folder_comes_in_and_the_second_time_nothing_happens(
    index: SqliteIndex, folder: Path, embedder: CountingEmbedder
) -> None:
    report = ingest([folder], index, embedder, CONFIG)
    assert report == IngestReport(added=["a.txt", "b.md", "sub/c.txt"])
    assert report.summary() == "3 added, 0 changed, 0 unchanged, 0 removed, 0 not read"
    assert names(index) == ["a.txt", "b.md", "sub/c.txt"]
    assert index.document("sub/c.txt").text == prose(3)
    embedder.texts.clear()
    generation = index.generation
    report = ingest([folder], index, embedder, CONFIG)
    assert report == IngestReport(unchanged=["a.txt", "b.md", "sub/c.txt"])
    assert (embedder.texts, index.generation) == ([], generation)


def test_a_change_embeds_only_the_passages_that_are_new(
    index: SqliteIndex, folder: Path, embedder: CountingEmbedder
) -> None:
    text = "\n\n".join(f"# Section {number}\n\n{prose(number, 3)}" for number in range(20))
    (folder / "b.md").write_text(text)
    ingest([folder], index, embedder, CONFIG)
    before, total = len(embedder.texts), len(index)
    assert before == len(set(embedder.texts)) > total > 30
    text += "\n\nA sentence about volcanoes that was not there before."
    (folder / "b.md").write_text(text)
    report = ingest([folder], index, embedder, CONFIG)
    assert (report.changed, report.unchanged) == (["b.md"], ["a.txt", "sub/c.txt"])
    assert 1 <= len(embedder.texts) - before <= 5
    assert any("volcanoes" in new for new in embedder.texts[before:])
    assert index.document("b.md").text == text


def test_the_content_decides_and_not_the_time(index: SqliteIndex, folder: Path, embedder: CountingEmbedder) -> None:
    ingest([folder], index, embedder, CONFIG)
    status = (folder / "a.txt").stat()
    other = prose(1).replace("river", "RIVER", 1)
    (folder / "a.txt").write_text(other)
    os.utime(folder / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    (folder / "b.md").touch()
    report = ingest([folder], index, embedder, CONFIG)
    assert (report.changed, report.unchanged) == (["a.txt"], ["b.md", "sub/c.txt"])


def test_what_vanished_is_removed_from_its_own_source_only(
    index: SqliteIndex, folder: Path, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other / "a.txt", 9)
    ingest([folder, other], index, embedder, CONFIG)
    assert names(index) == ["a.txt", "b.md", "other/a.txt", "sub/c.txt"]
    (folder / "a.txt").unlink()
    (folder / "sub" / "c.txt").unlink()
    (other / "a.txt").unlink()
    report = ingest([folder], index, embedder, CONFIG)
    assert report == IngestReport(unchanged=["b.md"], removed=["a.txt", "sub/c.txt"])
    assert names(index) == ["b.md", "other/a.txt"]


def test_a_file_is_a_source_of_its_own(index: SqliteIndex, folder: Path, embedder: CountingEmbedder) -> None:
    report = ingest([folder / "a.txt"], index, embedder, CONFIG)
    assert report.added == names(index) == ["a.txt"]
    write(folder / "a.txt", 8)
    report = ingest([folder / "b.md", folder / "a.txt", folder / "a.txt"], index, embedder, CONFIG)
    assert (report.added, report.changed, report.removed) == (["b.md"], ["a.txt"], [])


def test_the_same_source_by_another_way_is_the_same(
    index: SqliteIndex, folder: Path, tmp_path: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest([folder], index, embedder, CONFIG)
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    for path in (Path("docs"), Path("docs/../docs/sub/.."), tmp_path / "link"):
        assert len(ingest([path], index, embedder, CONFIG).unchanged) == 3


def test_what_cannot_be_read_is_named_and_the_others_go_in(
    index: SqliteIndex, folder: Path, embedder: CountingEmbedder
) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 torn")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "image.png").write_bytes(b"\x89PNG")
    report = ingest([folder], index, embedder, CONFIG)
    assert report.added == ["a.txt", "b.md", "sub/c.txt"]
    assert [name for name, _ in report.failed] == ["broken.pdf", "empty.txt", "image.png"]
    assert all(reason for _, reason in report.failed)
    assert "3 not read" in report.summary()


def test_the_earlier_version_of_what_cannot_be_read_stays(
    index: SqliteIndex, folder: Path, embedder: CountingEmbedder
) -> None:
    ingest([folder], index, embedder, CONFIG)
    (folder / "a.txt").write_bytes(b"")
    report = ingest([folder], index, embedder, CONFIG)
    ((name, reason),) = report.failed
    assert name == "a.txt"
    assert reason.endswith("(its earlier version stays in the index)")
    assert index.document("a.txt").text == prose(1)


def test_a_folder_that_cannot_be_opened_now_keeps_its_documents(
    index: SqliteIndex, folder: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest([folder], index, embedder, CONFIG)
    closed = [("a.txt", folder / "a.txt"), ("sub", folder / "sub")]
    monkeypatch.setattr(documents, "find", lambda path, within: iter(closed))
    report = ingest([folder], index, embedder, CONFIG)
    assert (report.removed, [name for name, _ in report.failed]) == (["b.md"], ["sub"])
    monkeypatch.setattr(documents, "find", lambda path, within: iter([("docs", folder)]))
    assert ingest([folder], index, embedder, CONFIG).removed == []
    assert names(index) == ["a.txt", "sub/c.txt"]


def test_a_path_that_does_not_exist_changes_nothing(
    index: SqliteIndex, folder: Path, embedder: CountingEmbedder
) -> None:
    with pytest.raises(DocumentError, match=r"nowhere'\. Nothing was changed"):
        ingest([folder, folder / "nowhere"], index, embedder, CONFIG)
    assert (names(index), index.generation) == ([], 1)


def test_the_same_content_twice_is_reported_and_goes_in(
    index: SqliteIndex, folder: Path, embedder: CountingEmbedder
) -> None:
    write(folder / "z.txt", 1)
    report = ingest([folder], index, embedder, CONFIG)
    assert report.duplicates == [("z.txt", "a.txt")]
    assert "z.txt: same content as a.txt" in report.summary()
    assert "z.txt" in names(index)


def test_pages_without_text_are_reported(
    index: SqliteIndex, folder: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = documents.read
    monkeypatch.setattr(documents, "read", lambda path, name: replace(read(path, name), pages=(0, 9), empty_pages=(2,)))
    report = ingest([folder / "a.txt"], index, embedder, CONFIG)
    assert report.pages_without_text == [("a.txt", (2,))]
    assert "a.txt: no text on page 2 (a scan, or damaged?)" in report.summary()


def test_the_index_does_not_ingest_itself(tmp_path: Path, embedder: CountingEmbedder) -> None:
    write(tmp_path / "a.txt", 1)
    with SqliteIndex.create(tmp_path / "index", embedder, CONFIG.passage_tokens) as index:
        for _ in range(2):
            report = ingest([tmp_path], index, embedder, CONFIG)
            assert report.failed == []
        assert names(index) == ["a.txt"]


def test_the_states_of_a_model_are_known_as_part_of_the_index() -> None:
    from rag.generators.llama.states import FOLDER
    from rag.ingest import OURS

    assert FOLDER in OURS


def test_done_is_told_after_the_commit(index: SqliteIndex, folder: Path, embedder: CountingEmbedder) -> None:
    events: list[tuple[str, int, int, str]] = []

    def progress(step: str, done: int, total: int, name: str) -> None:
        events.append((step, done, total, name))
        if step == "done":
            assert name in names(index)

    ingest([folder], index, embedder, CONFIG, progress)
    assert [e for e in events if e[0] == "done"] == [
        ("done", 1, 3, "a.txt"),
        ("done", 2, 3, "b.md"),
        ("done", 3, 3, "sub/c.txt"),
    ]
    embedded = [e for e in events if e[0] == "embed"]
    assert embedded[-1][1] == embedded[-1][2] >= len(index)
    assert [e[1] for e in events if e[0] == "read"] == [1, 2, 3]


class TestReadingAhead:
    """The next batch is read while one is embedded, and none further ahead."""

    @pytest.fixture(autouse=True)
    def many_files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = tmp_path / "many"
        self.folder.mkdir()
        for number in range(30):
            write(self.folder / f"{number:02}.txt", number)
        monkeypatch.setattr("rag.ingest.BATCH", 10)  # three of these files
        self.read: list[str] = []
        read = documents.read

        def read_counted(path: Path, name: str) -> Document:
            self.read.append(name)
            return read(path, name)

        monkeypatch.setattr(documents, "read", read_counted)

    def test_the_next_batch_is_read_while_one_is_embedded(
        self, index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        embedder, ahead = CountingEmbedder(), list[bool]()
        embed = embedder.embed_passages

        def embed_later(texts: Sequence[str], progress: Progress | None = None) -> Vectors:
            wanted, end = min(30, 3 * (len(ahead) + 2)), time.monotonic() + 10
            while len(self.read) < wanted and time.monotonic() < end:
                time.sleep(0.002)
            ahead.append(len(self.read) >= wanted)
            return embed(texts, progress)

        monkeypatch.setattr(embedder, "embed_passages", embed_later)
        ingest([self.folder], index, embedder, CONFIG)
        assert ahead == [True] * 10

    def test_memory_is_bounded_however_many_files_there_are(
        self, index: SqliteIndex, embedder: CountingEmbedder
    ) -> None:
        waiting: list[int] = []

        def progress(step: str, done: int, total: int, name: str) -> None:
            if step == "done":
                time.sleep(0.005)  # time enough to read everything
                waiting.append(len(self.read) - done)

        ingest([self.folder], index, embedder, CONFIG, progress)
        assert len(waiting) == 30
        assert max(waiting) <= 5  # two left of this batch, three of the next

    def test_what_goes_wrong_while_reading_is_raised_and_what_was_done_stays(
        self, index: SqliteIndex, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = documents.read

        def break_down(path: Path, name: str) -> Document:
            if name == "07.txt":
                raise RuntimeError("broken")
            return read(path, name)

        monkeypatch.setattr(documents, "read", break_down)
        with pytest.raises(RuntimeError, match="broken"):
            ingest([self.folder], index, embedder, CONFIG)
        assert names(index) == [f"{number:02}.txt" for number in range(6)]
        assert not readers()

    def test_nothing_is_read_any_more_when_embedding_fails(
        self, index: SqliteIndex, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stop(texts: Sequence[str], progress: Progress | None = None) -> Vectors:
            raise KeyboardInterrupt

        monkeypatch.setattr(embedder, "embed_passages", stop)
        with pytest.raises(KeyboardInterrupt):
            ingest([self.folder], index, embedder, CONFIG)
        assert not readers()
        assert len(self.read) <= 6
        assert names(index) == []

    def test_a_rebuild_embeds_documents_together(self, index: SqliteIndex, embedder: CountingEmbedder) -> None:
        ingest([self.folder], index, embedder, CONFIG)
        other, done = CountingEmbedder(16), list[tuple[int, int, str]]()

        def progress(step: str, *rest: Any) -> None:
            if step == "rebuild":
                done.append(rest)

        with SqliteIndex.open(index.folder) as again:
            ingest([], again, other, CONFIG, progress, rebuild=True)
        assert done == [(number + 1, 30, f"{number:02}.txt") for number in range(30)]
        assert other.calls == embedder.calls == 10
        assert sorted(other.texts) == sorted(embedder.texts)


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("reading")]


def test_another_ingest_at_the_same_time_is_refused(
    index: SqliteIndex, folder: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.indexes.sqlite.database.WAIT", 0.1)
    with SqliteIndex.open(index.folder, embedder) as other, index.writing(), pytest.raises(IndexBusy):
        ingest([folder], other, embedder, CONFIG)


@pytest.mark.parametrize("gone", [False, True])
def test_rebuild_takes_another_embedder_and_keeps_what_has_no_file_any_more(
    index: SqliteIndex, folder: Path, embedder: CountingEmbedder, gone: bool
) -> None:
    ingest([folder, folder / "a.txt"], index, embedder, CONFIG)
    index.close()
    if gone:
        (folder / "a.txt").unlink()
        (folder / "b.md").unlink()
    other, config = CountingEmbedder(16), replace(CONFIG, passage_tokens=40)
    with SqliteIndex.open(index.folder) as again:
        report = ingest([folder], again, other, config, rebuild=True)
        assert report.removed == (["a.txt", "b.md"] if gone else [])
        assert names(again) == ["docs/a.txt", "sub/c.txt"] if gone else ["a.txt", "b.md", "docs/a.txt", "sub/c.txt"]
        assert again.stats()["passage_tokens"] == 40
        assert again.search_dense(other.embed_query("river"), 3)
    with SqliteIndex.open(index.folder, other) as again:
        for info in again.documents():
            assert info.passages == len(cut(again.document(info.name), other.tokenizer, 40))


DRIVER = """
import sys
from pathlib import Path
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest

def progress(step, done, total, name):
    if step == "done":
        print(name, flush=True)

print("ready", flush=True)
embedder = HashEmbedder(32)
with SqliteIndex.create(Path(sys.argv[2]), embedder, 24) as index:
    ingest([Path(sys.argv[1])], index, embedder, Config(passage_tokens=24), progress)
"""


@pytest.mark.slow
def test_kill_9_at_twenty_random_moments_loses_nothing(tmp_path: Path) -> None:
    files, folder = tmp_path / "files", tmp_path / "index"
    files.mkdir()
    draw = random.Random(20)
    for number in range(200):
        write(files / f"{number:03}.txt", number, draw.randrange(3, 15))
    reported: set[str] = set()
    interrupted = 0
    for kill in range(20):
        lines = 0 if kill in (0, 7, 13) else draw.randrange(0, 18)
        done, killed = run_and_kill(files, folder, lines, draw.uniform(0, 0.04))
        reported |= done
        interrupted += killed
        if (folder / DATABASE).exists() and assert_whole(folder, files, reported):
            committed = {row[0] for row in rows(folder, "SELECT name FROM documents")}
            assert len(committed - reported) <= kill + 1, "each kill may fall between one commit and its report"
        for number in draw.sample(range(200), 30):  # so that on a fast machine, too, there is work to interrupt
            write(files / f"{number:03}.txt", 1000 * (kill + 1) + number)
    assert interrupted >= 15
    command = [sys.executable, "-c", DRIVER, files, folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    assert_whole(folder, files, {file.name for file in files.iterdir()}, all_current=True)


def rows(folder: Path, query: str) -> list[tuple[str, ...]]:
    with contextlib.closing(sqlite3.connect(folder / DATABASE)) as connection:
        return connection.execute(query).fetchall()


def run_and_kill(files: Path, folder: Path, lines: int, delay: float) -> tuple[set[str], bool]:
    """Kill a real ingest after ``lines`` documents and ``delay`` seconds; return what it reported as done."""
    command = [sys.executable, "-c", DRIVER, str(files), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        done = [process.stdout.readline() for _ in range(lines)]
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        done += process.stdout.read().splitlines(keepends=True)
    return {line.strip() for line in done if line.endswith("\n")}, process.returncode == -signal.SIGKILL


def assert_whole(folder: Path, files: Path, reported: set[str], all_current: bool = False) -> bool:
    """Check what is there; return whether there is an index yet, made in one transaction."""
    embedder = HashEmbedder(32)
    try:
        index = SqliteIndex.open(folder, embedder)
    except IndexMissing:
        assert not reported
        return False
    with index:
        assert rows(folder, "PRAGMA integrity_check") == [("ok",)]
        assert rows(folder, "PRAGMA foreign_key_check") == []
        passages = rows(folder, "SELECT id FROM passages ORDER BY id")
        assert rows(folder, "SELECT passage FROM vectors ORDER BY passage") == passages
        assert rows(folder, "SELECT rowid FROM terms ORDER BY rowid") == passages
        near = index.search_dense(embedder.embed_query("river"), 10**6)
        assert sorted(i for i, _ in near) == [row[0] for row in passages]
        infos = index.documents()
        assert reported <= {info.name for info in infos}
        for info in infos:
            stored = index.document(info.name)
            assert info.passages == len(cut(stored, embedder.tokenizer, 24)) > 0
            if all_current:
                assert stored.text == (files / info.name).read_text()
        assert not all_current or len(infos) == 200
    return True


class TestDates:
    """03/04/2024 is read as most documents of the collection write their dates."""

    def dates(self, index: WritableIndex) -> dict[str, str]:
        return {info.name: info.date for info in index.documents()}

    def test_the_habit_of_the_collection_decides(
        self, index: WritableIndex, tmp_path: Path, embedder: CountingEmbedder
    ) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "in/a.txt").write_text("Meeting 03/14/2024\n\nThe board bought a kiln.\n")
        (tmp_path / "in/b.txt").write_text("Meeting 03/04/2024\n\nThe board sold the boat.\n")

        report = ingest([tmp_path / "in"], index, embedder, Config())

        assert self.dates(index) == {"a.txt": "2024-03-14", "b.txt": "2024-03-04"}
        assert not report.open_dates

    def test_what_stays_open_is_told_and_settled_when_the_habit_shows(
        self, index: WritableIndex, tmp_path: Path, embedder: CountingEmbedder
    ) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "in/b.txt").write_text("Meeting 03/04/2024\n\nThe board sold the boat.\n")
        report = ingest([tmp_path / "in"], index, embedder, Config())
        assert self.dates(index) == {"b.txt": "2024"}
        assert "b.txt: day or month may come first" in report.summary()

        (tmp_path / "in/c.txt").write_text("Minutes\n\nThe tender of 31/01/2024 was opened.\n")
        report = ingest([tmp_path / "in"], index, embedder, Config())

        assert self.dates(index)["b.txt"] == "2024-04-03"
        assert not report.open_dates
        assert [evidence for evidence, _ in index.search_lexical("3 April", 5)]

    def test_a_document_has_a_habit_of_its_own(
        self, index: WritableIndex, tmp_path: Path, embedder: CountingEmbedder
    ) -> None:
        (tmp_path / "in").mkdir()
        for name in ("a.txt", "b.txt"):
            (tmp_path / "in" / name).write_text(f"Minutes {name}\n\nHeld on 03/14/2024.\n")
        (tmp_path / "in/c.txt").write_text("Meeting 03/04/2024\n\nThe next one is on 25/04/2024.\n")

        ingest([tmp_path / "in"], index, embedder, Config())

        assert self.dates(index)["c.txt"] == "2024-04-03"


def test_a_file_under_another_name_keeps_its_vectors(
    index: SqliteIndex, folder: Path, embedder: CountingEmbedder
) -> None:
    ingest([folder], index, embedder, CONFIG)
    embedder.texts.clear()
    (folder / "b.md").rename(folder / "sub" / "renamed.md")
    report = ingest([folder], index, embedder, CONFIG)
    assert report == IngestReport(added=["sub/renamed.md"], removed=["b.md"], unchanged=["a.txt", "sub/c.txt"])
    assert embedder.texts == []
    assert names(index) == ["a.txt", "sub/c.txt", "sub/renamed.md"]


def test_only_the_named_files_are_looked_at(index: SqliteIndex, folder: Path, embedder: CountingEmbedder) -> None:
    ingest([folder], index, embedder, CONFIG)
    for file in ("a.txt", "b.md"):
        (folder / file).unlink()
    write(folder / "new.txt", 11)
    write(folder / "sub" / "c.txt", 12)
    report = ingest_some(str(folder.resolve()), folder, ["a.txt", "sub/c.txt"], index, embedder, CONFIG)
    assert report == IngestReport(changed=["sub/c.txt"], removed=["a.txt"])
    assert names(index) == ["b.md", "sub/c.txt"]
