from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eval.published_sets import convert, read_beir
from eval.questions import read_json_lines
from eval.sets import KnownAnswerSet, Question, SetError, Span, load, misplaced, sample, write_questions
from rag.documents import find, read
from rag.errors import FootnoteError
from rag.types import Turn

FULL = Question(
    id="q1",
    question="Who spoke at both?",
    answerable=True,
    answers=("Ann",),
    gold=(Span("a.txt", 0, 3), Span("sub/b.txt", 4, 7, grade=2)),
    facts=(("Ann", "Ms. Doe"), ("2011",)),
    never=("Bob",),
    history=(Turn("user", "Hello"), Turn("assistant", "Ask me — anything\u2028at all.")),
    kind="two documents",
    need="all",
    split="test",
    cluster="roadshow",
)
NAMED = Question(
    id="q3",
    question="How much may I store?",
    answerable=True,
    facts=(("75 gb",),),
    kind="plain",
    cluster="centre/files.md",
    documents=("centre/files.md", "faq.md"),
    genre="manual",
    language="en",
    match="substring",
)
BARE = Question("q2", "Why?", answerable=False, kind="unanswerable", cluster="q2")


def a_set(folder: Path, *lines: str) -> Path:
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    (folder / "questions.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def line(**fields: Any) -> str:
    return json.dumps({"id": "q", "question": "Why?", "answerable": True, "answers": [], "gold": []} | fields)


def named(**fields: Any) -> str:
    """A line of a set that knows documents and no spans."""
    return json.dumps({"id": "q", "question": "Why?", "answerable": True} | fields)


def texts(known: KnownAnswerSet) -> dict[str, str]:
    """What the assistant reads: offsets must hold in that."""
    return {name: read(path, name).text for name, path in find(known.documents)}


def said(known: KnownAnswerSet) -> dict[str, list[str]]:
    """The text behind the gold spans of each question."""
    by_name = texts(known)
    return {q.id: [by_name[s.document][s.start : s.end] for s in q.gold] for q in known.questions}


class TestOwnFormat:
    def test_what_is_written_is_read_back(self, tmp_path: Path) -> None:
        (tmp_path / "documents").mkdir()
        asked = (FULL, BARE, NAMED, replace(NAMED, id="q4", match="words", genre="centre"))
        write_questions(asked, tmp_path / "questions.jsonl")
        known = load(tmp_path)
        assert known.questions == asked
        assert known.name == tmp_path.name
        assert known.documents == (tmp_path / "documents").resolve()

    def test_what_is_usual_is_not_written(self, tmp_path: Path) -> None:
        write_questions([BARE], tmp_path / "questions.jsonl")
        row = json.loads((tmp_path / "questions.jsonl").read_text("utf-8"))
        assert set(row) == {"id", "question", "answerable", "answers", "gold", "kind", "cluster"}

    def test_documents_may_lie_elsewhere(self, tmp_path: Path) -> None:
        (tmp_path / "seeds").mkdir()
        folder = tmp_path / "eval" / "data" / "own"
        a_set(folder, line())
        (folder / "set.toml").write_text('name = "ours"\ndocuments = "../../../seeds"\n')
        known = load(folder)
        assert (known.name, known.documents) == ("ours", (tmp_path / "seeds").resolve())

    def test_a_question_belongs_to_the_document_it_is_about(self, tmp_path: Path) -> None:
        gold = [{"document": "a.txt", "start": 0, "end": 1}]
        a_set(
            tmp_path,
            line(id="1", cluster="c", gold=gold),
            line(id="2", gold=gold, paragraph={"document": "p.txt", "start": 0, "end": 9}),
            line(id="3", gold=gold),
            line(id="4"),
        )
        assert [q.cluster for q in load(tmp_path).questions] == ["c", "p.txt", "a.txt", "4"]

    def test_documents_stand_in_for_spans(self, tmp_path: Path) -> None:
        a_set(
            tmp_path,
            named(id="1", docs=["lab/gpu.md", "faq.md"], facts=[["141 gb"]], language="en"),
            named(id="2", docs=["faq.md"], genre="faq", cluster="c", match="words"),
            line(id="3", gold=[{"document": "lab/a.txt", "start": 0, "end": 1}]),
            named(id="4", answerable=False, docs=["faq.md"]),
        )
        first, second, third, fourth = load(tmp_path).questions
        assert first.documents == ("lab/gpu.md", "faq.md")
        assert (first.cluster, first.genre, first.language, first.match) == ("lab/gpu.md", "lab", "en", "substring")
        assert (second.cluster, second.genre, second.match) == ("c", "faq", "words")
        assert (third.documents, third.genre, third.match) == ((), "lab", "words")
        sources = [question.sources for question in (first, second, third, fourth)]
        assert sources == [{"lab/gpu.md", "faq.md"}, {"faq.md"}, {"lab/a.txt"}, frozenset()]

    def test_a_set_says_how_its_facts_are_looked_for(self, tmp_path: Path) -> None:
        a_set(tmp_path, named(id="1", docs=["faq.md"]), named(id="2", docs=["faq.md"], match="substring"), line(id="3"))
        assert [q.match for q in load(tmp_path).questions] == ["substring", "substring", "words"]
        (tmp_path / "set.toml").write_text('match = "words"\n')
        assert [q.match for q in load(tmp_path).questions] == ["words", "substring", "words"]
        (tmp_path / "set.toml").write_text('match = "regex"\n')
        with pytest.raises(SetError, match="match must be words or substring, not 'regex'"):
            load(tmp_path)

    def test_a_kind_written_as_a_list_is_read(self, tmp_path: Path) -> None:
        assert load(a_set(tmp_path, line(kind="['partial']"))).questions[0].kind == "partial"

    @pytest.mark.parametrize(
        ("bad", "complaint"),
        [
            ("{", "not JSON"),
            ("[1]", "expected a JSON object"),
            (line(id=""), "id must be a non-empty text"),
            (line(question=None), "question must be a non-empty text"),
            (line(answerable="yes"), "answerable must be true or false"),
            (line(answers="Ann"), "answers must be a list of texts"),
            (line(answers=[1]), "answers must be a list of texts"),
            (line(gold=[{"document": "a.txt", "start": 3, "end": 3}]), "start < end"),
            (line(gold=[{"document": "a.txt", "start": True, "end": 3}]), "integers"),
            (line(gold=[{"start": 0, "end": 3}]), "document must be a non-empty text"),
            (line(gold=[{"document": "a", "start": 0, "end": 3, "grade": 0}]), "grade"),
            (line(answerable=False, gold=[{"document": "a", "start": 0, "end": 3}]), "has no gold"),
            (line(facts=["Ann"]), "facts must be a list of lists"),
            (line(facts=[[]]), "accepted spellings"),
            (line(facts=[[" "]]), "accepted spellings"),
            (line(history=[{"role": "system", "content": "x"}]), "role"),
            (line(need="some"), "need must be all or any"),
            (line(docs="a.txt"), "docs must be a list of texts"),
            (line(docs=[" "]), "docs must name documents"),
            (line(match="any"), "match must be words or substring"),
            (line(id="good"), "already used"),
        ],
    )
    def test_a_bad_line_is_named(self, tmp_path: Path, bad: str, complaint: str) -> None:
        a_set(tmp_path, line(id="good"), "", bad)
        with pytest.raises(SetError) as error:
            load(tmp_path)
        assert f"{tmp_path / 'questions.jsonl'}, line 3: " in str(error.value)
        assert complaint in str(error.value)
        assert isinstance(error.value, FootnoteError)

    def test_bytes_that_are_not_utf8_are_named(self, tmp_path: Path) -> None:
        file = tmp_path / "questions.jsonl"
        file.write_bytes(line().encode() + b"\n" + b'{"id": "\xff"}\n')
        with pytest.raises(SetError, match="line 2: not UTF-8"):
            list(read_json_lines(file))

    def test_what_is_missing_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SetError, match="there is no folder"):
            load(tmp_path)
        (tmp_path / "documents").mkdir()
        with pytest.raises(SetError, match=r"no file .*questions\.jsonl"):
            load(tmp_path)
        (tmp_path / "questions.jsonl").touch()
        with pytest.raises(SetError, match="contains no question"):
            load(tmp_path)

    @pytest.mark.parametrize("settings", ['documnets = "x"', "name = 1", "name ="])
    def test_settings_that_are_not_understood_are_refused(self, tmp_path: Path, settings: str) -> None:
        a_set(tmp_path, line())
        (tmp_path / "set.toml").write_text(settings)
        with pytest.raises(SetError, match=r"set\.toml"):
            load(tmp_path)

    def test_misplaced_spans_are_found(self) -> None:
        assert misplaced([FULL, BARE], {"a.txt": "Ann", "sub/b.txt": "And Ann"}) == []
        assert misplaced([FULL], {"a.txt": "An"}) == [
            "q1: a.txt ends at 2, before 3",
            "q1: there is no document sub/b.txt",
        ]
        assert misplaced([NAMED], {"faq.md": ""}) == ["q3: there is no document centre/files.md"]


