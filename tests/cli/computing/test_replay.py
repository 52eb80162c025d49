"""``langqiao computing replay`` on small files."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from langqiao.cli.computing import computing_app
from langqiao.engines.scheduling.replay import replay
from langqiao.engines.scheduling.traces import read_nodes, read_tasks

NODES = "sn,cpu_milli,memory_mib,gpu,model\n" + "".join(f"n{i},32000,65536,4,A\n" for i in range(6))
PODS = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\n" + "".join(
    f"p{i:02d},{1000 * (1 + i % 4)},1024,1,{100 + 45 * i}\n" for i in range(20)
)
KEYS = {"policy", "seed", "allocation_pct", "fragment_pct", "placed", "failed", "seconds", "us_per_placement"}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "nodes.csv").write_text(NODES)
    (tmp_path / "pods.csv").write_text(PODS)
    return ["replay", "--nodes", str(tmp_path / "nodes.csv"), "--pods", str(tmp_path / "pods.csv")]


def run(*arguments: str):
    return CliRunner().invoke(computing_app, list(arguments))


def test_one_run_is_one_object(files):
    told = run(*files, "--policy", "fgd", "--arrival", "1.3", "--seed", "42", "--json")
    assert told.exit_code == 0, told.output
    facts = json.loads(told.stdout)
    assert set(facts) == KEYS
    assert facts["placed"] + facts["failed"] > 20
    again = json.loads(run(*files, "--policy", "fgd", "--seed", "42", "--json").stdout)
    assert {name: again[name] for name in KEYS - {"seconds", "us_per_placement"}} == {
        name: facts[name] for name in KEYS - {"seconds", "us_per_placement"}
    }


def test_several_runs_and_their_means_and_pictures(files, tmp_path):
    told = run(
        *files, "--policy", "bestfit,fgd", "--seed", "1-2,5", "--json", "--plot", str(tmp_path / "plots")
    )
    assert told.exit_code == 0, told.output
    facts = json.loads(told.stdout)
    assert [(one["policy"], one["seed"]) for one in facts["runs"]] == [
        (policy, seed) for policy in ("bestfit", "fgd") for seed in (1, 2, 5)
    ]
    mean = sum(one["allocation_pct"] for one in facts["runs"][:3]) / 3
    assert facts["policies"][0]["allocation_pct"] == pytest.approx(mean, abs=1e-3)
    for name in ("allocation", "fragment"):
        picture = ET.fromstring((tmp_path / "plots" / f"{name}.svg").read_text())
        assert len(picture.findall(".//{http://www.w3.org/2000/svg}polyline")) == 2


def test_several_orders_of_the_nodes_for_each_seed(files, tmp_path):
    told = run(*files, "--policy", "packing", "--seed", "1-2", "--orders", "3", "--json")
    assert told.exit_code == 0, told.output
    facts = json.loads(told.stdout)
    assert [(one["seed"], one["order"]) for one in facts["runs"]] == [
        (seed, order) for seed in (1, 2) for order in range(3)
    ]
    nodes, tasks = read_nodes(tmp_path / "nodes.csv"), read_tasks(tmp_path / "pods.csv")
    theirs = [
        replay(nodes, tasks, policy="packing", seed=seed, node_order=1_000 * order + seed).allocation_pct
        for seed in (1, 2)
        for order in range(3)
    ]
    assert [one["allocation_pct"] for one in facts["runs"]] == pytest.approx(theirs, abs=1e-4)
    single = json.loads(run(*files, "--policy", "packing", "--seed", "1", "--json").stdout)
    assert single["allocation_pct"] == facts["runs"][0]["allocation_pct"]
    assert facts["policies"][0]["runs"] == 6


def test_a_table_for_people(files):
    told = run(*files, "--policy", "packing", "--seed", "3,4")
    assert told.exit_code == 0
    assert "packing" in told.stdout


@pytest.mark.parametrize(
    ("more", "code", "why"),
    [
        (["--policy", "best"], 1, "no policy best"),
        (["--arrival", "0"], 1, "arrival"),
        (["--arrival", "0.0001"], 1, "too little for any task"),
        (["--seed", "1-5000", "--orders", "3"], 2, "--orders"),
        (["--seed", "x"], 2, "--seed"),
        (["--seed", "9-1"], 2, "--seed"),
        (["--seed", "0-99999999"], 2, "--seed"),
        (["--format", "no"], 1, "no trace format"),
    ],
)
def test_what_is_wrong_is_one_line(files, more, code, why):
    told = run(*files, *more)
    assert told.exit_code == code
    assert why in told.stderr
    assert "Traceback" not in told.output


def test_the_trace_that_is_not_there(files, tmp_path):
    told = run(*files[:-1], str(tmp_path / "none.csv"))
    assert told.exit_code == 1
    assert "none.csv" in told.stderr.replace("\n", "")
