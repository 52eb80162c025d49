"""REST API of requests for computing, tenants and quotas: the same verbs and rules as the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date, datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field as Bound

from langqiao.apps.computing.domain import quotas, sharing
from langqiao.apps.computing.domain.quotas import MILLI_AT_MOST, WEIGHT_AT_MOST
from langqiao.apps.computing.domain.sharing import GPUS_AT_MOST, HOURS_AT_MOST, PURPOSE_AT_MOST
from langqiao.apps.computing.models import Campus, CityQuota, Grant, Request, Tenant
from langqiao.apps.computing.queries import sharing as queries
from langqiao.apps.registry.domain.acts import REASON_AT_MOST, TITLE_AT_MOST
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.kit.api import Paged
from langqiao.kit.refusals import Invalid

router = Router(tags=["算力 / computing"])
WORDS_AT_MOST = 8
KEY_AT_MOST = 2**63 - 1

Title = Annotated[str, Bound(min_length=1, max_length=TITLE_AT_MOST)]
Gpus = Annotated[int, Bound(ge=1, le=GPUS_AT_MOST)]
Hours = Annotated[int, Bound(ge=1, le=HOURS_AT_MOST)]
Milli = Annotated[int, Bound(ge=0, le=MILLI_AT_MOST)]
Models = Annotated[list[Annotated[str, Bound(max_length=40)]], Bound(max_length=20)]
Key = Annotated[int, Bound(ge=1, le=KEY_AT_MOST)]


class ComputingSearch(Schema):
    """Words that stand in a title or name."""

    q: Annotated[str, Bound(max_length=300)] = ""


class ComputingRequestSearch(ComputingSearch):
    """Words, and a state."""

    state: Request.State | None = None


class ComputingReason(Schema):
    """Why."""

    why: Annotated[str, Bound(min_length=1, max_length=REASON_AT_MOST)]


class ComputingRequestIn(Schema):
    """A request; the organisation by code or name, ``case`` empty for a case of its own."""

    campus: Key
    organisation: Annotated[str, Bound(min_length=1, max_length=200)]
    case: Annotated[str, Bound(max_length=40)] = ""
    title: Title
    purpose: Annotated[str, Bound(max_length=PURPOSE_AT_MOST)] = ""
    gpus: Gpus
    gpu_hours: Hours
    gpu_models: Models = []
    chips: Request.Chips = Request.Chips.ANY
    starts_on: date
    ends_on: date


class ComputingRequestPatch(Schema):
    """What of a request is to change; what is left out stays."""

    title: Title | None = None
    purpose: Annotated[str, Bound(max_length=PURPOSE_AT_MOST)] | None = None
    gpus: Gpus | None = None
    gpu_hours: Hours | None = None
    gpu_models: Models | None = None
    chips: Request.Chips | None = None
    starts_on: date | None = None
    ends_on: date | None = None


class ApprovalIn(Schema):
    """What is granted; what is left out is as asked for."""

    gpus: Gpus | None = None
    gpu_hours: Hours | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    why: Annotated[str, Bound(max_length=REASON_AT_MOST)] = ""


class GrantOut(Schema):
    """What was granted; ``used_seconds`` and ``held_seconds`` are GPU seconds used and promised to jobs."""

    id: int
    request: int = Bound(alias="request_id")
    tenant: int = Bound(alias="tenant_id")
    gpus: int
    gpu_hours: int
    used_seconds: int
    held_seconds: int
    starts_on: date
    ends_on: date
    state: Grant.State
    why: str


class ComputingRequestOut(Schema):
    """A request with what was granted on it, null before."""

    id: int
    case: str
    campus: int = Bound(alias="campus_id")
    organisation: int = Bound(alias="organisation_id")
    title: str
    purpose: str
    gpus: int
    gpu_hours: int
    gpu_models: list[str]
    chips: Request.Chips
    starts_on: date
    ends_on: date
    state: Request.State
    why: str
    submitted_at: datetime | None = None
    decided_at: datetime | None = None
    grant: GrantOut | None = None
    illustrative: bool

    @staticmethod
    def resolve_grant(asked: Request) -> Grant | None:
        """Its grant."""
        return getattr(asked, "grant", None)


class TenantOut(Schema):
    """A tenant; GPUs in thousandths, ``running_milli`` is what its jobs hold now."""

    id: int
    campus: int = Bound(alias="campus_id")
    organisation: int = Bound(alias="organisation_id")
    name: str
    gpu_milli: int
    borrow_milli: int
    running_milli: int
    weight: int
    is_suspended: bool
    why: str
    illustrative: bool

    @staticmethod
    def resolve_name(tenant: Tenant) -> str:
        """The organisation's name."""
        return str(tenant.organisation)


