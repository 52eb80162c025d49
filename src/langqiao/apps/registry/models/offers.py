"""What organisations offer and need: facilities, finance, talent, training, products, programmes."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models.base import City, Field, Readable, Retirable
from langqiao.apps.registry.models.parties import Organisation
from langqiao.kit.models import Sourced, Stamped


class Facility(Retirable, Sourced, Stamped):
    """A shared facility or instrument (仪器设施)."""

    page = "facility"

    class Kind(models.TextChoices):
        INSTRUMENT = "instrument", _("仪器")
        FACILITY = "facility", _("设施")
        TESTBED = "testbed", _("试验平台")
        PILOT_LINE = "pilot_line", _("中试线")

    name = models.CharField(_("名称"), max_length=200)
    kind = models.CharField(_("类型"), max_length=20, choices=Kind.choices)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="facilities",
        verbose_name=_("所属机构"),
    )  # fmt: skip
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    description = models.TextField(_("说明"), blank=True)
    fields = models.ManyToManyField(Field, blank=True, verbose_name=_("产业领域"))
    open_to = models.CharField(_("开放范围"), max_length=80, blank=True)
    fee = models.CharField(_("收费"), max_length=120, blank=True)

    class Meta:
        base_manager_name = "everything"
        ordering = ["name", "id"]
        verbose_name = _("仪器设施")
        verbose_name_plural = _("仪器设施")

    def __str__(self) -> str:
        return self.name


class Finance(Retirable, Sourced, Stamped):
    """A fund, voucher, loan or grant (科技金融产品) and what it finances; no city or field means all."""

    page = "finance"

    class Kind(models.TextChoices):
        FUND = "fund", _("基金")
        VOUCHER = "voucher", _("创新券")
        LOAN = "loan", _("贷款")
        GRANT = "grant", _("资助")

    name = models.CharField(_("名称"), max_length=200)
    kind = models.CharField(_("类型"), max_length=20, choices=Kind.choices)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="finance",
        verbose_name=_("提供机构"),
    )  # fmt: skip
    cities = models.ManyToManyField(City, blank=True, verbose_name=_("服务城市"))
    fields = models.ManyToManyField(Field, blank=True, verbose_name=_("产业领域"))
    stages = models.JSONField(_("适用阶段"), default=list, blank=True, encoder=Readable)
    amount_min = models.DecimalField(
        _("最低金额（万元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    amount_max = models.DecimalField(
        _("最高金额（万元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    description = models.TextField(_("支持内容"), blank=True)

    class Meta:
        base_manager_name = "everything"
        ordering = ["name", "id"]
        verbose_name = _("金融产品")
        verbose_name_plural = _("金融产品")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_min=None) | Q(amount_max=None) | Q(amount_max__gte=F("amount_min")),
                name="finance_amounts",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TalentDemand(Retirable, Sourced, Stamped):
    """Positions in short supply (高精尖缺人才需求)."""

    page = "talent"

    class Level(models.TextChoices):
        HIGH = "高", _("高层次")
        PRECISE = "精", _("精专")
        TOP = "尖", _("拔尖")
        SCARCE = "缺", _("紧缺")

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="talent_demand",
        verbose_name=_("机构"),
    )  # fmt: skip
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    position = models.CharField(_("岗位"), max_length=200)
    field = models.ForeignKey(
        Field, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("产业领域")
    )
    number = models.PositiveIntegerField(_("人数"), default=1)
    skills = models.JSONField(_("技能"), default=list, blank=True, encoder=Readable)
    level = models.CharField(_("层次"), max_length=4, choices=Level.choices)
    description = models.TextField(_("说明"), blank=True)

    class Meta:
        base_manager_name = "everything"
        ordering = ["position", "id"]
        verbose_name = _("人才需求")
        verbose_name_plural = _("人才需求")

    def __str__(self) -> str:
        return self.position


class Training(Retirable, Sourced, Stamped):
    """A training programme (人才培养): engineers' college, postdoctoral station, joint training."""

    page = "training"

    class Kind(models.TextChoices):
        ENGINEERS_COLLEGE = "engineers_college", _("卓越工程师学院")
        POSTDOCTORAL_STATION = "postdoctoral_station", _("博士后工作站")
        JOINT_GRADUATE = "joint_graduate", _("联合培养")

    name = models.CharField(_("名称"), max_length=200)
    kind = models.CharField(_("类型"), max_length=30, choices=Kind.choices)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="training",
        verbose_name=_("机构"),
    )  # fmt: skip
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    fields = models.ManyToManyField(Field, blank=True, verbose_name=_("产业领域"))
    places = models.PositiveIntegerField(_("名额"), null=True, blank=True)
    description = models.TextField(_("说明"), blank=True)

    class Meta:
        base_manager_name = "everything"
        ordering = ["name", "id"]
        verbose_name = _("人才培养")
        verbose_name_plural = _("人才培养")

    def __str__(self) -> str:
        return self.name


