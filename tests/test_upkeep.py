"""Backup, restore, reindex, repair, earlier schemas: each ends in the old state, the new one, or a command to run."""

from __future__ import annotations

import contextlib
import gzip
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rag import feedback
from rag.archive import Archive
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.errors import BackupError, FootnoteError, IndexBusy, IndexFault, IndexMismatch
from rag.indexes import upkeep
from rag.indexes.opening import create_index, open_index
from rag.ingest import embedded, ingest
from rag.maintenance import backup
from rag.maintenance.reindex import reindex
from rag.maintenance.repair import checks, repair
from rag.ports import Progress, Vectors, WritableIndex
from rag.types import Answer, Document

EMBEDDER = HashEmbedder(32)
OTHER = HashEmbedder(48)
SCHEMAS = Path(__file__).parent / "data" / "schemas"
WORDS = "river stone harbour candle meadow lantern orchard winter copper saddle violin engine ladder button".split()


def prose(seed: int, sentences: int = 8) -> str:
    draw = random.Random(seed)
    return "\n\n".join(" ".join(draw.choices(WORDS, k=9)).capitalize() + "." for _ in range(sentences))


def put(index: WritableIndex, name: str, text: str, source: str = "/srv") -> None:
    made = embedded(Document(name, text, f"{hash(text):064x}"[-64:], "text/plain"), EMBEDDER, 24)
    index.replace(source, made.document, made.passages, made.vectors, made.hashes)


def silent(step: str, done: int, total: int, name: str = "") -> None:
    """Ignore progress."""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(index=tmp_path / "index", passage_tokens=24)


@pytest.fixture
def filled(config: Config, tmp_path: Path) -> Config:
    """An index with three documents from a folder, one uploaded, an answer and feedback."""
    documents, uploads = tmp_path / "documents", config.index / "uploads" / "deep"
    for folder in (documents, uploads):
        folder.mkdir(parents=True)
    for number in range(3):
        (documents / f"{number}.txt").write_text(prose(number), encoding="utf-8")
    (uploads / "up.txt").write_text(prose(9), encoding="utf-8")
    with create_index(config, EMBEDDER) as index:
        ingest([documents, config.index / "uploads"], index, EMBEDDER, config)
    Archive(config.index).put(Answer("1", "Where?", "answered", 0.9, "There."))
    feedback.add(config.index, feedback.Feedback("up", "Where?"))
    return config


def state(config: Config) -> dict[str, str]:
    with open_index(config) as index:
        return {info.name: index.text(info.name) for info in index.documents()}


def assert_sound(config: Config, embedder: HashEmbedder = EMBEDDER) -> None:
    """All checks pass, and every passage is found by its own words and by its own vector."""
    with open_index(config, embedder) as index:
        assert not [
            (name, problem) for name, problem in checks(config.index) if problem and name[:5] not in ("damag", "files")
        ]
        for i in index.passage_ids()[:5]:
            (passage,) = index.passages([i])
            assert i in dict(index.search_lexical(passage.text, 5))
            near = index.search_dense(embedder.embed_query(passage.text), 10**6)
            assert sorted(dict(near)) == sorted(index.passage_ids())


# --- backup and restore


def test_a_backup_is_made_and_put_back_while_others_read_and_write(filled: Config, tmp_path: Path) -> None:
    before = state(filled)
    stop, faults = threading.Event(), list[str]()

    def read() -> None:
        with open_index(filled, EMBEDDER) as reader:
            while not stop.is_set():
                names = {info.name for info in reader.documents()}
                found = reader.search_dense(EMBEDDER.embed_query("river lantern"), 3)
                words = reader.search_lexical("river lantern", 3)
                if not (names >= {"0.txt", "deep/up.txt"} and len(found) == 3 and words):
                    faults.append(f"{names} {found} {words}")

    def write() -> None:
        with open_index(filled, EMBEDDER) as writer:
            for number in range(20):
                put(writer, f"new{number}.txt", prose(100 + number))

    readers = [threading.Thread(target=read, daemon=True) for _ in range(2)]
    writer = threading.Thread(target=write)
    server = open_index(filled, EMBEDDER)
    generation = server.generation
    for thread in (*readers, writer):
        thread.start()
    made = backup.back_up(filled.index, tmp_path / "b.zip")
    writer.join()
    assert len(server.documents()) == 24
    (filled.index / "uploads" / "later.txt").write_text("later")
    with open_index(filled) as index:
        index.delete("1.txt")
    used = max(server.passage_ids())
    assert backup.restore(filled.index, tmp_path / "b.zip") == made
    stop.set()
    for thread in readers:
        thread.join()
    assert not faults
    assert before.items() <= state(filled).items(), "what was there when the backup began is back"
    assert len(server.documents()) < 24 and server.generation > generation
    assert not (filled.index / "uploads" / "later.txt").exists()
    assert (filled.index / "uploads" / "deep" / "up.txt").read_text() == prose(9)
    assert len(feedback.pending(filled.index)) == 1 and len(list((filled.index / "answers").iterdir())) == 1
    put(server, "after.txt", prose(200))
    assert min(i for i in server.passage_ids() if server.passages([i])[0].document == "after.txt") > used
    assert not list(tmp_path.glob("b.zip.*"))
    server.close()
    assert_sound(filled)


