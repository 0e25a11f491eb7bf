"""Documents beside the chat, search with its query in the address, settings changed on their page, and the look of all
pages: in a real Chromium, on a real index."""

import re

import pytest
from browser import in_browser, running_chat, watched_page

from rag import prompts
from rag.assistant import Assistant
from rag.config import Config, changed
from rag.documents import read
from rag.embedders.hashed import HashEmbedder
from rag.errors import ConfigError
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index
from rag.ingest import ingest
from rag.overview import overview
from rag.retrieval.hybrid import retrieve
from rag.retrieval.nearness import is_near
from ui.found import results_html
from ui.pages.settings import settings_html
from ui.service import Service
from ui.texts import ENGLISH, in_language, texts_of

PLOVER, HERON = "Where does the plover nest?", "What does the heron eat?"
ANSWERS = {PLOVER: "The plover nests by the river Severn near Gloucester.", HERON: "The heron eats fish and frogs."}
FILES = {
    "waders/plover.md": f"# Plovers\n\nDate: 4 May 2011\n\n{ANSWERS[PLOVER]}\n\n## Eggs\n\nFour.\n",
    "waders/heron.md": "# Herons\n\nDate: 2 March 2015\n\nThe heron eats fish and frogs.\n",
    "10 rook.md": "# Rooks\n\nThe rook nests in tall trees and calls its neighbours.\n",
    "9 owl.md": "# Owls\n\nDate: 1 July 2009\n\nThe owl hunts at night.\n",
}
KEPT = "localStorage.getItem('footnote.documents')"
SHIFTS = """
window.shifted = 0;
new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shifted += entry.value })
    .observe({ type: 'layout-shift', buffered: true })
"""
"""Adds up how far things jump that the reader has not moved (Cumulative Layout Shift)."""
SMALL = """() => [...document.querySelectorAll('button, a[href], select, summary, label:has(input)')]
    .filter(e => e.checkVisibility({ visibilityProperty: true }) && !e.matches('.mark') && !e.closest('.hidden'))
    .map(e => [e.textContent.trim() || e.ariaLabel || e.className, e.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.height < 43.5 || box.width < 43.5))
    .map(([name, box]) => `${name}: ${Math.round(box.width)} x ${Math.round(box.height)}`)"""
"""What is too small for a finger; marks in running text have a larger area than they show."""


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return Config(index=tmp_path_factory.mktemp("panel") / "index", requests_per_minute=100_000)


@pytest.fixture(scope="module")
def assistant(config):
    embedder, folder = HashEmbedder(64), config.index.parent / "birds"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with create_index(config, embedder) as index:
        ingest([folder], index, embedder, config)
        generator = ScriptedGenerator(ANSWERS, dict.fromkeys(ANSWERS, 0.97))
        yield Assistant(index, embedder, generator, prompts.load(config.prompt), config)


@pytest.fixture(scope="module")
def address(config, assistant):
    with running_chat(lambda: assistant, config) as address:
        yield address


@pytest.fixture
def watched(browser, address):
    """A page that must have asked nobody else for anything and complained of nothing when the test is over."""
    with watched_page(browser, address) as watched:
        watched.page.locator(".scope-item").first.wait_for()
        yield watched
        assert (watched.foreign, watched.errors) == ([], [])


def kept(page, choose) -> None:
    """Make a choice and wait until the browser has kept it."""
    before = page.evaluate(KEPT)
    choose()
    page.wait_for_function(f"before => {KEPT} !== before", arg=before)


def titles(page) -> list[str]:
    return [title.strip() for title in page.locator(".scope-title").all_inner_texts()]


