"""``langqiao computing plan``: a campus file or a stored campus, what-ifs, one line for what is wrong."""

import json
import sys
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from langqiao.apps.computing.models import Assumption
from langqiao.cli import app
from tests.factories.computing import make_building, make_campus, make_hall, make_rack, make_server

ASSUMPTIONS = {
    "rack_kw": (10, 10, 10),
    "gpus_per_rack": (8, 8, 8),
    "spare_pct": (0, 0, 10),
    "fit_out_months": (0, 0, 0),
    "slip_months": (0, 0, 0),
    "pue": (1.2, 1.25, 1.3),
}


def run(*args, code=0):
    found = CliRunner().invoke(app, ["computing", "plan", *map(str, args)])
    assert found.exit_code == code, found.output
    assert "Traceback" not in found.output
    return found


@pytest.fixture
def campus(tmp_path):
    path = tmp_path / "campus.json"
    values = {
        "name": "示例园区",
        "assumptions": {
            key: dict(zip(("low", "middle", "high"), three, strict=True))
            for key, three in ASSUMPTIONS.items()
        },
        "buildings": [
            {
                "name": "1",
                "delivered": "2023-05-01",
                "halls": [{"name": "A", "racks": 10, "power_kw": 100, "cooling_kw": 90}],
            },
            {"name": "2", "planned": "2027-03-01", "racks": 20},
        ],
        "tenants": [{"name": "示例租户", "gpus": 30, "from": "2027-01"}],
    }
    path.write_text(json.dumps(values, ensure_ascii=False), "utf-8")
    return path


def test_a_plan_in_words_and_as_json(campus):
    words = run(campus, "--start", "2027-01", "--months", 4).stdout
    assert "2027-03" in words
    assert "制冷 cooling" in words
    assert "rack_kw 10–10–10 kW" in words
    args = ("--slip", "2=1", "--derate", "1/A=20", "--tenant", "新=64@2027-03")
    values = json.loads(run(campus, "--start", "2027-01", "--months", 4, *args, "--json").stdout)
    # 9 racks by cooling, 7 once it is derated; 20 racks more in April in place of March.
    assert [row["capacity"]["middle"] for row in values["base"]] == [72, 72, 232, 232]
    assert [row["capacity"]["middle"] for row in values["months"]] == [56, 56, 56, 216]
    assert [row["headroom"]["low"] for row in values["months"]] == [20, 20, -44, 100]
    assert values["arrivals"][0]["verdict"] == "no"
    assert values["arrivals"][0]["earliest"]["middle"] == "2027-04"
    assert "新 64 GPU @ 2027-03：不能 no" in run(campus, "--start", "2027-01", *args).stdout


def wide(campus):
    """The campus with figures of many digits and a hall that holds more than it carries."""
    values = json.loads(campus.read_text("utf-8"))
    values["assumptions"]["rack_kw"] = {"low": 5, "middle": 10, "high": 20}
    values["buildings"][0]["halls"][0] |= {"installed_gpus": 500}
    values["buildings"][1]["racks"] = 123_456
    campus.write_text(json.dumps(values, ensure_ascii=False), "utf-8")
    return campus


def test_no_figure_is_cut_in_a_pipe(campus, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    args = ("--start", "2027-01", "--months", 4, "--slip", "2=1")
    found = run(wide(campus), *args).stdout
    assert "…" not in found
    (row,) = [line for line in found.splitlines() if line.startswith("2027-04")]
    # 123,456 racks of 8, and the hall by its cooling: 4 racks in the low case, 9 in the middle, 144 of the
    # installed GPUs in the high; a tenth less in the low case.
    assert row.split("│")[1].strip() == "888912–987720–987792"
    remark = next(line for line in found.splitlines() if "不计入 / more GPUs installed" in line)
    assert remark.endswith("：1/A")


def test_no_figure_is_cut_in_a_narrow_terminal(campus, monkeypatch):
    screen = Console(file=StringIO(), force_terminal=True, width=60, color_system=None)
    monkeypatch.setattr(sys.modules["langqiao.cli.computing.plan"], "out", screen)
    run(wide(campus), "--start", "2027-01", "--months", 4)
    shown = screen.file.getvalue()
    assert "…" not in shown
    assert "987792" in shown
    assert max(cell_len(line) for line in shown.splitlines()) <= 60


def test_what_is_wrong_is_one_line(campus, tmp_path):
    assert "--campus" in run(code=2).stderr
    assert "cannot be read" in run(tmp_path / "none.json", code=1).stderr
    (tmp_path / "bad.json").write_text("{", "utf-8")
    assert "is not JSON" in run(tmp_path / "bad.json", code=1).stderr
    assert "no building 9" in run(campus, "--slip", "9=1", code=1).stderr
    assert "write BUILDING=MONTHS" in run(campus, "--slip", "9", code=1).stderr
    assert "write YYYY-MM" in run(campus, "--start", "soon", code=1).stderr


@pytest.mark.django_db
def test_a_stored_campus(db):
    campus = make_campus()
    hall = make_hall(make_building(campus, number=1), name="A", racks=10, power_kw=100, cooling_kw=100)
    make_server(make_rack(hall), gpus=8)
    assert "assumption" in run("--campus", campus.pk, code=1).stderr
    for key, (low, middle, high) in ASSUMPTIONS.items():
        Assumption.objects.create(
            campus=campus, key=key, name=key, low=low, middle=middle, high=high, why="示例"
        )
    values = json.loads(run("--campus", campus.pk, "--months", 1, "--json").stdout)
    assert values["campus"] == campus.name
    assert values["months"][0]["capacity"] == {"low": 72, "middle": 80, "high": 80}
    assert values["halls"][0]["installed_gpus"] == 8
    assert "there is no campus" in run("--campus", 10**30, code=1).stderr
