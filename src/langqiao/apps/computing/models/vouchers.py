"""Compute vouchers (算力券): the schemes of cities, vouchers of firms, and what they paid for."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Sourced, Stamped


class Scheme(Sourced, Stamped):
    """A city's voucher scheme (算力券政策); money in yuan (元), shares in per cent of the rent."""

    city = models.ForeignKey(City, on_delete=models.PROTECT, verbose_name=_("城市"), null=True, blank=True)
    area = models.CharField(
        _("适用地区"), max_length=60, blank=True, help_text=_("大于走廊城市的地区，如上海市。")
    )
    name = models.CharField(_("名称"), max_length=160)
    share_domestic = models.PositiveSmallIntegerField(_("国产芯片补助比例上限（%）"))
    share_other = models.PositiveSmallIntegerField(_("其他芯片补助比例上限（%）"))
    cap_firm_year = models.DecimalField(
        _("每企业每年上限（元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    pool_year = models.DecimalField(
        _("年度总额（元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    pool_total = models.DecimalField(_("总额（元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    starts_on = models.DateField(_("生效日"))
    ends_on = models.DateField(_("失效日"), null=True, blank=True)

    class Meta:
        ordering = ["city__order", "-starts_on"]
        verbose_name = _("算力券政策")
        verbose_name_plural = _("算力券政策")
        constraints = [
            models.CheckConstraint(
                condition=Q(share_domestic__lte=100) & Q(share_other__lte=100), name="scheme_share"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the scheme's page."""
        return reverse("scheme_detail", args=[self.pk])


class Voucher(Stamped):
    """A voucher (算力券) of a firm; what it has paid never exceeds its amount."""

    class State(models.TextChoices):
        ISSUED = "issued", _("已发放")
        REVOKED = "revoked", _("已收回")

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="vouchers")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="vouchers", verbose_name=_("企业")
    )
    number = models.CharField(_("券号"), max_length=40, unique=True)
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2)
    spent = models.DecimalField(_("已核销（元）"), max_digits=14, decimal_places=2, default=0)
    domestic_only = models.BooleanField(_("仅限国产芯片"), default=False)
    issued_on = models.DateField(_("发放日"))
    expires_on = models.DateField(_("有效期至"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.ISSUED)
    why = models.CharField(_("收回原因"), max_length=500, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["-issued_on", "-id"]
        verbose_name = _("算力券")
        verbose_name_plural = _("算力券")
        constraints = [
            models.CheckConstraint(
                condition=Q(spent__gte=0) & Q(spent__lte=F("amount")), name="voucher_spent"
            ),
            models.CheckConstraint(condition=Q(expires_on__gte=F("issued_on")), name="voucher_term"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """Address of the voucher's page."""
        return reverse("voucher_detail", args=[self.pk])
