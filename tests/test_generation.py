"""Contract tests that the real generator and the fake both pass, and what only the real one can show."""

import threading
from contextlib import closing
from dataclasses import replace

import pytest

from rag import models, prompts
from rag.config import Config
from rag.errors import GenerationError, ModelDamaged
from rag.generators import open_generator
from rag.generators.http import HttpGenerator
from rag.generators.llama import LlamaGenerator
from rag.generators.llama.lookup import Lookup
from rag.generators.llama.states import StateCache
from rag.generators.scripted import ScriptedGenerator
from rag.ports import Completion
from rag.types import Evidence, Passage

SMALL = "smollm2-135m-instruct"
PROMPT_FILE = prompts.load(Config().prompt)


def real(context=1024, **settings):
    return LlamaGenerator(models.locate(SMALL, Config().models), context=context, threads=1, **settings)


@pytest.fixture(scope="module")
def small():
    with real() as generator:
        yield generator


@pytest.fixture(scope="module")
def served(model_server):
    """The same model behind llama-cpp-python's own server."""
    with closing(open_generator(Config(generator=model_server, context=1024))) as generator:
        yield generator


@pytest.fixture(params=["scripted", *(pytest.param(name, marks=pytest.mark.llm) for name in ("small", "served"))])
def generator(request):
    if request.param == "scripted":
        return ScriptedGenerator(
            {"Cardiff": "It was at the Cardiff Millennium Centre [1]. " * 3},
            context=1024,
            completions={"mat": "yes", "sky": "no"},
        )
    return request.getfixturevalue(request.param)


def prompt(question="Where was the Cardiff roadshow?", text="Location: Cardiff Millennium Centre", passages=2):
    evidence = (
        Evidence(Passage("a.txt", 0, len(text), text, "Roadshow"), 1.0, rank) for rank in range(1, passages + 1)
    )
    return PROMPT_FILE.prompt(tuple(evidence), question)


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
    with pytest.raises(GenerationError, match="don't fit"):
        list(generator.stream(prompt(text="word " * 2000), 16))


def test_scores_are_logarithms_of_probabilities(generator):
    yes, no = generator.score(prompt(), ["yes", "no"])
    assert yes <= 0 and no <= 0
    # A server may compute what it has read before in batches of other sizes, which rounds in other places.
    tolerance = 0.1 if isinstance(generator, HttpGenerator) else 0.0
    assert generator.score(prompt(), ["yes", "no"]) == pytest.approx([yes, no], abs=tolerance, rel=0.0)


def test_its_capabilities_are_what_it_does(generator):
    """What is claimed works; what is not claimed is left alone by those who ask."""
    assert generator.name and generator.fingerprint is not None and generator.context >= 512
    capable = generator.capabilities
    assert capable.scores and capable.grammar
    assert generator.warm(prompt(passages=1)) in ((0,) if not capable.warm else (0, 1))
    measured = generator.measure(prompt())
    assert measured > 0 if capable.exact_measure else measured >= 0.5 * len(prompt().text.split())


def test_a_question_is_answered_after_an_error(generator):
    with pytest.raises(GenerationError):
        list(generator.stream(prompt(text="word " * 2000), 16))
    assert "".join(generator.stream(prompt(), 8)).strip()


COLOUR = Completion(
    "Reply with the colour of the thing, or with yes or no.\n", "The thing: the sky", "\nIs it on a mat?"
)
YES_OR_NO = 'root ::= "yes" | "no"'


def test_a_completion_is_the_same_each_time(generator):
    first = list(generator.complete(COLOUR, 12))
    assert "".join(first).strip()
    assert len(first) <= 12
    list(generator.stream(prompt(), 4))
    assert list(generator.complete(COLOUR, 12)) == first
    assert len(list(generator.complete(COLOUR, 1))) == 1


@pytest.mark.parametrize("text", ["The cat is on the mat.", "The bird is in the sky."])
def test_a_grammar_bounds_the_reply(generator, text):
    said = "".join(generator.complete(replace(COLOUR, text=text), 12, YES_OR_NO))
    assert said in {"yes", "no"}
    scores = generator.score(replace(COLOUR, text=text), ["yes", "no"])
    assert all(score <= 0 for score in scores)
    if scores[0] != scores[1]:  # A server tells the likeliest tokens only: of others, alike, the most they can have.
        assert said == ("yes" if scores[0] > scores[1] else "no")


def test_a_completion_that_is_stopped_or_does_not_fit_ends(generator):
    assert list(generator.complete(COLOUR, 12, stop=lambda: True)) == []
    assert list(generator.complete(COLOUR, 0)) == []
    assert generator.measure(replace(COLOUR, text="word " * 200)) > generator.measure(COLOUR) > 0
    with pytest.raises(GenerationError, match="don't fit"):
        list(generator.complete(replace(COLOUR, text="word " * 2000), 16))
    assert "".join(generator.complete(COLOUR, 4)).strip()


