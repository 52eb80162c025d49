"""Pages of whoever chairs: a round's progress, its disagreement, the defences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from langqiao.apps.verification.domain import defence, rounds
from langqiao.apps.verification.domain.assigning import remind_reviewers
from langqiao.apps.verification.forms.reviews import DueForm, EliminateForm, PlanForm, SlotForm
from langqiao.apps.verification.listings.reviews import (
    DefenceListing,
    DisagreementListing,
    RoundReviewListing,
)
from langqiao.apps.verification.models import Application, Round, RoundState, StepKind
from langqiao.apps.verification.queries import reviews as queries
from langqiao.apps.verification.views.parts import Primary, address
from langqiao.kit.acting import actor, back, read, tell_refusal
from langqiao.kit.listing import list_view
from langqiao.kit.refusals import Refused

SLOTS_SHOWN = 100
defence_list = login_required(list_view(DefenceListing))


def chaired(request: HttpRequest, pk: int) -> Round:
    """A round the viewer chairs, or 404."""
    round = queries.chaired_round(request.user, pk)
    if round is None:
        raise Http404
    return round


def _choices(applications: list[Application]) -> list[tuple[int, str]]:
    return [(application.pk, rounds.numbered(application)) for application in applications]


def _dialog(
    act: str, title: Any, form: forms.Form, text: Any = "", *, danger: bool = False
) -> dict[str, Any]:
    return {"id": f"{act}-dialog", "act": act, "title": title, "form": form, "text": text, "danger": danger}


@login_required
@require_safe
def round_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A round: how far it is, who is late, and what the chair can do now."""
    round = chaired(request, pk)
    by_application, by_reviewer = queries.progress(round)
    applications = rounds.under_review(round)
    served = {row.who.pk for row in by_application}
    is_defence = round.kind == StepKind.DEFENCE
    slots = list(round.slots.select_related("application").order_by("at")[:SLOTS_SHOWN]) if is_defence else []
    assigned = sum(row.assigned for row in by_reviewer)
    submitted = sum(row.submitted for row in by_reviewer)
    context = {
        "round": round,
        "call": round.call,
        "round_name": rounds.round_name(round),
        "steps": _steps(round),
        "by_application": by_application,
        "by_reviewer": by_reviewer,
        "lacking": [application for application in applications if application.pk not in served],
        "assigned": assigned,
        "submitted": submitted,
        "late": sum(row.is_late for row in by_reviewer),
        "over": queries.is_over(round),
        "is_defence": is_defence,
        "slots": slots,
        "unplaced": len({one.pk for one in applications} - {slot.application_id for slot in slots}),
        "primary": _primary(round, complete=bool(assigned) and assigned == submitted),
        "assignment_url": address("round_assignment", round.pk),
        "pool_url": address("call_pool", round.call_id),
        "dialogs": _dialogs(round, applications),
        "may": _may(round, waiting=submitted < assigned, some=submitted > 0, left=bool(applications)),
        "mismatches": queries.verify_reviews(round) if submitted else [],
        "count": len(applications),
    }
    return render(request, "verification/reviews/round.html", context)


def _steps(round: Round) -> list[tuple[str, str]]:
    """The line of states; a round without discussion passes it by."""
    order = list(RoundState)
    at = order.index(RoundState(round.state))
    return [
        (str(state.label), "now" if i == at else "done" if i < at else "next")
        for i, state in enumerate(order)
    ]


def _primary(round: Round, *, complete: bool) -> Primary | None:
    """The one thing to do next."""
    if round.state == RoundState.PREPARING:
        return Primary(_("开始评审"), icon="player-play", dialog="start-dialog")
    if round.state == RoundState.CLOSED:
        return Primary(_("回到征集"), icon="arrow-left", url=round.call.get_absolute_url())
    if complete:
        return Primary(
            _("结束本轮"),
            icon="flag",
            act="close",
            confirm=_("结束本轮评审？评分随即确定，讨论不再开放。"),
        )
    return None


def _may(round: Round, *, waiting: bool, some: bool, left: bool) -> dict[str, bool]:
    running = round.state in (RoundState.REVIEWING, RoundState.DISCUSSING)
    at_it = round.call.step == round.step
    return {
        "remind": running and waiting,
        "extend": running,
        "discuss": round.state == RoundState.REVIEWING and some,
        "close": running and waiting,
        "eliminate": round.state == RoundState.CLOSED and at_it and left,
        "schedule": round.kind == StepKind.DEFENCE and round.state != RoundState.CLOSED and left,
        "compare": some,
    }


