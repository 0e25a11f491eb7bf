"""Conversations: each message is read as it was meant, on documents of many genres in four languages."""

from pathlib import Path

import pytest

from eval import sets
from eval.collection import opened_index
from eval.conversations import readings
from eval.journal import RunError
from rag import prompts
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders import open_embedder
from rag.generators.scripted import ScriptedGenerator

DATA = Path("eval/data")


@pytest.fixture(scope="module")
def assistant(tmp_path_factory):
    config = Config()
    embedder = open_embedder(config)
    folder = tmp_path_factory.mktemp("indexes")
    with opened_index(sets.load(DATA / "genres"), config, embedder, folder, lambda *_: None) as index:
        yield Assistant(index, embedder, ScriptedGenerator({}), prompts.load(config.prompt), config)


@pytest.mark.slow
def test_messages_are_joined_with_earlier_ones_only_if_they_depend_on_them(assistant):
    found = list(readings(DATA / "conversations.jsonl", assistant))
    assert len({reading.conversation for reading in found}) == 40
    assert sum(reading.message.depends for reading in found) >= 75
    misread = [reading for reading in found if not reading.as_meant]
    assert len(misread) <= 0.06 * len(found), misread
    searched = [reading for reading in found if reading.found is not None]
    for depends, floor in ((True, 0.85), (False, 0.85)):
        alike = [reading.found for reading in searched if reading.message.depends == depends]
        assert sum(alike) >= floor * len(alike)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "a"}', "line 1"),
        ('{"id": "a", "turns": [{"question": "?", "reply": "", "kind": "odd"}]}', "kind must be"),
        (
            '{"id": "a", "turns": [{"question": "Who runs the rota?", "reply": "", '
            '"document": "offices/rota.txt", "says": "nobody at all"}]}',
            "doesn't say",
        ),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path, assistant, line, said):
    file = tmp_path / "conversations.jsonl"
    file.write_text(line)
    with pytest.raises(RunError, match=said):
        list(readings(file, assistant))
