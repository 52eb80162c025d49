"""The ledger (台账): entries chained by SM3, and the head that says where the chain ends.

Plain identifiers only: an entry outlives what it speaks of.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Visibility(models.TextChoices):
    """Who may read an entry: the ledger repeats nothing to those who may not see its object."""

    PUBLIC = "public", _("公开")
    PARTIES = "parties", _("当事方")
    OFFICE = "office", _("联席办")


class Entry(models.Model):
    """One act: who did what to which object, when, and the hash that ties it to the entry before."""

    sequence = models.BigIntegerField(_("序号"), primary_key=True)
    at = models.DateTimeField(_("时间"), db_index=True)
    actor = models.CharField(_("经办人"), max_length=80)
    organisation = models.CharField(_("机构"), max_length=80, blank=True)
    city = models.CharField(_("城市"), max_length=40, blank=True)
    case = models.CharField(_("项目"), max_length=40, blank=True)
    app = models.CharField(_("模块"), max_length=40)
    verb = models.CharField(_("动作"), max_length=60)
    object = models.CharField(_("对象"), max_length=120, db_index=True)
    visibility = models.CharField(_("可见范围"), max_length=10, choices=Visibility.choices)
    data = models.TextField(_("内容（规范 JSON）"))
    previous = models.CharField(_("前一条摘要"), max_length=64)
    hash = models.CharField(_("摘要（SM3）"), max_length=64, unique=True)

    class Meta:
        ordering = ["sequence"]
        verbose_name = _("台账记录")
        verbose_name_plural = _("台账记录")
        # The thread of a case, and the list of cases without a look at the entries themselves.
        indexes = [models.Index(fields=["case", "visibility", "sequence"], name="ledger_case_seen")]

    def __str__(self) -> str:
        return f"#{self.sequence} {self.app}.{self.verb} {self.object}"


class Head(models.Model):
    """The end of the chain: one row, locked by every writer, so that two processes keep one chain."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="ledger_one_head")]


class FlowState(models.Model):
    """How far the sums of flows reach in the ledger: one row, locked by whoever goes on.

    ``rules`` is the SM3 digest of the readers by which they were made.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(_("已汇总至"), default=0)
    rules = models.CharField(_("汇总口径"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("要素流动汇总进度")
        verbose_name_plural = _("要素流动汇总进度")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="ledger_one_flow_state")]


class FlowSum(models.Model):
    """Flows of a month, a kind and a pair of cities, added up from public entries, never written by hand.

    ``quantity`` is in the kind's smallest unit (see ``ledger.flows.KINDS``).
    """

    month = models.DateField(_("月份"))
    kind = models.CharField(_("要素"), max_length=12)
    origin = models.CharField(_("流出城市"), max_length=40)
    destination = models.CharField(_("流入城市"), max_length=40)
    count = models.BigIntegerField(_("记录数"))
    quantity = models.BigIntegerField(_("数量"))

    class Meta:
        verbose_name = _("要素流动合计")
        verbose_name_plural = _("要素流动合计")
        constraints = [
            models.UniqueConstraint(
                fields=["month", "kind", "origin", "destination"], name="ledger_one_flow_sum"
            )
        ]


class FlowLine(models.Model):
    """One flow of one entry: what stands behind a sum. Its number is made of the entry's sequence."""

    number = models.BigIntegerField(primary_key=True)
    sequence = models.BigIntegerField(_("台账序号"))
    month = models.DateField(_("月份"))
    kind = models.CharField(_("要素"), max_length=12)
    origin = models.CharField(_("流出城市"), max_length=40)
    destination = models.CharField(_("流入城市"), max_length=40)
    quantity = models.BigIntegerField(_("数量"))
    case = models.CharField(_("项目"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("要素流动明细")
        verbose_name_plural = _("要素流动明细")
        indexes = [
            models.Index(fields=["kind", "origin", "destination", "month"], name="ledger_line_pair"),
        ]


class FlowParty(models.Model):
    """An organisation behind a line, by its public identifier."""

    line = models.BigIntegerField(_("明细"))
    organisation = models.CharField(_("机构"), max_length=80)

    class Meta:
        verbose_name = _("要素流动当事机构")
        verbose_name_plural = _("要素流动当事机构")
        constraints = [models.UniqueConstraint(fields=["organisation", "line"], name="ledger_one_flow_party")]
