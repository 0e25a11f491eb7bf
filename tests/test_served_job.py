"""The main job asked through a model server: the same answer object, citations and check as with any other engine."""

from dataclasses import replace

import pytest
from model_servers import SMALL

from rag.assistant import Assistant

pytestmark = pytest.mark.llm


def test_a_question_is_answered_through_a_model_server(seeds_index, config, model_server):
    """A small model decides nothing about an answer's form: whatever it writes is cited, or is quoted as unsure."""
    settings = replace(
        config,
        generator=f"{model_server}#{SMALL}",
        context=1024,
        answer_tokens=24,
        evidence=1,
        min_confidence=0.0,
        min_unsure=0.0,
    )
    with Assistant.open(settings) as assistant:
        answer = assistant.ask("What was the venue of the Cardiff roadshow?")
    assert answer.status in ("answered", "unsure")
    assert answer.citations and all(sentence.citations for sentence in answer.sentences)
    for citation in answer.citations:
        assert seeds_index.text(citation.document, citation.start, citation.end) == citation.quote
    made = answer.receipt["generator"]
    assert (made["name"], len(made["sha256"])) == (SMALL, 64)
    assert set(answer.receipt["signals"]) >= {"yes", "dense"}