class Product(Retirable, Sourced, Stamped):
    """What a firm makes or needs to buy, with its place in an industry chain (产品与配套需求)."""

    page = "product"

    class Direction(models.TextChoices):
        PRODUCT = "product", _("产品")
        NEED = "need", _("配套需求")

    class Tier(models.TextChoices):
        UPSTREAM = "upstream", _("上游")
        MIDSTREAM = "midstream", _("中游")
        DOWNSTREAM = "downstream", _("下游")

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="products", verbose_name=_("企业")
    )
    name = models.CharField(_("名称"), max_length=200)
    description = models.TextField(_("说明"), blank=True)
    direction = models.CharField(_("类别"), max_length=10, choices=Direction.choices)
    field = models.ForeignKey(
        Field, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("产业领域")
    )
    tier = models.CharField(_("产业链位置"), max_length=12, choices=Tier.choices, blank=True)
    chain = models.CharField(_("产业链"), max_length=80, blank=True)

    class Meta:
        base_manager_name = "everything"
        ordering = ["name", "id"]
        verbose_name = _("产品与配套需求")
        verbose_name_plural = _("产品与配套需求")

    def __str__(self) -> str:
        return self.name


class Programme(Retirable, Sourced, Stamped):
    """A programme of the corridor (走廊专项): an alliance, a selection, a plan, with stated figures."""

    page = "programme"

    class Kind(models.TextChoices):
        ALLIANCE = "alliance", _("产业联盟")
        SELECTION = "selection", _("遴选")
        CONFERENCE = "conference", _("联席会议")
        THINK_TANK = "think_tank", _("智库")
        SCENARIO = "scenario", _("应用场景")
        COMPUTING = "computing", _("算力")
        AUCTION = "auction", _("成果拍卖")
        VOUCHER = "voucher", _("创新券")
        PLAN = "plan", _("规划")

    name = models.CharField(_("名称"), max_length=200)
    name_en = models.CharField(_("英文名"), max_length=200, blank=True)
    kind = models.CharField(_("类型"), max_length=20, choices=Kind.choices)
    date = models.CharField(_("日期"), max_length=20, blank=True)
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    lead = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="programmes",
        verbose_name=_("牵头单位"),
    )  # fmt: skip
    fields = models.ManyToManyField(Field, blank=True, verbose_name=_("产业领域"))
    description = models.TextField(_("说明"), blank=True)
    description_en = models.TextField(_("英文说明"), blank=True)
    # Each figure: label, label_en, value, unit, date, source_url.
    figures = models.JSONField(_("公布数据"), default=list, blank=True, encoder=Readable)

    class Meta:
        base_manager_name = "everything"
        ordering = ["-date", "name", "id"]
        verbose_name = _("走廊专项")
        verbose_name_plural = _("走廊专项")

    def __str__(self) -> str:
        return self.name
