"""Forms of sites, links and the what-if: they read values, the verbs judge them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.domain.network import BPS_AT_MOST, KM_AT_MOST, SPANS_AT_MOST, SYSTEMS_AT_MOST
from langqiao.apps.quantum.forms.parts import SourcedForm, city_field, site_field
from langqiao.apps.quantum.models import Link, Site
from langqiao.apps.quantum.queries.plans import KM_AT_MOST as NEW_KM_AT_MOST
from langqiao.apps.quantum.queries.plans import Change
from langqiao.apps.quantum.rules import operated_ids
from langqiao.apps.registry.models import Organisation
from langqiao.kit.words import named

SOURCE = ("illustrative", "source_name", "source_url", "source_date")
SITE = ("name", "name_en", "city", "kme_id", "kme_url", "trusted")
LINK = ("fibre_km", "spans", "systems", "equipment", "measured_bps", "basis", "basis_why")


class SiteForm(SourcedForm):
    """A site; a new one also says its code name and operator."""

    slug = forms.CharField(
        label=_("代号"), max_length=40, help_text=_("规划中的节点名：小写字母、数字与下划线。")
    )
    operator = forms.ModelChoiceField(
        label=_("运营单位"), queryset=Organisation.objects.none(), empty_label=None
    )
    name = forms.CharField(label=_("名称"), max_length=80)
    name_en = forms.CharField(label=_("英文名"), max_length=120, required=False)
    city = city_field()
    kme_id = forms.CharField(label=_("KME 标识"), max_length=80, required=False)
    kme_url = forms.CharField(
        label=_("KME 地址"), max_length=200, required=False, help_text=_("以 https:// 开头，不对外公开。")
    )
    trusted = forms.BooleanField(
        label=_("可信中继"), required=False, help_text=_("可信中继可以转发其他站点之间的密钥。")
    )
    field_order = ("slug", "operator", *SITE, *SOURCE)

    def __init__(self, *args: Any, viewer: Any, site: Site | None = None, **kwargs: Any) -> None:
        """Make the form of a new site of the viewer's organisations, or of ``site`` to be revised."""
        if site is not None:
            kwargs["initial"] = {name: getattr(site, name) for name in (*SITE, *SOURCE)}
        super().__init__(*args, **kwargs)
        if site is not None:
            del self.fields["slug"], self.fields["operator"]
        else:
            mine = Organisation.objects.filter(pk__in=operated_ids(viewer)).order_by("name")
            self.fields["operator"].queryset = mine  # type: ignore[attr-defined]  # a ModelChoiceField


class LinkForm(SourcedForm):
    """A link; a new one also says its ends."""

    a = site_field(_("一端"))
    b = site_field(_("另一端"))
    fibre_km = forms.FloatField(label=_("光纤长度（km）"), min_value=0.1, max_value=KM_AT_MOST)
    spans = forms.IntegerField(
        label=_("光纤段数"),
        min_value=1,
        max_value=SPANS_AT_MOST,
        initial=1,
        help_text=_("按等长计算；段间为可信中继。"),
    )
    systems = forms.IntegerField(label=_("并行设备数"), min_value=1, max_value=SYSTEMS_AT_MOST, initial=1)
    equipment = forms.ChoiceField(label=_("设备"), choices=Link.Equipment.choices)
    measured_bps = forms.FloatField(
        label=_("实测成码率（bit/s）"),
        min_value=0,
        max_value=BPS_AT_MOST,
        required=False,
        help_text=_("填写后以实测为准，不再按模型计算。"),
    )
    basis = forms.ChoiceField(label=_("依据"), choices=Link.Basis.choices, initial=Link.Basis.ASSUMED)
    basis_why = forms.CharField(label=_("依据说明"), max_length=500, required=False)
    field_order = ("a", "b", *LINK, *SOURCE)

    def __init__(self, *args: Any, link: Link | None = None, **kwargs: Any) -> None:
        """Make the form of a new link, or of ``link`` to be revised."""
        if link is not None:
            kwargs["initial"] = {name: getattr(link, name) for name in (*LINK, *SOURCE)}
        super().__init__(*args, **kwargs)
        if link is not None:
            del self.fields["a"], self.fields["b"]


class ReadingsForm(forms.Form):
    """A table of readings."""

    file = forms.FileField(
        label=_("文件"),
        help_text=_("CSV 或 XLSX，第一行为列名。"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )


class WhatIfForm(forms.Form):
    """A what-if: cut a link, lose a site, lay new fibre, double the equipment of a link."""

    cut = forms.ChoiceField(label=_("切断链路"), required=False)
    lost = forms.ChoiceField(label=_("站点失效"), required=False)
    start = forms.ChoiceField(label=_("新增链路：从"), required=False)
    end = forms.ChoiceField(label=_("新增链路：到"), required=False)
    km = forms.FloatField(
        label=_("光纤长度（km）"),
        required=False,
        min_value=0.1,
        max_value=NEW_KM_AT_MOST,
        help_text=_("不填则按直线距离的 1.3 倍。"),
    )
    double = forms.ChoiceField(label=_("增加一套设备"), required=False)

    def __init__(self, *args: Any, sites: list[Site], links: list[Link], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nothing = ("", "—")
        chosen = [nothing, *((one.slug, named(one)) for one in sites)]
        lines = [nothing, *(("|".join(one.key), str(one)) for one in links)]
        for name, choices in (
            ("cut", lines), ("lost", chosen), ("start", chosen), ("end", chosen), ("double", lines),
        ):  # fmt: skip
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        """A new link has two ends that differ."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = values.get("start"), values.get("end")
        if bool(start) != bool(end):
            self.add_error("end" if start else "start", _("新增链路需要两端。"))
        elif start and start == end:
            self.add_error("end", _("链路的两端应是不同的站点。"))
        return values

    def change(self) -> Change:
        """What is to change."""
        values = self.cleaned_data
        cut, double = (tuple(values[name].split("|")) if values[name] else None for name in ("cut", "double"))
        add = (values["start"], values["end"]) if values["start"] and values["end"] else None
        return Change(cut=cut, lost=values["lost"], add=add, km=values["km"], double=double)
