"""Files without a registered hash: trusted once, recorded beside the weights, and held against that ever after."""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import commands, models
from rag.config import Config
from rag.errors import DownloadError, ModelDamaged, ModelMissing
from rag.weights import ranges, registry, sources
from rag.weights.hashes import sha256
from tests.servers import Server, serving
from tests.tiny import REVISION, publish

WEIGHTS = random.Random(4).randbytes(200_000)
FILES = {"model.safetensors": WEIGHTS, "config.json": b'{"a": 1}', "deep/config.json": b'{"b": 2}'}
PATHS = {name: f"/maker/open/resolve/{REVISION}/{name}" for name in FILES}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A hub with a model of which one small file is pinned, and one of which all are."""
    monkeypatch.setattr(sources, "BLOCK", 16384)
    monkeypatch.setattr(ranges, "BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(registry, "REGISTRY", tmp_path / "models.toml")
    monkeypatch.delenv("FOOTNOTE_WEIGHTS", raising=False)
    with serving() as server:
        server.become_the_hub(monkeypatch, tmp_path / "hf")
        tables = [
            publish(server, "open", "embedder", FILES, pinned=["deep/config.json"]),
            publish(server, "pinned", "embedder", FILES, pinned=list(FILES)),
        ]
        registry.REGISTRY.write_text("\n".join(tables))
        yield server


def replace_on(hub: Server, name: str, data: bytes, large: bool = False) -> None:
    hub.add_hub_file("maker/open", REVISION, name, data, large)


def record(home: Path) -> dict[str, dict[str, object]]:
    return json.loads((home / ".trusted.json").read_text())


def test_what_came_at_first_is_recorded_and_only_of_files_without_a_hash(hub: Server, tmp_path: Path) -> None:
    home = models.pull("open", tmp_path)
    assert {name: (home / name).read_bytes() for name in FILES} == FILES
    assert record(home) == {
        name: {"size": len(FILES[name]), "sha256": sha256(home / name)} for name in ("model.safetensors", "config.json")
    }
    assert models.fingerprint("open", tmp_path) == sha256(home / "model.safetensors")
    assert models.verify("open", tmp_path) == [] and models.installed(tmp_path) == {"open"}
    asked = len(hub.requests)
    assert models.pull("open", tmp_path) == home and len(hub.requests) == asked
    assert not (models.pull("pinned", tmp_path) / ".trusted.json").exists()


def test_a_file_that_changes_on_disk_is_found_and_the_first_one_brought_again(hub: Server, tmp_path: Path) -> None:
    home = models.pull("open", tmp_path)
    for name, data in {"config.json": b'{"a": 2}', "model.safetensors": WEIGHTS[::-1]}.items():
        (home / name).write_bytes(data)
        with pytest.raises(ModelDamaged, match=r"differs from the one downloaded first.*footnote models pull open"):
            models.locate("open", tmp_path)
        assert models.pull("open", tmp_path) == home
        assert (home / name).read_bytes() == FILES[name]
    (home / "config.json").write_bytes(b"{}")
    assert models.verify("open", tmp_path) == ["config.json has 2 bytes instead of 8"]


@pytest.mark.parametrize(("name", "large"), [("config.json", False), ("model.safetensors", True)])
def test_another_file_of_that_name_is_refused_ever_after(hub: Server, tmp_path: Path, name: str, large: bool) -> None:
    home = models.pull("open", tmp_path)
    before = record(home)
    (home / name).unlink()
    replace_on(hub, name, FILES[name][::-1], large)
    refusal = (
        "has a different version of model.safetensors"
        if large
        else "config.json doesn't match its published hash and was deleted"
    )
    with pytest.raises(DownloadError, match=refusal):
        models.pull("open", tmp_path)
    assert not (home / name).exists() and record(home) == before
    replace_on(hub, name, FILES[name], large)
    assert (models.pull("open", tmp_path) / name).read_bytes() == FILES[name]


def test_what_the_hub_says_of_a_large_file_is_held_against_it_at_the_first_download(
    hub: Server, tmp_path: Path
) -> None:
    hub.files[PATHS["model.safetensors"]] = WEIGHTS[::-1]  # its hash stays that of the right one
    with pytest.raises(DownloadError, match=r"model.safetensors doesn't match its published hash"):
        models.pull("open", tmp_path)
    assert not (tmp_path / "open" / ".trusted.json").exists()


def test_a_pinned_file_is_never_trusted(hub: Server, tmp_path: Path) -> None:
    replace_on(hub, "deep/config.json", b'{"b": 3}')
    with pytest.raises(DownloadError, match=r"deep/config.json doesn't match its published hash"):
        models.pull("open", tmp_path)
    assert "deep/config.json" not in record(tmp_path / "open")


def test_a_file_that_nobody_pulled_is_not_trusted(hub: Server, tmp_path: Path) -> None:
    home = tmp_path / "open"
    for name, data in FILES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data)
    with pytest.raises(ModelDamaged, match=r"config.json was not downloaded by Footnote, so its hash is unknown"):
        models.locate("open", tmp_path)
    models.pull("open", tmp_path)
    assert hub.served[PATHS["model.safetensors"]] == len(WEIGHTS) and hub.served[PATHS["deep/config.json"]] == 0
    (home / ".trusted.json").unlink()
    assert models.verify("open", tmp_path) == [
        f"{name} was not downloaded by Footnote, so its hash is unknown"
        for name in ("model.safetensors", "config.json")
    ]


def test_a_large_file_goes_on_where_it_broke_off(hub: Server, tmp_path: Path) -> None:
    hub.cuts = [60_000, *[0] * 500]
    with pytest.raises(DownloadError, match="the connection breaks"):
        models.pull("open", tmp_path)
    begun = (tmp_path / "open" / "model.safetensors.part").stat().st_size
    assert begun >= 16_384
    hub.cuts = []
    assert (models.pull("open", tmp_path) / "model.safetensors").read_bytes() == WEIGHTS
    assert ("GET", PATHS["model.safetensors"], f"bytes={begun}-") in hub.requests


def test_the_rest_of_a_file_of_unknown_hash_is_not_put_behind_what_came_before(hub: Server, tmp_path: Path) -> None:
    part = tmp_path / "open" / "config.json.part"
    part.parent.mkdir()
    part.write_bytes(b'{"x"')
    part.with_name("config.json.part.json").write_text(json.dumps({"sha256": "", "size": 8}))
    assert (models.pull("open", tmp_path) / "config.json").read_bytes() == b'{"a": 1}'


@pytest.mark.parametrize("inside", [True, False])
def test_a_folder_of_ones_own_is_trusted_if_it_is_called_like_the_model(
    hub: Server, tmp_path: Path, inside: bool
) -> None:
    own = tmp_path / "own" / "open"
    for name, data in FILES.items():
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_bytes(data)
    home = models.pull("open", tmp_path / "models", source=own.parent if inside else own)
    assert {name: (home / name).read_bytes() for name in FILES} == FILES and hub.requests == []
    assert set(record(home)) == {"model.safetensors", "config.json"}
    other = shutil.copytree(own, tmp_path / "own" / "something else")
    for source in (other, own / "model.safetensors"):
        with pytest.raises(DownloadError, match=r"has no model.safetensors"):
            models.pull("open", tmp_path / "again", source=source)
    with pytest.raises(ModelMissing):
        models.locate("open", tmp_path / "again")


def test_a_hash_is_enough_where_the_size_is_not_known(hub: Server, tmp_path: Path) -> None:
    registry.REGISTRY.write_text(registry.REGISTRY.read_text().replace("size = 8, ", ""))
    home = models.pull("pinned", tmp_path)
    assert models.installed(tmp_path) == {"pinned"} and models.verify("pinned", tmp_path) == []
    (home / "config.json").write_bytes(b"{}")
    assert models.verify("pinned", tmp_path)[0].startswith("config.json differs from the published one")
    assert (models.pull("pinned", tmp_path) / "config.json").read_bytes() == FILES["config.json"]


def test_the_list_says_so(hub: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models.pull("open", tmp_path)
    commands.manage_models(Config(models=tmp_path), argparse.Namespace(action="list"))
    lines = dict(line.split("\t", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["open"].split("\t") == [
        *("embedder", "0 MB", "Apache-2.0", "here", "made up"),
        "2 of 3 files trusted on first download",
    ]
    assert lines["pinned"].split("\t") == ["embedder", "0 MB", "Apache-2.0", "not here", "made up"]
