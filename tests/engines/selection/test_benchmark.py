"""The benchmark's simulation: what it measures is what the engine does."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import selection
from langqiao.engines.selection.calibration import Review, calibrate


def test_the_vectorised_estimate_is_the_engines():
    generator = np.random.default_rng(5)
    design = selection.draw_design(generator, 3)
    quality = 5.8 * generator.standard_normal((3, 37))
    bias = 4.0 * generator.standard_normal((3, 20))
    scores = (
        quality[:, :, None]
        + 3.7 * generator.standard_normal((3, 37, 5))
        + selection.of_reviewers(design, bias)
    )
    estimates, errors = selection.calibrated(design, scores)
    for row in range(3):
        reviews = [
            Review(f"{item:02}", f"{design.reviewer[row, item, turn]:02}", float(scores[row, item, turn]))
            for item in range(37)
            for turn in range(5)
        ]
        found = sorted(calibrate(reviews).items, key=lambda one: one.item)
        # Half as many angles: no difference that a list of scores would show.
        assert estimates[row] == pytest.approx([one.calibrated for one in found], abs=0.01)
        assert errors[row] == pytest.approx([one.error for one in found], abs=0.01)


def test_every_item_has_five_reviewers_and_loads_are_even():
    design = selection.draw_design(np.random.default_rng(1), 50)
    assert all(len(set(item)) == 5 for round_ in design.reviewer for item in round_)
    assert set(np.unique(design.loads)) == {9.0, 10.0}


def test_the_simulation_recovers_what_the_best_column_does():
    report = selection.simulate(600, seed=2)
    # A tenth is the promise; a standard error of 600 replications is 0.04, of paired differences 0.02.
    assert max(report["behind_best"].values()) <= 0.1
    for level in report["coverage"].values():
        assert level == pytest.approx(0.95, abs=0.015)
    assert report["recovered"]["z-score"]["0"] == report["recovered"]["z-score"]["9"]
    assert report["recovered"]["raw mean"]["9"] < report["recovered"]["calibrated"]["9"] - 1


def test_the_command_prints_tables_and_json(capsys):
    assert selection.main(["--replications", "20", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["replications"] == 20
    assert {row["places"] for row in report["choice"]} == {12, 300}
    assert all(row["milliseconds"]["median"] > 0 for row in report["choice"])
    assert selection.main(["--replications", "20"]) == 0
    assert "calibrated" in capsys.readouterr().out


def test_one_replication_has_no_standard_error():
    with pytest.raises(SystemExit):
        selection.main(["--replications", "1"])
