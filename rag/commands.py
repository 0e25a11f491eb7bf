"""The commands of the command line: each takes settings and options and returns the exit code."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import models
from rag.config import Config
from rag.errors import ConfigError, DocumentError, GenerationError, IndexMissing, ModelError, QuestionError
from rag.ports import WritableIndex
from rag.progress import bars
from rag.servers.address import is_address
from rag.types import Answer, Phase, Status, Turn

if TYPE_CHECKING:
    from rag.ingest import IngestReport

__all__ = [
    "ask",
    "back_up",
    "bench",
    "doctor",
    "evaluate",
    "ingest",
    "list_documents",
    "manage_index",
    "manage_models",
    "reindex",
    "remove",
    "restore",
    "search",
    "serve",
    "serve_tools",
    "show",
    "show_settings",
    "stats",
    "widget",
]

EXIT_ANSWERED = 0
EXIT_MISTAKE = 2
EXIT_ABSTAINED = 3
EXIT_UNSURE = 4
EXIT_CODES: dict[Status, int] = {"answered": EXIT_ANSWERED, "unsure": EXIT_UNSURE, "abstained": EXIT_ABSTAINED}
"""The exit code of ``footnote ask`` for each outcome."""


# --- documents


def ingest(config: Config, options: argparse.Namespace) -> int:
    """Add or update files, folders and mailboxes, report the result for each file, and watch on if that is wanted."""
    from rag.embedders import open_embedder
    from rag.indexes.opening import create_index, open_index
    from rag.ingest import ingest as bring_up_to_date
    from rag.watching.mailboxes import Mailbox, ingest_mailbox, is_mailbox
    from rag.watching.watcher import follow, seconds_of, watched

    if not options.paths and not options.rebuild:
        raise DocumentError("Name the files or folders to add: footnote ingest PATH…")
    if options.every and not options.watch:
        raise ConfigError("--every belongs to --watch.")
    every = seconds_of(options.every) if options.every else config.watch_every
    paths = [Path(path) for path in options.paths if not is_mailbox(path)]
    mailboxes = [Mailbox(path, config) for path in options.paths if is_mailbox(path)]
    following = watched([*paths, *mailboxes], config) if options.watch else []
    embedder = open_embedder(config)
    # A rebuild switches the index to another embedder, so a different one must not be an error.
    opened = open_index(config) if options.rebuild else create_index(config, embedder)
    with opened as index:
        for one in following:
            one.look()  # What changes from here on is read later.
        with bars(_committed) as progress:
            report = bring_up_to_date(paths, index, embedder, config, progress, rebuild=options.rebuild)
            for mailbox in mailboxes:
                report += ingest_mailbox(mailbox, index, embedder, config, progress)
            index.organise()
        _print_report(report)
        for one in following:
            one.assume_read(index.files(one.place.source))
        if following:
            follow(following, index, embedder, config, every, _print_changes)
    return EXIT_MISTAKE if report.failed and not following else EXIT_ANSWERED


def _print_report(report: IngestReport) -> None:
    for name, reason in report.failed:
        print(f"not read: {name}: {reason}", file=sys.stderr)
    print(report.summary(), flush=True)


def _print_changes(report: IngestReport) -> None:
    """Print what was read while watching, a line for each file."""
    for kind in ("added", "changed", "removed"):
        for name in getattr(report, kind):
            print(f"{kind}: {name}", flush=True)
    for name, reason in report.failed:
        print(f"not read: {name}: {reason}", file=sys.stderr, flush=True)


def list_documents(config: Config, _: argparse.Namespace) -> int:
    """Print the documents in the index, one per line: name, passages, date and title."""
    with _index(config) as index:
        for document in index.documents():
            print(
                "\t".join([document.name, f"{document.passages} passages", document.date or "-", document.title or "-"])
            )
    return EXIT_ANSWERED


def show(config: Config, options: argparse.Namespace) -> int:
    """Print a document's text or its properties."""
    with _index(config) as index:
        document = index.document(options.document)
    if options.text:
        sys.stdout.write(document.text)
        return EXIT_ANSWERED
    facts = {
        "name": document.name,
        "title": document.title,
        "date": document.date,
        "type": document.media_type,
        "characters": len(document.text),
        "pages": len(document.pages),
        "pages without text": ", ".join(map(str, document.empty_pages)),
        "recognised pages": ", ".join(f"{page} ({100 * sure:.0f} % sure)" for page, sure in document.recognised_pages),
        "sha256": document.sha256,
    }
    for name, value in facts.items():
        if value:
            print(f"{name}: {value}")
    return EXIT_ANSWERED


