"""The tools, through a real client session with a real process."""

import asyncio
import os
import sys

import pytest
from browser import NOWHERE, VENUE
from command import FOOTNOTE, ROOT
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from rag.answers import answer_object, readable

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