@pytest.mark.browser
class TestDocumentsBesideTheChat:
    pytestmark = in_browser

    def test_they_are_sorted_found_grouped_and_described(self, watched):
        page = watched.page
        assert titles(page) == ["Owls", "Rooks", "Herons", "Plovers"]
        assert page.locator(".scope-collection").inner_text().split("\n")[0] == "waders"
        page.get_by_label("Sort by").select_option("Oldest first")
        assert titles(page) == ["Owls", "Rooks", "Plovers", "Herons"], "without a date last, collections stay together"
        page.get_by_label("Find a document").fill("PLOV")
        assert titles(page) == ["Plovers"]
        page.get_by_role("button", name="Plovers").click()
        page.get_by_role("link", name="Eggs").wait_for()
        with page.expect_popup() as popup:
            page.get_by_role("link", name="The plover nests by the river Severn near Gloucester.").click()
        assert popup.value.locator("mark").inner_text() == ANSWERS[PLOVER]
        popup.value.close()
        page.reload()
        page.get_by_label("Sort by").and_(page.locator("select")).wait_for()
        page.wait_for_function("document.querySelector('.order select').value === 'oldest'")
        page.get_by_role("button", name="Close documents").click()
        page.reload()
        page.get_by_role("button", name="4 documents").wait_for()
        assert not page.locator(".scope").is_visible(), "closed as it was left"
        page.evaluate("localStorage.clear()")

    def test_a_narrowed_scope_says_so_and_all_are_a_press_away(self, watched):
        page = watched.page
        page.get_by_label("Find a document").fill("plov")
        kept(page, lambda: page.get_by_role("button", name="Untick those found").click())
        page.get_by_label("Find a document").fill("")
        kept(page, lambda: page.get_by_label("Answer from: Owls").uncheck())
        assert page.get_by_label("Answer from: waders").evaluate("box => box.indeterminate")
        page.get_by_role("button", name="2 of 4 documents").wait_for()
        watched.ask(PLOVER)
        watched.answer()
        first = page.locator(".exchange").first
        first.get_by_text("Searched only 2 of 4 documents.").wait_for()
        page.reload()
        watched.answer()
        first.get_by_text("Searched only 2 of 4 documents.").wait_for()
        first.get_by_role("button", name="Ask in all documents").press("Enter")
        watched.answer(2)
        assert "river Severn" in page.locator(".exchange:nth-child(2) .answer").inner_text()
        assert page.locator(".narrowed").count() == 1
        page.get_by_role("button", name="2 of 4 documents").wait_for()
        kept(page, lambda: page.get_by_role("button", name="Untick all").click())
        page.locator(".scope-none").get_by_text("No document is ticked.").wait_for()
        watched.ask(HERON)
        watched.answer(3)
        last = page.locator(".exchange").last
        last.get_by_text("No document is ticked, so none was searched.").wait_for()
        last.get_by_role("button", name="Ask in all documents").press("Enter")
        watched.answer(4)
        assert "fish and frogs" in page.locator(".exchange:nth-child(4) .answer").inner_text()
        page.goto(watched.address + "search?q=heron")
        page.get_by_text("No document is ticked, so none was searched.").wait_for()
        page.get_by_role("button", name="Search all documents").click()
        page.locator(".results mark", has_text="heron").first.wait_for()
        page.goto(watched.address)
        page.get_by_role("button", name="0 of 4 documents").wait_for()
        kept(page, lambda: page.get_by_role("button", name="Tick all", exact=True).click())
        page.get_by_role("button", name="4 documents", exact=True).wait_for()

    def test_a_choice_stays_when_what_the_browser_kept_comes_after_it(self, browser, address):
        with watched_page(browser, address, locale="de-DE") as watched:
            held, page = [], watched.page
            page.route(re.compile("gradio_api/(run|queue)"), lambda route: held.append(route))
            page.goto(address)
            page.get_by_label("Answer from: Owls").uncheck()
            for route in held:
                route.continue_()
            page.unroute_all()
            page.get_by_label("Antworten aus: Owls").wait_for()
            assert page.locator(".scope-item input:checked").count() == 3