SQUAD = {
    "version": "v2.0",
    "data": [
        {
            "title": "Steam_engine",
            "paragraphs": [
                {
                    "context": "Watt — of Glasgow —\r\nimproved it.",
                    "qas": [
                        {
                            "id": "s1",
                            "question": " Who improved it?",
                            "is_impossible": False,
                            "answers": [
                                {"text": "Watt", "answer_start": 0},
                                {"text": "Watt", "answer_start": 0},
                                {"text": "Watt — of Glasgow", "answer_start": 0},
                            ],
                        },
                        {
                            "id": "s2",
                            "question": "Who sold it?",
                            "is_impossible": True,
                            "answers": [],
                            "plausible_answers": [{"text": "Watt", "answer_start": 0}],
                        },
                    ],
                },
                {
                    "context": "It pumps\r\nwater. Much water.",
                    "qas": [
                        {"id": "s3", "question": "What?", "answers": [{"text": "water", "answer_start": 22}]},
                        {"id": "s4", "question": "Wrong?", "answers": [{"text": "Much", "answer_start": 15}]},
                    ],
                },
            ],
        },
        {"title": "Steam engine", "paragraphs": [{"context": "Another.", "qas": []}]},
    ],
}


class TestSquad:
    @pytest.fixture
    def known(self, tmp_path: Path) -> KnownAnswerSet:
        (tmp_path / "dev-v2.0.json").write_text(json.dumps(SQUAD), "utf-8")
        return convert(tmp_path / "dev-v2.0.json", tmp_path / "out")

    def test_each_article_is_a_document(self, known: KnownAnswerSet) -> None:
        assert texts(known) == {
            "Steam-engine.txt": "Watt — of Glasgow —\nimproved it.\n\nIt pumps\nwater. Much water.",
            "Steam-engine-2.txt": "Another.",
        }

    def test_offsets_are_those_of_the_article(self, known: KnownAnswerSet) -> None:
        assert said(known) == {"s1": ["Watt", "Watt — of Glasgow"], "s2": [], "s3": ["water"], "s4": ["Much"]}
        second = known.questions[2].gold[0]
        assert second.start > len("Watt — of Glasgow —\nimproved it.\n\nIt pumps\nwater"), "the second water"

    def test_unanswerable_questions_are_kept(self, known: KnownAnswerSet) -> None:
        first, second, *_ = known.questions
        assert (first.question, first.answers, first.kind) == (
            "Who improved it?",
            ("Watt", "Watt — of Glasgow"),
            "answerable",
        )
        assert (second.answerable, second.answers, second.gold, second.kind) == (False, (), (), "adversarial")
        assert {q.cluster for q in known.questions} == {"Steam-engine.txt"}

    @pytest.mark.parametrize(
        ("spoil", "complaint"),
        [
            (lambda d: d["data"][0].pop("title"), "article 1: title"),
            (lambda d: d["data"][1].update(paragraphs=3), "article 2: paragraphs"),
            (lambda d: d["data"][1].pop("paragraphs"), "article 2: paragraphs is missing"),
            (lambda d: d["data"][0]["paragraphs"][0]["qas"][0].pop("answers"), "s1: answers is missing"),
            (lambda d: d["data"][0]["paragraphs"][0]["qas"][0]["answers"][0].update(text="Newcomen"), "s1.*Newcomen"),
            (lambda d: d["data"][0]["paragraphs"][0]["qas"][0]["answers"][0].pop("answer_start"), "s1.*answer_start"),
        ],
    )
    def test_what_is_wrong_is_named(
        self, tmp_path: Path, spoil: Callable[[dict[str, Any]], object], complaint: str
    ) -> None:
        spoilt = json.loads(json.dumps(SQUAD))
        spoil(spoilt)
        file = tmp_path / "dev.json"
        file.write_text(json.dumps(spoilt))
        with pytest.raises(
            SetError, match=rf"dev\.json, {'article 1, question ' if 's1' in complaint else ''}{complaint}"
        ):
            convert(file, tmp_path / "out")


