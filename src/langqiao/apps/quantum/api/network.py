"""REST API of sites, links, scenarios, demands and plans: the same reads, verbs and rules as the pages.

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date, datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from ninja.pagination import paginate
from pydantic import AwareDatetime
from pydantic import Field as Bound

from langqiao.apps.quantum.domain import demands as verbs
from langqiao.apps.quantum.domain import network as network_verbs
from langqiao.apps.quantum.domain.demands import BPS_AT_MOST, PURPOSE_AT_MOST
from langqiao.apps.quantum.domain.imports import import_readings
from langqiao.apps.quantum.domain.readings import BITS_AT_MOST, ROWS_AT_MOST
from langqiao.apps.quantum.domain.readings import BPS_AT_MOST as READING_BPS_AT_MOST
from langqiao.apps.quantum.models import Demand, Link, Reading, Scenario, Site
from langqiao.apps.quantum.models.network import QBER_AT_MOST
from langqiao.apps.quantum.queries.demands import visible_demands
from langqiao.apps.quantum.queries.network import links_with_sites, rate_of, sites_with_links
from langqiao.apps.quantum.queries.plans import KM_AT_MOST, Change, additions, worked_out
from langqiao.apps.registry.domain.acts import REASON_AT_MOST, TITLE_AT_MOST
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.engines.qkd.planning import plan_as_dict, upgrade_as_dict
from langqiao.engines.qkd.types import LinkKey
from langqiao.kit.api import Paged
from langqiao.kit.permissions import allowed, require
from langqiao.kit.refusals import Invalid

router = Router(tags=["量子 / quantum"])

Key = Annotated[int, Bound(ge=1, lt=2**63)]
Slug = Annotated[str, Bound(min_length=1, max_length=40)]
Reason = Annotated[str, Bound(max_length=REASON_AT_MOST)]
Ends = Annotated[str, Bound(max_length=81)]
Bits = Annotated[int, Bound(ge=0, le=BITS_AT_MOST)]
Bps = Annotated[float, Bound(ge=0, le=READING_BPS_AT_MOST)]
Qber = Annotated[
    float,
    Bound(ge=0, le=QBER_AT_MOST, description="quantum bit error rate (量子误码率), a fraction: 0.03 is 3 %"),
]


class QuantumSiteOut(Schema):
    """A site; the address of its KME is not public."""

    id: int
    slug: str
    name: str
    name_en: str
    city: str = Bound(alias="city_id")
    operator: int = Bound(alias="operator_id")
    kme_id: str
    trusted: bool
    state: Site.State
    state_why: str
    illustrative: bool
    source_name: str


class QuantumLinkOut(Schema):
    """A link; ``rate_bps`` is measured, or worked out from fibre and equipment."""

    id: int
    a: str
    b: str
    fibre_km: float
    spans: int
    systems: int
    equipment: Link.Equipment
    rate_bps: float
    is_measured: bool
    basis: Link.Basis
    basis_why: str
    state: Link.State
    state_why: str
    illustrative: bool
    source_name: str

    @staticmethod
    def resolve_a(link: Link) -> str:
        """One end."""
        return link.a.slug

    @staticmethod
    def resolve_b(link: Link) -> str:
        """The other end."""
        return link.b.slug

    @staticmethod
    def resolve_rate_bps(link: Link) -> float:
        """Key in bits a second."""
        return rate_of(link)

    @staticmethod
    def resolve_is_measured(link: Link) -> bool:
        """Whether the rate was measured."""
        return link.measured_bps is not None


class QuantumReadingOut(Schema):
    """What a KME said of a pool; null where it did not answer."""

    link: int = Bound(alias="link_id")
    site: int = Bound(alias="site_id")
    at: datetime
    reachable: bool
    stored_bits: int | None
    capacity_bits: int | None
    generated_bps: float | None
    consumed_bps: float | None
    qber: Qber | None
    illustrative: bool


class QuantumReadingIn(Schema):
    """A reading: link as ``A|B`` and site by code names; no ``stored_bits`` where the KME was silent."""

    link: Annotated[str, Bound(min_length=1, max_length=400)]
    site: Annotated[str, Bound(min_length=1, max_length=120)]
    at: AwareDatetime
    stored_bits: Bits | None = None
    capacity_bits: Bits | None = None
    generated_bps: Bps | None = None
    consumed_bps: Bps | None = None
    qber: Qber | None = None
    illustrative: bool = False


class QuantumReadingsIn(Schema):
    """Readings, all or none; with ``dry_run`` nothing is written."""

    rows: Annotated[list[QuantumReadingIn], Bound(min_length=1, max_length=ROWS_AT_MOST)]
    dry_run: bool = False


class QuantumRefusalOut(Schema):
    """Why a row was refused; ``row`` counts from 1."""

    row: int
    field: str
    why: str


class QuantumImportOut(Schema):
    """What was written; with a refused row nothing."""

    created: int
    unchanged: int
    refused: int
    written: bool
    refusals: list[QuantumRefusalOut]


class QuantumScenarioOut(Schema):
    """A scenario with its source."""

    id: int
    code: str | None
    title: str
    title_en: str
    kind: Scenario.Kind
    summary: str
    organisation: int | None = Bound(alias="organisation_id")
    cities: list[str]
    illustrative: bool
    source_name: str
    source_url: str
    source_date: date | None

    @staticmethod
    def resolve_cities(scenario: Scenario) -> list[str]:
        """Slugs of its cities."""
        return [str(city.pk) for city in scenario.cities.all()]


class QuantumDemandIn(Schema):
    """A demand; the organisation by code or name, sites by code name."""

    organisation: Annotated[str, Bound(min_length=1, max_length=200)]
    title: Annotated[str, Bound(min_length=1, max_length=TITLE_AT_MOST)]
    source: Slug
    target: Slug
    bps: Annotated[float, Bound(gt=0, le=BPS_AT_MOST)]
    key_bits: Annotated[int, Bound(ge=64, le=65_536)] = 256
    priority: Annotated[int, Bound(ge=1, le=9)] = 3
    two_paths: bool = False
    starts_on: date
    ends_on: date
    scenario: Key | None = None
    purpose: Annotated[str, Bound(max_length=PURPOSE_AT_MOST)] = ""


class QuantumDemandOut(Schema):
    """A demand with its state."""

    id: int
    case: str
    title: str
    organisation: int = Bound(alias="organisation_id")
    scenario: int | None = Bound(alias="scenario_id")
    source: str
    target: str
    bps: float
    key_bits: int
    priority: int
    two_paths: bool
    starts_on: date
    ends_on: date
    purpose: str
    state: Demand.State
    why: str
    decided_at: datetime | None
    illustrative: bool

    @staticmethod
    def resolve_source(demand: Demand) -> str:
        """The first site."""
        return demand.source.slug

    @staticmethod
    def resolve_target(demand: Demand) -> str:
        """The second site."""
        return demand.target.slug


class QuantumReason(Schema):
    """Why."""

    why: Reason = ""


class QuantumChange(Schema):
    """A what-if: links as ``A|B`` by the sites' code names."""

    cut: Ends = ""
    lost: Annotated[str, Bound(max_length=40)] = ""
    add: Ends = ""
    km: Annotated[float, Bound(gt=0, le=KM_AT_MOST)] | None = None
    double: Ends = ""


