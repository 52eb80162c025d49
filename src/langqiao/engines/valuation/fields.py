"""All inputs, columns and figures by key: their terms in Chinese and English, units and limits.

Forms, reports and checks read this one table. A key with ``*`` stands for a numbered list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .types import BadInput, Quantity, Shape, Unit

MOST = 1e9  # 万元: ten trillion yuan, so that no sum overflows


@dataclass(frozen=True, slots=True)
class Field:
    """One input: official term, English name, unit and the numbers it may take.

    ``open_ended`` inputs may be lognormal, because a tail beyond ``high`` is still possible.
    """

    zh: str
    en: str
    unit: Unit
    lower: float
    upper: float
    open_ended: bool = False


def _money(zh: str, en: str, unit: Unit = Unit.WAN, *, lower: float = 0.0) -> Field:
    return Field(zh, en, unit, lower, MOST, open_ended=True)


def _share(zh: str, en: str, lower: float = 0.0, upper: float = 1.0) -> Field:
    return Field(zh, en, Unit.SHARE, lower, upper)


def _years(zh: str, en: str, lower: float, upper: float) -> Field:
    return Field(zh, en, Unit.YEARS, lower, upper)


FIELDS: Mapping[str, Field] = {
    "revenue.peak": _money("达产年收入", "Revenue at full ramp", Unit.WAN_A_YEAR),
    "revenue.growth": _share("达产后年增长率", "Yearly growth after the ramp", -0.9, 1.0),
    "revenue.delay": _years("距产生收入的年数", "Years until revenue", 0.0, 15.0),
    "revenue.life": _years("经济寿命", "Economic life", 0.5, 40.0),
    "discount": _share("折现率", "Discount rate"),
    "tax": _share("所得税率", "Income tax rate", 0.0, 0.6),
    "success": _share("成功概率", "Probability of success"),
    "decay": _share("技术贡献年衰减率", "Yearly decay of the technology's share", 0.0, 0.9),
    "margin": _share("息税折旧摊销前利润率", "EBITDA margin", -1.0, 1.0),
    "contribution": _share("技术贡献率", "Technology's share of the project"),
    "charges": _share("贡献资产回报率（占收入）", "Contributory asset charges (of revenue)"),
    "upkeep": _share("维持性资本支出率（占收入）", "Maintenance capital expenditure (of revenue)"),
    "working_capital": _share("营运资金率（占收入）", "Working capital (of revenue)", 0.0, 2.0),
    "investment": _money("建设投资", "Capital expenditure at launch"),
    "development": _money("后续研发投入（税后）", "Further development cost (after tax)"),
    "royalty": _share("许可费率（占收入）", "Royalty rate (of revenue)"),
    "maintenance": _money("权利维持费用", "Cost of keeping the rights", Unit.WAN_A_YEAR),
    "profit_margin": _share("营业利润率", "Operating profit margin"),
    "split": _share("收益分成率", "Technology's share of profit"),
    "cost.*": _money("成本项目", "Cost item"),
    "formation": _years("形成年限", "Years of development", 0.0, 30.0),
    "capital_rate": _share("资金成本率", "Cost of capital during development"),
    "profit": _share("合理利润率（占成本）", "Developer's profit (of cost)", 0.0, 3.0),
    "remaining": _years("尚可使用年限", "Remaining useful life", 0.0, 40.0),
    "functional": _share("功能性贬值率", "Functional obsolescence"),
    "economic": _share("经济性贬值率", "Economic obsolescence"),
    "adjust.*.*": Field("修正系数", "Adjustment factor", Unit.FACTOR, 0.01, 100.0, open_ended=True),
    "underlying": _money("标的现值", "Present value of the underlying", lower=1e-4),
    "strike": _money("执行价格", "Exercise price", lower=1e-4),
    "horizon": _years("期权期限", "Life of the option", 0.05, 20.0),
    "riskless": _share("无风险利率", "Risk-free rate", 0.0, 0.3),
    "volatility": _share("年波动率", "Yearly volatility", 0.01, 3.0),
    "leak": _share("年价值漏损率", "Yearly leakage of value", 0.0, 0.5),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heading:
    """Term and unit of a column or figure; unit "" where it has none."""

    zh: str
    en: str
    unit: str = Unit.WAN.value


COLUMNS: Mapping[str, Heading] = {
    "revenue": Heading("收入", "Revenue"),
    "earnings": Heading("息税折旧摊销前利润", "EBITDA"),
    "depreciation": Heading("折旧", "Depreciation"),
    "tax": Heading("所得税", "Income tax"),
    "charges": Heading("贡献资产回报", "Contributory charges"),
    "working_capital": Heading("营运资金增加", "Increase in working capital"),
    "flow": Heading("净现金流", "Net cash flow"),
    "gross": Heading("税前分成", "Share before tax"),
    "time": Heading("折现期", "Discounting period", Unit.YEARS.value),
    "factor": Heading("折现系数", "Discount factor", ""),
    "present": Heading("现值", "Present value"),
    "amount": Heading("历史成本", "Cost at the time"),
    "index": Heading("价格指数之比", "Ratio of price indices", ""),
    "restated": Heading("现行成本", "Cost at today's prices"),
    "price": Heading("成交价", "Price paid"),
    "adjustment": Heading("修正系数", "Adjustment", ""),
    "adjusted": Heading("修正后价格", "Adjusted price"),
    "weight": Heading("权重", "Weight", Unit.SHARE.value),
    "without": Heading("剔除该案例后的中位数", "Median without this deal"),
    "closed_form": Heading("布莱克–斯科尔斯（欧式）", "Black–Scholes (European)"),
    "tree_european": Heading("二叉树（欧式）", "Binomial (European)"),
    "tree_american": Heading("二叉树（美式）", "Binomial (American)"),
    "gap": Heading("二叉树与解析解之差", "Binomial less closed form"),
}

FIGURES: Mapping[str, Heading] = {
    "flows": Heading("经营现金流现值", "Present value of operating flows"),
    "outlay": Heading("建设投资现值", "Present value of capital expenditure"),
    "development": Heading("后续研发投入现值", "Present value of development cost"),
    "shield": Heading("摊销节税系数", "Tax amortisation factor", ""),
    "replacement": Heading("重置成本", "Replacement cost"),
    "condition": Heading("成新率", "Remaining condition", Unit.SHARE.value),
    "depreciation": Heading("贬值合计", "Total depreciation"),
    "lower_quartile": Heading("修正价格下四分位", "Lower quartile of adjusted prices"),
    "median": Heading("修正价格加权中位数", "Weighted median of adjusted prices"),
    "upper_quartile": Heading("修正价格上四分位", "Upper quartile of adjusted prices"),
    "static": Heading("立即执行的净现值", "Net present value of acting now"),
    "option": Heading("期权价值", "Value of the option"),
    "premium": Heading("灵活性价值", "Value of flexibility"),
}


def field_of(key: str) -> Field:
    """The field of a key; numbers in it are those of a list.

    Raises:
        KeyError: there is no such field.
    """
    return FIELDS[re.sub(r"\.\d+", ".*", key)]


def check(inputs: Mapping[str, Quantity]) -> None:
    """Check every input against its field.

    Raises:
        BadInput: an input has another unit, leaves its limits, or has a lognormal tail that would.
    """
    for key, quantity in inputs.items():
        field = field_of(key)
        if quantity.unit is not field.unit:
            raise BadInput(
                key, "unit", f"{field.en} ({key}) is given in {quantity.unit}, not in {field.unit}",
                unit=field.unit.value,
            )  # fmt: skip
        if quantity.low < field.lower:
            raise BadInput(
                key, "below", f"{field.en} ({key}) may not be below {field.lower:g}", limit=field.lower
            )
        if quantity.high > field.upper:
            raise BadInput(
                key, "above", f"{field.en} ({key}) may not be above {field.upper:g}", limit=field.upper
            )
        if quantity.shape is Shape.LOGNORMAL and not field.open_ended:
            raise BadInput(
                key, "lognormal", f"{field.en} ({key}) has a highest value, so it cannot be lognormal"
            )
