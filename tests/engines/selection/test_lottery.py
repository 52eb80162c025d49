"""The lottery: repeatable by hand, and never outside of the rules."""

from __future__ import annotations

import hashlib
import math
from collections import Counter

import pytest

from langqiao.engines.selection import SelectionError
from langqiao.engines.selection.choice import (
    AtLeast,
    AtMost,
    Budget,
    Candidate,
    Lottery,
    choose,
    commitment_of,
    rerun,
)
from tests.engines.selection import oracle
from tests.engines.selection.test_choice import field

TIED = [Candidate("top", 95), *(Candidate(key, 80) for key in "abcd"), Candidate("low", 50)]


def sm3(text):
    """OpenSSL's SM3, not ours: what ``printf '%s' TEXT | openssl dgst -sm3`` prints."""
    return hashlib.new("sm3", text.encode()).hexdigest()


def test_anybody_can_repeat_the_draw_by_hand():
    found = choose(TIED, places=3, lottery=Lottery("合肥 2026-12-01 开奖号 4711"))
    tickets = {key: sm3(f"合肥 2026-12-01 开奖号 4711:{key}") for key in "abcd"}
    first, second, *_ = sorted("abcd", key=tickets.get)
    assert set(found.final) == {"top", first, second}
    drawing = found.drawing
    assert [(row.candidate, row.ticket, row.drawn) for row in drawing.tickets] == [
        (key, tickets[key], key in {first, second}) for key in sorted("abcd", key=tickets.get)
    ]
    assert drawing.commitment == commitment_of(drawing.seed) == sm3(drawing.seed)
    assert drawing.total == found.total == 255


def test_the_draw_is_fair_over_many_seeds():
    drawn = Counter(
        key for seed in range(120) for key in choose(TIED, places=3, lottery=Lottery(str(seed))).final
    )
    assert drawn["top"] == 120
    assert drawn["low"] == 0
    for key in "abcd":
        assert abs(drawn[key] - 60) < 4 * math.sqrt(120 * 0.25)


def test_weights_move_the_odds():
    people = [Candidate("heavy", 80, weight=3), Candidate("light", 80, weight=1)]
    drawn = Counter(
        choose(people, places=1, lottery=Lottery(str(seed), is_weighted=True)).final[0] for seed in range(120)
    )
    assert abs(drawn["heavy"] - 90) < 4 * math.sqrt(120 * 0.75 * 0.25)
    even = Counter(choose(people, places=1, lottery=Lottery(str(seed))).final[0] for seed in range(120))
    assert abs(even["heavy"] - 60) < 4 * math.sqrt(120 * 0.25)


@pytest.mark.parametrize("seed", range(6))
def test_the_drawn_keep_the_rules_and_lose_at_most_the_margin(seed):
    people = field(37, seed, decimals=0)
    rules = [AtLeast("city", 1), AtMost("city", 3), Budget(500)]
    for text in ("one", "two", "three"):
        found = choose(people, places=12, rules=rules, margin=2.0, lottery=Lottery(text))
        chosen = [person for person in people if person.id in found.final]
        assert len(chosen) == 12
        assert all(oracle.keeps(rule, chosen, people, rules) for rule in rules)
        assert found.total - 2.0 <= found.drawing.total <= found.total
        near = {standing.candidate for standing in found.near_ties}
        assert {row.candidate for row in found.drawing.tickets} == near
        assert {row.candidate for row in found.drawing.tickets if row.drawn} == near & set(found.final)
        assert set(found.chosen) ^ set(found.final) <= near
        assert rerun(found.receipt, people) == found


def test_different_seeds_give_different_lists():
    people = field(37, 2, decimals=0)
    rules = [AtLeast("city", 1)]
    lists = {
        choose(people, places=12, rules=rules, margin=1.0, lottery=Lottery(str(s))).final for s in range(20)
    }
    assert len(lists) > 3


def test_nobody_is_near_and_nothing_is_drawn():
    found = choose([Candidate("a", 3), Candidate("b", 2), Candidate("c", 1)], places=1, lottery=Lottery("s"))
    assert found.final == ("a",)
    assert found.drawing.tickets == ()


@pytest.mark.parametrize("seed", ["", "  "])
def test_a_lottery_needs_a_seed(seed):
    with pytest.raises(SelectionError):
        choose(TIED, places=3, lottery=Lottery(seed))