class TenantQuotaIn(Schema):
    """A tenant's quota; what is left out stays."""

    gpu_milli: Milli | None = None
    borrow_milli: Milli | None = None
    weight: Annotated[int, Bound(ge=1, le=WEIGHT_AT_MOST)] | None = None


class CityQuotaIn(Schema):
    """A city's quota at a campus; the city by slug or name."""

    campus: Key
    city: Annotated[str, Bound(min_length=1, max_length=40)]
    gpu_milli: Milli
    borrow_milli: Milli = 0


class CityQuotaOut(Schema):
    """A city's quota beside the quotas of its tenants and what they hold now."""

    campus: int = Bound(alias="campus_id")
    city: str = Bound(alias="city_id")
    gpu_milli: int
    borrow_milli: int
    tenants_milli: int
    running_milli: int


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _words(text: str) -> list[str]:
    return text.replace("\0", "").split()[:WORDS_AT_MOST]


def _asked(request: HttpRequest, pk: int) -> Request:
    return get_object_or_404(queries.visible_requests(request.user), pk=pk)


def _tenant(request: HttpRequest, pk: int) -> Tenant:
    return get_object_or_404(queries.with_use(queries.visible_tenants(request.user)), pk=pk)


def _campus(pk: int) -> Campus:
    campus = Campus.objects.filter(pk=pk).first()
    if campus is None:
        raise Invalid(_("没有这个园区。"), mend=_("请核对园区的编号。"), field="campus")
    return campus


@router.get("/computing/requests", response=list[ComputingRequestOut], operation_id="list_computing_requests")
@paginate(Paged)
def list_computing_requests(request: HttpRequest, search: Query[ComputingRequestSearch]) -> QuerySet[Request]:
    """Own requests; those handed in to the own campus; all handed in for the office."""
    rows = queries.visible_requests(request.user)
    for word in _words(search.q):
        rows = rows.filter(title__icontains=word)
    return (rows.filter(state=search.state) if search.state else rows).order_by("-pk")


@router.post(
    "/computing/requests", response={201: ComputingRequestOut}, operation_id="draft_computing_request"
)
def draft_computing_request(request: HttpRequest, values: ComputingRequestIn) -> Any:
    """Draft a request for an organisation of the caller."""
    given = values.dict()
    campus = _campus(given.pop("campus"))
    organisation = Lookups().organisation(given.pop("organisation"))
    if organisation is None:
        raise Invalid(_("没有这个机构。"), mend=_("请填写机构的编号或全称。"), field="organisation")
    return Status(201, sharing.draft_request(_actor(request), campus, organisation=organisation, **given))


@router.get(
    "/computing/requests/{int:pk}", response=ComputingRequestOut, operation_id="get_computing_request"
)
def get_computing_request(request: HttpRequest, pk: int) -> Any:
    """One request."""
    return _asked(request, pk)


@router.patch(
    "/computing/requests/{int:pk}", response=ComputingRequestOut, operation_id="revise_computing_request"
)
def revise_computing_request(request: HttpRequest, pk: int, values: ComputingRequestPatch) -> Any:
    """Revise a draft or a request that was returned."""
    given = {name: value for name, value in values.dict().items() if value is not None}
    return sharing.revise_request(_actor(request), _asked(request, pk), **given)


@router.post(
    "/computing/requests/{int:pk}/submit",
    response=ComputingRequestOut,
    operation_id="submit_computing_request",
)
def submit_computing_request(request: HttpRequest, pk: int) -> Any:
    """Hand a request in."""
    return sharing.submit_request(_actor(request), _asked(request, pk))


@router.post(
    "/computing/requests/{int:pk}/withdraw",
    response=ComputingRequestOut,
    operation_id="withdraw_computing_request",
)
def withdraw_computing_request(request: HttpRequest, pk: int) -> Any:
    """Withdraw a request that is not decided."""
    return sharing.withdraw_request(_actor(request), _asked(request, pk))


@router.post(
    "/computing/requests/{int:pk}/approve", response=GrantOut, operation_id="approve_computing_request"
)
def approve_computing_request(request: HttpRequest, pk: int, values: ApprovalIn) -> Any:
    """Approve a request, as asked for or with less."""
    return sharing.approve_request(_actor(request), _asked(request, pk), **values.dict())


