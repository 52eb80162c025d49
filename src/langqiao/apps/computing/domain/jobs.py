"""Jobs (作业): submitted under a grant, ended, cancelled, or put back when their server falls out.

Every verb holds the campus's row first, so that verbs and scheduling rounds of one campus queue on it and a
grant's seconds are read and written by one at a time.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.computing.domain.scripts import clean_script
from langqiao.apps.computing.models import JOB_TRANSITIONS, Grant, Job, Request, Server, Usage
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.acts import (
    TITLE_AT_MOST,
    clean,
    clean_reason,
    enter,
    lock,
    move,
    must_be_in,
)
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.words import listed

State = Job.State
WHOLE = 1000
NAME_AT_MOST = 120
TOKEN_AT_MOST = 40
MODELS_AT_MOST = 20
# Lowest and highest value of each number of a job.
RANGES: dict[str, tuple[int, int]] = {
    "cpu_milli": (0, 2_000_000_000),
    "memory_mib": (0, 2_000_000_000),
    "gpus": (1, 64),
    "gpu_milli": (1, WHOLE),
    "count": (1, 4096),
    "estimate": (60, 366 * 86_400),
    "priority": (-100, 100),
}
SECOND = Decimal("0.001")
RUN = ("awaits_cluster", "displace_at", "gives_way_to")
"""Fields of a job that speak of its present run alone."""


class JobValues(TypedDict, total=False):
    """What a job asks for; ``gpu_models`` empty means any, ``estimate`` is in seconds.

    ``script`` is the batch script, needed on a campus whose jobs a cluster runs.
    """

    name: str
    cpu_milli: int
    memory_mib: int
    gpus: int
    gpu_milli: int
    gpu_models: Sequence[str]
    domestic_only: bool
    count: int
    estimate: int
    priority: int
    script: str


def seconds_of(job: Job) -> int:
    """GPU seconds (GPU 秒) that a waiting or running job holds of its grant: all parts for the estimate."""
    return -(-job.whole_milli * job.estimate // WHOLE)


@transaction.atomic
def submit_job(
    actor: User | None,
    grant: Grant,
    *,
    token: str = "",
    at: datetime | None = None,
    **values: Unpack[JobValues],
) -> Job:
    """Submit a job (提交作业): it queues, and its estimate is held of the grant.

    Args:
        token: chosen by the caller; the same token again returns the job that it made and holds nothing more,
            so that a call may be repeated after a crash.

    Raises:
        NotAllowed: the actor is not of the grant's organisation.
        Refused: the grant is over or not begun, its tenant is suspended, its hours do not suffice, or no
            server of the campus could ever hold a part.
        Invalid: a value is missing or wrong, or the token belongs to another job.
    """
    require(actor, "computing.submit_job", grant)
    campus = lock(grant.tenant.campus)
    lock(grant)
    cleaned = _cleaned(values, grant.request)
    cleaned["script"] = clean_script(campus, values.get("script", ""))
    token = clean(token, "token", most=TOKEN_AT_MOST, lines=False, required=False) or secrets.token_hex(16)
    known = Job.objects.filter(token=token).first()
    if known is not None:
        if known.grant_id != grant.pk or any(getattr(known, name) != cleaned[name] for name in cleaned):
            raise Invalid(
                _("该提交凭号已用于另一个作业。"), mend=_("请换一个凭号，或不填写。"), field="token"
            )
        return known
    now = at or timezone.now()
    _grant_takes(grant, now)
    job = Job(campus=campus, grant=grant, case=grant.request.case, token=token, submitted_at=now, **cleaned)
    job.created_by = actor
    if job.whole_milli > grant.gpus * WHOLE:
        raise Invalid(
            _("作业共需 %(wanted)s 张 GPU，授予的是 %(granted)s 张。")
            % {"wanted": f"{job.whole_milli / WHOLE:g}", "granted": grant.gpus},
            mend=_("请减少成组数或每组 GPU 数，或申请更多。"),
            field="count",
        )
    _fits_somewhere(job)
    left = grant.gpu_hours * 3600 - grant.used_seconds - grant.held_seconds
    if seconds_of(job) > left:
        raise Refused(
            _("授予的 GPU 时不足：作业按估计需 %(wanted)s，余 %(left)s。")
            % {"wanted": f"{seconds_of(job) / 3600:.1f}", "left": f"{max(left, 0) / 3600:.1f}"},
            mend=_("请缩短估计时长、等待在途作业结束，或申请更多 GPU 时。"),
            field="estimate",
        )
    job.save()
    grant.held_seconds += seconds_of(job)
    grant.save(update_fields=["held_seconds", "updated_at"])
    job_entry(actor, "submit_job", job, {"gpu_milli": job.whole_milli, "held_seconds": seconds_of(job)})
    return job


def _cleaned(values: JobValues, request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {"gpu_milli": WHOLE, "count": 1, "priority": 0, **values}
    found.pop("script", None)
    if unknown := set(found) - {*RANGES, "name", "gpu_models", "domestic_only"}:
        raise Invalid(_("没有这一项：%(name)s。") % {"name": min(unknown)}, field=min(unknown))
    for name, (low, high) in RANGES.items():
        given = found.get(name)
        if isinstance(given, bool) or not isinstance(given, int):
            raise Invalid(_("此项必填，须为整数。"), field=name)
        if not low <= given <= high:
            raise Invalid(_("须在 %(low)s 与 %(high)s 之间。") % {"low": low, "high": high}, field=name)
    if found["gpus"] > 1 and found["gpu_milli"] != WHOLE:
        raise Invalid(
            _("多张 GPU 只能整卡使用。"), mend=_("请把每卡份额设为 1000，或只用一张。"), field="gpu_milli"
        )
    found["name"] = clean(found.get("name", ""), "name", most=min(NAME_AT_MOST, TITLE_AT_MOST), lines=False)
    models = sorted(
        {clean(model, "gpu_models", most=40, lines=False) for model in found.get("gpu_models", ())}
    )
    if len(models) > MODELS_AT_MOST:
        raise Invalid(_("型号过多。"), field="gpu_models")
    if request.gpu_models and (beyond := set(models) - set(request.gpu_models)):
        raise Invalid(
            _("申请中没有型号 %(models)s。") % {"models": listed(sorted(beyond))},
            mend=_("可用：%(models)s。") % {"models": listed(request.gpu_models)},
            field="gpu_models",
        )
    found["gpu_models"] = models or sorted(request.gpu_models)
    # What was granted on domestic chips runs on domestic chips.
    found["domestic_only"] = bool(found.get("domestic_only")) or request.chips == Request.Chips.DOMESTIC
    return found


def _grant_takes(grant: Grant, now: datetime) -> None:
    """Refuse a job of a grant that is over or not begun, or of a suspended tenant."""
    must_be_in(grant, Grant.State.ACTIVE)
    today = timezone.localdate(now)
    if today < grant.starts_on:
        raise Refused(
            _("授予自 %(day)s 起有效。") % {"day": grant.starts_on}, mend=_("请到期后提交。"), field="grant"
        )
    if today > grant.ends_on:
        raise Refused(
            _("授予已于 %(day)s 到期。") % {"day": grant.ends_on}, mend=_("请申请新的算力。"), field="grant"
        )
    if grant.tenant.is_suspended:
        raise Refused(_("租户已暂停。"), mend=_("请联系算力运营方。"), field="grant")


def _fits_somewhere(job: Job) -> None:
    """Refuse a job of which no server of the campus could hold a part even when empty."""
    servers = Server.objects.filter(
        rack__hall__building__campus=job.campus, gpus__gte=job.gpus, cpu_milli__gte=job.cpu_milli,
        memory_mib__gte=job.memory_mib,
    ).exclude(state=Server.State.RETIRED)  # fmt: skip
    if job.gpu_models:
        servers = servers.filter(gpu_model__in=job.gpu_models)
    if job.domestic_only:
        servers = servers.filter(is_domestic=True)
    if not servers.exists():
        raise Refused(
            _("没有一台服务器能容下一组：型号、GPU 数、处理器或内存超出了所有服务器。"),
            mend=_("请减少每组的 GPU、处理器或内存，或放宽型号。"),
            field="gpus",
        )


@transaction.atomic
def cancel_job(actor: User | None, job: Job, *, why: str = "", at: datetime | None = None) -> Job:
    """Cancel a waiting or running job (取消作业); what it ran is counted, the rest goes back to the grant.

    Raises:
        NotAllowed: the actor is neither of its organisation nor the campus's operator.
        Refused: it has ended.
    """
    require(actor, "computing.cancel_job", job)
    words = clean(why, "why", most=500, lines=False, required=False)
    return end(actor, job, State.CANCELLED, "cancel_job", why=words, at=at)


@transaction.atomic
def finish_job(actor: User | None, job: Job, *, at: datetime | None = None) -> Job:
    """Record that a running job is done (作业完成) and count what it used.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Refused: it does not run.
        Invalid: it cannot have ended at that time.
    """
    require(actor, "computing.report_job", job)
    return end(actor, job, State.DONE, "finish_job", at=at)


@transaction.atomic
def fail_job(actor: User | None, job: Job, *, why: str, at: datetime | None = None) -> Job:
    """Record that a job has failed (作业失败), with the reason; what it ran is counted.

    Raises:
        NotAllowed: the actor does not operate the campus.
        Refused: it has ended.
        Invalid: no reason, or it cannot have ended at that time.
    """
    require(actor, "computing.report_job", job)
    return end(actor, job, State.FAILED, "fail_job", why=clean_reason(why), at=at)


@transaction.atomic
def interrupt(actor: User | None, server: Server, *, why: str = "", at: datetime | None = None) -> list[Job]:
    """Take every job off a server that fell out (服务器故障或维护): they queue again, or end without hours.

    Returns:
        The jobs that ran there, as they are now.

    Raises:
        NotAllowed: the actor does not operate the campus.
    """
    require(actor, "computing.run_servers", server)
    lock(server.rack.hall.building.campus)
    words = clean(why, "why", most=300, lines=False, required=False)
    reason = str(_("服务器 %(name)s 停用")) % {"name": server.name} + (f"：{words}" if words else "")
    jobs = Job.objects.filter(state=State.RUNNING, slots__server=server).distinct().order_by("pk")
    return [requeue(actor, job, "interrupt_job", why=reason, at=at) for job in jobs]


def end(
    actor: User | None, job: Job, state: State, verb: str, *, why: str = "", at: datetime | None = None
) -> Job:
    """End a job inside the caller's transaction: slots, usage, grant, state and entry.

    Raises:
        Refused: its state does not allow it.
        Invalid: it cannot have ended at that time.
    """
    _lock(job)
    ran = job.state == State.RUNNING
    move(job, state, JOB_TRANSITIONS)
    now = _moment(job, at)
    used = _stop(job, now) if ran else 0
    _settle(job, used=used, held=-seconds_of(job))
    job.ended_at, job.why = now, why[:500]
    job.awaits_cluster, job.displace_at, job.gives_way_to = False, None, None
    job.save(update_fields=["state", "ended_at", "why", *RUN, "updated_at"])
    entry = job_entry(actor, verb, job, {"gpu_seconds": used})
    if state == State.FAILED:
        tell_submitter(job, _("作业“%(name)s”已失败。"), entry)
    return job


def requeue(
    actor: User | None, job: Job, verb: str, *, why: str, preempted: bool = False, at: datetime | None = None
) -> Job:
    """Put a running job back into the queue inside the caller's transaction; what it ran is counted.

    It fails where its grant has no hours left to run it again.
    """
    _lock(job)
    move(job, State.QUEUED, JOB_TRANSITIONS)
    now = _moment(job, at)
    used = _stop(job, now)
    grant = job.grant
    total = grant.gpu_hours * 3600
    job.started_at = None
    job.awaits_cluster, job.displace_at, job.gives_way_to = False, None, None
    job.preempted += int(preempted)
    job.why = why[:500]
    if grant.used_seconds + used + grant.held_seconds > total:
        _settle(job, used=used, held=-seconds_of(job))
        move(job, State.FAILED, JOB_TRANSITIONS)
        job.ended_at = now
        job.why = str(_("%(why)s；授予的 GPU 时不足以重跑") % {"why": why})[:500]
    else:
        _settle(job, used=used, held=0)
    job.save(update_fields=["state", "started_at", "ended_at", "preempted", "why", *RUN, "updated_at"])
    entry = job_entry(actor, verb, job, {"gpu_seconds": used, "state": str(job.state)})
    failed = job.state == State.FAILED
    tell_submitter(job, _("作业“%(name)s”已失败。") if failed else _("作业“%(name)s”已回到队列。"), entry)
    return job


def _lock(job: Job) -> None:
    lock(job.campus)
    lock(job)
    job.grant = lock(job.grant)


def _moment(job: Job, at: datetime | None) -> datetime:
    now = timezone.now()
    if at is None:
        return max(now, job.started_at or now)
    if at > now or at < (job.started_at or job.submitted_at):
        raise Invalid(_("结束时间须在开始之后、现在之前。"), mend=_("请检查时间，或不填写。"), field="at")
    return at


def _stop(job: Job, now: datetime) -> int:
    """Write the usage of a run, give its slots back; the GPU seconds, rounded up to whole ones.

    A run that its cluster never began has used nothing.
    """
    if job.started_at is None:
        raise Invalid(_("作业没有开始时间。"), field="at")
    if job.awaits_cluster:
        job.slots.all().delete()
        return 0
    held: dict[str, int] = defaultdict(int)
    domestic: dict[str, bool] = {}
    for slot in job.slots.select_related("server"):
        model = slot.server.gpu_model
        held[model] += slot.milli
        domestic[model] = domestic.get(model, True) and slot.server.is_domestic
    span = Decimal(str((now - job.started_at).total_seconds()))
    rows = [
        Usage(
            job=job, tenant_id=job.grant.tenant_id, gpu_model=model, is_domestic=domestic[model],
            starts_at=job.started_at, ends_at=now,
            gpu_seconds=(span * milli / WHOLE).quantize(SECOND, rounding=ROUND_CEILING),
        )
        for model, milli in sorted(held.items())
    ]  # fmt: skip
    Usage.objects.bulk_create(rows)
    job.slots.all().delete()
    return sum(charged(row.gpu_seconds) for row in rows)


def charged(gpu_seconds: Decimal) -> int:
    """GPU seconds of a usage row as its grant is charged for them: whole ones, rounded up."""
    return int(gpu_seconds.to_integral_value(rounding=ROUND_CEILING))


def _settle(job: Job, *, used: int, held: int) -> None:
    grant = job.grant
    grant.used_seconds += used
    grant.held_seconds += held
    grant.save(update_fields=["used_seconds", "held_seconds", "updated_at"])


def job_entry(actor: User | None, verb: str, job: Job, data: Mapping[str, Any] | None = None) -> Entry:
    """The ledger entry of an act on a job, in its case."""
    organisation = job.grant.tenant.organisation
    return enter(
        actor, verb, job, case=job.case, city=organisation.city_id, organisation=organisation, data=data
    )


def tell_submitter(job: Job, text: object, entry: Entry) -> None:
    """Notify whoever submitted a job; the text may name it with ``%(name)s``."""
    if job.created_by is not None:
        tell(
            [job.created_by],
            text,
            {"name": job.name},
            url=reverse("job_detail", args=[job.pk]),
            event=f"ledger:{entry.sequence}",
        )
