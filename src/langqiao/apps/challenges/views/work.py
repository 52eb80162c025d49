"""My work (我的工作), subscriptions, the match page and search as you type."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.accounts.models import Notification
from langqiao.apps.challenges import domain, matching, queries
from langqiao.apps.challenges.forms import SubscriptionForm
from langqiao.apps.challenges.models import Answer, State, Subscription
from langqiao.apps.challenges.views.detail import panel_filters
from langqiao.apps.challenges.views.parts import NARROWING, TEXT_AT_MOST, kept, narrow_from
from langqiao.apps.registry.models import City
from langqiao.apps.registry.sections import awaiting
from langqiao.kit.acting import actor, back, is_partial, tell_refusal
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.throttle import throttle

SHOWN = 50
SUGGESTED = 8
FOUND = 40
ADDRESS_AT_MOST = 300  # characters of a problem in an address: Chinese takes nine signs for each


@login_required
@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """What waits for the reader: own challenges, answers, invitations, follows, subscriptions, notices."""
    user = actor(request)
    own = list(queries.own_challenges(user)[:SHOWN])
    answers = list(
        queries.answers_of(user)
        .select_related("challenge__organisation")
        .prefetch_related("team__organisation", "versions")
        .order_by("-updated_at")[:SHOWN]
    )
    for answer in answers:
        # A partner who has not signed the promise knows of the answer, not what it says.
        readable = allowed(user, "challenges.read_answer", answer)
        answer.shown = queries.shown_version(answer, user) if readable else None  # type: ignore[attr-defined]
    answered = {a.challenge_id for a in answers if a.state != Answer.State.WITHDRAWN}
    context = {
        "drafts": [c for c in own if c.state == State.DRAFT],
        "running": [c for c in own if c.state not in (State.DRAFT, State.CLOSED, State.WITHDRAWN)],
        "past": [c for c in own if c.state in (State.CLOSED, State.WITHDRAWN)],
        "invited": [c for c in queries.invited_to(user)[:SHOWN] if c.pk not in answered],
        "answers": answers,
        "followed": queries.followed_by(user)[:SHOWN],
        "subscriptions": list(queries.subscriptions_of(user)),
        "form": SubscriptionForm(),
        "notices": list(Notification.objects.filter(user=user, read_at=None)[:10]),
        "awaiting": awaiting(user),
        "may_create": allowed(user, "challenges.create"),
    }
    return render(request, "challenges/work.html", context)


@login_required
@require_POST
def subscription_add(request: HttpRequest) -> HttpResponse:
    """Subscribe."""
    form = SubscriptionForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid(_("订阅有误。"), mend=_("请重新选择订阅内容、城市与产业领域。"))
        domain.subscribe(actor(request), **form.values())
    except Refused as refused:
        return tell_refusal(request, refused, "work")
    return back(request, "work", _("已订阅，有符合的新记录将通知您。"))


@login_required
@require_POST
def subscription_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel one of one's own subscriptions."""
    subscription = get_object_or_404(Subscription, pk=pk, user=request.user)
    domain.unsubscribe(actor(request), subscription)
    return back(request, "work", _("已取消订阅。"))


@require_http_methods(["GET", "HEAD", "POST"])
def match(request: HttpRequest) -> HttpResponse:
    """A problem in plain words and its four panels; nothing of it is kept.

    A short problem stands in the address, to be shared; a long one, which no address holds, is posted.
    """
    given = request.POST if request.method == "POST" else request.GET
    whole_text = given.get("text", "").replace("\0", "").strip()
    text = whole_text[:TEXT_AT_MOST]
    if request.method == "POST" and len(text) <= ADDRESS_AT_MOST and not is_partial(request):
        return redirect(f"{request.path}?{kept(given, 'text', 'city', *NARROWING)}")
    if text:
        throttle(request, "match")
    city = given.get("city", "")
    cities = dict(City.objects.values_list("slug", "name"))
    city = city if city in cities else ""
    found = matching.match_text(text, city=city, narrow=narrow_from(given)) if text else None
    context = {
        "text": text,
        "city": city,
        "matches": found,
        "similar": matching.similar_challenges(text) if text else [],
        "narrowed": bool(kept(given, *NARROWING)),
        "is_long": len(text) > ADDRESS_AT_MOST,
        "was_cut": len(whole_text) > TEXT_AT_MOST,
        "text_at_most": TEXT_AT_MOST,
        **panel_filters(request),
    }
    if is_partial(request) and request.headers.get("HX-Target", "").endswith("#panels"):
        response = render(request, "challenges/_panels.html", context)
        query = kept(given, "text", "city", *NARROWING)
        if request.method != "POST":
            response["HX-Replace-Url"] = f"{request.path}?{query}" if query else request.path
        return response
    return render(request, "challenges/match.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Search across all: suggestions for htmx, a page of groups otherwise."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:300]
    if text:
        throttle(request, "search")
    if is_partial(request):
        rows = matching.search_all(text, limit=SUGGESTED) if text else []
        return render(request, "parts/search_options.html", {"rows": rows, "text": text})
    rows = matching.search_all(text, limit=FOUND) if text else []
    groups: dict[str, list[matching.Row]] = {}
    for row in rows:  # the kind of the best row comes first
        groups.setdefault(row.kind_label, []).append(row)
    context = {"search_text": text, "groups": list(groups.items()), "rows": rows}
    return render(request, "challenges/search.html", context)
