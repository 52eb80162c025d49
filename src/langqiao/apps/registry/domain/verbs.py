"""Which verbs serve which kind of record: for forms, the API and the admin, which serve them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langqiao.apps.registry.domain import offers, organisations, people, programmes, talent
from langqiao.apps.registry.domain.kinds import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Verbs:
    """The three verbs of a kind: ``add(actor, **values)``, ``revise(actor, record, **changes)``,
    ``retire(actor, record, why=…)``.
    """

    kind: Kind
    add: Callable[..., Any]
    revise: Callable[..., Any]
    retire: Callable[..., Any]


VERBS: dict[str, Verbs] = {
    verbs.kind.name: verbs
    for verbs in (
        Verbs(
            KINDS["organisations"],
            organisations.register_organisation,
            organisations.revise_organisation,
            organisations.retire_organisation,
        ),
        Verbs(KINDS["people"], people.add_person, people.revise_person, people.retire_person),
        Verbs(
            KINDS["achievements"],
            people.add_achievement,
            people.revise_achievement,
            people.retire_achievement,
        ),
        Verbs(KINDS["facilities"], offers.add_facility, offers.revise_facility, offers.retire_facility),
        Verbs(KINDS["finance"], offers.add_finance, offers.revise_finance, offers.retire_finance),
        Verbs(
            KINDS["talent_demand"],
            talent.add_talent_demand,
            talent.revise_talent_demand,
            talent.retire_talent_demand,
        ),
        Verbs(KINDS["training"], talent.add_training, talent.revise_training, talent.retire_training),
        Verbs(KINDS["products"], offers.add_product, offers.revise_product, offers.retire_product),
        Verbs(
            KINDS["programmes"],
            programmes.add_programme,
            programmes.revise_programme,
            programmes.retire_programme,
        ),
    )
}
