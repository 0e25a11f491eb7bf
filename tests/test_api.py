"""The API over real sockets: questions, search, documents, and who is let in."""

import json
import re
import shlex
import threading

import pytest
from api import indexed, running
from browser import NOWHERE, PRINCIPLES, VENUE, ScriptedAssistant, until
from command import ROOT

from rag import prompts
from rag.answers import answer_object
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import open_index
from rag.types import Turn
from ui import examples

DOCUMENTS = {
    "minutes/one.txt": "Location: Cardiff Millennium Centre.\n\nSwindon avoided costs of £250K.\n",
    "two.md": "# Bees\n\nBees make honey — “sweet” and \U0001f41d.\n",
}
INTRANET = "https://intranet.example:8443"
QUESTION = "Where was it held?"


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """An index of two small documents."""
    return indexed(tmp_path_factory.mktemp("api"), DOCUMENTS, origins=(INTRANET,), requests_per_minute=100_000)


@pytest.fixture(scope="module")
def assistant(config):
    generator = ScriptedGenerator({QUESTION: "It was held at the Cardiff Millennium Centre."}, {QUESTION: 0.97})
    embedder = HashEmbedder()
    with Assistant(open_index(config, embedder), embedder, generator, prompts.load(config.prompt), config) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def api(assistant, config):
    with running(lambda: assistant, config) as api:
        yield api


@pytest.fixture(scope="module")
def slow():
    """An assistant that takes its time, and the server in front of it."""
    assistant = ScriptedAssistant([VENUE, PRINCIPLES], pace=0.02)
    with running(lambda: assistant, Config(requests_per_minute=100_000)) as api:
        yield api, assistant


# --- asking


def test_an_answer_is_the_object_of_the_command_line(api, assistant):
    reply = api.post("/api/ask", {"question": QUESTION})
    assert reply.status == 200 and reply.headers["content-type"] == "application/json"
    expected = answer_object(assistant.ask(QUESTION))
    assert {**reply.json, "timings": 0} == {**expected, "timings": 0, "sentences": reply.json["sentences"],
        "citations": reply.json["citations"], "evidence": reply.json["evidence"], "notes": []}  # fmt: skip
    (citation,) = reply.json["citations"]
    text = DOCUMENTS["minutes/one.txt"]
    assert citation["quote"] == text[citation["start"] : citation["end"]]
    assert reply.json["status"] == "answered" and "Millennium" in citation["quote"]


def test_events_come_in_order_and_end_with_the_answer(api):
    events = list(api.events({"question": QUESTION}))
    names = [name for name, _ in events]
    assert list(dict.fromkeys(names)) == ["phase", "token", "sentence", "citation", "answer"]
    assert [data["name"] for name, data in events if name == "phase"] == ["searching", "reading", "writing", "checking"]
    answer = events[-1][1]
    assert [data for name, data in events if name == "sentence"] == answer["sentences"]
    assert [data for name, data in events if name == "citation"] == answer["citations"]
    asked = {"question": QUESTION, "stream": True}
    assert api.post("/api/ask", asked).headers["content-type"].startswith("text/event-stream")


def test_an_abstention_is_an_answer_too(slow):
    reply = slow[0].post("/api/ask", {"question": "What is the capital of Mongolia?"})
    assert (reply.status, reply.json["status"]) == (200, "abstained")
    assert reply.json["evidence"][0]["document"] == NOWHERE.evidence[0].passage.document


def test_the_history_reaches_the_assistant(slow):
    api, assistant = slow
    history = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hello."}]
    api.post("/api/ask", {"question": "And then?", "history": history})
    assert assistant.asked[-1] == ("And then?", (Turn("user", "Hello?"), Turn("assistant", "Hello.")))


