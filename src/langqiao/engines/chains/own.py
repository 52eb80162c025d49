"""Firms' own tables (企业自有表): CSV files, told apart by their headings.

* products: ``企业 firm``, ``产品 product``; if known ``占比 share`` (0.3 or 30%), ``城市 city`` (name, code),
  ``行业 industry``, ``供应商 supplier`` with ``材料 material``, ``客户 customer``; several suppliers or
  customers are separated by 、 or ;
* relations: ``产品 head``, ``关系 relation`` (上游材料, 产品小类, 下游产品), ``对象 tail``

The first names of a column are Chinese or English, see :data:`COLUMNS`. Unlike the published graph, a faulty
row of a firm's own table is an error that names file, line and column: whoever sent it can mend it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from .names import is_balance, is_vague
from .place import Places
from .read import text_of
from .report import Report, Tally, report_of
from .types import (
    NINE,
    ChainData,
    ChainError,
    Deal,
    Firm,
    FirmProduct,
    Industry,
    ProductRelation,
    Relation,
)

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "firm": ("firm", "company", "企业", "企业名称", "公司", "单位名称"),
    "product": ("product", "产品", "产品名称"),
    "share": ("share", "revenue_share", "占比", "收入占比"),
    "city": ("city", "城市", "所在城市"),
    "industry": ("industry", "行业", "产业"),
    "supplier": ("supplier", "供应商"),
    "material": ("material", "材料", "上游材料"),
    "customer": ("customer", "客户"),
    "head": ("head", "主体", "主产品"),
    "relation": ("relation", "关系"),
    "tail": ("tail", "对象", "关联产品"),
}
_SEVERAL = re.compile(r"[、;；]")
_SHARE = re.compile(r"(-?\d+(?:\.\d+)?)\s*(%?)")
_CITIES: Final = {name: code for code, name in NINE.items()}


def read_own(path: str | Path) -> tuple[ChainData, Report]:
    """Read one CSV file, or all of a folder in the order of their names (UTF-8 or GB 18030).

    Raises:
        ChainError: nothing to read, a heading that says neither what firms make nor how products relate, or a
            faulty value; the error names file, line and column.
    """
    place = Path(path)
    files = sorted(place.glob("*.csv")) if place.is_dir() else [place]
    if not files:
        raise ChainError(
            f"{place.name} 里没有 CSV 文件 / there is no CSV file in the folder", file=place.name
        )
    reader = _Own()
    for file in files:
        reader.read(file)
    return reader.data(), report_of(reader.tallies)


def merged(graph: ChainData, own: ChainData) -> ChainData:
    """A published graph and firms' own tables together; of equal firms the own one counts."""
    firms = {firm.key: firm for firm in graph.firms} | {firm.key: firm for firm in own.firms}
    industries = {i.code: i for i in own.industries} | {i.code: i for i in graph.industries}
    return ChainData(
        firms=tuple(firms.values()),
        industries=tuple(industries.values()),
        relations=tuple(dict.fromkeys((*graph.relations, *own.relations))),
        makes=(*graph.makes, *own.makes),
        deals=(*graph.deals, *own.deals),
        upstreams=graph.upstreams,
    )


def stand_alone(data: ChainData, firms: Iterable[str]) -> ChainData:
    """Let the unlinked products of some firms stand for themselves: their names become products of the graph.

    For firms' own tables, whose names were chosen by whoever drew up the chain. Balance items and names that
    say nothing stay unlinked.
    """
    own = frozenset(firms)
    makes = tuple(
        replace(made, node=made.product, certainty=1.0, evidence="own")
        if not made.node and made.firm in own and not made.is_balance and not is_vague(made.product)
        else made
        for made in data.makes
    )
    return replace(data, makes=makes)


