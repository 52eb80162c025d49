"""Forms of calls: they read values, ``domain.layout`` and the verbs judge them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Field, Organisation
from langqiao.apps.verification.domain import layout
from langqiao.apps.verification.forms.rows import RowForm, only_for, wide
from langqiao.apps.verification.models import Call, CallState, StepKind
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import named

MOMENT = "%Y-%m-%dT%H:%M"
NOTHING = ("", "—")
SCORED_KINDS = " ".join(layout.SCORED)


class ByName(forms.CharField):
    """An organisation by its code or full name."""

    def clean(self, value: Any) -> Organisation | None:
        """The organisation named, None when empty."""
        text = super().clean(value)
        try:
            return Lookups().organisation(text)
        except Invalid as problem:
            raise forms.ValidationError(str(problem)) from problem

    def prepare_value(self, value: Any) -> Any:
        """The organisation's name as a person types it."""
        return value.name if isinstance(value, Organisation) else value


class Lines(forms.CharField):
    """Words, one a line."""

    widget = forms.Textarea

    def clean(self, value: Any) -> list[str]:
        """The words in order, each once."""
        lines = (line.strip() for line in super().clean(value).splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def prepare_value(self, value: Any) -> Any:
        """The words as a person types them."""
        return "\n".join(value) if isinstance(value, list) else value


def moment(label: Any, **values: Any) -> forms.DateTimeField:
    """A field for a day and a time, with the browser's own picker."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
    return forms.DateTimeField(
        label=label, widget=widget, input_formats=[MOMENT, f"{MOMENT}:%S", "%Y-%m-%d %H:%M"], **values
    )


def day(label: Any, **values: Any) -> forms.DateField:
    """A field for a day, with the browser's own picker."""
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **values
    )


