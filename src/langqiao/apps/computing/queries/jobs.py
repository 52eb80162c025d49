"""Reads of jobs, usage and bills, limited to what the viewer may see."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from langqiao.apps.accounts.queries import organisation_ids
from langqiao.apps.accounts.rules import is_office
from langqiao.apps.computing.models import Bill, Campus, Grant, Job, Price, Server, Slot, Usage
from langqiao.apps.computing.rules import INSIDERS, operated_ids

WHOLE = 1000


def _seen(viewer: Any, organisation: str, operator: str) -> Q:
    """What works_for_it | operates | is_office means as a query."""
    if is_office.test(viewer):
        return Q()
    return Q(**{f"{organisation}__in": organisation_ids(viewer, *INSIDERS)}) | Q(
        **{f"{operator}__in": operated_ids(viewer)}
    )


def visible_jobs(viewer: Any) -> QuerySet[Job]:
    """The rule ``computing.read_job`` as a query."""
    rows = Job.objects.select_related("grant__tenant__organisation__city", "grant__request", "campus")
    return rows.filter(_seen(viewer, "grant__tenant__organisation", "campus__operator"))


def visible_usage(viewer: Any) -> QuerySet[Usage]:
    """Runs of the tenants that the viewer may read: ``computing.read_tenant`` as a query."""
    rows = Usage.objects.select_related("job__campus", "tenant__organisation__city", "bill")
    return rows.filter(_seen(viewer, "tenant__organisation", "tenant__campus__operator"))


def visible_bills(viewer: Any) -> QuerySet[Bill]:
    """Bills of those tenants."""
    rows = Bill.objects.select_related("tenant__organisation__city", "tenant__campus__operator")
    return rows.filter(_seen(viewer, "tenant__organisation", "tenant__campus__operator"))


def grants_to_use(viewer: Any) -> QuerySet[Grant]:
    """Active grants under which the viewer may submit jobs."""
    today = timezone.localdate()
    return (
        Grant.objects.filter(
            state=Grant.State.ACTIVE, starts_on__lte=today, ends_on__gte=today,
            tenant__organisation__in=organisation_ids(viewer, *INSIDERS), tenant__is_suspended=False,
        )
        .select_related("tenant__organisation", "tenant__campus", "request")
        .order_by("ends_on", "pk")
    )  # fmt: skip


def campuses_run_by(viewer: Any) -> list[Campus]:
    """Campuses that the viewer operates."""
    return list(Campus.objects.filter(operator__in=operated_ids(viewer)).select_related("operator"))


def prices(campus: Campus) -> QuerySet[Price]:
    """Prices of a campus, the newest of each model first."""
    return campus.prices.order_by("gpu_model", "-from_on")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a running job: the server on which it runs, and which of its GPUs."""

    number: int
    server: Server
    gpus: list[int]
    milli: int


def parts_of(job: Job) -> list[Part]:
    """Where a running job runs, part by part."""
    found: dict[int, list[Slot]] = defaultdict(list)
    for slot in job.slots.select_related("server__rack__hall__building").order_by("part", "gpu"):
        found[slot.part].append(slot)
    return [
        Part(part, slots[0].server, [slot.gpu for slot in slots], slots[0].milli)
        for part, slots in sorted(found.items())
    ]


@dataclass(frozen=True, slots=True)
class Use:
    """How full a campus is: GPUs in thousandths, and its jobs by state."""

    campus: Campus
    used: int
    total: int
    queued: int
    running: int

    @property
    def percent(self) -> float:
        """Allocated GPU of ready servers in per cent."""
        return 100 * self.used / self.total if self.total else 0.0

    @property
    def gpus_used(self) -> float:
        """GPUs in use."""
        return self.used / WHOLE

    @property
    def gpus_total(self) -> int:
        """GPUs of ready servers."""
        return self.total // WHOLE


def use_of_campuses(viewer: Any) -> list[Use]:
    """Every campus on which the viewer sees jobs, with how full it is.

    Sums over a campus name nobody; they tell a tenant whether waiting is worth while.
    """
    mine = Q(operator__in=operated_ids(viewer)) | Q(
        tenants__organisation__in=organisation_ids(viewer, *INSIDERS)
    )
    campuses = Campus.objects.all() if is_office.test(viewer) else Campus.objects.filter(mine)
    found = []
    for campus in campuses.distinct().order_by("pk"):
        here = Q(rack__hall__building__campus=campus, state=Server.State.READY)
        total = Server.objects.filter(here).aggregate(total=Sum("gpus"))["total"] or 0
        used = Slot.objects.filter(job__campus=campus, server__state=Server.State.READY)
        jobs = dict(
            Job.objects.filter(campus=campus)
            .order_by()
            .values_list("state")
            .annotate(count=Count("pk"))
            .filter(state__in=(Job.State.QUEUED, Job.State.RUNNING))
        )
        found.append(
            Use(
                campus,
                used.aggregate(used=Sum("milli"))["used"] or 0,
                total * WHOLE,
                jobs.get(Job.State.QUEUED, 0),
                jobs.get(Job.State.RUNNING, 0),
            )
        )
    return found
