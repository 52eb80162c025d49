"""What records of the registry share: cities, fields, stages, and that they are retired, not deleted."""

from __future__ import annotations

import json
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

_Record = TypeVar("_Record", bound=models.Model)


class Readable(json.JSONEncoder):
    """JSON that keeps Chinese as it is, so that a search within the column finds it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False})


class CurrentManager(models.Manager[_Record]):
    """Records that have not been retired: what lists, searches and references mean by "all"."""

    def get_queryset(self) -> models.QuerySet[_Record]:
        return super().get_queryset().filter(retired_at=None)


class Retirable(models.Model):
    """A record that can be retired (注销): it leaves lists and searches, the ledger still speaks of it."""

    retired_at = models.DateTimeField(_("注销时间"), null=True, blank=True, editable=False)
    retired_why = models.CharField(_("注销原因"), max_length=300, blank=True, editable=False)

    objects = CurrentManager()
    everything = models.Manager()  # noqa: DJ012  a manager, no field

    # The word of the record's pages: ``<page>_detail`` is its address.
    page: ClassVar[str]

    class Meta:
        abstract = True

    def get_absolute_url(self) -> str:
        return reverse(f"{self.page}_detail", args=[self.pk])


class City(models.Model):
    """A city of the corridor (城市); a district of a municipality may be one."""

    slug = models.SlugField(_("代号"), primary_key=True, max_length=40)
    name = models.CharField(_("名称"), max_length=40, unique=True)
    name_en = models.CharField(_("英文名"), max_length=60)
    province = models.CharField(_("省（市）"), max_length=40)
    division_code = models.CharField(_("行政区划代码"), max_length=6, unique=True)
    latitude = models.FloatField(_("纬度"))
    longitude = models.FloatField(_("经度"))
    order = models.PositiveSmallIntegerField(_("次序"), default=0)

    class Meta:
        ordering = ["order"]
        verbose_name = _("城市")
        verbose_name_plural = _("城市")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("city_detail", args=[self.slug])


class Field(models.Model):
    """An industry field of the corridor (产业领域)."""

    slug = models.SlugField(_("代号"), primary_key=True, max_length=40)
    name = models.CharField(_("名称"), max_length=40, unique=True)
    name_en = models.CharField(_("英文名"), max_length=60)
    order = models.PositiveSmallIntegerField(_("次序"), default=0)

    class Meta:
        ordering = ["order"]
        verbose_name = _("产业领域")
        verbose_name_plural = _("产业领域")

    def __str__(self) -> str:
        return self.name


class CaseCounter(models.Model):
    """The last case number (项目编号) given out in a year; its row is locked while one is taken."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "challenges_casecounter"  # where it first stood


class Stage(models.TextChoices):
    """How far a technology or project is (所处阶段)."""

    CONCEPT = "concept", _("概念")
    PROTOTYPE = "prototype", _("样机")
    PILOT = "pilot", _("中试")
    PRODUCTION = "production", _("量产")
    GROWTH = "growth", _("成长")
