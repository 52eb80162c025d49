"""Forms of challenges and answers: they read values, the verbs judge them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.challenges.domain.answers import MONTHS_AT_MOST, TEAM_AT_MOST
from langqiao.apps.challenges.domain.answers import TEXT_AT_MOST as ANSWER_AT_MOST
from langqiao.apps.challenges.domain.following import TEXT_AT_MOST as WISH_AT_MOST
from langqiao.apps.challenges.domain.questions import TEXT_AT_MOST as QUESTION_AT_MOST
from langqiao.apps.challenges.domain.values import DETAILS_AT_MOST, SUMMARY_AT_MOST, TITLE_AT_MOST
from langqiao.apps.challenges.listings import named_choices
from langqiao.apps.challenges.models import Answer, AnswerVersion, Challenge, Subscription
from langqiao.apps.challenges.queries import posable_organisations
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import City, Field, Organisation, Stage
from langqiao.kit.refusals import Invalid, Refused

NOTHING = [("", "—")]


def add_refusal(form: forms.Form, refused: Refused) -> None:
    """Show a verb's refusal at the field it names, or above the form."""
    form.add_error(refused.field if refused.field in form.fields else None, str(refused))


class ByName(forms.CharField):
    """An organisation by its code or full name."""

    def clean(self, value: Any) -> Organisation | None:
        """The organisation named, None when empty."""
        text = super().clean(value)
        try:
            return Lookups().organisation(text)
        except Invalid as problem:
            raise forms.ValidationError(str(problem)) from problem


class Tags(forms.CharField):
    """Words separated by commas or 、."""

    def clean(self, value: Any) -> list[str]:
        """The words, each once."""
        text = super().clean(value)
        try:
            return list(v.tags()(text, Lookups()))
        except Invalid as problem:
            raise forms.ValidationError(str(problem)) from problem

    def prepare_value(self, value: Any) -> Any:
        """The words as a person types them."""
        return "、".join(value) if isinstance(value, list) else value


class ChallengeForm(forms.Form):
    """What a challenge says; amounts in 万元."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("出题企业"), required=False)
    title = forms.CharField(label=_("题目"), max_length=TITLE_AT_MOST)
    summary = forms.CharField(
        label=_("公开摘要"),
        max_length=SUMMARY_AT_MOST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("发布时必填；发布后所有人可见，请勿写入保密内容。"),
    )
    confidentiality = forms.ChoiceField(
        label=_("保密级别"),
        choices=Challenge.Confidentiality.choices,
        initial="open",
        widget=forms.RadioSelect,
    )
    details = forms.CharField(
        label=_("详细内容"),
        max_length=DETAILS_AT_MOST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("现状、指标、条件。除“公开”外，只有签署保密承诺者可见。"),
    )
    field = forms.ChoiceField(label=_("产业领域"), required=False)
    city = forms.ChoiceField(label=_("城市"), required=False, help_text=_("不填则为企业所在城市。"))
    stage = forms.ChoiceField(label=_("所处阶段"), choices=[*NOTHING, *Stage.choices], required=False)
    keywords = Tags(label=_("关键词"), required=False, max_length=2000, help_text=_("用顿号或逗号分隔。"))
    budget_min = forms.DecimalField(
        label=_("最低预算（万元）"), min_value=0, decimal_places=2, required=False
    )
    budget_max = forms.DecimalField(
        label=_("最高预算（万元）"), min_value=0, decimal_places=2, required=False
    )
    deadline = forms.DateField(
        label=_("答题截止日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("发布时必填。"),
    )

    def __init__(self, *args: Any, user: Any, challenge: Challenge | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = posable_organisations(user)
        self.fields["city"].choices = [*NOTHING, *named_choices(City)]  # type: ignore[attr-defined]
        self.fields["field"].choices = [*NOTHING, *named_choices(Field)]  # type: ignore[attr-defined]
        if challenge is not None:
            # The firm of an existing challenge is not changed here.
            del self.fields["organisation"]
            for name in self.fields:
                self.initial[name] = getattr(challenge, name)
            self.initial["city"], self.initial["field"] = challenge.city_id, challenge.field_id
        else:
            self.fields["organisation"].queryset = own  # type: ignore[attr-defined]
            self.fields["organisation"].required = True
            first = own.values_list("pk", flat=True)[:2]
            if len(first) == 1:
                self.initial["organisation"] = first[0]

    def values(self) -> dict[str, Any]:
        """The cleaned values as the verbs take them."""
        found = dict(self.cleaned_data)
        city, field = found.pop("city", ""), found.pop("field", "")
        found["city"] = City.objects.get(pk=city) if city else None
        found["field"] = Field.objects.get(pk=field) if field else None
        return found


class QuestionForm(forms.Form):
    """A question to the firm."""

    text = forms.CharField(
        label=_("问题"), max_length=QUESTION_AT_MOST, widget=forms.Textarea(attrs={"rows": 2})
    )
    sealed = forms.BooleanField(label=_("涉及保密内容"), required=False)


class ReplyForm(forms.Form):
    """The firm's reply."""

    reply = forms.CharField(
        label=_("答复"), max_length=QUESTION_AT_MOST, widget=forms.Textarea(attrs={"rows": 2})
    )
    sealed = forms.BooleanField(label=_("问答涉及保密内容"), required=False)


