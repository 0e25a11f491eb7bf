"""The pages beside the chat in a real Chromium, on a real index: documents, search, settings, feedback, review."""

import json
from urllib.parse import quote

import pytest
from axe import violations
from browser import NOWHERE, PAYLOADS, in_browser, running_chat, watched_page
from fpdf import FPDF

from eval.questions import read_questions
from rag import feedback, prompts
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index
from rag.ingest import ingest
from ui.evidence import reader_address

pytestmark = in_browser
PLOVER = "Where does the plover nest?"
HERON = "What does the heron eat?"
BITTERN = "When does the bittern boom?"
BOOMS = "The bittern booms at dusk in the reeds."
TEXT = "The plover nests by the river.\n\nThe heron eats fish and frogs.\n"
HOSTILE = {
    f"{n:02} {payload.replace('/', '∕')[:60]}.md": f"# {payload}\n\n{payload}\n" for n, payload in enumerate(PAYLOADS)
}


ANSWERS = {PLOVER: "The plover nests by the river.", HERON: "The heron eats fish and frogs.", BITTERN: BOOMS}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return Config(index=tmp_path_factory.mktemp("pages") / "index", requests_per_minute=100_000)


@pytest.fixture(scope="module")
def index(config):
    embedder, folder = HashEmbedder(64), config.index.parent / "birds"
    folder.mkdir()
    (folder / "birds.txt").write_text(TEXT, encoding="utf-8")
    (folder / "copy.txt").write_text(TEXT, encoding="utf-8")
    with create_index(config, embedder) as index:
        ingest([folder], index, embedder, config)
        yield index


@pytest.fixture(scope="module")
def address(config, index):
    replies = ANSWERS | {payload: payload for payload in PAYLOADS}
    generator = ScriptedGenerator(replies, dict.fromkeys(replies, 0.97))
    assistant = Assistant(index, index._embedder, generator, prompts.load(config.prompt), config)
    with running_chat(lambda: assistant, config) as address:
        yield address


@pytest.fixture
def visit(browser, address):
    """Open pages that must have asked nobody else for anything and complained of nothing when the test is over."""
    with watched_page(browser, address) as watched:

        def go(path=""):
            watched.page.goto(address + path)
            watched.page.locator("#name nav").wait_for()
            return watched.page

        go.watched = watched
        yield go
        assert (watched.foreign, watched.errors) == ([], [])


def names(page) -> list[str]:
    page.locator(".document").first.wait_for()
    return [facts.split("\u00a0· ")[0] for facts in page.locator(".document-facts").all_inner_texts()]


def kept(page, choose) -> None:
    """Make a choice and wait until the browser has kept it."""
    value = "localStorage.getItem('footnote.documents')"
    before = page.evaluate(value)
    choose()
    page.wait_for_function(f"before => {value} !== before", arg=before)


def upload(page, *files) -> None:
    page.locator("input.files").set_input_files([{"name": n, "mimeType": "", "buffer": d} for n, d in files])
    arrived = "count => document.querySelectorAll('.arrivals li:not(.coming)').length >= count"
    page.wait_for_function(arrived, arg=len(files))


def drop(page, path) -> None:
    """Drag a file or folder from the desktop onto the page."""
    box = page.locator(".drop").bounding_box()
    place = {"x": box["x"] + 20, "y": box["y"] + 20}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})


