"""Public data sets of the Eye (科创之眼): sums of flows between cities, and the flows behind them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Model, QuerySet, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.eye.queries.examples import OBJECTS, illustrative, is_illustrative
from langqiao.apps.ledger.flows import AT_A_READ, KINDS, catch_up
from langqiao.apps.ledger.models import Entry, FlowLine, FlowSum
from langqiao.apps.registry.models import Organisation
from langqiao.kit.opendata import Column, Dataset, publish

# The smallest unit of each kind, in which quantities are whole numbers; the same in every language.
UNITS = {
    "technology": "contract",
    "talent": "person",
    "capital": "CNY 0.01",
    "computing": "GPU s",
    "keys": "key",
}

_FLOW = (
    Column("month", "date", _("月份，以其第一日表示")),
    Column("kind", "text", _("要素"), values=[(kind.slug, kind.label) for kind in KINDS.values()]),
    Column("origin", "text", _("流出城市代号")),
    Column("destination", "text", _("流入城市代号")),
    Column("quantity", "integer", _("数量，以 unit 一栏的单位计；更正此前记录的为负数")),
)
_UNIT_VALUES = (
    ("contract", pgettext_lazy("unit", "份合同")),
    ("person", pgettext_lazy("unit", "人次")),
    ("CNY 0.01", pgettext_lazy("unit", "分（百分之一元）")),
    ("GPU s", pgettext_lazy("unit", "GPU 秒")),
    ("key", pgettext_lazy("unit", "把密钥")),
)
_IS_DEMO = _("是否示例：示例为演示数据，非真实记录")


def _sums() -> Iterator[tuple[Any, ...]]:
    """A row for each month, kind and pair of cities, once the sums have caught up."""
    catch_up(within=AT_A_READ)
    names = ("month", "kind", "origin", "destination")
    marked = set(illustrative(FlowLine.objects.order_by()).values_list(*names).distinct())
    for row in FlowSum.objects.order_by(*names).values_list(*names, "quantity", "count").iterator():
        month, kind, origin, destination, quantity, count = row
        yield month, kind, origin, destination, quantity, UNITS[kind], count, row[:4] in marked


def _count() -> int:
    catch_up(within=AT_A_READ)
    return FlowSum.objects.count()


def _lines() -> QuerySet[FlowLine]:
    """Every flow, oldest first, with whether it is illustrative."""
    catch_up(within=AT_A_READ)
    told = ExpressionWrapper(is_illustrative(), output_field=BooleanField())
    return FlowLine.objects.order_by("number").annotate(unit=F("kind"), is_demo=told)


def _modified() -> datetime | None:
    """When the last entry that the sums reach was written."""
    reached = Entry.objects.filter(sequence=catch_up(within=AT_A_READ))
    return reached.values_list("at", flat=True).first()


def _state() -> str:
    """How far the sums reach, and which records are illustrative."""
    models: tuple[type[Model], ...] = (*OBJECTS, Organisation)
    marks = [
        model._base_manager.filter(illustrative=True).aggregate(n=Count("pk"), keys=Sum("pk"))  # noqa: SLF001
        for model in models
    ]
    return f"{catch_up(within=AT_A_READ)}|{[(one['n'], one['keys']) for one in marks]}"


def register() -> None:
    """Publish them, once."""
    publish(
        Dataset(
            slug="city-flows",
            title=_("城市间要素流动"),
            description=_(
                "技术、人才、资金、算力与密钥在城市之间的流动，按月、要素和城市对，由公开台账相加而来；"
                "流出与流入相同的是本城内的流动。"
            ),
            app="eye",
            keywords=(_("要素流动"), _("台账")),
            columns=(
                *_FLOW,
                Column("unit", "text", _("数量的单位"), values=_UNIT_VALUES),
                Column("entries", "integer", _("相加的流动条数")),
                Column("is_demo", "boolean", _("是否含示例：示例为演示数据，非真实记录")),
            ),
            rows=_sums,
            count=_count,
            modified=_modified,
            state=_state,
        ),
        Dataset(
            slug="flow-lines",
            title=_("要素流动逐条明细"),
            description=_("城市间要素流动逐条所据的公开台账记录：每行是一条记录的一个流动，序号即台账序号。"),
            app="eye",
            keywords=(_("要素流动"), _("台账")),
            columns=(
                *_FLOW,
                Column("unit", "text", _("数量的单位"), values=_UNIT_VALUES, read=UNITS.__getitem__),
                Column("sequence", "integer", _("台账序号")),
                Column("case", "text", _("项目编号，台账以此相连；不属于公开项目的为空")),
                Column("is_demo", "boolean", _IS_DEMO),
            ),
            records=_lines,
            modified=_modified,
            state=_state,
        ),
    )
