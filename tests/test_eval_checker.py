"""The check of answers alone: claims are read as WiCE has them, scored, and told beside what rests on them."""

import json
from pathlib import Path

import pytest
from command import footnote
from evaluation import TinyGenerator, tiny_run

from eval import checker
from eval.checker import check_claims, checker_table, keep, kept, sentence_on, supports
from eval.claims import LABELS, read_claims
from eval.journal import RunError
from eval.questions import SetError
from eval.report import page

pytestmark = pytest.mark.usefixtures("few_resamples")

SOURCE = [
    "The Tarn Bridge was opened on 4 May 1931.",
    "The engineer of the Tarn Bridge was Ann Lee of Dover.",
    "It replaced a ferry that had carried sheep.",
]
CLAIMS = [
    ("Ann Lee was the engineer of the Tarn Bridge.", "supported", "Tarn Bridge"),
    ("The bridge opened in May 1931.", "supported", "Tarn Bridge"),
    ("The Tarn Bridge, which Ann Lee of Dover engineered, was painted green.", "partially_supported", "Ann Lee"),
    ("The bridge opened in 1932.", "not_supported", "Tarn Bridge"),
    ("Nobody has ever crossed it by bicycle.", "not_supported", "Bicycles"),
]


def written(folder: Path, claims=CLAIMS) -> Path:
    """Write claims as WiCE has them, and return the file."""
    rows = (
        {"claim": text, "evidence": SOURCE, "label": label, "meta": {"id": f"c{at}", "claim_title": title}}
        for at, (text, label, title) in enumerate(claims)
    )
    file = folder / "claims.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


@pytest.fixture
def checked(tmp_path):
    return check_claims("tarn", read_claims(written(tmp_path)), 0.5)


def test_claims_are_read_from_a_file_or_a_folder(tmp_path):
    file = written(tmp_path)
    claims = read_claims(file)
    assert claims == read_claims(tmp_path)
    assert [(claim.id, claim.label, claim.cluster) for claim in claims[:3:2]] == [
        ("c0", "supported", "Tarn Bridge"),
        ("c2", "partially_supported", "Ann Lee"),
    ]
    assert claims[0].source.split("\n\n") == SOURCE


def test_without_meta_each_claim_is_its_own_cluster(tmp_path):
    row = {"claim": "It is.", "evidence": ["It is."], "label": "supported"}
    (tmp_path / "a.jsonl").write_text((json.dumps(row) + "\n") * 2, "utf-8")
    assert [claim.cluster for claim in read_claims(tmp_path)] == ["a.jsonl:1", "a.jsonl:2"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"claim": "A.", "evidence": [], "label": "true"}', "line 1: label must be one of supported"),
        ('{"claim": "", "evidence": [], "label": "supported"}', "line 1: claim must be a non-empty text"),
        ('{"claim": "A.", "evidence": "A.", "label": "supported"}', "line 1: evidence must be a list"),
        ('{"claim": "A.", "evidence": [], "label": "supported", "meta": 1}', "line 1: meta must be a JSON object"),
        ("", "There are no claims in"),
    ],
)
def test_what_is_wrong_with_a_set_is_told(tmp_path, line, message):
    (tmp_path / "claims.jsonl").write_text(line + "\n", "utf-8")
    with pytest.raises(SetError, match=message):
        read_claims(tmp_path)
    with pytest.raises(SetError, match="There is no file"):
        read_claims(tmp_path / "absent.jsonl")


def test_a_claim_is_supported_by_the_words_of_its_source(tmp_path):
    found = dict(zip((text for text, _, _ in CLAIMS), supports(read_claims(written(tmp_path))), strict=True))
    assert found[CLAIMS[0][0]] == found[CLAIMS[1][0]] == 1
    assert 0.5 <= found[CLAIMS[2][0]] < 1
    assert found["The bridge opened in 1932."] <= 0.3
    assert found["Nobody has ever crossed it by bicycle."] == 0


