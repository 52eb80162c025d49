"""The campus (算力园区): buildings, halls, racks, servers, and what is claimed and read of it."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Sourced, Stamped


class Campus(Sourced, Stamped):
    """A computing centre (智算中心), of one operator."""

    class Runner(models.TextChoices):
        """What runs the jobs that a round starts, and says when they have ended."""

        REPORTS = "reports", _("由运营方登记")
        SLURM = "slurm", _("Slurm 集群")

    name = models.CharField(_("名称"), max_length=120, unique=True)
    name_en = models.CharField(_("英文名"), max_length=160, blank=True)
    operator = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="campuses", verbose_name=_("运营单位")
    )
    city = models.ForeignKey(City, on_delete=models.PROTECT, verbose_name=_("城市"))
    pue_limit = models.DecimalField(
        _("PUE 限值"), max_digits=4, decimal_places=3, default="1.250",
        help_text=_("长三角枢纽节点要求不高于 1.25。"),
    )  # fmt: skip
    use_floor = models.DecimalField(
        _("上架率下限（%）"), max_digits=5, decimal_places=2, default="65.00",
        help_text=_("长三角枢纽节点要求不低于 65%。"),
    )  # fmt: skip
    grace_seconds = models.PositiveIntegerField(_("抢占宽限（秒）"), default=300)
    runner = models.CharField(_("作业执行"), max_length=10, choices=Runner.choices, default=Runner.REPORTS)

    class Meta:
        ordering = ["id"]
        verbose_name = _("算力园区")
        verbose_name_plural = _("算力园区")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the campus's page."""
        return reverse("campus_detail", args=[self.pk])


