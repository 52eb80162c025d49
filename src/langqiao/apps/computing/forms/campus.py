"""Forms of the campus: they read values, the verbs judge them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.domain.buildings import KW_AT_MOST, RACK_KW_AT_MOST, RACKS_AT_MOST
from langqiao.apps.computing.domain.campus import GRACE_AT_MOST
from langqiao.apps.computing.forms.parts import ByName, CityField, day_field, long_field
from langqiao.apps.computing.models import Building, Campus, Claim, Hall, Reading
from langqiao.engines.scheduling.campus import KEYS, MONTHS_AT_MOST

# What the assumptions of a plan are called.
ASSUMPTION_NAMES: dict[str, Any] = {
    "rack_kw": _("机架密度（每架功率）"),
    "gpus_per_rack": _("每架 GPU 数"),
    "spare_pct": _("备用比例"),
    "fit_out_months": _("装机调试时间"),
    "slip_months": _("计划楼可能的延期"),
    "pue": _("PUE"),
}
UNITS: dict[str, Any] = {"month": _("个月")}  # of an assumption, where it is a word
KW_HINT = _("IT 负载，千瓦。")


def _source(form: forms.Form) -> None:
    form.fields["source_name"] = forms.CharField(label=_("来源"), max_length=200, required=False)
    form.fields["source_url"] = forms.CharField(label=_("来源地址"), max_length=500, required=False)
    form.fields["illustrative"] = forms.BooleanField(label=_("示例"), required=False)


class CampusForm(forms.Form):
    """What a campus is called, where it stands, which limits apply."""

    name = forms.CharField(label=_("名称"), max_length=120)
    name_en = forms.CharField(label=_("英文名"), max_length=160, required=False)
    operator = ByName(label=_("运营单位"), help_text=_("机构编号或全称。"))
    city = CityField()
    pue_limit = forms.DecimalField(
        label=_("PUE 限值"), min_value=1, max_value=9, max_digits=4, decimal_places=3, initial="1.250",
        help_text=_("长三角枢纽节点要求不高于 1.25。"),
    )  # fmt: skip
    use_floor = forms.DecimalField(
        label=_("上架率下限（%）"), min_value=0, max_value=100, max_digits=5, decimal_places=2, initial="65",
        help_text=_("长三角枢纽节点要求不低于 65%。"),
    )  # fmt: skip
    grace_seconds = forms.IntegerField(
        label=_("抢占宽限（秒）"), min_value=0, max_value=GRACE_AT_MOST, initial=300,
        help_text=_("借用算力的作业被收回前继续运行的时间；0 为立即让出。"),
    )  # fmt: skip
    runner = forms.ChoiceField(
        label=_("作业执行"), choices=Campus.Runner.choices, initial=Campus.Runner.REPORTS,
        help_text=_("由 Slurm 执行时，作业须有批处理脚本，运营方在集群一侧运行同步命令。"),
    )  # fmt: skip

    def __init__(self, *args: Any, campus: Campus | None = None, **kwargs: Any) -> None:
        if campus is not None:
            names = ("name", "name_en", "operator", "city", "pue_limit", "use_floor", "grace_seconds",
                     "runner", "source_name", "source_url", "illustrative")  # fmt: skip
            kwargs["initial"] = {name: getattr(campus, name) for name in names}
        super().__init__(*args, **kwargs)
        _source(self)
        if campus is not None:
            self.fields["operator"].disabled = True


class BuildingForm(forms.Form):
    """A building and its dates."""

    number = forms.IntegerField(label=_("楼号"), min_value=1, max_value=999)
    name = forms.CharField(label=_("名称"), max_length=80, required=False)
    racks_designed = forms.IntegerField(label=_("设计机架数"), min_value=0, max_value=RACKS_AT_MOST)
    planned_on = day_field(_("计划交付"), required=False)
    delivered_on = day_field(_("实际交付"), required=False, hint=_("尚未交付则不填。"))

    def __init__(self, *args: Any, building: Building | None = None, **kwargs: Any) -> None:
        if building is not None:
            names = ("number", "name", "racks_designed", "planned_on", "delivered_on", "source_name",
                     "source_url", "illustrative")  # fmt: skip
            kwargs["initial"] = {name: getattr(building, name) for name in names}
        super().__init__(*args, **kwargs)
        _source(self)


class HallForm(forms.Form):
    """A hall's positions, power and cooling."""

    name = forms.CharField(label=_("名称"), max_length=40)
    racks = forms.IntegerField(label=_("机架位"), min_value=0, max_value=RACKS_AT_MOST)
    power_kw = forms.FloatField(
        label=_("供电能力（kW）"), min_value=0, max_value=KW_AT_MOST, help_text=KW_HINT
    )
    cooling_kw = forms.FloatField(
        label=_("制冷能力（kW）"), min_value=0, max_value=KW_AT_MOST, help_text=KW_HINT
    )
    is_assumed = forms.BooleanField(
        label=_("按假设填写"), required=False, initial=True, help_text=_("没有实测或设计文件时勾选。")
    )

    def __init__(self, *args: Any, hall: Hall | None = None, **kwargs: Any) -> None:
        if hall is not None:
            names = ("name", "racks", "power_kw", "cooling_kw", "is_assumed")
            kwargs["initial"] = {name: getattr(hall, name) for name in names}
        super().__init__(*args, **kwargs)


