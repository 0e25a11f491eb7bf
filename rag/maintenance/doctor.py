"""Check whether this machine has what Footnote needs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from rag import models, prompts
from rag.config import Config
from rag.errors import FootnoteError, IndexMissing
from rag.maintenance import repair
from rag.servers.address import is_address

__all__ = ["checks"]

Check = tuple[str, str | None]
OVERHEAD = 1.5e9
"""Bytes the process needs besides the weights: libraries, context and index."""


def checks(config: Config) -> Iterator[Check]:
    """Yield (what was checked, how to fix it), the latter ``None`` if it is fine."""
    yield _python()
    yield _processor()
    yield from _packages()
    yield _memory(config)
    for kind in ("embedder", "reranker", "generator"):
        if name := getattr(config, kind):
            yield _server(name, kind, config) if is_address(name) else _weights(name, kind, config)
    yield _prompt(config)
    yield from _index(config)
    for folder in (config.index, config.models):
        yield _writable(folder)


def _python() -> Check:
    version = platform.python_version()
    return f"Python {version}", None if sys.version_info >= (3, 11) else "install Python 3.11 or later"


def _processor() -> Check:
    """Check for the instructions without which a language model is many times slower."""
    info = Path("/proc/cpuinfo")
    flags = set[str]()
    if info.exists():
        flags = {flag for line in info.read_text().splitlines() if line.startswith("flags") for flag in line.split()}
    present = [flag for flag in ("avx2", "fma", "f16c", "avx512f", "avx512_vnni", "amx_int8") if flag in flags]
    name = f"processor ({', '.join(present) or platform.machine()})"
    if flags and not {"avx2", "fma"} <= flags:
        return name, "no AVX2 or FMA: answers will take minutes; use a machine made after 2015"
    return name, None


def _packages() -> Iterator[Check]:
    for package in ("llama-cpp-python", "faiss-cpu", "sentence-transformers", "gradio"):
        try:
            yield f"{package} {importlib.metadata.version(package)}", None
        except importlib.metadata.PackageNotFoundError:
            yield package, "not installed: run 'make setup'"


def _memory(config: Config) -> Check:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    name = f"memory ({total / 1e9:.0f} GB)"
    model = models.registry().get(config.generator)
    size = sum(file.size for file in model.files) if model else _size(Path(config.generator))
    if total < size + OVERHEAD:
        return name, f"{config.generator} needs {(size + OVERHEAD) / 1e9:.1f} GB; choose a smaller generator"
    return name, None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _weights(name: str, kind: str, config: Config) -> Check:
    label = f"weights of {name}"
    try:
        models.locate(name, config.models, kind)
        problems = models.verify(name, config.models) if name in models.registry() else []
    except FootnoteError as error:
        return label, str(error)
    return label, "; ".join(problems) or None


def _server(name: str, kind: str, config: Config) -> Check:
    """Check that a server at the address ``name`` can be reached and has the model."""
    from rag.embedders import open_embedder
    from rag.generators import open_generator
    from rag.rerankers import open_reranker

    openers: dict[str, Callable[[Config], object]]
    openers = {"embedder": open_embedder, "generator": open_generator, "reranker": open_reranker}
    try:
        openers[kind](config)
    except FootnoteError as error:
        return f"{kind} {name}", str(error)
    return f"{kind} {name}", None


def _prompt(config: Config) -> Check:
    try:
        prompts.load(config.prompt)
    except FootnoteError as error:
        return f"prompt {config.prompt.name}", str(error)
    return f"prompt {config.prompt.name}", None


def _index(config: Config) -> Iterator[Check]:
    from rag.embedders import open_embedder
    from rag.indexes.opening import open_index

    label = f"index in {config.index_url or config.index}"
    try:
        with open_index(config, open_embedder(config)) as index:
            yield f"{label} ({index.stats()['documents']} documents)", None
    except FootnoteError as error:
        yield label, str(error)
    if not config.index_url:
        with suppress(IndexMissing):
            yield from (("index: " + name, problem) for name, problem in repair.checks(config.index))


def _writable(folder: Path) -> Check:
    """Check that ``folder`` is writable or can be created."""
    present = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    try:
        with tempfile.TemporaryFile(dir=present):
            return f"folder {folder}", None
    except OSError as error:
        return f"folder {folder}", f"not writable ({error.strerror}); choose another or change its permissions"
