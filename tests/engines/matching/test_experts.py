from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from langqiao.engines.matching.experts import (
    Evidence,
    Expert,
    ExpertRanker,
    Order,
    RankedExpert,
    TopicSpace,
    Work,
    breadth,
    fuse,
    group_hits,
    rank_by_hits,
    ranking_loss,
    standardise,
    strength,
    terms,
)

ZHOU = Expert(
    "zhou",
    (
        Work("z1", "锂离子电池硅碳负极材料", "研究硅碳负极的体积膨胀与循环寿命。"),
        Work("z2", "固态电解质界面", "固态锂电池电解质与负极界面的阻抗。"),
        Work("z3", "电池热失控防护", "锂离子电池防爆阀与热失控预警。"),
    ),
)
LIN = Expert(
    "lin",
    (
        Work("l1", "小麦抗病新品种选育", "强筋小麦的轮回选育与抗病鉴定。"),
        Work("l2", "玉米种质资源", "耐密、脱水快的玉米自交系。"),
    ),
)
SMITH = Expert(
    "smith",
    (
        Work("s1", "Matching papers to reviewers", "Assignment of reviewers under conflicts of interest."),
        Work("s2", "Fair division of goods", "Envy-free allocations with indivisible goods."),
    ),
)
PEOPLE = [ZHOU, LIN, SMITH]


class LettersModel:
    """A tiny real encoder: how often each letter a–z occurs. Enough to see that a model takes part."""

    name = "letters"
    dimensions = 26

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.array([[text.lower().count(chr(97 + i)) for i in range(26)] for text in texts], np.float32)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def test_chinese_problems_find_the_person_and_the_works_that_say_so() -> None:
    ranked = ExpertRanker(PEOPLE).rank("如何抑制锂电池硅碳负极的体积膨胀")
    assert ranked[0].key == "zhou"
    assert ranked[0].evidence[0].key == "z1"
    assert ranked[0].works == 3
    assert sum(evidence.share for evidence in ranked[0].evidence) == pytest.approx(1.0)


def test_english_problems_are_stemmed() -> None:
    ranked = ExpertRanker(PEOPLE).rank("assigning a reviewer to each paper")
    assert (ranked[0].key, ranked[0].evidence[0].key) == ("smith", "s1")


def test_a_problem_without_a_known_term_finds_nobody() -> None:
    assert ExpertRanker(PEOPLE).rank("∅ ∅") == []


def test_a_model_is_one_more_signal() -> None:
    ranker = ExpertRanker(PEOPLE, model=LettersModel())
    assert set(ranker.similarities(["x"])) == {"terms", "latent", "model"}
    assert ranker.affinities(["reviewers", "小麦"])["model"].shape == (3, 2)
    assert ranker.rank("zzz") == []  # no letter z in any work: no signal, no order


def test_affinities_tell_each_persons_topics_apart() -> None:
    topics = ["锂离子电池循环寿命", "小麦育种", "peer review assignment"]
    order = fuse(ExpertRanker(PEOPLE, background=topics).affinities(topics), axis=1)
    assert order.argmax(axis=1).tolist() == [0, 1, 2]


def test_people_without_works_take_no_part() -> None:
    ranker = ExpertRanker([*PEOPLE, Expert("new", ())])
    assert [expert.key for expert in ranker.experts] == ["zhou", "lin", "smith"]


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(ValueError, match="share a key"):
        ExpertRanker([ZHOU, ZHOU])
    with pytest.raises(ValueError, match="no expert has a work"):
        ExpertRanker([Expert("new", ())])
    with pytest.raises(ValueError, match="at least 1"):
        ExpertRanker(PEOPLE).rank("锂电池", limit=0)


def test_the_same_texts_give_the_same_ranking_every_time() -> None:
    first, second = (ExpertRanker(PEOPLE).rank("锂电池热失控") for _ in range(2))
    assert first == second


def test_hits_become_people_with_evidence() -> None:
    hits = {"a": [("p1", 4.0), ("p2", 6.0), ("p3", -2.0)], "b": [("p2", 6.0)], "c": [("p9", -1.0)]}
    ranked = rank_by_hits(hits, works={"a": 3, "b": 1, "c": 7})
    first = (6.0 + 4.0 / 2) / math.log(5)
    assert ranked == [
        RankedExpert("b", pytest.approx(6.0 / math.log(3)), 1, 1, (Evidence("p2", 6.0, 1.0),)),
        RankedExpert(
            "a",
            pytest.approx(first),
            2,
            3,
            (Evidence("p2", 6.0, pytest.approx(0.75)), Evidence("p1", 4.0, pytest.approx(0.25))),
        ),
    ]


def test_evidence_and_people_are_cut_to_what_was_asked() -> None:
    hits = {person: [(f"{person}{n}", 9.0 - n) for n in range(6)] for person in "abcd"}
    ranked = rank_by_hits(hits, limit=2, evidence=3)
    assert [expert.key for expert in ranked] == ["a", "b"]  # equal scores: by key
    assert [evidence.key for evidence in ranked[0].evidence] == ["a0", "a1", "a2"]
    assert ranked[0].relevant == 6
    assert sum(evidence.share for evidence in ranked[0].evidence) < 1


