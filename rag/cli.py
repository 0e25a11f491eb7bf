"""The command line.

Each command imports what it needs, so that ``footnote --help`` is fast. Exit codes: 0 answered or done, 3 abstained, 4
unsure, 2 usage error, 1 internal error, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rag.errors import FootnoteError

__all__ = ["main"]

EXIT_INTERNAL = 1
EXIT_STOPPED = 130
DONE = "Exit codes: 0 done, 2 usage error, 1 internal error, 130 stopped by Ctrl-C."
ANSWERED = "Exit codes: 0 answered, 3 abstained, 4 unsure, 2 usage error, 1 internal error, 130 stopped by Ctrl-C."
LATEST = Path("build/eval/latest")
"""The latest run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except FootnoteError as error:
        print(f"footnote: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("footnote: stopped.", file=sys.stderr)
        return EXIT_STOPPED
    except BrokenPipeError:
        # The reader (head, less) has closed the pipe; the rest of the output isn't needed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("FOOTNOTE_DEBUG"):
            raise
        print(
            f"footnote: internal error ({type(error).__name__}: {error}). "
            "Nothing that was reported as done is lost. Set FOOTNOTE_DEBUG=1 and run it again for a traceback.",
            file=sys.stderr,
        )
        return EXIT_INTERNAL


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--index", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="folder of the index (default: index)"
    )
    common.add_argument(
        "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="TOML file with settings"
    )
    top = argparse.ArgumentParser(
        prog="footnote",
        parents=[common],
        description="Answers from your own documents, with the exact passage behind every sentence.",
        epilog=DONE,
    )
    verbs = top.add_subparsers(metavar="COMMAND", required=True)

    def verb(name: str, help: str, command: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=help, description=help.capitalize() + ".", parents=[common])
        added.set_defaults(run=lambda options: _run(command, options))
        return added

    _document_verbs(verb)
    _question_verbs(verb)
    _model_verbs(verb("models", "list, download and check model weights", "manage_models"), common)
    measured = verb("eval", "measure the answers on test questions with known answers", "evaluate")
    _evaluation_verbs(measured.add_subparsers(metavar="ACTION", required=True, dest="action"), common)
    _bench_options(
        verb("bench", "measure the speed of an answer, compared with plain use of the same libraries", "bench")
    )
    settings = verb("config", "print the settings as a TOML file, each with its meaning", "show_settings")
    settings.add_argument("--table", action="store_true", help="print the defaults as a table in Markdown")
    doctor = verb("doctor", "check this machine, the weights, the index and the settings", "doctor")
    doctor.add_argument("--repair", action="store_true", help="first repair the index, keeping what is damaged")
    return top


def _model_verbs(models: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    actions = models.add_subparsers(metavar="ACTION", required=True, dest="action")
    actions.add_parser("list", help="list all known models and whether they are on this machine", parents=[common])
    pull = actions.add_parser("pull", help="download model weights", parents=[common])
    pull.add_argument("names", nargs="*", metavar="NAME", help="models (default: those in the settings)")
    pull.add_argument("--from", type=Path, dest="source", metavar="PATH", help="take them from this file or folder")
    check = actions.add_parser(
        "verify", help="check every file of the downloaded models against its hash", parents=[common]
    )
    check.add_argument("names", nargs="*", metavar="NAME", help="models (default: all downloaded ones)")


def _document_verbs(verb: Verb) -> None:
    ingest = verb("ingest", "add files and folders to the index, or update them", "ingest")
    ingest.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a file, a folder, or a mailbox such as imap://user@mail.example/INBOX/Support",
    )
    ingest.add_argument(
        "--rebuild", action="store_true", help="read and embed everything again with the current settings"
    )
    ingest.add_argument("--watch", action="store_true", help="then read what changes in these folders until Ctrl-C")
    ingest.add_argument(
        "--every",
        metavar="TIME",
        help="time between two full looks while watching, such as 90s, 15m or 2h (default: watch_every): for network "
        "drives, which tell of no changes, and mailboxes",
    )
    verb("list", "list the documents in the index", "list_documents")
    show = verb("show", "show the properties of a document", "show")
    show.add_argument("document", metavar="DOC", help="a document's name, as 'footnote list' prints it")
    show.add_argument("--text", action="store_true", help="print only its extracted text")
    remove = verb("rm", "delete documents from the index", "remove")
    remove.add_argument("documents", nargs="+", metavar="DOC", help="a document's name, as 'footnote list' prints it")
    stats = verb("stats", "show the size and state of the index", "stats")
    stats.add_argument("--json", action="store_true", help="as JSON")
    backup = verb("backup", "save the index to a file, while it is in use", "back_up")
    backup.add_argument("file", type=Path, metavar="FILE", help="the file to write, such as footnote.zip")
    restore = verb("restore", "put a backup in place of the index, while it is in use", "restore")
    restore.add_argument("file", type=Path, metavar="FILE", help="a file that 'footnote backup' wrote")
    reindex = verb("reindex", "embed all documents again, beside the index in use", "reindex")
    reindex.add_argument("--embedder", metavar="NAME", help="another embedder (default: the one in the settings)")
    index = verb("index", "move the index to another place or engine", "manage_index")
    actions = index.add_subparsers(metavar="ACTION", required=True, dest="action")
    migrate = actions.add_parser("migrate", help="move documents, passages and vectors without embedding again")
    migrate.add_argument(
        "--to", required=True, metavar="URL|DIR", help="a Milvus server, a .db file for Milvus Lite, or a folder"
    )


