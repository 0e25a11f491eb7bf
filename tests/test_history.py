"""Conversations that stay: answers kept under a link, a list in the browser, files, and nothing left over."""

import json
import os
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest
from browser import (
    CARDIFF,
    FOLLOW_UP,
    NOWHERE,
    PATIENCE,
    PAYLOADS,
    POISONED,
    PRINCIPLES,
    SEEDS,
    SWINDON,
    VENUE,
    ScriptedAssistant,
    ScriptedIndex,
    free_port,
    in_browser,
    running_chat,
    watched_page,
)

from rag.archive import Archive
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.indexes.opening import create_index
from rag.ingest import ingest
from ui.history import exported, reopened
from ui.plain import plain_text
from ui.render import exchange_html
from ui.texts import ENGLISH


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path)


# --- the archive


@pytest.mark.parametrize("answer", [VENUE, PRINCIPLES, POISONED, NOWHERE, FOLLOW_UP])
def test_an_answer_is_read_as_it_was_kept(archive, answer):
    assert archive.get(archive.put(answer)) == answer


def test_an_id_cannot_be_guessed_and_leads_nowhere_else(archive, tmp_path):
    ids = {archive.put(VENUE) for _ in range(20)}
    assert len(ids) == 20 and all(len(id) == 22 for id in ids)
    (tmp_path / "secret.json").write_text("{}")
    for id in ("../secret", "", "a" * 22, "/etc/passwd", f"../answers/{min(ids)}"):
        assert archive.get(id) is None
        archive.remove([id])
    assert (tmp_path / "secret.json").exists()


def test_what_is_torn_or_of_another_version_is_taken_as_not_there(archive, tmp_path):
    id = archive.put(VENUE)
    file = tmp_path / "answers" / f"{id}.json"
    for text in (
        file.read_text()[:50],
        "[]",
        "{}",
        '{"unknown": 1}',
        json.dumps({**json.loads(file.read_text()), "x": 1}),
    ):
        file.write_text(text)
        assert archive.get(id) is None
    archive.sweep([CARDIFF.document])
    assert not file.exists()


def test_answers_go_with_a_document_that_they_rest_on(archive):
    cardiff, both = archive.put(VENUE), archive.put(NOWHERE)
    archive.sweep([CARDIFF.document, NOWHERE.evidence[0].passage.document])
    assert archive.get(cardiff) and archive.get(both)
    archive.sweep([CARDIFF.document])
    assert archive.get(cardiff) and archive.get(both) is None


def test_the_oldest_go_where_there_are_too_many(tmp_path):
    archive = Archive(tmp_path, most=3)
    ids = []
    for n in range(5):
        ids.append(archive.put(replace(VENUE, id=str(n))))
        os.utime(tmp_path / "answers" / f"{ids[-1]}.json", (n, n))
    assert [archive.get(id) is not None for id in ids] == [False, False, True, True, True]


def test_where_nothing_can_be_written_an_answer_has_no_link(tmp_path):
    (tmp_path / "answers").write_text("a file in the way")
    assert Archive(tmp_path).put(VENUE) == ""


def test_deleting_a_document_takes_the_answers_along_that_rest_on_it(tmp_path):
    embedder, folder = HashEmbedder(16), tmp_path / "in"
    folder.mkdir()
    for name in (CARDIFF.document, SWINDON.document):
        (folder / name).write_text((SEEDS / name).read_text(encoding="utf-8"), encoding="utf-8")
    config = Config(index=tmp_path / "index", passage_tokens=60)
    with create_index(config, embedder) as index:
        ingest([folder], index, embedder, config)
        archive = Archive(index.folder)
        cardiff, both = archive.put(VENUE), archive.put(NOWHERE)
        index.delete(SWINDON.document)
        assert archive.get(cardiff) == VENUE and archive.get(both) is None
        (folder / CARDIFF.document).unlink()
        ingest([folder], index, embedder, config)
    assert list((tmp_path / "index" / "answers").iterdir()) == []


