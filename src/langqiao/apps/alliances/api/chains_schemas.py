"""What the REST API takes and gives for industry chains (产业链).

No ``from __future__ import annotations`` here: ninja must meet the schemas themselves, not their names.
"""

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field as Bound

from langqiao.apps.alliances.domain.chains.links import REASON_AT_MOST
from langqiao.apps.alliances.domain.chains.own import ROWS_AT_MOST
from langqiao.apps.alliances.models.chains import (
    NAME_AT_MOST,
    ChainDataset,
    ChainFirm,
    ChainIndustry,
    ChainLink,
)

Key = Annotated[int, Bound(ge=1, lt=2**63)]
Slug = Annotated[str, Bound(min_length=1, max_length=40, pattern=r"^[-a-zA-Z0-9_]+$")]
Name = Annotated[str, Bound(max_length=NAME_AT_MOST)]
Cell = Annotated[str, Bound(max_length=NAME_AT_MOST)]
Cities = Annotated[list[Slug], Bound(max_length=40)]
Depth = Annotated[int, Bound(ge=1, le=3)]


class ChainDatasetOut(Schema):
    """A data set: where it comes from and in which version it is loaded."""

    slug: str
    name: str
    base: str | None = None
    illustrative: bool
    source_name: str
    source_url: str
    source_date: date | None
    licence: str
    may_be_passed_on: bool
    version: str
    digest: str
    loaded_at: datetime

    @staticmethod
    def resolve_base(dataset: ChainDataset) -> str | None:
        """Slug of the data set that a firms' own table is laid over."""
        return dataset.base.slug if dataset.base else None


class ChainIndustryOut(Schema):
    """An industry; ``firm_count`` counts its parts as well, ``corridor_count`` those of the nine cities."""

    id: int
    dataset: str
    code: str
    name: str
    tier: int
    parent: int | None = Bound(None, alias="parent_id")
    firm_count: int
    corridor_count: int

    @staticmethod
    def resolve_dataset(industry: ChainIndustry) -> str:
        """Slug of the data set."""
        return industry.dataset.slug


class ChainBoxOut(Schema):
    """A product in the map: layer 0 is the industry itself, negative is upstream. ``gaps`` are the kinds of
    gaps it stands in; ``state`` is the first of these, else ``made``, ``none`` (neither made nor needed here)
    or ``more`` (so many more products).
    """

    node: int | None
    label: str
    layer: int
    tier: int
    state: str
    gaps: list[str]
    firms: int


class ChainMapOut(Schema):
    """A chain map: products by layer, and which supplies which."""

    industry: int
    products: int
    boxes: list[ChainBoxOut]


class ChainGapOut(Schema):
    """A gap: ``missing`` 断链, ``thin`` 短链, ``low`` 低链, ``cut`` 关键节点; the measure in words.

    Of what is missing, ``direct`` firms need it themselves; ``demand`` adds those whose product needs it by
    some of its kinds, each by the share of these kinds.
    """

    kind: str
    product: str
    node: int | None
    layer: str
    measure: float
    shown: str
    why: str
    firms: list[int]
    direct: int | None
    demand: float | None


class ChainGapsOut(Schema):
    """The gaps of an industry's chain."""

    industry: int
    milliseconds: float
    gaps: list[ChainGapOut]


class ChainMakerOut(Schema):
    """A firm's product that is linked to a node."""

    firm: int
    firm_name: str
    city: str | None
    product: str
    share: float | None
    link: int
    certainty: float
    state: ChainLink.State


class ChainPartnerOut(Schema):
    """Who could fill a gap, the strongest ``reason`` first: ``makes``, ``kind``, ``broader``, ``near``,
    ``sibling`` (``weak``), "" for the registry's.

    ``certainty`` is the percent of certainty that the firm's own words mean the product named in ``why``; it
    says nothing of how well the firm fits.
    """

    title: str
    url: str
    city: str | None
    km: float | None
    why: str
    certainty: int | None
    illustrative: bool
    reason: str
    weak: bool

    @staticmethod
    def resolve_city(row: Any) -> str | None:
        """Slug of the city."""
        return row.city.slug if row.city is not None else None