def test_a_backup_goes_into_an_empty_folder_and_in_place_of_a_damaged_index(filled: Config, tmp_path: Path) -> None:
    before = state(filled)
    backup.back_up(filled.index, tmp_path / "b.zip")
    elsewhere = replace(filled, index=tmp_path / "elsewhere")
    backup.restore(elsewhere.index, tmp_path / "b.zip")
    assert state(elsewhere) == before
    assert_sound(elsewhere)
    (filled.index / "footnote.db").write_bytes(b"no database" * 1000)
    backup.restore(filled.index, tmp_path / "b.zip")
    assert state(filled) == before
    (aside,) = filled.index.glob("damaged-*")
    assert (aside / "footnote.db").read_bytes()[:11] == b"no database"
    assert_sound(filled)


def test_a_backup_that_is_not_whole_or_not_one_changes_nothing(filled: Config, tmp_path: Path) -> None:
    before, good = state(filled), tmp_path / "b.zip"
    backup.back_up(filled.index, good)
    with pytest.raises(BackupError, match="exists already"):
        backup.back_up(filled.index, good)
    with pytest.raises(BackupError, match="outside"):
        backup.back_up(filled.index, filled.index / "b.zip")
    data = good.read_bytes()
    bad = {"half": data[: len(data) // 2], "text": b"hello", "flip": flipped(data, len(data) // 3)}
    with zipfile.ZipFile(good) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    bad |= {"other": zipped(parts | {"footnote.db": parts["footnote.db"][:-1]})}
    newer = parts["manifest.json"].replace(b'"schema": "5"', b'"schema": "99"')
    bad |= {"newer": zipped(parts | {"manifest.json": newer})}
    outside = parts["manifest.json"].replace(b'"feedback.jsonl"', b'"../feedback.jsonl"')
    bad |= {"outside": zipped(parts | {"manifest.json": outside})}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BackupError, match=r"damaged|not a backup|newer version"):
            backup.restore(filled.index, tmp_path / name)
        assert state(filled) == before, name
    with pytest.raises(BackupError, match="cannot be put back"):
        backup.restore(filled.index, tmp_path / "none.zip")
    assert sorted(file.name for file in filled.index.iterdir()) == sorted(
        ["answers", "feedback.jsonl", "feedback.jsonl.lock", "footnote.db", "lock", "uploads", "vectors.faiss"]
    )


def zipped(parts: dict[str, bytes]) -> bytes:
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return buffer.getvalue()


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]


def test_an_index_in_milvus_is_refused_and_says_what_to_do() -> None:
    with pytest.raises(IndexFault, match="index migrate --to DIR"):
        upkeep.folder_of(Config(index_url="http://milvus:19530"), "back up")


# --- reindex


class Interrupted(HashEmbedder):
    """Fails at the text after ``most``; ``meanwhile`` is done before each."""

    def __init__(self, most: int, meanwhile: Callable[[int], None] = lambda count: None) -> None:
        super().__init__(48)
        self.most, self.count, self.meanwhile = most, 0, meanwhile

    def embed_passages(self, texts: list[str], progress: Progress | None = None) -> Vectors:  # type: ignore[override]
        self.count += 1
        self.meanwhile(self.count)
        if self.count > self.most:
            raise KeyboardInterrupt
        return super().embed_passages(texts, progress)


