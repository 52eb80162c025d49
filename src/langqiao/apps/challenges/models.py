"""Challenges (企业出题), answers (高校答题), promises of confidentiality, questions, followers."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import City, Field, Organisation, Stage
from langqiao.kit.models import Sourced, Stamped


class State(models.TextChoices):
    """Where a challenge stands (状态)."""

    DRAFT = "draft", _("草稿")
    PUBLISHED = "published", _("已发布")
    ANSWERING = "answering", _("答题中")
    SELECTED = "selected", _("已选定")
    CONTRACTED = "contracted", _("已签约")
    ACCEPTED = "accepted", _("已验收")
    CLOSED = "closed", _("已关闭")
    WITHDRAWN = "withdrawn", _("已撤回")


# The allowed transitions; docs/challenges.md draws its picture from this table.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    State.DRAFT: (State.PUBLISHED, State.WITHDRAWN),
    State.PUBLISHED: (State.ANSWERING, State.CLOSED, State.WITHDRAWN),
    State.ANSWERING: (State.SELECTED, State.CLOSED, State.WITHDRAWN),
    State.SELECTED: (State.CONTRACTED, State.ANSWERING, State.CLOSED, State.WITHDRAWN),
    State.CONTRACTED: (State.ACCEPTED, State.CLOSED),
    State.ACCEPTED: (State.CLOSED,),
    State.CLOSED: (),
    State.WITHDRAWN: (),
}
OPEN_STATES = (State.PUBLISHED, State.ANSWERING)
PUBLIC_STATES = (
    State.PUBLISHED, State.ANSWERING, State.SELECTED, State.CONTRACTED, State.ACCEPTED, State.CLOSED,
)  # fmt: skip


class Challenge(Sourced, Stamped):
    """A technical problem that a firm poses (企业出题).

    ``title`` and ``summary`` are public once published. ``details`` is sealed unless
    ``confidentiality`` is open: read only through ``rules.may_read_details``.
    """

    class Confidentiality(models.TextChoices):
        OPEN = "open", _("公开")
        PROMISE = "promise", _("签署保密承诺后可见")
        INVITED = "invited", _("仅受邀机构签署承诺后可见")

    case = models.CharField(_("项目编号"), max_length=40, unique=True)
    title = models.CharField(_("题目"), max_length=300)
    summary = models.TextField(_("公开摘要"), blank=True)
    details = models.TextField(_("详细内容"), blank=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="challenges",
        verbose_name=_("出题企业"),
    )  # fmt: skip
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    field = models.ForeignKey(
        Field, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("产业领域")
    )
    keywords = models.JSONField(_("关键词"), default=list, blank=True)
    stage = models.CharField(_("所处阶段"), max_length=12, choices=Stage.choices, blank=True)
    budget_min = models.DecimalField(
        _("最低预算（万元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    budget_max = models.DecimalField(
        _("最高预算（万元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    deadline = models.DateField(_("答题截止日期"), null=True, blank=True)
    confidentiality = models.CharField(
        _("保密级别"), max_length=10, choices=Confidentiality.choices, default=Confidentiality.OPEN
    )
    state = models.CharField(
        _("状态"), max_length=12, choices=State.choices, default=State.DRAFT, db_index=True
    )
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-published_at", "-id"]
        verbose_name = _("题目")
        verbose_name_plural = _("题目")
        constraints = [
            models.CheckConstraint(
                condition=Q(budget_min=None) | Q(budget_max=None) | Q(budget_max__gte=F("budget_min")),
                name="challenge_budget",
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the challenge's page."""
        return reverse("challenge_detail", args=[self.pk])


