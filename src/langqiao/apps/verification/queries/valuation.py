"""Reads of valuations (估值), limited to what the viewer may see."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import Q, QuerySet

from langqiao.apps.ledger.domain import identifier
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.models import Valuation
from langqiao.apps.verification.queries.services import centres
from langqiao.apps.verification.rules import insider_ids

NOTHING = Q(pk__in=[])
LINE = (Valuation.State.DRAFT, Valuation.State.FINAL)


def _of_viewer(viewer: Any) -> Q:
    """The rule ``verification.read_valuation`` as a query: the owner and the centre that appraises."""
    mine = insider_ids(viewer)
    return Q(organisation__in=mine) | Q(centre__in=mine) if mine else NOTHING


def visible_valuations(viewer: Any) -> QuerySet[Valuation]:
    """Valuations that the viewer may read."""
    return Valuation.objects.filter(_of_viewer(viewer)).select_related(
        "organisation__city", "centre", "achievement"
    )


def owners(viewer: Any) -> QuerySet[Organisation]:
    """Organisations for which the viewer may value."""
    return Organisation.objects.filter(pk__in=insider_ids(viewer)).select_related("city")


def appraisers() -> QuerySet[Organisation]:
    """Centres that may appraise for others."""
    return centres().select_related("city")


def thread(valuation: Valuation) -> list[Entry]:
    """The ledger's entries on a valuation, in order; the caller has asked whether it may be read."""
    rows = Entry.objects.filter(case=valuation.case, object=identifier(valuation))
    return list(rows.order_by("sequence"))


def read_case(viewer: Any, case: str) -> Q:
    """Entries on valuations of a case that the viewer may read, for the ledger's own pages."""
    rows = Valuation.objects.filter(_of_viewer(viewer), case=case)
    own = [identifier(row) for row in rows.only("pk")]
    return Q(visibility=Visibility.PARTIES, object__in=own) if own else NOTHING


def steps(valuation: Valuation) -> list[tuple[str, str]]:
    """The line of states for the page: label and ``done``, ``now``, ``next`` or ``off``."""
    if valuation.state in LINE:
        passed = LINE.index(Valuation.State(valuation.state))
        return [
            (str(state.label), "now" if i == passed else "done" if i < passed else "next")
            for i, state in enumerate(LINE)
        ]
    reached = LINE if valuation.finalised_at else LINE[:1]
    return [*((str(state.label), "done") for state in reached), (valuation.get_state_display(), "off")]


def proved_digest(entries: list[Entry]) -> str:
    """The report's digest as the ledger holds it since the valuation became final; "" before."""
    last = next((e for e in reversed(entries) if e.verb == "finalise_valuation"), None)
    return str(json.loads(last.data)["report_sm3"]) if last is not None else ""
