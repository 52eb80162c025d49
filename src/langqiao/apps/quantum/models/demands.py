"""Scenarios (应用场景) of the quantum network, and the key they need between two sites (密钥需求)."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.quantum.models.network import Site
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Sourced, Stamped


class Scenario(Sourced, Stamped):
    """A use of the network (应用场景): published with its source, or illustrative (示例)."""

    class Kind(models.TextChoices):
        FILM = "film", _("影视")
        DATA = "data", _("数据传输")
        GOVERNMENT = "government", _("政务")
        FINANCE = "finance", _("金融")
        INDUSTRY = "industry", _("制造")
        NETWORK = "network", _("组网")
        OTHER = "other", _("其他")

    title = models.CharField(_("场景"), max_length=200)
    title_en = models.CharField(_("英文名"), max_length=240, blank=True)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices, default=Kind.OTHER, db_index=True)
    summary = models.TextField(_("概述"), blank=True)
    summary_en = models.TextField(_("英文概述"), blank=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="quantum_scenarios",
        verbose_name=_("单位"),
    )  # fmt: skip
    cities = models.ManyToManyField(
        City, blank=True, related_name="quantum_scenarios", verbose_name=_("城市")
    )

    class Meta:
        ordering = ["-source_date", "id"]
        verbose_name = _("量子应用场景")
        verbose_name_plural = _("量子应用场景")

    def __str__(self) -> str:
        return self.title

    @property
    def name_en(self) -> str:
        """The English name, where one is known."""
        return self.title_en

    def get_absolute_url(self) -> str:
        """Address of the scenario's page."""
        return reverse("scenario_detail", args=[self.pk])


class Demand(Stamped):
    """Key that an organisation needs between two sites for a time; ``bps`` in bits a second."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待审核")
        ADMITTED = "admitted", _("已接纳")
        REFUSED = "refused", _("未接纳")
        WITHDRAWN = "withdrawn", _("已撤回")
        ENDED = "ended", _("已结束")

    case = models.CharField(_("项目编号"), max_length=40, db_index=True)
    code = models.CharField(_("编号"), max_length=80, unique=True, null=True, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)
    title = models.CharField(_("用途"), max_length=200)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="key_demands", verbose_name=_("需求单位")
    )
    scenario = models.ForeignKey(
        Scenario, on_delete=models.PROTECT, null=True, blank=True, related_name="demands",
        verbose_name=_("应用场景"),
    )  # fmt: skip
    source = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("起点"))
    target = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("终点"))
    bps = models.FloatField(_("密钥速率（bit/s）"), validators=[MinValueValidator(0.001)])
    key_bits = models.PositiveIntegerField(_("密钥长度（bit）"), default=256)
    priority = models.PositiveSmallIntegerField(
        _("优先级"), default=3, validators=[MinValueValidator(1), MaxValueValidator(9)],
        help_text=_("1 最先满足，9 最后。"),
    )  # fmt: skip
    two_paths = models.BooleanField(
        _("双路异或"), default=False, help_text=_("密钥分两份走不相交的两条路，任一中继都拿不到全部。")
    )
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"))
    purpose = models.TextField(_("说明"), blank=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.PROPOSED, db_index=True
    )
    why = models.CharField(_("审核意见"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("审核时间"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("密钥需求")
        verbose_name_plural = _("密钥需求")
        constraints = [
            models.CheckConstraint(condition=Q(bps__gt=0) & Q(priority__range=(1, 9)), name="qdemand_values"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="qdemand_term"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="qdemand_ends"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the demand's page."""
        return reverse("demand_detail", args=[self.pk])


DEMAND_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Demand.State.PROPOSED: (Demand.State.ADMITTED, Demand.State.REFUSED, Demand.State.WITHDRAWN),
    Demand.State.ADMITTED: (Demand.State.ENDED,),
    Demand.State.REFUSED: (),
    Demand.State.WITHDRAWN: (),
    Demand.State.ENDED: (),
}
