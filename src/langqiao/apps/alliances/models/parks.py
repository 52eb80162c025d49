"""Parks and cities with their activities (园区、城市与产业活动), as far as they are published."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.models.alliances import Published
from langqiao.apps.registry.models import City, Field, Organisation
from langqiao.apps.registry.models.base import Readable
from langqiao.kit.models import Sourced, Stamped


class Place(Sourced, Stamped):
    """What is compared: a park, a whole city, or a region that only serves as reference (对照地区).

    References are the rows of a wide matrix, such as the provinces of the nation: which activities go
    together is read from them, not from nine cities.
    """

    class Kind(models.TextChoices):
        PARK = "park", _("园区")
        CITY = "city", _("城市")
        REFERENCE = "reference", _("对照地区")

    kind = models.CharField(_("类别"), max_length=10, choices=Kind.choices, default=Kind.PARK, db_index=True)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名"), max_length=160, blank=True)
    city = models.ForeignKey(
        City, on_delete=models.PROTECT, null=True, blank=True, related_name="parks", verbose_name=_("城市")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="parks",
        verbose_name=_("运营单位"),
    )  # fmt: skip
    summary = models.TextField(_("概述"), blank=True)
    summary_en = models.TextField(_("英文概述"), blank=True)
    # Published figures: label, label_en, value, unit, kind ("target" or "actual"), period.
    figures = models.JSONField(_("公布数据"), default=list, blank=True, encoder=Readable)

    class Meta:
        ordering = ["city__order", "name", "id"]
        verbose_name = _("园区")
        verbose_name_plural = _("园区")
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="place_once")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the park's page."""
        return reverse("park_detail", args=[self.pk])


class Activity(Published, Stamped):
    """An activity of a place, with its quantity where one is published; none is never guessed."""

    class Measure(models.TextChoices):
        PRESENCE = "presence", _("有此活动")
        OUTPUT = "output", _("产值")
        REVENUE = "revenue", _("营业收入")
        EMPLOYEES = "employees", _("从业人员")
        FIRMS = "firms", _("企业数")
        AREA = "area", _("用地面积")

    place = models.ForeignKey(
        Place, on_delete=models.CASCADE, related_name="activities", verbose_name=_("园区")
    )
    name = models.CharField(_("产业活动"), max_length=80)
    name_english = models.CharField(_("英文名"), max_length=120, blank=True)
    field = models.ForeignKey(
        Field, on_delete=models.PROTECT, null=True, blank=True, related_name="park_activities",
        verbose_name=_("产业领域"),
    )  # fmt: skip
    measure = models.CharField(
        _("指标"), max_length=10, choices=Measure.choices, default=Measure.PRESENCE, db_index=True
    )
    quantity = models.DecimalField(_("数量"), max_digits=20, decimal_places=4, null=True, blank=True)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    period = models.CharField(_("时期"), max_length=10, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["place_id", "id"]
        verbose_name = _("产业活动")
        verbose_name_plural = _("产业活动")
        constraints = [
            models.UniqueConstraint(
                fields=["place", "name", "measure", "unit", "period"], name="park_activity_once"
            ),
            models.CheckConstraint(
                condition=Q(measure="presence", quantity=None)
                | (~Q(measure="presence") & Q(quantity__gte=0)),
                name="park_activity_quantity",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name_en(self) -> str:
        """The English name, where one is known."""
        return self.name_english
