"""Who may do what in the quantum network (量子网络).

Operators (量子运营方) run their own sites and the links that end there, register endpoints, decide on demands
that begin or end there. Firms and laboratories ask for key and send files for themselves; the office (联席办)
reads all and runs nothing. Superusers have no shortcut.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rules.predicates import predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import organisation_ids
from langqiao.apps.accounts.rules import is_office, is_system
from langqiao.apps.quantum.models import Delivery, Demand, Endpoint, Link, Reading, Site
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import permit

# Roles that ask for key, send and receive for their organisation.
INSIDERS = (Role.ENTERPRISE, Role.RESEARCHER)


def operated_ids(user: Any) -> set[int]:
    """Organisations for which the user operates quantum sites."""
    return organisation_ids(user, Role.QUANTUM_OPERATOR)


def operators_at(target: Any) -> set[int]:
    """Keys of the organisations that operate the sites of a record."""
    if isinstance(target, Site):
        return {target.operator_id}
    if isinstance(target, Link):
        return {target.a.operator_id, target.b.operator_id}
    if isinstance(target, Demand):
        return {target.source.operator_id, target.target.operator_id}
    if isinstance(target, Endpoint | Reading):
        return {target.site.operator_id}
    return set()


@predicate
def operates(user: Any, target: Any = None) -> bool:
    """The actor operates a site of the target; without one: any site's operator."""
    mine = operated_ids(user)
    return bool(mine) if target is None else bool(operators_at(target) & mine)


@predicate
def is_operator(user: Any, target: Any = None) -> bool:
    """The actor operates some site, whatever the target."""
    return bool(operated_ids(user))


@predicate
def asks_for(user: Any, target: Any = None) -> bool:
    """The actor works inside the target's organisation (or inside any, without a target)."""
    mine = organisation_ids(user, *INSIDERS)
    if target is None:
        return bool(mine)
    owner = target.pk if isinstance(target, Organisation) else getattr(target, "organisation_id", None)
    return owner in mine


@predicate
def is_insider(user: Any, target: Any = None) -> bool:
    """The actor works inside some organisation that may send and receive."""
    return bool(organisation_ids(user, *INSIDERS))


@predicate
def sends(user: Any, target: Any = None) -> bool:
    """The actor works for the sender of a delivery, or for an endpoint's organisation."""
    if isinstance(target, Delivery):
        return target.sender.organisation_id in organisation_ids(user, *INSIDERS)
    return bool(asks_for.test(user, target))


@predicate
def receives(user: Any, target: Any = None) -> bool:
    """The actor works for the recipient of a delivery."""
    mine = organisation_ids(user, *INSIDERS)
    if target is None:
        return bool(mine)
    return isinstance(target, Delivery) and target.recipient.organisation_id in mine


permit(
    "quantum.run_site",
    operates | is_system,
    label=_("登记、修改与停用站点"),
    why=_("只有该站点的量子运营方可以这样做。"),
)
permit(
    "quantum.run_link",
    operates | is_system,
    label=_("登记、修改链路与登记中断"),
    why=_("只有链路两端站点的量子运营方可以这样做。"),
)
permit(
    "quantum.read_health",
    is_operator | is_office,
    label=_("查看密钥池、KME 状态与告警"),
    why=_("密钥池与 KME 的运行状态仅量子运营方与联席办可见。"),
)
permit(
    "quantum.record_readings",
    operates | is_system,
    label=_("登记密钥池读数"),
    why=_("只有该站点的量子运营方可以登记读数。"),
)
permit(
    "quantum.keep_scenario",
    is_operator | is_office | is_system,
    label=_("登记或修改应用场景"),
    why=_("只有量子运营方或联席办可以登记应用场景。"),
)
permit(
    "quantum.ask",
    asks_for | is_system,
    label=_("提出密钥需求"),
    why=_("只有企业或科研机构的成员可以为本机构提出密钥需求。"),
)
permit(
    "quantum.read_demand",
    asks_for | operates | is_office,
    label=_("查看密钥需求"),
    why=_("密钥需求仅需求单位、两端站点的量子运营方与联席办可见。"),
)
permit(
    "quantum.decide_demand",
    operates | is_system,
    label=_("接纳、不予接纳与结束密钥需求"),
    why=_("只有需求两端站点的量子运营方可以这样做。"),
)
permit(
    "quantum.plan",
    is_operator | is_office,
    label=_("查看密钥规划与推演"),
    why=_("密钥规划列出各单位的需求，仅量子运营方与联席办可见。"),
)
permit(
    "quantum.keep_endpoint",
    operates | is_system,
    label=_("登记与停用密钥终端"),
    why=_("只有终端所在站点的量子运营方可以登记终端。"),
)
permit(
    "quantum.read_endpoints",
    is_insider | is_operator | is_office,
    label=_("查看密钥终端目录"),
    why=_("密钥终端目录仅企业、科研机构、量子运营方与联席办可见。"),
)
permit(
    "quantum.send",
    sends | is_system,
    label=_("预告、密封、发出与撤回传送"),
    why=_("只有发送单位的成员可以这样做。"),
)
permit(
    "quantum.receive",
    receives | is_system,
    label=_("签收与拒收传送"),
    why=_("只有接收单位的成员可以这样做。"),
)
permit(
    "quantum.read_delivery",
    sends | receives | is_office,
    label=_("查看密封传送"),
    why=_("密封传送仅发送单位、接收单位与联席办可见。"),
)
