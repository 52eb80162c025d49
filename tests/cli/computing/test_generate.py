"""``langqiao computing generate``: a file that comes again from the same seed, and one line for what is wrong."""

import json

import pytest
from typer.testing import CliRunner

from langqiao.cli import app
from langqiao.engines.scheduling.traces import read_tasks, write_tasks
from langqiao.engines.scheduling.types import Task


def run(*args, code=0):
    found = CliRunner().invoke(app, ["computing", "generate", *map(str, args)])
    assert found.exit_code == code, found.output
    assert "Traceback" not in found.output
    return found


@pytest.fixture
def like(tmp_path):
    held = [Task(f"t{at}", 1000, 64, 1, 500, submitted=60.0 * at, ended=60.0 * at + 30) for at in range(50)]
    write_tasks(tmp_path / "like.csv", held)
    return tmp_path / "like.csv"


def test_the_same_seed_writes_the_same_file(like, tmp_path):
    one, two, three = (tmp_path / name for name in ("one.csv", "two.csv", "three.csv"))
    told = json.loads(run("--like", like, "--out", one, "--count", 40, "--seed", 3, "--json").stdout)
    assert (told["tasks"], told["part"]) == (40, {"trace": 1.0, "drawn": 1.0})
    assert "40" in run("--like", like, "--out", two, "--count", 40, "--seed", 3).stdout
    run("--like", like, "--out", three, "--count", 40, "--seed", 4)
    assert one.read_bytes() == two.read_bytes() != three.read_bytes()
    assert len(read_tasks(one)) == 40


def test_what_is_wrong_is_one_line(like, tmp_path):
    out = tmp_path / "out.csv"
    assert "--format" in run("--like", like, "--out", out, "--format", "xls", code=2).stderr
    assert "load must be" in run("--like", like, "--out", out, "--load", 0, code=1).stderr
    (tmp_path / "bad.csv").write_text("name,cpu_milli,memory_mib,gpus,gpu_milli\na,x,1,0,0\n")
    said = " ".join(run("--like", tmp_path / "bad.csv", "--out", out, code=1).stderr.split())
    assert "line 2, column cpu_milli" in said
    assert not out.exists()
    run("--like", tmp_path / "none.csv", "--out", out, code=1)
