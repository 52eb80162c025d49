"""REST API: open data: what there is, and where it lies; the data themselves have stable addresses.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.urls import reverse
from ninja import Query, Router, Schema
from pydantic import Field as Bound

from langqiao.apps.eye.open_data.describe import licence_of, publisher_of
from langqiao.apps.eye.open_data.formats import forms, said
from langqiao.apps.eye.queries.open_data import found
from langqiao.kit.opendata import Dataset, dataset
from langqiao.kit.throttle import throttle

router = Router(tags=["open data"])


class OpenDataNarrow(Schema):
    """Filters of the catalogue."""

    q: Annotated[str, Bound(max_length=300)] = ""
    app: Annotated[str, Bound(max_length=40)] = ""
    form: Annotated[str, Bound(max_length=40)] = ""


class OpenDataForm(Schema):
    """One form of a data set."""

    form: str
    media_type: str
    url: str


class OpenDataOut(Schema):
    """A data set of the catalogue."""

    slug: str
    title: dict[str, str]
    description: dict[str, str]
    app: str
    url: str
    licence: str
    publisher: dict[str, str]
    rows: int | None
    modified: datetime | None
    forms: list[OpenDataForm]


class OpenDataColumn(Schema):
    """A column of the dictionary."""

    name: str
    type: str
    unit: str
    description: dict[str, str]
    values: dict[str, dict[str, str]]


class OpenDataDetailOut(OpenDataOut):
    """A data set with its dictionary."""

    columns: list[OpenDataColumn]


def _both(text: Any) -> dict[str, str]:
    return {"zh": said(text, "zh-hans"), "en": said(text, "en")}


def _listed(request: HttpRequest, one: Dataset) -> dict[str, Any]:
    def at(name: str, *args: str) -> str:
        return request.build_absolute_uri(reverse(name, args=args))

    return {
        "slug": one.slug,
        "title": _both(one.title),
        "description": _both(one.description),
        "app": one.app,
        "url": at("open_data_detail", one.slug),
        "licence": licence_of(one),
        "publisher": publisher_of(one),
        "rows": one.size(),
        "modified": one.changed(),
        "forms": [
            {
                "form": known.ending,
                "media_type": known.media_type.partition(";")[0],
                "url": at("open_data_file", one.slug, known.ending),
            }
            for known in forms(one)
        ],
    }


@router.get("/open-data", response=list[OpenDataOut], operation_id="list_open_data")
def list_open_data(request: HttpRequest, narrow: Query[OpenDataNarrow]) -> Any:
    """All data sets that the filters leave."""
    throttle(request, "search")
    rows = found(q=narrow.q.replace("\0", " "), app=narrow.app, ending=narrow.form)
    return [_listed(request, one) for one in rows]


@router.get("/open-data/{slug}", response=OpenDataDetailOut, operation_id="get_open_data")
def get_open_data(request: HttpRequest, slug: Annotated[str, Bound(max_length=80)]) -> Any:
    """One data set with its dictionary."""
    throttle(request, "search")
    one = dataset(slug)
    if one is None:
        raise Http404
    columns = [
        {
            "name": column.name,
            "type": column.type,
            "unit": column.unit,
            "description": _both(column.description),
            "values": {str(value): _both(label) for value, label in column.values},
        }
        for column in one.columns
    ]
    return {**_listed(request, one), "columns": columns}
