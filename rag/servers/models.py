"""The models on a server: ``models`` of OpenAI's API, ``info`` of TEI's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag.errors import ModelUnknown, ServerError
from rag.servers.connections import Servers

__all__ = ["context_of", "model_on", "stable", "tei_model"]

CHANGING = ("created", "permission", "permissions")
"""Fields of a model's description that change although the model doesn't."""
CONTEXTS = ("max_model_len", "n_ctx", "n_ctx_train")
"""Fields for the context of a model."""


def model_on(servers: Servers, wanted: str) -> Mapping[str, Any]:
    """Return the servers' description of the model ``wanted``, or of their only one.

    Raises:
        ModelUnknown: a reachable server doesn't have it.
        ServerError: no server can be reached, or one doesn't list its models.
    """
    entries, problem = list[Mapping[str, Any]](), None
    for url in servers.urls:
        try:
            entries.append(_entry(url, servers.get("models", url), wanted))
        except ServerError as error:
            problem = error
    if problem and not entries:
        raise problem
    return entries[0]


def _entry(url: str, listed: Any, wanted: str) -> Mapping[str, Any]:
    entries = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "id" in entry for entry in entries):
        raise ServerError(f"The server at {url} doesn't list its models as in OpenAI's API. Check its address.")
    found: list[Mapping[str, Any]] = [entry for entry in entries if entry["id"] == (wanted or entry["id"])]
    if len(found) == 1:
        return found[0]
    names = ", ".join(str(entry["id"]) for entry in entries) or "none"
    what = f"has no model '{wanted}'" if wanted else "has several models, and the address doesn't name one"
    raise ModelUnknown(f"The server at {url} {what}; it has: {names}. Write its address as '{url}#MODEL'.")


def tei_model(servers: Servers, wanted: str) -> dict[str, Any]:
    """Return the description of the model on a TEI server, including its revision.

    Raises:
        ModelUnknown: it has another model than ``wanted``.
        ServerError: it can't be reached, or isn't TEI.
    """
    info = servers.get("info")
    if not isinstance(info, dict) or "model_id" not in info:
        raise ServerError(f"The server at {servers.urls[0]} doesn't describe its model as TEI does.")
    if wanted and wanted != info["model_id"]:
        raise ModelUnknown(f"The server at {servers.urls[0]} has the model '{info['model_id']}' and not '{wanted}'.")
    return {name: info.get(name) for name in ("model_id", "model_sha", "model_dtype", "max_input_length")}


def context_of(entry: Mapping[str, Any]) -> list[int]:
    """Return the contexts of a model, in tokens, as far as its server says.

    >>> context_of({"id": "a", "max_model_len": 8192}), context_of({"id": "b", "meta": {"n_ctx_train": 2048}})
    ([8192], [2048])
    """
    meta = entry.get("meta")
    tables = [entry, meta] if isinstance(meta, dict) else [entry]
    return [table[name] for table in tables for name in CONTEXTS if isinstance(table.get(name), int)]


def stable(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of a model, without the fields that change with each request.

    >>> stable({"id": "a", "created": 7, "root": "x/a"})
    {'id': 'a', 'root': 'x/a'}
    """
    return {key: value for key, value in entry.items() if key not in CHANGING}
