"""The configuration: one frozen record, read once at the edge and passed down.

Later wins: the defaults below, a TOML file, environment variables (``FOOTNOTE_`` and the field's name in capitals),
options on the command line. Keys that are not known are refused, so that a misspelt setting is not silently ignored.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from rag.errors import ConfigError

__all__ = ["Config", "load", "usable_cores"]

ENVIRONMENT_PREFIX = "FOOTNOTE_"


def _default_models() -> Path:
    return Path.home() / ".cache" / "footnote" / "models"


def _default_prompt() -> Path:
    return Path(__file__).resolve().parent.parent / "prompts" / "answer.txt"


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting, with its unit and default.

    Paths in a TOML file are relative to that file, all others to the current folder.
    """

    index: Path = Path("index")
    """Folder that holds the index, or what belongs to an index that is elsewhere: answers, feedback, uploads."""
    index_url: str = ""
    """Milvus server that holds documents, passages and vectors, such as ``http://milvus:19530``, or a ``.db`` file for
    Milvus Lite; empty keeps them in the index folder."""
    index_token: str = field(default="", repr=False)
    """Token of the Milvus server, such as ``user:password``."""
    models: Path = field(default_factory=_default_models)
    """Folder that holds the models' weights."""
    prompt: Path = field(default_factory=_default_prompt)
    """The prompt file."""
    embedder: str = "all-MiniLM-L6-v2"
    """Name of the registered embedding model, or of one on a server: ``http://host:8000/v1#model`` for OpenAI's API
    (vLLM, Infinity), ``http://host:8080/embed`` for TEI's own; URLs of several servers with commas between them."""
    embedder_key: str = field(default="", repr=False)
    """Key for the server of the embedder, if it wants one."""
    generator: str = "qwen2.5-coder-1.5b-instruct"
    """Name of the registered language model, the path of a GGUF file, or a model on a server that speaks OpenAI's API
    (vLLM, SGLang, llama-server): ``http://host:8000/v1#model``; URLs of several servers with commas between them."""
    generator_key: str = field(default="", repr=False)
    """Key for the server of the language model, if it wants one."""
    reranker: str = ""
    """Name of the registered reranker that orders what the search found, or of one on a server:
    ``http://host:8000/v1#model`` (vLLM, Infinity), ``http://host:8080/rerank`` (TEI); empty for none."""
    reranker_key: str = field(default="", repr=False)
    """Key for the server of the reranker, if it wants one."""
    passage_tokens: int = 160
    """Longest passage, in tokens of the embedder; never above what it can read."""
    candidates: int = 100
    """Passages that dense and lexical retrieval each bring into the fusion."""
    dense_weight: float = 0.5
    """Share of the dense score in the fused score, 0 to 1; more for a question in words of its own."""
    reranked: int = 20
    """Passages, the first of those found, that the reranker orders anew, where there is one."""
    evidence: int = 3
    """Most passages that are given to the language model."""
    closeness: float = 0.75
    """Share of the best passage's score from which another is given to the language model too; 0 gives all."""
    parts: int = 12
    """Most parts of whole documents that are read to summarise them."""
    context: int = 4096
    """Context of the language model, in tokens: prompt and answer together."""
    answer_tokens: int = 320
    """Longest answer, in tokens."""
    server_connect_seconds: float = 5.0
    """Longest time to connect to a model server."""
    server_read_seconds: float = 60.0
    """Longest time in which a model server may send nothing."""
    server_total_seconds: float = 180.0
    """Longest time from a request to a model server to the end of its reply."""
    state_memory: int = 256
    """Attention states that are kept in memory, in MiB."""
    state_disk: int = 2048
    """Attention states that are kept in the index folder, in MiB; 0 keeps none there."""
    read_ahead: bool = True
    """Whether the server lets the language model read passages while nobody asks, until that room is taken."""
    threads: int = 0
    """Processor threads; 0 takes as many as this process may use."""
    gpu_layers: int = 0
    """Layers of the language model put on a GPU, where llama.cpp was built for one; -1 puts all there."""
    min_confidence: float = 0.5
    """From this probability, 0 to 1, that a draft is a right answer, the assistant answers."""
    min_unsure: float = 0.35
    """From this probability, 0 to 1, that the documents answer a question, it drafts an answer, and shows at least what
    may be one; below it, it abstains."""
    min_support: float = 0.35
    """Below this support, 0 to 1, a sentence of a draft is not shown."""
    host: str = "127.0.0.1"
    """Address that the server listens on."""
    port: int = 7860
    """Port that the server listens on."""
    public_url: str = ""
    """Address at which browsers reach the server where a proxy stands in front of it, such as ``https://ask.example``."""
    origins: tuple[str, ...] = ()
    """Origins of the web pages that may embed the widget and call the API, such as ``https://intranet.example:8443``."""
    trusted_proxies: tuple[str, ...] = ()
    """IP addresses or networks of the proxies whose ``X-Forwarded-…`` and user headers are believed."""
    user_header: str = ""
    """Header in which a trusted proxy names the user, such as ``X-Remote-User``."""
    user_secret: str = field(default="", repr=False)
    """Secret, at least 32 bytes, with which another server signs short-lived tokens (JWT, HS256) that name the user."""
    admin_token: str = field(default="", repr=False)
    """Token, at least 16 characters, that may add and delete documents; without one only pages on this machine may."""
    queue_length: int = 64
    """Questions that may wait for the language model; more are refused."""
    queue_per_user: int = 16
    """Questions of one user that may wait."""
    deadline: float = 300.0
    """Seconds from a question to its answer, waiting included, after which it is given up."""
    requests_per_minute: int = 240
    """Requests to the API that one user may make in a minute."""
    upload_megabytes: int = 100
    """Largest document that may be uploaded."""


