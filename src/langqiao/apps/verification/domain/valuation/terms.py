"""The engine's terms in the reader's language: methods, inputs, cautions, and why an input is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langqiao.engines.valuation import (
    FIELDS,
    BadInput,
    Basis,
    CautionCode,
    CostKind,
    Field,
    Heading,
    Method,
    OptionKind,
    Right,
    Shape,
    Unit,
)
from langqiao.kit.figures import money
from langqiao.kit.words import is_english

METHODS: dict[Method, Any] = {
    Method.DCF: gettext_lazy("现金流折现法"),
    Method.ROYALTY: gettext_lazy("许可费节省法"),
    Method.SPLIT: gettext_lazy("收益分成率法"),
    Method.COST: gettext_lazy("成本法"),
    Method.MARKET: gettext_lazy("市场法"),
    Method.OPTION: gettext_lazy("实物期权法"),
}
BASES: dict[Basis, Any] = {
    Basis.ASSUMED: gettext_lazy("假设"),
    Basis.REPORTED: gettext_lazy("单位提供"),
    Basis.PUBLISHED: gettext_lazy("公开资料"),
}
SHAPES: dict[Shape, Any] = {
    Shape.PERT: "PERT",
    Shape.TRIANGULAR: gettext_lazy("三角"),
    Shape.LOGNORMAL: gettext_lazy("对数正态"),
    Shape.FIXED: gettext_lazy("定值"),
}
RIGHTS: dict[Right, Any] = {
    Right.INVENTION: gettext_lazy("发明专利（20 年）"),
    Right.UTILITY_MODEL: gettext_lazy("实用新型（10 年）"),
    Right.DESIGN: gettext_lazy("外观设计（15 年）"),
}
COSTS: dict[CostKind, Any] = {
    CostKind.REPRODUCTION: gettext_lazy("复原重置成本"),
    CostKind.REPLACEMENT: gettext_lazy("更新重置成本"),
}
OPTIONS: dict[OptionKind, Any] = {
    OptionKind.INVEST: gettext_lazy("投资期权（到期再决定是否投资）"),
    OptionKind.DEFER: gettext_lazy("延迟期权（期限内任何时候可投资）"),
    OptionKind.ABANDON: gettext_lazy("放弃期权（期限内可退出）"),
}
UNITS: dict[str, Any] = {
    Unit.WAN.value: gettext_lazy("万元"),
    Unit.WAN_A_YEAR.value: gettext_lazy("万元/年"),
    Unit.YEARS.value: gettext_lazy("年"),
    Unit.SHARE.value: "%",
    Unit.FACTOR.value: gettext_lazy("倍"),
}
# Attributes of a study beside its inputs with a range.
ATTRIBUTES: dict[str, Any] = {
    "ramp": gettext_lazy("爬坡"),
    "filed": gettext_lazy("专利申请日"),
    "right": gettext_lazy("专利类型"),
    "protection": gettext_lazy("专利保护"),
    "depreciation_years": gettext_lazy("折旧年限"),
    "loss_years": gettext_lazy("亏损结转年限"),
    "amortisation_years": gettext_lazy("摊销年限"),
    "items": gettext_lazy("成本项目"),
    "name": gettext_lazy("名称"),
    "age": gettext_lazy("已使用年限"),
    "index_then": gettext_lazy("价格指数"),
    "index_now": gettext_lazy("价格指数"),
    "index_source": gettext_lazy("价格指数的来源"),
    "comparables": gettext_lazy("可比案例"),
    "adjustments": gettext_lazy("修正系数"),
    "price": gettext_lazy("成交价"),
    "on": gettext_lazy("成交日期"),
    "steps": gettext_lazy("二叉树步数"),
    "weight": gettext_lazy("权重"),
    "reason": gettext_lazy("权重的理由"),
    "cases": gettext_lazy("估值方法"),
    "seed": gettext_lazy("随机种子"),
    "draws": gettext_lazy("模拟次数"),
    "correlations": gettext_lazy("相关系数"),
}

REFUSALS: dict[str, Any] = {
    "finite": gettext_lazy("“%(label)s”须为有限的数。"),
    "order": gettext_lazy("“%(label)s”的低、基准、高须从小到大。"),
    "fixed": gettext_lazy("“%(label)s”为定值时，三个数须相同。"),
    "positive": gettext_lazy("“%(label)s”取对数正态分布时，低值须大于 0。"),
    "wide": gettext_lazy("“%(label)s”取对数正态分布时，高值最多为低值的 1000 倍。"),
    "source": gettext_lazy("“%(label)s”须写明来源，或假设的理由。"),
    "unit": gettext_lazy("“%(label)s”的单位须为 %(unit)s。"),
    "below": gettext_lazy("“%(label)s”不能小于 %(limit)s。"),
    "above": gettext_lazy("“%(label)s”不能大于 %(limit)s。"),
    "lognormal": gettext_lazy("“%(label)s”有上限，不能取对数正态分布。"),
    "limits": gettext_lazy("“%(label)s”超出允许的范围。"),
    "length": gettext_lazy("“%(label)s”没有填写，或条数过多。"),
    "share": gettext_lazy("“%(label)s”的每一项须为 0 至 1000%%。"),
    "later": gettext_lazy("“%(label)s”晚于评估基准日。"),
    "expired": gettext_lazy("专利已于 %(expires)s 届满，早于评估基准日。"),
    "name": gettext_lazy("“%(label)s”须填写，案例还须写明来源。"),
    "index": gettext_lazy("“%(label)s”须为大于 0 的数。"),
    "price": gettext_lazy("“%(label)s”须大于 0。"),
    "weight": gettext_lazy("“%(label)s”须为 0 以上的数。"),
    "weights": gettext_lazy("至少一项的权重须大于 0。"),
    "reason": gettext_lazy("请写明各方法权重的理由。"),
    "rho": gettext_lazy("相关系数须在 −1 与 1 之间，且针对两个不同的参数。"),
    "unknown": gettext_lazy("没有“%(label)s”这一项。"),
    "together": gettext_lazy("各相关系数互相矛盾，不能同时成立。"),
    "tree": gettext_lazy("波动率太低，二叉树步数不够；请增加步数或提高波动率的低值。"),
    "no_range": gettext_lazy("“%(label)s”的参数都是定值；估值须给出区间，请至少为一个参数填写低与高。"),
    "twice": gettext_lazy("每种方法只能用一次。"),
    "type": gettext_lazy("“%(label)s”没有填写，或填写有误。"),
    "missing": gettext_lazy("缺少“%(label)s”。"),
    "effort": gettext_lazy("模拟次数、参数个数与步数合起来太大；请减少模拟次数或步数。"),
}

CAUTIONS: dict[CautionCode, Any] = {
    CautionCode.WHOLE_PROJECT: gettext_lazy(
        "技术贡献率为 100%%，且没有扣除其他资产的回报：结果是整个项目的价值。"
    ),
    CautionCode.PROTECTION_ENDS: gettext_lazy(
        "专利保护还剩 %(years)s 年，短于收入持续的 %(life)s 年：此后不再计入收益。"
    ),
    CautionCode.NO_PROTECTION: gettext_lazy("没有填写专利保护：收益年限只受经济寿命限制。"),
    CautionCode.FEW_COMPARABLES: gettext_lazy("可比案例只有 %(count)s 个，少于三个：市场法的结果仅供参考。"),
    CautionCode.FAR_COMPARABLES: gettext_lazy(
        "案例“%(name)s”的修正系数为 %(factor)s，修正超过一半：可比性不足。"
    ),
    CautionCode.OLD_COMPARABLES: gettext_lazy("案例“%(name)s”距基准日 %(years)s 年，超过五年。"),
    CautionCode.COST_IS_NO_INCOME: gettext_lazy("成本法反映投入，不反映技术能带来的收益。"),
    CautionCode.MAY_BE_NEGATIVE: gettext_lazy("模拟中有 %(share)s 的结果小于 0。"),
    CautionCode.BASE_OUTSIDE: gettext_lazy(
        "基准情形落在 P10–P90 区间之外：请检查各参数的基准值是否偏乐观或偏保守。"
    ),
    CautionCode.MOSTLY_ASSUMED: gettext_lazy("%(total)s 个参数中有 %(assumed)s 个是假设。"),
    CautionCode.SINGLE_METHOD: gettext_lazy("只用了一种方法，没有互相印证。"),
    CautionCode.FAR_APART: gettext_lazy("各方法中位值最高与最低相差 %(ratio)s 倍。"),
    CautionCode.IMPLIED_ROYALTY: gettext_lazy(
        "分成率与利润率相当于 %(implied)s 的许可费率，与所用的 %(royalty)s 相差较大。"
    ),
    CautionCode.UNDERLYING_FROM_INCOME: gettext_lazy(
        "期权的标的现值来自收益预测：与收益法的结果不是互相独立的证据。"
    ),
}

_NUMBERED = re.compile(r"\.\d+")
_INPUT_PART = re.compile(r"\.(low|base|high|unit|shape|basis|source)$")


def term(thing: Field | Heading) -> str:
    """A field's or column's term in the reader's language."""
    return thing.en if is_english() else thing.zh


