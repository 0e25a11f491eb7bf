from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.config import Config
from rag.errors import PromptError, QuestionError
from rag.prompts import fit, load
from rag.types import Evidence, Passage, Prompt, Turn

GOOD = Config().prompt.read_text(encoding="utf-8")


def evidence(rank, text="some text", title="Title", section=""):
    return Evidence(Passage("a.txt", 0, len(text), text, title, section), 1.0, rank)


def count(prompt):
    parts = [prompt.instructions, prompt.question]
    return sum(len(part.split()) for part in [*parts, *(item.passage.text for item in prompt.evidence)])


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "answer.txt"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_prompt_has_every_part():
    prompt_file = load(Config().prompt)
    shown = prompt_file.passage(evidence(3, "Location: Cardiff", "Roadshow", "Place"))
    assert "### Roadshow – Place\nLocation: Cardiff" in shown
    asked = Prompt(prompt_file.instructions, (), "Where?")
    assert prompt_file.asked(asked, "question").startswith("\nQuestion: Where?\n\nAnswer the question from the sources")
    assert prompt_file.asked(asked, "answerable").startswith("\nQuestion: Where?\nIs it answered above?")
    after = Prompt(prompt_file.instructions, (), "And when?", earlier="Where?")
    assert after.query == "Where? And when?"
    assert prompt_file.asked(after, "question").startswith("\nQuestion: Where? And when?\n\nAnswer the question")
    assert prompt_file.exchange(after) == ()


def test_a_question_that_goes_on_from_another_comes_after_that_and_the_reply_to_it():
    prompt_file = load(Config().prompt)
    turns = (Turn("user", "Wo ist das Fest?"), Turn("assistant", "In Leeds."))
    prompt = prompt_file.prompt([evidence(3, "Das Fest ist in Leeds am 3. Mai.")], "Und wann?", turns[0].content, turns)
    first, reply, last = prompt.messages
    assert (first.role, reply, last.role) == ("user", turns[1], "user")
    assert first.content.startswith(prompt_file.instructions)
    assert first.content.endswith(prompt_file.exchange(prompt)[0])
    assert "Wo ist das Fest?" in first.content and "Beantworte die Frage" in first.content
    assert last.content == prompt_file.asked(prompt, "question")
    assert "Question: Und wann?" in last.content and "Fest?" not in last.content
    alone = prompt_file.prompt(prompt.evidence, "Und wann?", "", turns)
    assert (alone.exchange, len(alone.messages)) == ((), 1)
    assert len(prompt_file.fingerprint) == 64


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wann öffnet das Büro?", "auf Deutsch"),
        ("Quand est-ce que la mairie ouvre ?", "en français"),
        ("¿Cuándo abre la oficina?", "en español"),
    ],
)
def test_a_question_is_asked_in_its_language(question, language):
    asked = load(Config().prompt).asked(Prompt("", (), question), "question")
    assert question in asked and language in asked


def test_a_task_without_a_translation_is_asked_in_english():
    asked = load(Config().prompt).asked(Prompt("", (), "Wann öffnet das Büro?"), "answerable")
    assert "Is it answered above?" in asked


def test_a_translation_is_checked_like_what_it_translates(tmp_path):
    with pytest.raises(PromptError, match=r"'## question_it' of the prompt file .* lacks {question}"):
        load(write(tmp_path, GOOD + "\n## question_it\nDimmi.\n"))
    sections = load(write(tmp_path, GOOD + "\n## question_it\nDimmi: {question}\n")).sections
    assert sections["question_it"].startswith("Dimmi")


def test_a_table_is_read_with_each_cell_behind_its_header():
    shown = load(Config().prompt).passage(evidence(1, "| Room | Day |\n|---|---|\n| Hall | £43 |", "Prices"))
    assert "### Prices\nRoom: Hall; Day: £43\n" in shown


def test_the_date_of_a_document_stands_behind_its_title():
    passage = Passage("a.txt", 0, 4, "Text", "Minutes", "Rent", date="2024-03-05")
    assert "### Minutes – Rent (5 March 2024)\nText" in load(Config().prompt).passage(Evidence(passage, 1.0, 1))


def test_braces_in_a_document_or_question_are_only_text():
    prompt_file = load(Config().prompt)
    assert "{number} {" in prompt_file.passage(evidence(1, "{number} {"))
    assert "{x}" in prompt_file.asked(Prompt("", (), "{x}"), "question")


def test_a_passage_without_a_title_is_named_by_its_document():
    assert "### a.txt\n" in load(Config().prompt).passage(evidence(1, title=""))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("## passage", "## passages"), "section"),
        (GOOD + "\n## extra\nx\n", "unknown section '## extra'"),
        (GOOD.replace("{text}", ""), "lacks {text}"),
        (GOOD.replace("{text}", "{text} {date}"), "unknown placeholder {date}"),
        (GOOD.replace("{text}", "{text} {"), "stray brace"),
        ("", "lacks the section"),
    ],
)
def test_a_prompt_file_is_checked_when_it_is_loaded(tmp_path, text, message):
    with pytest.raises(PromptError, match=message):
        load(write(tmp_path, text))


def test_a_prompt_file_that_is_not_there(tmp_path):
    with pytest.raises(PromptError, match="Can't read"):
        load(tmp_path / "none.txt")


def test_what_is_found_last_goes_first():
    prompt = Prompt("five " * 5, tuple(evidence(i, "w " * 10) for i in (1, 2, 3)), "what is it")
    assert fit(prompt, count, 38) == prompt
    fitted = fit(prompt, count, 30)
    assert [item.rank for item in fitted.evidence] == [1, 2]


def test_a_question_that_cannot_fit_is_refused():
    with pytest.raises(QuestionError, match="has 100 tokens, but only 50 fit"):
        fit(Prompt("", (), "w " * 100), count, 50)


@given(st.lists(st.integers(1, 60), max_size=6), st.integers(20, 200))
def test_what_is_left_always_fits(passages, limit):
    found = tuple(evidence(rank, "w " * words) for rank, words in enumerate(passages, 1))
    prompt = Prompt("i " * 5, found, "q " * 5)
    fitted = fit(prompt, count, limit)
    assert count(fitted) <= limit
    assert fitted.evidence == prompt.evidence[: len(fitted.evidence)]
