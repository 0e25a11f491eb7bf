"""An answer that is not sure, and the sentence that is shown while one is written, behind every door but a browser."""

import asyncio
import json
import os
import sys
from dataclasses import replace

import openai
import pytest
from api import running
from browser import CARDIFF, INTRODUCTION, NOWHERE, PAID, PAYLOADS, SAVES, VENUE, ScriptedAssistant, unsure_of
from bs4 import BeautifulSoup
from command import ROOT, footnote
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from prometheus_client.parser import text_string_to_metric_families

from eval.questions import SetError
from eval.review import question_of
from rag import cli, feedback
from rag.answers import answer_object, draft_and_quotes, readable
from rag.archive import Archive
from rag.assistant import Assistant
from rag.config import Config
from rag.feedback import COMPLAINTS, Feedback, Span
from rag.types import Answer, Passage, Phase, Sentence, Token
from ui import examples
from ui.conversation import Answered, Exchange, Stopped, advance, history
from ui.history import exported, reopened
from ui.render import announcement, exchange_html
from ui.replies import records
from ui.texts import ENGLISH, in_language

FOUND = replace(VENUE.citations[1], mark=0)
DRAFT = f"{VENUE.sentences[1].text} [1]"
QUOTE = SAVES.citations[0].quote
HEADING = "The documents may answer this"


def done(answer: Answer, kept: str = "") -> Exchange:
    return replace(advance(Exchange(1, answer.question), Answered(answer)), kept=kept)


def soup(exchange: Exchange, language: str = "en") -> BeautifulSoup:
    return BeautifulSoup(exchange_html(exchange, in_language(language)), "lxml")


def words(element) -> str:
    return " ".join(element.get_text().split())


# --- its two parts


def test_a_draft_and_its_quotes_are_taken_apart_without_what_introduces_them():
    draft, quotes = draft_and_quotes(PAID)
    assert draft == DRAFT
    assert [(quote.text, quote.citations) for quote in quotes] == [(QUOTE, (2,))]
    draft, quotes = draft_and_quotes(SAVES)
    assert draft == ""
    assert [quote.text for quote in quotes] == [citation.quote for citation in SAVES.citations]


def test_it_matters_not_whether_a_sentence_has_its_quotation_marks_nor_where_the_introduction_stands():
    bare = replace(PAID, sentences=tuple(replace(s, text=s.text.strip("“”")) for s in PAID.sentences))
    assert draft_and_quotes(bare) == draft_and_quotes(PAID)
    head = replace(PAID, answer=f"{INTRODUCTION}\n{DRAFT}\n- “{QUOTE}” [2]")
    assert draft_and_quotes(head) == draft_and_quotes(PAID)


def test_a_draft_that_is_a_list_keeps_its_bullets():
    sentences = (Sentence("Ann", (1,), 1.0), Sentence("Bob", (1,), 1.0), Sentence("Ann and Bob came.", (1,), 1.0))
    text = f"{INTRODUCTION}\n- Ann [1]\n- Bob [1][2]\n{INTRODUCTION}\n- “Ann and Bob came.” [1]"
    draft, quotes = draft_and_quotes(replace(SAVES, answer=text, sentences=sentences))
    assert draft == "- Ann [1]\n- Bob [1][2]"
    assert [quote.text for quote in quotes] == ["Ann and Bob came."]


def test_what_has_no_sentences_is_still_said():
    assert draft_and_quotes(replace(SAVES, sentences=(), answer="It may be.")) == ("It may be.", ())


# --- the chat's page, without a browser


def test_it_has_a_heading_of_its_own_then_the_quotes_with_their_marks_then_the_sources():
    page = soup(done(SAVES))
    answer = page.select_one(".answer.unsure")
    assert words(answer.h3) == HEADING
    items = answer.select(".quotes li")
    assert [words(item) for item in items] == [f"“{c.quote}”{c.mark}" for c in SAVES.citations]
    assert [mark["data-opens"] for mark in answer.select("button.mark")] == ["1", "2"]
    assert len(page.select(".sources .source")) == 2 and len(page.select(".evidence .piece mark")) == 2
    assert INTRODUCTION not in words(page) and not page.select(".calm")
    assert words(page.select_one(".facts")).startswith("2 sources3.4 s")
    assert "Time to first word" in words(page.select_one(".facts .more"))


