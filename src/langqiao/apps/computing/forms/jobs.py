"""Forms of jobs, prices and bills: they read values, the verbs judge them."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.domain.jobs import NAME_AT_MOST, RANGES
from langqiao.apps.computing.domain.scripts import SCRIPT_AT_MOST
from langqiao.apps.computing.forms.parts import day_field
from langqiao.apps.computing.forms.sharing import CampusField
from langqiao.apps.computing.models import Campus, Grant

MIB = 1024


class GrantField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's class takes none at run time
    """A grant under which jobs run."""

    def label_from_instance(self, obj: Any) -> str:
        """Its purpose, its GPUs and its last day."""
        words = _("%(title)s（%(gpus)s 张 GPU，至 %(day)s）")
        return str(words) % {"title": obj.request.title, "gpus": obj.gpus, "day": obj.ends_on}


def _number(label: Any, name: str, *, hint: Any = "", **more: Any) -> forms.IntegerField:
    low, high = RANGES[name]
    return forms.IntegerField(
        **{"label": label, "min_value": low, "max_value": high, "help_text": hint, **more}
    )


class JobForm(forms.Form):
    """A job to be submitted."""

    grant = GrantField(queryset=Grant.objects.none(), label=_("算力授予"), empty_label=None)
    name = forms.CharField(label=_("作业名称"), max_length=NAME_AT_MOST)
    gpus = _number(_("每组 GPU 数"), "gpus", initial=1)
    gpu_milli = _number(
        _("每卡份额（千分之一）"), "gpu_milli", initial=1000,
        hint=_("1000 为整卡；只用一张卡时可以更少，如 500 为半张。"),
    )  # fmt: skip
    count = _number(_("成组数"), "count", initial=1, hint=_("各组同时开始，缺一不开。"))
    cores = forms.IntegerField(label=_("每组处理器（核）"), min_value=0, max_value=10_000, initial=8)
    memory = forms.IntegerField(label=_("每组内存（GiB）"), min_value=0, max_value=100_000, initial=64)
    gpu_models = forms.CharField(
        label=_("可用型号"), max_length=400, required=False, help_text=_("以顿号或逗号分隔；不填则不限。")
    )
    hours = forms.FloatField(
        label=_("估计时长（小时）"), min_value=1 / 60, max_value=366 * 24, initial=4,
        help_text=_("按估计占用授予的 GPU 时；结束后按实际用量计。"),
    )  # fmt: skip
    priority = _number(_("优先级"), "priority", initial=0, hint=_("只影响本机构作业之间的先后。"))
    domestic_only = forms.BooleanField(label=_("仅限国产芯片"), required=False)
    script = forms.CharField(
        label=_("批处理脚本"), max_length=SCRIPT_AT_MOST, required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_("首行为 #! 与解释器；由 Slurm 执行的园区须填，时限即估计时长。仅本机构与运营方可见。"),
    )  # fmt: skip
    token = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, grants: QuerySet[Grant], **kwargs: Any) -> None:
        # A token of its own: sending the same page twice makes one job.
        kwargs["initial"] = {"token": secrets.token_hex(16), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["grant"].queryset = grants  # type: ignore[attr-defined]  # a choice of models

    def values(self) -> dict[str, Any]:
        """The cleaned values as the verb takes them."""
        found = dict(self.cleaned_data)
        models = found["gpu_models"].replace("、", ",").replace("，", ",").split(",")
        return {
            "name": found["name"],
            "gpus": found["gpus"],
            "gpu_milli": found["gpu_milli"],
            "count": found["count"],
            "cpu_milli": found["cores"] * 1000,
            "memory_mib": found["memory"] * MIB,
            "gpu_models": [model.strip() for model in models if model.strip()],
            "estimate": round(found["hours"] * 3600),
            "priority": found["priority"],
            "domestic_only": found["domestic_only"],
            "token": found["token"],
            "script": found["script"],
        }


class MonthForm(forms.Form):
    """A month to be billed, such as 2026-10."""

    campus = CampusField(queryset=Campus.objects.none(), label=_("算力园区"), empty_label=None)
    month = forms.DateField(
        label=_("月份"),
        input_formats=["%Y-%m", "%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
    )

    def __init__(self, *args: Any, campuses: QuerySet[Campus], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campus"].queryset = campuses  # type: ignore[attr-defined]  # a choice of models


class PriceForm(forms.Form):
    """A price of a model from a day on."""

    campus = CampusField(queryset=Campus.objects.none(), label=_("算力园区"), empty_label=None)
    gpu_model = forms.CharField(label=_("GPU 型号"), max_length=40)
    yuan_hour = forms.DecimalField(
        label=_("单价（元/GPU 时）"), min_value=0, max_value=100_000, max_digits=10, decimal_places=4
    )
    from_on = day_field(_("起始日"))

    def __init__(self, *args: Any, campuses: QuerySet[Campus], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["campus"].queryset = campuses  # type: ignore[attr-defined]  # a choice of models
