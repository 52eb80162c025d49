"""HTTP through a plain TLS socket: what is sent is exactly what a check says, what comes back is parsed
strictly.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

from langqiao.kme.errors import KmeError

MAX_ANSWER: Final = 64 << 20

UNREACHED: Final = "unreached"
UNTRUSTED: Final = "untrusted"
ENDED: Final = "ended"
SILENT: Final = "silent"
GARBLED: Final = "garbled"
"""Kinds of KmeError: no connection; a server's certificate that the authority did not sign; a TLS alert, or a
connection closed without an answer; no answer in time; something that is no TLS or no HTTP."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; ``json`` is ``None`` where the body is no UTF-8 JSON."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    json: Any = field(repr=False)


class Wire:
    """Requests with one client certificate, each over a connection of its own.

    Args:
        url: ``https://HOST:PORT``.
        context: the client's side of TLS.
        timeout: seconds for one answer.

    Raises:
        KmeError: the URL is no https URL.
    """

    def __init__(self, url: str, context: ssl.SSLContext, timeout: float) -> None:
        try:
            parts = urlsplit(url)
            self.host, self.port = parts.hostname or "", parts.port or 443
        except ValueError:
            self.host = ""
            parts = urlsplit("")
        if parts.scheme != "https" or not self.host:
            raise KmeError(f"{url} is no https URL", kind="url")
        self._context = context
        self._timeout = timeout

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        kind: str = "application/json",
        extra: bytes = b"",
    ) -> Answer:
        """Send one well-formed request and return the answer.

        Raises:
            KmeError: there is none, as :meth:`raw` says.
        """
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nConnection: close\r\n"
        if body is not None:
            head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return self.raw(head.encode() + extra + b"\r\n" + (body or b""))

    def post(self, path: str, value: Any) -> Answer:
        """Send a JSON value."""
        return self.ask("POST", path, json.dumps(value).encode())

    def raw(self, data: bytes) -> Answer:
        """Send these bytes and return the answer.

        Raises:
            KmeError: there is none; ``kind`` says how: ``UNREACHED``, ``UNTRUSTED``, ``ENDED``, ``SILENT`` or
                ``GARBLED``.
        """
        try:
            plain = socket.create_connection((self.host, self.port), self._timeout)
        except (OSError, ValueError) as error:
            raise KmeError(f"no connection: {error}", kind=UNREACHED) from error
        try:
            with plain, self._context.wrap_socket(plain, server_hostname=self.host) as wire:
                wire.sendall(data)
                return _read(wire)
        except (OSError, ValueError) as error:
            raise KmeError(f"no answer: {error}", kind=_kind(error)) from error


def _kind(error: OSError | ValueError) -> str:
    """Say how a connection that stood came to nothing."""
    if isinstance(error, TimeoutError):
        return SILENT
    if isinstance(error, ssl.SSLCertVerificationError):
        return UNTRUSTED
    if isinstance(error, ssl.SSLError):
        closed = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
        return ENDED if closed or "ALERT" in (error.reason or "") else GARBLED
    return ENDED if isinstance(error, ConnectionError) else GARBLED


def _read(wire: ssl.SSLSocket) -> Answer:
    data = b""
    while b"\r\n\r\n" not in data and len(data) < MAX_ANSWER:
        piece = wire.recv(65536)
        if not piece and not data:
            raise ConnectionAbortedError("the connection was closed without an answer")
        if not piece:
            raise ValueError("the connection was closed amid an answer's head")
        data += piece
    head, _sep, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    version, status, *_reason = lines[0].split(" ", 2)
    if not version.startswith("HTTP/1.") or not status.isdigit():
        raise ValueError("the answer is no HTTP/1.1")
    split = (line.partition(":") for line in lines[1:])
    headers = {name.strip().lower(): text.strip() for name, _colon, text in split}
    body = _body(wire, headers, body)
    try:
        value: Any = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        value = None
    return Answer(int(status), headers, body, value)


def _body(wire: ssl.SSLSocket, headers: Mapping[str, str], begun: bytes) -> bytes:
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    wanted = int(headers.get("content-length", "-1")) if not chunked else -1
    body = bytearray(begun)
    while len(body) < MAX_ANSWER and (wanted < 0 or len(body) < wanted):
        if chunked and body.endswith(b"0\r\n\r\n"):
            break
        piece = wire.recv(65536)
        if not piece:
            break
        body += piece
    return _dechunked(bytes(body)) if chunked else bytes(body)


def _dechunked(body: bytes) -> bytes:
    found = b""
    while body:
        size, _sep, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0] or b"0", 16)
        if not length:
            break
        found, body = found + body[:length], body[length + 2 :]
    return found


def keys_path(sae: str, method: str) -> str:
    """Return the path of one of the three methods, the identifier percent-encoded."""
    return f"/api/v1/keys/{quote(sae, safe='')}/{method}"
