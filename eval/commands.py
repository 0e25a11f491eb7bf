"""The commands ``footnote eval …`` and ``footnote bench``: take settings and options, return the exit code."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

from eval import baseline as baselines
from eval import checker, runs, sets
from eval.differences import comparison_table
from eval.journal import RunError, write_whole
from eval.questions import SetError
from eval.review import accept as accept_feedback
from eval.review import default_set, described
from eval.run import Selection, default_folder, identity_of
from eval.run import run as measure
from eval.tables import run_table
from rag.config import Config
from rag.progress import bars

__all__ = ["accept", "bench", "calibrate", "compare", "convert", "gaps", "gate", "report", "review", "run"]

BUILD = Path("build") / "eval"
BENCH = Path("build") / "bench"
DATA = Path(__file__).parent / "data"
SEEDS = DATA / "seeds"
BASELINES = DATA / "baseline"


def run(config: Config, options: argparse.Namespace) -> int:
    """Run a test set and print the results."""
    from rag.embedders import open_embedder
    from rag.generators import open_generator

    known = sets.load(options.set) if options.set else default_set(SEEDS, config.index)
    selection = Selection(options.split or "", options.limit, options.seed, options.condition or "")
    embedder = open_embedder(config)
    generator = None if options.no_llm else open_generator(config)
    folder = options.out or default_folder(BUILD, identity_of(known, selection, config, embedder, generator))
    print(f"Run: {folder}", file=sys.stderr)
    try:
        with bars() as progress:
            finished = measure(known, selection, config, embedder, generator, folder, BUILD / "indexes", progress)
    except KeyboardInterrupt:
        print(f"footnote: stopped. To continue, run the same command with --out {folder}.", file=sys.stderr)
        raise
    finally:
        if generator:
            generator.close()
    if options.out is None and not options.condition:
        _point_to(folder)
    _print_figures(finished)
    return 0


def report(_: Config, options: argparse.Namespace) -> int:
    """Write the report of a run, together with runs under other conditions, and print its results."""
    from eval.report import page
    from eval.robustness import beside, robustness, robustness_table

    finished = runs.load(options.folder)
    others = [runs.load(folder) for folder in options.others] or beside(finished)
    file = options.html or options.folder / "report.html"
    write_whole(file, page(finished, others))
    _print_figures(finished)
    if compared := robustness([finished, *others]):
        print(f"\n{robustness_table(compared)}\n")
    print(f"Report: {file}")
    return 0


def compare(_: Config, options: argparse.Namespace) -> int:
    """Print the differences between two runs on the same questions."""
    before, after = runs.load(options.before), runs.load(options.after)
    print(comparison_table(before, after))
    return 0


def gate(config: Config, options: argparse.Namespace) -> int:
    """Check a run (or a new run without a language model) against floors and baseline; return 1 if it fails."""
    from eval.gate import check, fast_tier, limits

    if options.folder is None:
        from rag.embedders import open_embedder

        known = sets.load(options.set or SEEDS)
        with bars() as progress:
            finished = fast_tier(
                known, config, open_embedder(config), options.baseline or BASELINES, BUILD / "indexes", progress
            )
    else:
        finished = runs.load(options.folder)
    name = finished.made["identity"]["set"]
    verdict = check(finished, baselines.load(options.baseline or BASELINES, name), limits(DATA / "gate.toml", name))
    print(verdict.table())
    return 0 if verdict.passes else 1


def accept(_: Config, options: argparse.Namespace) -> int:
    """Make a run the baseline for later runs."""
    finished = runs.load(options.folder)
    file = baselines.accept(finished, options.baseline or BASELINES)
    counts = finished.metrics["counts"]
    if counts["asked"] < counts["questions"]:
        print(f"This run only answered {counts['asked']} of {counts['questions']} questions.")
    print(f"Baseline: {file}. Commit it together with the change it belongs to.")
    return 0


def review(config: Config, options: argparse.Namespace) -> int:
    """Show reader feedback one item at a time, and turn accepted items into test questions."""
    from rag import feedback
    from rag.indexes.opening import open_index

    waiting = feedback.pending(config.index)
    with open_index(config) as index:
        for number, said in enumerate(waiting, 1):
            print(f"--- {number} of {len(waiting)}\n{described(said)}")
            key = _key("accept (a), reject (r), skip (s), quit (q)? ", "arsq")
            if key == "q":
                break
            if key == "r":
                feedback.remove(config.index, [said.id])
            if key == "a":
                try:
                    print(f"Accepted as {accept_feedback(said, index, options.set).id}.")
                except SetError as error:
                    print(f"Not accepted: {error}")
    left = len(feedback.pending(config.index))
    print(f"{left} left in the queue." if left else "The queue is empty.")
    return 0


def gaps(config: Config, options: argparse.Namespace) -> int:
    """Print the questions that got no sure answer, grouped by nearness, or write them as CSV."""
    from eval.gaps import as_csv
    from eval.gaps import gaps as found_in
    from eval.tables import aligned
    from rag.embedders import open_embedder

    if not config.keep_unanswered:
        print("Questions aren't kept (keep_unanswered = false): only reported ones are shown.", file=sys.stderr)
    found = found_in(config, open_embedder(config))
    if options.csv:
        options.csv.parent.mkdir(parents=True, exist_ok=True)
        write_whole(options.csv, as_csv(found))
        print(f"Wrote {options.csv}.")
        return 0
    rows = [[str(len(gap.asked)), gap.last, gap.question, ", ".join(gap.documents), gap.note] for gap in found]
    print("\n".join(aligned([["asked", "last", "question", "nearest documents", "note"], *rows], right=[0])))
    return 0


def _key(prompt: str, keys: str) -> str:
    """Wait for one of ``keys``; without a terminal, read the first letter of a line, and ``q`` at the end of input."""
    print(prompt, end="", flush=True)
    while True:
        pressed = _pressed()
        if pressed in keys:
            print(pressed)
            return pressed


def _pressed() -> str:
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        return line.strip().lower()[:1] or " " if line else "q"
    import termios
    import tty

    stream = sys.stdin.fileno()
    before = termios.tcgetattr(stream)
    try:
        tty.setcbreak(stream, termios.TCSADRAIN)  # A key that was pressed early counts too.
        return os.read(stream, 1).decode("ascii", "replace").lower()
    finally:
        termios.tcsetattr(stream, termios.TCSADRAIN, before)


def convert(_: Config, options: argparse.Namespace) -> int:
    """Convert a published set into our format."""
    from eval.published_sets import convert as bring

    known = bring(options.path, options.out)
    documents = sum(1 for file in known.documents.rglob("*") if file.is_file())
    print(f"{len(known.questions)} questions on {documents} documents in {options.out}")
    return 0


def calibrate(config: Config, options: argparse.Namespace) -> int:
    """Calibrate the confidence on test sets, and save it in the index."""
    from eval.calibrate import Tolerance, take_signals
    from eval.calibrate import calibrate as fitted_on
    from rag import prompts
    from rag.assistant import made_for
    from rag.embedders import open_embedder
    from rag.generators import open_generator
    from rag.indexes.opening import open_index
    from rag.rerankers import open_reranker

    for name in ("false_answers", "false_unsure"):
        if not 0 <= (share := getattr(options, name)) <= 1:
            raise RunError(f"--{name.replace('_', '-')} must be between 0 and 1, not {share:g}.")
    accepted = Tolerance(options.false_answers, options.false_unsure)
    embedder, prompt = open_embedder(config), prompts.load(config.prompt)
    selection = Selection(options.split or "", options.limit, options.seed)
    rows, names = list[dict[str, Any]](), list[str]()
    with open_index(config, embedder) as index, contextlib.closing(open_generator(config)) as generator:
        for known in [sets.load(place) for place in options.set or [SEEDS]]:
            file = default_folder(BUILD / "signals", identity_of(known, selection, config, embedder, generator))
            with bars() as tell:
                asked = known, selection.answered(known), config, embedder, generator
                rows += take_signals(*asked, file.with_name(f"{file.name}.jsonl"), BUILD / "indexes", tell)
            names.append(known.name)
        found = fitted_on(rows, accepted, (config.min_confidence, config.min_unsure))
        print(found.table())
        if (area := found.figures["fitted"]["auroc"]) <= 0.5:
            raise RunError(
                f"Nothing was saved: on questions left out of the fit, the confidence is no better than guessing "
                f"(AUROC {area:.2f}). Use more questions, or another language model."
            )
        made = made_for(embedder, generator, prompt, open_reranker(config))
        index.calibrate(found.noted(names, accepted, made))
    print(
        f"Saved in the index in {config.index} for this language model: it answers from a confidence of "
        f"{found.min_confidence:.3f} and shows possible answers from {found.min_unsure:.3f}. Settings that "
        "you changed from their defaults take precedence. Restart a running server."
    )
    return 0


def verify(config: Config, options: argparse.Namespace) -> int:
    """Measure the verification alone, on labelled claims or drafts; with ``keep``, reports show the results."""
    from eval.claims import read_claims
    from eval.drafts import check_drafts, drafts_file, drafts_table, read_drafts

    if file := drafts_file(options.set):
        checked = check_drafts(file.resolve().parent.name, read_drafts(file), config.min_support)
        print(drafts_table(checked))
    else:
        checked = checker.check_claims(options.set.resolve().stem, read_claims(options.set), config.min_support)
        print(checker.checker_table(checked))
    if options.keep:
        checker.keep(checked)
        print(f"Reports now show these results: {checker.FILE}")
    return 0


def bench(config: Config, options: argparse.Namespace, serve: Any = None) -> int:
    """Run the benchmark, print the results and write the report; for ``serve`` see ``eval.bench.suite.Serve``."""
    from eval.bench.plan import FULL, QUICK
    from eval.bench.report import page
    from eval.bench.result import PAGE
    from eval.bench.suite import directly
    from eval.bench.suite import run as run_bench
    from eval.bench.table import bench_table

    plan = QUICK if options.quick else FULL
    if options.limit is not None:
        plan = dataclasses.replace(plan, questions=options.limit)
    folder, known = options.out or BENCH, sets.load(options.set or SEEDS)
    with bars() as progress:
        done = run_bench(
            known,
            config,
            plan,
            folder,
            BUILD / "indexes",
            progress,
            seed=options.seed,
            llm=not options.no_llm,
            serve=serve or directly,
        )
    write_whole(folder / PAGE, page(done))
    print(bench_table(done))
    print(f"Report: {folder / PAGE}")
    return 0


def _print_figures(finished: runs.Run) -> None:
    """Print the results of a run, and how reliable the verification of its answers is."""
    print(run_table(finished))
    if finished.metrics["counts"]["asked"]:
        for checked in checker.kept().values():
            print(f"\n{checker.sentence_on(checked)}")


def _point_to(folder: Path) -> None:
    """Point ``build/eval/latest`` to the newest run."""
    latest = BUILD / "latest"
    draft = BUILD / ".latest"
    with contextlib.suppress(OSError):  # without symbolic links, a run is named by its folder
        draft.unlink(missing_ok=True)
        draft.symlink_to(folder.name)
        draft.replace(latest)
