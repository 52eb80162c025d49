"""REST API of industry chains (产业链): the same reads, verbs and rules as the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router
from ninja.pagination import paginate

from langqiao.apps.alliances.api.chains_schemas import (
    ChainDatasetOut,
    ChainFailureOut,
    ChainFilters,
    ChainFirmOut,
    ChainGapsOut,
    ChainIndustryOut,
    ChainLinkOut,
    ChainMapOut,
    ChainNodeOut,
    ChainPartnersOut,
    ConfirmLinkIn,
    FirmFilters,
    Key,
    LinkFilters,
    MapFilters,
    OwnReportOut,
    OwnRowIn,
    OwnTableIn,
    RejectLinkIn,
    Slug,
)
from langqiao.apps.alliances.domain import chains as verbs
from langqiao.apps.alliances.models.chains import (
    ChainDataset,
    ChainFirm,
    ChainIndustry,
    ChainLink,
    ChainNode,
)
from langqiao.apps.alliances.queries import chains as read
from langqiao.apps.alliances.queries.chains_failure import failure_of
from langqiao.apps.alliances.queries.chains_gaps import chain_partners, gaps_of, registry_partners
from langqiao.apps.alliances.queries.chains_graph import visible_datasets
from langqiao.apps.alliances.queries.chains_map import map_of
from langqiao.apps.registry.models import City
from langqiao.kit.api import Paged
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Row

router = Router(tags=["产业链 / chains"])


def _cities(slugs: list[str]) -> list[City]:
    """The cities asked for, all of them when none is."""
    every = list(City.objects.all())
    if unknown := set(slugs) - {city.slug for city in every}:
        raise Invalid(f"{min(unknown)!r}: no such city.", field="city")
    return [city for city in every if not slugs or city.slug in slugs]


def _actor(request: HttpRequest) -> Any:
    return request.user


@router.get("/chains/datasets", response=list[ChainDatasetOut], operation_id="list_chain_datasets")
@paginate(Paged)
def list_chain_datasets(request: HttpRequest) -> QuerySet[ChainDataset]:
    """Data sets that the caller may read."""
    return visible_datasets(request.user).select_related("base").order_by("slug")


@router.get("/chains/industries", response=list[ChainIndustryOut], operation_id="list_chain_industries")
@paginate(Paged)
def list_chain_industries(request: HttpRequest, dataset: Slug | None = None) -> QuerySet[ChainIndustry]:
    """Industries of the data sets."""
    rows = read.industries(request.user).order_by("dataset_id", "code")
    return rows.filter(dataset__slug=dataset) if dataset else rows


def _scope(request: HttpRequest, pk: int) -> read.Scope:
    return read.scope_of_industry(get_object_or_404(read.industries(request.user), pk=pk))


@router.get("/chains/industries/{pk}/map", response=ChainMapOut, operation_id="get_chain_map")
def get_chain_map(request: HttpRequest, pk: Key, narrow: Query[MapFilters]) -> Any:
    """The chain map of an industry: products by layer."""
    cities = _cities(narrow.city)
    drawing = map_of(_scope(request, pk), request.user, cities=cities, up=narrow.up, most=narrow.most)
    boxes = [
        {
            "node": box.node.pk if box.node else None, "label": box.label, "layer": box.layer,
            "tier": box.tier, "state": box.state, "gaps": box.gaps, "firms": box.firms,
        }
        for box in drawing.boxes
    ]  # fmt: skip
    return {"industry": pk, "products": drawing.products, "boxes": boxes}


@router.get("/chains/industries/{pk}/gaps", response=ChainGapsOut, operation_id="get_chain_gaps")
def get_chain_gaps(request: HttpRequest, pk: Key, narrow: Query[ChainFilters]) -> Any:
    """Gap analysis of an industry's chain."""
    report = gaps_of(_scope(request, pk), request.user, cities=_cities(narrow.city), up=narrow.up)
    gaps = [
        {
            "kind": row.kind, "product": row.product, "node": row.node.pk if row.node else None,
            "layer": row.layer, "measure": row.measure, "shown": row.shown, "why": row.why,
            "firms": [firm.pk for firm in row.firms], "direct": row.direct, "demand": row.demand,
        }
        for rows in report.rows.values()
        for row in rows
    ]  # fmt: skip
    return {"industry": pk, "milliseconds": report.gaps.milliseconds, "gaps": gaps}


def _node(request: HttpRequest, pk: int) -> ChainNode:
    return get_object_or_404(read.nodes(request.user), pk=pk)


@router.get("/chains/products/{pk}", response=ChainNodeOut, operation_id="get_chain_product")
def get_chain_product(request: HttpRequest, pk: Key) -> Any:
    """A product with its makers and how sure each link is."""
    node = _node(request, pk)
    makers = [
        {
            "firm": made.firm_id, "firm_name": str(made.firm), "city": made.firm.city_id,
            "product": made.name, "share": made.share, "link": made.link_id,
            "certainty": made.link.certainty, "state": made.link.state,
        }
        for made in read.makers_of(node, request.user)
    ]  # fmt: skip
    return {"id": node.pk, "name": node.name, "dataset": node.dataset.slug, "makers": makers}


