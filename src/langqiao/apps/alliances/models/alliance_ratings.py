"""The yearly rating of alliances (年度考核): criteria with weights, marks, grades."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.models.alliances import Alliance
from langqiao.apps.registry.models.base import Readable
from langqiao.kit.models import Stamped


class RatingScheme(Stamped):
    """The criteria and grades of one year (考核办法).

    ``grades`` are pairs of a name and the least total that earns it, the best first; the last begins at 0.
    """

    year = models.PositiveSmallIntegerField(_("年度"), unique=True)
    grades = models.JSONField(_("等次"), default=list, encoder=Readable)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["-year"]
        verbose_name = _("考核办法")
        verbose_name_plural = _("考核办法")

    def __str__(self) -> str:
        return str(self.year)

    def get_absolute_url(self) -> str:
        """Address of the year's page."""
        return reverse("rating_scheme_detail", args=[self.year])


class Criterion(models.Model):
    """One criterion of a year's rating: its weight, and who marks it."""

    class Marker(models.TextChoices):
        SECRETARIAT = "secretariat", _("秘书处自评")
        OFFICE = "office", _("联席办评定")

    scheme = models.ForeignKey(
        RatingScheme, on_delete=models.CASCADE, related_name="criteria", verbose_name=_("考核办法")
    )
    order = models.PositiveSmallIntegerField(_("次序"))
    label = models.CharField(_("指标"), max_length=80)
    label_en = models.CharField(_("英文指标"), max_length=120, blank=True)
    weight = models.PositiveSmallIntegerField(_("权重"))
    marker = models.CharField(_("评分方"), max_length=12, choices=Marker.choices)

    class Meta:
        ordering = ["order"]
        verbose_name = _("考核指标")
        verbose_name_plural = _("考核指标")
        constraints = [
            models.UniqueConstraint(fields=["scheme", "label"], name="criterion_once"),
            models.CheckConstraint(condition=Q(weight__range=(1, 100)), name="criterion_weight"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def name_en(self) -> str:
        """The English label."""
        return self.label_en


class Rating(Stamped):
    """An alliance's rating of one year (年度考核结果)."""

    class State(models.TextChoices):
        MARKING = "marking", _("评分中")
        PUBLISHED = "published", _("已公布")

    scheme = models.ForeignKey(
        RatingScheme, on_delete=models.PROTECT, related_name="ratings", verbose_name=_("考核办法")
    )
    alliance = models.ForeignKey(
        Alliance, on_delete=models.PROTECT, related_name="ratings", verbose_name=_("联盟")
    )
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.MARKING, db_index=True
    )
    total = models.DecimalField(_("总分"), max_digits=5, decimal_places=2, null=True, blank=True)
    grade = models.CharField(_("等次"), max_length=20, blank=True)
    why = models.CharField(_("原因"), max_length=500, blank=True)
    published_at = models.DateTimeField(_("公布时间"), null=True, blank=True)

    class Meta:
        ordering = ["-scheme__year", "alliance__order", "id"]
        verbose_name = _("年度考核")
        verbose_name_plural = _("年度考核")
        constraints = [models.UniqueConstraint(fields=["scheme", "alliance"], name="rating_once")]

    def __str__(self) -> str:
        return f"{self.alliance} {self.scheme}"

    def get_absolute_url(self) -> str:
        """Address of the rating's page."""
        return reverse("alliance_rating", args=[self.scheme.year, self.alliance_id])


RATING_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Rating.State.MARKING: (Rating.State.PUBLISHED,),
    Rating.State.PUBLISHED: (Rating.State.MARKING,),
}


class Mark(Stamped):
    """A mark of 0 to 100 for one criterion."""

    rating = models.ForeignKey(
        Rating, on_delete=models.CASCADE, related_name="marks", verbose_name=_("年度考核")
    )
    criterion = models.ForeignKey(
        Criterion, on_delete=models.PROTECT, related_name="marks", verbose_name=_("考核指标")
    )
    value = models.DecimalField(_("得分"), max_digits=4, decimal_places=1)
    note = models.CharField(_("依据"), max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["criterion__order"]
        verbose_name = _("考核评分")
        verbose_name_plural = _("考核评分")
        constraints = [
            models.UniqueConstraint(fields=["rating", "criterion"], name="mark_once"),
            models.CheckConstraint(condition=Q(value__range=(0, 100)), name="mark_value"),
        ]

    def __str__(self) -> str:
        return f"{self.criterion} {self.value}"
