"""What several test modules share: the weights that are here, an index of the seeds, a browser; and their order."""

import os
import shutil
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import pytest
from filelock import FileLock

from rag.config import Config

# How long an example takes depends on what else the machine does; times are for the bench.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

SEEDS = Path(__file__).parent.parent / "seeds"
SECONDS = {"llm": 8.0, "browser": 3.0}
"""About what a test with each mark takes; others take a tenth of a second."""


def pytest_collection_modifyitems(items):
    """Run the longest files first: with several processes, one that began last would run alone at the end."""
    taken = Counter()
    for item in items:
        taken[item.path] += max((SECONDS.get(mark.name, 0.1) for mark in item.iter_markers()), default=0.1)
    items.sort(key=lambda item: -taken[item.path])


@pytest.fixture(scope="session")
def ingested(tmp_path_factory) -> Path:
    """An index of the seeds, made by the command once for all processes of a test run: copy it, never change it."""
    from command import footnote

    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder = root / "ingested"
    with FileLock(root / "ingested.lock"):
        if not folder.exists():
            done = footnote("ingest", SEEDS, "--index", root / "being ingested")
            assert done.returncode == 0, done.stderr
            (root / "being ingested").rename(folder)
    return folder


@pytest.fixture(scope="session")
def config(tmp_path_factory) -> Config:
    """Default settings with an index folder of the test session's own."""
    return Config(index=tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="session")
def embedder(config):
    from rag.embedders import open_embedder

    return open_embedder(config)


@pytest.fixture(scope="session")
def seeds_index(config, embedder, ingested):
    """The five documents in an index made by the real embedder."""
    from rag.indexes.opening import open_index

    shutil.copytree(ingested, config.index, dirs_exist_ok=True)
    with open_index(config, embedder) as index:
        yield index


@pytest.fixture(scope="session")
def model_server():
    """The URL of llama-cpp-python's own server with a small model."""
    from model_servers import llama_cpp_server

    with llama_cpp_server() as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    """A Chromium of the test module's own."""
    from browser import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def quick_milvus():
    """Let the Milvus client ask again after a hundredth of a second.

    It sleeps for half a second before it first asks whether one of the six indexes of a new index is there.
    """
    from pymilvus.client import grpc_handler

    hasty = SimpleNamespace(**vars(time) | {"sleep": lambda seconds: time.sleep(min(seconds, 0.01))})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grpc_handler, "time", hasty)
        yield


@pytest.fixture(scope="module")
def few_resamples():
    """Draw a tenth of the resamples for the summary of a run: on ten questions they take longer than all else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eval.summary.RESAMPLES", 100)
        yield
