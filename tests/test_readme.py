"""Every command in the READMEs does what it says."""

import json
import os
import re
import shlex
import shutil
import subprocess

import pytest
from command import ROOT, footnote

from rag import config

READMES = {folder: (ROOT / folder / "README.md").read_text(encoding="utf-8") for folder in (".", "rag", "ui", "eval")}
BLOCKS = [block for readme in READMES.values() for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)]
COMMANDS = list(dict.fromkeys(line for block in BLOCKS for line in block.splitlines()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, ingested):
    """A folder with the seeds in an index and a batch of questions, as the commands expect."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "seeds").symlink_to(ROOT / "seeds")
    line = {"id": "1", "question": "What is the Denbighshire Nightrider?", "history": []}
    (folder / "questions.jsonl").write_text(json.dumps(line) + "\n")
    shutil.copytree(ingested, folder / "index")
    return folder


def test_the_two_commands_come_first():
    assert COMMANDS[:2] == ["make chat", "make test"]


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_make_knows_the_target(command):
    done = subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_make_takes_other_models():
    def told(*names):
        rule = "told: ; @env | grep ^FOOTNOTE_ | sort || true"
        done = subprocess.run(
            ["make", "--silent", "--eval", rule, "told", *names],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": os.environ["PATH"], "EMBEDDER": "of another program"},
        )
        return done.stdout.split()

    assert told() == []
    assert told("GENERATOR=a", "EMBEDDER=b", "RERANKER=c") == [
        "FOOTNOTE_EMBEDDER=b",
        "FOOTNOTE_GENERATOR=a",
        "FOOTNOTE_INDEX=index/b",
        "FOOTNOTE_RERANKER=c",
    ]


def test_no_command_is_left_out():
    served = ["footnote serve"]  # shown by the tests of the chat: it runs until it is stopped
    assert all(command.startswith(("make ", "footnote ")) for command in COMMANDS)
    assert set(served) < set(COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=[pytest.mark.llm] if command.startswith("footnote ask") else [])
        for command in COMMANDS
        if command.startswith("footnote ") and command != "footnote serve"
    ],
)
def test_footnote_command(folder, command):
    done = footnote(*shlex.split(command)[1:], cwd=folder, timeout=900)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    if command.startswith("footnote rm"):
        assert footnote("ingest", "seeds", cwd=folder).returncode == 0


def test_the_settings_shown_are_understood(tmp_path, caplog):
    file = tmp_path / "footnote.toml"
    shown = re.findall(r"```toml\n(.*?)```", READMES["rag"], re.DOTALL)
    for settings in shown:
        file.write_text(settings, encoding="utf-8")
        assert config.load(file, {}) != config.Config()
    assert config.load(file, {}).evidence == 2
    assert not caplog.records


def test_the_answer_object_is_documented():
    from rag.types import Answer

    table = READMES["rag"].split("## The answer object")[1].split("\n\n")[2]
    documented = re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in table.splitlines()[2:]))
    assert documented == list(Answer.__dataclass_fields__)


@pytest.mark.parametrize("folder", READMES)
def test_every_link_leads_somewhere(folder):
    for target in re.findall(r"\](?!\(https?:)\(([^)\s]+)\)", READMES[folder]):
        name, _, heading = target.partition("#")
        file = (ROOT / folder / (name or "README.md")).resolve()
        assert file.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings], target


def test_the_files_named_are_there():
    """A file in a table of ``rag``, ``ui`` or ``eval`` is in that folder, or its path begins at the root."""
    for folder in ("rag", "ui", "eval"):
        rows = "\n".join(line for line in READMES[folder].splitlines() if line.startswith("|"))
        for name in re.findall(r"`([\w*/]+(?:\.(?:py|toml|txt|json)|/))`", rows):
            assert list((ROOT / folder).glob(name)) or list(ROOT.glob(name)), f"{folder}: {name}"
