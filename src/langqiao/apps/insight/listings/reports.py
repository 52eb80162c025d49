"""The list of reports (研究报告)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from langqiao.apps.insight.models.reports import Report
from langqiao.apps.insight.queries.reports import visible_reports
from langqiao.kit.listing import Badge, Column, Empty, Filter, Listing
from langqiao.kit.permissions import allowed
from langqiao.kit.words import named

TONES = {
    Report.State.DRAFT: "water",
    Report.State.PUBLISHED: "success",
    Report.State.SUPERSEDED: "muted",
    Report.State.DISCARDED: "muted",
}


def state_badge(report: Report) -> Badge:
    """The state in words on its tone."""
    return Badge(report.get_state_display(), TONES[Report.State(report.state)])


class ReportListing(Listing):
    """Published reports, and drafts of the viewer's own organisation."""

    slug = "reports"
    title = _("研究报告")
    lead = _("数字固定在发布时的数据上，随时可以重算；每个数都注明来源。")
    search = ("title", "author", "case", "organisation__name")
    search_hint = _("按标题、作者、机构或项目编号查找")
    default_sort = "-published"
    columns = (
        Column("title", _("标题"), sort="title", link=lambda report: report.get_absolute_url()),
        Column("version", _("版本号"), sort="version", kind="number"),
        Column(
            "state",
            _("状态"),
            value=state_badge,
            sort="state",
            export=lambda report: report.get_state_display(),
            kind="badge",
        ),
        Column("author", _("作者"), sort="author", secondary=True),
        Column(
            "organisation",
            _("机构"),
            value=lambda report: named(report.organisation),
            sort="organisation__name",
            secondary=True,
        ),
        Column("published", _("发布日期"), value="published_at", sort="published_at", kind="date"),
        Column("case", _("项目编号"), export_only=True),
        Column("document_digest", _("全文摘要（SM3）"), export_only=True),
    )
    filters = (Filter("state", _("状态"), choices=lambda: Report.State.choices),)
    empty = Empty(
        _("还没有研究报告。"),
        hint=_("报告由文字、指标表和方法组成，数据版本随报告固定。"),
        action_label=_("起草报告"),
        action_url=lazy(lambda: reverse("report_new"), str)(),
    )

    def queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Reports the viewer may read."""
        return visible_reports(request.user)

    def primary_action(self, request: HttpRequest) -> tuple[Any, str] | None:
        """Draft one."""
        if allowed(request.user, "insight.write_report"):
            return _("起草报告"), reverse("report_new")
        return None