@pytest.mark.browser
class TestSearch:
    pytestmark = in_browser

    def test_reloading_sharing_and_going_back_find_the_same(self, watched):
        page = watched.page
        page.goto(watched.address + "search")
        field = page.get_by_label("Words or a question")
        field.fill("nesting rooks")
        field.press("Enter")
        page.locator(".results .title", has_text="Rooks").wait_for()
        assert page.url.endswith("search?q=nesting+rooks") and page.title() == "nesting rooks – Footnote"
        assert "rook" in page.locator(".results mark").all_inner_texts()
        field.fill("xqzt blorf")
        field.press("Enter")
        page.get_by_text("Nothing found. No document contains these words").first.wait_for()
        page.go_back()
        page.locator(".results .title", has_text="Rooks").wait_for()
        assert field.input_value() == "nesting rooks"
        page.reload()
        with page.expect_popup() as popup:
            page.locator(".results .title").first.click()
        assert popup.value.locator("mark").inner_text() == "The rook nests in tall trees and calls its neighbours."
        popup.value.close()


@pytest.mark.browser
class TestSettings:
    pytestmark = in_browser

    def test_an_administrator_changes_what_needs_no_restart(self, watched, assistant):
        page = watched.page
        page.goto(watched.address + "settings")
        row = page.locator("tr", has_text="min_confidence")
        page.locator("tr", has_text="passage_tokens").get_by_text("restart").wait_for()
        page.get_by_role("button", name="Change settings").click()
        row.get_by_label("min_confidence").fill("7")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("'min_confidence' must be between 0 and 1, not 7.").wait_for()
        watched.errors.clear()  # The console reports the refusal.
        row.get_by_label("min_confidence").fill("0.99")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("[answers]\nmin_confidence = 0.99").wait_for()
        row.get_by_text("0.99").first.wait_for()
        page.goto(watched.address)
        watched.ask(PLOVER)
        watched.answer()
        assert assistant.config.min_confidence == 0.99
        assert page.locator(".exchange .calm h3, .exchange .unsure h3").count() == 1, "not sure enough any more"

    def test_who_is_no_administrator_changes_nothing(self, browser, config):
        guarded = Config(index=config.index, admin_token="an administrator's token")
        with running_chat(lambda: None, guarded) as address, watched_page(browser, address) as watched:
            page = watched.page
            page.goto(address + "settings")
            page.get_by_role("button", name="Change settings").click()
            page.get_by_label("Enter the admin token to change settings:").fill(guarded.admin_token)
            assert not page.locator(".settings input").first.is_visible()
            page.keyboard.press("Enter")
            page.locator(".settings input").first.wait_for()
            assert guarded.admin_token not in page.locator("#settings").inner_text()


@pytest.mark.browser
class TestLook:
    pytestmark = in_browser

    def test_theme_and_language_are_chosen_and_stay_on_every_page(self, browser, address):
        with watched_page(browser, address, locale="de-DE") as watched:
            page = watched.page
            page.get_by_role("button", name="Anzeige").click()
            page.get_by_label("Dunkel").check()
            assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
            page.get_by_label("Sprache").select_option("English")
            page.get_by_role("button", name="Display").wait_for()
            page.goto(address + "search")
            page.get_by_role("button", name="Search", exact=True).wait_for()
            assert page.locator("body.dark").count() == 1
            page.goto(address + "read?document=9+owl.md")
            page.get_by_text("Back to the chat").wait_for()
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 23, 21)"

    def test_on_a_phone_the_header_is_one_row_and_everything_is_large_enough_for_a_finger(self, browser, address):
        context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
        page, small = context.new_page(), {}
        page.goto(address)
        page.get_by_label("Your question").fill(PLOVER)
        page.get_by_label("Your question").press("Enter")
        page.locator(".exchange .reply:not(.working)").wait_for()
        page.get_by_role("button", name="New conversation").wait_for()
        assert page.locator("#head").bounding_box()["height"] <= 56
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        small["chat"] = page.evaluate(SMALL)
        page.get_by_role("button", name="Pages").tap()
        small["menu"] = page.evaluate(SMALL)
        page.get_by_role("button", name="Display").tap()
        small["display"] = page.evaluate(SMALL)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.locator(".scope-toggle").tap()
        page.locator(".scope-item").first.wait_for()
        small["scope"] = page.evaluate(SMALL)
        page.get_by_role("button", name="Close documents").tap()
        assert not page.locator(".scope").is_visible()
        for path in ("documents", "search?q=heron", "settings", "review"):
            page.goto(address + path)
            page.locator("#name h1").wait_for()
            page.wait_for_timeout(1000)
            small[path] = page.evaluate(SMALL)
        context.close()
        assert {state: found for state, found in small.items() if found} == {}

    @pytest.mark.parametrize("width", [390, 1280])
    def test_nothing_jumps_while_a_page_loads_or_an_answer_comes(self, browser, address, width):
        with watched_page(browser, address, width) as watched:
            page, shifts = watched.page, {}
            page.add_init_script(SHIFTS)
            for path in ("", "documents", "search?q=heron", "settings", "review"):
                page.goto(address + path)
                page.locator("#name h1").wait_for()
                page.wait_for_timeout(1000)
                if not path:
                    watched.ask(HERON)
                    watched.answer()
                shifts[path or "chat"] = page.evaluate("shifted")
            assert {path: shift for path, shift in shifts.items() if shift > 0.02} == {}

    def test_an_answer_is_printed_with_its_sources_and_nothing_else(self, watched):
        page = watched.page
        watched.ask(HERON)
        watched.answer()
        page.emulate_media(media="print", color_scheme="dark")
        assert page.locator(".sources .quote").first.is_visible()
        for part in ("#head", "#ask", ".scope", ".opinion", ".panel"):
            assert not page.locator(part).first.is_visible(), part
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert len(page.pdf()) > 5000


