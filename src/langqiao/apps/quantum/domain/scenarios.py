"""Verbs of scenarios (应用场景): register, revise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.quantum.domain.common import chosen, referred, save
from langqiao.apps.quantum.models import Scenario
from langqiao.apps.registry.domain.acts import TITLE_AT_MOST, assign, clean, enter, lock, source_values
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid

SUMMARY_AT_MOST = 10_000


def _values(values: Mapping[str, Any]) -> dict[str, Any]:
    found = source_values(values)
    if "title" in values:
        found["title"] = clean(values["title"], "title", most=TITLE_AT_MOST, lines=False)
    if "title_en" in values:
        found["title_en"] = clean(values["title_en"], "title_en", most=240, lines=False, required=False)
    for name in ("summary", "summary_en"):
        if name in values:
            found[name] = clean(values[name], name, most=SUMMARY_AT_MOST, required=False)
    if "kind" in values:
        found["kind"] = chosen(values["kind"], Scenario.Kind, "kind")
    if "organisation" in values:
        given = values["organisation"]
        found["organisation"] = None if given is None else referred(given, Organisation, "organisation")
    return found


def _check(scenario: Scenario) -> None:
    """A real scenario says where it was published; an illustrative one is marked."""
    if not scenario.illustrative and not scenario.source_name:
        raise Invalid(_("真实场景须写明来源。"), mend=_("请填写来源，或标为示例。"), field="source_name")


def _cities(given: Iterable[Any]) -> list[City]:
    return [referred(one, City, "cities") for one in given]


@transaction.atomic
def register_scenario(
    actor: User | None, *, title: str, cities: Iterable[City] = (), **values: Any
) -> Scenario:
    """Register a scenario (登记应用场景).

    Args:
        cities: cities that it joins.
        values: ``title_en``, ``kind``, ``summary``, ``summary_en``, ``organisation``, the source.

    Raises:
        NotAllowed: the actor is neither an operator nor of the office.
        Invalid: a value is missing or wrong, or a real scenario has no source; ``field`` names it.
    """
    require(actor, "quantum.keep_scenario")
    scenario = Scenario()
    assign(scenario, _values({**values, "title": title}))
    _check(scenario)
    where = _cities(cities)
    save(scenario)
    scenario.cities.set(where)
    _enter(actor, "register_scenario", scenario, {"kind": scenario.kind, "cities": _slugs(where)})
    return scenario


@transaction.atomic
def revise_scenario(
    actor: User | None, scenario: Scenario, *, cities: Iterable[City] | None = None, **values: Any
) -> Scenario:
    """Revise a scenario (修改应用场景). Nothing is written where nothing differs.

    Raises:
        NotAllowed: the actor is neither an operator nor of the office.
        Invalid: see :func:`register_scenario`.
    """
    require(actor, "quantum.keep_scenario", scenario)
    lock(scenario)
    changed = assign(scenario, _values(values))
    if changed:
        _check(scenario)
        save(scenario)
    if cities is not None:
        where = _cities(cities)
        if {city.pk for city in where} != set(scenario.cities.values_list("pk", flat=True)):
            scenario.cities.set(where)
            changed.append("cities")
    if changed:
        _enter(actor, "revise_scenario", scenario, {"changed": changed})
    return scenario


def _slugs(cities: list[City]) -> list[str]:
    return [str(city.pk) for city in cities]


def _enter(actor: User | None, verb: str, scenario: Scenario, data: Mapping[str, Any]) -> None:
    enter(actor, verb, scenario, case="", organisation=scenario.organisation, data=data, public=True)
