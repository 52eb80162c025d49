"""Reads of requests, tenants and quotas, limited to what the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from langqiao.apps.accounts.queries import organisation_ids
from langqiao.apps.accounts.rules import is_office
from langqiao.apps.computing.models import CityQuota, Grant, Job, Request, Slot, Tenant
from langqiao.apps.computing.rules import INSIDERS, operated_ids
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import readable
from langqiao.apps.registry.models import Organisation


def visible_requests(viewer: Any) -> QuerySet[Request]:
    """The rule ``computing.read_request`` as a query: drafts are the applicant's own."""
    rows = Request.objects.select_related("campus", "organisation__city", "grant")
    own = Q(organisation__in=organisation_ids(viewer, *INSIDERS))
    handed_in = ~Q(state=Request.State.DRAFT)
    if is_office.test(viewer):
        return rows.filter(own | handed_in)
    return rows.filter(own | (handed_in & Q(campus__operator__in=operated_ids(viewer))))


def visible_tenants(viewer: Any) -> QuerySet[Tenant]:
    """The rule ``computing.read_tenant`` as a query."""
    rows = Tenant.objects.select_related("campus", "organisation__city")
    if is_office.test(viewer):
        return rows
    return rows.filter(
        Q(organisation__in=organisation_ids(viewer, *INSIDERS)) | Q(campus__operator__in=operated_ids(viewer))
    )


def visible_city_quotas(viewer: Any) -> QuerySet[CityQuota]:
    """Quotas of cities: the office sees all, an operator the own campus's, a tenant the own city's."""
    rows = CityQuota.objects.select_related("campus", "city")
    if is_office.test(viewer):
        return rows
    seen = Q(campus__operator__in=operated_ids(viewer))
    for campus, city in Tenant.objects.filter(
        organisation__in=organisation_ids(viewer, *INSIDERS), organisation__city__isnull=False
    ).values_list("campus", "organisation__city"):
        seen |= Q(campus=campus, city=city)
    return rows.filter(seen)


def own_organisations(viewer: Any) -> QuerySet[Organisation]:
    """Organisations for which the viewer may ask for computing."""
    return Organisation.objects.filter(pk__in=organisation_ids(viewer, *INSIDERS)).order_by("name")


def with_use(rows: QuerySet[Tenant]) -> QuerySet[Tenant]:
    """Tenants with ``running_milli``: GPU thousandths that their running jobs hold now."""
    held = (
        Slot.objects.filter(job__grant__tenant=OuterRef("pk"))
        .order_by()
        .values("job__grant__tenant")
        .annotate(total=Sum("milli"))
        .values("total")
    )
    return rows.annotate(running_milli=Coalesce(Subquery(held), 0))


def quotas_with_use(rows: QuerySet[CityQuota]) -> QuerySet[CityQuota]:
    """City quotas with ``tenants_milli`` (its tenants' quotas together) and ``running_milli`` (held now)."""
    tenants = Tenant.objects.filter(campus=OuterRef("campus"), organisation__city=OuterRef("city")).order_by()
    given = tenants.values("campus").annotate(total=Sum("gpu_milli")).values("total")
    held = (
        Slot.objects.filter(
            job__grant__tenant__campus=OuterRef("campus"),
            job__grant__tenant__organisation__city=OuterRef("city"),
        )
        .order_by()
        .values("job__grant__tenant__campus")
        .annotate(total=Sum("milli"))
        .values("total")
    )
    return rows.annotate(
        tenants_milli=Coalesce(Subquery(given), 0), running_milli=Coalesce(Subquery(held), 0)
    )


@dataclass(frozen=True, slots=True)
class TenantUse:
    """What a tenant holds, waits for and has used; GPUs in thousandths, GPU hours in seconds."""

    running_milli: int
    queued_milli: int
    running: int
    queued: int
    granted_seconds: int
    used_seconds: int
    held_seconds: int

    @property
    def free_seconds(self) -> int:
        """GPU seconds of active grants that are neither used nor promised to a job."""
        return max(0, self.granted_seconds - self.used_seconds - self.held_seconds)


@dataclass(frozen=True, slots=True)
class QuotaBar:
    """A tenant's quota as a bar, in per cent of its length: held within it and beyond, waiting, its mark."""

    held: float
    borrowed: float
    waiting: float
    quota: float


def quota_bar(tenant: Tenant, use: TenantUse) -> QuotaBar:
    """The bar is as long as the quota with what may be borrowed, or as all that runs and waits."""
    length = max(tenant.gpu_milli + tenant.borrow_milli, use.running_milli + use.queued_milli, 1)
    within = min(use.running_milli, tenant.gpu_milli)
    return QuotaBar(
        *(
            round(100 * part / length, 2)
            for part in (within, use.running_milli - within, use.queued_milli, tenant.gpu_milli)
        )
    )


def tenant_use(tenant: Tenant) -> TenantUse:
    """Sums over the tenant's slots, queue and active grants."""
    queued = [job.whole_milli for job in Job.objects.filter(grant__tenant=tenant, state=Job.State.QUEUED)]
    sums = Grant.objects.filter(tenant=tenant, state=Grant.State.ACTIVE).aggregate(
        granted=Coalesce(Sum(F("gpu_hours") * 3600), 0),
        used=Coalesce(Sum("used_seconds"), 0),
        held=Coalesce(Sum("held_seconds"), 0),
    )
    return TenantUse(
        running_milli=Slot.objects.filter(job__grant__tenant=tenant).aggregate(n=Coalesce(Sum("milli"), 0))[
            "n"
        ],
        queued_milli=sum(queued),
        running=Job.objects.filter(grant__tenant=tenant, state=Job.State.RUNNING).count(),
        queued=len(queued),
        granted_seconds=sums["granted"],
        used_seconds=sums["used"],
        held_seconds=sums["held"],
    )


def thread(thing: Any, viewer: Any) -> list[Entry]:
    """Ledger entries about a record, and about the grant of a request, that the viewer may read, in order."""
    case = str(getattr(thing, "case", ""))
    objects = [f"{thing._meta.label_lower}:{thing.pk}"]
    grant = getattr(thing, "grant", None) if isinstance(thing, Request) else None
    if grant is not None:
        objects.append(f"{grant._meta.label_lower}:{grant.pk}")
    return list(readable(viewer, case).filter(object__in=objects).order_by("sequence"))
