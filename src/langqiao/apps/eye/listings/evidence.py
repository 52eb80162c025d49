"""The entries behind a number of the Eye (依据): one line for each flow, each with the way to its proof."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.eye.listings.dossiers import dossier_url
from langqiao.apps.eye.queries import periods, portal
from langqiao.apps.eye.queries.quantities import shown
from langqiao.apps.ledger.flows import KINDS
from langqiao.apps.ledger.models import Entry, FlowLine, FlowParty
from langqiao.apps.ledger.words import in_words
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.listing import Column, Empty, Filter, Listing
from langqiao.kit.words import named


def _cities() -> list[tuple[str, str]]:
    return [(city.slug, named(city)) for city in City.objects.all()]


def _kinds() -> list[tuple[str, Any]]:
    return [(kind.slug, kind.label) for kind in KINDS.values()]


def _periods() -> list[tuple[str, str]]:
    return [(period.slug, period.label) for period in periods.periods()]


def _in_period(rows: QuerySet[FlowLine], slug: str) -> QuerySet[FlowLine]:
    period = periods.period_of(slug)
    if period.since is not None:
        rows = rows.filter(month__gte=period.since)
    return rows if period.until is None else rows.filter(month__lte=period.until)


def _at_either_end(rows: QuerySet[FlowLine], slug: str) -> QuerySet[FlowLine]:
    return rows.filter(origin=slug) | rows.filter(destination=slug)


def _between_cities(rows: QuerySet[FlowLine], _only: bool) -> QuerySet[FlowLine]:  # noqa: FBT001  a filter's
    return rows.exclude(origin=F("destination"))


def _behind(rows: QuerySet[FlowLine], key: str) -> QuerySet[FlowLine]:
    """Lines behind which the organisation of this number stands."""
    name = f"{Organisation._meta.label_lower}:{key}"
    return rows.filter(number__in=FlowParty.objects.filter(organisation=name).values("line"))


class EvidenceListing(Listing):
    """Flows one by one, newest first: what a number of the Eye is made of."""

    slug = "evidence"
    title = _("数字的依据")
    lead = _("每一行是台账里的一条公开记录；点开可看它的内容、摘要与校验。")
    default_sort = "-sequence"
    search = ("case",)
    search_hint = _("项目编号")
    empty = Empty(_("没有符合条件的记录。"), _("请放宽要素、时间或城市。"))
    columns = (
        Column(
            "sequence", _("台账序号"), sort=("sequence", "number"), kind="number",
            link=lambda line: reverse("ledger_entry", args=[line.sequence]),
        ),
        Column("at", _("时间"), lambda line: line.entry and line.entry.at, kind="date"),
        Column("kind", _("要素"), lambda line: line.of.label, sort="kind"),
        Column("act", _("动作"), lambda line: line.said),
        Column("ends", _("流向"), lambda line: line.ends),
        Column("quantity", _("数量"), lambda line: line.amount, sort="quantity"),
        Column(
            "case", _("项目"), kind="code", secondary=True,
            link=lambda line: dossier_url(line.case) if line.case else "",
        ),
        Column("hash", _("摘要（SM3）"), lambda line: line.entry and line.entry.hash, export_only=True),
    )  # fmt: skip
    filters = (
        Filter("kind", _("要素"), choices=_kinds),
        Filter("period", _("时间"), choices=_periods, apply=_in_period),
        Filter("origin", _("流出城市"), choices=_cities),
        Filter("destination", _("流入城市"), choices=_cities),
        Filter("city", _("任一端城市"), choices=_cities, apply=_at_either_end),
        Filter("between", _("仅城际"), "bool", apply=_between_cities),
        Filter("organisation", _("机构编号"), "text", apply=_behind),
    )

    def queryset(self, request: HttpRequest) -> QuerySet[FlowLine]:  # noqa: ARG002  public to all
        return portal.evidence()

    def prepare(self, rows: list[Any], request: HttpRequest) -> list[Any]:
        cities = {city.slug: named(city) for city in City.objects.all()}
        entries = Entry.objects.in_bulk([row.sequence for row in rows])
        acts = {act.entry.sequence: act for act in in_words(entries.values(), request.user)}
        for row in rows:
            act = acts.get(row.sequence)
            row.entry = entries.get(row.sequence)
            row.of = KINDS[row.kind]
            row.said = f"{act.verb} {act.object.label or act.kind}" if act else ""
            row.ends = " → ".join(cities.get(slug, slug) for slug in (row.origin, row.destination))
            row.amount = str(shown(row.of, row.of.value(row.quantity)))
        return rows
