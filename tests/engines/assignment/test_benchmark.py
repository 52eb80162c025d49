from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import assignment as benchmark


def test_every_method_in_a_process_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(["--items", "60", "--reviewers", "40", "--top", "20", "--json"]) == 0
    rows = {row["method"]: row for row in json.loads(capsys.readouterr().out)["speed"]}
    assert rows["ours"]["sum"] == pytest.approx(rows["lp"]["sum"], abs=1e-6)
    assert rows["greedy"]["sum"] <= rows["ours"]["sum"]
    assert all(row["peak_mb"] >= row["before_mb"] > 0 for row in rows.values())


def test_the_published_table_and_the_price_of_chance(shared_data: Path) -> None:
    midl = shared_data / "reviewers" / "midl_scores.npy"
    rows = {row["method"]: row for row in benchmark.table(midl)}
    assert (round(rows["ours"]["sum"], 2), round(rows["ours, load 2–4"]["sum"], 2)) == (201.88, 150.04)
    assert rows["ours, max-min"]["min"] >= 0.9447
    assert rows["ours, max-min"]["sum"] >= 201.7
    assert rows["ours, max-min"]["proven"]
    drawn = benchmark.price(shared_data / "reviewers" / "preflib1.npz", 3, 6, "reviewers")
    assert drawn["price"] == pytest.approx(0.83, abs=0.005)
