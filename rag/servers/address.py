"""The address of a model server in the settings: ``http://host:8000/v1#model``, or several URLs of one model."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from rag.errors import ConfigError

__all__ = ["Address", "is_address", "parse", "without"]


@dataclass(frozen=True, slots=True)
class Address:
    """The base URLs of servers with the same model, and the model's name (empty: their only model)."""

    urls: tuple[str, ...]
    model: str = ""


def is_address(name: str) -> bool:
    """Return whether ``name`` is the address of a server rather than the name of a model.

    >>> is_address("http://gpu:8000/v1#qwen"), is_address("qwen3-1.7b")
    (True, False)
    """
    return name.startswith(("http://", "https://"))


def parse(text: str) -> Address:
    """Return the address in ``text``: URLs separated by commas, then ``#`` and the name of the model.

    >>> parse("http://one:8000/v1, http://two:8000/v1/#Qwen/Qwen3-8B")
    Address(urls=('http://one:8000/v1', 'http://two:8000/v1'), model='Qwen/Qwen3-8B')

    Raises:
        ConfigError: a URL is incomplete or contains a password.
    """
    before, _, model = text.partition("#")
    urls = tuple(url.strip().rstrip("/") for url in before.split(",") if url.strip())
    for url in urls:
        parts = urlsplit(url)
        if not is_address(url) or not parts.hostname:
            raise ConfigError(f"'{url}' isn't the address of a model server. Write 'http://host:8000/v1#model'.")
        if parts.username or parts.password:
            raise ConfigError(
                f"The address of the model server on {parts.hostname} contains a password. Set a key instead."
            )
    return Address(tuple(dict.fromkeys(urls)), model.strip())


def without(address: Address, ending: str) -> tuple[Address, bool]:
    """Return ``address`` without ``ending`` after its URLs, and whether all had it: the path of TEI's API.

    >>> without(parse("http://gpu:8080/embed"), "/embed")
    (Address(urls=('http://gpu:8080',), model=''), True)
    """
    if not all(url.endswith(ending) for url in address.urls):
        return address, False
    return Address(tuple(url.removesuffix(ending) for url in address.urls), address.model), True
