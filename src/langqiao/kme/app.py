"""The HTTP face: the three methods of ETSI GS QKD 014 over mutual TLS.

Answers bear 200, 400, 401 or 503 as the standard says, and for what is no method of it 404 or 405; every one
but 200 has an Error body.
"""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from aiohttp import web

from langqiao.kme import messages
from langqiao.kme.answers import answer
from langqiao.kme.errors import bad_request, unauthorised
from langqiao.kme.metrics import Metrics
from langqiao.kme.routing import OfSae
from langqiao.kme.service import Service
from langqiao.kme.store import Delivery
from langqiao.kme.tls import common_name

_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def caller(request: web.BaseRequest) -> str:
    """Return the common name of the client's certificate."""
    return common_name(request.get_extra_info("peercert"))


async def read_body(request: web.BaseRequest, seconds: float) -> bytes:
    """Read a body of the configured size within the configured time.

    Raises:
        Refusal: 400; too large, too slow, cut off, or declared as something else than JSON.
    """
    if "Content-Type" in request.headers and request.content_type != "application/json":
        raise bad_request("the content type shall be application/json")
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise bad_request("the body shall be UTF-8")
    try:
        if request.content.is_eof():  # it came with the head: no clock has to be set
            return await request.read()
        async with asyncio.timeout(seconds):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise bad_request("the body is too large") from None
    except TimeoutError:
        raise bad_request("the body did not arrive in time") from None
    except (web.RequestPayloadError, web.PayloadAccessError):
        raise bad_request("the body cannot be read") from None


class Face:
    """The routes of the standard's interface."""

    def __init__(self, service: Service, metrics: Metrics) -> None:
        self._service = service
        self._config = service.config
        self.metrics = metrics

    def routes(self) -> dict[str, dict[str, OfSae]]:
        """Return what answers, by the last part of the path and the method."""
        return {
            "status": {"GET": self.status},
            "enc_keys": {"GET": self.enc_get, "POST": self.enc_post},
            "dec_keys": {"GET": self.dec_get, "POST": self.dec_post},
        }

    def _who(self, request: web.BaseRequest, named: str) -> tuple[str, str]:
        """Return the calling SAE and the one the URL names; refuse a stranger and an SAE of another KME."""
        sae = caller(request)
        if self._config.directory.saes.get(sae) != self._config.id:
            raise unauthorised("the certificate is not that of an SAE of this KME")
        self._service.throttle.request(sae)
        return sae, messages.identifier(named, "SAE_ID")

    async def status(self, request: web.BaseRequest, sae_id: str) -> web.StreamResponse:
        """Get status (5.1)."""
        sae, slave = self._who(request, sae_id)
        if request.query_string:
            raise bad_request("Get status takes no parameters")
        return answer(200, self._service.status(sae, slave))

    async def enc_get(self, request: web.BaseRequest, sae_id: str) -> web.StreamResponse:
        """Get key (5.2), GET form."""
        sae, slave = self._who(request, sae_id)
        wanted = messages.key_request_from_query(_query(request), self._config.keys)
        return await self._deliver(request, await self._service.get_key(sae, slave, wanted), "enc_keys")

    async def enc_post(self, request: web.BaseRequest, sae_id: str) -> web.StreamResponse:
        """Get key (5.2), POST form."""
        sae, slave = self._who(request, sae_id)
        _no_query(request)
        body = await read_body(request, self._config.request_timeout)
        wanted = messages.key_request(body, self._config.keys)
        return await self._deliver(request, await self._service.get_key(sae, slave, wanted), "enc_keys")

    async def dec_get(self, request: web.BaseRequest, sae_id: str) -> web.StreamResponse:
        """Get key with key IDs (5.3), GET form."""
        sae, master = self._who(request, sae_id)
        ids = messages.key_id_from_query(_query(request))
        return await self._deliver(request, await self._service.get_by_ids(sae, master, ids), "dec_keys")

    async def dec_post(self, request: web.BaseRequest, sae_id: str) -> web.StreamResponse:
        """Get key with key IDs (5.3), POST form."""
        sae, master = self._who(request, sae_id)
        _no_query(request)
        body = await read_body(request, self._config.request_timeout)
        ids = messages.key_ids(body, self._config.keys)
        return await self._deliver(request, await self._service.get_by_ids(sae, master, ids), "dec_keys")

    async def _deliver(self, request: web.BaseRequest, delivery: Delivery, method: str) -> web.StreamResponse:
        """Send a Key container (6.3); what cannot be sent is counted as lost."""
        rows = [
            {"key_ID": key_id, "key": base64.b64encode(material).decode()}
            for key_id, material in delivery.keys
        ]
        count = len(rows)
        delivery.keys.clear()
        response = answer(200, {"keys": rows})
        try:
            await response.prepare(request)
            await response.write_eof()
        except BaseException:
            self._service.store.lost(delivery.seq)
            raise
        if request.transport is None or request.transport.is_closing():
            self._service.store.lost(delivery.seq)
        else:
            self._service.store.answered(delivery.seq)
            self.metrics.delivered(method, count)
        return response


def _no_query(request: web.BaseRequest) -> None:
    if request.query_string:
        raise bad_request("POST takes its parameters in the body")


def _query(request: web.BaseRequest) -> list[tuple[str, str]]:
    """Return the pairs of the query; what is not UTF-8 or badly escaped is refused."""
    raw = request.rel_url.raw_query_string
    if _ESCAPE.search(raw):
        raise bad_request("the query is badly escaped")
    pairs = []
    for part in raw.split("&") if raw else ():
        name, _sign, value = part.partition("=")
        try:
            pairs.append((unquote_to_bytes(name).decode(), unquote_to_bytes(value).decode()))
        except UnicodeDecodeError:
            raise bad_request("the query shall be UTF-8") from None
    return pairs