def test_an_achievement_found_twice_counts_once() -> None:
    twice = rank_by_hits({"a": [("p", 3.0), ("p", 5.0)]})
    assert twice == rank_by_hits({"a": [("p", 5.0)]})


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        rank_by_hits({"a": [("p", float("nan"))]})
    with pytest.raises(ValueError, match="at least 1"):
        rank_by_hits({}, evidence=0)


def test_hits_are_handed_to_all_their_owners() -> None:
    owners = {"p1": ["a", "b"], "p2": ["b"]}
    grouped = group_hits([("p1", 2.0), ("p2", 1.0), ("p3", 9.0)], owners)
    assert grouped == {"a": [("p1", 2.0)], "b": [("p1", 2.0), ("p2", 1.0)]}


scores = st.lists(st.floats(-5, 20), min_size=1, max_size=12)


@given(scores, st.integers(1, 50))
def test_another_good_work_never_weakens_a_person_of_the_same_size(values: list[float], works: int) -> None:
    size = max(works, len(values) + 1)
    assert strength([*values, 3.0], works=size) >= strength(values, works=size) - 1e-9


@given(scores, st.integers(20, 50))
def test_a_longer_list_of_works_is_no_merit(values: list[float], works: int) -> None:
    assert strength(values, works=works + 10) <= strength(values, works=works)


@given(scores)
def test_breadth_lies_between_worst_and_best_and_above_the_mean(values: list[float]) -> None:
    column = np.array(values)[:, None]
    result = float(breadth(column)[0])
    assert column.mean() - 1e-9 <= result <= column.max() + 1e-9


def test_breadth_weighs_linearly() -> None:
    assert breadth(np.array([[1.0], [4.0], [2.0]]))[0] == pytest.approx((3 * 4 + 2 * 2 + 1) / 6)
    with pytest.raises(ValueError, match="at least one work"):
        breadth(np.zeros((0, 2)))


def test_equal_values_have_no_order_after_standardising() -> None:
    assert standardise(np.array([0.1, 0.1, 0.1])).tolist() == [0.0, 0.0, 0.0]
    assert standardise(np.array([1.0, 3.0])).tolist() == [-1.0, 1.0]


def test_a_model_weighs_as_much_as_the_corpus_signals_together() -> None:
    up, down = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])
    assert fuse({"terms": up, "latent": up, "model": down}).tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="no signal"):
        fuse({})


def test_terms_hold_stems_characters_bigrams_and_longer_words() -> None:
    assert terms("Coatings 氧化铝涂层") == [
        "coat",
        *["氧", "化", "铝", "涂", "层", "氧化", "化铝", "铝涂", "涂层"],
        "氧化铝",
    ]


def test_a_space_finds_the_same_directions_as_a_full_decomposition() -> None:
    generator = np.random.default_rng(3)
    words = [f"{a}{b}term" for a in "bcdfghjk" for b in "aeiou"]
    texts = [" ".join(generator.choice(words[at % 5 :: 5], 30)) for at in range(60)]
    space = TopicSpace(texts, dimensions=4)
    rows = space.lexical(texts)
    dense = rows.toarray()
    _, _, exact = np.linalg.svd(dense - dense.mean(axis=0), full_matrices=False)
    points = (dense - dense.mean(axis=0)) @ exact[:4].T
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    np.testing.assert_allclose(space.latent(rows) @ space.latent(rows).T, points @ points.T, atol=1e-6)


def test_a_space_of_one_text_has_no_direction_but_its_terms() -> None:
    space = TopicSpace(["锂电池"])
    assert space.dimensions == 0
    assert (space.lexical(["锂电池"]) @ space.lexical(["锂电池", "小麦"]).T).toarray().tolist() == [
        [pytest.approx(1.0), 0.0]
    ]
    with pytest.raises(ValueError, match="at least one text"):
        TopicSpace([])
    with pytest.raises(ValueError, match="dimensions"):
        TopicSpace(["锂"], dimensions=0)


def test_an_empty_text_is_nowhere() -> None:
    space = TopicSpace(["锂电池 负极", "小麦 育种", "玉米 种质"])
    assert not space.latent(space.lexical(["", "unseen"])).any()


def test_loss_of_perfect_reversed_and_undecided_orders() -> None:
    assert ranking_loss([Order([5, 3, 1], [3, 2, 1])]) == 0.0
    assert ranking_loss([Order([5, 3, 1], [1, 2, 3])]) == 1.0
    assert ranking_loss([Order([5, 3, 1], [0, 0, 0])]) == 0.5


def test_loss_sums_over_people_before_it_divides() -> None:
    # One pair of difference 4 right, one of difference 1 wrong: 1 of 5 lost, not the mean of 0 and 1.
    assert ranking_loss([Order([5, 1], [2, 1]), Order([3, 2], [1, 2])]) == pytest.approx(0.2)


def test_loss_refuses_what_has_no_order() -> None:
    with pytest.raises(ValueError, match="rated differently"):
        ranking_loss([Order([3, 3], [1, 2])])
    with pytest.raises(ValueError, match="exactly one score"):
        ranking_loss([Order([3, 2], [1])])
    with pytest.raises(ValueError, match="finite"):
        ranking_loss([Order([3, 2], [1, float("nan")])])
