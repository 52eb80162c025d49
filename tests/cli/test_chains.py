"""``langqiao chains …`` as typed, on a small product graph and on firms' own tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from langqiao.cli.chains import chains_app
from tests.engines.chains.made import write_files

OWN = "企业,产品,占比,城市\n苏州丙公司,手机,1,苏州\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(chains_app, [str(argument) for argument in arguments])


def printed(*arguments: object) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    graph = tmp_path / "graph"
    graph.mkdir()
    return write_files(graph)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_import_accounts_for_every_row_and_keeps_the_links(folder: Path, own: Path, tmp_path: Path) -> None:
    saved = tmp_path / "kept.gz"
    found = printed("import", folder, "--own", own, "--save", saved)
    assert found["counts"] == {
        "firms": 3, "firms_in_the_nine_cities": 3, "industries": 2, "relations": 6, "rows": 4, "linked": 3,
    }  # fmt: skip
    assert [count["read"] for count in found["reports"][0]["files"]] == [2, 2, 2, 3, 1, 2, 6]
    kept = printed("gaps", saved, "--product", "芯片")
    fresh = printed("gaps", folder, "--own", own, "--product", "芯片")
    assert kept | {"milliseconds": 0} == fresh | {"milliseconds": 0}
    assert "company.tsv" in run("import", folder).output


def test_link_says_how_sure(folder: Path) -> None:
    found = printed("link", folder, "存储芯片业务", "分部间抵销")
    assert (found[0]["linked"], found[0]["candidates"][0]["node"]) == (True, "存储芯片")
    assert found[1] == {"name": "分部间抵销", "linked": False, "candidates": []}
    assert "存储芯片" in run("link", folder, "存储芯片").output


def test_gaps_map_and_failure_of_a_chain(folder: Path, own: Path) -> None:
    gaps = printed("gaps", folder, "--own", own, "--industry", "半导体")
    assert {gap["product"] for gap in gaps["missing"]} == {"光刻胶", "硅料"}
    assert gaps["cities"][0] == "310117"
    local = printed("gaps", folder, "--product", "芯片", "--city", "苏州")
    assert "硅片" in {gap["product"] for gap in local["missing"]}
    drawn = printed("map", folder, "--product", "芯片", "--most", "20")
    assert {node["label"] for node in drawn["nodes"]} == {"芯片", "硅片", "硅料", "光刻胶", "手机"}
    failed = printed("failure", folder, "--own", own, "--firm", "乙科技")
    assert [loss["product"] for loss in failed["lost"]] == ["硅片"]
    assert {one["product"] for one in failed["touched"]} == {"芯片", "手机"}
    assert [lead["firm"] for lead in printed("failure", folder)] == ["300001", "688002"]


def test_own_tables_need_no_graph(own: Path) -> None:
    gaps = printed("gaps", own)
    assert (gaps["products"], gaps["made"], gaps["firms"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gaps", "{folder}", "--product", "不存在"], "没有产品“不存在”"),
        (["gaps", "{folder}", "--industry", "不存在"], "没有行业“不存在”"),
        (["gaps", "{folder}", "--product", "芯片", "--city", "北京"], "不是九城之一"),
        (["failure", "{folder}", "--firm", "不存在"], "没有企业“不存在”"),
        (["gaps", "{folder}/nothing"], "nothing"),
        (["map", "{bad}"], "bad.csv 第 2 行“占比”列"),
    ],
)
def test_refusals_are_one_line(folder: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("企业,产品,占比\n甲,车,一半\n", encoding="utf-8")
    done = run(*(argument.format(folder=folder, bad=bad) for argument in arguments))
    assert done.exit_code == 1
    assert said in done.output.replace("\n", "")
    assert "Traceback" not in done.output


def test_tables_are_for_people(folder: Path) -> None:
    for command in (["gaps"], ["map"], ["failure", "--firm", "300001"]):
        done = run(command[0], folder, *command[1:])
        assert done.exit_code == 0, done.output
        assert "芯片" in done.output
