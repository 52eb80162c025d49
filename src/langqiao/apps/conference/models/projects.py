"""Major projects (重大项目) and their phases (阶段) from a letter of intent to the opening."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Sourced, Stamped


class Project(Sourced, Stamped):
    """A major project (重大项目); money in 万元, area in square metres, both as the source states them."""

    class Kind(models.TextChoices):
        HOSPITAL = "hospital", _("医院")
        PARK = "park", _("园区")
        CAMPUS = "campus", _("算力园区")
        TRANSPORT = "transport", _("交通设施")
        OTHER = "other", _("其他")

    case = models.CharField(_("项目编号"), max_length=40, unique=True)
    kind = models.CharField(_("类型"), max_length=12, choices=Kind.choices)
    title = models.CharField(_("项目名称"), max_length=200)
    summary = models.TextField(_("简介"), blank=True)
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("建设单位"),
    )  # fmt: skip
    investment = models.DecimalField(
        _("总投资（万元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    area = models.DecimalField(
        _("建筑面积（平方米）"), max_digits=14, decimal_places=2, null=True, blank=True
    )

    class Meta:
        ordering = ["city__order", "title", "id"]
        verbose_name = _("重大项目")
        verbose_name_plural = _("重大项目")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the project's page."""
        return reverse("project_detail", args=[self.pk])


class Phase(models.Model):
    """A dated phase of a project (阶段), each with its own source."""

    class Kind(models.TextChoices):
        INTENT = "intent", _("意向")
        APPROVAL = "approval", _("立项")
        LAND = "land", _("土地")
        PLANNING = "planning", _("规划")
        START = "start", _("开工")
        CONSTRUCTION = "construction", _("主体建设")
        COMPLETION = "completion", _("竣工")
        ACCEPTANCE = "acceptance", _("验收")
        OPENING = "opening", _("开业投用")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="phases")
    kind = models.CharField(_("阶段"), max_length=14, choices=Kind.choices)
    planned_on = models.DateField(_("计划日期"), null=True, blank=True)
    actual_on = models.DateField(_("实际日期"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=500, blank=True)
    source_name = models.CharField(_("来源"), max_length=200, blank=True)
    source_url = models.CharField(_("来源地址"), max_length=500, blank=True)
    source_date = models.DateField(_("来源日期"), null=True, blank=True)

    class Meta:
        ordering = ["project_id", "id"]
        verbose_name = _("项目阶段")
        verbose_name_plural = _("项目阶段")
        constraints = [models.UniqueConstraint(fields=["project", "kind"], name="phase_once")]

    def slippage(self, today: date) -> int | None:
        """Days behind (positive) or ahead (negative) of the plan; of a phase not reached, days overdue.

        None when nothing was planned, or when a phase that is not reached is not due yet.
        """
        if self.planned_on is None:
            return None
        if self.actual_on is not None:
            return (self.actual_on - self.planned_on).days
        late = (today - self.planned_on).days
        return late if late > 0 else None


PHASES = tuple(Phase.Kind)
