"""The choice against every set of small fields, and its promises on larger ones."""

from __future__ import annotations

import math
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.selection import SelectionError
from langqiao.engines.selection.choice import (
    AtLeast,
    AtMost,
    Bar,
    Budget,
    Candidate,
    Choice,
    Conflict,
    Gate,
    Pin,
    Places,
    Remark,
    choose,
    rerun,
    rule_as_dict,
    rule_from_dict,
)
from langqiao.engines.selection.choice import solver as solver_module
from langqiao.engines.selection.plain import choice_as_dict, receipt_as_dict, receipt_from_dict
from tests.engines.selection import oracle

choose_module = import_module("langqiao.engines.selection.choice.choose")  # the function has the same name

HAND = [
    Candidate("a", 90, attributes={"city": "hefei"}, cost=40),
    Candidate("b", 88, attributes={"city": "hefei"}, cost=30),
    Candidate("c", 86, attributes={"city": "hefei"}, cost=30),
    Candidate("d", 80, attributes={"city": "suzhou"}, cost=20),
    Candidate("e", 79, attributes={"city": "suzhou"}, cost=10),
    Candidate("f", 70, attributes={"city": "jinhua"}, cost=10),
]


def field(size, seed, *, cities=9, industries=6, decimals=2):
    rng = np.random.default_rng(seed)
    return [
        Candidate(
            f"c{at:04}",
            round(float(rng.normal(75, 6)), decimals),
            cost=float(rng.integers(20, 60)),
            attributes={
                "city": f"city{rng.integers(cities)}",
                "industry": f"field{rng.integers(industries)}",
            },
        )
        for at in range(size)
    ]


def test_a_choice_worked_by_hand():
    found = choose(HAND, places=3, rules=[AtLeast("city", 1)], margin=1.0)
    assert found.chosen == ("a", "d", "f")  # 240 instead of 264
    assert (found.total, found.unconstrained, found.unconstrained_total) == (240, ("a", "b", "c"), 264)
    assert found.price_of_balance == 24
    assert (found.wins, found.loses) == (("d", "f"), ("b", "c"))
    [price] = found.prices
    assert (price.price, price.wins, price.loses) == (24, ("d", "f"), ("b", "c"))
    # Without Jinhua's place 90 + 88 + 80 are chosen, without Suzhou's 90 + 88 + 70.
    assert price.parts == {"jinhua": 18, "suzhou": 8}
    near = {standing.candidate: standing for standing in found.standings}
    # d goes for e; a for b; f is the only one of its city and cannot go.
    assert {key: standing.margin for key, standing in near.items()} == {
        "a": 2, "b": 2, "c": 4, "d": 1, "e": 1, "f": None,
    }  # fmt: skip
    assert (near["e"].leaves, near["e"].enters, near["e"].reasons) == (("d",), ("e",), ("margin",))
    assert [standing.candidate for standing in found.near_ties] == ["d", "e"]


def test_prices_of_several_rules_by_hand():
    found = choose(HAND, places=3, rules=[AtMost("city", 2), Budget(80), Bar("f")])
    # a + b + e = 257 at 80; with 90 to spend a + b + d = 258; without the quota b + c + e no better; a + b + c is 100.
    assert found.chosen == ("a", "b", "e")
    assert [price.price for price in found.prices] == [0, 1, 0]
    assert found.prices[1].wins == ("e",)
    assert found.prices[1].loses == ("d",)
    assert found.price_of_balance == 7


def test_a_city_without_an_eligible_candidate_is_said_and_not_asked_for():
    rules = [AtLeast("city", 2, among=("anqing",)), Gate(75)]
    found = choose(HAND, places=4, rules=rules)
    assert found.chosen == ("a", "b", "d", "e")
    assert found.remarks == (
        Remark("short", "city", "anqing", 0),
        Remark("short", "city", "jinhua", 0),
    )


