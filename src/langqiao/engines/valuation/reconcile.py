"""Several methods, one range (估值结果的协调), with their disagreement in the open."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .market import weighted_quantile
from .types import Caution, CautionCode, Method, Range, Vector

_FAR = 2.0  # highest middle over lowest from which methods count as far apart


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one method says: its range, its sample of values, and the weight (≥ 0) it is given."""

    method: Method
    range: Range
    sample: Vector
    weight: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two methods stand to each other.

    ``overlap`` is the length that their ranges share over the length that they cover together, 0…1.
    """

    first: Method
    second: Method
    overlap: float


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The ranges of all methods as one.

    Attributes:
        range: P10, P50 and P90 of the mixture: with probability of its weight, each method is right.
        weighted: the weighted mean of the middles, 万元; a summary that hides disagreement.
        envelope: lowest low and highest high of all methods with a weight.
        weights: normalised weights in the order of the methods.
        agreements: every pair of methods.
        ratio: highest middle over lowest, None where one of them is not positive.
    """

    range: Range
    weighted: float
    envelope: tuple[float, float]
    weights: tuple[tuple[Method, float], ...]
    agreements: tuple[Agreement, ...]
    ratio: float | None
    cautions: tuple[Caution, ...]


def reconcile(opinions: Sequence[Opinion]) -> Reconciliation:
    """Pool the samples as a mixture (linear opinion pool; Stone 1961).

    A mean of the values would give a range narrower than any single method's, as if their errors
    cancelled. The mixture stays as wide as the methods are apart. Methods of weight 0 are compared
    but not pooled. O(N log N) in the number of draws of all methods.

    Raises:
        ValueError: no opinion has a weight above zero.
    """
    counted = [opinion for opinion in opinions if opinion.weight > 0]
    if not counted:
        raise ValueError("at least one method needs a weight above zero")
    total = sum(opinion.weight for opinion in opinions)
    values = np.concatenate([opinion.sample for opinion in counted])
    weights = np.concatenate(
        [np.full(opinion.sample.shape, opinion.weight / total / len(opinion.sample)) for opinion in counted]
    )
    low, middle, high = (float(weighted_quantile(values, weights, share)) for share in (0.1, 0.5, 0.9))
    middles = [opinion.range.middle for opinion in opinions]
    ratio = max(middles) / min(middles) if min(middles) > 0 else None
    return Reconciliation(
        range=Range(low, middle, high),
        weighted=sum(opinion.weight / total * opinion.range.middle for opinion in counted),
        envelope=(min(o.range.low for o in counted), max(o.range.high for o in counted)),
        weights=tuple((opinion.method, opinion.weight / total) for opinion in opinions),
        agreements=tuple(
            Agreement(one.method, other.method, overlap(one.range, other.range))
            for one, other in itertools.combinations(opinions, 2)
        ),
        ratio=ratio,
        cautions=_cautions(opinions, ratio),
    )


def overlap(one: Range, other: Range) -> float:
    """Shared length over covered length of two ranges, 0 where they do not meet, 1 where they are one."""
    if not one.meets(other):
        return 0.0
    shared = min(one.high, other.high) - max(one.low, other.low)
    covered = max(one.high, other.high) - min(one.low, other.low)
    return shared / covered if covered > 0 else 1.0


def _cautions(opinions: Sequence[Opinion], ratio: float | None) -> tuple[Caution, ...]:
    if len(opinions) == 1:
        return (Caution(CautionCode.SINGLE_METHOD),)
    found = [
        Caution(CautionCode.DISJOINT, {"first": one.method.value, "second": other.method.value})
        for one, other in itertools.combinations(opinions, 2)
        if not one.range.meets(other.range)
    ]
    if ratio is not None and ratio >= _FAR:
        found.append(Caution(CautionCode.FAR_APART, {"ratio": ratio}))
    return tuple(found)
