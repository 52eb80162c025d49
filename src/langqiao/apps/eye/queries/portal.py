"""What the Eye shows (科创之眼): flows of a period, whom they concern, figures with their sources.

Sums are of public entries alone, so everybody sees the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Count, Max, QuerySet
from django.urls import reverse
from django.utils import timezone

from langqiao.apps.eye.queries.examples import Pair, illustrative, illustrative_pairs
from langqiao.apps.eye.queries.periods import Period, is_unknown, period_of
from langqiao.apps.eye.queries.quantities import Shown, shown
from langqiao.apps.ledger.flows import (
    AT_A_READ,
    KINDS,
    FlowKind,
    Summed,
    catch_up,
    flow_sums,
    line_sums,
    lines,
)
from langqiao.apps.ledger.models import FlowLine, FlowParty
from langqiao.apps.ledger.queries import head
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.words import named


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A flow of a kind from a city to a city in the period, of an organisation where one is named."""

    kind: FlowKind
    origin: City
    destination: City
    count: int
    quantity: int
    period: str
    organisation: str = ""
    is_illustrative: bool = False

    @property
    def url(self) -> str:
        """Where the entries behind it are listed."""
        return evidence_url(
            kind=self.kind.slug, period=self.period, origin=self.origin.slug,
            destination=self.destination.slug, organisation=self.organisation,
        )  # fmt: skip

    @property
    def value(self) -> Decimal:
        """How much, in the kind's unit."""
        return self.kind.value(self.quantity)

    @property
    def shown(self) -> Shown:
        """How much, as the reader reads it."""
        return shown(self.kind, self.value)

    @property
    def is_within(self) -> bool:
        """Whether it stays in one city."""
        return self.origin.slug == self.destination.slug

    @property
    def label(self) -> str:
        """The flow in words."""
        ends = f"{named(self.origin)} → {named(self.destination)}"
        return f"{self.kind.label} {ends} {self.shown}"


@dataclass(frozen=True, slots=True)
class KindTotal:
    """A kind's flows in the period: entries and quantity in all, and those between different cities."""

    kind: FlowKind
    count: int
    quantity: int
    between: int
    url: str
    is_illustrative: bool = False

    @property
    def value(self) -> Decimal:
        """How much in all, in the kind's unit."""
        return self.kind.value(self.quantity)

    @property
    def shown(self) -> Shown:
        """How much in all, as the reader reads it."""
        return shown(self.kind, self.value)

    @property
    def shown_between(self) -> Shown:
        """How much between different cities, as the reader reads it."""
        return shown(self.kind, self.value_between)

    @property
    def value_between(self) -> Decimal:
        """How much between different cities."""
        return self.kind.value(self.between)


@dataclass(frozen=True, slots=True)
class FlowView:
    """Flows as one page asks for them.

    Attributes:
        rows: of the kind chosen, or of all, the largest of each kind first.
        totals: of the five kinds, always all of them.
        sequence: entry of the ledger that the sums reach; ``head`` is the last one there is.
        unknown: the period that was asked for where there is none of that name; ``period`` is another then.
    """

    kind: str
    period: Period
    city: City | None
    cities: list[City]
    rows: list[FlowRow]
    totals: list[KindTotal]
    sequence: int
    head: int
    read_at: datetime
    unknown: str = ""

    @property
    def is_illustrative(self) -> bool:
        """Whether a number of it holds an illustrative flow (示例)."""
        return any(total.is_illustrative for total in self.totals)


def evidence_url(**wanted: str) -> str:
    """Address of the list of entries behind a number."""
    return f"{reverse('eye_evidence')}?{urlencode({key: value for key, value in wanted.items() if value})}"


def city_of(slug: str) -> City | None:
    """A city by its slug."""
    return City.objects.filter(slug=slug).first() if 0 < len(slug) <= 40 and "\0" not in slug else None


def flow_view(*, kind: str = "", period: str = "", city: str = "") -> FlowView:
    """Flows of a kind (all when empty or unknown), a period and a city (all when empty or unknown).

    The sums first catch up with the ledger; where more has come than one page may fold in, ``sequence``
    says how far they reach.
    """
    sequence = catch_up(within=AT_A_READ)
    chosen = period_of(period)
    cities = list(City.objects.all())
    by_slug = {one.slug: one for one in cities}
    at = by_slug.get(city)
    summed = flow_sums(since=chosen.since, until=chosen.until, city=at.slug if at else "")
    marked = illustrative_pairs(sequence, chosen.since, chosen.until)
    return FlowView(
        kind=kind if kind in KINDS else "",
        period=chosen,
        city=at,
        cities=cities,
        rows=_rows([s for s in summed if kind not in KINDS or s.kind == kind], by_slug, chosen, marked),
        totals=_totals(summed, chosen, marked, city=at.slug if at else ""),
        sequence=sequence,
        head=max(sequence, head()[0]),
        read_at=timezone.now(),
        unknown=period if is_unknown(period) else "",
    )


def _rows(
    summed: Iterable[Summed],
    cities: dict[str, City],
    period: Period,
    marked: AbstractSet[Pair],
    *,
    organisation: str = "",
) -> list[FlowRow]:
    """Rows of sums between known cities; a city that the corridor no longer has stays in the totals."""
    return [
        FlowRow(
            s.of, cities[s.origin], cities[s.destination], s.count, s.quantity, period.slug, organisation,
            (s.kind, s.origin, s.destination) in marked,
        )
        for s in summed
        if s.origin in cities and s.destination in cities
    ]  # fmt: skip


