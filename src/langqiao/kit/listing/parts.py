"""What a list is made of: columns, filters, the words of its empty state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple

from django.contrib.admin.utils import lookup_spawns_duplicates
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.dateparse import parse_date

ColumnKind = Literal["text", "number", "date", "tags", "badge", "money", "code"]
FilterKind = Literal["choice", "multi", "text", "range", "bool"]
Choices = Sequence[tuple[str, Any]]
MAX_TEXT = 300  # characters of a filter's text that are looked at


class Badge(NamedTuple):
    """A state in words with its tone (``muted``, ``water``, ``success``, ``warning``, ``danger``)."""

    text: Any
    tone: str = "muted"

    def __str__(self) -> str:
        return str(self.text)


def follow(thing: Any, path: str) -> Any:
    """Value at an attribute path such as ``city.name``; callables are called, a None ends the way."""
    for step in path.split("."):
        if thing is None:
            return None
        thing = getattr(thing, step)
        if callable(thing):
            thing = thing()
    return thing


@dataclass(frozen=True)
class Column:
    """A column of a list.

    Attributes:
        name: stands in the address when sorting.
        label: heading.
        value: callable or attribute path; ``name`` itself when empty. ``money`` expects 万元
            (a number, or a pair from–to), ``tags`` an iterable, ``badge`` text or :class:`Badge`.
        sort: ``order_by`` field or fields; empty means not sortable.
        link: address of the cell, or None.
        export: plain value for CSV and XLSX where it differs from ``value``.
        kind: how the cell is drawn.
        secondary: left out on a phone.
        export_only: in CSV and XLSX, not on the page.
        export_label: heading in CSV and XLSX where it differs, such as with a unit.
    """

    name: str
    label: Any
    value: Callable[[Any], Any] | str = ""
    sort: str | tuple[str, ...] = ""
    link: Callable[[Any], str] | None = None
    export: Callable[[Any], Any] | None = None
    kind: ColumnKind = "text"
    secondary: bool = False
    export_only: bool = False
    export_label: Any = ""

    def read(self, row: Any) -> Any:
        """The value shown for ``row``."""
        return self.value(row) if callable(self.value) else follow(row, self.value or self.name)

    def plain(self, row: Any) -> Any:
        """The value written to an export."""
        return self.export(row) if self.export else self.read(row)

    @property
    def order(self) -> tuple[str, ...]:
        return (self.sort,) if isinstance(self.sort, str) and self.sort else tuple(self.sort or ())


@dataclass(frozen=True)
class Filter:
    """A filter of a list; its value lives in the address under ``name``.

    Attributes:
        kind: ``choice`` (one of), ``multi`` (several of), ``text`` (contains), ``range``
            (``name_min``, ``name_max``: numbers or dates), ``bool`` (``name=1``).
        choices: callable giving (value, label) pairs; only listed values are taken.
        apply: callable ``(queryset, value) -> queryset``, or a lookup such as ``city_id__in``.
            A range passes a pair (lowest or None, highest or None).
    """

    name: str
    label: Any
    kind: FilterKind = "choice"
    choices: Callable[[], Iterable[tuple[Any, Any]]] | None = None
    apply: Callable[[QuerySet[Any], Any], QuerySet[Any]] | str = ""

    def options(self) -> Choices:
        """The choices as pairs of text and label."""
        return [(str(value), label) for value, label in self.choices()] if self.choices else []

    def narrow(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Apply the filter with a read value; a date where a number is asked for finds nothing."""
        try:
            return self._narrowed(rows, value)
        except (TypeError, ValueError, ValidationError):
            if self.kind != "range":
                raise
            return rows.none()

    def _narrowed(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if callable(self.apply):
            return self.apply(rows, value)
        lookup = self.apply or self.name
        if self.kind == "range":
            low, high = value
            wanted: dict[str, Any] = {}
            if low is not None:
                wanted[f"{lookup}__gte"] = low
            if high is not None:
                wanted[f"{lookup}__lte"] = high
        elif self.kind == "multi":
            wanted = {lookup if lookup.endswith("__in") else f"{lookup}__in": value}
        elif self.kind == "text":
            wanted = {lookup if "__" in lookup else f"{lookup}__icontains": value}
        elif lookup.endswith("__in"):
            wanted = {lookup: [value]}
        else:
            wanted = {lookup: True if self.kind == "bool" else value}
        return once(rows, wanted)


def once(rows: QuerySet[Any], wanted: dict[str, Any]) -> QuerySet[Any]:
    """Filter without repeating a row when a lookup crosses to many."""
    if any(lookup_spawns_duplicates(rows.model._meta, lookup) for lookup in wanted):
        return rows.filter(pk__in=everything(rows.model).filter(**wanted).values("pk"))
    return rows.filter(**wanted)


def everything(model: type[Model]) -> QuerySet[Any]:
    """All rows of a model, for a subquery."""
    return model._default_manager.all()  # noqa: SLF001  documented for generic code


def read_bound(text: str) -> Any:
    """A bound of a range: a date (YYYY-MM-DD) or a number; None when it is neither."""
    text = text.strip()
    try:
        if found := parse_date(text):
            return found
        number = Decimal(text)
    except (ValueError, InvalidOperation):
        return None
    return number if number.is_finite() and abs(number) < Decimal(10) ** 12 else None


@dataclass(frozen=True)
class Empty:
    """What a list says when nothing is in it: one sentence, a hint, and the next step."""

    text: Any
    hint: Any = ""
    action_label: Any = ""
    action_url: str = ""
