"""Questions without a sure answer: what is kept of them, how they are grouped, and the page for administrators."""

import csv
import io
from dataclasses import replace

import pytest
from api import Running
from axe import violations
from browser import NOWHERE, ScriptedAssistant, in_browser, running_chat, until, watched_page
from command import footnote

from eval.gaps import Asked, Gap, _grouped, as_csv, forget, gaps, note, unanswered
from eval.questions import read_questions
from rag import feedback, prompts
from rag.archive import UNANSWERED, Archive
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.feedback import Feedback
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index
from rag.ingest import ingest, remove

TOKEN = "an administrator's token"
PLOVER, NESTS = "Where does the plover nest?", "The plover nests by the river."
HERON, TEXT = "What does the heron eat?", f"{NESTS}\n\nThe heron eats fish and frogs.\n"
PARKING = ("Where can I park my car?", "Is there a car park for staff?", "Where may visitors park their cars?")
LEAVE = ("How many days of holiday do I get?", "How many days of paid holiday are there?")


@pytest.fixture(scope="module")
def birds(tmp_path_factory):
    """An assistant that knows birds, behind a server that keeps what it can't answer."""
    folder, embedder = tmp_path_factory.mktemp("gaps"), HashEmbedder(64)
    (folder / "birds").mkdir()
    for name in ("birds.txt", "more.txt"):
        (folder / "birds" / name).write_text(
            TEXT if name == "birds.txt" else "Gulls nest on cliffs.\n", encoding="utf-8"
        )
    config = Config(index=folder / "index", keep_unanswered=True, admin_token=TOKEN, requests_per_minute=100_000)
    generator = ScriptedGenerator({PLOVER: NESTS}, {PLOVER: 0.97})
    with create_index(config, embedder) as index:
        ingest([folder / "birds"], index, embedder, config)
        assistant = Assistant(index, embedder, generator, prompts.load(config.prompt), config)
        with running_chat(lambda: assistant, config) as address:
            yield Running(int(address.rsplit(":", 1)[1].strip("/")), None, config), index


@pytest.fixture
def api(birds):
    """The server, with nothing asked yet."""
    api, _ = birds
    forget(api.config, [one.id for one in unanswered(api.config)])
    (api.config.index / "gaps.json").unlink(missing_ok=True)
    until(lambda: api.get("/readyz").status == 200, 20)
    return api


ADMIN = {"Authorization": f"Bearer {TOKEN}"}


def ask(api, *questions, kept=0):
    """Ask, and wait until ``kept`` of the questions are kept, which may come after the answer."""
    for question in questions:
        assert api.post("/api/ask", {"question": question}).status == 200
    until(lambda: len(unanswered(api.config)) == kept, 20)


class TestKept:
    def test_only_what_has_no_answer_and_only_where_the_setting_allows_it(self, api):
        ask(api, PLOVER, *LEAVE, kept=2)
        assert {one.question for one in unanswered(api.config)} == set(LEAVE)
        assert unanswered(replace(api.config, keep_unanswered=False)) == []
        kept = [file.read_text() for file in (api.config.index / UNANSWERED).iterdir()]
        assert len(kept) == 2 and not any("127.0.0.1" in text for text in kept), "nothing says who asked"

    def test_by_default_nothing_is_kept(self, tmp_path):
        with running_chat(lambda: ScriptedAssistant([]), Config(index=tmp_path)) as address:
            api = Running(int(address.rsplit(":", 1)[1].strip("/")), None, Config(index=tmp_path))
            ask(api, "Who pays?")
        assert not (tmp_path / UNANSWERED).exists()

    def test_what_is_reported_is_shown_once_whatever_the_setting(self, api):
        config = api.config
        ask(api, PARKING[0], kept=1)
        (one,) = unanswered(config)
        feedback.add(config.index, Feedback("should_answer", PARKING[0], answer_id=one.id, status="abstained"))
        feedback.add(config.index, Feedback("up", PLOVER, status="answered"))
        for kept in (True, False):
            (shown,) = unanswered(replace(config, keep_unanswered=kept))
            assert (shown.question, shown.id != one.id) == (PARKING[0], True)
        feedback.remove(config.index, [said.id for said in feedback.pending(config.index)])

    def test_it_goes_with_the_documents_that_it_quotes(self, api, birds):
        ask(api, *LEAVE, kept=2)
        with_it = {span.document for one in unanswered(api.config) for span in one.nearest}
        assert with_it
        remove(birds[1], "more.txt")
        left = {span.document for one in unanswered(api.config) for span in one.nearest}
        assert "more.txt" not in left

    def test_only_administrators_see_it(self, api):
        for path in ("", ".csv"):
            assert api.get(f"/api/gaps{path}").status == 401
        assert api.post("/api/gaps/delete", {"ids": []}).status == 401
        assert api.get("/api/gaps", headers=ADMIN).json == {"kept": True, "gaps": []}


