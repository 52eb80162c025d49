"""Forms of rounds and reviews: they read values, the verbs judge them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.verification.domain.defence import (
    GAP_AT_MOST,
    MINUTES_AT_LEAST,
    MINUTES_AT_MOST,
    PLACE_AT_MOST,
)
from langqiao.apps.verification.domain.reviews import REASON_AT_MOST, REMARK_AT_MOST
from langqiao.apps.verification.domain.rounds import WHY_AT_MOST
from langqiao.apps.verification.domain.scoring import (
    CONFIDENCES,
    GATE_WHY_AT_MOST,
    STEP,
    TEXT_AT_MOST,
    gated,
    scored,
)
from langqiao.apps.verification.forms.calls import moment
from langqiao.apps.verification.models import Review

CONFIDENCE_WORDS = {
    1: _("1 · 不熟悉"),
    2: _("2 · 略知"),
    3: _("3 · 了解"),
    4: _("4 · 熟悉"),
    5: _("5 · 本人专长"),
}
PASSED = {"pass": True, "fail": False}


def plain_points(value: Any) -> str:
    """Points as a field shows them: 15, 15.5."""
    return "" if value is None else f"{value:g}"


class ReviewForm(forms.Form):
    """The review of one application, drawn from the round's criteria; its names are the draft's names too.

    Nothing is required here: a draft may be incomplete, and the verb says what a submitted review lacks.
    """

    confidence = forms.ChoiceField(
        label=_("把握程度"),
        required=False,
        choices=[(number, CONFIDENCE_WORDS[number]) for number in CONFIDENCES],
        widget=forms.RadioSelect,
        help_text=_("您对这一领域的熟悉程度，供主持人参考。"),
    )
    for_applicant = forms.CharField(
        label=_("反馈申报单位的意见"),
        max_length=TEXT_AT_MOST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("发文之后，申报单位以“专家甲”等代号看到这段文字。请勿写入可识别身份的信息。"),
    )
    for_office = forms.CharField(
        label=_("仅联席办可见的意见"),
        max_length=TEXT_AT_MOST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, criteria: list[dict[str, Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scored, self.gated = scored(criteria), gated(criteria)
        for one in self.scored:
            self.fields[f"score-{one['key']}"] = forms.FloatField(
                label=one["name"],
                required=False,
                min_value=0,
                max_value=one["most"],
                step_size=STEP,
                help_text=one.get("help", ""),
                widget=forms.NumberInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )
        for one in self.gated:
            self.fields[f"gate-{one['key']}"] = forms.ChoiceField(
                label=one["name"],
                required=False,
                choices=[("pass", pgettext_lazy("gate", "通过")), ("fail", pgettext_lazy("gate", "不通过"))],
                widget=forms.RadioSelect,
                help_text=one.get("help", ""),
            )
            self.fields[f"gatewhy-{one['key']}"] = forms.CharField(
                label=_("不通过的理由"),
                max_length=GATE_WHY_AT_MOST,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    @property
    def score_rows(self) -> list[tuple[Mapping[str, Any], Any]]:
        """Every criterion that gives points with its field."""
        return [(one, self[f"score-{one['key']}"]) for one in self.scored]

    @property
    def gate_rows(self) -> list[tuple[Mapping[str, Any], Any, Any]]:
        """Every gate with its field and that of the reason."""
        return [(one, self[f"gate-{one['key']}"], self[f"gatewhy-{one['key']}"]) for one in self.gated]

    @property
    def words(self) -> list[Any]:
        """The fields of running text."""
        return [self["for_applicant"], self["for_office"]]

    def opinion(self) -> dict[str, Any]:
        """The cleaned values as the verbs take them."""
        got = self.cleaned_data
        return {
            "scores": {one["key"]: got[f"score-{one['key']}"] for one in self.scored},
            "gates": {
                one["key"]: {
                    "passed": PASSED.get(got[f"gate-{one['key']}"]),
                    "why": got[f"gatewhy-{one['key']}"],
                }
                for one in self.gated
            },
            "confidence": int(got["confidence"]) if got["confidence"] else None,
            "for_applicant": got["for_applicant"],
            "for_office": got["for_office"],
        }


def form_values(review: Review) -> dict[str, str]:
    """A review's stored values by the names of the form's fields, as text."""
    criteria = review.round.criteria
    values = {
        "confidence": "" if review.confidence is None else str(review.confidence),
        "for_applicant": review.for_applicant,
        "for_office": review.for_office,
    }
    for one in scored(criteria):
        values[f"score-{one['key']}"] = plain_points(review.scores.get(one["key"]))
    for one in gated(criteria):
        answer = review.gates.get(one["key"], {})
        values[f"gate-{one['key']}"] = {True: "pass", False: "fail"}.get(answer.get("passed"), "")
        values[f"gatewhy-{one['key']}"] = answer.get("why", "")
    return values


def review_form(review: Review, data: Any = None) -> ReviewForm:
    """The form of a review, with what is stored or with what was typed."""
    return ReviewForm(review.round.criteria, data, initial=form_values(review))


class ChangeForm(ReviewForm):
    """A submitted review to be changed, with the reason."""

    why = forms.CharField(
        label=_("修改理由"),
        max_length=REASON_AT_MOST,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("主持人看到修改前后与理由；同组专家只知道有修改。"),
    )


class DueForm(forms.Form):
    """Until when reviews are awaited."""

    due_at = moment(label=_("评审截止"))


class PlanForm(forms.Form):
    """Defences one after the other."""

    starts_at = moment(label=_("首场时间"))
    place = forms.CharField(label=_("地点或会议链接"), max_length=PLACE_AT_MOST)
    minutes = forms.IntegerField(
        label=_("每场时长（分钟）"), min_value=MINUTES_AT_LEAST, max_value=MINUTES_AT_MOST, initial=20
    )
    gap = forms.IntegerField(
        label=_("间隔（分钟）"), min_value=0, max_value=GAP_AT_MOST, initial=5, required=True
    )


class SlotForm(forms.Form):
    """One application's defence."""

    application = forms.ChoiceField(label=_("申报"))
    at = moment(label=_("时间"))
    place = forms.CharField(label=_("地点或会议链接"), max_length=PLACE_AT_MOST)
    minutes = forms.IntegerField(
        label=_("时长（分钟）"), min_value=MINUTES_AT_LEAST, max_value=MINUTES_AT_MOST, initial=20
    )

    def __init__(self, applications: list[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["application"].choices = applications  # type: ignore[attr-defined]  # a ChoiceField


class EliminateForm(forms.Form):
    """Who does not go on, and why."""

    application = forms.ChoiceField(label=_("申报"))
    why = forms.CharField(
        label=_("原因"),
        max_length=WHY_AT_MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("申报单位可以看到原因。"),
    )

    def __init__(self, applications: list[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["application"].choices = applications  # type: ignore[attr-defined]  # a ChoiceField


class RemarkForm(forms.Form):
    """A word in the discussion."""

    text = forms.CharField(
        label=_("发言"), max_length=REMARK_AT_MOST, widget=forms.Textarea(attrs={"rows": 3})
    )
