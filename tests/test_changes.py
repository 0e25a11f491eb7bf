"""Documents that come and go over the API, feedback, and the figures."""

import asyncio
import io
import json
import threading
import time
import uuid

import pytest
from api import parsed, running
from browser import VENUE, ScriptedAssistant
from prometheus_client.parser import text_string_to_metric_families

from rag import feedback, prompts
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.generators.llama.states import StateCache
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index, open_index
from rag.ingest import ingest
from ui import examples
from ui.asking import event_stream

TOKEN = "an administrator's token"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}
QUESTION = "Where was it held?"
TEXT = "It was held at the Cardiff Millennium Centre.\n"


class SlowEmbedder(HashEmbedder):
    """Takes its time for each passage of a document, as a real one does, and tells of each."""

    pace = 0.0

    def embed_passages(self, texts, progress=None):
        def told(done, total):
            time.sleep(self.pace)
            if progress:
                progress(done, total)

        return super().embed_passages(texts, told)


@pytest.fixture(scope="module")
def embedder():
    return SlowEmbedder()


@pytest.fixture(scope="module")
def api(tmp_path_factory, embedder):
    folder = tmp_path_factory.mktemp("changes")
    (folder / "in").mkdir()
    (folder / "in" / "one.txt").write_text(TEXT)
    config = Config(index=folder / "index", admin_token=TOKEN, upload_megabytes=1, requests_per_minute=100_000)
    with create_index(config, embedder) as index:
        ingest([folder / "in"], index, embedder, config)
    generator = ScriptedGenerator({QUESTION: TEXT}, {QUESTION: 0.97, "plover": 0.1})
    index = open_index(config, embedder)
    with (
        Assistant(index, embedder, generator, prompts.load(config.prompt), config) as assistant,
        running(lambda: assistant, config) as api,
    ):
        yield api


def upload(api, name, data, headers=ADMIN):
    """Return the response to a form with one file, as a browser sends it."""
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body = head + data + f"\r\n--{boundary}--\r\n".encode()
    return api.post(
        "/api/documents", body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}", **headers}
    )


def names(api):
    return [info["id"] for info in api.get("/api/documents").json["documents"]]


# --- documents


def test_a_document_is_added_changed_asked_about_and_deleted(api):
    reply = upload(api, "birds/plover.md", b"# Birds\n\nThe plover nests on the ground.\n")
    assert (reply.status, reply.json) == (201, examples.NEW | {"id": "birds/plover.md"})
    assert api.get("/api/search?q=plover").json["passages"][0]["document"] == "birds/plover.md"
    assert upload(api, "birds/plover.md", b"# Birds\n\nThe plover nests on the ground.\n").json["change"] == "unchanged"
    assert upload(api, "birds/plover.md", b"# Birds\n\nThe dotterel runs.\n").json["change"] == "changed"
    copy = upload(api, "copy.txt", TEXT.encode())
    assert (copy.json["change"], copy.json["same_as"]) == ("added", "one.txt")
    assert names(api) == ["birds/plover.md", "copy.txt", "one.txt"]
    for name in ("birds/plover.md", "copy.txt"):
        assert api.request("DELETE", f"/api/documents/{name}", headers=ADMIN).status == 204
    assert names(api) == ["one.txt"]
    assert api.request("DELETE", "/api/documents/copy.txt", headers=ADMIN).status == 404
    index = api.config.index
    left = [path for path in index.rglob("*") if path.is_file() and b"dotterel" in path.read_bytes()]
    assert left == []
    assert [path for path in (index / "uploads").rglob("*") if path.is_file()] == []


