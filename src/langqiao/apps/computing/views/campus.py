"""Pages of campuses: claims, phases, PUE, buildings and halls, the map."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from langqiao.apps.computing.domain import buildings as building_verbs
from langqiao.apps.computing.domain import campus as verbs
from langqiao.apps.computing.forms.campus import (
    ASSUMPTION_NAMES,
    UNITS,
    AssumptionForm,
    BuildingForm,
    CampusForm,
    ClaimForm,
    DerateForm,
    HallForm,
    RacksForm,
    ReadingForm,
)
from langqiao.apps.computing.models import Building, Campus, Hall
from langqiao.apps.computing.queries import campus as queries
from langqiao.apps.computing.queries.plans import missing_assumptions
from langqiao.kit.acting import Act, actor, add_refusal, back, do, form_page, read
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused

SEPARATORS = re.compile(r"[\s,，、;；]+")


@login_required
@require_http_methods(["GET", "POST"])
def campus_new(request: HttpRequest) -> HttpResponse:
    """Register a campus."""
    require(request.user, "computing.run_campus")
    form = CampusForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            campus = verbs.register_campus(actor(request), **form.cleaned_data)
            return back(request, campus, _("园区已登记，接着登记楼与机房。"))
        except Refused as refused:
            add_refusal(form, refused)
    lead = _("登记后可以添加公开说法、楼、机房与假设。")
    return form_page(
        request, form, title=_("登记园区"), lead=lead, button=_("登记"), cancel=reverse("campus_list")
    )


@login_required
@require_http_methods(["GET", "POST"])
def campus_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a campus."""
    campus = get_object_or_404(Campus, pk=pk)
    require(request.user, "computing.run_campus", campus)
    form = CampusForm(request.POST or None, campus=campus)
    if request.method == "POST" and form.is_valid():
        try:
            verbs.revise_campus(actor(request), campus, **form.cleaned_data)
            return back(request, campus, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("修改园区"),
        lead=campus.name,
        button=_("保存"),
        cancel=campus.get_absolute_url(),
    )


@require_safe
def campus_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A campus: what is said of it, its phases, PUE, racks in use, assumptions."""
    campus = get_object_or_404(queries.with_counts(Campus.objects.all()), pk=pk)
    may_run = allowed(request.user, "computing.run_campus", campus)
    assumptions: list[Any] = list(campus.assumptions.all())
    for one in assumptions:
        one.shown_name = ASSUMPTION_NAMES.get(one.key, one.name)
        one.shown_unit = UNITS.get(one.unit, one.unit)
    context: dict[str, Any] = {
        "campus": campus,
        "claims": queries.claims_of(campus),
        "phases": queries.phases_of(campus),
        "power": queries.power_of(campus),
        "racks": queries.rack_use_of(campus),
        "assumptions": assumptions,
        "missing": missing_assumptions(campus) if may_run else [],
        "may_run": may_run,
        "may_plan": allowed(request.user, "computing.plan", campus),
        "may_see": allowed(request.user, "computing.read_servers", campus),
    }
    if may_run:
        context |= {
            "claim_form": ClaimForm(),
            "assumption_form": AssumptionForm(),
            "reading_form": ReadingForm(),
        }
    return render(request, "computing/campus/campus_detail.html", context)


def _claim(request: HttpRequest, campus: Campus) -> Any:
    verbs.add_claim(actor(request), campus, **read(ClaimForm(request.POST)))
    return _("公开说法已登记，与其他说法并列保留。")


def _assume(request: HttpRequest, campus: Campus) -> Any:
    form = AssumptionForm(request.POST)
    read(form)
    verbs.set_assumption(actor(request), campus, **form.values())
    return _("假设已设定，容量推演随即采用。")


def _energy(request: HttpRequest, campus: Campus) -> Any:
    verbs.record_reading(actor(request), campus, **read(ReadingForm(request.POST)))
    return _("能耗读数已登记。")


CAMPUS_ACTS: dict[str, Act] = {"claim": _claim, "assume": _assume, "energy": _energy}


@login_required
@require_POST
def campus_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Add a claim, set an assumption, record energy."""
    return do(request, CAMPUS_ACTS, act, get_object_or_404(Campus, pk=pk))


@login_required
@require_http_methods(["GET", "POST"])
def building_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Register a building of a campus."""
    campus = get_object_or_404(Campus, pk=pk)
    require(request.user, "computing.run_campus", campus)
    form = BuildingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            building = building_verbs.register_building(actor(request), campus, **form.cleaned_data)
            return back(request, building, _("机房楼已登记，接着登记机房。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("登记机房楼"),
        lead=campus.name,
        button=_("登记"),
        cancel=campus.get_absolute_url(),
    )


@login_required
@require_http_methods(["GET", "POST"])
def building_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a building: its dates, its racks."""
    building = get_object_or_404(Building.objects.select_related("campus"), pk=pk)
    require(request.user, "computing.run_campus", building)
    form = BuildingForm(request.POST or None, building=building)
    if request.method == "POST" and form.is_valid():
        try:
            building_verbs.revise_building(actor(request), building, **form.cleaned_data)
            return back(request, building, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("修改机房楼"),
        lead=_("延期请改计划交付日期，交付后填写实际交付日期。"),
        button=_("保存"),
        cancel=building.get_absolute_url(),
    )


