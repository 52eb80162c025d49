"""Forms of indicators: a table to import, an indicator's words, what a method runs on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.insight.domain.indicators import NAME_AT_MOST, UNIT_AT_MOST, WHY_AT_MOST
from langqiao.apps.insight.models import Indicator
from langqiao.apps.insight.queries.flows import flow_choices
from langqiao.apps.insight.queries.study import (
    Selection,
    all_periods,
    indicator_choices,
    scope_choices,
)
from langqiao.engines.regional import Method, Parameter
from langqiao.kit.words import is_english

VINTAGE_CHOICES = (
    ("best", _("最终数优先")),
    ("preliminary", _("初步数优先")),
    ("final", _("只用最终数")),
)
SIDES = ("technology", "industry", "finance", "talent")
_CITIES = "city:"


class TableForm(forms.Form):
    """A table to be imported; the confirmation is asked for once a check has found differences."""

    file = forms.FileField(
        label=_("文件"),
        help_text=_("CSV 或 XLSX，第一行为列名，一行一个数。"),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.xlsx"}),
    )
    accept_differences = forms.BooleanField(
        label=_("已核对差异"),
        help_text=_("上列数值与已有的相差悬殊或不在通常范围内；来源与单位都已核对，仍要导入。"),
        required=False,
    )


class IndicatorForm(forms.Form):
    """An indicator's words."""

    slug = forms.RegexField(
        r"\A[a-z0-9][a-z0-9_-]{0,59}\Z",
        label=_("代号"),
        help_text=_("小写字母、数字、下划线或连字符；定下后不变。"),
        error_messages={"invalid": _("代号只能用小写字母、数字、下划线和连字符，不超过 60 个字符。")},
    )
    name = forms.CharField(label=_("名称"), max_length=NAME_AT_MOST)
    name_en = forms.CharField(label=_("英文名"), max_length=NAME_AT_MOST, required=False)
    unit = forms.CharField(label=_("单位"), max_length=UNIT_AT_MOST, required=False)
    subject = forms.ChoiceField(label=_("类别"), choices=Indicator.Subject.choices)
    additive = forms.BooleanField(label=_("各城市之和即为走廊合计"), required=False)
    falling = forms.BooleanField(label=_("数值越小越好"), required=False)
    description = forms.CharField(label=_("说明"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    description_en = forms.CharField(
        label=_("英文说明"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class WithdrawForm(forms.Form):
    """Why a value is withdrawn."""

    why = forms.CharField(
        label=_("撤回原因"), max_length=WHY_AT_MOST, widget=forms.Textarea(attrs={"rows": 3})
    )


class MethodForm(forms.Form):
    """What a method runs on; sent by GET, so that an address gives the same figures to anyone."""

    def __init__(self, data: Any, *, method: Method) -> None:
        super().__init__(data)
        self.method = method
        needs, language = method.needs, "en" if is_english() else "zh"
        known = indicator_choices()
        if needs.columns_max != 0 and method.key != "fusion" and (needs.columns_min or not needs.flows):
            self.fields["indicators"] = _several(_("指标"), known, size=8)
        scopes = scope_choices()
        self.fields["scopes"] = forms.MultipleChoiceField(
            label=pgettext_lazy("figure", "范围"),
            choices=scopes,
            initial=[key for key, _name in scopes if key.startswith(_CITIES)],
            widget=forms.SelectMultiple(attrs={"size": 9}),
        )
        if "indicators" in self.fields or method.key == "fusion" or needs.flows:
            periods = [(period, period) for period in all_periods()]
            self.fields["periods"] = (
                _several(_("时期"), periods, size=5)
                if needs.periods
                else forms.ChoiceField(label=_("时期"), choices=periods, required=bool(needs.columns_min))
            )
        if "indicators" in self.fields or method.key == "fusion":
            self.fields["vintage"] = forms.ChoiceField(
                label=pgettext_lazy("figure", "版本"), choices=VINTAGE_CHOICES, initial="best", required=False
            )
        if needs.flows:
            self.fields["flows"] = forms.ChoiceField(label=_("城市间的流"), choices=flow_choices())
        if needs.nation or needs.one_unit:
            self.fields["nation"] = forms.ChoiceField(
                label=_("全国数据"),
                choices=[("", _("不用")), ("provinces", _("取自各省"))][1 if needs.nation else 0 :],
                required=needs.nation,
            )
        for parameter in method.parameters:
            self.fields[f"p_{parameter.key}"] = _parameter_field(parameter, language, known)

    def selection(self) -> Selection:
        """The choice as the queries take it; only after ``is_valid``."""
        values = self.cleaned_data
        parameters = {
            parameter.key: _as_parameter(parameter, values[f"p_{parameter.key}"])
            for parameter in self.method.parameters
            if values.get(f"p_{parameter.key}") not in (None, "", [])
        }
        indicators = tuple(values.get("indicators", ()))
        if self.method.key == "fusion":
            indicators = tuple(dict.fromkeys(name for side in SIDES for name in parameters.get(side, ())))
        periods = values.get("periods") or ()
        return Selection(
            self.method.key,
            indicators,
            tuple(values["scopes"]),
            (periods,) if isinstance(periods, str) else tuple(periods),
            values.get("vintage") or "best",
            parameters,
            values.get("flows", ""),
            values.get("nation", ""),
        )


def _several(label: Any, choices: Iterable[tuple[str, str]], *, size: int) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=choices, widget=forms.SelectMultiple(attrs={"size": size})
    )


def _parameter_field(parameter: Parameter, language: str, columns: Iterable[tuple[str, str]]) -> forms.Field:
    label = parameter.title.to(language)
    if parameter.kind == "columns":
        field = _several(label, columns, size=5)
        field.required = False
        return field
    if parameter.kind == "choice":
        choices = [(key, term.to(language)) for key, term in parameter.choices]
        return forms.ChoiceField(label=label, choices=choices, initial=parameter.default, required=False)
    low, high = parameter.low, parameter.high
    if parameter.kind == "whole":
        return forms.IntegerField(
            label=label,
            initial=parameter.default,
            min_value=None if low is None else int(low),
            max_value=None if high is None else int(high),
            required=False,
        )
    return forms.FloatField(
        label=label, initial=parameter.default, min_value=low, max_value=high, required=False
    )


def _as_parameter(parameter: Parameter, value: Any) -> Any:
    return tuple(value) if parameter.kind == "columns" else value
