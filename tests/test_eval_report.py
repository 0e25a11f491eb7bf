"""The report: whole, escaped, sufficient to itself, readable at both widths; its charts drawn where they should be."""

import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from evaluation import CONFIG, DOCUMENTS, QUESTIONS, TinyGenerator, tiny_run

from eval import charts
from eval.calibration_metrics import Bin, reliability
from eval.journal import RunError
from eval.report import page
from eval.run import Selection
from eval.runs import load
from eval.tables import aligned, run_table
from eval.worst import FAULTS, worst
from rag.retrieval import hybrid

pytestmark = pytest.mark.usefixtures("few_resamples")

VOID = {"meta", "br"}


class Outline(HTMLParser):
    """Reads a page strictly: every element is closed, in order; keeps texts, attributes and what is looked for."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.counts: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.counts[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.counts[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("report"), "run", TinyGenerator())


@pytest.fixture(scope="module")
def html(run):
    return page(run)


@pytest.fixture(scope="module")
def outline(html):
    return Outline(html)


def test_the_page_has_every_part(outline):
    text = " ".join(outline.texts)
    for words in (
        "2 of 7 answerable questions were answered correctly, 1 more with quotes only.",
        "Of 3 questions that the documents do not answer, 1 were declined and 1 got quotes that may answer them.",
        "1 question failed. It counts as wrong",
        "Where points were lost",
        "Risk and coverage",
        "always answer",
        "always refuse",
        "Reliability",
        "Compared with trivial rules",
        "False answers by kind",
        "Retrieval",
        "Seconds to the checked answer",
        "The worst answers",
        "All figures",
        "Settings and models",
    ):
        assert words in text


def test_the_figures_stand_there_with_their_intervals(outline, run):
    text = " ".join(outline.texts)
    figure = run.metrics["metrics"]["retrieval.found"]
    assert (figure["low"], figure["point"], figure["high"]) == (1, 1, 1)
    assert "95 % interval 100.0 – 100.0 %, n = 7" in text
    assert "28.6" in text


def test_nothing_is_loaded_and_nothing_runs(html, outline):
    assert not {"script", "link", "iframe", "img", "object", "base", "form"} & outline.counts.keys()
    names = {name for _, name, _ in outline.attributes}
    assert not {name for name in names if name.startswith("on")} | ({"src", "action", "style"} & names)
    places = {value for _, name, value in outline.attributes if name == "id"}
    links = [value for _, name, value in outline.attributes if name == "href"]
    assert links
    assert {link.removeprefix("#") for link in links} <= places
    assert not re.search(r"https?:|//\w|@import|url\(", html)
    policy = [value for tag, name, value in outline.attributes if tag == "meta" and name == "content"]
    assert any("default-src 'none'" in value for value in policy)


def test_what_documents_hold_is_only_text(outline):
    assert "<script>alert('document')</script>" in " ".join(outline.texts)
    assert "What does a ticket for the museum cost?" not in " ".join(outline.texts)  # it was rightly declined


def test_questions_answers_models_and_kinds_are_escaped(tmp_path):
    evil = '"><img src=x onerror=alert(1)></style></title><!--'
    questions = [
        replace(question, question=question.question + evil, kind=evil, answers=(evil,) if question.answers else ())
        for question in QUESTIONS
    ]
    generator = TinyGenerator(replies={"": f"The engineer was Ann Lee of Dover. {evil}"})
    generator.name = evil
    found = tiny_run(tmp_path, "run", generator, questions=questions)
    outline = Outline(page(found))
    assert "img" not in outline.counts
    assert evil in " ".join(outline.texts)


def test_charts_can_be_read_without_seeing_them(html, outline):
    assert outline.counts["svg"] == sum(1 for tag, name, _ in outline.attributes if (tag, name) == ("svg", "role"))
    labels = [value for tag, name, value in outline.attributes if (tag, name) == ("svg", "aria-label")]
    assert len(labels) == outline.counts["svg"]
    assert all(labels)
    assert "all kinds: right: 2, unsure, the answer quoted: 1, read wrongly: 2, refused: 1, failed: 1" in labels
    assert ("html", "lang", "en") in outline.attributes
    headings = re.findall(r"<h([1-6])", html)
    assert headings[0] == "1"
    assert all(int(b) - int(a) <= 1 for a, b in pairwise(headings))


def test_the_worst_answers_come_first_and_with_all_it_takes(run, html):
    found = [(fault, row["id"]) for fault, row in worst(run)]
    assert found == [
        ("failed", "broken"),
        ("says something forbidden", "invented"),
        ("says something forbidden", "misread"),
        ("wrong answer", "half"),
        ("declined, though the passage was there", "unsure"),
    ]
    assert {fault for fault, _ in found} <= set(FAULTS)
    card = html[html.index("last captain of the ferry, and") :]
    card = card[: card.index("</article>")]
    assert "The last captain was Bo Marsh. [1]" in card
    assert "Bo Marsh, two goats" in card
    assert "Missing:</span> two goats" in card
    assert "<mark>Its last captain was Bo Marsh, who kept two goats on board.</mark>" in card
    assert "[1] ferry.txt, characters" in card


def test_a_card_says_what_must_not_be_said_and_where_the_gold_is(html):
    card = html[html.index("What happened to the bridge in 1901?") :]
    card = card[: card.index("</article>")]
    assert "Forbidden:</span> Dover<br>" in card
    assert re.search(r"The evidence: [123] passages?, gold in [123]</summary>", card)


ELSEWHERE = next(question.gold for question in QUESTIONS if question.gold and question.gold[0].document != "bridge.txt")
"""Where the answer to a question about the bridge is not."""


def test_a_draft_that_was_not_shown_is_there(tmp_path):
    questions = [
        replace(question, facts=(), answers=("eight",), gold=ELSEWHERE)
        for question in QUESTIONS
        if "arches" in question.question
    ]
    found = tiny_run(tmp_path, "run", TinyGenerator(), questions=questions)
    assert [fault for fault, _ in worst(found)] == ["unsure, and quotes another place"]
    assert 'The draft that was not shown</summary><p class="said">NO ANSWER</p>' in page(found)


def test_a_run_without_a_model_has_a_report_too(tmp_path):
    outline = Outline(page(tiny_run(tmp_path, "run")))
    text = " ".join(outline.texts)
    assert "For 100.0 % of the answerable questions, the evidence holds what is needed." in text
    assert "The worst answers" not in text
    assert "Retrieval" in text


def test_where_all_questions_are_answerable_the_refusals_are_told(tmp_path):
    found = tiny_run(tmp_path, "run", TinyGenerator(), Selection(condition="gold-only"))
    text = " ".join(Outline(page(found)).texts)
    assert "The documents answer every question of this run" in text
    assert "False refusals by kind" in text
    assert "False answers by kind" not in text
    assert "Risk and coverage" not in text
    assert "evidence: gold alone" in text
    assert "enough gold in their composed evidence" in text


def test_a_run_of_an_older_format_is_summarised_anew(tmp_path):
    found = tiny_run(tmp_path, "run", TinyGenerator())
    made = json.loads((found.folder / "run.json").read_text("utf-8"))
    (found.folder / "run.json").write_text(json.dumps(made | {"format": 1}), "utf-8")
    (found.folder / "metrics.json").write_text('{"counts": {}}', "utf-8")
    assert load(found.folder).metrics == found.metrics
    (found.folder / "run.json").write_text(json.dumps(made | {"format": 0}), "utf-8")
    with pytest.raises(RunError, match="made by another version"):
        load(found.folder)


def test_questions_that_retrieval_missed_are_listed(tmp_path, monkeypatch):
    fused = hybrid.fuse
    monkeypatch.setattr(hybrid, "fuse", lambda *given: {id_: -score for id_, score in fused(*given).items()})
    found = tiny_run(tmp_path, "run", config=replace(CONFIG, evidence=1))
    text = " ".join(Outline(page(found)).texts)
    missed = [row["question"] for row in found.questions.values() if row["scores"].get("retrieval.found") == 0]
    assert f"Not found: {len(missed)} questions" in text
    assert missed
    assert all(question in text for question in missed)


# --- charts


def _numbers(svg: str, tag: str, name: str) -> list[float]:
    return [
        float(value)
        for element in re.findall(f"<{tag}[^>]*>", svg)
        for value in re.findall(f' {name}="([^"]+)"', element)
    ]


def test_a_stacked_bar_is_as_wide_as_its_parts():
    svg = charts.stacked({"none": 3, "reading": 1}, 8, "three of eight")
    assert _numbers(svg, "rect", "x") == [0, 37.5]
    assert _numbers(svg, "rect", "width") == [37.5, 12.5]
    assert 'aria-label="three of eight"' in svg


def test_an_interval_lies_where_its_figure_is():
    svg = charts.interval(0.2, 0.5, 0.6, "half", [0.4])
    assert _numbers(svg, "line", "x1") == [0, 20, 40, 50]
    assert _numbers(svg, "line", "x2") == [100, 60, 40, 50]


def test_a_curve_goes_through_its_points():
    svg = charts.curves([charts.Curve("risk", [(0, 0), (0.5, 1), (1, 0.5)], "first")], [], ("x", "y"), "Risk", "about")
    left, right, top, bottom = charts.LEFT, charts.WIDTH - charts.RIGHT, charts.TOP, charts.HEIGHT - charts.BOTTOM
    middle = (left + right) / 2
    points = re.search('points="([^"]+)"', svg)[1]
    assert points == f"{left:.1f},{bottom:.1f} {middle:.1f},{top:.1f} {right:.1f},{(top + bottom) / 2:.1f}"


def test_a_reliability_diagram_shows_each_bin():
    bins = reliability([0.1, 0.1, 0.9], [0, 1, 1])
    svg = charts.reliability_diagram(bins, ("x", "y"), "Reliability", "about")
    assert svg.count('<circle class="bin"') == 2
    assert "2 questions: confidence 0.10, answerable 0.50" in svg
    (large, small) = _numbers(svg, "circle", "r")
    assert large == 14
    assert small < large
    assert charts.reliability_diagram([Bin(0, 1, 1, 0.5, 0.5)], ("x", "y"), "R", "a").count("<circle") == 1


def test_a_histogram_counts_every_value():
    svg = charts.histogram([0.1, 0.1, 3.9, 4.0], {"median": 2.0}, ("seconds", "questions"), "Time", "4 questions")
    assert sum(int(count) for count in re.findall(r"seconds: (\d+)</title>", svg)) == 4
    assert "median 2.0" in svg
    assert charts.histogram([], {}, ("seconds", "questions"), "Time", "none").startswith("<svg")


# --- the terminal


def test_the_terminal_table_tells_the_same(run):
    table = run_table(run)
    assert (
        "tiny: 10 questions (7 answerable, 6 clusters); 10 asked: 5 answered, 2 unsure, 2 declined, 1 failed" in table
    )
    assert re.search(r"^  right +28\.6 %", table, re.MULTILINE)
    assert "Answerable questions: 2 right, 1 unsure, the answer quoted, 2 read wrongly, 1 refused, 1 failed" in table
    assert re.search(r"^always refuse +30\.0 %", table, re.MULTILINE)
    assert max(map(len, table.splitlines())) < 140
    assert all(line == line.rstrip() for line in table.splitlines())


def test_columns_are_under_each_other():
    assert aligned([["name", "1"], ["x", "100"], ["only"]], right=[1]) == ["name    1", "x     100", "only"]
    assert aligned([]) == []


# --- in a browser


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_readable_in_a_browser(browser, html, tmp_path, width, scheme):
    file = tmp_path / "report.html"
    file.write_text(html, "utf-8")
    seen: list[str] = []
    with browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme) as shown:
        shown.on("request", lambda request: seen.append(request.url))
        shown.on("console", lambda message: seen.append(message.text))
        shown.goto(file.as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") == width
        paper, ink = shown.evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
        assert (_luminance(paper) > _luminance(ink)) == (scheme == "light")
        smallest = shown.evaluate(
            "Math.min(...[...document.querySelectorAll('.chart text')].map(t => t.getBoundingClientRect().height))"
        )
        assert smallest >= 10
        shown.keyboard.press("Tab")
        assert shown.evaluate("document.activeElement.textContent") == "Lost points"
        shown.locator("nav a").last.press("Enter")
        assert shown.locator("#worst-answers").bounding_box()["y"] < 900
        shown.locator("article.card details summary").first.press("Enter")
        assert shown.locator("article.card ol.evidence").first.is_visible()
        assert shown.evaluate(OVERLAPS) == []
        assert DOCUMENTS["museum.txt"].split("<")[0].strip().split("\n")[-1] in shown.locator("body").inner_text()
    assert seen == [file.as_uri()]


OVERLAPS = """[...document.querySelectorAll('.chart')].flatMap(chart => {
    const texts = [...chart.querySelectorAll('text:not([transform])')]
    const named = texts.map(text => [text.textContent, text.getBoundingClientRect()])
    return named.flatMap(([a, one], i) => named.slice(i + 1)
        .filter(([b, two]) => one.left < two.right && two.left < one.right && one.top + 3 < two.bottom - 3
            && two.top + 3 < one.bottom - 3)
        .map(([b]) => a + ' / ' + b))
})"""
"""The texts of charts that lie on each other."""


@pytest.mark.browser
def test_the_picture_of_the_report_can_be_made(browser, run, tmp_path):
    from screenshot import LIMIT, report

    picture = tmp_path / "report.png"
    report(browser, run.folder, picture)
    data = picture.read_bytes()
    assert int.from_bytes(data[16:20]) == 1280
    assert 1200 < int.from_bytes(data[20:24]) < 3000
    assert len(data) < LIMIT


def _luminance(colour: str) -> float:
    red, green, blue = map(int, re.findall(r"\d+", colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
