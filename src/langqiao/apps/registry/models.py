"""The registry (名录): cities, organisations, people and what they offer or need."""

from __future__ import annotations

import json
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.kit.models import Sourced, Stamped

_Record = TypeVar("_Record", bound=models.Model)


class Readable(json.JSONEncoder):
    """JSON that keeps Chinese as it is, so that a search within the column finds it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False})


class CurrentManager(models.Manager[_Record]):
    """Records that have not been retired: what lists, searches and references mean by "all"."""

    def get_queryset(self) -> models.QuerySet[_Record]:
        return super().get_queryset().filter(retired_at=None)


class Retirable(models.Model):
    """A record that can be retired (注销): it leaves lists and searches, the ledger still speaks of it."""

    retired_at = models.DateTimeField(_("注销时间"), null=True, blank=True, editable=False)
    retired_why = models.CharField(_("注销原因"), max_length=300, blank=True, editable=False)

    objects = CurrentManager()
    everything = models.Manager()  # noqa: DJ012  a manager, no field

    # The word of the record's pages: ``<page>_detail`` is its address.
    page: ClassVar[str]

    class Meta:
        abstract = True

    def get_absolute_url(self) -> str:
        return reverse(f"{self.page}_detail", args=[self.pk])


class City(models.Model):
    """A city of the corridor (城市); a district of a municipality may be one."""

    slug = models.SlugField(_("代号"), primary_key=True, max_length=40)
    name = models.CharField(_("名称"), max_length=40, unique=True)
    name_en = models.CharField(_("英文名"), max_length=60)
    province = models.CharField(_("省（市）"), max_length=40)
    division_code = models.CharField(_("行政区划代码"), max_length=6, unique=True)
    latitude = models.FloatField(_("纬度"))
    longitude = models.FloatField(_("经度"))
    order = models.PositiveSmallIntegerField(_("次序"), default=0)

    class Meta:
        ordering = ["order"]
        verbose_name = _("城市")
        verbose_name_plural = _("城市")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("city_detail", args=[self.slug])


class Field(models.Model):
    """An industry field of the corridor (产业领域)."""

    slug = models.SlugField(_("代号"), primary_key=True, max_length=40)
    name = models.CharField(_("名称"), max_length=40, unique=True)
    name_en = models.CharField(_("英文名"), max_length=60)
    order = models.PositiveSmallIntegerField(_("次序"), default=0)

    class Meta:
        ordering = ["order"]
        verbose_name = _("产业领域")
        verbose_name_plural = _("产业领域")

    def __str__(self) -> str:
        return self.name


class Stage(models.TextChoices):
    """How far a technology or project is (所处阶段)."""

    CONCEPT = "concept", _("概念")
    PROTOTYPE = "prototype", _("样机")
    PILOT = "pilot", _("中试")
    PRODUCTION = "production", _("量产")
    GROWTH = "growth", _("成长")


class Organisation(Retirable, Sourced, Stamped):
    """An organisation (机构) under its present name; earlier names are :class:`OrganisationName`."""

    page = "organisation"

    class Kind(models.TextChoices):
        ENTERPRISE = "enterprise", _("企业")
        UNIVERSITY = "university", _("高校")
        INSTITUTE = "institute", _("科研院所")
        LABORATORY = "laboratory", _("实验室")
        HOSPITAL = "hospital", _("医院")
        PARK = "park", _("园区")
        FUND = "fund", _("基金机构")
        VERIFICATION_CENTRE = "verification_centre", _("概念验证中心")
        OPERATOR = "operator", _("运营单位")
        GOVERNMENT = "government", _("政府部门")
        FOUNDATION = "foundation", _("基金会")

    name = models.CharField(_("名称"), max_length=200)
    name_en = models.CharField(_("英文名"), max_length=200, blank=True)
    short_name = models.CharField(_("简称"), max_length=80, blank=True)
    kind = models.CharField(_("类型"), max_length=30, choices=Kind.choices)
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, unique=True, null=True, blank=True)
    fields = models.ManyToManyField(Field, blank=True, verbose_name=_("产业领域"))
    description = models.TextField(_("简介"), blank=True)
    description_en = models.TextField(_("英文简介"), blank=True)
    website = models.CharField(_("网址"), max_length=200, blank=True)

    class Meta:
        base_manager_name = "everything"
        ordering = ["name", "id"]
        verbose_name = _("机构")
        verbose_name_plural = _("机构")

    def __str__(self) -> str:
        return self.name


class OrganisationName(models.Model):
    """A name an organisation bore for a time (曾用名)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="names")
    name = models.CharField(_("名称"), max_length=200)
    valid_from = models.DateField(_("起始日期"), null=True, blank=True)
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)

    class Meta:
        ordering = ["organisation_id", "valid_from"]
        verbose_name = _("曾用名")
        verbose_name_plural = _("曾用名")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
                name="organisation_name_dates",
            )
        ]

    def __str__(self) -> str:
        return self.name


