"""Pages of valuations (估值): begin, fill in with a live preview, read, finalise, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.registry.models import Achievement
from langqiao.apps.verification.domain import valuation as verbs
from langqiao.apps.verification.domain.valuation.studies import read_study, study_of
from langqiao.apps.verification.forms.valuation import BasicsForm, WithdrawForm
from langqiao.apps.verification.forms.valuation_study import StudyForm, fits
from langqiao.apps.verification.forms.valuation_texts import fresh, from_study
from langqiao.apps.verification.listings.valuation import state_badge
from langqiao.apps.verification.models import Valuation
from langqiao.apps.verification.queries.valuation import (
    owners,
    proved_digest,
    steps,
    thread,
    visible_valuations,
)
from langqiao.apps.verification.queries.valued import preview, shown
from langqiao.apps.verification.views.parts import Primary
from langqiao.kit.acting import actor, add_refusal, back, read, tell_refusal
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.throttle import throttle

BASICS = ("title", "valuation_date", "purpose", "achievement", "centre")


def readable_one(request: HttpRequest, pk: int) -> Valuation:
    """The valuation, or 404: who is no party need not know that it exists."""
    return get_object_or_404(visible_valuations(request.user), pk=pk)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


@login_required
@require_http_methods(["GET", "POST"])
def valuation_new(request: HttpRequest) -> HttpResponse:
    """Begin a valuation; ``?achievement=`` and ``?case=`` fill in what is known."""
    require(request.user, "verification.value_any")
    number = _number(request.GET.get("achievement", ""))
    achievement = Achievement.objects.filter(pk=number).first() if number is not None else None
    initial: dict[str, Any] = {
        "achievement": achievement,
        "title": _("%(title)s估值") % {"title": achievement.title[:190]} if achievement else "",
        "valuation_date": timezone.localdate(),
        "case": request.GET.get("case", "")[:40],
        "organisation": achievement.owner_id if achievement else None,
    }
    form = BasicsForm(request.POST or None, owners=owners(request.user), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            valuation = verbs.draft_valuation(actor(request), **form.cleaned_data)
            where = reverse("valuation_edit", args=[valuation.pk])
            done = _("已新建，项目编号 %(case)s。请选择方法并填写参数。") % {"case": valuation.case}
            return back(request, where, done)
        except Refused as refused:
            add_refusal(form, refused)
    context = {"form": form, "achievement": achievement}
    return render(request, "verification/valuation/new.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def valuation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The range, what it is made of, every assumption, and how to get the same again."""
    valuation = readable_one(request, pk)
    entries = thread(valuation)
    keeps = allowed(request.user, "verification.keep_valuation", valuation)
    is_draft = valuation.state == Valuation.State.DRAFT
    context = {
        "valuation": valuation,
        "badge_state": state_badge(valuation),
        "entries": entries,
        "steps": steps(valuation),
        "valued": shown(study_of(valuation), valuation.result) if valuation.result else None,
        "may": {
            "edit": keeps and is_draft,
            "withdraw": keeps and valuation.state != Valuation.State.WITHDRAWN,
        },
        "primary": _primary(valuation, keeps=keeps),
        "proved": proved_digest(entries),
    }
    return render(request, "verification/valuation/detail.html", context)


def _primary(valuation: Valuation, *, keeps: bool) -> Primary | None:
    """What the reader will most likely want to do now."""
    if valuation.state == Valuation.State.DRAFT and keeps:
        if valuation.result:
            return Primary(
                _("定稿"),
                icon="circle-check",
                act="finalise",
                confirm=_("定稿后参数与结果都不能再改，摘要写入台账。现在定稿？"),
            )
        return Primary(_("填写参数"), icon="pencil", url=reverse("valuation_edit", args=[valuation.pk]))
    if valuation.result:
        return Primary(_("查看报告"), icon="file-text", url=reverse("valuation_report", args=[valuation.pk]))
    return None


