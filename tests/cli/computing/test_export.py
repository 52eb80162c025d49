"""``langqiao computing export``: files for Kueue and Slurm, and one line for what is wrong."""

import json

import pytest
from typer.testing import CliRunner

from langqiao.cli import app


def run(*args, code=0):
    found = CliRunner().invoke(app, ["computing", "export", *map(str, args)])
    assert found.exit_code == code, found.output
    assert "Traceback" not in found.output
    return found


@pytest.fixture
def tenants(tmp_path):
    path = tmp_path / "tenants.csv"
    path.write_text("tenant,city,gpu_milli\nlab,songjiang,4000\n")
    return path


def test_kueue_and_slurm(tenants, tmp_path):
    nodes = tmp_path / "nodes.csv"
    nodes.write_text("sn,cpu_milli,memory_mib,gpu,model\nn1,8000,64,8,A100\n")
    documents = run("kueue", "--tenants", tenants, "--nodes", nodes).stdout.split("---\n")[1:]
    assert {json.loads(document)["kind"] for document in documents} >= {
        "ClusterQueue",
        "Cohort",
        "LocalQueue",
    }
    run("slurm", "--tenants", tenants, "--out", tmp_path / "slurm.txt")
    assert "Account - 'lab'" in (tmp_path / "slurm.txt").read_text()


def test_what_is_wrong_is_one_line(tenants):
    assert "give the nodes" in run("kueue", "--tenants", tenants, code=1).stderr
    assert "slurm" in run("pbs", "--tenants", tenants, code=2).stderr
    run("slurm", "--tenants", tenants.parent / "none.csv", code=1)
