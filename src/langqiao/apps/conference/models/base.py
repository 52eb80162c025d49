"""What the models of the conference share: a kept file."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


def file_path(_instance: models.Model, _filename: str) -> str:
    """Where a file lies: a random name, so that neither title nor extension decides anything."""
    return f"conference/{uuid.uuid4().hex}"


class Filed(models.Model):
    """A record with a file (附件), or without one where ``file`` is empty."""

    file = models.FileField(upload_to=file_path, max_length=120, blank=True)
    name = models.CharField(_("文件名"), max_length=200, blank=True)
    media_type = models.CharField(_("文件类型"), max_length=100, blank=True)
    size = models.PositiveIntegerField(_("大小（字节）"), default=0)
    digest = models.CharField(_("摘要（SM3）"), max_length=64, blank=True)

    class Meta:
        abstract = True
