"""REST API of valuation (估值): the verbs and rules of the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import PatchDict, Query, Router, Status
from ninja.pagination import paginate

from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Achievement, Organisation
from langqiao.apps.verification.api import valuation_schemas as s
from langqiao.apps.verification.domain import valuation as verbs
from langqiao.apps.verification.models import Valuation
from langqiao.apps.verification.queries.valuation import visible_valuations
from langqiao.engines.valuation import FIELDS
from langqiao.kit.api import Paged
from langqiao.kit.refusals import Invalid
from langqiao.kit.throttle import throttle

router = Router(tags=["verification"])


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _found(request: HttpRequest, pk: int) -> Valuation:
    """A valuation the caller may read; who may not need not know that it exists."""
    return get_object_or_404(visible_valuations(request.user), pk=pk)


def _organisation(name: str, field: str) -> Organisation | None:
    try:
        return Lookups().organisation(name)
    except Invalid as refused:
        raise Invalid(refused.why, mend=refused.mend, field=field) from refused


def _achievement(pk: int | None) -> Achievement | None:
    if pk is None:
        return None
    found = Achievement.objects.filter(pk=pk).first()
    if found is None:
        raise Invalid(_("名录中没有这项成果；请填写编号或完整名称。"), field="achievement")
    return found


def _referred(values: dict[str, Any]) -> dict[str, Any]:
    """Values as the verbs take them: the centre and the achievement as records, a null text as none."""
    for name in ("title", "purpose"):
        if name in values:
            values[name] = values[name] or ""
    if "centre" in values:
        values["centre"] = _organisation(values["centre"], "centre")
    if "achievement" in values:
        values["achievement"] = _achievement(values["achievement"])
    return values


@router.get("/valuation-fields", response=list[s.ValuationFieldOut], operation_id="list_valuation_fields")
def list_valuation_fields(request: HttpRequest) -> Any:  # noqa: ARG001  ninja's call
    """The inputs of all methods with their terms, units and limits; ``*`` stands for a number."""
    return [
        {
            "key": key,
            "zh": field.zh,
            "en": field.en,
            "unit": field.unit.value,
            "lower": field.lower,
            "upper": field.upper,
            "lognormal": field.open_ended,
        }
        for key, field in FIELDS.items()
    ]


@router.get("/valuations", response=list[s.ValuationOutlineOut], operation_id="list_valuations")
@paginate(Paged)
def list_valuations(request: HttpRequest, narrow: Query[s.ValuationNarrowIn]) -> QuerySet[Valuation]:
    """Valuations the caller may read, newest first."""
    wanted = {
        "state": narrow.state,
        "achievement": narrow.achievement,
        "case": narrow.case.replace("\0", ""),
    }
    rows = visible_valuations(request.user)
    return rows.filter(**{name: value for name, value in wanted.items() if value}).order_by("-pk")


@router.post("/valuations", response={201: s.ValuationOut}, operation_id="draft_valuation")
def draft_valuation(request: HttpRequest, values: s.DraftIn) -> Any:
    """Begin a valuation; with a ``study`` its range is computed at once."""
    throttle(request, "match")
    given = _referred(values.dict())
    organisation = _organisation(given.pop("organisation"), "organisation")
    if organisation is None:
        raise Invalid(_("请写明机构。"), field="organisation")
    return Status(201, verbs.draft_valuation(_actor(request), organisation=organisation, **given))


@router.get("/valuations/{int:pk}", response=s.ValuationOut, operation_id="get_valuation")
def get_valuation(request: HttpRequest, pk: int) -> Any:
    """One valuation with its inputs, figures and receipt."""
    return _found(request, pk)


@router.patch("/valuations/{int:pk}", response=s.ValuationOut, operation_id="revise_valuation")
def revise_valuation(request: HttpRequest, pk: int, values: PatchDict[s.RevisePatch]) -> Any:
    """Change the fields given of a draft; with a ``study`` its range is computed at once."""
    throttle(request, "match")
    return verbs.revise_valuation(_actor(request), _found(request, pk), **_referred(dict(values)))


@router.post("/valuations/{int:pk}/compute", response=s.ValuationOut, operation_id="compute_valuation")
def compute_valuation(request: HttpRequest, pk: int) -> Any:
    """Compute a draft anew."""
    throttle(request, "match")
    return verbs.compute_valuation(_actor(request), _found(request, pk))


@router.post("/valuations/{int:pk}/finalise", response=s.ValuationOut, operation_id="finalise_valuation")
def finalise_valuation(request: HttpRequest, pk: int) -> Any:
    """Make a valuation final."""
    throttle(request, "match")
    return verbs.finalise_valuation(_actor(request), _found(request, pk))


@router.post("/valuations/{int:pk}/withdraw", response=s.ValuationOut, operation_id="withdraw_valuation")
def withdraw_valuation(request: HttpRequest, pk: int, values: s.ValuationWhyIn) -> Any:
    """Withdraw a valuation."""
    return verbs.withdraw_valuation(_actor(request), _found(request, pk), why=values.why)


@router.post("/valuations/{int:pk}/rerun", response=s.RerunOut, operation_id="rerun_valuation")
def rerun_valuation(request: HttpRequest, pk: int) -> Any:
    """Run a valuation once more and compare with its receipt; nothing is written."""
    throttle(request, "match")
    found = verbs.rerun_valuation(_found(request, pk))
    return {"inputs": found.inputs, "result": found.result, "versions": dict(found.versions)}
