"""Public data set of challenges (企业出题): what a stranger reads; details and answers stay sealed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from langqiao.apps.challenges.models import Challenge, State
from langqiao.apps.challenges.queries import visible_challenges
from langqiao.apps.registry.models import Organisation, Stage
from langqiao.kit.opendata import CITY, CODE, FIELD, ID, SOURCED, Column, Dataset, publish

CHALLENGES = Dataset(
    slug="challenges",
    title=_("企业出题"),
    description=_("已发布的企业技术需求：题目、公开摘要、预算与期限；详细内容、答题与附件不在其中。"),
    app="challenges",
    keywords=(_("企业出题"), _("技术需求")),
    columns=(
        ID,
        CODE,
        Column("case", "text", _("项目编号，台账以此相连")),
        Column("title", "text", _("题目")),
        Column("summary", "text", _("公开摘要")),
        Column("organisation_id", "integer", _("出题企业的记录序号")),
        Column("organisation_name", "text", _("上述机构的名称"), of="organisation__name"),
        CITY,
        FIELD,
        Column("keywords", "list", _("关键词")),
        Column("stage", "text", _("所处阶段"), values=Stage.choices),
        Column("budget_min", "decimal", _("最低预算"), unit="CNY 10,000"),
        Column("budget_max", "decimal", _("最高预算"), unit="CNY 10,000"),
        Column("deadline", "date", _("答题截止日期")),
        Column("confidentiality", "text", _("保密级别"), values=Challenge.Confidentiality.choices),
        Column("state", "text", _("状态"), values=State.choices),
        Column("published_at", "datetime", _("发布时间（UTC）")),
        *SOURCED,
    ),
    records=lambda: visible_challenges(None).order_by("pk"),
    depends=(Organisation,),
)


def register() -> None:
    """Publish it."""
    publish(CHALLENGES)
