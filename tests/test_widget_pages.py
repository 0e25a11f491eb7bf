"""The widget in pages that it did not expect, in those that may not have it, and against those who mean harm."""

import gzip
import json
import re
import shutil
import signal
import subprocess
from dataclasses import replace

import pytest
from api import running
from axe import violations
from browser import (
    CARDIFF,
    CHROMIUM,
    NOWHERE,
    PAYLOADS,
    PRINCIPLES,
    VENUE,
    ScriptedAssistant,
    answer_of,
    evidence_of,
    free_port,
    in_browser,
)
from command import FOOTNOTE, ROOT, heed_interrupts
from widget import PAGE, intranet, visit

from rag.config import Config
from rag.indexes.sqlite.index import SqliteIndex
from rag.types import Passage
from ui.local import STATIC
from ui.texts import FORMS
from ui.widget import TEXTS, integrity

WIDGET = STATIC / "widget.js"
MOST = 20_000
"""Bytes that the widget may have when it is sent compressed."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with intranet(tmp_path_factory.mktemp("widget"), [VENUE, PRINCIPLES]) as site:
        yield site


def asks_and_cites(visited, mark="Source 1: Cardiff Co-production Roadshow"):
    """Go the whole way in a page with a launcher."""
    visited.open()
    visited.ask(VENUE.question)
    visited.exchange().get_by_role("button", name=mark).click()
    visited.page.locator("mark").wait_for()
    assert visited.page.locator("mark").inner_text() == VENUE.citations[0].quote
    assert (visited.foreign, visited.errors) == ([], [])


# --- the file


def test_the_size_is_less_than_20_kb(capsys):
    size = len(gzip.compress(WIDGET.read_bytes(), 9))
    with capsys.disabled():
        print(f"\nwidget.js: {WIDGET.stat().st_size:,} bytes, {size:,} compressed with gzip")
    assert size < MOST


def test_nothing_is_ever_put_in_as_markup_or_run_as_a_script():
    code = re.sub(r"^\s*//.*$", "", WIDGET.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for sink in (
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser",
        "srcdoc", "createContextualFragment", "setHTML", "import(", "localStorage", "document.cookie",
    ):  # fmt: skip
        assert sink not in code, sink


def test_every_language_has_every_text():
    script = WIDGET.read_text(encoding="utf-8")
    block = re.search(r"const ENGLISH = \{(.*?)\n  \};", script, re.DOTALL)[1]
    english = {key: gaps(text) for key, text in re.findall(r'^    (\w+): "(.*)",$', block, re.MULTILINE)}
    tables = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in TEXTS.glob("*.json")}
    assert str(sorted(tables)).replace("'", '"') in script and len(english) > 50
    for language, table in tables.items():
        of_counts = {key for key in table if key.rpartition("_")[2] in FORMS.values()}
        assert table.keys() - of_counts == english.keys() - of_counts, language
        assert {key: gaps(table[key]) for key in english} == english, language


def gaps(text):
    return set(re.findall(r"{(\w*)}", text))


# --- pages that it did not expect

LOOKS = """
() => [...document.querySelectorAll('footnote-widget')].map(host => [...host.shadowRoot.querySelectorAll('*')]
    .filter(element => element.checkVisibility() && !element.matches('.root'))
    .map(element => {
        const {x, y, width, height} = element.getBoundingClientRect(), style = getComputedStyle(element)
        const names = ['color', 'background-color', 'font', 'letter-spacing', 'text-transform', 'opacity', 'cursor']
        return [element.tagName, element.className, x, y, width, height, ...names.map(name => style[name])].join(' ')
    }))
"""
RESETS = """
html { font-size: 3px !important; line-height: 3 }
body { transform: rotate(5deg); overflow: hidden; pointer-events: none; visibility: hidden; opacity: 0.1;
    filter: blur(3px) }
* { all: unset !important; display: table-cell !important; color: red !important; font: 40px monospace !important;
    letter-spacing: 1em !important; text-transform: uppercase !important; box-sizing: content-box !important;
    float: right !important; animation: spin 1s infinite !important; transition: all 9s !important }