def _question_verbs(verb: Verb) -> None:
    ask = verb("ask", "answer a question from the documents", "ask")
    ask.epilog = ANSWERED
    ask.add_argument("question", nargs="?", help="what to ask")
    ask.add_argument("--batch", metavar="FILE", help="answer every line of a JSONL file (- is standard input)")
    ask.add_argument("--json", action="store_true", help="print the answer object")
    search = verb("search", "show the passages found for a question, without a language model", "search")
    search.add_argument("question", help="what to search for")
    search.add_argument("-n", "--number", type=int, default=5, metavar="N", help="number of passages (default: 5)")
    search.add_argument("--json", action="store_true", help="print one JSON object per passage")
    serve = verb("serve", "serve the chat and the API", "serve")
    serve.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (default: 7860)")
    serve.add_argument("--open", action="store_true", help="open the chat in the default browser")
    verb("mcp", "serve search and ask as tools for other programs (MCP, on standard input and output)", "serve_tools")
    widget = verb("widget", "put the question box into web pages", "widget")
    actions = widget.add_subparsers(metavar="ACTION", required=True, dest="action")
    snippet = actions.add_parser("snippet", help="print the line to paste into a page")
    snippet.add_argument("--url", help="where browsers find the server (default: public_url, or host and port)")
    demo = actions.add_parser("demo", help="serve the API, and a page with the box on the next port")
    demo.add_argument("--port", type=int, help="port of the server (default: 7860)")


def _evaluation_verbs(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    def action(name: str, help: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=help, description=help.capitalize() + ".", parents=[common])

    for add in (_run_action, _report_actions, _gate_actions, _calibrate_action, _set_actions):
        add(action)


def _run_action(action: Action) -> None:
    run = action("run", "search, answer and score every question of a test set; continues if interrupted")
    run.add_argument("--set", type=Path, metavar="DIR", help="a test set (default: the one about the seeds)")
    run.add_argument("--split", metavar="NAME", help="only the questions of this split, such as dev or test")
    run.add_argument("--limit", type=int, metavar="N", help="answer only N of the questions; all are searched for")
    run.add_argument("--seed", type=int, default=0, metavar="S", help="seed for choosing the N questions (default: 0)")
    run.add_argument("--no-llm", action="store_true", help="measure retrieval only, without a language model")
    run.add_argument(
        "--condition",
        metavar="NAME",
        help="answer from composed evidence: gold-only, gold-first, -middle or -last, distractors-20, -40, -60 or -80",
    )
    run.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default: one in build/eval)")


def _report_actions(action: Action) -> None:
    report = action("report", "write a page with the results, curves and worst answers of a run")
    report.add_argument("folder", nargs="?", type=Path, default=LATEST, metavar="RUN", help=f"(default: {LATEST})")
    report.add_argument(
        "others",
        nargs="*",
        type=Path,
        default=[],
        metavar="OTHER",
        help="runs under other conditions to compare with (default: those of the same version in the same folder)",
    )
    report.add_argument("--html", type=Path, metavar="FILE", help="output file (default: report.html in the run)")
    compare = action("compare", "compare two runs, with significance tests")
    compare.add_argument("before", type=Path, metavar="A", help="folder of a run")
    compare.add_argument("after", type=Path, metavar="B", help="folder of another run on the same set")


