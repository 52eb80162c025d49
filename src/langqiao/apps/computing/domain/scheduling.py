"""The scheduling round (调度): planned in memory, checked against the table of slots, written at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.computing.domain.floor import Floor, Spot, make_ready
from langqiao.apps.computing.domain.jobs import end, job_entry, requeue, seconds_of, tell_submitter
from langqiao.apps.computing.domain.planning import Plan, plan
from langqiao.apps.computing.models import JOB_TRANSITIONS, Campus, Grant, Job, Server, Slot
from langqiao.apps.computing.queries.queue import can_run, jobs_in, read_standing
from langqiao.apps.registry.domain.acts import lock, move
from langqiao.kit.permissions import require

State = Job.State
WHOLE = 1000


@dataclass(slots=True)
class Round:
    """What a round did: jobs by their keys, and GPUs in thousandths before it was left.

    Attributes:
        stopped: ended because their grant was revoked or its hours are used up.
        interrupted: put back because their slots no longer fit the server.
        noticed: told now that they are to give way (让出通知).
        kept: whose notice was taken back, because nobody waits for their room any more.
        waiting: jobs that still wait.
    """

    started: list[int] = field(default_factory=list)
    preempted: list[int] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)
    interrupted: list[int] = field(default_factory=list)
    noticed: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    waiting: int = 0
    gpu_milli: int = 0
    gpu_total: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything started, stopped, gave way, or was told that it must."""
        told = self.noticed or self.kept
        return bool(self.started or self.preempted or self.stopped or self.interrupted or told)


def schedule(actor: User | None, campus: Campus, *, at: datetime | None = None) -> Round:
    """Run a round over a campus's queue (调度一轮); all of it is written, or nothing.

    First it stops what its grant no longer carries, then it starts waiting jobs and preempts those that run
    on borrowed capacity, as :func:`~langqiao.apps.computing.domain.planning.plan` decides: those have notice
    (让出通知) of the campus's grace time first, and run on until the first round after it.

    Raises:
        NotAllowed: the actor does not operate the campus.
        RuntimeError: the slots would exceed a GPU or a server; nothing is written.
    """
    require(actor, "computing.schedule", campus)
    make_ready()
    return _round(actor, campus, at)


@transaction.atomic
def _round(actor: User | None, campus: Campus, at: datetime | None) -> Round:
    lock(campus)
    now = at or timezone.now()
    done = Round(stopped=_stop_what_is_over(actor, campus, now, at))
    standing = read_standing(campus, now)
    waiting = [job for job in jobs_in(campus, State.QUEUED) if can_run(job, now)]
    floor = Floor(campus, standing.running.values(), waiting, now)
    found = plan(floor, standing, waiting, grace=campus.grace_seconds)
    for job in found.misfits:
        requeue(actor, job, "interrupt_job", why=str(_("占用与服务器不再相符")), at=at)
        done.interrupted.append(job.pk)
    for job in found.preempted:
        requeue(actor, job, "preempt_job", why=str(_("借用的算力被配额内的作业收回")), preempted=True, at=at)
        done.preempted.append(job.pk)
    _tell_notices(actor, campus, found, done)
    jobs = {job.pk: job for job in waiting}
    for key, spots in found.started.items():
        _start(actor, jobs[key], spots, now)
        done.started.append(key)
    verify_slots(campus)
    done.waiting = Job.objects.filter(campus=campus, state=State.QUEUED).count()
    done.gpu_milli = sum(job.whole_milli for job in jobs_in(campus, State.RUNNING))
    done.gpu_total = standing.capacity[0]
    return done


def _stop_what_is_over(actor: User | None, campus: Campus, now: datetime, at: datetime | None) -> list[int]:
    """End jobs of revoked grants, and running ones whose grant has no hours left for what they used."""
    stopped = []
    jobs = Job.objects.filter(
        campus=campus, state__in=(State.RUNNING, State.QUEUED), grant__state=Grant.State.REVOKED
    )
    for job in jobs.order_by("pk"):
        end(actor, job, State.FAILED, "stop_job", why=str(_("算力授予已收回")), at=at)
        stopped.append(job.pk)
    for job in jobs_in(campus, State.RUNNING):
        grant = Grant.objects.get(pk=job.grant_id)
        span = 0.0 if job.awaits_cluster else (now - (job.started_at or now)).total_seconds()
        used = int(span * job.whole_milli / WHOLE)
        if grant.used_seconds + grant.held_seconds - seconds_of(job) + used > grant.gpu_hours * 3600:
            end(actor, job, State.FAILED, "stop_job", why=str(_("授予的 GPU 时已用完")), at=at)
            stopped.append(job.pk)
    return stopped


