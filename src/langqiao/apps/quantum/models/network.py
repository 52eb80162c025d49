"""Sites (站点) with their key-management entities, links (链路) between them, and readings of key pools."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Sourced, Stamped
from langqiao.kit.words import named

QBER_AT_MOST = 0.5  # bits that say nothing of each other


class Site(Sourced, Stamped):
    """A place with a key-management entity (密钥管理实体, KME), run by one operator."""

    class State(models.TextChoices):
        ACTIVE = "active", _("在用")
        SUSPENDED = "suspended", _("停用")

    slug = models.CharField(
        _("代号"), max_length=40, unique=True, help_text=_("规划中的节点名：字母、数字与下划线。")
    )
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名"), max_length=120, blank=True)
    city = models.ForeignKey(
        City, on_delete=models.PROTECT, related_name="quantum_sites", verbose_name=_("城市")
    )
    operator = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="quantum_sites", verbose_name=_("运营单位")
    )
    kme_id = models.CharField(_("KME 标识"), max_length=80, blank=True)
    kme_url = models.CharField(
        _("KME 地址"), max_length=200, blank=True, help_text=_("https:// 开头；仅运营方与联席办可见。")
    )
    trusted = models.BooleanField(
        _("可信中继"), default=True, help_text=_("可信中继可以转发其他站点之间的密钥。")
    )
    state = models.CharField(
        _("状态"), max_length=12, choices=State.choices, default=State.ACTIVE, db_index=True
    )
    state_why = models.CharField(_("状态说明"), max_length=500, blank=True)

    class Meta:
        ordering = ["city__order", "slug"]
        verbose_name = _("量子站点")
        verbose_name_plural = _("量子站点")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the site's page."""
        return reverse("site_detail", args=[self.pk])


class Link(Sourced, Stamped):
    """Fibre with quantum equipment between two sites; ``a`` is the one registered earlier."""

    class Equipment(models.TextChoices):
        A = "a", _("设备组 A（40 MHz，探测效率 10%）")
        B = "b", _("设备组 B（625 MHz，探测效率 20%）")

    class Basis(models.TextChoices):
        PUBLISHED = "published", _("已公布")
        ASSUMED = "assumed", _("假设")

    class State(models.TextChoices):
        UP = "up", _("可用")
        DOWN = "down", _("中断")

    a = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="links_a", verbose_name=_("一端"))
    b = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="links_b", verbose_name=_("另一端"))
    fibre_km = models.FloatField(_("光纤长度（km）"), validators=[MinValueValidator(0.1)])
    spans = models.PositiveSmallIntegerField(
        _("光纤段数"), default=1, help_text=_("段与段之间为可信中继；按等长计算。")
    )
    systems = models.PositiveSmallIntegerField(_("并行设备数"), default=1)
    equipment = models.CharField(
        _("设备"), max_length=4, choices=Equipment.choices, default=Equipment.A,
        help_text=_("示意参数，不是任何产品的数据。"),
    )  # fmt: skip
    measured_bps = models.FloatField(
        _("实测成码率（bit/s）"), null=True, blank=True, help_text=_("填写后以实测为准，不再按模型计算。")
    )
    basis = models.CharField(_("依据"), max_length=10, choices=Basis.choices, default=Basis.ASSUMED)
    basis_why = models.CharField(_("依据说明"), max_length=500, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.UP, db_index=True)
    state_why = models.CharField(_("状态说明"), max_length=500, blank=True)

    class Meta:
        ordering = ["a__city__order", "b__city__order", "id"]
        verbose_name = _("量子链路")
        verbose_name_plural = _("量子链路")
        constraints = [
            models.UniqueConstraint(fields=["a", "b"], name="qlink_once"),
            models.CheckConstraint(condition=Q(a__lt=F("b")), name="qlink_ends"),
            models.CheckConstraint(
                condition=Q(fibre_km__gt=0) & Q(spans__gte=1) & Q(systems__gte=1), name="qlink_sizes"
            ),
        ]

    def __str__(self) -> str:
        return f"{named(self.a)}–{named(self.b)}"

    def get_absolute_url(self) -> str:
        """Address of the link's page."""
        return reverse("link_detail", args=[self.pk])

    @property
    def key(self) -> tuple[str, str]:
        """The two ends in alphabetical order, as plans name a link."""
        first, second = sorted((self.a.slug, self.b.slug))
        return first, second


class Reading(models.Model):
    """What the KME at one end of a link said of the key pool (密钥池读数), or that it did not answer.

    Pools are in bits, rates in bits a second. ``qber`` is the quantum bit error rate (量子误码率), a fraction
    from 0 to 0.5; None where it was not reported.
    """

    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="readings")
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="readings", verbose_name=_("应答站点")
    )
    at = models.DateTimeField(_("时间"))
    reachable = models.BooleanField(_("可达"))
    stored_bits = models.BigIntegerField(_("存量（bit）"), null=True, blank=True)
    capacity_bits = models.BigIntegerField(_("容量（bit）"), null=True, blank=True)
    generated_bps = models.FloatField(_("生成（bit/s）"), null=True, blank=True)
    consumed_bps = models.FloatField(_("消耗（bit/s）"), null=True, blank=True)
    qber = models.FloatField(_("量子误码率"), null=True, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("密钥池读数")
        verbose_name_plural = _("密钥池读数")
        indexes = [
            models.Index(fields=["link", "site", "at"], name="qreading_of"),
            # Few readings may bear an error rate; the newest that does is found without passing the others.
            models.Index(
                fields=["link", "site", "at"], condition=Q(qber__isnull=False), name="qreading_qber_of"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["link", "site", "at"], name="qreading_once"),
            models.CheckConstraint(
                condition=Q(reachable=False)
                | (Q(stored_bits__gte=0) & Q(capacity_bits__gt=0) & Q(stored_bits__lte=F("capacity_bits"))),
                name="qreading_pool",
            ),
            models.CheckConstraint(
                condition=Q(qber__isnull=True) | (Q(qber__gte=0) & Q(qber__lte=QBER_AT_MOST)),
                name="qreading_qber",
            ),
        ]

    @property
    def level(self) -> float | None:
        """How full the pool is in per cent; None where the KME did not answer."""
        if self.stored_bits is None or not self.capacity_bits:
            return None
        return 100.0 * self.stored_bits / self.capacity_bits
