"""The slides of the wall (大屏): flows of each kind, counts of the corridor, each number with its evidence.

All of it is public: the wall shows the same whoever is signed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from langqiao.apps.alliances.queries.alliances.tree import alliances
from langqiao.apps.eye.drawing import Drawing, draw_flows
from langqiao.apps.eye.queries.figures import SiteCount, counted, figures
from langqiao.apps.eye.queries.portal import FlowRow, FlowView, KindTotal, flow_view
from langqiao.apps.eye.queries.quantities import amount
from langqiao.apps.quantum.models import Scenario
from langqiao.apps.registry.models import City
from langqiao.kit.figures import day, grouped, moment
from langqiao.kit.keyfigures import KeyFigure
from langqiao.kit.words import named

ON_A_SLIDE = 3  # figures
PERIOD = "year"


@dataclass(frozen=True, slots=True)
class WallFigure:
    """A number in large type: what it counts, its unit, where it is from, and the list behind it.

    Attributes:
        kind: the kind of flow, whose hue marks it; "" for none.
    """

    label: Any
    value: str
    unit: Any
    source: str
    url: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Slide:
    """One page of the wall: a map and up to three figures."""

    key: str
    title: Any
    lead: str
    drawing: Drawing | None
    figures: Sequence[WallFigure]


def slides() -> list[Slide]:
    """The slides in the order in which they turn; a kind without flows has none."""
    view = flow_view(period=PERIOD)
    return [*_flow_slides(view), *_count_slides(view), *_stated_slides(view)]


def _map(cities: Sequence[City], rows: Sequence[FlowRow]) -> Drawing | None:
    """The map as the hall reads it: names without numbers of records."""
    return draw_flows(cities, rows, counts=False)


def _span(view: FlowView) -> str:
    since, until = view.period.since, view.period.until
    return _("%(since)s 至 %(until)s") % {"since": day(since), "until": day(until)}


def _proof(view: FlowView, of: KindTotal | FlowRow) -> str:
    """From how many entries a number of flows comes, and whether illustrative ones (示例) are among them."""
    told = ngettext(
        "台账 %(count)s 条记录，截至 #%(sequence)s",
        "台账 %(count)s 条记录，截至 #%(sequence)s",
        of.count,
    )
    told %= {"count": grouped(of.count), "sequence": view.sequence}
    return f"{told}{_('；')}{_('含示例数据')}" if of.is_illustrative else told


def _of_total(view: FlowView, total: KindTotal) -> WallFigure:
    return WallFigure(
        total.kind.label,
        total.shown.number,
        total.shown.unit,
        _proof(view, total),
        total.url,
        total.kind.slug,
    )


def _of_row(view: FlowView, row: FlowRow) -> WallFigure:
    way = f"{named(row.origin)} → {named(row.destination)}"
    return WallFigure(
        way, row.shown.number, row.shown.unit, _proof(view, row), row.url, row.kind.slug
    )  # fmt: skip


def _flow_slides(view: FlowView) -> Iterator[Slide]:
    filled = [total for total in view.totals if total.count]
    most = sorted(filled, key=lambda total: -total.count)[:ON_A_SLIDE]
    yield Slide(
        "all",
        _("九城要素流动"),
        _span(view) if filled else _("这一年的台账中还没有城市之间的流动。"),
        _map(view.cities, view.rows),
        [_of_total(view, total) for total in most],
    )
    for total in filled:
        rows = [row for row in view.rows if row.kind.slug == total.kind.slug]
        largest = [_of_row(view, row) for row in rows if not row.is_within]
        yield Slide(
            total.kind.slug,
            _("%(kind)s流动") % {"kind": total.kind.label},
            f"{total.kind.counts}{_('，')}{_span(view)}",
            _map(view.cities, rows),
            [_of_total(view, total), *largest][:ON_A_SLIDE],
        )


def _records() -> list[SiteCount]:
    """Counts beside those of the portal: alliances of the tree, scenarios of the quantum network."""
    return [
        SiteCount("alliances", _("联盟数"), _("个联盟"), reverse("alliance_list"), *counted(alliances())),
        SiteCount(
            "scenarios", _("量子应用场景"), _("个场景"), reverse("scenario_list"),
            *counted(Scenario.objects.all()),
        ),
    ]  # fmt: skip


def _threes(found: Sequence[WallFigure]) -> Iterator[Sequence[WallFigure]]:
    """Three at a time; the last ones go with those before them, so that no slide is nearly empty."""
    for start in range(0, len(found), ON_A_SLIDE):
        yield found[max(0, min(start, len(found) - ON_A_SLIDE)) :][:ON_A_SLIDE]


def _registered(count: SiteCount, at: datetime) -> str:
    """Where a count is from, and whether illustrative records (示例) are in it."""
    if count.is_illustrative:
        return _("本站登记，含标为示例的记录，%(at)s") % {"at": moment(at)}
    return _("本站登记，%(at)s") % {"at": moment(at)}


def _count_slides(view: FlowView) -> Iterator[Slide]:
    """Counts of the site's own records; none of nothing."""
    told = figures()
    found = [
        WallFigure(
            count.label, grouped(count.value), count.unit, _registered(count, told.counted_at), count.url
        )
        for count in [*told.counts, *_records()]
        if count.value
    ]
    for number, part in enumerate(_threes(found)):
        yield Slide(f"counts-{number}", _("走廊现状"), _("本站公开记录的数目"), _map(view.cities, []), part)


def _stated_slides(view: FlowView) -> Iterator[Slide]:
    """Figures stated about the corridor, with their period and source."""
    found = [_stated(one) for one in figures().stated]
    for number, part in enumerate(_threes(found)):
        yield Slide(
            f"stated-{number}",
            _("关键数字"),
            _("公开数据，注明时间与来源"),
            _map(view.cities, []),
            part,
        )


def _stated(one: KeyFigure) -> WallFigure:
    value = one.value if isinstance(one.value, str) else amount(one.value)
    return WallFigure(one.label, value, one.unit, f"{one.period} · {one.source}", one.address)
