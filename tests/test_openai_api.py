"""The chat completions, through the real ``openai`` client."""

import openai
import pytest
from api import running
from browser import NOWHERE, PRINCIPLES, VENUE, ScriptedAssistant

from rag.answers import answer_object, readable
from rag.config import Config
from rag.types import Turn


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
        user([{"type": "text", "text": VENUE.question}, {"type": "image_url", "image_url": {"url": "data:,"}}]),
        {"role": "assistant", "content": readable(VENUE)},
        user("And when was it?"),
    ]
    client.chat.completions.create(model="footnote", messages=messages)
    assert assistant.asked[-1] == (
        "And when was it?",
        (Turn("user", VENUE.question), Turn("assistant", VENUE.answer)),
    )


@pytest.mark.parametrize(
    ("messages", "error", "said"),
    [
        ([{"role": "assistant", "content": "Hello."}], openai.BadRequestError, "last message"),
        ([{"role": "system", "content": "Hello."}], openai.BadRequestError, "last message"),
        ([], openai.UnprocessableEntityError, "messages"),
    ],
)
def test_mistakes_are_the_clients_own_errors(client, messages, error, said):
    with pytest.raises(error, match=said):
        client.chat.completions.create(model="footnote", messages=messages)


def test_another_model_is_not_there(client):
    with pytest.raises(openai.UnprocessableEntityError, match="footnote"):
        client.chat.completions.create(model="gpt-4", messages=[user("Hello?")])
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4")


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
        assert assistant.stopped.wait(10)
    finally:
        assistant.pace = 0.001