def _totals(
    summed: Iterable[Summed], period: Period, marked: AbstractSet[Pair], **more: str
) -> list[KindTotal]:
    rows = list(summed)
    found = []
    for kind in KINDS.values():
        own = [s for s in rows if s.kind == kind.slug]
        found.append(
            KindTotal(
                kind,
                sum(s.count for s in own),
                sum(s.quantity for s in own),
                sum(s.quantity for s in own if s.origin != s.destination),
                evidence_url(kind=kind.slug, period=period.slug, **more),
                any((s.kind, s.origin, s.destination) in marked for s in own),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a balance: how much, and where the entries are."""

    kind: FlowKind
    value: Decimal
    url: str

    @property
    def shown(self) -> Shown:
        """How much, as the reader reads it."""
        return shown(self.kind, self.value)


@dataclass(frozen=True, slots=True)
class Balance:
    """A city's flows of a kind: in from other cities, out to them, and within."""

    kind: FlowKind
    inward: Side
    outward: Side
    within: Side

    @property
    def sides(self) -> tuple[Side, Side, Side]:
        """In, out, within."""
        return self.inward, self.outward, self.within


def balances(view: FlowView) -> list[Balance]:
    """In, out and within of the view's city, of the kind chosen or kind by kind."""
    found = []
    here = view.city.slug if view.city else ""
    for kind in KINDS.values():
        if view.kind not in {"", kind.slug}:
            continue
        rows = [row for row in view.rows if row.kind.slug == kind.slug]
        asked = {"kind": kind.slug, "period": view.period.slug}

        def side(quantity: int, kind: FlowKind = kind, asked: Mapping[str, str] = asked, **ends: str) -> Side:
            return Side(kind, kind.value(quantity), evidence_url(**asked, **ends))

        found.append(
            Balance(
                kind,
                side(
                    sum(r.quantity for r in rows if not r.is_within and r.destination == view.city),
                    destination=here, between="1",
                ),
                side(
                    sum(r.quantity for r in rows if not r.is_within and r.origin == view.city),
                    origin=here, between="1",
                ),
                side(sum(r.quantity for r in rows if r.is_within), origin=here, destination=here),
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Involved:
    """An organisation and how many flows of the period it stands behind."""

    organisation: Organisation
    count: int


def identifier_of(organisation: Organisation) -> str:
    """How the ledger names an organisation."""
    return f"{Organisation._meta.label_lower}:{organisation.pk}"


def organisations_of(city: City, period: Period, *, limit: int = 12) -> list[Involved]:
    """Organisations of a city that stand behind most flows of a period."""
    theirs = {
        f"{Organisation._meta.label_lower}:{pk}": pk
        for pk in Organisation.objects.filter(city=city, pk__in=_party_keys()).values_list("pk", flat=True)
    }
    behind = lines(since=period.since, until=period.until, city=city.slug).order_by()
    counted = (
        FlowParty.objects.filter(organisation__in=theirs, line__in=behind.values("number"))
        .values_list("organisation")
        .annotate(n=Count("line"))
        .order_by("-n", "organisation")[:limit]
    )
    numbers = {theirs[identifier]: number for identifier, number in counted}
    found = Organisation.objects.filter(pk__in=numbers).select_related("city")
    return sorted(
        (Involved(one, numbers[one.pk]) for one in found), key=lambda i: (-i.count, i.organisation.pk)
    )


def _party_keys() -> list[int]:
    """Numbers of all organisations that stand behind a flow."""
    found = FlowParty.objects.values_list("organisation", flat=True).distinct()
    keys = (identifier.partition(":")[2] for identifier in found)
    return [int(key) for key in keys if key.isascii() and key.isdigit()]


@dataclass(frozen=True, slots=True)
class CaseLink:
    """A case with flows: its number and how many there are."""

    case: str
    count: int


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """An organisation's part in the flows of a period, and the cases it is in."""

    organisation: Organisation
    period: Period
    rows: list[FlowRow]
    totals: list[KindTotal]
    cases: list[CaseLink]
    sequence: int
    unknown: str = ""

    @property
    def is_illustrative(self) -> bool:
        """Whether a number of it holds an illustrative flow (示例)."""
        return any(total.is_illustrative for total in self.totals)


def cases_of(rows: QuerySet[FlowLine], *, limit: int = 12) -> list[CaseLink]:
    """Cases behind some lines, those with the newest entry first."""
    counted = (
        rows.exclude(case="")
        .order_by()
        .values_list("case")
        .annotate(n=Count("number"), newest=Max("number"))
        .order_by("-newest")[:limit]
    )
    return [CaseLink(case, number) for case, number, _newest in counted]


def organisation_view(organisation: Organisation, *, period: str = "") -> OrganisationView:
    """Flows behind which an organisation stands by public entries."""
    sequence = catch_up(within=AT_A_READ)
    chosen = period_of(period)
    key = identifier_of(organisation)
    behind = lines(since=chosen.since, until=chosen.until, organisation=key)
    summed = line_sums(behind)
    marked: AbstractSet[Pair] = {(s.kind, s.origin, s.destination) for s in line_sums(illustrative(behind))}
    by_slug = {one.slug: one for one in City.objects.all()}
    return OrganisationView(
        organisation,
        chosen,
        _rows(summed, by_slug, chosen, marked, organisation=str(organisation.pk)),
        _totals(summed, chosen, marked, organisation=str(organisation.pk)),
        cases_of(behind),
        sequence,
        period if is_unknown(period) else "",
    )


def evidence() -> QuerySet[FlowLine]:
    """All lines, newest first, once the sums have caught up; lists narrow them."""
    catch_up(within=AT_A_READ)
    return FlowLine.objects.order_by("-number")
