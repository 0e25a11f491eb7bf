"""Of versions of one document the newest is shown first; other documents of one kind are left alone."""

import pytest

from rag.ports import DocumentInfo
from rag.types import Passage
from rag.versions import families, newest_first, newest_of, series, stamp

LEAVE = "Staff of the mill have {} days of annual leave. Leave is agreed with the foreman two weeks ahead."


def passage(document: str, text: str, title: str = "", date: str = "") -> Passage:
    return Passage(document, 0, len(text), text, title, date=date)


def order(question: str, *passages: Passage) -> list[str]:
    scored = [(item, 1 - number / 10) for number, item in enumerate(passages)]
    return [item.document for item, _ in newest_first(question, scored)]


POLICIES = [passage(f"leave_{year}.md", LEAVE.format(20), f"Leave policy {year}") for year in (2016, 2017, 2018, 2019)]
POLICIES.append(passage("leave_2025.md", LEAVE.format(28), "Leave policy 2025"))
OTHER = passage("pay.md", "Staff are paid on the last day of the month.", "Pay")


def test_the_newest_policy_takes_the_place_of_the_older_ones():
    found = order("How many days of leave do staff have?", *POLICIES, OTHER)
    assert found[:2] == ["leave_2025.md", "pay.md"] and len(found) == 6


@pytest.mark.parametrize(
    "question",
    ["How many days of leave were there in 2017?", "What was the leave before?", "How has the leave changed?"],
)
def test_a_question_about_what_was_gets_all_in_their_order(question):
    assert order(question, *POLICIES) == [item.document for item in POLICIES]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("fees.pdf", "Fees, May 2023", ""), ("fees-new.pdf", "Fees, June 2024", "")),
        (("a/lease_v2.docx", "Lease", ""), ("a/lease_v10.docx", "Lease", "")),
        (("rules.md", "Rules of the house", "2020-01-05"), ("rules2.md", "Rules of the house", "2021-03-01")),
        (("plan-2024-03.md", "Plan", ""), ("plan-2024-11.md", "Plan", "")),
        (("fees_2024.xlsx", "Fees", ""), ("fees_2025.xlsx", "Fees", "")),
        (("rules v2.txt", "Rules", ""), ("rules v3.txt", "Rules", "")),
        (("tariff-rev1.pdf", "Tariff of the quay", ""), ("tariff-rev2.pdf", "Tariff of the quay", "")),
        (("lease_draft.docx", "Lease", ""), ("lease_final.docx", "Lease", "")),
        (("a.md", "Rules of the mill (superseded)", ""), ("b.md", "Rules of the mill", "")),
        (("Preise alt.ods", "Preise", ""), ("Preise neu.ods", "Preise", "")),
        (("h.md", "Handbook (draft) version 1.2", ""), ("k.md", "Handbook version 1.10 final", "")),
    ],
)
def test_what_says_which_version_is_newer(old, new):
    first, second = (passage(name, LEAVE.format(9), title, date) for name, title, date in (old, new))
    assert stamp(first) < stamp(second)
    assert order("How many days?", first, second) == order("How many days?", second, first) == [new[0], old[0]]


def test_minutes_of_two_meetings_are_no_versions_of_one():
    may = passage("may.md", "Ann proposed a new roof for the boathouse, and all agreed.", "Minutes, May 2024")
    june = passage("june.md", "The treasurer read the accounts of the regatta.", "Minutes, June 2024")
    assert order("What was proposed?", may, june) == ["may.md", "june.md"]


def test_the_same_text_under_other_titles_or_without_a_date_is_left_alone():
    one, other = passage("a.md", LEAVE.format(20), "Mill 2016"), passage("b.md", LEAVE.format(28), "Quay 2025")
    assert order("How many days?", one, other) == ["a.md", "b.md"]
    one, other = passage("a.md", LEAVE.format(20), "Leave"), passage("b.md", LEAVE.format(28), "Leave")
    assert order("How many days?", one, other) == ["a.md", "b.md"]


def test_scores_fall_and_series_are_words():
    scored = newest_first("How many days?", [(item, 1 - n / 10) for n, item in enumerate([*POLICIES, OTHER])])
    scores = [score for _, score in scored]
    assert scores == sorted(scores, reverse=True)
    assert series("Leave policy, 3rd edition, final (Dezember 2024)") == ("leave", "policy", "rd")


def info(name: str, title: str = "", date: str = "") -> DocumentInfo:
    return DocumentInfo(name, title, date, "text/plain", "s", name, name, 1, 1, 0, (), "")