class InvitationForm(forms.Form):
    """An organisation to invite."""

    organisation = ByName(label=_("机构"), max_length=200, help_text=_("填写名录中的全称或编号。"))


class ContractForm(forms.Form):
    """The day and amount of a contract."""

    on = forms.DateField(
        label=_("签约日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    amount = forms.DecimalField(
        label=_("合同金额（万元）"),
        min_value=0,
        decimal_places=2,
        required=False,
        help_text=_("仅供联席办统计，不公开。"),
    )


class DeadlineForm(forms.Form):
    """A later deadline."""

    deadline = forms.DateField(
        label=_("新的截止日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class AnswerForm(forms.Form):
    """What an answer says; price in 万元."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("牵头机构"))
    title = forms.CharField(label=_("方案名称"), max_length=300)
    approach = forms.CharField(
        label=_("技术方案"), max_length=ANSWER_AT_MOST, widget=forms.Textarea(attrs={"rows": 10})
    )
    plan = forms.CharField(
        label=_("实施计划"),
        max_length=ANSWER_AT_MOST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    price = forms.DecimalField(label=_("报价（万元）"), min_value=0, decimal_places=2, required=False)
    months = forms.IntegerField(label=_("工期（月）"), min_value=1, max_value=MONTHS_AT_MOST, required=False)

    def __init__(
        self,
        *args: Any,
        organisations: Any = None,
        version: AnswerVersion | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if version is not None:
            del self.fields["organisation"]
            for name in self.fields:
                self.initial[name] = getattr(version, name)
            return
        rows = Organisation.objects.filter(pk__in=organisations or [])
        self.fields["organisation"].queryset = rows  # type: ignore[attr-defined]
        if len(rows) == 1:
            self.initial["organisation"] = rows[0].pk


class PartnerForm(forms.Form):
    """One partner of a team with its part."""

    organisation = ByName(label=_("机构全称或编号"), max_length=200, required=False)
    part = forms.CharField(label=_("分工"), max_length=300, required=False)


TeamFormSet = forms.formset_factory(PartnerForm, extra=2, max_num=TEAM_AT_MOST - 1, validate_max=True)


def team_forms(answer: Answer, data: Any = None) -> Any:
    """The partners beside the leading organisation, to be edited."""
    partners = [
        {"organisation": m.organisation.code or m.organisation.name, "part": m.part}
        for m in answer.team.all()
        if not m.is_lead
    ]
    return TeamFormSet(data, initial=partners, prefix="team")


class SubscriptionForm(forms.Form):
    """A standing wish."""

    wanted = forms.ChoiceField(label=_("订阅内容"), choices=Subscription.Wanted.choices)
    text = forms.CharField(label=_("关注的技术"), max_length=WISH_AT_MOST, required=False)
    city = forms.ChoiceField(label=_("城市"), required=False)
    field = forms.ChoiceField(label=_("产业领域"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["city"].choices = [*NOTHING, *named_choices(City)]  # type: ignore[attr-defined]
        self.fields["field"].choices = [*NOTHING, *named_choices(Field)]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """The cleaned values as the verb takes them."""
        found = dict(self.cleaned_data)
        found["city"] = City.objects.get(pk=found["city"]) if found["city"] else None
        found["field"] = Field.objects.get(pk=found["field"]) if found["field"] else None
        return found