def remove(config: Config, options: argparse.Namespace) -> int:
    """Delete documents from the index; if a name is unknown, nothing is deleted."""
    from rag.ingest import remove as remove_with_inner

    with _index(config) as index:
        for name in options.documents:
            index.document(name)
        for name in options.documents:
            remove_with_inner(index, name)
            print(f"removed: {name}")
    return EXIT_ANSWERED


def stats(config: Config, options: argparse.Namespace) -> int:
    """Print the size and state of the index."""
    with _index(config) as index:
        table = index.stats()
    if options.json:
        print(json.dumps(table, ensure_ascii=False))
    else:
        for name, value in table.items():
            print(f"{name.replace('_', ' ')}: {value}")
    return EXIT_ANSWERED


def manage_index(config: Config, options: argparse.Namespace) -> int:
    """Move the index to another engine or folder; answers, feedback and uploads stay in place."""
    from rag.indexes.opening import create_index, open_index
    from rag.maintenance.migration import maker_of, migrate

    in_milvus = "://" in options.to or options.to.endswith(".db")
    place = {"index_url": options.to} if in_milvus else {"index": Path(options.to), "index_url": ""}
    with open_index(config) as source, bars() as progress:
        maker = maker_of(source)
        with create_index(replace(config, passage_tokens=maker.passage_tokens, **place), maker) as target:
            moved = migrate(source, target, progress)
    print(f"{moved.moved} documents moved, {moved.present} already there: {moved.passages} passages in {options.to}.")
    print(f"The counts agree, and so do {moved.compared} documents that were compared in full.")
    print(f'To use it, set {"index_url" if in_milvus else "index"} = "{options.to}".')
    return EXIT_ANSWERED


def back_up(config: Config, options: argparse.Namespace) -> int:
    """Write a backup of the index to a file."""
    from rag.indexes.upkeep import folder_of
    from rag.maintenance import backup

    made = backup.back_up(folder_of(config, "back up"), options.file)
    size = options.file.stat().st_size / 1e6
    print(f"{options.file}: {size:.1f} MB, {len(made.files)} files, generation {made.generation} of the index.")
    return EXIT_ANSWERED


def restore(config: Config, options: argparse.Namespace) -> int:
    """Put a backup in place of the index."""
    from rag.indexes.opening import open_index
    from rag.indexes.upkeep import folder_of
    from rag.maintenance import backup

    made = backup.restore(folder_of(config, "restore"), options.file)
    with open_index(config) as index:
        count = index.stats()["documents"]
    print(f"The index in {config.index} is that of {made.made_at}: {count} documents, embedder {made.embedder}.")
    return EXIT_ANSWERED


def reindex(config: Config, options: argparse.Namespace) -> int:
    """Embed all documents again beside the index, and put the result in its place."""
    from rag.embedders import open_embedder
    from rag.indexes.opening import open_index
    from rag.ingest import ingest as rebuild
    from rag.maintenance.reindex import reindex as build

    chosen = replace(config, embedder=options.embedder) if options.embedder else config
    embedder, before = open_embedder(chosen), 0
    with bars() as progress:
        if config.index_url:  # It keeps the old version until the new one is complete, too.
            with open_index(config) as index:
                rebuild([], index, embedder, chosen, progress, rebuild=True)
                done = len(index.documents())
        else:
            done, before = build(config.index, embedder, chosen.passage_tokens, progress)
    with open_index(chosen, embedder) as index:
        index.organise()
    earlier = f", {before} by an earlier run" * bool(before)
    print(f"{done} documents embedded{earlier}. The index is now that of {embedder.name}.")
    if chosen.embedder != config.embedder:
        print(f'Set embedder = "{chosen.embedder}" in [models], and start the server again if one is running.')
    return EXIT_ANSWERED


@contextlib.contextmanager
def _index(config: Config) -> Iterator[WritableIndex]:
    from rag.indexes.opening import open_index

    with open_index(config) as index:
        yield index


# --- questions


def search(config: Config, options: argparse.Namespace) -> int:
    """Print the passages found for a question, with their scores."""
    from rag.answers import passage_object, place
    from rag.embedders import open_embedder
    from rag.indexes.opening import open_index
    from rag.rerankers import open_reranker
    from rag.retrieval.hybrid import retrieve

    if not options.question.strip():
        raise QuestionError("The question is empty; ask something.")
    if options.number < 1:
        raise QuestionError(f"-n must be at least 1, not {options.number}.")
    embedder = open_embedder(config)
    with open_index(config, embedder) as index:
        found = retrieve(
            options.question,
            index,
            embedder,
            options.number,
            max(config.candidates, options.number),
            config.dense_weight,
            reranker=open_reranker(config),
            reranked=config.reranked,
        )
    for item in found:
        if options.json:
            print(json.dumps(passage_object(item), ensure_ascii=False))
            continue
        passage = item.passage
        print(f"{item.rank}. {place(passage.document, passage.title, passage.page, passage.start, passage.end)}")
        print(f"   score {item.score:.3f} (dense {item.dense:.3f}, lexical {item.lexical:.2f})")
        print("   " + passage.text.replace("\n", "\n   ") + "\n")
    if not found:
        print("Nothing found.")
    return EXIT_ANSWERED if found else EXIT_ABSTAINED


