"""The centre's work on an examination: plan, milestones, assessment, conclusion."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.verification.domain import services
from langqiao.apps.verification.domain.services.forms import form_of, missing
from langqiao.apps.verification.domain.services.planning import STEPS_AT_MOST, is_open
from langqiao.apps.verification.domain.services.readiness import evidenced, warning
from langqiao.apps.verification.forms import rows
from langqiao.apps.verification.forms.services import (
    AssessmentForm,
    ConclusionForm,
    DecisionForm,
    EvidenceForm,
    FindingForm,
    PlanForm,
    StepForm,
    step_rows,
)
from langqiao.apps.verification.models import Examination, ExaminationState, Milestone
from langqiao.apps.verification.queries.services import dossier
from langqiao.apps.verification.views.services.shared import may_of, readable_milestone, readable_one
from langqiao.kit.acting import actor, add_refusal, back, tell_refusal
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused


def _status(*forms: Any) -> int:
    return 422 if any(form.is_bound and form.errors for form in forms) else 200


@login_required
@require_http_methods(["GET", "POST"])
def examination_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Write or adjust the plan; buttons add, move and remove milestones without losing what was typed."""
    examination = readable_one(request, pk)
    require(request.user, "verification.handle_examination", examination)
    held = list(examination.milestones.order_by("order", "pk"))
    if not is_open(examination, held):
        raise Http404
    if request.method != "POST":
        form = PlanForm(examination=examination)
        formset = rows.shown(StepForm, step_rows(held) or [{}], most=STEPS_AT_MOST)
        return _plan_page(request, examination, held, form, formset)
    form = PlanForm(request.POST, examination=examination)
    wish = request.POST.get("do", "save")
    if wish != "save":
        typed = rows.changed(rows.typed(StepForm, request.POST, most=STEPS_AT_MOST), wish)
        form = PlanForm(examination=examination, initial={})
        form.initial = {name: request.POST.get(name, "") for name in form.fields}
        return _plan_page(request, examination, held, form, rows.shown(StepForm, typed, most=STEPS_AT_MOST))
    formset = rows.sent(StepForm, request.POST, most=STEPS_AT_MOST)
    if form.is_valid() and formset.is_valid():
        try:
            steps = [one.step() for one in formset.forms]
            services.plan_examination(actor(request), examination, milestones=steps, **form.cleaned_data)
            return back(request, examination, _("方案已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return _plan_page(request, examination, held, form, formset)


def _plan_page(
    request: HttpRequest, examination: Examination, held: list[Milestone], form: Any, formset: Any
) -> HttpResponse:
    context = {
        "examination": examination,
        "decided": [m for m in held if m.decision],
        "form": form,
        "rows": formset,
    }
    wrong = formset.is_bound and not formset.is_valid()
    status = 422 if wrong else _status(form)
    return render(request, "verification/services/plan.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def examination_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the assessment; it may be saved half written."""
    examination = readable_one(request, pk)
    require(request.user, "verification.assess", examination)
    if examination.state != ExaminationState.UNDER_WAY:
        return redirect(examination)
    known = form_of(examination.service)
    form = AssessmentForm(request.POST or None, form=known, values=examination.values)
    if request.method == "POST" and form.is_valid():
        try:
            services.assess(actor(request), examination, values=form.cleaned_data)
            left = len(missing(known, examination.values))
            done = _("已保存，必填项已齐。") if not left else _("已保存，还有 %(n)s 项必填。") % {"n": left}
            return back(request, examination, done)
        except Refused as refused:
            add_refusal(form, refused)
    shown = dossier(examination)
    context = {"examination": examination, "form": form, "known": known, "dossier": shown}
    return render(request, "verification/services/edit.html", context, status=_status(form))


@login_required
@require_http_methods(["GET", "POST"])
def examination_conclude(request: HttpRequest, pk: int) -> HttpResponse:
    """Conclude; what still stands in the way and what the evidence shows is said beside the form."""
    examination = readable_one(request, pk)
    require(request.user, "verification.handle_examination", examination)
    if examination.state != ExaminationState.UNDER_WAY:
        return redirect(examination)
    form = ConclusionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.conclude(actor(request), examination, **form.cleaned_data)
            return back(request, examination, _("结论已下，报告已生成。"))
        except Refused as refused:
            examination = readable_one(request, pk)
            add_refusal(form, refused)
    shown = dossier(examination)
    kinds = [e.kind for e in shown.evidence]
    claim = form.cleaned_data.get("trl_after") if form.is_bound else None
    context = {
        "examination": examination,
        "form": form,
        "dossier": shown,
        "evidenced": evidenced(kinds),
        "claim_warning": warning(claim, kinds),
        "missing": missing(shown.form, examination.values),
        "undecided": [m for m in shown.milestones if not m.decision],
        "stopped": [m for m in shown.milestones if m.decision == Milestone.Decision.NO_GO],
    }
    return render(request, "verification/services/conclude.html", context, status=_status(form))


@login_required
@require_safe
def milestone_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A milestone: plan against what came of it, its evidence, its decision."""
    return _milestone_page(request, readable_milestone(request, pk))


def _milestone_page(
    request: HttpRequest, milestone: Milestone, *, finding_form: Any = None, decision_form: Any = None
) -> HttpResponse:
    examination = milestone.examination
    shown = dossier(examination)
    one = next(m for m in shown.milestones if m.pk == milestone.pk)
    may = may_of(examination, request.user, held=shown.milestones)
    following = shown.next_milestone
    turn = following is not None and following.pk == one.pk
    may_record = may["assess"] and turn
    changeable = one.decision == Milestone.Decision.NO_GO
    may_decide = may["decide"] and bool(one.finding) and (turn or changeable)
    if may_record and finding_form is None:
        initial = {
            "finding": one.finding,
            "reached_on": one.reached_on or timezone.localdate(),
            "spent": one.spent,
        }
        finding_form = FindingForm(initial=initial)
    if may_decide and decision_form is None:
        decision_form = DecisionForm(initial={"decision": Milestone.Decision.ADJUST} if changeable else None)
    if changeable and decision_form is not None:
        adjust = Milestone.Decision.ADJUST
        decision_form.fields["decision"].choices = [(adjust.value, adjust.label)]
    context = {
        "examination": examination,
        "milestone": one,
        "dossier": shown,
        "may": may,
        "finding_form": finding_form if may_record else None,
        "decision_form": decision_form if may_decide else None,
        "evidence_form": EvidenceForm() if may["file"] and not one.decision else None,
        "waits_for": following if not turn and not one.decision else None,
    }
    forms = [form for form in (finding_form, decision_form) if form is not None]
    return render(request, "verification/services/milestone.html", context, status=_status(*forms))


@login_required
@require_POST
def milestone_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Record a finding, or decide; a fault is shown at its field."""
    milestone = readable_milestone(request, pk)
    kinds: dict[str, Any] = {"record": FindingForm, "decide": DecisionForm}
    if act not in kinds:
        raise Http404
    form = kinds[act](request.POST)
    if form.is_valid():
        try:
            if act == "record":
                services.record_finding(actor(request), milestone, **form.cleaned_data)
                where = reverse("milestone_detail", args=[milestone.pk])
                return back(request, where, _("验证结果已记录。"))
            services.decide_milestone(actor(request), milestone, **form.cleaned_data)
            return back(request, milestone.examination, _("节点决策已记录。"))
        except Refused as refused:
            if refused.field not in form.fields:
                where = reverse("milestone_detail", args=[milestone.pk])
                return tell_refusal(request, refused, where)
            add_refusal(form, refused)
    shown = {"finding_form": form} if act == "record" else {"decision_form": form}
    return _milestone_page(request, readable_milestone(request, pk), **shown)
