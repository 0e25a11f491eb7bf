"""The collections of an index in Milvus, and every call to the server.

    PREFIX_meta                one row: how the index was made, its generation, the next number
    PREFIX_documents           a row for each version of a document: what is known of it, and until when it counts
    PREFIX_blobs               texts, headings and windows, cut into parts that fit a field
    PREFIX_passages_MADE       the passages that one embedder made: place, terms, vector

All are made with the consistency level Strong: what was written is found by the next read, whoever reads.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import ConfigError, IndexFault

__all__ = ["LONGEST", "PART", "PREFIX", "Row", "Store"]

PREFIX = "footnote"
LONGEST = 65_535
"""Bytes of a text field, the most that Milvus takes."""
PART = 16_000
"""Characters of a part of a blob: up to four bytes each."""
BATCH = 200
"""Rows that are sent at once: a message stays below a few megabytes."""
MOST = 16_384
"""Results that Milvus returns at most."""
TIMEOUT = 60.0
"""Seconds after which a call is given up."""

Row = dict[str, Any]


class Store:
    """A connection to the collections of one index. Any number of threads may use it.

    Raises:
        ConfigError: the Milvus client is not installed.
        IndexFault: the server cannot be reached, or refuses.
    """

    def __init__(self, url: str, token: str = "") -> None:
        try:
            import grpc
            import pymilvus
        except ImportError as error:
            raise ConfigError(
                f"The index is in Milvus ({url}), whose client is not installed: pip install 'footnote[milvus]'."
            ) from error
        self.url = url
        self._is_local = "://" not in url
        self._api: Any = pymilvus
        self._errors = pymilvus.MilvusException, grpc.RpcError
        if self._is_local:
            Path(url).absolute().parent.mkdir(parents=True, exist_ok=True)
        with self._translated():
            logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # What is wrong is raised, and told once.
            # Milvus Lite takes the client's pings for an attack.
            quiet = {"grpc.keepalive_time_ms": 2**31 - 1} if self._is_local else {}
            self._client: Any = pymilvus.MilvusClient(uri=url, token=token, timeout=TIMEOUT, grpc_options=quiet)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- collections

    def passage_collections(self) -> list[str]:
        """Return the collections of passages, whoever made them."""
        start = f"{PREFIX}_passages_"
        with self._translated():
            return [name[len(PREFIX) + 1 :] for name in self._client.list_collections() if name.startswith(start)]

    def exists(self, collection: str) -> bool:
        """Return whether the server has ``collection``."""
        return bool(self._call("has_collection", collection))

    def create(self) -> None:
        """Create the collections that do not depend on the embedder, where they are missing."""
        types, field = self._api.DataType, self._field
        number, text = types.INT64, types.VARCHAR
        for name, key in (("meta", number), ("documents", number), ("blobs", text)):
            more = {"documents": [field("died", number)], "blobs": [field("revision", number)]}.get(name, [])
            fields = [field("id", key, is_primary=True), *more, field("data", text), self._unused()]
            if not self.exists(name):
                self._create(name, fields, [("unused", "FLAT", "IP", {})], [])

    def create_passages(self, made: str, dimension: int) -> None:
        """Create the collection for the passages that are ``made`` with vectors of this ``dimension``."""
        types, field = self._api.DataType, self._field
        numbers = [field(name, types.INT64) for name in ("revision", "start", "end", "page", "windows")]
        texts = [field(name, types.VARCHAR) for name in ("section", "header", "text_hash")]
        terms = [field(name, types.VARCHAR, enable_analyzer=True, enable_match=True) for name in ("words", "pairs")]
        sparse = [self._api.FieldSchema(f"{name}_bm25", types.SPARSE_FLOAT_VECTOR) for name in ("words", "pairs")]
        vector = self._api.FieldSchema("vector", types.FLOAT_VECTOR, dim=dimension)
        fields = [field("id", types.INT64, is_primary=True), *numbers, *texts, *terms, *sparse, vector]
        settings = {"bm25_k1": 1.2, "bm25_b": 0.75}
        indexes = [(f"{name}_bm25", "SPARSE_INVERTED_INDEX", "BM25", settings) for name in ("words", "pairs")]
        bm25 = self._api.FunctionType.BM25
        functions = [self._api.Function(f"{name}_bm25", bm25, [name], [f"{name}_bm25"]) for name in ("words", "pairs")]
        self._create(f"passages_{made}", fields, [*indexes, ("vector", "FLAT", "IP", {})], functions)

    def drop(self, collection: str) -> None:
        """Drop ``collection``, if it exists."""
        self._call("drop_collection", collection)

    def _field(self, name: str, kind: Any, **settings: Any) -> Any:
        if kind == self._api.DataType.VARCHAR:
            settings["max_length"] = 512 if settings.get("is_primary") else LONGEST
        if settings.get("enable_analyzer"):
            # Milvus Lite knows no other tokenizer than this one; for what words have, both do the same.
            settings["analyzer_params"] = {"tokenizer": "standard" if self._is_local else "whitespace"}
        return self._api.FieldSchema(name, kind, **settings)

    def _unused(self) -> Any:
        """Return the vector without which Milvus takes no collection."""
        return self._api.FieldSchema("unused", self._api.DataType.FLOAT_VECTOR, dim=2)

    def _create(self, name: str, fields: Sequence[Any], indexes: Sequence[Any], functions: Sequence[Any]) -> None:
        schema = self._api.CollectionSchema(list(fields), functions=list(functions), enable_dynamic_field=False)
        params = self._client.prepare_index_params()
        for field, kind, metric, settings in indexes:
            params.add_index(field, index_type=kind, metric_type=metric, params=settings)
        self._call("create_collection", name, schema=schema, index_params=params, consistency_level="Strong")

    # --- rows

    def put(self, collection: str, rows: Iterable[Row]) -> None:
        """Write ``rows``, each in place of one with the same id."""
        filler = {} if collection.startswith("passages") else {"unused": [0.0, 0.0]}
        every = [row | filler for row in rows]
        for first in range(0, len(every), BATCH):
            self._call("upsert", collection, every[first : first + BATCH])

    def get(self, collection: str, ids: Iterable[int | str], fields: Sequence[str]) -> dict[Any, Row]:
        """Return the rows with these ``ids``, by id; those that do not exist are left out."""
        wanted = list(dict.fromkeys(ids))
        found: dict[Any, Row] = {}
        for first in range(0, len(wanted), BATCH):
            rows = self._call("get", collection, wanted[first : first + BATCH], output_fields=["id", *fields])
            found |= {row["id"]: row for row in rows}
        return found

    def select(self, collection: str, condition: str, fields: Sequence[str]) -> Iterator[Row]:
        """Yield all rows for which ``condition`` holds."""
        settings = {"filter": condition, "output_fields": ["id", *fields]}
        if self._is_local:  # Milvus Lite has no limit, and no timestamps, which an iterator asks for.
            yield from self._call("query", collection, **settings)
            return
        rows = self._call("query_iterator", collection, **settings, batch_size=1000)
        with self._translated():
            try:
                while batch := rows.next():
                    yield from batch
            finally:
                rows.close()

    def flush(self, collection: str) -> None:
        """Have the server write and index what it has in memory."""
        self._call("flush", collection, timeout=10 * TIMEOUT)

    def count(self, collection: str, condition: str = "") -> int:
        """Return the number of rows for which ``condition`` holds."""
        (row,) = self._call("query", collection, filter=condition, output_fields=["count(*)"])
        return int(row["count(*)"])

    def delete(self, collection: str, condition: str) -> None:
        """Delete the rows for which ``condition`` holds."""
        self._call("delete", collection, filter=condition)

    def search(
        self, collection: str, field: str, queries: Sequence[Any], k: int, condition: str
    ) -> list[list[tuple[int, float]]]:
        """Return for each of ``queries`` up to ``k`` ids with their scores, the best first."""
        settings = {"anns_field": field, "limit": min(k, MOST), "filter": condition, "output_fields": ["id"]}
        found = self._call("search", collection, list(queries), **settings)
        # Milvus gives BM25 as it is, Milvus Lite with the other sign.
        sign = abs if field.endswith("_bm25") else float
        return [[(hit["id"], sign(hit["distance"])) for hit in hits] for hits in found]

    def _call(self, method: str, collection: str, *arguments: Any, **settings: Any) -> Any:
        settings.setdefault("timeout", TIMEOUT)
        with self._translated():
            return getattr(self._client, method)(f"{PREFIX}_{collection}", *arguments, **settings)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what the client raises into what a user can do about it."""
        try:
            yield
        except self._errors as error:
            reason = error.message if isinstance(error, self._api.MilvusException) else error.details()
            raise IndexFault(
                f"The index in Milvus ({self.url}) cannot be used ({reason}). Check that the server runs and "
                "that index_url and index_token are right."
            ) from error
