"""Reads of the sums of flows and of the entries behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from langqiao.apps.ledger.flows.kinds import KINDS, FlowKind
from langqiao.apps.ledger.models import FlowLine, FlowParty, FlowSum


@dataclass(frozen=True, slots=True)
class Summed:
    """Flows of a kind from a city to a city: how many entries, how much in the smallest unit."""

    kind: str
    origin: str
    destination: str
    count: int
    quantity: int

    @property
    def of(self) -> FlowKind:
        """The kind with its names and unit."""
        return KINDS[self.kind]

    @property
    def value(self) -> Decimal:
        """How much in the unit shown."""
        return self.of.value(self.quantity)


@dataclass(frozen=True, slots=True)
class Monthly:
    """Flows of a kind in a month."""

    month: date
    kind: str
    count: int
    quantity: int

    @property
    def value(self) -> Decimal:
        """How much in the unit shown."""
        return KINDS[self.kind].value(self.quantity)


def _wanted(kind: str, since: date | None, until: date | None, city: str) -> Q:
    wanted = Q()
    if kind:
        wanted &= Q(kind=kind)
    if since is not None:
        wanted &= Q(month__gte=since.replace(day=1))
    if until is not None:
        wanted &= Q(month__lte=until)
    if city:
        wanted &= Q(origin=city) | Q(destination=city)
    return wanted


def flow_sums(
    *, kind: str = "", since: date | None = None, until: date | None = None, city: str = ""
) -> list[Summed]:
    """Sums by kind, origin and destination, the largest of each kind first; one query.

    Args:
        since, until: months, both included, each by any of its days.
        city: slug of a city at either end.
    """
    rows = (
        FlowSum.objects.filter(_wanted(kind, since, until, city))
        .values_list("kind", "origin", "destination")
        .order_by()
        .annotate(Sum("count"), Sum("quantity"))
    )
    order = list(KINDS)
    found = [Summed(*row) for row in rows if row[0] in KINDS]
    return sorted(found, key=lambda s: (order.index(s.kind), -s.quantity, s.origin, s.destination))


def monthly_sums(
    *, kind: str = "", since: date | None = None, until: date | None = None, city: str = ""
) -> list[Monthly]:
    """Sums by month and kind, oldest first; one query."""
    rows = (
        FlowSum.objects.filter(_wanted(kind, since, until, city))
        .values_list("month", "kind")
        .order_by("month", "kind")
        .annotate(Sum("count"), Sum("quantity"))
    )
    return [Monthly(*row) for row in rows if row[1] in KINDS]


def months() -> tuple[date, date] | None:
    """The first and the last month that have flows."""
    found = FlowSum.objects.aggregate(first=Min("month"), last=Max("month"))
    return (found["first"], found["last"]) if found["first"] else None


def lines(
    *,
    kind: str = "",
    since: date | None = None,
    until: date | None = None,
    city: str = "",
    origin: str = "",
    destination: str = "",
    organisation: str = "",
) -> QuerySet[FlowLine]:
    """What stands behind a sum, newest first: one line for each flow of an entry.

    Args:
        organisation: identifier ``registry.organisation:12`` of one behind it.
    """
    rows = FlowLine.objects.filter(_wanted(kind, since, until, city))
    if origin:
        rows = rows.filter(origin=origin)
    if destination:
        rows = rows.filter(destination=destination)
    if organisation:
        rows = rows.filter(number__in=FlowParty.objects.filter(organisation=organisation).values("line"))
    return rows.order_by("-number")


def line_sums(rows: QuerySet[FlowLine]) -> list[Summed]:
    """Sums of some lines, such as an organisation's, as :func:`flow_sums` gives them."""
    summed = (
        rows.order_by()
        .values_list("kind", "origin", "destination")
        .annotate(Count("number"), Sum("quantity"))
    )
    order = list(KINDS)
    found = [Summed(*row) for row in summed if row[0] in KINDS]
    return sorted(found, key=lambda s: (order.index(s.kind), -s.quantity, s.origin, s.destination))