def newest(texts: dict[str, str], *infos: DocumentInfo) -> dict[str, str]:
    return {old: new for family in families(infos) for old, new in newest_of(family, texts.__getitem__).items()}


class TestDocuments:
    WORDS = "the roof of the boathouse was mended by the members in spring and then painted green by the treasurer"

    def test_each_older_version_leads_to_the_newest(self):
        texts = {f"leave_{year}.md": LEAVE.format(days) for year, days in ((2016, 20), (2021, 25), (2025, 28))}
        infos = [info(name, f"Leave policy {name[6:10]}") for name in texts]
        assert newest(texts, *infos) == {"leave_2016.md": "leave_2025.md", "leave_2021.md": "leave_2025.md"}
        assert newest(texts, *reversed(infos)) == newest(texts, *infos)

    def test_a_version_that_was_rewritten_step_by_step_is_one_still(self):
        words = self.WORDS.split()
        texts = {f"v{n}.md": " ".join(words[3 * n : 3 * n + 12]) for n in (1, 2, 3)}
        infos = [info(name, f"Rules, version {name[1]}") for name in texts]
        assert newest(texts, *infos) == {"v1.md": "v3.md", "v2.md": "v3.md"}

    def test_minutes_share_a_title_and_no_text(self):
        texts = {"may.md": "Ann proposed a new roof for the boathouse and all agreed to it.", "june.md": self.WORDS}
        assert newest(texts, info("may.md", "Minutes", "2024-05-03"), info("june.md", "Minutes", "2024-06-07")) == {}

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (info("a.md", "Mill 2016"), info("b.md", "Quay 2025")),
            (info("a.md", "Leave"), info("b.md", "Leave 2025")),
            (info("a.md", "Leave 2025"), info("b.md", "Leave 2025-03")),
            (info("a.md", "Leave v2"), info("b.md", "Leave 2025")),
            (info("a.md", "2016"), info("b.md", "2025")),
            (info("a.md", "Leave 2024"), info("b.md", "Leave 2025, draft")),
        ],
    )
    def test_where_it_is_not_known_which_is_newer_nothing_is_said(self, one, other):
        assert newest({"a.md": LEAVE, "b.md": LEAVE}, one, other) == {}

    def test_only_documents_of_one_title_are_read_and_each_once(self):
        read = []
        infos = [info(f"{n}.md", f"Leave {1900 + n}") for n in range(90)] + [info("x.md", "Pay 2020")]

        def text(name: str) -> str:
            read.append(name)
            return LEAVE

        (family,) = families(infos)
        assert set(newest_of(family, text).values()) == {"89.md"}
        assert sorted(read) == sorted(one.name for one in infos[:-1])


@pytest.mark.parametrize(
    ("names", "newest"),
    [
        (["leave_2016.md", "leave_2019.md", "leave_2025.md"], "leave_2025.md"),
        (["leave v1.md", "leave v2.md", "leave v10.md"], "leave v10.md"),
        (["leave_old.md", "leave_draft.md", "leave_final.md"], "leave_final.md"),
        (["leave-2024.md", "leave-2026-draft.md", "leave-2025.md"], "leave-2025.md"),
    ],
)
def test_the_version_in_force_is_found_by_a_search(tmp_path, embedder, names, newest):
    from rag.config import Config
    from rag.indexes.sqlite.index import SqliteIndex
    from rag.ingest import ingest
    from rag.retrieval.hybrid import retrieve

    for name in names:
        (tmp_path / name).write_text(f"# Leave policy\n\n{LEAVE.format(28 if name == newest else 20)}\n")
    config = Config(index=tmp_path / "index")
    with SqliteIndex.create(config.index, embedder, config.passage_tokens) as index:
        ingest([tmp_path], index, embedder, config)
        found = retrieve("How many days of annual leave do staff have?", index, embedder, 3)
    assert found[0].passage.document == newest


def test_the_newest_of_many_is_found_by_a_search(tmp_path, embedder):
    from rag.config import Config
    from rag.indexes.sqlite.index import SqliteIndex
    from rag.ingest import ingest
    from rag.retrieval.hybrid import retrieve

    for item in POLICIES:
        (tmp_path / item.document).write_text(f"# {item.title}\n\n{item.text}\n")
    (tmp_path / "pay.md").write_text(f"# Pay\n\n{OTHER.text}\n")
    config = Config(index=tmp_path / "index")
    with SqliteIndex.create(config.index, embedder, config.passage_tokens) as index:
        ingest([tmp_path], index, embedder, config)
        found = retrieve("How many days of annual leave do staff have?", index, embedder, 3)
    assert "28 days" in found[0].passage.text
    assert [item.rank for item in found] == [1, 2, 3]
