"""Access control: which sites may call the API, who a user is, and how many requests a user may make.

The ``Origin`` header protects readers' browsers from other sites; it doesn't prove who is asking. Turns and limits rely
on what the server can verify: a signed token, a header from a trusted proxy, or the IP address.
"""

from __future__ import annotations

import hmac
import ipaddress
import time
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from rag.config import Config
from rag.errors import AccessRefused, FootnoteError, TokenRefused
from ui.limits import Rates, limited_body
from ui.replies import problem

__all__ = ["Gate", "bearer", "user_of"]

OPEN_PATHS = ("/api/", "/v1/", "/mcp", "/widget.js", "/widget/")
"""Paths that pages of other origins may use; everything else is for our own pages."""
READING = ("GET", "HEAD", "OPTIONS")
BODY = 1 << 20
"""Largest request body in bytes, except for uploads."""
LONGEST_TOKEN = 3600
"""Longest validity of a user's token in seconds: the token is stored in a web page."""


class Gate:
    """ASGI middleware that checks each request and identifies its user, or responds with an error."""

    def __init__(self, app: Any, config: Config) -> None:
        self._app = app
        self._config = config
        self._origins = {origin.rstrip("/").lower() for origin in config.origins}
        self._shared: dict[str, Any] = {
            "allow_origins": self._origins,
            "allow_methods": ("GET", "POST", "DELETE", "OPTIONS"),
            "allow_headers": ("*",),
            "allow_credentials": True,
            "expose_headers": ("Retry-After",),
            "allow_private_network": True,  # A public site may ask a server in the reader's own network.
        }
        self._public = _origin_of(config.public_url)
        self._rates = Rates(config.requests_per_minute)
        self._forwarded = ProxyHeadersMiddleware(self._admit, list(config.trusted_proxies))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Check the request and pass it on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        peer = scope["client"][0] if scope.get("client") else ""
        scope.setdefault("state", {})["proxied"] = peer in self._forwarded.trusted_hosts
        await self._forwarded(scope, receive, send)

    async def _admit(self, scope: Any, receive: Any, send: Any) -> None:
        headers, path = Headers(scope=scope), scope["path"]
        is_open = path.startswith(OPEN_PATHS)
        origin = headers.get("origin", "")
        foreign = bool(origin) and not self._is_ours(origin, scope, headers)
        reply = self._app
        try:
            if foreign:
                self._check_origin(origin, is_open)
            scope["state"]["user"] = self._user(scope, headers)
            if is_open:
                self._rates.take(scope["state"]["user"])
            if _is_guarded(path, scope["method"]):
                self._check_admin(scope, headers)  # Before reading any of the body.
        except FootnoteError as error:
            reply = problem(error, path)
        if is_open:
            receive = limited_body(receive, self._largest(path))
            reply = CORSMiddleware(reply, **self._shared)
        await reply(scope, receive, send)

    def _largest(self, path: str) -> int:
        return self._config.upload_megabytes << 20 if path == "/api/documents" else BODY

    def _is_ours(self, origin: str, scope: Any, headers: Headers) -> bool:
        return origin.lower() in (f"{scope['scheme']}://{headers.get('host', '')}".lower(), self._public)

    def _check_origin(self, origin: str, is_open: bool) -> None:
        if not is_open or origin.lower() not in self._origins:
            raise AccessRefused(
                f"Pages of {origin[:200]} may not use this. Add the site to the setting 'origins' to allow it."
            )

    def _check_admin(self, scope: Any, headers: Headers) -> None:
        """Check for the admin token or, if none is configured, that the request comes from this machine."""
        token = self._config.admin_token
        if not token:
            if self._is_here(scope, headers):
                return
            raise AccessRefused(
                "Only pages on the server's own machine may change documents or settings: 'admin_token' is empty."
            )
        if not hmac.compare_digest(bearer(headers).encode(), token.encode()):
            raise TokenRefused("This needs the admin token, as 'Authorization: Bearer …'.")

    def _is_here(self, scope: Any, headers: Headers) -> bool:
        """Return whether a request comes from one of our own pages, in a browser on this machine, without a proxy."""
        client = scope["client"][0] if scope.get("client") else ""
        passed_on = scope["state"]["proxied"] or "x-forwarded-for" in headers or "forwarded" in headers
        origin = headers.get("origin", "")  # Without an Origin header, the browser tells whether it is our page.
        ours = self._is_ours(origin, scope, headers) if origin else headers.get("sec-fetch-site") == "same-origin"
        return ours and not passed_on and not self._public and client in ("127.0.0.1", "::1")

    def _user(self, scope: Any, headers: Headers) -> str:
        """Return the user's identity. Users who share an address share its limits."""
        token = bearer(headers)
        if self._config.user_secret and token.count(".") == 2:
            return f"token:{_subject(token, self._config.user_secret)}"
        name = headers.get(self._config.user_header, "") if self._config.user_header else ""
        if name and scope["state"]["proxied"]:
            return f"proxy:{name}"
        return f"address:{_network(scope['client'][0] if scope.get('client') else '')}"


def _is_guarded(path: str, method: str) -> bool:
    """Return whether this needs an administrator."""
    if path.startswith(("/api/review", "/api/gaps", "/api/settings")):
        return True
    return path.startswith(("/api/documents", "/api/watched")) and method not in READING


def user_of(request: Any) -> str:
    """Return the user of a request that passed the gate (Starlette's request, or Gradio's wrapper)."""
    state = request.state
    return str(state.user)


def bearer(headers: Headers) -> str:
    """Return the token in the ``Authorization`` header, or an empty string."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _subject(token: str, secret: str) -> str:
    """Return the user that a signed token names (RFC 7519).

    Raises:
        TokenRefused: the token is not signed with ``secret``, has expired, or is valid for too long.
    """
    import jwt

    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options={"require": ["exp", "sub"]})
    except jwt.InvalidTokenError as error:
        raise TokenRefused(f"The user token was rejected ({error}). Get a new one.") from error
    if claims["exp"] - time.time() > LONGEST_TOKEN:
        raise TokenRefused(f"The user token is valid for too long. The limit is {LONGEST_TOKEN} s.")
    return str(claims["sub"])


def _network(address: str) -> str:
    """Return an IPv4 address as it is, and for IPv6 the /64 network that a household or device owns."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4 or parsed.ipv4_mapped:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""
