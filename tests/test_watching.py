"""Watched folders: what is added, changed, moved, deleted, written slowly or broken, while questions are asked."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from browser import until
from command import FOOTNOTE, ROOT, heed_interrupts
from test_ingest import CountingEmbedder, names, prose, write

from rag.config import Config
from rag.errors import ConfigError, DocumentError
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import IngestReport, ingest_some
from rag.reading import FileReader
from rag.retrieval.hybrid import retrieve
from rag.watching import folders, state, watcher
from rag.watching.folders import Folder
from rag.watching.state import Watched
from rag.watching.watcher import Watching

WAIT = 60.0
"""Seconds that a change may take: the machine may be busy."""


class Kept:
    """A folder that is watched in a thread of its own, and what was read of it."""

    def __init__(self, folder: Path, index: SqliteIndex, embedder: CountingEmbedder, every: float = 900.0) -> None:
        self.folder, self.index, self.embedder = folder, index, embedder
        self.config = Config(passage_tokens=24, index=index.folder)
        self.report = IngestReport()
        (self.one,) = watcher.watched([folder], self.config)
        self.one.know(index.files(self.one.place.source))
        self.watching = Watching([self.one], every, self._read)
        self.thread = threading.Thread(target=self.watching.run)

    def _read(self, one: Watched, names: list[str]) -> None:
        def run(source: str, folder: Path, names: list[str]) -> IngestReport:
            return ingest_some(source, folder, names, self.index, self.embedder, self.config)

        self.report += one.read(names, run)

    def settled(self, names_wanted: list[str]) -> None:
        until(lambda: names(self.index) == names_wanted and not self.one.pending, WAIT)

    def forget(self) -> None:
        self.report = IngestReport()
        self.embedder.texts.clear()


@contextlib.contextmanager
def closing_thread(thread, ended):
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(20)


@contextlib.contextmanager
def kept(folder, index, embedder, every=900.0):
    running = Kept(folder, index, embedder, every)
    running.thread.start()
    try:
        yield running
    finally:
        running.watching.close()
        running.thread.join(20)
        assert not running.thread.is_alive()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(state, "SETTLE", 0.4)
    monkeypatch.setattr(watcher, "LONGEST_REST", 0.2)


@pytest.fixture
def embedder():
    return CountingEmbedder()


@pytest.fixture
def index(tmp_path, embedder):
    with SqliteIndex.create(tmp_path / "docs" / "index", embedder, 24) as index:  # Inside what is watched.
        yield index


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "docs"
    (made / "sub").mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(["a.txt", "b.md", "sub/c.txt"], 1):
        write(made / name, number)
    return made


def test_what_changes_is_read_once(folder, index, embedder):
    with kept(folder, index, embedder) as running:
        running.settled(["a.txt", "b.md", "sub/c.txt"])
        running.forget()
        write(folder / "new.txt", 4)
        write(folder / "a.txt", 5)
        (folder / "b.md").rename(folder / "sub" / "moved.md")
        (folder / "sub" / "c.txt").unlink()
        running.settled(["a.txt", "new.txt", "sub/moved.md"])
        report = running.report
        assert sorted(report.added) == ["new.txt", "sub/moved.md"] and report.changed == ["a.txt"]
        assert sorted(report.removed) == ["b.md", "sub/c.txt"]
        # What moved was not embedded again, nor is a copy: two documents, one set of vectors.
        fresh = {line for number in (4, 5) for line in prose(number).split("\n\n")}
        assert all(any(line in text for line in fresh) for text in embedder.texts)
        running.forget()
        write(folder / "copy.txt", 4)
        running.settled(["a.txt", "copy.txt", "new.txt", "sub/moved.md"])
        assert (embedder.texts, running.report.duplicates) == ([], [("copy.txt", "new.txt")])
        # A folder that comes as a whole, and goes.
        (folder / "sub").rename(folder / "other")
        running.settled(["a.txt", "copy.txt", "new.txt", "other/moved.md"])
        assert embedder.texts == []
        generation = index.generation
        time.sleep(1.5)  # The index lies in the folder: reading must not be what is read next.
        assert (index.generation, running.one.pending) == (generation, 0)


def test_a_file_is_read_when_it_is_complete_and_a_broken_one_when_it_changes(folder, index, embedder):
    with kept(folder, index, embedder) as running:
        running.settled(["a.txt", "b.md", "sub/c.txt"])
        running.forget()
        with (folder / "slow.txt").open("w") as slow:
            for part in range(4):
                slow.write(f"Part {part} of a letter.\n")
                slow.flush()
                time.sleep(0.6)
            assert "slow.txt" not in names(index)
        running.settled(["a.txt", "b.md", "slow.txt", "sub/c.txt"])
        assert index.text("slow.txt").count("Part") == 4 and running.report.changed == []
        (folder / "bad.pdf").write_bytes(b"%PDF-1.7 nothing")
        until(lambda: "bad.pdf" in running.one.failures, WAIT)
        assert "broken" in running.one.state().failures["bad.pdf"]
        time.sleep(1)
        assert len(running.report.failed) == 1  # Once, not again and again.
        (folder / "bad.pdf").write_text("It is a text now.")
        running.settled(["a.txt", "b.md", "bad.pdf", "slow.txt", "sub/c.txt"])
        assert running.one.failures == {} and running.one.last


def test_without_events_the_next_full_look_finds_it(folder, index, embedder, monkeypatch):
    monkeypatch.setattr(Watching, "_listen", lambda self: None)  # As on a network drive.
    with kept(folder, index, embedder, every=1.0) as running:
        running.settled(["a.txt", "b.md", "sub/c.txt"])
        write(folder / "sub" / "d.txt", 7)
        (folder / "a.txt").unlink()
        running.settled(["b.md", "sub/c.txt", "sub/d.txt"])


def test_a_drive_that_is_not_mounted_takes_nothing_with_it(tmp_path, index, embedder):
    drive = tmp_path / "drive"
    drive.mkdir()
    write(drive / "a.txt", 1)
    with kept(drive, index, embedder) as running:
        running.settled(["a.txt"])
        drive.rename(tmp_path / "away")
        running.one.touch()
        until(lambda: "can't be opened" in running.one.problem, WAIT)
        (tmp_path / "away").rename(drive)
        until(lambda: not running.one.problem, WAIT)
    # After a new start there is only the empty mount point.
    (drive / "a.txt").rename(tmp_path / "kept.txt")
    with kept(drive, index, embedder) as running:
        until(lambda: "is its drive mounted?" in running.one.problem, WAIT)
        assert names(index) == ["a.txt"]
        running.one.again()
        running.watching.wake()
        running.settled([])


def test_of_two_versions_the_newest_counts_until_it_goes(folder, index, embedder):
    def first():
        return retrieve("How many days of annual leave?", index, embedder, 3, 20, 0.5)[0].passage.document

    for year, days in ((2016, 25), (2025, 28)):
        (folder / f"leave {year}.md").write_text(f"# Leave policy {year}\n\nStaff have {days} days of annual leave.\n")
    with kept(folder, index, embedder) as running:
        running.settled(["a.txt", "b.md", "leave 2016.md", "leave 2025.md", "sub/c.txt"])
        assert first() == "leave 2025.md"
        (folder / "leave 2025.md").rename(folder.parent / "leave 2025.md")
        running.settled(["a.txt", "b.md", "leave 2016.md", "sub/c.txt"])
        assert first() == "leave 2016.md"


def test_many_changes_while_questions_are_asked(folder, index, embedder):
    def ask():
        while not ended.is_set():
            retrieve("harbour candle", index, embedder, 5, 20, 0.5)

    ended = threading.Event()
    asking = threading.Thread(target=ask)
    for number in range(150):
        write(folder / f"n{number:03}.txt", 100 + number)
    with kept(folder, index, embedder) as running, closing_thread(asking, ended):
        for number in range(0, 150, 3):
            write(folder / f"n{number:03}.txt", 500 + number)
            (folder / f"n{number + 1:03}.txt").unlink()
            (folder / f"n{number + 2:03}.txt").rename(folder / f"m{number + 2:03}.txt")
        files = [*folder.glob("*.*"), *folder.glob("sub/*")]
        wanted = {file.relative_to(folder).as_posix(): file.read_text() for file in files}
        running.settled(sorted(wanted))
    assert {name: index.text(name) for name in wanted} == wanted
    assert max(Counter(running.report.added).values()) == 1


def test_reading_ends_at_once_when_it_is_stopped(tmp_path):
    reader = FileReader(module="nasty_reader")
    (tmp_path / "nasty_reader.py").write_text("import time; time.sleep(60)")
    (tmp_path / "slow.pdf").write_bytes(b"%PDF-1.7")
    old = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = str(tmp_path)
    try:
        threading.Timer(1.0, reader.stop).start()
        begun = time.monotonic()
        with reader, pytest.raises(Exception, match="Cancelled"):
            list(reader.read(tmp_path / "slow.pdf", "slow.pdf"))
        assert time.monotonic() - begun < 20
    finally:
        os.environ["PYTHONPATH"] = old


def test_what_cannot_be_watched_is_refused(tmp_path):
    write(tmp_path / "a.txt", 1)
    with pytest.raises(ConfigError, match="only folders and mailboxes can be watched"):
        watcher.watched([tmp_path / "a.txt"], Config())
    for text in ("soon", "0s", "15 days"):
        with pytest.raises(ConfigError, match="such as 90s, 15m or 2h"):
            watcher.seconds_of(text)
    with pytest.raises(DocumentError, match="can't be opened"):
        Folder(tmp_path / "nowhere", tmp_path / "index").scan(None, False)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who writes a file")
def test_a_file_that_is_open_for_writing_is_not_complete(tmp_path):
    file = tmp_path / "a.txt"
    with file.open("w"):
        assert folders._is_open_for_writing(file)
    assert not folders._is_open_for_writing(file)


def test_the_command_watches_until_ctrl_c(tmp_path):
    (tmp_path / "docs").mkdir()
    write(tmp_path / "docs" / "a.txt", 1)
    command = [*FOOTNOTE, "ingest", str(tmp_path / "docs"), "--watch", "--index", str(tmp_path / "index")]
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=os.environ | {"PYTHONPATH": str(ROOT)}, preexec_fn=heed_interrupts
        )
        try:
            until(lambda: "Press Ctrl-C to end" in log.read_text(), WAIT)
            write(tmp_path / "docs" / "b.txt", 2)
            until(lambda: "added: b.txt" in log.read_text(), WAIT)
            process.send_signal(signal.SIGINT)
            assert process.wait(WAIT) == 0
        finally:
            process.kill()
    assert "Traceback" not in log.read_text() and "1 added, 0 changed" in log.read_text()
