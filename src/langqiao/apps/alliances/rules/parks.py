"""Who may do what with parks (园区): reading is open, writing is for the park, its city and the office."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rules.predicates import predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import holds_role
from langqiao.apps.accounts.rules import holds, is_office, is_system
from langqiao.apps.registry.rules import acts_for_owner
from langqiao.kit.permissions import permit

# Roles that act for the organisation that runs a park.
INSIDERS = (Role.ENTERPRISE, Role.RESEARCHER, Role.SECRETARIAT)


@predicate
def is_liaison_of_park(user: Any, target: Any = None) -> bool:
    """The actor is a liaison (联络员) of the city in which the park lies, whoever runs it."""
    if target is None:
        return holds_role(user, Role.LIAISON)
    return bool(target.city_id) and holds_role(user, Role.LIAISON, city=target.city_id)


permit(
    "parks.keep",
    is_office | is_liaison_of_park | acts_for_owner(*INSIDERS) | is_system,
    label=_("登记、修改园区与产业活动"),
    why=_("只有园区运营单位、本市联络员或联席办可以登记和修改园区。"),
)
permit(
    "parks.import",
    is_office | holds(Role.LIAISON) | acts_for_owner(*INSIDERS) | is_system,
    label=_("导入产业活动"),
    why=_("只有园区运营单位、城市联络员或联席办可以导入；每一行仍按园区核对权限。"),
)
permit(
    "parks.keep_reference",
    is_office | is_system,
    label=_("登记对照地区与城市的产业活动"),
    why=_("只有联席办可以登记对照地区和整座城市的数据。"),
)