@router.post(
    "/computing/requests/{int:pk}/return",
    response=ComputingRequestOut,
    operation_id="return_computing_request",
)
def return_computing_request(request: HttpRequest, pk: int, values: ComputingReason) -> Any:
    """Return a request to its applicant."""
    return sharing.return_request(_actor(request), _asked(request, pk), why=values.why)


@router.post(
    "/computing/requests/{int:pk}/reject",
    response=ComputingRequestOut,
    operation_id="reject_computing_request",
)
def reject_computing_request(request: HttpRequest, pk: int, values: ComputingReason) -> Any:
    """Reject a request."""
    return sharing.reject_request(_actor(request), _asked(request, pk), why=values.why)


def _grant(request: HttpRequest, pk: int) -> Grant:
    grant: Grant | None = getattr(_asked(request, pk), "grant", None)
    if grant is None:
        raise Http404
    return grant


@router.post("/computing/requests/{int:pk}/grant/end", response=GrantOut, operation_id="end_computing_grant")
def end_computing_grant(request: HttpRequest, pk: int) -> Any:
    """End the grant of a request."""
    return quotas.end_grant(_actor(request), _grant(request, pk))


@router.post(
    "/computing/requests/{int:pk}/grant/revoke", response=GrantOut, operation_id="revoke_computing_grant"
)
def revoke_computing_grant(request: HttpRequest, pk: int, values: ComputingReason) -> Any:
    """Revoke the grant of a request."""
    return quotas.revoke_grant(_actor(request), _grant(request, pk), why=values.why)


@router.get("/computing/tenants", response=list[TenantOut], operation_id="list_computing_tenants")
@paginate(Paged)
def list_computing_tenants(request: HttpRequest, search: Query[ComputingSearch]) -> QuerySet[Tenant]:
    """The own organisation's tenancies, the own campus's tenants, all for the office."""
    rows = queries.with_use(queries.visible_tenants(request.user))
    for word in _words(search.q):
        rows = rows.filter(organisation__name__icontains=word)
    return rows.order_by("pk")


@router.get("/computing/tenants/{int:pk}", response=TenantOut, operation_id="get_computing_tenant")
def get_computing_tenant(request: HttpRequest, pk: int) -> Any:
    """One tenant."""
    return _tenant(request, pk)


@router.patch("/computing/tenants/{int:pk}", response=TenantOut, operation_id="set_tenant_quota")
def set_tenant_quota(request: HttpRequest, pk: int, values: TenantQuotaIn) -> Any:
    """Set a tenant's quota, what it may borrow, its weight."""
    quotas.set_tenant_quota(_actor(request), _tenant(request, pk), **values.dict())
    return _tenant(request, pk)


@router.post("/computing/tenants/{int:pk}/suspend", response=TenantOut, operation_id="suspend_tenant")
def suspend_tenant(request: HttpRequest, pk: int, values: ComputingReason) -> Any:
    """Suspend a tenant."""
    quotas.suspend_tenant(_actor(request), _tenant(request, pk), why=values.why)
    return _tenant(request, pk)


@router.post("/computing/tenants/{int:pk}/resume", response=TenantOut, operation_id="resume_tenant")
def resume_tenant(request: HttpRequest, pk: int) -> Any:
    """Resume a suspended tenant."""
    quotas.resume_tenant(_actor(request), _tenant(request, pk))
    return _tenant(request, pk)


@router.get("/computing/city-quotas", response=list[CityQuotaOut], operation_id="list_city_quotas")
@paginate(Paged)
def list_city_quotas(request: HttpRequest) -> QuerySet[CityQuota]:
    """Quotas of cities that the caller may read."""
    return queries.quotas_with_use(queries.visible_city_quotas(request.user)).order_by("pk")


@router.put("/computing/city-quotas", response=CityQuotaOut, operation_id="set_city_quota")
def set_city_quota(request: HttpRequest, values: CityQuotaIn) -> Any:
    """Set a city's quota at a campus."""
    city = Lookups().city(values.city)
    if city is None:
        raise Invalid(_("没有这个城市。"), mend=_("请填写走廊城市的名称或代号。"), field="city")
    quota = quotas.set_city_quota(
        _actor(request),
        _campus(values.campus),
        city=city,
        gpu_milli=values.gpu_milli,
        borrow_milli=values.borrow_milli,
    )
    return queries.quotas_with_use(CityQuota.objects.filter(pk=quota.pk)).get()
