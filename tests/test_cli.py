"""The command line as a user meets it: a process of its own, its output and its exit code."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from command import FOOTNOTE, ROOT, called, footnote, heed_interrupts

from rag.cli import parser

SEEDS = ROOT / "seeds"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """An index of the seeds, made by the command."""
    folder = tmp_path_factory.mktemp("cli") / "index"
    done = footnote("ingest", SEEDS, "--index", folder)
    assert done.returncode == 0, done.stderr
    assert sum(line.startswith("done: ") for line in done.stdout.splitlines()) == 5
    assert done.stdout.splitlines()[-1].startswith("5 added, 0 changed, 0 unchanged")
    return folder


def test_help_names_every_command():
    done = footnote("--help")
    assert done.returncode == 0
    for command in ("ingest", "ask", "search", "list", "show", "rm", "stats", "models", "doctor", "serve"):
        assert f"    {command} " in done.stdout
        assert called(command, "--help").returncode == 0


def test_help_loads_nothing_heavy():
    code = "import sys; sys.argv[1:] = ['--help']\nimport rag.cli\ntry: rag.cli.main()\nexcept SystemExit: pass\n"
    code += "print(sorted({m.split('.')[0] for m in sys.modules} & "
    code += "{'torch', 'numpy', 'faiss', 'gradio', 'llama_cpp', 'transformers', 'sqlite3'}))"
    done = subprocess.run([FOOTNOTE[0], "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_search_and_ingest_load_neither_torch_nor_a_language_model(index):
    code = "import sys, rag.cli\ncode = rag.cli.main(sys.argv[1:])\n"
    code += "print(code, sorted({m.split('.')[0] for m in sys.modules} & "
    code += "{'torch', 'sentence_transformers', 'transformers', 'sklearn', 'scipy', 'gradio', 'fastapi', 'llama_cpp'}))"
    for arguments in (["search", "six principles"], ["ingest", str(SEEDS)]):
        command = [FOOTNOTE[0], "-c", code, *arguments, "--index", str(index)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        assert done.stdout.splitlines()[-1] == "0 []"


def test_options_stand_before_or_behind_the_command():
    before = parser().parse_args(["--index", "a", "list"])
    behind = parser().parse_args(["list", "--index", "a"])
    assert before.index == behind.index == Path("a")


def test_ingesting_again_changes_nothing(index):
    done = footnote("ingest", SEEDS, "--index", index)
    assert done.stdout.startswith("0 added, 0 changed, 5 unchanged, 0 removed, 0 not read")


def test_list_show_and_stats(index):
    names = [line.split("\t")[0] for line in footnote("list", "--index", index).stdout.splitlines()]
    assert names == sorted(path.name for path in SEEDS.glob("*.txt"))
    for name in names:
        shown = called("show", name, "--text", "--index", index)
        assert shown.stdout == (SEEDS / name).read_text(encoding="utf-8")
    assert "title: London Co-production Roadshow" in called("show", names[0], "--index", index).stdout
    assert json.loads(called("stats", "--json", "--index", index).stdout)["documents"] == 5


def test_search_shows_passages_and_scores(index):
    done = footnote("search", "Where was the Cardiff roadshow?", "--json", "-n", "3", "--index", index)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["rank"] for line in lines] == [1, 2, 3]
    assert lines[0]["document"] == "003_2751ee3485e30d0d.txt"
    assert "Cardiff Millennium Centre" in lines[0]["text"]
    text = (SEEDS / lines[0]["document"]).read_text(encoding="utf-8")
    assert text[lines[0]["start"] : lines[0]["end"]] == lines[0]["text"]
    assert "score 1.000" in footnote("search", "Where was the Cardiff roadshow?", "--index", index).stdout


def test_rm_removes_and_refuses_what_is_not_there(index, tmp_path):
    (tmp_path / "note.md").write_text("# Zebra\n\nThe zebra crossing was painted in 1999.\n")
    assert called("ingest", tmp_path, "--index", index).returncode == 0
    assert "note.md" in called("list", "--index", index).stdout
    refused = footnote("rm", "note.md", "nothing.md", "--index", index)
    assert refused.returncode == 2
    assert "nothing.md" in refused.stderr
    assert called("rm", "note.md", "--index", index).stdout == "removed: note.md\n"
    assert "note.md" not in called("list", "--index", index).stdout


def test_files_that_cannot_be_read_are_named_and_the_others_go_in(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.txt").write_text("The good document speaks of ducks.")
    (folder / "empty.txt").write_text("")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing more")
    done = footnote("ingest", folder, "--index", tmp_path / "index")
    assert done.returncode == 2
    assert done.stdout.splitlines()[0] == "done: good.txt"
    assert done.stdout.splitlines()[1].startswith("1 added")
    assert "not read: broken.pdf: " in done.stderr
    assert "not read: empty.txt: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "--index", "{tmp}/none"], "footnote ingest PATH"),
        (["ask", "Where?", "--index", "{tmp}/none"], "footnote ingest PATH"),
        (["ingest", "{tmp}/none", "--index", "{tmp}/index"], "no file or folder"),
        (["ingest", "--index", "{tmp}/index"], "footnote ingest PATH"),
        (["show", "nothing.txt", "--index", "{index}"], "nothing.txt"),
        (["ask", "--index", "{index}"], "either a question or --batch"),
        (["ask", "x", "--batch", "y", "--index", "{index}"], "either a question or --batch"),
        (["ask", "--batch", "{tmp}/none", "--index", "{index}"], "Can't read"),
        (["search", " ", "--index", "{index}"], "empty"),
        (["search", "x", "-n", "0", "--index", "{index}"], "at least 1"),
        (["models", "pull", "qwen2.5-coder-1.5b-instrct"], "qwen2.5-coder-1.5b-instruct"),
        (["list", "--config", "{tmp}/none.toml"], "can't be read"),
        (["ingst", "x"], "invalid choice"),
        ([], "required"),
    ],
)
def test_a_mistake_has_one_clear_message_and_exit_code_2(index, tmp_path, arguments, message):
    done = called(*(argument.format(tmp=tmp_path, index=index) for argument in arguments))
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        "{}",
        '{"question": ""}',
        '{"question": 3}',
        '{"question": "x", "history": [{}]}',
        '{"question": "x", "history": [{"role": "system", "content": "y"}]}',
        "null",
    ],
)
def test_a_bad_line_of_a_batch_is_named_before_a_model_is_loaded(index, line):
    done = called("ask", "--batch", "-", "--index", index, stdin='{"question": "Where?"}\n\n' + line + "\n")
    assert done.returncode == 2
    assert "line 3" in done.stderr
    assert done.stdout == ""


def test_another_embedder_is_refused_with_the_command_that_mends_it(index, tmp_path):
    config = tmp_path / "footnote.toml"
    config.write_text("passage_tokens = 100")
    done = footnote("ingest", SEEDS, "--index", index, "--config", config)
    assert done.returncode == 2
    assert "footnote reindex" in done.stderr


def test_models_list(tmp_path):
    done = footnote("models", "list", environment={"FOOTNOTE_MODELS": str(tmp_path)})
    assert done.returncode == 0
    assert "qwen2.5-coder-1.5b-instruct\tgenerator\t1,117 MB\tApache-2.0\tnot here" in done.stdout


def test_missing_weights_name_the_command(index, tmp_path):
    done = footnote("ask", "Where?", "--index", index, environment={"FOOTNOTE_MODELS": str(tmp_path)})
    assert done.returncode == 2
    assert "footnote models pull" in done.stderr


def test_doctor_says_what_to_mend(index, tmp_path):
    well = footnote("doctor", "--index", index)
    assert well.returncode == 0, well.stdout
    assert all(line.startswith("ok  ") for line in well.stdout.splitlines())
    ill = footnote("doctor", "--index", tmp_path / "none", environment={"FOOTNOTE_MODELS": str(tmp_path / "models")})
    assert ill.returncode == 2
    fix = [line for line in ill.stdout.splitlines() if line.startswith("FIX")]
    assert any("footnote models pull" in line for line in fix)


def test_ctrl_c_stops_at_once_and_leaves_nothing_torn(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(400):
        (folder / f"{number:03}.txt").write_text(" ".join(f"Document {number} speaks of {n} ducks." for n in range(60)))
    process = subprocess.Popen(
        [*FOOTNOTE, "ingest", str(folder), "--index", str(tmp_path / "index")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "index" / "footnote.db").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.rstrip().endswith("footnote: stopped.")
    assert "Traceback" not in stderr
    assert time.monotonic() - begin < 20
    listed = footnote("list", "--index", tmp_path / "index")
    assert listed.returncode == 0


def test_a_reader_that_goes_away_is_no_error(index):
    done = subprocess.run(
        f"{FOOTNOTE[0]} -m rag.cli show 000_cb5ee0bdbbfaaa21.txt --text --index {index} | head -c 10",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert done.stderr == ""
