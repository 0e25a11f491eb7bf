"""What several test modules share: the weights that are here, and an index of the seeds."""

from pathlib import Path

import hypothesis
import pytest

from rag.config import Config

# How long an example takes depends on what else the machine does; times are for the bench.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

SEEDS = Path(__file__).parent.parent / "seeds"


@pytest.fixture(scope="session")
def config(tmp_path_factory) -> Config:
    """Default settings with an index folder of the test session's own."""
    return Config(index=tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="session")
def embedder(config):
    from rag.embedders import open_embedder

    return open_embedder(config)


@pytest.fixture(scope="session")
def seeds_index(config, embedder):
    """The five documents in an index made by the real embedder."""
    from rag.indexes.opening import create_index
    from rag.ingest import ingest

    with create_index(config, embedder) as index:
        report = ingest([SEEDS], index, embedder, config)
        assert not report.failed
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
