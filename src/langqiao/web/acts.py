"""What the ledger's identifiers stand for, limited to what the reader may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import holds_role
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.words import ActInWords, Named
from langqiao.apps.registry.models import City
from langqiao.kit.permissions import allowed
from langqiao.web.names import named
from langqiao.web.words import verb_in_words

# Kinds with a page of their own.
PAGES = {
    "registry.city": "city_detail",
    "registry.organisation": "organisation_detail",
    "registry.person": "person_detail",
    "registry.achievement": "achievement_detail",
    "registry.facility": "facility_detail",
    "registry.finance": "finance_detail",
    "registry.product": "product_detail",
    "registry.talentdemand": "talent_detail",
    "registry.training": "training_detail",
    "registry.programme": "programme_detail",
    "challenges.challenge": "challenge_detail",
    "verification.call": "call_detail",
    "verification.application": "application_detail",
    "verification.examination": "examination_detail",
    "verification.valuation": "valuation_detail",
    "conference.session": "session_detail",
    "conference.matter": "matter_detail",
    "conference.resolution": "resolution_detail",
    "conference.task": "task_detail",
    "conference.notice": "notice_detail",
    "conference.priority": "priority_detail",
    "conference.project": "project_detail",
    "computing.campus": "campus_detail",
    "computing.building": "building_detail",
    "computing.server": "server_detail",
    "computing.tenant": "tenant_detail",
    "computing.request": "request_detail",
    "computing.scheme": "scheme_detail",
    "computing.voucher": "voucher_detail",
    "computing.job": "job_detail",
    "computing.bill": "bill_detail",
    "quantum.site": "site_detail",
    "quantum.link": "link_detail",
    "quantum.scenario": "scenario_detail",
    "quantum.demand": "demand_detail",
    "quantum.delivery": "delivery_detail",
    "alliances.alliance": "alliance_detail",
    "alliances.member": "member_detail",
    "alliances.gathering": "gathering_detail",
    "alliances.exchange": "exchange_detail",
    "alliances.chaindataset": "chain_dataset_detail",
    "alliances.chainindustry": "chain_map",
    "alliances.chainnode": "chain_node",
    "alliances.chainfirm": "chain_firm",
    "alliances.chainlink": "chain_link",
    "alliances.place": "park_detail",
    "insight.indicator": "indicator_detail",
    "insight.report": "report_detail",
}
# Kinds whose name only those may read who hold the permission; without one here anybody may.
GUARDED = {
    "challenges.challenge": "challenges.read",
    "verification.call": "verification.read_call",
    "verification.application": "verification.read_outline",
    "verification.examination": "verification.read_examination_outline",
    "verification.valuation": "verification.read_valuation",
    "conference.session": "conference.read_session",
    "conference.matter": "conference.read_matter",
    "conference.resolution": "conference.read_resolution",
    "conference.task": "conference.read_task",
    "conference.notice": "conference.read_notice",
    "conference.priority": "conference.read_priority",
    "computing.server": "computing.read_servers",
    "computing.tenant": "computing.read_tenant",
    "computing.request": "computing.read_request",
    "computing.voucher": "computing.read_voucher",
    "computing.job": "computing.read_job",
    "computing.bill": "computing.read_tenant",
    "quantum.demand": "quantum.read_demand",
    "quantum.delivery": "quantum.read_delivery",
    "alliances.member": "alliances.read_member",
    "alliances.gathering": "alliances.read_gathering",
    "alliances.exchange": "alliances.read_exchange",
    "alliances.chaindataset": "chains.read",
    "alliances.chainindustry": "chains.read",
    "alliances.chainnode": "chains.read",
    "alliances.chainfirm": "chains.read",
    "alliances.chainlink": "chains.read",
    "insight.report": "insight.read_report",
}
# Of kinds that do not stand here only the kind is said.
NAMED = frozenset({*PAGES, "registry.field"})


def describe(entries: list[Entry], viewer: Any) -> list[ActInWords]:
    """Entries in words for ``viewer``."""
    names = _names((e.object for e in entries), viewer) | _names((e.organisation for e in entries), viewer)
    people = _people((e.actor for e in entries), viewer)
    cities = {city.slug: city for city in City.objects.all()} if any(e.city for e in entries) else {}
    return [
        ActInWords(
            entry=e,
            verb=verb_in_words(e.verb),
            kind=_kind(e.object),
            object=names.get(e.object, Named("")),
            organisation=names.get(e.organisation, Named("")),
            actor=people.get(e.actor, ""),
            city=named(cities.get(e.city)) if e.city in cities else e.city,
        )
        for e in entries
    ]


def _model(identifier: str) -> type[Model] | None:
    label = identifier.partition(":")[0]
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def _kind(identifier: str) -> str:
    model = _model(identifier)
    return str(model._meta.verbose_name) if model else identifier.partition(":")[0]


def _names(identifiers: Iterable[str], viewer: Any) -> dict[str, Named]:
    """Label and page of every identifier that may be named to the viewer; one query a model."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for identifier in identifiers:
        label, _sep, key = identifier.partition(":")
        if label in NAMED and key:
            wanted[label].add(key)
    found: dict[str, Named] = {}
    for label, keys in wanted.items():
        for record in apps.get_model(label)._default_manager.filter(pk__in=keys):  # noqa: SLF001
            if label in GUARDED and not allowed(viewer, GUARDED[label], record):
                continue
            found[f"{label}:{record.pk}"] = Named(named(record), _page(label, record.pk))
    return found


def _page(label: str, key: Any) -> str:
    if label not in PAGES:
        return ""
    try:
        return reverse(PAGES[label], args=[key])
    except NoReverseMatch:
        return ""


def _people(identifiers: Iterable[str], viewer: Any) -> dict[str, str]:
    """Who acted: the machine for all, a person's name only for the office and for the person."""
    actors = set(identifiers)
    found = {"system": str(_("系统"))} if "system" in actors else {}
    if not getattr(viewer, "is_authenticated", False):
        return found
    keys = {a.partition(":")[2] for a in actors if a.startswith("accounts.user:")}
    if not holds_role(viewer, Role.OFFICE):
        keys &= {str(viewer.pk)}
    if keys:
        users = apps.get_model("accounts.User").objects.filter(pk__in=keys)
        found |= {f"accounts.user:{user.pk}": str(user) for user in users}
    return found
