"""Users, their memberships in organisations with roles, tokens, and what they are told."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.kit.models import Stamped


class Role(models.TextChoices):
    """What a person does in the corridor, always on behalf of an organisation (visitor: of none)."""

    OFFICE = "office", _("联席会议办公室")
    LIAISON = "liaison", _("城市联络员")
    ENTERPRISE = "enterprise", _("企业")
    RESEARCHER = "researcher", _("科研人员")
    EVALUATOR = "evaluator", _("评审专家")
    SECRETARIAT = "secretariat", _("联盟秘书处")
    COMPUTING_OPERATOR = "computing_operator", _("算力运营方")
    QUANTUM_OPERATOR = "quantum_operator", _("量子运营方")
    VISITOR = "visitor", _("访客")


class User(AbstractUser):
    """A person with an account (用户)."""

    display_name = models.CharField(_("姓名"), max_length=80, blank=True)
    language = models.CharField(
        _("语言"), max_length=10, choices=[("zh-hans", "简体中文"), ("en", "English")], blank=True
    )
    illustrative = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")

    def __str__(self) -> str:
        return self.display_name or self.username


class Membership(Stamped):
    """A user acts for an organisation in a role, for a time (机构成员)."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("用户")
    )
    organisation = models.ForeignKey(
        "registry.Organisation", on_delete=models.CASCADE, related_name="memberships", verbose_name=_("机构")
    )
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices)
    is_manager = models.BooleanField(_("机构管理员"), default=False)
    valid_from = models.DateField(_("起始日期"), default=timezone.localdate)
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)

    class Meta:
        ordering = ["user_id", "organisation_id", "role"]
        verbose_name = _("机构成员")
        verbose_name_plural = _("机构成员")
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation", "role"], name="membership_once"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="membership_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.get_role_display()}"


class ApiToken(Stamped):
    """A token for the REST API (接口令牌): only its SM3 digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens", verbose_name=_("用户"))
    name = models.CharField(_("用途"), max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    may_write = models.BooleanField(_("可写"), default=False)
    expires_at = models.DateTimeField(_("到期时间"))
    last_used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("吊销时间"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("接口令牌")
        verbose_name_plural = _("接口令牌")

    def __str__(self) -> str:
        return self.name


class Notification(models.Model):
    """A message to a user (通知), with the page it leads to."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    at = models.DateTimeField(_("时间"), auto_now_add=True)
    text = models.CharField(_("内容"), max_length=300)
    url = models.CharField(_("页面"), max_length=300, blank=True)
    # One event tells a person once, however often it is processed.
    event = models.CharField(max_length=120)
    read_at = models.DateTimeField(_("已读时间"), null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("通知")
        verbose_name_plural = _("通知")
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="notification_once")]

    def __str__(self) -> str:
        return self.text
