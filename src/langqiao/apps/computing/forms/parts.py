"""What the forms share: days, long texts, references by name, money in yuan, GPUs in parts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import named

MILLI = 1000
NOTHING = [("", "—")]


def day_field(label: Any, *, required: bool = True, hint: Any = "") -> forms.DateField:
    """A calendar day."""
    return forms.DateField(
        label=label,
        required=required,
        help_text=hint,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


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


def yuan_field(label: Any, *, required: bool = True, hint: Any = "") -> forms.DecimalField:
    """An amount in yuan (元)."""
    return forms.DecimalField(
        label=label,
        required=required,
        help_text=hint,
        min_value=Decimal("0.01"),
        max_digits=13,
        decimal_places=2,
    )


def gpus_field(label: Any, *, required: bool = True, hint: Any = "") -> forms.DecimalField:
    """GPUs with parts of a thousandth; :func:`milli` gives them as a verb takes them."""
    return forms.DecimalField(
        label=label,
        required=required,
        help_text=hint,
        min_value=0,
        max_value=1_000_000,
        decimal_places=3,
    )


def milli(gpus: Decimal) -> int:
    """GPUs as whole thousandths."""
    return int(gpus * MILLI)


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


class CityField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django's class takes none at run time
    """A city of the corridor, named in the reader's language."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**{"queryset": City.objects.order_by("order"), "label": _("城市"), **values})

    def label_from_instance(self, obj: Any) -> str:
        """The city's name."""
        return named(obj)


class ReasonForm(forms.Form):
    """Why."""

    why = long_field(_("原因"), 500, rows=3)
