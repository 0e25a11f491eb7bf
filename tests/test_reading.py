"""Files are read in another process: what a file does to it costs that file and no other."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from makers import archive, mail

from rag.config import Config
from rag.documents import Failure
from rag.embedders.hashed import HashEmbedder
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest, remove
from rag.reading import FileReader, Limits
from rag.types import Document

GOOD = b"Name,Price\nTea,4\n"
CONFIG = Config(passage_tokens=24)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    with FileReader(Limits(seconds=60, memory=1 << 30), "hostile") as reader:
        yield reader


def write(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def test_a_file_that_ends_the_process_is_named_and_the_next_one_is_read(reader: FileReader, tmp_path: Path) -> None:
    for harm, reason in (("exit", "exit code 3"), ("segfault", "SIGSEGV")):
        [failure] = reader.read(write(tmp_path, "bad.csv", b"harm: " + harm.encode()), "bad.csv")
        assert isinstance(failure, Failure)
        assert reason in failure.reason
    [document] = reader.read(write(tmp_path, "good.csv", GOOD), "good.csv")
    assert isinstance(document, Document)
    assert "| Tea | 4 |" in document.text


def test_a_file_that_takes_all_memory_or_is_loud_harms_nothing(reader: FileReader, tmp_path: Path) -> None:
    [failure] = reader.read(write(tmp_path, "bad.csv", b"harm: grow"), "bad.csv")
    assert isinstance(failure, Failure)
    assert "memory" in failure.reason
    [document] = reader.read(write(tmp_path, "loud.csv", b"harm: shout\n1,2\n"), "loud.csv")
    assert isinstance(document, Document)


def test_a_file_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    path = write(tmp_path, "bad.csv", b"harm: hang")
    began = time.monotonic()
    with FileReader(Limits(seconds=1), "hostile") as reader:
        [failure] = reader.read(path, "bad.csv")
    assert isinstance(failure, Failure)
    assert "was not read after 1 seconds" in failure.reason
    assert time.monotonic() - began < 60


def test_a_text_that_is_too_long_for_the_limit_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "long.csv", b"Name,Price\n" + b"Tea,4\n" * 2000)
    with FileReader(Limits(output=5_000)) as reader:
        [failure] = reader.read(path, "long.csv")
    assert isinstance(failure, Failure)
    assert "of text" in failure.reason


def test_one_bad_file_in_an_archive_costs_that_file(reader: FileReader, tmp_path: Path) -> None:
    parts = {"a.csv": GOOD, "b.csv": b"harm: exit", "c.csv": GOOD, "d.csv": b"harm: segfault"}
    found = list(reader.read(write(tmp_path, "all.zip", archive(parts)), "all.zip"))
    read = [item.name for item in found if isinstance(item, Document)]
    assert read == ["all.zip/a.csv", "all.zip/c.csv", "all.zip"]
    assert [item.name for item in found if isinstance(item, Failure)] == ["all.zip/b.csv", "all.zip/d.csv"]


def test_small_texts_are_read_without_another_process(tmp_path: Path) -> None:
    with FileReader(module="nowhere") as reader:
        [text] = reader.read(write(tmp_path, "a.txt", b"Some text."), "a.txt")
        [missing] = reader.read(tmp_path / "b.md", "b.md")
        [picture] = reader.read(write(tmp_path, "c.txt", b"\x89PNG\r\n\x1a\n\0"), "c.txt")
    assert isinstance(text, Document)
    assert isinstance(missing, Failure) and "No such file" in missing.reason
    assert isinstance(picture, Failure) and "is a picture" in picture.reason


@pytest.fixture
def index(tmp_path: Path) -> SqliteIndex:
    return SqliteIndex.create(tmp_path / "index", HashEmbedder(32), CONFIG.passage_tokens)


def names(index: SqliteIndex) -> list[str]:
    return [info.name for info in index.documents()]


def test_files_inside_files_come_change_and_go(index: SqliteIndex, tmp_path: Path) -> None:
    folder, embedder = tmp_path / "docs", HashEmbedder(32)
    folder.mkdir()
    parts = [("plan.csv", GOOD), ("note.txt", b"A note on the roof."), ("logo.bin", b"\0\1\2")]
    write(folder, "roof.eml", mail(attachments=parts).as_bytes())
    write(folder, "other.txt", b"Another text.")
    report = ingest([folder], index, embedder, CONFIG)
    assert sorted(report.added) == ["other.txt", "roof.eml", "roof.eml/note.txt", "roof.eml/plan.csv"]
    assert [name for name, _ in report.failed] == ["roof.eml/logo.bin"]

    report = ingest([folder], index, embedder, CONFIG)
    assert sorted(report.unchanged) == ["other.txt", "roof.eml"]
    assert (report.removed, report.failed) == ([], [])

    write(folder, "roof.eml", mail(attachments=parts[:1]).as_bytes())
    report = ingest([folder], index, embedder, CONFIG)
    assert (report.changed, report.removed) == (["roof.eml"], ["roof.eml/note.txt"])
    assert "roof.eml/plan.csv" in report.unchanged

    (folder / "roof.eml").unlink()
    report = ingest([folder], index, embedder, CONFIG)
    assert sorted(report.removed) == ["roof.eml", "roof.eml/plan.csv"]
    assert names(index) == ["other.txt"]


def test_a_broken_archive_keeps_what_was_in_it_before(index: SqliteIndex, tmp_path: Path) -> None:
    folder, embedder = tmp_path / "docs", HashEmbedder(32)
    folder.mkdir()
    good = archive({"a.csv": GOOD, "b.txt": b"Text b."})
    write(folder, "all.zip", good)
    ingest([folder], index, embedder, CONFIG)
    write(folder, "all.zip", good[:60])
    report = ingest([folder], index, embedder, CONFIG)
    assert [name for name, _ in report.failed] == ["all.zip"]
    assert "earlier version stays" in report.failed[0][1]
    assert names(index) == ["all.zip", "all.zip/a.csv", "all.zip/b.txt"]


def test_a_file_takes_those_inside_it_along_when_it_is_deleted(index: SqliteIndex, tmp_path: Path) -> None:
    write(tmp_path, "all.zip", archive({"a.csv": GOOD, "b.txt": b"Text b."}))
    ingest([tmp_path / "all.zip"], index, HashEmbedder(32), CONFIG)
    assert remove(index, "all.zip/a.csv")
    assert names(index) == ["all.zip", "all.zip/b.txt"]
    assert remove(index, "all.zip")
    assert (names(index), len(index)) == ([], 0)
