"""How a campus stands (排队现状): who uses how much against which quota, and who comes next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log
from typing import Literal

from django.db.models import Sum
from django.utils import timezone

from langqiao.apps.computing.models import Campus, CityQuota, Grant, Job, Server, Tenant, Usage

Scope = Literal["grant", "tenant", "city"]

WHOLE = 1000
HALF_LIFE = timedelta(days=7)
"""After this time past use counts half (用量半衰期)."""
REMEMBERED = 10 * HALF_LIFE  # by then less than a thousandth is left


@dataclass(frozen=True, slots=True)
class Block:
    """A limit that a job would exceed now, in thousandths of a GPU."""

    scope: Scope
    key: int | str
    used: int
    wanted: int
    limit: int


@dataclass(slots=True)
class Standing:
    """Use and limits of grants, tenants and cities at one moment; changed as jobs start and stop.

    Amounts are thousandths of a GPU. ``capacity`` holds GPU, CPU and memory of the ready servers; ``leaving``
    what jobs under notice (让出通知) still use, though ``use`` counts them as gone already.
    """

    campus: Campus
    now: datetime
    cities: dict[str, CityQuota]
    capacity: tuple[int, int, int]
    past: dict[int, float]
    use: dict[tuple[Scope, int | str], int] = field(default_factory=lambda: defaultdict(int))
    leaving: dict[tuple[Scope, int | str], int] = field(default_factory=lambda: defaultdict(int))
    running: dict[int, Job] = field(default_factory=dict)
    load: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))

    def charge(self, job: Job, sign: int = 1) -> None:
        """Count a job that starts, or with ``sign`` -1 one that stops."""
        for scope, key in scopes(job):
            self.use[scope, key] += sign * job.whole_milli
        load = self.load[job.grant.tenant_id]
        for at, amount in enumerate(amounts(job)):
            load[at] += sign * amount
        if sign > 0:
            self.running[job.pk] = job
        else:
            del self.running[job.pk]

    def linger(self, job: Job) -> None:
        """Say of a job that was counted as gone that it still runs out its notice."""
        for at in scopes(job):
            self.leaving[at] += job.whole_milli

    def blocks(self, job: Job, *, after_notice: bool = False) -> list[Block]:
        """The limits, borrowing included, that keep a job from starting now.

        Args:
            after_notice: judge as if all jobs under notice had gone.
        """
        found = []
        for scope, key in scopes(job):
            limit = self.limit(scope, job)
            used = self.use[scope, key] + (0 if after_notice else self.leaving[scope, key])
            if limit is not None and used + job.whole_milli > limit:
                found.append(Block(scope, key, used, job.whole_milli, limit))
        return found

    def limit(self, scope: Scope, job: Job) -> int | None:
        """What a scope of a job may use with borrowing; None where nothing limits it."""
        tenant = job.grant.tenant
        if scope == "grant":
            return job.grant.gpus * WHOLE
        if scope == "tenant":
            return tenant.gpu_milli + tenant.borrow_milli
        quota = self.cities.get(city_of(tenant))
        return None if quota is None else quota.gpu_milli + quota.borrow_milli

    def within_tenant(self, job: Job) -> bool:
        """Whether the job's tenant stays within its own quota (不借用) if it starts."""
        tenant = job.grant.tenant
        return self.use["tenant", tenant.pk] + job.whole_milli <= tenant.gpu_milli

    def within_city(self, job: Job) -> bool:
        """Whether its city does."""
        city = city_of(job.grant.tenant)
        quota = self.cities.get(city)
        return quota is None or self.use["city", city] + job.whole_milli <= quota.gpu_milli

    def tenant_borrows(self, tenant: Tenant) -> bool:
        """Whether a tenant uses more than its quota."""
        return self.use["tenant", tenant.pk] > tenant.gpu_milli

    def city_borrows(self, city: str) -> bool:
        """Whether a city does."""
        quota = self.cities.get(city)
        return quota is not None and self.use["city", city] > quota.gpu_milli

    def share(self, tenant: Tenant) -> float:
        """Weighted dominant share (加权主导份额) with decay: what runs now, and what ran before.

        The largest of the tenant's parts of GPU, CPU and memory, plus its GPU seconds of the past, each
        halved every :data:`HALF_LIFE`, as a part of all that the campus could give; over its weight
        (Ghodsi et al., NSDI 2011, for the dominant share).
        """
        gpu, cpu, memory = self.capacity
        load = self.load[tenant.pk]
        now = max((n / of for n, of in zip(load, (gpu, cpu, memory), strict=True) if of), default=0.0)
        whole = gpu / WHOLE * HALF_LIFE.total_seconds() / log(2)
        return (now + (self.past.get(tenant.pk, 0.0) / whole if whole else 0.0)) / tenant.weight