def a_beir_folder(
    folder: Path, qrels: str = "query-id\tcorpus-id\tscore\nq/1\tMED-1\t2\nq/1\td 2\t1\nq2\tMED-1\t0\n"
) -> Path:
    (folder / "qrels").mkdir(parents=True)
    corpus = [
        {"_id": "MED-1", "title": "Vitamin D", "text": "It helps.\r\nA little. ", "metadata": {}},
        {"_id": "d 2", "title": "", "text": "Bones"},
        {"_id": "D 2", "text": "Other"},
        {"_id": "void", "title": "", "text": ""},
    ]
    queries = [{"_id": "q/1", "text": "Does it help?"}, {"_id": "q2", "text": "Zero"}, {"_id": "q3", "text": "Train"}]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    (folder / "qrels" / "test.tsv").write_text(qrels)
    return folder


class TestBeir:
    def test_documents_and_graded_gold(self, tmp_path: Path) -> None:
        known = convert(a_beir_folder(tmp_path / "nf"), tmp_path / "out")
        assert texts(known) == {
            "MED-1.txt": "Vitamin D\n\nIt helps.\nA little.",
            "d-2.txt": "Bones",
            "D-2-2.txt": "Other",
        }
        (question,) = known.questions
        assert question.gold == (Span("MED-1.txt", 0, 30, grade=2), Span("d-2.txt", 0, 5))
        assert said(known) == {"q/1": ["Vitamin D\n\nIt helps.\nA little.", "Bones"]}
        assert (question.id, question.answerable, question.split) == ("q/1", True, "test")

    def test_the_split_can_be_chosen(self, tmp_path: Path) -> None:
        folder = a_beir_folder(tmp_path / "nf")
        (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq3\td 2\t1\n")
        assert [q.id for q in read_beir(folder, tmp_path / "out", split="dev").questions] == ["q3"]
        with pytest.raises(SetError, match=r"train\.tsv"):
            read_beir(folder, tmp_path / "other", split="train")

    @pytest.mark.parametrize("bad", ["q1\tMED-1", "q1\tMED-1\tmuch", "q1 MED-1 1"])
    def test_a_bad_judgement_is_named(self, tmp_path: Path, bad: str) -> None:
        folder = a_beir_folder(tmp_path / "nf", qrels=f"query-id\tcorpus-id\tscore\n{bad}\n")
        with pytest.raises(SetError, match=r"test\.tsv, line 2"):
            convert(folder, tmp_path / "out")

    def test_a_bad_document_is_named(self, tmp_path: Path) -> None:
        folder = a_beir_folder(tmp_path / "nf")
        (folder / "corpus.jsonl").write_text('{"_id": "1", "text": "x"}\n{"text": "y"}\n')
        with pytest.raises(SetError, match=r"corpus\.jsonl, line 2: _id"):
            convert(folder, tmp_path / "out")


def a_span_folder(folder: Path, span: object = (13, 21)) -> Path:
    (folder / "corpus" / "cuad").mkdir(parents=True)
    (folder / "benchmarks").mkdir()
    (folder / "corpus" / "cuad" / "Cafe\u0301.txt").write_bytes("\ufeffThis is the\r\nContract.\r\n".encode())
    (folder / "corpus" / "nda.txt").write_text("Nothing is secret.")
    tests = [
        {
            "query": "What is it?",
            "snippets": [{"file_path": "cuad/Café.txt", "span": span, "answer": "Contract"}],
        },
        {
            "query": "Both?",
            "snippets": [{"file_path": "nda.txt", "span": [0, 7]}, {"file_path": "nda.txt", "span": [11, 17]}],
        },
        {"query": "Neither?", "snippets": [], "tags": ["none"]},
    ]
    (folder / "benchmarks" / "cuad.json").write_text(json.dumps({"tests": tests}))
    return folder


class TestSpans:
    # The published offsets count a line end as one character, and a byte order mark too.
    @pytest.mark.parametrize("given_as", ["folder", "file"])
    def test_spans_hold_in_the_copied_text(self, tmp_path: Path, given_as: str) -> None:
        folder = a_span_folder(tmp_path / "lb", span=(13, 21))
        path = folder if given_as == "folder" else folder / "benchmarks" / "cuad.json"
        known = convert(path, tmp_path / "out")
        assert set(texts(known)) == {"cuad/Café.txt", "nda.txt"}
        assert said(known) == {"cuad-1": ["Contract"], "cuad-2": ["Nothing", "secret"], "cuad-3": []}
        assert [(q.answerable, q.need, q.kind) for q in known.questions] == [
            (True, "all", "cuad"),
            (True, "all", "cuad"),
            (False, "all", "cuad"),
        ]

    @pytest.mark.parametrize("span", [(5, 5), (0, 99), (-1, 3), "0-3", (1.0, 2.0), None])
    def test_a_bad_span_is_named(self, tmp_path: Path, span: object) -> None:
        with pytest.raises(SetError, match=r"cuad\.json, test 1: .* is not a span of"):
            convert(a_span_folder(tmp_path / "lb", span=span), tmp_path / "out")

    def test_a_missing_document_is_named(self, tmp_path: Path) -> None:
        folder = a_span_folder(tmp_path / "lb")
        (folder / "corpus" / "nda.txt").unlink()
        with pytest.raises(SetError, match=r"there is no document 'nda\.txt'|test 2"):
            convert(folder, tmp_path / "out")


class TestConvert:
    def test_an_own_set_needs_no_conversion(self, tmp_path: Path) -> None:
        with pytest.raises(SetError, match="use it as it is"):
            convert(a_set(tmp_path / "own", line()), tmp_path / "out")

    def test_nothing_is_overwritten(self, tmp_path: Path) -> None:
        a_set(tmp_path / "out", line())
        with pytest.raises(SetError, match="not an empty folder"):
            convert(a_beir_folder(tmp_path / "nf"), tmp_path / "out")
        assert (tmp_path / "out" / "questions.jsonl").read_text() == line() + "\n"

    @pytest.mark.parametrize("content", ["{}", "[]", "{", '{"data": 3}', None])
    def test_what_is_not_understood_is_refused(self, tmp_path: Path, content: str | None) -> None:
        file = tmp_path / "what.json"
        if content is not None:
            file.write_text(content)
        with pytest.raises(SetError, match=r"what\.json"):
            convert(file, tmp_path / "out")
        assert not (tmp_path / "out").exists()


answerable = st.lists(st.booleans(), max_size=60)


def asked(flags: list[bool]) -> list[Question]:
    return [Question(f"q{number}", "?", flag) for number, flag in enumerate(flags)]


class TestSample:
    @given(answerable, st.integers(0, 70), st.integers(0, 5))
    @example([True] * 59 + [False], 2, 0)
    @example([False] * 59 + [True], 2, 0)
    def test_size_order_and_proportion(self, flags: list[bool], limit: int, seed: int) -> None:
        questions = asked(flags)
        chosen = sample(questions, limit, seed)
        assert len(chosen) == min(limit, len(questions))
        assert list(chosen) == [q for q in questions if q in chosen], "in the given order, none twice"
        if 1 < limit <= len(flags):
            expected = limit * sum(flags) / len(flags)
            assert abs(sum(q.answerable for q in chosen) - expected) <= 1
            assert {q.answerable for q in chosen} == set(flags)

    @given(st.permutations(asked([True] * 9 + [False] * 5)), st.integers(1, 14))
    def test_the_order_of_the_file_does_not_matter(self, shuffled: list[Question], limit: int) -> None:
        questions = asked([True] * 9 + [False] * 5)
        assert {q.id for q in sample(shuffled, limit, 3)} == {q.id for q in sample(questions, limit, 3)}

    def test_the_choice_is_fixed_by_the_seed(self) -> None:
        questions = asked([True, False] * 20)
        assert [q.id for q in sample(questions, 6, seed=0)] == ["q7", "q8", "q24", "q35", "q36", "q39"]
        assert sample(questions, 6, seed=1) != sample(questions, 6, seed=0)