@router.get("/chains/products/{pk}/partners", response=ChainPartnersOut, operation_id="get_chain_partners")
def get_chain_partners(request: HttpRequest, pk: Key, home: Slug | None = None) -> Any:
    """Who could fill a gap; with ``home``, in the other eight cities."""
    node = _node(request, pk)
    at = _cities([home])[0] if home else None
    others = [city for city in _cities([]) if city != at]
    return {
        "chain": chain_partners(node.dataset, node, request.user, cities=others, home=at),
        "registry": registry_partners(node.name, cities=others, home=at),
    }


@router.get("/chains/firms", response=list[ChainFirmOut], operation_id="list_chain_firms")
@paginate(Paged)
def list_chain_firms(request: HttpRequest, narrow: Query[FirmFilters]) -> QuerySet[ChainFirm]:
    """Firms of the data sets."""
    rows = read.firms(request.user).order_by("dataset_id", "code")
    rows = rows.filter(dataset__slug=narrow.dataset) if narrow.dataset else rows
    return rows.filter(city__in=_cities(narrow.city)) if narrow.city else rows


def _firm(request: HttpRequest, pk: int) -> ChainFirm:
    return get_object_or_404(read.firms(request.user), pk=pk)


@router.get("/chains/firms/{pk}", response=ChainFirmOut, operation_id="get_chain_firm")
def get_chain_firm(request: HttpRequest, pk: Key) -> Any:
    """One firm."""
    return _firm(request, pk)


@router.get("/chains/firms/{pk}/failure", response=ChainFailureOut, operation_id="get_chain_failure")
def get_chain_failure(request: HttpRequest, pk: Key, *, nationwide: bool = False) -> Any:
    """What the firm's failure would cut off."""
    report = failure_of(_firm(request, pk), request.user, nationwide=nationwide)
    return {"firm": pk, "summary": report.summary, "lost": report.lost, "by_tier": report.by_tier}


@router.get("/chains/links", response=list[ChainLinkOut], operation_id="list_chain_links")
@paginate(Paged)
def list_chain_links(request: HttpRequest, narrow: Query[LinkFilters]) -> QuerySet[ChainLink]:
    """Links of product names, the least sure first."""
    rows = read.links(request.user).order_by("certainty", "pk")
    if narrow.state is not None:
        rows = rows.filter(state=narrow.state)
    if narrow.linked is not None:
        rows = rows.filter(node__isnull=not narrow.linked)
    if narrow.certainty_max is not None:
        rows = rows.filter(certainty__lte=narrow.certainty_max)
    return rows


def _link(request: HttpRequest, pk: int) -> ChainLink:
    return get_object_or_404(read.links(request.user), pk=pk)


@router.post("/chains/links/{pk}/confirm", response=ChainLinkOut, operation_id="confirm_chain_link")
def confirm_chain_link(request: HttpRequest, pk: Key, values: ConfirmLinkIn) -> Any:
    """Confirm which node a name means."""
    link = _link(request, pk)
    require(_actor(request), "chains.judge_link", link)
    node = read.node_named(link, values.node) if values.node.strip() else None
    return verbs.confirm_link(_actor(request), link, node=node, reason=values.reason)


@router.post("/chains/links/{pk}/reject", response=ChainLinkOut, operation_id="reject_chain_link")
def reject_chain_link(request: HttpRequest, pk: Key, values: RejectLinkIn) -> Any:
    """Reject a link."""
    return verbs.reject_link(_actor(request), _link(request, pk), reason=values.reason)


@router.post("/chains/tables", response=OwnReportOut, operation_id="load_chain_table")
def load_chain_table(request: HttpRequest, values: OwnTableIn) -> Any:
    """Check a firms' own table, or take it over with ``dry_run`` false; faults are told by row and column."""
    require(_actor(request), "chains.load")
    base = visible_datasets(request.user).filter(base=None, slug=values.base).first()
    if base is None:
        raise Invalid(_("自有表格只能依托一个完整的数据集。"), mend=_("请从列表中选择。"), field="base")
    report = verbs.TableReport()
    rows = (Row(number, row.dict()) for number, row in enumerate(values.rows, 1))
    said = verbs.read_rows(rows, {name: name for name in OwnRowIn.model_fields}, report)
    origin = verbs.Origin(
        slug=values.slug,
        name=values.name,
        version=timezone.localdate().isoformat(),
        source_name=values.source_name,
        source_date=timezone.localdate(),
        is_public=values.is_public,
        illustrative=base.illustrative,
    )
    report, loaded = verbs.take(
        _actor(request), said, report, base=base, origin=origin, dry_run=values.dry_run
    )
    told = {name: getattr(report, name) for name in OwnReportOut.model_fields if name != "written"}
    return {**told, "written": loaded is not None and loaded.written}
