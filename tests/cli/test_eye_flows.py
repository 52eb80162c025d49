"""``langqiao eye flows``: show, check, rebuild."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from langqiao.apps.ledger.flows import kept_sums, plain_sums
from langqiao.apps.ledger.models import FlowSum
from langqiao.cli.eye import eye_app
from tests.factories.eye_portal import keys, nine_cities, play, usage

pytestmark = pytest.mark.django_db


def run(*args: str, code: int = 0) -> Result:
    found = CliRunner().invoke(eye_app, ["flows", *args])
    assert found.exit_code == code, found.output
    assert "Traceback" not in found.output
    return found


def test_sums_are_shown_checked_and_made_again() -> None:
    nine_cities()
    play(keys("hefei", "songjiang", 5), keys("hefei", "songjiang", 7), usage("songjiang", "wuhu", 5400))
    shown = json.loads(run("show", "--json").stdout)
    assert (shown["sequence"], shown["head"]) == (3, 3)
    assert [(f["kind"], f["entries"], f["value"], f["unit"]) for f in shown["flows"]] == [
        ("computing", 1, "1.5", "GPU 时"), ("keys", 2, "12", "把"),
    ]  # fmt: skip
    table = run("show", "--kind", "keys", "--city", "hefei", "--period", "month").stdout
    assert "合肥" in table
    assert "12" in table
    assert "全部相符" in run("check").stdout
    FlowSum.objects.filter(kind="keys").update(quantity=1)
    assert "1 项合计与台账不符" in run("check", code=1).stderr
    assert "3 条流动，2 项合计" in run("rebuild").stdout
    assert kept_sums() == plain_sums()


@pytest.mark.parametrize(
    "asked", [("--kind", "water"), ("--period", "someday"), ("--city", "atlantis"), ("--period", "2026-13")]
)
def test_what_is_not_there_is_said(asked: tuple[str, str]) -> None:
    assert run("show", *asked, code=2).stderr.startswith("✗")
