"""The form of the document check (资料审查): each point passed or not, then the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.verification.forms.calls import MOMENT, moment
from langqiao.apps.verification.models import Screening
from langqiao.kit.refusals import Refused

DAYS_TO_CORRECT = 5
PASSED = [("yes", _("符合")), ("no", _("不符合"))]


class ScreeningForm(forms.Form):
    """形式审查要点表 with verdict; points are judged one by one."""

    use_required_attribute = False
    verdict = forms.ChoiceField(
        label=_("审查结论"), choices=Screening.Verdict.choices, widget=forms.RadioSelect
    )
    correct_by = moment(
        _("补正期限"), required=False, help_text=_("退回补正时必填；过期未补正的可不予受理。")
    )
    note = forms.CharField(
        label=_("给申报单位的说明"), required=False, max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}), help_text=_("退回补正与不予受理时必填，申报单位可以看到。"),
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        points: Sequence[Mapping[str, Any]],
        before: Mapping[str, Any],
        verdicts: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(Screening.Verdict.choices)
        self.fields["verdict"].choices = [(one, labels[one]) for one in verdicts]  # type: ignore[attr-defined]
        if len(verdicts) == 1:
            self.initial["verdict"] = verdicts[0]
        self.asked = list(points)
        for point in self.asked:
            was = before.get(point["key"], {})
            self.fields[f"p_{point['key']}"] = forms.ChoiceField(
                choices=PASSED, widget=forms.RadioSelect, label=point["text"], required=False
            )
            self.fields[f"n_{point['key']}"] = forms.CharField(
                required=False,
                max_length=500,
                widget=forms.TextInput(attrs={"placeholder": _("说明（选填）")}),
            )
            if was:
                self.initial[f"p_{point['key']}"] = "yes" if was.get("passed") else "no"
                self.initial[f"n_{point['key']}"] = was.get("note", "")
        later = timezone.localtime() + timedelta(days=DAYS_TO_CORRECT)
        end_of_day = later.replace(hour=17, minute=0, second=0, microsecond=0)
        self.initial.setdefault("correct_by", end_of_day.strftime(MOMENT))

    @property
    def points(self) -> list[dict[str, Any]]:
        """Points with their two controls, for the page."""
        return [
            {"text": p["text"], "passed": self[f"p_{p['key']}"], "note": self[f"n_{p['key']}"]}
            for p in self.asked
        ]

    def add_refusal(self, refused: Refused) -> None:
        """Show a refusal at the point or field it names, or above the form."""
        names = (f"p_{refused.field}", refused.field)
        self.add_error(next((name for name in names if name in self.fields), None), str(refused))

    def values(self) -> dict[str, Any]:
        """The cleaned values as ``screen`` takes them."""
        found = self.cleaned_data
        return {
            "verdict": found["verdict"],
            "note": found["note"],
            "correct_by": found["correct_by"] if found["verdict"] == Screening.Verdict.RETURN else None,
            "points": {
                p["key"]: {"passed": found[f"p_{p['key']}"] == "yes", "note": found[f"n_{p['key']}"]}
                for p in self.asked
                if found[f"p_{p['key']}"]
            },
        }
