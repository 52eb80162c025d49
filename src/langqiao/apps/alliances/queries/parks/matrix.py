"""The table that places are compared by: which of them, in which measure, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from langqiao.apps.alliances.models import Activity, Place
from langqiao.apps.alliances.queries.parks.units import unit_in_words
from langqiao.apps.registry.models import City
from langqiao.kit.words import named

Measure = Activity.Measure
Kind = Place.Kind
PRESENCE = "presence"


@dataclass(frozen=True, slots=True)
class Basis:
    """What is compared: a measure in a unit for a period, or only whether an activity is there (有无)."""

    measure: str
    unit: str = ""
    period: str = ""

    @property
    def key(self) -> str:
        """The basis as it stands in an address."""
        return self.measure if self.measure == PRESENCE else f"{self.measure}|{self.unit}|{self.period}"

    @property
    def is_presence(self) -> bool:
        """Whether only presence is compared."""
        return self.measure == PRESENCE

    @property
    def words(self) -> str:
        """The basis for a reader."""
        if self.is_presence:
            return _("只看有无")
        return _("%(measure)s（%(unit)s，%(period)s）") % {
            "measure": Measure(self.measure).label,
            "unit": unit_in_words(self.unit),
            "period": self.period,
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One place that is compared: its key, name, page, city, and its quantities by activity."""

    key: str
    name: str
    url: str
    city: City | None
    illustrative: bool
    values: dict[str, float]


@dataclass(slots=True)
class Comparison:
    """Places × activities on one basis.

    Attributes:
        left_out: names of places of the kind that publish nothing on this basis.
        summed: whether the rows are sums of parks, where whole cities are compared.
        names: activity → its name in the reader's language.
        sources: where the quantities come from, each once.
    """

    kind: str
    basis: Basis
    rows: list[Row]
    activities: list[str]
    left_out: list[str] = field(default_factory=list)
    summed: bool = False
    names: dict[str, str] = field(default_factory=dict)
    sources: list[Activity] = field(default_factory=list)

    def row(self, key: str) -> Row | None:
        """The row of a place."""
        return next((one for one in self.rows if one.key == key), None)


def places(kind: str = Kind.PARK) -> QuerySet[Place]:
    """Places of a kind with what lists show."""
    rows = Place.objects.filter(kind=kind).select_related("city", "organisation")
    return rows.annotate(activity_count=Count("activities__name", distinct=True))


def bases(kind: str = Kind.PARK) -> list[tuple[Basis, int]]:
    """What places of a kind can be compared by, with how many places each; the widest first."""
    own = _activities(kind)
    groups = (
        own.exclude(measure=Measure.PRESENCE)
        .order_by()
        .values("measure", "unit", "period")
        .annotate(number=Count("place", distinct=True))
    )
    found = [(Basis(g["measure"], g["unit"], g["period"]), g["number"]) for g in groups]
    found.sort(key=lambda pair: (-pair[1], pair[0].measure, _reverse(pair[0].period)))
    everybody = own.values("place").distinct().count()
    return [*found, (Basis(PRESENCE), everybody)] if everybody else []


def _reverse(period: str) -> tuple[int, ...]:
    return tuple(-ord(char) for char in period)


def basis_from(text: str, kind: str, *, of: Place | None = None) -> Basis:
    """The basis that an address names, or the widest one that a place is part of; presence as the last."""
    known = [basis for basis, _number in bases(kind)]
    for basis in known:
        if basis.key == text:
            return basis
    if of is not None:
        own = {(a.measure, a.unit, a.period) for a in of.activities.exclude(measure=Measure.PRESENCE)}
        known = [b for b in known if (b.measure, b.unit, b.period) in own]
    return known[0] if known else Basis(PRESENCE)


def _activities(kind: str) -> QuerySet[Activity]:
    """Activities of places of a kind; for cities those of whole cities, else those of their parks."""
    if kind == Kind.CITY and not Activity.objects.filter(place__kind=Kind.CITY).exists():
        kind = Kind.PARK
    return Activity.objects.filter(place__kind=kind)


def comparison(kind: str, basis: Basis) -> Comparison:
    """Places of a kind on a basis: one query for all activities.

    Where no data of whole cities is there, each city is the sum of its parks.
    """
    rows = _activities(kind).select_related("place__city")
    if not basis.is_presence:
        rows = rows.filter(measure=basis.measure, unit=basis.unit, period=basis.period)
    found = list(rows.order_by("place__city__order", "place__name", "id"))
    summed = kind == Kind.CITY and bool(found) and found[0].place.kind == Kind.PARK
    made: dict[str, Row] = {}
    for activity in found:
        row = _row_of(activity.place, summed=summed)
        if row is None:
            continue
        row = made.setdefault(row.key, row)
        number = 1.0 if basis.is_presence else float(activity.quantity or 0)
        row.values[activity.name] = 1.0 if basis.is_presence else row.values.get(activity.name, 0.0) + number
    kept = [row for row in made.values() if any(row.values.values())]
    return Comparison(
        kind=kind,
        basis=basis,
        rows=kept,
        activities=sorted({name for row in kept for name, value in row.values.items() if value > 0}),
        left_out=_left_out(kind, kept, summed=summed),
        summed=summed,
        names={activity.name: named(activity) for activity in found},
        sources=_sources(found),
    )


def _row_of(place: Place, *, summed: bool) -> Row | None:
    if not summed:
        return Row(
            f"place-{place.pk}", named(place), place.get_absolute_url(), place.city, place.illustrative, {}
        )
    if place.city is None:
        return None
    return Row(f"city-{place.city.pk}", named(place.city), "", place.city, place.illustrative, {})


def _left_out(kind: str, kept: Iterable[Row], *, summed: bool) -> list[str]:
    if summed:
        return []
    there = {row.key for row in kept}
    return [named(place) for place in Place.objects.filter(kind=kind) if f"place-{place.pk}" not in there]


def _sources(activities: Iterable[Activity]) -> list[Activity]:
    """One activity for each source; the illustrative ones count as one."""
    by_source: dict[Any, Activity] = {}
    for activity in activities:
        key = "example" if activity.illustrative else (activity.source_name, activity.source_url)
        by_source.setdefault(key, activity)
    return list(by_source.values())
