"""The yearly list of priority tasks (年度重点工作清单) with its status by city."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Sourced, Stamped


class Priority(Sourced, Stamped):
    """One task of a year's list (重点工作)."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("已发布")
        DROPPED = "dropped", _("已撤销")

    case = models.CharField(_("项目编号"), max_length=40, unique=True)
    year = models.PositiveSmallIntegerField(_("年度"), db_index=True)
    number = models.PositiveSmallIntegerField(_("序号"))
    title = models.CharField(_("重点工作"), max_length=300)
    measure = models.TextField(_("工作举措"), blank=True)
    lead = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("牵头单位"),
    )  # fmt: skip
    starts_on = models.DateField(_("开始日期"), null=True, blank=True)
    due_on = models.DateField(_("完成日期"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=State.choices, default=State.DRAFT)
    rolled_from = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="rolled_to",
        verbose_name=_("结转自"),
    )  # fmt: skip

    class Meta:
        ordering = ["-year", "number"]
        verbose_name = _("重点工作")
        verbose_name_plural = _("重点工作")
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="priority_number_once"),
            models.CheckConstraint(
                condition=Q(due_on=None) | Q(starts_on=None) | Q(due_on__gte=F("starts_on")),
                name="priority_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the task's page."""
        return reverse("priority_detail", args=[self.pk])


PRIORITY_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Priority.State.DRAFT: (Priority.State.PUBLISHED, Priority.State.DROPPED),
    Priority.State.PUBLISHED: (Priority.State.DROPPED,),
    Priority.State.DROPPED: (),
}


class CityStatus(models.Model):
    """How far a city is with a priority task (分市进展)."""

    class Status(models.TextChoices):
        NOT_STARTED = "not_started", _("未启动")
        UNDER_WAY = "under_way", _("推进中")
        DONE = "done", _("已完成")
        BLOCKED = "blocked", _("受阻")

    priority = models.ForeignKey(Priority, on_delete=models.CASCADE, related_name="cities")
    city = models.ForeignKey(City, on_delete=models.PROTECT, related_name="+", verbose_name=_("城市"))
    status = models.CharField(_("进展"), max_length=12, choices=Status.choices, default=Status.NOT_STARTED)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        ordering = ["priority_id", "city__order"]
        verbose_name = _("分市进展")
        verbose_name_plural = _("分市进展")
        constraints = [models.UniqueConstraint(fields=["priority", "city"], name="priority_city_once")]