@pytest.mark.parametrize(
    ("body", "status", "error", "said"),
    [
        ({"question": " ?! "}, 400, "bad_question", "empty"),
        ({"question": ""}, 422, "invalid_request", "question: "),
        ({}, 422, "invalid_request", "question: Field required"),
        ([], 422, "invalid_request", "must be a JSON object"),
        ({"question": "a", "temperature": 2}, 422, "invalid_request", "temperature: "),
        ({"question": "a", "history": [{"role": "system", "content": "b"}]}, 422, "invalid_request", "history[0].role"),
        (b"{", 422, "invalid_request", "not valid JSON: Expecting property name enclosed in double quotes (line 1, "),
        (b'{"question": "a",\n  "stream" true}', 422, "invalid_request", "Expecting ':' delimiter (line 2, column 12)"),
        (b'{"question": "\\ud800"}', 422, "invalid_request", "question: "),
        ({"question": "a" * 9000}, 422, "invalid_request", "8000"),
        ({"question": "a", "documents": []}, 422, "invalid_request", "documents: "),
        ({"question": "a", "documents": ["no.md", "two.md"]}, 404, "bad_document", "no document 'no.md'."),
        ({"question": "a", "documents": ["x"], "collections": ["y"]}, 404, "bad_document", "'x' and no collection 'y'"),
        (b" " * (2 << 20), 413, "http", "too large"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_with_the_reason(api, body, status, error, said):
    reply = api.post("/api/ask", body)
    assert (reply.status, reply.json["error"]) == (status, error)
    assert said in reply.json["message"]


def test_a_mistake_of_ours_shows_no_traceback(api, monkeypatch, caplog):
    monkeypatch.setattr("ui.library.Library.documents", lambda _: 1 / 0)
    reply = api.get("/api/documents")
    assert (reply.status, reply.json["error"]) == (500, "internal")
    assert b"Zero" not in reply.body and "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("path", ["/api/nothing", "/v1/nothing"])
def test_what_is_not_there_is_said_in_json(api, path):
    reply = api.get(path)
    assert reply.status == 404 and "error" in reply.json


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/ask", "POST"),
        ("PUT", "/api/documents", "GET, POST"),
        ("PATCH", "/api/documents/minutes/one.txt", "GET, DELETE"),
        ("GET", "/v1/chat/completions", "POST"),
        ("POST", "/v1/models", "GET"),
        ("GET", "/mcp", "POST"),
        ("DELETE", "/mcp", "POST"),
        ("POST", "/healthz", "GET"),
    ],
)
def test_another_method_is_refused_with_those_that_are_allowed(api, method, path, allowed):
    headers = {"Origin": api.url, "Sec-Fetch-Site": "same-origin"}
    reply = api.request(method, path, headers=headers)
    assert (reply.status, reply.headers["allow"]) == (405, allowed)
    assert allowed in str(reply.json["error" if path.startswith("/v1/") else "message"])


def test_an_answer_comes_from_the_chosen_documents_and_collections_only(api):
    def sources(body):
        return {item["document"] for item in api.post("/api/ask", {"question": QUESTION} | body).json["evidence"]}

    assert sources({"documents": ["two.md"]}) == {"two.md"}
    assert sources({"collections": ["minutes"]}) == {"minutes/one.txt"}
    assert "minutes/one.txt" in sources({"documents": ["two.md"], "collections": ["minutes"]})
    chat = {"messages": [{"role": "user", "content": QUESTION}], "collections": ["minutes"]}
    completion = api.post("/v1/chat/completions", chat).json
    evidence = completion["choices"][0]["message"]["footnote"]["evidence"]
    assert {item["document"] for item in evidence} == {"minutes/one.txt"}
    assert completion["usage"]["prompt_tokens"] == len(QUESTION.split())  # as the model counts
    missing = api.post("/v1/chat/completions", chat | {"collections": ["plans"]})
    assert missing.status == 404 and "'plans'" in missing.json["error"]["message"]
    found = api.get("/api/search?q=bees&collections=minutes").json["passages"]
    assert {passage["document"] for passage in found} == {"minutes/one.txt"}
    assert api.get("/api/search?q=bees&documents=none.txt").status == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/ask", {"question": PRINCIPLES.question}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": PRINCIPLES.question}]}),
    ],
)
def test_a_stream_begins_at_once_and_is_never_silent_for_long(slow, monkeypatch, path, body):
    """A proxy in front ends a connection on which nothing came for 15 to 60 s."""
    monkeypatch.setattr("ui.asking.QUIET", 0.05)
    api, _ = slow
    reply = api.post(path, body | {"stream": True})
    parts = reply.body.split(b"\n\n")
    assert parts[0] == b": keep-alive" and parts.count(b": keep-alive") > 3


def test_the_request_in_the_readme(api):
    (line,) = re.findall(r"```bash\n(curl .*)\n```", (ROOT / "ui" / "README.md").read_text(encoding="utf-8"))
    curl, silent, url, _, header, _, body = shlex.split(line)
    assert (curl, silent) == ("curl", "-s")
    name, value = header.split(": ")
    reply = api.post(url.removeprefix("localhost:7860"), body.encode(), headers={name: value})
    assert reply.json.keys() == examples.ANSWER.keys()


# --- searching and reading


