"""Template tags of the frame: icons, badges, cells of lists, money, days, names in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect, Select
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from langqiao.apps.ledger.words import in_words
from langqiao.kit.listing import Badge, Column
from langqiao.kit.words import listed, says_example
from langqiao.web import names
from langqiao.web.names import day, money, named

register = template.Library()
TAGS_SHOWN = 3
DASH = mark_safe('<span class="lq-nothing text-muted" aria-hidden="true">—</span>')
# On a phone, where headings are gone, these kinds of cells say what they are.
LABELLED = ("date", "money", "number")


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """``{% icon "bulb" %}``: an icon of the sprite, decorative unless it bears a label."""
    name = f"{static('dist/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, name)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', name)


@register.simple_tag
def badge(text: Any, tone: str = "muted") -> SafeString:
    """``{% badge "已发布" "water" %}``: a state in words on its tone."""
    return format_html('<span class="lq-badge lq-tone-{}">{}</span>', tone, text)


register.filter("grouped", names.grouped)
register.filter("money", names.money)
register.filter("day", names.day)
register.filter("moment", names.moment)
register.filter("named", names.named)
register.filter("says_example", says_example)


@register.filter
def control(field: BoundField, extra: str = "") -> SafeString:
    """A form field's control with our classes and the ids of its hint and errors.

    ``control:"plain"`` leaves out a placeholder that repeats the label.
    """
    widget = field.field.widget
    classes = "form-control"
    if isinstance(widget, CheckboxInput | RadioSelect | CheckboxSelectMultiple):
        classes = "form-check-input"
    elif isinstance(widget, Select):
        classes = "form-select"
    elif isinstance(widget, FileInput):
        classes = "form-control"
    attrs: dict[str, Any] = {"class": f"{classes} {widget.attrs.get('class', '')}".strip()}
    if extra == "plain":
        attrs["placeholder"] = ""
    described = [f"{field.auto_id}-hint"] if field.help_text else []
    if field.errors:
        attrs["class"] += " is-invalid"
        attrs["aria-invalid"] = "true"
        described.append(f"{field.auto_id}-errors")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs=attrs)


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
def is_check(field: BoundField) -> bool:
    """A single check box, whose label stands beside it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Several boxes or radio buttons under one legend."""
    return isinstance(field.field.widget, RadioSelect | CheckboxSelectMultiple)


@register.simple_tag
def cell(column: Column, row: Any) -> SafeString:
    """One cell of a list."""
    value = column.read(row)
    classes = f"lq-cell-{column.kind}{' lq-secondary' if column.secondary else ''}"
    inner = _inner(column, value)
    if column.link is not None and inner is not DASH and (url := column.link(row)):
        classes += " lq-cell-first" if column.kind == "text" else ""
        inner = format_html('<a href="{}">{}</a>', url, inner)
        if getattr(row, "illustrative", False) and not says_example(inner):
            inner = format_html('{} <span class="lq-badge lq-tone-example">{}</span>', inner, _("示例"))
    label = format_html(' data-label="{}"', column.label) if column.kind in LABELLED else ""
    return format_html('<td role="cell" class="{}"{}>{}</td>', classes, label, inner)


def _inner(column: Column, value: Any) -> Any:
    if value is None or value in ("", [], (None, None)):
        return DASH
    if column.kind == "date":
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), day(value))
    if column.kind == "money":
        return money(value) or DASH
    if column.kind == "tags":
        return _tags(value)
    if column.kind == "badge":
        return badge(*value) if isinstance(value, Badge) else badge(value)
    if column.kind == "number" and isinstance(value, int):
        return f"{value:,}"
    return value if isinstance(value, str | SafeString) else named(value)


def _tags(values: Iterable[Any]) -> Any:
    texts = [named(value) for value in values if value not in (None, "")]
    if not texts:
        return DASH
    shown = format_html_join(" ", '<span class="lq-tag">{}</span>', ((text,) for text in texts[:TAGS_SHOWN]))
    if len(texts) > TAGS_SHOWN:
        rest = listed(texts[TAGS_SHOWN:])
        shown = format_html(
            '{} <span class="lq-tag" title="{}">+{}</span>', shown, rest, len(texts) - TAGS_SHOWN
        )
    return shown


@register.simple_tag
def score_parts(bar: Iterable[Any]) -> SafeString:
    """The parts of a score as adjoining rectangles of a hundred units; parts beyond a hundred shrink."""
    parts = [(part.name, max(float(part.percent), 0.0)) for part in bar]
    scale = min(1.0, 100.0 / (sum(width for _name, width in parts) or 1.0))
    drawn, x = [], 0.0
    for name, width in parts:
        if width * scale >= 0.5:
            drawn.append((name, f"{x:.1f}", f"{max(width * scale - 0.6, 0.4):.1f}"))
        x += width * scale
    return format_html_join("", '<rect class="is-{}" x="{}" y="0" width="{}" height="6"/>', drawn)


@register.inclusion_tag("parts/timeline.html", takes_context=True)
def timeline(context: Any, entries: Iterable[Any], about: Any = None) -> dict[str, Any]:
    """``{% timeline entries %}``: ledger entries in words, for the page's reader.

    ``about`` is the record the page shows; acts on it need not name it again, and its case's dossier
    (卷宗) is linked below.
    """
    request = context.get("request")
    own = about.get_absolute_url() if about is not None else ""
    acts = in_words(entries, getattr(request, "user", None))
    case = getattr(about, "case", "") or ""
    return {"acts": acts, "own": own, "case": case if acts else ""}


@register.filter(name="listed")
def listed_filter(things: Iterable[object]) -> str:
    """Things one after the other, as the language writes lists."""
    return listed(things)
