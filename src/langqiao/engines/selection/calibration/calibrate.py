"""The calibrated scores of a round of reviews, beside the raw means and never instead of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import fdtrc, stdtrit

from langqiao.engines.selection.calibration.panel import (
    Contrasts,
    Panel,
    contrasts_of,
    criterion_scores,
    overall_scores,
    panel_of,
)
from langqiao.engines.selection.calibration.types import (
    Calibration,
    ItemScore,
    Note,
    Part,
    Review,
    ReviewerReport,
)
from langqiao.engines.selection.calibration.variance import angles, gains, log_likelihood, posterior, reml
from langqiao.engines.selection.errors import SelectionError
from langqiao.engines.selection.receipt import Receipt, digest, own_version

Array = NDArray[np.float64]

METHOD = "calibration-1"
_PLACES = 6  # decimals of the figures whose digest the receipt holds, well above rounding errors
_UNLIKELY = 0.05  # p-value above which the notes say that reviewers differ no more than by chance
_NEGLIGIBLE = 1e-12  # share of the posterior that is not worth a point of the integral
_FEW = 3  # items from which a correlation is worth a number


def calibrate(
    reviews: Sequence[Review], *, weights: Mapping[str, float] | None = None, level: float = 0.95
) -> Calibration:
    """Estimate each reviewer's bias by shrunken least squares and take its mean off each raw mean.

    Model and formulas are in :mod:`.variance` and ``docs/engines/selection.md``. O(R^3 + N K) time for
    N reviews by R reviewers. The order of the reviews does not matter.

    Args:
        reviews: at most one for each item and reviewer.
        weights: criterion → weight; then the overall score is the weighted mean of the criteria, and
            each criterion is calibrated alone as well.
        level: probability that the intervals are to hold, between 0 and 1.

    Raises:
        SelectionError: reviews or weights cannot be used; the message says which.

    >>> given = {("a", "x"): 70, ("a", "y"): 80, ("b", "x"): 60, ("b", "y"): 70, ("c", "y"): 75}
    >>> found = calibrate([Review(item, reviewer, score) for (item, reviewer), score in given.items()])
    >>> [(item.item, item.raw_mean, round(item.calibrated, 1)) for item in found.items]
    [('a', 75.0, 75.0), ('c', 75.0, 70.5), ('b', 65.0, 65.0)]
    """
    if not 0 < level < 1:
        raise SelectionError("the level must lie between 0 and 1", kind="level")
    scores = overall_scores(reviews, weights)
    found = _fit(panel_of(reviews, scores), level=level)
    alone = {
        name: _fit(panel_of(reviews, criterion_scores(reviews, name)), level=level) for name in weights or ()
    }
    return _with_receipt(found, scores, weights, alone)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Estimates and their squared standard errors; ``quantile`` is that of Student's t, 0 without errors."""

    bias: Array
    calibrated: Array
    item_variance: Array
    bias_variance: Array
    sigma_error: float | None
    sigma_reviewer: float | None
    quantile: float


def _fit(panel: Panel, *, level: float) -> Calibration:
    contrasts = contrasts_of(panel)
    fit = _estimate(panel, contrasts, level)
    parts = _parts(panel)
    number = {part: at for at, part in enumerate(_part_order(panel), 1)}
    items = _items(panel, fit, [number[int(part)] for part in panel.item_part], _within(panel))
    evidence = _evidence(contrasts)
    return Calibration(
        items=tuple(sorted(items, key=lambda item: (item.rank_calibrated, item.item))),
        reviewers=_reviewers(panel, fit, [number[int(part)] for part in panel.reviewer_part]),
        parts=parts,
        sigma_error=fit.sigma_error,
        sigma_reviewer=fit.sigma_reviewer,
        sigma_item=_sigma_item(fit),
        freedom=contrasts.freedom,
        evidence=evidence,
        level=level,
        notes=_notes(panel, parts, fit, evidence),
        receipt=Receipt(METHOD, ""),
    )


def _within(panel: Panel) -> float:
    """Sum of squares of the scores around their items' means."""
    inside = panel.scores - panel.item_means(panel.scores)[panel.item]
    return float(inside @ inside)


