"""The widget in a real Chromium, in a page of another origin: questions, answers and the passages behind them."""

import json
import re
import threading
import time
from dataclasses import replace

import jwt
import pytest
from api import running
from axe import violations
from browser import (
    COMMAND,
    FOLLOW_UP,
    NOWHERE,
    PRINCIPLES,
    SEEDS,
    VENUE,
    ScriptedAssistant,
    answer_of,
    in_browser,
)
from widget import intranet, visit

from rag import feedback
from rag.config import Config
from rag.types import Passage, Sentence

pytestmark = in_browser

THANKS = "Thanks, saved for review."
SLOW = 0.3
"""Seconds a word, so that an answer is still being written when it is stopped, however slow the machine."""
LONG = replace(PRINCIPLES, question="Say it all, slowly.")
WEAK = replace(
    VENUE,
    question="What did it cost?",
    answer=f"{VENUE.answer} It cost nothing.",
    sentences=(*VENUE.sentences, Sentence("It cost nothing.", (), 0.1)),
    notes=("Earlier turns were left out.",),
)
BEES = "# Bees \U0001f41d\n\nBees make honey \U0001f36f from nectar.\nThey dance."
QUOTE = "Bees make honey \U0001f36f from nectar."
SWEET = answer_of(
    "What do bees make?", [("Bees make honey.", Passage("bees.txt", 0, len(BEES), BEES, title="Bees"), QUOTE)]
)
"""A document in which one character is two of JavaScript's units."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("widget")
    documents = folder / "documents"
    documents.mkdir()
    for file in SEEDS.glob("*.txt"):
        (documents / file.name).write_bytes(file.read_bytes())
    (documents / "bees.txt").write_text(BEES, encoding="utf-8")
    (documents / "garden").mkdir()
    (documents / "garden" / "roses.txt").write_text("Roses need sun.", encoding="utf-8")
    with intranet(folder, [VENUE, FOLLOW_UP, PRINCIPLES, COMMAND, LONG, WEAK, SWEET], documents) as site:
        yield site


@pytest.fixture
def visited(browser, site):
    """A page with the launcher, which must have asked nobody else for anything and complained of nothing at the end."""
    site.assistant.pace = 0.004
    site.assistant.asked.clear()
    site.assistant.stopped.clear()
    with visit(browser, site, site.page()) as visited:
        yield visited
        assert visited.foreign == []
        assert visited.errors == []


def focused(page):
    """Return the element that has the focus, inside of the widget."""
    inner = "document.activeElement.shadowRoot?.activeElement || document.activeElement"
    return page.evaluate_handle(inner).as_element()


def test_an_answer_streams_and_its_mark_opens_the_passage_with_the_span_highlighted(visited, site):
    site.assistant.pace = 0.03
    page = visited.page
    visited.open()
    assert page.get_by_role("dialog", name="Ask a question").is_visible()
    visited.ask(VENUE.question)
    page.locator(".draft").wait_for()
    assert VENUE.sentences[0].text.startswith(page.locator(".draft").inner_text()[:10])
    assert page.locator(".mark").count() == 0
    article = visited.exchange()
    assert page.locator(".draft").count() == 0
    assert article.locator(".answer").inner_text() == re.sub(r" \[(\d)\]", r"\1", VENUE.answer)
    assert article.get_by_text("2 sources").is_visible()
    mark = page.get_by_role("button", name="Source 2: Cardiff Co-production Roadshow")
    assert mark.get_attribute("title") == VENUE.citations[1].quote
    mark.click()
    quoted = page.locator(".passage mark")
    quoted.wait_for()
    assert quoted.inner_text() == VENUE.citations[1].quote
    assert quoted.evaluate(
        "e => { const mark = e.getBoundingClientRect(), box = e.closest('.passage').getBoundingClientRect();"
        " return mark.top >= box.top && mark.bottom <= box.bottom }"
    )
    assert "We asked the attendees" in page.locator(".passage blockquote").inner_text()
    assert "11 March 2011" in page.locator(".passage").inner_text()
    link = page.get_by_role("link", name="Open the document here")
    cited = VENUE.citations[1]
    place = f"document={cited.document}&start={cited.start}&end={cited.end}"
    assert link.get_attribute("href") == f"{site.api.url}/read?{place}#quote"
    with page.expect_popup() as opened:
        link.click()
    opened.value.locator("#quote").wait_for()
    assert opened.value.locator("#quote").inner_text() == cited.quote
    assert opened.value.evaluate("window.opener") is None
    page.get_by_role("button", name="Back to the answer").click()
    assert not quoted.is_visible()
    assert focused(page).get_attribute("aria-label") == "Source 2: Cardiff Co-production Roadshow"


def test_the_span_is_counted_in_characters(visited):
    visited.open()
    visited.ask(SWEET.question)
    visited.exchange()
    visited.page.get_by_role("button", name="Source 1").click()
    visited.page.locator("mark").wait_for()
    assert visited.page.locator("mark").inner_text() == QUOTE
    assert visited.page.locator("blockquote").inner_text().split() == BEES.split()


def test_a_document_that_has_changed_or_gone_is_told_as_such(visited, site):
    kept = replace(SWEET, question="And before?", citations=(replace(SWEET.citations[0], quote="Bees make wax."),))
    gone = replace(SWEET, question="And gone?", citations=(replace(SWEET.citations[0], document="wasps.txt"),))
    site.assistant.answers = [*site.assistant.answers, kept, gone]
    visited.open()
    visited.ask(kept.question)
    visited.exchange()
    visited.page.get_by_role("button", name="Source 1").click()
    visited.page.get_by_text("This document has changed since the answer was given.").wait_for()
    assert visited.page.locator("mark").inner_text() == "Bees make wax."
    visited.page.keyboard.press("Escape")
    visited.ask(gone.question)
    visited.exchange(2).get_by_role("button", name="Source 1").click()
    visited.page.get_by_text("This passage isn't available").wait_for()
    assert visited.errors == ["Failed to load resource: the server responded with a status of 404 (Not Found)"]
    visited.errors.clear()


def test_lists_and_sources_by_document(visited):
    visited.open()
    visited.ask(PRINCIPLES.question)
    article = visited.exchange()
    assert article.locator(".answer li").count() == 6
    assert article.locator(".answer p").inner_text() == "The six principles are:"
    line = article.locator(".sources button")
    assert line.inner_text().split("\n") == ["1, 2, 3, 4, 5, 6", "London Co-production Roadshow"]
    line.click()
    visited.page.locator("mark").wait_for()
    assert visited.page.locator("mark").inner_text() == PRINCIPLES.citations[0].quote


def test_code_is_set_as_code(visited):
    visited.open()
    visited.ask(COMMAND.question)
    answer = visited.exchange().locator(".answer")
    answer.locator("pre").wait_for()
    assert answer.locator("p code").all_inner_texts() == ["sbatch job.sh"]
    assert answer.locator("pre").inner_text() == "sbatch -M smp job.sh\n* done"
    assert answer.locator("strong").inner_text() == "smp" and "`" not in answer.inner_text()
    assert answer.locator("button.mark").count() == 2


def test_a_sentence_without_a_source_is_marked(visited):
    visited.open()
    visited.ask(WEAK.question)
    article = visited.exchange()
    assert article.locator(".weak").inner_text() == "It cost nothing."
    assert article.get_by_text("(no source found)").is_visible()
    assert article.get_by_text(WEAK.notes[0]).is_visible()


def test_stop_stops_the_model_and_what_was_written_is_not_taken_for_an_answer(visited, site):
    site.assistant.pace = SLOW
    page = visited.page
    visited.open()
    visited.ask(LONG.question)
    page.locator(".draft li").nth(1).wait_for()
    page.get_by_role("button", name="Stop").click()
    assert site.assistant.stopped.wait(60)
    page.locator(".log").get_by_text("Stopped. The text so far has not been checked.").wait_for()
    assert page.locator(".draft").is_visible() and page.locator(".mark").count() == 0
    assert focused(page).get_attribute("aria-label") == "Your question"
    site.assistant.pace = 0.002
    visited.ask(VENUE.question)
    assert visited.exchange(2).locator(".mark").count() == 2
    assert site.assistant.asked[-1][1] == ()


@pytest.mark.parametrize(
    "leave", ["page.goto('about:blank')", "page.evaluate('document.querySelector(\"footnote-widget\").remove()')"]
)
def test_who_goes_away_stops_the_model(visited, site, leave):
    site.assistant.pace = SLOW
    visited.open()
    visited.ask(LONG.question)
    visited.page.locator(".draft").wait_for()
    eval(leave, {"page": visited.page})
    assert site.assistant.stopped.wait(60)


def test_an_abstention_looks_like_one(visited):
    page = visited.page
    visited.open()
    visited.ask("What is the capital of Mongolia?")
    article = visited.exchange()
    assert article.get_by_role("heading", name="The documents do not answer this").is_visible()
    assert article.locator(".calm p").inner_text() == "They nowhere mention “Mongolia”."
    assert page.locator(".mark").count() == 0
    article.get_by_role("heading", name="Closest passages (may not contain the answer)").wait_for()
    assert article.locator(".nearest").count() == len(NOWHERE.evidence)
    article.locator(".nearest").first.click()
    page.locator("mark").wait_for()
    assert page.locator("mark").inner_text().split() == NOWHERE.evidence[0].passage.text.split()


def test_a_question_that_follows_takes_the_answers_along(visited, site):
    visited.open()
    visited.ask(VENUE.question)
    visited.exchange()
    visited.ask(FOLLOW_UP.question)
    assert visited.exchange(2).get_by_text(f"Searched for: {FOLLOW_UP.query}").is_visible()
    history = site.assistant.asked[1][1]
    assert [turn.content for turn in history] == [VENUE.question, VENUE.answer]
    question = visited.page.locator(".question").nth(1).bounding_box()
    log = visited.page.locator(".log").bounding_box()
    assert 0 <= question["y"] - log["y"] < 60


def test_a_page_may_ask_a_collection_alone(browser, site):
    for collections, documents in (("garden", {"garden/roses.txt"}), ("garden, attic", None)):
        with visit(browser, site, site.page(collection=collections, open_on_load="on")) as visited:
            site.assistant.documents = None
            visited.ask(VENUE.question)
            said = visited.exchange().inner_text()
            assert site.assistant.documents == documents
            assert ("There is no collection 'attic'" in said) == (documents is None)


def test_who_waits_sees_how_many_are_ahead(visited, site):
    site.assistant.pace = SLOW
    begun = threading.Event()

    def other():
        for _ in site.api.events({"question": LONG.question}, address="127.0.0.7"):
            begun.set()

    thread = threading.Thread(target=other)
    thread.start()
    assert begun.wait(60)
    visited.open()
    visited.ask(VENUE.question)
    visited.page.get_by_text("Waiting: 1 question ahead of yours").wait_for()
    site.assistant.pace = 0.001
    thread.join()
    visited.exchange()


def test_feedback_lands_in_the_queue_for_review(visited, site):
    page = visited.page
    visited.open()
    visited.ask(VENUE.question)
    visited.exchange().get_by_role("button", name="Yes, this is correct").click()
    page.locator(".log").get_by_text(THANKS).wait_for()
    visited.ask("What is the capital of Mongolia?")
    visited.exchange(2)
    page.get_by_role("button", name="No, this is wrong").click()
    assert page.get_by_role("group", name="What is wrong?").is_visible()
    assert page.get_by_label("It should have answered").is_checked()
    page.get_by_label("Correct answer (optional)").fill("Ulaanbaatar")
    page.get_by_role("button", name="Send").click()
    page.locator(".log").get_by_text(THANKS).nth(1).wait_for()
    up, down = feedback.pending(site.index)
    feedback.remove(site.index, [up.id, down.id])
    assert (up.kind, up.question, up.answer) == ("up", VENUE.question, VENUE.answer)
    assert [span.quote for span in up.citations] == [citation.quote for citation in VENUE.citations]
    assert (down.kind, down.right_answer, down.status) == ("should_answer", "Ulaanbaatar", "abstained")
    assert [turn.content for turn in down.history] == [VENUE.question]
    page.reload()
    visited.open()
    assert page.locator(".log").get_by_text(THANKS).count() == 2


def test_the_conversation_lasts_as_long_as_the_tab_and_no_longer(visited, site, browser):
    page = visited.page
    visited.open()
    visited.ask(VENUE.question)
    visited.exchange()
    page.reload()
    visited.open()
    assert visited.exchange().locator(".mark").count() == 2
    page.goto(site.publish("<title>Another page</title>" + site.line(), "/other/"))
    visited.open()
    page.get_by_role("button", name="Source 1").click()
    page.locator("mark").wait_for()
    assert page.locator("mark").inner_text() == VENUE.citations[0].quote
    page.keyboard.press("Escape")
    visited.ask(PRINCIPLES.question)
    visited.exchange(2)
    assert [turn.content for turn in site.assistant.asked[-1][1]] == [VENUE.question, VENUE.answer]
    with visit(browser, site, site.page()) as other_tab:
        other_tab.open()
        assert other_tab.page.locator(".exchange").count() == 0
    page.get_by_role("button", name="New conversation").click()
    assert page.locator(".exchange").count() == 0
    page.reload()
    visited.open()
    assert page.locator(".exchange").count() == 0


def test_a_conversation_begun_anew_forgets_what_is_being_answered(visited, site):
    site.assistant.pace = SLOW
    page = visited.page
    visited.open()
    visited.ask(LONG.question)
    page.locator(".draft").wait_for()
    page.get_by_role("button", name="New conversation").click()
    assert site.assistant.stopped.wait(60)
    assert page.locator(".exchange").count() == 0
    site.assistant.pace = 0.004
    visited.ask(VENUE.question)
    visited.exchange()
    page.reload()
    visited.open()
    assert page.locator(".exchange").count() == 1
    assert visited.exchange().locator(".mark").count() == 2


def test_a_page_that_goes_while_it_is_answered_keeps_the_question(visited, site):
    site.assistant.pace = SLOW
    visited.open()
    visited.ask(LONG.question)
    visited.page.locator(".draft").wait_for()
    visited.page.reload()
    visited.open()
    assert visited.page.locator(".question").inner_text().endswith(LONG.question)
    assert visited.page.get_by_text("Stopped before there was an answer.").is_visible()


def test_everything_by_keyboard_alone(visited, site):
    page, press = visited.page, visited.page.keyboard.press
    press("Tab")
    assert focused(page).inner_text() == "Ask a question"
    press("Enter")
    assert focused(page).get_attribute("aria-label") == "Your question"
    page.keyboard.type("Where was the Cardiff")
    press("Shift+Enter")
    page.keyboard.type("roadshow held?")
    assert site.assistant.asked == []
    press("Control+a")
    page.keyboard.type(VENUE.question)
    press("Enter")
    visited.exchange()
    assert focused(page).get_attribute("aria-label") == "Your question"
    reached = []
    for _ in range(12):
        press("Shift+Tab")
        reached.append(focused(page).get_attribute("aria-label") or focused(page).inner_text())
        if reached[-1].startswith("Source 1"):
            break
    assert "No, this is wrong" in reached and "Yes, this is correct" in reached
    press("Enter")
    page.locator("mark").wait_for()
    assert focused(page).evaluate("e => e.tagName") == "H3"
    press("Tab")
    assert focused(page).inner_text().startswith("Open the document here")
    press("Escape")
    assert focused(page).get_attribute("aria-label").startswith("Source 1")
    press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    assert focused(page).inner_text() == "Ask a question"
    press("Space")
    assert page.get_by_role("dialog").is_visible()


def test_a_complaint_by_keyboard_alone(visited, site):
    page, press = visited.page, visited.page.keyboard.press
    visited.open()
    visited.ask(VENUE.question)
    visited.exchange()
    page.get_by_role("button", name="No, this is wrong").focus()
    press("Enter")
    assert focused(page).get_attribute("value") == "wrong_answer"
    press("ArrowDown")
    press("Tab")
    page.keyboard.type("In Cardiff")
    press("Tab")
    press("Tab")
    press("Enter")
    assert focused(page).get_attribute("aria-label") == "No, this is wrong"
    press("Enter")
    for _ in range(2):
        press("Tab")
    press("Enter")
    page.locator(".log").get_by_text(THANKS).wait_for()
    assert focused(page).inner_text() == THANKS
    (said,) = feedback.pending(site.index)
    feedback.remove(site.index, [said.id])
    assert said.kind == "wrong_answer"


def test_a_narrow_screen_keeps_the_focus_in_the_panel_that_covers_it(browser, site):
    with visit(browser, site, site.page(), 390, 700) as visited:
        page = visited.page
        visited.open()
        box = page.get_by_role("dialog").bounding_box()
        assert (box["width"], box["height"]) == (390, 700)
        for _ in range(8):
            page.keyboard.press("Tab")
            inside = page.evaluate("document.activeElement.tagName")
            assert inside in ("FOOTNOTE-WIDGET", "BODY")  # The browser's own controls come in between.
            assert inside == "BODY" or not focused(page).evaluate("e => e.matches('.launcher *')")
        page.keyboard.press("Escape")
        assert focused(page).inner_text() == "Ask a question"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_screen_reader_hears_little_and_the_answer_once(visited, site):
    site.assistant.pace = 0.02
    page = visited.page
    visited.open()
    page.evaluate(
        """() => {
            window.said = []
            const place = document.querySelector('footnote-widget').shadowRoot.querySelector('[role=status]')
            new MutationObserver(() => window.said.push(place.textContent)).observe(place, {childList: true})
        }"""
    )
    visited.ask(VENUE.question)
    visited.exchange()
    assert page.evaluate("window.said") == [
        "Searching the documents",
        "It was held at the Cardiff Millennium Centre. NESTA, nef, Spice and the Coproduction Practitioners Network "
        "hosted it. 2 sources",
    ]
    assert page.locator("[aria-live]").count() == 0 and page.locator("[role=log]").count() == 0


def test_a_server_that_cannot_be_reached_can_be_asked_again(visited):
    page = visited.page
    visited.open()
    page.route("**/api/ask", lambda route: route.abort())
    visited.ask(VENUE.question)
    page.locator(".log").get_by_text("Can't reach the server, or this site isn't allowed to use it.").wait_for()
    page.unroute("**/api/ask")
    page.get_by_role("button", name="Try again").click()
    assert visited.exchange().locator(".mark").count() == 2
    assert page.locator(".exchange").count() == 1
    assert focused(page).get_attribute("aria-label") == "Your question"
    assert visited.errors == ["Failed to load resource: net::ERR_FAILED"]
    visited.errors.clear()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"error": "too_many", "message": "x"}, "Too many questions right now."),
        ({"error": "deadline", "message": "x"}, "This took too long."),
        ({"error": "bad_question", "message": "That is <b>no</b> question."}, "That is <b>no</b> question."),
        ({"error": "internal", "message": "x"}, "Something went wrong on the server."),
        (None, "Can't reach the server"),
    ],
)
def test_an_error_on_the_way_is_told(visited, error, said):
    event = f"event: error\ndata: {json.dumps(error)}\n\n" if error else ": nothing\n\n"
    headers = {"Access-Control-Allow-Origin": visited.address, "Access-Control-Allow-Credentials": "true"}
    body = 'event: phase\r\ndata: {"name": "writing",\r\ndata: "text": "Writing"}\r\n\r\n' + event
    visited.open()
    visited.page.route(
        "**/api/ask",
        lambda route: route.fulfill(status=200, headers=headers, content_type="text/event-stream", body=body),
    )
    visited.ask(VENUE.question)
    assert said in visited.exchange().locator(".calm").inner_text()


def test_the_page_can_say_who_asks_with_a_token_that_it_fetches(browser, site):
    asked = []
    page = site.publish(
        "<script>let made = 0; async function whoAsks() { return `token.${++made}.x` }</script>"
        + site.line(token_provider="whoAsks")
    )
    with visit(browser, site, page) as visited:
        visited.page.on("request", lambda request: asked.append(request))
        visited.open()
        visited.ask(VENUE.question)
        visited.exchange()
        visited.page.get_by_role("button", name="Source 1").click()
        visited.page.locator("mark").wait_for()
        tokens = [request.headers["authorization"] for request in asked if request.method != "OPTIONS"]
        assert tokens == ["Bearer token.1.x", "Bearer token.2.x"]
        visited.page.keyboard.press("Escape")
        visited.page.evaluate("void (whoAsks = () => Promise.reject(new Error('no session')))")
        visited.ask(VENUE.question)
        assert "Please sign in again." in visited.exchange(2).inner_text()
        assert visited.errors == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_no_violation_of_accessibility_open_or_closed(browser, site, width, scheme):
    with visit(browser, site, site.page(default_messages="One?, Two?"), width, 2000, color_scheme=scheme) as visited:
        page = visited.page
        assert violations(page) == []
        visited.open()
        site.assistant.pace = 0.02
        visited.ask(PRINCIPLES.question)
        page.locator(".draft li").first.wait_for()
        assert violations(page) == []
        site.assistant.pace = 0.002
        visited.exchange()
        visited.ask("What is the capital of Mongolia?")
        visited.exchange(2).get_by_role("button", name="No, this is wrong").click()
        visited.ask(WEAK.question)
        visited.exchange(3)
        assert violations(page) == []
        page.get_by_role("button", name="Source 1").last.click()
        page.locator("mark").wait_for()
        assert violations(page) == []


def test_the_server_names_a_reader_by_the_token_of_the_page(browser, site, tmp_path):
    secret = "a secret of the intranet, long enough"
    token = jwt.encode({"sub": "ann", "exp": time.time() + 60}, secret, "HS256")
    stale = jwt.encode({"sub": "ann", "exp": time.time() - 60}, secret, "HS256")
    page = site.publish(f"<script>let token = '{token}', whoAsks = () => token</script>" + site.line())
    config = Config(index=tmp_path, origins=(site.pages.url,), user_secret=secret)
    with running(lambda: ScriptedAssistant([VENUE]), config) as api:
        site.pages.files["/"] = site.pages.files["/"].replace(site.api.url.encode(), api.url.encode())
        with visit(browser, site, page) as visited:
            visited.page.evaluate("document.querySelector('footnote-widget').tokenProvider = whoAsks")
            visited.open()
            visited.ask(VENUE.question)
            assert visited.exchange().locator(".mark").count() == 2
            visited.page.evaluate(f"token = '{stale}'")
            visited.ask(VENUE.question)
            assert "Please sign in again." in visited.exchange(2).inner_text()


def test_feedback_that_does_not_arrive_can_be_sent_again(visited, site):
    page = visited.page
    visited.open()
    visited.ask(VENUE.question)
    article = visited.exchange()
    page.route("**/api/feedback", lambda route: route.abort())
    article.get_by_role("button", name="Yes, this is correct").click()
    article.get_by_text("Can't reach the server").wait_for()
    page.unroute("**/api/feedback")
    article.get_by_role("button", name="Yes, this is correct").click()
    page.locator(".log").get_by_text(THANKS).wait_for()
    (said,) = feedback.pending(site.index)
    feedback.remove(site.index, [said.id])
    assert visited.errors == ["Failed to load resource: net::ERR_FAILED"]
    visited.errors.clear()


@pytest.mark.parametrize("kept", ['[{"answer": 1}]', "{}", '"x"', "["])
def test_what_another_version_kept_does_no_harm(visited, site, kept):
    key = f"footnote {site.api.url} launcher 0"
    visited.page.evaluate("([key, kept]) => sessionStorage.setItem(key, kept)", [key, kept])
    visited.page.reload()
    visited.open()
    visited.ask(VENUE.question)
    assert visited.exchange().locator(".mark").count() == 2
    assert visited.page.evaluate("key => JSON.parse(sessionStorage.getItem(key)).length", key) == 1
