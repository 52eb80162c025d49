"""Template tags of the joint conference."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BoundField, Select
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def own_control(field: BoundField, prefix: str) -> SafeString:
    """A field's control under an id of its own, for a form that stands several times on a page."""
    attrs: dict[str, Any] = {
        "id": f"{prefix}-{field.name}",
        "class": "form-select" if isinstance(field.field.widget, Select) else "form-control",
    }
    if field.help_text:
        attrs["aria-describedby"] = f"{prefix}-{field.name}-hint"
    return field.as_widget(attrs=attrs)


@register.filter
def own_choice(own: dict[str, str], voter: str) -> str:
    """The reader's present choice for a voter, empty before the vote is cast."""
    return own.get(voter, "")


# A mark for each status beside its words, so that it is told by shape as well as by tone.
STATUS_ICONS = (
    {"status": "not_started", "icon": "circle-dashed"},
    {"status": "under_way", "icon": "progress"},
    {"status": "done", "icon": "circle-check"},
    {"status": "blocked", "icon": "alert-triangle"},
)


@register.filter
def status_icon(status: str) -> str:
    """The name of a status's mark."""
    return next(mark["icon"] for mark in STATUS_ICONS if mark["status"] == status)
