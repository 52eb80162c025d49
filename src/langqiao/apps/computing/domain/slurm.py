"""A campus's jobs on a Slurm cluster (由 Slurm 执行): handed over, watched, their ends brought home.

The round decides who runs and books the slots; Slurm runs the job, on nodes of its own choice. One look
(:func:`sync`) brings the two together. It may be killed at any moment and begun anew: each start of a job has
a token of its own, the journal of :class:`~langqiao.engines.scheduling.slurm.Backend` lets a token run at
most once, and an end is written by a verb that looks at the job's row again under its lock: it counts once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langqiao.apps.accounts.models import User
from langqiao.apps.computing.domain.jobs import end, job_entry
from langqiao.apps.computing.models import Campus, Job
from langqiao.apps.registry.domain.acts import lock
from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.slurm import Backend, Held, Request, Seen
from langqiao.engines.scheduling.types import WHOLE, Task
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused

State = Job.State
MINUTE = 60
NEVER = {"refused", "request"}
"""Kinds of errors by which Slurm, or the check before it, says that a job can never be taken as it is."""
ENDS: dict[str, object] = {
    "failed": gettext_lazy("Slurm 报告作业失败"),
    "cancelled": gettext_lazy("作业在 Slurm 中被取消"),
    "timeout": gettext_lazy("超过估计时长，被 Slurm 终止"),
    "impossible": gettext_lazy("Slurm 集群没有节点放得下"),
    "gone": gettext_lazy("Slurm 已不再记得这个作业，结束情况不明"),
}
"""Ends of a job in Slurm that are failures here, in words."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How jobs are handed to a cluster; must stay the same while a submission is unconfirmed.

    Attributes:
        partition, account, qos: as the cluster knows them; "" for its defaults.
        shards: shards of a GPU in this cluster, needed for parts of a GPU; 0 where there are none.
        folder: where jobs run; output: file for what they print, "%j" is the number.
    """

    partition: str = ""
    account: str = ""
    qos: str = ""
    shards: int = 0
    folder: str = "/"
    output: str = "/dev/null"


@dataclass(slots=True)
class Look:
    """What one look did: keys of jobs.

    Attributes:
        cancelled: tokens that the site no longer runs and Slurm was told to end.
        refused: jobs that Slurm, or the check before it, does not take; they have failed.
        open: how many are still under way.
    """

    submitted: list[int] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    open: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    """One start of a job: which it is, and what Slurm is asked for; the same start always asks the same."""

    job: Job
    number: int
    request: Request

    @property
    def token(self) -> str:
        """Its name in Slurm."""
        return self.request.token


def prefix_of(campus: Campus) -> str:
    """Begins the tokens of a campus's jobs."""
    return f"lq-{campus.pk}-"


def token_of(job: Job) -> str:
    """The name of a job's present start in Slurm; a later start of the same job has another."""
    return f"{prefix_of(job.campus)}{job.pk}-{job.starts}-{sm3_hex(job.token.encode())[:12]}"


@transaction.atomic
def starts_of(campus: Campus, settings: Settings) -> dict[str, Start]:
    """What the site runs on the campus at one moment, by token."""
    lock(campus)
    rows = Job.objects.filter(campus=campus, state=State.RUNNING).select_related("campus")
    found = {}
    for job in rows.prefetch_related("slots__server").order_by("pk"):
        start = Start(job, job.starts, request_of(job, settings))
        found[start.token] = start
    return found


