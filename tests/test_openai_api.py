"""The chat completions, through the real clients of OpenAI and LangChain, and as Open WebUI asks for them."""

import json

import open_webui
import openai
import pytest
from api import parsed, running
from browser import NOWHERE, PRINCIPLES, VENUE, ScriptedAssistant

from rag.answers import answer_object, readable
from rag.config import Config
from rag.generators.scripted import ScriptedGenerator
from rag.types import Turn
from ui.openai_api import _tokens


@pytest.fixture(scope="module")
def assistant():
    return ScriptedAssistant([VENUE, PRINCIPLES], pace=0.001)


@pytest.fixture(scope="module")
def api(assistant):
    with running(lambda: assistant, Config(requests_per_minute=100_000)) as api:
        yield api


@pytest.fixture(scope="module")
def client(api):
    with openai.OpenAI(base_url=f"{api.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def user(content):
    return {"role": "user", "content": content}


CALL = {"id": "1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}


def test_the_one_model_is_listed(client):
    assert [model.id for model in client.models.list()] == ["footnote"]
    assert client.models.retrieve("footnote").owned_by == "footnote"


def test_a_completion_cites_in_its_text_and_as_a_field(client):
    completion = client.chat.completions.create(model="footnote", messages=[user(VENUE.question)], temperature=0.7)
    (choice,) = completion.choices
    assert choice.finish_reason == "stop" and choice.message.role == "assistant"
    text = choice.message.content
    assert text == readable(VENUE)
    assert text.startswith(VENUE.answer + "\n\n[1] Cardiff Co-production Roadshow (003_")
    expected = answer_object(VENUE)
    assert [citation["quote"] for citation in choice.message.citations] == [c.quote for c in VENUE.citations]
    assert choice.message.footnote["sentences"] == [
        {**sentence, "citations": list(sentence["citations"])} for sentence in expected["sentences"]
    ]


def test_a_stream_holds_nothing_that_was_not_checked(client):
    chunks = list(client.chat.completions.create(model="footnote", messages=[user(PRINCIPLES.question)], stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == readable(PRINCIPLES)
    assert len(chunks) > 20 and {chunk.id for chunk in chunks} == {"chatcmpl-test"}
    last = chunks[-1].choices[0]
    assert last.finish_reason == "stop"
    assert len(last.delta.citations) == len(PRINCIPLES.citations)


def test_an_abstention_says_so(client):
    completion = client.chat.completions.create(model="footnote", messages=[user(NOWHERE.question)])
    assert completion.choices[0].message.content.startswith("The documents do not answer this question.")
    assert completion.choices[0].message.citations == []
    assert completion.choices[0].message.footnote["status"] == "abstained"


def test_the_conversation_reaches_the_assistant_without_instructions_and_lists_of_sources(client, assistant):
    messages = [
        {"role": "system", "content": "You are a pirate."},
        user([{"type": "text", "text": VENUE.question}]),
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "1", "content": "12 May"},
        {"role": "assistant", "content": readable(VENUE)},
        user([{"type": "text", "text": "And when"}, {"type": "text", "text": "was it?"}]),
    ]
    client.chat.completions.create(model="footnote", messages=messages)
    assert assistant.asked[-1] == (
        "And when\nwas it?",
        (Turn("user", VENUE.question), Turn("assistant", VENUE.answer)),
    )


@pytest.mark.parametrize(
    ("messages", "error", "said"),
    [
        ([{"role": "assistant", "content": "Hello."}], openai.BadRequestError, "last message"),
        ([{"role": "system", "content": "Hello."}], openai.BadRequestError, "last message"),
        ([], openai.BadRequestError, "messages"),
    ],
)
def test_mistakes_are_the_clients_own_errors(client, messages, error, said):
    with pytest.raises(error, match=said):
        client.chat.completions.create(model="footnote", messages=messages)


def test_another_model_is_not_there(client):
    for ask in (
        lambda: client.chat.completions.create(model="gpt-4", messages=[user("Hello?")]),
        lambda: client.models.retrieve("organisation/gpt-4"),
    ):
        with pytest.raises(openai.NotFoundError, match="Use 'footnote'") as raised:
            ask()
        error = raised.value
        assert (error.type, error.param, error.code) == ("invalid_request_error", "model", "model_not_found")


def test_usage_counts_the_conversation_and_the_reply(client):
    asked = {"model": "footnote", "messages": [user(VENUE.question)]}
    usage = client.chat.completions.create(**asked).usage
    assert usage.completion_tokens == -(-len(readable(VENUE)) // 4)
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > usage.completion_tokens
    plain = list(client.chat.completions.create(**asked, stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in plain)
    *others, last = client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    assert last.choices == [] and last.usage == usage
    assert all(chunk.usage is None for chunk in others)


def test_only_the_beginning_of_a_long_text_is_counted():
    generator = ScriptedGenerator({})
    assert _tokens(generator, "Two words") == 2 and _tokens(generator, "") == 0
    generator.measure = lambda task: len(task.text) // 5 if len(task.text) <= 10_000 else 1 / 0
    assert _tokens(generator, "word " * 100_000) == 100_000


def test_a_reply_is_cut_off_where_the_request_asks_for_that(client):
    asked = {"model": "footnote", "messages": [user(VENUE.question)]}
    for name in ("max_tokens", "max_completion_tokens"):
        cut = client.chat.completions.create(**asked, **{name: 5})
        assert cut.choices[0].finish_reason == "length" and cut.usage.completion_tokens <= 5
        assert readable(VENUE).startswith(cut.choices[0].message.content) and cut.choices[0].message.content
    stopped = client.chat.completions.create(**asked, stop=["hosted", "\n\n"]).choices[0]
    assert stopped.finish_reason == "stop" and stopped.message.content == readable(VENUE).split("hosted")[0]
    whole = client.chat.completions.create(**asked, max_tokens=10_000, stop="nowhere").choices[0]
    assert (whole.finish_reason, whole.message.content) == ("stop", readable(VENUE))


def test_what_changes_nothing_is_accepted(client):
    completion = client.chat.completions.create(
        model="footnote",
        messages=[{"role": "developer", "content": "Be brief."}, user(VENUE.question)],
        n=1,
        temperature=2,
        top_p=0.1,
        seed=1,
        frequency_penalty=1,
        presence_penalty=1,
        logit_bias={"50256": -100},
        user="ann",
        tools=[open_webui.TOOL],
        tool_choice="auto",
        parallel_tool_calls=True,
        response_format={"type": "text"},
        logprobs=False,
        modalities=["text"],
        store=False,
        extra_body={"top_k": 40, "chat_id": "1"},
    )
    assert completion.choices[0].message.content == readable(VENUE)
    assert completion.choices[0].message.tool_calls is None


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"tools": [open_webui.TOOL], "tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "tool_choice"),
        ({"functions": [{}], "function_call": {"name": "f"}}, "function_call"),
        ({"response_format": {"type": "json_object"}}, "response_format.type"),
        ({"logprobs": True}, "logprobs"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": list("abcde")}, "stop"),
        ({"documents": []}, "documents"),
        ({"messages": [{"role": "user"}, {"role": "robot"}]}, "messages[1].role"),
        ({"messages": [user(5)]}, "messages[0].content"),
        ({"messages": [user("a"), user([{"type": "text"}, {"type": "image_url"}])]}, "messages[1].content[1].type"),
        ({"messages": [user([{"type": "input_audio"}])]}, "messages[0].content[0].type"),
        ({"messages": [user("a"), {"role": "tool", "content": "b"}]}, "messages[1].role"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_field(api, assistant, fields, param):
    asked = len(assistant.asked)
    reply = api.post("/v1/chat/completions", {"messages": [user(VENUE.question)]} | fields)
    error = reply.json["error"]
    assert (reply.status, error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert error["message"].startswith(f"{param}: ") and error["code"] in ("unsupported_value", "invalid_value")
    assert len(assistant.asked) == asked


def test_a_body_that_is_not_json_is_told_by_its_position(api):
    error = api.post("/v1/chat/completions", b'{\n"model" "footnote"}').json["error"]
    assert error["code"] == "invalid_json" and "(line 2, column 9)" in error["message"]


# --- Open WebUI


def test_what_open_webui_sends_is_answered(api, assistant):
    def ask(body):
        reply = api.post("/v1/chat/completions", body, headers=open_webui.HEADERS)
        assert reply.status == 200, reply.body
        return reply

    assert [model["id"] for model in api.get("/v1/models", headers=open_webui.HEADERS).json["data"]] == ["footnote"]
    first = ask(open_webui.chat(VENUE.question, tools=[open_webui.TOOL]))
    lines = first.body.replace(b"data: [DONE]\n\n", b"").splitlines(keepends=True)
    chunks = [data for _, data in parsed(lines)]
    said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if chunk["choices"])
    assert said == readable(VENUE) and chunks[-1]["usage"]["total_tokens"] > 0
    turns = [user(VENUE.question), {"role": "assistant", "content": said}]

    assistant.asked.clear()
    assistant.pace = 0.05
    busy = api.events({"question": PRINCIPLES.question})
    next(busy)
    try:
        replies = {
            "title": {"title": VENUE.question},
            "follow_ups": {"follow_ups": []},
            "tags": {"tags": ["Cardiff"]},
            "queries": {"queries": [VENUE.question]},
            "choice_of_tools": {"tool_calls": []},
        }
        for task, expected in replies.items():
            completion = ask(getattr(open_webui, task)(turns)).json
            assert json.loads(completion["choices"][0]["message"]["content"]) == expected
        completion = ask(open_webui.autocompletion(turns, "Where was")).json
        assert json.loads(completion["choices"][0]["message"]["content"]) == {"text": ""}
        streamed = ask(open_webui.title(turns) | {"stream": True, "response_format": {"type": "json_object"}})
        assert b"Cardiff" in streamed.body and streamed.body.endswith(b"data: [DONE]\n\n")
        assert api.service._running is not None and [question for question, _ in assistant.asked] == [
            PRINCIPLES.question
        ]
    finally:
        busy.close()
        assistant.pace = 0.001
    ask(open_webui.chat("And who hosted it?", turns))
    assert assistant.asked[-1][1] == (Turn("user", VENUE.question), Turn("assistant", VENUE.answer))


# --- LangChain


def test_langchain(api):
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model="footnote", base_url=f"{api.url}/v1", api_key="none", temperature=0, max_retries=0)
    messages = [("system", "You are a helpful assistant."), ("human", VENUE.question)]
    message = model.invoke(messages)
    assert message.content == readable(VENUE) and message.usage_metadata["output_tokens"] > 0
    assert message.response_metadata["finish_reason"] == "stop"
    streamed = list(model.stream(messages, stream_usage=True))
    assert "".join(chunk.content for chunk in streamed) == readable(VENUE)
    assert sum(chunk.usage_metadata["total_tokens"] for chunk in streamed if chunk.usage_metadata) > 0
    with_tools = model.bind_tools([open_webui.TOOL]).invoke(messages)
    assert with_tools.content == readable(VENUE) and with_tools.tool_calls == []
    with pytest.raises(openai.BadRequestError, match=r"response_format\.type"):
        model.with_structured_output({"title": "a", "type": "object", "properties": {}}, method="json_mode").invoke("a")
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        ChatOpenAI(model="gpt-4o", base_url=f"{api.url}/v1", api_key="none").invoke("a")


def test_a_stream_that_fails_ends_with_the_error():
    assistant = ScriptedAssistant([PRINCIPLES], pace=0.05)
    with (
        running(lambda: assistant, Config(deadline=1)) as api,
        openai.OpenAI(base_url=f"{api.url}/v1", api_key="none", max_retries=0) as client,
    ):
        with pytest.raises(openai.APIError, match="within 1 s"):
            list(client.chat.completions.create(model="footnote", messages=[user(PRINCIPLES.question)], stream=True))
        with pytest.raises(openai.InternalServerError, match="within 1 s"):
            client.chat.completions.create(model="footnote", messages=[user(PRINCIPLES.question)])


def test_to_close_a_stream_stops_the_answer(client, api, assistant):
    assistant.pace = 0.02
    assistant.stopped.clear()
    try:
        with (
            pytest.raises(openai.APITimeoutError),
            client.with_options(timeout=0.5) as hasty,
        ):
            hasty.chat.completions.create(model="footnote", messages=[user(PRINCIPLES.question)])
        assert assistant.stopped.wait(60)
    finally:
        assistant.pace = 0.001
