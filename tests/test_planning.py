"""Which questions reach the planner, what it says, and the language of its plans."""

import pytest
from plans import ORDINARY, PLANNED, titles

from rag import models, tasks
from rag.config import Config
from rag.errors import PromptError
from rag.generators.llama import LlamaGenerator
from rag.generators.scripted import ScriptedGenerator
from rag.planning.plans import OPERATIONS, Plan, Planner, grammar, parse, possible

TASK = tasks.load(Config().prompt.parent / "plan.txt")
WRONG_ONCE = ["When is the election?", "Where is the laptop?", "Who is the treasurer?"]


def scripted(question, reply):
    return Planner(ScriptedGenerator({}, completions={question: reply}), TASK)


@pytest.mark.parametrize(("question", "operations"), PLANNED)
def test_words_let_through_what_is_on_documents_as_wholes(question, operations):
    assert possible(question, titles()) & set(operations.split())


def test_words_keep_back_most_ordinary_questions():
    reach = [question for question in ORDINARY if possible(question, titles())]
    assert len(reach) <= len(ORDINARY) / 3
    assert not set(reach) & {*WRONG_ONCE, "How many people came to the Leeds workshop?"}


@pytest.mark.parametrize(
    ("question", "counts"),
    [
        ("How many months of lease are left?", False),
        ("How many pages of the lease are signed?", False),
        ("How many leases mention pets?", True),
        ("How many of the leases mention pets?", True),
        ("What is the number of leases?", True),
        ("Combien de pages de contrat y a-t-il ?", False),
    ],
)
def test_what_is_counted_stands_before_what_it_is_a_part_of(question, counts):
    assert ("count" in possible(question, titles())) == counts


@pytest.mark.parametrize(
    ("question", "reply", "is_planned"),
    [
        ("How many printer leases were sold?", " count | topic: were sold", False),
        ("How many printer leases were sold?", " count | documents: printer leases", True),
        ("How many of the leases mention pets?", " count | topic: pets | documents: leases", True),
    ],
)
def test_a_plan_counts_what_the_question_counts(question, reply, is_planned):
    assert (scripted(question, reply).plan(question, titles()) is not None) == is_planned


@pytest.mark.parametrize(
    ("name", "documents"),
    [
        ("expenses policies of 2019 and 2022", ["expenses-2019.md", "expenses-2022.md"]),
        ("Satzung von 2010 bis 2020", ["satzung-2010.txt", "satzung-2020.txt"]),
        ("leases from 2014 to 2016", ["ashford-lease.txt"]),
        ("leases of 2014 and 2016", []),
        ("minutes of 2021", ["minutes-ashford.txt", "minutes-dover.txt"]),
        ("minutes of 1999", []),
    ],
)
def test_several_years_name_the_documents_of_each_or_between(name, documents):
    assert [info.name for info in titles().resolve(name)] == documents


@pytest.mark.parametrize("question", WRONG_ONCE)
def test_an_ordinary_question_costs_nothing(question):
    generator = ScriptedGenerator({}, completions={question: " first"})
    assert Planner(generator, TASK).plan(question, titles()) is None
    assert generator.completions == []


def test_a_plan_is_what_the_model_writes():
    question = "Compare the rent in the Ashford and the Dover lease."
    planner = scripted(question, " compare | documents: Ashford; Dover lease | question: What is the rent?")
    plan = planner.plan(question, titles())
    assert plan == Plan("compare", documents=("Ashford", "Dover lease"), question="What is the rent?")
    assert plan.signals["operation"] > 0.9


