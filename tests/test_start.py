"""Start from nothing in a real Chromium: the invitation, the first document, questions about it, and the next ones."""

import json
import os
import re
import signal
import subprocess
from http.client import HTTPConnection

import pytest
from axe import violations
from browser import PATIENCE, in_browser, running_chat, watched_page
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

    create_index(config, embedder).close()  # Otherwise one for any embedder is made for the pages.
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


def test_serve_begins_without_weights_and_index_and_goes_on_when_they_are_there(tmp_path):
    weights, used = tmp_path / "models", ("all-MiniLM-L6-v2", "smollm2-135m-instruct")
    weights.mkdir()
    process, port = serving(
        "--index", tmp_path / "index", FOOTNOTE_MODELS=str(weights), FOOTNOTE_GENERATOR=used[1], FOOTNOTE_THREADS="1"
    )
    try:
        status, reply = call(port, "/api/ask", {"question": "When is the gate closed?"})
        assert (status, call(port, "/api/documents")) == (503, (200, {"documents": []}))
        assert [f"footnote models pull {name}" in reply["message"] for name in used] == [True, True]
        for name in used:
            (weights / name).symlink_to(Config().models / name)
        assert call(port, "/api/documents", upload("garden.md", GARDEN))[1]["change"] == "added"
        found = call(port, "/api/search?q=When+is+the+gate+closed")[1]["passages"]
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert "between 20:00 and 6:00" in found[0]["text"]
    assert [f"footnote models pull {name}" in err for name in used] == [True, True]
    assert "Traceback" not in err and out == ""


def serving(*arguments: object, **environment: str) -> tuple[subprocess.Popen, int]:
    """Start ``footnote serve`` on a free port; return it, and the port."""
    process = subprocess.Popen(
        [*FOOTNOTE, "serve", "--port", "0", *map(str, arguments)], cwd=ROOT, env=os.environ | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    line = process.stdout.readline()
    return process, int(re.fullmatch(r"The chat is at http://127\.0\.0\.1:(\d+)/\n", line)[1])


def call(port: int, path: str, body: dict | tuple[bytes, str] | None = None) -> tuple[int, dict]:
    """Send ``body`` as one of the server's own pages does: JSON, or a form with its type."""
    data, kind = body if isinstance(body, tuple) else (json.dumps(body).encode() if body else None, "application/json")
    headers = {"Content-Type": kind, "Origin": f"http://127.0.0.1:{port}"}
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("POST" if body else "GET", path, data, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def upload(name: str, text: str) -> tuple[bytes, str]:
    """Return a form with one file, and its type."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return f"{head}{text}\r\n--x--\r\n".encode(), "multipart/form-data; boundary=x"
