"""Reads of reports, limited to what the viewer may see, and what a section can be made of."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from langqiao.apps.insight.domain.scopes import scope_names
from langqiao.apps.insight.models.indicators import Value
from langqiao.apps.insight.models.reports import SHOWN_REPORTS, Report, Section
from langqiao.apps.insight.queries.indicators import live_values
from langqiao.apps.insight.queries.study import scope_choices
from langqiao.apps.insight.rules.reports import writing_ids
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.models import Organisation
from langqiao.kit.words import is_english


def visible_reports(viewer: Any) -> QuerySet[Report]:
    """Reports the viewer may read: the rule ``insight.read_report`` as a query."""
    seen = Q(state__in=SHOWN_REPORTS) | Q(organisation__in=writing_ids(viewer))
    return Report.objects.filter(seen).select_related("organisation", "previous")


def writing_organisations(viewer: Any) -> QuerySet[Organisation]:
    """Organisations for which the viewer may write."""
    return Organisation.objects.filter(pk__in=writing_ids(viewer)).order_by("name")


def sections_of(report: Report) -> list[Section]:
    """The sections in order."""
    return list(report.sections.order_by("order", "pk"))


def versions_of(report: Report, viewer: Any) -> list[Report]:
    """All versions the viewer may read, the newest first."""
    return list(visible_reports(viewer).filter(series=report.series).order_by("-version"))


def entries_of(report: Report, viewer: Any) -> list[Entry]:
    """Ledger entries about the report: the public ones, and the drafts' for those who write it."""
    rows = Entry.objects.filter(object=identifier(report))
    if report.organisation_id not in writing_ids(viewer):
        rows = rows.filter(visibility=Visibility.PUBLIC)
    return list(rows.order_by("sequence"))


# -- what a section is made of ------------------------------------------------------------------


def figure_scopes() -> list[tuple[str, str]]:
    """Scopes for a table of figures: those that methods run on, with the corridor and the nation."""
    kinds = (Value.Scope.CORRIDOR, Value.Scope.NATION)
    held = live_values().filter(scope_kind__in=kinds).order_by().values_list("scope_kind", "scope").distinct()
    names = scope_names(held)
    wide = [(f"{kind}:{key}", names[kind, key]) for kind, key in sorted(names)]
    return [*scope_choices(), *wide]


def method_choices() -> list[tuple[str, str, str]]:
    """Methods: key, title and what each tells."""
    from langqiao.engines.regional.methods import METHODS

    language = "en" if is_english() else "zh"
    return [(key, one.title.to(language), one.summary.to(language)) for key, one in METHODS.items()]