class DerateForm(forms.Form):
    """How far a hall is derated, and why."""

    derating = forms.IntegerField(
        label=_("降额（%）"), min_value=0, max_value=100, help_text=_("0 表示恢复。")
    )
    why = long_field(_("原因"), 500, rows=2)


class RacksForm(forms.Form):
    """Racks of a row."""

    row = forms.CharField(label=_("列"), max_length=20)
    names = long_field(_("机架"), 20_000, rows=3, hint=_("每行一个，或用逗号、空格分隔。"))
    power_kw = forms.FloatField(label=_("额定功率（kW）"), min_value=0, max_value=RACK_KW_AT_MOST)


class ClaimForm(forms.Form):
    """A dated statement with its source."""

    quantity = forms.ChoiceField(label=_("事项"), choices=Claim.Quantity.choices)
    value = forms.DecimalField(label=_("数值"), min_value=0, max_digits=15, decimal_places=3, required=False)
    at_least = forms.BooleanField(label=_("以上"), required=False)
    unit = forms.CharField(label=_("单位"), max_length=20, required=False)
    happened_on = day_field(_("事件日期"), required=False)
    stated_on = forms.CharField(
        label=_("发布时间"),
        max_length=10,
        required=False,
        help_text=_("年、年月或年月日，按来源写明的精度；来源没有写明则不填。"),
    )
    source_name = forms.CharField(label=_("来源"), max_length=200)
    source_url = forms.CharField(label=_("来源地址"), max_length=500, required=False)


class AssumptionForm(forms.Form):
    """An assumption: low, middle, high, and why."""

    key = forms.ChoiceField(label=_("假设"), choices=list(ASSUMPTION_NAMES.items()))
    low = forms.FloatField(label=_("低"))
    middle = forms.FloatField(label=_("中"))
    high = forms.FloatField(label=_("高"))
    why = long_field(_("依据"), 500, rows=2, hint=_("写明来源，或说明为何这样假设。"))

    def values(self) -> dict[str, Any]:
        """The cleaned values as the verb takes them."""
        found = dict(self.cleaned_data)
        return {**found, "name": str(ASSUMPTION_NAMES[found["key"]]), "unit": KEYS[found["key"]][0]}


class ReadingForm(forms.Form):
    """Energy of a span."""

    starts_on = day_field(_("起始日"))
    ends_on = day_field(_("截止日"))
    facility_kwh = forms.FloatField(label=_("总耗电（kWh）"), min_value=0)
    it_kwh = forms.FloatField(label=_("IT 耗电（kWh）"), min_value=0)
    green_kwh = forms.FloatField(label=_("其中绿电（kWh）"), min_value=0, required=False)
    basis = forms.ChoiceField(label=_("依据"), choices=Reading.Basis.choices)
    source_name = forms.CharField(label=_("来源"), max_length=200, required=False)


class ServersForm(forms.Form):
    """A table of servers."""

    file = forms.FileField(
        label=_("文件"),
        help_text=_("CSV 或 XLSX，第一行为列名。"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )


class PlanForm(forms.Form):
    """A what-if: how many months, one slip, one derating, one tenant that arrives."""

    months = forms.IntegerField(label=_("规划期（月）"), min_value=1, max_value=MONTHS_AT_MOST)
    building = forms.ChoiceField(label=_("哪栋楼延期"), required=False)
    slip = forms.IntegerField(label=_("延期（月）"), min_value=0, max_value=MONTHS_AT_MOST, required=False)
    hall = forms.ChoiceField(label=_("哪个机房降额"), required=False)
    derating = forms.IntegerField(label=_("降额（%）"), min_value=0, max_value=100, required=False)
    gpus = forms.IntegerField(label=_("新租户 GPU 数"), min_value=0, max_value=10**9, required=False)
    since = forms.CharField(
        label=_("从哪个月起"), max_length=7, required=False,
        widget=forms.TextInput(attrs={"type": "month", "placeholder": "2027-03"}),
    )  # fmt: skip

    def __init__(self, *args: Any, campus: Campus, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        buildings = list(campus.buildings.prefetch_related("halls"))
        nothing = [("", "—")]
        building: Any = self.fields["building"]
        building.choices = nothing + [
            (str(one.number), str(one)) for one in buildings if one.delivered_on is None
        ]
        hall: Any = self.fields["hall"]
        hall.choices = nothing + [
            (f"{one.number}/{part.name}", f"{one} · {part.name}")
            for one in buildings
            for part in one.halls.all()
        ]
