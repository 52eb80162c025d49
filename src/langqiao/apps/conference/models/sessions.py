"""Sessions (会议), seats at the table (参会单位) and papers (会议材料)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.conference.models.base import Filed
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Sourced, Stamped


class Session(Sourced, Stamped):
    """One meeting (会议); who decides how is its data: voters, quorum, majority, secrecy, numbering."""

    class Kind(models.TextChoices):
        CONFERENCE = "conference", _("联席会议")
        OFFICE = "office", _("办公室会议")
        SPECIAL = "special", _("专题会议")

    class State(models.TextChoices):
        PLANNED = "planned", _("筹备")
        CALLED = "called", _("已发通知")
        OPEN = "open", _("进行中")
        CLOSED = "closed", _("已闭会")
        CANCELLED = "cancelled", _("已取消")

    class Voters(models.TextChoices):
        CITY = "city", _("一城一票")
        MEMBER = "member", _("一席一票")

    class Share(models.TextChoices):
        HALF = "half", _("过半数")
        TWO_THIRDS = "two_thirds", _("三分之二以上")

    class Base(models.TextChoices):
        PRESENT = "present", _("到会有表决权者")
        CAST = "cast", _("赞成与反对票之和")

    case = models.CharField(_("项目编号"), max_length=40, unique=True)
    kind = models.CharField(_("会议类型"), max_length=12, choices=Kind.choices)
    number = models.PositiveSmallIntegerField(_("第几次"))
    title = models.CharField(_("会议名称"), max_length=200)
    starts_at = models.DateTimeField(_("开会时间"), null=True, blank=True)
    place = models.CharField(_("地点"), max_length=200, blank=True)
    link = models.CharField(_("线上地址"), max_length=500, blank=True)
    chair = models.CharField(_("主持人"), max_length=80, blank=True)
    voters = models.CharField(_("表决单位"), max_length=10, choices=Voters.choices, default=Voters.CITY)
    quorum = models.CharField(_("法定人数"), max_length=12, choices=Share.choices, default=Share.TWO_THIRDS)
    majority = models.CharField(_("通过规则"), max_length=12, choices=Share.choices, default=Share.HALF)
    majority_of = models.CharField(_("计票基数"), max_length=10, choices=Base.choices, default=Base.PRESENT)
    is_secret = models.BooleanField(_("无记名投票"), default=False)
    number_prefix = models.CharField(_("文号字头"), max_length=40)
    number_pattern = models.CharField(_("文号格式"), max_length=40)
    is_public = models.BooleanField(_("公开"), default=False)
    state = models.CharField(
        _("状态"), max_length=12, choices=State.choices, default=State.PLANNED, db_index=True
    )
    minutes = models.TextField(_("会议纪要"), blank=True)
    why = models.CharField(_("取消原因"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-starts_at", "-id"]
        verbose_name = _("会议")
        verbose_name_plural = _("会议")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "number"], condition=~Q(state="cancelled"), name="session_number_once"
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the session's page."""
        return reverse("session_detail", args=[self.pk])


# The allowed transitions; docs/conference.md draws its pictures from these tables.
SESSION_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Session.State.PLANNED: (Session.State.CALLED, Session.State.CANCELLED),
    Session.State.CALLED: (Session.State.OPEN, Session.State.CANCELLED),
    Session.State.OPEN: (Session.State.CLOSED,),
    Session.State.CLOSED: (),
    Session.State.CANCELLED: (),
}
# States in which those at the table, and the public where a session is public, know of it.
SHOWN_SESSIONS = (Session.State.CALLED, Session.State.OPEN, Session.State.CLOSED, Session.State.CANCELLED)


class Seat(models.Model):
    """A city or an organisation at the table (参会单位), with or without a vote.

    A seat of a city is taken by its liaisons; a seat of an organisation by its managers, liaisons and
    secretariat; a seat with a named ``user`` by that person alone.
    """

    class Attendance(models.TextChoices):
        PRESENT = "present", _("出席")
        OBSERVING = "observing", _("列席")
        EXCUSED = "excused", _("请假")
        ABSENT = "absent", _("缺席")

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="seats")
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("机构"),
    )  # fmt: skip
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("参会人账号"),
    )  # fmt: skip
    may_vote = models.BooleanField(_("有表决权"), default=True)
    attendance = models.CharField(_("出席情况"), max_length=10, choices=Attendance.choices, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("参会单位")
        verbose_name_plural = _("参会单位")
        constraints = [
            models.CheckConstraint(
                condition=Q(city__isnull=False) | Q(organisation__isnull=False), name="seat_of_somebody"
            ),
            models.UniqueConstraint(
                fields=["session", "organisation"],
                condition=Q(organisation__isnull=False),
                name="seat_once_organisation",
            ),
            models.UniqueConstraint(
                fields=["session", "city"], condition=Q(organisation=None), name="seat_once_city"
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation or self.city)


class Paper(Filed):
    """A paper of a session (会议材料): for those at the table until it is released."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="papers")
    matter = models.ForeignKey(
        "conference.Matter", on_delete=models.SET_NULL, null=True, blank=True, related_name="papers"
    )
    title = models.CharField(_("材料名称"), max_length=200)
    released_at = models.DateTimeField(_("公开时间"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("会议材料")
        verbose_name_plural = _("会议材料")
