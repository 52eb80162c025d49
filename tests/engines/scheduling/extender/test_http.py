"""The extender over real HTTP: Kubernetes' own field names, advice and agreement, restarts, hostile callers."""

import base64
import http.client
import json
import socket
import threading
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.scheduling.cluster import Cluster
from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.extender import Advisor, agreement_of, serve
from langqiao.engines.scheduling.journal import Journal
from langqiao.engines.scheduling.types import Node

NODES = [Node("a", 16000, 65536, 2, "A100"), Node("b", 16000, 65536, 2, "A100"), Node("c", 4000, 8192)]
NAMES = ["a", "b", "c"]


def pod(name, gpu=1, cpu="1", node="", **more):
    resources = {"requests": {"cpu": cpu, "memory": "1Gi"}, "limits": {"nvidia.com/gpu": str(gpu)}}
    made = {
        "metadata": {"name": name, "namespace": "lab", "uid": f"uid-{name}", **more},
        "spec": {"containers": [{"name": "main", "resources": resources}]},
    }
    if node:
        made["spec"]["nodeName"] = node
    return made


class Caller:
    def __init__(self, server):
        self.server = server

    def raw(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            text = answer.read().decode()
            assert "Traceback" not in text
            return answer.status, json.loads(text)
        finally:
            connection.close()

    def post(self, path, body):
        status, answer = self.raw("POST", path, json.dumps(body))
        assert status == 200, answer
        return answer


@contextmanager
def running(path, *, mode="advise", policy="bestfit", largest=1 << 20, nodes=NODES, token=""):
    with Journal(path, patience=1).writing() as writer:
        advisor = Advisor(Cluster(nodes, policy=policy), writer, mode=mode)
        with serve(advisor, port=0, largest=largest, token=token) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield Caller(server)
            finally:
                server.shutdown()
                thread.join()


@pytest.fixture(scope="module")
def caller(tmp_path_factory):
    with running(tmp_path_factory.mktemp("extender") / "record") as found:
        yield found


@pytest.fixture
def record(tmp_path):
    return tmp_path / "record.jsonl"


def test_filter_advises_and_takes_nothing_out(caller):
    names = caller.post("/filter", {"Pod": pod("f1"), "NodeNames": NAMES})
    assert names == {"Nodes": None, "NodeNames": NAMES, "FailedNodes": {}, "Error": ""}
    listed = {"kind": "NodeList", "items": [{"metadata": {"name": name}, "x": 1} for name in NAMES]}
    whole = caller.post("/filter", {"pod": pod("f2"), "nodes": listed})
    assert (whole["Nodes"], whole["NodeNames"]) == (listed, None)


def test_prioritize_gives_ten_to_the_best_and_nought_to_what_does_not_fit(record):
    with running(record) as caller:
        caller.post("/bound", {"PodUID": "other", "Node": "b"})  # nothing is known of it: no change
        caller.post("/observe", {"kind": "PodList", "items": [pod("runs", node="b")]})
        scores = {
            one["Host"]: one["Score"]
            for one in caller.post("/prioritize", {"Pod": pod("p"), "NodeNames": [*NAMES, "x"]})
        }
        assert (scores["b"], scores["c"], scores["x"]) == (10, 0, 0)  # best fit: the fuller node
        assert 1 <= scores["a"] <= 9


def test_only_enforce_takes_nodes_out_and_silent_is_silent(record, tmp_path):
    with running(record, mode="enforce") as caller:
        found = caller.post("/filter", {"Pod": pod("p"), "NodeNames": [*NAMES, "unknown"]})
        assert found["NodeNames"] == ["a", "b", "unknown"]
        assert list(found["FailedNodes"]) == ["c"]
    with running(tmp_path / "silent", mode="silent") as caller:
        found = caller.post("/prioritize", {"Pod": pod("p"), "NodeNames": NAMES})
        assert found == [{"Host": name, "Score": 0} for name in NAMES]


def test_agreement_of_advice_and_binding(record):
    with running(record) as caller:
        for name, node in (("same", "a"), ("equal", "b"), ("worse", "c")):
            caller.post("/filter", {"Pod": pod(name, gpu=0 if name == "worse" else 1), "NodeNames": NAMES})
            if name != "worse":
                found = caller.post(
                    "/bound", {"PodName": name, "PodNamespace": "lab", "PodUID": f"uid-{name}", "Node": node}
                )
                assert found == {"verdict": "same" if name == "same" else "other"}
        assert caller.post("/bound", {"PodUID": "uid-same", "Node": "b"}) == {"verdict": "known"}
        assert caller.post("/bound", {"PodUID": "new", "Node": "a"}) == {"verdict": "unadvised"}
        caller.post("/filter", {"Pod": pod("huge", gpu=9), "NodeNames": NAMES})
        caller.post("/filter", {"Pod": pod("odd", cpu="many"), "NodeNames": NAMES})
        status, told = caller.raw("GET", "/agreement")
        assert status == 200
    expected = {
        "advised": 3, "none": 1, "unread": 1, "same": 1, "equal": 0, "other": 1, "open": 2, "unadvised": 1,
        "misfits": 1, "rate": 0.5,
    }  # fmt: skip
    assert told == expected
    found = agreement_of(Journal(record).facts())
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_node_of_the_same_score_is_no_disagreement(record):
    with running(record) as caller:
        caller.post("/filter", {"Pod": pod("one"), "NodeNames": NAMES})
        caller.post("/filter", {"Pod": pod("one", node="b"), "NodeNames": NAMES})  # bound by now
        assert caller.raw("GET", "/agreement")[1]["equal"] == 1


def test_a_restart_finds_the_same_picture(record):
    with running(record) as caller:
        for name in ("one", "two"):
            caller.post("/filter", {"Pod": pod(name), "NodeNames": NAMES})
            caller.post("/bound", {"PodUID": f"uid-{name}", "Node": "a"})
        caller.post("/filter", {"Pod": pod("late"), "NodeNames": NAMES})
    with record.open("ab") as file:
        file.write(b'{"what":"bou')  # killed in the middle of a write
    with running(record) as caller:
        scores = caller.post("/prioritize", {"Pod": pod("next"), "NodeNames": NAMES})
        assert [one["Score"] for one in scores] == [0, 10, 0]  # both GPUs of a are taken
        assert caller.post("/bound", {"PodUID": "uid-late", "Node": "b"}) == {"verdict": "same"}
        assert caller.post("/gone", {"PodUID": "uid-one"}) == {"known": True}
        assert caller.post("/gone", {"PodUID": "uid-one"}) == {"known": False}
        assert [
            one["Score"] > 0 for one in caller.post("/prioritize", {"Pod": pod("n2"), "NodeNames": NAMES})
        ] == [True, True, False]


def test_observing_all_pods_takes_up_and_gives_back(record):
    with running(record) as caller:
        ended = pod("ended", node="a") | {"status": {"phase": "Succeeded"}}
        items = [pod("one", node="a"), pod("two", node="a"), pod("waits"), ended, {"metadata": {}}]
        assert caller.post("/observe", {"items": items}) == {"bound": 2, "gone": 0, "unread": 1}
        assert caller.post("/observe", {"items": items[1:]}) == {"bound": 0, "gone": 1, "unread": 1}
        assert caller.post("/observe", {"items": []}) == {"bound": 0, "gone": 1, "unread": 0}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (("GET", "/healthz", None, {}), 200),
        (("GET", "/filter", None, {}), 404),
        (("POST", "/bind", "{}", {}), 404),
        (("POST", "/filter", "", {}), 400),
        (("POST", "/filter", "[]", {}), 400),
        (("POST", "/filter", "{" * 100_000, {}), 400),
        (("POST", "/filter", "{}", {}), 400),
        (("POST", "/filter", '{"Pod":{}, "NodeNames":["a"]}', {}), 400),
        (("POST", "/filter", '{"Pod":{"metadata":{"name":"p"}}}', {}), 400),
        (("POST", "/filter", '{"Pod":{"metadata":{"name":"p"}},"NodeNames":[3]}', {}), 400),
        (("POST", "/filter", '{"Pod":{"metadata":{"name":"p"}},"Nodes":{"items":[{}]}}', {}), 400),
        (("POST", "/bound", '{"PodUID":"u"}', {}), 400),
        (("POST", "/bound", '{"Node":"a"}', {}), 400),
        (("POST", "/observe", '{"items":3}', {}), 400),
        (("POST", "/filter", "x" * 1_048_577, {}), 413),
        (("POST", "/filter", "{}", {"Content-Length": "9" * 30}), 413),
        (("POST", "/filter", "{}", {"Content-Length": "-1"}), 411),
        (("POST", "/filter", "0\r\n\r\n", {"Transfer-Encoding": "chunked"}), 411),
    ],
)
def test_what_cannot_be_answered_is_said_without_a_traceback(caller, request_, status):
    found, answer = caller.raw(*request_)
    assert found == status
    assert answer == {"ok": True} if status == 200 else set(answer) == {"error"}


