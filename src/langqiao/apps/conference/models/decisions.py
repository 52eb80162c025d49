"""Matters (议题), the agenda (议程), ballots (表决) and resolutions (决议)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.conference.models.sessions import Session
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Stamped


class Matter(Stamped):
    """Something to be decided (议题).

    ``subject`` is the plain identifier ``app.model:pk`` of what another app put before the conference,
    empty for the conference's own. ``organisation`` is the applicant, who takes no part in deciding.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("待上会")
        ON_AGENDA = "on_agenda", _("已列入议程")
        APPROVED = "approved", _("通过")
        REJECTED = "rejected", _("不通过")
        RETURNED = "returned", _("已退回")

    case = models.CharField(_("项目编号"), max_length=40, db_index=True)
    subject = models.CharField(_("来由对象"), max_length=120, blank=True)
    title = models.CharField(_("议题"), max_length=200)
    summary = models.TextField(_("说明"), blank=True)
    url = models.CharField(_("相关页面"), max_length=500, blank=True)
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("申请单位"),
    )  # fmt: skip
    state = models.CharField(
        _("状态"), max_length=12, choices=State.choices, default=State.WAITING, db_index=True
    )
    postponed = models.PositiveSmallIntegerField(_("缓议次数"), default=0)
    why = models.CharField(_("退回或缓议原因"), max_length=500, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("决定时间"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("议题")
        verbose_name_plural = _("议题")
        constraints = [
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(state__in=["waiting", "on_agenda"]) & ~Q(subject=""),
                name="matter_subject_once",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the matter's page."""
        return reverse("matter_detail", args=[self.pk])


# Postponed (缓议) is the step back from the agenda to waiting.
MATTER_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Matter.State.WAITING: (Matter.State.ON_AGENDA, Matter.State.RETURNED),
    Matter.State.ON_AGENDA: (
        Matter.State.WAITING, Matter.State.APPROVED, Matter.State.REJECTED, Matter.State.RETURNED,
    ),
    Matter.State.APPROVED: (),
    Matter.State.REJECTED: (),
    Matter.State.RETURNED: (),
}  # fmt: skip
UNDECIDED = (Matter.State.WAITING, Matter.State.ON_AGENDA)


class AgendaItem(models.Model):
    """A matter on the agenda of a session (议程): what became of it there stays to be read."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", _("通过")
        REJECTED = "rejected", _("不通过")
        RETURNED = "returned", _("已退回")
        POSTPONED = "postponed", _("已缓议")

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="agenda")
    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField(_("次序"))
    outcome = models.CharField(_("结果"), max_length=10, choices=Outcome.choices, blank=True)
    why = models.CharField(_("原因"), max_length=500, blank=True)

    class Meta:
        ordering = ["session_id", "position", "id"]
        verbose_name = _("议程")
        verbose_name_plural = _("议程")
        constraints = [
            models.UniqueConstraint(fields=["session", "matter"], name="agenda_matter_once"),
            models.UniqueConstraint(fields=["matter"], condition=Q(outcome=""), name="agenda_one_at_a_time"),
        ]


class Ballot(models.Model):
    """A decision being taken on an agenda item (表决): by consent (协商一致) or by vote.

    The counts and the outcome are written when it closes, from the votes alone.
    """

    class Method(models.TextChoices):
        CONSENT = "consent", _("协商一致")
        VOTE = "vote", _("投票表决")

    class State(models.TextChoices):
        OPEN = "open", _("表决中")
        CARRIED = "carried", _("通过")
        FAILED = "failed", _("未通过")
        NO_QUORUM = "no_quorum", _("未达法定人数")
        NO_CONSENT = "no_consent", _("未能协商一致")

    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="ballots")
    method = models.CharField(_("方式"), max_length=10, choices=Method.choices)
    is_secret = models.BooleanField(_("无记名"), default=False)
    state = models.CharField(_("状态"), max_length=12, choices=State.choices, default=State.OPEN)
    entitled = models.PositiveSmallIntegerField(_("有表决权"), default=0)
    present = models.PositiveSmallIntegerField(_("到会"), default=0)
    in_favour = models.PositiveSmallIntegerField(_("赞成"), default=0)
    against = models.PositiveSmallIntegerField(_("反对"), default=0)
    abstaining = models.PositiveSmallIntegerField(_("弃权"), default=0)
    opened_at = models.DateTimeField(_("开始时间"), auto_now_add=True)
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("表决")
        verbose_name_plural = _("表决")
        constraints = [
            models.UniqueConstraint(fields=["item"], condition=Q(state="open"), name="ballot_one_open")
        ]


BALLOT_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Ballot.State.OPEN: (
        Ballot.State.CARRIED, Ballot.State.FAILED, Ballot.State.NO_QUORUM, Ballot.State.NO_CONSENT,
    ),
    Ballot.State.CARRIED: (),
    Ballot.State.FAILED: (),
    Ballot.State.NO_QUORUM: (),
    Ballot.State.NO_CONSENT: (),
}  # fmt: skip


class Vote(models.Model):
    """One vote (票) of a city or a seat; it may change until the ballot closes.

    ``voter`` is ``city:<slug>`` or ``seat:<pk>``. When a secret ballot closes, the choices are erased:
    only the counts remain.
    """

    class Choice(models.TextChoices):
        FOR = "for", _("赞成")
        AGAINST = "against", _("反对")
        ABSTAIN = "abstain", _("弃权")

    ballot = models.ForeignKey(Ballot, on_delete=models.CASCADE, related_name="votes")
    voter = models.CharField(_("表决单位"), max_length=60)
    choice = models.CharField(_("意见"), max_length=10, choices=Choice.choices, blank=True)
    reason = models.CharField(_("理由"), max_length=1000, blank=True)
    cast_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(_("时间"), auto_now=True)

    class Meta:
        ordering = ["voter"]
        verbose_name = _("票")
        verbose_name_plural = _("票")
        constraints = [models.UniqueConstraint(fields=["ballot", "voter"], name="vote_once")]


class Recusal(models.Model):
    """A voter keeps out of a decision (回避), beside the applicant who always does."""

    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="recusals")
    voter = models.CharField(_("表决单位"), max_length=60)
    why = models.CharField(_("原因"), max_length=500)
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["voter"]
        verbose_name = _("回避")
        verbose_name_plural = _("回避")
        constraints = [models.UniqueConstraint(fields=["item", "voter"], name="recusal_once")]


class ResolutionCounter(models.Model):
    """The last number given out under a prefix in a year; its row is locked while one is taken."""

    prefix = models.CharField(max_length=40)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="resolution_counter")]


class Resolution(Stamped):
    """What the conference resolved (决议), under its number (文号)."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", _("通过")
        REJECTED = "rejected", _("不通过")

    number = models.CharField(_("文号"), max_length=120, unique=True)
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="resolution")
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="resolutions")
    title = models.CharField(_("标题"), max_length=300)
    text = models.TextField(_("正文"), blank=True)
    outcome = models.CharField(_("结果"), max_length=10, choices=Outcome.choices)
    adopted_on = models.DateField(_("通过日期"))
    is_public = models.BooleanField(_("公开"), default=False)
    published_at = models.DateTimeField(_("公开时间"), null=True, blank=True)

    class Meta:
        ordering = ["-adopted_on", "-id"]
        verbose_name = _("决议")
        verbose_name_plural = _("决议")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the resolution's page."""
        return reverse("resolution_detail", args=[self.pk])
