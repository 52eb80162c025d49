"""Abstract model parts that several apps share."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stamped(models.Model):
    """When a record was made and last changed."""

    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    class Meta:
        abstract = True


class Sourced(models.Model):
    """Where a record comes from: an outside code, its source, and whether it is illustrative (示例)."""

    code = models.CharField(_("编号"), max_length=80, unique=True, null=True, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False, db_index=True)
    source_name = models.CharField(_("来源"), max_length=200, blank=True)
    source_url = models.CharField(_("来源地址"), max_length=500, blank=True)
    source_date = models.DateField(_("来源日期"), null=True, blank=True)

    class Meta:
        abstract = True