def test_progress_comes_as_events(api):
    data = "\n\n".join(f"Paragraph {n} is about something else. " * 20 for n in range(20)).encode()
    reply = upload(api, "long.txt", data, {**ADMIN, "Accept": "text/event-stream"})
    events = list(parsed(io.BytesIO(reply.body)))
    assert [name for name, _ in events][-1] == "document" and events[-1][1]["id"] == "long.txt"
    steps = [data["step"] for name, data in events if name == "progress"]
    assert steps[0] == "received" and {"read", "embed", "done"} <= set(steps)
    api.request("DELETE", "/api/documents/long.txt", headers=ADMIN)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("program.exe", b"MZ", "is not a supported file type"),
        ("empty.txt", b" \n", "empty"),
        ("broken.pdf", b"%PDF-1.7 nothing", "broken.pdf"),
        ("../../escape.txt", b"text", "name"),
        ("/etc/escape.txt", b"text", "name"),
        ("..\\\\escape.txt", b"text", "name"),
        (".hidden.txt", b"text", "name"),
        ("a" * 300 + ".txt", b"text", "name"),
        ("bell\x07.txt", b"text", "name"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason_and_leaves_nothing(api, name, data, said):
    reply = upload(api, name, data)
    assert (reply.status, reply.json["error"]) == (422, "bad_document")
    assert said in reply.json["message"]
    assert names(api) == ["one.txt"]
    uploads = api.config.index / "uploads"
    assert [path for path in uploads.rglob("*") if path.is_file()] == []
    assert not (uploads.parent.parent / "escape.txt").exists()


def test_an_upload_that_cannot_be_read_does_not_replace_one_that_can(api):
    upload(api, "kept.txt", b"The first version.")
    assert upload(api, "kept.txt", b"\x00\x01\x02").status == 422
    assert api.get("/api/search?q=version").json["passages"][0]["document"] == "kept.txt"
    assert (api.config.index / "uploads" / "kept.txt").read_bytes() == b"The first version."
    api.request("DELETE", "/api/documents/kept.txt", headers=ADMIN)


def test_only_the_administrator_may_and_nothing_of_the_body_is_taken_in_before(api):
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        assert upload(api, "a.txt", b"text", headers).json["error"] == "token_refused"
        assert api.request("DELETE", "/api/documents/one.txt", headers=headers).status == 401
    connection = api.connect()
    connection.putrequest("POST", "/api/documents")
    connection.putheader("Content-Length", str(900_000))
    connection.endheaders()  # No byte of the body is sent.
    assert connection.getresponse().status == 401
    connection.close()
    assert names(api) == ["one.txt"]
    assert upload(api, "large.txt", b"x" * (2 << 20)).status == 413


def test_without_a_token_in_the_settings_only_our_pages_on_this_machine_may(tmp_path):
    with running(lambda: None, Config(index=tmp_path)) as api:
        paths = [("GET", "/api/review"), ("POST", "/api/review/1"), ("DELETE", "/api/documents/a.txt")]
        for method, path in paths:
            ours = {"Origin": api.url, "Sec-Fetch-Site": "same-origin"}
            allowed = api.request(method, path, {"decision": "reject"}, ours)
            assert allowed.status != 403, "what is wrong with it is another thing"
            for headers, address in [
                ({}, "127.0.0.1"),
                ({"Origin": "http://evil.example"}, "127.0.0.1"),
                ({"Sec-Fetch-Site": "cross-site"}, "127.0.0.1"),
                ({**ours, "X-Forwarded-For": "10.0.0.1"}, "127.0.0.1"),
                ({**ours, "Forwarded": "for=10.0.0.1"}, "127.0.0.1"),
                (ours, "127.0.0.9"),
            ]:
                assert api.request(method, path, {"decision": "reject"}, headers, address).status == 403, headers


def test_without_a_token_in_the_settings_nobody_else_may():
    with running(lambda: ScriptedAssistant([VENUE]), Config()) as api:
        reply = upload(api, "a.txt", b"text", {"Authorization": "Bearer "})
        assert (reply.status, reply.json["error"]) == (403, "refused")
        assert "admin_token" in reply.json["message"]


def test_an_answer_does_not_wait_for_a_document_that_is_coming_in(api, embedder):
    embedder.pace = 0.05
    data = "\n\n".join(f"Paragraph {n} is about something else. " * 20 for n in range(60)).encode()
    added = []
    thread = threading.Thread(target=lambda: added.append(upload(api, "slow.txt", data)))
    try:
        thread.start()
        for _ in range(5):
            assert api.post("/api/ask", {"question": QUESTION}).json["status"] == "answered"
        assert thread.is_alive() and not added  # All were answered while it was still coming in.
    finally:
        embedder.pace = 0.0
        thread.join(30)
    assert added[0].status == 201
    api.request("DELETE", "/api/documents/slow.txt", headers=ADMIN)


# --- feedback


def test_feedback_is_kept_with_the_words_of_the_stored_text(api):
    answer = api.post("/api/ask", {"question": QUESTION}).json
    place = {"document": "one.txt", "start": 19, "end": 44}
    said = {
        "kind": "wrong_answer",
        "question": QUESTION,
        "history": [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hello."}],
        "answer": answer,
        "right_answer": "In Cardiff",
        "passages": [place],
        "comment": "<script>",
    }
    reply = api.post("/api/feedback", said)
    assert reply.status == 201 and reply.json.keys() == {"id"}
    (entry,) = feedback.pending(api.config.index)
    assert entry.id == reply.json["id"]
    assert (entry.kind, entry.answer, entry.comment) == ("wrong_answer", answer["answer"], "<script>")
    assert [turn.content for turn in entry.history] == ["Hello?"]
    assert [span.quote for span in entry.passages] == [TEXT[19:44]]
    assert [span.quote for span in entry.citations] == [citation["quote"] for citation in answer["citations"]]
    feedback.remove(api.config.index, [entry.id])


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"kind": "sideways", "question": "a"}, "invalid_request"),
        ({"kind": "up", "question": ""}, "invalid_request"),
        ({"kind": "up", "question": "a", "passages": [{"document": "no.txt", "start": 0, "end": 1}]}, "bad_document"),
        ({"kind": "up", "question": "a", "passages": [{"document": "one.txt", "start": 0, "end": 99}]}, "bad_question"),
    ],
)
def test_feedback_that_makes_no_sense_is_refused(api, said, error):
    assert api.post("/api/feedback", said).json["error"] == error
    assert feedback.pending(api.config.index) == []


