"""The tools and documents, through the real client: with a real process, and over HTTP."""

import asyncio
import os
import sys

import pytest
from api import indexed, running
from browser import NOWHERE, VENUE
from command import FOOTNOTE, ROOT
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.exceptions import MCPError

from rag import prompts
from rag.answers import answer_object, readable
from rag.assistant import Assistant
from rag.embedders.hashed import HashEmbedder
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import open_index

PROGRAM = """
import sys
sys.path.insert(0, "tests")
from browser import VENUE, ScriptedAssistant
from rag.config import Config
from ui.mcp import serve

def load():
    print("what libraries print is not in the way")
    return ScriptedAssistant([VENUE], pace=0.001)

serve(load, Config())
"""


def session(command, use, **options):
    """Run ``use`` with a client of the process ``command``, in a network of nobody else's."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    async def run():
        parameters = StdioServerParameters(command=command[0], args=command[1:], env=environment, cwd=ROOT)
        async with Client(stdio_client(parameters), **options) as client:
            await use(client)

    asyncio.run(asyncio.wait_for(run(), 300))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_ask_gives_the_answer_with_its_sources(mode):
    async def use(client):
        listed = await client.list_tools()
        assert sorted(tool.name for tool in listed.tools) == ["ask", "search"]
        assert all(tool.annotations.read_only_hint for tool in listed.tools)
        phases = []

        async def heard(progress, total, message):
            phases.append(message)

        result = await client.call_tool("ask", {"question": VENUE.question}, progress_callback=heard)
        assert not result.is_error
        assert result.content[0].text == readable(VENUE)
        citations = list(answer_object(VENUE)["citations"])
        assert result.structured_content["citations"] == citations
        assert "Writing" in phases
        abstained = await client.call_tool("ask", {"question": NOWHERE.question})
        assert abstained.structured_content["status"] == "abstained" and not abstained.is_error
        wrong = await client.call_tool("search", {"query": " "})
        assert wrong.is_error and "empty" in wrong.content[0].text

    session([sys.executable, "-c", PROGRAM], use, mode=mode)


# --- over HTTP

DOCUMENTS = {
    "minutes/12 May.txt": "Location: Cardiff Millennium Centre.\n\nSwindon avoided costs of £250K.\n",
    "bees.md": "# Bees\n\nBees make honey.\n",
}
QUESTION = "Where was it held?"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The server with a small index, and the questions that reached its queue."""
    config = indexed(tmp_path_factory.mktemp("mcp"), DOCUMENTS, requests_per_minute=100_000)
    embedder, asked = HashEmbedder(), []
    generator = ScriptedGenerator({QUESTION: "It was held at the Cardiff Millennium Centre."}, {QUESTION: 0.97})
    with (
        Assistant(open_index(config, embedder), embedder, generator, prompts.load(config.prompt), config) as assistant,
        running(lambda: assistant, config) as api,
    ):
        submit = api.service.submit
        api.service.submit = lambda inquiry, tell: asked.append(inquiry) or submit(inquiry, tell)
        yield api, asked


@pytest.mark.parametrize(("mode", "version"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
def test_tools_and_documents_over_http(served, mode, version):
    api, asked = served

    async def use():
        async with Client(f"{api.url}/mcp", mode=mode) as client:
            assert client.protocol_version == version
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == {"ask", "search"} and tools["ask"].annotations.read_only_hint
            assert {"documents", "collections"} < set(tools["ask"].input_schema["properties"])
            phases = []

            async def heard(progress, total, message):
                phases.append(message)

            answer = await client.call_tool("ask", {"question": QUESTION}, progress_callback=heard)
            assert answer.structured_content["citations"][0]["document"] == "minutes/12 May.txt"
            assert "Writing" in phases
            assert (asked[-1].user, asked[-1].interface) == ("address:127.0.0.1", "mcp")
            chosen = {"query": "bees", "collections": ["minutes"]}
            (found,) = (await client.call_tool("search", chosen)).structured_content["passages"]
            assert found["document"] == "minutes/12 May.txt"
            wrong = await client.call_tool("ask", {"question": QUESTION, "documents": ["plan.txt"]})
            assert wrong.is_error and "no document 'plan.txt'" in wrong.content[0].text
            resources = (await client.list_resources()).resources
            assert [resource.name for resource in resources] == ["bees.md", "minutes/12 May.txt"]
            assert resources[0].title == "Bees"
            for resource in resources:
                (content,) = (await client.read_resource(resource.uri)).contents
                assert content.text == DOCUMENTS[resource.name]
            (template,) = (await client.list_resource_templates()).resource_templates
            assert template.uri_template == "footnote://documents/{+name}"
            for uri in ("footnote://documents/none.txt", "footnote://documents/../in/bees.md", "file:///etc/passwd"):
                with pytest.raises(MCPError):
                    await client.read_resource(uri)

    asyncio.run(asyncio.wait_for(use(), 60))


def test_only_our_own_pages_and_hosts_reach_it(served):
    api, _ = served
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"Accept": "application/json, text/event-stream"}
    assert api.post("/mcp", call, headers=headers).status == 200
    assert api.post("/mcp", call, headers=headers | {"Origin": api.url}).status == 200
    assert api.post("/mcp", call, headers=headers | {"Origin": "https://evil.example"}).status == 403
    assert api.post("/mcp", call, headers=headers | {"Host": "evil.example"}).status == 400
    assert api.post("/mcp", b"{" + b" " * (2 << 20), headers=headers).status == 413
    assert api.post("/mcp", b"{", headers=headers).status == 400


@pytest.mark.llm
def test_the_command_with_the_real_models(seeds_index, config):
    async def use(client):
        found = await client.call_tool("search", {"query": "Who represented Fairshares?", "limit": 2})
        assert [passage["rank"] for passage in found.structured_content["passages"]] == [1, 2]
        passage = found.structured_content["passages"][0]
        assert passage["text"] == seeds_index.text(passage["document"], passage["start"], passage["end"])
        result = await client.call_tool("ask", {"question": "What is the Denbighshire Nightrider?"})
        answer = result.structured_content
        assert answer["status"] == "answered" and "volunteer operated" in answer["answer"]
        for citation in answer["citations"]:
            text = seeds_index.text(citation["document"], citation["start"], citation["end"])
            assert citation["quote"] == text and f"“{text}”" in result.content[0].text.replace("\n    ", "\n")

    session([*FOOTNOTE, "mcp", "--index", str(config.index)], use)
