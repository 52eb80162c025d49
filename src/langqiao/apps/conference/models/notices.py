"""Public notices (张榜公示) and the objections (异议) raised against them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.conference.models.base import Filed
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Sourced, Stamped


class Notice(Sourced, Stamped):
    """A public notice (公示): everybody may read it and, until the last day, object."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("公示中")
        ENDED = "ended", _("公示结束")
        WITHDRAWN = "withdrawn", _("已撤回")

    case = models.CharField(_("项目编号"), max_length=40, db_index=True)
    subject = models.CharField(_("来由对象"), max_length=120, blank=True)
    title = models.CharField(_("标题"), max_length=200)
    body = models.TextField(_("正文"))
    rows = models.JSONField(_("名单"), default=list, blank=True)
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    starts_on = models.DateField(_("起始日"), null=True, blank=True)
    last_day = models.DateField(_("截止日"), null=True, blank=True)
    days = models.PositiveSmallIntegerField(_("最少工作日"))
    state = models.CharField(
        _("状态"), max_length=12, choices=State.choices, default=State.DRAFT, db_index=True
    )
    why = models.CharField(_("撤回原因"), max_length=500, blank=True)
    ended_on = models.DateField(_("结束日期"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-starts_on", "-id"]
        verbose_name = _("公示")
        verbose_name_plural = _("公示")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day=None) | Q(starts_on=None) | Q(last_day__gte=F("starts_on")),
                name="notice_days",
            ),
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(state__in=["draft", "published"]) & ~Q(subject=""),
                name="notice_subject_once",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the notice's page."""
        return reverse("notice_detail", args=[self.pk])


NOTICE_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Notice.State.DRAFT: (Notice.State.PUBLISHED, Notice.State.WITHDRAWN),
    Notice.State.PUBLISHED: (Notice.State.ENDED, Notice.State.WITHDRAWN),
    Notice.State.ENDED: (),
    Notice.State.WITHDRAWN: (),
}
# A draft that was withdrawn has no first day: it never was public.
SHOWN_NOTICES = (Notice.State.PUBLISHED, Notice.State.ENDED, Notice.State.WITHDRAWN)


class Objection(Filed):
    """An objection to a notice (异议): read by the office and the objector; the public knows the number."""

    class State(models.TextChoices):
        RECEIVED = "received", _("待处理")
        UPHELD = "upheld", _("成立")
        REJECTED = "rejected", _("不成立")

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="objections")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(_("姓名"), max_length=80)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    organisation_name = models.CharField(_("单位"), max_length=200)
    reason = models.TextField(_("理由"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.RECEIVED)
    answer = models.TextField(_("处理意见"), blank=True)
    at = models.DateTimeField(_("时间"), auto_now_add=True)
    handled_at = models.DateTimeField(_("处理时间"), null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("异议")
        verbose_name_plural = _("异议")


OBJECTION_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Objection.State.RECEIVED: (Objection.State.UPHELD, Objection.State.REJECTED),
    Objection.State.UPHELD: (),
    Objection.State.REJECTED: (),
}