# --- figures


def figures(api):
    """Return every sample, by its name and labels, as Prometheus's own parser reads it."""
    reply = api.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(reply.body.decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def test_figures_count_what_happened(api):
    before = figures(api)
    api.post("/api/ask", {"question": QUESTION})
    api.post("/api/ask", {"question": "What is a plover?"})
    api.post("/api/ask", {"question": "?!"})
    after = figures(api)

    def grown(*key):
        return after[key] - before.get(key, 0)

    assert grown("footnote_questions_total", "answered", "api") == 1
    assert grown("footnote_questions_total", "abstained", "api") == 1
    assert grown("footnote_questions_total", "api", "bad_question") == 1
    assert grown("footnote_abstentions_total") == 1
    assert grown("footnote_stage_seconds_count", "retrieval") == 2
    assert grown("footnote_stage_seconds_count", "waiting") == 3
    assert after["footnote_queue_length",] == 0 and after["footnote_ready",] == 1


def test_figures_hold_no_word_of_a_question_or_document(api):
    api.post("/api/ask", {"question": "Is there a secretword here?"})
    text = api.get("/metrics").body.decode()
    assert "secretword" not in text and "one.txt" not in text
    assert json.dumps(TOKEN) not in text


def test_attention_states_are_counted_by_where_they_were_found(api, monkeypatch):
    states = StateCache(1)
    monkeypatch.setattr(api.service.generator, "states", states, raising=False)
    states.get(1, "key")
    states.put(1, "key", b"state")
    assert states.get(1, "key") == b"state"
    counts = figures(api)
    assert [counts["footnote_states_total", place] for place in ("memory", "disk", "miss")] == [1, 0, 1]


def test_a_closed_connection_ends_the_work_behind_it_at_once():
    """Wherever the response was suspended, and without the garbage collector."""
    ended = []

    async def events():
        try:
            for number in range(1_000_000):
                yield number
                await asyncio.sleep(0)
        finally:
            ended.append(True)

    async def disconnected() -> None:
        response = await event_stream(events(), lambda number: iter([b"%d" % number]))
        sent = asyncio.Queue()

        async def receive():
            while sent.qsize() < 4:
                await asyncio.sleep(0)
            return {"type": "http.disconnect"}

        async def send(message):
            await sent.put(message)
            if sent.qsize() >= 4:
                await asyncio.sleep(60)  # The client reads no more: the response waits in here.

        await response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)
        assert ended == [True]
        assert response.body_iterator  # It is still referenced, so that nothing else closes it.

    asyncio.run(disconnected())