def _gate_actions(action: Action) -> None:
    gate = action("gate", "fail if a metric is below its floor or worse than the accepted baseline")
    gate.add_argument(
        "folder", nargs="?", type=Path, metavar="RUN", help="(default: measure now, without a language model)"
    )
    gate.add_argument(
        "--set", type=Path, metavar="DIR", help="the set to measure now (default: the one about the seeds)"
    )
    accept = action("accept", "make a run the baseline for later runs")
    accept.add_argument("folder", type=Path, metavar="RUN", help="folder of a run")
    for verb in (gate, accept):
        verb.add_argument(
            "--baseline", type=Path, metavar="DIR", help="folder of baselines (default: eval/data/baseline)"
        )
    review = action("review", "review reader feedback and turn it into test questions, one key each")
    review.add_argument(
        "--set", type=Path, metavar="DIR", help="output folder (default: questions in the index folder)"
    )
    gaps = action("gaps", "list the questions that got no sure answer, grouped by subject")
    gaps.add_argument("--csv", type=Path, metavar="FILE", help="write them to FILE as CSV")


def _calibrate_action(action: Action) -> None:
    calibrate = action("calibrate", "fit the confidence and its thresholds to this model and index, on test sets")
    calibrate.add_argument(
        "--set", type=Path, action="append", metavar="DIR", help="a test set; can be repeated (default: seeds)"
    )
    calibrate.add_argument("--split", metavar="NAME", help="only the questions of this split, such as dev or test")
    calibrate.add_argument("--limit", type=int, metavar="N", help="use N of the questions of each set")
    calibrate.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed for choosing the N questions (default: 0)"
    )
    calibrate.add_argument(
        "--false-answers",
        type=float,
        default=0.05,
        metavar="SHARE",
        help="accepted share of unanswerable questions that are answered (default: 0.05)",
    )
    calibrate.add_argument(
        "--false-unsure",
        type=float,
        default=0.15,
        metavar="SHARE",
        help="accepted share of unanswerable questions that get an unsure answer (default: 0.15)",
    )


def _set_actions(action: Action) -> None:
    verify = action("verify", "measure the check of answers alone, on labelled texts")
    verify.add_argument(
        "--set", type=Path, required=True, metavar="PATH", help="claims (WiCE) or drafts.jsonl: a file, or their folder"
    )
    verify.add_argument("--keep", action="store_true", help="save the results for later reports")
    convert = action("convert", "convert a published set (SQuAD, BEIR, span-level) into our format")
    convert.add_argument("path", type=Path, metavar="PATH", help="its file or folder")
    convert.add_argument("out", type=Path, metavar="OUT", help="an empty folder, or one that does not exist")


def _bench_options(bench: argparse.ArgumentParser) -> None:
    bench.add_argument("--set", type=Path, metavar="DIR", help="a test set (default: the one about the seeds)")
    bench.add_argument("--limit", type=int, metavar="N", help="ask N of the answerable questions")
    bench.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed for choosing the N questions (default: 0)"
    )
    bench.add_argument("--quick", action="store_true", help="measure less of everything, in a few minutes")
    bench.add_argument("--no-llm", action="store_true", help="measure only what needs no language model")
    bench.add_argument("--out", type=Path, metavar="DIR", help="folder of results and report (default: build/bench)")


class Action(Protocol):
    """The type of the function that adds an action of ``footnote eval``."""

    def __call__(self, name: str, help: str) -> argparse.ArgumentParser:
        """Add the action ``name``, which runs ``eval.commands.name``."""


class Verb(Protocol):
    """The type of the function that adds a command."""

    def __call__(self, name: str, help: str, command: str) -> argparse.ArgumentParser:
        """Add the command ``name``, which runs ``rag.commands.command``."""


def _run(command: str, options: argparse.Namespace) -> int:
    """Run a function of :mod:`rag.commands` with the settings from ``options``."""
    from rag import commands, config

    overrides = {name: getattr(options, name, None) for name in ("index", "host", "port")}
    settings = config.load(getattr(options, "config", None), overrides=overrides)
    result: int = getattr(commands, command)(settings, options)
    return result


if __name__ == "__main__":
    sys.exit(main())
