"""A valuation from its cases to one range: simulate, swing each input, reconcile, sign with a receipt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .case import PICK, Case, base_draw, base_value
from .cost import CostCase
from .dcf import DcfCase
from .licence import RoyaltyCase, SplitCase
from .market import MarketCase
from .real_option import OptionCase
from .reconcile import Opinion, Reconciliation, reconcile
from .sampling import Correlation, quantile, shares, uniforms
from .types import (
    BadInput,
    Basis,
    Caution,
    CautionCode,
    Draws,
    Figure,
    Histogram,
    Method,
    Range,
    Swing,
    Table,
    Vector,
)  # fmt: skip

AnyCase = DcfCase | RoyaltyCase | SplitCase | CostCase | MarketCase | OptionCase

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_BINS = 40
_CHUNK = 8192  # draws valued together, so that memory does not grow with their number
_MOST_NUMBERS = 2_000_000  # draws times inputs with a range: some five seconds
_MOST_NODES = 2_000_000_000  # nodes of all trees: some three seconds


@dataclass(frozen=True, slots=True)
class Weighted:
    """A case and how much it counts in the whole, with the reason for that.

    Raises:
        BadInput: the weight is negative or no number, or the reason is blank.
    """

    case: AnyCase
    weight: float
    reason: str

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1e6:
            raise BadInput("weight", "weight", f"the weight of {self.case.method} must not be negative")
        if not self.reason.strip():
            raise BadInput("weight", "reason", f"say why {self.case.method} has this weight")


@dataclass(frozen=True, slots=True)
class Study:
    """All that determines a valuation: the same study gives the same figures.

    Attributes:
        cases: one for each method that is used.
        seed: of the simulation, 0 … 2⁶³ − 1.
        draws: number of draws, 1,000 … 100,000.
        correlations: inputs that move together.

    Raises:
        BadInput: there is no case, two of one method, no weight above zero, a case without any range,
            ``seed`` or ``draws`` is out of range, or the correlations name an input that no case has
            or contradict each other; or draws, inputs and steps together would take too long.
    """

    cases: tuple[Weighted, ...]
    seed: int
    draws: int = 10_000
    correlations: tuple[Correlation, ...] = ()

    def __post_init__(self) -> None:
        if not self.cases:
            raise BadInput("cases", "length", "a valuation needs at least one method")
        if len({weighted.case.method for weighted in self.cases}) < len(self.cases):
            raise BadInput("cases", "twice", "each method can be used once")
        if not any(weighted.weight > 0 for weighted in self.cases):
            raise BadInput("weight", "weights", "at least one method needs a weight above zero")
        if not 0 <= self.seed < 2**63:
            raise BadInput("seed", "limits", "seed must lie between 0 and 2^63 - 1")
        if not 1000 <= self.draws <= 100_000:
            raise BadInput("draws", "limits", "draws must lie between 1,000 and 100,000")
        for weighted in self.cases:
            _check_range(weighted.case)
        shares(self.keys, seed=0, draws=1, correlations=self.correlations)
        self._check_effort()

    def _check_effort(self) -> None:
        cases = [weighted.case for weighted in self.cases]
        numbers = self.draws * sum(not q.certain for case in cases for q in case.inputs().values())
        nodes = self.draws * sum(case.steps**2 // 2 for case in cases if isinstance(case, OptionCase))
        if numbers > _MOST_NUMBERS or nodes > _MOST_NODES:
            raise BadInput("draws", "effort", "so many draws of so many inputs or steps would take too long")

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all inputs of all cases."""
        return tuple(sorted({key for weighted in self.cases for key in weighted.case.inputs()}))


