"""Abstract model parts that several apps share."""

from __future__ import annotations

import uuid

from django.conf import settings
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


def random_path(_instance: models.Model, _filename: str) -> str:
    """Where a kept file lies: a random name, so that neither title nor extension decides anything."""
    return f"attachments/{uuid.uuid4().hex}"


class KeptFile(models.Model):
    """A file that was checked (``kit.filetypes``) and kept, with its SM3 digest (附件)."""

    file = models.FileField(upload_to=random_path, max_length=120)
    name = models.CharField(_("文件名"), max_length=200)
    media_type = models.CharField(_("文件类型"), max_length=100)
    size = models.PositiveIntegerField(_("大小（字节）"))
    digest = models.CharField(_("摘要（SM3）"), max_length=64)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ["id"]