def _tell_notices(actor: User | None, campus: Campus, found: Plan, done: Round) -> None:
    """Write down who is to give way when and to whom; take back what no longer holds."""
    noticed = {job.pk: (job, waiter, at) for job, waiter, at in found.noticed}
    for key, (job, waiter, at) in noticed.items():
        lock(job)
        new = job.displace_at is None
        if new:
            job.displace_at = at
            done.noticed.append(key)
        if new or job.gives_way_to_id != waiter.pk:
            job.gives_way_to = waiter
            job.save(update_fields=["displace_at", "gives_way_to", "updated_at"])
        if new:
            entry = job_entry(actor, "notice_job", job, {"displace_at": at.isoformat(timespec="seconds")})
            told = _("作业“%(name)s”运行在借用的算力上，将在宽限期后让出，届时回到队列；请及时保存进度。")
            tell_submitter(job, told, entry)
    for job in jobs_in(campus, State.RUNNING):
        if job.displace_at is not None and job.pk not in noticed:
            lock(job)
            job.displace_at, job.gives_way_to = None, None
            job.save(update_fields=["displace_at", "gives_way_to", "updated_at"])
            done.kept.append(job.pk)
            entry = job_entry(actor, "keep_job", job)
            tell_submitter(job, _("作业“%(name)s”不必让出，可继续运行。"), entry)


def _start(actor: User | None, job: Job, spots: list[Spot], now: datetime) -> None:
    lock(job)
    move(job, State.RUNNING, JOB_TRANSITIONS)
    job.started_at, job.why, job.starts = now, "", job.starts + 1
    job.awaits_cluster = job.campus.runner == Campus.Runner.SLURM
    job.save(update_fields=["state", "started_at", "why", "starts", "awaits_cluster", "updated_at"])
    Slot.objects.bulk_create(
        Slot(job=job, part=part, server_id=server, gpu=gpu, milli=job.gpu_milli)
        for part, (server, gpus) in enumerate(spots)
        for gpu in gpus
    )
    servers = len({server for server, _gpus in spots})
    job_entry(actor, "start_job", job, {"gpu_milli": job.whole_milli, "parts": job.count, "servers": servers})


def verify_slots(campus: Campus) -> None:
    """Check the table of slots against servers and jobs (核对占用).

    Raises:
        RuntimeError: a GPU is given more than once over, a server exceeds its CPU or memory, or a running
            job does not hold all its parts.
    """
    slots = Slot.objects.filter(job__campus=campus).select_related("job")
    gpus: dict[tuple[int, int], list[int]] = defaultdict(list)
    parts: dict[int, dict[tuple[int, int], Job]] = defaultdict(dict)
    held: dict[int, int] = defaultdict(int)
    for slot in slots:
        gpus[slot.server_id, slot.gpu].append(slot.milli)
        parts[slot.server_id][slot.job_id, slot.part] = slot.job
        held[slot.job_id] += slot.milli
    servers = {server.pk: server for server in Server.objects.filter(pk__in=parts)}
    for (key, gpu), amounts in gpus.items():
        if sum(amounts) > WHOLE or gpu >= servers[key].gpus:
            raise RuntimeError(f"GPU {gpu} of server {servers[key]} holds {sum(amounts)} thousandths")
    for key, jobs in parts.items():
        cpu = sum(job.cpu_milli for job in jobs.values())
        memory = sum(job.memory_mib for job in jobs.values())
        if cpu > servers[key].cpu_milli or memory > servers[key].memory_mib:
            raise RuntimeError(f"server {servers[key]} holds {cpu} milli-cores and {memory} MiB")
    running = {job.pk: job.whole_milli for job in jobs_in(campus, State.RUNNING)}
    if running != held:
        wrong = sorted(key for key in {*running, *held} if running.get(key, 0) != held.get(key, 0))
        raise RuntimeError(f"jobs {wrong} do not hold what they were given")
