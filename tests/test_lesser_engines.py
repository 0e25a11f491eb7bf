"""Generators without scores or grammars: how each part does without, and what comes of it."""

import math
from dataclasses import replace

import pytest
from plans import titles

from rag import prompts, tasks
from rag.answerability import DECIDED, yes_over_no
from rag.assistant import PLAN, Assistant
from rag.config import Config
from rag.generators.scripted import ScriptedGenerator
from rag.planning.plans import Planner
from rag.ports import Capabilities

NOTHING = Capabilities(exact_measure=False, scores=False, grammar=False, warm=False)
QUESTION = "Which recipes contain rye flour?"
PROMPT = prompts.load(Config().prompt).prompt((), QUESTION)


class Unscored(ScriptedGenerator):
    """It fails where it is asked for what it does not have."""

    def score(self, prompt, choices, stop=None):
        raise AssertionError("It has no scores.")


@pytest.mark.parametrize(
    ("said", "value"), [("Yes.", DECIDED), ("no", -DECIDED), ("Nein, das", -DECIDED), ("It depends", 0.0), ("", 0.0)]
)
def test_a_plain_yes_or_no_is_asked_for(said, value):
    generator = Unscored({"rye": said}, capabilities=NOTHING)
    assert yes_over_no(generator, PROMPT) == value
    assert generator.prompts == [replace(PROMPT, task="answerable")]


def test_scores_are_taken_where_there_are_some():
    generator = ScriptedGenerator({}, {"rye": 0.9})
    assert yes_over_no(generator, PROMPT) == pytest.approx(math.log(0.9 / 0.1))


def planned(reply, capabilities):
    generator = ScriptedGenerator({}, completions={"rye flour": reply}, capabilities=capabilities)
    return Planner(generator, tasks.load(PLAN)).plan(QUESTION, titles()), generator


def test_without_scores_no_question_is_planned_and_nothing_is_asked():
    plan, generator = planned(" mention | topic: rye flour", NOTHING)
    assert plan is None
    assert generator.completions == []


@pytest.mark.parametrize(
    ("reply", "topic"),
    [
        (" mention | topic: rye flour", "rye flour"),
        (" mention | topic: rye flour\n\nQuestion: What else?", "rye flour"),
        (" mention | topic: oat flour", ""),
        (" mention | documents: Rye loaf recipe | topic: rye flour", ""),
        (" mention count | topic: rye flour", ""),
        (" mention", ""),
    ],
)
def test_a_plan_without_a_grammar_is_checked(reply, topic):
    plan, _ = planned(reply, Capabilities(grammar=False))
    assert (plan.topic if plan else "") == topic


def test_the_assistant_answers_and_abstains_with_the_least_of_engines(seeds_index, embedder, config):
    venue, ticket = "In which building was the Cardiff roadshow?", "How much did a ticket to Cardiff cost?"
    generator = Unscored(
        {venue: "The venue was the Cardiff Millennium Centre [1].", ticket: "No."}, capabilities=NOTHING
    )
    settings = replace(config, min_confidence=0.3, min_unsure=0.2)

    class YesAndNo(Unscored):
        def stream(self, prompt, limit, stop=None):
            if prompt.task == "answerable":
                return iter(["yes" if prompt.question == venue else "no"])
            return generator.stream(prompt, limit, stop)

    lesser = YesAndNo({}, capabilities=NOTHING)
    assistant = Assistant(seeds_index, embedder, lesser, prompts.load(config.prompt), settings)
    answered, refused = assistant.ask(venue), assistant.ask(ticket)
    assert (answered.status, answered.citations[0].quote) == ("answered", "Location: Cardiff Millennium Centre")
    assert answered.receipt["signals"]["yes"] == pytest.approx(DECIDED, abs=1e-4)
    assert refused.status == "abstained"


def test_a_prompt_fits_the_smaller_context_of_a_server(seeds_index, embedder, config):
    generator = ScriptedGenerator({}, context=config.answer_tokens + 40)
    assistant = Assistant(seeds_index, embedder, generator, prompts.load(config.prompt), config)
    assert assistant.room == 40
    answer = assistant.ask("What are the six principles of co-production?")
    assert all(generator.measure(prompt) <= 40 for prompt in generator.prompts)
    assert answer.notes
