"""Template tags of challenges: terms marked in a text, distances, sizes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
LONGEST_FIRST = 40  # terms marked in one text


@register.filter
def highlight(text: str, terms: Iterable[str]) -> SafeString:
    """The text with every term in ``<mark>``; everything else is escaped."""
    words = sorted({term for term in terms if term.strip()}, key=len, reverse=True)[:LONGEST_FIRST]
    if not words:
        return mark_safe(escape(text))  # noqa: S308  escaped
    found = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    parts, at = [], 0
    for match in found.finditer(str(text)):
        parts += [escape(str(text)[at : match.start()]), "<mark>", escape(match.group()), "</mark>"]
        at = match.end()
    parts.append(escape(str(text)[at:]))
    return mark_safe("".join(parts))  # noqa: S308  every part is escaped