button, textarea, dialog, section, [popover] { display: none !important }
footnote-widget { display: none !important; position: absolute !important; opacity: 0 !important; scale: 0 !important;
    pointer-events: none !important; visibility: hidden !important; user-select: none !important }
.panel, .launcher, .mark, .answer { display: none !important }
@keyframes spin { to { rotate: 360deg } }
"""


class TestHostilePages:
    pytestmark = in_browser

    def test_global_css_resets_change_nothing(self, browser, site):
        looks = []
        for style in ("", f"<style>{RESETS}</style>"):
            with visit(browser, site, site.publish(PAGE.format(style + site.line()))) as visited:
                before = visited.page.evaluate(LOOKS)
                asks_and_cites(visited)
                visited.page.mouse.move(0, 0)
                looks.append([before, visited.page.evaluate(LOOKS)])
        assert len(looks[0][1][0]) > 20
        assert looks[0] == looks[1]

    @pytest.mark.parametrize("source", ["{url}/widget.js", "'{hash}'"])
    def test_a_strict_content_security_policy(self, browser, site, source):
        allowed = source.format(url=site.api.url, hash=integrity())
        policy = (
            f"default-src 'none'; script-src {allowed}; connect-src {site.api.url}; base-uri 'none';"
            " form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
        )
        headers = {"Content_Security_Policy": policy, "Cross_Origin_Embedder_Policy": "require-corp"}
        page = site.publish(PAGE.format(site.line(button_color="teal", text_size="18")), **headers)
        with visit(browser, site, page) as visited:
            asks_and_cites(visited)
            visited.page.keyboard.press("Escape")
            visited.exchange().get_by_role("button", name="No, this is wrong").click()

    def test_two_widgets_and_a_launcher_keep_apart(self, browser, site):
        boxes = "<footnote-widget></footnote-widget><footnote-widget data-assistant-name=Second></footnote-widget>"
        launcher = "<footnote-widget data-mode=launcher></footnote-widget>"
        with visit(browser, site, site.publish(PAGE.format(boxes + launcher + site.line() + site.line()))) as visited:
            page = visited.page
            first, second, third = (page.locator("footnote-widget").nth(n) for n in range(3))
            assert page.locator("footnote-widget").count() == 3
            for box, question in ((first, VENUE.question), (second, PRINCIPLES.question)):
                box.get_by_label("Your question").fill(question)
                box.get_by_label("Your question").press("Enter")
            first.locator(".mark").nth(1).wait_for()
            second.locator(".mark").nth(5).wait_for()
            page.reload()
            assert (first.locator(".mark").count(), second.locator(".mark").count()) == (2, 6)
            second.locator(".mark").first.click()
            second.locator("mark").wait_for()
            assert first.locator("mark").count() == 0
            second.get_by_role("button", name="Back to the answer").press("Escape")
            assert second.locator("section.panel").is_visible() and not second.locator("mark").is_visible()
            third.get_by_role("button", name="Ask a question").click()
            assert third.locator(".exchange").count() == 0
            assert violations(page) == []
            assert (visited.foreign, visited.errors) == ([], [])

    @pytest.mark.parametrize("doctype", ["", '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">'])
    def test_an_old_page(self, browser, site, doctype):
        plain, old = (
            site.publish(f"{text}<title>Old</title><body bgcolor=silver><font size=7>Old{site.line()}")
            for text in ("<!doctype html>", doctype)
        )
        looks = []
        for page in (plain, old):
            site.publish(("<!doctype html>" if page is plain else doctype) + "<title>Old</title>Old" + site.line())
            with visit(browser, site, page) as visited:
                asks_and_cites(visited)
                visited.page.mouse.move(0, 0)
                looks.append(visited.page.evaluate(LOOKS))
        assert looks[0] == looks[1]

    def test_in_a_small_frame_that_may_do_little(self, browser, site):
        site.publish(PAGE.format(site.line()), "/inner/")
        frame = '<iframe src="/inner/" width=320 height=420 title=Frame sandbox="allow-scripts allow-same-origin">'
        with visit(browser, site, site.publish(PAGE.format(f"{frame}</iframe>"))) as visited:
            inner = visited.page.frame_locator("iframe")
            inner.get_by_role("button", name="Ask a question").click()
            inner.get_by_label("Your question").fill(VENUE.question)
            inner.get_by_role("button", name="Ask", exact=True).click()
            inner.get_by_role("button", name="Source 1").first.click()
            inner.locator("mark").wait_for()
            assert inner.locator("mark").inner_text() == VENUE.citations[0].quote
            assert (visited.foreign, visited.errors) == ([], [])

    def test_a_frame_that_may_keep_nothing_and_has_no_origin_is_refused(self, browser, site):
        site.publish(PAGE.format(site.line()), "/inner/")
        frame = '<iframe src="/inner/" title=Frame sandbox="allow-scripts"></iframe>'
        with visit(browser, site, site.publish(PAGE.format(frame))) as visited:
            visited.page.wait_for_load_state("networkidle")
            assert visited.page.frame_locator("iframe").locator("footnote-widget").count() == 0
            assert any("origin 'null'" in error for error in visited.errors)

    def test_a_page_of_frames(self, browser, site):
        site.publish(PAGE.format(""), "/inner/")
        frames = f"<html><head><title>Frames</title>{site.line()}</head><frameset><frame src=/inner/></frameset></html>"
        with visit(browser, site, site.publish(frames)) as visited:
            asks_and_cites(visited)

    def test_whatever_the_page_lays_above_everything(self, browser, site):
        above = "<div style='position:fixed;inset:0;z-index:2147483647;background:#fff8'></div>"
        with visit(browser, site, site.publish(PAGE.format(above + site.line()))) as visited:
            asks_and_cites(visited)

    def test_shortcuts_of_the_page_do_not_take_what_is_typed(self, browser, site):
        shortcuts = "<script>document.addEventListener('keydown', event => event.preventDefault())</script>"
        with visit(browser, site, site.publish(PAGE.format(shortcuts + site.line()))) as visited:
            visited.open()
            visited.page.keyboard.type("g?/")
            assert visited.page.get_by_label("Your question").input_value() == "g?/"

    def test_a_page_that_moves_it_and_takes_it_out(self, browser, site):
        with visit(browser, site, site.publish(PAGE.format("<div id=other></div>" + site.line()))) as visited:
            page = visited.page
            page.evaluate("document.querySelector('#other').append(document.querySelector('footnote-widget'))")
            asks_and_cites(visited)
            page.evaluate("moved = document.querySelector('footnote-widget'); moved.remove()")
            assert page.locator("footnote-widget").count() == 0
            page.evaluate("document.body.append(moved); moved.open()")
            assert page.get_by_role("dialog").is_visible()
            page.evaluate("moved.close()")
            assert page.get_by_role("button", name="Ask a question").is_visible()
            assert visited.errors == []


# --- pages that an application draws

DRAW = """([whole, html, line]) => {
  const body = document.createElement('body');
  body.innerHTML = html;
  if (whole) document.body.replaceWith(body);
  else document.body.innerHTML = html;
  const script = document.createElement('script'); // As Turbo runs those of the new page.
  for (const { name, value } of new DOMParser().parseFromString(line, 'text/html').querySelector('script').attributes)
    script.setAttribute(name, value);
  document.body.append(script);
  return new Promise((done) => (script.onload = () => setTimeout(done)));
}"""
OUTSIDE = "<main><h1>Page {}</h1><div id=box></div></main>"


class TestApplications:
    pytestmark = in_browser

    def test_the_page_is_drawn_again_around_a_conversation(self, browser, site):
        line = site.line().replace(" defer", "")
        html = f"<!doctype html><html lang=en><head><title>App</title>{line}</head><body></body></html>"
        with visit(browser, site, site.publish(html)) as visited:
            page = visited.page
            page.evaluate(DRAW, [False, OUTSIDE.format(1), line])
            visited.open()
            visited.ask(VENUE.question)
            page.evaluate(DRAW, [True, OUTSIDE.format(2), line])
            visited.exchange().locator(".mark").first.wait_for()
            page.evaluate(DRAW, [False, OUTSIDE.format(3), line])
            assert page.locator("footnote-widget").count() == 1
            assert page.get_by_role("dialog").is_visible()
            assert violations(page) == []
            assert (visited.foreign, visited.errors) == ([], [])

    def test_a_box_of_the_application_takes_the_place_of_the_button(self, browser, site):
        with visit(browser, site, site.publish(PAGE.format("<p id=a></p><p id=b></p>" + site.line()))) as visited:
            page, button = visited.page, visited.page.get_by_role("button", name="Ask a question")
            button.wait_for()
            page.evaluate("a.append(box = document.createElement('footnote-widget'))")
            assert button.count() == 0
            visited.ask(VENUE.question)
            page.evaluate("b.append(box)")
            page.evaluate("b.prepend(box)")
            assert visited.exchange().locator(".mark").count() == 2, "it was moved while it answered"
            page.evaluate("box.remove()")
            button.wait_for()
            page.evaluate("a.append(box)")
            assert visited.exchange().locator(".mark").count() == 2 and button.count() == 0
            assert (visited.foreign, visited.errors) == ([], [])

    def test_moved_while_open_it_stays_open(self, browser, site):
        for width in (1280, 390):
            with visit(
                browser, site, site.publish(PAGE.format("<div id=other></div>" + site.line())), width
            ) as visited:
                visited.open()
                visited.page.evaluate("other.append(document.querySelector('footnote-widget'))")
                visited.ask(VENUE.question)
                visited.exchange().locator(".mark").first.click()
                visited.page.get_by_role("button", name="Back to the answer").click()
                visited.page.keyboard.press("Escape")
                visited.page.get_by_role("button", name="Ask a question").wait_for()


# --- what an editor writes


class TestAttributes:
    pytestmark = in_browser

    def test_colours_can_be_read_whatever_they_are(self, browser, site):
        page = site.page(
            button_color="#ffd54a", top_header_bg_color="#777", user_bg_color="hsl(0 60% 45%)",
            assistant_bg_color="lightyellow", chat_icon="magic", assistant_name="Ask &lt;us&gt;", position="top-left",
            window_width="500", window_height="30em", text_size="20", greeting="Hello &lt;b&gt;you&lt;/b&gt;!",
            default_messages=f"{VENUE.question},Another?", send_message_text="Write here", reset_chat_text="Forget it",
            open_on_load="on", support_email="help@intranet.example", theme="dark",
            brand_image_url="data:image/svg+xml,&lt;svg xmlns='http://www.w3.org/2000/svg'/&gt;",
        )  # fmt: skip
        with visit(browser, site, page) as visited:
            page = visited.page
            dialog = page.get_by_role("dialog", name="Ask <us>")
            box = dialog.bounding_box()
            assert (box["x"], box["y"], box["width"], box["height"]) == (20, 20, 500, 600)
            assert page.evaluate("document.activeElement === document.body")
            assert dialog.get_by_text("Hello <b>you</b>!").is_visible()
            assert page.get_by_placeholder("Write here").is_visible()
            page.get_by_role("button", name=VENUE.question).click()
            visited.exchange()
            visited.ask("What?")
            assert visited.exchange(2).get_by_role("link").get_attribute("href") == "mailto:help%40intranet.example"
            assert violations(page) == []
            page.get_by_role("button", name="Forget it").click()
            page.get_by_role("button", name="Close").click()
            page.get_by_role("button", name="Ask <us>").wait_for()
            assert violations(page) == []
            assert (visited.foreign, visited.errors) == ([], [])

    @pytest.mark.parametrize(
        ("page", "locale", "label"),
        [
            ("<html lang=de-AT>", "en-GB", "Ihre Frage"),
            ("<html>", "de-CH", "Ihre Frage"),
            ("<html lang=en>", "de-CH", "Your question"),
            ("<html lang=cy>", "de-CH", "Eich cwestiwn"),
            ("<html lang=it>", "de-CH", "Your question"),
        ],
    )
    def test_the_language_is_the_pages_or_else_the_browsers(self, browser, site, page, locale, label):
        address = site.publish(f"<!doctype html>{page}<title>Page</title><main><h1>1</h1></main>{site.line()}")
        with visit(browser, site, address, locale=locale) as visited:
            visited.page.locator(".launcher button").click()
            visited.page.get_by_label(label).fill(VENUE.question)
            visited.page.keyboard.press("Enter")
            visited.exchange()
            assert violations(visited.page) == [] or page == "<html>"
            assert visited.errors == []

    def test_from_right_to_left(self, browser, site):
        page = PAGE.format(site.line()).replace("lang=en", "lang=ar dir=rtl")
        with visit(browser, site, site.publish(page)) as visited:
            assert visited.page.locator(".launcher").bounding_box()["x"] == 20
            asks_and_cites(visited)
            close, title = (visited.page.locator(name).bounding_box() for name in (".head .icon:last-child", "h2"))
            assert close["x"] < title["x"]
            assert visited.page.locator("blockquote").evaluate("e => getComputedStyle(e).direction") == "ltr"

    def test_in_its_place(self, browser, site):
        page = "<p>Before</p><div>{}</div><p>After</p>".format(site.line(mode="inline", window_height="300"))
        with visit(browser, site, site.publish(PAGE.format("").replace("<p>Soup.</p>", page)), 600) as visited:
            tops = [visited.page.get_by_text(text).bounding_box()["y"] for text in ("Before", "After")]
            box = visited.page.get_by_role("region", name="Ask a question").bounding_box()
            assert tops[0] < box["y"] < tops[1] and box["height"] == 300
            visited.ask(VENUE.question)
            visited.exchange()
            scrolled = visited.page.evaluate("scrollY")
            visited.page.get_by_role("button", name="Source 2").click()
            visited.page.locator("mark").wait_for()
            assert visited.page.evaluate("scrollY") == scrolled
            assert violations(visited.page) == []
            assert (visited.foreign, visited.errors) == ([], [])


# --- what the README tells an editor

README = (ROOT / "ui" / "README.md").read_text(encoding="utf-8").split("## The widget")[1].split("\n## ")[0]
LINE, BOX = re.findall(r"```html\n(.*?)```", README, re.DOTALL)
(STYLE,) = re.findall(r"```css\n(.*?)```", README, re.DOTALL)


def test_the_attributes_are_those_that_are_documented():
    code = WIDGET.read_text(encoding="utf-8")
    used = {"mode", *re.findall(r'(?:setting|size)\("(\w+)"\)', code), *re.findall(r'\["(\w+Color)", "\w+"\]', code)}
    rows = [row.split("|")[1] for row in README.splitlines() if row.startswith("| `data-")]
    documented = re.findall(r"`data-([\w-]+)`", " ".join(rows))
    assert sorted(documented) == sorted(re.sub(r"[A-Z]", lambda big: "-" + big[0].lower(), name) for name in used)
    properties = re.findall(r"--footnote-[\w-]+", STYLE)
    assert len(properties) > 3 and all(f"var({name}," in code for name in properties)


class TestReadme:
    pytestmark = in_browser

    def test_the_line_and_the_box_as_an_editor_pastes_them(self, browser, site):
        line = LINE.replace("https://ask.example", site.api.url).replace("sha384-…", integrity())
        with visit(browser, site, site.publish(PAGE.format(line))) as visited:
            asks_and_cites(visited)
        page = PAGE.format(f"<style>{STYLE}</style>{line}").replace("<p>Soup.</p>", BOX)
        with visit(browser, site, site.publish(page)) as visited:
            assert visited.page.locator("footnote-widget").count() == 1
            assert visited.page.get_by_text("What would you like to know about working here?").is_visible()
            visited.ask(VENUE.question)
            mark = visited.exchange().locator(".mark").first
            assert mark.evaluate("e => getComputedStyle(e).color") == "rgb(122, 16, 32)"
            panel = visited.page.locator(".panel").evaluate("e => getComputedStyle(e).backgroundColor")
            assert panel == "rgb(255, 253, 245)"
            assert violations(visited.page) == []
            assert (visited.foreign, visited.errors) == ([], [])


# --- who may not have it

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PATHS = ("/api/ask", "/api/search?q=a", "/api/documents", f"/api/documents/{CARDIFF.document}", "/widget.js")
FETCH = """
([url, verbs, paths]) => Promise.all(verbs.flatMap(method => paths.map(path =>
    fetch(url + path, {method, credentials: 'include', headers: {Accept: '*/*'}}).then(() => method + path, () => ''))))
