"""Connections of our own: malformed HTTP gets an Error body too, and a head that never ends is cut off."""

from __future__ import annotations

import asyncio
import weakref
from typing import Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from langqiao.kme.answers import answer

HANDSHAKES_SECONDS: Final = 5.0


class Connection(RequestHandler):
    """A connection whose protocol errors are answered in the standard's form."""

    __slots__ = ("__weakref__",)

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - aiohttp's signature
        status: int = 500,
        exc: BaseException | None = None,  # noqa: ARG002
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Answer what is no HTTP with 400, a fault with 503; neither says more."""
        bad = status < 500
        self.force_close()
        return answer(400 if bad else 503, {"message": "malformed request" if bad else "fault"})

    @property
    def began(self) -> bool:
        """Whether a request arrived."""
        return self._request_count > 0


class Guard:
    """Makes the protocol of every connection and gives its first request a deadline.

    aiohttp itself waits for a request's head for as long as the client likes.

    Args:
        server: aiohttp's server.
        seconds: from the acceptance of the connection to the first request.
    """

    def __init__(self, server: web.Server, seconds: float) -> None:
        self._server = server
        self._seconds = seconds
        self._connections: weakref.WeakSet[Connection] = weakref.WeakSet()

    def protocol(self) -> Connection:
        """Return a protocol for a new connection."""
        loop = asyncio.get_running_loop()
        options = self._server._kwargs  # noqa: SLF001 - what Server.__call__ itself passes on
        connection = Connection(self._server, loop=loop, **options)
        self._connections.add(connection)
        loop.call_later(self._seconds, self._look, connection)
        return connection

    async def end(self, runner: web.ServerRunner, listening: asyncio.Server) -> None:
        """Let requests under way finish, then cut every connection without waiting for farewells.

        A connection in its handshake cannot be cut yet: it is waited for, some seconds at most, and cut then.
        """
        loop = asyncio.get_running_loop()
        transports = [connection.transport for connection in self._connections]
        await runner.cleanup()
        until = loop.time() + HANDSHAKES_SECONDS
        while True:
            for transport in (*transports, *(connection.transport for connection in self._connections)):
                _cut(transport)
            await asyncio.sleep(0)
            if listening._active_count == 0 or loop.time() > until:  # type: ignore[attr-defined]  # noqa: SLF001
                return  # before Python 3.12 wait_closed() does not wait for connections
            await asyncio.sleep(0.01)

    def _look(self, connection: Connection) -> None:
        if connection.transport is not None and not connection.began:
            connection.force_close()
            _cut(connection.transport)


def _cut(transport: asyncio.BaseTransport | None) -> None:
    if isinstance(transport, asyncio.Transport):
        transport.abort()
