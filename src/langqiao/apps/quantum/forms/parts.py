"""What the forms share: days, long texts, organisations by name, cities and sites in one's language."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.models import Site
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import named


def day_field(label: Any, *, required: bool = True) -> forms.DateField:
    """A calendar day."""
    return forms.DateField(
        label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


def long_field(label: Any, most: int, *, rows: int = 4, required: bool = True, hint: Any = "") -> Any:
    """A text of several lines."""
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


class NamedField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's class takes none at run time
    """A record, named in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """The record's name."""
        return named(obj)


def city_field() -> NamedField:
    """A city of the corridor."""
    return NamedField(queryset=City.objects.order_by("order"), label=_("城市"), empty_label=None)


def site_field(label: Any) -> NamedField:
    """A site of the network."""
    return NamedField(
        queryset=Site.objects.select_related("city").order_by("city__order", "slug"),
        label=label,
        empty_label=None,
    )


class ReasonForm(forms.Form):
    """Why."""

    why = long_field(_("原因"), 500, rows=3)


class RemarkForm(forms.Form):
    """A word with a decision."""

    why = long_field(_("审核意见"), 500, rows=2, required=False)


class SourcedForm(forms.Form):
    """Where a record comes from, or that it is illustrative."""

    illustrative = forms.BooleanField(label=_("示例"), required=False)
    source_name = forms.CharField(label=_("来源"), max_length=200, required=False)
    source_url = forms.CharField(label=_("来源地址"), max_length=500, required=False)
    source_date = day_field(_("来源日期"), required=False)
