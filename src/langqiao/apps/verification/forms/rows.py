"""Rows that are edited on one page: added, removed and moved by buttons, also without a script.

Every button sends the whole formset. ``save`` reads it; all others give it back with its rows changed, as
they were typed and unchecked, so that nothing is lost and nothing is complained about too early.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.forms.formsets import DEFAULT_MAX_NUM, BaseFormSet, formset_factory
from django.http import QueryDict

PREFIX = "rows"


class RowForm(forms.Form):
    """One row; ``key`` is how other records name it, given once and never shown."""

    key = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def row(self) -> dict[str, Any]:
        """The cleaned row as the domain takes it; the key comes from :func:`with_keys`."""
        return dict(self.cleaned_data)


def wide(field: forms.Field) -> forms.Field:
    """Let a field take the whole width of its row."""
    field.wide = True  # type: ignore[attr-defined]  # read by the template
    return field


def only_for(kinds: str, field: forms.Field) -> forms.Field:
    """Show a field for rows of these kinds alone (calls.css); where styles fail it is shown and ignored."""
    field.kinds = kinds  # type: ignore[attr-defined]  # read by the template
    return field


def formset_of(form: type[forms.Form], most: int) -> type[BaseFormSet[Any]]:
    """The formset class of a row; no blank rows of its own, a button adds them."""
    return formset_factory(form, extra=0, max_num=most, validate_max=True, absolute_max=DEFAULT_MAX_NUM)


def shown(form: type[forms.Form], rows: Sequence[Mapping[str, Any]], *, most: int, **more: Any) -> Any:
    """Rows as they stand, to be edited."""
    return formset_of(form, most)(initial=list(rows), prefix=PREFIX, form_kwargs=more)


def sent(form: type[forms.Form], data: QueryDict, *, most: int, **more: Any) -> Any:
    """Rows as they were sent, to be checked and read."""
    return formset_of(form, most)(data, prefix=PREFIX, form_kwargs=more)


def typed(form: type[forms.Form], data: QueryDict, *, most: int, **more: Any) -> list[dict[str, Any]]:
    """Rows as they were typed, unchecked."""
    formset = sent(form, data, most=most, **more)
    return [
        {
            name: field.widget.value_from_datadict(data, {}, one.add_prefix(name))
            for name, field in one.fields.items()
        }
        for one in formset.forms
    ]


def changed(rows: list[dict[str, Any]], wish: str) -> list[dict[str, Any]]:
    """Rows after a button: ``add``, ``remove-2``, ``up-2`` or ``down-2``; an unknown wish changes nothing."""
    if wish == "add":
        return [*rows, {}]
    verb, _dash, place = wish.partition("-")
    at = int(place) if place.isascii() and place.isdigit() and len(place) < 5 else -1
    if not 0 <= at < len(rows):
        return rows
    if verb == "remove":
        return rows[:at] + rows[at + 1 :]
    other = {"up": at - 1, "down": at + 1}.get(verb, -1)
    if 0 <= other < len(rows):
        rows = list(rows)
        rows[at], rows[other] = rows[other], rows[at]
    return rows


def with_keys(rows: Iterable[dict[str, Any]], prefix: str, taken: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Rows with a key each: the own one, or ``prefix`` and the next free number."""
    rows = list(rows)
    used = {row["key"] for row in rows if row.get("key")} | set(taken)
    number = 1
    for row in rows:
        if row.get("key"):
            continue
        while f"{prefix}{number}" in used:
            number += 1
        row["key"] = f"{prefix}{number}"
        used.add(row["key"])
    return rows
