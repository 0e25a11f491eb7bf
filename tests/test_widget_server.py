"""The widget's file as a page gets it, and the line that brings it there."""

import base64
import hashlib
import re

import pytest
from api import running
from browser import VENUE, ScriptedAssistant
from command import footnote

from rag.config import Config
from ui.local import STATIC
from ui.widget import script_line

INTRANET = "https://intranet.example"


@pytest.fixture(scope="module")
def api():
    with running(lambda: ScriptedAssistant([VENUE]), Config(origins=(INTRANET,))) as api:
        yield api


def test_the_bytes_are_those_that_the_line_names(api):
    reply = api.get("/widget.js", headers={"Origin": INTRANET})
    assert (reply.status, reply.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert reply.headers["access-control-allow-origin"] == INTRANET
    (digest,) = re.findall(r'integrity="sha384-(\S+)"', script_line("https://ask.example"))
    assert base64.b64decode(digest) == hashlib.sha384(reply.body).digest()
    assert reply.body == (STATIC / "widget.js").read_bytes()


def test_it_is_sent_again_only_when_it_has_changed(api):
    first = api.get("/widget.js")
    assert first.headers["cache-control"] == "no-cache"
    again = api.get("/widget.js", headers={"If-None-Match": first.headers["etag"], "Origin": INTRANET})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["access-control-allow-origin"] == INTRANET


def test_its_texts_come_in_the_language_of_the_page(api):
    reply = api.get("/widget/cy.json", headers={"Origin": INTRANET})
    assert reply.json["ask"] == "Gofyn"
    assert reply.headers["access-control-allow-origin"] == INTRANET
    assert api.get("/widget/it.json").status == 404
    assert api.get("/widget/..%2Fen.json").status == 404


@pytest.mark.parametrize("path", ["/widget.js", "/widget/cy.json"])
def test_a_page_of_another_origin_does_not_get_it(api, path):
    assert api.get(path, headers={"Origin": "https://evil.example"}).status == 403


def test_the_command_prints_the_line(tmp_path):
    done = footnote("widget", "snippet", "--url", "https://ask.example/")
    assert done.returncode == 0
    assert done.stdout == script_line("https://ask.example") + "\n"
    assert done.stdout.startswith('<script src="https://ask.example/widget.js" data-base-api-url="https://ask.example"')
    wrong = footnote("widget", "snippet", "--url", "javascript:alert(1)")
    assert wrong.returncode == 2 and "https://" in wrong.stderr
    odd = script_line('https://ask.example/"><script>')
    assert odd.count("<script") == 1
