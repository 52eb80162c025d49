"""Snapshots of the registry (名录快照): how many records each city has on a day, as figures of the store.

They give the four sides of the fusion (科创、产业、金融、人才) a figure for every city that anyone can
count again; what they measure is what has been registered here, not the city itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from langqiao.apps.insight.domain.indicators import ImportReport, define_indicator, enter_values
from langqiao.apps.insight.models import Value
from langqiao.apps.registry.models import Achievement, City, Finance, Person, Product

SOURCE = "廊桥名录"


@dataclass(frozen=True, slots=True)
class _Counted:
    """An indicator that counts records; ``cities`` are paths to a record's city, the first set counts."""

    slug: str
    name: str
    name_en: str
    subject: str
    model: Any
    cities: tuple[str, ...]


_COUNTED = (
    _Counted("registered_achievements", "名录成果", "Achievements registered", "technology",
             Achievement, ("city", "owner__city")),
    _Counted("registered_products", "名录产品", "Products registered", "industry",
             Product, ("organisation__city",)),
    _Counted("registered_finance", "名录金融产品", "Financial products registered", "finance",
             Finance, ("organisation__city",)),
    _Counted("registered_experts", "名录专家", "Experts registered", "talent",
             Person, ("city", "organisation__city")),
)  # fmt: skip


@transaction.atomic
def take_snapshot(actor: Any, *, on: date | None = None) -> ImportReport:
    """Enter each city's number of registered achievements, products, finance and experts (记录名录快照).

    A day has one snapshot: taken again, what is there stays. A count that rests on illustrative
    records is illustrative itself.

    Raises:
        NotAllowed: the actor may not enter figures.
    """
    day = (on or timezone.localdate()).isoformat()
    known = set(
        Value.objects.filter(
            indicator__in=[counted.slug for counted in _COUNTED], period=day, withdrawn_at=None
        ).values_list("indicator_id", "scope")
    )
    rows: list[dict[str, Any]] = []
    for counted in _COUNTED:
        define_indicator(
            actor,
            slug=counted.slug,
            name=counted.name,
            name_en=counted.name_en,
            unit="项" if counted.model is not Person else "人",
            subject=counted.subject,
            additive=True,
            description="本平台名录中登记的数量，不代表城市的全部。",
            description_en="What is registered on this platform, not all there is in the city.",
        )
        counts = _by_city(counted)
        rows += [
            _row(counted, city, day, *counts.get(city, (0, 0)))
            for city in City.objects.values_list("slug", flat=True)
            if (counted.slug, city) not in known
        ]
    if not rows:
        return ImportReport(unchanged=len(known))
    return enter_values(actor, enumerate(rows, 1), accept_differences=True)


def _by_city(counted: _Counted) -> Mapping[str, tuple[int, int]]:
    """City → records, and how many of them are illustrative."""
    paths = [F(path) for path in counted.cities]
    found = (
        counted.model.objects.annotate(at=Coalesce(*paths) if len(paths) > 1 else paths[0])
        .exclude(at=None)
        .values("at")
        .annotate(n=Count("pk"), examples=Count("pk", filter=Q(illustrative=True)))
        .order_by()
    )
    return {row["at"]: (row["n"], row["examples"]) for row in found}


def _row(counted: _Counted, city: str, day: str, number: int, examples: int) -> dict[str, Any]:
    return {
        "indicator": counted.slug,
        "scope": f"city:{city}",
        "period": day,
        "value": number,
        "unit": "项" if counted.model is not Person else "人",
        "source_name": SOURCE,
        "source_date": day,
        "illustrative": examples > 0,
    }