def unit_of(unit: str) -> str:
    """A unit in the reader's language."""
    return str(UNITS.get(unit, unit))


def figure(value: float, unit: str) -> str:
    """A value with its unit: 12%, 300 万元, 8 年, 1.1."""
    if unit == Unit.SHARE.value:
        return f"{plain(value * 100)}%"
    if unit == Unit.WAN.value:
        return money(round(value, 2))
    if unit == Unit.WAN_A_YEAR.value:
        return _("%(amount)s/年") % {"amount": money(round(value, 2))}
    if unit == Unit.YEARS.value:
        return _("%(n)s 年") % {"n": plain(value)}
    return plain(value)


def plain(value: float) -> str:
    """A number with at most four decimals, without trailing zeros.

    >>> plain(0.30000000000000004), plain(1234.5), plain(-0.00001)
    ('0.3', '1,234.5', '0')
    """
    text = f"{round(value, 4) + 0.0:,.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def field_for(path: str) -> tuple[str, Field | None]:
    """The input that a refusal's path ends in: its key and field, ("", None) where it is none."""
    steps = _INPUT_PART.sub("", path).split(".")
    for start in range(len(steps)):
        key = ".".join(steps[start:])
        found = FIELDS.get(_NUMBERED.sub(".*", key))
        if found is not None:
            return key, found
    return "", None


