"""Pages of the pool for the office, and of invitations and wishes for experts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.registry.models import Person
from langqiao.apps.verification.domain import pool
from langqiao.apps.verification.domain.conflicts import find_conflicts
from langqiao.apps.verification.domain.evidence import suggest_people
from langqiao.apps.verification.forms.pool import AnswerForm, BidForm, LoadForm, WhyForm
from langqiao.apps.verification.listings.pool import BidListing, PoolListing
from langqiao.apps.verification.models import Bid, Call, Conflict, Reviewer
from langqiao.apps.verification.queries import pool as queries
from langqiao.kit.acting import actor, add_refusal, back, read, tell_refusal
from langqiao.kit.listing import list_view
from langqiao.kit.refusals import Invalid, Refused

FOUND_AT_MOST = 40


def run_call(request: HttpRequest, pk: int) -> Call:
    """The call whose pool the viewer sees, or 404."""
    call = queries.pool_of(request.user, pk)
    if call is None:
        raise Http404
    return call


@login_required
@require_safe
def call_pool(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The experts of a call."""
    return list_view(PoolListing(run_call(request, pk)))(request)


@login_required
@require_safe
def pool_suggest(request: HttpRequest, pk: int) -> HttpResponse:
    """People to add: by evidence, or by name."""
    call = run_call(request, pk)
    q = request.GET.get("q", "").replace("\0", "").strip()[:80]
    named = []
    if q:
        held = call.reviewers.exclude(state=Reviewer.State.REMOVED).values("person")
        people = Person.objects.exclude(pk__in=held).select_related("organisation__city", "city", "user")
        named = list(people.filter(name__icontains=q)[:FOUND_AT_MOST])
    context = {
        "call": call,
        "q": q,
        "named": named,
        "suggestions": [] if q else suggest_people(call, limit=FOUND_AT_MOST),
    }
    return render(request, "verification/pool/suggest.html", context)


def _add(request: HttpRequest, call: Call) -> Any:
    keys = [
        key for key in request.POST.getlist("person") if key.isascii() and key.isdigit() and len(key) < 19
    ]
    people = list(Person.objects.filter(pk__in=keys))
    if not people:
        raise Invalid(_("请至少选择一位专家。"), field="person")
    added = pool.add_reviewers(actor(request), call, people)
    return _("已加入 %(n)d 位专家。") % {"n": len(added)}


def _check(request: HttpRequest, call: Call) -> Any:
    found = find_conflicts(actor(request), call)
    return _("回避核查完成：%(n)d 条。") % {"n": found}


def _invite_all(request: HttpRequest, call: Call) -> Any:
    """Invite every candidate who can be; the others are named with the reason."""
    done, left = 0, []
    for reviewer in call.reviewers.filter(state=Reviewer.State.CANDIDATE).select_related("person__user"):
        try:
            pool.invite(actor(request), reviewer)
            done += 1
        except Refused as refused:
            left.append(str(refused.why))
    if left and not done:
        raise Refused(left[0], mend=_("没有发出邀请。"))
    if left:
        return _("已邀请 %(n)d 位；%(left)d 位未能邀请：%(why)s") % {
            "n": done, "left": len(left), "why": left[0],
        }  # fmt: skip
    return _("已邀请 %(n)d 位专家。") % {"n": done}


CALL_ACTS: dict[str, Callable[[HttpRequest, Call], Any]] = {
    "add": _add,
    "check": _check,
    "invite": _invite_all,
}


@login_required
@require_POST
def pool_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on the pool as a whole."""
    call = run_call(request, pk)
    if act not in CALL_ACTS:
        raise Http404
    where = reverse("call_pool", args=[call.pk])
    try:
        return back(request, where, CALL_ACTS[act](request, call))
    except Refused as refused:
        return tell_refusal(request, refused, where)


# -- one expert, for the office --------------------------------------------------------------------


def _member(request: HttpRequest, pk: int) -> Reviewer:
    reviewer = get_object_or_404(
        Reviewer.objects.select_related("call", "person__organisation__city", "person__user"), pk=pk
    )
    run_call(request, reviewer.call_id)
    return reviewer


@login_required
@require_safe
def reviewer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An expert's place in the pool: conflicts with evidence, wishes, reviews, what can be done."""
    reviewer = _member(request, pk)
    states = Reviewer.State
    context = {
        "reviewer": reviewer,
        "call": reviewer.call,
        "conflicts": queries.conflicts_of(reviewer),
        "bids": list(reviewer.bids.select_related("application").order_by("-value", "application__number")),
        "reviews": list(
            reviewer.reviews.select_related("application", "round").order_by("round", "application__number")
        ),
        "may_invite": reviewer.state in (states.CANDIDATE, states.DECLINED),
        "may_remove": reviewer.state in (states.CANDIDATE, states.INVITED, states.ACCEPTED),
        "load_form": LoadForm(initial={"max_load": reviewer.max_load}),
        "why_form": WhyForm(auto_id="remove-%s"),
        "conflict_form": WhyForm(auto_id="conflict-%s"),
        "applications": queries.biddable(reviewer).order_by("number"),
    }
    return render(request, "verification/pool/member.html", context)


