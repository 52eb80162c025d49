"""Verbs of the registry (名录): the only writers of its records, each with its ledger entry."""

from __future__ import annotations

from langqiao.apps.registry.domain.bulk import (
    Summary,
    upsert,
    upsert_many,
)
from langqiao.apps.registry.domain.corridors import (
    load_corridor,
)
from langqiao.apps.registry.domain.offers import (
    add_facility,
    add_finance,
    add_product,
    retire_facility,
    retire_finance,
    retire_product,
    revise_facility,
    revise_finance,
    revise_product,
)
from langqiao.apps.registry.domain.organisations import (
    end_role,
    give_role,
    register_organisation,
    retire_organisation,
    revise_organisation,
)
from langqiao.apps.registry.domain.people import (
    add_achievement,
    add_person,
    link_person,
    retire_achievement,
    retire_person,
    revise_achievement,
    revise_person,
)
from langqiao.apps.registry.domain.programmes import (
    add_programme,
    retire_programme,
    revise_programme,
)
from langqiao.apps.registry.domain.talent import (
    add_talent_demand,
    add_training,
    retire_talent_demand,
    retire_training,
    revise_talent_demand,
    revise_training,
)

__all__ = [
    "Summary",
    "add_achievement",
    "add_facility",
    "add_finance",
    "add_person",
    "add_product",
    "add_programme",
    "add_talent_demand",
    "add_training",
    "end_role",
    "give_role",
    "link_person",
    "load_corridor",
    "register_organisation",
    "retire_achievement",
    "retire_facility",
    "retire_finance",
    "retire_organisation",
    "retire_person",
    "retire_product",
    "retire_programme",
    "retire_talent_demand",
    "retire_training",
    "revise_achievement",
    "revise_facility",
    "revise_finance",
    "revise_organisation",
    "revise_person",
    "revise_product",
    "revise_programme",
    "revise_talent_demand",
    "revise_training",
    "upsert",
    "upsert_many",
]
