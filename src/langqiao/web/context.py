"""What every page's frame needs: navigation by task, the person, notices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.apps.accounts.models import Role
from langqiao.apps.accounts.queries import current_memberships, unread
from langqiao.kit.permissions import allowed, permissions


@dataclass(frozen=True)
class Item:
    """An entry of the navigation; ``permission`` hides it from those who may not use it."""

    label: Any
    icon: str
    name: str
    group: str = ""
    permission: str = ""


ITEMS = (
    Item(_("首页"), icon="home", name="home"),
    Item(_("出题"), icon="bulb", name="challenge_list"),
    Item(pgettext_lazy("several", "征集"), icon="speakerphone", name="call_list", group="verification"),
    Item(
        _("我的申报"),
        icon="file-text",
        name="application_list",
        group="verification",
        permission="verification.apply",
    ),
    Item(
        _("我的评审"),
        icon="clipboard-check",
        name="review_list",
        group="verification",
        permission="verification.review_any",
    ),
    Item(_("验证与评价"), icon="test-pipe", name="examination_list", group="verification"),
    Item(
        _("估值"),
        icon="scale",
        name="valuation_list",
        group="verification",
        permission="verification.value_any",
    ),
    Item(_("会议"), icon="gavel", name="session_list", group="conference"),
    Item(_("公示"), icon="news", name="notice_list", group="conference"),
    Item(
        _("督办任务"),
        icon="list-check",
        name="task_list",
        group="conference",
        permission="conference.read_tasks",
    ),
    Item(_("重点工作"), icon="target-arrow", name="priority_list", group="conference"),
    Item(_("重大项目"), icon="building-community", name="project_list", group="conference"),
    Item(_("算力园区"), icon="server-2", name="campus_list", group="computing"),
    Item(
        _("算力申请"),
        icon="file-plus",
        name="request_list",
        group="computing",
        permission="computing.read_request",
    ),
    Item(_("作业队列"), icon="stack-2", name="job_list", group="computing", permission="computing.read_job"),
    Item(
        _("租户"),
        icon="users-group",
        name="tenant_list",
        group="computing",
        permission="computing.read_tenant",
    ),
    Item(_("算力券"), icon="ticket", name="scheme_list", group="computing"),
    Item(_("量子网络"), icon="topology-star-3", name="network_map", group="quantum"),
    Item(pgettext_lazy("several", "应用场景"), icon="apps", name="scenario_list", group="quantum"),
    Item(
        _("密钥需求"),
        icon="key",
        name="demand_list",
        group="quantum",
        permission="quantum.read_demand",
    ),
    Item(
        _("密封传送"),
        icon="mail-fast",
        name="delivery_list",
        group="quantum",
        permission="quantum.read_delivery",
    ),
    Item(pgettext_lazy("several", "联盟"), icon="affiliate", name="alliance_tree", group="alliances"),
    Item(_("联盟活动"), icon="calendar-event", name="gathering_list", group="alliances"),
    Item(pgettext_lazy("several", "产业链"), icon="sitemap", name="chain_list", group="alliances"),
    Item(pgettext_lazy("several", "园区"), icon="buildings", name="park_list", group="alliances"),
    Item(pgettext_lazy("several", "指标"), icon="chart-line", name="indicator_list", group="insight"),
    Item(_("数字复算"), icon="calculator", name="claim_list", group="insight"),
    Item(_("研究方法"), icon="math-function", name="method_list", group="insight"),
    Item(pgettext_lazy("several", "研究报告"), icon="report-analytics", name="report_list", group="insight"),
    Item(_("成果"), icon="certificate", name="achievement_list", group="supply"),
    Item(pgettext_lazy("several", "机构"), icon="building", name="organisation_list", group="supply"),
    Item(_("专家"), icon="user-star", name="person_list", group="supply"),
    Item(_("设施"), icon="microscope", name="facility_list", group="supply"),
    Item(_("金融"), icon="coin", name="finance_list", group="supply"),
    Item(_("产品"), icon="package", name="product_list", group="supply"),
    Item(_("人才需求"), icon="user-search", name="talent_list", group="supply"),
    Item(_("人才培养"), icon="school", name="training_list", group="supply"),
    Item(_("科创之眼"), icon="eye", name="eye", group="corridor"),
    Item(_("大屏"), icon="device-tv", name="eye_wall", group="corridor"),
    Item(_("专项"), icon="flag", name="programme_list", group="corridor"),
    Item(_("台账"), icon="link", name="ledger_list", group="corridor"),
    Item(_("卷宗"), icon="folder-open", name="eye_dossiers", group="corridor"),
    Item(_("开放数据"), icon="database-export", name="open_data_list", group="corridor"),
    Item(
        _("导入"),
        icon="file-import",
        name="import_start",
        group="mine",
        permission="registry.keep_achievement",
    ),
    Item(_("我的工作"), icon="checklist", name="work", group="mine"),
)
GROUPS = {
    "": "",
    "supply": _("供给"),
    "verification": _("验证"),
    "conference": _("联席会议"),
    "computing": _("算力"),
    "quantum": _("量子"),
    "alliances": _("联盟"),
    "insight": _("智库"),
    "corridor": _("走廊"),
    "mine": _("我的"),
}
PERSON = (
    Item(_("通知"), icon="bell", name="notifications"),
    Item(_("账号与语言"), icon="user-cog", name="profile"),
    Item(_("机构成员"), icon="users", name="members"),
    Item(_("接口令牌"), icon="key", name="tokens"),
    Item(_("登录方式与密码"), icon="lock", name="account_change_password"),
    Item(_("管理后台"), icon="settings", name="admin:index"),
)
BOTTOM = ("home", "challenge_list", "achievement_list", "work")


@dataclass(frozen=True)
class Link:
    """An entry as drawn for one request."""

    item: Item
    url: str
    is_current: bool


class Frame:
    """The frame of one page; everything is worked out only when the template asks."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user: Any = getattr(request, "user", None)

    @cached_property
    def links(self) -> list[Link]:
        known = {permission.name for permission in permissions()}
        urls: list[tuple[Item, str]] = []
        for item in ITEMS:
            try:
                url = reverse(item.name)
            except NoReverseMatch:
                continue  # what is not built is absent
            if item.permission and not (item.permission in known and allowed(self.user, item.permission)):
                continue
            urls.append((item, url))
        here = self.request.path
        fitting = [url for _item, url in urls if here == url or (url != "/" and here.startswith(url))]
        at = max(fitting, key=len, default="")
        return [Link(item, url, url == at) for item, url in urls]

    @property
    def groups(self) -> list[tuple[Any, list[Link]]]:
        """Headed groups of the left navigation."""
        found = [(label, [x for x in self.links if x.item.group == key]) for key, label in GROUPS.items()]
        return [(label, links) for label, links in found if links]

    @property
    def bottom(self) -> list[Link]:
        """The first four of the phone's bottom bar; the fifth opens everything."""
        return [link for link in self.links if link.item.name in BOTTOM]

    @cached_property
    def unread(self) -> int:
        return unread(self.user).count() if getattr(self.user, "is_authenticated", False) else 0

    @cached_property
    def memberships(self) -> list[Any]:
        return current_memberships(self.user)

    @property
    def manages(self) -> bool:
        """Whether the person looks after members of an organisation."""
        return any(m.is_manager or m.role == Role.OFFICE for m in self.memberships)

    @property
    def person_links(self) -> list[Link]:
        """The person's own pages."""
        hidden = {"members"} if not self.manages else set()
        if not getattr(self.user, "is_staff", False):
            hidden.add("admin:index")
        here = self.request.path
        links = []
        for item in PERSON:
            if item.name not in hidden:
                url = reverse(item.name)
                links.append(Link(item, url, here == url))
        return links


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of the base template."""
    return {"frame": Frame(request)}
