"""Reads of open data: what the catalogue and a data set's page show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from langqiao.apps.eye.open_data.describe import licence_name, licence_of, publisher_of
from langqiao.apps.eye.open_data.formats import forms, iso, rows
from langqiao.kit.opendata import Column, Dataset, datasets
from langqiao.kit.words import is_english

PREVIEW = 10  # rows
TYPES = {
    "text": _("文本"),
    "integer": _("整数"),
    "number": _("数"),
    "decimal": _("精确小数"),
    "boolean": _("是否"),
    "date": _("日期"),
    "datetime": _("时刻"),
    "list": _("文本列表"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A data set as the catalogue lists it."""

    dataset: Dataset
    subject: Any
    size: int | None
    changed: datetime | None
    endings: list[str]


def subject_of(dataset: Dataset) -> Any:
    """The app a data set comes from, in words."""
    return apps.get_app_config(dataset.app).verbose_name


def subjects() -> list[tuple[str, Any]]:
    """Apps with data sets, in the order of their names in the address."""
    return [(app, apps.get_app_config(app).verbose_name) for app in sorted({one.app for one in datasets()})]


def found(*, q: str = "", app: str = "", ending: str = "") -> list[Dataset]:
    """Data sets whose words hold every word of ``q``, of one app, offered in one form."""
    words = q.lower().split()[:8]
    return [
        one
        for one in datasets()
        if (not app or one.app == app)
        and (not ending or ending in [form.ending for form in forms(one)])
        and all(word in _words(one) for word in words)
    ]


def _words(dataset: Dataset) -> str:
    said = (dataset.slug, dataset.title, dataset.description, *dataset.keywords)
    return " ".join(str(text) for text in said).lower()


def listed(dataset: Dataset) -> Listed:
    """A data set with its present size and last change."""
    return Listed(
        dataset,
        subject_of(dataset),
        dataset.size(),
        dataset.changed(),
        [form.ending for form in forms(dataset)],
    )


def type_of(column: Column) -> Any:
    """A column's type in words."""
    return TYPES[column.type]


def preview(dataset: Dataset) -> list[list[str]]:
    """The first rows, as text."""
    return [[_cell(value) for value in row] for row in islice(rows(dataset), PREVIEW)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    text = "; ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def licence(dataset: Dataset) -> tuple[str, str]:
    """Name and address of the licence."""
    address = licence_of(dataset)
    return licence_name(address), address


def publisher(dataset: Dataset) -> str:
    """Who publishes, in the reader's language."""
    return publisher_of(dataset)["en" if is_english() else "zh"]
