"""Claims recomputed: rounding, what is missing, and the range that follows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from langqiao.engines.regional import BadInput
from langqiao.engines.regional.claims import (
    Basis,
    Claim,
    Figure,
    Part,
    Review,
    Source,
    Verdict,
    as_share,
    holds,
    read_stated,
    recompute,
)

PAGE = Source("公报", "https://example.org/a")
CLAIM = Claim("gdp", "gdp", "1/15", "2023-05", "2022", Source("报道"), unit="亿元")


def figure(scope: str, value: str, *, vintage: str = "final", period: str = "2022") -> Figure:
    return Figure("gdp", scope, period, Decimal(value), "亿元", vintage, PAGE)


@pytest.mark.parametrize(
    ("stated", "top", "bottom", "true"),
    [
        ("1/15", "79043", "1210207", True),  # 1/15.3
        ("1/12", "7945", "108816", False),  # 1/13.7
        ("1/120", "77268", "9600000", True),  # 1/124: a zero at the end is rounded to tens
        ("1/120", "73000", "9600000", False),  # 1/131.5
        (">1/5", "84", "573", False),
        (">1/5", "115", "573", True),
        (">1/5", "1", "5", False),
        ("1/15", "2", "31", False),  # 1/15.5 rounds up
        ("1/15", "2", "29", True),  # 1/14.5
        ("1/10", "10", "96", True),
    ],
)
def test_rounding(stated: str, top: str, bottom: str, true: bool) -> None:
    assert holds(stated, Decimal(top), Decimal(bottom)) is true


def test_stated_shares() -> None:
    assert read_stated("＞1/5") == (True, 5)
    for wrong in ("15", "1/0", "2/15", "1/1.5", ""):
        with pytest.raises(BadInput, match="not a share"):
            read_stated(wrong)
    assert as_share(Decimal(84), Decimal(573)) == "1/6.8"


def test_all_members_decide() -> None:
    figures = [figure("a", "3"), figure("b", "4"), figure("nation", "105"), figure("a", "9", period="2021")]
    found = recompute(CLAIM, figures, ["a", "b"])
    assert (found.numerator, found.denominator, found.recomputed) == (Decimal(7), Decimal(105), "1/15.0")
    assert (found.verdict, found.basis, found.missing, found.range) == (
        Verdict.REPRODUCED, Basis.CITIES, (), None,
    )  # fmt: skip
    assert found.sources == (CLAIM.source, PAGE)


def test_the_claims_vintage_counts() -> None:
    figures = [
        figure("a", "7", vintage="preliminary"),
        figure("a", "9", vintage="final"),
        figure("nation", "105", vintage="unstated"),
    ]
    assert recompute(CLAIM, figures, ["a"]).numerator == Decimal(9)
    early = replace(CLAIM, vintages=("preliminary", "final", "unstated"))
    assert recompute(early, figures, ["a"]).numerator == Decimal(7)


def test_the_corridors_own_total_counts_where_a_city_is_missing() -> None:
    found = recompute(CLAIM, [figure("a", "3"), figure("corridor", "7"), figure("nation", "105")], ["a", "b"])
    assert (found.numerator, found.verdict, found.basis) == (Decimal(7), Verdict.REPRODUCED, Basis.CORRIDOR)
    assert found.missing == ("b",)


def test_a_missing_city_leaves_a_range() -> None:
    found = recompute(CLAIM, [figure("a", "3"), figure("nation", "105")], ["a", "b"])
    assert (found.verdict, found.basis, found.detail) == (Verdict.UNKNOWN, Basis.NONE, "no_data")
    assert found.missing == ("b",)
    assert found.range is not None
    assert found.range.at_least == "1/35.0"
    low, high = found.range.low, found.range.high
    assert high is not None
    # At both ends of the range the claim only just holds.
    assert holds("1/15", Decimal(3) + low + Decimal("0.001"), Decimal(105))
    assert not holds("1/15", Decimal(3) + low - Decimal("0.001"), Decimal(105))
    assert holds("1/15", Decimal(3) + high - Decimal("0.001"), Decimal(105))
    assert not holds("1/15", Decimal(3) + high + Decimal("0.001"), Decimal(105))


def test_the_review_by_hand_stands_until_figures_decide() -> None:
    review = Review(
        Decimal(79043), Decimal(1210207), "2022", Verdict.REPRODUCED, "rounding", (Source("复算"),)
    )
    claim = replace(CLAIM, review=review)
    found = recompute(claim, [figure("a", "3"), figure("nation", "105")], ["a", "b"])
    assert (found.recomputed, found.verdict, found.basis) == ("1/15.3", Verdict.REPRODUCED, Basis.REVIEW)
    assert found.range is not None
    whole = recompute(claim, [figure("a", "3"), figure("b", "1"), figure("nation", "105")], ["a", "b"])
    assert (whole.recomputed, whole.verdict, whole.basis) == ("1/26.2", Verdict.NOT_REPRODUCED, Basis.CITIES)


def test_more_than_claimed_needs_no_further_city() -> None:
    claim = replace(CLAIM, stated=">1/5")
    found = recompute(claim, [figure("a", "30"), figure("nation", "105")], ["a", "b"])
    assert (found.verdict, found.missing) == (Verdict.REPRODUCED, ("b",))
    short = recompute(claim, [figure("a", "20"), figure("nation", "105")], ["a", "b"])
    assert short.range is not None
    assert (short.range.low, short.range.high) == (Decimal(1), None)


def test_a_review_that_covers_no_more_than_the_figures_steps_back() -> None:
    review = Review(Decimal(20), Decimal(105), "2022", Verdict.UNKNOWN, "incomplete", (Source("复算"),))
    claim = replace(CLAIM, stated=">1/5", review=review)
    found = recompute(claim, [figure("a", "20"), figure("nation", "105")], ["a", "b"])
    assert (found.numerator, found.basis, found.numerator_from, found.at_least) == (
        Decimal(20), Basis.PARTIAL, Part.SOME, True,
    )  # fmt: skip
    assert Source("复算") not in found.sources
    less = recompute(claim, [figure("a", "19"), figure("nation", "105")], ["a", "b"])
    assert (less.numerator, less.basis, less.at_least) == (Decimal(20), Basis.REVIEW, False)


@pytest.mark.parametrize(
    ("totals", "unproven", "about", "parts"),
    [
        ([], False, False, (Part.REVIEW, Part.REVIEW)),
        ([], True, True, (Part.UNPROVEN, Part.ABOUT)),
        ([("corridor", "7")], True, True, (Part.CORRIDOR, Part.ABOUT)),
        ([("corridor", "8"), ("nation", "105")], True, True, (Part.UNPROVEN, Part.NATION)),
    ],
)
def test_a_review_says_what_stands_among_the_figures(
    totals: list[tuple[str, str]], unproven: bool, about: bool, parts: tuple[Part, Part]
) -> None:
    review = Review(
        Decimal(7), Decimal(105), "2018", Verdict.UNKNOWN, "base_year", (Source("复算"),), unproven, about
    )
    figures = [figure(scope, value, period="2018") for scope, value in totals]
    found = recompute(replace(CLAIM, review=review), figures, ["a", "b"])
    assert (found.numerator_from, found.denominator_from) == parts
