"""The page of the capacity plan (容量推演): a what-if answers at once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from langqiao.apps.computing.forms.campus import ASSUMPTION_NAMES, UNITS, PlanForm
from langqiao.apps.computing.models import Campus
from langqiao.apps.computing.queries.plans import MONTHS, Worked, missing_assumptions, worked_out
from langqiao.apps.computing.views.charts import chart_of
from langqiao.engines.scheduling.campus import KEYS, MonthPlan, month_text
from langqiao.kit.acting import add_refusal
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Refused

LIMIT_NAMES: dict[str, Any] = {
    "": "–", "servers": _("已装服务器"), "racks": _("机架位"), "power": _("供电"), "cooling": _("制冷")
}  # fmt: skip
VERDICTS: dict[str, tuple[Any, str]] = {
    "firm": (_("可以承诺"), "success"),
    "likely": (_("多半可以"), "water"),
    "possible": (_("最好情形下可以"), "warning"),
    "no": (_("不能承诺"), "danger"),
}
REMARKS: dict[str, Any] = {
    "undated": _("没有交付日期，未计入容量"),
    "overdue": _("计划交付日期已过而未登记交付，按起始月计"),
    "no_limits": _("供电或制冷未知，只按机架位计"),
    "crowded": _("已装 GPU 多于假设的机架密度下供电与制冷所能承载，超出的不计入可用"),
    "delivered": _("已交付，延期不起作用"),
    "over": _("这些月份承诺多于可用"),
}


@login_required
@require_safe
def campus_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """What can be promised when, and what a slip, a derating or a tenant would change."""
    campus = get_object_or_404(Campus.objects.select_related("operator"), pk=pk)
    require(request.user, "computing.plan", campus)
    given = {name: value for name, value in request.GET.items() if name in PlanForm.base_fields}
    form = PlanForm({"months": str(MONTHS), **given}, campus=campus)
    context: dict[str, Any] = {
        "campus": campus,
        "form": form,
        "missing": [ASSUMPTION_NAMES[key] for key in missing_assumptions(campus)],
        "may_run": allowed(request.user, "computing.run_campus", campus),
    }
    if not context["missing"] and form.is_valid():
        try:
            context |= _shown(campus, _worked(campus, form.cleaned_data))
        except Refused as refused:
            add_refusal(form, refused)
    status = 422 if form.errors else 200
    partial = request.headers.get("HX-Target", "").endswith("#plan")
    response = render(
        request, f"computing/campus/{'_plan' if partial else 'campus_plan'}.html", context, status=status
    )
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _worked(campus: Campus, values: dict[str, Any]) -> Worked:
    slips = [f"{values['building']}={values['slip']}"] if values["building"] and values["slip"] else []
    derated = values["hall"] and values["derating"] is not None
    deratings = [f"{values['hall']}={values['derating']}"] if derated else []
    arrivals = []
    if values["gpus"]:
        since = values["since"] or month_text(worked_out(campus, months=1).found.start)
        name = _("新租户")
        arrivals = [f"{name}={values['gpus']}@{since}"]
    return worked_out(campus, months=values["months"], slips=slips, deratings=deratings, arrivals=arrivals)


def _shown(campus: Campus, worked: Worked) -> dict[str, Any]:
    found, base = worked.found, worked.base
    rows = [_row(now, before) for now, before in zip(found.months, base.months, strict=True)]
    buildings = {str(one.number): str(one) for one in campus.buildings.all()}
    return {
        "plan": found,
        "is_changed": worked.is_changed,
        "chart": chart_of(found, base if worked.is_changed else None),
        "rows": rows,
        "marks": [rows[i] for i in dict.fromkeys((0, min(12, len(rows) - 1), len(rows) - 1))],
        "halls": [
            {
                "name": _place(f"{hall.building}/{hall.hall}", buildings),
                "plan": hall,
                "binding": LIMIT_NAMES[hall.binding],
                "ready": [month_text(month) for month in hall.ready[::-1]],
            }
            for hall in found.halls
            if hall.ready is not None
        ],
        "fits": [
            {
                "fit": fit,
                "since": month_text(fit.demand.first),
                "words": VERDICTS[fit.verdict][0],
                "tone": VERDICTS[fit.verdict][1],
                "earliest": [None if month is None else month_text(month) for month in fit.earliest],
            }
            for fit in found.fits
        ],
        "remarks": [
            (REMARKS[one.kind], [_place(subject, buildings) for subject in one.subjects])
            for one in found.remarks
        ],
        "assumptions": [
            (ASSUMPTION_NAMES[key], one, UNITS.get(one.unit, one.unit))
            for key, one in worked.site.assumptions.items()
            if key in KEYS
        ],
    }


def _row(now: MonthPlan, before: MonthPlan) -> dict[str, Any]:
    return {
        "month": month_text(now.month),
        "plan": now,
        "binding": LIMIT_NAMES[now.binding],
        "change": int(now.promise.middle - before.promise.middle),
        "is_over": now.headroom.middle < 0,
        "mw": [kw / 1000 for kw in now.facility_kw],
        "full_mw": [kw / 1000 for kw in now.full_facility_kw],
    }


def _place(subject: str, buildings: dict[str, str]) -> str:
    """A building, a building/hall or a month of the plan as a person reads it."""
    building, _slash, hall = subject.partition("/")
    return " · ".join(part for part in (buildings.get(building, building), hall) if part)