class ChainNodeOut(Schema):
    """A product of the graph with its makers."""

    id: int
    name: str
    dataset: str
    makers: list[ChainMakerOut]


class ChainPartnersOut(Schema):
    """Partners for a product: from the data set, and from the registry by the matching engine."""

    chain: list[ChainPartnerOut]
    registry: list[ChainPartnerOut]


class ChainFirmOut(Schema):
    """A firm of a data set; ``placed`` says how its city was decided."""

    id: int
    dataset: str
    code: str
    name: str
    full_name: str
    city: str | None = Bound(None, alias="city_id")
    placed: ChainFirm.Placed
    industry: int | None = Bound(None, alias="industry_id")
    organisation: int | None = Bound(None, alias="organisation_id")

    @staticmethod
    def resolve_dataset(firm: ChainFirm) -> str:
        """Slug of the data set."""
        return firm.dataset.slug


class ChainLostOut(Schema):
    """A product that loses its only maker or a part of its supply (percent)."""

    product: str
    words: str
    percent: float


class ChainFailureOut(Schema):
    """What a firm's failure would cut off."""

    firm: int
    summary: str
    lost: list[ChainLostOut]
    by_tier: dict[int, int]


class ChainLinkOut(Schema):
    """Which node a product name means, how surely, and who decided."""

    id: int
    dataset: str
    name: str
    node: str | None
    certainty: float
    how: str
    state: ChainLink.State
    uses: int

    @staticmethod
    def resolve_dataset(link: ChainLink) -> str:
        """Slug of the data set."""
        return link.dataset.slug

    @staticmethod
    def resolve_node(link: ChainLink) -> str | None:
        """Name of the node."""
        return link.node.name if link.node else None


class ChainFilters(Schema):
    """Seen from which cities (all nine when none is named), and how many steps upstream."""

    city: Cities = []
    up: Depth = 2


class MapFilters(ChainFilters):
    """And how many products at most are drawn."""

    most: Annotated[int, Bound(ge=10, le=300)] = 60


class FirmFilters(Schema):
    """Firms of a data set, of some cities."""

    dataset: Slug | None = None
    city: Cities = []


class LinkFilters(Schema):
    """Which links: by state, by certainty, linked or not."""

    state: ChainLink.State | None = None
    linked: bool | None = None
    certainty_max: Annotated[float, Bound(ge=0, le=1)] | None = None


class ConfirmLinkIn(Schema):
    """The node a name means; the proposed one when left out."""

    node: Name = ""
    reason: Annotated[str, Bound(max_length=REASON_AT_MOST)] = ""


class RejectLinkIn(Schema):
    """Why a link is wrong."""

    reason: Annotated[str, Bound(min_length=1, max_length=REASON_AT_MOST)]


class OwnRowIn(Schema):
    """A row of a firms' own table; ``share`` is 0.35 or "35%"."""

    firm: Cell
    product: Cell
    share: Cell = ""
    supplier: Cell = ""
    customer: Cell = ""
    city: Cell = ""
    industry: Cell = ""


class OwnTableIn(Schema):
    """A firms' own table (企业自有表格)."""

    slug: Slug
    name: Annotated[str, Bound(min_length=1, max_length=NAME_AT_MOST)]
    base: Slug
    source_name: Name = ""
    is_public: bool = False
    dry_run: bool = True
    rows: Annotated[list[OwnRowIn], Bound(min_length=1, max_length=ROWS_AT_MOST)]


class OwnFaultOut(Schema):
    """Why a row was refused."""

    row: int
    column: str
    why: str


class OwnReportOut(Schema):
    """What became of an own table."""

    written: bool
    read: int
    kept: int
    doubled: int
    refused: int
    firms: int
    products: int
    ties: int
    faults: list[OwnFaultOut]
