"""Why a job waits (作业为何排队), in words from the data, and what can be done about it.

Other tenants are never named: sums and counts alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from langqiao.apps.computing.models import Campus, Grant, Job, Server, Slot
from langqiao.apps.computing.queries.queue import (
    WHOLE,
    Block,
    Standing,
    can_run,
    expected_end,
    queue,
    read_standing,
)
from langqiao.kit.figures import day, moment
from langqiao.kit.words import listed, named


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its kind, what keeps the job, and how to mend it (may be empty)."""

    kind: str
    text: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a job waits; ``ahead`` counts the jobs tried before it, None where it can never run."""

    reasons: list[Reason]
    ahead: int | None
    since: datetime


@dataclass(slots=True)
class _Room:
    """What a ready server has left."""

    server: Server
    gpus: list[int]
    cpu: int
    memory: int

    def parts(self, job: Job) -> int:
        """How many parts of a job fit here now."""
        by_gpu = self.by_gpu(job)
        by_cpu = self.cpu // job.cpu_milli if job.cpu_milli else by_gpu
        by_memory = self.memory // job.memory_mib if job.memory_mib else by_gpu
        return max(0, min(by_gpu, by_cpu, by_memory))

    def by_gpu(self, job: Job) -> int:
        """How many parts the GPUs alone would take."""
        if job.gpus > 1:
            return sum(left == WHOLE for left in self.gpus) // job.gpus
        return sum(left // job.gpu_milli for left in self.gpus)


@dataclass(slots=True)
class _Floor:
    """Servers of a job's models: those that are ready with their room, and the states of the others."""

    ready: list[_Room] = field(default_factory=list)
    away: dict[str, int] = field(default_factory=dict)


def why_waiting(job: Job, *, now: datetime | None = None) -> Waiting | None:
    """Why a queued job has not started; None for a job that does not wait."""
    if job.state != Job.State.QUEUED:
        return None
    at = now or timezone.now()
    closed = _closed(job, at)
    if closed:
        return Waiting(closed, None, job.submitted_at)
    found = survey(job.campus, at)
    reasons = _promised(_notices([job.pk]).get(job.pk, []), at) + [
        _limit(block, job) for block in found.standing.blocks(job)
    ]
    reasons += _room(job, found)
    order = queue(job.campus, at)
    ahead = next((place for place, other in enumerate(order) if other.pk == job.pk), None)
    if ahead:
        text = ngettext("前面还有 %(n)s 个作业。", "前面还有 %(n)s 个作业。", ahead) % {"n": ahead}
        reasons.append(
            Reason("behind", text, _("先后依次看：是否在配额之内、近期用量的公平份额、优先级、提交时间。"))
        )
    if not reasons:
        reasons = [Reason("next", _("放得下，等待下一轮调度。"))]
    return Waiting(reasons, ahead, job.submitted_at)


def _closed(job: Job, now: datetime) -> list[Reason]:
    """Why its grant or tenant lets nothing start."""
    if can_run(job, now):
        return []
    grant, today = job.grant, timezone.localdate(now)
    if grant.state != Grant.State.ACTIVE:
        text = _("算力授予%(state)s。") % {"state": grant.get_state_display()}
        return [Reason("grant", text, _("请取消本作业，申请新的算力后重新提交。"))]
    if grant.tenant.is_suspended:
        return [Reason("suspended", _("租户已暂停。"), _("请联系算力运营方。"))]
    if today < grant.starts_on:
        return [Reason("early", _("授予自 %(day)s 起有效。") % {"day": day(grant.starts_on)})]
    text = _("授予已于 %(day)s 到期。") % {"day": day(grant.ends_on)}
    return [Reason("grant", text, _("请取消本作业，申请新的算力后重新提交。"))]


def _notices(keys: Iterable[int]) -> dict[int, list[datetime]]:
    """When jobs give way to each of these."""
    found: dict[int, list[datetime]] = {}
    rows = Job.objects.filter(gives_way_to__in=list(keys), displace_at__isnull=False)
    for waiter, at in rows.values_list("gives_way_to", "displace_at"):
        if waiter is not None and at is not None:
            found.setdefault(waiter, []).append(at)
    return found