def ask(config: Config, options: argparse.Namespace) -> int:
    """Answer one question, or every line of a batch."""
    from rag.answers import answer_object, readable
    from rag.assistant import Assistant

    if (options.question is None) == (options.batch is None):
        raise QuestionError("Give either a question or --batch FILE.")
    if options.batch is not None:
        return _ask_batch(config, _read_batch(options.batch))
    with _phase("Loading the models") as say, Assistant.open(config) as assistant:
        for event in assistant.stream(options.question):
            if isinstance(event, Phase):
                say(event.text)
            if isinstance(event, Answer):
                answer = event
    if options.json:
        print(json.dumps(answer_object(answer), ensure_ascii=False))
    else:
        print(readable(answer))
    return EXIT_CODES[answer.status]


def _ask_batch(config: Config, batch: Sequence[tuple[str, str, tuple[Turn, ...]]]) -> int:
    """Print one answer object per line, loading the models once; failed questions are reported on standard error."""
    from rag.answers import answer_object
    from rag.assistant import Assistant

    code = EXIT_ANSWERED
    with Assistant.open(config) as assistant:
        for id, question, history in batch:
            try:
                answer = assistant.ask(question, history, id)
            except QuestionError as error:
                print(f"footnote: question {id}: {error}", file=sys.stderr)
                code = EXIT_MISTAKE
                continue
            print(json.dumps(answer_object(answer), ensure_ascii=False), flush=True)
    return code


def _read_batch(name: str) -> list[tuple[str, str, tuple[Turn, ...]]]:
    """Return (id, question, history) of every line; all are checked before a model is loaded.

    Raises:
        QuestionError: the file can't be read, or a line is invalid; the message names the line.
    """
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"Can't read the questions in {name}: {error}.") from error
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    return [_batch_line(f"{name}, line {number}", line, str(number)) for number, line in lines]


def _batch_line(where: str, line: str, number: str) -> tuple[str, str, tuple[Turn, ...]]:
    try:
        table = json.loads(line)
        question = table["question"]
        turns = tuple(Turn(turn["role"], turn["content"]) for turn in table.get("history") or ())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise QuestionError(
            f'{where}: expected {{"id": "1", "question": "…", "history": [{{"role": "user", "content": "…"}}]}} '
            f"({type(error).__name__}: {error}).",
        ) from error
    texts = [question, *(turn.content for turn in turns)]
    if not all(isinstance(text, str) for text in texts) or not question.strip():
        raise QuestionError(f"{where}: the question or a turn of the history is empty or not a text.")
    if any(turn.role not in ("user", "assistant") for turn in turns):
        raise QuestionError(f"{where}: a turn's role must be 'user' or 'assistant'.")
    return str(table.get("id", number)), question, turns


def serve(config: Config, options: argparse.Namespace) -> int:
    """Serve the chat and the API until Ctrl-C."""
    from ui import server

    return _serve(partial(server.serve, open_browser=options.open), config, _opened)


def _serve(
    serve: Callable[[Callable[[], Any], Config], None], config: Config, load: Callable[[Config], Any] | None = None
) -> int:
    """Run ``serve`` with an assistant on the index; only with a ``load`` of its own may there be none."""
    from rag.assistant import Assistant
    from rag.indexes.opening import open_index

    with contextlib.suppress(*[IndexMissing] if load else []), open_index(config):
        pass  # Report what is wrong with the index now, not at the first question.
    serve(partial(load or Assistant.open, config), config)
    return EXIT_ANSWERED


def _opened(config: Config) -> Any:
    """Return an assistant on the index, on an empty one where there is none.

    Raises:
        FootnoteError: what is missing or damaged, all weights at once.
    """
    from rag.assistant import Assistant
    from rag.embedders import open_embedder
    from rag.indexes.opening import create_index, open_index

    try:
        _check_weights(config)
    except ModelError as error:
        print(f"footnote: {error}", file=sys.stderr)  # The page says it, too, and tries again later.
        raise
    try:
        open_index(config).close()
    except IndexMissing:
        create_index(config, open_embedder(config)).close()
    return Assistant.open(config)


def _check_weights(config: Config) -> None:
    """Raise an error that names all weights that are missing or damaged, each with the command that gets them."""
    problems = list[ModelError]()
    named = {"embedder": config.embedder, "generator": config.generator, "reranker": config.reranker}
    for kind, name in named.items():
        try:
            if name and not is_address(name):
                models.locate(name, config.models, kind)
        except ModelError as error:
            problems.append(error)
    if problems:
        raise type(problems[0])("\n".join(map(str, problems)))


