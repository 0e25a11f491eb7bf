"""An answer that is not sure, and the sentence that is shown while one is written, in the chat and in the widget."""

from dataclasses import replace

import pytest
from axe import violations
from browser import (
    NOWHERE,
    PAID,
    PAYLOADS,
    SAVES,
    VENUE,
    ScriptedAssistant,
    in_browser,
    running_chat,
    unsure_of,
    watched_page,
)
from widget import intranet, visit

from rag import feedback
from rag.config import Config
from rag.types import Passage

pytestmark = in_browser

HEADING = "The documents may answer this"
FOUND = replace(VENUE.citations[1], mark=0)
QUOTES = [f"“{citation.quote}”" for citation in SAVES.citations]
POISON = "".join(PAYLOADS)
POISONED = unsure_of("What is poisoned?", [(Passage("poison.txt", 0, len(POISON), POISON, title=POISON), POISON)])
ANSWERS = [VENUE, SAVES, PAID, POISONED]
SIZES = [(1280, False), (1280, True), (390, False), (390, True)]
LISTEN = """place => {
    window.said = []
    new MutationObserver(() => window.said.push(place.textContent)).observe(place, {childList: true})
}"""


def quotes(locator) -> list[str]:
    """Return the quotes that are shown, without their marks."""
    return [" ".join(item.inner_text().split()).rstrip("0123456789 ") for item in locator.locator("li").all()]


def fits(page, width: int) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return Config(index=tmp_path_factory.mktemp("unsure"))


@pytest.fixture(scope="module")
def assistant():
    return ScriptedAssistant(ANSWERS, pace=0.002, found=FOUND)


@pytest.fixture(scope="module")
def address(assistant, config):
    with running_chat(lambda: assistant, config=config) as address:
        yield address


@pytest.fixture
def chat(browser, address, assistant):
    assistant.pace, assistant.found = 0.002, FOUND
    with watched_page(browser, address) as watched:
        yield watched
        assert (watched.foreign, watched.errors) == ([], [])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with intranet(tmp_path_factory.mktemp("widget"), ANSWERS) as site:
        yield site


@pytest.fixture
def visited(browser, site):
    site.assistant.pace, site.assistant.found = 0.002, FOUND
    with visit(browser, site, site.page()) as visited:
        visited.open()
        yield visited
        assert (visited.foreign, visited.errors) == ([], [])