def test_candidates_without_the_attribute_are_named_and_not_counted():
    free = [Candidate("g", 99), Candidate("h", 98)]
    found = choose([*HAND, *free], places=4, rules=[AtMost("city", 1)])
    assert found.chosen == ("g", "h", "a", "d")
    assert found.remarks == (Remark("unnamed", "city", subjects=("g", "h")),)


def test_equal_sets_are_settled_by_identifier_and_named():
    level = [Candidate(key, 80, attributes={"city": city}) for key, city in zip("dbca", "xxyy", strict=True)]
    found = choose(level, places=2, rules=[AtMost("city", 1)])
    assert sorted(found.chosen) == ["a", "b"]
    assert found.remarks == (Remark("tied", subjects=("a", "b", "c", "d")),)
    assert all(standing.margin == 0 for standing in found.standings)
    assert choose(level[::-1], places=2, rules=[AtMost("city", 1)]) == found


def test_those_who_are_tied_do_not_seem_to_win_or_lose():
    level = [Candidate(f"t{at}", 80, attributes={"city": "x"}) for at in range(6)]
    level += [Candidate("far", 60, attributes={"city": "y"})]
    found = choose(level, places=3, rules=[AtLeast("city", 1)])
    assert found.chosen == ("t0", "t1", "far")
    assert (found.prices[0].wins, len(found.prices[0].loses)) == (("far",), 1)
    assert (found.wins, found.loses) == (("far",), ("t2",))


def test_intervals_name_near_ties():
    near = [
        Candidate("a", 80, 77, 83),
        Candidate("b", 76, 73, 79),
        Candidate("c", 75, 72, 78),
        Candidate("d", 60, 59, 61),
    ]
    found = choose(near, places=1)
    # a − b is 4 and its interval ± √(9 + 9); a − c is 5 and outside.
    assert [(s.candidate, s.margin, s.reasons) for s in found.standings] == [
        ("a", 4, ("interval",)), ("b", 4, ("interval",)), ("c", 5, ()), ("d", 20, ()),
    ]  # fmt: skip


def test_a_conflict_is_minimal_and_says_what_would_mend_it():
    rules = [AtLeast("city", 1), AtMost("city", 2), AtLeast("city", 3, "suzhou"), Pin("a"), Bar("f")]
    found = choose(HAND, places=3, rules=rules)
    assert isinstance(found, Conflict)
    # Only two candidates are in Suzhou: that rule fails alone, and two are no remedy, since a and city >= 1 hold.
    assert found.rules == (AtLeast("city", 3, "suzhou"),)
    assert [(mend.rule.text, mend.to) for mend in found.mends] == [("city=suzhou>=3", 2)]


@pytest.mark.parametrize(
    ("places", "rules", "conflict", "mends"),
    [
        (2, [AtLeast("city", 1)], ["places=2", "city>=1"], [3, 0]),
        (7, [], ["places=7"], [6]),
        (3, [Pin("a"), Bar("a")], ["pin:a", "bar:a"], [None, None]),
        (3, [Budget(30)], ["places=3", "budget<=30"], [2, 40]),
        (2, [Gate(89)], ["places=2", "score>=89"], [1, 88]),
        (4, [AtMost("city", 1)], ["places=4", "city<=1"], [3, 2]),
        (2, [Pin("f"), Gate(75)], ["score>=75", "pin:f"], [70, None]),
        (
            3,
            [AtMost("city", 1, "hefei"), Pin("a"), Pin("b")],
            ["city=hefei<=1", "pin:a", "pin:b"],
            [2, None, None],
        ),
    ],
)
def test_conflicts_and_their_remedies(places, rules, conflict, mends):
    found = choose(HAND, places=places, rules=rules)
    assert isinstance(found, Conflict)
    assert sorted(rule.text for rule in found.rules) == sorted(conflict)
    by_rule = {mend.rule.text: mend.to for mend in found.mends}
    assert by_rule == dict(zip(conflict, mends, strict=True))


def test_two_independent_conflicts_have_no_single_remedy():
    found = choose(HAND, places=3, rules=[Pin("a"), Bar("a"), Pin("b"), Bar("b")])
    assert len(found.rules) == 2
    assert found.mends == ()


