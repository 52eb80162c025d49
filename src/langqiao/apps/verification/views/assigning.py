"""Pages of assignments (分配评审) for whoever runs the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.verification.domain import assigning
from langqiao.apps.verification.domain.rounds import round_name, under_review
from langqiao.apps.verification.forms.pool import METHODS, ChooseForm, ProposeForm
from langqiao.apps.verification.models import (
    Application,
    AssignmentRun,
    Review,
    Reviewer,
    ReviewState,
    Round,
    RoundState,
)
from langqiao.apps.verification.queries import pool as queries
from langqiao.kit.acting import actor, add_refusal, back, read, tell_refusal
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Refused


def assigned_round(request: HttpRequest, pk: int) -> Round:
    """A round whose assignment the viewer sees, or 404."""
    round = get_object_or_404(Round.objects.select_related("call"), pk=pk)
    if not allowed(request.user, "verification.read_pool", round.call):
        raise Http404
    return round


def _is_open(round: Round) -> bool:
    return round.state in (RoundState.PREPARING, RoundState.REVIEWING)


@login_required
@require_http_methods(["GET", "POST"])
def round_assignment(request: HttpRequest, pk: int) -> HttpResponse:
    """A round's panels and proposals; computes a new proposal."""
    round = assigned_round(request, pk)
    form = ProposeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            run = assigning.propose_assignment(actor(request), round, **form.cleaned_data)
            return redirect("assignment_detail", run.pk)
        except Refused as refused:
            add_refusal(form, refused)
    found = queries.panels(round)
    context = {
        "round": round,
        "call": round.call,
        "round_name": round_name(round),
        "form": form,
        "panels": found,
        "lacking": sum(panel.lacks for panel in found),
        "runs": [(run, dict(METHODS)[run.receipt["method"]]) for run in round.runs.all()],
        "is_open": _is_open(round),
        "accepted": round.call.reviewers.filter(state=Reviewer.State.ACCEPTED).count(),
    }
    return render(request, "verification/pool/assignment.html", context, status=422 if form.errors else 200)


def _run(request: HttpRequest, pk: int) -> AssignmentRun:
    run = get_object_or_404(AssignmentRun.objects.select_related("round__call"), pk=pk)
    assigned_round(request, run.round_id)
    return run


@login_required
@require_safe
def assignment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A proposal: its figures beside the optimum, who gets what, what is lacking and what would mend it."""
    run = _run(request, pk)
    result = run.result
    loads = result["loads"].values()
    context = {
        "run": run,
        "round": run.round,
        "call": run.round.call,
        "round_name": round_name(run.round),
        "pairs": queries.pairs_of(run),
        "unfilled": queries.unfilled_of(run),
        "share": result["sum"] / result["optimum"] if result["optimum"] else None,
        "loads": (min(loads, default=0), max(loads, default=0)),
        "diagnosis": result.get("diagnosis"),
        "receipt_rows": _receipt(run.receipt),
        "may_decide": run.state == AssignmentRun.State.PROPOSED and _is_open(run.round),
    }
    return render(request, "verification/pool/run.html", context)


def _receipt(receipt: dict[str, Any]) -> list[tuple[Any, Any]]:
    """What the receipt says, in words."""
    methods = dict(METHODS)
    rows = [
        (_("方法"), methods.get(receipt["method"], receipt["method"])),
        (_("每一对的最大概率"), receipt["cap"]),
        (_("随机种子"), receipt["seed"]),
        (_("输入摘要（SM3）"), receipt["problem_sm3"]),
        (_("结果摘要（SM3）"), receipt["result_sm3"]),
        (_("软件版本"), "，".join(f"{name} {number}" for name, number in receipt["versions"].items())),
    ]
    return [(label, value) for label, value in rows if value not in ("", None)]


def _adopt(request: HttpRequest, run: AssignmentRun) -> Any:
    made = assigning.adopt_assignment(actor(request), run)
    return _("已采用，新增 %(n)d 份评审。") % {"n": len(made)}


def _discard(request: HttpRequest, run: AssignmentRun) -> Any:
    assigning.discard_assignment(actor(request), run)
    return _("已放弃这一方案。")


def _rerun(request: HttpRequest, run: AssignmentRun) -> Any:  # noqa: ARG001  the signature of acts
    differences = assigning.rerun_assignment(run)
    if differences:
        raise Refused(_("复算结果不同：%(what)s") % {"what": "；".join(differences)})
    return _("复算结果与回执完全一致。")


RUN_ACTS: dict[str, Callable[[HttpRequest, AssignmentRun], Any]] = {
    "adopt": _adopt,
    "discard": _discard,
    "rerun": _rerun,
}


@login_required
@require_POST
def assignment_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Decide on a proposal, or run it again."""
    run = _run(request, pk)
    if act not in RUN_ACTS:
        raise Http404
    here = reverse("assignment_detail", args=[run.pk])
    try:
        done = RUN_ACTS[act](request, run)
    except Refused as refused:
        return tell_refusal(request, refused, here)
    return back(request, reverse("round_assignment", args=[run.round_id]) if act == "adopt" else here, done)


@login_required
@require_http_methods(["GET", "POST"])
def panel_detail(request: HttpRequest, pk: int, application_pk: int) -> HttpResponse:
    """One application's reviewers: add one, or replace one, from those who fit best and have room."""
    round = assigned_round(request, pk)
    application = get_object_or_404(
        Application, pk=application_pk, pk__in=[one.pk for one in under_review(round)]
    )
    here = reverse("panel_detail", args=[round.pk, application.pk])
    offers = assigning.replacements(round, application)
    choices = [(offer.reviewer.pk, offer.reviewer.person.name) for offer in offers]
    form = ChooseForm(choices, request.POST or None)
    if request.method == "POST":
        try:
            values = read(form)
            chosen = get_object_or_404(Reviewer, pk=values["reviewer"], call=round.call_id)
            key = request.POST.get("review", "")
            if key:
                found = round.reviews.filter(application=application)
                review = get_object_or_404(found, pk=int(key) if key.isascii() and key.isdigit() else 0)
                assigning.replace_review(actor(request), review, chosen, why=values["why"])
                done = _("已更换专家。")
            else:
                assigning.assign_by_hand(actor(request), round, application, chosen)
                done = _("已指定专家。")
            return back(request, here, done)
        except Refused as refused:
            return tell_refusal(request, refused, here)
    reviews: list[Any] = list(
        Review.objects.filter(round=round, application=application).select_related(
            "reviewer__person__organisation"
        )
    )
    open_states = (ReviewState.ASSIGNED, ReviewState.DRAFT, ReviewState.DECLINED)
    for review in reviews:
        review.may_replace = _is_open(round) and review.state in open_states
    context = {
        "round": round,
        "call": round.call,
        "round_name": round_name(round),
        "application": application,
        "reviews": reviews,
        "offers": offers,
        "is_open": _is_open(round),
    }
    return render(request, "verification/pool/panel.html", context)