def test_balanced_accuracy_by_hand(checked):
    whole, part = checked["figures"]["whole"], checked["figures"]["any"]
    assert (whole["accepted"], whole["rejected"]) == (1.0, pytest.approx(2 / 3, abs=1e-6))  # one of three is half true
    assert whole["balanced_accuracy"]["point"] == pytest.approx(5 / 6, abs=1e-6)
    assert (part["accepted"], part["rejected"]) == (1.0, 1.0)
    assert part["balanced_accuracy"] == {"low": 1, "point": 1, "high": 1}
    assert whole["auroc"]["point"] == part["auroc"]["point"] == 1
    assert whole["balanced_accuracy"]["low"] < 5 / 6 < whole["balanced_accuracy"]["high"]
    assert (checked["claims"], checked["clusters"]) == (5, 3)
    assert checked["labels"] == dict(zip(LABELS, (2, 1, 2), strict=True))


def test_another_threshold_makes_other_figures(tmp_path):
    strict = check_claims("tarn", read_claims(written(tmp_path)), 0.95)["figures"]["whole"]
    assert strict["balanced_accuracy"]["point"] == 1
    assert strict["auroc"]["point"] == 1


def test_claims_of_one_label_have_no_figures_but_are_told(tmp_path):
    with pytest.raises(SetError, match="both supported and unsupported"):
        check_claims("tarn", read_claims(written(tmp_path, CLAIMS[:2])), 0.5)


def test_figures_are_kept_and_told(checked, tmp_path):
    file = tmp_path / "checker.json"
    assert kept(file) == {}
    keep(checked, file)
    keep(checked | {"set": "other"}, file)
    assert kept(file) == {"tarn": checked, "other": checked | {"set": "other"}}
    told = sentence_on(checked)
    assert "on 5 labelled claims (tarn, " in told
    assert "with min_support 0.5: balanced accuracy 83.3 % (" in told
    assert "100.0 % (100.0 – 100.0) if partial support counts too" in told
    assert "with an earlier version" in sentence_on(checked | {"checker": "0" * 64})
    assert "with an earlier version" not in told


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '{"format": 2}', '{"format": 2, "sets": {"a": {}}}'])
def test_damaged_figures_are_refused(tmp_path, text):
    (tmp_path / "checker.json").write_text(text, "utf-8")
    with pytest.raises(RunError, match="footnote eval verify"):
        kept(tmp_path / "checker.json")


def test_the_terminal_shows_them(checked):
    table = checker_table(checked)
    assert "tarn: 5 claims of 3 articles (2 supported, 1 partially supported, 2 not supported)" in table
    assert "83.3 %" in table
    assert all(len(line) <= 120 for line in table.splitlines())


def test_the_report_tells_them_beside_the_citations(checked, tmp_path, monkeypatch):
    monkeypatch.setattr(checker, "FILE", tmp_path / "checker.json")
    run = tiny_run(tmp_path, "run", TinyGenerator())
    section = page(run).split("Citations</h2>")[1].split("</section>")[0]
    assert "quotes found in the document" in section
    assert "Verification alone" not in section
    keep(checked, checker.FILE)
    assert sentence_on(checked).split(",")[0] in page(run)


def test_the_figures_that_ship_are_of_wice_and_of_the_drafts():
    shipped = kept()
    assert shipped["wice"]["claims"] > 300
    assert shipped["wice"]["figures"]["whole"]["balanced_accuracy"]["low"] > 0.5
    assert shipped["genres"]["drafts"] > 400
    assert shipped["genres"]["figures"]["all"]["right"]["low"] > 0.5


def test_the_command_measures_a_set(tmp_path):
    written(tmp_path)
    done = footnote("eval", "verify", "--set", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "5 claims of 3 articles" in done.stdout
    done = footnote("eval", "verify", "--set", str(tmp_path / "absent"), cwd=tmp_path)
    assert done.returncode != 0
    assert "There is no file" in done.stderr
