"""Tables of indicators: what is measured, and the values with scope, period, vintage and source."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from langqiao.kit.models import Stamped

CORRIDOR, NATION = "corridor", "nation"


class Indicator(Stamped):
    """Something that is measured (指标), in one unit."""

    class Subject(models.TextChoices):
        ECONOMY = "economy", _("经济")
        TECHNOLOGY = "technology", _("科创")
        INDUSTRY = "industry", _("产业")
        FINANCE = "finance", _("金融")
        TALENT = "talent", _("人才")

    slug = models.SlugField(_("代号"), primary_key=True, max_length=60)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名"), max_length=120, blank=True)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    subject = models.CharField(_("类别"), max_length=20, choices=Subject.choices)
    additive = models.BooleanField(_("可加总"), default=False, help_text=_("各城市之和即为走廊合计"))
    falling = models.BooleanField(_("负向"), default=False, help_text=_("数值越小越好"))
    description = models.TextField(_("说明"), blank=True)
    description_en = models.TextField(_("英文说明"), blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["subject", "slug"]
        verbose_name = _("指标")
        verbose_name_plural = _("指标")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("indicator_detail", args=[self.slug])


class Value(models.Model):
    """One figure (指标值). It is never overwritten: a revision is another value beside it."""

    class Scope(models.TextChoices):
        CITY = "city", _("城市")
        CORRIDOR = "corridor", _("走廊")
        PROVINCE = "province", _("省（区、市）")
        NATION = "nation", _("全国")
        ORGANISATION = "organisation", _("机构")

    class Vintage(models.TextChoices):
        PRELIMINARY = "preliminary", _("初步数")
        FINAL = "final", _("最终数")
        UNSTATED = "unstated", _("未注明")

    indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, related_name="values", verbose_name=_("指标")
    )
    scope_kind = models.CharField(_("范围类别"), max_length=20, choices=Scope.choices)
    # The slug of a city, the name of a province, the key of an organisation; the kind itself for
    # the corridor and the nation.
    scope = models.CharField(pgettext_lazy("figure", "范围"), max_length=60)
    period = models.CharField(_("时期"), max_length=20)
    vintage = models.CharField(pgettext_lazy("figure", "版本"), max_length=20, choices=Vintage.choices)
    value = models.DecimalField(_("数值"), max_digits=28, decimal_places=10)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    source_name = models.CharField(_("来源"), max_length=300)
    source_url = models.CharField(_("来源地址"), max_length=500, blank=True)
    source_date = models.DateField(_("查阅日期"), null=True, blank=True)
    # SM3 over scope, period, vintage and source: what one source says once of one thing.
    digest = models.CharField(_("摘要（SM3）"), max_length=64)
    illustrative = models.BooleanField(_("示例"), default=False)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("录入时间"), auto_now_add=True)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    withdrawn_why = models.CharField(_("撤回原因"), max_length=300, blank=True)

    class Meta:
        ordering = ["indicator", "scope_kind", "scope", "period", "id"]
        verbose_name = _("指标值")
        verbose_name_plural = _("指标值")
        indexes = [
            models.Index(fields=["indicator", "scope_kind", "scope", "period"], name="insight_value_where"),
            models.Index(fields=["digest"], name="insight_value_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.scope} {self.period}"

    def get_absolute_url(self) -> str:
        return f"{reverse('indicator_detail', args=[self.indicator_id])}#value-{self.pk}"
