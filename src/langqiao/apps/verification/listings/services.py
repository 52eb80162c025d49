"""The list of examinations (验证与评价)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City, Organisation
from langqiao.apps.verification.models import Examination, ExaminationState
from langqiao.apps.verification.queries.services import centres, visible_examinations
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named

TONES = {
    ExaminationState.REQUESTED: "water",
    ExaminationState.PLANNED: "water",
    ExaminationState.UNDER_WAY: "warning",
    ExaminationState.CONCLUDED: "success",
    ExaminationState.DECLINED: "danger",
    ExaminationState.WITHDRAWN: "muted",
}
CONCLUSION_TONES = {
    Examination.Conclusion.GO: "success",
    Examination.Conclusion.CONDITIONAL: "warning",
    Examination.Conclusion.NO_GO: "danger",
}


def state_badge(examination: Examination) -> Badge:
    """The state in words on its tone."""
    return Badge(examination.get_state_display(), TONES[ExaminationState(examination.state)])


def conclusion_badge(examination: Examination) -> Badge | None:
    """The conclusion in words on its tone."""
    if not examination.conclusion:
        return None
    tone = CONCLUSION_TONES[Examination.Conclusion(examination.conclusion)]
    return Badge(examination.get_conclusion_display(), tone)


def _centre_choices() -> Iterable[tuple[Any, Any]]:
    return [(centre.pk, named(centre)) for centre in centres()]


def _city_choices() -> Iterable[tuple[str, Any]]:
    return [(city.slug, named(city)) for city in City.objects.all()]


def _centres_page() -> str:
    return f"{reverse('organisation_list')}?kind={Organisation.Kind.VERIFICATION_CENTRE}"


class ExaminationListing(Listing):
    """Examinations of which the viewer may know; in outline."""

    slug = "examinations"
    title = _("验证与评价")
    lead = _("概念验证中心的三项服务：科技成果转化评估、技术可行性分析、商业评价。")
    search = ("title", "case", "client__name", "centre__name")
    search_hint = _("按名称、机构或项目编号查找")
    default_sort = "-updated"
    detail_template = "verification/services/_row.html"
    columns = (
        Column("title", _("名称"), sort="title", link=lambda e: e.get_absolute_url()),
        Column(
            "state",
            _("状态"),
            value=state_badge,
            sort="state",
            export=lambda e: e.get_state_display(),
            kind="badge",
        ),
        Column("service", _("服务"), value="get_service_display", sort="service"),
        Column("centre", _("概念验证中心"), sort="centre__name", secondary=True),
        Column("client", _("委托单位"), sort="client__name", secondary=True),
        Column(
            "conclusion",
            _("结论"),
            value=conclusion_badge,
            sort="conclusion",
            export=lambda e: e.get_conclusion_display() if e.conclusion else "",
            kind="badge",
        ),
        Column("updated", _("更新日期"), value="updated_at", sort="updated_at", kind="date", secondary=True),
        Column("kind", _("验证类别"), value="get_kind_display", export_only=True),
        Column("city", _("中心所在城市"), value="centre.city", export_only=True),
        Column("concluded", _("结论时间"), value="concluded_at", kind="date", export_only=True),
        Column("case", _("项目编号"), sort="case", export_only=True),
    )
    filters = (
        Filter("service", _("服务"), choices=lambda: Examination.Service.choices),
        Filter("state", _("状态"), "multi", choices=lambda: ExaminationState.choices, apply="state__in"),
        Filter("kind", _("验证类别"), "multi", choices=lambda: Examination.Kind.choices, apply="kind__in"),
        Filter("centre", _("概念验证中心"), choices=_centre_choices, apply="centre_id"),
        Filter("city", _("中心所在城市"), "multi", choices=_city_choices, apply="centre__city_id__in"),
    )
    empty = Empty(
        _("这里还没有您可以查看的验证与评价。"),
        _("企业、高校和院所的成员登录后，可以就一项成果或一道题目委托概念验证中心；内容只有双方可见。"),
        _("看看有哪些概念验证中心"),
        lazy(_centres_page, str)(),
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Examination]:
        """Examinations of which the viewer may know."""
        return visible_examinations(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Ask a centre, for those who may."""
        if allowed(request.user, "verification.request_examination"):
            return _("委托验证与评价"), reverse("examination_new")
        return None
