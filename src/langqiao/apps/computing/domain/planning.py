"""The round's plan (调度推演): who starts where and who must give way, on a copy of the campus in memory.

Nothing here writes; :mod:`langqiao.apps.computing.domain.scheduling` does, in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from langqiao.apps.computing.domain.floor import Floor, Spot
from langqiao.apps.computing.models import Job
from langqiao.apps.computing.queries.queue import (
    Block,
    Scope,
    Standing,
    city_of,
    expected_end,
    in_turn,
    scopes,
)

MOMENT = timedelta(seconds=1)
"""The least time by which a start is put off."""


@dataclass(slots=True)
class Plan:
    """What a round does: where jobs start, who is preempted, whose slots no longer fit their server.

    Attributes:
        noticed: running jobs that are to give way later, each with the job that waits for its room and the
            time of its going; those that had notice before keep their time.
    """

    started: dict[int, list[Spot]] = field(default_factory=dict)
    preempted: list[Job] = field(default_factory=list)
    noticed: list[tuple[Job, Job, datetime]] = field(default_factory=list)
    misfits: list[Job] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    """A plan in the making.

    Attributes:
        victims: running jobs that nobody has judged or taken back yet.
        promises: jobs for which room is kept, and the time by which they must fit.
        grace: seconds of notice before a job gives way.
        told: until when jobs run that have notice from an earlier round.
        barriers: when quotas that are full have room for the first job that waits for them.
        reserved: by when the first job that found no room fits.
    """

    floor: Floor
    standing: Standing
    plan: Plan
    victims: set[int]
    grace: int
    told: dict[int, datetime]
    promises: list[tuple[Job, datetime]] = field(default_factory=list)
    barriers: dict[tuple[Scope, int | str], datetime] = field(default_factory=dict)
    reserved: datetime | None = None

    def spares_promises(self, end: datetime) -> bool:
        """Whether a job that was just placed and ends then leaves all promised room for its time."""
        return all(end <= when for _job, when in self.promises) or self.floor.holds(self.promises)


def plan(floor: Floor, standing: Standing, waiting: Sequence[Job], *, grace: int = 0) -> Plan:
    """Decide a round.

    Jobs are tried in turn (``in_turn``). What is within its tenant's quota may take back capacity that
    others borrow (回收): the youngest of the lowest priority give way, and no more of them than needed. They
    have ``grace`` seconds of notice (宽限), during which they run on and the room that the job will take is
    kept for it; the first round after that ends them and starts it. The first job that finds no room gets a
    reservation; a later one may go ahead of it only where the reservation still holds by the estimates
    (backfill 回填; Lifka, JSSPP 1995). A job held back by a quota keeps later jobs under the same quota from
    starting unless they end before it could start.
    """
    found = Plan(misfits=list(floor.misfits))
    for job in found.misfits:
        standing.charge(job, -1)
    told = {key: job.displace_at for key, job in standing.running.items() if job.displace_at is not None}
    for key in told:
        standing.running[key].displace_at = None  # in memory: a notice counts once this round renews it
    draft = _Draft(floor, standing, found, set(standing.running), grace, told)
    for job in in_turn(standing, waiting):
        _judge(draft, job)
    return found


def _judge(draft: _Draft, job: Job) -> None:
    """Start a job, promise it room, or note what it waits for."""
    floor, standing = draft.floor, draft.standing
    end = standing.now + timedelta(seconds=job.estimate)
    if any(end > draft.barriers[scope] for scope in scopes(job) if scope in draft.barriers):
        return
    started = not standing.blocks(job) and floor.place(job)
    if started and not draft.spares_promises(end):
        floor.take(job)
        return
    if not started and (draft.reserved is None or end <= draft.reserved):
        later = _reclaim(draft, job)
        if later is not None and later > standing.now:
            draft.promises.append((job, later))
            standing.charge(job)
            return
        started = later is not None
    if started:
        draft.plan.started[job.pk] = floor.spots(job)
        job.started_at = standing.now  # in memory: estimates of this round count from here
        standing.charge(job)
    else:
        _wait(draft, job)


def _wait(draft: _Draft, job: Job) -> None:
    """Keep later jobs of a full quota behind this one, or reserve the room that it lacks."""
    if blocks := draft.standing.blocks(job):
        for block in blocks:
            until = _freed(draft.standing, block)
            at = block.scope, block.key
            draft.barriers[at] = min(until, draft.barriers.get(at, until))
    elif draft.reserved is None and (when := draft.floor.earliest(job)) is not None:
        draft.reserved = when
        draft.promises.append((job, when))


def _freed(standing: Standing, block: Block) -> datetime:
    """When enough of a quota is free by the estimates of those that run under it."""
    need = block.used + block.wanted - block.limit
    under = [job for job in standing.running.values() if (block.scope, block.key) in scopes(job)]
    when = standing.now
    for job in sorted(under, key=lambda one: (expected_end(one, standing.now), one.pk)):
        when = expected_end(job, standing.now)
        need -= job.whole_milli
        if need <= 0:
            break
    return when


def _reclaim(draft: _Draft, job: Job) -> datetime | None:
    """Make room for a job of a tenant within its quota from what others borrow; all or nothing.

    Returns:
        When the job may start: now where it stands on the floor; later where others have notice until then
        and still run; None where it cannot take back enough.
    """
    floor, standing = draft.floor, draft.standing
    if not standing.within_tenant(job) or any(
        block.scope != "city" for block in standing.blocks(job, after_notice=True)
    ):
        return None
    # Those that have notice already go first: nobody else need be told.
    order = sorted(
        (standing.running[pk] for pk in draft.victims),
        key=lambda one: (
            one.pk not in draft.told,
            one.priority,
            -(one.started_at or standing.now).timestamp(),
            -one.pk,
        ),
    )
    taken: list[tuple[Job, list[Spot]]] = []
    fits = False
    for other in order:
        if _borrowed(standing, other, job):
            standing.charge(other, -1)
            taken.append((other, floor.take(other)))
            fits = not standing.blocks(job, after_notice=True) and floor.place(job)
            if fits and not floor.holds(draft.promises):
                floor.take(job)
                fits = False
        if fits:
            standing.charge(job)  # while it is judged who may go on
            break
    going: list[tuple[Job, list[Spot]]] = []
    for other, spots in reversed(taken):
        # Whoever need not give way goes on where it ran.
        if (not fits or not standing.blocks(other, after_notice=True)) and floor.give_back(other, spots):
            standing.charge(other)
        else:
            draft.victims.discard(other.pk)
            going.append((other, spots))
    if not fits:
        return None
    standing.charge(job, -1)
    return _displace(draft, job, going)


def _displace(draft: _Draft, job: Job, going: Sequence[tuple[Job, list[Spot]]]) -> datetime:
    """End those whose notice is over; where one of them still has time, let all of them run on until then."""
    floor, standing, now = draft.floor, draft.standing, draft.standing.now
    grace = timedelta(seconds=draft.grace)
    times = [draft.told.get(other.pk, now + grace) for other, _spots in going]
    later = max(times, default=now)
    if later <= now and not standing.blocks(job):
        draft.plan.preempted += [other for other, _spots in going]
        return now
    # Its own turn comes with a later round: the job steps back, the others stay where they are.
    floor.take(job)
    for (other, spots), at in zip(reversed(going), reversed(times), strict=True):
        standing.linger(other)
        if not floor.give_back(other, spots):
            raise RuntimeError(f"job {other.pk} no longer fits where it ran")
        other.displace_at = at  # in memory: it ends then
        draft.plan.noticed.append((other, job, at))
    return max(later, now + MOMENT)


def _borrowed(standing: Standing, other: Job, job: Job) -> bool:
    """Whether a running job stands on borrowed capacity that ``job`` may take back."""
    tenant, city = other.grant.tenant, city_of(other.grant.tenant)
    if tenant.pk == job.grant.tenant_id:
        return False
    own = city_of(job.grant.tenant)
    if city != own and standing.blocks(job):
        return False  # another city's jobs do not stand in the way of this city's quota
    if standing.tenant_borrows(tenant):
        return True
    return city != own and standing.city_borrows(city) and standing.within_city(job)