def _actor(request: HttpRequest) -> Any:
    """Who acts, for a verb; the rule refuses a stranger."""
    return request.user


def _site(slug: str, field: str) -> Site:
    site = Site.objects.select_related("city", "operator").filter(slug=slug.replace("\0", "")).first()
    if site is None:
        raise Invalid(_("没有这个站点。"), mend=_("请填写站点的代号。"), field=field)
    return site


@router.get("/quantum/sites", response=list[QuantumSiteOut], operation_id="list_quantum_sites")
@paginate(Paged)
def list_quantum_sites(request: HttpRequest) -> QuerySet[Site]:  # noqa: ARG001  they are public
    """All sites."""
    return sites_with_links().order_by("pk")


@router.get("/quantum/sites/{int:pk}", response=QuantumSiteOut, operation_id="get_quantum_site")
def get_quantum_site(request: HttpRequest, pk: Key) -> Any:  # noqa: ARG001  they are public
    """One site."""
    return get_object_or_404(sites_with_links(), pk=pk)


@router.get("/quantum/links", response=list[QuantumLinkOut], operation_id="list_quantum_links")
@paginate(Paged)
def list_quantum_links(request: HttpRequest) -> QuerySet[Link]:  # noqa: ARG001  they are public
    """All links with their rates."""
    return links_with_sites().order_by("pk")


@router.get("/quantum/links/{int:pk}", response=QuantumLinkOut, operation_id="get_quantum_link")
def get_quantum_link(request: HttpRequest, pk: Key) -> Any:  # noqa: ARG001  they are public
    """One link."""
    return get_object_or_404(links_with_sites(), pk=pk)


@router.post("/quantum/links/{int:pk}/{act}", response=QuantumLinkOut, operation_id="step_quantum_link")
def step_quantum_link(
    request: HttpRequest, pk: Key, act: Annotated[str, Bound(max_length=20)], values: QuantumReason
) -> Any:
    """Report a link down (``cut``, with a reason) or up again (``restore``)."""
    link = get_object_or_404(links_with_sites(), pk=pk)
    if act == "cut":
        return network_verbs.cut_link(_actor(request), link, why=values.why)
    if act == "restore":
        return network_verbs.restore_link(_actor(request), link)
    raise Http404


