"""Choices (遴选方案): who is chosen under which constraints, with the receipt to run it again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import Readable
from langqiao.apps.verification.models.calls import Call


class ChoiceRun(models.Model):
    """One computed choice; the adopted one is what conference, notice and the issued list speak of."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待采用")
        ADOPTED = "adopted", _("已采用")
        DISCARDED = "discarded", _("未采用")

    class Basis(models.TextChoices):
        RAW = "raw", _("原始均分")
        CALIBRATED = "calibrated", _("校准分")

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="choices")
    number = models.PositiveIntegerField(_("方案号"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.PROPOSED)
    basis = models.CharField(_("依据"), max_length=12, choices=Basis.choices)
    why = models.CharField(_("说明"), max_length=500, blank=True)
    # As engines.selection takes and gives them.
    inputs = models.JSONField(_("输入"), default=dict, encoder=Readable)
    receipt = models.JSONField(_("回执"), default=dict, encoder=Readable)
    result = models.JSONField(_("结果"), default=dict, encoder=Readable)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["call_id", "-number"]
        verbose_name = _("遴选方案")
        verbose_name_plural = _("遴选方案")
        constraints = [
            models.UniqueConstraint(fields=["call", "number"], name="choice_run_once"),
            models.UniqueConstraint(fields=["call"], condition=Q(state="adopted"), name="choice_one_adopted"),
        ]

    def get_absolute_url(self) -> str:
        """Address of the choice's page."""
        return reverse("choice_detail", args=[self.pk])