def _estimate(panel: Panel, contrasts: Contrasts, level: float) -> _Fit:
    means = panel.item_means(panel.scores)
    nothing = np.zeros(len(panel.reviewers))
    freedom = contrasts.freedom
    if not freedom:
        return _Fit(nothing, means, np.zeros_like(means), nothing, None, None, 0.0)
    quantile = float(stdtrit(freedom, 0.5 + level / 2))
    scale = float(np.abs(panel.scores).max())
    if _within(panel) <= panel.scores.size * (1e-12 * scale) ** 2:  # all agree, up to rounding
        return _Fit(nothing, means, np.zeros_like(means), nothing, 0.0, 0.0, quantile)
    energy, rss = contrasts.energy, contrasts.rss
    ratio = np.tan(angles()) ** 2
    weights = posterior(
        log_likelihood(ratio, values=contrasts.values, energy=energy, rss=np.asarray(rss), freedom=freedom)
    )
    kept = weights > _NEGLIGIBLE
    ratio, weights = ratio[kept], weights[kept] / weights[kept].sum()
    gain = gains(ratio, values=contrasts.values)  # (K, G)
    totals = rss + (energy[:, None] / (1.0 + contrasts.values[:, None] * ratio)).sum(axis=0)
    error = totals / freedom  # s_e^2 at each ratio
    pull = gain * contrasts.projected[:, None]
    shift, shift_variance = _mixture(contrasts.loading, pull, gain, error, weights)
    bias, bias_variance = _mixture(contrasts.vectors, pull, gain, error, weights)
    sigma_error, sigma_reviewer = reml(values=contrasts.values, energy=energy, rss=rss, freedom=freedom)
    return _Fit(
        bias,
        means - shift,
        float(error @ weights) / panel.counts + shift_variance,
        bias_variance,
        sigma_error,
        sigma_reviewer,
        quantile,
    )


def _mixture(loading: Array, pull: Array, gain: Array, error: Array, weights: Array) -> tuple[Array, Array]:
    """Mean and variance of ``loading @ b`` over the posterior: within each ratio, and between them."""
    values = loading @ pull  # (rows, G)
    mean = values @ weights
    within = (loading**2 @ (gain * error)) @ weights
    between = (values - mean[:, None]) ** 2 @ weights
    return mean, within + between


def _ranks(values: Array) -> list[int]:
    """Places, 1 for the highest; values equal to nine decimals share the better one."""
    rounded = np.round(values, 9)
    ordered = np.sort(rounded)
    return [int(rounded.size - np.searchsorted(ordered, value, side="right")) + 1 for value in rounded]


def _items(panel: Panel, fit: _Fit, parts: Sequence[int], within: float) -> list[ItemScore]:
    means, counts = panel.item_means(panel.scores), panel.counts
    squares = np.bincount(panel.item, (panel.scores - means[panel.item]) ** 2, counts.size)
    freedom = panel.item.size - counts.size
    pooled = within / freedom if freedom else 0.0
    raw_ranks, ranks = _ranks(means), _ranks(fit.calibrated)
    rows = []
    for at, key in enumerate(panel.items):
        n, mean, calibrated = int(counts[at]), float(means[at]), float(fit.calibrated[at])
        error = math.sqrt(fit.item_variance[at]) if fit.quantile else None
        raw_half = fit.quantile * math.sqrt(pooled / n)
        rows.append(
            ItemScore(
                item=key,
                n=n,
                raw_mean=mean,
                raw_low=mean - raw_half if fit.quantile else None,
                raw_high=mean + raw_half if fit.quantile else None,
                calibrated=calibrated,
                error=error,
                low=None if error is None else calibrated - fit.quantile * error,
                high=None if error is None else calibrated + fit.quantile * error,
                spread=math.sqrt(squares[at] / (n - 1)) if n > 1 else None,
                rank_raw=raw_ranks[at],
                rank_calibrated=ranks[at],
                part=parts[at],
            )
        )
    return rows


def _reviewers(panel: Panel, fit: _Fit, parts: Sequence[int]) -> tuple[ReviewerReport, ...]:
    loads = panel.loads
    means = np.bincount(panel.reviewer, panel.scores, loads.size) / loads
    squares = np.bincount(panel.reviewer, (panel.scores - means[panel.reviewer]) ** 2, loads.size)
    freedom = panel.reviewer.size - loads.size
    pooled = math.sqrt(squares.sum() / freedom) if freedom else 0.0
    free = panel.scores - fit.bias[panel.reviewer]
    counts = panel.counts[panel.item]
    totals = np.bincount(panel.item, free, len(panel.items))[panel.item]
    # What the other reviewers of the same item gave, their bias taken off; NaN where there is none.
    others = np.divide(totals - free, counts - 1, out=np.full(free.size, np.nan), where=counts > 1)
    rows = []
    for at, key in enumerate(panel.reviewers):
        mine = panel.reviewer == at
        n, bias = int(loads[at]), float(fit.bias[at])
        severity = 0.0 - bias
        half = fit.quantile * math.sqrt(fit.bias_variance[at])
        sd = math.sqrt(squares[at] / (n - 1)) if n > 1 else None
        rows.append(
            ReviewerReport(
                reviewer=key,
                n=n,
                mean=float(means[at]),
                bias=bias,
                severity=severity,
                low=severity - half if fit.quantile else None,
                high=severity + half if fit.quantile else None,
                sd=sd,
                spread=sd / pooled if sd is not None and pooled else None,
                agreement=_correlation(panel.scores[mine], others[mine]),
                part=parts[at],
            )
        )
    return tuple(rows)


