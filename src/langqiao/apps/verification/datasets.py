"""Public data sets of concept verification (概念验证): published calls, and results once they are issued."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.models import Application, ApplicationState, Call, CallState
from langqiao.apps.verification.queries.calls import visible_calls, with_shown_title
from langqiao.kit.opendata import CITY, CODE, FIELD, FIELDS, ID, SOURCED, Column, Dataset, publish

VERIFICATION = _("概念验证")


def _criteria(criteria: list[dict[str, Any]]) -> list[str]:
    return [str(criterion.get("name", "")) for criterion in criteria]


def issued_results() -> QuerySet[Application]:
    """Applications that were chosen or graded, of calls whose result is issued (发文)."""
    rows = Application.objects.filter(call__state=CallState.FINISHED)
    told = Q(state=ApplicationState.CHOSEN) | (~Q(grade="") & ~Q(call__grades=[]))
    return with_shown_title(rows.filter(told)).order_by("pk")


CALLS = Dataset(
    slug="verification-calls",
    title=_("概念验证征集"),
    description=_("已发布的概念验证征集、认定、评价与考核：对象、期限、名额、评分标准与状态。"),
    app="verification",
    keywords=(VERIFICATION, _("征集")),
    columns=(
        ID,
        CODE,
        Column("case", "text", _("项目编号，台账以此相连")),
        Column("kind", "text", _("类别"), values=Call.Kind.choices),
        Column("title", "text", _("名称")),
        Column("summary", "text", _("摘要")),
        Column("organiser_id", "integer", _("组织单位的记录序号")),
        Column("organiser_name", "text", _("上述机构的名称"), of="organiser__name"),
        FIELDS,
        Column("state", "text", _("状态"), values=CallState.choices),
        Column("opens_at", "datetime", _("开始时间（UTC）")),
        Column("closes_at", "datetime", _("截止时间（UTC）")),
        Column("published_at", "datetime", _("发布时间（UTC）")),
        Column("places", "integer", _("名额")),
        Column("budget", "decimal", _("经费总额"), unit="CNY 10,000"),
        Column("criteria", "list", _("评分标准"), read=_criteria),
        Column("number_issued", "text", _("文号")),
        Column("issued_at", "datetime", _("发文时间（UTC）")),
        *SOURCED,
    ),
    records=lambda: visible_calls(None).order_by("pk"),
    depends=(Organisation,),
)
RESULTS = Dataset(
    slug="verification-results",
    title=_("概念验证入选与考核结果"),
    description=_("已发文的入选名单与考核等次；未入选的申报、评审意见与评分不在其中。"),
    app="verification",
    keywords=(VERIFICATION, _("入选名单")),
    columns=(
        Column("call_id", "integer", _("征集的记录序号")),
        Column("call_title", "text", _("征集名称"), of="call__title"),
        Column("case", "text", _("项目编号，台账以此相连")),
        Column("number", "integer", _("申报序号")),
        Column("title", "text", _("申报名称"), of="shown_title"),
        Column("organisation_id", "integer", _("申报单位的记录序号")),
        Column("organisation_name", "text", _("上述机构的名称"), of="organisation__name"),
        CITY,
        FIELD,
        Column("is_chosen", "boolean", _("是否入选"), of="state", read=lambda state: state == "chosen"),
        Column("grade", "text", _("等次")),
        Column("issued_at", "datetime", _("发文时间（UTC）"), of="call__issued_at"),
        Column("is_demo", "boolean", _("是否示例：示例为演示数据，非真实记录"), of="illustrative"),
    ),
    records=issued_results,
    depends=(Call, Organisation),
)


def register() -> None:
    """Publish them."""
    publish(CALLS, RESULTS)
