"""What an object page states about a record: label and value, in the order a reader asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.domain.kinds import KINDS, Kind
from langqiao.apps.registry.models import Finance, Stage

# Columns shown as facts beside the text, by kind; the line under the title says kind, whose and where.
FACTS: dict[str, tuple[str, ...]] = {
    "organisations": ("fields", "short_name", "name_en", "credit_code", "website", "code"),
    "people": ("title", "fields", "expertise", "name_en", "code"),
    "achievements": (
        "field", "discipline", "trl", "date", "licence", "keywords", "language", "code",
    ),
    "facilities": ("fields", "open_to", "fee", "code"),
    "finance": ("amount", "cities", "fields", "stages", "code"),
    "talent_demand": ("field", "number", "level", "skills", "code"),
    "training": ("fields", "places", "code"),
    "products": ("chain", "tier", "field", "code"),
    "programmes": ("date", "fields", "code"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: ``form`` says how it is drawn (text, link, tags, date, money, site)."""

    label: Any
    form: str
    value: Any
    url: str = ""


def kind_for(record: Any) -> Kind:
    """The kind of a record."""
    return next(kind for kind in KINDS.values() if kind.model is type(record))


def who_and_where(record: Any) -> list[tuple[Any, str]]:
    """The line under the title: what it is, whose, and where, with the pages of both."""
    kind = kind_for(record)
    found: list[tuple[Any, str]] = []
    if "kind" in kind.columns:
        found.append((record.get_kind_display(), ""))
    elif "direction" in kind.columns:
        found.append((record.get_direction_display(), ""))
    owner = getattr(record, kind.owner) if kind.owner else None
    city = getattr(record, "city", None) or getattr(owner, "city", None)
    return found + [(place, place.get_absolute_url()) for place in (owner, city) if place is not None]


def facts_of(record: Any) -> list[Fact]:
    """The facts of a record that are known; unknown ones are left out."""
    found = (_fact(record, name) for name in FACTS[kind_for(record).name])
    return [fact for fact in found if fact is not None]


def _fact(record: Any, name: str) -> Fact | None:
    if name == "amount":
        pair = (record.amount_min, record.amount_max)
        return Fact(_("金额"), "money", pair) if pair != (None, None) else None
    column = record._meta.get_field(name)
    label = "TRL" if name == "trl" else column.verbose_name
    value = getattr(record, name)
    if column.many_to_many:
        rows = list(value.all())
        if rows:
            return Fact(label, "tags", rows)
        return Fact(label, "text", _("不限")) if isinstance(record, Finance) else None
    if value in (None, "", []):
        return None
    if name == "stages":
        labels = dict(Stage.choices)
        return Fact(label, "tags", [labels.get(stage, stage) for stage in value])
    if column.choices:
        return Fact(label, "text", getattr(record, f"get_{name}_display")())
    if name == "website":
        return Fact(label, "site", value, value)
    if isinstance(value, models.Model):
        url = value.get_absolute_url() if hasattr(value, "get_absolute_url") else ""
        return Fact(label, "link", value, url)
    if isinstance(value, list):
        return Fact(label, "tags", value)
    return Fact(label, "date" if isinstance(column, models.DateField) else "text", value)