class TestGroups:
    def test_by_nearness_with_the_most_typical_question_and_the_last_date(self, embedder):
        questions = [*PARKING, *LEAVE, LEAVE[0].upper(), "What is the boiling point of lead?"]
        asked = [Asked(str(n), question, "abstained", f"2026-01-{n + 1:02}") for n, question in enumerate(questions)]
        groups = sorted(_grouped(asked, embedder), key=lambda gap: min(int(one.id) for one in gap.asked))
        assert [{one.question for one in gap.asked} for gap in groups] == [
            set(PARKING),
            {*LEAVE, LEAVE[0].upper()},
            {questions[-1]},
        ]
        assert groups[1].last == "2026-01-06" and groups[1].question.lower() == LEAVE[0].lower()
        assert _grouped([], embedder) == [] and len(_grouped(asked[:1], embedder)) == 1

    def test_a_note_stays_with_its_group_and_after_it(self, api):
        ask(api, *LEAVE, kept=2)
        embedder = HashEmbedder(64)
        (group,) = (gap for gap in gaps(api.config, embedder) if LEAVE[1] in [one.question for one in gap.asked])
        note(api.config.index, [group.question], "Ask HR for the handbook.")
        found = gaps(api.config, embedder)
        assert "Ask HR for the handbook." in [gap.note for gap in found]
        forget(api.config, [one.id for one in group.asked])
        (left,) = (gap for gap in gaps(api.config, embedder) if gap.note)
        assert (left.question, left.asked) == (group.question, ())
        note(api.config.index, [group.question], " ")
        assert not any(gap.note for gap in gaps(api.config, embedder))

    def test_as_csv_without_formulas(self):
        gap = Gap("=HYPERLINK(1)", (Asked("1", "=HYPERLINK(1)", "abstained", "2026-01-02T03:04:05+00:00"),), "a, b\nc")
        rows = list(csv.reader(io.StringIO(as_csv([gap]))))
        assert rows[1] == ["'=HYPERLINK(1)", "1", "2026-01-02", "", "a, b\nc", "'=HYPERLINK(1)"]

    def test_in_the_terminal(self, tmp_path):
        Archive(tmp_path).put(replace(NOWHERE, question=LEAVE[0]))
        done = footnote("eval", "gaps", "--index", tmp_path, environment={"FOOTNOTE_KEEP_UNANSWERED": "true"})
        assert (done.returncode, LEAVE[0] in done.stdout) == (0, True), done.stderr


@pytest.mark.browser
@pytest.mark.skipif(in_browser[1].args[0], reason="no Chromium")
def test_the_page_by_keyboard_alone(api, browser):
    """From the token to a note, a case for the review, and nothing left."""
    ask(api, HERON, HERON, *LEAVE, kept=4)
    for width, dark in ((390, False), (1280, True)):
        with watched_page(browser, api.url + "/", width=width, dark=dark) as watched:
            page = watched.page
            page.goto(f"{api.url}/review")
            page.get_by_role("link", name="Questions without an answer").press("Enter")
            page.get_by_label("Enter the admin token to see the questions:").fill(TOKEN)
            page.keyboard.press("Enter")
            page.get_by_role("heading", name=HERON).wait_for()
            for summary in page.locator(".gap summary").all():
                summary.press("Enter")
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with watched_page(browser, api.url + "/") as watched:
        page = watched.page
        page.evaluate("token => sessionStorage.setItem('footnote.token', token)", TOKEN)
        page.goto(f"{api.url}/gaps")
        gap = page.locator(".gap").filter(has=page.get_by_role("heading", name=HERON))
        assert "asked 2 times" in gap.inner_text() and "birds.txt" in gap.inner_text()
        gap.get_by_role("button", name="We need a document on this").press("Enter")
        gap.get_by_label("Note").fill("Ask the warden.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("Note saved.").wait_for()
        assert gap.get_by_text("Ask the warden.").is_visible()
        gap.get_by_role("button", name="A passage has the answer").press("Enter")
        page.keyboard.press("Space")
        gap.get_by_role("button", name="A passage has the answer").press("Enter")
        page.get_by_text("Added to the review.").wait_for()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download as CSV").press("Enter")
        assert "Ask the warden." in download.value.path().read_text()
        (waiting,) = feedback.pending(api.config.index)
        assert (waiting.kind, waiting.question, "heron" in waiting.passages[0].quote) == ("should_answer", HERON, True)
        page.get_by_role("link", name="Review", exact=True).last.press("Enter")
        page.get_by_label("Correct answer").fill("Fish and frogs.")
        page.get_by_role("button", name="Accept (a)").press("Enter")
        page.get_by_text("Accepted as a test question.").wait_for()
        (question,) = read_questions(api.config.index / "questions" / "questions.jsonl")
        assert (question.question, question.answers) == (HERON, ("Fish and frogs.",))
        page.goto(f"{api.url}/gaps")
        page.locator(".gap").first.wait_for()
        for left in range(page.locator(".gap").count() - 1, -1, -1):
            page.get_by_role("button", name="Delete ").first.press("Enter")
            page.get_by_role("button", name="Delete for good?").press("Enter")
            page.wait_for_function("count => document.querySelectorAll('.gap').length === count", arg=left)
        page.get_by_text("No questions without an answer.").wait_for()
        assert unanswered(api.config) == []
        assert (watched.foreign, watched.errors) == ([], [])