@pytest.mark.parametrize(
    ("question", "reply", "asked"),
    [
        ("Which lease is the oldest?", " first | documents: lease | question: Which lease is the oldest?", ""),
        (
            "What does the oldest lease say on pets?",
            " first | documents: lease | question: What does the lease say on pets?",
            None,
        ),
        (
            "Compare the Ashford and the Dover lease.",
            " compare | documents: Ashford; Dover lease | question: What does the lease say about pets?",
            "",
        ),
        (
            "How do the rye recipe and the honey cake recipe differ in baking time?",
            " compare | documents: rye recipe; honey cake recipe | question: How do they differ in baking time?",
            "baking time?",
        ),
        ("Who signed each lease?", " each | question: Who wrote the letter?", "Who signed each lease?"),
    ],
)
def test_what_documents_are_asked_is_in_words_of_the_question(question, reply, asked):
    plan = scripted(question, reply).plan(question, titles())
    assert plan.question == (reply.rpartition(": ")[2] if asked is None else asked)


def test_what_the_words_do_not_allow_is_not_planned():
    question = "Which policy number does the insurance have?"
    assert scripted(question, " last").plan(question, titles()) is None
    assert scripted(question, " none").plan(question, titles()) is None


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("none", None),
        ("mention", None),
        ("mention | topic: ", None),
        ("mention | topic: rye | documents: the recipes", Plan("mention", "rye", ("the recipes",))),
        ("count", Plan("count")),
        ("count | topic: rye | documents: rye; rye; recipes", Plan("count", "rye", ("recipes",))),
        ("first | documents: lease | question: What is the rent?", Plan("first", "", ("lease",), "What is the rent?")),
        ("compare | documents: ; ", Plan("compare", documents=())),
        ("each", None),
        ("summarise", Plan("summarise")),
        ("and so on", None),
        ("", None),
    ],
)
def test_only_whole_plans_are_plans(text, plan):
    assert parse(text) == plan


def test_a_task_file_must_be_whole(tmp_path):
    file = tmp_path / "plan.txt"
    with pytest.raises(PromptError, match="Can't read"):
        tasks.load(file)
    file.write_text("## instructions\nSay it.\n\n## text\n{question}\n")
    with pytest.raises(PromptError, match="must have the sections instructions, text, asked"):
        tasks.load(file)
    file.write_text("## instructions\nSay it.\n\n## text\n{question}\n\n## asked\nNow:\n")
    completion = tasks.load(file).completion(3, question="{What}?")
    assert (completion.instructions, completion.text, completion.asked) == ("Say it.\n\n", "{What}?", "\nNow:")
    assert completion.chat and completion.passage == 3


# --- with a real model


def planner_of(name):
    config = Config()
    return LlamaGenerator(models.locate(name, config.models), context=2048)


@pytest.fixture(scope="module")
def small():
    with planner_of("smollm2-135m-instruct") as generator:
        yield generator


@pytest.mark.llm
@pytest.mark.parametrize("operation", OPERATIONS[1:])
def test_whatever_the_model_writes_is_a_plan_in_words_of_the_question(small, operation):
    question = 'Which of "the minutes", if any, mention über \\ 10 | 20 (tanks)?'
    task = TASK.completion(question=question)
    written = "".join(small.complete(task, 80, grammar(operation, question)))
    plan = parse(written)
    assert written.startswith(f" {operation}")
    if plan and "question" not in written:
        assert all(word in question for name in (plan.topic, *plan.documents) for word in name.split())


@pytest.mark.llm
def test_operations_begin_with_different_tokens(small):
    assert len({small._tokens(f" {operation}")[0] for operation in OPERATIONS}) == len(OPERATIONS)


@pytest.fixture(scope="module")
def default():
    with planner_of(Config().generator) as generator:
        planner = Planner(generator, TASK)
        planner.warm()
        yield planner


@pytest.mark.slow
@pytest.mark.llm
def test_the_default_model_plans_most_and_leaves_ordinary_questions_alone(default):
    plans = {question: default.plan(question, titles()) for question, _ in PLANNED}
    right = [question for question, wanted in PLANNED if plans[question] and plans[question].operation in wanted]
    left = [question for question in ORDINARY if default.plan(question, titles()) is None]
    assert len(right) >= 26
    assert len(left) >= 28
    assert set(WRONG_ONCE) <= set(left)
