"""Older versions of documents are shown as such: in the API, in the lists of documents, and beside what is cited."""

import threading
from dataclasses import replace

import pytest
from api import running
from browser import in_browser, running_chat, until, watched_page
from servers import serving
from widget import Intranet, visit

from rag import prompts
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index
from rag.ingest import ingest
from ui.library import Library
from ui.versions import Versions

DAYS = "Staff of the mill have {} days of annual leave."
TEXT = "# Leave policy {}\n\n" + DAYS + "\n\nLeave is agreed with the foreman two weeks ahead of its first day.\n"
QUESTION = "How many days of annual leave did staff have in 2016?"
SAID = "Older version; the newest is Leave policy 2025"
OLD, NEW = "policies/leave_2016.md", "policies/leave_2025.md"


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return Config(index=tmp_path_factory.mktemp("versions") / "index", requests_per_minute=100_000)


@pytest.fixture(scope="module")
def index(config):
    embedder, folder = HashEmbedder(64), config.index.parent / "in"
    (folder / "policies").mkdir(parents=True)
    for name, year, days in ((OLD, 2016, 20), (NEW, 2025, 28)):
        (folder / name).write_text(TEXT.format(year, days))
    (folder / "pay.md").write_text("# Pay\n\nStaff are paid on the last day of the month.\n")
    with create_index(config, embedder) as index:
        ingest([folder], index, embedder, config)
        yield index


def test_the_api_names_the_newest_version(config, index):
    paused = []
    library = Library(config, Versions(lambda: paused.append(1)))
    try:
        assert {one["id"]: one["newest_version"] for one in library.documents()} == {OLD: NEW, NEW: "", "pay.md": ""}
        assert library.document(OLD)["newest_version"] == NEW
        assert library.passage(OLD, 0, 5, 0)["newest_title"] == "Leave policy 2025"
        assert len(paused) == 2, "read once, and only what may be versions of one"
    finally:
        library.close()


def test_nobody_waits_for_it_and_what_has_not_changed_is_not_read_again(config, index, tmp_path):
    going, read = threading.Event(), []

    def pause():
        read.append(1)
        going.wait(60)

    versions = Versions(pause)
    assert versions.newest(index) == {}
    going.set()
    until(lambda: versions.newest(index))
    assert versions.newest(index)[OLD].name == NEW
    (tmp_path / "other.txt").write_text("The plover nests by the river.")
    ingest([tmp_path], index, index._embedder, config)
    assert versions.newest(index, 60)[OLD].name == NEW and len(read) == 2
    index.delete(NEW)
    assert versions.newest(index, 60) == {}
    ingest([config.index.parent / "in"], index, index._embedder, config)
    assert versions.newest(index, 60)[OLD].name == NEW


@pytest.fixture
def assistant(config, index):
    generator = ScriptedGenerator({QUESTION: DAYS.format(20)}, {QUESTION: 0.97})
    return Assistant(index, index._embedder, generator, prompts.load(config.prompt), config)


@pytest.mark.browser
@pytest.mark.skipif(in_browser[1].args[0], reason="no Chromium")
def test_the_widget_leads_from_an_older_version_to_the_newest(config, assistant, browser):
    with serving() as pages, running(lambda: assistant, replace(config, origins=(pages.url,))) as api:
        pages.files["/favicon.ico"] = b""
        site = Intranet(pages, api, assistant, config.index)
        with visit(browser, site, site.page()) as visited:
            visited.open()
            visited.ask(QUESTION)
            visited.exchange().get_by_role("button", name="Source 1: Leave policy 2016").click()
            with visited.page.expect_popup() as popup:
                visited.page.get_by_role("link", name=SAID).click()
            popup.value.get_by_role("heading", name="Leave policy 2025").wait_for()
            popup.value.close()


@pytest.mark.browser
@pytest.mark.skipif(in_browser[1].args[0], reason="no Chromium")
def test_the_pages_lead_from_an_older_version_to_the_newest(config, assistant, browser):
    with running_chat(lambda: assistant, config) as address, watched_page(browser, address) as watched:
        page = watched.page
        beside = page.locator(".scope-item", has_text="Leave policy 2016")
        assert beside.get_by_role("link", name=SAID).get_attribute("href") == (
            "./read?document=policies%2Fleave_2025.md&start=0&end=0"
        )
        assert page.locator(".scope-item .older").count() == 1
        watched.ask(QUESTION)
        watched.answer()
        page.reload()
        watched.answer()
        source = page.locator(".source", has=page.locator(".title", has_text="Leave policy 2016"))
        assert source.get_by_text("Older version").is_visible()
        page.locator("button.mark").first.click()
        with page.expect_popup() as popup:
            page.locator(".panel .current").get_by_role("link", name=SAID).click()
        popup.value.get_by_role("heading", name="Leave policy 2025").wait_for()
        popup.value.close()
        page.goto(address + "read?document=policies/leave_2016.md")
        page.get_by_role("link", name=SAID).click()
        page.get_by_role("heading", name="Leave policy 2025").wait_for()
        page.goto(address + "documents")
        page.locator(".document", has_text="leave_2016").get_by_role("link", name=SAID).wait_for()
        assert page.locator(".document .older").count() == 1
        assert (watched.foreign, watched.errors) == ([], [])
