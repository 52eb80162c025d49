"""Forms of parks: they read values, the verbs judge them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.domain.parks.keeping import SUMMARY_AT_MOST
from langqiao.apps.alliances.forms.alliances import (
    ByName,
    NamedField,
    city_field,
    day_field,
    long_field,
    text_field,
)
from langqiao.apps.alliances.models import Activity, Place, Vintage
from langqiao.apps.registry.models import Field

_COLUMNS = (
    "name", "name_en", "city", "organisation", "summary", "summary_en", "source_name", "source_url",
    "source_date", "illustrative",
)  # fmt: skip


class ParkForm(forms.Form):
    """A park with its source."""

    name = text_field(_("名称"), 120)
    name_en = text_field(_("英文名"), 160, required=False)
    city = city_field()
    organisation = ByName(
        label=_("运营单位"), max_length=200, required=False, help_text=_("名录中的编号或全称。")
    )
    summary = long_field(_("概述"), SUMMARY_AT_MOST, required=False)
    summary_en = long_field(_("英文概述"), SUMMARY_AT_MOST, required=False)
    source_name = text_field(_("来源"), 200, required=False)
    source_url = text_field(_("来源地址"), 500, required=False)
    source_date = day_field(_("来源日期"), required=False)
    illustrative = forms.BooleanField(label=_("示例"), required=False)

    def __init__(self, *args: Any, place: Place | None = None, **kwargs: Any) -> None:
        """Make the form of a new park, or of ``place`` to be revised."""
        if place is not None:
            kwargs["initial"] = {name: getattr(place, name) for name in _COLUMNS}
        super().__init__(*args, **kwargs)


class ActivityForm(forms.Form):
    """One activity of a park."""

    activity = text_field(_("产业活动"), 80)
    activity_en = text_field(_("英文名"), 120, required=False)
    field = NamedField(
        label=_("产业领域"), queryset=Field.objects.order_by("order"), required=False, empty_label=_("未公布")
    )
    measure = forms.ChoiceField(
        label=_("指标"), choices=Activity.Measure.choices, help_text=_("没有公布数量时选“有此活动”。")
    )
    quantity = forms.DecimalField(label=_("数量"), min_value=0, required=False)
    unit = text_field(_("单位"), 20, required=False)
    period = text_field(_("时期"), 10, required=False, hint=_("如 2024 或 2024-06。"))
    vintage = forms.ChoiceField(label=_("版本"), choices=Vintage.choices, initial=Vintage.STATED)
    source_name = text_field(_("来源"), 200, required=False)
    source_url = text_field(_("来源地址"), 500, required=False)
    read_on = day_field(_("查阅日期"), required=False)
    illustrative = forms.BooleanField(label=_("示例"), required=False)


class ActivitiesForm(forms.Form):
    """A table of activities."""

    file = forms.FileField(
        label=_("文件"),
        help_text=_("CSV 或 XLSX，第一行为列名。"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )
