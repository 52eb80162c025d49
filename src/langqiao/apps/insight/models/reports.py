"""Tables of reports: versions of a report, and its sections with the data they are pinned to."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import Organisation, Readable
from langqiao.kit.models import Stamped


class Report(Stamped):
    """One version of a report (研究报告); what is published never changes, a revision is a new version.

    ``series`` ties the versions together. The digests are written on publishing: ``figures_digest`` over
    the pinned data and the results, ``document_digest`` over all that the document says.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("已发布")
        SUPERSEDED = "superseded", _("已被新版取代")
        DISCARDED = "discarded", _("已作废")

    series = models.UUIDField(_("系列"), default=uuid.uuid4, editable=False, db_index=True)
    version = models.PositiveIntegerField(_("版本号"), default=1)
    previous = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="later",
        verbose_name=_("上一版"),
    )  # fmt: skip
    case = models.CharField(_("项目编号"), max_length=40, db_index=True)
    title = models.CharField(_("标题"), max_length=200)
    summary = models.TextField(_("摘要"), blank=True)
    author = models.CharField(_("作者"), max_length=200)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="reports", verbose_name=_("机构")
    )
    # As it was named when the report was published; the document keeps saying so.
    organisation_name = models.CharField(_("机构名称"), max_length=200, blank=True)
    state = models.CharField(
        _("状态"), max_length=12, choices=State.choices, default=State.DRAFT, db_index=True
    )
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True)
    figures_digest = models.CharField(_("数字摘要（SM3）"), max_length=64, blank=True)
    document_digest = models.CharField(_("全文摘要（SM3）"), max_length=64, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-published_at", "-id"]
        verbose_name = _("研究报告")
        verbose_name_plural = _("研究报告")
        constraints = [
            models.UniqueConstraint(fields=["series", "version"], name="report_version_once"),
            models.UniqueConstraint(fields=["series"], condition=Q(state="draft"), name="report_one_draft"),
            models.UniqueConstraint(
                fields=["series"], condition=Q(state="published"), name="report_one_published"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the report's page."""
        return reverse("report_detail", args=[self.pk])


# The allowed transitions; docs/reports.md draws its picture from this table.
REPORT_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Report.State.DRAFT: (Report.State.PUBLISHED, Report.State.DISCARDED),
    Report.State.PUBLISHED: (Report.State.SUPERSEDED,),
    Report.State.SUPERSEDED: (),
    Report.State.DISCARDED: (),
}
SHOWN_REPORTS = (Report.State.PUBLISHED, Report.State.SUPERSEDED)


class Section(Stamped):
    """A section of a report (章节): text, a table of figures, or a method run on figures.

    The JSON columns:
        choice: what was chosen, as ``queries.study.Selection`` takes it
        pinned: the data themselves, so that a published report stands on its own (``domain.reports.pinning``)
        result: figures, tables and warnings of the run (``domain.reports.running``)
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("文字")
        FIGURES = "figures", _("指标表")
        METHOD = "method", _("方法")

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="sections")
    # The same in every version, so that versions can be compared.
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    order = models.PositiveIntegerField(_("次序"))
    kind = models.CharField(_("类型"), max_length=8, choices=Kind.choices)
    heading = models.CharField(_("标题"), max_length=200)
    text = models.TextField(_("正文"), blank=True)
    choice = models.JSONField(_("选用的方法与数据"), default=dict, blank=True, encoder=Readable)
    pinned = models.JSONField(_("固定的数据"), default=dict, blank=True, encoder=Readable)
    pinned_digest = models.CharField(_("数据摘要（SM3）"), max_length=64, blank=True)
    pinned_at = models.DateTimeField(_("固定时间"), null=True, blank=True)
    result = models.JSONField(_("结果"), default=dict, blank=True, encoder=Readable)
    result_digest = models.CharField(_("结果摘要（SM3）"), max_length=64, blank=True)

    class Meta:
        ordering = ["report_id", "order", "id"]
        verbose_name = _("章节")
        verbose_name_plural = _("章节")
        constraints = [models.UniqueConstraint(fields=["report", "key"], name="report_section_once")]

    def __str__(self) -> str:
        return self.heading

    def get_absolute_url(self) -> str:
        """The section within its report's page."""
        return f"{self.report.get_absolute_url()}#section-{self.pk}"
