"""REST API: flows between cities, the entries behind them, figures.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest
from ninja import Field, Query, Router, Schema
from ninja.pagination import paginate

from langqiao.apps.eye.queries import portal
from langqiao.apps.eye.queries.figures import figures
from langqiao.apps.eye.queries.periods import asked_period
from langqiao.apps.ledger.flows import KINDS, lines, monthly_sums
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.models import Organisation
from langqiao.kit.api import Paged

router = Router(tags=["eye"])
Kind = Literal["technology", "talent", "capital", "computing", "keys"]
SLUG = r"^[a-z0-9-]*$"


class PeriodAsked(Schema):
    """Of which time: the last twelve months unless said otherwise."""

    period: str = Field(
        "year", max_length=7, pattern=SLUG, description="`month`, `quarter`, `year`, `all` or `2026-11`"
    )


class FlowsAsked(PeriodAsked):
    """Which flows: of all kinds and cities unless said otherwise."""

    kind: Kind | None = None
    city: str = Field("", max_length=40, pattern=SLUG, description="slug of a city at either end")


class FlowOut(Schema):
    """A sum: from a city to a city; `value` in `unit`, `quantity` in the kind's smallest unit.

    `illustrative`: whether a flow in it is illustrative (示例).
    """

    kind: str
    origin: str
    destination: str
    entries: int
    quantity: int
    value: Decimal
    unit: str
    illustrative: bool


class FlowsOut(Schema):
    """Flows of a period; `since` and `until` are its first and last month, `sequence` how far they reach."""

    period: str
    since: date | None
    until: date | None
    sequence: int
    head: int
    flows: list[FlowOut]


class MonthOut(Schema):
    """Flows of a kind in a month, which is named by its first day."""

    month: date
    kind: str
    entries: int
    quantity: int
    value: Decimal
    unit: str


class LineAsked(FlowsAsked):
    """Which lines: also by the one end, by the other, or by an organisation behind them."""

    origin: str = Field("", max_length=40, pattern=SLUG)
    destination: str = Field("", max_length=40, pattern=SLUG)
    organisation: int | None = Field(None, ge=1, le=2**63 - 1)


class LineOut(Schema):
    """A flow of one entry of the ledger, with the entry's hash."""

    sequence: int
    kind: str
    month: date
    origin: str
    destination: str
    quantity: int
    case: str
    hash: str


class CountOut(Schema):
    """A count of this site's public records; `illustrative`: whether illustrative ones are in it."""

    name: str
    label: str
    value: int
    unit: str
    at: datetime
    page: str
    illustrative: bool


class StatedOut(Schema):
    """A figure about the corridor as its source states it."""

    label: str
    value: str
    unit: str
    period: str
    source: str
    page: str


class FiguresOut(Schema):
    """Key figures of the Eye."""

    counts: list[CountOut]
    stated: list[StatedOut]


class OrganisationFlowsOut(Schema):
    """An organisation's part in the flows of a period, and the cases with the newest of them."""

    organisation: int
    period: str
    sequence: int
    flows: list[FlowOut]
    cases: list[str]


def _flow(row: portal.FlowRow) -> FlowOut:
    """A row of a page."""
    return FlowOut(
        kind=row.kind.slug, origin=row.origin.slug, destination=row.destination.slug, entries=row.count,
        quantity=row.quantity, value=row.value, unit=str(row.kind.unit), illustrative=row.is_illustrative,
    )  # fmt: skip


@router.get("/eye/flows", response=FlowsOut, summary="Flows between cities (要素流动)")
def flows(request: HttpRequest, asked: Query[FlowsAsked]) -> FlowsOut:  # noqa: ARG001  the same for all
    """Sums over the public entries of the ledger, the largest of each kind first."""
    period = asked_period(asked.period)
    view = portal.flow_view(kind=asked.kind or "", period=period.slug, city=asked.city)
    return FlowsOut(
        period=view.period.slug, since=view.period.since, until=view.period.until, sequence=view.sequence,
        head=view.head, flows=[_flow(row) for row in view.rows],
    )  # fmt: skip


@router.get("/eye/flows/months", response=list[MonthOut], summary="Flows by month (逐月)")
def months(request: HttpRequest, asked: Query[FlowsAsked]) -> list[MonthOut]:  # noqa: ARG001
    """Sums by month and kind, oldest first."""
    period = asked_period(asked.period)
    portal.evidence()  # the sums catch up
    rows = monthly_sums(kind=asked.kind or "", since=period.since, until=period.until, city=asked.city)
    return [
        MonthOut(
            month=row.month, kind=row.kind, entries=row.count, quantity=row.quantity, value=row.value,
            unit=str(KINDS[row.kind].unit),
        )
        for row in rows
    ]  # fmt: skip


@router.get("/eye/flows/entries", response=list[LineOut], summary="Entries behind a sum (依据)")
@paginate(Paged)
def entries(request: HttpRequest, asked: Query[LineAsked]) -> Any:  # noqa: ARG001
    """One line for each flow, newest first; `GET /ledger/entries/{sequence}` gives the entry itself."""
    period = asked_period(asked.period)
    portal.evidence()  # the sums catch up
    proof = Entry.objects.filter(sequence=OuterRef("sequence")).values("hash")
    rows = lines(
        kind=asked.kind or "", since=period.since, until=period.until, city=asked.city, origin=asked.origin,
        destination=asked.destination,
        organisation=f"{Organisation._meta.label_lower}:{asked.organisation}" if asked.organisation else "",
    )  # fmt: skip
    return rows.annotate(hash=Subquery(proof))


@router.get(
    "/eye/organisations/{pk}/flows", response=OrganisationFlowsOut, summary="Flows of an organisation (机构)"
)
def organisation_flows(
    request: HttpRequest,  # noqa: ARG001
    pk: int,
    asked: Query[PeriodAsked],
) -> OrganisationFlowsOut:
    """Flows behind which it stands by public entries; 404 where there is no such organisation."""
    period = asked_period(asked.period)
    found = Organisation.objects.filter(pk=pk).first() if 0 < pk < 2**63 else None
    if found is None:
        raise Http404
    view = portal.organisation_view(found, period=period.slug)
    return OrganisationFlowsOut(
        organisation=found.pk, period=view.period.slug, sequence=view.sequence,
        flows=[_flow(row) for row in view.rows], cases=[one.case for one in view.cases],
    )  # fmt: skip


@router.get("/eye/figures", response=FiguresOut, summary="Key figures (关键数字)")
def key_figures(request: HttpRequest) -> FiguresOut:  # noqa: ARG001
    """Counts of this site with their moment, and stated figures with period and source."""
    known = figures()
    return FiguresOut(
        counts=[
            CountOut(
                name=one.slug, label=str(one.label), value=one.value, unit=str(one.unit),
                at=known.counted_at, page=one.url, illustrative=one.is_illustrative,
            )
            for one in known.counts
        ],
        stated=[
            StatedOut(
                label=str(one.label), value=str(one.value), unit=str(one.unit), period=one.period,
                source=str(one.source), page=one.address,
            )
            for one in known.stated
        ],
    )  # fmt: skip
