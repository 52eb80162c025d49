"""Forms of the joint conference: they read values, the verbs judge them."""

from __future__ import annotations

import csv
import io
from typing import Any

from django import forms
from django.utils.translation import gettext as now_text
from django.utils.translation import gettext_lazy as _

from langqiao.apps.conference.domain.notices import DAYS_AT_MOST, notice_days
from langqiao.apps.conference.domain.priorities import YEARS
from langqiao.apps.conference.listings import city_choices
from langqiao.apps.conference.models import (
    Ballot,
    CityStatus,
    Notice,
    Phase,
    Priority,
    Project,
    Resolution,
    Session,
    Task,
    Vote,
)
from langqiao.apps.registry.domain.acts import TEXT_AT_MOST, TITLE_AT_MOST
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.refusals import Invalid

NOTHING = [("", "—")]
ROWS_HINT = _("第一行为列名，之后每行一条；列之间用制表符或逗号分隔，可从电子表格直接粘贴。")


def _day(label: Any, *, required: bool = False, hint: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=required,
        help_text=hint,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


def _long(label: Any, most: int, *, rows: int = 4, required: bool = True, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=most,
        required=required,
        help_text=hint,
        widget=forms.Textarea(attrs={"rows": rows}),
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


class CityForm(forms.Form):
    """A form with a city, or several."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "city" in self.fields:
            self.fields["city"].choices = [*NOTHING, *city_choices()]  # type: ignore[attr-defined]
        if "cities" in self.fields:
            self.fields["cities"].choices = city_choices()  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """The cleaned values as the verbs take them."""
        found = dict(self.cleaned_data)
        if "city" in found:
            found["city"] = City.objects.filter(pk=found["city"]).first() if found["city"] else None
        return found


class ReasonForm(forms.Form):
    """Why."""

    why = _long(_("原因"), 500, rows=3)


class SessionForm(forms.Form):
    """What a session says and how it decides."""

    kind = forms.ChoiceField(label=_("会议类型"), choices=Session.Kind.choices)
    title = forms.CharField(label=_("会议名称"), max_length=TITLE_AT_MOST, required=False)
    number = forms.IntegerField(
        label=_("第几次"), min_value=1, max_value=9999, required=False, help_text=_("不填则接上一次。")
    )
    starts_at = forms.DateTimeField(
        label=_("开会时间"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("北京时间。"),
    )
    place = forms.CharField(label=_("地点"), max_length=200, required=False)
    link = forms.CharField(label=_("线上地址"), max_length=500, required=False)
    chair = forms.CharField(label=_("主持人"), max_length=80, required=False)
    voters = forms.ChoiceField(label=_("表决单位"), choices=Session.Voters.choices, initial="city")
    quorum = forms.ChoiceField(
        label=_("法定人数（到会占有表决权者）"), choices=Session.Share.choices, initial="two_thirds"
    )
    majority = forms.ChoiceField(label=_("通过规则"), choices=Session.Share.choices, initial="half")
    majority_of = forms.ChoiceField(label=_("计票基数"), choices=Session.Base.choices, initial="present")
    is_secret = forms.BooleanField(
        label=_("无记名投票"), required=False, help_text=_("只公布票数；表决结束时抹去各方选择。")
    )
    number_prefix = forms.CharField(
        label=_("文号字头"), max_length=40, required=False, help_text=_("不填则沿用同类会议。")
    )
    number_pattern = forms.CharField(
        label=_("文号格式"),
        max_length=40,
        required=False,
        help_text=_("须含 {year} 与 {n}，如 〔{year}〕{n}号。"),
    )

    def __init__(self, *args: Any, session: Session | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if session is not None:
            del self.fields["kind"]
            for name in self.fields:
                self.initial[name] = getattr(session, name)

    def values(self) -> dict[str, Any]:
        """The cleaned values; what is left empty follows the last session of its kind."""
        found = dict(self.cleaned_data)
        for name in ("title", "number", "number_prefix", "number_pattern"):
            if not found[name]:
                del found[name]
        return found


class SeatForm(CityForm):
    """Who sits at the table."""

    city = forms.ChoiceField(label=_("城市"), required=False)
    organisation = ByName(
        label=_("机构"), max_length=200, required=False, help_text=_("填写名录中的全称或编号；城市席位不填。")
    )
    may_vote = forms.BooleanField(label=_("有表决权"), required=False, initial=True)


class PaperForm(forms.Form):
    """A paper's title and the matter it is about."""

    title = forms.CharField(label=_("材料名称"), max_length=TITLE_AT_MOST, required=False)
    matter = forms.ChoiceField(label=_("相关议题"), required=False)

    def __init__(self, *args: Any, matters: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["matter"].choices = [*NOTHING, *matters]  # type: ignore[attr-defined]


class MatterForm(CityForm):
    """A matter to be put before the conference."""

    title = forms.CharField(label=_("议题"), max_length=TITLE_AT_MOST)
    summary = _long(_("说明"), 10_000, rows=6, required=False)
    city = forms.ChoiceField(label=_("城市"), required=False, help_text=_("联络员须选本市。"))
    organisation = ByName(
        label=_("申请单位"), max_length=200, required=False, help_text=_("表决时申请单位须回避。")
    )


class BallotForm(forms.Form):
    """How to decide."""

    method = forms.ChoiceField(label=_("表决方式"), choices=Ballot.Method.choices)
    is_secret = forms.BooleanField(label=_("无记名"), required=False)


class VoteForm(forms.Form):
    """A vote for one voter."""

    voter = forms.CharField(label=_("表决单位"), max_length=60)
    choice = forms.ChoiceField(label=_("意见"), choices=Vote.Choice.choices)
    reason = forms.CharField(label=_("理由"), max_length=1000, required=False)


class ResolutionForm(forms.Form):
    """The wording of a resolution."""

    title = forms.CharField(label=_("标题"), max_length=300)
    text = _long(_("正文"), TEXT_AT_MOST, rows=10)

    def __init__(self, *args: Any, resolution: Resolution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["title"], self.initial["text"] = resolution.title, resolution.text


class MinutesForm(forms.Form):
    """The minutes of a session."""

    text = _long(_("会议纪要"), 100_000, rows=12)


class TaskForm(CityForm):
    """What a task asks of whom."""

    title = forms.CharField(label=_("任务"), max_length=TITLE_AT_MOST)
    body = _long(_("要求"), 10_000, required=False)
    organisation = ByName(label=_("责任单位"), max_length=200, help_text=_("填写名录中的全称或编号。"))
    city = forms.ChoiceField(label=_("城市"), required=False, help_text=_("不填则为责任单位所在城市。"))
    responsible = forms.CharField(label=_("责任人"), max_length=80, required=False)
    deadline = _day(_("完成期限"), required=True)

    def __init__(self, *args: Any, task: Task | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if task is not None:
            for name in self.fields:
                self.initial[name] = getattr(task, name)
            self.initial["city"] = task.city_id


class ProgressForm(forms.Form):
    """How far a task is."""

    percent = forms.IntegerField(label=_("完成比例（%）"), min_value=0, max_value=100)
    text = _long(_("进展"), 5_000, rows=3)
    address = forms.CharField(label=_("佐证网址"), max_length=500, required=False)


class Rows(forms.CharField):
    """A table pasted from a spreadsheet: the first line names the columns."""

    def clean(self, value: Any) -> list[dict[str, str]]:
        """The rows as dictionaries."""
        lines = [line for line in super().clean(value).splitlines() if line.strip()]
        if not lines:
            return []
        tabs = "\t" in lines[0]
        text = "\n".join(lines if tabs else [line.replace("，", ",") for line in lines])
        table = list(csv.reader(io.StringIO(text), delimiter="\t" if tabs else ","))
        heads = [head.strip() for head in table[0]]
        if len(set(heads)) < len(heads) or not all(heads):
            raise forms.ValidationError(now_text("列名不能为空或重复。"))
        for number, cells in enumerate(table[1:], start=2):
            if len(cells) != len(heads):
                raise forms.ValidationError(
                    now_text("第 %(row)d 行有 %(has)d 列，应为 %(want)d 列。")
                    % {"row": number, "has": len(cells), "want": len(heads)}
                )
        return [dict(zip(heads, [cell.strip() for cell in cells], strict=True)) for cells in table[1:]]

    def prepare_value(self, value: Any) -> Any:
        """The rows as they are pasted."""
        if not isinstance(value, list) or not value:
            return "" if isinstance(value, list) else value
        return "\n".join(["\t".join(value[0]), *("\t".join(row.values()) for row in value)])


class NoticeForm(forms.Form):
    """What a notice says."""

    title = forms.CharField(label=_("标题"), max_length=TITLE_AT_MOST)
    body = _long(_("正文"), TEXT_AT_MOST, rows=8)
    rows = Rows(
        label=_("名单"), required=False, help_text=ROWS_HINT, widget=forms.Textarea(attrs={"rows": 8})
    )
    days = forms.IntegerField(label=_("最少工作日"), min_value=1, max_value=DAYS_AT_MOST)

    def __init__(self, *args: Any, notice: Notice | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["days"] = notice_days()
        if notice is not None:
            for name in self.fields:
                self.initial[name] = getattr(notice, name)


class LastDayForm(forms.Form):
    """Until when a notice stands."""

    last_day = _day(
        _("截止日"),
        hint=_("不填则为满足最少工作日的最早一天。工作日按周一至周五计，遇法定节假日请自行顺延。"),
    )


class ObjectionForm(forms.Form):
    """An objection under one's own name."""

    name = forms.CharField(label=_("姓名"), max_length=80)
    organisation_name = forms.CharField(label=_("单位"), max_length=200)
    reason = _long(_("理由"), 5_000, hint=_("只有联席办与您本人可见。"))


class AnswerForm(forms.Form):
    """What becomes of an objection."""

    upheld = forms.TypedChoiceField(
        label=_("处理"),
        choices=[("", "—"), ("yes", _("成立")), ("no", _("不成立"))],
        coerce=lambda value: value == "yes",
    )
    answer = _long(_("处理意见"), 5_000, rows=3)


class PriorityForm(CityForm):
    """One task of a year's list."""

    year = forms.IntegerField(label=_("年度"), min_value=YEARS[0], max_value=YEARS[1])
    number = forms.IntegerField(
        label=_("序号"), min_value=1, max_value=9999, required=False, help_text=_("不填则排在最后。")
    )
    title = forms.CharField(label=_("重点工作"), max_length=300)
    measure = _long(_("工作举措"), 10_000, required=False)
    lead = ByName(label=_("牵头单位"), max_length=200, required=False)
    cities = forms.MultipleChoiceField(
        label=_("参与城市"), required=False, widget=forms.CheckboxSelectMultiple
    )
    starts_on = _day(_("开始日期"))
    due_on = _day(_("完成日期"))

    def __init__(self, *args: Any, priority: Priority | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if priority is not None:
            for name in self.fields:
                if name != "cities":
                    self.initial[name] = getattr(priority, name)
            self.initial["cities"] = [row.city_id for row in priority.cities.all()]

    def values(self) -> dict[str, Any]:
        """The cleaned values as the verb takes a row."""
        found = super().values()
        if found["number"] is None:
            del found["number"]
        return found


class StatusForm(CityForm):
    """How far a city is."""

    city = forms.ChoiceField(label=_("城市"))
    status = forms.ChoiceField(label=_("进展"), choices=CityStatus.Status.choices)
    note = forms.CharField(label=_("说明"), max_length=500, required=False)


class YearForm(forms.Form):
    """A year of the list."""

    year = forms.IntegerField(label=_("年度"), min_value=YEARS[0], max_value=YEARS[1])


class TableForm(forms.Form):
    """A table to be imported."""

    file = forms.FileField(
        label=_("文件"),
        help_text=_("CSV 或 XLSX，第一行为列名。"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )


class SourceForm(CityForm):
    """What says where a figure comes from."""

    source_name = forms.CharField(label=_("来源"), max_length=200, required=False)
    source_url = forms.CharField(label=_("来源地址"), max_length=500, required=False)
    source_date = _day(_("来源日期"))


class ProjectForm(SourceForm):
    """A major project."""

    code = forms.CharField(label=_("编号"), max_length=80, help_text=_("不变的编号，再次登记时据此识别。"))
    kind = forms.ChoiceField(label=_("类型"), choices=Project.Kind.choices)
    title = forms.CharField(label=_("项目名称"), max_length=200)
    summary = _long(_("简介"), 10_000, required=False)
    city = forms.ChoiceField(label=_("城市"), required=False)
    organisation = ByName(label=_("建设单位"), max_length=200, required=False)
    investment = forms.DecimalField(
        label=_("总投资（万元）"), min_value=0, decimal_places=2, max_digits=14, required=False
    )
    area = forms.DecimalField(
        label=_("建筑面积（平方米）"), min_value=0, decimal_places=2, max_digits=14, required=False
    )
    illustrative = forms.BooleanField(label=_("示例"), required=False)
    field_order = (
        "code", "kind", "title", "summary", "city", "organisation", "investment", "area", "source_name",
        "source_url", "source_date", "illustrative",
    )  # fmt: skip

    def __init__(self, *args: Any, project: Project | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if project is not None:
            self.fields["code"].disabled = True
            for name in self.fields:
                self.initial[name] = getattr(project, name)
            self.initial["city"] = project.city_id


class PhaseForm(SourceForm):
    """One phase of a project."""

    kind = forms.ChoiceField(label=_("阶段"), choices=Phase.Kind.choices)
    planned_on = _day(_("计划日期"))
    actual_on = _day(_("实际日期"))
    note = forms.CharField(label=_("说明"), max_length=500, required=False)
    field_order = ("kind", "planned_on", "actual_on", "note")
