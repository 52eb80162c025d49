"""Pages of calibration and choice for the office that runs a call: scores, what-if, proposals."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.verification.domain import choosing
from langqiao.apps.verification.domain.scores import Basis, CallScores
from langqiao.apps.verification.domain.steps import choice_locked
from langqiao.apps.verification.domain.wishes import Answer, answer, read_wish, usual_wish
from langqiao.apps.verification.forms.choosing import AdoptForm, SaveForm, State, row_subjects
from langqiao.apps.verification.listings.choosing import (
    CalibrationListing,
    OutcomeListing,
    SeverityListing,
    excluded_words,
)
from langqiao.apps.verification.models import Call, CallState, ChoiceRun
from langqiao.apps.verification.queries import choosing as queries
from langqiao.apps.verification.queries.choosing import chosen_call, chosen_run
from langqiao.apps.verification.queries.whiskers import Scale, whisker
from langqiao.engines.selection.choice.solver import warm
from langqiao.kit.acting import actor, add_refusal, back, is_partial, read, tell_refusal
from langqiao.kit.listing import list_view
from langqiao.kit.refusals import Refused
from langqiao.kit.words import named

COMPARED_AT_MOST = 4


def _call(request: HttpRequest, pk: int) -> Call:
    call = chosen_call(request.user, pk)
    if call is None:
        raise Http404
    return call


def _run(request: HttpRequest, pk: int) -> ChoiceRun:
    run = chosen_run(request.user, pk)
    if run is None:
        raise Http404
    return run


# -- calibration -----------------------------------------------------------------------------------


@login_required
@require_safe
def calibration_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Raw means and calibrated scores side by side, over all rounds or of one."""
    scores = queries.calibration_of(_call(request, pk))
    key = request.GET.get("round", "")
    only = queries.round_of(scores, key)
    if key and only is None:
        raise Http404
    return list_view(CalibrationListing(scores, only))(request)