def label_of(path: str) -> str:
    """What a refusal's path speaks of, in words; the path itself where there are none."""
    _key, field = field_for(path)
    if field is not None:
        return term(field)
    if path in set(Method):
        return str(METHODS[Method(path)])
    for step in reversed(path.split(".")):
        if step in ATTRIBUTES:
            return str(ATTRIBUTES[step])
    return path


def refusal(bad: BadInput) -> str:
    """Why an input is refused, in the reader's language."""
    _key, field = field_for(bad.field)
    facts = {name: str(value) for name, value in bad.facts.items()}
    if field is not None and isinstance(limit := bad.facts.get("limit"), int | float):
        facts["limit"] = figure(limit, field.unit.value)
    if "unit" in facts:
        facts["unit"] = unit_of(facts["unit"])
    return str(REFUSALS[bad.code]) % {"label": label_of(bad.field), **facts}


def caution(code: str, facts: Mapping[str, float | str]) -> str:
    """A caution in the reader's language; for pairs of methods see :func:`.queries.valued.shown`."""
    words: dict[str, str] = {}
    for name, value in facts.items():
        if isinstance(value, str):
            words[name] = str(METHODS[Method(value)]) if value in set(Method) else value
        elif name in ("share", "implied", "royalty"):
            words[name] = f"{plain(round(value * 100, 1))}%"
        else:
            words[name] = plain(round(value, 1))
    return str(CAUTIONS[CautionCode(code)]) % words
