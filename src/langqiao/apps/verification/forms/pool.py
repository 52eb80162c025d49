"""Forms of the pool, of invitations and of assignments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.verification.models import Bid

METHODS = (
    ("sum", _("总契合度最大")),
    ("fair", _("公平：先保证最差的一份，再求总和")),
    ("random", _("随机：限制每一对的概率，防止串通")),
)


class WhyForm(forms.Form):
    """A reason."""

    why = forms.CharField(label=_("原因"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class LoadForm(forms.Form):
    """How many reviews an expert takes at most."""

    max_load = forms.IntegerField(
        label=_("最多评审数"),
        min_value=0,
        max_value=1000,
        required=False,
        help_text=_("留空则按征集的规定。"),
    )


class AnswerForm(forms.Form):
    """The answer to an invitation."""

    promise = forms.BooleanField(label=_("我已阅读并作出上述承诺"), required=False)
    why = forms.CharField(
        label=_("谢绝原因"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class BidForm(forms.Form):
    """A wish."""

    value = forms.TypedChoiceField(
        label=_("评审意愿"), choices=Bid.Value.choices, coerce=int, widget=forms.RadioSelect
    )


class ProposeForm(forms.Form):
    """How to compute an assignment."""

    method = forms.ChoiceField(label=_("方法"), choices=METHODS, initial="fair", widget=forms.RadioSelect)
    cap = forms.CharField(
        label=_("每一对的最大概率"), required=False, max_length=12, initial="0.5",
        help_text=_("仅用于随机：大于 0、不超过 1，可写分数，如 1/2。"),
    )  # fmt: skip
    seed = forms.IntegerField(
        label=_("随机种子"), required=False, min_value=0, max_value=2**53, initial=2026,
        help_text=_("仅用于随机：同一种子得到同一结果。"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """A random assignment needs both."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("method") == "random":
            for name in ("cap", "seed"):
                if values.get(name) in (None, ""):
                    self.add_error(name, _("随机分配须填写。"))
        return values


class ChooseForm(forms.Form):
    """One of the experts offered, with a reason where a review changes hands."""

    reviewer = forms.TypedChoiceField(label=_("专家"), coerce=int)
    why = forms.CharField(label=_("原因"), max_length=300, required=False)

    def __init__(self, choices: Sequence[tuple[int, str]], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["reviewer"]
        field.choices = choices
