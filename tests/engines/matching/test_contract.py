"""What every back end promises. A new one is added to ``BACKENDS`` and must pass without a change here."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from langqiao.engines.matching.backend import MatchingBackend
from langqiao.engines.matching.index import MatchingIndex
from langqiao.engines.matching.memory import MemoryIndex, admits
from langqiao.engines.matching.types import Cancelled, Filters, IndexBusy, Progress, Query
from tests.factories.matching import make_corpus, make_document

BACKENDS: dict[str, Callable[[Path], MatchingBackend]] = {
    "embedded": MatchingIndex.open,
    "memory": lambda _: MemoryIndex(),
}


@pytest.fixture(params=list(BACKENDS))
def index(request: pytest.FixtureRequest, tmp_path: Path) -> MatchingBackend:
    return BACKENDS[request.param](tmp_path / "index")


def keys(hits: object) -> list[str]:
    return [hit.key for hit in hits]  # type: ignore[attr-defined]


def fill(index: MatchingBackend, *documents: object, payload: str = "") -> None:
    with index.writer() as writer:
        writer.add(documents)  # type: ignore[arg-type]
        writer.commit(payload)


def test_an_index_that_nobody_wrote_is_empty(index: MatchingBackend) -> None:
    assert index.count == 0
    assert index.payload == ""
    assert index.search(Query("涂层")).hits == ()
    assert index.search_panels(Query("涂层"), {"a": Filters()})["a"].hits == ()
    assert index.suggest("涂") == ()
    assert index.similar("x") == ()
    assert index.explain(Query("涂层"), "x") is None
    assert index.get("x") is None


def test_what_is_added_is_found_only_after_the_commit(index: MatchingBackend) -> None:
    with index.writer() as writer:
        assert writer.add([make_document()]) == 1
        assert index.search(Query("涂层")).hits == ()
        writer.commit("7")
        assert keys(index.search(Query("涂层")).hits) == ["a:1"]
    assert index.payload == "7"


def test_leaving_without_a_commit_drops_the_changes(index: MatchingBackend) -> None:
    fill(index, make_document(), payload="1")
    with index.writer() as writer:
        writer.add([make_document("a:2")])
        writer.delete(["a:1"])
    assert index.count == 1
    assert index.get("a:1") == make_document()
    assert index.get("a:2") is None
    assert index.payload == "1"


def test_the_same_key_replaces(index: MatchingBackend) -> None:
    fill(index, make_document(title="旧标题", body="光刻胶"))
    fill(index, make_document(title="新标题", body="减速器"))
    assert index.count == 1
    assert index.get("a:1") == make_document(title="新标题", body="减速器")
    assert index.suggest("旧标") == ()
    assert keys(index.suggest("新标")) == ["a:1"]


def test_the_same_key_twice_in_one_commit_keeps_the_last(index: MatchingBackend) -> None:
    fill(index, make_document(body="光刻胶"), make_document(body="减速器"))
    assert index.count == 1
    assert index.get("a:1") == make_document(body="减速器")


def test_deleted_documents_are_gone_everywhere(index: MatchingBackend) -> None:
    fill(index, make_document("a:1"), make_document("a:2"))
    with index.writer() as writer:
        assert writer.delete(["a:1", "unknown"]) == 1
        writer.commit()
    assert index.count == 1
    assert keys(index.search(Query("涂层")).hits) == ["a:2"]
    assert keys(index.suggest("刀具")) == ["a:2"]
    assert index.get("a:1") is None


def test_delete_and_add_again_in_one_commit(index: MatchingBackend) -> None:
    fill(index, make_document())
    with index.writer() as writer:
        writer.delete(["a:1"])
        writer.add([make_document(title="又来了")])
        writer.commit()
    assert index.count == 1
    assert keys(index.suggest("又来")) == ["a:1"]


@pytest.mark.parametrize("key", ["", "\x00manifest"])
def test_a_key_that_cannot_be_kept_is_refused(index: MatchingBackend, key: str) -> None:
    with index.writer() as writer, pytest.raises(ValueError, match="键值"):
        writer.add([make_document(key)])


def test_a_document_comes_back_as_it_was_given(index: MatchingBackend) -> None:
    document = make_document(
        keywords=("碳化钛", "PVD"),
        cities=("shanghai", "suzhou"),
        fields=("machines",),
        stages=("pilot",),
        trl=4,
        year=2024,
        licence="CC-BY-4.0",
        tags=("owner:12", "line\u2028break"),
    )
    fill(index, document)
    assert index.get("a:1") == document


def test_the_title_alone_the_keywords_alone_and_the_body_alone_find(index: MatchingBackend) -> None:
    fill(
        index,
        make_document("t", title="光刻胶", body="甲"),
        make_document("k", title="乙", body="丙", keywords=("减速器",)),
        make_document("b", title="丁", body="热失控"),
    )
    assert keys(index.search(Query("光刻胶"), limit=1).hits) == ["t"]
    assert keys(index.search(Query("减速器"), limit=1).hits) == ["k"]
    assert keys(index.search(Query("热失控"), limit=1).hits) == ["b"]


def test_english_words_are_found_in_any_form(index: MatchingBackend) -> None:
    fill(
        index,
        make_document("e", title="Coatings for cutting tools", body="We deposited hard coatings."),
        make_document("o", title="Batteries", body="Storage of energy"),
    )
    assert keys(index.search(Query("coated tool"), limit=1).hits) == ["e"]
    assert keys(index.search(Query("battery"), limit=1).hits) == ["o"]


FILTERS = [
    Filters(),
    Filters(kinds=("expert",)),
    Filters(cities=("suzhou",)),
    Filters(cities=("suzhou", "shanghai"), fields=("chips",)),
    Filters(fields=("energy",), trl_min=3),
    Filters(trl_max=4),
    Filters(year_min=2005, year_max=2010),
    Filters(kinds=("nothing",)),
    Filters(excluded_keys=("d:1", "d:2", "d:3")),
]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_filters_come_before_ranking(index: MatchingBackend, filters: Filters) -> None:
    corpus = make_corpus(60)
    fill(index, *corpus)
    expected = {document.key for document in corpus if admits(filters, document)}
    result = index.search(Query("锂电池与光刻胶的焊接机器人"), filters, limit=100)
    assert set(keys(result.hits)) == expected  # a filter after ranking would have cut some off
    assert result.total == len(expected)


def test_a_page_continues_where_the_one_before_ended(index: MatchingBackend) -> None:
    fill(index, *make_corpus(40))
    query = Query("锂电池储能")
    whole = keys(index.search(query, limit=20).hits)
    assert (
        keys(index.search(query, limit=10).hits) + keys(index.search(query, limit=10, offset=10).hits)
        == whole
    )


def test_scores_fall_and_are_the_sum_of_their_parts(index: MatchingBackend) -> None:
    fill(index, *make_corpus(40))
    query = Query("锂电池储能", place={"suzhou": 1.0}, stage={"pilot": 1.0})
    hits = index.search(query, limit=40).hits
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        assert math.isclose(
            hit.score, hit.parts.words + hit.parts.meaning + hit.parts.place + hit.parts.stage
        )
        assert math.isfinite(hit.score)


def test_nearness_and_fit_decide_between_equals(index: MatchingBackend) -> None:
    fill(
        index,
        make_document("far", cities=("hefei",), stages=("mass",)),
        make_document("near", cities=("suzhou",), stages=("mass",)),
        make_document("fit", cities=("suzhou",), stages=("pilot",)),
        make_document("other", title="光刻胶", body="晶圆"),
    )
    query = Query("刀具涂层", place={"suzhou": 1.0, "hefei": 0.2}, stage={"pilot": 1.0})
    hits = index.search(query).hits
    assert keys(hits)[:3] == ["fit", "near", "far"]
    assert hits[0].parts.place == hits[1].parts.place > hits[2].parts.place > 0.0
    assert hits[0].parts.stage > hits[1].parts.stage == 0.0


def test_bonuses_are_bounded(index: MatchingBackend) -> None:
    fill(index, make_document(cities=("suzhou",)))
    hit = index.search(Query("刀具涂层", place={"suzhou": 1e9})).hits[0]
    assert 0.0 < hit.parts.place <= 1.0


def test_the_words_that_made_it_stand_in_query_and_document(index: MatchingBackend) -> None:
    fill(
        index,
        make_document(title="刀具涂层的耐磨性能", body="Hard coatings for tools"),
        make_document("b", body="无关"),
    )
    hit = index.search(Query("提高刀具涂层的耐磨性能，hard Coating")).hits[0]
    found = [term.text for term in hit.terms]
    assert any("刀具涂层" in text for text in found), found
    assert "Coating" in found or "hard Coating" in found, found  # as the user wrote it, not the stem
    assert all(0.0 < term.weight <= 1.0 for term in hit.terms)
    assert sum(term.weight for term in hit.terms) <= 1.0 + 1e-6


def test_explain_says_what_search_said(index: MatchingBackend) -> None:
    fill(index, *make_corpus(30))
    query = Query("锂电池储能")
    for hit in index.search(query, limit=5).hits:
        explained = index.explain(query, hit.key)
        assert explained is not None
        assert math.isclose(explained.score, hit.score, rel_tol=1e-4)
        assert explained.terms == hit.terms
    assert index.explain(query, "unknown") is None


def test_panels_answer_like_single_searches(index: MatchingBackend) -> None:
    fill(index, *make_corpus(40))
    query = Query("光刻胶刻蚀")
    panels = {"technology": Filters(kinds=("achievement",)), "talent": Filters(kinds=("expert",))}
    found = index.search_panels(query, panels, limit=5)
    assert set(found) == set(panels)
    for name, filters in panels.items():
        assert keys(found[name].hits) == keys(index.search(query, filters, limit=5).hits)


def test_related_work_is_a_list_of_its_own(index: MatchingBackend) -> None:
    fill(index, *make_corpus(40))
    result = index.search(Query("光刻胶刻蚀"), limit=3, related=7)
    assert len(result.hits) == 3
    assert len(result.related) == 7
    panels = index.search_panels(Query("光刻胶"), {"a": Filters(), "b": Filters()}, related={"a": 2})
    assert (len(panels["a"].related), len(panels["b"].related)) == (2, 0)


def test_similar_leaves_the_document_itself_out(index: MatchingBackend) -> None:
    fill(
        index,
        make_document("a"),
        make_document("b", title="刀具涂层工艺"),
        make_document("c", title="光刻胶", body="晶圆"),
    )
    assert keys(index.similar("a", limit=1)) == ["b"]
    assert "a" not in keys(index.similar("a"))
    assert keys(index.similar("a", Filters(excluded_keys=("b",)), limit=1)) == ["c"]


def test_suggestions_follow_the_typing(index: MatchingBackend) -> None:
    fill(
        index,
        make_document("1", title="氮化硼涂层"),
        make_document("2", title="氮化镓 Power devices", kind="expert"),
        make_document("3", title="光刻胶"),
    )
    assert set(keys(index.suggest("氮"))) == {"1", "2"}
    assert keys(index.suggest("氮化硼")) == ["1"]
    assert keys(index.suggest("pow")) == ["2"]
    assert keys(index.suggest("Power dev")) == ["2"]
    assert keys(index.suggest("氮", Filters(kinds=("expert",)))) == ["2"]
    assert index.suggest("") == ()
    assert len(index.suggest("氮", limit=1)) == 1


@pytest.mark.parametrize(
    "text", ["", " ", "，。", "的", "\x00", "🙂", "a" * 5000, "锂" * 3000, "未见之词xyzzy"]
)
def test_odd_queries_are_answered(index: MatchingBackend, text: str) -> None:
    fill(index, *make_corpus(20))
    for hit in index.search(Query(text)).hits:
        assert math.isfinite(hit.score)
    index.suggest(text)


def test_a_document_without_text_does_no_harm(index: MatchingBackend) -> None:
    fill(index, make_document("empty", title="", body=""), make_document("a:1"))
    assert keys(index.search(Query("涂层"), limit=1).hits) == ["a:1"]
    assert index.get("empty") == make_document("empty", title="", body="")


def test_a_second_writer_waits_and_then_gives_up(index: MatchingBackend) -> None:
    with index.writer(), pytest.raises(IndexBusy, match="稍后再试"), index.writer(timeout=0.1):
        pass
    with index.writer(timeout=1.0) as writer:
        writer.add([make_document()])
        writer.commit()
    assert index.count == 1


@pytest.mark.parametrize("count", [0, 1, 5])
def test_rebuild_of_next_to_nothing(index: MatchingBackend, count: int) -> None:
    fill(index, make_document("old"), payload="1")
    index.rebuild(make_corpus(count), payload="2")
    assert index.count == count
    assert index.payload == "2"
    assert index.get("old") is None
    assert len(index.search(Query("锂电池")).hits) == count


def test_rebuild_reports_progress_and_can_be_stopped(index: MatchingBackend) -> None:
    fill(index, make_document("old"), payload="1")
    seen: list[Progress] = []
    index.rebuild(make_corpus(10), payload="2", progress=seen.append)
    assert seen
    assert seen[-1].done == seen[-1].total
    with pytest.raises(Cancelled):
        index.rebuild(make_corpus(300), payload="3", cancelled=lambda: True)
    assert (index.count, index.payload) == (10, "2")
    assert index.search(Query("锂电池")).hits
