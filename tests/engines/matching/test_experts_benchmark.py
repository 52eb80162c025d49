from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import experts as benchmark

LINE = {
    "participant": "1",
    "papers": [
        {"id": "a", "title": "Graph neural networks", "abstract": "Message passing on graphs.", "year": 2020},
        {
            "id": "b",
            "title": "Molecules as graphs",
            "abstract": "Graph networks for chemistry.",
            "year": 2021,
        },
    ],
    "ratings": [
        {
            "id": "x",
            "title": "Deep graph networks",
            "abstract": "Passing messages.",
            "year": "2019",
            "expertise": "5.0",
        },
        {
            "id": "y",
            "title": "Auctions",
            "abstract": "Mechanisms with money.",
            "year": "2018",
            "expertise": "1.0",
        },
    ],
}


def test_report_of_a_small_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text(json.dumps(LINE) + "\n\n", encoding="utf-8")
    assert benchmark.main(["--data", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["researchers"], report["ratings"], report["pairs"], report["works"]) == (1, 2, 1, 2)
    assert report["loss"] == {"bm25": 0.0, "tfidf": 0.0, "dense": 0.0, "fusion": 0.0}
    assert report["model"] is None


def test_a_line_that_is_no_researcher_is_named(tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text(json.dumps(LINE) + '\n{"participant": "2"}\n', encoding="utf-8")
    with pytest.raises(SystemExit, match=r"people\.jsonl, line 2: not a researcher"):
        benchmark.read(path)


def test_an_unknown_model_is_refused_with_the_ways_to_write_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text(json.dumps(LINE), encoding="utf-8")
    with pytest.raises(SystemExit):
        benchmark.main(["--data", str(path), "--model", "word2vec"])
    assert "use-multilingual" in capsys.readouterr().err


def test_published_benchmark_without_a_pretrained_model(shared_data: Path) -> None:
    report = benchmark.measure(shared_data / "experts" / "dev.jsonl")
    assert (report["researchers"], report["ratings"]) == (29, 239)
    assert report["loss"]["fusion"] <= 0.245
    assert report["loss"]["fusion"] < report["loss"]["tfidf"] < report["loss"]["bm25"]
