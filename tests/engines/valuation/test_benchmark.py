"""The benchmark runs, and its plain loop agrees with the engine."""

from __future__ import annotations

import json

import pytest

from benchmarks import valuation as benchmark


def test_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(["--draws", "300", "--seeds", "3", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["methods"]["dcf"]["difference"] < 1e-12
    assert report["tree"]["1000"] < report["tree"]["50"] < 0.01
    assert set(report["quantiles"]) == {"P10", "P50", "P90"}