# --- opening again, and files


def test_a_conversation_opens_with_its_sources_and_says_what_is_gone(archive):
    turns = [{"question": VENUE.question, "answer": archive.put(VENUE)}, {"question": "Gone?", "answer": "x" * 22}]
    first, second = reopened(turns, archive, ScriptedIndex(), ENGLISH)
    assert first.answered.answer == VENUE and first.answered.places[1].date == "2011-03-11"
    assert (second.state, second.question) == ("failed", "Gone?")
    assert "is gone" in second.problem


def test_markdown_has_footnotes_that_never_share_a_label():
    file = exported("About Cardiff?", [VENUE, PRINCIPLES], "md", ENGLISH)
    assert file["name"] == "About-Cardiff.md"
    text = file["text"]
    assert text.startswith("# About Cardiff?\n\n## Where was the Cardiff roadshow held?\n\n")
    assert "It was held at the Cardiff Millennium Centre.[^1-1]" in text
    note = "[^1-1]: Cardiff Co-production Roadshow, 003\\_2751ee3485e30d0d.txt, page 1, characters 17 to 52: “"
    assert note + VENUE.citations[0].quote + "”" in text
    for number, answer in enumerate((VENUE, PRINCIPLES), 1):
        for citation in answer.citations:
            assert text.count(f"[^{number}-{citation.mark}]:") == 1


def test_a_narrowed_search_is_told_in_every_form(archive):
    only = "Searched only 2 of 4 documents."
    for answer in (VENUE, NOWHERE):
        narrowed = replace(answer, receipt={"documents": {"searched": 2, "of": 4}})
        turns = [{"question": answer.question, "answer": archive.put(narrowed)}]
        (exchange,) = reopened(turns, archive, ScriptedIndex(), ENGLISH)
        assert exchange_html(exchange).count(only) == 2, "shown, and in what is copied"
        assert f"*{only}*" in exported("", [narrowed], "md", ENGLISH)["text"]
        assert json.loads(exported("", [narrowed], "json", ENGLISH)["text"])["answers"][0]["receipt"]["documents"]
        assert only in plain_text(narrowed, ENGLISH)
        assert only not in plain_text(answer, ENGLISH)


def test_json_holds_the_answer_objects():
    file = exported("", [VENUE], "json", ENGLISH)
    assert file["name"] == "footnote.json"
    assert json.loads(file["text"])["answers"][0]["citations"][0]["quote"] == VENUE.citations[0].quote


def test_no_markup_of_a_document_survives_in_markdown():
    text = exported("\n".join(PAYLOADS), [POISONED], "md", ENGLISH)["text"]
    assert not [place for place in range(len(text)) if text[place] == "<" and text[place - 1] != "\\"]


# --- in the browser


@pytest.fixture(scope="module")
def address():
    with running_chat(lambda: ScriptedAssistant([VENUE, PRINCIPLES, POISONED, FOLLOW_UP], pace=0.001)) as address:
        yield address


@pytest.fixture
def chat(browser, address):
    with watched_page(browser, address) as watched:
        yield watched
        assert (watched.foreign, watched.errors) == ([], [])


def answered_or_back(chat, number, question):
    """Wait for an answer from a server that has just started again; a question that was too early comes back.

    It may come back more than once. What is in the box just after Enter has not come back, so each look waits first.
    """
    reply = chat.page.locator(f".exchange:nth-child({number}) .reply:not(.working)")
    working = chat.page.locator(".exchange .working")
    box = chat.page.get_by_label("Your question")
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and not reply.is_visible():
        chat.page.wait_for_timeout(1000)
        if box.input_value() == question and not working.count() and not reply.is_visible():
            box.press("Enter")
    chat.answer(number)