def scopes(job: Job) -> tuple[tuple[Scope, int | str], ...]:
    """The grant, tenant and city whose limits a job counts against."""
    tenant = job.grant.tenant
    return ("grant", job.grant_id), ("tenant", tenant.pk), ("city", city_of(tenant))


def city_of(tenant: Tenant) -> str:
    """Slug of a tenant's city, empty where none is known."""
    return tenant.organisation.city_id or ""


def amounts(job: Job) -> tuple[int, int, int]:
    """GPU thousandths, CPU and memory of all parts of a job."""
    return job.whole_milli, job.count * job.cpu_milli, job.count * job.memory_mib


def expected_end(job: Job, now: datetime) -> datetime:
    """When a running job ends by its estimate, or gives way; now where it has run longer.

    One that its cluster has yet to start has its whole estimate before it.
    """
    begun = now if job.awaits_cluster else job.started_at or now
    end = begun + timedelta(seconds=job.estimate)
    return max(now, min(end, job.displace_at) if job.displace_at else end)


def can_run(job: Job, now: datetime) -> bool:
    """Whether its grant and tenant let a job start at all."""
    grant = job.grant
    today = timezone.localdate(now)
    return (
        grant.state == Grant.State.ACTIVE
        and grant.starts_on <= today <= grant.ends_on
        and not grant.tenant.is_suspended
    )


def jobs_in(campus: Campus, state: Job.State) -> list[Job]:
    """Jobs of a campus in a state, oldest first, with what quotas ask of them."""
    rows = Job.objects.filter(campus=campus, state=state)
    return list(rows.select_related("grant__tenant__organisation", "grant__request").order_by("pk"))


def read_standing(campus: Campus, now: datetime) -> Standing:
    """The campus as the database has it."""
    ready = Server.objects.filter(rack__hall__building__campus=campus, state=Server.State.READY)
    sums = ready.aggregate(gpu=Sum("gpus"), cpu=Sum("cpu_milli"), memory=Sum("memory_mib"))
    past: dict[int, float] = defaultdict(float)
    rows = Usage.objects.filter(tenant__campus=campus, ends_at__gt=now - REMEMBERED)
    for tenant, ended, seconds in rows.values_list("tenant", "ends_at", "gpu_seconds"):
        past[tenant] += float(seconds) * 0.5 ** max(0.0, (now - ended) / HALF_LIFE)
    standing = Standing(
        campus,
        now,
        {quota.city_id: quota for quota in campus.city_quotas.all()},
        ((sums["gpu"] or 0) * WHOLE, sums["cpu"] or 0, sums["memory"] or 0),
        past,
    )
    for job in jobs_in(campus, Job.State.RUNNING):
        standing.charge(job)
    return standing


def in_turn(standing: Standing, jobs: Iterable[Job]) -> Iterator[Job]:
    """Jobs in the order in which they are tried; reads the standing anew after each, as it changes.

    A tenant's own jobs go by priority, then age. Between tenants: first who stays within the quotas, then
    the smallest share, then priority, then age (``Standing.share``).
    """
    lines: dict[int, list[Job]] = defaultdict(list)
    for job in sorted(jobs, key=lambda one: (one.priority, -one.submitted_at.timestamp(), -one.pk)):
        lines[job.grant.tenant_id].append(job)

    def rank(line: list[Job]) -> tuple[bool, float, int, datetime, int]:
        job = line[-1]
        borrows = not (standing.within_tenant(job) and standing.within_city(job))
        return borrows, standing.share(job.grant.tenant), -job.priority, job.submitted_at, job.pk

    while lines:
        tenant = min(lines, key=lambda one: rank(lines[one]))
        yield lines[tenant].pop()
        if not lines[tenant]:
            del lines[tenant]


def queue(campus: Campus, now: datetime) -> list[Job]:
    """Waiting jobs in the order in which the next round tries them, as if each before had started."""
    standing = read_standing(campus, now)
    found = []
    for job in in_turn(standing, [job for job in jobs_in(campus, Job.State.QUEUED) if can_run(job, now)]):
        found.append(job)
        standing.charge(job)
    return found
