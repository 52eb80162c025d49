"""Claims about shares (如“占全国 1/15”) recomputed from figures, with the verdict and what is missing.

A claim says that the corridor makes up a share of the nation. It is reproduced when the share that
the figures give rounds to the one stated: 1/15.3 rounds to 1/15, and 1/124 to 1/120, since a
statement that ends in a zero is rounded to tens. "> 1/5" is reproduced when the share is larger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from .types import BadInput

_STATED = re.compile(r"(?P<over>[>＞]?)\s*1\s*/\s*(?P<n>[1-9]\d{0,5})")
NATION, CORRIDOR = "nation", "corridor"


class Verdict(StrEnum):
    """What recomputation says (结论)."""

    REPRODUCED = "reproduced"  # 可复算
    NOT_REPRODUCED = "not_reproduced"  # 不能复算
    UNKNOWN = "unknown"  # 无从判断


class Basis(StrEnum):
    """What a verdict rests on (依据)."""

    CITIES = "cities"  # 九城数值之和
    CORRIDOR = "corridor"  # 走廊公布的合计
    PARTIAL = "partial"  # 已有数值的城市之和：份额的下限
    REVIEW = "review"  # 人工复核所用的合计，未全部列入数据
    NONE = "none"  # 没有数据


class Part(StrEnum):
    """Where a numerator or denominator is from (分子、分母的来历)."""

    CITIES = "cities"  # all members' figures
    SOME = "some_cities"  # the figures of those members that have one
    CORRIDOR = "corridor"  # the corridor's own total, among the figures
    NATION = "nation"  # the nation's, among the figures
    REVIEW = "review"  # the review's own, not among the figures
    UNPROVEN = "unproven"  # the review's own, with parts that no page proves
    ABOUT = "about"  # the review's own, a round number
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure is from; ``read`` is the day it was read, empty when not stated."""

    text: str
    address: str = ""
    read: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the store: what, of where, when, how much, from where."""

    indicator: str
    scope: str
    period: str
    value: Decimal
    unit: str
    vintage: str
    source: Source


@dataclass(frozen=True, slots=True)
class Review:
    """A recomputation done by hand, with totals that need not be among the figures.

    Attributes:
        unproven: parts of the numerator have no page behind them.
        about: the denominator is a round number.
    """

    numerator: Decimal | None
    denominator: Decimal | None
    period: str
    verdict: Verdict
    detail: str
    sources: tuple[Source, ...]
    unproven: bool = False
    about: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """A share as it was stated at one time (历次公布); ``when`` is empty when the page gives no date."""

    when: str
    share: str
    source: Source


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as it was stated.

    Attributes:
        stated: ``1/15`` or ``>1/5``.
        date: when it was stated, as far as known.
        indicator, period: the figures that would prove it.
        vintages: which vintage to take first; a claim of spring rests on preliminary figures.
    """

    id: str
    indicator: str
    stated: str
    date: str
    period: str
    source: Source
    vintages: tuple[str, ...] = ("final", "preliminary", "unstated")
    unit: str = ""
    review: Review | None = None
    series: tuple[Stated, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """What follows from the figures that are there.

    Attributes:
        known: sum of the members' figures that are there.
        at_least: the share is at least this, such as ``1/16.9``.
        low, high: what the missing members must sum to for the claim to hold; ``high`` is None when
            nothing bounds it from above. A claim of "more" holds already when ``low`` is negative.
    """

    known: Decimal
    at_least: str
    low: Decimal
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class Finding:
    """The recomputed claim.

    Attributes:
        numerator_from, denominator_from: where the two are from, as far as the figures tell.
        sources: of the claim, of the figures used and of the claim's earlier statements.
    """

    claim: Claim
    numerator: Decimal | None
    denominator: Decimal | None
    recomputed: str
    verdict: Verdict
    basis: Basis
    detail: str
    unit: str
    period: str
    used: tuple[Figure, ...]
    missing: tuple[str, ...]
    range: Range | None
    sources: tuple[Source, ...] = field(default=())
    numerator_from: Part = Part.NONE
    denominator_from: Part = Part.NONE

    @property
    def at_least(self) -> bool:
        """Whether the share is a lower bound: members without a figure can only add to it."""
        return self.numerator_from is Part.SOME


def read_stated(stated: str) -> tuple[bool, int]:
    """Whether the claim says "more than", and the n of 1/n.

    Raises:
        BadInput: it is no such share.
    """
    found = _STATED.fullmatch(stated.strip())
    if found is None:
        raise BadInput("stated", "form", f"{stated!r} is not a share such as 1/15 or >1/5")
    return bool(found["over"]), int(found["n"])


def as_share(numerator: Decimal, denominator: Decimal) -> str:
    """The share as 1/n: one decimal below a hundred, none from there on.

    >>> as_share(Decimal(79043), Decimal(1210207)), as_share(Decimal(77268), Decimal(9600000))
    ('1/15.3', '1/124')
    """
    n = denominator / numerator
    return f"1/{n:.1f}" if n < 100 else f"1/{n:.0f}"


def holds(stated: str, numerator: Decimal, denominator: Decimal) -> bool:
    """Whether the share rounds to what was stated, or is larger where that was said."""
    over, n = read_stated(stated)
    if over:
        return numerator * n > denominator
    low, high = _bounds(n)
    return low <= denominator / numerator < high


def recompute(claim: Claim, figures: Iterable[Figure], members: Sequence[str]) -> Finding:
    """Recompute a claim from figures.

    When every member (or the corridor's own total) and the nation have a figure, they decide. When a
    figure is missing, the verdict is that of the review by hand if there is one, and the range says
    what the verified figures alone allow. A review that covers no more than the figures that are there
    steps back: their sum is shown as the lower bound that it is.

    Args:
        figures: all figures known; those of other indicators and periods are passed over.
        members: scopes that sum up to the corridor.
    """
    known = [f for f in figures if f.indicator == claim.indicator]
    there = [f for f in known if f.period == claim.period]
    best = {scope: _best(there, scope, claim.vintages) for scope in (*members, CORRIDOR, NATION)}
    nation, whole = best[NATION], best[CORRIDOR]
    parts = [found for found in (best[scope] for scope in members) if found is not None]
    missing = tuple(scope for scope in members if best[scope] is None)
    total: Decimal | None = None
    used: tuple[Figure, ...] = tuple(parts)
    basis = Basis.NONE
    if members and not missing:
        total, basis = sum((part.value for part in parts), Decimal(0)), Basis.CITIES
    elif whole is not None:
        total, basis, used = whole.value, Basis.CORRIDOR, (whole,)
    if nation is not None:
        used = (*used, nation)
    if total is not None and nation is not None and total > 0 and nation.value > 0:
        verdict = Verdict.REPRODUCED if holds(claim.stated, total, nation.value) else Verdict.NOT_REPRODUCED
        return Finding(
            claim,
            total,
            nation.value,
            as_share(total, nation.value),
            verdict,
            basis,
            basis,
            claim.unit,
            claim.period,
            used,
            missing,
            None,
            _sources(used, claim),
            Part(basis),
            Part.NATION,
        )
    return _incomplete(claim, known, parts=parts, nation=nation, used=used, missing=missing)


def _incomplete(
    claim: Claim,
    figures: list[Figure],
    *,
    parts: list[Figure],
    nation: Figure | None,
    used: tuple[Figure, ...],
    missing: tuple[str, ...],
) -> Finding:
    """The review by hand where there is one, and what the verified figures alone allow."""
    known = sum((part.value for part in parts), Decimal(0))
    limits = None
    if nation is not None and known > 0 and nation.value > 0:
        limits = _range(claim.stated, known, nation.value)
    unit = claim.unit
    review = claim.review
    if nation is not None and limits is not None:
        # What is known alone is more than was claimed; the missing members can only add to it.
        proven = read_stated(claim.stated)[0] and limits.low < 0
        covered = review is not None and (review.numerator or 0) <= known and review.period == claim.period
        if proven or covered:
            return Finding(
                claim, known, nation.value, as_share(known, nation.value),
                Verdict.REPRODUCED if proven else Verdict.UNKNOWN, Basis.PARTIAL,
                Basis.PARTIAL if proven else "incomplete", unit, claim.period, used, missing,
                None if proven else limits, _sources(used, claim), Part.SOME, Part.NATION,
            )  # fmt: skip
    if review is None:
        return Finding(
            claim, None, nation.value if nation else None, "", Verdict.UNKNOWN, Basis.NONE, "no_data",
            unit, claim.period, used, missing, limits, _sources(used, claim),
            denominator_from=Part.NATION if nation else Part.NONE,
        )  # fmt: skip
    top, bottom = review.numerator, review.denominator
    return Finding(
        claim,
        top,
        bottom,
        as_share(top, bottom) if top and bottom else "",
        review.verdict,
        Basis.REVIEW,
        review.detail,
        unit,
        review.period,
        used,
        missing,
        limits,
        tuple(dict.fromkeys((*review.sources, *_sources(used, claim)))),
        *_parts_of(review, figures),
    )


def _parts_of(review: Review, figures: Iterable[Figure]) -> tuple[Part, Part]:
    """Where a review's numerator and denominator are from: figures of its period that say the same count."""
    said = {(figure.scope, figure.value) for figure in figures if figure.period == review.period}
    top = Part.UNPROVEN if review.unproven else Part.REVIEW
    bottom = Part.ABOUT if review.about else Part.REVIEW
    return (
        Part.CORRIDOR if (CORRIDOR, review.numerator) in said else top,
        Part.NATION if (NATION, review.denominator) in said else bottom,
    )


def _range(stated: str, known: Decimal, whole: Decimal) -> Range:
    over, n = read_stated(stated)
    if over:
        return Range(known, as_share(known, whole), whole / n - known, None)
    low, high = _bounds(n)
    # 1/n with n just below ``high`` is the smallest share that still rounds to the claim.
    return Range(
        known,
        as_share(known, whole),
        max(whole / high - known, Decimal(0)),
        max(whole / low - known, Decimal(0)),
    )


def _bounds(n: int) -> tuple[Decimal, Decimal]:
    """The n that round to the stated one; a statement that ends in zeros is rounded so far."""
    step = 1
    while n % (step * 10) == 0 and n > step * 10:
        step *= 10
    half = Decimal(step) / 2
    return n - half, n + half


def _best(figures: list[Figure], scope: str, vintages: Sequence[str]) -> Figure | None:
    """The figure of a scope, of the vintage that comes first."""
    order: Mapping[str, int] = {vintage: place for place, vintage in enumerate(vintages)}
    found = [figure for figure in figures if figure.scope == scope]
    return min(found, key=lambda figure: order.get(figure.vintage, len(order)), default=None)


def _sources(used: Iterable[Figure], claim: Claim) -> tuple[Source, ...]:
    stated = (one.source for one in claim.series)
    return tuple(dict.fromkeys((claim.source, *(figure.source for figure in used), *stated)))
