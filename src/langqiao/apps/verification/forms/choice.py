"""Constraints of the choice (遴选约束) as rows; kept as ``engines.selection`` takes its rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City, Field, Organisation
from langqiao.apps.verification.forms.rows import only_for
from langqiao.kit.words import named

ATTRIBUTES = {"city": _("城市"), "field": _("产业领域"), "kind": _("机构类别")}
KINDS = [
    ("at_least", _("至少入选几家")),
    ("at_most", _("至多入选几家")),
    ("budget", _("入选项目经费合计不超过（万元）")),
    ("gate", _("得分不低于")),
    ("margin", _("分差不超过多少算接近（须说明或抽签）")),
]
SUBJECT = ("at_least", "at_most")  # rules about a group of candidates
RULES = (*SUBJECT, "budget", "gate")  # kinds of rules that rows speak of


def _subjects() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Groups that a rule may speak of: each value of an attribute alike, or one value."""
    values: Mapping[str, Iterable[tuple[str, Any]]] = {
        "city": [(row.slug, named(row)) for row in City.objects.all()],
        "field": [(row.slug, named(row)) for row in Field.objects.all()],
        "kind": Organisation.Kind.choices,
    }
    each = {"city": _("每座城市"), "field": _("每个产业领域"), "kind": _("每类机构")}
    return [
        (ATTRIBUTES[name], [(name, each[name]), *((f"{name}={value}", label) for value, label in rows)])
        for name, rows in values.items()
    ]


class RuleForm(forms.Form):
    """One constraint."""

    kind = forms.ChoiceField(label=_("约束"), choices=KINDS)
    subject = only_for(" ".join(SUBJECT), forms.ChoiceField(label=_("范围"), required=False))
    number = forms.FloatField(label=_("数值"), min_value=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].choices = [("", "—"), *_subjects()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A rule about a group names it and a whole number."""
        found: dict[str, Any] = super().clean() or {}
        if found.get("kind") in SUBJECT:
            if not found.get("subject"):
                self.add_error("subject", _("请选择范围。"))
            if found.get("number") is not None and found["number"] != int(found["number"]):
                self.add_error("number", _("请填写整数。"))
        return found

    def row(self) -> dict[str, Any]:
        """The rule as the engine takes it."""
        kind, number = self.cleaned_data["kind"], self.cleaned_data["number"]
        if kind == "budget":
            return {"kind": kind, "limit": number}
        if kind in ("gate", "margin"):
            return {"kind": kind, "score": number}
        attribute, _is, value = self.cleaned_data["subject"].partition("=")
        return {"kind": kind, "attribute": attribute, "number": int(number), "value": value or None}


def choice_from(present: Mapping[str, Any], rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The column from the rows; rules on single candidates, which no row shows, stay."""
    rows = list(rows)
    rules = [rule for rule in present.get("rules", []) if rule.get("kind") not in RULES]
    rules += [row for row in rows if row["kind"] in RULES]
    margins = [row["score"] for row in rows if row["kind"] == "margin"]
    found: dict[str, Any] = {"rules": rules} if rules else {}
    return {**found, "margin": margins[-1]} if margins else found


def rows_of(choice: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rules of a call as the form shows them; rules on single candidates belong to the choice itself."""
    found = []
    for rule in choice.get("rules", []):
        kind = rule.get("kind")
        if kind in SUBJECT:
            value = rule.get("value")
            subject = f"{rule['attribute']}={value}" if value else rule["attribute"]
            found.append({"kind": kind, "subject": subject, "number": rule["number"]})
        elif kind in ("budget", "gate"):
            found.append({"kind": kind, "number": rule.get("limit", rule.get("score"))})
    if choice.get("margin"):
        found.append({"kind": "margin", "number": choice["margin"]})
    return found
