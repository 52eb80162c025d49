"""What goes into the engine of industry chains and what comes out of its import: plain frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NINE: Final = {
    "310117": "松江",
    "330400": "嘉兴",
    "330100": "杭州",
    "330700": "金华",
    "320500": "苏州",
    "330500": "湖州",
    "341800": "宣城",
    "340200": "芜湖",
    "340100": "合肥",
}
"""The nine cities of the corridor (九城) by GB/T 2260 code."""


class Relation(StrEnum):
    """How the tail of a product relation stands to its head."""

    MATERIAL = "上游材料"  # the tail is a material of the head
    KIND = "产品小类"  # the tail is a kind of the head
    DOWNSTREAM = "下游产品"  # the tail is made from the head


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm (企业). ``city`` is one of :data:`NINE` or "" (elsewhere or unknown), ``decided`` how that was
    found, ``place`` the place name read; ``listed`` is the date of listing (ISO 8601) on ``exchange``;
    ``other_names`` are other registered names that the source gives to the same firm.
    """

    key: str
    name: str = ""
    fullname: str = ""
    city: str = ""
    decided: str = ""
    place: str = ""
    industry: str = ""
    exchange: str = ""
    listed: str = ""
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductRelation:
    """``head`` stands to ``tail`` as :class:`Relation` says."""

    head: str
    relation: Relation
    tail: str


@dataclass(frozen=True, slots=True)
class FirmProduct:
    """A line of a firm's revenue table. ``share`` is the share of revenue as read (may be negative or above
    1: segment tables overlap and correct each other); ``node`` is the product of the graph, "" if unlinked.
    """

    firm: str
    product: str
    share: float | None = None
    node: str = ""
    certainty: float = 0.0
    evidence: str = ""
    is_balance: bool = False


@dataclass(frozen=True, slots=True)
class Deal:
    """A firm supplies another (供货关系), with the product where it is known and its share of the customer's
    purchases of it (0..1).
    """

    supplier: str
    customer: str
    product: str = ""
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Industry:
    """An industry (行业) and the code of the one it belongs to."""

    code: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class UpstreamIndustry:
    """``upstream`` (code) supplies ``industry`` (code); ``weight`` is the strength in the source."""

    industry: str
    upstream: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class ChainData:
    """Everything read, in the order of the files."""

    firms: tuple[Firm, ...] = ()
    industries: tuple[Industry, ...] = ()
    relations: tuple[ProductRelation, ...] = ()
    makes: tuple[FirmProduct, ...] = ()
    deals: tuple[Deal, ...] = ()
    upstreams: tuple[UpstreamIndustry, ...] = ()

    def nodes(self) -> tuple[str, ...]:
        """The products of the graph: every name in a relation, in the order of reading."""
        names = (name for relation in self.relations for name in (relation.head, relation.tail))
        return tuple(dict.fromkeys(names))


class ChainError(ValueError):
    """Something asked for or read is not right; the message (Chinese / English) names where and why."""

    def __init__(self, message: str, *, file: str = "", row: int | None = None, field: str = "") -> None:
        super().__init__(message)
        self.file, self.row, self.field = file, row, field
