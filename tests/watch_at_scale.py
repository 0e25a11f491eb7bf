"""Ask questions while a watched folder changes, and compare with times when it doesn't. Run by hand:

python tests/watch_at_scale.py --files 5000 --minutes 10 --changes 200

The embedder is the one in the settings, answers come from a scripted generator: what is measured is retrieval beside
reading, and that nothing is missed and nothing read twice. Minutes with and without changes alternate.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from api import running
from test_ingest import prose

import ui.watched
from rag import prompts
from rag.assistant import Assistant
from rag.config import Config
from rag.embedders import open_embedder
from rag.generators.scripted import ScriptedGenerator
from rag.indexes.opening import create_index
from rag.ingest import IngestReport, ingest, ingest_some

QUESTION = "Where is the copper lantern of the harbour?"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=5000)
    options.add_argument("--minutes", type=int, default=10, help="minutes with changes")
    options.add_argument("--changes", type=int, default=200, help="changes in an hour")
    given = options.parse_args()
    with TemporaryDirectory() as made:
        measure(Path(made), given.files, given.minutes, given.changes)


def measure(place: Path, files: int, minutes: int, per_hour: int) -> None:
    folder = place / "watched"
    for number in range(files):
        file = folder / f"{number % 50:02}" / f"{number:05}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"File {number}. {prose(number, 3)}")
    config = replace(Config(), index=place / "index", watch=(str(folder),), requests_per_minute=1_000_000)
    embedder, reports = open_embedder(config), IngestReport()
    generator = ScriptedGenerator({QUESTION: "It is in the meadow."}, {QUESTION: 0.97})

    def counted(*what: object) -> IngestReport:
        nonlocal reports
        report = ingest_some(*what)
        reports += report
        return report

    ui.watched.ingest_some = counted
    begun = time.monotonic()
    with create_index(config, embedder) as index:
        ingest([folder], index, embedder, config)
        print(f"{files} files read in {time.monotonic() - begun:.0f} s", flush=True)
        begun = time.monotonic()
        assistant = Assistant(index, embedder, generator, prompts.load(config.prompt), config)
        with running(lambda: assistant, config) as server:
            settle(server, index, folder)
            print(f"found to be unchanged in {time.monotonic() - begun:.0f} s beside the server", flush=True)
            reports = IngestReport()
            done, times = Counter(), {"quiet": [], "changing": []}
            for _ in range(minutes):
                for kind, kept in times.items():
                    ask_for_a_minute(server, kept, folder, per_hour if kind == "changing" else 0, done)
            settle(server, index, folder)
            check(index, folder, reports, done)
    tell(times)


def ask_for_a_minute(server, times, folder, per_hour, done) -> None:
    """Ask every half second, changing files at random moments."""
    draw = random.Random(sum(done.values()))
    end = time.monotonic() + 60
    due = time.monotonic()
    while time.monotonic() < end:
        if per_hour and time.monotonic() >= due:
            due += 3600 / per_hour
            change(folder, draw, done)
        begun = time.monotonic()
        assert server.get("/api/search?q=copper+lantern+harbour").status == 200
        searched = time.monotonic()
        answer = server.post("/api/ask", {"question": QUESTION}).json
        times.append((searched - begun, answer["timings"]["first_token_s"]))
        time.sleep(max(0.0, 0.5 - (time.monotonic() - begun)))


def change(folder, draw, done) -> None:
    kind = draw.choice(["changed", "added", "removed", "moved"])
    number = sum(done.values())
    file = draw.choice(sorted(folder.rglob("*.txt")))
    if kind == "removed":
        file.unlink()
    elif kind == "moved":
        file.rename(file.with_name(f"moved{number}.txt"))
    else:
        target = file if kind == "changed" else file.with_name(f"new{number}.txt")
        target.write_text(f"Change {number}. {prose(10_000 + number, 3)}")
    done[kind] += 1


def settle(server, index, folder) -> None:
    """Wait until all is read."""
    wanted = {file.relative_to(folder).as_posix() for file in folder.rglob("*.txt")}
    while True:
        state = server.get("/api/watched").json["watched"][0]
        if not state["pending"] and {info.name for info in index.documents()} == wanted:
            return
        time.sleep(0.5)


def check(index, folder, reports, done) -> None:
    texts = {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*.txt")}
    missed = [name for name, text in texts.items() if index.text(name) != text]
    read, gone = len(reports.added) + len(reports.changed), len(reports.removed)
    print(
        f"changes: {dict(done)}; read {read}, removed {gone}, missed {len(missed)}, unchanged {len(reports.unchanged)}"
    )
    assert not missed
    # A file may be changed again, moved or removed before it was read: less is read then, but never more.
    assert read <= done["changed"] + done["added"] + done["moved"] and gone <= done["removed"] + done["moved"]


def tell(times) -> None:
    for kind, pairs in times.items():
        for name, column in zip(("search", "first token"), zip(*pairs, strict=True), strict=True):
            ordered = sorted(column)
            middle, high = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
            print(f"{kind:9} {name:12} {len(ordered)} times: median {middle * 1000:.0f} ms, 95 % {high * 1000:.0f} ms")


if __name__ == "__main__":
    main()
