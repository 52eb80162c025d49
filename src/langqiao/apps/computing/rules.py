"""Who may do what at the computing centre (智算中心).

The operator's own staff run their campus: servers, quotas, jobs, bills. Firms and laboratories ask, see and
pay for themselves; the office (联席办) sees all and grants nothing of the operator's. Cities' liaisons issue
vouchers of their own city. Superusers have no shortcut.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rules.predicates import predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import current_memberships, organisation_ids
from langqiao.apps.accounts.rules import is_office, is_system
from langqiao.apps.computing.models import Campus, Request, Scheme, Voucher
from langqiao.kit.permissions import permit

# Roles that ask for computing and submit jobs for their organisation.
INSIDERS = (Role.ENTERPRISE, Role.RESEARCHER)


def campus_of(target: Any) -> Campus | None:
    """The campus that a record is or belongs to."""
    if isinstance(target, Campus) or target is None:
        return target
    for name in ("campus", "building", "hall", "rack", "tenant", "grant", "bill", "job"):
        step = getattr(target, name, None)
        if step is not None:
            return campus_of(step)
    return None


def organisation_of(target: Any) -> int | None:
    """Key of the organisation whose request, tenancy, job, bill or voucher a record is."""
    for name in ("organisation_id", "organisation"):
        value = getattr(target, name, None)
        if value is not None:
            return int(getattr(value, "pk", value))
    for name in ("tenant", "grant", "bill", "job", "request"):
        step = getattr(target, name, None)
        if step is not None:
            return organisation_of(step)
    return None


def operated_ids(user: Any) -> set[int]:
    """Organisations for which the user operates computing."""
    return organisation_ids(user, Role.COMPUTING_OPERATOR)


@predicate
def operates(user: Any, target: Any = None) -> bool:
    """The actor operates the campus of the target; without one: any campus's operator."""
    mine = operated_ids(user)
    if target is None:
        return bool(mine)
    campus = campus_of(target)
    return campus is not None and campus.operator_id in mine


@predicate
def works_for_it(user: Any, target: Any = None) -> bool:
    """The actor works inside the organisation of the target; without one: inside any."""
    mine = organisation_ids(user, *INSIDERS)
    return bool(mine) if target is None else organisation_of(target) in mine


@predicate
def asks_for(user: Any, target: Any = None) -> bool:
    """The actor works inside the organisation that is to ask (target: the organisation)."""
    mine = organisation_ids(user, *INSIDERS)
    return bool(mine) if target is None else getattr(target, "pk", None) in mine


@predicate
def is_handed_in(user: Any, target: Any = None) -> bool:
    """The request has left its applicant's desk; without one: any such request."""
    return target is None or (isinstance(target, Request) and target.state != Request.State.DRAFT)


@predicate
def runs_scheme(user: Any, target: Any = None) -> bool:
    """The actor is a liaison of the scheme's city (or of any, without a target)."""
    cities = {m.organisation.city_id for m in current_memberships(user) if m.role == Role.LIAISON}
    if target is None:
        return bool(cities)
    scheme = target.scheme if isinstance(target, Voucher) else target
    return isinstance(scheme, Scheme) and scheme.city_id is not None and scheme.city_id in cities


OPERATOR_ONLY = _("只有该园区的算力运营方可以这样做。")
_runs = operates | is_system
for _name, _label in (
    ("run_campus", _("登记园区、楼、机房、机架与服务器")),
    ("run_servers", _("腾空、维护与恢复服务器")),
    ("decide_request", _("审批算力申请")),
    ("run_quota", _("调整配额与暂停租户")),
    ("schedule", _("调度作业")),
    ("report_job", _("登记作业结束与故障")),
    ("bill", _("出账单")),
    ("plan", _("推演容量")),
):
    permit(f"computing.{_name}", _runs, label=_label, why=OPERATOR_ONLY)
permit(
    "computing.read_servers",
    operates | is_office,
    label=_("查看服务器与占用"),
    why=_("服务器的占用情况仅算力运营方与联席办可见。"),
)
permit(
    "computing.export_quotas",
    operates | is_office | is_system,
    label=_("导出配额"),
    why=_("只有该园区的算力运营方与联席办可以导出配额。"),
)
permit(
    "computing.ask",
    asks_for | is_system,
    label=_("申请算力"),
    why=_("只有企业或科研机构的成员可以为本机构申请算力。"),
)
permit(
    "computing.revise_request",
    works_for_it | is_system,
    label=_("修改、提交与撤回算力申请"),
    why=_("只有申请单位的成员可以这样做。"),
)
permit(
    "computing.read_request",
    works_for_it | (is_handed_in & (operates | is_office)),
    label=_("查看算力申请"),
    why=_("算力申请仅申请单位、算力运营方与联席办可见。"),
)
permit(
    "computing.read_tenant",
    works_for_it | operates | is_office,
    label=_("查看租户配额、用量与账单"),
    why=_("配额、用量与账单仅本机构、算力运营方与联席办可见。"),
)
permit(
    "computing.submit_job",
    works_for_it | is_system,
    label=_("提交作业"),
    why=_("只有获得算力的机构成员可以提交作业。"),
)
permit(
    "computing.cancel_job",
    works_for_it | operates | is_system,
    label=_("取消作业"),
    why=_("只有作业所属机构的成员或算力运营方可以取消作业。"),
)
permit(
    "computing.read_job",
    works_for_it | operates | is_office,
    label=_("查看作业"),
    why=_("作业仅所属机构、算力运营方与联席办可见。"),
)
permit(
    "computing.run_scheme",
    is_office | is_system,
    label=_("登记算力券政策"),
    why=_("只有联席办可以登记算力券政策。"),
)
permit(
    "computing.issue_voucher",
    runs_scheme | is_office | is_system,
    label=_("发放与收回算力券"),
    why=_("只有本市联络员或联席办可以发放与收回算力券。"),
)
permit(
    "computing.read_voucher",
    works_for_it | runs_scheme | is_office,
    label=_("查看算力券"),
    why=_("算力券仅持券企业、本市联络员与联席办可见。"),
)
permit(
    "computing.redeem",
    works_for_it | is_system,
    label=_("用算力券支付"),
    why=_("只有持券企业的成员可以用券支付。"),
)