def test_the_fake_records_its_completions():
    fake = ScriptedGenerator({}, completions={"sky": "no"})
    assert "".join(fake.complete(COLOUR, 5)) == "no"
    assert fake.score(COLOUR, ["yes", "no"])[1] > fake.score(COLOUR, ["yes", "no"])[0]
    assert fake.completions == [COLOUR] * 3


def test_the_fake_records_its_prompts():
    fake = ScriptedGenerator({"Cardiff": "In Cardiff."}, {"Cardiff": 0.2})
    assert "".join(fake.stream(prompt(), 10)) == "In Cardiff."
    assert fake.score(prompt(), ["yes", "no"])[0] < fake.score(prompt(), ["yes", "no"])[1]
    assert fake.prompts[0] == prompt()


TEXTS = (
    "Location: Cardiff Millennium Centre. Date: 11 March 2011.",
    "David Pugh talked about Blaengarw, where people earn time credits.",
    "Timebanking: one hour of help given earns one hour of help received.",
)


def of(*numbers, question="Where was the Cardiff roadshow?", **settings):
    """Return a prompt with some of ``TEXTS``, in this order."""
    passages = [Passage("a.txt", 0, len(TEXTS[i]), TEXTS[i], "Roadshow", id=i + 1) for i in numbers]
    evidence = tuple(Evidence(passage, 1.0, rank) for rank, passage in enumerate(passages, start=1))
    return PROMPT_FILE.prompt(evidence, question, **settings)


def asked(generator, prompt):
    """Return all that comes of ``prompt``: the scores, bit for bit, and the text."""
    return generator.score(replace(prompt, task="answerable"), ["yes", "no"]), "".join(generator.stream(prompt, 12))


@pytest.fixture(scope="module")
def cold():
    """What prompts give in a generator that keeps no state: each is computed when it is asked."""
    results = {}
    with real(states=StateCache(0)) as generator:
        for name, prompt in CASES.items():
            results[name] = asked(generator, prompt)
    return results


CASES = {
    "one passage": of(0),
    "three": of(0, 1, 2),
    "another order": of(2, 1, 0),
    "two": of(1, 0, question="Who hosted it?"),
    "nothing": of(),
}


class Shelf:
    generation = 1

    def __init__(self, folder):
        self.folder = folder

    def existing(self, ids):
        return set(ids)


@pytest.mark.llm
@pytest.mark.parametrize("first", ["three", "one passage"])
def test_the_same_prompt_gives_the_same_bits_whatever_came_before(small, cold, first):
    for name in [first, *CASES, first]:
        assert asked(small, CASES[name]) == cold[name]


@pytest.mark.llm
def test_states_from_disk_give_the_same_bits(tmp_path, cold):
    cache = StateCache(0, 64, Shelf(tmp_path))
    with real(states=cache, fingerprint="small") as generator:
        assert asked(generator, CASES["three"]) == cold["three"]
        assert generator.warm(CASES["three"]) == 2
    made = {file: file.stat().st_size for file in (tmp_path / "states").iterdir()}
    assert {file.name.partition("-")[0] for file in made} == {"1", "2", "3"}
    with real(states=cache, fingerprint="small") as generator:
        assert generator.warm(CASES["three"]) == 0
        assert asked(generator, CASES["another order"]) == cold["another order"]
    assert {file: file.stat().st_size for file in (tmp_path / "states").iterdir()} == made
    with real(states=cache, fingerprint="another model") as generator:
        assert generator.warm(CASES["three"]) == 3


@pytest.mark.llm
def test_without_a_fingerprint_nothing_is_written(tmp_path):
    """What cannot be told apart from the states of another model is not kept on disk."""
    with real(states=StateCache(1, 64, Shelf(tmp_path))) as generator:
        generator.score(of(0), ["yes"])
    assert not (tmp_path / "states").exists()


@pytest.mark.llm
def test_what_was_read_ahead_is_not_read_again_and_changes_nothing(cold):
    with real(states=StateCache(64)) as generator:
        assert generator.warm(CASES["two"]) == 2
        assert generator.warm(CASES["two"]) == 0
        assert asked(generator, CASES["two"]) == cold["two"]
        assert generator.warm(CASES["three"]) == 1


@pytest.mark.llm
def test_reading_ahead_gives_way(cold):
    """It ends when it is told to, and a question that comes meanwhile has its answer, which is the same as ever."""
    many = PROMPT_FILE.prompt(tuple(evidence_of("word " * 150, i) for i in range(40)), "")
    with real(context=8192, states=StateCache(64)) as generator:
        assert generator.warm(many, lambda: True) == 0
        counts = []
        thread = threading.Thread(target=lambda: counts.append(generator.warm(many)))
        thread.start()
        result = asked(generator, CASES["three"])
        thread.join()
        assert counts[0] < 40
        assert asked(generator, CASES["three"]) == result


def part_of(number, passage=0):
    return Completion("Say what matters most in the part.\n", TEXTS[number], "\nWhat matters most:", passage)


