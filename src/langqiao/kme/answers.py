"""JSON answers that no cache keeps, and the Error bodies of refusals."""

from __future__ import annotations

from typing import Any, Final

import orjson
from aiohttp import web

from langqiao.kme.errors import Refusal

_HEADERS: Final = {"Content-Type": "application/json", "Cache-Control": "no-store", "Server": "langqiao-kme"}


def answer(status: int, body: Any, *, retry_after: int = 0) -> web.Response:
    """Return a JSON answer, with Retry-After where ``retry_after`` (seconds) is not 0."""
    headers = dict(_HEADERS)
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    return web.Response(status=status, body=orjson.dumps(body), headers=headers)


def refused(refusal: Refusal) -> web.Response:
    """Return the standard's Error body for a refusal; details that no JSON can say are left out of it."""
    try:
        return answer(refusal.status, refusal.body(), retry_after=refusal.retry_after)
    except orjson.JSONEncodeError:
        message = refusal.message.encode("utf-8", "replace").decode()
        return answer(refusal.status, {"message": message}, retry_after=refusal.retry_after)