def _dialogs(round: Round, applications: list[Application]) -> list[dict[str, Any]]:
    """The dialogs of what can be done now."""
    found = []
    if round.state == RoundState.PREPARING:
        text = _("开始后，专家可以看到分配给自己的申报并填写意见。")
        found.append(_dialog("start", _("开始评审"), DueForm(), text))
    if round.state in (RoundState.REVIEWING, RoundState.DISCUSSING):
        found.append(_dialog("extend", _("调整截止"), DueForm(initial={"due_at": round.due_at})))
    if round.state == RoundState.CLOSED and applications:
        text = _("该申报不再进入下一环节，申报单位会收到通知。不能撤销。")
        chosen = EliminateForm(_choices(applications))
        found.append(_dialog("eliminate", _("淘汰申报"), chosen, text, danger=True))
    if round.kind == StepKind.DEFENCE and round.state != RoundState.CLOSED and applications:
        text = _("按序号为尚未安排的申报依次排期，双方都会收到通知。")
        found.append(_dialog("plan", _("依次排期"), PlanForm(auto_id="plan-%s"), text))
        slot = SlotForm(_choices(applications), auto_id="slot-%s")
        found.append(_dialog("schedule", _("安排一场答辩"), slot, _("已有安排的申报会改到新的时间。")))
    return found


# -- acts ---------------------------------------------------------------------------------------


def _start(request: HttpRequest, round: Round) -> Any:
    rounds.start_reviewing(actor(request), round, **read(DueForm(request.POST)))
    return _("评审已开始，专家已收到通知。")


def _extend(request: HttpRequest, round: Round) -> Any:
    rounds.extend_round(actor(request), round, **read(DueForm(request.POST)))
    return _("截止时间已调整。")


def _remind(request: HttpRequest, round: Round) -> Any:
    told = remind_reviewers(actor(request), round)
    return _("已提醒 %(n)d 位专家。") % {"n": told}


def _discuss(request: HttpRequest, round: Round) -> Any:
    rounds.open_discussion(actor(request), round)
    return _("讨论已开启。")


def _close(request: HttpRequest, round: Round) -> Any:
    rounds.close_round(actor(request), round)
    return _("本轮评审已结束。")


def _eliminate(request: HttpRequest, round: Round) -> Any:
    values = read(EliminateForm(_choices(rounds.under_review(round)), request.POST))
    application = get_object_or_404(Application, pk=values["application"], call=round.call_id)
    rounds.eliminate(actor(request), application, why=values["why"])
    return _("该申报已标为“未进入下一环节”。")


def _schedule(request: HttpRequest, round: Round) -> Any:
    values = read(SlotForm(_choices(rounds.under_review(round)), request.POST))
    application = get_object_or_404(Application, pk=values.pop("application"), call=round.call_id)
    defence.schedule_defence(actor(request), round, application, **values)
    return _("答辩已安排，双方已收到通知。")


def _plan(request: HttpRequest, round: Round) -> Any:
    slots = defence.plan_defence(actor(request), round, **read(PlanForm(request.POST)))
    return _("已安排 %(n)d 场答辩，双方已收到通知。") % {"n": len(slots)}


ACTS: dict[str, Callable[[HttpRequest, Round], Any]] = {
    "start": _start,
    "extend": _extend,
    "remind": _remind,
    "discuss": _discuss,
    "close": _close,
    "eliminate": _eliminate,
    "schedule": _schedule,
    "plan": _plan,
}


@login_required
@require_POST
def round_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on a round and return to its page, with its success or its refusal."""
    verb = ACTS.get(act)
    if verb is None:
        raise Http404
    round = chaired(request, pk)
    try:
        done = verb(request, round)
    except Refused as refused:
        return tell_refusal(request, refused, round)
    return back(request, round, done)


# -- lists --------------------------------------------------------------------------------------


@login_required
@require_safe
def round_reviews(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Every review of the round."""
    return list_view(RoundReviewListing(chaired(request, pk)))(request)


@login_required
@require_safe
def round_disagreement(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Applications by how far their reviewers differ."""
    return list_view(DisagreementListing(chaired(request, pk)))(request)
