"""``langqiao calibrate`` and ``langqiao select``, as typed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from langqiao.cli import app


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


REVIEWS = "申报,专家,得分\n甲,张,90\n甲,李,80\n乙,张,85\n乙,李,73\n丙,张,70\n丙,李,62\n"
CANDIDATES = (
    "编号,得分,城市,产业,经费\na,90,合肥,量子,40\nb,88,合肥,芯片,30\nc,86,合肥,量子,30\n"
    "d,80,苏州,芯片,20\ne,79,苏州,量子,10\nf,70,金华,芯片,10\n"
)


@pytest.fixture
def reviews(tmp_path):
    return write(tmp_path / "reviews.csv", REVIEWS)


@pytest.fixture
def candidates(tmp_path):
    return write(tmp_path / "candidates.csv", CANDIDATES)


def test_calibrate_prints_the_promised_json(reviews):
    done = run("calibrate", reviews, "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert [(row["item"], row["n"], row["raw_mean"], row["rank_raw"]) for row in report["items"]] == [
        ("甲", 2, 85.0, 1), ("乙", 2, 79.0, 2), ("丙", 2, 66.0, 3),
    ]  # fmt: skip
    for row in report["items"]:
        assert row["low"] < row["calibrated"] < row["high"]
        assert row["spread"] > 0
        assert row["rank_calibrated"] == row["rank_raw"]
    strict = {row["reviewer"]: row["severity"] for row in report["reviewers"]}
    assert strict["李"] == pytest.approx(-strict["张"])
    assert strict["李"] > 4
    assert {"n", "low", "high", "spread"} <= report["reviewers"][0].keys()
    assert report["sigma_reviewer"] > report["sigma_error"] > 0
    assert report["notes"] == [{"kind": "same_reviewers", "subjects": []}]
    assert len(report["receipt"]["inputs"]) == 64


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_calibrate_reads_the_encodings_of_office_programs(tmp_path, reviews, encoding):
    other = write(tmp_path / "other.csv", REVIEWS, encoding)
    assert run("calibrate", other, "--json").stdout == run("calibrate", reviews, "--json").stdout


def test_calibrate_reads_english_columns_and_weighted_criteria(tmp_path):
    path = write(
        tmp_path / "r.csv", "Item,Reviewer,novelty,market\na,x,80,60\na,y,90,70\nb,x,70,50\nb,y,60,70\n"
    )
    done = run("calibrate", path, "--weight", "novelty=3", "--weight", "market=1", "--json")
    report = json.loads(done.stdout)
    assert {row["item"]: row["raw_mean"] for row in report["items"]} == {"a": 80.0, "b": 63.75}
    assert set(report["criteria"]) == {"novelty", "market"}


def test_calibrate_prints_tables(reviews):
    done = run("calibrate", reviews)
    assert done.exit_code == 0
    for text in ("原始均分", "校准分", "专家宽严", "全部专家评了全部申报", "SM3"):
        assert text in done.output


def test_select_prints_the_promised_json(candidates):
    done = run("select", candidates, "--places", 3, "--at-least", "city:1", "--margin", 1, "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["chosen"], report["total"], report["top_k_total"]) == (["a", "d", "f"], 240, 264)
    assert report["price_of_balance"] == 24
    [constraint] = report["constraints"]
    assert (constraint["constraint"], constraint["price"]) == ("city>=1", 24)
    assert (constraint["wins"], constraint["loses"]) == (["d", "f"], ["b", "c"])
    assert [row["candidate"] for row in report["near_ties"]] == ["d", "e"]
    assert report["lottery"] is None
    assert report["seconds"] > 0


def test_select_takes_every_kind_of_constraint(candidates):
    done = run(
        "select", candidates, "--places", 3, "--at-least", "city=苏州:1", "--at-most", "city:2", "--at-most",
        "产业=量子:2", "--budget", 80, "--min-score", 75, "--pin", "b", "--bar", "d", "--json",
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["chosen"] == ["a", "b", "e"]
    assert [row["constraint"] for row in report["constraints"]] == [
        "city=苏州>=1", "city<=2", "产业=量子<=2", "budget<=80", "score>=75", "pin:b", "bar:d",
    ]  # fmt: skip


def test_the_lottery_is_repeatable_by_hand(candidates):
    arguments = ("select", candidates, "--places", 2, "--margin", 2, "--lottery", "--seed", "种子", "--json")
    report = json.loads(run(*arguments).stdout)
    drawing = report["lottery"]
    assert drawing["commitment"] == hashlib.new("sm3", "种子".encode()).hexdigest()
    order = [row["candidate"] for row in drawing["tickets"]]
    assert order == sorted(order, key=lambda key: hashlib.new("sm3", f"种子:{key}".encode()).hexdigest())
    assert json.loads(run(*arguments).stdout)["chosen"] == report["chosen"]


def test_a_receipt_is_run_again(candidates, tmp_path):
    first = run(
        "select", candidates, "--places", 3, "--at-least", "city:1", "--lottery", "--seed", "s", "--json"
    )
    receipt = write(tmp_path / "receipt.json", first.stdout)
    again = run("select", candidates, "--rerun", receipt, "--json")
    assert json.loads(again.stdout)["same"] is True
    assert json.loads(again.stdout)["chosen"] == json.loads(first.stdout)["chosen"]
    other = write(tmp_path / "other.csv", CANDIDATES.replace("90", "91"))
    refused = run("select", other, "--rerun", receipt)
    assert refused.exit_code == 1
    assert "receipt" in refused.output
    forged = json.loads(first.stdout)
    forged["receipt"]["result"] = "0" * 64
    assert run("select", candidates, "--rerun", write(receipt, json.dumps(forged))).exit_code == 1


def test_a_conflict_is_explained(candidates):
    done = run("select", candidates, "--places", 2, "--at-least", "city:1", "--json")
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert report["feasible"] is False
    assert {row["constraint"] for row in report["conflict"]} == {"places=2", "city>=1"}
    assert {(row["constraint"], row["to"]) for row in report["mends"]} == {
        ("places=2", 3.0),
        ("city>=1", 0.0),
    }
    shown = run("select", candidates, "--places", 2, "--at-least", "city:1")
    assert "places=2：改为" in shown.output


def test_select_prints_tables(candidates):
    done = run(
        "select", candidates, "--places", 5, "--at-least", "city:2", "--margin", 3, "--lottery", "--seed", "s"
    )
    assert done.exit_code == 0, done.output
    for text in ("均衡的代价", "约束的代价", "近似并列", "抽签", "city=金华 只有 1 个可选"):
        assert text in done.output


@pytest.mark.parametrize(
    ("command", "text", "place"),
    [
        ("calibrate", "申报,专家,得分\n甲,张,90\n甲,李,很好\n", "第 3 行，得分"),
        ("calibrate", "申报,专家,得分\n甲,张,nan\n", "第 2 行，得分"),
        ("calibrate", "申报,专家,得分\n甲,,90\n", "第 2 行，专家"),
        ("calibrate", "申报,专家,得分\n甲,张,90\n甲,张,91\n", "第 3 行，专家"),
        ("calibrate", "申报,评委\n甲,张\n", "第 1 行，score"),
        ("calibrate", "申报,专家,得分\n", "没有数据"),
        ("calibrate", "", "文件是空的"),
        ("select", "编号,得分,城市\na,x,合肥\n", "第 2 行，得分"),
        ("select", "编号,得分,城市\na,1,合肥\na,2,苏州\n", "第 3 行，编号"),
        ("select", "编号,得分,经费,城市\na,1,-3,合肥\n", "第 2 行，经费"),
        ("select", "编号,得分\na,1\n", "第 1 行，city"),
        ("select", '编号,得分,城市\na,"1,合肥\n', "引号"),
    ],
)
def test_a_bad_table_is_one_line_that_names_the_place(tmp_path, command, text, place):
    path = write(tmp_path / "bad.csv", text)
    options = ["--places", "1", "--at-least", "city:1"] if command == "select" else []
    done = run(command, path, *options)
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert done.output.count("✗") == 1
    assert place in done.output.replace("\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["--places", "2", "--at-least", "city"], ["--places", "2", "--at-most", "city=:1"],
        ["--places", "2", "--at-most", ":1"], ["--places", "2", "--at-least", "city:x"], ["--places", "2", "--lottery"],
    ],
)  # fmt: skip
def test_a_wrong_option_ends_with_code_two(candidates, arguments):
    done = run("select", candidates, *arguments)
    assert done.exit_code == 2
    assert "Traceback" not in done.output


@pytest.mark.parametrize("arguments", [["--pin", "zz"], ["--budget", "nan"], ["--rerun", "none.json"]])
def test_a_rule_that_fits_nothing_is_refused(candidates, arguments):
    done = run("select", candidates, "--places", "2", *arguments)
    assert done.exit_code == 1
    assert done.output.count("✗") == 1


def test_calibrate_refuses_a_weight_that_is_none(reviews):
    assert run("calibrate", reviews, "--weight", "得分").exit_code == 2
    assert run("calibrate", reviews, "--weight", "没有=1").exit_code == 1
    assert run("calibrate", reviews, "--level", "2").exit_code == 1


def test_neither_command_starts_django(candidates, tmp_path):
    """Refusals too are said without settings, a database or the app registry."""
    bad = write(tmp_path / "bad.csv", "申报,专家,得分\n甲,张,x\n")
    script = (
        "import sys\nfrom langqiao.cli import app\n"
        f"for arguments in (['calibrate', {str(bad)!r}], ['select', {str(candidates)!r}, '--places', '2']):\n"
        "    try:\n        app(arguments)\n    except SystemExit as done:\n        print('code', done.code)\n"
        "from django.apps import apps\nprint('ready', apps.ready)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.count("code 1") == done.stdout.count("code 0") == 1
    assert "ready False" in done.stdout
    assert "第 2 行，得分" in done.stderr
