"""REST API of parks (园区): activities and the report on complementarity.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from ninja.pagination import paginate
from pydantic import Field as Bound

from langqiao.apps.alliances.domain.parks import keeping
from langqiao.apps.alliances.models import Activity, Place
from langqiao.apps.alliances.queries.parks.matrix import basis_from
from langqiao.apps.alliances.queries.parks.report import as_json, park_report
from langqiao.kit.api import Paged

router = Router(tags=["园区 / parks"])

Key = Annotated[int, Bound(ge=1, lt=2**63)]
Words = Annotated[str, Bound(max_length=200)]
ROWS_AT_MOST = 2_000


class ParkOut(Schema):
    """A park, a city or a region of reference."""

    id: int
    code: str | None
    kind: Place.Kind
    name: str
    name_en: str
    city: str | None = Bound(alias="city_id")
    organisation: int | None = Bound(alias="organisation_id")
    summary: str
    summary_en: str
    figures: list[dict[str, str]]
    source_name: str
    source_url: str
    illustrative: bool


class ParkActivityOut(Schema):
    """An activity; the quantity is empty where none is published."""

    id: int
    place: int = Bound(alias="place_id")
    activity: str = Bound(alias="name")
    activity_en: str = Bound(alias="name_english")
    field: str | None = Bound(alias="field_id")
    measure: Activity.Measure
    quantity: Decimal | None
    unit: str
    period: str
    vintage: str
    source_name: str
    source_url: str
    read_on: date | None
    illustrative: bool


class ParkActivityIn(Schema):
    """A row as in a table (docs/parks.md)."""

    place: Words
    place_kind: Words = ""
    city: Words = ""
    activity: Words
    activity_en: Words = ""
    field: Words = ""
    measure: Words = ""
    quantity: Annotated[Decimal, Bound(ge=0, max_digits=24)] | None = None
    unit: Words = ""
    period: Words = ""
    vintage: Words = ""
    source_name: Words = ""
    source_url: Annotated[str, Bound(max_length=500)] = ""
    read_on: date | None = None
    illustrative: bool = False


class ParkActivitiesIn(Schema):
    """Rows, all or none; with ``dry_run`` nothing is written."""

    rows: Annotated[list[ParkActivityIn], Bound(min_length=1, max_length=ROWS_AT_MOST)]
    dry_run: bool = False


class ParkRefusalOut(Schema):
    """Why a row was refused; ``row`` counts from 1."""

    row: int
    field: str
    why: str


class ParkImportOut(Schema):
    """What was written; with a refused row nothing."""

    created: int
    changed: int
    unchanged: int
    refused: int
    written: bool
    refusals: list[ParkRefusalOut]


class ParkReportOut(Schema):
    """The report on complementarity, figures to four digits."""

    place: str
    basis: dict[str, str]
    compared: int
    left_out: list[str]
    specialisation: float | None
    activities: list[dict[str, Any]]
    peers: list[dict[str, Any]]
    near: list[dict[str, Any]]
    reference: dict[str, Any]
    thresholds: dict[str, float]
    warnings: list[str]


@router.get("/parks", response=list[ParkOut], operation_id="list_parks")
@paginate(Paged)
def list_parks(request: HttpRequest) -> QuerySet[Place]:  # noqa: ARG001  they are public
    """Parks, cities with data of their own, regions of reference."""
    return Place.objects.order_by("pk")


@router.get("/parks/activities", response=list[ParkActivityOut], operation_id="list_park_activities")
@paginate(Paged)
def list_park_activities(request: HttpRequest) -> QuerySet[Activity]:  # noqa: ARG001  they are public
    """All activities."""
    return Activity.objects.order_by("pk")


@router.post("/parks/activities", response=ParkImportOut, operation_id="import_park_activities")
def import_park_activities(request: HttpRequest, values: ParkActivitiesIn) -> Any:
    """Record activities, all rows or none; the same rows again change nothing."""
    rows = [row.dict() for row in values.rows]
    actor: Any = request.user
    summary = keeping.import_activities(actor, rows, dry_run=values.dry_run)
    return {
        "created": summary.created,
        "changed": summary.changed,
        "unchanged": summary.unchanged,
        "refused": summary.refused,
        "written": summary.written,
        "refusals": [{"row": one.row or 0, "field": one.field, "why": str(one)} for one in summary.refusals],
    }


@router.get("/parks/{int:pk}", response=ParkOut, operation_id="get_park")
def get_park(request: HttpRequest, pk: Key) -> Any:  # noqa: ARG001  they are public
    """One of them."""
    return get_object_or_404(Place, pk=pk)


@router.get("/parks/{int:pk}/report", response=ParkReportOut, operation_id="get_park_report")
def get_park_report(
    request: HttpRequest,  # noqa: ARG001  it is public
    pk: Key,
    basis: Annotated[str, Query(max_length=80)] = "",
) -> Any:
    """The report on a park: ``basis`` is ``presence`` or ``measure|unit|period``, else the widest."""
    place = get_object_or_404(Place.objects.filter(kind=Place.Kind.PARK), pk=pk)
    report = park_report(place, basis_from(basis, Place.Kind.PARK, of=place))
    if report is None:
        raise Http404
    return as_json(report)
