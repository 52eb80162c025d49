"""Pages of a reviewer: one's own reviews, the form with its draft, the discussion."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.verification.domain import reviews as verbs
from langqiao.apps.verification.domain.assigning import decline_review
from langqiao.apps.verification.domain.rounds import round_name
from langqiao.apps.verification.domain.scoring import gated, scored
from langqiao.apps.verification.forms.reviews import (
    CONFIDENCE_WORDS,
    ChangeForm,
    RemarkForm,
    ReviewForm,
    form_values,
    review_form,
)
from langqiao.apps.verification.listings.reviews import MyReviewListing, known_as, state_badge
from langqiao.apps.verification.models import (
    Application,
    ApplicationState,
    Review,
    Reviewer,
    ReviewState,
    Round,
    RoundState,
)
from langqiao.apps.verification.queries import reviews as queries
from langqiao.apps.verification.queries.content import content_of
from langqiao.apps.verification.rules import Talk
from langqiao.apps.verification.views.parts import address
from langqiao.kit.acting import actor, add_refusal, back, read, tell_refusal
from langqiao.kit.listing import list_view
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Invalid, Refused

# Reviews are nobody else's: no shared cache, and no page of the past for the next person at the screen.
private = cache_control(private=True, no_store=True)


class MyReviews(MyReviewListing):
    """The list with what waits above it: invitations and bids."""

    def extra_context(self, request: HttpRequest) -> dict[str, Any]:
        """Places in pools that ask something of the viewer."""
        places = queries.my_places(request.user)
        return {
            "invitations": [
                (place, address("invitation_detail", place.pk))
                for place in places
                if place.state == Reviewer.State.INVITED
            ],
            "bids": [
                (place, address("bid_list", place.pk))
                for place in places
                if place.state == Reviewer.State.ACCEPTED and allowed(request.user, "verification.bid", place)
            ],
        }


review_list = login_required(private(list_view(MyReviews)))


def own(request: HttpRequest, pk: int) -> Review:
    """The viewer's own review, or 404."""
    review = queries.own_review(request.user, pk)
    if review is None:
        raise Http404
    return review


def is_writable(review: Review) -> bool:
    """Whether the reviewer may still write: not handed in, round open, application in the running."""
    return (
        review.state in verbs.UNFINISHED
        and review.round.state in verbs.OPEN_ROUNDS
        and review.application.state == ApplicationState.ACCEPTED
    )


@login_required
@private
@require_safe
def review_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A review: the form for its writer, what was handed in for whoever may read it."""
    review = queries.own_review(request.user, pk)
    if review is not None:
        return _own_page(request, review, review_form(review))
    review = get_object_or_404(
        Review.objects.select_related("round__call", "application", "reviewer__person").prefetch_related(
            "changes"
        ),
        pk=pk,
    )
    if not allowed(request.user, "verification.read_review", review):
        raise Http404
    is_chair = allowed(request.user, "verification.read_pool", review.round.call)
    shown = queries.shown_review(review, request.user, is_chair=is_chair)
    return render(
        request,
        "verification/reviews/read.html",
        {
            **_frame(request, review, is_own=False),
            "shown": shown,
            "is_chair": is_chair,
            "answers": answers(review),
            "known_as": review.application.title if is_chair else known_as(review),
        },
    )


def _frame(request: HttpRequest, review: Review, *, is_own: bool) -> dict[str, Any]:
    """What every page of a review shows."""
    talk = Talk(review.round, review.application)
    readable = allowed(request.user, "verification.read_talk", talk)
    talk_url = reverse("talk_detail", args=[review.round_id, review.application_id]) if readable else ""
    return {
        "review": review,
        "round": review.round,
        "round_name": round_name(review.round),
        "call": review.round.call,
        "content": content_of(review.application, request.user, as_reviewer=is_own),
        "known_as": known_as(review),
        "badge_state": state_badge(review),
        "talk_url": talk_url,
    }


def _own_page(
    request: HttpRequest, review: Review, form: ReviewForm, *, stale: Any = None, status: int = 200
) -> HttpResponse:
    """The writer's page: form, or what was handed in with its receipt."""
    context = _frame(request, review, is_own=True)
    writable = is_writable(review)
    context |= {
        "is_over": queries.is_over(review.round),
        "writable": writable,
        "form": form,
        "stale": stale,
        "defence": review.round.slots.filter(application=review.application_id).first(),
        "may_decline": writable,
    }
    if review.state == ReviewState.SUBMITTED:
        context |= {
            "answers": answers(review),
            "entry": queries.own_receipt(review),
            "changes": list(review.changes.all()),
        }
        if review.round.state == RoundState.DISCUSSING:
            context["change_form"] = form if isinstance(form, ChangeForm) else _change_form(review)
    return render(request, "verification/reviews/own.html", context, status=status)


