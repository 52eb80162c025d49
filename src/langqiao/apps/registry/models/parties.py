"""Organisations (机构), people (专家) and their achievements (成果)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models.base import City, Field, Readable, Retirable
from langqiao.kit.models import Sourced, Stamped


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
