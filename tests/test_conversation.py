"""The conversation as readers of other chats expect it, in a real Chromium: copy, retry, edit, stop, wait, limits."""

import json
from dataclasses import replace

import pytest
from axe import violations
from browser import CARDIFF, FOLLOW_UP, PRINCIPLES, VENUE, ScriptedAssistant, in_browser, running_chat, watched_page

from ui.limits import QUESTION

pytestmark = in_browser
LONG = replace(PRINCIPLES, question="Say it all, slowly.", answer=PRINCIPLES.answer.split("\n", 1)[1])
SLOW, FAST = 1, 0.001
EARLIER = 2  # 100 of them would take long.


@pytest.fixture(scope="module")
def assistant():
    return ScriptedAssistant([VENUE, PRINCIPLES, LONG, FOLLOW_UP], pace=FAST)


@pytest.fixture(scope="module")
def address(assistant):
    with running_chat(lambda: assistant) as address:
        yield address


@pytest.fixture
def chat(browser, address, assistant):
    assistant.pace = FAST
    assistant.asked.clear()
    assistant.stopped.clear()
    with watched_page(browser, address) as watched:
        watched.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield watched
        assert (watched.foreign, watched.errors) == ([], [])


def act(page, number, name):
    return page.locator(f".exchange:nth-child({number})").get_by_role("button", name=name, exact=True)


def asked(page):
    return [text.split("\n")[-1] for text in page.locator(".question").all_inner_texts()]


def said(page, text):
    page.wait_for_function(
        "text => [...document.querySelectorAll('[role=status]')].some(e => e.textContent === text)", arg=text
    )


