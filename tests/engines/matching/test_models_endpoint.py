"""The endpoint against a real HTTP server on this machine that speaks the embeddings format."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from langqiao.engines.matching.models import EmbeddingsEndpoint, ModelUnavailable

KEY = "sk-secret-of-this-test"
Answer = tuple[int, dict[str, str], bytes]


class Service:
    """Counts requests; ``script`` holds answers to give before the proper ones."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.script: list[Answer | Callable[[], Answer]] = []
        self.url = ""

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.paths.append(path)
        self.headers.append(headers)
        self.requests.append(json.loads(body))
        if self.script:
            scripted = self.script.pop(0)
            return scripted() if callable(scripted) else scripted
        return 200, {}, proper(self.requests[-1]["input"])


def proper(texts: list[str]) -> bytes:
    """Vectors (length, 1) in the documented format, last first: only "index" tells the order."""
    data = [
        {"object": "embedding", "index": at, "embedding": [float(len(text)), 1.0]}
        for at, text in enumerate(texts)
    ]
    return json.dumps({"object": "list", "data": data[::-1], "model": "m", "usage": {}}).encode()


@pytest.fixture
def service() -> Iterator[Service]:
    served = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, headers, content = served.answer(self.path, dict(self.headers.items()), body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep the test's output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def endpoint(service: Service, pauses: list[float]) -> Iterator[EmbeddingsEndpoint]:
    made = EmbeddingsEndpoint(service.url, "m", key=KEY, batch=2, timeout=5.0, pause=pauses.append)
    yield made
    made.close()


def test_texts_go_in_batches_and_come_back_in_order(service: Service, endpoint: EmbeddingsEndpoint) -> None:
    rows = endpoint.encode(["一", "二二", "", "三三三", "一"])
    expected = np.array([[1, 1], [2, 1], [0, 0], [3, 1], [1, 1]], float)
    expected /= np.maximum(np.linalg.norm(expected, axis=1, keepdims=True), 1e-9)
    np.testing.assert_allclose(rows, expected, rtol=1e-6)
    assert rows.dtype == np.float32
    assert [request["input"] for request in service.requests] == [["一", "二二"], ["三三三"]]
    assert {(r["model"], r["encoding_format"]) for r in service.requests} == {("m", "float")}
    assert set(service.paths) == {"/v1/embeddings"}
    assert service.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_dimensions_are_asked_once(service: Service, endpoint: EmbeddingsEndpoint) -> None:
    assert (endpoint.dimensions, endpoint.dimensions) == (2, 2)
    assert endpoint.encode([" "]).shape == (1, 2)
    assert len(service.requests) == 1


def test_the_full_address_is_taken_as_it_is(service: Service) -> None:
    endpoint = EmbeddingsEndpoint(f"{service.url}/embeddings/", "m", key="")
    assert endpoint.dimensions == 2
    assert service.paths == ["/v1/embeddings"]
    assert "Authorization" not in service.headers[0]
    endpoint.close()


def test_a_busy_service_is_asked_again(
    service: Service, endpoint: EmbeddingsEndpoint, pauses: list[float]
) -> None:
    service.script = [
        (429, {"Retry-After": "7"}, b""),
        (500, {}, b"oops"),
        (503, {"Retry-After": "9999"}, b""),
    ]
    assert endpoint.encode(["一"]).shape == (1, 2)
    assert pauses == [7.0, 1.0, 30.0]


def test_retry_after_may_be_a_date_or_nonsense(
    service: Service, endpoint: EmbeddingsEndpoint, pauses: list[float]
) -> None:
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    service.script = [(429, {"Retry-After": past}, b""), (429, {"Retry-After": "soon"}, b"")]
    endpoint.encode(["一"])
    assert pauses == [0.0, 1.0]


def test_patience_ends(service: Service, endpoint: EmbeddingsEndpoint, pauses: list[float]) -> None:
    service.script = [(500, {}, b"")] * 9
    with pytest.raises(ModelUnavailable, match="试了 4 次仍不可用：状态码 500"):
        endpoint.encode(["一"])
    assert len(service.requests) == 4
    assert pauses == [0.5, 1.0, 2.0]


def test_a_slow_service_runs_into_the_time_out(service: Service, pauses: list[float]) -> None:
    def slow() -> Answer:
        time.sleep(0.6)
        return 200, {}, proper(["一"])

    service.script = [slow, slow]
    endpoint = EmbeddingsEndpoint(service.url, "m", key="", timeout=0.2, attempts=2, pause=pauses.append)
    with pytest.raises(ModelUnavailable, match="ReadTimeout"):
        endpoint.encode(["一"])
    endpoint.close()
    time.sleep(0.8)  # let the server finish its last answer before it is closed


def test_nobody_at_the_address(pauses: list[float]) -> None:
    endpoint = EmbeddingsEndpoint("http://127.0.0.1:1/v1", "m", key="", attempts=2, pause=pauses.append)
    with pytest.raises(ModelUnavailable, match="ConnectError"):
        endpoint.encode(["一"])
    endpoint.close()


@pytest.mark.parametrize(
    "body",
    [
        b"<html>not JSON</html>",
        b"[]",
        b'{"data": []}',
        b'{"data": ["x"]}',
        b'{"data": [{"index": 0}]}',
        b'{"data": [{"index": 3, "embedding": [1.0]}]}',
        b'{"data": [{"index": 0, "embedding": []}]}',
        b'{"data": [{"index": 0, "embedding": ["a", "b"]}]}',
        b'{"data": [{"index": 0, "embedding": [1.0, NaN]}]}',
        b'{"data": [{"index": 0, "embedding": "AAAA"}]}',
    ],
)
def test_an_answer_in_another_format_is_refused(
    body: bytes, service: Service, endpoint: EmbeddingsEndpoint
) -> None:
    service.script = [(200, {}, body)]
    with pytest.raises(ModelUnavailable, match="不符合 /v1/embeddings 格式"):
        endpoint.encode(["一"])
    assert len(service.requests) == 1


def test_vectors_of_unequal_length_are_refused(service: Service, endpoint: EmbeddingsEndpoint) -> None:
    uneven = b'{"data": [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]}'
    service.script = [(200, {}, uneven)]
    with pytest.raises(ModelUnavailable, match="不符合"):
        endpoint.encode(["一", "二"])


def test_a_model_that_changes_its_length_is_noticed(service: Service, endpoint: EmbeddingsEndpoint) -> None:
    endpoint.encode(["一"])
    service.script = [(200, {}, b'{"data": [{"index": 0, "embedding": [1.0, 2.0, 3.0]}]}')]
    with pytest.raises(ModelUnavailable, match="从 2 变为 3"):
        endpoint.encode(["二"])


def test_a_refused_key_names_the_variable_and_never_the_key(
    service: Service, endpoint: EmbeddingsEndpoint
) -> None:
    service.script = [(401, {}, f"bad key {KEY}".encode())]
    with pytest.raises(ModelUnavailable, match="LANGQIAO_EMBEDDINGS_KEY") as refused:
        endpoint.encode(["一"])
    assert KEY not in str(refused.value)
    assert KEY not in repr(endpoint)


def test_the_key_is_taken_from_the_environment_and_not_logged(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LANGQIAO_EMBEDDINGS_KEY", KEY)
    service.script = [(400, {}, f"unknown model; your key was {KEY}".encode())]
    endpoint = EmbeddingsEndpoint(service.url, "m")
    with caplog.at_level(logging.DEBUG), pytest.raises(ModelUnavailable, match="unknown model") as refused:
        endpoint.encode(["一"])
    endpoint.close()
    assert service.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in str(refused.value)
    assert KEY not in caplog.text


def test_redirects_are_not_followed(service: Service, endpoint: EmbeddingsEndpoint) -> None:
    service.script = [(307, {"Location": f"{service.url}/elsewhere"}, b"")]
    with pytest.raises(ModelUnavailable, match="307"):
        endpoint.encode(["一"])
    assert service.paths == ["/v1/embeddings"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://host/v1", "http://"),
        ("host/v1", "http://"),
        ("http://name:word@host/v1", "不要写用户名或密码"),
        ("http://host:port/v1", "地址无效"),
    ],
)
def test_addresses_that_are_none_are_refused(url: str, reason: str) -> None:
    with pytest.raises(ModelUnavailable, match=reason):
        EmbeddingsEndpoint(url, "m", key="")


def test_a_model_must_be_named() -> None:
    with pytest.raises(ModelUnavailable, match="缺少模型名称"):
        EmbeddingsEndpoint("http://host/v1", "", key="")
    with pytest.raises(ValueError, match="timeout"):
        EmbeddingsEndpoint("http://host/v1", "m", key="", timeout=0)
