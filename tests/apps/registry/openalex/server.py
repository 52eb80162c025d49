"""A local server that speaks the documented format of the OpenAlex API, with faults on demand."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Fault = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class State:
    """What the server holds: results by entity, faults to play before answering, requests seen."""

    results: dict[str, list[dict[str, Any]]]
    faults: deque[Fault | None] = field(default_factory=deque)
    requests: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    base: str = ""


def status(code: int, body: bytes = b'{"error": "x", "message": "said why"}', **headers: str) -> Fault:
    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return play


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than is sent, then hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b'{"meta": {"count"')
    handler.wfile.flush()
    handler.close_connection = True


@contextmanager
def serving(**results: list[dict[str, Any]]) -> Iterator[State]:
    state = State(results)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            asked = dict(parse_qsl(address.query))
            state.requests.append((address.path, asked, self.headers["User-Agent"]))
            if state.faults and (fault := state.faults.popleft()):
                fault(self)
                return
            rows = state.results[address.path.strip("/")]
            size = int(asked.get("per_page", 25))
            start = 0 if asked["cursor"] == "*" else int(asked["cursor"].removeprefix("c"))
            page = rows[start : start + size]
            chosen = asked["select"].split(",")
            page = [{name: row[name] for name in chosen if name in row} for row in page]
            # The last full page still gives a cursor; the page after it is empty and gives null.
            following = f"c{start + size}" if page else None
            meta = {"count": len(rows), "db_response_time_ms": 1, "page": None, "per_page": size}
            answer = {"meta": meta | {"next_cursor": following}, "results": page, "group_by": []}
            status(200, json.dumps(answer).encode(), Content_Type="application/json")(self)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def institution(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"https://openalex.org/I{number}", "ror": None, "display_name": f"University {number}",
        "display_name_alternatives": [], "country_code": "CN", "type": "education",
        "homepage_url": "https://example.edu/", "geo": {"city": "Jiaxing", "country_code": "CN"}, **changes,
    }  # fmt: skip


def work(number: int, *, authors: tuple[int, ...] = (1,), at: int = 1, **changes: Any) -> dict[str, Any]:
    home = {key: institution(at)[key] for key in ("id", "ror", "display_name", "country_code", "type")}
    return {
        "id": f"https://openalex.org/W{number}", "doi": None, "display_name": f"Paper <i>{number}</i> &amp; more",
        "publication_date": "2025-03-04", "language": "en", "type": "article",
        "authorships": [
            {
                "author_position": "first", "raw_author_name": f"Author {author}",
                "author": {"id": f"https://openalex.org/A{author}", "display_name": f"Author {author}", "orcid": None},
                "institutions": [home],
            }
            for author in authors
        ],
        "abstract_inverted_index": {"meets": [1], "Gear": [0, 2]},
        "keywords": [{"id": "https://openalex.org/keywords/gear", "display_name": "Gear", "score": 0.5}],
        "primary_topic": {"id": "https://openalex.org/T1", "display_name": "Gears", "field": {"id": "x", "display_name": "Engineering"}},
        **changes,
    }  # fmt: skip
