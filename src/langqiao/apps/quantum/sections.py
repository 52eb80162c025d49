"""What the quantum network puts on organisations' pages and on everybody's own work (我的工作)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.queries import organisation_ids
from langqiao.apps.quantum.models import Delivery, Demand, Scenario
from langqiao.apps.quantum.queries.deliveries import visible_deliveries
from langqiao.apps.quantum.queries.demands import demands_at, visible_demands
from langqiao.apps.quantum.rules import INSIDERS, operated_ids
from langqiao.apps.registry.models import Organisation
from langqiao.apps.registry.sections import Awaiting, Section, awaiting_of, page_section
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named

LISTED = 10
WAITING_AT_MOST = 50


def quantum_of(organisation: Any, viewer: Any) -> Section | None:
    """The organisation's scenarios, and those demands and deliveries that the viewer may read."""
    scenarios = list(Scenario.objects.filter(organisation=organisation)[:LISTED])
    demands = list(visible_demands(viewer).filter(organisation=organisation)[:LISTED])
    rows = visible_deliveries(viewer)
    deliveries = list(rows.filter(sender__organisation=organisation)[:LISTED])
    received = list(
        rows.filter(recipient__organisation=organisation).exclude(sender__organisation=organisation)[:LISTED]
    )
    may_ask = allowed(viewer, "quantum.ask", organisation)
    if not (scenarios or demands or deliveries or received or may_ask):
        return None
    return Section(
        _("量子密钥"),
        "quantum/section_organisation.html",
        {
            "scenarios": scenarios,
            "demands": demands,
            "deliveries": deliveries,
            "received": received,
            "may_ask": may_ask,
        },
    )


def waiting(viewer: Any) -> list[Awaiting]:
    """Demands for the operators of their sites to decide, sealed files for their recipients to open."""
    run, mine = operated_ids(viewer), organisation_ids(viewer, *INSIDERS)
    rows: list[Awaiting] = []
    if run:
        proposed = demands_at(run).filter(state=Demand.State.PROPOSED).order_by("starts_on", "pk")
        rows += [
            Awaiting(
                _("密钥需求待审核"), one.title, one.get_absolute_url(), due=one.starts_on,
                note=named(one.organisation),
            )
            for one in proposed[:WAITING_AT_MOST]
        ]  # fmt: skip
    if mine:
        sent = Delivery.objects.filter(state=Delivery.State.SENT, recipient__organisation__in=mine)
        rows += [
            Awaiting(
                _("密封文件待签收"), one.title, one.get_absolute_url(), note=named(one.sender.organisation)
            )
            for one in sent.select_related("sender__organisation").order_by("sent_at", "pk")[:WAITING_AT_MOST]
        ]
    return rows


def register() -> None:
    """Put the section and the rows on their pages."""
    page_section(Organisation, quantum_of)
    awaiting_of(waiting)
