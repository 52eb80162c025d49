"""Reads of the registry: rows for lists, what belongs to an organisation, figures of a city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Model, QuerySet

from langqiao.apps.ledger.domain import identifier
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.geography import distance_km
from langqiao.apps.registry.models import (
    Achievement,
    City,
    Facility,
    Field,
    Finance,
    Organisation,
    Person,
    Product,
    Programme,
    TalentDemand,
    Training,
)

SHOWN = 10  # rows of one section of an object page; the rest is in the filtered list


def city_choices() -> list[tuple[str, City]]:
    """Cities as choices of a filter or form."""
    return [(city.slug, city) for city in City.objects.all()]


def field_choices() -> list[tuple[str, Field]]:
    """Industry fields as choices of a filter or form."""
    return [(one.slug, one) for one in Field.objects.all()]


def organisations() -> QuerySet[Organisation]:
    """Organisations with what their list shows."""
    return Organisation.objects.select_related("city").prefetch_related("fields")


def people() -> QuerySet[Person]:
    """People with what their list shows."""
    return Person.objects.select_related("city", "organisation").prefetch_related("fields")


def achievements() -> QuerySet[Achievement]:
    """Achievements with what their list shows."""
    return Achievement.objects.select_related("city", "owner", "field")


def facilities() -> QuerySet[Facility]:
    """Facilities with what their list shows."""
    return Facility.objects.select_related("city", "organisation").prefetch_related("fields")


def finance() -> QuerySet[Finance]:
    """Financial products with what their list shows."""
    return Finance.objects.select_related("organisation").prefetch_related("cities", "fields")


def products() -> QuerySet[Product]:
    """Products and needs with what their list shows."""
    return Product.objects.select_related("organisation__city", "field")


def talent_demand() -> QuerySet[TalentDemand]:
    """Talent demand with what its list shows."""
    return TalentDemand.objects.select_related("organisation", "city", "field")


def training() -> QuerySet[Training]:
    """Training programmes with what their list shows."""
    return Training.objects.select_related("organisation", "city").prefetch_related("fields")


def programmes() -> QuerySet[Programme]:
    """Programmes of the corridor with what their list shows."""
    return Programme.objects.select_related("lead", "city").prefetch_related("fields")


def counted(rows: QuerySet[Any], limit: int = SHOWN) -> tuple[list[Any], int]:
    """The first rows and how many there are in all; one query where they are few."""
    first = list(rows[: limit + 1])
    if len(first) <= limit:
        return first, len(first)
    return first[:limit], rows.count()


def acts_on(record: Any, limit: int = 8) -> list[Entry]:
    """The newest public ledger entries about a record (台账)."""
    rows = Entry.objects.filter(object=identifier(record), visibility=Visibility.PUBLIC)
    return list(rows.order_by("-sequence")[:limit])


@dataclass(frozen=True, slots=True)
class Distance:
    """A city and how far it is, km along the geodesic."""

    city: City
    km: float


def distances_from(city: City) -> list[Distance]:
    """The other cities from the nearest to the farthest."""
    others = [Distance(other, distance_km(city, other)) for other in City.objects.exclude(pk=city.pk)]
    return sorted(others, key=lambda distance: distance.km)


@dataclass(frozen=True, slots=True)
class CityFigures:
    """What the registry holds of a city; counts of records, not statistics of the city.

    ``has_examples``: whether an illustrative record (示例) is among them.
    """

    organisations: int = 0
    achievements: int = 0
    people: int = 0
    facilities: int = 0
    talent_demand: int = 0
    by_kind: list[tuple[str, Any, int]] = field(default_factory=list)
    by_field: list[tuple[Field, int]] = field(default_factory=list)
    has_examples: bool = False


_OF_A_CITY: tuple[type[Model], ...] = (Organisation, Achievement, Person, Facility, TalentDemand)


def city_figures(city: City) -> CityFigures:
    """Count the records of one city, its organisations by kind and achievements by field."""
    kinds = dict(
        Organisation.objects.filter(city=city)
        .order_by()
        .values_list("kind")
        .annotate(number=Count("pk"))
        .values_list("kind", "number")
    )
    fields = dict(
        Achievement.objects.filter(city=city)
        .exclude(field=None)
        .order_by()
        .values_list("field")
        .annotate(number=Count("pk"))
        .values_list("field", "number")
    )
    known = {one.slug: one for one in Field.objects.filter(pk__in=fields)}
    return CityFigures(
        organisations=sum(kinds.values()),
        achievements=Achievement.objects.filter(city=city).count(),
        people=Person.objects.filter(city=city).count(),
        facilities=Facility.objects.filter(city=city).count(),
        talent_demand=TalentDemand.objects.filter(city=city).count(),
        by_kind=[(kind, label, kinds[kind]) for kind, label in Organisation.Kind.choices if kind in kinds],
        by_field=sorted(((known[s], n) for s, n in fields.items()), key=lambda pair: -pair[1]),
        has_examples=any(
            model._default_manager.filter(city=city, illustrative=True).exists()  # noqa: SLF001
            for model in _OF_A_CITY
        ),
    )


def chain_tiers(rows: Sequence[Product]) -> list[tuple[Any, list[Product], list[Product]]]:
    """Products and needs by place in the chain: label, products, needs; tiers without any left out."""
    tiers: list[tuple[Any, str]] = [(tier.label, tier.value) for tier in Product.Tier]
    # A product whose place nobody has stated stands last.
    tiers.append(("", ""))
    found = []
    for label, tier in tiers:
        here = [row for row in rows if row.tier == tier]
        if here:
            made = [row for row in here if row.direction == Product.Direction.PRODUCT]
            found.append((label, made, [row for row in here if row not in made]))
    return found
