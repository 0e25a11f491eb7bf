"""Three outcomes: what is unsure helps where it quotes the answer, and is counted by itself, strictly and leniently."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from evaluation import DOCUMENTS, QUESTIONS, TinyGenerator, tiny_run, tiny_set
from hypothesis import given
from hypothesis import strategies as st

from eval import asking, runs
from eval.groups import groups_section
from eval.outcomes import decision_scores, outcome_scores, quoted, quotes_answer, quotes_gold
from eval.questions import Question, Span
from eval.report import page
from eval.scoring import answer_from, answer_scores, correct, lost
from eval.summary import decisions
from eval.tables import grouped, run_table
from eval.worst import worst
from rag.answers import answer_object
from rag.assistant import Assistant
from rag.types import Answer, Citation, Sentence

pytestmark = pytest.mark.usefixtures("few_resamples")

TEXT = "Quotas\n\nThe home folder holds 75 GB. The scratch folder holds 5 TB.\n"
TEXTS = {"files.md": TEXT}
FACTS = Question("q", "How much fits into my home?", True, facts=(("75 GB",),), documents=("files.md",))
GOLD = Question("q", "?", True, gold=(Span("files.md", 8, 36),))
NOTHING = Question("q", "Who cleans the home folder?", False)
HOME, SCRATCH = "The home folder holds 75 GB.", "The scratch folder holds 5 TB."


def citation(quote: str, mark: int = 1) -> Citation:
    start = TEXT.index(quote)
    return Citation(mark, "files.md", "", start, start + len(quote), quote)


def unsure(*quotes: str, draft: str = "") -> Answer:
    """An answer that shows ``quotes``, behind a draft that the first of them bears out."""
    sentences = [Sentence(f"“{quote}”", (mark,), 1.0) for mark, quote in enumerate(quotes, start=1)]
    first = [Sentence(draft, (1,), 0.8)] if draft else []
    lines = [f"{draft} The documents do not say so outright; this may answer it:"]
    lines += [f"- “{quote}” [{mark}]" for mark, quote in enumerate(quotes, start=1)]
    cited = tuple(citation(quote, mark) for mark, quote in enumerate(quotes, start=1))
    return Answer("1", "?", "unsure", 0.4, "\n".join(lines), (*first, *sentences), cited)


def answered(text: str) -> Answer:
    return Answer("1", "?", "answered", 0.9, f"{text} [1]", (Sentence(text, (1,), 1.0),), (citation(HOME),))


REFUSED = Answer("1", "?", "abstained", 0.1, "The documents do not answer this question.")


def outcomes(question: Question, answer: Answer | None) -> set[str]:
    """The names of the outcomes that ``answer`` had."""
    text = answer.answer if answer and answer.status == "answered" else ""
    scores = outcome_scores(question, answer, correct(question, text)) | decision_scores(question, answer)
    return {name for name, value in scores.items() if value}


@pytest.mark.parametrize(
    ("question", "answer", "found"),
    [
        (FACTS, answered("It holds 75 GB."), {"right", "helpful", "strict", "lenient"}),
        (FACTS, answered("It holds 5 TB."), {"wrong", "strict", "lenient"}),
        (FACTS, unsure(HOME), {"unsure", "helpful", "lenient"}),
        (FACTS, unsure(SCRATCH, HOME), {"unsure", "helpful", "lenient"}),
        (FACTS, unsure(SCRATCH), {"unsure"}),
        (FACTS, unsure(SCRATCH, draft="It holds 75 GB."), {"unsure"}),  # a draft is no quote
        (FACTS, REFUSED, {"refused"}),
        (FACTS, None, {"wrong"}),
        (GOLD, unsure(HOME), {"unsure", "lenient"}),
        (GOLD, unsure(SCRATCH), {"unsure"}),
        (NOTHING, answered("Ann."), {"false_answer"}),
        (NOTHING, unsure(HOME), {"false_unsure", "strict", "lenient"}),
        (NOTHING, REFUSED, {"strict", "lenient"}),
        (NOTHING, None, {"false_answer"}),
    ],
)
def test_what_became_of_a_question(question: Question, answer: Answer | None, found: set[str]) -> None:
    names = {"strict": "decision.right", "lenient": "decision.lenient"}
    assert outcomes(question, answer) == {names.get(name, f"outcome.{name}") for name in found}


def test_quotes_are_what_stands_in_the_citation() -> None:
    assert quoted(unsure(HOME, SCRATCH, draft="It is large.")) == f"{HOME}\n{SCRATCH}"
    assert quoted(answered(HOME)) == quoted(REFUSED) == ""
    wrapped = replace(unsure(HOME), sentences=(Sentence("The home\nfolder  holds 75 GB.", (1,), 1.0),))
    assert quotes_answer(FACTS, wrapped)
    assert not quotes_answer(FACTS, replace(wrapped, citations=()))


def test_without_facts_the_quotes_hold_a_reference_answer() -> None:
    question = Question("q", "?", True, answers=("75 GB",))
    assert quotes_answer(question, unsure(HOME))
    assert not quotes_answer(question, unsure(SCRATCH))
    assert not quotes_answer(NOTHING, unsure(HOME))


def test_where_all_gold_is_needed_one_span_is_not_enough() -> None:
    both = Question("q", "?", True, gold=(Span("files.md", 8, 36), Span("files.md", 37, 66)), need="all")
    assert quotes_gold(both, unsure(HOME, SCRATCH))
    assert not quotes_gold(both, unsure(HOME))
    assert quotes_gold(replace(both, need="any"), unsure(HOME))


def test_what_is_unsure_states_no_fact_and_cites_its_documents() -> None:
    scores = answer_scores(FACTS, unsure(HOME), TEXTS)
    assert (scores["answer.correct"], scores["answer.fact_coverage"], scores["outcome.helpful"]) == (0, 0, 1)
    assert (scores["citation.document"], scores["citation.validity"], scores["citation.quotations"]) == (1, 1, 1)
    assert scores["citation.document_precision"] == scores["citation.document_recall"] == 1
    assert scores["citation.span"] is None  # no span is known
    assert scores["answer.conditioned"] == 0


def test_where_it_was_lost() -> None:
    for answer, stage in ((unsure(HOME), "unsure"), (unsure(SCRATCH), "retrieval"), (REFUSED, "retrieval")):
        assert lost(FACTS, answer, answer_scores(FACTS, answer, TEXTS)) == stage
    without = replace(FACTS, documents=())
    assert lost(without, unsure(SCRATCH), answer_scores(without, unsure(SCRATCH), TEXTS)) == "refusal"


statuses = st.sampled_from([answered("It holds 75 GB."), answered("It holds 5 TB."), unsure(HOME), REFUSED, None])


@given(st.lists(st.tuples(st.sampled_from([FACTS, NOTHING]), statuses), min_size=1, max_size=12))
def test_the_outcomes_of_an_answerable_question_add_up(pairs: Sequence[tuple[Question, Answer | None]]) -> None:
    for question, answer in pairs:
        text = answer.answer if answer and answer.status == "answered" else ""
        scores = outcome_scores(question, answer, correct(question, text))
        four = [scores[f"outcome.{name}"] for name in ("right", "wrong", "unsure", "refused")]
        assert (sum(map(float, four)) == 1) if question.answerable else four == [None] * 4
        decided = decision_scores(question, answer)
        assert decided["decision.right"] <= decided["decision.lenient"]


# --- in a run


class Unsure(Assistant):
    """An assistant that is unsure about the questions with ``PASSAGES`` and shows these; it counts the arches."""

    def ask(self, question, history=(), id="", stop=None, documents=None):
        answer = super().ask(question, history, id, stop, documents)
        if "arches" in question:
            return replace(answer, path="count")
        if not (place := next((place for words, place in PASSAGES.items() if words in question), None)):
            return answer
        document, quote = place
        start = DOCUMENTS[document].index(quote)
        cited = Citation(1, document, "", start, start + len(quote), quote)
        sentences = (Sentence(f"“{quote}”", (1,), 1.0),)
        text = f"This may answer it:\n- “{quote}” [1]"
        return replace(answer, status="unsure", answer=text, sentences=sentences, citations=(cited,))


PASSAGES = {
    "closed": ("museum.txt", "It is closed on Mondays."),
    "ticket": ("museum.txt", "The museum of the town keeps the oar of the ferry and a model of the bridge."),
    "keep of the ferry": ("ferry.txt", "The ferry crossed the river Tarn every hour until 1901."),
}
GENRES = {"bridge": "engineering", "museum": "leaflet"}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> runs.Run:
    questions = [
        replace(question, genre=next((g for word, g in GENRES.items() if word in question.question), "")[:11])
        for question in QUESTIONS
    ]
    replies = {**TinyGenerator()._replies, "keep of the ferry": "NO ANSWER"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "Assistant", Unsure)
        return tiny_run(tmp_path_factory.mktemp("unsure"), "run", TinyGenerator(replies=replies), questions=questions)


def test_a_run_counts_what_is_unsure_by_itself(run) -> None:
    unsure = {id_ for id_, row in run.questions.items() if row["status"] == "unsure"}
    assert unsure == {"unsure", "broken", "refused", "declined"}
    points = {name: figure["point"] for name, figure in run.metrics["metrics"].items()}
    assert run.metrics["counts"]["unsure"] == 4
    assert points["outcome.unsure"] == pytest.approx(3 / 7, abs=1e-6)
    assert points["outcome.helpful"] == pytest.approx(4 / 7, abs=1e-6)
    assert points["outcome.false_unsure"] == pytest.approx(1 / 3, abs=1e-6)
    assert points["decision.lenient"] - points["decision.right"] == pytest.approx(0.2)
    assert points["abstention.false_refusal_rate"] == pytest.approx(3 / 7, abs=1e-6)
    assert points["lenient.false_refusal_rate"] == pytest.approx(1 / 7, abs=1e-6)
    assert run.metrics["lost"]["all"]["unsure"] == 2
    lenient = decisions(run.questions.values(), "decision.lenient")
    assert sum(d.abstained for d in decisions(run.questions.values())) == sum(d.abstained for d in lenient) + 2


def test_a_record_gives_back_the_path_and_the_quotes(run, tmp_path) -> None:
    question = next(q for q in tiny_set(tmp_path).questions if q.id == "unsure")
    answer = answer_from(run.answers()["unsure"])
    assert answer is not None
    assert quotes_answer(question, answer)
    counted = answer_from(run.answers()["declined"])
    assert counted is not None
    assert (counted.path, run.questions["declined"]["path"]) == ("count", "count")
    assert answer_object(counted)["path"] == "count"


def test_accuracy_is_told_by_path_and_genre(run) -> None:
    groups = dict(grouped(run.metrics))
    assert list(groups) == ["kind", "genre", "path"]  # all are of one language
    assert {name: group["questions"] for name, group in groups["path"].items()} == {"read": 9, "count": 1}
    assert set(groups["genre"]) == {"engineering", "leaflet", ""}
    table = run_table(run)
    assert re.search(r"^Path +questions +right +helpful +wrong +refused +false answers$", table, re.MULTILINE)
    assert re.search(r"^count +1 +0 % \[0–79\]", table, re.MULTILINE)
    assert re.search(r"^\(none\) ", table, re.MULTILINE)
    assert "10 asked: 5 answered, 4 unsure, 1 declined, 0 failed" in table
    assert max(map(len, table.splitlines())) < 140


def test_the_report_shows_the_groups(run) -> None:
    html = groups_section(run)
    assert all(f"<h3>By {grouping}</h3>" in html for grouping in ("kind", "genre", "path"))
    assert "By language" not in html
    told = page(run)
    assert "2 of 7 answerable questions were answered correctly, 2 more with quotes only." in told
    assert (
        "Of 3 questions that the documents do not answer, 1 were declined and 1 got quotes that may answer them."
        in told
    )
    assert ("unsure, and quotes another place", "broken") in [(fault, row["id"]) for fault, row in worst(run)]
    assert "unsure" not in [row["id"] for _, row in worst(run)]


def test_an_older_run_without_paths_has_no_table_of_them(run) -> None:
    row = {"": {"questions": 1, "answerable": 1, "outcomes": {}}}
    assert list(grouped({"groups": {"path": row}})) == list(grouped({})) == []