@login_required
@require_safe
def calibration_reviewers(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The reviewers of a round by severity."""
    call = _call(request, pk)
    scores = queries.calibration_of(call)
    key = request.GET.get("round", "")
    only = queries.round_of(scores, key) or (scores.rounds[0] if scores.rounds and not key else None)
    if only is None:
        if key:
            raise Http404
        return redirect("calibration_detail", call.pk)
    return list_view(SeverityListing(scores, only))(request)


# -- what if ---------------------------------------------------------------------------------------


def _state(request: HttpRequest, call: Call) -> State:
    """What the address asks for; without anything, what the call says itself."""
    return State.from_query(request.GET) if request.GET else State.from_wish(usual_wish(call))


def _computed(scores: CallScores, state: State) -> tuple[Answer | None, Refused | None, float]:
    """The engine's answer or the refusal, and the milliseconds of the engine alone."""
    try:
        wish = read_wish(basis=state.basis, constraints=state.constraints())
        warm()
        started = time.perf_counter()
        found = answer(scores, wish)
    except Refused as refused:
        return None, refused, 0.0
    return found, None, (time.perf_counter() - started) * 1000


def _work(request: HttpRequest, call: Call, save: SaveForm | None = None) -> dict[str, Any]:
    """All that the page and its part for htmx show."""
    state = _state(request, call)
    scores = queries.calibration_of(call)
    found, refused, milliseconds = _computed(scores, state)
    shown = queries.shown(scores, found) if found else None
    lines = [*shown.chosen, *shown.others] if shown else []
    scale = Scale.over(value for line in lines for value in (line.points, line.low, line.high))
    here = reverse("call_choice", args=[call.pk])
    is_grading = bool(call.grades) and not state.places
    return {
        "call": call,
        "state": state,
        "here": here,
        "address": f"{here}?{state.query()}",
        "scores": scores,
        "shown": shown,
        "answer": found,
        "refused": refused,
        "milliseconds": milliseconds,
        "groups": [
            {"title": title, "good": good, "rows": _rows(lines, state, scale)}
            for title, lines, good in _groups(shown, grading=is_grading)
        ],
        "excluded": [
            (one.application, excluded_words([gate.name for gate in one.gates], one.lacking))
            for one in scores.excluded
        ],
        "is_grading": is_grading,
        "is_final": scores.is_final,
        "subjects": row_subjects(),
        "save": save or SaveForm(state.fixed),
        "may_save": call.state == CallState.RUNNING
        and scores.is_final
        and bool(found and not found.conflict),
        "fixed": [(kind, key, state.fixing(key, "").query()) for kind, key in state.fixed],
    }


def _groups(shown: queries.Shown | None, *, grading: bool) -> list[tuple[Any, list[queries.Line], bool]]:
    """The lines under headings: chosen and not, or by grade; each with whether it is the good side."""
    if shown is None:
        return []
    if grading:
        return [
            (name, lines, at < len(shown.grades) - 1) for at, (name, _mark, lines) in enumerate(shown.grades)
        ]
    if shown.answer.conflict is not None:
        return [(_("可以遴选的申报"), shown.others, False)]
    return [(_("入选"), shown.chosen, True), (_("未入选"), shown.others, False)]


def _rows(lines: list[queries.Line], state: State, scale: Scale) -> list[dict[str, Any]]:
    """Lines as the template prints them (plain texts: there are many), with what would fix or free them."""
    by_calibrated = state.basis == Basis.CALIBRATED
    rows = []
    for line in lines:
        score, application = line.score, line.score.application
        beside = score.raw if by_calibrated else score.calibrated
        margin = "–" if line.margin is None else f"{'' if line.is_exact else '≥ '}{line.margin:.2f}"
        about = (line.key, named(application.organisation), named(application.city))
        rows.append(
            {
                "key": line.key,
                "title": application.title,
                "url": application.get_absolute_url(),
                "about": " · ".join(part for part in about if part),
                "rank": score.rank_calibrated if by_calibrated else score.rank_raw,
                "points": f"{line.points:.2f}",
                "margin": margin,
                "whisker": whisker(scale, line.points, line.low, line.high, beside=beside).svg(),
                "mark": line.mark,
                "is_near": line.is_near,
                "fixed": line.fixed,
                "pin": "" if line.fixed else state.fixing(line.key, "pin").query(),
                "bar": "" if line.fixed else state.fixing(line.key, "bar").query(),
                "free": state.fixing(line.key, "").query() if line.fixed else "",
            }
        )
    return rows


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def call_choice(request: HttpRequest, pk: int) -> HttpResponse:
    """The what-if page; posting keeps what its address asks for as a proposal."""
    call = _call(request, pk)
    save = None
    if request.method == "POST":
        state = _state(request, call)
        save = SaveForm(state.fixed, request.POST)
        if save.is_valid():
            try:
                run = choosing.propose_choice(
                    actor(request),
                    call,
                    basis=state.basis,
                    constraints=state.constraints(save.reasons()),
                    lottery=save.cleaned_data["seed"] or None,
                    why=save.cleaned_data["why"],
                )
                return back(request, run, _("已保存为方案 %(number)d。") % {"number": run.number})
            except Refused as refused:
                add_refusal(save, refused)
    context = _work(request, call, save)
    context["runs"] = list(queries.proposals(call))
    status = 422 if save is not None and save.errors else 200
    return render(request, "verification/choosing/choice.html", context, status=status)


@login_required
@require_safe
def choice_what_if(request: HttpRequest, pk: int) -> HttpResponse:
    """The answer to moved constraints: a part of the page for htmx, JSON for anybody else."""
    call = _call(request, pk)
    if is_partial(request):
        context = _work(request, call)
        response = render(request, "verification/choosing/_work.html", context)
        response["HX-Replace-Url"] = context["address"]
        return response
    found, refused, milliseconds = _computed(queries.calibration_of(call), _state(request, call))
    if found is None:
        assert refused is not None
        return JsonResponse({"error": {"why": refused.why, "mend": refused.mend}}, status=refused.status)
    return JsonResponse({**found.as_dict(), "milliseconds": round(milliseconds, 2)})


# -- proposals -------------------------------------------------------------------------------------


@login_required
@require_safe
def choice_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A proposal: its list, what it cost, its receipt, and what can be done with it."""
    run = _run(request, pk)
    result = run.result
    locked = choice_locked(run.call)
    words = _names(run)
    context = {
        "run": run,
        "call": run.call,
        "result": result,
        "constraints": queries.constraint_words(run),
        "places": run.inputs.get("constraints", {}).get("places"),
        "note": run.inputs.get("note", ""),
        "lottery": result.get("lottery"),
        "tickets": [
            (words.get(one["candidate"]), one) for one in ((result.get("lottery") or {}).get("tickets") or [])
        ],
        "near": [(words.get(one["candidate"]), one) for one in result.get("near_ties", [])],
        "may_adopt": run.state != ChoiceRun.State.ADOPTED
        and run.call.state == CallState.RUNNING
        and not locked
        and bool(run.receipt),
        "may_discard": run.state == ChoiceRun.State.PROPOSED,
        "locked": locked,
        "adopt_form": AdoptForm(),
        "others": [one for one in queries.proposals(run.call) if one.pk != run.pk],
    }
    return list_view(OutcomeListing(run, context))(request)


def _names(run: ChoiceRun) -> dict[str, Any]:
    """Applications by their key in the proposal."""
    keys = run.inputs.get("applications", {})
    found = run.call.applications.filter(pk__in=list(keys.values())).in_bulk()
    return {key: found.get(pk) for key, pk in keys.items()}


@login_required
@require_safe
def choice_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Proposals side by side, named in the address as ``?run=1&run=2``; without, the newest two."""
    call = _call(request, pk)
    numbers = [int(text) for text in request.GET.getlist("run") if text.isascii() and text.isdigit()]
    every = list(queries.proposals(call))
    wanted = [run for run in every if run.number in numbers[:COMPARED_AT_MOST]] if numbers else every[:2]
    runs = sorted(wanted, key=lambda run: run.number)
    context = {
        "call": call,
        "runs": runs,
        "every": every,
        "rows": queries.compare(runs) if len(runs) > 1 else [],
        "heads": [(run, queries.constraint_words(run)) for run in runs],
    }
    return render(request, "verification/choosing/compare.html", context)


def _adopt(request: HttpRequest, run: ChoiceRun) -> Any:
    choosing.adopt_choice(actor(request), run, **read(AdoptForm(request.POST)))
    return _("已采用方案 %(number)d。") % {"number": run.number}


def _discard(request: HttpRequest, run: ChoiceRun) -> Any:
    choosing.discard_choice(actor(request), run)
    return _("已放弃这一方案。")


def _rerun(request: HttpRequest, run: ChoiceRun) -> Any:  # noqa: ARG001  the signature of acts
    differences = choosing.rerun_choice(run)
    if differences:
        raise Refused("".join(differences))
    return _("复算结果与回执完全一致。")


ACTS: dict[str, Callable[[HttpRequest, ChoiceRun], Any]] = {
    "adopt": _adopt,
    "discard": _discard,
    "rerun": _rerun,
}


@login_required
@require_POST
def choice_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Adopt a proposal, set it aside, or run it again."""
    run = _run(request, pk)
    if act not in ACTS:
        raise Http404
    try:
        done = ACTS[act](request, run)
    except Refused as refused:
        return tell_refusal(request, refused, run)
    return back(request, run, done)
