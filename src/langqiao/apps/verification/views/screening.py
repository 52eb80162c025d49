"""The document check (资料审查): the points beside the content, one application after the other."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from langqiao.apps.verification.domain.screening import checks_late, screen
from langqiao.apps.verification.forms.screening import ScreeningForm
from langqiao.apps.verification.listings.calls import application_badge
from langqiao.apps.verification.models import (
    HANDED_IN,
    Application,
    ApplicationState,
    Call,
    CallState,
    Screening,
)
from langqiao.apps.verification.queries.calls import screened_applications
from langqiao.apps.verification.queries.content import content_of
from langqiao.apps.verification.views.applications import VERDICT_TONES, known_application
from langqiao.apps.verification.views.hub import awaits_screening
from langqiao.kit.acting import actor
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Refused


def _verdicts(call: Call, application: Application) -> list[str]:
    """The verdicts that are possible now; the verb refuses all others."""
    verdict = Screening.Verdict
    if checks_late(call):
        return [verdict.ACCEPT, verdict.REJECT]
    if application.state == ApplicationState.RETURNED:
        return [verdict.REJECT]
    if call.state == CallState.OPEN:
        return [verdict.RETURN]
    return [verdict.ACCEPT, verdict.RETURN, verdict.REJECT]


def _why_not(call: Call, application: Application) -> Any:
    """Why there is nothing to check now, in words."""
    if application.state == ApplicationState.RETURNED:
        return _("申报已退回，等待申报单位补正；逾期未补正的，可在资料审查环节不予受理。")
    if call.state == CallState.DRAFT or not any(step["kind"] == "documents" for step in call.chain):
        return _("该征集的评选流程没有资料审查。")
    if application.state in (ApplicationState.SUBMITTED, ApplicationState.ACCEPTED):
        if not application.screenings.all():
            return _("现在不是资料审查阶段。")
        return _("已作出审查结论。")
    return _("申报处于“%(now)s”状态，不再审查。") % {"now": application.get_state_display()}


def _changed(application: Application, last: Screening | None) -> set[str] | None:
    """Keys whose value differs from the version that was checked last; None when there is none."""
    if last is None or last.version == application.version:
        return None
    versions = {one.number: one.content["values"] for one in application.versions.all()}
    before, now = versions.get(last.version, {}), versions.get(application.version or 0, {})
    return {key for key in {*before, *now} if before.get(key) != now.get(key)}


@login_required
@require_http_methods(["GET", "POST"])
def screening_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The points of one application; recorded, the next one that waits is shown."""
    application, user = known_application(request, pk), request.user
    call = application.call
    if application.state not in HANDED_IN or not allowed(user, "verification.screen", application):
        raise Http404
    rows = list(screened_applications(call))
    keys = [row.pk for row in rows]
    place = keys.index(application.pk)
    waiting = [row for row in [*rows[place + 1 :], *rows[:place]] if awaits_screening(call, row)]
    last = application.screenings.last()
    may = awaits_screening(call, application)
    # Findings on an earlier version are a start for the corrected one.
    before = last.points if last else {}
    form = ScreeningForm(
        request.POST or None, points=call.screening, before=before, verdicts=_verdicts(call, application)
    )
    if request.method == "POST" and form.is_valid():
        try:
            screen(actor(request), application, **form.values())
            return _recorded(request, application, waiting)
        except Refused as refused:
            form.add_refusal(refused)
    screenings = list(application.screenings.select_related("by"))
    for one in screenings:
        one.tone = VERDICT_TONES[Screening.Verdict(one.verdict)]  # type: ignore[attr-defined]
    changed = _changed(application, last)
    context = {
        "application": application,
        "call": call,
        "content": content_of(application, user),
        "promises": list(application.promises.all()),
        "form": form,
        "points": form.points,
        "state": application_badge(application),
        "may_screen": may,
        "why_not": "" if may else _why_not(call, application),
        "screenings": screenings[::-1],
        "last": last,
        "changed": changed,
        "place": place + 1,
        "count": len(rows),
        "previous": rows[place - 1] if place else None,
        "next": rows[place + 1] if place + 1 < len(rows) else None,
        "next_open": waiting[0] if waiting else None,
    }
    status = 422 if form.errors else 200
    return render(request, "verification/applications/screening.html", context, status=status)


def _recorded(request: HttpRequest, application: Application, waiting: list[Application]) -> HttpResponse:
    done = _("申报 %(number)d 的审查结论已记录。") % {"number": application.number or 0}
    messages.success(request, str(done))
    if request.POST.get("then") == "next":
        if waiting:
            return redirect("screening_detail", pk=waiting[0].pk)
        return redirect(application.call)
    return redirect("screening_detail", pk=application.pk)