class Claim(Stamped):
    """A dated statement about the campus (公开说法); those that conflict stand side by side, unmerged."""

    class Quantity(models.TextChoices):
        BUILDINGS_PLANNED = "buildings_planned", _("规划楼数")
        BUILDINGS_DELIVERED = "buildings_delivered", _("已交付楼数")
        BUILDINGS_DUE = "buildings_due", _("年内拟交付楼数")
        RACKS = "racks", _("机架数")
        RACK_POWER = "rack_power", _("单机架功率")
        INVESTMENT = "investment", _("总投资")
        FLOOR_AREA = "floor_area", _("建筑面积")
        LAND_AREA = "land_area", _("用地面积")
        START = "start", _("开工")

    campus = models.ForeignKey(Campus, on_delete=models.CASCADE, related_name="claims")
    quantity = models.CharField(_("事项"), max_length=24, choices=Quantity.choices)
    value = models.DecimalField(_("数值"), max_digits=16, decimal_places=3, null=True, blank=True)
    at_least = models.BooleanField(_("以上"), default=False)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    happened_on = models.DateField(_("事件日期"), null=True, blank=True)
    stated_on = models.CharField(
        _("发布时间"), max_length=10, help_text=_("年、年月或年月日，按来源写明的精度。")
    )
    source_name = models.CharField(_("来源"), max_length=200)
    source_url = models.CharField(_("来源地址"), max_length=500, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["campus_id", "quantity", "stated_on", "id"]
        verbose_name = _("公开说法")
        verbose_name_plural = _("公开说法")


class Assumption(Stamped):
    """A named assumption (假设) behind a plan: a low, a middle and a high value, and why."""

    campus = models.ForeignKey(Campus, on_delete=models.CASCADE, related_name="assumptions")
    key = models.SlugField(_("代号"), max_length=40)
    name = models.CharField(_("名称"), max_length=120)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    low = models.FloatField(_("低"))
    middle = models.FloatField(_("中"))
    high = models.FloatField(_("高"))
    why = models.CharField(_("依据"), max_length=500)

    class Meta:
        ordering = ["campus_id", "key"]
        verbose_name = _("假设")
        verbose_name_plural = _("假设")
        constraints = [
            models.UniqueConstraint(fields=["campus", "key"], name="assumption_once"),
            models.CheckConstraint(
                condition=Q(low__lte=F("middle")) & Q(middle__lte=F("high")), name="assumption_order"
            ),
        ]


class Building(Sourced, Stamped):
    """A building (机房楼) with the dates on which it is or was to be delivered."""

    campus = models.ForeignKey(Campus, on_delete=models.CASCADE, related_name="buildings")
    number = models.PositiveSmallIntegerField(_("楼号"))
    name = models.CharField(_("名称"), max_length=80, blank=True)
    racks_designed = models.PositiveIntegerField(_("设计机架数"))
    planned_on = models.DateField(_("计划交付"), null=True, blank=True)
    delivered_on = models.DateField(_("实际交付"), null=True, blank=True)

    class Meta:
        ordering = ["campus_id", "number"]
        verbose_name = _("机房楼")
        verbose_name_plural = _("机房楼")
        constraints = [models.UniqueConstraint(fields=["campus", "number"], name="building_once")]

    def __str__(self) -> str:
        return self.name or _("%(number)s 号楼") % {"number": self.number}

    def get_absolute_url(self) -> str:
        """Address of the building's page."""
        return reverse("building_detail", args=[self.pk])


class Hall(Stamped):
    """A machine hall (机房) of a building; power and cooling in kW of IT load."""

    building = models.ForeignKey(Building, on_delete=models.CASCADE, related_name="halls")
    name = models.CharField(_("名称"), max_length=40)
    racks = models.PositiveIntegerField(_("机架位"))
    power_kw = models.FloatField(_("供电能力（kW）"), validators=[MinValueValidator(0)])
    cooling_kw = models.FloatField(_("制冷能力（kW）"), validators=[MinValueValidator(0)])
    derating = models.PositiveSmallIntegerField(
        _("降额（%）"), default=0, validators=[MaxValueValidator(100)]
    )
    is_assumed = models.BooleanField(_("按假设填写"), default=True)

    class Meta:
        ordering = ["building_id", "name"]
        verbose_name = _("机房")
        verbose_name_plural = _("机房")
        constraints = [
            models.UniqueConstraint(fields=["building", "name"], name="hall_once"),
            models.CheckConstraint(condition=Q(derating__lte=100), name="hall_derating"),
            models.CheckConstraint(condition=Q(power_kw__gte=0) & Q(cooling_kw__gte=0), name="hall_power"),
        ]

    def __str__(self) -> str:
        return self.name


class Rack(models.Model):
    """A rack (机架) in a row (列) of a hall."""

    hall = models.ForeignKey(Hall, on_delete=models.CASCADE, related_name="standing")
    row = models.CharField(_("列"), max_length=20)
    name = models.CharField(_("机架"), max_length=40)
    power_kw = models.FloatField(_("额定功率（kW）"), validators=[MinValueValidator(0)])

    class Meta:
        ordering = ["hall_id", "row", "name"]
        verbose_name = _("机架")
        verbose_name_plural = _("机架")
        constraints = [models.UniqueConstraint(fields=["hall", "row", "name"], name="rack_once")]

    def __str__(self) -> str:
        return self.name


class Server(Stamped):
    """A server (服务器) with its GPUs; a node of the scheduling engine."""

    class State(models.TextChoices):
        READY = "ready", _("在用")
        DRAINING = "draining", _("腾空中")
        MAINTENANCE = "maintenance", _("维护")
        FAILED = "failed", _("故障")
        RETIRED = "retired", _("退役")

    rack = models.ForeignKey(Rack, on_delete=models.PROTECT, related_name="servers", verbose_name=_("机架"))
    name = models.CharField(_("名称"), max_length=80, unique=True)
    cpu_milli = models.PositiveIntegerField(_("处理器（千分之一核）"))
    memory_mib = models.PositiveIntegerField(_("内存（MiB）"))
    gpus = models.PositiveSmallIntegerField(_("GPU 数"), default=0)
    gpu_model = models.CharField(_("GPU 型号"), max_length=40, blank=True)
    is_domestic = models.BooleanField(_("国产芯片"), default=False)
    switch = models.CharField(_("接入交换机"), max_length=40, blank=True)
    state = models.CharField(
        _("状态"), max_length=12, choices=State.choices, default=State.READY, db_index=True
    )
    state_why = models.CharField(_("状态说明"), max_length=300, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["name"]
        verbose_name = _("服务器")
        verbose_name_plural = _("服务器")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the server's page."""
        return reverse("server_detail", args=[self.pk])


SERVER_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Server.State.READY: (Server.State.DRAINING, Server.State.MAINTENANCE, Server.State.FAILED),
    Server.State.DRAINING: (Server.State.READY, Server.State.MAINTENANCE, Server.State.FAILED),
    Server.State.MAINTENANCE: (Server.State.READY, Server.State.FAILED, Server.State.RETIRED),
    Server.State.FAILED: (Server.State.READY, Server.State.MAINTENANCE, Server.State.RETIRED),
    Server.State.RETIRED: (),
}


class Reading(Sourced, Stamped):
    """Energy of a month or other span (能耗读数); PUE is the facility's energy over that of the IT."""

    class Basis(models.TextChoices):
        METERED = "metered", _("计量")
        ASSUMED = "assumed", _("假设")

    campus = models.ForeignKey(Campus, on_delete=models.CASCADE, related_name="readings")
    building = models.ForeignKey(
        Building, on_delete=models.CASCADE, null=True, blank=True, related_name="readings",
        verbose_name=_("机房楼"),
    )  # fmt: skip
    starts_on = models.DateField(_("起始日"))
    ends_on = models.DateField(_("截止日"))
    facility_kwh = models.FloatField(_("总耗电（kWh）"), validators=[MinValueValidator(0)])
    it_kwh = models.FloatField(_("IT 耗电（kWh）"), validators=[MinValueValidator(0)])
    green_kwh = models.FloatField(_("其中绿电（kWh）"), null=True, blank=True)
    basis = models.CharField(_("依据"), max_length=10, choices=Basis.choices)

    class Meta:
        ordering = ["campus_id", "starts_on", "id"]
        verbose_name = _("能耗读数")
        verbose_name_plural = _("能耗读数")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="reading_span"),
            models.CheckConstraint(
                condition=Q(it_kwh__gt=0) & Q(facility_kwh__gte=F("it_kwh")), name="reading_energy"
            ),
        ]

    @property
    def pue(self) -> float:
        """Power usage effectiveness (电能利用效率) of the span."""
        return self.facility_kwh / self.it_kwh