@router.get("/quantum/readings", response=list[QuantumReadingOut], operation_id="list_key_readings")
@paginate(Paged)
def list_key_readings(request: HttpRequest) -> QuerySet[Reading]:
    """Readings of key pools, the newest first, for those who may see them."""
    rows = Reading.objects.order_by("-at", "-pk")
    return rows if allowed(request.user, "quantum.read_health") else rows.none()


@router.post("/quantum/readings", response=QuantumImportOut, operation_id="import_key_readings")
def import_key_readings(request: HttpRequest, values: QuantumReadingsIn) -> Any:
    """Record readings of sites of the caller, all rows or none; the same rows again change nothing."""
    summary = import_readings(_actor(request), [row.dict() for row in values.rows], dry_run=values.dry_run)
    return {
        "created": summary.created,
        "unchanged": summary.unchanged,
        "refused": summary.refused,
        "written": summary.written,
        "refusals": [{"row": one.row or 0, "field": one.field, "why": str(one)} for one in summary.refusals],
    }


@router.get("/quantum/scenarios", response=list[QuantumScenarioOut], operation_id="list_quantum_scenarios")
@paginate(Paged)
def list_quantum_scenarios(request: HttpRequest) -> QuerySet[Scenario]:  # noqa: ARG001  they are public
    """All scenarios."""
    return Scenario.objects.prefetch_related("cities").order_by("pk")


@router.get("/quantum/demands", response=list[QuantumDemandOut], operation_id="list_key_demands")
@paginate(Paged)
def list_key_demands(request: HttpRequest) -> QuerySet[Demand]:
    """Demands that the caller may read."""
    return visible_demands(request.user).order_by("-pk")


@router.post("/quantum/demands", response={201: QuantumDemandOut}, operation_id="propose_key_demand")
def propose_key_demand(request: HttpRequest, values: QuantumDemandIn) -> Any:
    """Propose a demand for an organisation of the caller."""
    given = values.dict()
    organisation = Lookups().organisation(given.pop("organisation"))
    if organisation is None:
        raise Invalid(_("没有这个机构。"), mend=_("请填写机构的编号或全称。"), field="organisation")
    for name in ("source", "target"):
        given[name] = _site(given[name], name)
    if given["scenario"] is not None:
        found = Scenario.objects.filter(pk=given["scenario"]).first()
        if found is None:
            raise Invalid(_("没有这个场景。"), mend=_("请核对场景的序号。"), field="scenario")
        given["scenario"] = found
    return Status(201, verbs.propose_demand(_actor(request), organisation=organisation, **given))


@router.get("/quantum/demands/{int:pk}", response=QuantumDemandOut, operation_id="get_key_demand")
def get_key_demand(request: HttpRequest, pk: Key) -> Any:
    """One demand."""
    return get_object_or_404(visible_demands(request.user), pk=pk)


@router.post("/quantum/demands/{int:pk}/{act}", response=QuantumDemandOut, operation_id="step_key_demand")
def step_key_demand(
    request: HttpRequest, pk: Key, act: Annotated[str, Bound(max_length=20)], values: QuantumReason
) -> Any:
    """Admit, refuse, withdraw or end a demand."""
    demand = get_object_or_404(visible_demands(request.user), pk=pk)
    if act == "withdraw":
        return verbs.withdraw_demand(_actor(request), demand)
    steps: dict[str, Any] = {
        "admit": verbs.admit_demand, "refuse": verbs.refuse_demand, "end": verbs.end_demand
    }  # fmt: skip
    if act not in steps:
        raise Http404
    return steps[act](_actor(request), demand, why=values.why)


@router.get("/quantum/plan", response=dict[str, Any], operation_id="plan_key")
def plan_key(request: HttpRequest, asked: Query[QuantumChange]) -> Any:
    """Which admitted demands are met, why others are not, what to add next; with a what-if beside it."""
    require(request.user, "quantum.plan")
    change = Change(
        cut=_ends(asked.cut, "cut"),
        lost=asked.lost.replace("\0", ""),
        add=_ends(asked.add, "add"),
        km=asked.km,
        double=_ends(asked.double, "double"),
    )
    worked = worked_out(change)
    advice = additions(worked)
    return {
        **plan_as_dict(worked.found),
        "base": plan_as_dict(worked.base),
        "additions": [upgrade_as_dict(one) for one in advice.upgrades],
        "additions_tried": advice.tried,
        "additions_possible": advice.candidates,
    }


def _ends(text: str, field: str) -> LinkKey | None:
    if not text:
        return None
    first, _bar, second = text.replace("\0", "").partition("|")
    if not first or not second:
        raise Invalid(_("链路应写成“甲|乙”。"), mend=_("例如 songjiang|jiaxing。"), field=field)
    return first, second