class OrganisationRole(models.Model):
    """A part an organisation plays in the corridor for a time (机构角色), such as 联盟牵头单位."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(_("角色"), max_length=120)
    valid_from = models.DateField(_("起始日期"), null=True, blank=True)
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)
    source_url = models.CharField(_("来源地址"), max_length=500, blank=True)

    class Meta:
        ordering = ["organisation_id", "valid_from"]
        verbose_name = _("机构角色")
        verbose_name_plural = _("机构角色")

    def __str__(self) -> str:
        return self.role


class Person(Retirable, Sourced, Stamped):
    """A person as an expert (专家); evidence of what a person knows is their achievements."""

    page = "person"

    name = models.CharField(_("姓名"), max_length=80)
    name_en = models.CharField(_("英文姓名"), max_length=80, blank=True)
    title = models.CharField(_("职称"), max_length=80, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("机构"),
    )
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    fields = models.ManyToManyField(Field, blank=True, verbose_name=_("产业领域"))
    expertise = models.JSONField(_("专长"), default=list, blank=True, encoder=Readable)
    bio = models.TextField(_("简介"), blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="person"
    )

    class Meta:
        base_manager_name = "everything"
        ordering = ["name", "id"]
        verbose_name = _("专家")
        verbose_name_plural = _("专家")

    def __str__(self) -> str:
        return self.name


class Achievement(Retirable, Sourced, Stamped):
    """A scientific or technical achievement (科技成果)."""

    page = "achievement"

    class Kind(models.TextChoices):
        PAPER = "paper", _("论文")
        PATENT = "patent", _("专利")
        PROTOTYPE = "prototype", _("样机")
        TECHNOLOGY = "technology", _("技术")

    class Licence(models.TextChoices):
        EXCLUSIVE = "exclusive", _("独占许可")
        NON_EXCLUSIVE = "non_exclusive", _("普通许可")
        TRANSFER = "transfer", _("转让")
        OPEN = "open", _("开放许可")
        NEGOTIABLE = "negotiable", _("面议")

    kind = models.CharField(_("类型"), max_length=20, choices=Kind.choices)
    title = models.CharField(_("名称"), max_length=500)
    abstract = models.TextField(_("摘要"), blank=True)
    keywords = models.JSONField(_("关键词"), default=list, blank=True, encoder=Readable)
    field = models.ForeignKey(
        Field, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("产业领域")
    )
    discipline = models.CharField(_("学科"), max_length=80, blank=True)
    trl = models.PositiveSmallIntegerField(_("技术就绪度（TRL）"), null=True, blank=True)
    owner = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="achievements",
        verbose_name=_("权属单位"),
    )  # fmt: skip
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    date = models.DateField(_("日期"), null=True, blank=True)
    people = models.ManyToManyField(Person, blank=True, related_name="achievements", verbose_name=_("完成人"))
    licence = models.CharField(_("许可方式"), max_length=20, choices=Licence.choices, blank=True)
    language = models.CharField(_("语言"), max_length=10, blank=True)

    class Meta:
        base_manager_name = "everything"
        ordering = ["-date", "-id"]
        verbose_name = _("成果")
        verbose_name_plural = _("成果")
        # Counts those not retired and gives the newest without sorting 200,000 rows; partial, so that
        # a list in another order is not lured into it (4 s instead of 0.1 s by key, SQLite).
        indexes = [
            models.Index(fields=["-date", "-id"], condition=Q(retired_at=None), name="achievement_newest")
        ]
        constraints = [
            models.CheckConstraint(condition=Q(trl=None) | Q(trl__gte=1, trl__lte=9), name="achievement_trl")
        ]

    def __str__(self) -> str:
        return self.title


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