def _invite(request: HttpRequest, reviewer: Reviewer) -> Any:
    pool.invite(actor(request), reviewer)
    return _("已发出邀请。")


def _remove(request: HttpRequest, reviewer: Reviewer) -> Any:
    pool.remove_reviewer(actor(request), reviewer, **read(WhyForm(request.POST)))
    return _("已移出专家库。")


def _load(request: HttpRequest, reviewer: Reviewer) -> Any:
    pool.set_load(actor(request), reviewer, **read(LoadForm(request.POST)))
    return _("评审上限已更新。")


def _application(request: HttpRequest, reviewer: Reviewer) -> Any:
    key = request.POST.get("application", "")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        raise Invalid(_("请选择申报。"), field="application")
    return get_object_or_404(queries.biddable(reviewer), pk=int(key))


def _declare(request: HttpRequest, reviewer: Reviewer) -> Any:
    application = _application(request, reviewer)
    pool.declare_conflict(actor(request), reviewer, application, **read(WhyForm(request.POST)))
    return _("已登记回避。")


def _grant(request: HttpRequest, reviewer: Reviewer) -> Any:
    key = request.POST.get("conflict", "")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        raise Http404
    conflict = get_object_or_404(Conflict, pk=int(key), reviewer=reviewer)
    granted = request.POST.get("granted") == "1"
    pool.grant_kept_out(actor(request), conflict, granted=granted)
    return _("已同意回避申请。") if granted else _("已不同意回避申请。")


MEMBER_ACTS: dict[str, Callable[[HttpRequest, Reviewer], Any]] = {
    "invite": _invite,
    "remove": _remove,
    "load": _load,
    "conflict": _declare,
    "grant": _grant,
}


@login_required
@require_POST
def reviewer_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one act on an expert's place in the pool."""
    reviewer = _member(request, pk)
    if act not in MEMBER_ACTS:
        raise Http404
    where = reverse("reviewer_detail", args=[reviewer.pk])
    try:
        return back(request, where, MEMBER_ACTS[act](request, reviewer))
    except Refused as refused:
        return tell_refusal(request, refused, where)


# -- the expert's own pages ------------------------------------------------------------------------


def _own(request: HttpRequest, pk: int) -> Reviewer:
    found = queries.own_invitation(request.user, pk)
    if found is None:
        raise Http404
    return found


@login_required
@require_http_methods(["GET", "POST"])
def invitation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An invitation with the reviewer's promise: accept or decline."""
    reviewer = _own(request, pk)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        accept = request.POST.get("answer") == "accept"
        try:
            pool.answer_invitation(actor(request), reviewer, accept=accept, **form.cleaned_data)
            done = _("已接受邀请。请表达评审意愿，并自报回避。") if accept else _("已谢绝邀请。")
            return back(request, reverse("bid_list", args=[pk]) if accept else "review_list", done)
        except Refused as refused:
            reviewer.refresh_from_db()
            add_refusal(form, refused)
    context = {"reviewer": reviewer, "call": reviewer.call, "form": form, "promise": pool.PROMISE}
    return render(request, "verification/pool/invitation.html", context, status=422 if form.errors else 200)


def _bidder(request: HttpRequest, pk: int) -> Reviewer:
    reviewer = _own(request, pk)
    if reviewer.state != Reviewer.State.ACCEPTED:
        raise Http404
    return reviewer


@login_required
@require_safe
def bid_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Applications to wish for or to stand aside from."""
    return list_view(BidListing(_bidder(request, pk)))(request)


@login_required
@require_http_methods(["GET", "POST"])
def bid_detail(request: HttpRequest, pk: int, application_pk: int) -> HttpResponse:
    """One application: say how much one wishes to review it, or declare a conflict."""
    reviewer = _bidder(request, pk)
    application = get_object_or_404(queries.biddable(reviewer), pk=application_pk)
    held = reviewer.bids.filter(application=application).first()
    aside = request.POST.get("act") == "conflict"
    wish = BidForm(None if aside else request.POST or None, initial={"value": held.value if held else 0})
    why = WhyForm(request.POST if aside else None)
    form: Any = why if aside else wish
    if request.method == "POST" and form.is_valid():
        try:
            if aside:
                pool.declare_conflict(actor(request), reviewer, application, **form.cleaned_data)
            else:
                pool.set_bid(actor(request), reviewer, application, form.cleaned_data["value"])
            return back(request, reverse("bid_list", args=[pk]), _("已登记。"))
        except Refused as refused:
            add_refusal(form, refused)
    context = {
        "reviewer": reviewer,
        "call": reviewer.call,
        "application": application,
        "wish": wish,
        "why": why,
        "conflict": reviewer.conflicts.filter(application=application, counts=True).first(),
        "values": Bid.Value,
    }
    return render(request, "verification/pool/bid.html", context, status=422 if form.errors else 200)
