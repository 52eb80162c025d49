"""Pages of the yearly rating."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.accounts.rules import is_office
from langqiao.apps.alliances.domain.alliances import ratings as verbs
from langqiao.apps.alliances.forms.alliances import MarkForm, ReasonForm, SchemeForm
from langqiao.apps.alliances.listings.alliances import state_badge
from langqiao.apps.alliances.models import Alliance, Criterion, Mark, Rating, RatingScheme
from langqiao.apps.alliances.queries.alliances.cases import thread
from langqiao.apps.alliances.queries.alliances.inside import run_by, visible_ratings
from langqiao.apps.alliances.queries.alliances.tree import year_of
from langqiao.apps.alliances.views.alliances.parts import reason
from langqiao.kit.acting import Act, actor, add_refusal, back, do, key, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused

State = Rating.State
Marker = Criterion.Marker
FIRST: tuple[tuple[str, int, str], ...] = (
    ("组织建设与成员服务", 25, Marker.SECRETARIAT),
    ("活动开展", 25, Marker.OFFICE),
    ("供需对接成效", 30, Marker.OFFICE),
    ("跨城市协同", 20, Marker.OFFICE),
)


@require_safe
def rating_scheme_detail(request: HttpRequest, year: int) -> HttpResponse:
    """A year's criteria and grades, and the alliances' results."""
    scheme = get_object_or_404(RatingScheme.objects.prefetch_related("criteria"), year=year)
    user = request.user
    rated = {one.alliance_id: one for one in visible_ratings(user).filter(scheme=scheme)}
    if allowed(user, "alliances.mark"):
        alliances = Alliance.objects.filter(is_group=False)
    else:
        alliances = Alliance.objects.filter(pk__in=rated) | run_by(user).filter(is_group=False)
    rows = [
        {
            "alliance": one,
            "rating": rated.get(one.pk),
            "badge": state_badge(rated[one.pk]) if one.pk in rated else None,
        }
        for one in alliances.distinct().order_by("order")
    ]
    criteria = list(scheme.criteria.all())
    context = {
        "scheme": scheme,
        "criteria": criteria,
        "weights": sum(one.weight for one in criteria),
        "rows": rows,
        "may_set": allowed(user, "alliances.keep_scheme")
        and not Mark.objects.filter(rating__scheme=scheme).exists(),
    }
    return render(request, "alliances/alliances/scheme.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def rating_scheme_new(request: HttpRequest) -> HttpResponse:
    """Set the criteria and grades of a year; ``?year=`` opens those of one that stands."""
    require(request.user, "alliances.keep_scheme")
    form = SchemeForm(request.POST or None, initial=_first(key(request.GET.get("year"))))
    if request.method == "POST" and form.is_valid():
        try:
            scheme = verbs.set_rating_scheme(
                actor(request),
                year=form.cleaned_data["year"],
                criteria=form.criteria(),
                grades=form.grades(),
            )
            return back(request, scheme, _("考核办法已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    status = 422 if form.errors else 200
    return render(request, "alliances/alliances/scheme_form.html", {"form": form}, status=status)


def _first(year: int) -> dict[str, Any]:
    scheme = RatingScheme.objects.filter(year=year).first()
    if scheme is None:
        rows: list[tuple[str, int, str]] = list(FIRST)
        grades: list[Any] = [*verbs.GRADES]
    else:
        rows = [(one.label, one.weight, one.marker) for one in scheme.criteria.all()]
        grades = scheme.grades
    found: dict[str, Any] = {"year": scheme.year if scheme else timezone.localdate().year}
    for number, (label, weight, marker) in enumerate(rows, start=1):
        found |= {f"label{number}": label, f"weight{number}": weight, f"marker{number}": marker}
    for number, (name, least) in enumerate(grades, start=1):
        found |= {f"grade{number}": name, f"least{number}": least}
    return found


def _pair(request: HttpRequest, year: int, pk: int) -> tuple[RatingScheme, Alliance, Rating | None]:
    """The scheme, the alliance and its rating, for those who may see or begin it.

    Raises:
        Http404: the rating is not published, and the viewer marks nothing in it.
    """
    scheme = get_object_or_404(RatingScheme, year=year)
    alliance = get_object_or_404(Alliance.objects.filter(is_group=False), pk=pk)
    rating = visible_ratings(request.user).filter(scheme=scheme, alliance=alliance).first()
    marks = allowed(request.user, "alliances.mark") or allowed(request.user, "alliances.mark_self", alliance)
    if rating is None and not marks:
        raise Http404
    return scheme, alliance, rating


@require_safe
def alliance_rating(request: HttpRequest, year: int, pk: int) -> HttpResponse:
    """An alliance's rating of a year: criteria, marks, what the records say, and what may be done now."""
    scheme, alliance, rating = _pair(request, year, pk)
    user = request.user
    criteria = list(scheme.criteria.all())
    marks = {mark.criterion_id: mark for mark in rating.marks.all()} if rating else {}
    open_ = rating is None or rating.state == State.MARKING
    may = {
        Marker.SECRETARIAT: open_ and allowed(user, "alliances.mark_self", alliance),
        Marker.OFFICE: open_ and allowed(user, "alliances.mark", alliance),
    }
    rows = [
        {
            "criterion": one,
            "mark": marks.get(one.pk),
            "may_mark": may[Marker(one.marker)],
            "form": MarkForm(initial=_given(marks.get(one.pk))),
            "dialog": f"mark-{one.pk}",
        }
        for one in criteria
    ]
    publishes = rating is not None and allowed(user, "alliances.publish_rating", rating)
    context = {
        "scheme": scheme,
        "alliance": alliance,
        "rating": rating,
        "badge_state": state_badge(rating) if rating else None,
        "rows": rows,
        "total": verbs.total_of(criteria, marks),
        "year": year_of(alliance, scheme.year),
        "may_publish": publishes and open_ and len(marks) == len(criteria),
        "may_reopen": publishes and not open_,
        "reason_form": ReasonForm(),
        "sees_counts": is_office.test(user) or allowed(user, "alliances.mark_self", alliance) or not open_,
        "entries": thread(rating, alliance, user) if rating else [],
    }
    return render(request, "alliances/alliances/rating.html", context)


def _given(mark: Mark | None) -> dict[str, Any]:
    return {} if mark is None else {"value": mark.value, "note": mark.note}


@login_required
@require_POST
def rating_mark(request: HttpRequest, year: int, pk: int, criterion: int) -> HttpResponse:
    """Give a mark."""
    scheme, alliance, _rating = _pair(request, year, pk)
    one = get_object_or_404(scheme.criteria, pk=criterion)

    def mark(_request: HttpRequest, record: Alliance) -> Any:
        verbs.mark_alliance(actor(request), scheme, record, one, **read(MarkForm(request.POST)))
        return _("得分已保存。")

    return do(request, {"mark": mark}, "mark", alliance, _page(year, pk))


def _page(year: int, pk: int) -> str:
    return reverse("alliance_rating", args=[year, pk])


def _publish(request: HttpRequest, rating: Rating) -> Any:
    verbs.publish_rating(actor(request), rating)
    return _("考核结果已公布。")


def _reopen(request: HttpRequest, rating: Rating) -> Any:
    verbs.reopen_rating(actor(request), rating, why=reason(request))
    return _("考核结果已撤回，可以改正得分。")


ACTS: dict[str, Act] = {"publish": _publish, "reopen": _reopen}


@login_required
@require_POST
def rating_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Publish a rating or take it back."""
    return do(request, ACTS, act, get_object_or_404(visible_ratings(request.user), pk=pk))