def test_a_draft_comes_before_the_quotes():
    answer = soup(done(PAID)).select_one(".answer")
    assert words(answer.select_one("p[dir]")) == f"{VENUE.sentences[1].text}1"
    assert [element.name for element in answer.find_all(recursive=False)] == ["h3", "p", "p", "ul"]
    assert INTRODUCTION not in words(answer)


def test_a_screen_reader_hears_first_that_it_is_not_sure():
    assert announcement(done(PAID)) == f"{HEADING}: {VENUE.sentences[1].text} “{QUOTE}” 2 sources"


def test_in_german_no_word_of_the_interface_is_english():
    page = soup(done(SAVES), "de")
    assert words(page.h3) == "Die Dokumente beantworten das vielleicht"
    assert announcement(done(SAVES), in_language("de")).startswith("Die Dokumente beantworten das vielleicht: “The")


def test_stopped_with_quotes_it_shows_them_and_says_so():
    exchange = advance(done(replace(SAVES, stopped=True)), Stopped())
    assert exchange.state == "answered"
    assert "Stopped early. The part written so far was checked." in words(soup(exchange))


def test_the_next_question_takes_it_along():
    assert [turn.content for turn in history([done(PAID)])] == [PAID.question, PAID.answer]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_a_quote_is_interpreted(payload):
    passage = Passage("a.txt", 0, len(payload), payload, title=payload)
    page = soup(done(unsure_of(payload, [(passage, payload)])))
    shown = payload.strip("`")  # set as code
    assert page.select_one(".quotes li").get_text() == f"“{shown}”1"
    assert not page.select(
        ".reply script, .reply img, .reply iframe, .reply form, .reply svg, .reply input, .reply style"
    )
    assert not [one for one in page.select("*") for name in one.attrs if name.startswith("on")]
    found = soup(advance(Exchange(1, "q"), replace(FOUND, title=payload, quote=payload)))
    assert payload in found.select_one(".found").get_text() and len(found.select(".found *")) == 2


# --- while it is written


def test_the_sentence_that_was_found_stands_above_the_draft_until_the_answer_comes():
    exchange = advance(advance(Exchange(1, "Who?"), Phase("writing", "Writing")), FOUND)
    said = f"Found in Cardiff Co-production Roadshow: “{FOUND.quote}”"
    page = soup(exchange)
    assert words(page.select_one(".found span")) == "Found in Cardiff Co-production Roadshow:"
    assert words(page.select_one(".found q")) == FOUND.quote and not page.select("button, .answer")
    assert announcement(exchange) == said
    exchange = advance(exchange, Token("NESTA"))
    assert announcement(exchange) == said
    page = soup(exchange)
    assert [element["class"] for element in page.select(".reply > *")] == [["found"], ["draft"], ["activity"]]
    assert announcement(advance(exchange, Phase("checking", "…"))) == "Checking each sentence against the documents"
    answered = advance(exchange, Answered(VENUE))
    assert not soup(answered).select(".found") and announcement(answered) == announcement(done(VENUE))
    assert exchange_html(advance(answered, FOUND)) == exchange_html(answered)


def test_a_document_without_a_title_is_named_and_a_long_sentence_is_cut():
    exchange = advance(Exchange(1, "Who?"), replace(FOUND, title="", quote="word " * 1000))
    assert announcement(exchange).startswith(f"Found in {CARDIFF.document}: “word")
    assert len(words(soup(exchange).select_one(".found"))) < 700


# --- kept, opened again, and taken along


def test_it_is_kept_and_opens_again_as_it_was(tmp_path):
    archive = Archive(tmp_path)
    id = archive.put(replace(PAID, path="list"))
    (exchange,) = reopened([{"question": "?", "answer": id}], archive, None, ENGLISH)
    assert exchange.answered.answer == replace(PAID, path="list")
    assert words(soup(exchange).h3) == HEADING


