"""Everything that the chat and its pages can do, with the keys alone: what cannot be reached by Tab is not pressed."""

import pytest
from browser import (
    FOLLOW_UP,
    PRINCIPLES,
    VENUE,
    ScriptedAssistant,
    in_browser,
    running_chat,
    watched_page,
)

from rag import feedback, prompts
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index
from rag.ingest import ingest

pytestmark = in_browser
FOCUS = """() => {
    const focused = document.activeElement
    const said = focused.getAttribute('aria-label') || focused.labels?.[0]?.innerText || focused.innerText || ''
    const seen = getComputedStyle(focused)
    return [said.trim(), focused.checkVisibility() && (seen.outlineStyle !== 'none' || seen.boxShadow !== 'none')]
}"""


class Keys:
    """A reader without a mouse: knows what has the focus, and sees it."""

    def __init__(self, page):
        self.page = page

    def to(self, *names: str, back: bool = False) -> None:
        """Press Tab until something of one of these names has the focus."""
        passed = []
        for _ in range(80):
            said, visible = self.page.evaluate(FOCUS)
            if said.startswith(names):
                assert visible, f"nobody sees that {said} has the focus"
                return
            passed.append(said)
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"{names} cannot be reached: {passed}")

    def press(self, name: str, key: str = "Enter", back: bool = False) -> None:
        self.to(name, back=back)
        self.page.keyboard.press(key)

    def type(self, text: str, name: str = "") -> None:
        if name:
            self.to(name)
        self.page.keyboard.type(text)


@pytest.fixture(scope="module")
def assistant():
    return ScriptedAssistant([VENUE, PRINCIPLES, FOLLOW_UP], pace=0.001)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return Config(index=tmp_path_factory.mktemp("keys") / "index", requests_per_minute=100_000)


@pytest.fixture(scope="module")
def address(config):
    embedder = HashEmbedder(64)
    generator = ScriptedGenerator({"nest": "The plover nests by the river."}, {"nest": 0.97})
    (folder := config.index.parent / "birds").mkdir()
    (folder / "plover.txt").write_text("The plover nests by the river.", encoding="utf-8")
    with create_index(config, embedder) as index:
        ingest([folder], index, embedder, config)
        assistant = Assistant(index, embedder, generator, prompts.load(config.prompt), config)
        with running_chat(lambda: assistant, config) as address:
            yield address


@pytest.fixture(scope="module")
def scripted(assistant):
    with running_chat(lambda: assistant) as address:
        yield address


def keys_on(watched, path: str = "", ready: str = "#name nav") -> Keys:
    watched.page.goto(watched.address + path)
    watched.page.locator(ready).first.wait_for()
    return Keys(watched.page)


def test_ask_read_the_evidence_stop_and_begin_anew(browser, scripted, assistant):
    with watched_page(browser, scripted) as watched:
        page, keys = watched.page, Keys(watched.page)
        keys.type(VENUE.question, "Your question")
        page.keyboard.press("Enter")
        watched.answer()
        keys.press("Source 2", back=True)
        assert page.locator(".panel mark.current").inner_text() == VENUE.citations[1].quote
        with page.expect_popup() as popup:
            keys.press("Open the document here")
        assert popup.value.locator("mark").inner_text() == VENUE.citations[1].quote
        popup.value.close()
        keys.press("Scores")
        assert page.locator(".panel .more[open]").count() == 1
        keys.press("Close sources", back=True)
        assert page.evaluate(FOCUS)[0].startswith("Source 2")
        keys.press("Details")
        assert page.locator(".facts .more[open]").count() == 1
        keys.press("Copy")
        page.locator(".acts .thanks").wait_for()
        keys.press("Retry")
        page.wait_for_function("document.activeElement.tagName === 'TEXTAREA'")
        watched.answer()
        keys.press("Edit", back=True)
        keys.press("Cancel")
        keys.to("Your question")
        keys.type(FOLLOW_UP.question)
        page.keyboard.press("Enter")
        watched.answer(2)
        keys.press("Search for exactly what I typed", back=True)
        watched.answer(3)
        assistant.pace = 0.2
        keys.type(PRINCIPLES.question, "Your question")
        page.keyboard.press("Enter")
        page.locator(".draft").wait_for()
        keys.press("Stop")
        watched.answer(4)
        assert page.locator(".exchange").last.get_by_text("Stopped").first.is_visible()
        assistant.pace = 0.001
        keys.press("New conversation", back=True)
        page.locator(".exchange").first.wait_for(state="detached")
        assert (watched.foreign, watched.errors) == ([], [])


def test_conversations(browser, scripted):
    with watched_page(browser, scripted) as watched:
        page, keys = watched.page, Keys(watched.page)
        keys.type(VENUE.question, "Your question")
        page.keyboard.press("Enter")
        watched.answer()
        keys.press("Conversations", back=True)
        keys.press("Options for")
        keys.press("Rename")
        keys.type("Cardiff")
        page.keyboard.press("Enter")
        keys.to("Cardiff")
        for name in ("Save as Markdown", "Save as JSON"):
            if not page.locator(".history-more[open]").count():
                keys.press("Options for “Cardiff”")
            with page.expect_download():
                keys.press(name)
        keys.press("Cardiff", back=True)
        page.locator(".exchange .answer").wait_for()
        keys.press("Options for “Cardiff”")
        keys.press("Delete")
        page.keyboard.press("Enter")
        page.locator(".history-open").wait_for(state="detached")
        keys.press("Close conversations")
        assert not page.locator(".history").is_visible()
        page.goto(watched.address + page.locator("[data-act=link]").get_attribute("data-text"))
        page.get_by_text("This answer is gone").first.wait_for()


