"""Valuations (科技成果估值): inputs with their sources, the computed range, the receipt."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import Achievement, Organisation, Readable
from langqiao.kit.models import Stamped


class Valuation(Stamped):
    """A valuation of an achievement by one or several methods; always a range, never one number."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        FINAL = "final", _("已定稿")
        WITHDRAWN = "withdrawn", _("已作废")

    case = models.CharField(_("项目编号"), max_length=40, db_index=True)
    title = models.CharField(_("名称"), max_length=200)
    achievement = models.ForeignKey(
        Achievement, on_delete=models.PROTECT, null=True, blank=True, related_name="valuations",
        verbose_name=_("所涉成果"),
    )  # fmt: skip
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="valuations", verbose_name=_("权属或委托单位")
    )
    # The centre that appraises, when it is not the owner's own estimate.
    centre = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="valued",
        verbose_name=_("估值机构"),
    )  # fmt: skip
    purpose = models.CharField(_("估值目的"), max_length=200, blank=True)
    valuation_date = models.DateField(_("评估基准日"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.DRAFT)
    why = models.CharField(_("作废原因"), max_length=300, blank=True)
    # {"study": …} as engines.valuation takes it; {"form": …} while it is not complete: what was typed.
    inputs = models.JSONField(_("参数"), default=dict, blank=True, encoder=Readable)
    # As engines.valuation gives them; empty until the inputs are complete.
    result = models.JSONField(_("结果"), default=dict, blank=True, encoder=Readable)
    receipt = models.JSONField(_("回执"), default=dict, blank=True, encoder=Readable)
    finalised_at = models.DateTimeField(_("定稿时间"), null=True, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False, db_index=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("估值")
        verbose_name_plural = _("估值")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the valuation's page."""
        return reverse("valuation_detail", args=[self.pk])


VALUATION_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Valuation.State.DRAFT: (Valuation.State.FINAL, Valuation.State.WITHDRAWN),
    Valuation.State.FINAL: (Valuation.State.WITHDRAWN,),
    Valuation.State.WITHDRAWN: (),
}
