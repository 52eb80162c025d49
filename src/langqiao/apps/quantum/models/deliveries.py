"""Endpoints (密钥终端, SAE) of organisations, and files that travel sealed between them (密封传送)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.models.network import Site
from langqiao.apps.registry.models import Organisation
from langqiao.kit.models import Stamped


class Endpoint(Stamped):
    """An organisation's endpoint (SAE) at a site, with the SM2 public key that checks its receipts."""

    sae_id = models.CharField(_("SAE 标识"), max_length=80, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="endpoints", verbose_name=_("站点"))
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="endpoints", verbose_name=_("单位")
    )
    public_key = models.CharField(_("SM2 公钥"), max_length=130, help_text=_("130 位十六进制，以 04 开头。"))
    is_active = models.BooleanField(_("在用"), default=True)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["sae_id"]
        verbose_name = _("密钥终端")
        verbose_name_plural = _("密钥终端")

    def __str__(self) -> str:
        return self.sae_id


class Delivery(Stamped):
    """A large file sent sealed from one endpoint to another; the file itself never comes here."""

    class State(models.TextChoices):
        ANNOUNCED = "announced", _("已预告")
        SEALED = "sealed", _("已密封")
        SENT = "sent", _("已发出")
        RECEIVED = "received", _("已签收")
        REFUSED = "refused", _("已拒收")
        WITHDRAWN = "withdrawn", _("已撤回")

    case = models.CharField(_("项目编号"), max_length=40, db_index=True)
    code = models.CharField(_("编号"), max_length=80, unique=True, null=True, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)
    title = models.CharField(_("名称"), max_length=200)
    note = models.TextField(_("说明"), blank=True)
    sender = models.ForeignKey(
        Endpoint, on_delete=models.PROTECT, related_name="sent", verbose_name=_("发送终端")
    )
    recipient = models.ForeignKey(
        Endpoint, on_delete=models.PROTECT, related_name="received", verbose_name=_("接收终端")
    )
    size = models.BigIntegerField(_("文件大小（字节）"))
    done = models.BigIntegerField(_("已传（字节）"), default=0)
    file_sm3 = models.CharField(_("文件摘要（SM3）"), max_length=64, blank=True)
    file_id = models.CharField(_("密封文件标识"), max_length=32, blank=True)
    header_digest = models.CharField(_("文件头摘要（SM3）"), max_length=64, blank=True)
    manifest_digest = models.CharField(_("清单摘要（SM3）"), max_length=64, blank=True)
    keys = models.PositiveIntegerField(_("所用密钥数"), default=0)
    receipt = models.TextField(_("回执"), blank=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.ANNOUNCED, db_index=True
    )
    why = models.CharField(_("原因"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sealed_at = models.DateTimeField(_("密封时间"), null=True, blank=True)
    sent_at = models.DateTimeField(_("发出时间"), null=True, blank=True)
    closed_at = models.DateTimeField(_("签收或拒收时间"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("密封传送")
        verbose_name_plural = _("密封传送")
        constraints = [
            models.CheckConstraint(
                condition=Q(size__gte=0) & Q(done__gte=0) & Q(done__lte=F("size")), name="delivery_done"
            ),
            models.CheckConstraint(condition=~Q(sender=F("recipient")), name="delivery_ends"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the delivery's page."""
        return reverse("delivery_detail", args=[self.pk])

    @property
    def percent(self) -> float:
        """How much of the file has been sent, in per cent; an empty file is sent when it was sent."""
        if not self.size:
            return 100.0 if self.sent_at else 0.0
        return 100.0 * self.done / self.size


DELIVERY_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Delivery.State.ANNOUNCED: (Delivery.State.SEALED, Delivery.State.WITHDRAWN),
    Delivery.State.SEALED: (Delivery.State.SENT, Delivery.State.WITHDRAWN),
    Delivery.State.SENT: (Delivery.State.RECEIVED, Delivery.State.REFUSED),
    Delivery.State.RECEIVED: (),
    Delivery.State.REFUSED: (),
    Delivery.State.WITHDRAWN: (),
}
