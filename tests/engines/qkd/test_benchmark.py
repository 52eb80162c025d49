"""The benchmark runs and says what it says it does."""

from __future__ import annotations

import json

from benchmarks.quantum_allocation import METHODS, main


def test_json_has_every_method(capsys):
    main(["--networks", "2", "--nodes", "6", "--demands", "4", "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 2
    for row in rows:
        assert set(row["share"]) == set(row["total"]) == set(row["seconds"]) == {*METHODS, "lp"}
        assert 0.99 <= row["share"]["max-min"] <= 1.0001
        assert 0.99 <= row["total"]["most"] <= 1.0001


def test_table(capsys):
    main(["--networks", "1", "--nodes", "5", "--demands", "3"])
    assert "below widest-shortest 0 times" in capsys.readouterr().out