candidates = st.lists(
    st.builds(
        Candidate,
        id=st.uuids().map(lambda key: key.hex[:6]),
        score=st.one_of(st.integers(60, 66).map(float), st.integers(600, 700).map(lambda n: n / 10)),
        cost=st.integers(1, 9).map(float),
        attributes=st.fixed_dictionaries(
            {"city": st.sampled_from("xyz")}, optional={"kind": st.sampled_from("pq")}
        ),
    ),
    min_size=2,
    max_size=8,
    unique_by=lambda candidate: candidate.id,
)
rule_lists = st.lists(
    st.one_of(
        st.builds(AtLeast, st.just("city"), st.integers(0, 3), st.sampled_from([None, "x", "y"])),
        st.builds(AtMost, st.just("city"), st.integers(0, 3), st.sampled_from([None, "x", "z"])),
        st.builds(AtLeast, st.just("kind"), st.integers(0, 2), st.sampled_from([None, "p"])),
        st.builds(AtMost, st.just("kind"), st.integers(0, 3), st.sampled_from([None, "q"])),
        st.builds(Budget, st.integers(3, 30).map(float)),
        st.builds(Gate, st.integers(60, 66).map(float)),
    ),
    max_size=4,
    unique=True,
)


@settings(deadline=None, max_examples=80)
@given(people=candidates, rules=rule_lists, places=st.integers(0, 5), data=st.data())
def test_choices_agree_with_trying_every_set(people, rules, places, data):
    ids = [person.id for person in people]
    if data.draw(st.booleans(), label="pin"):
        rules = [*rules, Pin(data.draw(st.sampled_from(ids)))]
    if data.draw(st.booleans(), label="bar"):
        rules = [*rules, Bar(data.draw(st.sampled_from(ids)))]
    check(people, places, rules)


def check(people, places, rules):
    found = choose(people, places=places, rules=rules, margin=1.0)
    every = [Places(places), *rules]
    most, first = oracle.best(people, every, rules)
    if most is None:
        assert isinstance(found, Conflict)
        assert not any(True for _ in oracle.feasible(people, found.rules, rules))
        for left_out in found.rules:
            rest = [rule for rule in found.rules if rule is not left_out]
            assert any(True for _ in oracle.feasible(people, rest, rules))
        return
    assert isinstance(found, Choice)
    assert sorted(found.chosen) == first
    assert round(1e6 * found.total) == most
    for rule, price in zip(rules, found.prices, strict=True):
        without = [other for other in every if other is not rule]
        better = oracle.best(people, without, rules)[0]
        assert round(1e6 * price.price) == better - most >= 0
        assert len(price.wins) == len(price.loses)
        other = [p for p in people if p.id in ({*found.chosen} - {*price.wins}) | {*price.loses}]
        assert oracle.total(other) == better
    for standing in found.standings:
        flipped = [*every, Bar(standing.candidate) if standing.chosen else Pin(standing.candidate)]
        other = oracle.best(people, flipped, rules)[0]
        assert standing.chosen == (standing.candidate in found.chosen)
        assert standing.margin == (None if other is None else (most - other) / 1e6)
        if other is not None:
            after = ({*found.chosen} - {*standing.leaves}) | {*standing.enters}
            chosen = [person for person in people if person.id in after]
            assert oracle.total(chosen) == other
            assert all(oracle.keeps(rule, chosen, people, rules) for rule in flipped)


@pytest.mark.parametrize("cities", ["xyx", "yxx", "xxy"])
@pytest.mark.parametrize("scores", [(60, 60, 61), (60, 61, 60), (61, 60, 60)])
def test_the_last_place_of_an_exchange_keeps_the_quota(cities, scores):
    people = [
        Candidate(key, float(score), cost=1.0, attributes={"city": city})
        for key, score, city in zip(("e3e706", "f728b4", "eb1167"), scores, cities, strict=True)
    ]
    check(people, 2, [AtLeast("city", 1, "y")])