def test_a_caller_that_hangs_up_does_no_harm(caller):
    with socket.create_connection(("127.0.0.1", caller.server.port)) as half:
        half.sendall(b"POST /filter HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    with socket.create_connection(("127.0.0.1", caller.server.port)) as noise:
        noise.sendall(b"\x00\xff\n\n")
    assert caller.raw("GET", "/healthz") == (200, {"ok": True})


def test_callers_at_the_same_time(record):
    answers = []
    with running(record) as caller:

        def ask(number):
            answers.append(
                caller.post("/filter", {"Pod": pod(f"p{number}"), "NodeNames": NAMES})["NodeNames"]
            )

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [NAMES] * 12
    assert agreement_of(Journal(record).facts()).open == 12


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["metadata", "spec", "containers", "resources", "requests", "cpu", "nvidia.com/gpu", "name", "uid", "items", "annotations", "langqiao.example/gpu-milli"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(json_values, json_values, st.sampled_from(["/filter", "/prioritize", "/bound", "/gone", "/observe"]))
@settings(max_examples=80, deadline=None)
def test_any_json_is_answered_in_words(caller, one, other, path):
    body = {"Pod": one, "NodeNames": other, "items": one, "PodUID": other, "Node": one}
    status, answer = caller.raw("POST", path, json.dumps(body))
    assert status in {200, 400}, answer


def test_with_a_token_only_who_bears_it_is_heard(record):
    token = "a-token-of-the-cluster"
    password = base64.b64encode(f"langqiao:{token}".encode()).decode()
    body = json.dumps({"Pod": pod("t1"), "NodeNames": NAMES})
    with running(record, token=token) as caller:

        def asked(header, path="/filter"):
            headers = {"Authorization": header} if header else {}
            method = "GET" if path == "/agreement" else "POST"
            return caller.raw(method, path, body if method == "POST" else None, headers)[0]

        for wrong in ("", "Bearer", f"Bearer {token}x", token, "Basic ???", f"Basic {token}", "Bearer é"):
            assert asked(wrong) == 401, wrong
            assert asked(wrong, "/agreement") == 401
        assert caller.raw("GET", "/healthz")[0] == 200
        assert agreement_of(Journal(record).facts()).advised == 0
        assert asked(f"Bearer {token}") == asked(f"bearer {token}") == asked(f"Basic {password}") == 200
        assert asked(f"Bearer {token}", "/agreement") == 200
    assert token not in record.read_text()


@pytest.mark.parametrize("token", ["short", "with a space in the middle", "密" * 20])
def test_a_token_that_is_none_is_refused(record, token):
    with pytest.raises(SchedulingError, match="printable"), running(record, token=token):
        pass
