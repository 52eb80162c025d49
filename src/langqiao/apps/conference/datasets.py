"""Public data sets of the joint conference (联席会议): notices, public resolutions, priorities, projects."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.conference.models import (
    CityStatus,
    Notice,
    Phase,
    Priority,
    Project,
    Resolution,
)
from langqiao.apps.conference.queries import visible_notices, visible_priorities, visible_resolutions
from langqiao.apps.registry.models import Organisation
from langqiao.kit.opendata import CITY, CODE, ID, SOURCED, Column, Dataset, publish

CONFERENCE = _("联席会议")
CASE = Column("case", "text", _("项目编号，台账以此相连"))


def _lines(rows: list[Any]) -> list[str]:
    """Each row of a notice's table as a JSON object."""
    return [json.dumps(row, ensure_ascii=False) for row in rows]


NOTICES = Dataset(
    slug="notices",
    title=_("公示"),
    description=_("张榜公示的标题、正文、名单、公示期与异议数；异议内容与提出人不公开。"),
    app="conference",
    keywords=(CONFERENCE, _("公示")),
    columns=(
        ID,
        CODE,
        CASE,
        Column("title", "text", _("标题")),
        Column("body", "text", _("正文")),
        Column("rows", "list", _("名单，每行一个 JSON 对象"), read=_lines),
        CITY,
        Column("starts_on", "date", _("起始日")),
        Column("last_day", "date", _("截止日（含当日）")),
        Column("ended_on", "date", _("结束日期")),
        Column("state", "text", _("状态"), values=Notice.State.choices),
        Column("why", "text", _("撤回原因")),
        Column("objections", "integer", _("异议数"), of="objection_count"),
        *SOURCED,
    ),
    records=lambda: visible_notices(None).order_by("pk"),
)
RESOLUTIONS = Dataset(
    slug="resolutions",
    title=_("公开的决议"),
    description=_("联席会议作出并公开的决议。"),
    app="conference",
    keywords=(CONFERENCE, _("决议")),
    columns=(
        ID,
        Column("number", "text", _("文号")),
        Column("title", "text", _("标题")),
        Column("text", "text", _("正文")),
        Column("case", "text", _("项目编号，台账以此相连"), of="matter__case"),
        Column("outcome", "text", _("结果"), values=Resolution.Outcome.choices),
        Column("adopted_on", "date", _("通过日期")),
        Column("is_demo", "boolean", _("会议是否示例"), of="session__illustrative"),
        Column("updated_at", "datetime", _("最近更新（UTC）")),
    ),
    records=lambda: visible_resolutions(None).order_by("pk"),
)
PRIORITIES = Dataset(
    slug="priorities",
    title=_("年度重点工作"),
    description=_("已发布的年度重点工作清单。"),
    app="conference",
    keywords=(CONFERENCE, _("重点工作")),
    columns=(
        ID,
        CODE,
        CASE,
        Column("year", "integer", _("年度")),
        Column("number", "integer", _("序号")),
        Column("title", "text", _("重点工作")),
        Column("measure", "text", _("工作举措")),
        Column("lead_id", "integer", _("牵头单位的记录序号")),
        Column("lead_name", "text", _("上述机构的名称"), of="lead__name"),
        Column("starts_on", "date", _("开始日期")),
        Column("due_on", "date", _("完成日期")),
        *SOURCED,
    ),
    records=lambda: visible_priorities(None).order_by("pk"),
    depends=(Organisation,),
)
PROGRESS = Dataset(
    slug="priority-progress",
    title=_("重点工作分市进展"),
    description=_("已发布的重点工作在各市的进展状态。"),
    app="conference",
    keywords=(CONFERENCE, _("重点工作")),
    columns=(
        Column("priority_id", "integer", _("重点工作的记录序号")),
        Column("year", "integer", _("年度"), of="priority__year"),
        Column("number", "integer", _("序号"), of="priority__number"),
        CITY,
        Column("status", "text", _("进展"), values=CityStatus.Status.choices),
        Column("is_demo", "boolean", _("是否示例：示例为演示数据，非真实记录"), of="priority__illustrative"),
    ),
    records=lambda: CityStatus.objects.filter(
        priority__in=visible_priorities(None).order_by().values("pk")
    ).order_by("pk"),
    depends=(Priority,),
)
PROJECTS = Dataset(
    slug="projects",
    title=_("重大项目"),
    description=_("走廊的重大项目及其投资与面积，照来源所述。"),
    app="conference",
    keywords=(CONFERENCE, _("重大项目")),
    columns=(
        ID,
        CODE,
        CASE,
        Column("kind", "text", _("类型"), values=Project.Kind.choices),
        Column("title", "text", _("项目名称")),
        Column("summary", "text", _("简介")),
        CITY,
        Column("organisation_id", "integer", _("建设单位的记录序号")),
        Column("organisation_name", "text", _("上述机构的名称"), of="organisation__name"),
        Column("investment", "decimal", _("总投资"), unit="CNY 10,000"),
        Column("area", "decimal", _("建筑面积"), unit="m2"),
        *SOURCED,
    ),
    records=lambda: Project.objects.order_by("pk"),
    depends=(Organisation,),
)
PHASES = Dataset(
    slug="project-phases",
    title=_("重大项目阶段"),
    description=_("重大项目各阶段的计划与实际日期，各有来源。"),
    app="conference",
    keywords=(CONFERENCE, _("重大项目")),
    columns=(
        Column("project_id", "integer", _("项目的记录序号")),
        Column("project_title", "text", _("项目名称"), of="project__title"),
        Column("kind", "text", _("阶段"), values=Phase.Kind.choices),
        Column("planned_on", "date", _("计划日期")),
        Column("actual_on", "date", _("实际日期")),
        Column("note", "text", _("说明")),
        Column("source_name", "text", _("来源")),
        Column("source_url", "text", _("来源地址")),
        Column("source_date", "date", _("来源日期")),
        Column("is_demo", "boolean", _("项目是否示例"), of="project__illustrative"),
    ),
    records=lambda: Phase.objects.order_by("pk"),
    depends=(Project,),
)


def register() -> None:
    """Publish them."""
    publish(NOTICES, RESOLUTIONS, PRIORITIES, PROGRESS, PROJECTS, PHASES)