class TestInTheBrowser:
    pytestmark = in_browser

    def test_conversations_are_listed_opened_renamed_saved_and_deleted_by_keyboard(self, chat):
        page = chat.page
        chat.ask(VENUE.question)
        chat.answer()
        chat.ask(FOLLOW_UP.question)
        chat.answer(2)
        page.get_by_role("button", name="New conversation").press("Enter")
        page.locator(".exchange").first.wait_for(state="detached")
        chat.ask(PRINCIPLES.question)
        chat.answer()
        page.reload()
        page.get_by_role("button", name="Conversations", exact=True).press("Enter")
        titles = page.locator(".history-open")
        titles.nth(1).wait_for()
        assert titles.all_inner_texts() == [PRINCIPLES.question, VENUE.question]
        titles.nth(1).press("Enter")
        page.locator(".exchange:nth-child(2) .answer").wait_for()
        assert page.locator("button.mark").count() == 4
        page.locator("button.mark").first.press("Enter")
        assert page.locator(".panel mark.current").inner_text() == VENUE.citations[0].quote
        page.keyboard.press("Escape")
        self.choose(page, VENUE.question, "Rename")
        page.get_by_label("Title of the conversation").fill("Cardiff <b>")
        page.keyboard.press("Enter")
        assert titles.all_inner_texts() == [PRINCIPLES.question, "Cardiff <b>"]
        assert page.locator(":focus").inner_text() == "Cardiff <b>"
        with page.expect_download() as download:
            self.choose(page, "Cardiff <b>", "Save as Markdown")
        assert download.value.suggested_filename == "Cardiff-b.md"
        assert "[^2-1]:" in download.value.path().read_text(encoding="utf-8")
        with page.expect_download() as download:
            page.get_by_role("button", name="Save as JSON").press("Enter")
        assert len(json.loads(download.value.path().read_text(encoding="utf-8"))["answers"]) == 2
        link = page.locator("[data-act=link]").first.get_attribute("data-text")
        page.get_by_role("button", name="Delete", exact=True).press("Enter")
        page.get_by_role("button", name="Delete permanently?").press("Enter")
        titles.nth(1).wait_for(state="detached")
        page.goto(chat.address + link)
        page.get_by_text("This answer is gone").first.wait_for()

    @staticmethod
    def choose(page, title, action):
        page.get_by_label(f"Options for “{title}”").press("Enter")
        page.get_by_role("button", name=action).press("Enter")

    def test_a_link_opens_an_answer_with_its_sources_in_another_browser_and_goes_on_from_there(self, chat, browser):
        chat.ask(VENUE.question)
        chat.answer()
        link = chat.page.locator("[data-act=link]").get_attribute("data-text")
        with watched_page(browser, chat.address + link) as other:
            other.answer()
            other.page.locator("button.mark").nth(1).click()
            assert other.page.locator(".panel mark.current").inner_text() == VENUE.citations[1].quote
            other.ask(FOLLOW_UP.question)
            other.answer(2)
            assert other.page.locator(".searched").count() == 1
            assert other.errors == []

    def test_the_tab_comes_back_to_its_conversation(self, chat):
        page = chat.page
        chat.ask(VENUE.question)
        chat.answer()
        page.get_by_role("link", name="Settings").click()
        page.locator("table.settings").first.wait_for()
        page.get_by_role("link", name="Chat").click()
        chat.answer()
        chat.ask(FOLLOW_UP.question)
        chat.answer(2)
        assert page.locator(".searched").count() == 1
        page.get_by_role("button", name="New conversation").click()
        page.locator(".exchange").first.wait_for(state="detached")
        page.reload()
        page.get_by_role("button", name="Conversations", exact=True).click()
        page.locator(".history-open").wait_for()
        page.wait_for_timeout(1000)
        assert page.locator(".exchange").count() == 0

    def test_what_is_asked_before_the_page_is_ready_stays_and_takes_nothing_away(self, chat):
        page, held = chat.page, []
        chat.ask(VENUE.question)
        chat.answer()
        page.route("**/run/predict", lambda route: held.append(route))
        page.reload()
        chat.ask(PRINCIPLES.question)
        chat.answer()
        thumb = page.get_by_role("button", name="No, this is wrong")
        thumb.focus()
        for route in held:
            route.continue_()
        page.get_by_role("button", name="Conversations", exact=True).wait_for()
        page.wait_for_timeout(1000)
        assert thumb.evaluate("node => node === document.activeElement")
        page.get_by_role("button", name="Conversations", exact=True).click()
        assert page.locator(".history-open").all_inner_texts() == [PRINCIPLES.question, VENUE.question]

    @staticmethod
    def lose_the_first_opening(page):
        """Never answer the page's first request to open a conversation; return a list that then has it."""
        lost = []

        def lose(route):
            if lost or "turns" not in (route.request.post_data or ""):
                route.continue_()
            else:
                lost.append(route)

        page.route("**/run/predict", lose)
        return lost

    def test_a_conversation_is_asked_for_again_where_the_first_request_is_lost(self, chat):
        chat.ask(VENUE.question)
        chat.answer()
        lost = self.lose_the_first_opening(chat.page)
        chat.page.reload()
        chat.answer()
        assert len(lost) == 1

    def test_a_question_is_not_lost_where_the_page_reloads_twice(self, chat):
        page, asked = chat.page, "asked => document.querySelector('#question textarea')?.value === asked"
        page.route("**/queue/join*", lambda route: route.abort())
        chat.ask(VENUE.question)
        page.wait_for_function(asked, arg="")
        lost = self.lose_the_first_opening(page)
        page.reload()
        while not lost:
            page.wait_for_timeout(100)
        page.reload()
        page.wait_for_function(asked, arg=VENUE.question)
        chat.errors.clear()  # The request that never arrived.

    @pytest.mark.slow
    def test_a_conversation_outlives_the_server(self, browser, tmp_path):
        config, port = Config(index=tmp_path), free_port()
        assistant = ScriptedAssistant([VENUE, PRINCIPLES, FOLLOW_UP], pace=0.001)
        with ExitStack() as open_still:
            with running_chat(lambda: assistant, config, port) as address:
                chat = open_still.enter_context(watched_page(browser, address))
                chat.ask(VENUE.question)
                chat.answer()
            with running_chat(lambda: assistant, config, port):
                chat.ask(FOLLOW_UP.question)
                answered_or_back(chat, 2, FOLLOW_UP.question)
                assert chat.page.locator(".searched").count() == 1, "the first question is known still"
                assistant.pace = 0.3
                chat.ask(PRINCIPLES.question)
                chat.page.locator(".draft").wait_for()
            assistant.pace = 0.001
            with running_chat(lambda: assistant, config, port):
                asked = "asked => document.querySelector('#question textarea')?.value === asked"
                chat.page.wait_for_function(asked, arg=PRINCIPLES.question)
                chat.answer(2)
                answered_or_back(chat, 3, PRINCIPLES.question)
                assert chat.page.locator(".exchange:nth-child(3) .sources button").count() == 6

    def test_two_tabs_of_a_browser_keep_each_others_conversations(self, chat):
        other = chat.page.context.new_page()
        other.goto(chat.address)
        chat.ask(VENUE.question)
        chat.answer()
        other.get_by_label("Your question").fill(PRINCIPLES.question)
        other.get_by_label("Your question").press("Enter")
        other.locator(".answer").wait_for()
        for page in (chat.page, other):
            page.get_by_role("button", name="Conversations", exact=True).click()
            assert page.locator(".history-open").all_inner_texts() == [PRINCIPLES.question, VENUE.question]

    def test_a_title_is_only_text(self, chat):
        page = chat.page
        chat.ask(POISONED.question)
        chat.answer()
        page.get_by_role("button", name="Conversations", exact=True).click()
        page.wait_for_timeout(300)
        assert page.evaluate("window.hacked") is None
        assert page.locator(".history-open").inner_text() == POISONED.question[:100].replace("\n", " ")
        assert page.locator("#history").locator("script, img, iframe, svg, input, a").count() == 0