def test_a_quota_after_rules_without_rows_is_counted_in_its_own_place():
    """The rule's number, 3, is not below the number of rows, 3: an array of that size would be overrun."""
    figures = [
        ("e3e706", 60, 2, "q"), ("f728b4", 60, 1, ""), ("eb1167", 60, 1, ""), ("f7c1bd", 60, 1, ""),
        ("e443df", 60, 1, ""), ("23a771", 60, 1, "p"), ("1846d4", 60, 1, "q"), ("fcbd04", 61, 9, "p"),
    ]  # fmt: skip
    people = [
        Candidate(key, float(score), cost=float(cost), attributes={"kind": kind})
        for key, score, cost, kind in figures
    ]
    check(people, 2, [Budget(10.0), Gate(60.0), AtLeast("kind", 1)])


def test_branch_and_bound_gives_the_same_where_the_search_is_cut_short(monkeypatch):
    rules = [AtLeast("city", 1), AtMost("industry", 4), Budget(470)]
    people = field(37, 1)
    expected = choose(people, places=12, rules=rules)
    monkeypatch.setattr(solver_module, "STEPS", 5)
    found = choose(people, places=12, rules=rules)
    assert (found.chosen, found.prices) == (expected.chosen, expected.prices)
    assert [s.margin for s in found.standings] == pytest.approx(
        [s.margin for s in expected.standings], abs=1e-5
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_large_field_is_exact_near_the_line_and_bounded_beyond(monkeypatch, seed):
    people = field(60, seed)
    rules = [AtLeast("city", 1), AtMost("city", 4), Budget(600)]
    exact = {s.candidate: s.margin for s in choose(people, places=18, rules=rules, margin=0.5).standings}
    monkeypatch.setattr(choose_module, "NEAREST", 5)
    found = choose(people, places=18, rules=rules, margin=0.5)
    bounded = [standing for standing in found.standings if not standing.exact]
    assert bounded
    for standing in found.standings:
        if standing.exact:
            assert standing.margin == exact[standing.candidate]
        else:
            assert (
                0.5
                < standing.margin
                <= (math.inf if exact[standing.candidate] is None else exact[standing.candidate])
            )
    assert {s.candidate for s in found.near_ties} == {
        key for key, margin in exact.items() if margin is not None and margin <= 0.5
    }


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 10**6), places=st.integers(8, 16))
def test_a_real_sized_choice_keeps_its_promises(seed, places):
    people = field(37, seed)
    rules = [AtLeast("city", 1), AtMost("city", 4), AtMost("industry", 5), Budget(45.0 * places)]
    found = choose(people, places=places, rules=rules, margin=0.3)
    if isinstance(found, Conflict):
        assert found.rules
        return
    chosen = [person for person in people if person.id in found.chosen]
    assert len(chosen) == places
    assert all(oracle.keeps(rule, chosen, people, rules) for rule in rules)
    assert all(price.price >= 0 for price in found.prices)
    assert found.price_of_balance >= max((price.price for price in found.prices), default=0)
    shuffled = list(people)
    np.random.default_rng(seed).shuffle(shuffled)
    assert choose(shuffled, places=places, rules=rules, margin=0.3) == found
    for rule in rules:
        fewer = choose(people, places=places, rules=[other for other in rules if other is not rule])
        assert fewer.total >= found.total
        assert next(p.price for p in found.prices if p.rule is rule) == pytest.approx(
            fewer.total - found.total
        )


def test_a_receipt_runs_again_to_the_same_result():
    people = field(20, 3)
    rules = [AtLeast("city", 1), AtMost("industry", 4), Budget(400), Gate(60), Pin(people[0].id)]
    found = choose(people, places=10, rules=rules, margin=0.5)
    receipt = receipt_from_dict(receipt_as_dict(found.receipt))
    assert receipt == found.receipt
    assert rerun(receipt, people[::-1]) == found
    changed = [
        Candidate(p.id, p.score + (p is people[3]), cost=p.cost, attributes=p.attributes) for p in people
    ]
    with pytest.raises(SelectionError, match="not those of the receipt"):
        rerun(receipt, changed)
    with pytest.raises(SelectionError):
        rerun(receipt_from_dict(receipt_as_dict(found.receipt) | {"parameters": {}}), people)
    with pytest.raises(SelectionError):
        rerun(receipt_from_dict(receipt_as_dict(found.receipt) | {"method": "other"}), people)
    with pytest.raises(SelectionError):
        receipt_from_dict({"method": 1})


