"""The benchmark command: its keys, its arithmetic, and that it measures the product's own index."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import matching
from benchmarks.bm25 import Bm25
from benchmarks.corpora import (
    Paper,
    assemble,
    long_texts,
    read_papers,
    read_requirements,
    recombined,
    sentences,
)
from langqiao.engines.matching import tokenise
from tests.factories.matching import make_corpus

MEASURES = {"mrr@10", "recall@10", "discipline@10"}


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    path = tmp_path / "papers.jsonl"
    lines = [
        {
            "id": number,
            "title": document.title,
            "abstract": document.body,
            "keywords": [document.title[:3], "不在文中的词"],
            "discipline": document.fields[0],
        }
        for number, document in enumerate(make_corpus(40))
    ]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    return path


def test_the_json_has_the_agreed_keys(papers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    matching.main(["--docs", str(papers), str(papers), "--queries", str(papers), "--grow", "60", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["documents"] == 60  # forty, given twice, and twenty made up
    assert set(report["tasks"]) == {"title", "keywords", "absent"}
    for task in report["tasks"].values():
        for method in matching.METHODS:
            assert set(task[method]) == MEASURES
            assert all(0.0 <= value <= 1.0 for value in task[method].values())
    assert 0.0 <= report["tasks"]["title"]["related"]["discipline@10"] <= 1.0
    for sort in ("title", "requirement"):
        assert 0.0 < report["query_ms"][sort]["p50"] <= report["query_ms"][sort]["p95"]
    for name in ("build_seconds", "documents_per_second", "disk_mb", "peak_mb"):
        assert report[name] > 0.0


def test_the_table_says_the_same(papers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    matching.main(["--docs", str(papers), "--queries", str(papers)])
    printed = capsys.readouterr().out
    assert "40 documents" in printed
    for method in matching.METHODS:
        assert method in printed


def test_same_abstracts_count_once_and_strangers_are_not_asked() -> None:
    first = Paper("1", "甲", title="题")
    again = Paper("2", "甲", title="题", discipline="化学")
    stranger = Paper("3", "乙", title="别的")
    corpus = assemble([first, again], [first, stranger])
    assert [paper.abstract for paper in corpus.documents] == ["甲"]
    assert corpus.disciplines == ("化学",)
    assert corpus.sought == (0,)


def test_absent_keywords_are_those_that_do_not_stand_in_the_abstract() -> None:
    paper = Paper("1", "研究氧化铝涂层", title="题名", keywords=("氧化铝", "刀具", "ＰＶＤ"))
    tasks = matching.tasks_of(assemble([paper], [paper]))
    assert [asked.text for asked in tasks["keywords"]] == ["氧化铝 刀具 ＰＶＤ"]
    assert [asked.text for asked in tasks["absent"]] == ["刀具 ＰＶＤ"]


def test_tally_counts_ranks_up_to_ten() -> None:
    tally = matching.Tally()
    for rank in (1, 4, 11, None):
        tally.rank(rank)
    tally.share(["a", "b", "a", "a"], "a")
    tally.share(["a"], "")
    assert tally.report() == {"mrr@10": 0.3125, "recall@10": 0.5, "discipline@10": 0.75}


def test_bm25_ranks_the_document_with_the_rarer_word_first() -> None:
    model = Bm25(tokenise.words, ["涂层 刀具", "涂层 晶圆", "涂层 轴承 轴承"])
    scores = model.scores("涂层 晶圆")
    assert int(np.argmax(scores)) == 1
    assert np.allclose(scores[1] - scores[0], np.log1p(2.5 / 1.5) * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 6 / 7)))
    assert not model.scores("未见").any()


def test_reciprocal_rank_fusion() -> None:
    assert matching.join([1, 2, 3], [3, 1]) == [1, 3, 2]


def test_made_up_documents_are_the_same_on_every_run_and_of_real_sentences() -> None:
    papers = [Paper("1", "甲甲。乙乙；丙丙。"), Paper("2", "丁丁。")]
    made = list(recombined(papers, 5))
    assert made == list(recombined(papers, 5))
    known = {"甲甲。", "乙乙；", "丙丙。", "丁丁。"}
    assert all(set(sentences(text)) <= known for text in made)
    assert len(long_texts(papers, 4)) == 4


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"abstract": "甲"}\n{"title": "无摘要"}\n', encoding="utf-8")
    with pytest.raises(SystemExit, match=r"broken\.jsonl:2"):
        list(read_papers(path))


def test_requirements_with_their_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "requirements.csv"
    path.write_text("'1' , '题' , '第一行\\n第二行' \n'2' , 'a' , ''\n", encoding="utf-8")
    assert read_requirements(path) == [("题", "第一行\n第二行"), ("a", "")]


def test_all_requirements_are_read(shared_data: Path) -> None:
    assert len(read_requirements(shared_data / "requirements" / "requirements.csv")) == 371
