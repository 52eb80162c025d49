"""The extender over HTTP: filter and prioritize as Kubernetes calls them, and what it may be told besides.

POST /filter, /prioritize: ExtenderArgs of k8s.io/kube-scheduler/extender/v1 (Pod, Nodes or NodeNames; the
names of the fields in either case). POST /bound: ExtenderBindingArgs (PodName, PodNamespace, PodUID, Node) of
a binding that the cluster made. POST /gone: the same without Node. POST /observe: a v1 PodList of all pods.
GET /healthz, /agreement. There is no bind: the cluster binds. Where a token is set, all but /healthz need it:
as ``Authorization: Bearer`` (RFC 6750), or as the password of Basic (RFC 7617), which is what a user in the
scheduler's urlPrefix becomes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.extender.advice import Advisor
from langqiao.engines.scheduling.extender.pods import PodError

LARGEST = 64 << 20  # bytes of a body: 5,000 whole nodes are some 50 MB
TOGETHER = 32  # requests at one time
PATIENCE = 30.0  # seconds for a caller to send its request
MOST_NODES = 200_000
SHORTEST_TOKEN = 16
DRAINED = 8 << 20  # bytes of a body too large that are read before it is refused


class Refused(Exception):
    """The request cannot be answered; ``status`` of HTTP and a sentence."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class Extender(ThreadingHTTPServer):
    """The server; ``port`` tells the one that it found when 0 was asked for."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self, address: tuple[str, int], advisor: Advisor, *, largest: int = LARGEST, token: str = ""
    ) -> None:
        super().__init__(address, Handler)
        self.advisor = advisor
        self.largest = largest
        self._token = token.encode()
        self.room = threading.BoundedSemaphore(TOGETHER)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def admits(self, authorization: str) -> bool:
        """Whether a caller with this Authorization header may ask; always where no token is set.

        The time of the comparison says nothing of where a wrong token differs.
        """
        if not self._token:
            return True
        kind, _, given = authorization.strip().partition(" ")
        held = given.strip().encode(errors="replace")
        if kind.lower() == "basic":
            try:
                held = base64.b64decode(held, validate=True).partition(b":")[2]
            except (binascii.Error, ValueError):
                return False
        elif kind.lower() != "bearer":
            return False
        return hmac.compare_digest(held, self._token)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no event; anything else was answered by the handler."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Extender
    protocol_version = "HTTP/1.1"
    server_version = "langqiao"
    sys_version = ""
    timeout = PATIENCE
    wbufsize = -1  # one packet an answer: a second would wait for the caller's delayed acknowledgement
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer /healthz and /agreement."""
        routes: dict[str, Callable[[Any], Any]] = {
            "/healthz": lambda _: {"ok": True},
            "/agreement": self._agreement,
        }
        self._answer(routes, body=False)

    def do_POST(self) -> None:
        """Answer what the scheduler and the watcher of bindings send."""
        routes: dict[str, Callable[[Any], Any]] = {
            "/filter": self._filter,
            "/prioritize": self._prioritize,
            "/bound": self._bound,
            "/gone": self._gone,
            "/observe": self._observe,
        }
        self._answer(routes, body=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the journal is the record."""

    def _answer(self, routes: dict[str, Callable[[Any], Any]], *, body: bool) -> None:
        if not self.server.room.acquire(blocking=False):
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "too many requests at one time"}, close=True)
            return
        try:
            route = self._route(routes)
            self._admit()
            self._say(HTTPStatus.OK, route(self._body() if body else None))
        except Refused as refused:
            self._say(refused.status, {"error": str(refused)}, close=True)
        except PodError as wrong:
            self._say(HTTPStatus.BAD_REQUEST, {"error": str(wrong)}, close=True)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception:  # noqa: BLE001  # the caller gets a sentence, never a traceback
            self._say(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "the extender failed"}, close=True)
        finally:
            self.server.room.release()

    def _route(self, routes: dict[str, Callable[[Any], Any]]) -> Callable[[Any], Any]:
        route = routes.get(self.path.split("?")[0].rstrip("/"))
        if route is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"there is no {self.path[:80]}")
        return route

    def _admit(self) -> None:
        """Refuse a caller without the token, before anything of the body is believed.

        Whether the extender lives, everybody may ask: probes of Kubernetes have no secret.
        """
        if self.path.split("?")[0].rstrip("/") == "/healthz":
            return
        if not self.server.admits(self.headers.get("Authorization", "")):
            self._drain()
            raise Refused(HTTPStatus.UNAUTHORIZED, "the token is missing or wrong")

    def _body(self) -> Any:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or self.headers.get("Transfer-Encoding"):
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "a body needs its Content-Length")
        if len(length) > 12 or int(length) > self.server.largest:
            self._drain()
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {self.server.largest:,} bytes"
            )
        held = self.rfile.read(int(length))
        if len(held) < int(length):
            raise Refused(HTTPStatus.BAD_REQUEST, "the body ends too early")
        try:
            found = json.loads(held)
        except (ValueError, RecursionError):
            raise Refused(HTTPStatus.BAD_REQUEST, "the body is no JSON") from None
        if not isinstance(found, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "the body is no JSON object")
        return {str(name).lower(): value for name, value in found.items()}

    def _drain(self) -> None:
        """Read on for a moment: a caller that is still sending would otherwise never see the answer."""
        self.connection.settimeout(0.5)
        left = DRAINED
        with suppress(TimeoutError):
            while left > 0 and (held := self.rfile.read1(min(left, 65_536))):
                left -= len(held)
        self.connection.settimeout(PATIENCE)

    def _say(self, status: HTTPStatus, answer: Any, *, close: bool = False) -> None:
        data = json.dumps(answer, ensure_ascii=False).encode()
        self.close_connection = self.close_connection or close
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if status == HTTPStatus.UNAUTHORIZED:
                self.send_header("WWW-Authenticate", 'Bearer realm="langqiao"')
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _filter(self, body: dict[str, Any]) -> dict[str, Any]:
        names = _nodes(body)
        failed = self.server.advisor.filter(body.get("pod"), names)
        answer: dict[str, Any] = {"Nodes": None, "NodeNames": None, "FailedNodes": failed, "Error": ""}
        if body.get("nodenames") is not None:
            answer["NodeNames"] = [name for name in names if name not in failed]
        else:
            listed = body["nodes"]
            kept = [node for name, node in zip(names, listed["items"], strict=True) if name not in failed]
            answer["Nodes"] = {**listed, "items": kept}
        return answer

    def _prioritize(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        names = _nodes(body)
        scores = self.server.advisor.prioritize(body.get("pod"), names)
        return [{"Host": name, "Score": score} for name, score in zip(names, scores, strict=True)]

    def _bound(self, body: dict[str, Any]) -> dict[str, Any]:
        node = body.get("node")
        if not isinstance(node, str) or not node:
            raise Refused(HTTPStatus.BAD_REQUEST, "Node is missing")
        return {"verdict": self.server.advisor.bound(_uid(body), node[:253])}

    def _gone(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"known": self.server.advisor.gone(_uid(body))}

    def _observe(self, body: dict[str, Any]) -> dict[str, int]:
        items = body.get("items")
        if not isinstance(items, list):
            raise Refused(HTTPStatus.BAD_REQUEST, "a PodList has items")
        return self.server.advisor.observe(items)

    def _agreement(self, _: Any) -> dict[str, Any]:
        found = self.server.advisor.agreement()
        return {**asdict(found), "rate": found.rate}


def serve(
    advisor: Advisor, *, host: str = "127.0.0.1", port: int = 8765, largest: int = LARGEST, token: str = ""
) -> Extender:
    """A server that is bound to its port; the caller runs ``serve_forever`` and ``server_close``.

    Args:
        token: what callers must bear; "" for none.

    Raises:
        SchedulingError: the token is short, or is no plain text (kind "token").
        OSError: the port is taken.
    """
    if token and (
        len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token
    ):
        raise SchedulingError(
            f"a token is {SHORTEST_TOKEN} or more printable ASCII characters without a space", kind="token"
        )
    return Extender((host, port), advisor, largest=largest, token=token)


def _nodes(body: dict[str, Any]) -> list[str]:
    """Names of the candidate nodes, in the order given."""
    if not isinstance(body.get("pod"), dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "Pod is missing")
    names = body.get("nodenames")
    if names is None:
        listed = body.get("nodes")
        items = listed.get("items") if isinstance(listed, dict) else None
        if not isinstance(items, list):
            raise Refused(HTTPStatus.BAD_REQUEST, "Nodes or NodeNames is missing")
        names = [_node_name(node) for node in items]
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise Refused(HTTPStatus.BAD_REQUEST, "a node has no name")
    if len(names) > MOST_NODES:
        raise Refused(HTTPStatus.BAD_REQUEST, f"more than {MOST_NODES:,} nodes")
    return names


def _node_name(node: Any) -> Any:
    meta = node.get("metadata") if isinstance(node, dict) else None
    return meta.get("name") if isinstance(meta, dict) else None


def _uid(body: dict[str, Any]) -> str:
    """The pod's uid, or else namespace and name, as the advice knows it."""
    uid, name, space = (body.get(key) for key in ("poduid", "podname", "podnamespace"))
    if isinstance(uid, str) and uid:
        return uid[:253]
    if isinstance(name, str) and name:
        return f"{space if isinstance(space, str) and space else 'default'}/{name}"[:507]
    raise Refused(HTTPStatus.BAD_REQUEST, "PodUID or PodName is missing")
