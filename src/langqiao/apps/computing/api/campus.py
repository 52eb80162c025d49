"""REST API of the campus: the same reads, verbs and rules as the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field as Bound

from langqiao.apps.computing.domain import campus as verbs
from langqiao.apps.computing.domain import servers as server_verbs
from langqiao.apps.computing.models import Campus, Reading, Server
from langqiao.apps.computing.queries.campus import visible_readings, visible_servers
from langqiao.apps.computing.queries.plans import MONTHS, worked_out
from langqiao.engines.scheduling.campus import plan_as_dict
from langqiao.kit.api import Paged
from langqiao.kit.permissions import require

router = Router(tags=["算力 / computing"])

Short = Annotated[str, Bound(max_length=200)]
Reason = Annotated[str, Bound(max_length=500)]
Changed = Annotated[list[Short], Bound(max_length=50)]
Key = Annotated[int, Bound(ge=1, lt=2**63)]
STEPS = {
    "drain": server_verbs.drain_server,
    "maintain": server_verbs.start_maintenance,
    "fail": server_verbs.fail_server,
    "restore": server_verbs.restore_server,
    "retire": server_verbs.retire_server,
}


class CampusOut(Schema):
    """A campus."""

    id: int
    code: str | None
    name: str
    name_en: str
    operator_id: int
    city_id: str
    pue_limit: float
    use_floor: float
    grace_seconds: int
    runner: Campus.Runner
    illustrative: bool


class CampusClaimOut(Schema):
    """A dated statement with its source."""

    quantity: str
    value: float | None
    at_least: bool
    unit: str
    happened_on: date | None
    stated_on: str
    source_name: str
    source_url: str
    illustrative: bool


class CampusClaimIn(Schema):
    """A statement to be added."""

    quantity: Annotated[str, Bound(max_length=24)]
    value: float | None = None
    at_least: bool = False
    unit: Annotated[str, Bound(max_length=20)] = ""
    happened_on: date | None = None
    stated_on: Annotated[str, Bound(max_length=10)] = ""
    source_name: Short
    source_url: Annotated[str, Bound(max_length=500)] = ""


class CampusAssumptionOut(Schema):
    """An assumption: low, middle, high, and why."""

    key: str
    name: str
    unit: str
    low: float
    middle: float
    high: float
    why: str


class CampusHallOut(Schema):
    """A hall; power and cooling in kW of IT load."""

    id: int
    name: str
    racks: int
    power_kw: float
    cooling_kw: float
    derating: int
    is_assumed: bool


class CampusBuildingOut(Schema):
    """A building with its halls."""

    id: int
    number: int
    name: str
    racks_designed: int
    planned_on: date | None
    delivered_on: date | None
    illustrative: bool
    halls: list[CampusHallOut]


class CampusDetailOut(CampusOut):
    """A campus with what is said of it, its buildings and assumptions."""

    claims: list[CampusClaimOut]
    buildings: list[CampusBuildingOut]
    assumptions: list[CampusAssumptionOut]


class ServerOut(Schema):
    """A server."""

    id: int
    name: str
    rack_id: int
    cpu_milli: int
    memory_mib: int
    gpus: int
    gpu_model: str
    is_domestic: bool
    switch: str
    state: str
    state_why: str
    illustrative: bool


class ServerStepIn(Schema):
    """Why a server changes its state."""

    why: Reason = ""


class ReadingOut(Schema):
    """Energy of a span in kWh."""

    id: int
    campus_id: int
    building_id: int | None
    starts_on: date
    ends_on: date
    facility_kwh: float
    it_kwh: float
    green_kwh: float | None
    basis: str
    pue: float
    illustrative: bool


class ServerSearch(Schema):
    """Servers of a state or a model."""

    state: Annotated[str, Bound(max_length=12)] = ""
    gpu_model: Annotated[str, Bound(max_length=40)] = ""


class PlanAsked(Schema):
    """What to plan: ``slip`` as 2=6, ``derate`` as 1/A=20, ``tenant`` as name=64@2027-03."""

    start: Annotated[str, Bound(max_length=10)] = ""
    months: Annotated[int, Bound(ge=1, le=120)] = MONTHS
    slip: Changed = []
    derate: Changed = []
    tenant: Changed = []


@router.get("/computing/campuses", response=list[CampusOut], operation_id="list_campuses")
@paginate(Paged)
def list_campuses(request: HttpRequest) -> QuerySet[Campus]:  # noqa: ARG001  they are public
    """All campuses."""
    return Campus.objects.order_by("pk")


@router.get("/computing/campuses/{int:pk}", response=CampusDetailOut, operation_id="get_campus")
def get_campus(request: HttpRequest, pk: Key) -> Any:  # noqa: ARG001  they are public
    """One campus: claims unmerged, buildings with halls, assumptions."""
    rows = Campus.objects.prefetch_related("claims", "buildings__halls", "assumptions")
    return get_object_or_404(rows, pk=pk)


@router.get("/computing/campuses/{int:pk}/plan", response=dict[str, Any], operation_id="plan_campus")
def plan_campus(request: HttpRequest, pk: Key, asked: Query[PlanAsked]) -> Any:
    """What can be promised when, with what-ifs, beside the same months without them."""
    campus = get_object_or_404(Campus.objects.select_related("operator"), pk=pk)
    require(request.user, "computing.plan", campus)
    worked = worked_out(
        campus,
        start=asked.start,
        months=asked.months,
        slips=asked.slip,
        deratings=asked.derate,
        arrivals=asked.tenant,
    )
    return {
        **plan_as_dict(worked.found, worked.site),
        "base": plan_as_dict(worked.base, worked.site)["months"],
    }


@router.post(
    "/computing/campuses/{int:pk}/claims", response={201: CampusClaimOut}, operation_id="add_campus_claim"
)
def add_campus_claim(request: HttpRequest, pk: Key, values: CampusClaimIn) -> Any:
    """Add a dated statement; those that conflict with it stay."""
    campus = get_object_or_404(Campus, pk=pk)
    user: Any = request.user
    return Status(201, verbs.add_claim(user, campus, **values.dict()))


@router.get("/computing/servers", response=list[ServerOut], operation_id="list_servers")
@paginate(Paged)
def list_servers(request: HttpRequest, search: Query[ServerSearch]) -> QuerySet[Server]:
    """Servers that the caller may see."""
    rows = visible_servers(request.user)
    if state := search.state.replace("\0", ""):
        rows = rows.filter(state=state)
    if model := search.gpu_model.replace("\0", ""):
        rows = rows.filter(gpu_model=model)
    return rows.order_by("name")


@router.get("/computing/servers/{int:pk}", response=ServerOut, operation_id="get_server")
def get_server(request: HttpRequest, pk: Key) -> Any:
    """One server."""
    return get_object_or_404(visible_servers(request.user), pk=pk)


@router.post("/computing/servers/{int:pk}/{act}", response=ServerOut, operation_id="step_server")
def step_server(
    request: HttpRequest, pk: Key, act: Annotated[str, Bound(max_length=20)], values: ServerStepIn
) -> Any:
    """Drain, maintain, fail, restore or retire a server."""
    server = get_object_or_404(visible_servers(request.user), pk=pk)
    if act not in STEPS:
        raise Http404
    user: Any = request.user
    return STEPS[act](user, server, why=values.why)


@router.get("/computing/readings", response=list[ReadingOut], operation_id="list_readings")
@paginate(Paged)
def list_readings(request: HttpRequest) -> QuerySet[Reading]:
    """Energy readings that the caller may see."""
    return visible_readings(request.user).order_by("-starts_on", "-pk")
