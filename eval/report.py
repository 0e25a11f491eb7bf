"""The report of a run: one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from eval import charts, checker
from eval.catalogue import CATALOGUE, HEADLINES, SET_LEVEL, metric
from eval.conditions import CONDITIONS
from eval.deciding import decisions
from eval.groups import groups_section
from eval.markup import big, document, folded, header, made_of, table
from eval.robustness import robustness, robustness_section
from eval.runs import Run
from eval.sections import citations, lost_points, retrieval, times
from eval.tables import HIDDEN, figure, interval, percent, shown_by_kind
from eval.worst import worst_answers

__all__ = ["page"]


def page(run: Run, others: Sequence[Run] = ()) -> str:
    """Return the report as HTML; ``others`` are runs under other conditions, shown alongside.

    All text from documents, questions and models is escaped.
    """
    name = run.made["identity"]["set"]
    asked = run.metrics["counts"]["asked"] > 0
    compared = robustness([run, *others])
    told = {
        "Lost points": lost_points(run) if asked else "",
        "Groups": groups_section(run) if asked else "",
        "When to answer": decisions(run) if asked else "",
        "Citations": citations(run, checker.kept().values()) if asked else "",
        "Conditions": robustness_section(compared) if compared else "",
        "Retrieval": retrieval(run),
        "Time": times(run),
        "Worst answers": worst_answers(run) if asked else "",
    }
    places = {title: title.lower().replace(" ", "-") for title, html in told.items() if html}
    parts = [_head(run), _headlines(run), _contents(places)]
    parts += [f'<div id="{place}">{told[title]}</div>' for title, place in places.items()]
    parts += [_not_found(run), _by_kind(run), _all_figures(run), _made(run)]
    return document(f"Evaluation: {name}", parts)


def _head(run: Run) -> str:
    counts, identity = run.metrics["counts"], run.made["identity"]
    model = identity["generator"]["name"] if identity["generator"] else "no language model"
    about = [identity["embedder"]["name"], model]
    if under := identity["selection"]["condition"]:
        about.append(f"evidence: {CONDITIONS[under].label}")
    warnings = []
    if failed := counts["failed"]:
        one = failed == 1
        words = "1 question failed. It counts" if one else f"{failed} questions failed. They count"
        warnings.append(f"{words} as wrong, and {'is' if one else 'are'} listed below.")
    if (versions := len(run.made["code"])) > 1:
        warnings.append(f"{versions} versions of the program contributed to this run.")
    return header("Evaluation", identity["set"], _story(run), about, warnings)


def _contents(places: Mapping[str, str]) -> str:
    links = "".join(f'<li><a href="#{place}">{title}</a></li>' for title, place in places.items())
    return f'<nav aria-label="On this page"><ul>{links}</ul></nav>'


def _story(run: Run) -> tuple[str, str]:
    """Return a summary in two sentences."""
    counts, lost = run.metrics["counts"], run.metrics.get("lost", {}).get("all", {})
    if not counts["asked"]:
        found = run.metrics["metrics"].get("retrieval.found") or run.metrics["metrics"].get("retrieval.document@3")
        share = percent(found["point"]) if found else "none"
        what = "what is needed" if "retrieval.found" in run.metrics["metrics"] else "a right document"
        return (
            f"For {share} of the answerable questions, the evidence holds {what}.",
            f"{counts['answerable']} of {counts['questions']} questions can be answered from the documents.",
        )
    answerable = sum(lost.values())
    right = lost.get("none", 0) + lost.get("citation", 0)
    story = f"{right} of {answerable} answerable questions were answered correctly."
    if shown := lost.get("unsure", 0):
        story = f"{right} of {answerable} answerable questions were answered correctly, {shown} more with quotes only."
    return story, _story_of_others(run)


def _story_of_others(run: Run) -> str:
    """Return the outcomes of the unanswerable questions."""
    rows = [row for row in run.questions.values() if row["status"] is not None and not row["answerable"]]
    if not rows:
        return ""
    declined, unsure = (sum(row["status"] == status for row in rows) for status in ("abstained", "unsure"))
    told = f" and {unsure} got quotes that may answer them" if unsure else ""
    return f"Of {len(rows)} questions that the documents do not answer, {declined} were declined{told}."


def _headlines(run: Run) -> str:
    metrics, tiles = run.metrics["metrics"], []
    # Under a condition, the evidence is not what retrieval found.
    composed = {"retrieval.found": "evidence.found"} if run.made["identity"]["selection"]["condition"] else {}
    for name in (composed.get(name, name) for name in HEADLINES):
        known, numbers = metric(name), metrics.get(name)
        if known is None or numbers is None:
            continue
        bar = charts.interval(numbers["low"], numbers["point"], numbers["high"], f"between {interval(name, numbers)} %")
        sense = "" if known.higher else " <span class=sense>less is better</span>"
        tiles.append(
            f"<li>{big(percent(numbers['point']))}"
            f"<span class=label>{escape(TILES.get(name, known.label))}{sense}</span>{bar}"
            f'<span class="faint">95 % interval {interval(name, numbers)} %, n = {numbers["n"]:,}</span></li>'
        )
    return f'<ul class="tiles">{"".join(tiles)}</ul>'


TILES = {
    "outcome.right": "of the answerable questions answered correctly",
    "outcome.helpful": "of the answerable questions answered correctly, or unsure with every fact quoted",
    "outcome.wrong": "of the answerable questions answered wrongly",
    "outcome.false_answer": "of the unanswerable questions answered",
    "citation.document": "of the answerable questions answered from the right document",
    "retrieval.found": "of the answerable questions have enough gold in the evidence",
    "evidence.found": "of the questions have enough gold in their composed evidence",
}


def _not_found(run: Run) -> str:
    """Return the collapsed list of questions whose evidence lacks the gold."""
    missed = [row for row in run.questions.values() if row["scores"].get("retrieval.found") == 0]
    if not missed:
        return ""
    items = "".join(
        f'<li><span class="tag">{escape(row["kind"])}</span> {escape(row["question"])} '
        f'<span class="faint id">{escape(row["id"])}</span></li>'
        for row in missed
    )
    return folded(f"Not found: {len(missed)} questions", f'<ul class="plain">{items}</ul>')


def _by_kind(run: Run) -> str:
    """Return the collapsed table of the main results by kind of question, with intervals."""
    kinds = run.metrics["kinds"]
    shown, rows = shown_by_kind(kinds), []
    for kind, numbers in kinds.items():
        cells = "".join(_cell(known.name, numbers["metrics"].get(known.name)) for known in shown)
        rows.append(f'<tr><th scope="row">{escape(kind)}</th><td>{numbers["questions"]}</td>{cells}</tr>')
    head = "".join(f'<th scope="col">{escape(known.label)}</th>' for known in shown)
    return folded("By kind of question", table(f'<th scope="col">Kind</th><th scope="col">n</th>{head}', rows))


def _cell(name: str, numbers: Mapping[str, float] | None) -> str:
    """Return a value above its interval, to keep the table narrow."""
    if numbers is None:
        return "<td>–</td>"
    return f'<td>{figure(name, numbers["point"])}<br><span class="faint">{interval(name, numbers)}</span></td>'


def _all_figures(run: Run) -> str:
    rows = []
    for known in (*SET_LEVEL, *CATALOGUE):
        numbers = run.metrics["metrics"].get(known.name)
        if numbers is None or known.name.partition(".")[2] in HIDDEN:
            continue
        rows.append(
            f'<tr><th scope="row"><code>{escape(known.name)}</code></th><td class="left">{escape(known.label)}</td>'
            f"<td>{figure(known.name, numbers['point'])}</td><td>{interval(known.name, numbers)}</td>"
            f"<td>{numbers['n']}</td><td>{numbers['clusters']}</td></tr>"
        )
    names = ("Name", "Meaning", "Figure", "95 %", "n", "clusters")
    head = "".join(f'<th scope="col"{LEFT if name == "Meaning" else ""}>{name}</th>' for name in names)
    return folded("All figures", table(head, rows))


LEFT = ' class="left"'


def _made(run: Run) -> str:
    """Return the settings and models of the run."""
    program = {"program": run.made["code"], **run.made["machine"], "answers": run.metrics.get("answers_sha256")}
    return made_of({**run.made["identity"], **program})
