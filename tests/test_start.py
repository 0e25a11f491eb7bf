"""Start from nothing in a real Chromium: the invitation, the first document, questions about it, and the next ones."""

import json
import os
import re
import signal
import subprocess
import time
from http.client import HTTPConnection
from urllib.request import Request, urlopen

import pytest
from axe import violations
from browser import in_browser, running_chat, watched_page
from command import FOOTNOTE, ROOT

from rag import prompts
from rag.assistant import Assistant
from rag.config import Config
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index

GARDEN = """# Garden Handbook

The gate is closed between 20:00 and 6:00. The plots are managed by Greenshaw Trust.

These are the three rules of the compost heap:

- no meat
- no stones
- no plastic

"Shared Tools" means the tools in the green shed.
"""
REPLIES = {
    "gate closed": "The gate is closed between 20:00 and 6:00.",
    "managed by": "The plots are managed by Greenshaw Trust.",
    "Greenshaw": "The plots are managed by Greenshaw Trust.",
}
MISSPELT = "What does Kreenshav manage?"


@pytest.fixture(scope="module")
def served(embedder, tmp_path_factory):
    """The address of a chat without documents, and what its assistant's language model was asked."""
    config = Config(index=tmp_path_factory.mktemp("start") / "index", requests_per_minute=100_000)
    generator = ScriptedGenerator(REPLIES, dict.fromkeys(REPLIES, 0.97) | {"": 0.01})

    def load() -> Assistant:
        index = create_index(config, embedder)
        return Assistant(index, embedder, generator, prompts.load(config.prompt), config)

    with running_chat(load, config) as address:
        yield address


class TestInTheBrowser:
    pytestmark = in_browser

    def test_from_an_empty_folder_to_answers_and_the_next_questions(self, served, browser, tmp_path):
        with watched_page(browser, served) as chat:
            page = chat.page
            page.get_by_text("There are no documents yet. Add some, then ask about them.").wait_for()
            assert page.get_by_role("button", name="Choose files").is_visible()
            assert violations(page) == []
            chat.ask("When is the gate closed?")
            chat.answer()
            assert "There are no documents yet" in page.locator(".exchange").inner_text()
            page.get_by_role("button", name="New conversation").click()

            (tmp_path / "garden.md").write_text(GARDEN, encoding="utf-8")
            page.locator("#start .files").set_input_files(tmp_path / "garden.md")
            page.get_by_text("1 document: Garden Handbook.").wait_for()
            assert not page.locator("#start .drop").is_visible()
            assert page.locator("#state").inner_text() == "1 document"
            first = page.get_by_role("button", name="When is the gate closed?")
            first.wait_for()
            page.get_by_role("link", name="Add documents").wait_for()
            assert violations(page) == []
            first.focus()
            page.keyboard.press("Enter")
            chat.answer()
            assert "between 20:00 and 6:00" in page.locator(".answer").inner_text()
            assert not page.locator("#start").is_visible()

            page.get_by_role("heading", name="Ask next").wait_for()
            following = page.get_by_role("button", name="Who are the plots managed by?")
            assert page.locator(".suggestions .example").count() in (2, 3)
            assert page.locator(".suggestions").get_by_text("When is the gate closed?").count() == 0
            assert violations(page) == []
            following.click()
            chat.answer(2)
            assert "Greenshaw Trust" in page.locator(".answer").last.inner_text()
            assert page.locator(".suggestions").first.is_hidden()
            assert (chat.foreign, chat.errors) == ([], [])

    def test_did_you_mean_asks_with_the_other_word(self, served, browser):
        with watched_page(browser, served, 390, dark=True, locale="de-DE") as chat:
            page = chat.page
            page.get_by_text("1 Dokument: Garden Handbook.").wait_for()
            chat.ask(MISSPELT, "Ihre Frage")
            chat.answer()
            meant = page.get_by_role("button", name="Meinten Sie „Greenshaw“?")
            meant.wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            assert violations(page) == []
            meant.press("Enter")
            chat.answer(2)
            assert page.locator(".question").last.inner_text().endswith("What does Greenshaw manage?")
            assert "Greenshaw Trust" in page.locator(".answer").inner_text()
            page.reload()
            page.locator(".exchange:nth-child(2)").wait_for()
            page.get_by_role("heading", name="Nächste Frage").wait_for()
            assert (chat.foreign, chat.errors) == ([], [])


# --- footnote serve, as a process


def serving(*arguments: object, **environment: str) -> tuple[subprocess.Popen, int]:
    process = subprocess.Popen(
        [*FOOTNOTE, "serve", "--port", "0", *map(str, arguments)], cwd=ROOT, env=os.environ | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    line = process.stdout.readline()
    return process, int(re.fullmatch(r"The chat is at http://127\.0\.0\.1:(\d+)/\n", line)[1])


def ended(process: subprocess.Popen) -> str:
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=60)[1]


def asked(port: int, path: str, body: dict | None = None) -> tuple[int, dict]:
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_serve_names_all_weights_that_are_missing_and_how_to_get_them(tmp_path):
    process, port = serving("--index", tmp_path / "index", FOOTNOTE_MODELS=str(tmp_path / "none"))
    try:
        status, reply = asked(port, "/api/ask", {"question": "Where?"})
        listed = asked(port, "/api/documents")
    finally:
        err = ended(process)
    assert status == 503
    for name in (Config().embedder, Config().generator):
        assert f"footnote models pull {name}" in reply["message"]
        assert f"footnote models pull {name}" in err
    assert listed == (200, {"documents": []})
    assert "Traceback" not in err


def test_serve_begins_without_an_index_and_takes_documents(tmp_path):
    process, port = serving("--index", tmp_path / "index", FOOTNOTE_GENERATOR="smollm2-135m-instruct")
    try:
        body = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="garden.md"\r\n\r\n'
            + GARDEN.encode()
            + b"\r\n--x--\r\n"
        )
        request = Request(
            f"http://127.0.0.1:{port}/api/documents", body, {"Content-Type": "multipart/form-data; boundary=x"}
        )
        end = time.monotonic() + 90
        while asked(port, "/readyz")[0] != 200 and time.monotonic() < end:
            time.sleep(0.3)
        assert json.load(urlopen(request, timeout=90))["change"] == "added"
        found = asked(port, "/api/search?q=When+is+the+gate+closed")[1]["passages"]
    finally:
        err = ended(process)
    assert "between 20:00 and 6:00" in found[0]["text"]
    assert err == ""
