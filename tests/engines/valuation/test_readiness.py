"""Readiness levels and the assumed chances."""

from __future__ import annotations

import itertools

import pytest

from langqiao.engines.valuation import ASSUMED_CHANCES, LEVELS, BadInput, Basis, level_of, success_at


def test_nine_levels_each_with_words_in_both_languages() -> None:
    assert [level.level for level in LEVELS] == list(range(1, 10))
    assert len({level.zh for level in LEVELS}) == len({level.en for level in LEVELS}) == 9
    assert all(level.evidence_zh and level.evidence_en for level in LEVELS)
    assert level_of(7) is LEVELS[6]


def test_chances_rise_with_readiness_and_are_marked_as_assumed() -> None:
    assert sorted(ASSUMED_CHANCES) == list(range(1, 10))
    for lower, upper in itertools.pairwise(success_at(trl) for trl in range(1, 10)):
        assert lower.low < upper.low
        assert lower.base < upper.base
        assert lower.high < upper.high
        assert lower.basis is upper.basis is Basis.ASSUMED
        assert "假设" in lower.source


def test_the_user_may_put_in_other_chances() -> None:
    found = success_at(4, chances={4: (0.2, 0.3, 0.4)}, source="本中心近三年项目记录")
    assert (found.low, found.base, found.high, found.source) == (0.2, 0.3, 0.4, "本中心近三年项目记录")


@pytest.mark.parametrize("trl", [0, 10, -1])
def test_there_is_no_other_level(trl: int) -> None:
    with pytest.raises(BadInput, match="between 1 and 9"):
        success_at(trl)


def test_a_table_of_chances_must_have_the_level() -> None:
    with pytest.raises(BadInput, match="no level 5"):
        success_at(5, chances={4: (0.2, 0.3, 0.4)})
