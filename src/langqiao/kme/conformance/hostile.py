"""Hostile input: whatever comes, a KME answers in the standard's form, and soon."""

from __future__ import annotations

import json
import ssl
from typing import Final

from langqiao.kme.conformance import shapes
from langqiao.kme.conformance.methods import status_of
from langqiao.kme.conformance.run import Bench, Check
from langqiao.kme.conformance.wire import ENDED, Answer, Wire, keys_path
from langqiao.kme.errors import KmeError

NOT_JSON: Final = (
    b"{",
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"\xff\xfe\x00",
    b'{"number": NaN}',
    b'{"number": 1e400}',
    b'{"number": 1, "number": 2}',
    b'{"number": ' + b"9" * 5000 + b"}",
    b'{"size": -9223372036854775809}',
    b"[" * 30_000,
    b'{"extension_optional": ' + b'[{"a":' * 6_000,
    b'{"number": 1}garbage',
    '{"number": "一"}'.encode("gb18030"),
)
HALVES: Final = (
    b'{"extension_mandatory": [{"\\ud800": 1}]}',
    b'{"extension_mandatory": [{"x": "\\udfff"}]}',
    b'{"additional_slave_SAE_IDs": ["\\ud83d"]}',
    b'{"number": "\\ud800"}',
    b'{"key_IDs": [{"key_ID": "\\ud800"}]}',
    b'{"key_IDs": [{"\\udc00": 1}]}',
)
"""Valid JSON that no UTF-8 can repeat: half a surrogate pair as a name, a value, an SAE ID, a key_ID."""


def _path(bench: Bench, method: str = "enc_keys") -> str:
    return keys_path(bench.target.slave, method)


def _unless_ended(error: KmeError) -> str:
    """A KME refuses by an answer, a TLS alert or by closing the connection; anything else is a fault."""
    return "" if error.kind == ENDED else str(error)


def _bodies(bench: Bench) -> str:
    for body in NOT_JSON:
        answer = bench.master.ask("POST", _path(bench), body)
        if body == b"" and answer.status in (200, 503):
            continue  # an empty body may ask for the defaults
        if fault := shapes.error(answer, 400):
            return f"{body[:40]!r}: {fault}"
    return ""


def _dec_bodies(bench: Bench) -> str:
    for body in NOT_JSON:
        if fault := shapes.error(bench.master.ask("POST", _path(bench, "dec_keys"), body), 400):
            return f"{body[:40]!r}: {fault}"
    return ""


def _halves(bench: Bench) -> str:
    for method in ("enc_keys", "dec_keys"):
        for body in HALVES:
            answer = bench.master.ask("POST", _path(bench, method), body)
            if answer.status != 200 and (fault := shapes.error(answer, 400, 503)):
                return f"{method} {body.decode()}: {fault}"
    return ""


def _queries(bench: Bench) -> str:
    for query in (
        "number=abc",
        "number=",
        "number=1&number=2",
        "number=1e3",
        "size=%00",
        "size=256%20",
        "number=%FF",
        "number=%zz",
        "number=99999999999999999999",
        "number=-1",
        "number=%EF%BC%91",
        "extension_mandatory=x",
    ):
        if fault := shapes.error(bench.master.ask("GET", f"{_path(bench)}?{query}"), 400):
            return f"{query}: {fault}"
    return ""


def _dec_queries(bench: Bench) -> str:
    for query in ("", "?key_ID=", "?key_ID=x", "?key_ID=%00", "?other=1", "?key_ID=a&key_ID=b"):
        if fault := shapes.error(bench.master.ask("GET", _path(bench, "dec_keys") + query), 400):
            return f"{query or 'no query'}: {fault}"
    return ""


def _large_body(bench: Bench) -> str:
    body = json.dumps({"extension_optional": [{"a": "x" * (1 << 20)}]}).encode()
    try:
        answer = bench.master.ask("POST", _path(bench), body)
    except KmeError as error:
        return _unless_ended(error)  # closing the connection on a megabyte is an answer, too
    return "" if answer.status in (200, 400, 413) else f"status {answer.status}"


def _identifiers(bench: Bench) -> str:
    for sae in ("%00", "%FF%FE", "a" * 4000, "..%2F..%2Fetc%2Fpasswd", "%E4%B8%80" * 100, "'%20OR%201=1--"):
        answer = bench.master.ask("GET", f"/api/v1/keys/{sae}/status")
        if answer.status not in (400, 401, 404) or shapes.is_json(answer):
            return f"{sae[:30]}: status {answer.status}, {shapes.is_json(answer) or 'JSON'}"
    return ""


def _verbs(bench: Bench) -> str:
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"):
        answer = bench.master.ask(method, _path(bench))
        if answer.status not in (400, 401, 404, 405, 501):
            return f"{method}: status {answer.status}"
    return ""


def _unknown_path(bench: Bench) -> str:
    for path in ("/", "/api/v1/keys", "/api/v2/keys/x/status", _path(bench, "other_keys")):
        if (answer := bench.master.ask("GET", path)).status not in (400, 401, 404):
            return f"{path}: status {answer.status}"
    return ""


def _malformed_http(bench: Bench) -> str:
    path = _path(bench).encode()
    for data in (
        b"GARBAGE\r\n\r\n",
        b"GET " + path + b" HTTP/9.9\r\n\r\n",
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
    ):
        try:
            answer: Answer = bench.master.raw(data)
        except KmeError as error:
            if fault := _unless_ended(error):
                return f"{data[:30]!r}: {fault}"
            continue  # closed without a word: allowed for what is no HTTP
        if answer.status != 401 and not 400 <= answer.status < 500:
            return f"{data[:30]!r}: status {answer.status}"
        if b"Traceback" in answer.body:
            return f"{data[:30]!r}: a traceback"
    return ""


def _content_type(bench: Bench) -> str:
    answer = bench.master.ask("POST", _path(bench), b"<a/>", kind="application/xml")
    return shapes.error(answer, 400)


def _no_certificate(bench: Bench) -> str:
    context = ssl.create_default_context(cafile=str(bench.target.authority))
    wire = Wire(bench.target.url, context, 5.0)
    try:
        answer = wire.ask("GET", _path(bench, "status"))
    except KmeError as error:
        return _unless_ended(error)
    return "" if answer.status == 401 else f"a client without certificate got {answer.status}"


def _keys_left_alone(bench: Bench) -> str:
    before = status_of(bench)["stored_key_count"]
    for value in ({"size": 257}, {"number": -1}, {"extension_mandatory": [{"conformance_x": 1}]}):
        bench.master.post(_path(bench), value)
    after = status_of(bench)["stored_key_count"]
    return "" if after >= before else f"refused requests cost {before - after} keys"


CHECKS: Final[tuple[tuple[str, str, Check], ...]] = (
    ("4, 5", "Mutual TLS: no client certificate", _no_certificate),
    ("6.6", "Get key: bodies that are no Key request", _bodies),
    ("6.6", "Get key with key IDs: bodies that are no Key IDs", _dec_bodies),
    ("6.6", "bodies with half a surrogate pair", _halves),
    ("6.6", "Get key: hostile queries", _queries),
    ("6.6", "Get key with key IDs: hostile queries", _dec_queries),
    ("6.6", "a body of a mebibyte", _large_body),
    ("6.6", "hostile SAE IDs", _identifiers),
    ("5", "other HTTP methods", _verbs),
    ("5", "other paths", _unknown_path),
    ("5", "malformed HTTP", _malformed_http),
    ("5", "another content type", _content_type),
    ("5.2", "refused requests cost no key", _keys_left_alone),
)
