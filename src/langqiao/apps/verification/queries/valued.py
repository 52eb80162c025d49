"""A computed valuation as pages and reports show it: ranges, charts, assumptions and working in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from langqiao.apps.verification.domain.valuation import terms
from langqiao.apps.verification.queries import valued_charts as charts
from langqiao.apps.verification.queries.valued_charts import Chart, SwingShown
from langqiao.apps.verification.queries.valued_parts import (
    Assumption,
    Working,
    amount,
    assumption,
    between,
    input_label,
    label_of_key,
    options_of,
    working,
)
from langqiao.engines.valuation import (
    FIGURES,
    AnyCase,
    CautionCode,
    Method,
    Range,
    Study,
    appraise,
    field_of,
    result_data,
)
from langqiao.kit.words import listed

PREVIEW_DRAWS = 2000
_NAMES = ("P5", "P10", "P25", "P50", "P75", "P90", "P95")


@dataclass(frozen=True, slots=True)
class MethodShown:
    """One method's answer with all that stands behind it."""

    method: Method
    label: str
    weight: str
    reason: str
    base: str
    range: Range
    quantiles: list[tuple[str, str]]
    mean: str
    cautions: list[str]
    options: list[tuple[str, str]]
    assumptions: list[Assumption]
    figures: list[tuple[str, str]]
    bars: list[SwingShown]
    base_value: float
    working: Working
    tornado: Chart | None
    distribution: Chart

    @property
    def low(self) -> str:
        return amount(self.range.low)

    @property
    def middle(self) -> str:
        return amount(self.range.middle)

    @property
    def high(self) -> str:
        return amount(self.range.high)

    @property
    def between(self) -> str:
        """The range as one text: 300–500 万元."""
        return between(self.range.low, self.range.high)


@dataclass(frozen=True, slots=True)
class Pair:
    """How far the ranges of two methods overlap."""

    first: str
    second: str
    share: str
    apart: bool


@dataclass(frozen=True, slots=True)
class ValuedShown:
    """The whole valuation."""

    range: Range
    weighted: str
    envelope: str
    cautions: list[str]
    methods: list[MethodShown]
    pairs: list[Pair]
    correlations: list[tuple[str, str]]
    chart: Chart
    draws: int
    seed: int

    @property
    def low(self) -> str:
        return amount(self.range.low)

    @property
    def middle(self) -> str:
        return amount(self.range.middle)

    @property
    def high(self) -> str:
        return amount(self.range.high)

    @property
    def between(self) -> str:
        """The range as one text: 300–500 万元."""
        return between(self.range.low, self.range.high)


def shown(study: Study, result: Mapping[str, Any]) -> ValuedShown:
    """A study and its stored result in the reader's language."""
    whole = result["whole"]
    weights = dict(whole["weights"])
    methods = [
        _method(weighted.case, weighted.reason, weights[data["method"]], data)
        for weighted, data in zip(study.cases, result["estimates"], strict=True)
    ]
    found = Range(**whole["range"])
    return ValuedShown(
        range=found,
        weighted=amount(whole["weighted"]),
        envelope=between(*whole["envelope"]),
        cautions=_cautions(result["cautions"]),
        methods=methods,
        pairs=[_pair(row) for row in whole["agreements"]],
        correlations=[
            (f"{label_of_key(study, pair.first)} ↔ {label_of_key(study, pair.second)}", f"{pair.rho:g}")
            for pair in study.correlations
        ],
        chart=charts.ranges([(one.label, one.weight, one.range) for one in methods], found),
        draws=study.draws,
        seed=study.seed,
    )


def _cautions(held: Sequence[Mapping[str, Any]]) -> list[str]:
    """Cautions on the whole; ranges that do not meet in one sentence."""
    apart = [c["facts"] for c in held if c["code"] == CautionCode.DISJOINT.value]
    pairs = listed(
        _("%(first)s与%(second)s")
        % {side: str(terms.METHODS[Method(facts[side])]) for side in ("first", "second")}
        for facts in apart
    )
    found = [_("区间没有交集的方法：%(pairs)s。") % {"pairs": pairs}] if apart else []
    others = (c for c in held if c["code"] != CautionCode.DISJOINT.value)
    return [*found, *(terms.caution(c["code"], c["facts"]) for c in others)]


def _method(case: AnyCase, reason: str, weight: float, data: Mapping[str, Any]) -> MethodShown:
    inputs = case.inputs()
    bars = [
        SwingShown(
            input_label(case, swing["key"]),
            _note(swing["key"], swing["low"], swing["high"]),
            swing["at_low"],
            swing["at_high"],
        )
        for swing in data["swings"]
    ]
    label = str(terms.METHODS[case.method])
    found = Range(**data["range"])
    return MethodShown(
        method=case.method,
        label=label,
        weight=f"{terms.plain(round(weight * 100, 1))}%",
        reason=reason,
        base=amount(data["base"]),
        range=found,
        quantiles=[(name, amount(value)) for name, value in zip(_NAMES, data["quantiles"], strict=True)],
        mean=amount(data["mean"]),
        cautions=[terms.caution(c["code"], c["facts"]) for c in data["cautions"]],
        options=options_of(case),
        assumptions=[assumption(case, key, quantity) for key, quantity in inputs.items()],
        figures=[
            (terms.term(FIGURES[f["key"]]), terms.figure(f["value"], FIGURES[f["key"]].unit))
            for f in data["figures"]
        ],
        bars=bars,
        base_value=data["base"],
        working=working(case, data["table"]),
        tornado=charts.tornado(case.method, label, bars, data["base"]) if bars else None,
        distribution=charts.distribution(case.method, label, found, data),
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What is typed so far as a range, with fewer draws; the tornado of the heaviest method."""

    valued: ValuedShown
    heaviest: MethodShown


def preview(study: Study) -> Preview:
    """A quick look at a study that is not saved."""
    quick = dataclasses.replace(study, draws=min(study.draws, PREVIEW_DRAWS))
    valued = shown(quick, result_data(appraise(quick)))
    weights = [weighted.weight for weighted in study.cases]
    return Preview(valued, valued.methods[weights.index(max(weights))])


def _pair(row: Mapping[str, Any]) -> Pair:
    first, second = (str(terms.METHODS[Method(row[side])]) for side in ("first", "second"))
    return Pair(first, second, f"{terms.plain(round(row['overlap'] * 100))}%", row["overlap"] == 0)


def _note(key: str, low: float, high: float) -> str:
    unit = field_of(key).unit.value
    return f"{terms.figure(low, unit)} → {terms.figure(high, unit)}"


def disclaimer() -> str:
    """What the report is, and what it is not."""
    return _(
        "估值是区间，不是一个数：每一项参数都在其低与高之间变动，十分之八的模拟结果落在区间之内。"
        "本报告供决策参考，不是资产评估机构依法出具的资产评估报告。"
    )