def test_search_gives_passages_without_the_language_model(api, assistant):
    before = len(assistant.generator.prompts)
    (found,) = api.get("/api/search?q=honey&limit=1").json["passages"]
    assert (found["document"], found["rank"]) == ("two.md", 1)
    assert found["text"] == DOCUMENTS["two.md"][found["start"] : found["end"]]
    assert len(assistant.generator.prompts) == before
    assert api.get("/api/search?q=%20").json["error"] == "bad_question"
    assert api.get("/api/search?q=a&limit=0").status == 422


def test_documents_are_listed_without_where_they_came_from(api, config):
    listed = api.get("/api/documents").json["documents"]
    assert [info["id"] for info in listed] == ["minutes/one.txt", "two.md"]
    assert str(config.index.parent) not in str(listed)
    assert api.get("/api/documents/minutes/one.txt").json == listed[0]
    assert api.get("/api/documents/minutes%2Fone.txt").json == listed[0]
    assert api.get("/api/documents/none.txt").status == 404
    assert api.get("/api/documents/..%2F..%2Fetc%2Fpasswd").status == 404


def test_a_passage_comes_with_its_surroundings(api):
    text = DOCUMENTS["two.md"]
    start = text.index("honey")
    reply = api.get(f"/api/documents/two.md/passage?start={start}&end={start + 5}&around=4").json
    assert reply["quote"] == "honey"
    assert reply["text"] == text[reply["text_start"] : reply["text_end"]] == "ake honey — “"[-13:]
    assert reply["text"][start - reply["text_start"] :][:5] == "honey"
    for span in ("start=5&end=5", "start=-1&end=5", f"start=0&end={len(text) + 1}"):
        assert api.get(f"/api/documents/two.md/passage?{span}").json["error"] == "bad_question"


def test_examples_in_the_description_are_what_really_comes(api):
    description = api.get("/api/openapi.json").json
    shown = description["paths"]["/api/ask"]["post"]["responses"]["200"]["content"]["application/json"]["examples"]
    assert [example["value"]["status"] for example in shown.values()] == ["answered", "unsure"]
    assert description["components"]["schemas"]["Ask"]["examples"]
    completion = api.post("/v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}]}).json
    assert examples.REPLY.keys() == completion.keys()
    assert examples.REPLY["choices"][0]["message"].keys() == completion["choices"][0]["message"].keys()
    assert api.get("/v1/models/footnote").json == examples.ENTRY
    assert "/mcp" in description["paths"]
    assert examples.ANSWER.keys() == api.post("/api/ask", {"question": QUESTION}).json.keys()
    assert examples.FACTS.keys() == api.get("/api/documents/two.md").json.keys()
    assert examples.FOUND.keys() == api.get("/api/search?q=bees").json["passages"][0].keys()
    assert examples.STRETCH.keys() == api.get("/api/documents/two.md/passage?start=0&end=3").json.keys()


def test_health_and_readiness(api):
    assert api.get("/healthz").json == {"status": "alive"}
    assert api.get("/readyz").json == {"ready": True, "model": "scripted", "documents": 2}


def test_not_ready_before_the_model_is_there_but_documents_can_be_read(config):
    gate = threading.Event()

    def load():
        gate.wait(60)
        return ScriptedAssistant([VENUE])

    with running(load, config, wait=False) as api:
        assert api.get("/healthz").status == 200
        assert api.get("/readyz").status == 503
        assert api.get("/api/search?q=bees").json["error"] == "model"
        assert len(api.get("/api/documents").json["documents"]) == 2
        events = api.events({"question": VENUE.question})
        assert next(events)[1]["name"] == "waiting"
        gate.set()
        assert list(events)[-1][0] == "answer"


# --- leaving, and running out of time


def test_a_client_that_goes_away_stops_the_answer(slow):
    api, assistant = slow
    assistant.stopped.clear()
    events = api.events({"question": PRINCIPLES.question})
    while next(events)[0] != "token":
        pass
    events.close()
    assert assistant.stopped.wait(60)
    until(lambda: api.service._running is None, 60)


CALL = {"name": "ask", "arguments": {"question": PRINCIPLES.question}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/ask", {"question": PRINCIPLES.question}),
        ("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": CALL}),
    ],
)
def test_a_client_that_waits_for_json_and_goes_away_stops_the_answer(slow, path, body):
    api, assistant = slow
    assistant.stopped.clear()
    connection = api.connect()
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    connection.request("POST", path, json.dumps(body), headers if path == "/mcp" else headers | {"Accept": "*/*"})
    until(lambda: api.service._running is not None, 60)
    connection.close()
    assert assistant.stopped.wait(60)
    until(lambda: api.service._running is None, 60)