RANGES: dict[str, tuple[float, float]] = {
    "passage_tokens": (16, 8192),
    "candidates": (1, 10_000),
    "dense_weight": (0, 1),
    "reranked": (1, 1000),
    "evidence": (1, 64),
    "closeness": (0, 1),
    "parts": (1, 1000),
    "context": (512, 1_048_576),
    "answer_tokens": (16, 8192),
    "server_connect_seconds": (0.1, 3600),
    "server_read_seconds": (0.1, 3600),
    "server_total_seconds": (0.1, 86_400),
    "state_memory": (0, 1_048_576),
    "state_disk": (0, 1_048_576),
    "threads": (0, 1024),
    "gpu_layers": (-1, 1000),
    "min_confidence": (0, 1),
    "min_unsure": (0, 1),
    "min_support": (0, 1),
    "port": (0, 65535),
    "queue_length": (1, 10_000),
    "queue_per_user": (1, 10_000),
    "deadline": (1, 86_400),
    "requests_per_minute": (1, 1_000_000),
    "upload_megabytes": (1, 100_000),
}
SHORTEST = {"user_secret": 32, "admin_token": 16}
"""Least number of characters of a secret that is set."""


def load(
    file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    overrides: Mapping[str, Any] | None = None,
) -> Config:
    """Return the configuration from a TOML ``file``, the ``environment`` and ``overrides`` (``None`` is left out).

    Raises:
        ConfigError: the file cannot be read, or a key or value is not understood.
    """
    values: dict[str, Any] = {}
    if file is not None:
        values.update(_from_file(file))
    known = {ENVIRONMENT_PREFIX + f.name.upper(): f.name for f in dataclasses.fields(Config)}
    for variable, text in environment.items():
        if variable in known:
            values[known[variable]] = _convert(known[variable], text, f"the variable {variable}")
    for name, value in (overrides or {}).items():
        if value is not None:
            values[name] = _convert(name, value, f"--{name.replace('_', '-')}")
    config = Config(**values)
    if config.answer_tokens > config.context // 2:
        raise ConfigError(
            f"answer_tokens ({config.answer_tokens}) leaves too little room in a context of {config.context} tokens; "
            "set it to at most half of context."
        )
    return config


def usable_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _from_file(file: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The configuration file {file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration file {file} is not valid TOML: {error}.") from error
    names = {f.name for f in dataclasses.fields(Config)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in names:
            close = difflib.get_close_matches(key, names, n=1)
            hint = f"did you mean '{close[0]}'?" if close else "known are: " + ", ".join(sorted(names)) + "."
            raise ConfigError(f"The configuration file {file} has an unknown key '{key}'; {hint}")
        values[key] = _convert(key, value, f"'{key}' in {file}")
        if isinstance(values[key], Path):
            values[key] = file.parent / values[key].expanduser()
    return values


def _convert(name: str, value: Any, where: str) -> Any:
    """Return ``value`` as the type of the field ``name``, within its range."""
    kind = get_type_hints(Config)[name]
    if kind == tuple[str, ...]:
        return _listed(value, where)
    if kind is bool:
        return _switch(value, where)
    try:
        if kind is Path:
            return Path(value).expanduser()
        if isinstance(value, bool) or (kind is str and not isinstance(value, str)):
            raise ValueError
        number = kind(value)
        if kind is int and isinstance(value, float) and number != value:
            raise ValueError
    except (TypeError, ValueError):
        words = {int: "a whole number", float: "a number", str: "a text", Path: "a path"}[kind]
        raise ConfigError(f"{where} must be {words}, not {value!r}.") from None
    if kind is str and value and len(value) < SHORTEST.get(name, 0):
        raise ConfigError(f"{where} must have at least {SHORTEST[name]} characters; 'openssl rand -hex 32' makes some.")
    low, high = RANGES.get(name, (float("-inf"), float("inf")))
    if kind is not str and not low <= number <= high:
        raise ConfigError(f"{where} must be between {low:g} and {high:g}, not {value!r}.")
    return number


def _switch(value: Any, where: str) -> bool:
    """Return a truth value, or a text that stands for one."""
    from configparser import ConfigParser

    found = value if isinstance(value, bool) else ConfigParser.BOOLEAN_STATES.get(str(value).lower())
    if found is None or not isinstance(value, bool | str):
        raise ConfigError(f"{where} must be true or false, not {value!r}.")
    return found


def _listed(value: Any, where: str) -> tuple[str, ...]:
    """Return a list of texts, or a text with commas between them, as a tuple."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ConfigError(f"{where} must be a list of texts, not {value!r}.")
    return tuple(item.strip() for item in items if item.strip())