@pytest.mark.llm
def test_completions_between_prompts_change_no_bit(small, cold):
    alone = "".join(small.complete(part_of(1), 12))
    for name, case in CASES.items():
        assert "".join(small.complete(part_of(1), 12)) == alone
        small.score(COLOUR, ["yes", "no"])
        assert asked(small, case) == cold[name]


@pytest.mark.llm
def test_the_state_of_a_part_is_kept_and_gives_the_same_bits(tmp_path):
    """What the instructions take is computed once, and so is what a part takes that begins with a passage."""
    cache = StateCache(64, 64, Shelf(tmp_path))
    with real(states=cache, fingerprint="small") as generator:
        scores = generator.score(part_of(1, passage=2), ["The", "A"])
        written = "".join(generator.complete(part_of(1, passage=2), 12))
        missed = cache.counts["miss"]
        generator.score(of(0), ["yes"])
        assert generator.score(part_of(1, passage=2), ["The", "A"]) == scores
        assert "".join(generator.complete(part_of(1, passage=2), 12)) == written
        assert cache.counts["miss"] == missed + 2  # instructions and passage of the other prompt
    assert [file.name.partition("-")[0] for file in sorted((tmp_path / "states").iterdir())] == ["1", "2"]
    with real(states=StateCache(0, 64, Shelf(tmp_path)), fingerprint="small") as generator:
        assert generator.score(part_of(1, passage=2), ["The", "A"]) == scores


@pytest.mark.llm
def test_a_grammar_allows_what_is_not_the_likeliest(small):
    """Characters of several bytes too; and the reply ends where the grammar does."""
    assert "".join(small.complete(COLOUR, 20, 'root ::= "Grün – ja" | "grün – nein"')) in {"Grün – ja", "grün – nein"}
    assert "".join(small.complete(COLOUR, 20, 'root ::= "a" [0-9]{3} "z"')).startswith("a")


@pytest.mark.llm
def test_what_is_no_grammar_is_an_error_that_says_so(small):
    with pytest.raises(GenerationError, match="can't read the grammar that begins with 'root ::= yes"):
        list(small.complete(COLOUR, 4, "root ::= yes |"))
    assert "".join(small.complete(COLOUR, 4)).strip()


def evidence_of(text, number):
    return Evidence(Passage("a.txt", 0, len(text), text + str(number), "Many"), 1.0, number + 1)


@pytest.mark.llm
@pytest.mark.parametrize("after", [0, 1, 40, 400])
def test_a_stop_in_the_middle_leaves_nothing_behind(cold, after):
    with real(states=StateCache(64)) as generator:
        calls = iter(range(after))
        assert list(generator.stream(CASES["three"], 12, lambda: next(calls, None) is None)) == []
        assert asked(generator, CASES["three"]) == cold["three"]


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
    with pytest.raises(ModelDamaged, match=r"broken.gguf can't be loaded"):
        LlamaGenerator(file)


QUOTED = (
    "The six principles of co-production are: recognising people as assets, building on their capabilities, "
    "mutuality and reciprocity, peer support networks, blurring distinctions, and facilitating rather than delivering. "
    "All of them were set out by Philip Colligan from NESTA at the London roadshow, before the workshops began."
)


@pytest.fixture
def guesses(monkeypatch):
    """The guesses that are made, each a list of tokens; setting ``allowed`` to False keeps them back."""
    made, inner = [], Lookup.guess

    def guess(self, token):
        guessed = inner(self, token) if made.allowed else []
        if guessed:
            made.append(guessed)
        return guessed

    class Made(list):
        allowed = True

    made = Made()
    monkeypatch.setattr(Lookup, "guess", guess)
    return made


@pytest.mark.llm
@pytest.mark.parametrize("limit", [20, 60, 200])
def test_guessing_writes_what_is_written_without(small, guesses, limit):
    wanted = prompt("Copy the first source word for word. Begin with: The six principles", QUOTED, passages=1)
    guessed = "".join(small.stream(wanted, limit))
    assert guesses
    guesses.allowed = False
    assert "".join(small.stream(wanted, limit)) == guessed


@pytest.mark.llm
def test_guessing_stays_within_the_context(guesses):
    """A draft that copies fills the context to its last cell, although a guess would reach beyond it."""
    wanted = prompt("Copy the first source word for word. Begin with: The six principles", QUOTED, passages=1)
    with real(context=512) as generator:
        room = generator.context - generator.measure(wanted)
        assert len(generator._tokens("".join(generator.stream(wanted, room)))) <= room


def test_a_guess_takes_the_first_place_and_needs_a_long_match():
    source = [*range(100, 108), *range(1, 16), 50, *range(100, 108), *range(60, 76)]
    lookup = Lookup(source)
    assert [lookup.guess(token) for token in range(100, 107)] == [[]] * 7
    assert lookup.guess(107) == [*range(1, 16)]
    assert lookup.guess(9) == []
    assert Lookup([1, 2, 3]).guess(1) == []