class TestChat:
    def test_it_shows_its_heading_and_its_quotes_whose_marks_open_the_passage(self, chat):
        page = chat.page
        chat.ask(SAVES.question)
        chat.answer()
        assert page.get_by_role("heading", name=HEADING).is_visible()
        assert quotes(page.locator(".quotes")) == QUOTES
        assert page.locator("#talk :is(.calm, .draft, .found)").count() == 0
        page.get_by_role("button", name="Source 2: Cardiff Co-production Roadshow").click()
        assert page.locator(".panel mark.current").inner_text() == SAVES.citations[1].quote
        assert page.get_by_text("2 sources").first.is_visible()

    def test_the_sentence_that_was_found_stands_above_the_draft_and_goes_with_it(self, chat, assistant):
        assistant.pace = 0.1
        page = chat.page
        chat.ask(PAID.question)
        page.locator(".found + .draft").wait_for()
        found = page.locator(".found")
        assert " ".join(found.inner_text().split()).startswith("Found in Cardiff Co-production Roadshow:")
        assert found.locator("q").inner_text() == FOUND.quote
        assert violations(page) == []
        assistant.pace = 0.001
        chat.answer()
        assert found.count() == 0 and quotes(page.locator(".quotes")) == QUOTES[:1]
        assert page.locator(".answer p[dir]").inner_text().startswith(VENUE.sentences[1].text)

    def test_a_screen_reader_hears_what_was_found_and_that_the_answer_is_not_sure(self, chat, assistant):
        assistant.pace = 0.02
        page = chat.page
        page.locator("#talk .said").evaluate(LISTEN)
        chat.ask(PAID.question)
        chat.answer()
        said = [text for text in page.evaluate("window.said") if text != "Starting"]
        assert said[-3] == f"Found in Cardiff Co-production Roadshow: “{FOUND.quote}”"
        assert said[-2] == "Checking each sentence against the documents"
        assert said[-1] == f"{HEADING}: {VENUE.sentences[1].text} {QUOTES[0]} 2 sources"

    def test_its_link_and_its_conversation_open_it_again_and_it_is_saved(self, chat, browser):
        page = chat.page
        chat.ask(SAVES.question)
        chat.answer()
        with watched_page(browser, chat.address + page.locator("[data-act=link]").get_attribute("data-text")) as other:
            other.answer()
            assert other.page.get_by_role("heading", name=HEADING).is_visible()
            assert quotes(other.page.locator(".quotes")) == QUOTES
        page.reload()
        chat.answer()
        assert quotes(page.locator(".quotes")) == QUOTES
        page.get_by_role("button", name="Conversations", exact=True).click()
        page.get_by_label(f"Options for “{SAVES.question}”").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Save as Markdown").click()
        assert f"**{HEADING}**\n\n- {QUOTES[0]}[^1-1]" in download.value.path().read_text(encoding="utf-8")

    def test_what_can_be_wrong_with_each_outcome_is_offered(self, chat, config):
        page, offered = chat.page, {}
        for number, answer in enumerate((VENUE, SAVES, NOWHERE), 1):
            chat.ask(answer.question)
            chat.answer(number)
            row = page.locator(f".exchange:nth-child({number})")
            row.get_by_role("button", name="Report a problem").click()
            kinds = row.locator("select option").evaluate_all("all => all.map(one => one.value)")
            assert row.locator("select").input_value() == kinds[0]
            offered[answer.status] = tuple(kinds)
        assert offered == feedback.COMPLAINTS

    def test_in_german(self, browser, address, assistant):
        assistant.pace = 0.05
        with watched_page(browser, address, locale="de-DE") as watched:
            page = watched.page
            watched.ask(SAVES.question, "Ihre Frage")
            page.locator(".found").get_by_text("Gefunden in Cardiff Co-production Roadshow:").wait_for()
            assistant.pace = 0.001
            watched.answer()
            assert page.get_by_role("heading", name="Die Dokumente beantworten das vielleicht").is_visible()
            assert violations(page) == []

    def test_nothing_in_a_quote_or_a_title_is_interpreted(self, chat, assistant):
        assistant.pace, assistant.found = 0.1, replace(POISONED.citations[0], mark=0)
        page = chat.page
        chat.ask(POISONED.question)
        page.locator(".found").wait_for()
        assert page.locator(".found *").count() == 2
        assistant.pace = 0
        chat.answer()
        page.wait_for_timeout(300)
        assert page.evaluate("window.hacked") is None
        assert page.locator(".answer").locator("script, img, iframe, form, svg, input, style, video, math").count() == 0

    @pytest.mark.parametrize(("width", "dark"), SIZES)
    def test_it_is_accessible_and_fits(self, browser, address, assistant, width, dark):
        assistant.pace, assistant.found = 0.001, FOUND
        with watched_page(browser, address, width, 800, dark) as chat:
            for number, answer in enumerate((SAVES, PAID), 1):
                chat.ask(answer.question)
                chat.answer(number)
            assert violations(chat.page) == []
            assert fits(chat.page, width)
            assistant.pace = 0.1
            chat.ask(VENUE.question)
            chat.page.locator(".found").wait_for()
            assert violations(chat.page) == []
            assert fits(chat.page, width)
            assistant.pace = 0.001
            chat.answer(3)


