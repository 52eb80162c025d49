"""REST API of jobs, usage and bills: the same verbs and rules as the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field as Bound
from pydantic import StrictInt

from langqiao.apps.computing.domain import billing
from langqiao.apps.computing.domain import jobs as domain
from langqiao.apps.computing.domain.jobs import (
    MODELS_AT_MOST,
    NAME_AT_MOST,
    RANGES,
    TOKEN_AT_MOST,
)
from langqiao.apps.computing.domain.scheduling import schedule
from langqiao.apps.computing.domain.scripts import SCRIPT_AT_MOST
from langqiao.apps.computing.models import Bill, Campus, Grant, Job, Price, Usage
from langqiao.apps.computing.queries import jobs as queries
from langqiao.apps.computing.queries.sharing import visible_tenants
from langqiao.apps.computing.queries.waiting import why_waiting
from langqiao.apps.registry.domain.acts import REASON_AT_MOST
from langqiao.kit.api import Paged
from langqiao.kit.refusals import Invalid

router = Router(tags=["算力 / computing"])
WORDS_AT_MOST = 8
KEY_AT_MOST = 2**63 - 1


def _bound(name: str) -> Any:
    low, high = RANGES[name]
    return Bound(ge=low, le=high)


class JobSearch(Schema):
    """Words of a job's name, and a state."""

    q: Annotated[str, Bound(max_length=300)] = ""
    state: Job.State | None = None


class JobIn(Schema):
    """A job under a grant; the same ``token`` again returns the job that it made."""

    grant: Annotated[int, Bound(ge=1, le=KEY_AT_MOST)]
    token: Annotated[str, Bound(max_length=TOKEN_AT_MOST)] = ""
    name: Annotated[str, Bound(min_length=1, max_length=NAME_AT_MOST)]
    cpu_milli: Annotated[StrictInt, _bound("cpu_milli")]
    memory_mib: Annotated[StrictInt, _bound("memory_mib")]
    gpus: Annotated[StrictInt, _bound("gpus")]
    gpu_milli: Annotated[StrictInt, _bound("gpu_milli")] = 1000
    gpu_models: Annotated[list[Annotated[str, Bound(max_length=40)]], Bound(max_length=MODELS_AT_MOST)] = []
    domestic_only: bool = False
    count: Annotated[StrictInt, _bound("count")] = 1
    estimate: Annotated[StrictInt, _bound("estimate")]
    priority: Annotated[StrictInt, _bound("priority")] = 0
    script: Annotated[str, Bound(max_length=SCRIPT_AT_MOST)] = ""


class JobOut(Schema):
    """A job; CPU in thousandths of a core, memory in MiB, each GPU's part in thousandths, time in seconds."""

    id: int
    case: str
    campus: int = Bound(alias="campus_id")
    grant: int = Bound(alias="grant_id")
    name: str
    cpu_milli: int
    memory_mib: int
    gpus: int
    gpu_milli: int
    gpu_models: list[str]
    domestic_only: bool
    count: int
    estimate: int
    priority: int
    state: Job.State
    preempted: int
    why: str
    token: str
    submitted_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    displace_at: datetime | None = None
    awaits_cluster: bool


class JobPlaceOut(Schema):
    """A part of a running job: the server and which of its GPUs."""

    part: int
    server: str
    gpus: list[int]
    milli: int


class JobReasonOut(Schema):
    """One reason why a job waits, and how to mend it."""

    kind: str
    text: str
    mend: str


class JobDetailOut(JobOut):
    """A job with where it runs, why it waits, and how many are tried before it (null when none or never)."""

    places: list[JobPlaceOut]
    waiting: list[JobReasonOut]
    ahead: int | None = None


class JobEndIn(Schema):
    """When a job ended; now when left out."""

    at: datetime | None = None


class JobFailIn(JobEndIn):
    """Why a job failed, and when."""

    why: Annotated[str, Bound(min_length=1, max_length=REASON_AT_MOST)]


class JobCancelIn(Schema):
    """Why a job is cancelled; may be left out."""

    why: Annotated[str, Bound(max_length=REASON_AT_MOST)] = ""


class RoundOut(Schema):
    """What a round did: ids of jobs, and GPUs in thousandths."""

    started: list[int]
    preempted: list[int]
    stopped: list[int]
    interrupted: list[int]
    noticed: list[int]
    kept: list[int]
    waiting: int
    gpu_milli: int
    gpu_total: int


class UsageOut(Schema):
    """A run that is over."""

    id: int
    job: int = Bound(alias="job_id")
    tenant: int = Bound(alias="tenant_id")
    bill: int | None = Bound(None, alias="bill_id")
    gpu_model: str
    is_domestic: bool
    starts_at: datetime
    ends_at: datetime
    gpu_seconds: Decimal


class BillLineOut(Schema):
    """GPU hours of one model at one price, in yuan."""

    gpu_model: str
    is_domestic: bool
    gpu_hours: Decimal
    yuan_hour: Decimal
    amount: Decimal


class BillOut(Schema):
    """A month's bill, in yuan."""

    id: int
    tenant: int = Bound(alias="tenant_id")
    month: date
    amount: Decimal
    by_voucher: Decimal
    state: Bill.State


class BillDetailOut(BillOut):
    """A bill with its lines."""

    lines: list[BillLineOut]

    @staticmethod
    def resolve_lines(bill: Any) -> list[Any]:
        """Its lines."""
        return list(bill.lines.all())


class BillIn(Schema):
    """The month to be billed, as any of its days."""

    month: date