class TestDocuments:
    def test_a_pdf_comes_in_is_asked_and_goes_without_a_trace(self, visit, index):
        pdf = FPDF()
        for text in (BOOMS, ""):
            pdf.add_page()
            pdf.set_font("helvetica", size=12)
            pdf.cell(0, 10, text)
        page = visit("documents")
        assert names(page) == ["birds.txt", "copy.txt"]
        upload(page, ("bittern.pdf", bytes(pdf.output())), ("bad.pdf", b"%PDF-1.7 nonsense"))
        assert "added; has no text on page 2" in page.locator("[data-name='bittern.pdf']").inner_text()
        assert "is broken or is not a PDF" in page.locator("[data-name='bad.pdf'].failed").inner_text()
        page.get_by_text("bittern.pdf has no text on page 2 (scanned?)").wait_for()
        assert page.get_by_text("copy.txt has the same content as birds.txt").is_visible()
        page = visit("search")
        page.get_by_label("Words or a question").fill("bittern booms")
        page.keyboard.press("Enter")
        page.locator("#found .piece").first.wait_for()
        assert BOOMS in page.locator("#found .piece").first.inner_text()
        page = visit()
        visit.watched.ask(BITTERN)
        visit.watched.answer()
        page.locator("button.mark").first.click()
        assert page.locator(".panel .current mark").inner_text() == BOOMS
        with page.expect_popup() as popup:
            page.locator(".panel .current a").click()
        reader = popup.value
        reader.locator(".page .spot").wait_for()
        assert reader.evaluate("document.querySelector('img').naturalWidth") == 1200
        picture, spot = (reader.locator(part).bounding_box() for part in (".page img", ".page .spot"))
        assert picture["x"] < spot["x"] and spot["x"] + spot["width"] < picture["x"] + picture["width"]
        assert picture["y"] < spot["y"] < picture["y"] + picture["height"] / 8, "the words are at the top of the page"
        reader.close()
        page = visit("documents")
        page.get_by_label("Find a document").fill("bitt")
        assert names(page) == ["bittern.pdf"]
        page.get_by_role("button", name="Delete ").press("Enter")
        page.get_by_role("button", name="Delete permanently?").press("Enter")
        page.get_by_text("No matching documents.").wait_for()
        assert [info.name for info in index.documents()] == ["birds.txt", "copy.txt"]
        assert not list((index.folder / "uploads").rglob("*.pdf"))
        assert page.goto(visit.watched.address + "read?document=bittern.pdf").status == 404
        visit.watched.errors.clear()  # The console reports the 404.
        page = visit()
        page.get_by_text("This answer is gone").first.wait_for()
        visit.watched.ask(BITTERN)
        visit.watched.answer(2)
        assert (
            page.get_by_role("heading", name="The documents may answer this")
            .or_(page.get_by_role("heading", name="The documents do not answer this"))
            .is_visible()
        )
        assert "booms" not in page.locator("#talk").inner_text()

    def test_a_folder_comes_in_as_a_collection_without_hidden_files_and_can_be_left_out(self, visit, index, tmp_path):
        (tmp_path / "notes" / ".git").mkdir(parents=True)
        (tmp_path / "notes" / ".git" / "config.txt").write_text("hidden")
        (tmp_path / "notes" / "owl.txt").write_text("The owl hunts at night.")
        page = visit("documents")
        names(page)
        drop(page, tmp_path / "notes")
        page.locator("[data-name='notes/owl.txt'].done").wait_for()
        assert page.locator(".arrivals li").count() == 1
        page.get_by_label("Add to collection (optional)").fill("notes")
        page.locator("input.files").set_input_files(
            {"name": "rook.txt", "mimeType": "", "buffer": b"The rook nests in tall trees."}
        )
        page.locator("[data-name='notes/rook.txt'].done").wait_for()
        page.locator(".collection").get_by_text("2 documents").wait_for()
        assert names(page) == ["birds.txt", "copy.txt", "notes/owl.txt", "notes/rook.txt"]
        page = visit()
        kept(page, lambda: page.get_by_label("Answer from: notes", exact=True).uncheck())
        assert page.locator(".scope-item input:checked").count() == 2
        visit().get_by_role("button", name="2 of 4 documents").wait_for()
        kept(page, lambda: page.get_by_label("Answer from: notes", exact=True).check())
        page.get_by_role("button", name="4 documents", exact=True).wait_for()
        for name in ("owl.txt", "rook.txt"):
            index.delete(f"notes/{name}")
            (index.folder / "uploads" / "notes" / name).unlink()

    def test_who_is_elsewhere_needs_the_token(self, browser, config, index):
        guarded = Config(index=config.index, admin_token="an administrator's token")
        with running_chat(lambda: None, guarded) as address, watched_page(browser, address) as watched:
            page = watched.page
            page.goto(address + "documents")
            names(page)
            page.get_by_role("button", name="Delete ").first.press("Enter")
            page.get_by_role("button", name="Delete permanently?").press("Enter")
            page.get_by_label("Enter the admin token to change documents:").wait_for()
            assert len(index.documents()) == 2
            page.goto(address + "review")
            page.get_by_label("Enter the admin token to change documents:").wait_for()


