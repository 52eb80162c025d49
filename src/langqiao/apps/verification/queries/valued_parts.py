"""Inputs, options and working of one method in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from langqiao.apps.verification.domain.valuation import terms
from langqiao.engines.valuation import (
    COLUMNS,
    AnyCase,
    Basis,
    CostCase,
    DcfCase,
    Heading,
    MarketCase,
    OptionCase,
    Quantity,
    RoyaltyCase,
    SplitCase,
    Study,
    Unit,
    field_of,
)
from langqiao.kit.figures import day, money
from langqiao.kit.words import is_english, listed


@dataclass(frozen=True, slots=True)
class Assumption:
    """One input in words: its numbers as text, what they rest on and their source."""

    key: str
    label: str
    low: str
    base: str
    high: str
    basis: str
    assumed: bool
    shape: str
    source: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Working:
    """The working table in words."""

    heads: list[str]
    rows: list[tuple[str, list[str]]]


def amount(value: float) -> str:
    """A value in 万元 as money, to the second place."""
    return money(round(value, 2) + 0.0)


def between(low: float, high: float) -> str:
    """Two values in 万元 as one from–to."""
    if low < 0:  # "−5–20" reads badly
        return _("%(low)s 至 %(high)s") % {"low": amount(low), "high": amount(high)}
    return money((round(low, 2), round(high, 2)))


def money_unit() -> str:
    """The unit of columns and axes that hold money."""
    return "CNY m" if is_english() else "万元"


def money_number(value: float) -> float:
    """A value in 万元 in that unit."""
    return value / 100 if is_english() else value


def assumption(case: AnyCase, key: str, quantity: Quantity) -> Assumption:
    """An input in words."""
    unit = field_of(key).unit.value
    low, base, high = (terms.figure(value, unit) for value in (quantity.low, quantity.base, quantity.high))
    return Assumption(
        key=key,
        label=input_label(case, key),
        low=low,
        base=base,
        high=high,
        basis=str(terms.BASES[quantity.basis]),
        assumed=quantity.basis is Basis.ASSUMED,
        shape=str(terms.SHAPES[quantity.shape]),
        source=quantity.source,
        certain=quantity.certain,
    )


def input_label(case: AnyCase, key: str) -> str:
    """An input's term; items and adjustments by their own names."""
    kind, *numbers = key.split(".")
    if kind == "cost" and isinstance(case, CostCase):
        return case.items[int(numbers[0])].name
    if kind == "adjust" and isinstance(case, MarketCase):
        deal = case.comparables[int(numbers[0])]
        return _("%(deal)s：%(what)s") % {"deal": deal.name, "what": deal.adjustments[int(numbers[1])].name}
    return terms.term(field_of(key))


def label_of_key(study: Study, key: str) -> str:
    """An input's term, looked for in all cases of a study."""
    for weighted in study.cases:
        if key in weighted.case.inputs():
            return input_label(weighted.case, key)
    return key


def options_of(case: AnyCase) -> list[tuple[str, str]]:
    """What a case holds beside its inputs with a range: label and value in words."""
    if isinstance(case, CostCase):
        rows = [
            (_("成本类型"), str(terms.COSTS[case.kind])),
            (_("已使用年限"), terms.figure(case.age, "年")),
        ]
        return [*rows, (_("价格指数的来源"), case.index_source)] if case.index_source else rows
    if isinstance(case, MarketCase):
        return [
            (
                deal.name,
                _("%(price)s，%(on)s，%(basis)s：%(source)s")
                % {
                    "price": amount(deal.price),
                    "on": day(deal.on),
                    "basis": terms.BASES[deal.basis],
                    "source": deal.source,
                },
            )
            for deal in case.comparables
        ]
    if isinstance(case, OptionCase):
        early = _("期限内任何时候可执行（美式）") if case.american else _("只在到期时执行（欧式）")
        return [
            (_("期权类型"), str(terms.OPTIONS[case.kind])),
            (_("执行方式"), early),
            (_("二叉树步数"), str(case.steps)),
        ]
    return list(_income_options(case))


def _income_options(case: DcfCase | RoyaltyCase | SplitCase) -> Iterator[tuple[str, str]]:
    ramp = listed(f"{terms.plain(share * 100)}%" for share in case.revenue.ramp)
    yield _("爬坡（各年收入占达产收入）"), ramp
    yield _("折现时点"), _("年中") if case.mid_year else _("年末")
    if case.protection is not None:
        held = case.protection
        yield (
            _("专利保护"),
            _("%(right)s，%(filed)s申请，%(expires)s届满，还剩 %(years)s 年")
            % {
                "right": terms.RIGHTS[held.right],
                "filed": day(held.filed),
                "expires": day(held.expires),
                "years": terms.plain(round(held.years, 1)),
            },
        )
    if isinstance(case, DcfCase):
        yield _("折旧年限"), terms.figure(case.depreciation_years, "年")
        yield _("亏损结转年限"), terms.figure(case.loss_years, "年")
    if isinstance(case, RoyaltyCase) and case.amortisation_years is not None:
        yield _("摊销年限"), terms.figure(case.amortisation_years, "年")


def working(case: AnyCase, table: Mapping[str, Any]) -> Working:
    """The working table of the base case in words; money in the columns' unit."""
    heads = [COLUMNS[column] for column in table["columns"]]
    return Working(
        [_first_head(case), *(_head(head) for head in heads)],
        [
            (
                _row_label(case, row["label"]),
                [_cell(cell, head.unit) for cell, head in zip(row["cells"], heads, strict=True)],
            )
            for row in table["rows"]
        ],
    )


def _head(head: Heading) -> str:
    """A column's term with its unit, which its cells leave out."""
    if not head.unit or head.unit == Unit.SHARE.value:
        return terms.term(head)
    unit = money_unit() if head.unit == Unit.WAN.value else terms.unit_of(head.unit)
    return _("%(what)s（%(unit)s）") % {"what": terms.term(head), "unit": unit}


def _cell(value: float, unit: str) -> str:
    if unit == Unit.SHARE.value:
        return terms.figure(value, unit)
    if unit == Unit.WAN.value:
        return terms.plain(money_number(round(value, 2)))
    return terms.plain(value)


def _first_head(case: AnyCase) -> str:
    if isinstance(case, CostCase):
        return _("成本项目")
    if isinstance(case, MarketCase):
        return _("可比案例")
    return _("期权") if isinstance(case, OptionCase) else _("投产后第几年")


def _row_label(case: AnyCase, label: str) -> str:
    if label == "end":
        return _("期末收回")
    return str(terms.OPTIONS[case.kind]) if isinstance(case, OptionCase) else label
