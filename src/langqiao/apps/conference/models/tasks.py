"""Tasks to be seen through (督办任务) and the progress reported on them."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.conference.models.base import Filed
from langqiao.apps.conference.models.decisions import Resolution
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Sourced, Stamped


class Task(Sourced, Stamped):
    """A task (督办任务) of a resolution or standing alone; overdue (逾期) is worked out, never stored."""

    class State(models.TextChoices):
        NOT_STARTED = "not_started", _("未启动")
        UNDER_WAY = "under_way", _("推进中")
        DONE = "done", _("已完成")
        CANCELLED = "cancelled", _("已取消")

    case = models.CharField(_("项目编号"), max_length=40, db_index=True)
    resolution = models.ForeignKey(
        Resolution, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks",
        verbose_name=_("决议"),
    )  # fmt: skip
    title = models.CharField(_("任务"), max_length=200)
    body = models.TextField(_("要求"), blank=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="conference_tasks", verbose_name=_("责任单位")
    )
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    responsible = models.CharField(_("责任人"), max_length=80, blank=True)
    deadline = models.DateField(_("完成期限"))
    percent = models.PositiveSmallIntegerField(_("完成比例（%）"), default=0)
    state = models.CharField(
        _("状态"), max_length=12, choices=State.choices, default=State.NOT_STARTED, db_index=True
    )
    why = models.CharField(_("取消原因"), max_length=500, blank=True)
    done_on = models.DateField(_("完成日期"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["deadline", "id"]
        verbose_name = _("督办任务")
        verbose_name_plural = _("督办任务")
        constraints = [models.CheckConstraint(condition=Q(percent__lte=100), name="task_percent")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the task's page."""
        return reverse("task_detail", args=[self.pk])

    def is_overdue(self, today: date | None = None) -> bool:
        """Say whether the deadline (its day inclusive, Beijing time) is over and the task still open."""
        return self.state in OPEN_TASKS and self.deadline < (today or timezone.localdate())


OPEN_TASKS = (Task.State.NOT_STARTED, Task.State.UNDER_WAY)
TASK_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Task.State.NOT_STARTED: (Task.State.UNDER_WAY, Task.State.DONE, Task.State.CANCELLED),
    Task.State.UNDER_WAY: (Task.State.DONE, Task.State.CANCELLED),
    Task.State.DONE: (Task.State.UNDER_WAY,),
    Task.State.CANCELLED: (),
}


class Progress(Filed):
    """One report on a task (进展), with its evidence: a file or an address."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="progress")
    percent = models.PositiveSmallIntegerField(_("完成比例（%）"))
    text = models.TextField(_("进展"))
    address = models.CharField(_("佐证网址"), max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("任务进展")
        verbose_name_plural = _("任务进展")