class Invitation(models.Model):
    """An organisation asked to answer an ``invited`` challenge (定向邀请)."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="invitations")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["challenge", "organisation"], name="invitation_once")]


class Promise(models.Model):
    """A confidentiality promise (保密承诺) signed by a user for an organisation, for one challenge.

    The full text is kept as it was read; the ledger holds its SM3 digest.
    """

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="promises")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="promises")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("承诺书全文"))
    digest = models.CharField(_("摘要（SM3）"), max_length=64)
    signed_at = models.DateTimeField(_("签署时间"), auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["challenge", "user", "organisation"], name="promise_once")
        ]


class Answer(Stamped):
    """An answer (答题) by a team of organisations; its text is the newest :class:`AnswerVersion`.

    The posing firm reads the version that was handed in (``submitted_version``), never a newer draft.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("已提交")
        WITHDRAWN = "withdrawn", _("已撤回")
        SELECTED = "selected", _("已入选")
        DECLINED = "declined", _("未入选")

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="answers")
    state = models.CharField(_("状态"), max_length=12, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    submitted_version = models.PositiveIntegerField(_("已提交的版本"), null=True, blank=True)

    class Meta:
        ordering = ["-submitted_at", "-id"]
        verbose_name = _("答题")
        verbose_name_plural = _("答题")

    def get_absolute_url(self) -> str:
        """Address of the answer's page."""
        return reverse("answer_detail", args=[self.pk])


# What may become of an answer; a selection that is cancelled returns all of them to submitted.
ANSWER_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Answer.State.DRAFT: (Answer.State.SUBMITTED, Answer.State.WITHDRAWN),
    Answer.State.SUBMITTED: (
        Answer.State.SUBMITTED, Answer.State.WITHDRAWN, Answer.State.SELECTED, Answer.State.DECLINED,
    ),
    Answer.State.SELECTED: (Answer.State.SUBMITTED,),
    Answer.State.DECLINED: (Answer.State.SUBMITTED,),
    Answer.State.WITHDRAWN: (),
}  # fmt: skip


class TeamMember(models.Model):
    """An organisation's part in an answer (答题团队)."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="team")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("机构")
    )
    is_lead = models.BooleanField(_("牵头"), default=False)
    part = models.CharField(_("分工"), max_length=300, blank=True)

    class Meta:
        ordering = ["-is_lead", "id"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "organisation"], name="team_member_once"),
            models.UniqueConstraint(fields=["answer"], condition=Q(is_lead=True), name="team_one_lead"),
        ]


class AnswerVersion(models.Model):
    """One version of an answer (答题版本); versions are never changed, only added."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("版本号"))
    title = models.CharField(_("方案名称"), max_length=300)
    approach = models.TextField(_("技术方案"))
    plan = models.TextField(_("实施计划"), blank=True)
    price = models.DecimalField(_("报价（万元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    months = models.PositiveSmallIntegerField(_("工期（月）"), null=True, blank=True)
    digest = models.CharField(_("摘要（SM3）"), max_length=64)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["answer_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["answer", "number"], name="answer_version_once")]


def attachment_path(_instance: models.Model, _filename: str) -> str:
    """Where a file lies: a random name, so that neither title nor extension decides anything."""
    return f"attachments/{uuid.uuid4().hex}"


class Attachment(models.Model):
    """A file of a challenge or an answer (附件); read under the same rule as the sealed details."""

    challenge = models.ForeignKey(
        Challenge, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    answer = models.ForeignKey(
        Answer, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    file = models.FileField(upload_to=attachment_path, max_length=120)
    name = models.CharField(_("文件名"), max_length=200)
    media_type = models.CharField(_("文件类型"), max_length=100)
    size = models.PositiveIntegerField(_("大小（字节）"))
    digest = models.CharField(_("摘要（SM3）"), max_length=64)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(challenge=None, answer__isnull=False) | Q(challenge__isnull=False, answer=None),
                name="attachment_one_owner",
            )
        ]


class Question(models.Model):
    """A question to the firm and its reply (提问与答复); public unless it touches sealed details."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="questions")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    text = models.TextField(_("问题"))
    at = models.DateTimeField(_("时间"), auto_now_add=True)
    reply = models.TextField(_("答复"), blank=True)
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    replied_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    sealed = models.BooleanField(_("涉及保密内容"), default=False)

    class Meta:
        ordering = ["id"]


class Follow(models.Model):
    """A user follows a challenge (关注)."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="follows")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["challenge", "user"], name="follow_once")]


class Subscription(Stamped):
    """A standing wish (订阅): tell me of new records of a kind that fit a text, city or field."""

    class Wanted(models.TextChoices):
        CHALLENGES = "challenges", _("新题目")
        ACHIEVEMENTS = "achievements", _("新成果与新专家")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscriptions")
    wanted = models.CharField(_("订阅内容"), max_length=20, choices=Wanted.choices)
    text = models.CharField(_("关注的技术"), max_length=300, blank=True)
    city = models.ForeignKey(City, on_delete=models.CASCADE, null=True, blank=True, verbose_name=_("城市"))
    field = models.ForeignKey(
        Field, on_delete=models.CASCADE, null=True, blank=True, verbose_name=_("产业领域")
    )

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("订阅")
        verbose_name_plural = _("订阅")
