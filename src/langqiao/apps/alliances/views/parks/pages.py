"""Pages of parks: one park, its report, the comparison of parks and of cities, forms, the import."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.alliances.domain.parks import keeping as verbs
from langqiao.apps.alliances.domain.parks.table import COLUMNS_SHOWN, read_activities
from langqiao.apps.alliances.forms.alliances import ReasonForm
from langqiao.apps.alliances.forms.parks import ActivitiesForm, ActivityForm, ParkForm
from langqiao.apps.alliances.models import Activity, Place
from langqiao.apps.alliances.queries.parks.matrix import Basis, bases, basis_from, comparison
from langqiao.apps.alliances.queries.parks.report import (
    COMPLEMENTS,
    DUPLICATES,
    Report,
    grid_of,
    park_report,
    report_on,
)
from langqiao.apps.alliances.views.alliances.parts import through_form
from langqiao.apps.registry.models import City
from langqiao.kit.acting import actor, add_refusal, back, key, read, tell_refusal
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused
from langqiao.kit.words import is_english, named

Kind = Place.Kind


def _place(pk: int) -> Place:
    return get_object_or_404(Place.objects.select_related("city", "organisation"), pk=pk)


@require_safe
def park_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A park with its published activities and figures."""
    place = _place(pk)
    permission = "parks.keep" if place.kind == Kind.PARK else "parks.keep_reference"
    may_keep = allowed(request.user, permission, place)
    activities = list(place.activities.select_related("field"))
    context = {
        "place": place,
        "summary": (is_english() and place.summary_en) or place.summary,
        "activities": activities,
        "figures": [
            {**row, "words": (is_english() and row.get("label_en")) or row["label"]} for row in place.figures
        ],
        "may_keep": may_keep,
        "is_compared": place.kind == Kind.PARK and bool(activities),
        "reason_form": ReasonForm(),
    }
    return render(request, "alliances/parks/detail.html", context)


@require_safe
def park_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The report on a park: duplicates, complements, what is near to it."""
    place = _place(pk)
    if place.kind != Kind.PARK:
        raise Http404
    basis = basis_from(request.GET.get("basis", ""), Kind.PARK, of=place)
    report = park_report(place, basis)
    crumbs = [(reverse("park_list"), _("园区清单")), (place.get_absolute_url(), named(place))]
    return _report_page(request, Kind.PARK, basis, report, title=named(place), crumbs=crumbs)


@require_safe
def city_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The report on a city among the corridor's cities."""
    city = get_object_or_404(City, pk=slug)
    basis = basis_from(request.GET.get("basis", ""), Kind.CITY)
    found = comparison(Kind.CITY, basis)
    whole = Place.objects.filter(kind=Kind.CITY, city=city).first()
    report = report_on(f"city-{city.pk}", found) or (report_on(f"place-{whole.pk}", found) if whole else None)
    crumbs = [(reverse("park_compare") + "?rows=city", _("城市比较"))]
    return _report_page(request, Kind.CITY, basis, report, title=named(city), crumbs=crumbs)


def _report_page(
    request: HttpRequest, kind: str, basis: Basis, report: Report | None, *, title: Any, crumbs: list[Any]
) -> HttpResponse:
    context = {
        "title": title,
        "crumbs": crumbs,
        "report": report,
        "bases": bases(kind),
        "basis": basis,
        "duplicates_from": DUPLICATES,
        "complements_to": COMPLEMENTS,
    }
    return render(request, "alliances/parks/report.html", context)


@require_safe
def park_compare(request: HttpRequest) -> HttpResponse:
    """All parks, or all cities, against each other."""
    kind = Kind.CITY if request.GET.get("rows") == "city" else Kind.PARK
    basis = basis_from(request.GET.get("basis", ""), kind)
    found = comparison(kind, basis)
    context = {
        "kind": kind,
        "grid": grid_of(found),
        "comparison": found,
        "bases": bases(kind),
        "basis": basis,
        "duplicates_from": DUPLICATES,
        "complements_to": COMPLEMENTS,
    }
    return render(request, "alliances/parks/compare.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def park_new(request: HttpRequest) -> HttpResponse:
    """Register a park."""
    require(request.user, "parks.keep")
    return through_form(
        request,
        ParkForm(request.POST or None),
        lambda values: verbs.register_park(actor(request), **values),
        title=_("登记园区"),
        lead=_("真实园区写明来源；没有公布的请标为示例。"),
        button=_("登记"),
        cancel=reverse("park_list"),
        done=_("园区已登记。"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def park_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a park."""
    place = _place(pk)
    _require_keeping(request, place)
    return through_form(
        request,
        ParkForm(request.POST or None, place=place),
        lambda values: verbs.revise_park(actor(request), place, **values),
        title=_("修改园区"),
        lead=named(place),
        button=_("保存"),
        cancel=place.get_absolute_url(),
        done=_("已保存。"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def activity_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Record an activity of a park."""
    place = _place(pk)
    _require_keeping(request, place)
    return through_form(
        request,
        ActivityForm(request.POST or None),
        lambda values: verbs.record_activity(actor(request), place, **values),
        title=_("登记产业活动"),
        lead=named(place),
        button=_("登记"),
        cancel=place.get_absolute_url(),
        done=_("产业活动已登记。"),
        then=place,
    )


def _require_keeping(request: HttpRequest, place: Place) -> None:
    require(request.user, "parks.keep" if place.kind == Kind.PARK else "parks.keep_reference", place)


@login_required
@require_POST
def activity_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Drop an activity that was wrong."""
    place = _place(pk)
    activity = get_object_or_404(
        Activity.objects.select_related("place__city", "place__organisation"),
        pk=key(request.POST.get("activity")),
        place=place,
    )
    try:
        verbs.drop_activity(actor(request), activity, **read(ReasonForm(request.POST)))
    except Refused as refused:
        return tell_refusal(request, refused, place)
    return back(request, place, _("已删去。"))


@login_required
@require_http_methods(["GET", "POST"])
def park_import(request: HttpRequest) -> HttpResponse:
    """Import a table of activities: tried first, written when asked and when no row is refused."""
    require(request.user, "parks.import")
    form = ActivitiesForm(request.POST or None, request.FILES or None)
    summary = None
    if request.method == "POST" and form.is_valid():
        try:
            rows, numbers = read_activities(form.cleaned_data["file"])
            summary = verbs.import_activities(
                actor(request), rows, numbers=numbers, dry_run="write" not in request.POST
            )
        except Refused as refused:
            add_refusal(form, refused)
        else:
            if summary.written:
                done = _("已导入：新增 %(created)s，更新 %(changed)s，未变 %(unchanged)s。") % {
                    "created": summary.created,
                    "changed": summary.changed,
                    "unchanged": summary.unchanged,
                }
                return back(request, "park_activity_list", done)
    wrong = bool(form.errors or (summary and summary.refused))
    context = {"form": form, "summary": summary, "columns": COLUMNS_SHOWN}
    return render(request, "alliances/parks/import.html", context, status=422 if wrong else 200)
