"""``langqiao computing extender`` as a process of its own, killed and begun anew; ``agreement`` over its record."""

import http.client
import json
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from langqiao.cli import app

POD = {"metadata": {"name": "p", "uid": "u"}, "spec": {"containers": []}}


def started(nodes, record, *more):
    command = "from langqiao.cli import main; main()"
    child = subprocess.Popen(
        [sys.executable, "-c", command, "computing", "extender", "--nodes", nodes, "--record", record, "--port", "0",
         "--policy", "bestfit", *more],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    line = child.stderr.readline()
    assert line.startswith("http://127.0.0.1:"), line + child.stderr.read()
    return child, int(line.split()[0].rsplit(":", 1)[1])


def post(port, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", path, json.dumps(body))
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def run(*args, code=0):
    found = CliRunner().invoke(app, ["computing", *map(str, args)])
    assert found.exit_code == code, found.output
    assert "Traceback" not in found.output
    return found


@pytest.fixture
def nodes(tmp_path):
    path = tmp_path / "nodes.csv"
    path.write_text("sn,cpu_milli,memory_mib,gpu,model\nn1,8000,64,8,A100\nn2,8000,64,0,\n")
    return path


@pytest.mark.slow
def test_killed_and_begun_anew_it_knows_what_it_advised(nodes, tmp_path):
    record = tmp_path / "record"
    child, port = started(nodes, record)
    try:
        assert post(port, "/filter", {"Pod": POD, "NodeNames": ["n1", "n2"]})["NodeNames"] == ["n1", "n2"]
    finally:
        child.kill()
        child.wait()
        child.stderr.close()
    child, port = started(nodes, record)
    try:
        assert post(port, "/bound", {"PodUID": "u", "Node": "n2"})["verdict"] in {"same", "other", "equal"}
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
        assert child.stderr.read() == ""
    finally:
        child.kill()
        child.wait()
        child.stderr.close()
    told = json.loads(run("agreement", record, "--json").stdout)
    assert (told["advised"], told["open"], told["unadvised"]) == (1, 0, 0)
    assert "agreement" in run("agreement", record).stdout


def test_what_is_wrong_is_one_line(nodes, tmp_path):
    assert (
        "--mode"
        in run("extender", "--nodes", nodes, "--record", tmp_path / "r", "--mode", "x", code=2).stderr
    )
    run("extender", "--nodes", nodes, "--record", tmp_path / "r", "--policy", "none", code=1)
    run("agreement", tmp_path / "none", code=1)
    (tmp_path / "bad").write_text("[]\n")
    assert "line 1" in " ".join(run("agreement", tmp_path / "bad", code=1).stderr.split())


def test_a_token_comes_from_a_file_or_the_environment_and_is_not_repeated(nodes, tmp_path, monkeypatch):
    asked = ["extender", "--nodes", nodes, "--record", tmp_path / "r", "--policy", "bestfit"]
    file = tmp_path / "token"
    file.write_text("tooshort\n")
    said = run(*asked, "--token-file", file, code=1).stderr
    assert "16" in said
    assert "tooshort" not in said
    file.write_text("\n")
    assert "no token" in " ".join(run(*asked, "--token-file", file, code=1).stderr.split())
    monkeypatch.setenv("LANGQIAO_EXTENDER_TOKEN", "tooshort")
    assert "16" in run(*asked, code=1).stderr