class _Own:
    def __init__(self) -> None:
        self.tallies: list[Tally] = []
        self._firms: dict[str, Firm] = {}
        self._makes: dict[tuple[str, str], FirmProduct] = {}
        self._relations: dict[ProductRelation, None] = {}
        self._deals: dict[tuple[str, str, str], Deal] = {}
        self._places = Places.built_in()

    def data(self) -> ChainData:
        """What was read."""
        industries = dict.fromkeys(firm.industry for firm in self._firms.values() if firm.industry)
        return ChainData(
            firms=tuple(self._firms.values()),
            industries=tuple(Industry(name, name) for name in industries),
            relations=tuple(self._relations),
            makes=tuple(self._makes.values()),
            deals=tuple(self._deals.values()),
        )

    def read(self, file: Path) -> None:
        """One file."""
        rows = csv.reader(io.StringIO(text_of(file, ("utf-8-sig", "gb18030")), newline=""), strict=True)
        tally = Tally(file.name)
        self.tallies.append(tally)
        try:
            heading = [cell.strip() for cell in next(rows, [])]
            columns = _columns(file.name, heading)
            take = self._relation if "relation" in columns else self._product
            for values in rows:
                row = rows.line_num
                if not any(value.strip() for value in values):
                    continue
                if len(values) != len(heading):
                    raise _fault(file.name, row, heading[0], f"应有 {len(heading)} 列，实有 {len(values)} 列")
                cells = {name: values[at].strip() for name, at in columns.items()}
                take(tally, row, cells, {name: heading[at] for name, at in columns.items()})
        except csv.Error as error:
            raise _fault(file.name, rows.line_num, "", f"不是合法的 CSV（{error}）") from error

    def _relation(self, tally: Tally, row: int, cells: Mapping[str, str], heading: Mapping[str, str]) -> None:
        for name in ("head", "relation", "tail"):
            if not cells[name]:
                raise _fault(tally.file, row, heading[name], "不能为空")
        try:
            relation = ProductRelation(cells["head"], Relation(cells["relation"]), cells["tail"])
        except ValueError as error:
            kinds = "、".join(kind.value for kind in Relation)
            raise _fault(tally.file, row, heading["relation"], f"应为 {kinds}") from error
        if relation in self._relations:
            tally.double(row, heading["head"], relation.head, "与前面的行相同")
            return
        tally.keep()
        self._relations[relation] = None

    def _product(self, tally: Tally, row: int, cells: Mapping[str, str], heading: Mapping[str, str]) -> None:
        for name in ("firm", "product"):
            if not cells[name]:
                raise _fault(tally.file, row, heading[name], "不能为空")
        share = _share(tally.file, row, cells.get("share", ""), heading.get("share", ""))
        firm, product = cells["firm"], cells["product"]
        self._firm(tally, row, cells, heading)
        for customer in _names(cells.get("customer", "")):
            self._deal(Deal(firm, customer, product))
        for supplier in _names(cells.get("supplier", "")):
            self._deal(Deal(supplier, firm, cells.get("material", "")))
        if (firm, product) in self._makes:
            tally.double(row, heading["product"], product, "该企业的该产品已有，只取其供应商和客户")
            return
        tally.keep()
        self._makes[firm, product] = FirmProduct(firm, product, share, is_balance=is_balance(product))

    def _firm(self, tally: Tally, row: int, cells: Mapping[str, str], heading: Mapping[str, str]) -> None:
        key, industry, said = cells["firm"], cells.get("industry", ""), cells.get("city", "")
        known = self._firms.get(key)
        if known is None:
            decision = self._places.decide(key)
            known = Firm(key, key, key, decision.city, decision.how, decision.place)
        if said:
            city = _city(said)
            if known.decided == "stated" and city != known.city:
                raise _fault(tally.file, row, heading["city"], f"与前面的行不同：{known.place}")
            known = replace(known, city=city, decided="stated", place=said)
        if industry and not known.industry:
            known = replace(known, industry=industry)
        self._firms[key] = known

    def _deal(self, deal: Deal) -> None:
        self._deals.setdefault((deal.supplier, deal.customer, deal.product), deal)
        for key in (deal.supplier, deal.customer):
            if key not in self._firms:
                decision = self._places.decide(key)
                self._firms[key] = Firm(key, key, key, decision.city, decision.how, decision.place)


def _columns(file: str, heading: list[str]) -> dict[str, int]:
    """Column by its own name → place."""
    found: dict[str, int] = {}
    for at, cell in enumerate(heading):
        for name, names in COLUMNS.items():
            if cell.lower() in names:
                if name in found:
                    raise _fault(file, 1, cell, "列名重复")
                found[name] = at
    if {"firm", "product"} <= found.keys() or {"head", "relation", "tail"} <= found.keys():
        return found
    raise _fault(file, 1, "", "应有“企业、产品”两列，或“主体、关系、对象”三列")


def _share(file: str, row: int, text: str, heading: str) -> float | None:
    if not text:
        return None
    found = _SHARE.fullmatch(text)
    value = float(found.group(1)) / (100 if found.group(2) else 1) if found else -1.0
    if not 0 <= value <= 1:
        raise _fault(file, row, heading, f"占比应在 0 到 1 之间，或写作百分数：{text[:40]}")
    return value


def _city(text: str) -> str:
    """The code of one of the nine cities by name or code; "" for another place."""
    short = text.removesuffix("市").removesuffix("区")
    return text if text in NINE else _CITIES.get(short, "")


def _names(text: str) -> Iterable[str]:
    return [name.strip() for name in _SEVERAL.split(text) if name.strip()]


def _fault(file: str, row: int, field: str, reason: str) -> ChainError:
    column = f"“{field}”列" if field else ""
    return ChainError(
        f"{file} 第 {row} 行{column}：{reason} / line {row}, column {field or '-'} of {file}",
        file=file,
        row=row,
        field=field,
    )