def test_documents_come_in_are_chosen_and_go(browser, address, tmp_path):
    (tmp_path / "rook.txt").write_text("The rook nests in tall trees.")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "owl.txt").write_text("The owl hunts at night.")
    with watched_page(browser, address) as watched:
        keys = keys_on(watched, "documents", ".document")
        page = keys.page
        keys.type("birds", "Add to collection (optional)")
        for name, files in (("Choose files", tmp_path / "rook.txt"), ("Choose a folder", tmp_path / "more")):
            with page.expect_file_chooser() as chooser:
                keys.press(name)
            chooser.value.set_files(files)
        page.locator("[data-name='birds/more/owl.txt'].done").wait_for()
        page.locator(".collection").get_by_text("2 documents").wait_for()
        keys = keys_on(watched, "", ".scope-item")
        keys.press("Answer from: birds", "Space")
        assert page.locator(".scope-item input:checked").count() == 1
        keys.press("Tick all", back=True)
        keys.press(page.locator(".scope-title").first.inner_text().strip())
        page.locator(".overview .open").wait_for()
        keys.to("Sort by", back=True)
        keys.press("Close documents", back=True)
        assert not page.locator(".scope").is_visible()
        keys.press("3 documents")
        keys.press("Answer from: birds", "Space")
        keys.press("Tick all", back=True)
        keys = keys_on(watched, "documents", ".document")
        for name in ("birds/more/owl.txt", "birds/rook.txt"):
            keys.to("Find a document", back=True)
            page.keyboard.press("Control+a")
            keys.type(name)
            page.locator(".document").nth(1).wait_for(state="detached")
            with page.expect_popup() as popup:
                keys.press(page.locator(".document .title").inner_text())
            popup.value.close()
            keys.press("Delete")
            page.keyboard.press("Enter")
            page.get_by_text("No matching documents.").wait_for()
        assert (watched.foreign, watched.errors) == ([], [])


def test_search_and_settings(browser, address):
    with watched_page(browser, address) as watched:
        page, keys = watched.page, keys_on(watched)
        keys.press("Search")
        page.get_by_label("Words or a question").wait_for()
        keys.type("plover", "Words or a question")
        keys.press("Search")
        page.locator("#found .piece").first.wait_for()
        with page.expect_popup() as popup:
            keys.press(page.locator(".results .title bdi").first.inner_text())
        popup.value.locator("mark").wait_for()
        Keys(popup.value).press("Back to the chat")
        popup.value.locator("#question").wait_for()
        popup.value.close()
        keys.press("Settings", back=True)
        page.locator("table.settings").first.wait_for()
        keys.press("Change settings")
        keys.to("candidates")
        page.keyboard.press("Control+a")
        keys.type("50")
        page.keyboard.press("Enter")
        page.get_by_text("Saved.").wait_for()
        keys.press("Display", back=True)
        keys.to("System")
        page.keyboard.press("ArrowDown")
        keys.to("Light")
        keys.to("Language")
        page.keyboard.press("Escape")
        assert not page.locator("#display").is_visible()


def test_feedback_and_its_review(browser, address, config):
    with watched_page(browser, address) as watched:
        page, keys = watched.page, Keys(watched.page)
        keys.type("Where does the plover nest?", "Your question")
        page.keyboard.press("Enter")
        watched.answer()
        keys.press("No, this is wrong", back=True)
        page.get_by_text("Thanks, saved for review.").first.wait_for()
        keys.press("Report a problem")
        keys.to("What is wrong?")
        keys.type("The source")
        keys.type("by the river", "Correct answer")
        keys.type("plover", "Where is the right answer")
        page.keyboard.press("Enter")
        page.locator(".found-passages textarea").first.wait_for()
        keys.to("The plover", "plover.txt")
        page.keyboard.press("Tab")
        page.keyboard.press("Control+Home")
        for _ in range("The plover nests".count("") - 1):
            page.keyboard.press("Shift+ArrowRight")
        keys.type("Thank you", "Anything else?")
        keys.press("Send")
        page.locator(".opinion-form").wait_for(state="detached")
        down, said = feedback.pending(config.index)
        assert (down.kind, said.kind, said.right_answer) == ("down", "wrong_source", "by the river")
        assert [span.quote for span in said.passages] == ["The plover nests"]
        keys = keys_on(watched, "review", ".review-buttons")
        keys.press("Reject")
        page.get_by_text("Rejected. 1 to review").wait_for()
        keys.press("Accept")
        page.get_by_text("Accepted as a test question. Nothing to review.").wait_for()
        assert (watched.foreign, watched.errors) == ([], [])
