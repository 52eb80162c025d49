"""Forms of alliances: they read values, the verbs judge them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.domain.alliances.contacts import CONSENT
from langqiao.apps.alliances.domain.alliances.exchanges import TEXT_AT_MOST
from langqiao.apps.alliances.domain.alliances.gatherings import (
    MINUTES_AT_MOST,
    PEOPLE_AT_MOST,
    SEATS_AT_MOST,
    SUMMARY_AT_MOST,
)
from langqiao.apps.alliances.domain.alliances.keeping import DESCRIPTION_AT_MOST, UNITS_AT_MOST
from langqiao.apps.alliances.domain.alliances.members import STATEMENT_AT_MOST
from langqiao.apps.alliances.models import Alliance, Criterion, Exchange, Gathering, Vintage
from langqiao.apps.registry.domain.acts import REASON_AT_MOST, TITLE_AT_MOST
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import City, Field, Organisation
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import named


def text_field(label: Any, most: int, *, required: bool = True, hint: Any = "") -> forms.CharField:
    """A text on one line."""
    return forms.CharField(label=label, max_length=most, required=required, help_text=hint)


def long_field(
    label: Any, most: int, *, rows: int = 4, required: bool = True, hint: Any = ""
) -> forms.CharField:
    """A text of several lines."""
    return forms.CharField(
        label=label,
        max_length=most,
        required=required,
        help_text=hint,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def day_field(label: Any, *, required: bool = True) -> forms.DateField:
    """A calendar day."""
    return forms.DateField(
        label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


def moment_field(label: Any) -> forms.DateTimeField:
    """A day with hours and minutes."""
    return forms.DateTimeField(
        label=label,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )


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
        """The code or name as a person types it."""
        return (value.code or value.name) if isinstance(value, Organisation) else value


class NamedField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's class takes none at run time
    """A record, named in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """The record's name."""
        return named(obj)


def city_field() -> NamedField:
    """A city of the corridor, or none."""
    return NamedField(
        label=_("城市"), queryset=City.objects.order_by("order"), required=False, empty_label=_("未公布")
    )


class ReasonForm(forms.Form):
    """Why."""

    why = long_field(_("原因"), REASON_AT_MOST, rows=3)


class RemarkForm(forms.Form):
    """A word with an act, if one likes."""

    why = long_field(_("说明"), REASON_AT_MOST, rows=2, required=False)


_COLUMNS = (
    "name", "name_en", "field", "city", "lead", "lead_name", "founded_on", "stated_units", "description",
    "description_en", "note", "note_en", "vintage", "source_name", "source_url", "read_on", "illustrative",
)  # fmt: skip


class AllianceForm(forms.Form):
    """An alliance with its source."""

    name = text_field(_("名称"), 120)
    name_en = text_field(_("英文名"), 160, required=False)
    field = NamedField(
        label=_("产业领域"), queryset=Field.objects.order_by("order"), required=False, empty_label=_("未公布")
    )
    city = city_field()
    lead = ByName(label=_("牵头企业"), max_length=200, required=False, help_text=_("名录中的编号或全称。"))
    lead_name = text_field(_("牵头企业（未登记）"), 200, required=False, hint=_("名录中没有时填写名称。"))
    founded_on = text_field(
        _("成立日期"), 10, required=False, hint=_("已知到哪一级就写到哪一级，如 2018-11。")
    )
    stated_units = forms.IntegerField(
        label=_("公布的成员数"), min_value=0, max_value=UNITS_AT_MOST, required=False
    )
    description = long_field(_("简介"), DESCRIPTION_AT_MOST, required=False)
    description_en = long_field(_("英文简介"), DESCRIPTION_AT_MOST, required=False)
    note = text_field(_("说明"), 500, required=False, hint=_("写明哪些内容未见公布。"))
    note_en = text_field(_("英文说明"), 500, required=False)
    vintage = forms.ChoiceField(label=_("版本"), choices=Vintage.choices, initial=Vintage.STATED)
    source_name = text_field(_("来源"), 200, required=False)
    source_url = text_field(_("来源地址"), 500, required=False)
    read_on = day_field(_("查阅日期"), required=False)
    illustrative = forms.BooleanField(label=_("示例"), required=False)

    def __init__(self, *args: Any, alliance: Alliance | None = None, **kwargs: Any) -> None:
        """Make the form of an alliance to be revised."""
        if alliance is not None:
            kwargs["initial"] = {name: getattr(alliance, name) for name in _COLUMNS}
        super().__init__(*args, **kwargs)


class NewAllianceForm(AllianceForm):
    """An alliance to be registered."""

    slug = text_field(_("代号"), 40, hint=_("小写字母、数字和连字符，登记后不变。"))
    parent = NamedField(
        label=_("上级"), queryset=Alliance.objects.exclude(tier=Alliance.Tier.SUB), empty_label=None
    )
    field_order = ("name", "name_en", "slug", "parent", *_COLUMNS[2:])


class DescriptionForm(forms.Form):
    """What the secretariat may change."""

    description = long_field(_("简介"), DESCRIPTION_AT_MOST, rows=6, required=False)
    description_en = long_field(_("英文简介"), DESCRIPTION_AT_MOST, rows=6, required=False)


class SecretariatForm(forms.Form):
    """The organisation that runs an alliance."""

    organisation = ByName(label=_("秘书处单位"), max_length=200, help_text=_("名录中的编号或全称。"))


