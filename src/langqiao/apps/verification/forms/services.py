"""Forms of examinations: they read values, the verbs judge them."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Achievement, Organisation, Person
from langqiao.apps.verification.domain.services import Step
from langqiao.apps.verification.domain.services.forms import Field, Form
from langqiao.apps.verification.domain.services.shared import (
    HIGHEST_TRL,
    TEXT_AT_MOST,
    TITLE_AT_MOST,
    WHY_AT_MOST,
)
from langqiao.apps.verification.forms.calls import day
from langqiao.apps.verification.forms.rows import RowForm, wide
from langqiao.apps.verification.models import Evidence, Examination, Milestone
from langqiao.apps.verification.queries.services import centres
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import named

NOTHING = ("", "—")
MOST_NAMES = 1000
_BETWEEN = re.compile(r"[、,，;；\n]+")
ACCEPTED = ".pdf,.docx,.xlsx,.pptx,.png,.jpg,.jpeg,.txt,.csv"


def _text(label: Any, rows: int, *, most: int = TEXT_AT_MOST, **values: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, widget=forms.Textarea(attrs={"rows": rows}), **values
    )


def _sum(label: Any, **values: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=0, max_digits=14, decimal_places=2, **values)


def trl_field(label: Any, **values: Any) -> forms.TypedChoiceField:
    """A choice of the nine levels, or none."""
    levels = [(str(n), f"TRL {n}") for n in range(1, HIGHEST_TRL + 1)]
    return forms.TypedChoiceField(
        label=label, choices=[NOTHING, *levels], coerce=int, empty_value=None, **values
    )


class Named(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Organisations by their names in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """The name, with the city where one is known."""
        return f"{named(obj)} · {named(obj.city)}" if obj.city else named(obj)


class AchievementField(forms.CharField):
    """An achievement by its code, its full title, or ``#`` and its number."""

    def clean(self, value: Any) -> Achievement | None:
        """The achievement named, None when empty."""
        text = super().clean(value).replace("\0", "").strip()
        if not text:
            return None
        rows = Achievement.objects.all()
        if text[0] == "#" and text[1:].isascii() and text[1:].isdigit() and len(text) < 18:
            found = list(rows.filter(pk=int(text[1:])))
        else:
            found = list(rows.filter(code=text)) or list(rows.filter(title=text)[:2])
        if len(found) == 1:
            return found[0]
        if found:
            raise forms.ValidationError(_("有多项成果都叫这个名称，请改用编号。"))
        raise forms.ValidationError(_("名录中没有这项成果；请填写编号或完整名称。"))

    def prepare_value(self, value: Any) -> Any:
        """How a person would name it, so that it is found again."""
        if not isinstance(value, Achievement):
            return value
        if value.code:
            return value.code
        alone = Achievement.objects.filter(title=value.title).count() == 1
        return value.title if alone else f"#{value.pk}"


class People(forms.CharField):
    """Experts by code or full name, separated by 、 or commas."""

    def clean(self, value: Any) -> list[Person]:
        """The experts in order, each once."""
        lookups, found = Lookups(), {}
        for name in _BETWEEN.split(super().clean(value)):
            try:
                person = lookups.person(name)
            except Invalid as problem:
                raise forms.ValidationError(str(problem)) from problem
            if person is not None:
                found[person.pk] = person
        return list(found.values())

    def prepare_value(self, value: Any) -> Any:
        """The experts as a person types them; by code where one is known."""
        return "、".join(p.code or p.name for p in value) if isinstance(value, list) else value


class RequestForm(forms.Form):
    """A request to a centre."""

    client = Named(Organisation.objects.none(), label=_("委托单位"), empty_label="—")
    centre = Named(Organisation.objects.none(), label=_("概念验证中心"), empty_label="—")
    service = forms.ChoiceField(
        label=_("服务"), choices=Examination.Service.choices, widget=forms.RadioSelect
    )
    title = forms.CharField(label=_("名称"), max_length=TITLE_AT_MOST)
    question = _text(
        _("委托事项"),
        6,
        help_text=_("要验证或评价什么，结论用来做什么决定。仅双方和指定专家可见。"),
    )
    kind = forms.ChoiceField(
        label=_("验证类别"),
        choices=[NOTHING, *Examination.Kind.choices],
        required=False,
        help_text=_("不确定时留空，由中心在方案中确定。"),
    )
    achievement = AchievementField(
        label=_("所涉成果"), required=False, max_length=500, help_text=_("成果的编号或完整名称。")
    )
    case = forms.CharField(
        label=_("接续的项目编号"),
        required=False,
        max_length=40,
        help_text=_("接着某道题目或以往验证做的，填其项目编号；留空则另立新项目。"),
    )

    def __init__(self, *args: Any, clients: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]
        self.fields["centre"].queryset = centres().select_related("city")  # type: ignore[attr-defined]
        if len(clients) == 1:
            self.initial["client"] = clients[0].pk


