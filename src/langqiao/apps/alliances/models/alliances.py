"""The tree of alliances (1+7+N 产业联盟), the figures published of it, and their members."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City, Field, Organisation
from langqiao.apps.registry.models.base import Readable
from langqiao.kit.models import Stamped


class Vintage(models.TextChoices):
    """How final a published fact is."""

    STATED = "stated", _("公开陈述，未核对")
    PRELIMINARY = "preliminary", _("初步")
    FINAL = "final", _("最终")


class Published(models.Model):
    """Where a fact was published: the words of the source, its address, and the day on which it was read."""

    source_name = models.CharField(_("来源"), max_length=200, blank=True)
    source_url = models.CharField(_("来源地址"), max_length=500, blank=True)
    read_on = models.DateField(_("查阅日期"), null=True, blank=True)
    vintage = models.CharField(_("版本"), max_length=12, choices=Vintage.choices, default=Vintage.STATED)

    class Meta:
        abstract = True


class Alliance(Published, Stamped):
    """A node of the tree: the one, an industry, or an alliance (联盟).

    A node that only groups others (``is_group``) has no members: what "1" and "N" spell is not published, so
    the configuration says which nodes are alliances.
    """

    class Tier(models.TextChoices):
        ONE = "one", _("总盟（1）")
        INDUSTRY = "industry", _("产业（7）")
        SUB = "sub", _("联盟（N）")

    slug = models.SlugField(_("代号"), max_length=40, unique=True)
    case = models.CharField(_("项目编号"), max_length=40, blank=True, db_index=True)
    tier = models.CharField(_("层级"), max_length=10, choices=Tier.choices, db_index=True)
    is_group = models.BooleanField(_("仅作分组"), default=False)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children",
        verbose_name=_("上级"),
    )  # fmt: skip
    order = models.PositiveSmallIntegerField(_("次序"), default=0)
    name = models.CharField(_("名称"), max_length=120, unique=True)
    name_en = models.CharField(_("英文名"), max_length=160, blank=True)
    field = models.ForeignKey(
        Field, on_delete=models.PROTECT, null=True, blank=True, related_name="alliances",
        verbose_name=_("产业领域"),
    )  # fmt: skip
    city = models.ForeignKey(
        City, on_delete=models.PROTECT, null=True, blank=True, related_name="alliances",
        verbose_name=_("所在城市"),
    )  # fmt: skip
    lead = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="led_alliances",
        verbose_name=_("牵头企业"),
    )  # fmt: skip
    lead_name = models.CharField(
        _("牵头企业（未登记）"), max_length=200, blank=True, help_text=_("名录中没有时填写名称。")
    )
    # Names as published, of firms that took part; not members of this system.
    named = models.JSONField(_("公布的参与单位"), default=list, blank=True, encoder=Readable)
    founded_on = models.CharField(
        _("成立日期"), max_length=10, blank=True, help_text=_("已知到哪一级就写到哪一级，如 2018-11。")
    )
    stated_units = models.PositiveIntegerField(_("公布的成员数"), null=True, blank=True)
    secretariat = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="run_alliances",
        verbose_name=_("秘书处单位"),
    )  # fmt: skip
    description = models.TextField(_("简介"), blank=True)
    description_en = models.TextField(_("英文简介"), blank=True)
    # What is not published of it, said on its page.
    note = models.CharField(_("说明"), max_length=500, blank=True)
    note_en = models.CharField(_("英文说明"), max_length=500, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["order", "id"]
        verbose_name = _("联盟")
        verbose_name_plural = _("联盟")
        constraints = [
            models.UniqueConstraint(fields=["tier"], condition=Q(tier="one"), name="alliance_one_root"),
            models.CheckConstraint(
                condition=Q(tier="one", parent=None) | Q(parent__isnull=False) & ~Q(tier="one"),
                name="alliance_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Address of the alliance's page."""
        return reverse("alliance_detail", args=[self.pk])


class TreeFigure(Published, Stamped):
    """A figure published of the whole tree, such as the number of alliances at a date."""

    key = models.SlugField(_("代号"), max_length=40, unique=True)
    label = models.CharField(_("指标"), max_length=80)
    label_en = models.CharField(_("英文指标"), max_length=120, blank=True)
    value = models.PositiveIntegerField(_("数值"))
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    period = models.CharField(_("时点"), max_length=10)
    order = models.PositiveSmallIntegerField(_("次序"), default=0)

    class Meta:
        ordering = ["order", "id"]
        verbose_name = _("联盟公布数")
        verbose_name_plural = _("联盟公布数")

    def __str__(self) -> str:
        return self.label

    @property
    def name_en(self) -> str:
        """The English label."""
        return self.label_en


class Member(Stamped):
    """An organisation's membership in an alliance, from the application on (联盟成员)."""

    class State(models.TextChoices):
        APPLIED = "applied", _("待审核")
        ACTIVE = "active", _("成员")
        REFUSED = "refused", _("未获通过")
        WITHDRAWN = "withdrawn", _("已撤回申请")
        LEFT = "left", _("已退出")
        REMOVED = "removed", _("已移出")

    OPEN: ClassVar[tuple[str, ...]] = (State.APPLIED, State.ACTIVE)

    alliance = models.ForeignKey(
        Alliance, on_delete=models.PROTECT, related_name="members", verbose_name=_("联盟")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="alliance_members", verbose_name=_("单位")
    )
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.APPLIED, db_index=True
    )
    statement = models.TextField(_("申请说明"), blank=True)
    why = models.CharField(_("原因"), max_length=500, blank=True)
    applied_on = models.DateField(_("申请日期"))
    joined_on = models.DateField(_("加入日期"), null=True, blank=True)
    ended_on = models.DateField(_("结束日期"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("联盟成员")
        verbose_name_plural = _("联盟成员")
        constraints = [
            models.UniqueConstraint(
                fields=["alliance", "organisation"],
                condition=Q(state__in=["applied", "active"]),
                name="member_once",
            )
        ]

    def __str__(self) -> str:
        return str(self.organisation)

    def get_absolute_url(self) -> str:
        """Address of the membership's page."""
        return reverse("member_detail", args=[self.pk])


MEMBER_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Member.State.APPLIED: (Member.State.ACTIVE, Member.State.REFUSED, Member.State.WITHDRAWN),
    Member.State.ACTIVE: (Member.State.LEFT, Member.State.REMOVED),
    Member.State.REFUSED: (),
    Member.State.WITHDRAWN: (),
    Member.State.LEFT: (),
    Member.State.REMOVED: (),
}
