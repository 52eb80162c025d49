"""Quotas of a campus handed to a real scheduler (导出配额): Kueue or Slurm."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.computing.models import Campus
from langqiao.apps.computing.queries.exports import quota_plan
from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.export import kueue_yaml, slurm_files
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Refused
from langqiao.kit.words import listed, named

SCHEDULERS = {"kueue": "yaml", "slurm": "txt"}
"""The schedulers, and how their files' names end."""


def export_quotas(
    actor: User | None, campus: Campus, scheduler: str, *, corridor: str = "", grace: int | None = None
) -> str:
    """The campus's tenants and cities with their quotas as a file for a scheduler (导出配额).

    Args:
        scheduler: one of :data:`SCHEDULERS`.
        corridor: name of the whole (Slurm: of the cluster); ``campus-KEY`` where empty.
        grace: seconds that a preempted Slurm job may still run; the campus's grace time where None.

    Raises:
        NotAllowed: the actor neither operates the campus nor belongs to the office.
        Refused: the campus has no tenant, no server (Kueue divides quotas over the GPU models), or two names
            that the scheduler cannot tell apart.
    """
    require(actor, "computing.export_quotas", campus)
    if not campus.tenants.exists():
        raise Refused(
            _("“%(campus)s”还没有租户，没有可导出的配额。") % {"campus": named(campus)},
            mend=_("首次批准算力申请后即有租户。"),
        )
    try:
        plan = quota_plan(campus, corridor=corridor)
        if scheduler == "slurm":
            return slurm_files(plan, grace=campus.grace_seconds if grace is None else grace).text()
        if not any(one.model for one in plan.capacities):
            raise Refused(
                _("“%(campus)s”还没有登记带 GPU 的服务器，而 Kueue 的配额按 GPU 型号分配。")
                % {"campus": named(campus)},
                mend=_("请先导入服务器，或导出 Slurm 文件。"),
            )
        return kueue_yaml(plan)
    except SchedulingError as error:
        raise Refused(
            _("调度系统分不清这些名称：%(names)s。") % {"names": listed(error.subjects)},
            mend=_("请把其中一个机构改名后重试。"),
        ) from error
