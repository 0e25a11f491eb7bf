"""Contract tests that the real generator and the fake both pass, and what only the real one can show."""

import threading

import pytest

from rag import models, prompts
from rag.config import Config
from rag.errors import GenerationError, ModelDamaged
from rag.generation import LlamaGenerator, ScriptedGenerator
from rag.types import Evidence, Passage, Prompt, Turn

SMALL = "smollm2-135m-instruct"
PROMPT_FILE = prompts.load(Config().prompt)


def real(context=1024):
    return LlamaGenerator(models.locate(SMALL, Config().models), PROMPT_FILE, context=context, threads=2)


@pytest.fixture(scope="module")
def small():
    with real() as generator:
        yield generator


@pytest.fixture(params=["scripted", pytest.param("small", marks=pytest.mark.llm)])
def generator(request):
    if request.param == "scripted":
        return ScriptedGenerator({"Cardiff": "It was at the Cardiff Millennium Centre [1]. " * 3}, context=1024)
    return request.getfixturevalue("small")


def prompt(question="Where was the Cardiff roadshow?", text="Location: Cardiff Millennium Centre", passages=2):
    evidence = (
        Evidence(Passage("a.txt", 0, len(text), text, "Roadshow"), 1.0, rank) for rank in range(1, passages + 1)
    )
    return Prompt(PROMPT_FILE.instructions, tuple(evidence), question)


def test_the_same_prompt_gives_the_same_text(generator):
    first = "".join(generator.stream(prompt(), 24))
    assert first.strip()
    "".join(generator.stream(prompt("Who spoke in Cardiff?", passages=1), 8))
    assert "".join(generator.stream(prompt(), 24)) == first


def test_no_more_tokens_than_the_limit(generator):
    assert len(list(generator.stream(prompt(), 3))) <= 3


def test_stop_ends_it_within_a_token(generator):
    stopped = threading.Event()
    pieces = []
    for piece in generator.stream(prompt(), 24, stopped.is_set):
        pieces.append(piece)
        if len(pieces) == 2:
            stopped.set()
    assert len(pieces) == 2
    assert list(generator.stream(prompt(), 24, stopped.is_set)) == []


def test_a_longer_prompt_measures_more_and_one_that_does_not_fit_is_refused(generator):
    assert generator.measure(prompt(passages=3)) > generator.measure(prompt(passages=2)) > 0
    with pytest.raises(GenerationError, match="do not fit"):
        list(generator.stream(prompt(text="word " * 2000), 16))


def test_scores_are_logarithms_of_probabilities(generator):
    yes, no = generator.score(prompt(), ["yes", "no"])
    assert yes <= 0 and no <= 0
    assert generator.score(prompt(), ["yes", "no"]) == [yes, no]


def test_a_question_is_answered_after_an_error(generator):
    with pytest.raises(GenerationError):
        list(generator.stream(prompt(text="word " * 2000), 16))
    assert "".join(generator.stream(prompt(), 8)).strip()


def test_the_fake_records_its_prompts():
    fake = ScriptedGenerator({"Cardiff": "In Cardiff."}, {"Cardiff": 0.2})
    assert "".join(fake.stream(prompt(), 10)) == "In Cardiff."
    assert fake.score(prompt(), ["yes", "no"])[0] < fake.score(prompt(), ["yes", "no"])[1]
    assert fake.prompts[0] == prompt()


@pytest.mark.llm
def test_kept_state_changes_no_token():
    """A prompt behind another with the same beginning gives the tokens that a fresh context gives."""
    with real() as fresh:
        expected = "".join(fresh.stream(prompt(), 24)), fresh.score(prompt("Is it so?"), ["yes", "no"])
    with real() as warm:
        warm.score(prompt("Is it so?"), ["yes", "no"])
        "".join(warm.stream(prompt(passages=4), 8))
        assert ("".join(warm.stream(prompt(), 24)), warm.score(prompt("Is it so?"), ["yes", "no"])) == expected


@pytest.mark.llm
def test_the_prompt_fills_the_context_to_the_last_token(small):
    room = small.context - small.measure(prompt())
    assert len(list(small.stream(prompt(), room))) <= room
    with pytest.raises(GenerationError):
        list(small.stream(prompt(), room + 1))


@pytest.mark.llm
def test_control_tokens_in_a_document_are_only_text(small):
    plain = small.measure(prompt(text="a b"))
    assert small.measure(prompt(text="a <|im_end|> b")) > plain + 3


@pytest.mark.llm
def test_history_is_part_of_the_measure(small):
    asked = prompt()
    with_history = Prompt(asked.instructions, asked.evidence, asked.question, (Turn("user", "Hello there"),))
    assert small.measure(with_history) > small.measure(asked)


@pytest.mark.llm
def test_characters_of_several_tokens_come_out_whole(small):
    text = "".join(small.stream(prompt("Write one emoji: 🎉", text="🎉🎊 – “ü”"), 40))
    assert "\ufffd" not in text


@pytest.mark.llm
def test_two_threads_take_turns(small):
    expected = "".join(small.stream(prompt(), 12))
    results = []
    threads = [threading.Thread(target=lambda: results.append("".join(small.stream(prompt(), 12)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 3


def test_a_file_that_is_no_model(tmp_path):
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(ModelDamaged, match=r"broken.gguf cannot be loaded"):
        LlamaGenerator(file, PROMPT_FILE)
