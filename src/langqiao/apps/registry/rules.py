"""Who may do what in the registry (名录). Targets are records, saved or about to be saved.

Without a target a predicate answers "for anything at all?", which decides whether a page shows
the button to add a record.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rules.predicates import Predicate, predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import current_memberships, holds_role
from langqiao.apps.accounts.rules import holds, is_office, is_system
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import permit

# Roles that act for an organisation itself; liaisons, experts and visitors do not.
OPERATORS = (Role.COMPUTING_OPERATOR, Role.QUANTUM_OPERATOR)
OWN_DETAILS = (Role.ENTERPRISE, Role.RESEARCHER, Role.SECRETARIAT, *OPERATORS)
OWN_RECORDS = (Role.ENTERPRISE, Role.RESEARCHER)
_OWNER_FIELDS = ("organisation_id", "owner_id", "lead_id")


def owner_id(target: Any) -> int | None:
    """Id of the organisation a record belongs to (an organisation belongs to itself)."""
    if isinstance(target, Organisation):
        return target.pk
    return next((getattr(target, name) for name in _OWNER_FIELDS if hasattr(target, name)), None)


def city_of(target: Any) -> str | None:
    """Slug of the city answerable for a record: that of its organisation, else its own."""
    if isinstance(target, Organisation):
        return target.city_id
    if owner_id(target) is not None:
        owner = next(getattr(target, n[:-3]) for n in _OWNER_FIELDS if hasattr(target, n))
        if owner.city_id:
            return str(owner.city_id)
    return getattr(target, "city_id", None)


def acts_for_owner(*roles: Role) -> Predicate:
    """Predicate: the actor manages the record's organisation or holds one of ``roles`` in it."""

    def test(user: Any, target: Any = None) -> bool:
        owner = owner_id(target)
        return any(
            (m.is_manager or m.role in roles)
            and (target is None or (owner is not None and m.organisation_id == owner))
            for m in current_memberships(user)
        )

    return predicate(test, name="acts_for_owner " + "/".join(roles))


@predicate
def is_liaison_of_city(user: Any, target: Any = None) -> bool:
    """The actor is a liaison (联络员) of the record's city."""
    if target is None:
        return holds_role(user, Role.LIAISON)
    city = city_of(target)
    return bool(city) and holds_role(user, Role.LIAISON, city=city)


@predicate
def is_own_person(user: Any, target: Any = None) -> bool:
    """The expert record is the actor's own."""
    return user is not None and user.pk is not None and getattr(target, "user_id", None) == user.pk


_stewards = is_office | is_liaison_of_city | is_system
_members = acts_for_owner(*OWN_RECORDS)

permit(
    "registry.load_corridor",
    is_office | is_system,
    label=_("载入走廊配置"),
    why=_("只有联席办可以载入走廊的城市与产业领域。"),
)
permit(
    "registry.register_organisation",
    _stewards,
    label=_("登记机构"),
    why=_("只有联席办或本市联络员可以登记机构。"),
)
permit(
    "registry.revise_organisation",
    _stewards | acts_for_owner(*OWN_DETAILS),
    label=_("修改机构"),
    why=_("只有本机构成员、本市联络员或联席办可以修改机构信息。"),
)
permit(
    "registry.give_role",
    _stewards,
    label=_("授予或终止机构角色"),
    why=_("只有联席办或本市联络员可以授予或终止机构的走廊角色。"),
)
permit(
    "registry.keep_person",
    _stewards | _members | is_own_person,
    label=_("登记或修改专家"),
    why=_("只有本人、同机构成员、本市联络员或联席办可以登记或修改专家。"),
)
permit(
    "registry.link_person",
    _stewards | acts_for_owner(),
    label=_("关联专家与账号"),
    why=_("只有本机构管理员、本市联络员或联席办可以把专家与账号关联。"),
)
permit(
    "registry.keep_achievement",
    _stewards | _members,
    label=_("登记或修改成果"),
    why=_("只有权属单位成员、本市联络员或联席办可以登记或修改成果。"),
)
permit(
    "registry.keep_facility",
    _stewards | acts_for_owner(*OWN_RECORDS, *OPERATORS),
    label=_("登记或修改仪器设施"),
    why=_("只有所属机构成员、本市联络员或联席办可以登记或修改仪器设施。"),
)
permit(
    "registry.keep_finance",
    _stewards | _members,
    label=_("登记或修改金融产品"),
    why=_("只有提供机构成员、本市联络员或联席办可以登记或修改金融产品。"),
)
permit(
    "registry.keep_product",
    _stewards | _members,
    label=_("登记或修改产品与配套需求"),
    why=_("只有本企业成员、本市联络员或联席办可以登记或修改产品与配套需求。"),
)
permit(
    "registry.keep_talent_demand",
    _stewards | _members,
    label=_("登记或修改人才需求"),
    why=_("只有本机构成员、本市联络员或联席办可以登记或修改人才需求。"),
)
permit(
    "registry.keep_training",
    _stewards | _members,
    label=_("登记或修改人才培养"),
    why=_("只有本机构成员、本市联络员或联席办可以登记或修改人才培养项目。"),
)
permit(
    "registry.keep_programme",
    is_office | is_system | acts_for_owner(Role.SECRETARIAT),
    label=_("登记或修改走廊专项"),
    why=_("只有联席办或牵头单位的秘书处可以登记或修改走廊专项。"),
)
permit(
    "registry.retire",
    is_office | is_system,
    label=_("注销记录"),
    why=_("只有联席办可以注销名录中的记录。"),
)
permit(
    "registry.import",
    is_office | is_system | holds(Role.LIAISON, *OWN_RECORDS),
    label=_("导入名录"),
    why=_("只有联席办、城市联络员、企业或科研单位成员可以导入；每一行仍按其所属机构核对权限。"),
)