def test_markdown_says_that_it_is_not_sure_and_has_its_footnotes():
    text = exported("Money", [SAVES, PAID], "md", ENGLISH)["text"]
    assert text.count(f"**{HEADING}**\n\n") == 2 and INTRODUCTION not in text
    assert f"- “{QUOTE}”[^1-1]\n- “" in text
    assert f"**{HEADING}**\n\n{VENUE.sentences[1].text}[^2-1]\n\n- “{QUOTE}”[^2-2]\n\n" in text
    for label in ("1-1", "1-2", "2-1", "2-2"):
        assert text.count(f"[^{label}]:") == 1
    german = exported("Geld", [SAVES], "md", in_language("de"))["text"]
    assert "**Die Dokumente beantworten das vielleicht**" in german


def test_json_has_the_status_and_the_path():
    (table,) = json.loads(exported("Money", [SAVES], "json", ENGLISH)["text"])["answers"]
    assert (table["status"], table["path"]) == ("unsure", "read")


# --- what a reader says about it


def test_the_complaints_are_those_that_can_be_meant():
    page = soup(done(SAVES, kept="x" * 22))
    assert page.select_one(".opinion")["data-complaints"].split() == list(COMPLAINTS["unsure"])
    assert "wrong_answer" not in COMPLAINTS["unsure"] and COMPLAINTS["abstained"] == ("should_answer",)


def test_a_thumb_up_makes_its_quotes_the_right_answer_and_another_complaint_does_not():
    spans = tuple(Span(c.document, c.start, c.end, c.quote) for c in SAVES.citations)
    said = Feedback("up", SAVES.question, status="unsure", answer=SAVES.answer, citations=spans, id="1")
    question = question_of(said)
    assert question.answers == (" ".join(span.quote for span in spans),)
    assert [span.start for span in question.gold] == [span.start for span in spans]
    with pytest.raises(SetError, match="right answer"):
        question_of(replace(said, kind="wrong_source", passages=spans))
    assert not question_of(replace(said, kind="should_abstain")).answerable


# --- the API


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    assistant = ScriptedAssistant([VENUE, SAVES, PAID], pace=0.001, found=FOUND)
    with running(lambda: assistant, Config(index=tmp_path_factory.mktemp("unsure"), requests_per_minute=10_000)) as api:
        yield api


def test_the_api_gives_the_object_with_its_status(api):
    reply = api.post("/api/ask", {"question": PAID.question})
    assert (reply.status, reply.json["status"], reply.json["path"]) == (200, "unsure", "read")
    assert reply.json == json.loads(json.dumps(answer_object(PAID)))


def test_the_sentence_that_was_found_comes_as_an_event_before_the_draft(api):
    events = list(api.events({"question": SAVES.question}))
    names = list(dict.fromkeys(name for name, _ in events))
    assert names == ["phase", "quote", "token", "sentence", "citation", "answer"]
    (found,) = [data for name, data in events if name == "quote"]
    expected = ("document", "title", "start", "end", "quote", "page", "header")
    assert found == {name: getattr(FOUND, name) for name in expected}
    assert [data["text"] for name, data in events if name == "sentence"] == [s.text for s in SAVES.sentences]
    assert events[-1][1]["status"] == "unsure"


def test_the_examples_in_the_description_are_of_its_form(api):
    description = api.get("/api/openapi.json").json
    assert examples.UNSURE.keys() == answer_object(SAVES).keys()
    assert examples.UNSURE["answer"].split("\n")[0] == INTRODUCTION
    (quote,) = [line for line in examples.EVENTS.split("\n\n") if line.startswith("event: quote")]
    (_, data) = next(records(FOUND))
    assert json.loads(quote.partition("data: ")[2]).keys() == data.keys() - {"page", "header"}
    statuses = description["components"]["schemas"]["ShownAnswer"]["properties"]["status"]
    assert "unsure" in json.dumps(statuses)


def test_feedback_on_it_is_taken(api):
    said = {"kind": "should_answer", "question": "Why?", "answer": {"id": "1", "status": "unsure"}}
    assert api.post("/api/feedback", said).status == 201
    (kept,) = feedback.pending(api.config.index)
    feedback.remove(api.config.index, [kept.id])
    assert kept.status == "unsure"