@login_required
@require_http_methods(["GET", "POST"])
def valuation_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Fill in a draft; buttons add rows without losing what was typed, and it may be saved half filled."""
    valuation = readable_one(request, pk)
    require(request.user, "verification.keep_valuation", valuation)
    if valuation.state != Valuation.State.DRAFT:
        return redirect(valuation)
    if request.method != "POST":
        held = study_of(valuation) if "study" in valuation.inputs else None
        if held is not None and not fits(held, at=valuation.valuation_date):
            return tell_refusal(
                request,
                Refused(
                    _("这份估值由接口提交，各收益法的参数不同，表单装不下。"),
                    mend=_("请继续用接口修改。"),
                ),
                valuation,
            )
        initial = {name: getattr(valuation, name) for name in BASICS}
        return _edit_page(request, valuation, BasicsForm(owners=None, initial=initial), _stored(valuation))
    basics = BasicsForm(request.POST, owners=None)
    valid = basics.is_valid()
    day = basics.cleaned_data.get("valuation_date") or valuation.valuation_date
    study = StudyForm(dict(request.POST.lists()), at=day)
    wish = request.POST.get("do", "save")
    if wish != "save":
        basics = BasicsForm(owners=None, initial={n: request.POST.get(n, "") for n in BASICS})
        return _edit_page(request, valuation, basics, study.pressed(wish))
    if valid and not study.faults:
        answer = _save(request, valuation, basics, study)
        if answer is not None:
            return answer
    return _edit_page(request, valuation, basics, study, status=422)


def _stored(valuation: Valuation) -> StudyForm:
    """The form as it was left: half filled, complete, or new."""
    at = valuation.valuation_date
    if "form" in valuation.inputs:
        return StudyForm(valuation.inputs["form"], at=at)
    if "study" in valuation.inputs:
        return StudyForm(from_study(study_of(valuation)), at=at)
    trl = valuation.achievement.trl if valuation.achievement else None
    return StudyForm(fresh(at=at, trl=trl), at=at)


def _save(
    request: HttpRequest, valuation: Valuation, basics: BasicsForm, study: StudyForm
) -> HttpResponse | None:
    """Save what was typed; None where a verb refused it, which the forms then say."""
    left = study.missing
    try:
        if left:
            verbs.revise_valuation(actor(request), valuation, unfinished=study.typed(), **basics.cleaned_data)
            done = _("已保存草稿，还有 %(n)s 项要填。") % {"n": len(left)}
            return back(request, reverse("valuation_edit", args=[valuation.pk]), done)
        verbs.revise_valuation(actor(request), valuation, study=study.study(), **basics.cleaned_data)
        return back(request, valuation, _("已保存并算出区间。"))
    except Invalid as refused:
        if refused.field in basics.fields:
            add_refusal(basics, refused)
        else:
            study.refuse(refused)
    except Refused as refused:
        study.refusals.append(str(refused))
    return None


def _edit_page(
    request: HttpRequest, valuation: Valuation, basics: BasicsForm, study: StudyForm, *, status: int = 200
) -> HttpResponse:
    context = {"valuation": valuation, "basics": basics, "study": study, **_previewed(study)}
    return render(request, "verification/valuation/edit.html", context, status=status)


@login_required
@require_POST
def valuation_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What is typed as a range at once, with fewer draws; nothing is written."""
    valuation = readable_one(request, pk)
    throttle(request, "match")
    day = _day(request.POST.get("valuation_date", "")) or valuation.valuation_date
    study = StudyForm(dict(request.POST.lists()), at=day)
    context = {"study": study, **_previewed(study)}
    return render(request, "verification/valuation/_preview.html", context)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _previewed(study: StudyForm) -> dict[str, Any]:
    """The preview of what is typed: a range, or why there is none yet."""
    if study.faults or study.missing or study.at is None:
        return {"seen": None}
    try:
        return {"seen": preview(read_study(study.study(), at=study.at))}
    except Invalid as refused:
        return {"seen": None, "refused": refused}


def _finalise(request: HttpRequest, valuation: Valuation) -> Any:
    verbs.finalise_valuation(actor(request), valuation)
    return _("估值已定稿，摘要已写入台账。")


def _compute(request: HttpRequest, valuation: Valuation) -> Any:
    verbs.compute_valuation(actor(request), valuation)
    return _("已重新计算。")


def _withdraw(request: HttpRequest, valuation: Valuation) -> Any:
    verbs.withdraw_valuation(actor(request), valuation, **read(WithdrawForm(request.POST)))
    return _("估值已作废。")


def _rerun(request: HttpRequest, valuation: Valuation) -> Any:
    throttle(request, "match")
    found = verbs.rerun_valuation(valuation)
    if found.same:
        return _("重新运行的结果与回执一致。")
    raise Refused(
        _("重新运行的结果与回执不一致。"),
        mend=_("如果引擎版本已经不同，请由权属单位重新估值；否则请通知联席办。"),
    )


ACTS: dict[str, Callable[[HttpRequest, Valuation], Any]] = {
    "finalise": _finalise,
    "compute": _compute,
    "withdraw": _withdraw,
    "rerun": _rerun,
}


@login_required
@require_POST
def valuation_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on a valuation and return to its page."""
    valuation = readable_one(request, pk)
    if act not in ACTS:
        raise Http404
    try:
        done = ACTS[act](request, valuation)
    except Refused as refused:
        return tell_refusal(request, refused, valuation)
    return back(request, valuation, done)
