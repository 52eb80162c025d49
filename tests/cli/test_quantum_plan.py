"""``langqiao quantum plan``."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from langqiao.cli.quantum import quantum_app

run = CliRunner().invoke


@pytest.fixture
def demands(tmp_path):
    path = tmp_path / "demands.json"
    rows = [
        {"id": "影片", "source": "松江", "target": "合肥", "bps": 9000},
        {"id": "grid", "source": "huzhou", "target": "jinhua", "bps": 100, "two_paths": True},
    ]
    path.write_text(json.dumps(rows), "utf-8")
    return str(path)


def test_json(demands):
    found = run(quantum_app, ["plan", "nine-cities", "--demands", demands, "--json"])
    assert found.exit_code == 0
    values = json.loads(found.stdout)
    assert [row["id"] for row in values["demands"]] == ["影片", "grid"]
    assert [row["reason"]["code"] for row in values["unmet"]] == ["capacity", "no_disjoint"]
    assert values["unmet"][1]["reason"]["nodes"] == ["hangzhou"]
    assert values["bottlenecks"] == ["wuhu-xuancheng"]
    assert max(row["percent"] for row in values["links"]) == pytest.approx(100)


def test_what_ifs(demands):
    options = ["--cut", "宣城-芜湖", "--span", "hangzhou-wuhu=240", "--equipment", "b", "--json"]
    found = run(quantum_app, ["plan", "nine-cities", "--demands", demands, *options])
    values = json.loads(found.stdout)
    assert values["demands"][0]["met"]
    assert values["demands"][0]["routes"][0]["nodes"][0][-3:] == ["hangzhou", "wuhu", "hefei"]
    found = run(quantum_app, ["plan", "nine-cities", "--demands", demands, "--cut", "huzhou", "--json"])
    assert json.loads(found.stdout)["unmet"][0]["reason"]["code"] == "no_route"


def test_tables_and_advice(demands):
    found = run(
        quantum_app, ["plan", "nine-cities", "--demands", demands, "--advise"], env={"COLUMNS": "160"}
    )
    assert found.exit_code == 0
    assert "示例" in found.stdout
    assert "没有两条不相交的路线" in found.stdout
    assert "扩容建议" in found.stdout
    values = json.loads(
        run(quantum_app, ["plan", "nine-cities", "--demands", demands, "--advise", "--json"]).stdout
    )
    assert values["upgrades"][0]["gain"] > 0


@pytest.mark.parametrize(
    "given",
    [
        ["--cut", "a-b-c"], ["--cut", "paris"], ["--cut", "jinhua-hefei"], ["--span", "jinhua-hefei=x"],
        ["--span", "jinhua-hefei=-4"], ["--policy", "best"], ["--overhead", "-1"], ["--equipment", "z"],
    ],
)  # fmt: skip
def test_refusals_are_one_line(demands, given):
    found = run(quantum_app, ["plan", "nine-cities", "--demands", demands, *given])
    assert found.exit_code == 2
    assert found.stderr.startswith("✗")
    assert "Traceback" not in found.output


def test_files_that_are_not_there(tmp_path, demands):
    assert run(quantum_app, ["plan", str(tmp_path / "n.toml"), "--demands", demands]).exit_code == 2
    assert run(quantum_app, ["plan", "nine-cities", "--demands", str(tmp_path / "d.json")]).exit_code == 2
