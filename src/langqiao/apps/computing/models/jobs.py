"""Jobs (作业), the places they hold, what they used, and the bills (账单) for it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.computing.models.campus import Campus, Server
from langqiao.apps.computing.models.sharing import Grant, Tenant
from langqiao.apps.computing.models.vouchers import Voucher
from langqiao.kit.models import Stamped


class Job(Stamped):
    """A job (作业) under a grant: ``count`` equal parts that run together or not at all (成组)."""

    class State(models.TextChoices):
        QUEUED = "queued", _("排队")
        RUNNING = "running", _("运行")
        DONE = "done", _("完成")
        FAILED = "failed", _("失败")
        CANCELLED = "cancelled", _("已取消")

    case = models.CharField(_("项目编号"), max_length=40, db_index=True)
    campus = models.ForeignKey(Campus, on_delete=models.PROTECT, related_name="jobs")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="jobs")
    name = models.CharField(_("名称"), max_length=120)
    cpu_milli = models.PositiveIntegerField(_("处理器（千分之一核）"))
    memory_mib = models.PositiveIntegerField(_("内存（MiB）"))
    gpus = models.PositiveSmallIntegerField(_("GPU 数"))
    gpu_milli = models.PositiveSmallIntegerField(_("每卡份额（千分之一）"), default=1000)
    gpu_models = models.JSONField(_("可用型号"), default=list, blank=True)
    domestic_only = models.BooleanField(_("仅限国产芯片"), default=False)
    count = models.PositiveSmallIntegerField(_("成组数"), default=1)
    estimate = models.PositiveIntegerField(_("估计时长（秒）"))
    priority = models.SmallIntegerField(_("优先级"), default=0)
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.QUEUED, db_index=True
    )
    preempted = models.PositiveSmallIntegerField(_("被抢占次数"), default=0)
    # Where a cluster runs the jobs: the batch script, how often the job was started, and whether the cluster
    # has yet to start it (use counts from then on).
    script = models.TextField(_("批处理脚本"), blank=True)
    starts = models.PositiveIntegerField(_("开始次数"), default=0)
    awaits_cluster = models.BooleanField(_("等待集群开始"), default=False)
    # Notice of displacement (让出通知): it runs on until then, and gives way to that job.
    displace_at = models.DateTimeField(_("让出时间"), null=True, blank=True)
    gives_way_to = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="waits_for",
        verbose_name=_("让给"),
    )  # fmt: skip
    why = models.CharField(_("说明"), max_length=500, blank=True)
    token = models.CharField(_("提交凭号"), max_length=40, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    submitted_at = models.DateTimeField(_("提交时间"))
    started_at = models.DateTimeField(_("开始时间"), null=True, blank=True)
    ended_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("作业")
        verbose_name_plural = _("作业")
        constraints = [
            models.CheckConstraint(
                condition=Q(gpu_milli__gte=1) & Q(gpu_milli__lte=1000) & Q(count__gte=1) & Q(gpus__gte=1),
                name="job_size",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the job's page."""
        return reverse("job_detail", args=[self.pk])

    @property
    def whole_milli(self) -> int:
        """GPU thousandths of all parts together."""
        return self.count * self.gpus * self.gpu_milli


JOB_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Job.State.QUEUED: (Job.State.RUNNING, Job.State.CANCELLED, Job.State.FAILED),
    # Back to the queue when it is preempted (抢占) or its server fails.
    Job.State.RUNNING: (Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED, Job.State.QUEUED),
    Job.State.DONE: (),
    Job.State.FAILED: (),
    Job.State.CANCELLED: (),
}


