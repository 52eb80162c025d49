"""REST API of the registry: the same addresses for every kind of record, the same verbs as the pages.

No ``from __future__ import annotations`` here: the addresses of each kind are made in a function, and
ninja must meet the schemas themselves, not their names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import PatchDict, Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import Field as Bound
from pydantic import field_validator

from langqiao.apps.registry import queries, schemas
from langqiao.apps.registry.domain.verbs import VERBS
from langqiao.apps.registry.models import City
from langqiao.kit.api import Paged

router = Router(tags=["registry"])


class Narrow(Schema):
    """Filters of a list; what a kind does not have is ignored."""

    q: Annotated[str, Bound(max_length=300)] = ""
    city: Annotated[str, Bound(max_length=40)] = ""
    field: Annotated[str, Bound(max_length=40)] = ""
    kind: Annotated[str, Bound(max_length=40)] = ""
    organisation: Annotated[str, Bound(max_length=80)] = ""
    code: Annotated[str, Bound(max_length=80)] = ""
    illustrative: bool | None = None

    @field_validator("q", "city", "field", "kind", "organisation", "code")
    @classmethod
    def no_null(cls, value: str) -> str:
        """Take the null character, which PostgreSQL refuses, for a blank."""
        return value.replace("\x00", " ")


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind as the API serves it: rows, what a row says, lookups of the filters, what is taken."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    out: type[Schema]
    search: tuple[str, ...]
    city: str = "city_id"
    field: str = "fields"
    organisation: str = "organisation"
    # No city or field named means all of them (finance).
    empty_means_all: bool = False
    takes: type[Schema] | None = None

    def narrowed(self, narrow: Narrow) -> QuerySet[Any]:
        """The rows that the filters leave, in an order that paging can rely on."""
        rows = self.rows()
        for word in narrow.q.split()[:8]:
            rows = rows.filter(_any_of(self.search, word))
        for lookup, value in ((self.city, narrow.city), (self.field, narrow.field)):
            if value:
                named = Q(**{lookup: value})
                rows = rows.filter(named | Q(**{lookup: None}) if self.empty_means_all else named)
        wanted = {
            "code": narrow.code,
            "kind": narrow.kind if any(f.name == "kind" for f in rows.model._meta.fields) else "",
        }
        rows = rows.filter(**{lookup: value for lookup, value in wanted.items() if lookup and value})
        if narrow.organisation and self.organisation:
            code, name = f"{self.organisation}__code", f"{self.organisation}__name"
            rows = rows.filter(Q(**{code: narrow.organisation}) | Q(**{name: narrow.organisation}))
        if narrow.illustrative is not None:
            rows = rows.filter(illustrative=narrow.illustrative)
        return rows.order_by("pk")


def _any_of(lookups: tuple[str, ...], word: str) -> Q:
    anywhere = Q()
    for lookup in lookups:
        anywhere |= Q(**{f"{lookup}__icontains": word})
    return anywhere


RESOURCES = (
    Resource(
        "organisations",
        queries.organisations,
        schemas.OrganisationOut,
        ("name", "name_en", "short_name"),
        organisation="",
        takes=schemas.OrganisationIn,
    ),
    Resource("people", queries.people, schemas.PersonOut, ("name", "name_en"), takes=schemas.PersonIn),
    Resource(
        "achievements",
        lambda: queries.achievements().prefetch_related("people"),
        schemas.AchievementOut,
        ("title", "discipline", "keywords"),
        field="field",
        organisation="owner",
        takes=schemas.AchievementIn,
    ),
    Resource("facilities", queries.facilities, schemas.FacilityOut, ("name",)),
    Resource("finance", queries.finance, schemas.FinanceOut, ("name",), city="cities", empty_means_all=True),
    Resource(
        "products",
        queries.products,
        schemas.ProductOut,
        ("name", "chain"),
        city="organisation__city_id",
        field="field",
        takes=schemas.ProductIn,
    ),
    Resource("talent-demand", queries.talent_demand, schemas.TalentDemandOut, ("position",), field="field"),
    Resource("training", queries.training, schemas.TrainingOut, ("name",)),
    Resource(
        "programmes", queries.programmes, schemas.ProgrammeOut, ("name", "name_en"), organisation="lead"
    ),
)


def _mount(resource: Resource) -> None:
    """Add a resource's addresses to the router."""
    word = resource.name.replace("-", "_")
    many: Any = list[resource.out]  # type: ignore[name-defined]  # a type made at run time

    @router.get(f"/{resource.name}", response=many, operation_id=f"list_{word}")
    @paginate(Paged)
    def list_records(request: HttpRequest, narrow: Query[Narrow]) -> QuerySet[Any]:  # noqa: ARG001  public
        """Records by filters, one page at a time."""
        return resource.narrowed(narrow)

    @router.get(f"/{resource.name}/{{int:pk}}", response=resource.out, operation_id=f"get_{word}")
    def get_record(request: HttpRequest, pk: int) -> Any:  # noqa: ARG001  public
        """One record."""
        return get_object_or_404(resource.rows(), pk=pk)

    if resource.takes is not None:
        _mount_writes(resource, word, resource.takes)


def _mount_writes(resource: Resource, word: str, takes: Any) -> None:
    verbs = VERBS[word]

    @router.post(f"/{resource.name}", response={201: resource.out}, operation_id=f"add_{word}")
    def add_record(request: HttpRequest, values: takes) -> Status[Any]:
        """Register a record; the rules are those of the pages."""
        record = verbs.add(request.user, **values.dict(exclude_unset=True))
        return Status(201, resource.rows().get(pk=record.pk))

    @router.patch(f"/{resource.name}/{{int:pk}}", response=resource.out, operation_id=f"revise_{word}")
    def revise_record(request: HttpRequest, pk: int, values: PatchDict[takes]) -> Any:
        """Change the columns given."""
        record = get_object_or_404(verbs.kind.model, pk=pk)
        verbs.revise(request.user, record, **values)
        return resource.rows().get(pk=pk)


for _resource in RESOURCES:
    _mount(_resource)


@router.get("/cities", response=list[schemas.CityOut], operation_id="list_cities")
def list_cities(request: HttpRequest) -> Any:  # noqa: ARG001  public
    """The cities of the corridor in their order."""
    return City.objects.all()
