"""Firms' own tables (企业自有表格): who makes what, who buys and sells, laid over a data set."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langqiao.apps.alliances.domain.chains.loading import Loaded, Origin, load_chain, propose
from langqiao.apps.alliances.models.chains import NAME_AT_MOST, ChainDataset
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import City
from langqiao.engines.chains.place import Places
from langqiao.engines.chains.types import ChainData, Deal, Firm, FirmProduct
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.tables import Row, Table

ROWS_AT_MOST = 20_000
ERRORS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class OwnColumn:
    """A column of an own table: its name, its label and the headings that mean it."""

    name: str
    label: Any
    headings: tuple[str, ...]
    is_required: bool = False


COLUMNS = (
    OwnColumn("firm", gettext_lazy("企业"), ("企业", "企业名称", "公司", "单位", "firm", "company"), True),
    OwnColumn("product", gettext_lazy("产品"), ("产品", "产品名称", "主要产品", "product"), True),
    OwnColumn("share", gettext_lazy("收入占比"), ("收入占比", "占比", "营收占比", "share", "revenue_share")),
    OwnColumn("supplier", gettext_lazy("供应商"), ("供应商", "上游企业", "supplier")),
    OwnColumn("customer", gettext_lazy("客户"), ("客户", "下游企业", "customer")),
    OwnColumn("city", gettext_lazy("城市"), ("城市", "所在城市", "city")),
    OwnColumn("industry", gettext_lazy("产业"), ("产业", "行业", "industry")),
)


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row was refused: its number as a spreadsheet counts, the column, the reason."""

    row: int
    column: str
    why: str


@dataclass(slots=True)
class TableReport:
    """What became of an own table: rows read, kept, said twice, refused with reasons."""

    read: int = 0
    kept: int = 0
    doubled: int = 0
    refused: int = 0
    firms: int = 0
    products: int = 0
    ties: int = 0
    faults: list[RowFault] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def fault(self, row: int, column: str, why: str) -> None:
        """Count a refused row; the first thousand are kept with their reasons."""
        self.refused += 1
        if len(self.faults) < ERRORS_KEPT:
            self.faults.append(RowFault(row, column, why))

    def as_dict(self) -> dict[str, Any]:
        """The counts as the data set keeps them."""
        counted = {"read": self.read, "kept": self.kept, "doubled": self.doubled, "refused": self.refused}
        return {"files": [{"file": "table", **counted}], "issues": []}


@dataclass(frozen=True, slots=True)
class _Said:
    firm: str
    product: str
    share: float | None
    supplier: str
    customer: str
    city: City | None
    industry: str


def read_rows(rows: Iterable[Row], columns: Mapping[str, str], report: TableReport) -> list[_Said]:
    """The rows that make sense; the others are told in ``report`` with row and column.

    Args:
        rows: as ``kit.tables`` reads them, tolerant.
        columns: heading → column name.
        report: counts and faults are added to it.
    """
    lookups, said = Lookups(), dict[_Said, int]()
    labels = {column.name: str(column.label) for column in COLUMNS}
    for row in rows:
        report.read += 1
        if report.read > ROWS_AT_MOST:
            raise Invalid(
                _("表格超过 %(limit)d 行。") % {"limit": ROWS_AT_MOST},
                mend=_("请拆成几份分别导入。"),
                row=row.number,
            )
        try:
            if row.problem is not None:
                raise row.problem
            values = {name: row.values.get(heading) for heading, name in columns.items()}
            one = _said(values, lookups)
        except Refused as refusal:
            report.fault(row.number, labels.get(refusal.field, refusal.field), str(refusal))
            continue
        if one in said:
            report.doubled += 1
        else:
            said[one] = row.number
            report.kept += 1
    _agree(said, report)
    return list(said)


def _agree(said: dict[_Said, int], report: TableReport) -> None:
    """Refuse rows that contradict an earlier one: another city of the firm, another share of the product."""
    cities: dict[str, tuple[City, int]] = {}
    shares: dict[tuple[str, str], tuple[float, int]] = {}
    for one, number in list(said.items()):
        why, column = "", ""
        if one.city is not None:
            city, first = cities.setdefault(one.firm, (one.city, number))
            if city != one.city:
                column, why = _("城市"), _("与第 %(row)d 行的城市不同。") % {"row": first}
        if one.share is not None and not why:
            share, first = shares.setdefault((one.firm, one.product), (one.share, number))
            if not math.isclose(share, one.share):
                column, why = _("收入占比"), _("与第 %(row)d 行同一产品的占比不同。") % {"row": first}
        if why:
            del said[one]
            report.kept -= 1
            report.fault(number, column, why)


def _said(values: Mapping[str, Any], lookups: Lookups) -> _Said:
    firm = _text(values, "firm", needed=True)
    try:
        city = lookups.city(_text(values, "city")) if _text(values, "city") else None
    except Invalid as refusal:
        raise Invalid(refusal.why, mend=refusal.mend, field="city") from refusal
    one = _Said(
        firm, _text(values, "product", needed=True), _share(values), _text(values, "supplier"),
        _text(values, "customer"), city, _text(values, "industry"),
    )  # fmt: skip
    for name in ("supplier", "customer"):
        if getattr(one, name) == firm:
            raise Invalid(_("与本行的企业是同一家。"), mend=_("请填写对方企业，或留空。"), field=name)
    return one


