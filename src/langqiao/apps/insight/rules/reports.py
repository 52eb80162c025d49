"""Who may do what with reports: the think tank and the office write for their own organisation."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rules.predicates import predicate

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import organisation_ids
from langqiao.apps.accounts.rules import is_office, is_system
from langqiao.apps.insight.models.reports import SHOWN_REPORTS, Report, Section
from langqiao.apps.insight.rules.indicators import is_think_tank
from langqiao.apps.registry.models import Organisation
from langqiao.kit.permissions import permit

WRITERS = (Role.OFFICE, Role.RESEARCHER)


def writing_ids(user: Any) -> set[int]:
    """Organisations for which the user may write reports."""
    if not (is_office.test(user) or is_think_tank.test(user)):
        return set()
    institutes = Organisation.objects.filter(
        pk__in=organisation_ids(user, Role.RESEARCHER), kind=Organisation.Kind.INSTITUTE
    )
    return organisation_ids(user, Role.OFFICE) | set(institutes.values_list("pk", flat=True))


@predicate
def writes_for(user: Any, target: Any = None) -> bool:
    """The actor writes for the report's organisation (a target: report, section or organisation)."""
    mine = writing_ids(user)
    if target is None:
        return bool(mine)
    if isinstance(target, Section):
        target = target.report
    wanted = target.organisation_id if isinstance(target, Report) else getattr(target, "pk", None)
    return wanted in mine


@predicate
def is_shown(user: Any, target: Any = None) -> bool:
    """The report is or was published."""
    return isinstance(target, Report) and target.state in SHOWN_REPORTS


permit(
    "insight.write_report",
    writes_for | is_system,
    label=_("起草与修改研究报告"),
    why=_("只有联席办和科研院所的研究人员可以为本机构撰写报告。"),
)
permit(
    "insight.publish_report",
    writes_for | is_system,
    label=_("发布研究报告"),
    why=_("只有联席办和科研院所的研究人员可以发布本机构的报告。"),
)
permit(
    "insight.read_report",
    is_shown | writes_for,
    label=_("阅读研究报告"),
    why=_("草稿只有撰写机构可见。"),
)