def test_an_answer_and_its_link_are_copied_and_a_screen_reader_hears_it(chat, browser):
    page = chat.page
    chat.ask(VENUE.question)
    chat.answer()
    act(page, 1, "Copy").press("Enter")
    said(page, "Answer and sources copied.")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith(VENUE.answer) and f"“{VENUE.citations[0].quote}”" in text
    assert violations(page) == []
    act(page, 1, "Copy link").click()
    said(page, "Link copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    assert page.url == chat.address and page.locator(".exchange").count() == 1
    with watched_page(browser, link) as other:
        other.answer()
        assert other.page.locator("button.mark").count() == 2
    # Over plain HTTP from another machine there is no navigator.clipboard.
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    box = page.get_by_label("Your question")
    act(page, 1, "Copy").click()
    said(page, "Answer and sources copied.")
    assert act(page, 1, "Copy").evaluate("e => e === document.activeElement")
    box.press("Control+V")
    assert box.input_value().startswith(VENUE.answer.split("\n")[0])


def test_retry_asks_again_in_place_and_keeps_the_rest(chat, assistant):
    page = chat.page
    for number, question in enumerate((VENUE.question, FOLLOW_UP.question, PRINCIPLES.question), 1):
        chat.ask(question)
        chat.answer(number)
    before = asked(page)
    attempt = page.locator(".exchange:nth-child(2)").get_attribute("data-attempt")
    act(page, 2, "Retry").press("Enter")
    page.locator(f".exchange:nth-child(2):not([data-attempt='{attempt}']) .reply.answered").wait_for()
    assert asked(page) == before
    assert assistant.asked[3] == assistant.asked[1], "with the questions before it, and without those after it"
    # A retry that is stopped takes no answer away.
    assistant.pace = SLOW
    act(page, 1, "Retry").click()
    page.locator(".reply.working").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped. This is still the earlier answer.").first.wait_for()
    assert asked(page) == before and page.locator(".exchange:nth-child(1) button.mark").count() == 2
    assert page.get_by_label("Your question").input_value() == ""
    page.reload()
    chat.answer(3)
    assert asked(page) == before


def test_edit_brings_the_question_back_and_replaces_what_follows(chat, assistant):
    page, box = chat.page, chat.page.get_by_label("Your question")
    for number, question in enumerate((VENUE.question, FOLLOW_UP.question), 1):
        chat.ask(question)
        chat.answer(number)
    box.fill("half a thought")
    act(page, 1, "Edit").press("Enter")
    assert box.input_value() == VENUE.question and box.evaluate("e => e === document.activeElement")
    assert page.get_by_text("Editing question 1.").is_visible()
    assert violations(page) == []
    box.press("Escape")
    assert box.input_value() == "half a thought" and not page.get_by_text("Editing").is_visible()
    act(page, 1, "Edit").click()
    box.fill(PRINCIPLES.question)
    box.press("Enter")
    page.locator(".exchange:nth-child(2)").wait_for(state="detached")
    chat.answer()
    assert asked(page) == [PRINCIPLES.question]
    assert assistant.asked[-1] == (PRINCIPLES.question, ())
    assert box.input_value() == "half a thought"
    box.fill("")
    page.reload()
    chat.answer()
    assert asked(page) == [PRINCIPLES.question]


def test_stop_leaves_whole_sentences_and_is_remembered(chat, assistant):
    page, early = chat.page, "Stopped early. The part written so far was checked."
    assistant.pace = 0.4
    chat.ask(LONG.question)
    page.get_by_text(LONG.sentences[1].text[:20]).first.wait_for()
    page.get_by_role("button", name="Stop").click()
    chat.answer()
    assert page.get_by_text(early).is_visible()
    for sentence in page.locator(".answer").inner_text().split("\n"):
        assert any(whole.text in sentence for whole in LONG.sentences)
    page.reload()
    chat.answer()
    assert page.get_by_text(early).is_visible()
    page.get_by_role("button", name="Conversations", exact=True).click()
    page.get_by_label("Options for").click()
    files = []
    for name in ("Save as Markdown", "Save as JSON"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        files.append(download.value.path().read_text(encoding="utf-8"))
    assert early in files[0] and json.loads(files[1])["answers"][0]["stopped"] is True


def test_stop_before_a_whole_sentence_says_so_and_puts_the_question_back(chat, assistant):
    page, box = chat.page, chat.page.get_by_label("Your question")
    assistant.pace = SLOW
    chat.ask(VENUE.question)
    page.locator(".draft").wait_for()
    page.get_by_role("button", name="Stop").click()
    chat.answer()
    assert page.get_by_text("Stopped before there was a whole sentence to check.").first.is_visible()
    assert box.input_value() == VENUE.question
    assert violations(page) == []
    assistant.pace = FAST
    box.press("Enter")
    page.locator(".exchange button.mark").first.wait_for()
    assert asked(page) == [VENUE.question], "in the place of the one that was stopped"


def test_what_is_asked_while_an_answer_is_written_waits_in_sight_and_can_be_cancelled(chat, assistant):
    page, box = chat.page, chat.page.get_by_label("Your question")
    assistant.pace = SLOW
    chat.ask(LONG.question)
    page.locator(".draft").wait_for()
    for question in (VENUE.question, "And this one?", PRINCIPLES.question):
        box.fill(question)
        box.press("Enter")
    waiting = page.locator(".queued li")
    assert waiting.locator(".asked").all_inner_texts() == [VENUE.question, "And this one?", PRINCIPLES.question]
    assert box.input_value() == ""
    said(page, f"This is asked next: {PRINCIPLES.question}")
    assert violations(page) == []
    page.get_by_role("button", name="Cancel: And this one?").press("Enter")
    assert box.input_value() == "And this one?"
    box.fill("")
    assistant.pace = FAST
    chat.answer(2)
    chat.answer(3)
    assert asked(page) == [LONG.question, VENUE.question, PRINCIPLES.question]
    assert [question for question, _ in assistant.asked] == asked(page)
    assert not page.locator(".queued").is_visible()
    # What waits when the page is reloaded comes back into the box.
    assistant.pace = SLOW
    chat.ask(LONG.question)
    page.locator(".draft").wait_for()
    chat.ask(VENUE.question)
    page.reload()
    page.wait_for_function(
        "text => document.querySelector('#question textarea')?.value === text",
        arg=f"{LONG.question}\n\n{VENUE.question}",
    )
    chat.errors.clear()  # Gradio reports the stream that the reload ended.


def test_on_a_dark_phone_all_of_it_fits_and_is_readable(browser, address, assistant):
    assistant.pace = SLOW
    with watched_page(browser, address, 390, 800, dark=True) as chat:
        page, box = chat.page, chat.page.get_by_label("Your question")
        chat.ask(LONG.question)
        page.locator(".draft").wait_for()
        chat.ask("A question that is longer than the line in which it waits for its turn, on a phone?")
        box.fill("x" * (QUESTION + 1))
        assert violations(page) == []
        row = page.locator("#ask").bounding_box()
        assert row["y"] > 0 and row["y"] + row["height"] <= 801
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assistant.pace = FAST
        chat.answer(2)
        page.locator(".exchange:nth-child(1) button.mark").first.click()
        assert violations(page) == []
        page.keyboard.press("Escape")
        act(page, 1, "Edit").click()
        assert violations(page) == []
        assert (chat.foreign, chat.errors) == ([], [])


def test_a_question_that_does_not_arrive_comes_back(chat):
    page, box = chat.page, chat.page.get_by_label("Your question")
    page.route("**/queue/join*", lambda route: None)  # Never answered, as on a lost connection.
    page.clock.install()
    chat.ask(VENUE.question)
    page.clock.fast_forward(11_000)  # Then it is sent once more.
    page.clock.fast_forward(11_000)
    page.get_by_text("The question was not sent. Check the connection and ask again.").first.wait_for()
    assert box.input_value() == VENUE.question


def test_the_box_grows_inside_the_window_and_tells_the_limit_before_it_is_hit(chat, assistant):
    page, box = chat.page, chat.page.get_by_label("Your question")
    small = box.bounding_box()["height"]
    box.fill("one\ntwo\nthree\nfour")
    assert box.bounding_box()["height"] > 2 * small
    box.fill("line\n" * 200)
    grown = box.bounding_box()
    assert grown["height"] <= 0.4 * 800 + 1 and grown["y"] + grown["height"] <= 800
    limit = page.locator(".limit")
    assert not limit.is_visible()
    box.fill("x" * (QUESTION - 100))
    assert limit.inner_text() == "7,900 of 8,000 characters"
    said(page, "7,900 of 8,000 characters")
    box.fill("🙂" * (QUESTION + 1))
    assert limit.inner_text() == "1 characters too long. At most 8,000 are possible."
    assert box.get_attribute("aria-invalid") == "true"
    assert violations(page) == []
    box.press("Enter")
    page.wait_for_timeout(300)
    assert assistant.asked == [] and len(box.input_value()) > QUESTION
    box.fill("")
    assert not limit.is_visible()


def test_a_full_conversation_says_so_before_and_then(chat, monkeypatch):
    monkeypatch.setattr("ui.view.EARLIER", EARLIER)
    page, box = chat.page, chat.page.get_by_label("Your question")
    chat.ask(VENUE.question)
    chat.answer()
    answer = page.locator("[data-act=link]").get_attribute("data-text").split("=")[1]

    def open_with(turns):
        kept = [
            {"id": "full", "title": "Full", "at": "2024-01-01", "turns": [{"question": "?", "answer": answer}] * turns}
        ]
        page.evaluate("kept => localStorage.setItem('footnote.conversations', JSON.stringify(kept))", kept)
        page.evaluate("sessionStorage.setItem('footnote.conversation', 'full')")
        page.reload()
        chat.answer(turns)

    open_with(EARLIER)
    assert page.locator(".limit").inner_text() == "1 more question fits into this conversation."
    chat.ask(PRINCIPLES.question)
    chat.answer(EARLIER + 1)
    assert page.locator(".limit").inner_text() == "This conversation is full. Start a new one to ask more."
    box.fill(VENUE.question)
    box.press("Enter")
    page.wait_for_timeout(300)
    assert page.locator(".exchange").count() == EARLIER + 1 and box.input_value() == VENUE.question


def test_a_passage_has_one_card_and_each_mark_of_a_list_its_own_line(chat):
    page, panel = chat.page, chat.page.locator(".panel")
    chat.ask(PRINCIPLES.question)
    chat.answer()
    box = page.locator("#ask").bounding_box()
    assert page.evaluate("document.scrollingElement.scrollHeight > innerHeight") and box["y"] + box["height"] <= 801
    assert page.locator(".source").count() == 1 and page.locator(".source button").count() == 6
    for number, citation in enumerate(PRINCIPLES.citations):
        page.locator(".answer li").nth(number).locator("button.mark").click()
        assert panel.locator("mark.current").inner_text() == citation.quote
        assert panel.locator(".piece").count() == 1 and panel.locator("mark").count() == 6
        assert f"start={citation.start}&" in panel.locator(".origin:visible a").get_attribute("href")
    assert violations(page) == []
    page.locator(".answer button.mark").first.hover()
    assert page.get_by_role("tooltip").inner_text().startswith(PRINCIPLES.citations[0].title)
    page.locator(".source .where").click()
    assert panel.locator("mark.current").inner_text() == PRINCIPLES.citations[0].quote
    assert CARDIFF.title not in panel.inner_text()