def _text(values: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    value = values.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = unicodedata.normalize("NFKC", "" if value is None else str(value)).strip()
    if needed and not text:
        raise Invalid(_("不能为空。"), field=name)
    if len(text) > NAME_AT_MOST:
        raise Invalid(_("超过 %(limit)d 个字符。") % {"limit": NAME_AT_MOST}, field=name)
    return text


def _share(values: Mapping[str, Any]) -> float | None:
    text = _text(values, "share")
    if not text:
        return None
    per_cent = text.endswith("%")
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = math.nan
    value = value / 100 if per_cent else value
    if not 0 <= value <= 1:  # what is no number fails this as well
        raise Invalid(
            _("“%(value)s”不是 0 到 1 之间的占比。") % {"value": text[:20]},
            mend=_("请写成 0.35 这样的小数，或带百分号。"),
            field="share",
        )
    return value


def columns_of(table: Table, report: TableReport) -> dict[str, str]:
    """Which column each heading means.

    Raises:
        Invalid: a required column is missing, or two headings mean the same.
    """
    known = {heading.casefold(): column.name for column in COLUMNS for heading in column.headings}
    used: dict[str, str] = {}
    for heading in table.columns:
        name = known.get(heading.casefold())
        if name is None:
            report.ignored.append(heading)
        elif name in used.values():
            raise Invalid(_("列“%(name)s”出现了两次。") % {"name": heading}, field=heading, row=1)
        else:
            used[heading] = name
    for column in COLUMNS:
        if column.is_required and column.name not in used.values():
            raise Invalid(
                _("缺少“%(name)s”列。") % {"name": column.label},
                mend=_("第一行应有列名：企业、产品、收入占比、供应商、客户、城市、产业。"),
                field=column.name,
                row=1,
            )
    return used


def load_table(
    actor: Any, table: Table, *, base: ChainDataset, origin: Origin, dry_run: bool = False
) -> tuple[TableReport, Loaded | None]:
    """Take an own table over (导入企业自有表格), or only check it.

    A row with a fault stops the writing, not the checking: the report names every fault at once.

    Raises:
        NotAllowed: the actor is neither of the office nor of a secretariat.
        Invalid: the file cannot be read, or a required column is missing.
    """
    require(actor, "chains.load")
    report = TableReport()
    used = columns_of(table, report)
    said = read_rows(table.rows(tolerant=True), used, report)
    return take(actor, said, report, base=base, origin=origin, dry_run=dry_run)


@transaction.atomic
def take(
    actor: Any,
    said: Sequence[_Said],
    report: TableReport,
    *,
    base: ChainDataset,
    origin: Origin,
    dry_run: bool,
) -> tuple[TableReport, Loaded | None]:
    """Write what the rows say, unless a row was refused or it is only a trial.

    Raises:
        NotAllowed: the actor is neither of the office nor of a secretariat.
        Invalid: there is no row, the base is itself a table, or the name belongs to a data set.
    """
    require(actor, "chains.load")
    if not report.read:
        raise Invalid(_("表中只有列名，没有数据。"), field="file")
    if base.base_id is not None:
        raise Invalid(_("自有表格只能依托一个完整的数据集。"), field="base")
    taken = ChainDataset.objects.filter(slug=origin.slug).first()
    if taken is not None and taken.base_id != base.pk:
        raise Invalid(
            _("代号“%(slug)s”已属于另一份数据。") % {"slug": origin.slug},
            mend=_("请换一个代号。"),
            field="slug",
        )
    data = _data(said)
    report.firms, report.products, report.ties = len(data.firms), len(data.makes), len(data.deals)
    if dry_run or report.refused:
        return report, None
    nodes = list(base.nodes.order_by("name").values_list("name", flat=True))
    names = sorted({made.product for made in data.makes})
    digest = sm3_hex(repr((origin, sorted(map(repr, said)))).encode())
    loaded = load_chain(
        actor,
        data,
        origin=origin,
        digest=digest,
        report=report.as_dict(),
        proposals=propose(nodes, names),
        base=base,
    )
    return report, loaded


def _data(said: Sequence[_Said]) -> ChainData:
    places = Places.built_in()
    cities = {one.firm: one.city for one in said if one.city is not None}
    industries = {one.firm: one.industry for one in said if one.industry}
    names = sorted({name for one in said for name in (one.firm, one.supplier, one.customer) if name})
    firms = []
    for name in names:
        if name in cities:
            firms.append(
                Firm(
                    key=name, name=name, fullname=name, city=cities[name].division_code, decided="stated",
                    industry=industries.get(name, ""),
                )
            )  # fmt: skip
            continue
        found = places.decide(name)
        firms.append(
            Firm(
                key=name, name=name, fullname=name, city=found.city, decided=found.how, place=found.place,
                industry=industries.get(name, ""),
            )
        )  # fmt: skip
    shares: dict[tuple[str, str], float | None] = {}
    for one in said:
        if shares.get((one.firm, one.product)) is None:
            shares[one.firm, one.product] = one.share
    deals = {(one.supplier, one.firm, "") for one in said if one.supplier}
    deals |= {(one.firm, one.customer, one.product) for one in said if one.customer}
    return ChainData(
        firms=tuple(firms),
        makes=tuple(FirmProduct(firm, product, share) for (firm, product), share in sorted(shares.items())),
        deals=tuple(Deal(*deal) for deal in sorted(deals)),
    )
