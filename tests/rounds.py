"""Kill -9 at random moments over ingest, replace, delete, reindex, backup and restore; nothing reported done is lost.

``python tests/rounds.py 200`` plays two hundred rounds; the suite plays ten. Each round starts a process that changes
an index and says what is done, kills it, and compares the index with what was said.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.errors import IndexMissing
from rag.indexes.opening import open_index
from rag.maintenance import backup
from rag.maintenance.repair import checks

WORDS = "river stone harbour candle meadow lantern orchard winter copper saddle violin engine ladder button".split()
KINDS = ("ingest", "replace", "delete", "reindex", "backup", "restore")
WORKER = """
import sys
from pathlib import Path
from rag.maintenance import backup
from rag.config import Config
from rag.embedders.hashed import HashEmbedder
from rag.indexes.opening import create_index, open_index
from rag.ingest import ingest
from rag.maintenance.reindex import reindex

kind, tokens = sys.argv[1], int(sys.argv[5])
index, files, zipped = map(Path, sys.argv[2:5])
embedder = HashEmbedder(32)
config = Config(index=index, passage_tokens=tokens)

def say(*words):
    print(*words, flush=True)

def progress(step, done, total, name):
    if step == "done":
        say("there", name)

say("ready")
if kind in ("ingest", "replace"):
    with create_index(config, embedder) as opened:
        ingest([files], opened, embedder, config, progress)
elif kind == "delete":
    with open_index(config, embedder) as opened:
        for info in opened.documents():
            if int(info.name[:3]) % 3 == 0:
                opened.delete(info.name)
                say("gone", info.name)
elif kind == "reindex":
    reindex(index, embedder, 40 - tokens, lambda *_: None)
    say("reindexed")
elif kind == "backup":
    backup.back_up(index, zipped)
    say("backed")
elif kind == "restore":
    backup.restore(index, zipped)
    say("restored")
"""


def prose(seed: int) -> str:
    draw = random.Random(seed)
    return "\n\n".join(" ".join(draw.choices(WORDS, k=9)).capitalize() + "." for _ in range(draw.randrange(2, 12)))


class Rounds:
    """An index, the files that it is made of, and what is known to be in it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.draw = random.Random(seed)
        self.folder, self.files, self.index = folder, folder / "files", folder / "index"
        self.files.mkdir()
        self.versions: dict[str, set[str]] = {}
        """The texts that each document may have: the last one that was reported, and those written since."""
        self.ever: dict[str, set[str]] = {}
        """All texts that each document ever had."""
        self.sure: dict[str, bool] = {}
        """Whether a document is known to be there; not in it where both may be."""
        self.saved: tuple[dict[str, set[str]], dict[str, bool]] | None = None
        self.tokens, self.number, self.killed, self.pace = 24, 0, 0, 0.0
        self.log: list[str] = [f"seed {seed}"]
        for number in range(30):
            self._write(f"{number:03}.txt", number)

    def _write(self, name: str, seed: int) -> None:
        (self.files / name).write_text(prose(seed), encoding="utf-8")
        self.versions.setdefault(name, set()).add(prose(seed))
        self.ever.setdefault(name, set()).add(prose(seed))

    def play(self) -> None:
        """Play one round."""
        self.number += 1
        kinds = KINDS if (self.folder / "b.zip").exists() else KINDS[:-1]
        kind = "ingest" if not self.sure else self.draw.choice(kinds)
        if kind == "backup":
            (self.folder / "b.zip").unlink(missing_ok=True)
            self.saved = None
        if kind == "replace":
            for name in self.draw.sample(sorted(self.versions), 8):
                self._write(name, 1000 * self.number + int(name[:3]))
        said, finished = self._run(kind)
        self.log.append(f"{kind} {'finished' if finished else 'killed'} after {len(said)} lines")
        self._note(kind, said, finished)
        self._check()

    def _run(self, kind: str) -> tuple[list[str], bool]:
        command = [sys.executable, "-c", WORKER, kind, self.index, self.files, self.folder / "b.zip", str(self.tokens)]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stdout.readline() == "ready\n", self.log
            begun = time.monotonic()
            if self.pace:  # The first ingest goes to its end, and tells how long one takes here.
                time.sleep(self.pace * self.draw.choice([0.05, 0.3, 1.0]) * self.draw.random())
                process.send_signal(signal.SIGKILL)
            said = process.stdout.read()
            self.pace = self.pace or time.monotonic() - begun
        killed = process.returncode == -signal.SIGKILL
        assert killed or process.returncode == 0, self.log
        self.killed += killed
        return said[: said.rfind("\n") + 1].splitlines(), not killed

    def _note(self, kind: str, said: list[str], finished: bool) -> None:
        """Bring what is known up to date by what a process ``said`` before it was killed."""
        if kind in ("ingest", "replace"):
            for line in said:
                name = line.split()[1]
                self.versions[name], self.sure[name] = {(self.files / name).read_text(encoding="utf-8")}, True
            for name in self.versions:
                if not finished and self.sure.get(name) is False:
                    del self.sure[name]
        if kind == "delete":
            for name in self.versions:
                if int(name[:3]) % 3 == 0:
                    self.sure.pop(name, None)
            for line in said:
                self.sure[line.split()[1]] = False
        if kind == "backup" and "backed" in said:
            self.saved = {name: set(texts) for name, texts in self.versions.items()}, dict(self.sure)
        if kind == "restore":
            self._restored("restored" in said)

    def _restored(self, sure: bool) -> None:
        if self.saved is None:  # The backup was made, but killed before it said so.
            self.versions, self.sure = {name: set(texts) for name, texts in self.ever.items()}, {}
            return
        texts, there = self.saved
        both = {name: self.versions[name] | texts.get(name, set()) for name in self.versions}
        common = {name: known for name, known in there.items() if self.sure.get(name) == known}
        self.versions, self.sure = both, (dict(there) if sure else common)

    def _check(self) -> None:
        config = Config(index=self.index)
        embedder = HashEmbedder(32)
        try:
            index = open_index(config, embedder)
        except IndexMissing:
            assert not any(self.sure.values()), self.log
            return
        with index:
            self.tokens = index.stats()["passage_tokens"]
            texts = {info.name: index.text(info.name) for info in index.documents()}
            for name, known in self.sure.items():
                assert (name in texts) == known, (name, self.log)
            for name, text in texts.items():
                assert text in self.versions[name], (name, self.log)
            ids = index.passage_ids()
            near = index.search_dense(embedder.embed_query("river"), 10**6)
            assert sorted(i for i, _ in near) == sorted(ids), self.log
            if ids:
                assert index.search_lexical(index.passages(ids[:1])[0].text, 1), self.log
        bad = [item for item in checks(self.index) if item[1] and "doctor --repair" in item[1]]
        assert not [item for item in bad if "leftovers" not in item[0]], (bad, self.log)
        if (self.folder / "b.zip").exists():
            assert backup.RESTORING not in {file.name for file in self.index.iterdir()}, self.log


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        rounds = Rounds(Path(folder), random.randrange(10**6))
        for _ in range(count):
            rounds.play()
    kinds = {kind: sum(line.startswith(f"{kind} killed") for line in rounds.log) for kind in KINDS}
    print(f"{count} rounds, {rounds.killed} killed {kinds}, nothing lost, {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