def _correlation(own: Array, others: Array) -> float | None:
    both = np.isfinite(others)
    own, others = own[both], others[both]
    if own.size < _FEW:
        return None
    own, others = own - own.mean(), others - others.mean()
    size = math.sqrt(float(own @ own) * float(others @ others))
    return min(1.0, max(-1.0, float(own @ others) / size)) if size > 1e-12 else None


def _sigma_item(fit: _Fit) -> float | None:
    """Moments: the variance of the calibrated scores less that of their errors, not below zero."""
    if not fit.quantile or fit.calibrated.size < 2:
        return None
    return math.sqrt(max(0.0, float(fit.calibrated.var(ddof=1)) - float(fit.item_variance.mean())))


def _evidence(contrasts: Contrasts) -> float | None:
    """F test of equal severity: the bias contrasts' mean square over that of the residual."""
    between, rest = contrasts.values.size, contrasts.freedom - contrasts.values.size
    if not between or rest <= 0 or contrasts.rss <= 0:
        return None
    ratio = float(contrasts.energy.sum()) / between / (contrasts.rss / rest)
    return float(fdtrc(between, rest, ratio))


def _part_order(panel: Panel) -> list[int]:
    """Parts by size, the largest first, then by their first item."""
    numbers, firsts, sizes = np.unique(panel.item_part, return_index=True, return_counts=True)
    return [int(numbers[at]) for at in sorted(range(numbers.size), key=lambda at: (-sizes[at], firsts[at]))]


def _parts(panel: Panel) -> tuple[Part, ...]:
    return tuple(
        Part(
            at,
            tuple(key for key, own in zip(panel.items, panel.item_part, strict=True) if own == part),
            tuple(key for key, own in zip(panel.reviewers, panel.reviewer_part, strict=True) if own == part),
        )
        for at, part in enumerate(_part_order(panel), 1)
    )


def _notes(panel: Panel, parts: Sequence[Part], fit: _Fit, evidence: float | None) -> tuple[Note, ...]:
    counts, loads = panel.counts, panel.loads
    notes = []
    if len(parts) > 1:
        # The largest part is what the others cannot be compared with: name those outside it.
        notes.append(Note("unconnected", tuple(item for part in parts[1:] for item in part.items)))
    if not fit.quantile:
        notes.append(Note("no_error"))
    elif fit.sigma_error == 0.0 and fit.sigma_reviewer == 0.0:
        notes.append(Note("identical"))
    elif fit.sigma_reviewer == 0.0 or (evidence is not None and evidence > _UNLIKELY):
        notes.append(Note("no_bias"))
    single = tuple(key for key, n in zip(panel.items, counts, strict=True) if n == 1)
    if single and fit.quantile:
        notes.append(Note("single_items", single))
    lone = tuple(key for key, n in zip(panel.reviewers, loads, strict=True) if n == 1)
    if lone:
        notes.append(Note("single_reviewers", lone))
    if len(panel.items) > 1 and (counts == len(panel.reviewers)).all():
        notes.append(Note("same_reviewers"))
    return tuple(notes)


def _with_receipt(
    found: Calibration,
    scores: Mapping[tuple[str, str], float],
    weights: Mapping[str, float] | None,
    alone: Mapping[str, Calibration],
) -> Calibration:
    inputs = digest([[item, reviewer, score] for (item, reviewer), score in sorted(scores.items())])
    items = sorted((item.item, round(item.calibrated, _PLACES) + 0.0) for item in found.items)
    receipt = Receipt(
        METHOD,
        inputs,
        {"level": found.level, "weights": dict(weights) if weights else None},
        {"langqiao": own_version(), "numpy": np.__version__, "scipy": scipy.__version__},
        digest([list(pair) for pair in items]),
    )
    return replace(found, receipt=receipt, criteria=alone)
