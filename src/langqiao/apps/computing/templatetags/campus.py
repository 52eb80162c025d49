"""Template filter of the campus: figures grouped by three in both languages."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.filter
def figure(value: Any, places: int = 0) -> str:
    """A number grouped by three, with at most ``places`` decimals and none that are zero."""
    if value is None or value == "":
        return ""
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text
