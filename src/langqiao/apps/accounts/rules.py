"""Who may do what with accounts, and the predicates other apps build on."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rules.predicates import Predicate, predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import holds_role
from langqiao.kit.permissions import permit


def holds(*roles: Role) -> Predicate:
    """Predicate: the actor holds one of the roles anywhere today."""
    return predicate(lambda user, target=None: holds_role(user, *roles), name="holds " + "/".join(roles))


@predicate
def is_signed_in(user: Any, target: object = None) -> bool:
    """The actor is a signed-in, active user."""
    return bool(user is not None and getattr(user, "is_authenticated", False) and user.is_active)


is_office = holds(Role.OFFICE)


@predicate
def is_system(user: Any, target: object = None) -> bool:
    """The act is done at the machine's own console (``langqiao …``), not through the network."""
    return user is None


@predicate
def is_manager_of_membership(user: Any, target: Any = None) -> bool:
    """The actor manages the organisation of the membership (or the organisation itself)."""
    organisation_id = getattr(target, "organisation_id", None) or getattr(target, "pk", None)
    from langqiao.apps.accounts.queries import current_memberships

    return any(m.is_manager and m.organisation_id == organisation_id for m in current_memberships(user))


@predicate
def is_own(user: Any, target: Any = None) -> bool:
    """The target belongs to the actor."""
    return target is not None and user is not None and getattr(target, "user_id", None) == user.pk


permit(
    "accounts.grant_membership",
    is_office | is_manager_of_membership | is_system,
    label=_("授予机构角色"),
    why=_("只有联席办或本机构管理员可以授予或终止机构角色。"),
)
permit(
    "accounts.issue_token",
    is_signed_in,
    label=_("签发接口令牌"),
    why=_("登录后才能签发接口令牌。"),
)
permit(
    "accounts.revoke_token",
    is_own | is_office,
    label=_("吊销接口令牌"),
    why=_("只能吊销自己的接口令牌。"),
)
permit(
    "ledger.read_all",
    is_office,
    label=_("查看全部台账"),
    why=_("只有联席办可以查看全部台账。"),
)
