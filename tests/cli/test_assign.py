"""``langqiao assign``: files in, figures out, and one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from langqiao.cli import app


def run(*args: Any, code: int = 0) -> Any:
    found = CliRunner().invoke(app, ["assign", *map(str, args)])
    assert found.exit_code == code, found.output
    assert "Traceback" not in found.output
    return found


def facts(*args: Any) -> dict[str, Any]:
    return json.loads(run(*args, "--json").stdout)


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    path = tmp_path / "scores.npy"
    np.save(path, np.array([[3.0, 2.0, 1.0], [1.0, 3.0, 2.0]]))
    return path


def test_the_figures_of_each_method(scores: Path) -> None:
    best = facts(scores, "--per-item", 1, "--max-load", 1)
    assert (best["sum"], best["min"], best["unfilled"], best["loads"]) == (6.0, 3.0, 0, {"min": 0, "max": 1})
    assert best["peak_mb"] > 0
    assert facts(scores, "--per-item", 1, "--max-load", 1, "--fair")["min"] == 3.0
    drawn = facts(scores, "--per-item", 1, "--max-load", 1, "--randomise", 0.5, "--seed", 4)
    assert (drawn["seed"], drawn["optimum"]) == (4, 6.0)
    assert drawn == facts(scores, "--per-item", 1, "--max-load", 1, "--randomise", 0.5, "--seed", 4) | {
        "seconds": drawn["seconds"], "peak_mb": drawn["peak_mb"],
    }  # fmt: skip


def test_an_infeasible_case_names_items_and_remedies(scores: Path) -> None:
    found = facts(scores, "--per-item", 3, "--max-load", 1)
    assert (found["unfilled"], found["unfilled_items"]) == (3, [0, 1])
    assert found["diagnosis"]["remedies"][0] == {"what": "load", "size": 1, "attribute": ""}
    assert "would mend it" in run(scores, "--per-item", 3, "--max-load", 1).output


def test_tables_with_names_and_triples(tmp_path: Path) -> None:
    dense = tmp_path / "dense.csv"
    dense.write_text("申报,甲,乙\n一,1,5\n二,4,\n", "gb18030")
    pairs = tmp_path / "pairs.csv"
    found = facts(dense, "--per-item", 1, "--max-load", 1, "--out", pairs)
    assert found["sum"] == 9.0
    assert pairs.read_text("utf-8-sig").splitlines() == ["item,reviewer,score", "一,乙,5.0", "二,甲,4.0"]
    triples = tmp_path / "triples.csv"
    triples.write_text("item,reviewer,score\na,x,1\na,y,2\nb,x,3\n")
    assert facts(triples, "--per-item", 1, "--max-load", 1)["sum"] == 5.0


def test_loads_covers_and_conflicts_from_files(tmp_path: Path, scores: Path) -> None:
    for name, values in (("loads", [1, 0, 1]), ("covers", [1, 1]), ("mask", [[1, 0, 0], [0, 0, 0]])):
        np.save(tmp_path / f"{name}.npy", np.array(values))
    found = facts(
        scores, "--loads", tmp_path / "loads.npy", "--covers", tmp_path / "covers.npy",
        "--conflicts", tmp_path / "mask.npy",
    )  # fmt: skip
    assert (found["sum"], found["unfilled"]) == (2.0, 0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"item,reviewer,score\na,x,many\n", "row 2, column 3"),
        ("b.csv", b"i,x,y\na,1,2\nb,1\n", "row 3 has 2 columns"),
        ("c.csv", b"item,reviewer,score\na,x,1\na,x,2\n", "row 3 repeats"),
        ("d.csv", b"", "empty"),
        ("e.npy", b"nothing of numpy", "no .npy or .npz"),
        ("f.npz", b"PK broken", "no .npy or .npz"),
        ("g.csv", b"i,x\na,inf\n", "infinite"),
        ("h.csv", b"\xff\xfe\x00\xff", "UTF-8"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert words in run(path, code=1).output.replace("\n", " ")


def test_options_that_contradict_each_other(scores: Path, tmp_path: Path) -> None:
    run(scores, "--fair", "--randomise", 0.5, code=2)
    assert "cap" in run(scores, "--randomise", 2, code=1).output
    assert "min_load" in run(scores, "--min-load", 9, "--max-load", 2, code=1).output
    run(tmp_path / "nowhere.npy", code=1)