class PriceOut(Schema):
    """Yuan a GPU hour of a model from a day on."""

    campus: int = Bound(alias="campus_id")
    gpu_model: str
    from_on: date
    yuan_hour: Decimal
    illustrative: bool


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _job(request: HttpRequest, pk: int) -> Job:
    return get_object_or_404(queries.visible_jobs(request.user), pk=pk)


def _aware(at: datetime | None) -> datetime | None:
    """A time without zone is the site's own."""
    return timezone.make_aware(at) if at is not None and timezone.is_naive(at) else at


@router.get("/computing/jobs", response=list[JobOut], operation_id="list_jobs")
@paginate(Paged)
def list_jobs(request: HttpRequest, search: Query[JobSearch]) -> QuerySet[Job]:
    """Jobs that the caller may read, the newest first."""
    rows = queries.visible_jobs(request.user)
    for word in search.q.replace("\0", "").split()[:WORDS_AT_MOST]:
        rows = rows.filter(name__icontains=word)
    if search.state is not None:
        rows = rows.filter(state=search.state)
    return rows.order_by("-pk")


@router.post("/computing/jobs", response={201: JobOut}, operation_id="submit_job")
def submit_job(request: HttpRequest, values: JobIn) -> Any:
    """Submit a job; repeat the call with the same token after a failure, and it is made once."""
    given = values.dict()
    mine = Grant.objects.filter(pk=given.pop("grant"), tenant__in=visible_tenants(request.user).values("pk"))
    grant = mine.select_related("tenant__campus", "tenant__organisation", "request").first()
    if grant is None:
        raise Invalid(
            _("没有这条记录，或者您不能查看。"), mend=_("请填写本机构有效授予的编号。"), field="grant"
        )
    return Status(201, domain.submit_job(_actor(request), grant, **given))


@router.get("/computing/jobs/{int:pk}", response=JobDetailOut, operation_id="get_job")
def get_job(request: HttpRequest, pk: int) -> Any:
    """One job: where it runs, or why it waits."""
    job: Any = _job(request, pk)
    waiting = why_waiting(job)
    job.places = [
        {"part": part.number, "server": part.server.name, "gpus": part.gpus, "milli": part.milli}
        for part in queries.parts_of(job)
    ]
    job.waiting = [asdict(reason) for reason in waiting.reasons] if waiting else []
    job.ahead = waiting.ahead if waiting else None
    return job


@router.post("/computing/jobs/{int:pk}/cancel", response=JobOut, operation_id="cancel_job")
def cancel_job(request: HttpRequest, pk: int, values: JobCancelIn) -> Any:
    """Cancel a job that waits or runs."""
    return domain.cancel_job(_actor(request), _job(request, pk), why=values.why)


@router.post("/computing/jobs/{int:pk}/finish", response=JobOut, operation_id="finish_job")
def finish_job(request: HttpRequest, pk: int, values: JobEndIn) -> Any:
    """Record that a job is done; for the operator."""
    return domain.finish_job(_actor(request), _job(request, pk), at=_aware(values.at))


@router.post("/computing/jobs/{int:pk}/fail", response=JobOut, operation_id="fail_job")
def fail_job(request: HttpRequest, pk: int, values: JobFailIn) -> Any:
    """Record that a job failed; for the operator."""
    return domain.fail_job(_actor(request), _job(request, pk), why=values.why, at=_aware(values.at))


@router.post("/computing/campuses/{int:pk}/schedule", response=RoundOut, operation_id="schedule_campus")
def schedule_campus(request: HttpRequest, pk: int) -> Any:
    """Run a round over a campus's queue; for its operator."""
    return asdict(schedule(_actor(request), get_object_or_404(Campus, pk=pk)))


@router.get("/computing/usage", response=list[UsageOut], operation_id="list_usage")
@paginate(Paged)
def list_usage(request: HttpRequest) -> QuerySet[Usage]:
    """Runs that are over, of tenants that the caller may read."""
    return queries.visible_usage(request.user).order_by("-pk")


@router.get("/computing/bills", response=list[BillOut], operation_id="list_bills")
@paginate(Paged)
def list_bills(request: HttpRequest) -> QuerySet[Bill]:
    """Bills of tenants that the caller may read."""
    return queries.visible_bills(request.user).order_by("-month", "-pk")


@router.get("/computing/bills/{int:pk}", response=BillDetailOut, operation_id="get_bill")
def get_bill(request: HttpRequest, pk: int) -> Any:
    """One bill with its lines."""
    return get_object_or_404(queries.visible_bills(request.user), pk=pk)


@router.post("/computing/tenants/{int:pk}/bills", response={201: BillDetailOut}, operation_id="make_bill")
def make_bill(request: HttpRequest, pk: int, values: BillIn) -> Any:
    """Make a tenant's bill of a month; the one that stands when it has been made."""
    tenant = get_object_or_404(visible_tenants(request.user), pk=pk)
    return Status(201, billing.make_bill(_actor(request), tenant, month=values.month))


@router.post("/computing/bills/{int:pk}/settle", response=BillDetailOut, operation_id="settle_bill")
def settle_bill(request: HttpRequest, pk: int) -> Any:
    """Record that a bill is settled; for the operator."""
    bill = get_object_or_404(queries.visible_bills(request.user), pk=pk)
    return billing.settle_bill(_actor(request), bill)


@router.get("/computing/prices", response=list[PriceOut], operation_id="list_prices")
@paginate(Paged)
def list_prices(request: HttpRequest) -> QuerySet[Price]:  # noqa: ARG001  prices are public
    """Prices of all campuses."""
    return Price.objects.order_by("campus_id", "gpu_model", "-from_on")
