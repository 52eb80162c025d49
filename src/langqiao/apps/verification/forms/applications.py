"""Forms of applications (申报), drawn from the call's own form; a draft may be incomplete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Achievement, Field, Organisation, Person
from langqiao.apps.verification.domain.applications import KEPT_OUT_WHY_AT_MOST, TITLE_AT_MOST
from langqiao.apps.verification.forms.calls import NOTHING, day
from langqiao.apps.verification.forms.rows import wide
from langqiao.apps.verification.models import Application, Call
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import named

LISTED_AT_MOST = 100  # achievements in a select; beyond, they are named
ROWS_OF_TEXT = (3, 10)  # of a text area, by how much may be written
YES_NO = [("yes", _("是")), ("no", _("否"))]


class OwnAchievement(forms.CharField):
    """One of an organisation's many achievements, by its code, its title, or a part that only one bears."""

    def __init__(self, *, rows: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows = rows

    def clean(self, value: Any) -> Achievement | None:
        """The achievement named, None when empty."""
        text = super().clean(value)
        if not text:
            return None
        for wanted in ({"code": text}, {"title": text}, {"title__icontains": text}):
            found = list(self.rows.filter(**wanted)[:2])
            if len(found) == 1:
                achievement: Achievement = found[0]
                return achievement
            if found:
                raise forms.ValidationError(_("有多项成果符合，请写全名或编号。"))
        raise forms.ValidationError(_("本单位的成果中没有这一项，请核对名称或先登记。"))

    def prepare_value(self, value: Any) -> Any:
        """The title as a person types it."""
        return value.title if isinstance(value, Achievement) else value


class BasicsForm(forms.Form):
    """Basic facts of an application (基本信息)."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("申报单位"))
    title = forms.CharField(
        label=_("申报名称"), max_length=TITLE_AT_MOST, help_text=_("一句话说清申报什么，评审专家首先看到它。")
    )
    field = forms.ModelChoiceField(
        Field.objects.all(), label=_("产业领域"), required=False, to_field_name="slug", empty_label="—"
    )
    amount = forms.DecimalField(
        label=_("申请经费（万元）"), min_value=0, max_digits=14, decimal_places=2, required=False
    )
    achievement = forms.ModelChoiceField(
        Achievement.objects.none(), label=_("所涉成果"), required=False, empty_label="—",
        help_text=_("从本单位已登记的成果中选择；没有可先到“成果”登记。"),
    )  # fmt: skip
    case = forms.CharField(
        label=_("承接的项目编号"), max_length=40, required=False,
        help_text=_("由某道题目或其他项目发展而来时填写，申报将记在同一项目下；没有请留空。"),
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        call: Call,
        organisations: Any = None,
        application: Application | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["field"].label_from_instance = named  # type: ignore[attr-defined]
        self.fields["achievement"].label_from_instance = named  # type: ignore[attr-defined]
        if call.budget is None and call.kind != Call.Kind.VERIFY:
            del self.fields["amount"]
        if application is None:
            # The organisation decides whose achievements may be chosen: that comes with the next step.
            del self.fields["achievement"]
            self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]
            self.fields["organisation"].label_from_instance = named  # type: ignore[attr-defined]
            if len(organisations) == 1:
                self.initial["organisation"] = organisations[0].pk
            return
        del self.fields["organisation"]
        del self.fields["case"]
        own = Achievement.objects.filter(owner=application.organisation)
        self.initial["title"], self.initial["field"] = application.title, application.field_id
        self.initial["achievement"], self.initial["amount"] = application.achievement, application.amount
        if own.count() > LISTED_AT_MOST:
            self.fields["achievement"] = OwnAchievement(
                rows=own,
                label=_("所涉成果"),
                required=False,
                help_text=_("填写本单位已登记成果的名称或编号。"),
            )
        else:
            self.fields["achievement"].queryset = own  # type: ignore[attr-defined]


def _control(row: Mapping[str, Any]) -> forms.Field:
    """The form field of a field of the call's form; nothing is required of a draft."""
    shared: dict[str, Any] = {"label": row["label"], "help_text": row["help"], "required": False}
    kind = row["kind"]
    if kind == "longtext":
        low, high = ROWS_OF_TEXT
        rows = min(high, max(low, row["most"] // 200))
        return forms.CharField(widget=forms.Textarea(attrs={"rows": rows}), **shared)
    if kind == "number":
        return forms.FloatField(max_value=row.get("most"), **shared)
    if kind == "money":
        shared["label"] = _("%(label)s（万元）") % {"label": row["label"]}
        return forms.DecimalField(
            min_value=0, max_value=row.get("most"), max_digits=14, decimal_places=2, **shared
        )
    if kind == "date":
        return day(shared.pop("label"), **shared)
    if kind == "choice":
        few = len(row["options"]) <= 5
        options = [(option, option) for option in row["options"]]
        return forms.ChoiceField(
            choices=options if few else [NOTHING, *options],
            widget=forms.RadioSelect if few else forms.Select,
            **shared,
        )
    if kind == "choices":
        return forms.MultipleChoiceField(
            choices=[(option, option) for option in row["options"]],
            widget=forms.CheckboxSelectMultiple,
            **shared,
        )
    if kind == "yesno":
        return forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect, **shared)
    return forms.CharField(**shared)


class SectionForm(forms.Form):
    """One section of an application (申报表的一节), drawn from the call's form."""

    use_required_attribute = False
    prefix = "v"

    def __init__(
        self,
        *args: Any,
        section: Mapping[str, Any],
        values: Mapping[str, Any],
        points: Mapping[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rows = {row["key"]: row for row in section["fields"]}
        for key, row in self.rows.items():
            control = _control(row)
            # Read by the template: what is needed to submit, how much may be written, the office's point.
            control.needed = row["required"]  # type: ignore[attr-defined]
            control.most = row.get("most") if row["kind"] in ("text", "longtext") else None  # type: ignore[attr-defined]
            control.point = points.get(key)  # type: ignore[attr-defined]
            self.fields[key] = control
            value = values.get(key)
            self.initial[key] = ("yes" if value else "no") if isinstance(value, bool) else value

    def values(self) -> dict[str, Any]:
        """The cleaned values as ``revise_application`` takes them."""
        return {key: str(v) if key in self._money else v for key, v in self.cleaned_data.items()}

    @property
    def _money(self) -> set[str]:
        return {
            key
            for key, row in self.rows.items()
            if row["kind"] == "money" and self.cleaned_data[key] is not None
        }

    def mark_needed(self) -> None:
        """After the check, let the labels say which fields are optional."""
        for control in self.fields.values():
            control.required = control.needed  # type: ignore[attr-defined]


class ByPerson(forms.CharField):
    """An expert by code or full name."""

    def clean(self, value: Any) -> Person | None:
        """The expert named."""
        text = super().clean(value)
        try:
            return Lookups().person(text)
        except Invalid as problem:
            raise forms.ValidationError(str(problem)) from problem


class KeptOutForm(forms.Form):
    """An expert to keep out (申请回避) and the reason."""

    person = ByPerson(
        label=_("专家姓名或编号"), max_length=80, help_text=_("填写专家名录中的姓名；重名时填编号。")
    )
    why = wide(forms.CharField(label=_("理由"), max_length=KEPT_OUT_WHY_AT_MOST))

    def row(self) -> dict[str, Any]:
        """The wish as the verb takes it."""
        return {"person": self.cleaned_data["person"].pk, "why": self.cleaned_data["why"]}


class PromiseForm(forms.Form):
    """The tick under a promise."""

    key = forms.CharField(max_length=40)
    agree = forms.BooleanField(error_messages={"required": _("请先勾选“我已阅读并承诺”。")})


class WithdrawForm(forms.Form):
    """Why an application is withdrawn."""

    why = forms.CharField(
        label=_("原因"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("已提交的申报须写明原因，联席办可以看到。"),
    )  # fmt: skip
