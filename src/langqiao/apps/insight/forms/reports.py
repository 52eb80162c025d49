"""Forms of reports: the head, and one for each kind of section; a method brings the fields it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.insight.domain.reports.writing import SUMMARY_AT_MOST, TEXT_AT_MOST, TITLE_AT_MOST
from langqiao.apps.insight.models.reports import Section
from langqiao.apps.insight.queries.flows import flow_choices
from langqiao.apps.insight.queries.reports import figure_scopes, writing_organisations
from langqiao.apps.insight.queries.study import all_periods, indicator_choices, scope_choices
from langqiao.apps.registry.models import Organisation
from langqiao.kit.words import is_english, named

if TYPE_CHECKING:
    from langqiao.engines.regional import Method

VINTAGES = (
    ("best", _("最终数优先，没有则用未注明的，再用初步数")),
    ("final", _("只用最终数")),
    ("preliminary", _("初步数优先")),
)
_PARAMETER = "p_"
# Methods that compare with the nation where its figures are chosen, beside those that cannot do without.
_MAY_USE_NATION = frozenset({"location_quotient", "krugman"})


class _Named(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's class takes none at run time
    """A record, named in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """The record's name."""
        return named(obj)


class ReportForm(forms.Form):
    """The head of a report."""

    organisation = _Named(queryset=Organisation.objects.none(), label=_("撰写机构"), empty_label=None)
    title = forms.CharField(label=_("标题"), max_length=TITLE_AT_MOST)
    author = forms.CharField(
        label=_("作者"), max_length=TITLE_AT_MOST, help_text=_("随报告公开；多位作者用顿号分开。")
    )
    summary = forms.CharField(
        label=_("摘要"), max_length=SUMMARY_AT_MOST, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, viewer: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if viewer is None:  # the organisation of a report does not change
            del self.fields["organisation"]
        else:
            self.fields["organisation"].queryset = writing_organisations(viewer)  # type: ignore[attr-defined]


class TextForm(forms.Form):
    """A section of text."""

    heading = forms.CharField(label=_("章节标题"), max_length=TITLE_AT_MOST)
    text = forms.CharField(
        label=_("正文"),
        max_length=TEXT_AT_MOST,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("每行一段。"),
    )

    def values(self) -> dict[str, Any]:
        """What the verb takes."""
        return {"heading": self.cleaned_data["heading"], "text": self.cleaned_data["text"]}


def _several(label: Any, hint: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, widget=forms.CheckboxSelectMultiple, help_text=hint)


class FiguresForm(TextForm):
    """A section that shows figures of the store."""

    indicators = _several(_("指标"))
    scopes = _several(_("地区范围"))
    periods = _several(_("时期"))
    vintage = forms.ChoiceField(label=_("数据版本"), choices=VINTAGES)

    method: Method | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["text"].required = False
        self.fields["text"].widget.attrs["rows"] = 4
        self.fields["indicators"].choices = indicator_choices()  # type: ignore[attr-defined]
        self.fields["scopes"].choices = figure_scopes()  # type: ignore[attr-defined]
        self.fields["periods"].choices = [(one, one) for one in all_periods()]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """What the verb takes."""
        given = self.cleaned_data
        choice = {name: given[name] for name in ("indicators", "scopes", "periods", "vintage")}
        return {**super().values(), "choice": choice}


class MethodForm(FiguresForm):
    """A section that runs a method; its parameters are fields of their own."""

    def __init__(self, *args: Any, method: Method, **options: Any) -> None:
        super().__init__(*args, **options)
        self.method = method
        self.fields["scopes"].choices = scope_choices()  # type: ignore[attr-defined]
        needs = method.needs
        if needs.columns_min == 0:
            self.fields["indicators"].required = False
            self.fields["periods"].required = False
        if not needs.periods:
            self.fields["periods"].help_text = _("这种方法一次只看一个时期。")
        if needs.flows:
            self.fields["flows"] = forms.ChoiceField(label=_("城市间的流"), choices=flow_choices())
        if needs.nation or method.key in _MAY_USE_NATION:
            self.fields["nation"] = forms.BooleanField(
                label=_("以各省（区、市）的数据代表全国"), required=needs.nation, initial=needs.nation
            )
        language = "en" if is_english() else "zh"
        for one in method.parameters:
            self.fields[_PARAMETER + one.key] = _field(one, one.title.to(language), language)

    def values(self) -> dict[str, Any]:
        """What the verb takes."""
        assert self.method is not None
        given = self.cleaned_data
        found = super().values()
        found["choice"] |= {
            "method": self.method.key,
            "flows": given.get("flows", ""),
            "nation": "provinces" if given.get("nation") else "",
            "parameters": {one.key: given[_PARAMETER + one.key] for one in self.method.parameters},
        }
        return found


def _field(one: Any, label: str, language: str) -> forms.Field:
    if one.kind == "choice":
        choices = [(key, term.to(language)) for key, term in one.choices]
        return forms.ChoiceField(label=label, choices=choices, initial=one.default)
    if one.kind == "columns":
        return forms.MultipleChoiceField(
            label=label,
            choices=indicator_choices(),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=_("只能从本节选用的指标中选。"),
        )
    kind = forms.IntegerField if one.kind == "whole" else forms.FloatField
    return kind(label=label, initial=one.default, min_value=one.low, max_value=one.high)


def initial_of(section: Section) -> dict[str, Any]:
    """A section's values as its form shows them."""
    choice: Mapping[str, Any] = section.choice
    found: dict[str, Any] = {"heading": section.heading, "text": section.text}
    if section.kind == Section.Kind.TEXT:
        return found
    found |= {name: choice[name] for name in ("indicators", "scopes", "periods", "vintage", "flows")}
    found["nation"] = bool(choice["nation"])
    return found | {_PARAMETER + key: value for key, value in choice["parameters"].items()}


# Fields of a refusal as the forms call them.
def field_name(form: forms.Form, field: str) -> str:
    """The form's field that a refusal speaks of."""
    return field if field in form.fields else _PARAMETER + field