class PlanForm(forms.Form):
    """The plan beside its milestones; money in 万元."""

    kind = forms.ChoiceField(
        label=_("验证类别"), choices=[NOTHING, *Examination.Kind.choices], required=False
    )
    budget = _sum(_("总经费（万元）"), required=False)
    trl_before = trl_field(_("验证前 TRL"), required=False)
    trl_target = trl_field(_("目标 TRL"), required=False)
    experts = People(
        label=_("评价专家"),
        required=False,
        max_length=MOST_NAMES,
        help_text=_("专家的编号或姓名，用顿号分隔；委托单位的人员与成果完成人须回避。"),
    )

    def __init__(self, *args: Any, examination: Examination, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if examination.service == Examination.Service.TECHNICAL:
            for name in ("kind", "trl_before", "trl_target"):
                self.fields[name].required = True
        for name in ("kind", "budget", "trl_before", "trl_target"):
            self.initial[name] = getattr(examination, name)
        self.initial["experts"] = list(examination.experts.all())


class StepForm(RowForm):
    """A milestone as planned; ``key`` is its number once it exists."""

    name = wide(forms.CharField(label=_("里程碑"), max_length=TITLE_AT_MOST))
    criterion = wide(_text(_("判定标准"), 2, help_text=_("写成能判断“到了”或“没到”的话。")))
    due = day(_("计划日期"))
    budget = _sum(_("经费（万元）"), required=False)

    def step(self) -> Step:
        """The row as the verb takes it."""
        values = self.cleaned_data
        key = values["key"]
        known = int(key) if key.isascii() and key.isdigit() and len(key) < 18 else None
        return Step(values["name"], values["criterion"], values["due"], values["budget"], known)


def step_rows(milestones: list[Milestone]) -> list[dict[str, Any]]:
    """Milestones that are not decided yet, to be edited."""
    return [
        {"key": str(m.pk), "name": m.name, "criterion": m.criterion, "due": m.due, "budget": m.budget}
        for m in milestones
        if not m.decision
    ]


class FindingForm(forms.Form):
    """What was found at a milestone."""

    finding = _text(_("验证结果"), 5, help_text=_("对照判定标准，写明实测数值与条件。"))
    reached_on = day(_("完成日期"))
    spent = _sum(_("已用经费（万元）"), required=False)


class DecisionForm(forms.Form):
    """The decision at a milestone."""

    decision = forms.ChoiceField(
        label=_("节点决策"), choices=Milestone.Decision.choices, widget=forms.RadioSelect
    )
    why = _text(_("决策理由"), 3)


class EvidenceForm(forms.Form):
    """A file that shows something."""

    file = forms.FileField(
        label=_("文件"),
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        help_text=_("PDF、DOCX、XLSX、PPTX、PNG、JPG、TXT、CSV，每个最多 20 MB。"),
    )
    what = forms.CharField(label=_("这份证据说明什么"), max_length=TITLE_AT_MOST)
    kind = forms.ChoiceField(label=_("证据类别"), choices=Evidence.Kind.choices)


class ConclusionForm(forms.Form):
    """The conclusion."""

    conclusion = forms.ChoiceField(
        label=_("结论"), choices=Examination.Conclusion.choices, widget=forms.RadioSelect
    )
    reasons = _text(_("结论理由"), 6)
    conditions = _text(_("附带条件"), 3, required=False, help_text=_("有条件通过时必填。"))
    trl_after = trl_field(
        _("验证后 TRL"), required=False, help_text=_("技术可行性分析通过或有条件通过时必填。")
    )


class WhyForm(forms.Form):
    """Why a request is declined or withdrawn."""

    why = _text(_("原因"), 3, most=WHY_AT_MOST)


class AssessmentForm(forms.Form):
    """The form of a service with the values written so far; what is required is required in the end only."""

    use_required_attribute = False

    def __init__(self, *args: Any, form: Form, values: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "initial": values})
        self.needed = {field.key for field in form.fields if field.row["required"]}
        self.parts = form.sections
        for field in form.fields:
            self.fields[field.key] = _control(field)
        self._mark()

    def _mark(self) -> None:
        for name, field in self.fields.items():
            field.required = name in self.needed

    def full_clean(self) -> None:
        """Check what is there; an assessment may be saved half written."""
        for field in self.fields.values():
            field.required = False
        super().full_clean()
        self._mark()

    @property
    def sections(self) -> list[tuple[str, list[Any]]]:
        """Headed groups of bound fields."""
        return [(part.title, [self[field.key] for field in part.fields]) for part in self.parts]


def _control(field: Field) -> forms.Field:
    label: Any = field.label
    if field.unit:
        label = _("%(label)s（%(unit)s）") % {"label": field.label, "unit": field.unit}
    told: dict[str, Any] = {"label": label, "help_text": field.row["help"], "required": False}
    if field.kind == "longtext":
        return _text(rows=4, most=field.row["most"], **told)
    if field.kind == "choice":
        return forms.ChoiceField(choices=field.choices, widget=forms.RadioSelect, **told)
    if field.kind == "choices":
        return forms.MultipleChoiceField(choices=field.choices, widget=forms.CheckboxSelectMultiple, **told)
    if field.kind == "money":
        told["label"] = _("%(label)s（万元）") % {"label": field.label}
        return _sum(**told)
    if field.kind == "number":
        return forms.DecimalField(min_value=0, max_value=field.row.get("most"), **told)
    return forms.CharField(max_length=field.row["most"], **told)
