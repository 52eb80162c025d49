"""Lists of alliances, members, activities, needs and offers, contacts, ratings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.models import (
    Alliance,
    Contact,
    Exchange,
    Gathering,
    Member,
    Rating,
    RatingScheme,
)
from langqiao.apps.alliances.queries.alliances import inside, tree
from langqiao.apps.alliances.templatetags.alliances import grade
from langqiao.apps.registry.queries import city_choices, field_choices
from langqiao.kit.figures import moment
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named

TONES: dict[str, str] = {
    "applied": "warning", "active": "success", "refused": "danger", "withdrawn": "muted", "left": "muted",
    "removed": "danger", "announced": "water", "held": "success", "minuted": "success", "cancelled": "muted",
    "open": "water", "closed": "muted", "sent": "warning", "accepted": "success", "declined": "muted",
    "registered": "water", "attended": "success", "absent": "muted", "given": "success",
    "marking": "warning", "published": "success",
}  # fmt: skip


def state_badge(thing: Any) -> Badge:
    """A state in words on its tone."""
    return Badge(thing.get_state_display(), TONES[thing.state])


def address(row: Any) -> str:
    """The page of a row."""
    return str(row.get_absolute_url())


def alliance_choices() -> Iterable[tuple[Any, Any]]:
    """Key and name of every alliance."""
    return [(one.pk, named(one)) for one in Alliance.objects.filter(is_group=False)]


def lead_name(alliance: Alliance) -> str:
    """The lead firm, registered or by its plain name."""
    return named(alliance.lead) or alliance.lead_name


STATE = Column(
    "state", _("状态"), state_badge, sort="state", kind="badge", export=lambda row: row.get_state_display()
)
ALLIANCE = Column(
    "alliance", _("联盟"), lambda row: named(row.alliance), sort="alliance__order",
    link=lambda row: address(row.alliance),
)  # fmt: skip
ALLIANCE_FILTER = Filter("alliance", _("联盟"), "multi", choices=alliance_choices, apply="alliance_id__in")
UNKNOWN = _("未公布")


class AllianceListing(Listing):
    """All alliances of the tree."""

    slug = "alliances"
    title = _("联盟清单")
    lead = _("1+7+N 体系中的联盟；牵头企业与成立日期附来源，未公布的写明未公布。")
    search = ("name", "name_en", "lead_name", "lead__name", "description")
    search_hint = _("按联盟或牵头企业查找")
    default_sort = "order"
    columns = (
        Column("name", _("联盟"), named, sort="name", link=address),
        Column("parent", _("上级"), lambda row: named(row.parent), sort="parent__order", secondary=True),
        Column("city", _("所在城市"), lambda row: named(row.city) or UNKNOWN, sort="city__order"),
        Column("lead", _("牵头企业"), lambda row: lead_name(row) or UNKNOWN, sort="lead_name"),
        Column("founded_on", _("成立日期"), lambda row: row.founded_on or UNKNOWN, sort="founded_on"),
        Column("member_count", _("登记成员"), sort="member_count", kind="number"),
        Column("stated_units", _("公布的成员数"), sort="stated_units", kind="number", secondary=True),
        Column(
            "secretariat", _("秘书处"), lambda row: named(row.secretariat) or _("未指定"), secondary=True
        ),
        Column("field", _("产业领域"), lambda row: named(row.field) or UNKNOWN, export_only=True),
        Column("order", _("次序"), sort="order", export_only=True),
        Column("slug", _("代号"), export_only=True),
        Column("vintage", _("版本"), "get_vintage_display", export_only=True),
        Column("source_name", _("来源"), export_only=True),
        Column("source_url", _("来源地址"), export_only=True),
        Column("read_on", _("查阅日期"), export_only=True),
    )  # fmt: skip
    filters = (
        Filter("city", _("城市"), "multi", choices=city_choices, apply="city_id__in"),
        Filter("field", _("产业领域"), "multi", choices=field_choices, apply="field_id__in"),
    )
    empty = Empty(
        _("还没有载入联盟体系。"), _("运行 langqiao alliances load，或由联席办在联盟体系页面载入。")
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Alliance]:  # noqa: ARG002  they are public
        """All alliances."""
        return tree.alliances()

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Register an alliance, for the office."""
        if allowed(request.user, "alliances.keep") and Alliance.objects.exists():
            return _("登记联盟"), reverse("alliance_new")
        return None