class TestFeedback:
    def test_from_a_thumb_and_a_form_to_accepted_questions(self, visit, index, config):
        page = visit()
        visit.watched.ask(PLOVER)
        visit.watched.answer()
        page.get_by_role("button", name="Yes, this is correct").press("Enter")
        page.get_by_text("Thanks, saved for review.").first.wait_for()
        visit.watched.ask(NOWHERE.question)
        visit.watched.answer(2)
        row = page.locator(".exchange:nth-child(2)")
        row.get_by_role("button", name="Report a problem").press("Enter")
        assert page.get_by_label("What is wrong?").input_value() == "should_answer"
        page.get_by_label("Correct answer").fill("frogs")
        page.get_by_label("Where is the right answer").fill("heron")
        page.keyboard.press("Enter")
        page.locator(".found-passages input").first.check()
        page.get_by_role("button", name="Send").press("Enter")
        row.get_by_text("Thanks, saved for review.").wait_for()
        up, better = feedback.pending(config.index)
        assert (up.kind, up.question, up.citations[0].quote) == ("up", PLOVER, "The plover nests by the river.")
        assert (better.kind, better.right_answer, better.history[0].content) == ("should_answer", "frogs", PLOVER)
        assert "heron" in better.passages[0].quote
        page = visit("review")
        page.get_by_text("2 to review").wait_for()
        page.keyboard.press("s")
        page.get_by_text(NOWHERE.question).wait_for()
        page.keyboard.press("a")
        page.get_by_text("Accepted as a test question. 1 to review").wait_for()
        page.keyboard.press("a")
        page.get_by_text("Nothing to review.").wait_for()
        questions = read_questions(config.index / "questions" / "questions.jsonl")
        assert [(q.question, q.answerable, q.answers) for q in questions] == [
            (NOWHERE.question, True, ("frogs",)),
            (PLOVER, True, ("The plover nests by the river.",)),
        ]

    def test_what_cannot_be_a_question_says_why_and_can_be_rejected(self, visit, config):
        feedback.add(config.index, feedback.Feedback("down", "Why?", status="answered", answer="Because. [1]"))
        page = visit("review")
        page.get_by_text("A thumbs down alone does not say what the right answer is.").wait_for()
        page.keyboard.press("r")
        page.get_by_text("Nothing to review.").wait_for()
        assert feedback.pending(config.index) == []


class TestNothingSlipsIn:
    @pytest.mark.slow
    def test_script_in_names_titles_texts_and_questions_never_runs(self, visit, index, config):
        page = visit("documents")
        upload(page, *[(name, text.encode()) for name, text in HOSTILE.items()])
        assert len(PAYLOADS) >= 30
        assert page.locator(".arrivals .done").count() >= 28, "but for names that no document may have"
        harmed = []

        def harmless(where):
            page.wait_for_timeout(100)
            foreign = "#found, #library, #documents, #review, #talk"
            found = page.locator(foreign).locator("script, img, iframe, svg, math, video, base, style").count()
            if page.evaluate("window.hacked") is not None or found:
                harmed.append(where)

        harmless("documents")
        page = visit("search")
        for payload in PAYLOADS:
            page.get_by_label("Words or a question").fill(payload)
            page.get_by_role("button", name="Search", exact=True).click()
        page.wait_for_timeout(500)
        harmless("search")
        for payload in PAYLOADS:
            feedback.add(config.index, feedback.Feedback("wrong_answer", payload, answer=payload, comment=payload))
        page = visit("review")
        for _ in PAYLOADS:
            harmless("review")
            page.keyboard.press("r")
            page.wait_for_timeout(50)
        page = visit()
        page.locator(".scope-title").first.wait_for()
        for title in page.locator(".scope-title").all():
            title.click()
        page.locator(".scope-item .open").last.wait_for()
        harmless("documents beside the chat")
        for number, payload in enumerate(PAYLOADS[:5], 1):
            visit.watched.ask(payload)
            visit.watched.answer(number)
            harmless(payload)
        for info in index.documents():
            if info.path in HOSTILE:
                page.goto(visit.watched.address + reader_address(info.name, 0, 5))
                harmless(info.name)
                index.delete(info.name)
                (index.folder / "uploads" / info.path).unlink()
        assert harmed == []

    def test_what_the_api_sends_is_never_taken_for_a_page(self, visit):
        page, address = visit(), visit.watched.address
        kinds = set()
        for payload in PAYLOADS:
            asked = page.request.post(address + "api/ask", data={"question": payload})
            kinds.add((asked.headers["content-type"], asked.headers["x-content-type-options"]))
            shown = quote(payload, safe="")
            for path in (f"api/search?q={shown}", f"api/documents/{shown}", f"read?document={shown}&version={shown}"):
                page.goto(address + path)
                assert page.evaluate("window.hacked") is None, path
                assert page.url.startswith(address)
        assert kinds == {("application/json", "nosniff")}
        page.goto(f"{address}?answer={quote(PAYLOADS[0])}")
        page.get_by_text("This answer is gone").first.wait_for()
        assert page.evaluate("window.hacked") is None
        visit.watched.errors.clear()  # The console reports each 404.


