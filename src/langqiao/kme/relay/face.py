"""The HTTP face towards other KMEs: mutual TLS, the certificate's common name is the KME."""

from __future__ import annotations

from aiohttp import web

from langqiao.kme.answers import answer
from langqiao.kme.app import caller, read_body
from langqiao.kme.config import Config
from langqiao.kme.errors import bad_request, unauthorised
from langqiao.kme.messages import read_json
from langqiao.kme.relay.container import ACK_PATH, PATH, VERSIONS_PATH, VOID_PATH, read_hop, read_notice
from langqiao.kme.relay.relay import Relay
from langqiao.kme.routing import Plain
from langqiao.kme.service import pools_of


class RelayFace:
    """Routes for hops, acknowledgements and voids."""

    def __init__(self, config: Config, relay: Relay) -> None:
        self._config = config
        self._relay = relay
        self._peers = pools_of(config)

    def routes(self) -> dict[str, dict[str, Plain]]:
        """Return what answers, by path and method."""
        return {
            VERSIONS_PATH: {"GET": self.versions},
            PATH: {"POST": self.hop},
            ACK_PATH: {"POST": self.ack},
            VOID_PATH: {"POST": self.void},
        }

    def _peer(self, request: web.BaseRequest) -> str:
        name = caller(request)
        if name not in self._peers:
            raise unauthorised("the certificate is not that of a KME of this network")
        return name

    async def versions(self, request: web.BaseRequest) -> web.Response:
        """Which versions this KME speaks."""
        self._peer(request)
        return answer(200, {"versions": ["v1"]})

    async def hop(self, request: web.BaseRequest) -> web.Response:
        """Take in a container (202) from the KME before us on its route."""
        sender = self._peer(request)
        found, callback = read_hop(read_json(await read_body(request, self._config.request_timeout)))
        route = found.cargo.route
        if not set(route) <= set(self._config.directory.kmes) or self._config.id not in route[1:]:
            raise bad_request("this KME is not on the route")
        if route[route.index(self._config.id) - 1] != sender:
            raise unauthorised("another KME precedes this one on the route")
        if self._config.directory.link(sender, self._config.id) is None:
            raise bad_request("there is no link between the two KMEs")
        await self._relay.receive(sender, found, callback)
        return answer(202, {"message_ID": found.cargo.id})

    async def ack(self, request: web.BaseRequest) -> web.Response:
        """Take an acknowledgement for what this KME sent."""
        target = self._peer(request)
        notice = read_notice(read_json(await read_body(request, self._config.request_timeout)))
        await self._relay.acknowledge(target, notice)
        return answer(200, {"message_ID": notice.id})

    async def void(self, request: web.BaseRequest) -> web.Response:
        """Take a void of what the calling KME sent."""
        source = self._peer(request)
        notice = read_notice(read_json(await read_body(request, self._config.request_timeout)))
        await self._relay.void(source, notice)
        return answer(200, {"message_ID": notice.id})