@require_safe
def building_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A building with its halls: positions, power, cooling, derating, GPUs for those who may see them."""
    building = get_object_or_404(Building.objects.select_related("campus__operator"), pk=pk)
    may_see = allowed(request.user, "computing.read_servers", building)
    filled = queries.fills(building.campus, by="rack__hall") if may_see else {}
    halls: list[Any] = list(building.halls.all())
    for hall in halls:
        hall.fill = filled.get(hall.pk, queries.Filled())
        hall.limit_kw = min(hall.power_kw, hall.cooling_kw) * (1 - hall.derating / 100)
    context = {
        "building": building,
        "halls": halls,
        "may_see": may_see,
        "may_run": allowed(request.user, "computing.run_campus", building),
        "derate_form": DerateForm(),
        "racks_form": RacksForm(),
    }
    return render(request, "computing/campus/building_detail.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def hall_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Register a hall of a building."""
    building = get_object_or_404(Building.objects.select_related("campus"), pk=pk)
    require(request.user, "computing.run_campus", building)
    form = HallForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            building_verbs.register_hall(actor(request), building, **form.cleaned_data)
            return back(request, building, _("机房已登记，接着登记机架。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("登记机房"),
        lead=str(building),
        button=_("登记"),
        cancel=building.get_absolute_url(),
    )


@login_required
@require_http_methods(["GET", "POST"])
def hall_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Revise a hall."""
    hall = get_object_or_404(Hall.objects.select_related("building__campus"), pk=pk)
    require(request.user, "computing.run_campus", hall)
    form = HallForm(request.POST or None, hall=hall)
    if request.method == "POST" and form.is_valid():
        try:
            building_verbs.revise_hall(actor(request), hall, **form.cleaned_data)
            return back(request, hall.building, _("已保存。"))
        except Refused as refused:
            add_refusal(form, refused)
    return form_page(
        request,
        form,
        title=_("修改机房"),
        lead=hall.name,
        button=_("保存"),
        cancel=hall.building.get_absolute_url(),
    )


def _derate(request: HttpRequest, hall: Hall) -> Any:
    building_verbs.derate_hall(actor(request), hall, **read(DerateForm(request.POST)))
    return _("降额已登记，容量推演随即采用。")


def _racks(request: HttpRequest, hall: Hall) -> Any:
    values = read(RacksForm(request.POST))
    names = [name for name in SEPARATORS.split(values.pop("names")) if name]
    made = building_verbs.register_racks(actor(request), hall, names=names, **values)
    return _("新登记机架 %(count)s 个。") % {"count": len(made)}


HALL_ACTS: dict[str, Act] = {"derate": _derate, "racks": _racks}


@login_required
@require_POST
def hall_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Derate a hall, register its racks."""
    hall = get_object_or_404(Hall.objects.select_related("building__campus"), pk=pk)
    return do(request, HALL_ACTS, act, hall, where=hall.building)


@login_required
@require_safe
def campus_map(request: HttpRequest, pk: int) -> HttpResponse:
    """The map: buildings, the halls of one, or the rows, racks, servers and GPUs of a hall."""
    campus = get_object_or_404(Campus.objects.select_related("operator"), pk=pk)
    require(request.user, "computing.read_servers", campus)
    context: dict[str, Any] = {"campus": campus}
    if wanted := request.GET.get("hall"):
        hall = _part(Hall.objects.filter(building__campus=campus).select_related("building"), wanted)
        lines = queries.lines_of(hall)
        fill = queries.total(one.fill for line in lines for _rack, standing in line.racks for one in standing)
        context |= {"building": hall.building, "hall": hall, "lines": lines, "fill": fill}
    elif wanted := request.GET.get("building"):
        building = _part(campus.buildings.all(), wanted)
        filled = queries.fills(campus, by="rack__hall")
        parts: list[Any] = list(building.halls.all())
        context |= {"building": building, "parts": _filled(parts, filled, "hall")}
    else:
        filled = queries.fills(campus, by="rack__hall__building")
        context["parts"] = _filled(queries.phases_of(campus), filled, "building")
    if "parts" in context:
        context["fill"] = queries.total(part.fill for part in context["parts"])
    partial = request.headers.get("HX-Target", "").endswith("#map")
    response = render(request, f"computing/campus/{'_map' if partial else 'campus_map'}.html", context)
    # The same address is a page and a part of one: the browser must not show the part when one goes back.
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _part(rows: Any, wanted: str) -> Any:
    key = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 18 else 0
    return get_object_or_404(rows, pk=key)


def _filled(parts: list[Any], filled: dict[int, queries.Filled], kind: str) -> list[Any]:
    for part in parts:
        part.fill = filled.get(part.pk, queries.Filled())
        part.step = f"?{kind}={part.pk}"
    return parts