def test_a_client_that_goes_away_while_it_waits_is_never_asked_for(slow):
    api, assistant = slow
    assistant.asked.clear()
    first = api.events({"question": PRINCIPLES.question})
    next(first)
    second = api.events({"question": "Second?"}, address="127.0.0.2")
    name, data = next(second)
    assert (name, data["name"], data["position"]) == ("phase", "waiting", 1)
    second.close()
    until(lambda: api.service.waiting == 0, 60)
    assert list(first)[-1][0] == "answer"
    assert [question for question, _ in assistant.asked] == [PRINCIPLES.question]


def test_past_its_deadline_a_question_gets_an_error_and_frees_the_model():
    assistant = ScriptedAssistant([PRINCIPLES], pace=0.05)
    with running(lambda: assistant, Config(deadline=1)) as api:
        reply = api.post("/api/ask", {"question": PRINCIPLES.question})
        assert (reply.status, reply.json["error"]) == (504, "deadline")
        assert assistant.stopped.wait(60)
        assistant.pace = 0
        assert list(api.events({"question": PRINCIPLES.question}))[-1][0] == "answer"
        assistant.pace = 0.05
        assert list(api.events({"question": PRINCIPLES.question}))[-1] == ("error", reply.json)


def test_a_full_queue_says_when_to_come_again():
    assistant = ScriptedAssistant([PRINCIPLES], pace=0.05)
    with running(lambda: assistant, Config(queue_length=2, queue_per_user=1)) as api:
        waiting = []
        for number in range(3):
            waiting.append(api.events({"question": PRINCIPLES.question}, address=f"127.0.0.{number + 1}"))
            next(waiting[-1])
        own = api.post("/api/ask", {"question": "Me again?"}, address="127.0.0.3")
        assert (own.status, own.json["error"]) == (429, "too_many") and int(own.headers["retry-after"]) >= 1
        crowd = api.post("/api/ask", {"question": "And me?"}, address="127.0.0.9")
        assert (crowd.status, crowd.json["error"]) == (503, "too_many") and int(crowd.headers["retry-after"]) >= 1
        for events in waiting:
            events.close()


# --- who is let in


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/documents", None),
        ("GET", "/api/search?q=a", None),
        ("POST", "/api/ask", {"question": QUESTION}),
        ("OPTIONS", "/api/ask", None),
        ("DELETE", "/api/documents/two.md", None),
        ("GET", "/v1/models", None),
        ("POST", "/mcp", {}),
        ("GET", "/widget.js", None),
    ],
)
def test_only_listed_origins_may_and_each_is_echoed_exactly(api, method, path, body):
    refused = ["https://evil.example", INTRANET + ".evil.example", "http://intranet.example:8443", "null", "*"]
    for origin in refused:
        reply = api.request(method, path, body, {"Origin": origin})
        assert (reply.status, "access-control-allow-origin" in reply.headers) == (403, False), origin
        assert "origin" in reply.headers["vary"].lower()
    reply = api.request(method, path, body, {"Origin": INTRANET, "Access-Control-Request-Method": "POST"})
    assert reply.headers["access-control-allow-origin"] == INTRANET
    assert "origin" in reply.headers["vary"].lower()


def test_our_own_page_is_let_in_and_the_chat_is_for_our_own_pages_alone(api):
    assert api.get("/api/documents", headers={"Origin": api.url}).status == 200
    assert api.get("/", headers={"Origin": api.url}).status == 200
    assert api.get("/config", headers={"Origin": INTRANET}).status == 403
    assert api.request("OPTIONS", "/config", headers={"Origin": INTRANET}).status == 403


def test_by_default_no_other_page_may():
    with running(lambda: ScriptedAssistant([VENUE]), Config()) as api:
        assert api.get("/healthz").status == 200
        assert api.get("/api/documents", headers={"Origin": INTRANET}).status == 403


def test_requests_are_limited_by_address():
    with running(lambda: ScriptedAssistant([VENUE]), Config(requests_per_minute=3)) as api:
        replies = [api.get("/v1/models") for _ in range(5)]
        assert [reply.status for reply in replies][3:] == [429, 429]
        assert replies[-1].json["error"]["code"] == "too_many" and int(replies[-1].headers["retry-after"]) >= 1
        assert api.get("/v1/models", address="127.0.0.2").status != 429
        forged = {"X-Forwarded-For": "10.0.0.1"}
        assert api.get("/v1/models", headers=forged).status == 429
