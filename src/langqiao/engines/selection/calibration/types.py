"""What calibration takes and gives: reviews in, scores with intervals and reports of reviewers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from langqiao.engines.selection.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Review:
    """One reviewer's scores (评分) of one item.

    Attributes:
        item: key of what is judged (申报项目).
        reviewer: key of who judges (评审专家).
        score: the overall score, in points; left out where ``criteria`` are weighted instead.
        criteria: criterion (评审指标) → points.
    """

    item: str
    reviewer: str
    score: float | None = None
    criteria: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemScore:
    """The raw mean (原始均分) of an item and, beside it, its calibrated score (校准分). All in points.

    Attributes:
        n: number of its reviews.
        raw_mean: plain mean of its scores.
        raw_low, raw_high: interval of the raw mean, blind to who reviewed; None where no error can
            be estimated.
        calibrated: ``raw_mean`` less the mean bias of its reviewers.
        error: standard error of ``calibrated`` as an estimate of what the whole panel of its part
            would give on average; None where no error can be estimated.
        low, high: interval of ``calibrated`` from ``error`` and Student's t.
        spread: standard deviation of its scores (评委分歧); None with one review.
        rank_raw, rank_calibrated: places, 1 is best; equal scores share the better place.
        part: number of the connected part of the review graph in which it stands.
    """

    item: str
    n: int
    raw_mean: float
    raw_low: float | None
    raw_high: float | None
    calibrated: float
    error: float | None
    low: float | None
    high: float | None
    spread: float | None
    rank_raw: int
    rank_calibrated: int
    part: int

    @property
    def difference(self) -> float:
        """What calibration adds to the raw mean, in points."""
        return self.calibrated - self.raw_mean


@dataclass(frozen=True, slots=True)
class ReviewerReport:
    """How one reviewer scores beside the panel of the same part.

    Attributes:
        n: number of reviews.
        mean: mean of the scores given.
        bias: points above (+) or below (-) what the panel gives to the same items, shrunk (评分偏差).
        severity: ``-bias``: positive is strict (偏严), negative is lenient (偏宽).
        low, high: interval of ``severity``; None where no error can be estimated.
        sd: standard deviation of the scores given; None with one review.
        spread: ``sd`` over the pooled standard deviation of all reviewers (用分幅度): 1 is as wide
            as the others; None with one review, or where nobody varies.
        agreement: correlation of the scores with the mean of the other reviewers' bias-free scores
            of the same items (一致性), -1..1; None with fewer than three such items or no variation.
        part: number of the connected part of the review graph.
    """

    reviewer: str
    n: int
    mean: float
    bias: float
    severity: float
    low: float | None
    high: float | None
    sd: float | None
    spread: float | None
    agreement: float | None
    part: int

    @property
    def leaning(self) -> str:
        """``strict``, ``lenient``, or empty where the interval holds zero."""
        if self.low is not None and self.low > 0:
            return "strict"
        return "lenient" if self.high is not None and self.high < 0 else ""


@dataclass(frozen=True, slots=True)
class Part:
    """A connected part (连通部分) of the review graph: scores compare by bias only inside it."""

    number: int
    items: tuple[str, ...]
    reviewers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader of the result must know; ``subjects`` are the items or reviewers meant.

    Kinds: ``unconnected`` (the review graph falls into parts), ``single_items`` (one review: nothing
    tells quality and luck apart), ``single_reviewers`` (one review: the bias is mostly a guess),
    ``no_error`` (no item has two reviews, so no error and no bias can be estimated), ``identical``
    (the scores of each item are all equal), ``no_bias`` (reviewers differ no more than chance lets
    them), ``same_reviewers`` (everybody reviewed everything, so bias cannot move a rank).
    """

    kind: str
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Calibration:
    """The result: items by calibrated rank, reviewers by key.

    Attributes:
        sigma_error: standard deviation of the error, points (REML).
        sigma_reviewer: standard deviation of reviewer bias, points (REML; 0 where none shows).
        sigma_item: standard deviation of the items' quality, points (moments).
        freedom: degrees of freedom of the error, reviews less items.
        evidence: p-value of the F test that all reviewers are equally severe; None where it cannot
            be made.
        level: that of the intervals.
        criteria: the same for each criterion alone, where criteria are weighted.
    """

    items: tuple[ItemScore, ...]
    reviewers: tuple[ReviewerReport, ...]
    parts: tuple[Part, ...]
    sigma_error: float | None
    sigma_reviewer: float | None
    sigma_item: float | None
    freedom: int
    evidence: float | None
    level: float
    notes: tuple[Note, ...]
    receipt: Receipt
    criteria: Mapping[str, Calibration] = field(default_factory=dict)