class OwnForm(forms.Form):
    """An act on behalf of one of the own organisations."""

    organisation = NamedField(label=_("单位"), queryset=Organisation.objects.none(), empty_label=None)

    def __init__(self, *args: Any, own: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = own  # type: ignore[attr-defined]  # a ModelChoiceField


class ApplyForm(OwnForm):
    """An application for membership."""

    statement = long_field(
        _("申请说明"), STATEMENT_AT_MOST, required=False, hint=_("主营产品、希望参与的工作；仅秘书处可见。")
    )


class GatheringForm(forms.Form):
    """An activity."""

    title = text_field(_("活动名称"), TITLE_AT_MOST)
    audience = forms.ChoiceField(label=_("面向"), choices=Gathering.Audience.choices)
    starts_at = moment_field(_("开始时间"))
    ends_at = moment_field(_("结束时间"))
    city = NamedField(
        label=_("城市"), queryset=City.objects.order_by("order"), required=False, empty_label=_("线上或待定")
    )
    place = text_field(_("地点"), 200, required=False)
    seats = forms.IntegerField(
        label=_("名额"), min_value=1, max_value=SEATS_AT_MOST, required=False, help_text=_("不填即不限。")
    )
    summary = long_field(_("内容"), SUMMARY_AT_MOST, rows=6, required=False)

    def __init__(self, *args: Any, gathering: Gathering | None = None, **kwargs: Any) -> None:
        """Make the form of a new activity, or of ``gathering`` to be revised."""
        if gathering is not None:
            kwargs["initial"] = {name: getattr(gathering, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)


class AttendForm(OwnForm):
    """A registration for an activity."""

    people = forms.IntegerField(label=_("人数"), min_value=1, max_value=PEOPLE_AT_MOST, initial=1)


class AttendedForm(forms.Form):
    """Who came."""

    attended = forms.MultipleChoiceField(
        label=_("到会单位"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, gathering: Gathering, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = gathering.attendances.filter(state="registered").select_related("organisation")
        choices = [(str(row.organisation_id), named(row.organisation)) for row in rows]
        self.fields["attended"].choices = choices  # type: ignore[attr-defined]  # a MultipleChoiceField

    def clean_attended(self) -> list[int]:
        """Keys of the organisations."""
        return [int(key) for key in self.cleaned_data["attended"]]


class MinutesForm(forms.Form):
    """The minutes of an activity."""

    minutes = long_field(_("纪要"), MINUTES_AT_MOST, rows=10)


class ExchangeForm(OwnForm):
    """A need or an offer."""

    kind = forms.ChoiceField(label=_("类别"), choices=Exchange.Kind.choices)
    valid_to = day_field(_("有效期至"))
    title = text_field(_("标题"), TITLE_AT_MOST)
    text = long_field(_("说明"), TEXT_AT_MOST, rows=6, required=False)


class OutcomeForm(RemarkForm):
    """How a need or an offer ended."""

    outcome = forms.ChoiceField(label=_("结果"), choices=Exchange.Outcome.choices)
    field_order = ("outcome", "why")


class ReplyForm(OwnForm):
    """A reply to a need or an offer."""

    text = long_field(_("回应"), TEXT_AT_MOST, rows=5)


class ConsentForm(OwnForm):
    """One's own entry in the contact list, with consent."""

    name = text_field(_("姓名"), 80)
    duty = text_field(_("职务"), 80, required=False)
    phone = text_field(_("电话"), 40, required=False)
    email = forms.CharField(label=_("邮箱"), max_length=200, required=False)
    agreed = forms.BooleanField(label=CONSENT, required=False)


class MarkForm(forms.Form):
    """A mark with what it rests on."""

    value = forms.DecimalField(
        label=_("得分（0–100）"), min_value=0, max_value=100, max_digits=4, decimal_places=1
    )
    note = text_field(_("依据"), 500, required=False)


CRITERIA_SHOWN = 8
GRADES_SHOWN = 4


class SchemeForm(forms.Form):
    """A year's criteria and grades, in numbered fields; rows without a name are left out."""

    year = forms.IntegerField(label=_("年度"), min_value=2016, max_value=2100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, CRITERIA_SHOWN + 1):
            self.fields[f"label{number}"] = text_field(_("指标"), 80, required=False)
            self.fields[f"weight{number}"] = forms.IntegerField(
                label=_("权重"), min_value=1, max_value=100, required=False
            )
            self.fields[f"marker{number}"] = forms.ChoiceField(
                label=_("评分方"), choices=Criterion.Marker.choices, required=False
            )
        for number in range(1, GRADES_SHOWN + 1):
            self.fields[f"grade{number}"] = text_field(_("等次"), 20, required=False)
            self.fields[f"least{number}"] = forms.IntegerField(
                label=_("最低分"), min_value=0, max_value=100, required=False
            )

    @property
    def criteria_rows(self) -> list[tuple[Any, ...]]:
        """Bound fields of each criterion."""
        return [
            (self[f"label{n}"], self[f"weight{n}"], self[f"marker{n}"]) for n in range(1, CRITERIA_SHOWN + 1)
        ]

    @property
    def grade_rows(self) -> list[tuple[Any, ...]]:
        """Bound fields of each grade."""
        return [(self[f"grade{n}"], self[f"least{n}"]) for n in range(1, GRADES_SHOWN + 1)]

    def criteria(self) -> list[dict[str, Any]]:
        """The named criteria."""
        data = self.cleaned_data
        return [
            {
                "label": data[f"label{n}"],
                "weight": data[f"weight{n}"],
                "marker": data[f"marker{n}"] or Criterion.Marker.OFFICE,
            }
            for n in range(1, CRITERIA_SHOWN + 1)
            if data[f"label{n}"]
        ]

    def grades(self) -> list[tuple[str, Any]]:
        """The named grades."""
        data = self.cleaned_data
        return [
            (data[f"grade{n}"], data[f"least{n}"]) for n in range(1, GRADES_SHOWN + 1) if data[f"grade{n}"]
        ]