"""


class TestOrigins:
    def test_an_origin_that_is_not_allowed_is_refused_on_every_verb(self, site):
        for origin in ("https://evil.example", "null", site.pages.url + "0", site.pages.url.replace("http:", "https:")):
            for verb in VERBS:
                for path in PATHS:
                    reply = site.api.request(verb, path, headers={"Origin": origin})
                    assert reply.status == 403, (origin, verb, path)
                    assert "access-control-allow-origin" not in reply.headers

    def test_a_public_page_may_ask_a_server_in_the_readers_network(self, site):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true"}
        for origin, status in ((site.pages.url, 200), ("https://evil.example", 400)):
            reply = site.api.request("OPTIONS", "/api/ask", headers={"Origin": origin, **asked})
            assert reply.status == status
            assert ("access-control-allow-origin" in reply.headers) == (status == 200)
            assert reply.headers["access-control-allow-private-network"] == "true" or status != 200

    def test_none_is_allowed_unless_the_server_lists_it(self, tmp_path):
        with running(lambda: ScriptedAssistant([VENUE]), Config(index=tmp_path)) as api:
            assert api.get("/widget.js", headers={"Origin": "http://127.0.0.1:1"}).status == 403


class TestStrangers:
    pytestmark = in_browser

    def test_a_page_of_another_origin_gets_no_widget_and_no_answer(self, browser, site):
        elsewhere = site.page().replace("127.0.0.1", "localhost")
        with visit(browser, site, elsewhere) as visited:
            page = visited.page
            page.wait_for_load_state("networkidle")
            assert page.locator("footnote-widget").count() == 0
            let_in = page.evaluate(FETCH, [site.api.url, VERBS[:-1], PATHS])
            assert set(let_in) == {""}

    def test_a_stolen_script_gets_no_answer_either(self, browser, site):
        line = re.sub(r' integrity="[^"]*" crossorigin="[^"]*"', "", site.line())
        elsewhere = site.publish(PAGE.format(line)).replace("127.0.0.1", "localhost")
        before = len(site.assistant.asked)
        with visit(browser, site, elsewhere) as visited:
            visited.open()
            visited.ask(VENUE.question)
            assert "Can't reach the server" in visited.exchange().inner_text()
        assert len(site.assistant.asked) == before

    def test_a_script_that_was_changed_is_not_run(self, browser, site):
        site.pages.files["/widget.js"] = WIDGET.read_bytes() + b"\nwindow.hacked = 1"
        site.pages.headers["/widget.js"] = {"Access-Control-Allow-Origin": "*"}
        changed = site.line().replace(site.api.url + "/widget.js", "/widget.js")
        with visit(browser, site, site.publish(PAGE.format(changed))) as visited:
            visited.page.wait_for_load_state("networkidle")
            assert visited.page.locator("footnote-widget").count() == 0
            assert visited.page.evaluate("window.hacked") is None
            assert ["integrity" in error for error in visited.errors] == [True]
        site.pages.files["/widget.js"] = WIDGET.read_bytes()
        with visit(browser, site, site.publish(PAGE.format(changed))) as visited:
            asks_and_cites(visited)


# --- scripts in questions, and in the text, the name and the title of documents


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory):
    """A document for each payload, which is its text, its name and its title; and an answer that cites them all."""
    folder = tmp_path_factory.mktemp("poisoned")
    (folder / "documents").mkdir()
    for number, payload in enumerate(PAYLOADS):
        name = f"{number} {payload}".replace("/", "∕")[:70]
        text = f"<title>{payload.replace('<', '&lt;')}</title><p>{payload.replace('&', '&amp;').replace('<', '&lt;')}"
        (folder / "documents" / f"{name}.html").write_text(text, encoding="utf-8")
    with intranet(folder, [], folder / "documents") as site:
        with SqliteIndex.open(site.index, read_only=True) as index:
            documents = sorted(map(index.document, (info.name for info in index.documents())), key=number_of)
        parts = []
        for payload, document in zip(PAYLOADS, documents, strict=True):
            text = document.text
            parts.append((payload, Passage(document.name, 0, len(text), text, title=document.title), text.strip()))
        poisoned = answer_of("\n".join(PAYLOADS), parts, glue="\n")
        nowhere = replace(
            NOWHERE, question=PAYLOADS[0], answer="\n".join(PAYLOADS), evidence=evidence_of([part[1] for part in parts])
        )
        site.assistant.answers = [replace(poisoned, notes=tuple(PAYLOADS)), nowhere]
        yield site, documents


def number_of(document):
    return int(document.name.split()[0])


class TestScripts:
    pytestmark = in_browser

    def test_no_payload_runs_wherever_it_stands(self, browser, poisoned):
        site, documents = poisoned
        assert len(PAYLOADS) >= 30
        assert all("<script>" in document.name + document.title for document in documents[:1])
        answer = site.assistant.answers[0]
        with visit(browser, site, site.page()) as visited:
            page = visited.page
            visited.open()
            visited.page.get_by_label("Your question").fill(answer.question)
            page.keyboard.press("Enter")
            article = visited.exchange()
            said = article.inner_text()
            for payload, citation in zip(PAYLOADS, answer.citations, strict=True):
                assert payload.split("\n")[0] in said
                mark = article.locator(".mark", has_text=re.compile(f"^{citation.mark}$"))
                mark.hover()
                mark.evaluate("e => e.click()")
                page.locator("mark").wait_for()
                assert page.locator("mark").text_content().split() == citation.quote.split()
                assert page.locator(".passage h3").text_content() == citation.title
                assert page.get_by_role("link").get_attribute("href").startswith(site.api.url + "/read?document=")
                page.keyboard.press("Escape")
            visited.ask(PAYLOADS[0])
            visited.exchange(2).locator(".nearest").last.click()
            page.locator("mark").wait_for()
            page.reload()
            visited.open()
            visited.exchange(2).locator(".nearest").last.wait_for()
            assert page.evaluate("window.hacked") is None
            assert page.evaluate("document.title") == "Intranet"
            inside = (
                "e => [...e.shadowRoot.querySelectorAll('script,img,iframe,form,style,link,meta,video,base')].length"
            )
            assert page.locator("footnote-widget").evaluate(inside) == 0
            assert (visited.foreign, visited.errors) == ([], [])


# --- the demo


@pytest.mark.slow
@pytest.mark.llm
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium at /usr/bin/chromium or on the PATH")
def test_the_demo_is_a_page_of_another_origin_with_answers_of_the_real_model(browser, site, ingested, tmp_path):
    shutil.copytree(ingested, tmp_path, dirs_exist_ok=True)
    port = free_port()
    command = [*FOOTNOTE, "--index", tmp_path, "widget", "demo", "--port", str(port)]
    heed_interrupts()
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == f"The intranet page is at http://127.0.0.1:{port + 1}/\n"
            assert process.stdout.readline() == f"The chat is at http://127.0.0.1:{port}/\n"
            with visit(browser, site, f"http://127.0.0.1:{port + 1}/") as visited:
                page = visited.page
                visited.open()
                visited.ask("What is the Denbighshire Nightrider?")
                article = visited.exchange(seconds=300)
                assert "volunteer operated" in article.locator(".answer").inner_text()
                article.locator(".mark").first.click()
                page.locator("mark").wait_for()
                assert "volunteer operated" in page.locator("mark").inner_text()
                page.keyboard.press("Escape")
                visited.ask("What is the capital of Mongolia?")
                article = visited.exchange(2, seconds=300)
                assert article.get_by_role("heading", name="The documents do not answer this").is_visible()
                own = (f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{port + 1}/")
                assert [url for url in visited.foreign if not url.startswith(own)] == []
                assert visited.errors == []
        finally:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
    assert (out, process.returncode) == ("", 0), err