class MemberListing(Listing):
    """Members of alliances, and applications that the viewer may read."""

    slug = "alliance-members"
    title = _("联盟成员")
    lead = _("各联盟的成员单位；申请与审核的过程仅申请单位、秘书处与联席办可见。")
    search = ("organisation__name", "organisation__name_en", "alliance__name")
    search_hint = _("按单位或联盟查找")
    default_sort = "-joined_on"
    columns = (
        Column("organisation", _("单位"), lambda row: named(row.organisation), sort="organisation__name",
               link=address),
        ALLIANCE,
        STATE,
        Column("city", _("城市"), lambda row: named(row.organisation.city), sort="organisation__city__order"),
        Column("applied_on", _("申请日期"), sort="applied_on", kind="date", secondary=True),
        Column("joined_on", _("加入日期"), sort="joined_on", kind="date"),
        Column("ended_on", _("结束日期"), sort="ended_on", kind="date", secondary=True),
    )  # fmt: skip
    filters = (
        ALLIANCE_FILTER,
        Filter("state", _("状态"), "multi", choices=lambda: Member.State.choices, apply="state__in"),
        Filter("city", _("城市"), "multi", choices=city_choices, apply="organisation__city_id__in"),
    )
    empty = Empty(_("还没有联盟成员。"), _("企业与科研机构可以在联盟页面申请加入。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Member]:
        """Active members for all; applications for the parties."""
        return inside.visible_members(request.user)


class GatheringListing(Listing):
    """Activities that the viewer may see."""

    slug = "alliance-activities"
    title = _("联盟活动")
    lead = _("联盟预告与举办的活动；仅面向成员的活动只有成员单位看得到。")
    search = ("title", "place", "alliance__name")
    search_hint = _("按活动、地点或联盟查找")
    default_sort = "-starts_at"
    columns = (
        Column("title", _("活动名称"), sort="title", link=address),
        ALLIANCE,
        STATE,
        Column("starts_at", _("开始时间"), lambda row: moment(row.starts_at), sort="starts_at",
               export=lambda row: row.starts_at.isoformat(timespec="minutes")),
        Column("city", _("城市"), lambda row: named(row.city), sort="city__order", secondary=True),
        Column("audience", _("面向"), "get_audience_display", sort="audience", secondary=True),
        Column("organisations", _("单位数"), sort="organisations", kind="number"),
        Column("people", _("人数"), lambda row: row.people or 0, sort="people", kind="number",
               secondary=True),
    )  # fmt: skip
    filters = (
        ALLIANCE_FILTER,
        Filter("state", _("状态"), "multi", choices=lambda: Gathering.State.choices, apply="state__in"),
        Filter("starts", _("开始日期"), "range", apply="starts_at__date"),
    )
    empty = Empty(_("没有您可以查看的活动。"), _("联盟秘书处可以在联盟页面预告活动。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Gathering]:
        """Public activities; those of the own alliances."""
        return inside.visible_gatherings(request.user)


class ExchangeListing(Listing):
    """Needs and offers inside the viewer's alliances."""

    slug = "alliance-exchanges"
    title = _("联盟供需")
    lead = _("成员单位在联盟内发布的需求与供给；仅成员单位与秘书处可见。")
    search = ("title", "organisation__name", "alliance__name")
    search_hint = _("按标题、单位或联盟查找")
    default_sort = "-id"
    columns = (
        Column("title", _("标题"), sort="title", link=address),
        Column("kind", _("类别"), "get_kind_display", sort="kind"),
        Column("organisation", _("发布单位"), lambda row: named(row.organisation), sort="organisation__name"),
        ALLIANCE,
        STATE,
        Column("valid_to", _("有效期至"), sort="valid_to", kind="date"),
        Column("outcome", _("结果"), "get_outcome_display", sort="outcome", secondary=True),
        Column("id", _("序号"), "pk", sort="pk", export_only=True),
    )
    filters = (
        ALLIANCE_FILTER,
        Filter("kind", _("类别"), choices=lambda: Exchange.Kind.choices, apply="kind"),
        Filter("state", _("状态"), choices=lambda: Exchange.State.choices, apply="state"),
    )
    empty = Empty(_("没有您可以查看的供需。"), _("成员单位可以在联盟页面发布需求与供给。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Exchange]:
        """Those of the own alliances."""
        return inside.visible_exchanges(request.user)


class ContactListing(Listing):
    """People who agreed to stand in the contact lists of the viewer's alliances."""

    slug = "alliance-contacts"
    title = _("联盟通讯录")
    lead = _("只列出本人同意列入的联系人；撤回同意后即从清单与导出中消失。请勿用于联盟工作以外的用途。")
    search = ("name", "organisation__name")
    search_hint = _("按姓名或单位查找")
    default_sort = "organisation"
    columns = (
        Column("name", _("姓名"), sort="name"),
        Column("organisation", _("单位"), lambda row: named(row.organisation), sort="organisation__name"),
        Column("duty", _("职务"), sort="duty", secondary=True),
        Column("phone", _("电话")),
        Column("email", _("邮箱")),
        ALLIANCE,
        Column("given_at", _("同意时间"), lambda row: moment(row.given_at), sort="given_at", secondary=True,
               export=lambda row: row.given_at.isoformat(timespec="minutes")),
    )  # fmt: skip
    filters = (ALLIANCE_FILTER,)
    empty = Empty(_("通讯录里还没有您可以查看的人。"), _("成员单位的人员可以在联盟页面把自己列入通讯录。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        """Those of the own alliances."""
        return inside.visible_contacts(request.user)


def scheme_years() -> Iterable[tuple[Any, Any]]:
    """Years with a rating."""
    return [(one.pk, str(one.year)) for one in RatingScheme.objects.all()]


class RatingListing(Listing):
    """Ratings of alliances by year."""

    slug = "alliance-ratings"
    title = _("联盟年度考核")
    lead = _("按当年考核办法的指标与权重评分；公布的总分与等次记入台账。")
    search = ("alliance__name",)
    search_hint = _("按联盟查找")
    default_sort = "-year"
    columns = (
        Column("year", _("年度"), lambda row: str(row.scheme.year), sort="scheme__year", link=address),
        ALLIANCE,
        STATE,
        Column("total", _("总分"), sort="total", kind="number"),
        Column("grade", _("等次"), lambda row: grade(row.grade), sort="grade"),
    )
    filters = (
        Filter("year", _("年度"), "multi", choices=scheme_years, apply="scheme_id__in"),
        ALLIANCE_FILTER,
        Filter("state", _("状态"), choices=lambda: Rating.State.choices, apply="state"),
    )
    empty = Empty(_("还没有可以查看的考核。"), _("联席办制定考核办法并公布结果后在此列出。"))

    def queryset(self, request: HttpRequest) -> QuerySet[Rating]:
        """Published ones; all for the office."""
        return inside.visible_ratings(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Set a year's criteria, for the office."""
        if allowed(request.user, "alliances.keep_scheme"):
            return _("制定考核办法"), reverse("rating_scheme_new")
        return None
