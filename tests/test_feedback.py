"""The queue of what readers say: durable, whole after a crash, and without a word of a document that is gone."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from command import ROOT

from rag import feedback
from rag.embedders.hashed import HashEmbedder
from rag.errors import TooMany
from rag.feedback import Feedback, Span
from rag.indexes.opening import create_index
from rag.ingest import ingest
from rag.types import Turn

WRONG = Feedback(
    "wrong_answer",
    "When?",
    (Turn("user", "Where?"), Turn("assistant", "There.")),
    "0d8f",
    "answered",
    "Then [1]",
    (Span("a.txt", 0, 4, "Then"),),
    "Now",
    (Span("b.txt", 3, 6, "Now"),),
    "It \ud800 was <b>now</b>.\n",
)


def test_what_is_added_comes_back_in_order(tmp_path):
    assert feedback.pending(tmp_path) == []
    entries = [WRONG, Feedback("up", "What?"), replace(WRONG, kind="should_abstain")]
    ids = [feedback.add(tmp_path, entry) for entry in entries]
    assert len(set(ids)) == 3
    back = feedback.pending(tmp_path)
    assert [entry.id for entry in back] == ids and all(entry.at for entry in back)
    assert [replace(entry, id="", at="") for entry in back] == entries


def test_what_was_reviewed_goes(tmp_path):
    first, second = (feedback.add(tmp_path, WRONG) for _ in range(2))
    assert feedback.remove(tmp_path, [first, "unknown"]) == 1
    assert [entry.id for entry in feedback.pending(tmp_path)] == [second]
    assert feedback.remove(tmp_path / "nowhere", [first]) == 0


def test_many_at_once_lose_nothing(tmp_path):
    threads = [threading.Thread(target=lambda: [feedback.add(tmp_path, WRONG) for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(feedback.pending(tmp_path)) == 40


def test_killed_at_any_moment_it_keeps_what_it_thanked_for(tmp_path):
    program = (
        "import sys; from pathlib import Path; from rag import feedback\n"
        "while True: print(feedback.add(Path(sys.argv[1]), feedback.Feedback('up', 'x' * 5000)), flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        thanked = [process.stdout.readline().strip() for _ in range(20)]
        os.kill(process.pid, signal.SIGKILL)
        thanked += [line.strip() for line in process.stdout if line.endswith("\n")]
    assert {entry.id for entry in feedback.pending(tmp_path)} >= set(thanked)


def test_a_torn_line_is_no_feedback_and_spoils_no_other(tmp_path):
    feedback.add(tmp_path, WRONG)
    with (tmp_path / "feedback.jsonl").open("ab") as file:
        file.write(b'{"kind": "up", "que')
    last = feedback.add(tmp_path, WRONG)
    assert [entry.id for entry in feedback.pending(tmp_path)][1:] == [last]
    assert json.loads((tmp_path / "feedback.jsonl").read_bytes().splitlines()[-1])["id"] == last


def test_there_is_an_end_to_what_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(feedback, "MOST", 700)
    feedback.add(tmp_path, WRONG)
    with pytest.raises(TooMany):
        feedback.add(tmp_path, WRONG)


def test_with_a_document_goes_what_was_said_about_it(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("The secret word is plover.")
    (tmp_path / "in" / "c.txt").write_text("Something else.")
    from rag.config import Config

    embedder, config = HashEmbedder(), Config(index=tmp_path / "index")
    with create_index(config, embedder) as index:
        ingest([tmp_path / "in"], index, embedder, config)
        for name in ("a.txt", "c.txt"):
            feedback.add(config.index, Feedback("up", "Word?", citations=(Span(name, 0, 3, "plover"),)))
        (tmp_path / "in" / "a.txt").unlink()
        ingest([tmp_path / "in"], index, embedder, config)
    assert [entry.citations[0].document for entry in feedback.pending(config.index)] == ["c.txt"]
    files = [path for path in config.index.rglob("*") if path.is_file() and path.name != "feedback.jsonl"]
    assert files and not any(b"plover" in path.read_bytes() for path in files)
