"""Life inside an alliance: gatherings (活动), needs and offers (供需), contacts with consent (通讯录)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.alliances.models.alliances import Alliance
from langqiao.apps.registry.models import City, Organisation
from langqiao.kit.models import Stamped


class Gathering(Stamped):
    """An activity of an alliance (联盟活动), from its announcement to its minutes."""

    class State(models.TextChoices):
        ANNOUNCED = "announced", _("已预告")
        HELD = "held", _("已举办")
        MINUTED = "minuted", _("已发布纪要")
        CANCELLED = "cancelled", _("已取消")

    class Audience(models.TextChoices):
        MEMBERS = "members", _("仅成员单位")
        PUBLIC = "public", _("公开")

    alliance = models.ForeignKey(
        Alliance, on_delete=models.PROTECT, related_name="gatherings", verbose_name=_("联盟")
    )
    title = models.CharField(_("活动名称"), max_length=200)
    audience = models.CharField(_("面向"), max_length=10, choices=Audience.choices, default=Audience.MEMBERS)
    summary = models.TextField(_("内容"), blank=True)
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    place = models.CharField(_("地点"), max_length=200, blank=True)
    starts_at = models.DateTimeField(_("开始时间"))
    ends_at = models.DateTimeField(_("结束时间"))
    seats = models.PositiveIntegerField(_("名额"), null=True, blank=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.ANNOUNCED, db_index=True
    )
    minutes = models.TextField(_("纪要"), blank=True)
    why = models.CharField(_("原因"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["-starts_at", "-id"]
        verbose_name = _("联盟活动")
        verbose_name_plural = _("联盟活动")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="gathering_times")
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the activity's page."""
        return reverse("gathering_detail", args=[self.pk])


GATHERING_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Gathering.State.ANNOUNCED: (Gathering.State.HELD, Gathering.State.CANCELLED),
    Gathering.State.HELD: (Gathering.State.MINUTED,),
    Gathering.State.MINUTED: (),
    Gathering.State.CANCELLED: (),
}


class Attendance(Stamped):
    """An organisation that comes to an activity with so many people (报名与签到)."""

    class State(models.TextChoices):
        REGISTERED = "registered", _("已报名")
        CANCELLED = "cancelled", _("已取消报名")
        ATTENDED = "attended", _("已参加")
        ABSENT = "absent", _("未到")

    gathering = models.ForeignKey(
        Gathering, on_delete=models.CASCADE, related_name="attendances", verbose_name=_("活动")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="attendances", verbose_name=_("单位")
    )
    people = models.PositiveSmallIntegerField(_("人数"), default=1)
    state = models.CharField(
        _("状态"), max_length=12, choices=State.choices, default=State.REGISTERED, db_index=True
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("活动报名")
        verbose_name_plural = _("活动报名")
        constraints = [
            models.UniqueConstraint(fields=["gathering", "organisation"], name="attendance_once"),
            models.CheckConstraint(condition=Q(people__gte=1), name="attendance_people"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.gathering}"


ATTENDANCE_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Attendance.State.REGISTERED: (
        Attendance.State.CANCELLED, Attendance.State.ATTENDED, Attendance.State.ABSENT,
    ),
    Attendance.State.CANCELLED: (Attendance.State.REGISTERED,),
    Attendance.State.ATTENDED: (Attendance.State.ABSENT,),
    Attendance.State.ABSENT: (Attendance.State.ATTENDED,),
}  # fmt: skip


class Exchange(Stamped):
    """A need or an offer inside an alliance (供需): only its members see it."""

    class Kind(models.TextChoices):
        NEED = "need", _("需求")
        OFFER = "offer", _("供给")

    class State(models.TextChoices):
        OPEN = "open", _("进行中")
        CLOSED = "closed", _("已结束")

    class Outcome(models.TextChoices):
        MET = "met", _("已对接")
        WITHDRAWN = "withdrawn", _("已撤下")
        EXPIRED = "expired", _("已过期")

    alliance = models.ForeignKey(
        Alliance, on_delete=models.PROTECT, related_name="exchanges", verbose_name=_("联盟")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="exchanges", verbose_name=_("发布单位")
    )
    kind = models.CharField(_("类别"), max_length=6, choices=Kind.choices)
    title = models.CharField(_("标题"), max_length=200)
    text = models.TextField(_("说明"), blank=True)
    valid_to = models.DateField(_("有效期至"))
    state = models.CharField(
        _("状态"), max_length=8, choices=State.choices, default=State.OPEN, db_index=True
    )
    outcome = models.CharField(_("结果"), max_length=10, choices=Outcome.choices, blank=True)
    why = models.CharField(_("原因"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("联盟供需")
        verbose_name_plural = _("联盟供需")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the need's or offer's page."""
        return reverse("exchange_detail", args=[self.pk])


EXCHANGE_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Exchange.State.OPEN: (Exchange.State.CLOSED,),
    Exchange.State.CLOSED: (),
}


class Reply(Stamped):
    """A member's answer to a need or an offer (回应); only both organisations read it."""

    class State(models.TextChoices):
        SENT = "sent", _("待答复")
        ACCEPTED = "accepted", _("已接受")
        DECLINED = "declined", _("未接受")
        WITHDRAWN = "withdrawn", _("已撤回")

    exchange = models.ForeignKey(
        Exchange, on_delete=models.CASCADE, related_name="replies", verbose_name=_("供需")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="exchange_replies", verbose_name=_("回应单位")
    )
    text = models.TextField(_("回应"))
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.SENT, db_index=True
    )
    why = models.CharField(_("答复"), max_length=500, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("供需回应")
        verbose_name_plural = _("供需回应")
        constraints = [models.UniqueConstraint(fields=["exchange", "organisation"], name="reply_once")]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.exchange}"


REPLY_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Reply.State.SENT: (Reply.State.ACCEPTED, Reply.State.DECLINED, Reply.State.WITHDRAWN),
    Reply.State.ACCEPTED: (),
    Reply.State.DECLINED: (Reply.State.SENT,),
    Reply.State.WITHDRAWN: (Reply.State.SENT,),
}


class Contact(Stamped):
    """A person who agreed to stand in an alliance's contact list (通讯录), until they withdraw.

    On withdrawal name, telephone and mail are erased; that consent was given and withdrawn stays.
    """

    class State(models.TextChoices):
        GIVEN = "given", _("同意列入")
        WITHDRAWN = "withdrawn", _("已撤回同意")

    alliance = models.ForeignKey(
        Alliance, on_delete=models.PROTECT, related_name="contacts", verbose_name=_("联盟")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alliance_contacts",
        verbose_name=_("本人"),
    )  # fmt: skip
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="alliance_contacts", verbose_name=_("单位")
    )
    name = models.CharField(_("姓名"), max_length=80, blank=True)
    duty = models.CharField(_("职务"), max_length=80, blank=True)
    phone = models.CharField(_("电话"), max_length=40, blank=True)
    email = models.CharField(_("邮箱"), max_length=200, blank=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.GIVEN, db_index=True
    )
    # SM3 of the words that were agreed to.
    consent_sm3 = models.CharField(_("同意书摘要（SM3）"), max_length=64)
    given_at = models.DateTimeField(_("同意时间"))
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        ordering = ["organisation_id", "id"]
        verbose_name = _("联盟通讯录")
        verbose_name_plural = _("联盟通讯录")
        constraints = [
            models.UniqueConstraint(
                fields=["alliance", "user"], condition=Q(state="given"), name="contact_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


CONTACT_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Contact.State.GIVEN: (Contact.State.WITHDRAWN,),
    Contact.State.WITHDRAWN: (),
}
