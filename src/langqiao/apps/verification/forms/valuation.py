"""Forms of valuations: what stands beside the inputs with a range."""

from __future__ import annotations

import math
import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.domain.valuation.terms import (
    BASES,
    COSTS,
    METHODS,
    OPTIONS,
    RIGHTS,
    SHAPES,
    unit_of,
)
from langqiao.apps.verification.forms.calls import day
from langqiao.apps.verification.forms.services import NOTHING, AchievementField, Named
from langqiao.apps.verification.queries.valuation import appraisers
from langqiao.engines.valuation import FIELDS, LEVELS, Basis, Field, Shape, Unit
from langqiao.kit.words import is_english

_BETWEEN = re.compile(r"[\s、,，;；]+")
LONGEST = 400  # characters of a source or a reason
CHOSEN_SHAPES = [(shape.value, label) for shape, label in SHAPES.items() if shape is not Shape.FIXED]


def _choices(words: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(key.value, label) for key, label in words.items()]


def number_text(value: float) -> str:
    """A number as a person types it."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


class Number(forms.Field):
    """A finite number; thousands may be set apart by commas."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> float | None:
        """The number typed, None when empty."""
        text = str(value or "").replace(",", "").replace("，", "").replace("%", "").strip()
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise forms.ValidationError(_("请填写数字。"))
        return number


def _whole(label: Any, least: int, most: int, **values: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, required=False, **values)


def _line(label: Any, most: int = LONGEST, **values: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, required=False, **values)


