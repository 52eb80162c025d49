"""Pages of jobs: the queue, a job and why it waits, and the operator's round."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.computing.domain import jobs as domain
from langqiao.apps.computing.domain.scheduling import schedule
from langqiao.apps.computing.forms.jobs import JobForm
from langqiao.apps.computing.forms.parts import ReasonForm
from langqiao.apps.computing.listings.sharing import state_badge
from langqiao.apps.computing.models import Campus, Job
from langqiao.apps.computing.queries import jobs as queries
from langqiao.apps.computing.queries.queue import WHOLE
from langqiao.apps.computing.queries.sharing import thread
from langqiao.apps.computing.queries.waiting import models_words, why_waiting
from langqiao.apps.computing.views.parts import reason
from langqiao.kit.acting import Act, actor, add_refusal, back, do, form_page, key
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import NotAllowed, Refused

State = Job.State
STEPS = (State.QUEUED, State.RUNNING, State.DONE)


def readable_job(request: HttpRequest, pk: int) -> Job:
    """The job, or 404."""
    return get_object_or_404(queries.visible_jobs(request.user), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def job_new(request: HttpRequest) -> HttpResponse:
    """Submit a job under one of the grants of the actor's organisation."""
    grants = queries.grants_to_use(request.user)
    if not grants.exists():
        raise NotAllowed(
            _("您的机构没有可用的算力授予。"), mend=_("请先提交算力申请；获批后即可在授予之下提交作业。")
        )
    wanted = grants.filter(pk=key(request.GET.get("grant"))).first()
    initial = {"grant": wanted.pk} if wanted is not None else {}
    form = JobForm(request.POST or None, grants=grants, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.values()
        try:
            job = domain.submit_job(actor(request), form.cleaned_data["grant"], **values)
            return back(request, job, _("作业已提交，正在排队。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("提交作业"),
        lead=_("各组要求相同；按估计时长占用授予的 GPU 时。"),
        button=_("提交"),
        cancel=reverse("job_list"),
    )


def steps_of(job: Job) -> list[tuple[Any, str]]:
    """The step line of a job."""
    labels = dict(State.choices)
    if job.state in (State.FAILED, State.CANCELLED):
        ran = job.started_at is not None
        states = ["done", "done" if ran else "next", "off"]
        return [
            *((labels[state], mark) for state, mark in zip(STEPS[:2], states, strict=False)),
            (labels[job.state], "off"),
        ]
    at = STEPS.index(State(job.state))
    marks = ["done" if n < at or job.state == State.DONE else "now" if n == at else "next" for n in range(3)]
    return [(labels[state], mark) for state, mark in zip(STEPS, marks, strict=True)]


@login_required
@require_safe
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A job: why it waits, where it runs, what it used, its acts."""
    job = readable_job(request, pk)
    user = request.user
    is_open = job.state in (State.QUEUED, State.RUNNING)
    reports = allowed(user, "computing.report_job", job)
    context = {
        "job": job,
        "tenant": job.grant.tenant,
        "badge_state": state_badge(job),
        "steps": steps_of(job),
        "waiting": why_waiting(job),
        "parts": queries.parts_of(job),
        "reads_servers": allowed(user, "computing.read_servers", job.campus),
        "models": models_words(job),
        "cores": job.cpu_milli / WHOLE,
        "memory_gib": job.memory_mib / 1024,
        "hours": job.estimate / 3600,
        "is_displaced_now": job.displace_at is not None and job.displace_at <= timezone.now(),
        "script": job.script if allowed(user, "computing.cancel_job", job) else "",
        "held_seconds": domain.seconds_of(job) if is_open else 0,
        "usage": list(job.usage.select_related("bill").order_by("pk")),
        "may_cancel": is_open and allowed(user, "computing.cancel_job", job),
        "may_finish": job.state == State.RUNNING and reports,
        "may_fail": is_open and reports,
        "may_submit": not is_open and allowed(user, "computing.submit_job", job.grant),
        "reason_form": ReasonForm(),
        "entries": thread(job, user),
    }
    return render(request, "computing/jobs/job_detail.html", context)


def _cancel(request: HttpRequest, job: Job) -> Any:
    domain.cancel_job(actor(request), job, why=request.POST.get("why", ""))
    return _("作业已取消，未用的 GPU 时已退回。")


def _finish(request: HttpRequest, job: Job) -> Any:
    domain.finish_job(actor(request), job)
    return _("已登记完成，用量已计。")


def _fail(request: HttpRequest, job: Job) -> Any:
    domain.fail_job(actor(request), job, why=reason(request))
    return _("已登记失败，用量已计。")


ACTS: dict[str, Act] = {"cancel": _cancel, "finish": _finish, "fail": _fail}


@login_required
@require_POST
def job_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Cancel a job, or record its end."""
    return do(request, ACTS, act, readable_job(request, pk))


def _schedule(request: HttpRequest, campus: Campus) -> Any:
    done = schedule(actor(request), campus)
    values = {
        "started": len(done.started), "noticed": len(done.noticed), "preempted": len(done.preempted),
        "waiting": done.waiting,
    }  # fmt: skip
    words = _(
        "本轮开始 %(started)s 个，通知让出 %(noticed)s 个，抢占 %(preempted)s 个；仍有 %(waiting)s 个排队。"
    )
    return words % values


@login_required
@require_POST
def queue_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Run a round over a campus's queue."""
    campus = get_object_or_404(Campus, pk=pk)
    return do(request, {"schedule": _schedule}, act, campus, where="job_list")