def _check_range(case: Case) -> None:
    """Refuse a case in which nothing is uncertain: it would end as one number."""
    deals = len(case.comparables) if isinstance(case, MarketCase) else 1
    if deals == 1 and all(quantity.certain for quantity in case.inputs().values()):
        raise BadInput(
            case.method.value,
            "no_range",
            f"{case.method}: give at least one input a range of low, base and high",
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one method says.

    Attributes:
        base: value with every input at its base, 万元.
        range: P10, P50 and P90 of the simulation, 万元.
        quantiles: of the simulation, in the order of :data:`QUANTILES`.
        mean, deviation: of the simulation, 万元.
        negative: share of draws below zero.
        swings: the tornado, widest first.
        sample: all draws; not part of what is compared or stored.
    """

    method: Method
    base: float
    range: Range
    quantiles: tuple[float, ...]
    mean: float
    deviation: float
    negative: float
    histogram: Histogram
    swings: tuple[Swing, ...]
    table: Table
    figures: tuple[Figure, ...]
    cautions: tuple[Caution, ...]
    sample: Vector = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Appraisal:
    """The valuation: every method's estimate, in the order of the study, and all of them as one range."""

    estimates: tuple[Estimate, ...]
    whole: Reconciliation
    cautions: tuple[Caution, ...]

    @property
    def range(self) -> Range:
        """The reconciled range, 万元."""
        return self.whole.range


def appraise(study: Study) -> Appraisal:
    """Value a technology by all methods of the study.

    O(draws · years) for the income methods, O(draws · steps²) for the option.
    """
    joint = shares(study.keys, seed=study.seed, draws=study.draws, correlations=study.correlations)
    joint[PICK] = uniforms(PICK, seed=study.seed, draws=study.draws)
    estimates = tuple(estimate(weighted.case, joint) for weighted in study.cases)
    opinions = [
        Opinion(found.method, found.range, found.sample, weighted.weight)
        for found, weighted in zip(estimates, study.cases, strict=True)
    ]
    whole = reconcile(opinions)
    return Appraisal(estimates, whole, (*whole.cautions, *_implied(study), *_assumed(study)))


def estimate(case: Case, joint: Draws) -> Estimate:
    """Value a technology by one method: base, simulation and tornado.

    ``joint`` holds for every input the share of its distribution in each draw, from
    :func:`.sampling.shares`, and those of :data:`.case.PICK`.
    """
    x = {key: quantile(quantity, joint[key]) for key, quantity in case.inputs().items()}
    x[PICK] = joint[PICK]
    sample = _in_chunks(case, x)
    base = base_value(case)
    at = [float(value) for value in np.quantile(sample, QUANTILES)]
    middle = Range(at[1], at[3], at[5])
    negative = float((sample < 0).mean())
    return Estimate(
        method=case.method,
        base=base,
        range=middle,
        quantiles=tuple(at),
        mean=float(sample.mean()),
        deviation=float(sample.std()),
        negative=negative,
        histogram=histogram(sample),
        swings=tornado(case),
        table=case.table(),
        figures=case.figures(),
        cautions=(*case.cautions(), *_doubts(base, middle, negative)),
        sample=sample,
    )


def _in_chunks(case: Case, x: Draws) -> Vector:
    size = len(x[PICK])
    return np.concatenate(
        [
            case.value({key: values[at : at + _CHUNK] for key, values in x.items()})
            for at in range(0, size, _CHUNK)
        ]
    )


def tornado(case: Case) -> tuple[Swing, ...]:
    """The value with each input at its low and its high, all others at base; widest swing first.

    Inputs without a range are left out. All 2k values come from one call.
    """
    inputs = case.inputs()
    keys = [key for key, quantity in inputs.items() if not quantity.certain]
    if not keys:
        return ()
    x = {key: np.repeat(values, 2 * len(keys)) for key, values in base_draw(inputs).items()}
    for at, key in enumerate(keys):
        x[key][2 * at], x[key][2 * at + 1] = inputs[key].low, inputs[key].high
    values = case.value(x)
    swings = [
        Swing(key, inputs[key].low, inputs[key].high, float(values[2 * at]), float(values[2 * at + 1]))
        for at, key in enumerate(keys)
    ]
    return tuple(sorted(swings, key=lambda swing: (-swing.width, swing.key)))


def histogram(sample: Vector) -> Histogram:
    """Counts in 40 bins over the middle 99 % of the sample."""
    low, high = (float(edge) for edge in np.quantile(sample, (0.005, 0.995)))
    if not high > low:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(sample, bins=_BINS, range=(low, high))
    return Histogram(
        tuple(float(edge) for edge in edges),
        tuple(int(count) for count in counts),
        int((sample < low).sum()),
        int((sample > high).sum()),
    )


def _doubts(base: float, middle: Range, negative: float) -> list[Caution]:
    found = []
    if negative > 0:
        found.append(Caution(CautionCode.MAY_BE_NEGATIVE, {"share": negative}))
    if not middle.low <= base <= middle.high:
        facts = {"base": base, "low": middle.low, "high": middle.high}
        found.append(Caution(CautionCode.BASE_OUTSIDE, facts))
    return found


def _implied(study: Study) -> list[Caution]:
    """Whether the split and the royalty rate of one study tell the same story."""
    cases: Mapping[Method, AnyCase] = {weighted.case.method: weighted.case for weighted in study.cases}
    split, royalty = cases.get(Method.SPLIT), cases.get(Method.ROYALTY)
    if not (isinstance(split, SplitCase) and isinstance(royalty, RoyaltyCase)):
        return []
    implied, stated = split.split.base * split.profit_margin.base, royalty.royalty.base
    if implied > 0 and stated > 0 and abs(math.log(implied / stated)) <= math.log(1.5):
        return []
    return [Caution(CautionCode.IMPLIED_ROYALTY, {"implied": implied, "royalty": stated})]


def _assumed(study: Study) -> list[Caution]:
    """Whether more than half of the inputs rest on assumptions; one that two methods share counts once."""
    inputs = {pair for weighted in study.cases for pair in weighted.case.inputs().items()}
    assumed = sum(quantity.basis is Basis.ASSUMED for _, quantity in inputs)
    if 2 * assumed <= len(inputs):
        return []
    return [Caution(CautionCode.MOSTLY_ASSUMED, {"assumed": assumed, "total": len(inputs)})]