def figures(api) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(api.get("/metrics").body.decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_each_outcome_is_counted(api):
    before = figures(api)
    for answer in (SAVES, PAID, VENUE, NOWHERE):
        api.post("/api/ask", {"question": answer.question})
    after = figures(api)
    counts = {key: after[key] - before.get(key, 0) for key in after if key[0] == "footnote_answers_total"}
    assert counts == {
        ("footnote_answers_total", "answered"): 1,
        ("footnote_answers_total", "unsure"): 2,
        ("footnote_answers_total", "abstained"): 1,
    }
    asked = ("footnote_questions_total", "api", "unsure")
    assert after[asked] - before.get(asked, 0) == 2
    assert after["footnote_abstentions_total",] - before["footnote_abstentions_total",] == 1


# --- other programs


def test_openais_clients_get_the_introduction_and_the_quotes(api):
    with openai.OpenAI(base_url=f"{api.url}/v1", api_key="none", max_retries=0) as client:
        messages = [{"role": "user", "content": SAVES.question}]
        message = client.chat.completions.create(model="footnote", messages=messages).choices[0].message
        chunks = list(client.chat.completions.create(model="footnote", messages=messages, stream=True))
    assert message.content.startswith(f"{INTRODUCTION}\n- “{QUOTE}” [1]\n- “")
    assert "\n\n[1] London Co-production Roadshow (" in message.content
    assert message.footnote["status"] == "unsure" and len(message.citations) == 2
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == message.content


TOOLS = """
import sys
sys.path.insert(0, "tests")
from dataclasses import replace
from browser import SAVES, VENUE, ScriptedAssistant
from rag.config import Config
from ui.mcp import serve

serve(lambda: ScriptedAssistant([SAVES], pace=0.001, found=replace(VENUE.citations[0], mark=0)), Config())
"""


def test_a_tool_says_that_it_is_unsure_in_its_text_and_as_a_field():
    async def call():
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = StdioServerParameters(command=sys.executable, args=["-c", TOOLS], env=environment, cwd=ROOT)
        async with Client(stdio_client(process)) as client:
            return await client.call_tool("ask", {"question": SAVES.question})

    result = asyncio.run(asyncio.wait_for(call(), 300))
    assert not result.is_error and result.structured_content["status"] == "unsure"
    assert result.content[0].text == f"Unsure: the documents do not say this outright.\n\n{readable(SAVES)}"


# --- the terminal


class Opened(ScriptedAssistant):
    """A scripted assistant that closes as the real one does."""

    def __enter__(self) -> "Opened":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


def test_the_terminal_shows_the_quotes_and_ends_with_a_code_of_its_own(monkeypatch, capsys):
    opened = Opened([VENUE, SAVES, PAID], pace=0, found=FOUND)
    monkeypatch.setattr(Assistant, "open", lambda config: opened)
    codes = [cli.main(["ask", answer.question]) for answer in (VENUE, SAVES, PAID, NOWHERE)]
    assert codes == [0, 4, 4, 3]
    out = capsys.readouterr().out
    assert f"{INTRODUCTION}\n- “{QUOTE}” [1]\n- “" in out
    assert f"{HEADING}:\n\n{DRAFT}\n{INTRODUCTION}\n" in out
    assert out.count(HEADING) == 1, "where the introduction does not come first"
    assert cli.main(["ask", "--json", SAVES.question]) == 4
    assert json.loads(capsys.readouterr().out)["status"] == "unsure"


def test_the_exit_codes_are_in_the_help_and_in_the_readme():
    line = "0 answered, 3 abstained, 4 unsure, 2 usage error, 1 internal error"
    assert line in " ".join(footnote("ask", "--help").stdout.split())
    assert f"Exit codes: {line}." in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "2 usage error, 1 internal error" in footnote("--help").stdout


def test_an_internal_error_is_called_one(monkeypatch, capsys):
    monkeypatch.setattr(Assistant, "open", lambda config: 1 / 0)
    monkeypatch.delenv("FOOTNOTE_DEBUG", raising=False)
    assert cli.main(["ask", "Why?"]) == 1
    assert capsys.readouterr().err.startswith("footnote: internal error (ZeroDivisionError: division by zero). ")
