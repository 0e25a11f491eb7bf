"""Every setting: its group, default, meaning and range.

This is the one place where a setting is described: the configuration file, ``footnote config``, ``SETTINGS.md`` beside
this file and the page "Settings" are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["GROUPS", "Answers", "Models", "Retrieval", "Server", "Storage", "group_of", "setting"]


def _default_models() -> Path:
    return Path.home() / ".cache" / "footnote" / "models"


def _default_prompt() -> Path:
    return Path(__file__).resolve().parent.parent / "prompts" / "answer.txt"


def setting(default: Any, about: str, low: float = 0, high: float = 0, secret: int = 0, live: bool = False) -> Any:
    """Return the field of a setting.

    ``about`` is its meaning, with its unit; a number lies between ``low`` and ``high``. A ``secret`` has at least that
    many characters, and is never printed. A ``live`` setting can change while a server runs: it is read anew for each
    question. Everything else is read once, at the start.
    """
    metadata = {"about": about, "low": low, "high": high, "secret": secret, "live": live}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True)
class Storage:
    """Folders, and how much is kept in them."""

    index: Path = setting(
        Path("index"), "Folder of the index, or of what belongs to one elsewhere: answers, feedback, uploads."
    )
    index_url: str = setting(
        "",
        "Milvus server that holds documents, passages and vectors, such as `http://milvus:19530`, or a `.db` file for "
        "Milvus Lite; empty keeps them in the index folder.",
    )
    index_token: str = setting("", "Token of the Milvus server, such as `user:password`.", secret=1)
    watch: tuple[str, ...] = setting(
        (),
        "Folders and mailboxes whose changes the server reads, such as `/srv/handbook` and "
        "`imap://user@mail.example/INBOX/Support`.",
    )
    watch_every: float = setting(
        900.0,
        "Seconds between two full looks at what is watched: how soon changes on network drives and new mails are read.",
        1,
        86_400,
    )
    mail_password: str = setting("", "Password of the mailboxes.", secret=1)
    models: Path = setting(_default_models, "Folder that holds the models' weights.")
    state_memory: int = setting(256, "Attention states kept in memory, in MiB.", 0, 1_048_576)
    state_disk: int = setting(2048, "Attention states kept in the index folder, in MiB; 0 keeps none.", 0, 1_048_576)


@dataclass(frozen=True)
class Models:
    """The models, and what they may use.

    A model on a server is named by its address: `http://host:8000/v1#model` for OpenAI's API (vLLM, SGLang, Infinity,
    llama-server), `http://host:8080/embed` or `http://host:8080/rerank` for TEI; several servers with commas between.
    """

    embedder: str = setting("all-MiniLM-L6-v2", "Name of the registered embedding model, or of one on a server.")
    embedder_key: str = setting("", "Key for the server of the embedder, if it wants one.", secret=1)
    generator: str = setting(
        "qwen2.5-coder-1.5b-instruct",
        "Name of the registered language model, the path of a GGUF file, or a model on a server.",
    )
    generator_key: str = setting("", "Key for the server of the language model, if it wants one.", secret=1)
    reranker: str = setting(
        "",
        "Name of the registered reranker that reorders what the search found, or of one on a server; empty: none.",
    )
    reranker_key: str = setting("", "Key for the server of the reranker, if it wants one.", secret=1)
    context: int = setting(
        4096, "Context of the language model, in tokens: prompt and answer together.", 512, 1_048_576
    )
    server_connect_seconds: float = setting(5.0, "Longest time to connect to a model server.", 0.1, 3600)
    server_read_seconds: float = setting(60.0, "Longest time in which a model server may send nothing.", 0.1, 3600)
    server_total_seconds: float = setting(
        180.0, "Longest time from a request to a model server to the end of its reply.", 0.1, 86_400
    )
    threads: int = setting(0, "Processor threads; 0 takes as many as this process may use.", 0, 1024)
    gpu_layers: int = setting(
        0, "Layers of the language model put on a GPU, if llama.cpp was built for one; -1 puts all there.", -1, 1000
    )
    read_ahead: bool = setting(
        True, "Whether the server lets the language model read passages while it is idle, until state_disk is used up."
    )


@dataclass(frozen=True)
class Retrieval:
    """Passages, and how they are found."""

    passage_tokens: int = setting(
        160, "Longest passage, in tokens of the embedder; never more than the embedder reads.", 16, 8192
    )
    candidates: int = setting(
        100, "Passages that dense and lexical retrieval each bring into the fusion.", 1, 10_000, live=True
    )
    dense_weight: float = setting(
        0.5,
        "Share of the dense score in the fused score; more for questions that use words of their own.",
        0,
        1,
        live=True,
    )
    reranked: int = setting(20, "Passages, from the best down, that the reranker reorders.", 1, 1000, live=True)


@dataclass(frozen=True)
class Answers:
    """What the language model gets, and when its draft is shown."""

    prompt: Path = setting(_default_prompt, "The prompt file.")
    evidence: int = setting(3, "Most passages that are given to the language model.", 1, 64, live=True)
    closeness: float = setting(
        0.75,
        "Share of the best passage's score that another passage needs to be given to the language model too; "
        "0 gives all.",
        0,
        1,
        live=True,
    )
    parts: int = setting(12, "Most parts of whole documents that are read to summarise them.", 1, 1000, live=True)
    answer_tokens: int = setting(320, "Longest answer, in tokens; at most half of context.", 16, 8192, live=True)
    min_confidence: float = setting(
        0.55, "Least probability that a draft is a right answer, for the assistant to answer.", 0, 1, live=True
    )
    min_unsure: float = setting(
        0.35,
        "Least probability that the documents answer a question, for a draft to be made; below, it abstains.",
        0,
        1,
        live=True,
    )
    min_support: float = setting(0.35, "Least support of a sentence of a draft, for it to be shown.", 0, 1, live=True)


@dataclass(frozen=True)
class Server:
    """The server, who may use it, and how much."""

    host: str = setting("127.0.0.1", "Address that the server listens on.")
    port: int = setting(7860, "Port that the server listens on.", 0, 65535)
    public_url: str = setting(
        "", "Address at which browsers reach the server through a proxy, such as `https://ask.example`."
    )
    origins: tuple[str, ...] = setting(
        (), "Origins of the web pages that may embed the widget and call the API, such as `https://intranet.example`."
    )
    trusted_proxies: tuple[str, ...] = setting(
        (), "IP addresses or networks of the proxies whose `X-Forwarded-…` and user headers are believed."
    )
    user_header: str = setting("", "Header in which a trusted proxy names the user, such as `X-Remote-User`.")
    user_secret: str = setting(
        "", "Secret with which another server signs short-lived tokens (JWT, HS256) that name the user.", secret=32
    )
    admin_token: str = setting(
        "",
        "Token that may change documents and settings; without one only pages on this machine may.",
        secret=16,
    )
    queue_length: int = setting(64, "Questions that may wait for the language model; more are refused.", 1, 10_000)
    queue_per_user: int = setting(16, "Questions of one user that may wait.", 1, 10_000)
    deadline: float = setting(
        300.0,
        "Seconds from a question to its answer, waiting included, after which it is given up.",
        1,
        86_400,
        live=True,
    )
    requests_per_minute: int = setting(240, "Requests to the API that one user may make in a minute.", 1, 1_000_000)
    keep_unanswered: bool = setting(
        False,
        "Whether questions without a sure answer are kept, from every interface and without who asked, and shown to "
        "administrators on the page 'Gaps'; otherwise it shows only what readers reported.",
    )
    upload_megabytes: int = setting(100, "Largest document that may be uploaded, in MiB.", 1, 100_000)


GROUPS: dict[str, type[Any]] = {
    "models": Models,
    "retrieval": Retrieval,
    "answers": Answers,
    "server": Server,
    "storage": Storage,
}
"""The tables of a configuration file."""


def group_of(name: str) -> str:
    """Return the group of the setting ``name``."""
    return next(group for group, kind in GROUPS.items() if name in kind.__dataclass_fields__)