class BasicsForm(forms.Form):
    """What is valued, for whom, and as of when."""

    organisation = Named(Organisation.objects.none(), label=_("权属单位"))
    title = forms.CharField(label=_("名称"), max_length=200)
    valuation_date = day(_("评估基准日"), help_text=_("金额按这一天的价格，折现到这一天。"))
    purpose = forms.CharField(
        label=_("估值目的"),
        max_length=200,
        required=False,
        help_text=_("如许可谈判、作价入股、转让、立项决策。"),
    )
    achievement = AchievementField(
        label=_("所涉成果"), required=False, max_length=500, help_text=_("成果的编号或完整名称。")
    )
    centre = Named(
        Organisation.objects.none(),
        label=_("估值机构"),
        required=False,
        help_text=_("由概念验证中心估值时选择；自行估值请留空。"),
    )
    case = forms.CharField(
        label=_("接续的项目编号"),
        required=False,
        max_length=40,
        help_text=_("接着某道题目或某次验证做的，填其项目编号；留空则另立新项目。"),
    )

    def __init__(self, *args: Any, owners: QuerySet[Organisation] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["centre"].queryset = appraisers()  # type: ignore[attr-defined]
        if owners is None:  # the owner and the case of a draft stay as they are
            del self.fields["organisation"], self.fields["case"]
            return
        self.fields["organisation"].queryset = owners  # type: ignore[attr-defined]
        if len(owners) == 1:
            self.initial["organisation"] = owners[0].pk


class QuantityForm(forms.Form):
    """One input with a range: low, base, high, what it rests on, its source and its shape."""

    low = Number(label=_("低"), required=False)
    base = Number(label=_("基准"), required=False)
    high = Number(label=_("高"), required=False)
    basis = forms.ChoiceField(label=_("性质"), choices=_choices(BASES), required=False)
    shape = forms.ChoiceField(label=_("分布"), choices=CHOSEN_SHAPES, required=False)
    source = _line(_("来源或假设理由"))

    def __init__(self, data: Any, *, key: str, field: Field, optional: bool = False) -> None:
        super().__init__(data, prefix=key.replace(".", "_"))
        self.key, self.field, self.optional = key, field, optional
        self.label = field.en if is_english() else field.zh
        if not field.open_ended:
            choices = self.fields["shape"].choices[:2]  # type: ignore[attr-defined]
            self.fields["shape"].choices = choices  # type: ignore[attr-defined]

    @property
    def unit(self) -> str:
        """The unit in the reader's language."""
        return unit_of(self.field.unit.value)

    @property
    def factor(self) -> float:
        """What one typed unit is in the engine's: a hundredth for per cent."""
        return 0.01 if self.field.unit is Unit.SHARE else 1.0

    @property
    def is_blank(self) -> bool:
        """Nothing was typed."""
        values = self.cleaned_data
        return not values.get("source") and all(values.get(n) is None for n in ("low", "base", "high"))

    @property
    def is_complete(self) -> bool:
        """A base, both ends or none of them, and a source."""
        values = self.cleaned_data
        ends = [values.get("low") is None, values.get("high") is None]
        return bool(values.get("source")) and values.get("base") is not None and ends[0] == ends[1]

    def data_of(self) -> dict[str, Any]:
        """The input as the engine reads it; a base alone is a fixed value."""
        values = self.cleaned_data
        low, base, high = (values[name] for name in ("low", "base", "high"))
        low, high = (base, base) if low is None else (low, high)
        numbers = [round(value * self.factor, 12) for value in (low, base, high)]
        fixed = low == high
        return {
            "low": numbers[0],
            "base": numbers[1],
            "high": numbers[2],
            "unit": self.field.unit.value,
            "source": values["source"],
            "basis": values["basis"] or Basis.ASSUMED.value,
            "shape": Shape.FIXED.value if fixed else values["shape"] or Shape.PERT.value,
        }


def quantity_values(field: Field, data: dict[str, Any]) -> dict[str, str]:
    """What a person would type for a stored input."""
    factor = 100.0 if field.unit is Unit.SHARE else 1.0
    low, base, high = (number_text(round(data[name] * factor, 10)) for name in ("low", "base", "high"))
    certain = data["low"] == data["high"]
    return {
        "low": "" if certain else low,
        "base": base,
        "high": "" if certain else high,
        "basis": data["basis"],
        "source": data["source"],
        "shape": Shape.PERT.value if data["shape"] == Shape.FIXED.value else data["shape"],
    }


class MethodsForm(forms.Form):
    """Which methods are used."""

    methods = forms.MultipleChoiceField(
        label=_("估值方法"),
        choices=_choices(METHODS),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("尽量用两种以上的方法互相印证；成本法和市场法可以只作参考（权重填 0）。"),
    )


class WeightForm(forms.Form):
    """How much a method counts, and why."""

    weight = Number(label=_("权重"), required=False, help_text=_("相对大小；填 0 只作比较。"))
    reason = _line(_("权重的理由"))


class Ramp(forms.CharField):
    """Yearly shares in per cent, set apart by 、 or blanks."""

    def clean(self, value: Any) -> list[float]:
        """The shares as fractions; 100 % when empty."""
        words = [word.rstrip("%") for word in _BETWEEN.split(super().clean(value)) if word]
        try:
            shares = [round(float(word) / 100, 12) for word in words]
        except ValueError:
            shares = [math.nan]
        if not all(math.isfinite(share) for share in shares):
            raise forms.ValidationError(_("请写成“30、70、100”这样的百分数。"))
        return shares or [1.0]


class IncomeForm(forms.Form):
    """What the three income methods share beside their inputs with a range."""

    ramp = Ramp(
        label=_("爬坡（%）"),
        required=False,
        max_length=LONGEST,
        help_text=_("投产后各年收入占达产收入的百分数，如 30、70、100；最后一个数沿用并按增长率变化。"),
    )
    mid_year = forms.BooleanField(label=_("年中折现（不选为年末）"), required=False)
    right = forms.ChoiceField(
        label=_("专利类型"),
        choices=[NOTHING, *_choices(RIGHTS)],
        required=False,
        help_text=_("收益到保护期或经济寿命先到者为止；不是专利的请留空。"),
    )
    filed = day(_("专利申请日"), required=False)
    trl = forms.ChoiceField(
        label=_("技术就绪水平（TRL）"),
        choices=[NOTHING, *((str(level.level), f"TRL {level.level}") for level in LEVELS)],
        required=False,
        help_text=_("用来填入成功概率的假设值，可再修改。"),
    )


class DcfForm(forms.Form):
    """What the discounted cash flow needs beside its inputs."""

    depreciation_years = _whole(_("折旧年限"), 1, 40)
    loss_years = _whole(_("亏损结转年限"), 0, 40, help_text=_("一般企业 5 年，高新技术企业等 10 年。"))


class RoyaltyForm(forms.Form):
    """What relief from royalty needs beside its inputs."""

    amortisation_years = _whole(
        _("摊销年限"), 1, 40, help_text=_("计入受让方摊销节税时填写，一般不少于 10 年；不计请留空。")
    )


class CostForm(forms.Form):
    """What the cost approach needs beside its inputs."""

    kind = forms.ChoiceField(label=_("成本类型"), choices=_choices(COSTS), required=False)
    age = Number(label=_("已使用年限"), required=False)
    index_source = _line(_("价格指数的来源"), help_text=_("成本项目的两个指数不同时填写。"))


class OptionForm(forms.Form):
    """What the real option needs beside its inputs."""

    kind = forms.ChoiceField(label=_("期权类型"), choices=_choices(OPTIONS), required=False)
    american = forms.BooleanField(label=_("期限内任何时候可执行（美式）"), required=False)
    steps = _whole(_("二叉树步数"), 10, 2000)


class RunForm(forms.Form):
    """The simulation."""

    seed = forms.IntegerField(
        label=_("随机种子"),
        min_value=0,
        max_value=2**53,
        required=False,
        help_text=_("同样的参数与种子得到同样的结果。"),
    )
    draws = _whole(_("模拟次数"), 1000, 100_000)


class CostRow(forms.Form):
    """One cost item."""

    name = _line(_("项目"), 120)
    low = Number(label=_("低（万元）"), required=False)
    base = Number(label=_("基准（万元）"), required=False)
    high = Number(label=_("高（万元）"), required=False)
    index_then = Number(label=_("发生时价格指数"), required=False)
    index_now = Number(label=_("基准日价格指数"), required=False)
    basis = forms.ChoiceField(label=_("性质"), choices=_choices(BASES), required=False)
    shape = forms.ChoiceField(label=_("分布"), choices=CHOSEN_SHAPES, required=False)
    source = _line(_("来源或假设理由"))


class DealRow(forms.Form):
    """One comparable deal."""

    name = _line(_("案例"), 120)
    price = Number(label=_("成交价（万元）"), required=False)
    on = day(_("成交日期"), required=False)
    weight = Number(label=_("权重"), required=False)
    basis = forms.ChoiceField(label=_("性质"), choices=_choices(BASES), required=False)
    source = _line(_("来源"))


class AdjustmentRow(forms.Form):
    """One adjustment of a deal's price, by the deal's number."""

    deal = _whole(_("案例序号"), 1, 200)
    name = _line(_("修正事项"), 120)
    low = Number(label=_("低（倍）"), required=False)
    base = Number(label=_("基准（倍）"), required=False)
    high = Number(label=_("高（倍）"), required=False)
    basis = forms.ChoiceField(label=_("性质"), choices=_choices(BASES), required=False)
    shape = forms.ChoiceField(label=_("分布"), choices=CHOSEN_SHAPES, required=False)
    source = _line(_("来源或假设理由"))


class CorrelationRow(forms.Form):
    """Two inputs that move together."""

    first = forms.ChoiceField(label=_("参数"), required=False)
    second = forms.ChoiceField(label=_("与之相关的参数"), required=False)
    rho = Number(label=_("相关系数"), required=False)
    reason = _line(_("理由"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        english = is_english()
        named = [(key, f.en if english else f.zh) for key, f in FIELDS.items() if "*" not in key]
        for name in ("first", "second"):
            self.fields[name].choices = [NOTHING, *named]  # type: ignore[attr-defined]


class WithdrawForm(forms.Form):
    """Why a valuation is withdrawn."""

    why = forms.CharField(label=_("原因"), max_length=300)
