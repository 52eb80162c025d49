"""Open data of alliances: the tree, its members, published ratings; nothing from inside an alliance."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.models import Alliance, Gathering, Member, Rating, Vintage
from langqiao.kit.opendata import FIELD, ID, Column, Dataset, publish

PUBLISHED = (
    Column("source_name", "text", _("来源")),
    Column("source_url", "text", _("来源地址")),
    Column("read_on", "date", _("查阅日期")),
    Column("vintage", "text", _("版本"), values=Vintage.choices),
)
IS_DEMO = Column("is_demo", "boolean", _("是否示例：示例为演示数据，非真实记录"), of="illustrative")


def _members() -> QuerySet[Any]:
    """Who the members are is public; applications are not."""
    return Member.objects.filter(state=Member.State.ACTIVE)


def _gatherings() -> QuerySet[Any]:
    return Gathering.objects.filter(audience=Gathering.Audience.PUBLIC)


def _ratings() -> QuerySet[Any]:
    return Rating.objects.filter(state=Rating.State.PUBLISHED)


DATASETS = (
    Dataset(
        slug="alliances",
        title=_("联盟体系"),
        description=_("“1+7+N”产业联盟体系中已知的节点与联盟；没有公布的为空。"),
        app="alliances",
        columns=(
            Column("slug", "text", _("代号")),
            Column("tier", "text", _("层级"), values=Alliance.Tier.choices),
            Column("is_group", "boolean", _("仅作分组")),
            Column("parent", "text", _("上级代号"), of="parent__slug"),
            Column("name", "text", _("名称")),
            Column("name_en", "text", _("英文名")),
            FIELD,
            Column("city", "text", _("城市代号"), of="city_id"),
            Column("lead_id", "integer", _("牵头企业在机构数据集中的序号")),
            Column("lead_name", "text", _("牵头企业名称，公布时所用")),
            Column("founded_on", "text", _("成立日期，已知到哪一级就写到哪一级")),
            Column("stated_units", "integer", _("公布的成员数")),
            Column("secretariat_id", "integer", _("秘书处单位在机构数据集中的序号")),
            *PUBLISHED,
            IS_DEMO,
        ),
        records=Alliance.objects.all,
        keywords=(_("联盟"),),
    ),
    Dataset(
        slug="alliance-members",
        title=_("联盟成员"),
        description=_("各联盟现有的成员单位与加入日期；申请过程不公开。"),
        app="alliances",
        columns=(
            ID,
            Column("alliance", "text", _("联盟代号"), of="alliance__slug"),
            Column("organisation_id", "integer", _("单位在机构数据集中的序号")),
            Column("joined_on", "date", _("加入日期")),
            IS_DEMO,
        ),
        records=_members,
        keywords=(_("联盟"),),
    ),
    Dataset(
        slug="alliance-activities",
        title=_("联盟公开活动"),
        description=_("面向公众的联盟活动。"),
        app="alliances",
        columns=(
            ID,
            Column("alliance", "text", _("联盟代号"), of="alliance__slug"),
            Column("title", "text", _("活动名称")),
            Column("starts_at", "datetime", _("开始时间")),
            Column("ends_at", "datetime", _("结束时间")),
            Column("city", "text", _("城市代号"), of="city_id"),
            Column("state", "text", _("状态"), values=Gathering.State.choices),
            IS_DEMO,
        ),
        records=_gatherings,
        keywords=(_("联盟"),),
    ),
    Dataset(
        slug="alliance-ratings",
        title=_("联盟年度考核"),
        description=_("已公布的联盟年度考核总分与等次。"),
        app="alliances",
        columns=(
            Column("year", "integer", _("年度"), of="scheme__year"),
            Column("alliance", "text", _("联盟代号"), of="alliance__slug"),
            Column("total", "decimal", _("总分")),
            Column("grade", "text", _("等次")),
            Column("published_at", "datetime", _("公布时间")),
            Column(
                "is_demo", "boolean", _("是否示例：示例为演示数据，非真实记录"), of="scheme__illustrative"
            ),
        ),
        records=_ratings,
        keywords=(_("联盟"),),
    ),
)


def register() -> None:
    """Offer the data sets, once."""
    publish(*DATASETS)
