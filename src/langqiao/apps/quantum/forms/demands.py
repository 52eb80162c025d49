"""Forms of scenarios and demands: they read values, the verbs judge them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.domain.demands import BPS_AT_MOST, KEY_BITS, PURPOSE_AT_MOST
from langqiao.apps.quantum.domain.scenarios import SUMMARY_AT_MOST
from langqiao.apps.quantum.forms.parts import (
    ByName,
    NamedField,
    SourcedForm,
    day_field,
    long_field,
    site_field,
)
from langqiao.apps.quantum.models import Scenario
from langqiao.apps.quantum.queries.demands import own_organisations
from langqiao.apps.registry.domain.acts import TITLE_AT_MOST
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.words import named

SCENARIO = (
    "title", "title_en", "kind", "organisation", "summary", "summary_en", "illustrative", "source_name",
    "source_url", "source_date",
)  # fmt: skip


class CitiesField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # Django's class takes none
    """Cities, named in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """The city's name."""
        return named(obj)


class ScenarioForm(SourcedForm):
    """A scenario with its source."""

    title = forms.CharField(label=_("场景"), max_length=TITLE_AT_MOST)
    title_en = forms.CharField(label=_("英文名"), max_length=240, required=False)
    kind = forms.ChoiceField(label=_("类别"), choices=Scenario.Kind.choices)
    organisation = ByName(
        label=_("单位"), max_length=200, required=False, help_text=_("名录中的编号或全称。")
    )
    cities = CitiesField(label=_("城市"), queryset=City.objects.order_by("order"), required=False)
    summary = long_field(_("概述"), SUMMARY_AT_MOST, rows=5, required=False)
    summary_en = long_field(_("英文概述"), SUMMARY_AT_MOST, rows=5, required=False)
    field_order = (*SCENARIO[:4], "cities", *SCENARIO[4:])

    def __init__(self, *args: Any, scenario: Scenario | None = None, **kwargs: Any) -> None:
        """Make the form of a new scenario, or of ``scenario`` to be revised."""
        if scenario is not None:
            kwargs["initial"] = {name: getattr(scenario, name) for name in SCENARIO} | {
                "cities": list(scenario.cities.all())
            }
        super().__init__(*args, **kwargs)


class DemandForm(forms.Form):
    """What is needed between which sites, and for how long."""

    organisation = forms.ModelChoiceField(
        label=_("需求单位"), queryset=Organisation.objects.none(), empty_label=None
    )
    title = forms.CharField(label=_("用途"), max_length=TITLE_AT_MOST)
    scenario = NamedField(label=_("应用场景"), queryset=Scenario.objects.all(), required=False)
    source = site_field(_("起点"))
    target = site_field(_("终点"))
    bps = forms.FloatField(
        label=_("密钥速率（bit/s）"),
        min_value=0.001,
        max_value=BPS_AT_MOST,
        help_text=_("例如每秒一把 256 位密钥为 256；每 GB 文件一把密钥时，1 TB 约需 262 kbit。"),
    )
    key_bits = forms.IntegerField(
        label=_("密钥长度（bit）"), min_value=KEY_BITS[0], max_value=KEY_BITS[1], initial=256
    )
    priority = forms.IntegerField(
        label=_("优先级"), min_value=1, max_value=9, initial=3, help_text=_("1 最先满足，9 最后。")
    )
    two_paths = forms.BooleanField(
        label=_("双路异或"),
        required=False,
        help_text=_("密钥分两份走不相交的两条路，任一中继都拿不到全部。"),
    )
    starts_on = day_field(_("开始日期"))
    ends_on = day_field(_("结束日期"))
    purpose = long_field(_("说明"), PURPOSE_AT_MOST, rows=5, required=False)

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = own_organisations(viewer)  # type: ignore[attr-defined]  # a ModelChoiceField
