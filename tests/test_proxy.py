"""Behind a real nginx, under a path: the configuration in the README with everything that people and programs use."""

import re
import shutil
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from api import Running
from browser import PATIENCE, chromium, free_port, in_browser, running_chat, until
from command import ROOT
from fpdf import FPDF
from servers import serving

from rag import prompts
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.errors import ConfigError
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index
from rag.ingest import ingest
from ui.proxy import check, path_of, put_behind
from ui.server import application, serve
from ui.service import Service
from ui.widget import script_line

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
README = (ROOT / "ui" / "README.md").read_text(encoding="utf-8")
PLOVER, NESTS = "Where does the plover nest?", "The plover nests by the river."
BITTERN, BOOMS = "When does the bittern boom?", "The bittern booms at dusk in the reeds."
TOKEN = "an administrator's token"
PATH = "/footnote"


@contextmanager
def nginx(folder, port, inner):
    """Run nginx on ``port`` with the location from the README, in front of a server on the port ``inner``."""
    if NGINX is None:
        pytest.fail("There is no nginx; install it with 'apt-get install nginx-light', as .ci/run does.")
    (location,) = re.findall(r"```nginx\n(.*?)```", README, re.DOTALL)
    assert ":7860/" in location
    location = location.replace(":7860/", f":{inner}/")
    temporary = "".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    file = folder / "nginx.conf"
    file.write_text(
        f"user root; daemon off; pid {folder}/pid; events {{}} http {{ access_log {folder}/requests; {temporary}\n"
        f"server {{ listen 127.0.0.1:{port}; {location} }} }}",
        encoding="utf-8",
    )
    command = [NGINX, "-p", str(folder), "-c", str(file), "-e", str(folder / "errors")]
    with subprocess.Popen(command) as process:
        try:
            until(lambda: answers(port) or process.poll() is not None, PATIENCE)
            assert process.poll() is None, (folder / "errors").read_text()
            yield
        finally:
            process.terminate()


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """The address of Footnote through nginx; its setting names the same."""
    folder, embedder, port = tmp_path_factory.mktemp("proxy"), HashEmbedder(64), free_port()
    (folder / "birds").mkdir()
    (folder / "birds" / "birds.txt").write_text(f"{NESTS}\n\nThe heron eats fish and frogs.\n", encoding="utf-8")
    address = f"http://localhost:{port}{PATH}"
    config = Config(
        index=folder / "index", public_url=address, trusted_proxies=("127.0.0.1",), admin_token=TOKEN,
        requests_per_minute=100_000,
    )  # fmt: skip
    generator = ScriptedGenerator({PLOVER: NESTS, BITTERN: BOOMS}, dict.fromkeys((PLOVER, BITTERN), 0.97))
    with create_index(config, embedder) as index, serving() as pages:
        ingest([folder / "birds"], index, embedder, config)
        config = replace(config, origins=(pages.url,))
        assistant = Assistant(index, embedder, generator, prompts.load(config.prompt), config)
        inner, web = free_port(), tmp_path_factory.mktemp("nginx")
        with running_chat(lambda: assistant, config, inner), nginx(web, port, inner):
            pages.files["/"] = f"<!doctype html><html lang=en><h1>Intranet</h1>{script_line(address)}</html>".encode()
            pages.files["/favicon.ico"] = b""
            yield Proxied(
                *(Running(each, None, config) for each in (port, inner)), address, pages.url, web / "requests"
            )


@dataclass
class Proxied:
    """Clients of nginx and of the server itself, the address under nginx, a page of another origin, and nginx's log."""

    outer: Running
    inner: Running
    address: str
    intranet: str
    log: Path


def test_programs_reach_everything_under_the_path(proxied):
    api = proxied.outer
    assert api.post(f"{PATH}/api/ask", {"question": PLOVER}).json["sentences"][0]["text"] == NESTS
    chat = {"model": "footnote", "messages": [{"role": "user", "content": PLOVER}]}
    assert NESTS in api.post(f"{PATH}/v1/chat/completions", chat).json["choices"][0]["message"]["content"]
    assert api.get(f"{PATH}/v1/models").json["data"][0]["id"] == "footnote"
    assert api.get(f"{PATH}/api/openapi.json").json["servers"] == [{"url": PATH}]
    for inside, outside in (("", "/"), ("/documents/", "/documents")):
        location = api.get(PATH + inside).headers["location"]
        assert location.replace(api.url, "") == PATH + outside
    assert "There is no GET /api/nothing" in api.get(f"{PATH}/api/nothing").json["message"]
    assert api.get(f"{PATH}/api/review").status == 401
    assert api.get("/readyz").headers["content-type"] == "text/html", "nginx itself says that there is nothing"


