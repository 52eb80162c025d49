"""``langqiao computing simulate`` on small files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from langqiao.cli.computing import computing_app

NODES = "sn,cpu_milli,memory_mib,gpu,model\n" + "".join(f"n{i},32000,65536,4,A\n" for i in range(2))
HEAD = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,creation_time,deletion_time,scheduled_time\n"
PODS = HEAD + "".join(f"p{i:02d},1000,1024,1,1000,{10 * i},{10 * i + 300},{10 * i}\n" for i in range(20))
KEYS = {"done", "wait", "completion", "allocation_pct", "jain", "preemptions", "events", "digest", "tenants"}


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "nodes.csv").write_text(NODES)
    (tmp_path / "pods.csv").write_text(PODS)
    return ["simulate", "--nodes", str(tmp_path / "nodes.csv"), "--jobs", str(tmp_path / "pods.csv")]


def run(*arguments: str):
    return CliRunner().invoke(computing_app, list(arguments))


def test_an_outcome_is_one_object_and_the_same_again(files):
    told = run(*files, "--json", "--order", "fair", "--half-life", "600")
    assert told.exit_code == 0, told.output
    facts = json.loads(told.stdout)
    assert set(facts) >= KEYS
    assert "results" not in facts
    assert (facts["jobs"], facts["done"], facts["rejected"]) == (20, 20, 0)
    assert facts["wait"]["p99"] > 0
    assert json.loads(run(*files, "--json", "--order", "fair", "--half-life", "600").stdout) == facts
    assert len(json.loads(run(*files, "--json", "--details").stdout)["results"]) == 20


def test_a_table_for_people(files):
    told = run(*files)
    assert told.exit_code == 0
    assert "JCT" in told.stdout


def test_why_a_job_waits(files):
    told = run(*files, "--until", "150", "--why", "10", "--why", "1")
    facts = json.loads(told.stdout)
    assert facts["at"] == 150
    assert facts["jobs"]["1"][0]["kind"] == "running"
    assert facts["jobs"]["10"][0]["kind"] == "capacity"
    assert run(*files, "--why", "99").exit_code == 1


def test_tenants_and_quotas_of_a_file(files, tmp_path):
    tenants = tmp_path / "tenants.json"
    tenants.write_text(json.dumps({"tenants": [{"name": "default", "gpu": 2, "borrow_gpu": 0}]}))
    facts = json.loads(run(*files, "--tenants", str(tenants), "--json").stdout)
    assert facts["done"] == 20
    assert facts["wait"]["p50"] > json.loads(run(*files, "--json").stdout)["wait"]["p50"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--order", "lifo"], "order"),
        (["--backfill", "all"], "backfill"),
        (["--quota", "always"], "reclaim"),
        (["--grace", "-1"], "grace"),
        (["--pue", "0.5"], "pue"),
        (["--policy", "best"], "policy"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_words(files, more, why):
    told = run(*files, *more)
    assert told.exit_code == 1
    assert why in told.stderr
    assert "Traceback" not in told.output


def test_a_malformed_row_is_named_with_line_and_column(files, tmp_path):
    (tmp_path / "pods.csv").write_text(PODS + "p99,many,1024,1,1000,5,10,5\n")
    told = run(*files)
    assert told.exit_code == 1
    words = " ".join(told.stderr.split())
    assert "22" in words
    assert "cpu_milli" in words
    assert "Traceback" not in told.output


@pytest.mark.parametrize("text", ["{", "[]", '{"tenants": [{"gpu": 1}]}'])
def test_a_file_of_tenants_that_is_none_is_refused(files, tmp_path, text):
    tenants = tmp_path / "tenants.json"
    tenants.write_text(text)
    told = run(*files, "--tenants", str(tenants))
    assert told.exit_code == 1
    assert "tenants.json" in told.stderr.replace("\n", "")


@pytest.mark.slow
def test_ctrl_c_leaves_a_checkpoint_and_the_next_run_ends_as_if_nothing_had_been(files, tmp_path):
    many = HEAD + "".join(
        f"p{i},1000,1024,1,1000,{7 * i % 9973},{7 * i % 9973 + 400},{7 * i % 9973}\n" for i in range(6000)
    )
    (tmp_path / "pods.csv").write_text(many)
    state = tmp_path / "state"
    options = ["--backfill", "easy", "--json"]
    program = str(Path(sys.executable).with_name("langqiao"))
    command = [program, "computing", *files, *options]
    kept = [*command, "--checkpoint", str(state), "--every", "0"]
    process = subprocess.Popen(kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not state.exists():
        pass
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 130, told
    assert str(state) in told.replace("\n", "")
    again = subprocess.run(kept, capture_output=True, text=True, check=True).stdout
    assert again == subprocess.run(command, capture_output=True, text=True, check=True).stdout
