"""JSON answers that no cache keeps."""

from __future__ import annotations

from typing import Any, Final

import orjson
from aiohttp import web

_HEADERS: Final = {"Content-Type": "application/json", "Cache-Control": "no-store", "Server": "langqiao-kme"}


def answer(status: int, body: Any, *, retry_after: int = 0) -> web.Response:
    """Return a JSON answer, with Retry-After where ``retry_after`` (seconds) is not 0."""
    headers = dict(_HEADERS)
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    return web.Response(status=status, body=orjson.dumps(body), headers=headers)