def test_an_overview_has_the_outer_headings_and_the_first_facts(tmp_path):
    (file := tmp_path / "a.md").write_text(
        "# The fair\n\n## Place\n\nLocation: Leeds Town Hall\n\nIt was a very good day for everybody who came.\n\n"
        "### Deep\n\n#### Deeper\n\n| Day | Open |\n| --- | --- |\n| Monday | 9 to 5 |\n\n## Time\n\n"
        "The fair was opened by Ann Lee on 4 May 2011.\n",
        encoding="utf-8",
    )
    document = read(file, "a.md")
    found = overview(document)
    assert [(point.text, point.level) for point in found.headings] == [("Place", 1), ("Deep", 2), ("Time", 1)]
    facts = ["Location: Leeds Town Hall", "The fair was opened by Ann Lee on 4 May 2011."]
    assert [document.text[point.start : point.end] for point in found.facts] == facts


def test_a_result_shows_little_around_the_words_and_no_markup_of_its_document(assistant):
    question = "river Severn <b>"
    found = retrieve(question, assistant.index, assistant.embedder, 10)
    html = results_html(question, found, ENGLISH)
    assert "<mark>river</mark> <mark>Severn</mark>" in html and "<b>" not in html
    assert is_near(question, found, assistant.index, assistant.embedder)
    assert not is_near("zebra", [], assistant.index, assistant.embedder)


def test_settings_are_described_once_secrets_hidden_and_changes_checked(config):
    secret = "not to be shown to anybody"
    html = settings_html(Service(lambda: None, Config(index=config.index, admin_token=secret)), ENGLISH)
    assert "set (hidden)" in html and secret not in html
    assert "Most passages that are given to the language model. From 1 to 64." in html
    assert changed(config, {"evidence": "4"}).evidence == 4
    for values, problem in (
        ({"evidence": 0}, "'evidence' must be between 1 and 64"),
        ({"evidence": "many"}, "'evidence' must be a whole number"),
        ({"answer_tokens": 4000}, "leaves too little room"),
        ({"port": 80}, "'port' can't change while the server runs"),
        ({"evidense": 4}, "did you mean 'evidence'"),
    ):
        with pytest.raises(ConfigError, match=re.escape(problem)):
            changed(config, values)


class Asked:
    """A request with these headers."""

    def __init__(self, **headers: str) -> None:
        self.headers = headers


def test_a_chosen_language_wins_over_that_of_the_browser():
    cookies = "other=[1]; footnote_language=de; a"
    assert texts_of(Asked(cookie=cookies, **{"accept-language": "en"})) is in_language("de")
    assert texts_of(Asked(cookie="footnote_language=xx", **{"accept-language": "de"})) is in_language("de")
    assert ENGLISH.dates.keys() == {"months", "date.day", "date.month"}
