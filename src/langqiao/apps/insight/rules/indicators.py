"""Who may do what with indicators: anyone reads; the office and the think tank's people write."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rules.predicates import always_allow, predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import current_memberships
from langqiao.apps.accounts.rules import is_office, is_system
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import permit

# The think tank (智库) has no role of its own: its people are researchers of an institute.
_INSTITUTES = frozenset({Organisation.Kind.INSTITUTE})


@predicate
def is_think_tank(user: object, _target: object = None) -> bool:
    """The actor is a researcher of a research institute (科研院所)."""
    return any(
        m.role == Role.RESEARCHER and m.organisation.kind in _INSTITUTES for m in current_memberships(user)
    )


permit("insight.read", always_allow, label=_("查阅指标与复算"), why=_("指标公开。"))
permit(
    "insight.import_values",
    is_office | is_think_tank | is_system,
    label=_("导入指标值"),
    why=_("只有联席办和科研院所的研究人员可以导入指标值。"),
)
permit(
    "insight.define_indicator",
    is_office | is_think_tank | is_system,
    label=_("定义指标"),
    why=_("只有联席办和科研院所的研究人员可以定义指标。"),
)
permit(
    "insight.withdraw_value",
    is_office | is_think_tank | is_system,
    label=_("撤回指标值"),
    why=_("只有联席办和科研院所的研究人员可以撤回指标值。"),
)