class Slot(models.Model):
    """A part of a GPU that a running job holds (占用); gone when the job stops."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="slots")
    part = models.PositiveSmallIntegerField(_("成组序号"))
    server = models.ForeignKey(Server, on_delete=models.PROTECT, related_name="slots")
    gpu = models.PositiveSmallIntegerField(_("GPU 序号"))
    milli = models.PositiveSmallIntegerField(_("千分之一卡"))

    class Meta:
        ordering = ["job_id", "part", "gpu"]
        verbose_name = _("占用")
        verbose_name_plural = _("占用")
        constraints = [
            models.UniqueConstraint(fields=["job", "part", "server", "gpu"], name="slot_once"),
            models.CheckConstraint(condition=Q(milli__gte=1) & Q(milli__lte=1000), name="slot_milli"),
        ]


class Price(Stamped):
    """What a GPU hour of a model costs from a day on (价目), in yuan."""

    campus = models.ForeignKey(Campus, on_delete=models.CASCADE, related_name="prices")
    gpu_model = models.CharField(_("GPU 型号"), max_length=40)
    from_on = models.DateField(_("起始日"))
    yuan_hour = models.DecimalField(_("单价（元/GPU 时）"), max_digits=10, decimal_places=4)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["campus_id", "gpu_model", "-from_on"]
        verbose_name = _("价目")
        verbose_name_plural = _("价目")
        constraints = [
            models.UniqueConstraint(fields=["campus", "gpu_model", "from_on"], name="price_once"),
        ]


class Usage(models.Model):
    """One run of a job (用量): from its start to its end, preemption or failure; written when it stops."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="usage")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="usage")
    gpu_model = models.CharField(_("GPU 型号"), max_length=40)
    is_domestic = models.BooleanField(_("国产芯片"), default=False)
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    gpu_seconds = models.DecimalField(_("GPU 秒"), max_digits=16, decimal_places=3)
    bill = models.ForeignKey("Bill", on_delete=models.SET_NULL, null=True, blank=True, related_name="usage")

    class Meta:
        ordering = ["-id"]
        verbose_name = _("用量")
        verbose_name_plural = _("用量")
        constraints = [
            models.UniqueConstraint(fields=["job", "gpu_model", "starts_at"], name="usage_once"),
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="usage_span"),
        ]


class Bill(Stamped):
    """A tenant's bill of a month (账单), in yuan; made once, paid partly by vouchers."""

    class State(models.TextChoices):
        OPEN = "open", _("待支付")
        SETTLED = "settled", _("已结清")

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="bills")
    month = models.DateField(_("月份"), help_text=_("当月一日。"))
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2)
    by_voucher = models.DecimalField(_("算力券支付（元）"), max_digits=14, decimal_places=2, default=0)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)

    class Meta:
        ordering = ["-month", "tenant_id"]
        verbose_name = _("账单")
        verbose_name_plural = _("账单")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "month"], name="bill_once"),
            models.CheckConstraint(
                condition=Q(by_voucher__gte=0) & Q(by_voucher__lte=F("amount")), name="bill_voucher"
            ),
        ]

    def get_absolute_url(self) -> str:
        """Address of the bill's page."""
        return reverse("bill_detail", args=[self.pk])


class BillLine(models.Model):
    """A line of a bill: the GPU hours of one model at one price."""

    bill = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="lines")
    gpu_model = models.CharField(_("GPU 型号"), max_length=40)
    is_domestic = models.BooleanField(_("国产芯片"), default=False)
    gpu_hours = models.DecimalField(_("GPU 时"), max_digits=14, decimal_places=4)
    yuan_hour = models.DecimalField(_("单价（元/GPU 时）"), max_digits=10, decimal_places=4)
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2)

    class Meta:
        ordering = ["bill_id", "gpu_model", "id"]
        verbose_name = _("账单明细")
        verbose_name_plural = _("账单明细")


class Redemption(models.Model):
    """What a voucher paid of a bill (核销), once for each pair."""

    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="redemptions")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="redemptions")
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("核销")
        verbose_name_plural = _("核销")
        constraints = [
            models.UniqueConstraint(fields=["voucher", "bill"], name="redemption_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="redemption_amount"),
        ]
