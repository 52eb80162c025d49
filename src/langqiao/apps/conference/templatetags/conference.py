"""Template tags of the joint conference."""

from __future__ import annotations

from django import template

register = template.Library()


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