def test_another_embedder_takes_over_at_the_end_and_goes_on_where_it_was_interrupted(filled: Config) -> None:
    before = state(filled)
    server = open_index(filled, EMBEDDER)
    ids = server.passage_ids()
    with pytest.raises(KeyboardInterrupt):
        reindex(filled.index, Interrupted(3), 24, silent)
    assert len(server.search_dense(EMBEDDER.embed_query("river"), 3)) == 3, "the old one serves"
    assert any("reindex" in name for name, problem in checks(filled.index) if problem)

    def meanwhile(count: int) -> None:
        if count == 1:
            server.delete("0.txt")
            put(server, "1.txt", prose(50), str(filled.index.parent / "documents"))
            put(server, "new.txt", prose(51))

    done, earlier = reindex(filled.index, Interrupted(99, meanwhile), 24, silent)
    assert (done, earlier) == (3, 1), "what had been done and stayed is not done again"
    after = {**before, "1.txt": prose(50), "new.txt": prose(51)}
    del after["0.txt"]
    with open_index(filled, OTHER) as index:
        assert {info.name: index.text(info.name) for info in index.documents()} == after
        assert not set(ids) & set(index.passage_ids()), "no id is used again"
    assert not (filled.index / "reindex").exists()
    with pytest.raises(IndexMismatch, match="made by the embedder hash"):
        server.search_dense(EMBEDDER.embed_query("river"), 3)
    server.close()
    assert_sound(filled, OTHER)


def test_the_same_embedder_is_taken_over_without_a_restart(filled: Config) -> None:
    with open_index(filled, EMBEDDER) as server:
        before = len(server.search_dense(EMBEDDER.embed_query("river"), 100))
        reindex(filled.index, EMBEDDER, 16, silent)
        assert len(server.search_dense(EMBEDDER.embed_query("river"), 100)) == len(server) > before
        assert server.stats()["passage_tokens"] == 16


def test_what_is_deleted_during_a_reindex_leaves_no_trace_in_it(filled: Config) -> None:
    with open_index(filled, EMBEDDER) as index:
        put(index, "secret.txt", "Qvortzipane met the Wyxlomund at Brzenkaldy.")
    with pytest.raises(KeyboardInterrupt):
        reindex(
            filled.index, Interrupted(5), 24, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt) if _[1] == 5 else None
        )
    beside = filled.index / "reindex" / "footnote.db"
    assert b"xlomund" in beside.read_bytes().lower()
    with open_index(filled) as index:
        index.delete("secret.txt")
    assert not [file for file in filled.index.rglob("*") if file.is_file() and b"xlomund" in file.read_bytes().lower()]


@pytest.mark.parametrize("content", [b"", b"qvortzipane " * 900])
def test_a_reindex_that_was_killed_while_it_began_keeps_nobody_from_deleting(filled: Config, content: bytes) -> None:
    with open_index(filled, EMBEDDER) as index:
        put(index, "secret.txt", "Qvortzipane met the Wyxlomund at Brzenkaldy.")
    (filled.index / "reindex").mkdir()
    (filled.index / "reindex" / "footnote.db").write_bytes(content)
    with open_index(filled) as index:
        index.delete("secret.txt")
    assert not [file for file in filled.index.rglob("*") if file.is_file() and b"qvortz" in file.read_bytes().lower()]
    assert reindex(filled.index, EMBEDDER, 24, silent)[1] == 0


# --- earlier and later schemas


@pytest.mark.parametrize("schema", ["1", "2", "3", "4", "5a", "5b"])
def test_an_index_of_every_schema_that_was_written_is_brought_up_to_date(schema: str, config: Config) -> None:
    config.index.mkdir()
    (config.index / "footnote.db").write_bytes(gzip.decompress((SCHEMAS / f"{schema}.db.gz").read_bytes()))
    if schema < "4":
        with pytest.raises(IndexMismatch, match=r"schema \d, not 5.*Run 'footnote reindex'"):
            open_index(config, EMBEDDER)
        assert reindex(config.index, EMBEDDER, 24, silent) == (3, 0)
    with open_index(config, EMBEDDER) as index:
        assert {info.name: info.date for info in index.documents()} == {
            "fest.txt": "", "harbour.md": "2019-03-12", "lantern.txt": "",
        }  # fmt: skip
        assert index.document("fest.txt").language == "de"
        assert index.document("harbour.md").recognised_pages == ()
        assert "Orla Fenwick" in index.text("harbour.md")
        for question, name in (("Bänke der Feuerwehr", "fest.txt"), ("mooring fees", "harbour.md")):
            assert index.passages([index.search_lexical(question, 1)[0][0]])[0].document == name
        assert len(index.search_dense(EMBEDDER.embed_query("candles"), 100)) == len(index) > 3
        index.delete("lantern.txt")
    assert b"copper" not in (config.index / "footnote.db").read_bytes().lower()
    assert_sound(config)