def _change_form(review: Review, data: Any = None) -> ChangeForm:
    return ChangeForm(review.round.criteria, data, initial=form_values(review))


def answers(review: Review) -> dict[str, Any]:
    """A submitted review's points, gates and confidence in words."""
    criteria = review.round.criteria
    return {
        "scores": [(one, review.scores.get(one["key"])) for one in scored(criteria)],
        "gates": [(one, review.gates.get(one["key"], {})) for one in gated(criteria)],
        "confidence": CONFIDENCE_WORDS.get(review.confidence or 0, ""),
    }


@login_required
@private
@require_POST
def review_act(request: HttpRequest, pk: int, act: str) -> HttpResponseBase:
    """Save, hand in, change or decline one's own review."""
    review = own(request, pk)
    if act in ("save", "submit"):
        return _written(request, review, act)
    if act == "change":
        return _changed(request, review)
    if act == "decline":
        try:
            decline_review(actor(request), review, why=request.POST.get("why", ""))
        except Refused as refused:
            return tell_refusal(request, refused, review)
        return back(request, "review_list", _("已谢绝，联席办会更换专家。"))
    raise Http404


def _written(request: HttpRequest, review: Review, act: str) -> HttpResponse:
    form = review_form(review, request.POST)
    if form.is_valid():
        try:
            revision = _revision(request.POST.get("revision"))
            if act == "save":
                verbs.save_draft(actor(request), review, revision=revision, **form.opinion())
                return back(request, review, _("草稿已保存到服务器。"))
            verbs.submit_review(actor(request), review, revision=revision, **form.opinion())
            return back(request, review, _("评审意见已提交。"))
        except verbs.Stale as stale:
            return _both_versions(request, stale, form)
        except Refused as refused:
            add_refusal(form, refused)
    return _own_page(request, queries.own_review(request.user, review.pk) or review, form, status=422)


def _both_versions(request: HttpRequest, stale: verbs.Stale, form: ReviewForm) -> HttpResponse:
    """The typed version stays in the form, the stored one beside it; saving again keeps the typed one."""
    stored = form_values(stale.review)
    differing = [
        (form[name].label, form.data.get(name, ""), stored[name])
        for name in stored
        if form.data.get(name, "").replace("\r\n", "\n").strip() != stored[name]
    ]
    return _own_page(
        request, stale.review, form, stale={"refusal": stale, "differing": differing}, status=409
    )


