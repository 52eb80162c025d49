"""Verbs of major projects (重大项目): record a project and its dated phases, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.conference.models import Phase, Project
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.acts import assign, enter
from langqiao.apps.registry.domain.bulk import Outcome
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid
from langqiao.kit.words import listed


def _city(value: Any, lookups: Lookups) -> Any:
    return lookups.city(value)


def _owner(value: Any, lookups: Lookups) -> Any:
    return lookups.organisation(value)


def _square_metres(value: Any, lookups: Lookups) -> Decimal | None:
    return v.amount(value, lookups)  # the same form as money: two decimals, not negative


# The columns of a project and of a phase, and how each is cleaned.
COLUMNS: dict[str, v.Cleaner] = {
    "code": v.code,
    "kind": v.choice(Project.Kind),
    "title": v.text(200),
    "summary": v.text(10_000, lines=True),
    "city": _city,
    "organisation": _owner,
    "investment": v.amount,
    "area": _square_metres,
    "illustrative": v.flag,
    "source_name": v.text(200),
    "source_url": v.link(500),
    "source_date": v.day,
}
PHASE_COLUMNS: dict[str, v.Cleaner] = {
    "kind": v.choice(Phase.Kind),
    "planned_on": v.day,
    "actual_on": v.day,
    "note": v.text(500),
    "source_name": v.text(200),
    "source_url": v.link(500),
    "source_date": v.day,
}


def _cleaned(values: Mapping[str, Any], columns: Mapping[str, v.Cleaner]) -> dict[str, Any]:
    lookups, found = Lookups(), dict[str, Any]()
    for name, value in values.items():
        if name not in columns:
            raise Invalid(
                _("没有“%(name)s”这一列。") % {"name": str(name)[:40]},
                mend=_("可用的列：%(known)s。") % {"known": listed(columns)},
                field=str(name),
            )
        try:
            found[name] = columns[name](value, lookups)
        except Invalid as problem:
            problem.field = problem.field or name
            raise
    return found


@transaction.atomic
def upsert_project(actor: User | None, values: Mapping[str, Any]) -> tuple[Project, Outcome]:
    """Record the project of ``values["code"]`` or revise it (登记或更新重大项目); it is public.

    Columns that are not given keep their value; what is there already writes nothing.

    Raises:
        NotAllowed: only the office may.
        Invalid: no code, kind or title, a figure without its source, or a wrong value.
    """
    require(actor, "conference.run_projects")
    given = _cleaned(values, COLUMNS)
    code = given.get("code")
    if not code:
        raise Invalid(_("缺少编号。"), mend=_("请给每个项目一个不变的编号。"), field="code")
    project = Project.objects.select_for_update(of=("self",)).filter(code=code).first()
    made = project is None
    project = project or Project()
    before = _invested(project)
    changed = assign(project, given)
    if not changed:
        return project, "unchanged"
    _check(project)
    if made:
        project.case = next_case()
    project.save()
    data: dict[str, Any] = {"changed": changed}
    if moved := _moved(before, _invested(project)):
        data["invested"] = moved
    _enter(actor, "record_project" if made else "revise_project", project, data)
    return project, "created" if made else "changed"


def _invested(project: Project) -> tuple[str, str, Decimal] | None:
    """From which city to which, and how much (万元), as far as it is all known."""
    source = project.organisation.city_id if project.organisation is not None else None
    if not source or not project.city_id or project.investment is None:
        return None
    return source, project.city_id, project.investment


def _moved(
    before: tuple[str, str, Decimal] | None, after: tuple[str, str, Decimal] | None
) -> list[dict[str, str]]:
    """What a change of an investment moves between cities: the earlier statement is taken back."""
    if before == after:
        return []
    if before is not None and after is not None and before[:2] == after[:2]:
        return [{"from": after[0], "to": after[1], "wan": str(after[2] - before[2])}]
    moved = []
    if before is not None:
        moved.append({"from": before[0], "to": before[1], "wan": str(-before[2])})
    if after is not None:
        moved.append({"from": after[0], "to": after[1], "wan": str(after[2])})
    return moved


def _check(project: Project) -> None:
    if not project.title:
        raise Invalid(_("请填写项目名称。"), field="title")
    if not project.kind:
        raise Invalid(_("请选择项目类型。"), field="kind")
    figures = project.investment is not None or project.area is not None
    sourced = project.source_name or project.source_url
    if figures and not project.illustrative and not (sourced and project.source_date):
        raise Invalid(
            _("投资与面积须写明来源与来源日期。"),
            mend=_("请填写来源、网址与查阅日期。"),
            field="source_name",
        )


@transaction.atomic
def set_phase(actor: User | None, project: Project, values: Mapping[str, Any]) -> tuple[Phase, Outcome]:
    """Record or revise a phase (登记项目阶段): planned and actual day, note and source.

    Raises:
        NotAllowed: only the office may.
        Invalid: no such phase, nothing is said of it, or an actual day that is still to come.
    """
    require(actor, "conference.run_projects", project)
    given = _cleaned(values, PHASE_COLUMNS)
    kind = given.pop("kind", "")
    if not kind:
        raise Invalid(_("请选择阶段。"), field="kind")
    phase = Phase.objects.select_for_update().filter(project=project, kind=kind).first()
    made = phase is None
    phase = phase or Phase(project=project, kind=kind)
    changed = assign(phase, given)
    if not made and not changed:
        return phase, "unchanged"
    if phase.planned_on is None and phase.actual_on is None and not phase.note:
        raise Invalid(_("请填写计划日期、实际日期或说明。"), field="planned_on")
    _refuse_future(phase.actual_on)
    phase.save()
    _enter(
        actor,
        "set_phase",
        project,
        {"phase": kind, "planned": _iso(phase.planned_on), "actual": _iso(phase.actual_on)},
    )
    return phase, "created" if made else "changed"


def _refuse_future(actual: date | None) -> None:
    if actual is not None and actual > timezone.localdate():
        raise Invalid(_("实际日期还没有到。"), mend=_("请填入计划日期。"), field="actual_on")


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _enter(actor: User | None, verb: str, project: Project, data: Mapping[str, Any]) -> None:
    enter(
        actor,
        verb,
        project,
        case=project.case,
        city=project.city_id,
        organisation=project.organisation,
        data=data,
        public=True,
    )
