"""From a request's path and method to what answers it, and from every refusal and fault to an Error body.

A KME has a dozen addresses. Its own table in place of aiohttp's application saves a tenth of the
time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import HttpVersion11, web

from langqiao.kme.answers import answer, refused
from langqiao.kme.errors import KmeError, Refusal, unavailable
from langqiao.kme.metrics import Metrics

log = logging.getLogger("langqiao.kme")

KEYS: Final = ["", "api", "v1", "keys"]

Plain = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
"""Answers a request of a fixed path."""

OfSae = Callable[[web.BaseRequest, str], Awaitable[web.StreamResponse]]
"""Answers a request whose path names an SAE."""


class Router:
    """All addresses of a KME.

    Args:
        metrics: counts refusals.
        keys: by the last part of ``/api/v1/keys/{SAE}/…`` and method.
        plain: by path and method.
        body_limit: bytes that a body may have.
    """

    def __init__(
        self,
        metrics: Metrics,
        keys: Mapping[str, Mapping[str, OfSae]],
        plain: Mapping[str, Mapping[str, Plain]],
        body_limit: int,
    ) -> None:
        self._metrics = metrics
        self._keys = keys
        self._plain = plain
        self._body_limit = body_limit

    def server(self, **options: Any) -> web.Server:
        """Return aiohttp's server of these addresses; ``options`` are those of its connections."""
        make = partial(web.BaseRequest, loop=asyncio.get_running_loop(), client_max_size=self._body_limit)
        return web.Server(self.handle, request_factory=make, access_log=None, **options)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        try:
            if "Expect" in request.headers:
                await _expect(request)
            return await self._answer(request)
        except Refusal as refusal:
            self._metrics.refused(refusal.status)
            return refused(refusal)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - answered without its text, which might tell a secret
            kind = error.kind if isinstance(error, KmeError) else type(error).__name__
            log.error("fault kind=%s method=%s", kind, request.method)  # noqa: TRY400
            self._metrics.refused(503)
            return refused(unavailable("the KME cannot answer now", retry_after=5))

    def _answer(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        """Return what answers it: the method's handler, 404 or 405."""
        path = request.rel_url.raw_path
        parts = path.split("/")
        if len(parts) == len(KEYS) + 2 and parts[:4] == KEYS and parts[4] and parts[5] in self._keys:
            of_sae = self._keys[parts[5]]
            if request.method in of_sae:
                return of_sae[request.method](request, unquote(parts[4]))
            return self._no_such(405, of_sae)
        methods = self._plain.get(path)
        if methods is None:
            return self._no_such(404, {})
        if request.method in methods:
            return methods[request.method](request)
        return self._no_such(405, methods)

    async def _no_such(self, status: int, methods: Mapping[str, object]) -> web.StreamResponse:
        self._metrics.refused(status)
        found = answer(status, {"message": "Not Found" if status == 404 else "Method Not Allowed"})
        if methods:
            found.headers["Allow"] = ",".join(sorted(methods))
        return found


async def _expect(request: web.BaseRequest) -> None:
    """Tell a client that waits for leave to send its body (RFC 9110, 10.1.1) to go on.

    Raises:
        Refusal: 417, it expects anything else.
    """
    if request.version < HttpVersion11:
        return
    if request.headers["Expect"].lower() != "100-continue":
        raise Refusal(417, "the expectation cannot be met")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0
