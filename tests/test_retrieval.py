"""Evidence: candidates of two kinds, fused, in an order that never changes."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.config import load
from rag.embedders import open_embedder
from rag.embedders.hashed import HashEmbedder
from rag.indexes.sqlite.index import SqliteIndex
from rag.ingest import ingest
from rag.ports import Embedder, Filter, Scored
from rag.retrieval.hybrid import CONTINUED, continued, fuse, retrieve
from rag.types import Evidence

EMBEDDER = HashEmbedder(256)
SEEDS = Path(__file__).resolve().parent.parent / "seeds"
WORDS = "river stone harbour candle meadow lantern orchard winter copper saddle violin engine ladder button".split()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    folder = tmp_path / "docs"
    folder.mkdir()
    draw = random.Random(3)
    for number in range(30):
        lines = [" ".join(draw.choices(WORDS, k=9)).capitalize() + "." for _ in range(6)]
        (folder / f"{number:02}.txt").write_text("\n\n".join(lines))
    with SqliteIndex.create(tmp_path / "index", EMBEDDER, 24) as made:
        ingest([folder], made, EMBEDDER, load(overrides={"passage_tokens": 24}, environment={}))
        yield made


def ids(evidence: list[Evidence]) -> list[int]:
    return [item.passage.id for item in evidence]


def test_the_scores_are_those_of_both_searches_fused_by_hand(index: SqliteIndex) -> None:
    question, candidates = "Is the copper violin in the orchard?", 20
    vector = EMBEDDER.embed_query(question)
    near, words = dict(index.search_dense(vector, candidates)), dict(index.search_lexical(question, candidates))
    union = sorted(near | words)
    assert set(near) - set(words) and set(words) - set(near), "the test needs candidates of one kind only"
    dense = dict(zip(union, index.scores_dense(vector, union), strict=True))
    columns = np.array([[dense[i] for i in union], [words.get(i, 0.0) for i in union]])
    standard = (columns - columns.mean(1, keepdims=True)) / columns.std(1, keepdims=True)
    sums = 0.3 * standard[0] + 0.7 * standard[1]
    expected = dict(zip(union, (sums - sums.min()) / (sums.max() - sums.min()), strict=True))
    found = retrieve(question, index, EMBEDDER, 100, candidates, 0.3)
    assert ids(found) == sorted(union, key=lambda i: (-expected[i], i))
    for rank, item in enumerate(found, start=1):
        assert item.rank == rank
        assert item.score == pytest.approx(expected[item.passage.id])
        assert item.dense == dense[item.passage.id]
        assert item.lexical == words.get(item.passage.id, 0.0)
        assert index.text(item.passage.document, item.passage.start, item.passage.end) == item.passage.text


def test_a_question_in_other_words_is_left_to_the_vectors(index: SqliteIndex) -> None:
    question = "Whoever whistles wants nothing but a violin"  # One word of five is in the documents.
    assert index.coverage(question, index.search_lexical(question, 1)[0][0]) == pytest.approx(0.2)
    scores = {
        weight: [item.score for item in retrieve(question, index, EMBEDDER, 9, 20, weight)] for weight in (0.5, 0.9)
    }
    assert scores[0.5] == scores[0.9]
    assert ids(retrieve(question, index, EMBEDDER, 9, 20, 0)) == ids(retrieve("violin", index, EMBEDDER, 9, 20, 0))


def test_coverage_counts_rare_words_more_and_unknown_ones_most(index: SqliteIndex) -> None:
    question = "copper violin"
    (best, _), *_ = index.search_lexical(question, 1)
    assert index.coverage(question, best) == 1
    assert index.coverage(f"{question} zeppelin", best) == pytest.approx(2 / 3, abs=0.05)
    assert index.coverage("What is the?", best) == index.coverage("?!", best) == index.coverage("zeppelin", best) == 0
    assert index.coverage(question, 10**9) == 0


def test_weight_one_is_dense_search_and_weight_zero_lexical_search(index: SqliteIndex) -> None:
    question = "copper violin"
    dense = retrieve(question, index, EMBEDDER, 10, 50, 1)
    vector = EMBEDDER.embed_query(question)
    near = [i for i, _ in index.search_dense(vector, 50)]
    scores = dict(zip(near, index.scores_dense(vector, near), strict=True))
    assert ids(dense) == sorted(near, key=lambda i: (-scores[i], i))[:10]
    assert {item.lexical for item in dense} == {0}
    lexical = retrieve(question, index, EMBEDDER, 10, 50, 0)
    assert ids(lexical) == [i for i, _ in index.search_lexical(question, 10)]
    assert all(item.dense != 0 for item in lexical)


def test_the_limit_is_kept_and_the_order_does_not_depend_on_it(index: SqliteIndex) -> None:
    all_of_them = retrieve("copper violin", index, EMBEDDER, 1000)
    for limit in (0, 1, 4):
        assert retrieve("copper violin", index, EMBEDDER, limit) == all_of_them[:limit]
    assert retrieve("copper violin", index, EMBEDDER, 1000) == all_of_them


def test_a_reopened_index_gives_the_same_evidence(index: SqliteIndex) -> None:
    before = retrieve("copper violin", index, EMBEDDER, 10)
    index.close()
    (index.folder / "vectors.faiss").unlink()
    with SqliteIndex.open(index.folder, EMBEDDER) as again:
        assert retrieve("copper violin", again, EMBEDDER, 10) == before


def test_equal_passages_come_in_order_of_id(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.txt").write_text("The copper violin plays by the river.")
    with SqliteIndex.create(tmp_path / "index", EMBEDDER, 24) as index:
        ingest([folder], index, EMBEDDER, load(overrides={"passage_tokens": 24}, environment={}))
        for weight in (0, 0.5, 1):
            found = retrieve("copper violin", index, EMBEDDER, 5, 7, weight)
            assert [item.passage.document for item in found] == [f"{number:02}.txt" for number in range(5)]


def test_an_empty_index_gives_none(tmp_path: Path) -> None:
    with SqliteIndex.create(tmp_path, EMBEDDER, 24) as index:
        for weight in (0, 0.5, 1):
            assert retrieve("copper violin", index, EMBEDDER, 5, 10, weight) == []


def test_a_question_without_words_still_gets_what_is_nearest(index: SqliteIndex) -> None:
    found = retrieve("?! …", index, EMBEDDER, 3)
    assert len(found) == 3
    assert {item.lexical for item in found} == {0}


# --- lists and tables that go on in the next passage

LEAD = "# Prices\n\nThe prices of all halls were agreed in the spring by everybody who came to the meeting.\n\n"
END = "\nAfter it comes a sentence that belongs to nothing above it, and that ends the document.\n"
LONG = LEAD + "".join(f"- Hall {n} costs £{n * 7} a day, £{n} an hour.\n" for n in range(1, 13)) + END


def table(halls: int) -> str:
    rows = "".join(f"| Hall {n} | £{n * 7} | £{n} |\n" for n in range(1, halls + 1))
    return f"{LEAD}| Room | Day | Hour |\n|---|---|---|\n{rows}{END}"


@contextmanager
def indexed(tmp_path: Path, text: str) -> Iterator[SqliteIndex]:
    (tmp_path / "prices.md").write_text(text, encoding="utf-8")
    with SqliteIndex.create(tmp_path / "index", EMBEDDER, 40) as made:
        ingest([tmp_path / "prices.md"], made, EMBEDDER, load(overrides={"passage_tokens": 40}, environment={}))
        yield made


@pytest.fixture
def prices(tmp_path: Path) -> Iterator[SqliteIndex]:
    with indexed(tmp_path, LONG) as made:
        yield made


def in_order(index: SqliteIndex) -> list[Evidence]:
    found = retrieve("hall", index, EMBEDDER, 100)
    return sorted(found, key=lambda item: item.passage.start)


def with_hall(index: SqliteIndex, number: int) -> Evidence:
    return next(item for item in in_order(index) if f" Hall {number} " in item.passage.text)


def test_the_document_has_more_passages_of_its_list_than_are_added(prices: SqliteIndex) -> None:
    assert sum("- Hall" in item.passage.text for item in in_order(prices)) > 1 + CONTINUED


def test_a_list_that_is_broken_off_is_read_on(prices: SqliteIndex) -> None:
    first = with_hall(prices, 1)
    every = [item.passage for item in in_order(prices)]
    found = continued([first], prices)
    places = [every.index(item.passage) for item in found]
    assert places == [*range(places[0], places[0] + 1 + CONTINUED)]
    assert every.index(first.passage) + 1 in places
    assert [item.rank for item in found] == [*range(1, len(found) + 1)]
    assert {(item.score, item.dense, item.lexical) for item in found} == {(first.score, first.dense, first.lexical)}


def test_a_list_that_began_before_is_read_from_where_it_began(prices: SqliteIndex) -> None:
    last = with_hall(prices, 12)
    found = continued([last], prices)
    assert found[-1].passage == last.passage
    assert len(found) == 1 + CONTINUED
    assert [item.passage.start for item in found] == sorted(item.passage.start for item in found)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_table_that_is_broken_off_is_read_whole(tmp_path: Path, number: int) -> None:
    with indexed(tmp_path, table(3)) as made:
        found = continued([with_hall(made, number)], made)
        halls = [item for item in in_order(made) if "Hall" in item.passage.text]
        assert 1 < len(halls) <= 1 + CONTINUED
        assert {item.passage.id for item in halls} <= {item.passage.id for item in found}
        assert all(item.passage.header == "| Room | Day | Hour |" for item in halls if "Room" not in item.passage.text)


@pytest.mark.parametrize("number", [1, 6, 12])
def test_a_table_too_long_to_be_read_whole_is_not_read_on(tmp_path: Path, number: int) -> None:
    with indexed(tmp_path, table(12)) as made:
        found = with_hall(made, number)
        assert sum("| Hall" in item.passage.text for item in in_order(made)) > 1 + CONTINUED
        assert continued([found], made) == [replace(found, rank=1)]


def test_what_is_there_already_is_not_added_again(prices: SqliteIndex) -> None:
    every = in_order(prices)
    assert [item.passage for item in continued(every, prices)] == [item.passage for item in every]


def test_no_more_than_wanted_is_added_in_all(prices: SqliteIndex) -> None:
    pair = [with_hall(prices, 1), with_hall(prices, 12)]
    for most in range(4):
        found = continued(pair, prices, most)
        assert len(found) == 2 + most
        assert len({item.passage.id for item in found}) == len(found)


def test_prose_is_not_read_on(index: SqliteIndex) -> None:
    found = retrieve("copper violin", index, EMBEDDER, 3)
    assert continued(found, index) == found
    assert continued([], index) == []


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("They are counted twice a year by two of them, and these are kept in the hall of the school:\n- a lamp", 1),
        ("- a lamp of copper that is lit in the evening of each day of the year\n- a bell of iron for the night", 1),
        ("The lamp of copper is lit in the evening of each day of the year.\n\nThe bell of iron is for the night.", 0),
    ],
)
def test_what_a_passage_ends_with_tells_whether_it_is_read_on(tmp_path: Path, text: str, more: int) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    with SqliteIndex.create(tmp_path / "index", EMBEDDER, 24) as made:
        ingest([tmp_path / "a.txt"], made, EMBEDDER, load(overrides={"passage_tokens": 24}, environment={}))
        every = in_order(made)
        assert len(every) == 2
        assert len(continued(every[:1], made)) == 1 + more
        assert len(continued(every[1:], made)) == 1 + more


def test_what_is_deleted_between_finding_and_reading_is_left_out(
    index: SqliteIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = retrieve("copper violin", index, EMBEDDER, 3)[0].passage.document
    search = SqliteIndex.search_lexical

    def search_and_delete(self: SqliteIndex, question: str, k: int, within: Filter) -> Scored:
        found = search(self, question, k, within)
        self.delete(first)
        return found

    monkeypatch.setattr(SqliteIndex, "search_lexical", search_and_delete)
    found = retrieve("copper violin", index, EMBEDDER, 3)
    assert [item.rank for item in found] == [1, 2, 3]
    assert first not in {item.passage.document for item in found}


@pytest.mark.parametrize("weight", [0, 0.5, 1])
def test_where_documents_are_chosen_only_they_are_searched_and_as_well(index: SqliteIndex, weight: float) -> None:
    chosen = ["03.txt", "17.txt", "29.txt"]
    everything = retrieve("copper violin", index, EMBEDDER, 1000, 1000, weight)
    found = retrieve("copper violin", index, EMBEDDER, 1000, 5, weight, chosen)
    assert {item.passage.document for item in found} <= set(chosen)
    best = [item.passage.id for item in everything if item.passage.document in chosen][:3]
    assert best[0] in ids(found) and len(found) >= 5
    assert retrieve("copper violin", index, EMBEDDER, 10, 5, weight, []) == []
    assert retrieve("copper violin", index, EMBEDDER, 10, 5, weight, ["none.txt"]) == []


@given(
    dense=st.dictionaries(st.integers(1, 30), st.floats(-1, 1), max_size=20),
    lexical=st.dictionaries(st.integers(1, 30), st.floats(0, 100), max_size=20),
    weight=st.floats(0, 1),
)
def test_fused_scores_lie_between_0_and_1_and_grow_with_both(
    dense: dict[int, float], lexical: dict[int, float], weight: float
) -> None:
    scores = fuse(dense, lexical, weight)
    assert scores.keys() == dense.keys()
    assert all(0 <= score <= 1 + 1e-9 for score in scores.values())
    for one, near in dense.items():
        for other, far in dense.items():
            if near >= far and lexical.get(one, 0) >= lexical.get(other, 0):
                assert scores[one] >= scores[other] - 1e-9


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqliteIndex, Embedder]]:
    config = load(overrides={"threads": 2})
    embedder = open_embedder(config)
    with SqliteIndex.create(tmp_path_factory.mktemp("seeds"), embedder, config.passage_tokens) as index:
        ingest([SEEDS], index, embedder, config)
        yield index, embedder


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Where was the Cardiff roadshow held?", "Cardiff Millennium Centre"),
        ("On what date was the Manchester roadshow?", "Manchester"),
        ("What are the six principles of co-production?", "Recognising people as assets"),
        ("Who represented Fairshares?", "Fairshares"),
        ("How much did the work in Swindon save?", "Swindon"),
        ("Which barriers did Paul Davies name?", "Paul Davies"),
        ("What is the Denbighshire Nightrider?", "Nightrider"),
    ],
)
def test_the_seeds_real_questions_find_their_passage(
    seeds: tuple[SqliteIndex, Embedder], question: str, text: str
) -> None:
    found = retrieve(question, *seeds, 4)
    assert [item.passage.document for item in found if text in item.passage.text], [i.passage.text for i in found]


def test_the_same_question_gives_the_same_evidence_in_every_index(
    seeds: tuple[SqliteIndex, Embedder], tmp_path: Path
) -> None:
    index, embedder = seeds
    with SqliteIndex.create(tmp_path, embedder, index.stats()["passage_tokens"]) as again:
        ingest([SEEDS], again, embedder, load(environment={}))
        for question in ("What is co-production?", "Who spoke in London?"):
            assert retrieve(question, again, embedder, 8) == retrieve(question, index, embedder, 8)
            digest = [hashlib.sha256(repr(retrieve(question, i, embedder, 8)).encode()) for i in (index, again)]
            assert digest[0].digest() == digest[1].digest()


def test_a_question_imports_and_opens_nothing(seeds: tuple[SqliteIndex, Embedder]) -> None:
    index, embedder = seeds
    retrieve("Which six principles are there?", index, embedder, 3)
    before, files = set(sys.modules), open_files()
    for question in ("Where was the Cardiff roadshow held?", "Who spoke?"):
        assert retrieve(question, index, embedder, 3)
    assert (set(sys.modules) - before, open_files()) == (set(), files)


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0