def request_of(job: Job, settings: Settings) -> Request:
    """What Slurm is asked for: the job on the GPU models on which its slots stand, for its estimate at most.

    Shards of a GPU have no model in Slurm.
    """
    models = sorted({slot.server.gpu_model for slot in job.slots.all()})
    parted = job.gpus == 1 and job.gpu_milli < WHOLE
    task = Task(
        str(job.pk), job.cpu_milli, job.memory_mib, job.gpus, job.gpu_milli,
        models=() if parted else tuple(models), count=job.count,
    )  # fmt: skip
    return Request(
        token=token_of(job),
        task=task,
        script=job.script,
        minutes=-(-job.estimate // MINUTE),
        folder=settings.folder,
        output=settings.output,
        partition=settings.partition,
        account=settings.account,
        qos=settings.qos,
        shards=settings.shards,
    )


def sync(actor: User | None, campus: Campus, backend: Backend, settings: Settings | None = None) -> Look:
    """Look once (同步一次): cancel what the site no longer runs, submit what it started, bring home ends.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Refused: no cluster runs the campus's jobs.
        SlurmError: Slurm cannot be asked, or a token stands for another request; look again.
        SchedulingError: the journal is in use.
    """
    require(actor, "computing.report_job", campus)
    if campus.runner != Campus.Runner.SLURM:
        raise Refused(
            _("本园区的作业不由 Slurm 执行。"), mend=_("请在“修改园区”中把作业执行改为 Slurm 集群。")
        )
    done = Look()
    wanted = starts_of(campus, settings or Settings())
    known = backend.known()
    # First, so that a submission that was cut short is not let run after its job has ended here.
    for token, held in known.items():
        ours = token.startswith(prefix_of(campus))
        if ours and token not in wanted and not held.final and not held.cancelled:
            backend.cancel(token)
            done.cancelled.append(token)
    for token, start in wanted.items():
        if _is_due(known.get(token)):
            _submit(actor, backend, start, done)
    seen = backend.poll()
    for token, start in wanted.items():
        if token in seen:
            _bring_home(actor, start, seen[token], done)
        elif (
            token in known and known[token].cancelled and fail_start(actor, start, why=str(ENDS["cancelled"]))
        ):
            done.failed.append(start.job.pk)
    done.open = Job.objects.filter(campus=campus, state=State.RUNNING).count()
    return done


def _is_due(held: Held | None) -> bool:
    """Whether a start is to be submitted, or its submission finished."""
    return held is None or not (held.released or held.cancelled or held.final)


def _submit(actor: User | None, backend: Backend, start: Start, done: Look) -> None:
    try:
        backend.submit(start.request)
    except SchedulingError as error:
        if error.kind not in NEVER:
            raise
        if fail_start(actor, start, why=_("Slurm 不接受：%(why)s") % {"why": error}):
            done.refused.append(start.job.pk)
    else:
        done.submitted.append(start.job.pk)


def _bring_home(actor: User | None, start: Start, seen: Seen, done: Look) -> None:
    """Write down what Slurm says of a start, where the site does not know it yet."""
    key, ended = start.job.pk, _moment(seen.ended)
    begun = None if seen.state == "impossible" else _moment(seen.started)
    if begun is not None and begin_start(actor, start, slurm=seen.job, at=begun):
        done.begun.append(key)
    if seen.state == "done" and finish_start(actor, start, at=ended):
        done.finished.append(key)
    if seen.state in ENDS:
        why = str(ENDS[seen.state])
        if seen.exit:
            why = _("%(why)s（退出码 %(exit)d）") % {"why": why, "exit": seen.exit}
        if fail_start(actor, start, why=why, at=ended):
            done.failed.append(key)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _still(start: Start) -> bool:
    """Hold the job's row; whether it still runs, and in the same start."""
    lock(start.job.campus)
    lock(start.job)
    return start.job.state == State.RUNNING and start.job.starts == start.number


def _within(job: Job, at: datetime | None) -> datetime:
    """A time by Slurm's clock, set between the job's start and now; its estimate's end where none is told."""
    now, begun = timezone.now(), job.started_at or timezone.now()
    return min(max(at or begun + timedelta(seconds=job.estimate), begun), now)


@transaction.atomic
def begin_start(actor: User | None, start: Start, *, slurm: int, at: datetime) -> bool:
    """Record that the cluster has begun a start of a job (集群开始运行): its use counts from then on.

    Args:
        slurm: the job's number there.

    Returns:
        Whether it was waiting for that; a second report changes nothing.

    Raises:
        NotAllowed: the actor does not operate the campus.
    """
    require(actor, "computing.report_job", start.job)
    job = start.job
    if not _still(start) or not job.awaits_cluster:
        return False
    job.started_at, job.awaits_cluster = _within(job, at), False
    job.save(update_fields=["started_at", "awaits_cluster", "updated_at"])
    job_entry(actor, "begin_job", job, {"slurm": slurm})
    return True


@transaction.atomic
def finish_start(actor: User | None, start: Start, *, at: datetime | None) -> bool:
    """Record that the cluster has done a job; false where this start has ended already.

    Raises:
        NotAllowed: the actor does not operate the campus.
    """
    require(actor, "computing.report_job", start.job)
    if not _still(start):
        return False
    end(actor, start.job, State.DONE, "finish_job", at=_within(start.job, at))
    return True


@transaction.atomic
def fail_start(actor: User | None, start: Start, *, why: str, at: datetime | None = None) -> bool:
    """Record that a start has failed in the cluster, or was never taken; false where it has ended already.

    Raises:
        NotAllowed: the actor does not operate the campus.
    """
    require(actor, "computing.report_job", start.job)
    if not _still(start):
        return False
    end(actor, start.job, State.FAILED, "fail_job", why=why, at=_within(start.job, at))
    return True
