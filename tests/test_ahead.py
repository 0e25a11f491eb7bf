"""Reading ahead: what nobody asked yet is read while nobody asks, and nobody waits for it."""

import subprocess
import sys
import threading
import time

import pytest
from browser import until

from rag.assistant import Assistant
from rag.config import Config
from rag.embedders import open_embedder
from rag.embedders.hashed import HashEmbedder
from rag.errors import IndexBusy, ModelMissing
from rag.indexes.opening import create_index
from rag.ingest import ingest
from rag.types import Answer
from ui.ahead import ReadingAhead
from ui.conversation import Answered
from ui.idle import Machine
from ui.service import Service

DOCUMENTS = {f"{name}.txt": f"The {name} nests by the river." for name in ("plover", "heron", "bittern")}


class Assistants:
    """An assistant that notes what it reads and takes ``pace`` seconds for each, unless it is asked something."""

    def __init__(self, index, pace=0.0):
        self.index, self.pace = index, pace
        self.read, self.reading, self.asked = [], threading.Event(), threading.Event()
        self.read_when_asked = None

    def warm(self, passages, stop=None):
        pace = self.pace
        self.asked.clear()
        self.reading.set()
        if not self.asked.wait(pace) and not (stop and stop()):
            self.read += [passage.document for passage in passages]
        return 1

    def stream(self, question, history=(), id="", stop=None, documents=None):
        self.read_when_asked = list(self.read)
        self.asked.set()
        time.sleep(0.5)  # Whoever reads ahead finds the question still there.
        yield Answer("", question, "abstained", 0.0, "No.")


@pytest.fixture
def birds(tmp_path):
    folder, config = tmp_path / "birds", Config(index=tmp_path / "index")
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text)
    embedder = HashEmbedder(64)
    with create_index(config, embedder) as index:
        ingest([folder], index, embedder, config)
        index.more = lambda: ingest([folder], index, embedder, config)
        index.files_folder = folder
        yield index


@pytest.fixture
def ahead():
    """Start reading ahead for an assistant; everything ends with the test."""
    running = []

    def start(load, is_free=lambda: True, enough=60.0):
        service = Service(load)
        running.append((ReadingAhead(service, 0.01, is_free, enough), service))
        for part in reversed(running[-1]):
            part.start()
        return service

    yield start
    for reading, service in running:
        reading.close()
        service.close()
        assert not reading._thread.is_alive()


def test_every_passage_is_read_once_and_a_new_one_too(birds, ahead):
    assistant = Assistants(birds)
    ahead(lambda: assistant)
    until(lambda: len(assistant.read) == 3, 30)
    (birds.files_folder / "owl.txt").write_text("The owl hunts at night.")
    (birds.files_folder / "heron.txt").unlink()
    birds.more()
    until(lambda: len(assistant.read) == 4, 30)
    time.sleep(0.05)
    assert sorted(assistant.read) == ["bittern.txt", "heron.txt", "owl.txt", "plover.txt"]


def test_a_question_goes_first_and_what_was_broken_off_is_read_after_it(birds, ahead):
    assistant = Assistants(birds, pace=60)
    service = ahead(lambda: assistant)
    until(assistant.reading.is_set, 30)
    assistant.pace = 0  # From the next passage on.
    assert any(isinstance(event, Answered) for event in service.ask("Where?"))
    assert assistant.read_when_asked == []
    until(lambda: len(assistant.read) == 3, 30)


def test_nothing_is_read_while_others_need_the_machine(birds, ahead):
    assistant, busy = Assistants(birds), threading.Event()
    busy.set()
    service = ahead(lambda: assistant, is_free=lambda: not busy.is_set())
    until(service.loaded.is_set, 30)
    time.sleep(0.1)
    assert not assistant.read
    busy.clear()
    until(lambda: len(assistant.read) == 3, 30)


def test_reading_ends_after_a_while_and_goes_on_after_the_next_question(birds, ahead):
    assistant = Assistants(birds, pace=0.05)
    service = ahead(lambda: assistant, enough=0.01)
    until(lambda: len(assistant.read) == 1, 30)
    time.sleep(0.3)
    assert len(assistant.read) == 1
    assert any(isinstance(event, Answered) for event in service.ask("Where?"))
    until(lambda: len(assistant.read) == 2, 30)


def test_another_busy_process_is_noticed():
    machine = Machine()
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        time.sleep(1)
        assert not machine.is_free()
        other.kill()


def test_an_index_that_cannot_be_read_is_tried_again(birds, ahead):
    assistant = Assistants(Broken(birds))
    ahead(lambda: assistant)
    until(lambda: assistant.index.refused > 2, 30)
    assistant.index.broken = False
    until(lambda: len(assistant.read) == 3, 30)


class Broken:
    """An index that refuses to be read, as one does that another process is replacing."""

    def __init__(self, index):
        self.index, self.broken, self.refused = index, True, 0

    def __getattr__(self, name):
        if self.broken:
            self.refused += 1
            raise IndexBusy("It is being replaced.")
        return getattr(self.index, name)


def test_without_an_assistant_nothing_is_read(ahead):
    def missing():
        raise ModelMissing("There is none.")

    service = ahead(missing)
    until(service.loaded.is_set, 30)
    time.sleep(0.05)
    assert not service.is_ready


@pytest.mark.llm
def test_the_language_model_has_read_what_is_asked_about(tmp_path, ahead):
    config = Config(generator="smollm2-135m-instruct", index=tmp_path / "index", threads=1, context=2048)
    (tmp_path / "plover.txt").write_text("The plover nests by the river.")
    embedder = open_embedder(config)
    with create_index(config, embedder) as index:
        ingest([tmp_path / "plover.txt"], index, embedder, config)
    service = ahead(lambda: Assistant.open(config))
    until(service.loaded.is_set, 120)
    until(lambda: list((config.index / "states").glob("*.state")), 30)
    with service.assistant:
        before = dict(service.generator.states.counts)
        service.assistant.ask("Where does the plover nest?")
        after = service.generator.states.counts
        assert (after["miss"], after["memory"]) == (before["miss"], before["memory"] + 1)