def _text(label: Any, rows: int, **values: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": rows}), **values)


@dataclass(frozen=True, slots=True)
class PresetLabel:
    """A preset as it is chosen: its title and one sentence on it."""

    title: Any
    text: Any

    def __str__(self) -> str:
        return str(self.title)


class NewCallForm(forms.Form):
    """A new call: from a preset (模板) or empty."""

    preset = forms.ChoiceField(label=_("模板"), required=False, widget=forms.RadioSelect)
    kind = forms.ChoiceField(
        label=_("类别"), choices=[NOTHING, *Call.Kind.choices], required=False,
        help_text=_("选用模板时由模板决定；从空白开始时必填。"),
    )  # fmt: skip
    title = forms.CharField(label=_("名称"), max_length=200)
    organiser = ByName(
        label=_("组织单位"), max_length=200, required=False, help_text=_("填写名录中的全称或编号。")
    )

    def __init__(self, *args: Any, presets: list[tuple[str, PresetLabel]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        empty = PresetLabel(_("从空白开始"), _("自行设置全部内容。"))
        self.fields["preset"].choices = [*presets, ("", empty)]  # type: ignore[attr-defined]
        if presets:
            self.initial.setdefault("preset", presets[0][0])

    def clean(self) -> dict[str, Any]:
        """An empty call must say its kind."""
        found: dict[str, Any] = super().clean() or {}
        if not found.get("preset") and not found.get("kind"):
            self.add_error("kind", _("从空白开始时请选择类别。"))
        return found


class BasicsForm(forms.Form):
    """Basic facts of a call (基本信息)."""

    title = forms.CharField(label=_("名称"), max_length=200)
    organiser = ByName(
        label=_("组织单位"), max_length=200, required=False, help_text=_("填写名录中的全称或编号。")
    )
    summary = _text(
        _("摘要"), 3, max_length=2000, required=False, help_text=_("一两句话说清征集什么、给谁、截止何时。")
    )
    guide = _text(
        _("申请指南"), 14, required=False, help_text=_("申报条件、支持方式、程序与联系方式。空一行另起一段。")
    )
    fields_wanted = forms.MultipleChoiceField(
        label=_("产业领域"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("不选则不限领域。"),
    )
    opens_at = moment(_("开始时间"), required=False, help_text=_("不填则发布后即可申报。"))
    closes_at = moment(_("截止时间"), required=False, help_text=_("发布时必填。"))
    places = forms.IntegerField(label=_("名额"), min_value=1, max_value=10_000, required=False)
    budget = forms.DecimalField(
        label=_("经费总额（万元）"), min_value=0, max_digits=14, decimal_places=2, required=False
    )

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fields_wanted"].choices = [(row.slug, named(row)) for row in Field.objects.all()]  # type: ignore[attr-defined]
        for name in self.fields:
            if name != "fields_wanted":
                self.initial[name] = getattr(call, name)
        self.initial["fields_wanted"] = list(call.fields.values_list("slug", flat=True))

    def values(self) -> dict[str, Any]:
        """The cleaned values as ``revise_call`` takes them."""
        found = dict(self.cleaned_data)
        wanted = found.pop("fields_wanted")
        found["fields"] = list(Field.objects.filter(slug__in=wanted))
        return found


class SectionForm(RowForm):
    """A section of the application form (申报表分节)."""

    title = wide(forms.CharField(label=_("标题"), max_length=layout.NAME_AT_MOST))
    help = wide(_text(_("填写说明"), 2, max_length=layout.HELP_AT_MOST, required=False))


KIND_LABELS = {
    "text": _("单行文字"),
    "longtext": _("多行文字"),
    "number": _("数值"),
    "money": _("金额（万元）"),
    "date": _("日期"),
    "choice": _("单选"),
    "choices": _("多选"),
    "yesno": _("是或否"),
}


class FieldForm(RowForm):
    """A field of the application form (栏目)."""

    label = wide(forms.CharField(label=_("栏目名称"), max_length=layout.NAME_AT_MOST))
    kind = forms.ChoiceField(
        label=_("类型"),
        choices=[(kind, KIND_LABELS[kind]) for kind in layout.FIELD_KINDS],
        initial="longtext",
    )
    most = only_for(
        "text longtext number money choices",
        forms.FloatField(
            label=_("上限"),
            min_value=0,
            required=False,
            help_text=_("文字为字数，数值为最大值，多选为最多选几项。"),
        ),
    )
    required = forms.BooleanField(label=_("提交时必填"), required=False)
    identifying = forms.BooleanField(label=_("会透露申报单位，双盲评审时不给专家看"), required=False)
    help = wide(_text(_("填写说明"), 2, max_length=layout.HELP_AT_MOST, required=False))
    options = only_for(
        "choice choices",
        wide(
            Lines(
                label=_("选项"),
                required=False,
                widget=forms.Textarea(attrs={"rows": 4}),
                help_text=_("单选与多选必填，一行一项。"),
            )
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Options belong to choices alone."""
        found: dict[str, Any] = super().clean() or {}
        chosen = found.get("kind") in ("choice", "choices")
        if chosen and "options" in found and not found["options"]:
            self.add_error("options", _("请列出选项，一行一项。"))
        return found

    def row(self) -> dict[str, Any]:
        """The field without what its kind does not have."""
        row = super().row()
        if row["kind"] not in ("choice", "choices"):
            del row["options"]
        if row["most"] is None or row["kind"] not in layout.BOUNDED:
            del row["most"]
        elif row["most"] == int(row["most"]):
            row["most"] = int(row["most"])
        return row


class WantedForm(RowForm):
    """An attachment that is asked for (附件要求)."""

    name = wide(forms.CharField(label=_("附件名称"), max_length=layout.NAME_AT_MOST))
    required = forms.BooleanField(label=_("必备"), required=False, initial=True)
    identifying = forms.BooleanField(label=_("会透露申报单位，双盲评审时不给专家看"), required=False)


class PromiseForm(RowForm):
    """A promise to be signed (承诺书)."""

    title = wide(forms.CharField(label=_("名称"), max_length=layout.NAME_AT_MOST))
    text = wide(_text(_("全文"), 8, max_length=layout.PROMISE_AT_MOST))


class PointForm(RowForm):
    """A point of the document check (形式审查要点)."""

    text = wide(forms.CharField(label=_("要点"), max_length=layout.HELP_AT_MOST))


class CriterionForm(RowForm):
    """A criterion: a score with its weight, or a gate (门槛)."""

    name = wide(forms.CharField(label=_("指标"), max_length=layout.NAME_AT_MOST))
    kind = forms.ChoiceField(
        label=_("类型"), choices=[("score", _("评分")), ("gate", _("门槛"))], initial="score"
    )
    most = only_for("score", forms.FloatField(label=_("满分"), min_value=0, required=False, initial=20))
    weight = only_for("score", forms.FloatField(label=_("权重"), min_value=0, required=False, initial=1))
    rule = only_for(
        "gate",
        forms.ChoiceField(
            label=_("门槛规则"),
            choices=[("majority", _("多数专家判不合格即不通过")), ("any", _("一位专家判不合格即不通过"))],
            required=False,
        ),
    )
    help = wide(_text(_("评分说明"), 2, max_length=layout.HELP_AT_MOST, required=False))

    def row(self) -> dict[str, Any]:
        """The criterion without what its kind does not have."""
        row = super().row()
        drop = ("rule",) if row["kind"] == "score" else ("most", "weight")
        return {
            name: value for name, value in row.items() if name not in drop and (name == "help" or value != "")
            and value is not None
        }  # fmt: skip


class StepForm(forms.Form):
    """A step of the chain (评选流程)."""

    kind = forms.ChoiceField(label=_("环节"), choices=StepKind.choices)
    name = forms.CharField(
        label=_("名称"), max_length=layout.NAME_AT_MOST, required=False, help_text=_("不填则用环节名。")
    )
    due = day(_("计划完成"), required=False)
    share = only_for(
        SCORED_KINDS,
        forms.FloatField(label=_("占总分的份额"), min_value=0, required=False, help_text=_("不填为 1。")),
    )
    days = only_for(
        StepKind.NOTICE.value,
        forms.IntegerField(
            label=_("公示天数"), min_value=1, max_value=60, required=False, help_text=_("不填为 7 天。")
        ),
    )
    criteria = only_for(
        SCORED_KINDS,
        wide(
            forms.MultipleChoiceField(
                label=_("评分标准"),
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=_("不选则用全部指标。"),
            )
        ),
    )

    def __init__(self, *args: Any, criteria: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if criteria:
            self.fields["criteria"].choices = criteria  # type: ignore[attr-defined]
        else:
            del self.fields["criteria"]

    def row(self) -> dict[str, Any]:
        """The step with what was given and what its kind has."""
        kind = self.cleaned_data["kind"]
        scored = kind in layout.SCORED
        row: dict[str, Any] = {"kind": kind}
        for name in ("name", "due", "share", "days", "criteria"):
            value = self.cleaned_data.get(name)
            if value in (None, "", []):
                continue
            if (name in ("share", "criteria") and not scored) or (name == "days" and kind != StepKind.NOTICE):
                continue
            row[name] = value.isoformat() if name == "due" else value
        return row


class GradeForm(RowForm):
    """A grade (等次), best first."""

    name = forms.CharField(label=_("等次"), max_length=40)
    at_least = forms.FloatField(label=_("分数线（0–100）"), min_value=0, max_value=100)


class ReviewingForm(forms.Form):
    """How a call is reviewed (评审设置): blindness, loads, conflicts, quotas of a panel."""

    blindness = forms.ChoiceField(
        label=_("盲审方式"), choices=Call.Blindness.choices, widget=forms.RadioSelect
    )
    reviews_per = forms.IntegerField(label=_("每份申报的评审数"), min_value=1, max_value=50)
    max_load = forms.IntegerField(label=_("每位专家最多评审数"), min_value=1, max_value=1000)
    min_load = forms.IntegerField(label=_("每位专家最少评审数"), min_value=0, max_value=1000)
    conflict_years = forms.IntegerField(
        label=_("同单位回避年限"), min_value=0, max_value=50, help_text=_("几年内曾在同一单位任职须回避。")
    )
    coauthor_years = forms.IntegerField(
        label=_("合作者回避年限"), min_value=0, max_value=50, help_text=_("几年内合作过成果须回避。")
    )
    city_at_most = forms.IntegerField(
        label=_("同一城市的专家至多"), min_value=1, max_value=50, required=False,
        help_text=_("对每份申报的专家组而言；不填则不限。"),
    )  # fmt: skip
    city_at_least = forms.IntegerField(
        label=_("专家至少来自几座城市"), min_value=1, max_value=50, required=False
    )
    kind_at_most = forms.IntegerField(
        label=_("同类机构的专家至多"), min_value=1, max_value=50, required=False
    )
    kind_at_least = forms.IntegerField(
        label=_("专家至少来自几类机构"), min_value=1, max_value=50, required=False
    )
    PANEL = ("city", "kind")

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if call.state != CallState.DRAFT:
            del self.fields["blindness"]  # applicants rely on it
        for name in self.fields:
            group, _low, bound = name.partition("_")
            if group in self.PANEL:
                self.initial[name] = call.panel.get(group, {}).get(bound)
            else:
                self.initial[name] = getattr(call, name)

    def clean(self) -> dict[str, Any]:
        """Loads must leave room for each other."""
        found: dict[str, Any] = super().clean() or {}
        if (found.get("min_load") or 0) > (found.get("max_load") or 0):
            self.add_error("min_load", _("最少评审数不能大于最多评审数。"))
        return found

    def values(self) -> dict[str, Any]:
        """The cleaned values as ``revise_call`` takes them."""
        found: dict[str, Any] = {"panel": {}}
        for name, value in self.cleaned_data.items():
            group, _low, bound = name.partition("_")
            if group not in self.PANEL:
                found[name] = value
            elif value is not None:
                found["panel"].setdefault(group, {})[bound] = value
        return found


class ExtendForm(forms.Form):
    """A later deadline (延期)."""

    closes_at = moment(_("新的截止时间"))
    why = _text(_("原因"), 3, max_length=500, help_text=_("原因将公开。"))


class WhyForm(forms.Form):
    """A reason."""

    why = _text(_("原因"), 3, max_length=500)


class OutcomeForm(forms.Form):
    """What a step came to (环节结果)."""

    outcome = forms.CharField(
        label=_("结果说明"), max_length=300, required=False, help_text=_("一句话，记入流程与台账。")
    )


class NumberForm(forms.Form):
    """The number of the document that issues the result (文号)."""

    number = forms.CharField(label=_("文号"), max_length=80)
