"""Requests for computing (算力申请), what was granted, and the quotas of tenants and cities (配额)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.models.campus import Campus
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Sourced, Stamped


class CityQuota(Stamped):
    """What a city's tenants may use together (城市配额); GPUs in thousandths."""

    campus = models.ForeignKey(Campus, on_delete=models.CASCADE, related_name="city_quotas")
    city = models.ForeignKey(City, on_delete=models.PROTECT, verbose_name=_("城市"))
    gpu_milli = models.PositiveBigIntegerField(_("GPU（千分之一卡）"))
    borrow_milli = models.PositiveBigIntegerField(_("可借用 GPU（千分之一卡）"), default=0)

    class Meta:
        ordering = ["campus_id", "city__order"]
        verbose_name = _("城市配额")
        verbose_name_plural = _("城市配额")
        constraints = [models.UniqueConstraint(fields=["campus", "city"], name="city_quota_once")]


class Tenant(Stamped):
    """An organisation that uses the campus (租户), with its quota; made by the first grant."""

    campus = models.ForeignKey(Campus, on_delete=models.CASCADE, related_name="tenants")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="tenancies", verbose_name=_("机构")
    )
    gpu_milli = models.PositiveBigIntegerField(_("GPU 配额（千分之一卡）"), default=0)
    borrow_milli = models.PositiveBigIntegerField(_("可借用 GPU（千分之一卡）"), default=0)
    weight = models.PositiveSmallIntegerField(_("公平份额权重"), default=1)
    is_suspended = models.BooleanField(_("暂停"), default=False)
    why = models.CharField(_("暂停原因"), max_length=500, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["organisation__city__order", "organisation__name"]
        verbose_name = _("租户")
        verbose_name_plural = _("租户")
        constraints = [
            models.UniqueConstraint(fields=["campus", "organisation"], name="tenant_once"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="tenant_weight"),
        ]

    def __str__(self) -> str:
        return str(self.organisation)

    def get_absolute_url(self) -> str:
        """Address of the tenant's page."""
        return reverse("tenant_detail", args=[self.pk])


class Request(Sourced, Stamped):
    """A request for computing (算力申请) of a firm or laboratory, in the case that it serves."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待审批")
        RETURNED = "returned", _("退回修改")
        APPROVED = "approved", _("已批准")
        REJECTED = "rejected", _("未批准")
        WITHDRAWN = "withdrawn", _("已撤回")

    class Chips(models.TextChoices):
        ANY = "any", _("不限")
        DOMESTIC = "domestic", _("国产芯片")

    case = models.CharField(_("项目编号"), max_length=40, db_index=True)
    campus = models.ForeignKey(Campus, on_delete=models.PROTECT, related_name="requests")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="computing_requests", verbose_name=_("申请单位")
    )
    title = models.CharField(_("用途"), max_length=200)
    purpose = models.TextField(_("说明"), blank=True)
    gpus = models.PositiveIntegerField(_("GPU 数"))
    gpu_hours = models.PositiveBigIntegerField(_("GPU 时"))
    gpu_models = models.JSONField(_("可用型号"), default=list, blank=True)
    chips = models.CharField(_("芯片"), max_length=10, choices=Chips.choices, default=Chips.ANY)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"))
    state = models.CharField(
        _("状态"), max_length=12, choices=State.choices, default=State.DRAFT, db_index=True
    )
    why = models.CharField(_("审批意见"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    decided_at = models.DateTimeField(_("审批时间"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("算力申请")
        verbose_name_plural = _("算力申请")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="request_span"),
            models.CheckConstraint(condition=Q(gpus__gte=1) & Q(gpu_hours__gte=1), name="request_size"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the request's page."""
        return reverse("request_detail", args=[self.pk])


REQUEST_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Request.State.DRAFT: (Request.State.SUBMITTED, Request.State.WITHDRAWN),
    Request.State.SUBMITTED: (
        Request.State.APPROVED,
        Request.State.REJECTED,
        Request.State.RETURNED,
        Request.State.WITHDRAWN,
    ),
    Request.State.RETURNED: (Request.State.SUBMITTED, Request.State.WITHDRAWN),
    Request.State.APPROVED: (),
    Request.State.REJECTED: (),
    Request.State.WITHDRAWN: (),
}


class Grant(Stamped):
    """What was granted on a request (算力授予), once: so many GPU hours within a span of days."""

    class State(models.TextChoices):
        ACTIVE = "active", _("有效")
        ENDED = "ended", _("已结束")
        REVOKED = "revoked", _("已收回")

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="grant")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="grants")
    gpus = models.PositiveIntegerField(_("GPU 数"))
    # Wide: the database multiplies it by 3,600, and a month of 1,000 GPUs is 2.6 thousand million seconds.
    gpu_hours = models.PositiveBigIntegerField(_("授予 GPU 时"))
    used_seconds = models.PositiveBigIntegerField(_("已用 GPU 秒"), default=0)
    held_seconds = models.PositiveBigIntegerField(
        _("在途 GPU 秒"), default=0, help_text=_("排队与运行中的作业按估计时长占用。")
    )
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.ACTIVE)
    why = models.CharField(_("说明"), max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("算力授予")
        verbose_name_plural = _("算力授予")
        constraints = [
            # What is spent and what is promised to jobs never exceeds what was granted.
            models.CheckConstraint(
                condition=Q(gpu_hours__gte=1) & Q(held_seconds__lte=F("gpu_hours") * 3600),
                name="grant_held",
            ),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="grant_span"),
        ]


GRANT_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Grant.State.ACTIVE: (Grant.State.ENDED, Grant.State.REVOKED),
    Grant.State.ENDED: (),
    Grant.State.REVOKED: (),
}