def test_an_index_of_a_later_version_is_left_as_it_is(filled: Config) -> None:
    change(filled.index, "UPDATE meta SET value = '99' WHERE key = 'schema'")
    data = (filled.index / "footnote.db").read_bytes()
    with pytest.raises(IndexMismatch, match=r"schema 99, not 5.*Update Footnote"):
        open_index(filled, EMBEDDER)
    with pytest.raises(IndexMismatch):
        repair(filled, lambda: EMBEDDER, silent)
    assert (filled.index / "footnote.db").read_bytes() == data


def change(folder: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / "footnote.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


# --- damage


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a text": lambda folder: change(folder, "UPDATE documents SET text = 'X' || substr(text, 2) WHERE name = '1.txt'"),
    "words": lambda folder: change(folder, "DELETE FROM terms_data WHERE id > 10"),
    "words of a passage": lambda folder: change(folder, "UPDATE terms_content SET c2 = 'other' WHERE id = 1"),
    "a vector": lambda folder: change(folder, "UPDATE vectors SET vector = zeroblob(64) WHERE passage = 2"),
    "windows": lambda folder: change(folder, "DELETE FROM windows WHERE passage = 3"),
    "passages": lambda folder: change(folder, "UPDATE passages SET start = 100000 WHERE id = 2"),
    "headings": lambda folder: change(folder, "UPDATE documents SET headings = '[{' WHERE name = '2.txt'"),
    "notes": lambda folder: change(folder, "DELETE FROM meta WHERE key IN ('fingerprint', 'state')"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_does_not_fit_is_found_and_repaired(damage: str, filled: Config) -> None:
    before = state(filled)
    DAMAGES[damage](filled.index)
    assert [name for name, problem in checks(filled.index) if problem and "doctor --repair" in problem], damage
    report = repair(filled, lambda: EMBEDDER, silent)
    assert not report.lost
    after = state(filled)
    # A letter inside a text that changed is not known; its words are made to fit, and its file has the right one.
    assert set(after) == set(before) and (after == before or damage == "a text")
    assert_sound(filled)


def test_flipped_bytes_in_any_file_end_in_an_answer_or_in_a_command(filled: Config, tmp_path: Path) -> None:
    """Every page of the database and every other file, one byte at a time, each in a copy of the index."""
    before, draw = state(filled), random.Random(18)
    with open_index(filled, EMBEDDER) as index:
        index.search_dense(EMBEDDER.embed_query("river"), 1)
    files = [file for file in filled.index.rglob("*") if file.is_file() and file.stat().st_size]
    repaired = 0
    for number in range(60):
        copied = replace(filled, index=tmp_path / "copy")
        shutil.copytree(filled.index, copied.index)
        database = filled.index / "footnote.db"
        file = database if number % 3 else draw.choice(files)
        page = draw.randrange(database.stat().st_size // 4096)
        data = bytearray(file.read_bytes())
        for _ in range(draw.choice([1, 1, 40])):
            at = page * 4096 + draw.randrange(4096) if file == database else draw.randrange(len(data))
            data[at] ^= draw.randrange(1, 256)
        (copied.index / file.relative_to(filled.index)).write_bytes(data)
        try:
            with open_index(copied, EMBEDDER) as index:
                for info in index.documents():
                    index.content(info.name)
                index.search_dense(EMBEDDER.embed_query("river"), 5)
                index.search_lexical("river lantern", 5)
        except FootnoteError as error:
            assert any(
                command in str(error) for command in ("doctor --repair", "footnote ingest", "Footnote", "reindex")
            ), error
        if [1 for name, problem in checks(copied.index) if problem and "doctor --repair" in problem]:
            repaired += 1
            report = repair(copied, lambda: EMBEDDER, silent)
            lost = {line.partition(":")[0] for line in report.lost}
            assert set(before) == set(state(copied)) | lost or lost, report
            assert_sound(copied)
        shutil.rmtree(copied.index)
    assert repaired > 10


def test_what_is_lost_is_read_again_from_files_that_are_still_there(filled: Config) -> None:
    before = state(filled)
    (filled.index / "footnote.db").write_bytes(os.urandom(40960))
    report = repair(filled, lambda: EMBEDDER, silent)
    assert list(state(filled)) == ["deep/up.txt"], (
        "an upload has its file; where others came from is not known any more"
    )
    (aside,) = filled.index.glob("damaged-*")
    assert str(aside) in report.done[-1]
    with open_index(filled, EMBEDDER) as index:
        ingest([filled.index.parent / "documents"], index, EMBEDDER, filled)
    assert state(filled) == before
    assert_sound(filled)


def test_broken_states_and_leftovers_are_dropped_and_changed_files_named(filled: Config) -> None:
    (filled.index / "states").mkdir()
    (filled.index / "states" / f"1-{'0' * 64}.state").write_bytes(os.urandom(100))
    (filled.index / "vectors.faiss.new").write_bytes(b"half")
    documents = filled.index.parent / "documents"
    (documents / "2.txt").write_text("changed")
    found = {name: problem for name, problem in checks(filled.index) if problem}
    assert len(found) == 3 and f"footnote ingest {documents}" in found[f"files in {documents}"]
    assert len(repair(filled, lambda: EMBEDDER, silent).done) == 2
    (documents / "2.txt").write_text(prose(2))
    assert_sound(filled)


# --- no room, no right, no turn


PROGRAM = """
import resource, signal, sys
from pathlib import Path
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.errors import FootnoteError
from rag.indexes.opening import create_index
from rag.ingest import ingest
from rag.text.detection import _identifier
_identifier()  # writes a file of its own once
config = Config(index=Path(sys.argv[1]), passage_tokens=24)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    with create_index(config, HashEmbedder(32)) as index:
        told = lambda step, done, total, name: step == "done" and print(name, flush=True)
        ingest([Path(sys.argv[2])], index, HashEmbedder(32), config, told)
except FootnoteError as error:
    print("said:", error)
"""


def test_a_full_disk_loses_nothing_that_was_reported(config: Config, tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in range(40):
        (documents / f"{number:02}.txt").write_text(prose(number, 20))
    reported = set[str]()
    said = ""
    for size in (40_000, 150_000, 300_000, 600_000, 100_000_000):
        command = [sys.executable, "-c", PROGRAM, config.index, documents, str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = done.stdout.splitlines()
        said += "".join(line for line in lines if line.startswith("said:"))
        reported |= {line for line in lines if not line.startswith("said:")}
        if (config.index / "footnote.db").exists():
            with contextlib.suppress(FootnoteError):
                assert reported <= set(state(config)), size
    assert "disk is not full" in said
    assert len(state(config)) == 40
    assert_sound(config)


def test_a_folder_that_cannot_be_written_is_read_and_says_so(filled: Config, tmp_path: Path) -> None:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("mounting read-only takes root")
    program = (
        "mount --bind -o ro {0} {0} && for command in 'list' 'rm 1.txt' 'backup {1}' 'reindex' 'doctor --repair'; "
        "do {2} -m rag.cli --index {0} $command; echo rc $?; done"
    ).format(filled.index, tmp_path / "b.zip", sys.executable)
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", program],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    if "not permitted" in done.stderr or "permission denied" in done.stderr.lower():
        pytest.skip("mounting is not allowed here")
    assert "internal error" not in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert done.stdout.count("rc 0") >= 1 and "cannot be used" in done.stderr


def test_a_second_writer_is_told_to_wait(filled: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.indexes.sqlite.database.WAIT", 0.05)
    backup.back_up(filled.index, tmp_path / "b.zip")
    before = state(filled)
    with open_index(filled, EMBEDDER) as index, index.writing():
        for change in (
            lambda: backup.restore(filled.index, tmp_path / "b.zip"),
            lambda: reindex(filled.index, OTHER, 24, silent),
        ):
            with pytest.raises(IndexBusy, match="Another process is changing the index"):
                change()
        backup.back_up(filled.index, tmp_path / "c.zip")
    assert state(filled) == before


# --- kills


def test_kills_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    """Ten of the rounds of ``rounds.py``, which runs as many as are wanted."""
    from rounds import Rounds

    rounds = Rounds(tmp_path, seed=random.randrange(10**6))
    for _ in range(10):
        rounds.play()
    assert rounds.killed >= 2, rounds.log