def _promised(times: Sequence[datetime], now: datetime) -> list[Reason]:
    """Whose room was promised to a job: those that have notice and run on until then (宽限)."""
    if not times:
        return []
    last = max(times)
    values = {"n": len(times), "when": moment(last)}
    if last <= now:
        text = ngettext(
            "借用算力的 %(n)s 个作业宽限已过，下一轮调度即让出。",
            "借用算力的 %(n)s 个作业宽限已过，下一轮调度即让出。",
            len(times),
        )
    else:
        text = ngettext(
            "借用算力的 %(n)s 个作业已收到让出通知，%(when)s 之后的一轮调度让出。",
            "借用算力的 %(n)s 个作业已收到让出通知，%(when)s 之后的一轮调度让出。",
            len(times),
        )
    return [Reason("promised", text % values, _("让出之前它们继续运行，空出的位置为本作业保留。"))]


def _limit(block: Block, job: Job) -> Reason:
    """A quota that is full, in words."""
    values = {"limit": gpus(block.limit), "used": gpus(block.used), "wanted": gpus(block.wanted)}
    if block.scope == "grant":
        text = _("授予的 GPU 不够：限 %(limit)s 张，已用 %(used)s 张，本作业需 %(wanted)s 张。")
        return Reason("grant_limit", text % values, _("等待本授予的其他作业结束，或申请更多 GPU。"))
    if block.scope == "tenant":
        text = _("本机构配额已满：连同可借用共 %(limit)s 张，已用 %(used)s 张，本作业需 %(wanted)s 张。")
        return Reason("tenant_limit", text % values, _("等待本机构的其他作业结束，或请运营方调整配额。"))
    values["city"] = named(job.grant.tenant.organisation.city)
    text = _("%(city)s的配额已满：连同可借用共 %(limit)s 张，已用 %(used)s 张，本作业需 %(wanted)s 张。")
    return Reason("city_limit", text % values, _("等待同城作业结束，或请运营方调整城市配额。"))


def _room(job: Job, found: Survey) -> list[Reason]:
    """Why it finds no room on the servers; empty where all parts fit now."""
    floor = _floor_for(job, found)
    if not floor.ready:
        if not floor.away:
            text = _("园区没有 %(models)s 的服务器。") % {"models": models_words(job)}
            return [Reason("model", text, _("请取消本作业，放宽型号后重新提交。"))]
        text = _("%(models)s 的服务器都不可用：%(away)s。") % {
            "models": models_words(job),
            "away": _away(floor),
        }
        return [Reason("away", text, _("等待服务器恢复，或放宽型号。"))]
    if sum(room.parts(job) for room in floor.ready) >= job.count:
        return []
    free = sum(sum(room.gpus) for room in floor.ready)
    values = {"free": gpus(free), "wanted": gpus(job.whole_milli), "models": models_words(job)}
    reasons = []
    if free < job.whole_milli:
        text = _("GPU 不够：%(models)s 空闲 %(free)s 张，本作业需 %(wanted)s 张。") % values
        reasons.append(Reason("full", text, _next_end(job, found, floor)))
    else:
        reasons.append(_fragmented(job, floor, values))
    if floor.away:
        reasons.append(Reason("away", _("另有服务器不可用：%(away)s。") % {"away": _away(floor)}))
    return reasons


def _fragmented(job: Job, floor: _Floor, values: dict[str, str]) -> Reason:
    """Enough GPUs are free, but not together, or not with the CPU or memory that a part needs."""
    if sum(room.by_gpu(job) for room in floor.ready) >= job.count:
        short_cpu = (
            sum(min(room.by_gpu(job), _by(room.cpu, job.cpu_milli)) for room in floor.ready) < job.count
        )
        text = _("空闲 %(free)s 张 GPU，但所在服务器剩余的处理器不够。")
        if not short_cpu:
            text = _("空闲 %(free)s 张 GPU，但所在服务器剩余的内存不够。")
        text %= values
        return Reason("fragment", text, _("减少每组的处理器与内存，可更早开始。"))
    if job.gpus > 1:
        text = _("空闲 %(free)s 张 GPU 分散在各服务器，凑不出 %(count)s 组、每组同一台上 %(gpus)s 张整卡。")
        text %= {**values, "count": job.count, "gpus": job.gpus}
        return Reason("fragment", text, _("减少每组 GPU 数、增加组数，可更早开始。"))
    text = _("空闲的 %(free)s 张 GPU 是零散份额，凑不出 %(count)s 份、每份 %(milli)s‰ 的卡。") % {
        **values,
        "count": job.count,
        "milli": job.gpu_milli,
    }
    return Reason("fragment", text, _("减少每卡份额，可更早开始。"))