def serve_tools(config: Config, _: argparse.Namespace) -> int:
    """Serve search and ask as tools (MCP) on standard input and output until the client disconnects."""
    from ui import mcp

    return _serve(mcp.serve, config)


def widget(config: Config, options: argparse.Namespace) -> int:
    """Print the line that adds the question box to a page, or serve a demo page."""
    from ui.widget import own_address, script_line

    if options.action == "demo":
        from ui import demo

        # Watched folders may be all there will be.
        return _serve(demo.serve, config, _opened if config.watch else None)
    print(script_line(options.url or own_address(config)))
    return EXIT_ANSWERED


# --- the machine


def manage_models(config: Config, options: argparse.Namespace) -> int:
    """List, download or check weights."""
    known = models.registry()
    here = models.installed(config.models)
    if options.action == "list":
        for name, model in known.items():
            state = "here" if name in here else "not here"
            columns = [name, model.kind, f"{model.size / 1e6:,.0f} MB", model.licence, state, model.description]
            if model.unpinned:
                columns.append(f"{len(model.unpinned)} of {len(model.files)} files trusted on first download")
            print("\t".join(columns))
        return EXIT_ANSWERED
    if options.action == "pull":
        for name in options.names or _registered(config):
            with bars() as progress:
                path = models.pull(name, config.models, progress, options.source)
            print(f"{name}: complete, in {path}")
        return EXIT_ANSWERED
    problems = []
    for name in options.names or sorted(here):
        with bars() as progress:
            found = models.verify(name, config.models, progress)
        problems += found
        print("\n".join(found) if found else f"{name}: whole")
    return EXIT_MISTAKE if problems else EXIT_ANSWERED


def _registered(config: Config) -> list[str]:
    """Return the models that ``config`` names, except for a file of the user's own and models on servers."""
    named = (config.embedder, config.reranker, config.generator)
    return [name for name in named if name and not name.endswith(".gguf") and not is_address(name)]


def show_settings(config: Config, options: argparse.Namespace) -> int:
    """Print the settings in effect as a configuration file, or the defaults as a table."""
    from rag import reference

    print(reference.as_table() if options.table else reference.as_toml(config), end="")
    return EXIT_ANSWERED


def doctor(config: Config, options: argparse.Namespace) -> int:
    """Print one line per requirement: ok, or how to fix it; first repair the index if asked to."""
    from rag.maintenance.doctor import checks

    failed = 0
    if options.repair:
        _repair(config)
    for name, problem in checks(config):
        print(f"{'ok  ' if problem is None else 'FIX '}  {name}" + (f": {problem}" if problem else ""))
        failed += problem is not None
    return EXIT_MISTAKE if failed else EXIT_ANSWERED


def _repair(config: Config) -> None:
    from rag.embedders import open_embedder
    from rag.indexes.opening import open_index
    from rag.maintenance.repair import repair

    with bars() as progress:
        report = repair(config, lambda: open_embedder(config), progress)
    with open_index(config):
        pass  # Tidies up what rests on passages that are gone.
    print("\n".join(report.done or ["Nothing in the index had to be repaired."]))
    for line in report.lost:
        print(f"lost: {line}")


def evaluate(config: Config, options: argparse.Namespace) -> int:
    """Measure the answers on test questions; the actions are in :mod:`eval.commands`."""
    from eval import commands

    code: int = getattr(commands, options.action)(config, options)
    return code


def bench(config: Config, options: argparse.Namespace) -> int:
    """Measure the speed of an answer; simultaneous users go through the server's queue. See :mod:`eval.bench`."""
    from eval import commands
    from ui.conversation import Failed
    from ui.service import Service

    @contextlib.contextmanager
    def serve(assistant: Any) -> Iterator[Any]:
        service = Service(lambda: assistant, config)
        service.start()

        def ask(question: Any, user: str) -> Iterator[Any]:
            for event in service.ask(question.question, question.history, session=user, user=user):
                if isinstance(event, Failed):
                    raise GenerationError(event.text)
                yield event

        try:
            yield ask
        finally:
            service.close()

    code: int = commands.bench(config, options, serve)
    return code


# --- progress in a terminal


def _committed(name: str) -> None:
    """Log what has been committed, as soon as it is."""
    if not sys.stdout.isatty():
        print(f"done: {name}", flush=True)


@contextlib.contextmanager
def _phase(first: str) -> Iterator[Any]:
    """Give a function that shows the current step on one line of a terminal, which is cleared at the end."""
    shown = sys.stderr.isatty()

    def say(text: str) -> None:
        if shown:
            print(f"\r\x1b[K{text} …", end="", file=sys.stderr, flush=True)

    say(first)
    try:
        yield say
    finally:
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