class TestWidget:
    def test_it_shows_its_heading_and_its_quotes_whose_marks_open_the_passage(self, visited):
        visited.ask(SAVES.question)
        article = visited.exchange()
        assert article.get_by_role("heading", name=HEADING).is_visible()
        assert quotes(article.locator(".answer")) == QUOTES
        assert article.locator(".calm, .draft, .found").count() == 0
        article.get_by_role("button", name="Source 2: Cardiff Co-production Roadshow").click()
        visited.page.locator("mark").wait_for()
        assert visited.page.locator("mark").inner_text() == SAVES.citations[1].quote

    def test_the_sentence_that_was_found_stands_above_the_draft_and_goes_with_it(self, visited, site):
        site.assistant.pace = 0.1
        page = visited.page
        visited.ask(PAID.question)
        page.locator(".found + .draft p").wait_for()
        found = page.locator(".found")
        assert " ".join(found.inner_text().split()).startswith("Found in Cardiff Co-production Roadshow:")
        assert found.locator("q").inner_text() == FOUND.quote
        site.assistant.pace = 0.001
        article = visited.exchange()
        assert found.count() == 0 and quotes(article.locator(".answer")) == QUOTES[:1]
        assert article.locator(".answer p[dir]").inner_text().startswith(VENUE.sentences[1].text)

    def test_a_screen_reader_hears_what_was_found_and_that_the_answer_is_not_sure(self, visited):
        visited.page.locator("footnote-widget [role=status]").evaluate(LISTEN)
        visited.ask(PAID.question)
        visited.exchange()
        assert visited.page.evaluate("window.said") == [
            "Searching the documents",
            f"Found in Cardiff Co-production Roadshow: “{FOUND.quote}”",
            f"{HEADING}: {VENUE.sentences[1].text} {QUOTES[0]} 2 sources",
        ]

    def test_it_lasts_with_the_tab_and_goes_along_with_the_next_question(self, visited, site):
        visited.ask(SAVES.question)
        visited.exchange()
        visited.page.reload()
        visited.open()
        assert quotes(visited.exchange().locator(".answer")) == QUOTES
        visited.ask(VENUE.question)
        visited.exchange(2)
        assert [turn.content for turn in site.assistant.asked[-1][1]] == [SAVES.question, SAVES.answer]

    def test_what_can_be_wrong_with_it_is_offered_and_sent(self, visited, site):
        page = visited.page
        visited.ask(SAVES.question)
        visited.exchange().get_by_role("button", name="No, this is wrong").click()
        kinds = page.locator(".complaint input").evaluate_all("all => all.map(one => one.value)")
        assert kinds == [*feedback.COMPLAINTS["unsure"], "down"]
        page.get_by_label("It should have answered").check()
        page.get_by_role("button", name="Send").click()
        page.locator(".log").get_by_text("Thanks, saved for review.").wait_for()
        (said,) = feedback.pending(site.index)
        feedback.remove(site.index, [said.id])
        assert (said.kind, said.status) == ("should_answer", "unsure")
        assert [span.quote for span in said.citations] == [citation.quote for citation in SAVES.citations]

    def test_nothing_in_a_quote_or_a_title_is_interpreted(self, visited, site):
        site.assistant.pace, site.assistant.found = 0.1, replace(POISONED.citations[0], mark=0)
        page = visited.page
        visited.ask(POISONED.question)
        page.locator(".found q").wait_for()
        assert page.locator(".found *").count() == 2
        site.assistant.pace = 0
        article = visited.exchange()
        assert "".join(article.locator("li .words").all_inner_texts()).startswith("“<script>")
        assert page.evaluate("window.hacked") is None
        assert article.locator("script, img, iframe, form, input, style, video, math").count() == 0

    @pytest.mark.parametrize(("width", "dark"), SIZES)
    def test_it_is_accessible_and_fits(self, browser, site, width, dark):
        site.assistant.pace, site.assistant.found = 0.001, FOUND
        scheme = "dark" if dark else "light"
        colours = {"assistant_bg_color": "teal"} if dark else {}
        with visit(browser, site, site.page(**colours), width, 2000, color_scheme=scheme) as visited:
            visited.open()
            for number, answer in enumerate((SAVES, PAID), 1):
                visited.ask(answer.question)
                visited.exchange(number)
            visited.page.get_by_role("button", name="No, this is wrong").last.click()
            assert violations(visited.page) == []
            assert fits(visited.page, width)
            site.assistant.pace = 0.1
            visited.ask(VENUE.question)
            visited.page.locator(".found q").wait_for()
            assert violations(visited.page) == []
            site.assistant.pace = 0.001
            visited.exchange(3)

    def test_in_german(self, browser, site):
        site.assistant.pace = 0.05
        with visit(browser, site, site.page(language="de")) as visited:
            visited.page.get_by_role("button", name="Stellen Sie eine Frage").click()
            visited.ask(SAVES.question, "Ihre Frage")
            visited.page.locator(".found").get_by_text("Gefunden in Cardiff Co-production Roadshow:").wait_for()
            site.assistant.pace = 0.001
            heading = "Die Dokumente beantworten das vielleicht"
            assert visited.exchange().get_by_role("heading", name=heading).is_visible()