def _revision(value: Any) -> int:
    """The revision a browser went on from.

    Raises:
        Invalid: it is none; the page was tampered with.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
        return value
    raise Invalid(_("版本号有误。"), mend=_("请刷新页面后重试；内容仍在本机。"), field="revision")


def _changed(request: HttpRequest, review: Review) -> HttpResponse:
    form = _change_form(review, request.POST)
    if form.is_valid():
        try:
            verbs.change_review(actor(request), review, why=form.cleaned_data["why"], **form.opinion())
            return back(request, review, _("修改已提交，理由供主持人查看。"))
        except Refused as refused:
            add_refusal(form, refused)
    stored = queries.own_review(request.user, review.pk) or review
    return _own_page(request, stored, form, status=422)


# -- the draft, saved by the page's script -------------------------------------------------------


def _said(status: int, **values: Any) -> JsonResponse:
    return JsonResponse(values, status=status, json_dumps_params={"ensure_ascii": False})


@private
@require_http_methods(["GET", "POST"])
def review_draft(request: HttpRequest, pk: int) -> JsonResponse:
    """The stored draft, and saving a newer one: ``{"revision": n, "values": {name: text}}``.

    Answers 200 with the new revision; 401 when the session is over; 404 when the review is not the
    caller's; 409 with what is stored when the revision is stale; 422 when a value is wrong.
    """
    if not request.user.is_authenticated:
        return _said(401, why=str(_("登录已过期。")), mend=str(_("请重新登录；内容仍在本机。")))
    review = queries.own_review(request.user, pk)
    if review is None:
        return _said(404, why=str(_("这份评审已不在您名下。")), mend="")
    if request.method == "GET":
        return _said(200, **_stored(review))
    try:
        revision, form = _read_draft(request, review)
        verbs.save_draft(actor(request), review, revision=revision, **form.opinion())
    except verbs.Stale as stale:
        return _said(409, why=stale.why, mend=stale.mend, **_stored(stale.review))
    except Refused as refused:
        review.refresh_from_db()
        return _said(
            refused.status, why=refused.why, mend=refused.mend, field=refused.field, state=review.state
        )
    return _said(200, **_stored(review))


def _stored(review: Review) -> dict[str, Any]:
    return {"revision": review.revision, "state": review.state, "values": form_values(review)}


def _read_draft(request: HttpRequest, review: Review) -> tuple[int, ReviewForm]:
    try:
        got = json.loads(request.body)
        values = got["values"]
        readable = isinstance(values, dict) and all(isinstance(text, str) for text in values.values())
    except (ValueError, KeyError, TypeError, RecursionError):
        readable = False
    if not readable:
        raise Invalid(_("读不懂草稿的内容。"), mend=_("请刷新页面后重试；内容仍在本机。"))
    form = review_form(review, values)
    if not form.is_valid():
        name, faults = next(iter(form.errors.items()))
        raise Invalid(f"{form[name].label}：{faults[0]}", field=name)
    return _revision(got.get("revision")), form


# -- the discussion -----------------------------------------------------------------------------


@login_required
@private
@require_http_methods(["GET", "POST"])
def talk_detail(request: HttpRequest, pk: int, application_pk: int) -> HttpResponse:
    """The discussion of an application among its reviewers and the chair."""
    round = get_object_or_404(Round.objects.select_related("call"), pk=pk)
    application = get_object_or_404(Application, pk=application_pk, call=round.call_id)
    application.call = round.call
    found = queries.discussion(round, application, request.user)
    if found is None:
        raise Http404
    form = RemarkForm()
    if request.method == "POST":
        here = reverse("talk_detail", args=[pk, application_pk])
        try:
            verbs.say(actor(request), round, application, **read(RemarkForm(request.POST)))
        except Refused as refused:
            return tell_refusal(request, refused, here)
        return back(request, here, _("已发言。"))
    blind = round.call.is_double_blind and not found.is_chair
    context = {
        "talk": found,
        "round": round,
        "call": round.call,
        "round_name": round_name(round),
        "application": application,
        "known_as": application.label if blind else application.title,
        "form": form,
        "rows": [
            (one, [shown.review.scores.get(one["key"]) for shown in found.reviews])
            for one in scored(round.criteria)
        ],
        "gate_rows": [
            (one, [shown.review.gates.get(one["key"], {}) for shown in found.reviews])
            for one in gated(round.criteria)
        ],
        "changes": [
            (shown, change, changed_parts(change, round.criteria))
            for shown in found.reviews
            for change in shown.changes
        ],
    }
    return render(request, "verification/reviews/talk.html", context)


def changed_parts(change: Any, criteria: list[dict[str, Any]]) -> list[tuple[Any, Any, Any]]:
    """Label, before and after of what a change changed, for the chair."""
    before, after = change.before, change.after
    pairs: list[tuple[Any, Any, Any]] = [
        (one["name"], before["scores"].get(one["key"]), after["scores"].get(one["key"]))
        for one in scored(criteria)
    ]
    for one in gated(criteria):
        old, new = before["gates"].get(one["key"], {}), after["gates"].get(one["key"], {})
        words = {True: pgettext_lazy("gate", "通过"), False: pgettext_lazy("gate", "不通过")}
        pairs.append((one["name"], words.get(old.get("passed")), words.get(new.get("passed"))))
        pairs.append((_("不通过的理由"), old.get("why"), new.get("why")))
    for name, label in (
        ("total", _("总分")),
        ("confidence", _("把握程度")),
        ("for_applicant", _("反馈申报单位的意见")),
        ("for_office", _("仅联席办可见的意见")),
    ):
        pairs.append((label, before.get(name), after.get(name)))
    return [(label, old, new) for label, old, new in pairs if old != new]
