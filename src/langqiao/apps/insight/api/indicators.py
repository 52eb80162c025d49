"""REST API of indicators: the same verbs and rules as the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema
from ninja.pagination import paginate
from pydantic import JsonValue, StringConstraints

from langqiao.apps.insight.domain import indicators as verbs
from langqiao.apps.insight.models import Indicator, Value
from langqiao.apps.insight.queries import claims
from langqiao.apps.insight.queries import indicators as queries
from langqiao.apps.insight.queries.study import Selection, run_selection
from langqiao.engines.regional.methods import METHODS
from langqiao.kit.api import Paged
from langqiao.kit.throttle import throttle

router = Router(tags=["insight"])
_Key = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
_KEY_AT_MOST = 2**31
ROWS_A_CALL = 5_000


class IndicatorOut(Schema):
    """An indicator."""

    slug: str
    name: str
    name_en: str
    unit: str
    subject: str
    additive: bool
    falling: bool
    description: str
    description_en: str
    illustrative: bool


class IndicatorIn(Schema):
    """An indicator's words."""

    name: str = Field(max_length=120)
    name_en: str = Field("", max_length=120)
    unit: str = Field("", max_length=20)
    subject: Indicator.Subject
    additive: bool = False
    falling: bool = False
    description: str = Field("", max_length=5000)
    description_en: str = Field("", max_length=5000)
    illustrative: bool = False


class ValueOut(Schema):
    """A figure; ``withdrawn_at`` is set when it counts no longer."""

    id: int
    indicator: str = Field(alias="indicator_id")
    scope_kind: str
    scope: str
    period: str
    vintage: str
    value: Decimal
    unit: str
    source_name: str
    source_url: str
    source_date: date | None
    illustrative: bool
    withdrawn_at: datetime | None
    withdrawn_why: str


class ValuesIn(Schema):
    """Figures to be entered: rows by column, as in a table; ``dry_run`` only checks them.

    ``accept_differences`` says that somebody has looked at the ``differences`` of a dry run.
    """

    rows: list[dict[str, str | int | float | bool | None]] = Field(max_length=ROWS_A_CALL)
    dry_run: bool = False
    accept_differences: bool = False


class RowErrorOut(Schema):
    """What is wrong with a row or has to be confirmed, counted from 1."""

    row: int
    field: str
    why: str


class ImportOut(Schema):
    """What came of it; with any error, or differences not accepted, nothing was written."""

    rows: int
    created: int
    unchanged: int
    wrong: int
    errors: list[RowErrorOut]
    dry_run: bool
    written: bool
    indicators: list[str]
    differing: int
    differences: list[RowErrorOut]


class WithdrawIn(Schema):
    """Why a value is withdrawn."""

    why: str = Field(max_length=300)


class SelectionIn(Schema):
    """What a method runs on; parameters as ``GET /insight/methods`` tells them."""

    indicators: list[str] = Field(default_factory=list, max_length=40)
    scopes: list[str] = Field(max_length=200)
    periods: list[str] = Field(default_factory=list, max_length=60)
    vintage: str = "best"
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    flows: str = ""
    nation: str = ""


class Narrow(Schema):
    """Filters of the figures."""

    indicator: str = ""
    scope_kind: str = ""
    scope: str = ""
    period: str = ""
    vintage: str = ""
    withdrawn: bool = False


def _clean(text: str) -> str:
    return text.replace("\0", "")


@router.get("/insight/indicators", response=list[IndicatorOut], operation_id="list_indicators")
@paginate(Paged)
def list_indicators(request: HttpRequest) -> QuerySet[Indicator]:  # noqa: ARG001
    """All indicators."""
    return Indicator.objects.order_by("slug")


@router.get("/insight/indicators/{slug}", response=IndicatorOut, operation_id="get_indicator")
def get_indicator(request: HttpRequest, slug: str) -> Indicator:  # noqa: ARG001
    """One indicator."""
    return get_object_or_404(Indicator, pk=_clean(slug))


@router.put("/insight/indicators/{slug}", response=IndicatorOut, operation_id="define_indicator")
def define_indicator(request: HttpRequest, slug: _Key, values: IndicatorIn) -> Indicator:
    """Define an indicator or say its words anew."""
    return verbs.define_indicator(request.user, slug=slug, **values.dict())


@router.get("/insight/values", response=list[ValueOut], operation_id="list_indicator_values")
@paginate(Paged)
def list_values(request: HttpRequest, narrow: Query[Narrow]) -> QuerySet[Value]:  # noqa: ARG001
    """Figures; those of one scope and period stand side by side by vintage and source."""
    rows = queries.values() if narrow.withdrawn else queries.live_values()
    wanted = {
        "indicator_id": narrow.indicator, "scope_kind": narrow.scope_kind, "scope": narrow.scope,
        "period": narrow.period, "vintage": narrow.vintage,
    }  # fmt: skip
    return rows.filter(**{name: _clean(value) for name, value in wanted.items() if value}).order_by("pk")


@router.post("/insight/values", response=ImportOut, operation_id="enter_indicator_values")
def enter_values(request: HttpRequest, given: ValuesIn) -> dict[str, Any]:
    """Enter figures: all rows or none; the same again changes nothing."""
    report = verbs.enter_values(
        request.user,
        enumerate(given.rows, 1),
        dry_run=given.dry_run,
        accept_differences=given.accept_differences,
    )
    return asdict(report)


@router.post("/insight/values/{int:pk}/withdraw", response=ValueOut, operation_id="withdraw_indicator_value")
def withdraw_value(request: HttpRequest, pk: int, given: WithdrawIn) -> Value:
    """Withdraw a figure; it stays to be read."""
    value = get_object_or_404(queries.values(), pk=pk if pk < _KEY_AT_MOST else 0)
    return verbs.withdraw_value(request.user, value, why=_clean(given.why))


@router.get("/insight/claims", response=list[dict[str, Any]], operation_id="list_claims")
def list_claims(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001
    """Every claim recomputed: numerator, denominator, verdict, what is missing, sources."""
    return [claims.as_json(words, finding) for words, finding in claims.findings()]


@router.get("/insight/methods", response=list[dict[str, Any]], operation_id="list_methods")
def list_methods(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001
    """The methods with what they need and their parameters."""
    return [
        {
            "key": method.key,
            "title": method.title.zh,
            "title_en": method.title.en,
            "needs": asdict(method.needs),
            "parameters": [
                {
                    "key": parameter.key,
                    "kind": parameter.kind,
                    "default": parameter.default,
                    "low": parameter.low,
                    "high": parameter.high,
                    "choices": [key for key, _term in parameter.choices],
                }
                for parameter in method.parameters
            ],
            "reference": method.reference,
            "package": method.package,
        }
        for method in METHODS.values()
    ]


@router.post("/insight/methods/{key}", response=dict[str, Any], operation_id="run_method")
def run_method(request: HttpRequest, key: str, given: SelectionIn) -> Any:
    """Run a method on the store's figures; warnings and the version of the data come with the result."""
    throttle(request, "match")
    study, result = run_selection(Selection.from_json({"method": key, **given.dict()}))
    return {
        "result": result.to_json(),
        "warnings": [{"code": w.code, "zh": w.text.zh, "en": w.text.en} for w in result.warnings],
        "dropped": list(study.dropped),
        "values": [value.pk for value in study.values],
        "version": study.version,
    }
