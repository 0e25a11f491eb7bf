"""What readers said becomes known-answer questions: which, written where, and asked by the next evaluation."""

import sys
from dataclasses import replace

import pytest
from command import ROOT, footnote

from eval import sets
from eval.questions import SetError, read_questions
from eval.review import accept, default_set, question_of, reviewed_folder
from rag import feedback
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.feedback import Feedback, Span
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest
from rag.types import Turn

TEXT = "It was held at the Cardiff Millennium Centre.\n"
PLACE = Span("one.txt", 19, 44, "Cardiff Millennium Centre")
QUESTION = "Where was it held?"
UP = Feedback("up", QUESTION, status="answered", answer="It was held there. [1]", citations=(PLACE,), id="1")
WRONG = Feedback("wrong_answer", QUESTION, right_answer="Cardiff Millennium Centre", passages=(PLACE,), id="2")


@pytest.fixture
def index(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "one.txt").write_text(TEXT, encoding="utf-8")
    embedder = HashEmbedder(16)
    with SqliteIndex.create(tmp_path / "index", embedder, 60) as index:
        ingest([folder], index, embedder, Config(passage_tokens=60))
        yield index


def test_what_each_kind_of_feedback_says_is_right():
    up, wrong = question_of(UP), question_of(WRONG)
    assert (up.answerable, up.answers, up.gold[0].start) == (True, ("It was held there.",), 19)
    assert (wrong.answers, wrong.facts, wrong.gold[0].document) == (
        ("Cardiff Millennium Centre",),
        (("Cardiff Millennium Centre",),),
        "one.txt",
    )
    source = question_of(replace(UP, kind="wrong_source", passages=(replace(PLACE, start=0),)))
    assert (source.answers, source.gold[0].start) == (("It was held there.",), 0)
    for none in (replace(UP, kind="should_abstain"), replace(UP, status="abstained", citations=())):
        question = question_of(none)
        assert (question.answerable, question.answers, question.gold) == (False, (), ())
    assert question_of(replace(WRONG, history=(Turn("user", "Hello"),))).history == (Turn("user", "Hello"),)
    assert question_of(replace(WRONG, right_answer="word " * 30)).facts == ()


@pytest.mark.parametrize(
    ("said", "lacks"),
    [
        (Feedback("down", "Why?", status="answered", answer="So."), "A thumb down alone"),
        (Feedback("should_answer", "Why?"), "what the right answer is"),
        (Feedback("wrong_answer", "Why?", right_answer="So."), "where the right answer stands"),
        (replace(UP, citations=()), "where the right answer stands"),
    ],
)
def test_what_is_missing_is_said(said, lacks):
    with pytest.raises(SetError, match=lacks):
        question_of(said)


def test_accepted_questions_make_a_set_on_the_documents_of_the_index(index, tmp_path):
    for said in (UP, WRONG):
        feedback.add(index.folder, said)
    waiting = feedback.pending(index.folder)
    for said in waiting:
        accept(said, index)
    known = sets.load(reviewed_folder(index.folder))
    assert known.documents == tmp_path / "in"
    assert [question.id for question in known.questions] == [f"reviewed-{said.id}" for said in waiting]
    assert sets.misplaced(known.questions, {"one.txt": TEXT}) == []
    assert feedback.pending(index.folder) == []
    accept(waiting[0], index)
    assert len(read_questions(reviewed_folder(index.folder) / "questions.jsonl")) == 2, "never twice"


def test_documents_of_several_folders_are_copied(index, tmp_path):
    other = tmp_path / "more"
    other.mkdir()
    (other / "two.txt").write_text("Another one.\n")
    ingest([other], index, HashEmbedder(16), Config(passage_tokens=60))
    accept(WRONG, index)
    documents = sets.load(reviewed_folder(index.folder)).documents
    assert sorted(path.name for path in documents.iterdir()) == ["one.txt", "two.txt"]


def test_what_does_not_stand_there_any_more_is_refused(index, tmp_path):
    with pytest.raises(SetError, match="stands there no more"):
        accept(replace(WRONG, passages=(replace(PLACE, quote="Something else"),)), index)
    with pytest.raises(SetError, match=r"no document 'gone\.txt'"):
        accept(replace(WRONG, passages=(replace(PLACE, document="gone.txt"),)), index)
    other = tmp_path / "set"
    (other / "documents").mkdir(parents=True)
    (tmp_path / "in" / "one.txt").write_text("Changed.\n")
    with pytest.raises(SetError, match=r"does not hold 'one\.txt'"):
        accept(WRONG, index, other)
    assert not (other / "questions.jsonl").exists()


def test_the_next_evaluation_asks_what_was_accepted(index, tmp_path):
    seeds = ROOT / "eval" / "data" / "seeds"
    shipped = sets.load(seeds)
    assert default_set(seeds, index.folder) == shipped
    accept(WRONG, index)
    assert [question.id for question in default_set(seeds, index.folder).questions] == ["reviewed-2"]
    folder = reviewed_folder(index.folder)
    (folder / "set.toml").write_text(f'documents = "{shipped.documents}"\n')
    together = default_set(seeds, index.folder)
    assert (len(together.questions), together.questions[-1].id) == (len(shipped.questions) + 1, "reviewed-2")


def test_review_in_the_terminal_takes_a_letter_for_each(index):
    for said in (UP, WRONG, Feedback("down", "Why?", answer="So.")):
        feedback.add(index.folder, said)
    index.close()
    done = footnote("eval", "review", "--index", index.folder, stdin="s\na\na\n")
    assert done.returncode == 0, done.stderr
    assert "Accepted as reviewed-" in done.stdout and "A thumb down alone" in done.stdout
    assert done.stdout.endswith("2 left in the queue.\n")
    assert len(read_questions(reviewed_folder(index.folder) / "questions.jsonl")) == 1
    done = footnote("eval", "review", "--index", index.folder, stdin="r\nq\n")
    assert done.stdout.endswith("1 left in the queue.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_in_a_terminal_one_key_is_enough(index):
    import os
    import pty
    import subprocess

    feedback.add(index.folder, WRONG)
    index.close()
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "rag.cli", "eval", "review", "--index", str(index.folder)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    ) as process:
        os.write(ours, b"a")
        out, _ = process.communicate(timeout=300)
    os.close(ours)
    os.close(theirs)
    assert out.endswith("The queue is empty.\n")