class TestAccessibility:
    @pytest.mark.parametrize("dark", [False, True])
    @pytest.mark.parametrize("width", [390, 1280])
    def test_no_violation_on_any_page_in_any_state(self, browser, address, config, width, dark):
        feedback.add(config.index, feedback.Feedback("should_abstain", "Why?", answer="Because. [1]"))
        found = {}
        with watched_page(browser, address, width, 800, dark) as watched:
            page = watched.page
            found["empty"] = violations(page)
            if width < 1100:
                page.get_by_role("button", name="Pages").click()
                found["pages"] = violations(page)
                page.keyboard.press("Escape")
                page.locator(".scope-toggle").click()
            page.locator(".scope-title").first.click()
            page.locator(".overview .open").wait_for()
            page.get_by_role("button", name="Untick all").click()
            found["documents beside the chat"] = violations(page)
            kept(page, lambda: page.get_by_role("button", name="Tick all", exact=True).click())
            if width < 1100:
                page.keyboard.press("Escape")
            for number, question in enumerate((PLOVER, NOWHERE.question), 1):
                watched.ask(question)
                watched.answer(number)
            found["answers"] = violations(page)
            page.locator("button.mark").first.click()
            found["panel"] = violations(page)
            page.keyboard.press("Escape")
            page.keyboard.press("Escape")
            page.get_by_role("button", name="Report a problem").first.click()
            found["form"] = violations(page)
            page.get_by_role("button", name="Conversations", exact=True).click()
            page.get_by_label(f"Options for “{PLOVER}”").click()
            found["conversations"] = violations(page)
            ready = {
                "documents": ".document",
                "search": "#name h1",
                "settings": "table.settings",
                "review": ".review-buttons",
                reader_address("birds.txt", 0, 30): "mark",
                reader_address("gone.txt", 0, 0): "h1",
            }
            for path, part in ready.items():
                page.goto(address + path)
                page.locator(part).first.wait_for()
                if path == "search":
                    page.get_by_label("Words or a question").fill("heron")
                    page.keyboard.press("Enter")
                    page.locator("#found .piece").first.wait_for()
                if path == "settings":
                    page.get_by_role("button", name="Change settings").click()
                    page.get_by_role("button", name="Save").wait_for()
                if path == "documents":
                    page.evaluate("document.querySelector('#display').showPopover()")
                found[path] = violations(page)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        for said in feedback.pending(config.index):
            feedback.remove(config.index, [said.id])
        assert {state: problems for state, problems in found.items() if problems} == {}


def test_the_pages_are_reached_by_keyboard_and_named(browser, address):
    with watched_page(browser, address) as watched:
        page = watched.page
        for name in ("Documents", "Search", "Settings", "Review", "Chat"):
            page.get_by_role("navigation").get_by_role("link", name=name).press("Enter")
            page.locator("#name [aria-current=page]", has_text=name).wait_for()
        assert json.loads(page.evaluate("JSON.stringify([document.title])")) == ["Footnote"]
