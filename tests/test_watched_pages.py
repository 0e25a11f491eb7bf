"""Watched folders in a real Chromium: their state, reading again, stopping; and an upload that is cancelled."""

import time

import pytest
from axe import violations
from browser import PATIENCE, in_browser, running_chat, until, watched_page
from test_changes import SlowEmbedder

from rag import prompts
from rag.assistant import Assistant
from rag.config import Config
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index
from rag.watching import state, watcher

pytestmark = in_browser
QUESTION = "Where does the plover nest?"
LONG = "\n\n".join(f"Paragraph {number} tells of herons and their nests. " * 12 for number in range(150))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("watched") / "handbook"
    made.mkdir()
    (made / "birds.txt").write_text("The plover nests by the river.\n")
    (made / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    return made


@pytest.fixture(scope="module")
def config(folder):
    return Config(
        index=folder.parent / "index", watch=(str(folder),), watch_every=600.0, requests_per_minute=100_000, threads=1
    )


@pytest.fixture(scope="module")
def embedder():
    return SlowEmbedder(64)


@pytest.fixture(scope="module")
def index(config, embedder):
    with create_index(config, embedder) as index:
        yield index


@pytest.fixture(scope="module")
def address(config, index, embedder):
    generator = ScriptedGenerator({QUESTION: "The plover nests by the river."}, {QUESTION: 0.97})
    assistant = Assistant(index, embedder, generator, prompts.load(config.prompt), config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "SETTLE", 0.4)
        patch.setattr(watcher, "LOW", 0)  # Or a busy machine keeps it waiting for minutes.
        with running_chat(lambda: assistant, config) as address:
            yield address


@pytest.fixture
def page(browser, address):
    with watched_page(browser, address) as seen:
        seen.page.goto(f"{address}documents")
        seen.page.get_by_role("heading", name="Watched folders").wait_for()
        yield seen.page
        assert seen.foreign == [] and seen.errors == []


def names(index):
    return [info.name for info in index.documents()]


def test_the_page_shows_what_was_read_and_what_was_not(page, index, folder):
    section = page.locator("#watched")
    section.get_by_text("Up to date").wait_for()
    assert section.get_by_role("heading", name="handbook").count() == 1 and names(index) == ["birds.txt"]
    summary = section.get_by_text("1 file could not be read")
    summary.focus()
    page.keyboard.press("Enter")
    section.get_by_text("broken.pdf is broken").wait_for()
    assert str(folder.parent) not in page.content()  # Where it lies is nobody's business.
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []
    (folder / "new.txt").write_text("The dotterel runs along the shore.\n")
    until(lambda: "new.txt" in names(index), PATIENCE)
    (folder / "broken.pdf").write_text("It is a text by now.")
    summary.wait_for(state="hidden")
    assert "broken.pdf" in names(index)


def test_reading_can_be_stopped_and_taken_up_again(page, index, folder, embedder):
    section = page.locator("#watched")
    section.get_by_text("Up to date").wait_for()
    embedder.pace = 0.05
    try:
        (folder / "long.txt").write_text(LONG)
        stop = section.get_by_role("button", name="Stop reading: handbook")
        stop.wait_for()
        section.get_by_text("1 file to read").wait_for()
        time.sleep(1)
        stop.focus()
        page.keyboard.press("Enter")
        section.get_by_text("Reading of handbook was stopped.").wait_for(state="attached")
        section.locator(".watched-state").get_by_text("Stopped").wait_for()
    finally:
        embedder.pace = 0.0
    time.sleep(2)
    assert "long.txt" not in names(index)
    section.get_by_role("button", name="Read again now: handbook").click()
    section.get_by_text("Up to date").wait_for()
    assert "long.txt" in names(index)


def test_a_cancelled_upload_leaves_everything_as_it_was(page, index, config, embedder):
    def upload(text):
        page.locator("input.files").set_input_files([{"name": "letter.txt", "mimeType": "", "buffer": text.encode()}])

    upload("The first version of the letter.\n")
    until(lambda: "letter.txt" in names(index), PATIENCE)
    embedder.pace = 0.05
    try:
        upload(LONG.replace("herons", "bitterns"))  # Not what the index has vectors of already.
        page.locator(".arrivals").get_by_text("passage").wait_for()
        page.get_by_role("button", name="Cancel letter.txt").click()
        page.locator(".arrivals .failed").get_by_text("cancelled").wait_for()
        # Slow until the server has heard of it, which is later than the page says so.
        file = config.index / "uploads" / "letter.txt"
        back = "The first version"
        until(lambda: file.read_text().startswith(back) and len(list(file.parent.iterdir())) == 1, PATIENCE)
    finally:
        embedder.pace = 0.0
    assert index.text("letter.txt") == file.read_text()