def test_a_stream_comes_as_it_is_made(proxied):
    names = [name for name, _ in proxied.outer.events({"question": PLOVER, "stream": True}, path=f"{PATH}/api/ask")]
    assert names[0] == "phase" and names[-1] == "answer"
    for api, hint in ((proxied.inner, "no"), (proxied.outer, None)):  # nginx follows the header and removes it.
        reply = api.post(f"{PATH}/api/ask", {"question": PLOVER, "stream": True})
        assert reply.headers.get("x-accel-buffering") == hint


def test_the_path_may_also_stay_in_place(proxied):
    assert proxied.inner.get(f"{PATH}/readyz").json["ready"]
    assert proxied.inner.get(PATH).headers["location"] == f"{PATH}/"
    assert proxied.inner.get(f"{PATH}x/readyz").status == 404


@pytest.mark.browser
@pytest.mark.skipif(in_browser[1].args[0], reason="no Chromium")
def test_people_reach_everything_under_the_path(proxied):
    """Upload, ask, follow a link into the PDF and back, every page, and the widget; nothing is asked for elsewhere."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    pdf.cell(0, 10, BOOMS)
    pdf.set_subject("a file larger than nginx takes by default " * 30_000)
    before = len(proxied.log.read_text().splitlines())
    with chromium() as browser:
        context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
        context.set_default_timeout(1000 * PATIENCE)
        errors, page = [], context.new_page()
        context.on(
            "console", lambda said: errors.append(f"{said.text} {said.location}") if said.type == "error" else None
        )
        page.goto(proxied.address)
        assert page.url == f"{proxied.address}/"
        page.locator("#name nav").get_by_text("Documents").click()
        page.locator(".document").first.wait_for()
        page.evaluate("token => sessionStorage.setItem('footnote.token', token)", TOKEN)
        upload(page, ("bittern.pdf", bytes(pdf.output())))
        page.locator("#name nav").get_by_text("Chat").click()
        box = page.get_by_label("Your question")
        box.fill(BITTERN)
        box.press("Enter")
        page.locator("button.mark").first.click()
        with context.expect_page() as opened:
            page.locator(".panel .current a").click()
        reader = opened.value
        reader.locator(".page .spot").wait_for()
        assert reader.evaluate("document.querySelector('img').naturalWidth") == 1200
        reader.get_by_role("link").first.click()
        reader.get_by_label("Your question").wait_for()
        assert reader.url == f"{proxied.address}/"
        page.reload()
        page.locator(".exchange .reply").get_by_text(BOOMS).first.wait_for()
        for name in ("Search", "Settings", "Review"):
            page.locator("#name nav").get_by_text(name).click()
            page.locator("#name [aria-current]").get_by_text(name).wait_for()
        page.goto(proxied.intranet)
        page.get_by_role("button", name="Ask a question").click()
        box = page.get_by_label("Your question")
        box.fill(PLOVER)
        box.press("Enter")
        page.get_by_role("button", name="Source 1: ").click()
        assert page.locator("mark").inner_text() == NESTS
        with context.expect_page() as opened:
            page.get_by_role("link", name="Open the document here").click()
        opened.value.locator("mark").wait_for()
        context.close()
    assert not errors
    requests = re.findall(r'"[A-Z]+ (\S+) HTTP', proxied.log.read_text())[before:]
    assert len(requests) > 50 and all(path.startswith(f"{PATH}/") or path == PATH for path in requests)


def upload(page, *files):
    page.locator("input.files").set_input_files([{"name": n, "mimeType": "", "buffer": d} for n, d in files])
    page.wait_for_function("n => document.querySelectorAll('.arrivals li.done').length === n", arg=len(files))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"public_url": "ask.example"}, "such as https://ask.example/footnote"),
        ({"public_url": "https://ask.example/a?b=c"}, "such as https://"),
        ({"public_url": "https://me@ask.example/"}, "such as https://"),
        ({"public_url": "https://ask.example:99999/"}, "such as https://"),
        ({"public_url": "https://ask.example/../a"}, "may only consist of"),
        ({"public_url": "https://ask.example/a//b"}, "may only consist of"),
        ({"public_url": "https://ask.example/a%20b"}, "may only consist of"),
        ({"origins": ("https://intranet.example/app",)}, "without a path"),
        ({"origins": ("*",)}, "without a path"),
        ({"user_header": "X-Remote-User"}, "trusted_proxies is empty"),
    ],
)
def test_what_would_have_no_effect_is_refused(settings, said):
    with pytest.raises(ConfigError, match=said):
        check(Config(**settings))


def test_it_is_refused_at_start(tmp_path, monkeypatch):
    assert path_of(Config(public_url="https://ask.example/a/b-c/")) == "/a/b-c"
    app = application(Service(lambda: None), Config(index=tmp_path))
    for path in ("v1", "documents", "assets", "read"):
        with pytest.raises(ConfigError, match="which Footnote uses itself"):
            put_behind(app, Config(public_url=f"https://ask.example/{path}"))
    monkeypatch.setenv("GRADIO_ROOT_PATH", "/footnote")
    with pytest.raises(ConfigError, match="public_url"):
        serve(lambda: None, Config(index=tmp_path, port=0))