def test_a_conflict_has_a_receipt_too():
    found = choose(HAND, places=2, rules=[AtLeast("city", 1)])
    assert rerun(found.receipt, HAND) == found
    assert choice_as_dict(found)["feasible"] is False


@pytest.mark.parametrize(
    ("people", "options"),
    [
        ([], {}),
        ([Candidate("a", 1), Candidate("a", 2)], {}),
        ([Candidate("a", math.nan)], {}),
        ([Candidate("a", math.inf)], {}),
        ([Candidate("a", 1e7)], {}),
        ([Candidate("a", 1, cost=-1)], {}),
        ([Candidate("a", 1, weight=0)], {}),
        ([Candidate("a", 1, low=2, high=1)], {}),
        ([Candidate("a", 1, low=2)], {}),
        ([Candidate("a", 1)], {"rules": [Pin("b")]}),
        ([Candidate("a", 1)], {"rules": [AtLeast("city", -1)]}),
        ([Candidate("a", 1)], {"rules": [AtMost("city", 1.5)]}),
        ([Candidate("a", 1)], {"rules": [AtMost("city", 10**20)]}),
        ([Candidate("a", 1)], {"rules": [Budget(math.nan)]}),
        ([Candidate("a", 1)], {"rules": [AtMost("city", 1), AtMost("city", 1)]}),
        ([Candidate("a", 1)], {"rules": [Places(1)]}),
        ([Candidate("a", 1)], {"margin": -1}),
        ([Candidate("a", 1)], {"margin": math.nan}),
        ([Candidate("a", 1)], {"places": -1}),
        ([Candidate("a", 1)], {"places": True}),
    ],
)
def test_what_cannot_be_used_is_refused(people, options):
    with pytest.raises(SelectionError):
        choose(people, **{"places": 1} | options)


def test_a_budget_below_zero_is_a_conflict():
    found = choose([Candidate("a", 1), Candidate("b", 2)], places=1, rules=[Budget(-1)])
    assert isinstance(found, Conflict)


@pytest.mark.parametrize(
    "rule",
    [Places(3), AtLeast("city", 1, among=("x",)), AtLeast("city", 2, "x"), AtMost("kind", 3), Budget(1.5), Gate(60.0), Pin("a"), Bar("b")],
)  # fmt: skip
def test_rules_survive_json(rule):
    assert rule_from_dict(rule_as_dict(rule)) == rule


@pytest.mark.parametrize(
    "values",
    [
        {}, {"kind": "other"}, {"kind": "pin"}, {"kind": "pin", "candidate": 3}, {"kind": "pin", "candidate": ""},
        {"kind": "at_least", "attribute": "city"}, {"kind": "at_least", "attribute": 5, "number": 1},
        {"kind": "at_least", "attribute": "city", "number": "1"}, {"kind": "budget", "limit": "x"},
        {"kind": "at_least", "attribute": "city", "number": 1, "among": 3}, {"kind": ["budget"]},
        {"kind": "at_most", "attribute": "city", "number": 1, "value": 4}, {"kind": "budget", "limit": 1, "more": 2},
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused(values):
    with pytest.raises(SelectionError):
        rule_from_dict(values)


def test_all_or_none_can_be_chosen():
    everybody = choose(HAND, places=6)
    assert everybody.chosen == tuple("abcdef")
    assert all(standing.margin is None for standing in everybody.standings)
    nobody = choose(HAND, places=0)
    assert (nobody.chosen, nobody.total) == ((), 0)
