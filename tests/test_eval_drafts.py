"""The check on labelled drafts: read as they stand in their documents, judged as an answer is, told by group."""

import json
from pathlib import Path

import pytest
from command import footnote

from eval import checker
from eval.checker import keep, kept, sentence_on
from eval.drafts import check_drafts, drafts_file, drafts_table, passes, read_drafts
from eval.questions import SetError
from eval.statistics import wilson

QUOTAS = "# Quotas\n\n## Home\n\nThe home folder holds 75 GB.\n\n## Scratch\n\nThe scratch folder holds 5 TB.\n"
DRAFTS = [
    ("The home folder holds 75 GB.", True, "verbatim", "manual"),
    ("Your home folder holds 75 GB.", True, "reworded", "manual"),
    ("The home folder holds 80 GB.", False, "number", "manual"),
    ("Penguins are birds. The home folder holds 75 GB.", False, "other", "faq"),
]


def row(at: int, draft: str, right: bool, kind: str, genre: str) -> dict[str, object]:
    evidence = "The home folder holds 75 GB."
    split = "dev" if at % 2 else "test"
    groups = {"kind": kind, "genre": genre, "split": split}
    asked = "How much does the home folder hold?"
    return {"id": f"d{at}", "document": "quotas.md", "question": asked, "evidence": evidence, "draft": draft} | {
        "right": right,
        **groups,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set with a document and drafts on it."""
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "quotas.md").write_text(QUOTAS, "utf-8")
    lines = (json.dumps(row(at, *draft)) + "\n" for at, draft in enumerate(DRAFTS))
    (tmp_path / "drafts.jsonl").write_text("".join(lines), "utf-8")
    return tmp_path


def test_a_draft_is_read_where_it_stands(folder):
    first, *_ = drafts = read_drafts(folder / "drafts.jsonl")
    passage = first.passage
    assert QUOTAS[passage.start : passage.end] == passage.text == "The home folder holds 75 GB."
    assert (passage.title, passage.section, passage.document) == ("Quotas", "Home", "quotas.md")
    assert [(draft.id, draft.right, draft.kind, draft.genre) for draft in drafts][2:] == [
        ("d2", False, "number", "manual"),
        ("d3", False, "other", "faq"),
    ]


def test_evidence_is_found_by_its_words_where_the_document_is_read_in_another_way(folder):
    changed = row(0, *DRAFTS[0]) | {"evidence": "• The home folder\nholds | 75 GB"}
    (folder / "drafts.jsonl").write_text(json.dumps(changed) + "\n", "utf-8")
    (draft,) = read_drafts(folder / "drafts.jsonl")
    assert draft.passage.text == "The home folder holds 75 GB."


def test_without_the_documents_the_evidence_is_all_there_is(folder):
    (folder / "documents" / "quotas.md").unlink()
    (folder / "documents").rmdir()
    first, *_ = read_drafts(folder / "drafts.jsonl")
    assert (first.passage.text, first.passage.start, first.passage.title) == ("The home folder holds 75 GB.", 0, "")


def test_a_draft_passes_where_each_of_its_sentences_does(folder):
    assert [passes(draft, 0.5) for draft in read_drafts(folder / "drafts.jsonl")] == [True, True, False, False]
    assert [passes(draft, 0.0) for draft in read_drafts(folder / "drafts.jsonl")] == [True] * 4


def test_the_figures_by_hand(folder, monkeypatch):
    monkeypatch.setattr("eval.drafts.judged", lambda claims, *_: [0.9 if "80" in c.text else 0.6 for c in claims])
    checked = check_drafts("quotas", read_drafts(folder / "drafts.jsonl"), 0.5)
    right, wrong = checked["figures"]["all"]["right"], checked["figures"]["all"]["wrong"]
    assert (right["count"], right["total"], wrong["count"], wrong["total"]) == (2, 2, 0, 2)
    assert (right["low"], right["high"]) == pytest.approx((wilson(2, 2).low, 1), abs=1e-6)
    assert checked["mistaken"] == {"right": [], "wrong": ["d2", "d3"]}
    assert set(checked["figures"]) == {"all", "kind", "genre", "split"}
    assert checked["figures"]["genre"]["faq"]["right"]["total"] == 0
    assert checked["figures"]["split"]["dev"]["wrong"] == {"count": 0, "total": 1, "low": 0, "high": 0.793451}


def test_the_table_tells_each_group(folder):
    table = drafts_table(check_drafts("quotas", read_drafts(folder / "drafts.jsonl"), 0.5))
    lines = [" ".join(line.split()) for line in table.splitlines()]
    assert "all 2 100.0 % 34 – 100 2 100.0 % 34 – 100" in lines
    assert "faq – – 1 100.0 % 21 – 100" in lines
    assert "By split" in lines
    assert "Right, and did not pass: none" in lines


def test_figures_are_kept_beside_those_of_other_sets(folder, tmp_path, monkeypatch):
    file = tmp_path / "checker.json"
    checked = check_drafts("quotas", read_drafts(folder / "drafts.jsonl"), 0.5)
    keep(checked, file)
    keep(checked | {"set": "others"}, file)
    assert list(kept(file)) == ["quotas", "others"]
    assert "mistaken" not in kept(file)["quotas"]
    told = sentence_on(kept(file)["quotas"])
    assert "on 4 labelled drafts (quotas, " in told
    assert (
        "100.0 % (34.2 – 100.0) of the right ones pass, 100.0 % (34.2 – 100.0) of the wrong ones are rejected." in told
    )
    assert "with an earlier version" in sentence_on(checked | {"checker": "0" * 64})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"right": "yes"}, "line 1: right must be true or false"),
        ({"draft": ""}, "line 1: draft must be a non-empty text"),
        ({"evidence": "The home folder holds 80 GB."}, "line 1: evidence must be part of the text of quotas.md"),
        ({"document": "absent.md"}, "line 1: absent.md can't be opened"),
    ],
)
def test_what_is_wrong_with_a_draft_is_told(folder, change, message):
    (folder / "drafts.jsonl").write_text(json.dumps(row(0, *DRAFTS[0]) | change) + "\n", "utf-8")
    with pytest.raises(SetError, match=message):
        read_drafts(folder / "drafts.jsonl")


def test_drafts_are_told_from_claims(folder):
    assert drafts_file(folder) == drafts_file(folder / "drafts.jsonl") == folder / "drafts.jsonl"
    (folder / "claims.jsonl").write_text('{"claim": "It is.", "evidence": [], "label": "supported"}\n', "utf-8")
    assert drafts_file(folder / "claims.jsonl") is None
    assert drafts_file(folder / "documents") is drafts_file(folder / "absent.jsonl") is None
    (folder / "drafts.jsonl").write_text("\n", "utf-8")
    with pytest.raises(SetError, match="There are no drafts in"):
        read_drafts(folder / "drafts.jsonl")


def test_the_command_measures_drafts(folder, tmp_path):
    done = footnote("eval", "verify", "--set", str(folder), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{folder.name}: 4 drafts" in done.stdout
    assert checker.FILE.exists()