def _by(amount: int, need: int) -> int:
    return amount // need if need else 1 << 30


def _next_end(job: Job, found: Survey, floor: _Floor) -> str:
    """When enough GPUs come free by the estimates of the jobs that run on these servers."""
    standing = found.standing
    held: dict[int, int] = {}
    for room in floor.ready:
        for slot in found.slots.get(room.server.pk, []):
            held[slot.job_id] = held.get(slot.job_id, 0) + slot.milli
    need = job.whole_milli - sum(sum(room.gpus) for room in floor.ready)
    ends = sorted((expected_end(standing.running[key], standing.now), key) for key in held)
    for when, key in ends:
        need -= held[key]
        if need <= 0:
            if when <= standing.now:
                return _("占用的作业已超过估计时长，随时可能结束。")
            return _("按在途作业的估计时长，%(when)s 前后可空出。") % {"when": moment(when)}
    return _("等待服务器恢复，或减少 GPU 数。")


@dataclass(slots=True)
class Survey:
    """A campus's standing, its servers with GPUs, and the slots on each; read once for all its jobs."""

    standing: Standing
    servers: list[Server]
    slots: dict[int, list[Slot]]


def survey(campus: Campus, now: datetime) -> Survey:
    """Read what the reasons of a campus's jobs are drawn from."""
    slots: dict[int, list[Slot]] = {}
    for slot in Slot.objects.filter(job__campus=campus).select_related("job"):
        slots.setdefault(slot.server_id, []).append(slot)
    servers = Server.objects.filter(rack__hall__building__campus=campus, gpus__gte=1)
    return Survey(
        read_standing(campus, now), list(servers.exclude(state=Server.State.RETIRED).order_by("pk")), slots
    )


def _floor_for(job: Job, found: Survey) -> _Floor:
    floor = _Floor()
    for server in found.servers:
        if job.gpu_models and server.gpu_model not in job.gpu_models:
            continue
        if job.domestic_only and not server.is_domestic:
            continue
        if server.state != Server.State.READY:
            label = str(server.get_state_display())
            floor.away[label] = floor.away.get(label, 0) + 1
            continue
        here = found.slots.get(server.pk, [])
        left = [WHOLE] * server.gpus
        for slot in here:
            if slot.gpu < server.gpus:
                left[slot.gpu] -= slot.milli
        parts = {(slot.job_id, slot.part): slot.job for slot in here}
        floor.ready.append(
            _Room(
                server,
                left,
                server.cpu_milli - sum(one.cpu_milli for one in parts.values()),
                server.memory_mib - sum(one.memory_mib for one in parts.values()),
            )
        )
    return floor


def models_words(job: Job) -> str:
    """The models that a job takes, in words."""
    models = listed(job.gpu_models) if job.gpu_models else _("任意型号")
    return _("%(models)s（国产芯片）") % {"models": models} if job.domestic_only else models


def _away(floor: _Floor) -> str:
    return listed(
        ngettext("%(n)s 台%(state)s", "%(n)s 台%(state)s", n) % {"n": n, "state": state}
        for state, n in floor.away.items()
    )


def gpus(milli: int) -> str:
    """GPUs from thousandths, without needless zeros.

    >>> gpus(2500), gpus(8000)
    ('2.5', '8')
    """
    return f"{milli / WHOLE:g}" if milli < 1_000_000 * WHOLE else str(milli // WHOLE)


def waiting_of(jobs: Sequence[Job]) -> dict[int, str]:
    """The first reason of each queued job, for a list; each campus is read once."""
    now = timezone.now()
    found: dict[int, str] = {}
    notices = _notices(job.pk for job in jobs)
    surveys: dict[int, Survey] = {}
    for job in jobs:
        if job.state != Job.State.QUEUED:
            continue
        if closed := _closed(job, now):
            found[job.pk] = closed[0].text
            continue
        if job.campus_id not in surveys:
            surveys[job.campus_id] = survey(job.campus, now)
        here = surveys[job.campus_id]
        blocks = here.standing.blocks(job)
        reasons = _promised(notices.get(job.pk, []), now)
        reasons = reasons or ([_limit(blocks[0], job)] if blocks else _room(job, here))
        found[job.pk] = reasons[0].text if reasons else _("排队中，等待调度。")
    return found
