"""Rounds of review (评审轮次), reviewers (评审专家), conflicts, bids, assignments, reviews, discussion."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import Person, Readable
from langqiao.apps.verification.models.applications import Application
from langqiao.apps.verification.models.calls import Call
from langqiao.kit.models import Stamped


class RoundState(models.TextChoices):
    """Where a round stands (状态)."""

    PREPARING = "preparing", _("筹备")
    REVIEWING = "reviewing", _("评审中")
    DISCUSSING = "discussing", _("讨论中")
    CLOSED = "closed", _("已结束")


ROUND_TRANSITIONS: dict[str, tuple[str, ...]] = {
    RoundState.PREPARING: (RoundState.REVIEWING,),
    RoundState.REVIEWING: (RoundState.DISCUSSING, RoundState.CLOSED),
    RoundState.DISCUSSING: (RoundState.CLOSED,),
    RoundState.CLOSED: (),
}


class Round(Stamped):
    """One round of scoring: the written review (专家评审) or the defence (现场答辩) of a chain."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="rounds")
    step = models.PositiveSmallIntegerField(_("步骤"))
    kind = models.CharField(_("类别"), max_length=12)
    state = models.CharField(
        _("状态"), max_length=12, choices=RoundState.choices, default=RoundState.PREPARING
    )
    criteria = models.JSONField(_("评分标准"), default=list, encoder=Readable)
    due_at = models.DateTimeField(_("评审截止"), null=True, blank=True)
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    class Meta:
        ordering = ["call_id", "step"]
        verbose_name = _("评审轮次")
        verbose_name_plural = _("评审轮次")
        constraints = [models.UniqueConstraint(fields=["call", "step"], name="round_once")]

    def get_absolute_url(self) -> str:
        """Address of the round's page for the office."""
        return reverse("round_detail", args=[self.pk])


class DefenceSlot(models.Model):
    """When and where an application is defended (答辩安排)."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="slots")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="slots")
    at = models.DateTimeField(_("时间"))
    minutes = models.PositiveSmallIntegerField(_("时长（分钟）"), default=20)
    place = models.CharField(_("地点或会议链接"), max_length=200)

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["round", "application"], name="defence_slot_once")]


class Reviewer(Stamped):
    """An expert in a call's pool (评审专家), from candidate to accepted."""

    class State(models.TextChoices):
        CANDIDATE = "candidate", _("备选")
        INVITED = "invited", _("已邀请")
        ACCEPTED = "accepted", _("已接受")
        DECLINED = "declined", _("已谢绝")
        REMOVED = "removed", _("已移出")

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="reviewers")
    person = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="reviewing", verbose_name=_("专家")
    )
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.CANDIDATE)
    max_load = models.PositiveSmallIntegerField(_("最多评审数"), null=True, blank=True)
    # When conflicts of interest were last looked for; nobody is invited before.
    checked_at = models.DateTimeField(_("回避核查时间"), null=True, blank=True)
    invited_at = models.DateTimeField(_("邀请时间"), null=True, blank=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    why = models.CharField(_("谢绝或移出原因"), max_length=300, blank=True)
    # The promise of the reviewer (评审承诺: confidentiality, no conflict) as it was read and accepted.
    promise_digest = models.CharField(_("评审承诺摘要（SM3）"), max_length=64, blank=True)

    class Meta:
        ordering = ["call_id", "person__name", "id"]
        verbose_name = _("评审专家")
        verbose_name_plural = _("评审专家")
        constraints = [models.UniqueConstraint(fields=["call", "person"], name="reviewer_once")]

    def __str__(self) -> str:
        return self.person.name


REVIEWER_TRANSITIONS: dict[str, tuple[str, ...]] = {
    Reviewer.State.CANDIDATE: (Reviewer.State.INVITED, Reviewer.State.REMOVED),
    Reviewer.State.INVITED: (
        Reviewer.State.ACCEPTED, Reviewer.State.DECLINED, Reviewer.State.REMOVED,
    ),
    Reviewer.State.ACCEPTED: (Reviewer.State.DECLINED, Reviewer.State.REMOVED),
    Reviewer.State.DECLINED: (Reviewer.State.INVITED,),
    Reviewer.State.REMOVED: (Reviewer.State.CANDIDATE,),
}  # fmt: skip


class Conflict(models.Model):
    """Why an expert may not review an application (利益冲突、回避): found before anybody is invited."""

    class Kind(models.TextChoices):
        SAME_ORGANISATION = "same_organisation", _("同单位")
        FORMER_ORGANISATION = "former_organisation", _("曾在同单位")
        FAMILY = "family", _("关联单位")
        CO_AUTHOR = "co_author", _("合作者")
        OWN = "own", _("参与本申报")
        DECLARED_BY_REVIEWER = "by_reviewer", _("专家自报")
        DECLARED_BY_APPLICANT = "by_applicant", _("申报单位申请回避")
        DECLARED_BY_OFFICE = "by_office", _("联席办认定")

    reviewer = models.ForeignKey(Reviewer, on_delete=models.CASCADE, related_name="conflicts")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="conflicts")
    kind = models.CharField(_("类别"), max_length=20, choices=Kind.choices)
    evidence = models.CharField(_("依据"), max_length=300, blank=True)
    found = models.BooleanField(_("自动发现"), default=True)
    # An applicant's wish counts only when the office grants it; all others count as they stand.
    counts = models.BooleanField(_("生效"), default=True)
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["reviewer_id", "application_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["reviewer", "application", "kind"], name="conflict_once")
        ]


class Bid(models.Model):
    """How much an expert wishes to review an application (评审意愿)."""

    class Value(models.IntegerChoices):
        NO = -1, _("不愿评审")
        NEUTRAL = 0, _("均可")
        YES = 1, _("愿意评审")
        EXPERT = 2, _("正是专长")

    reviewer = models.ForeignKey(Reviewer, on_delete=models.CASCADE, related_name="bids")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="bids")
    value = models.SmallIntegerField(_("意愿"), choices=Value.choices)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reviewer", "application"], name="bid_once")]


class AssignmentRun(models.Model):
    """One computed assignment (分配方案) with the receipt from which it can be run again."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待采用")
        ADOPTED = "adopted", _("已采用")
        DISCARDED = "discarded", _("未采用")

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="runs")
    number = models.PositiveIntegerField(_("方案号"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.PROPOSED)
    # As engines.assignment takes and gives them: the problem, the receipt, pairs and figures, diagnosis.
    inputs = models.JSONField(_("输入"), default=dict, encoder=Readable)
    receipt = models.JSONField(_("回执"), default=dict, encoder=Readable)
    result = models.JSONField(_("结果"), default=dict, encoder=Readable)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["round_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="assignment_run_once"),
            models.UniqueConstraint(
                fields=["round"], condition=Q(state="adopted"), name="assignment_one_adopted"
            ),
        ]


class ReviewState(models.TextChoices):
    """Where a review stands (状态)."""

    ASSIGNED = "assigned", _("待评审")
    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("已提交")
    DECLINED = "declined", _("已谢绝")
    REPLACED = "replaced", _("已更换")


REVIEW_TRANSITIONS: dict[str, tuple[str, ...]] = {
    ReviewState.ASSIGNED: (
        ReviewState.DRAFT, ReviewState.SUBMITTED, ReviewState.DECLINED, ReviewState.REPLACED,
    ),
    ReviewState.DRAFT: (
        ReviewState.DRAFT, ReviewState.SUBMITTED, ReviewState.DECLINED, ReviewState.REPLACED,
    ),
    # A submitted review is changed with a reason, in discussion only; it stays submitted.
    ReviewState.SUBMITTED: (ReviewState.SUBMITTED,),
    ReviewState.DECLINED: (),
    ReviewState.REPLACED: (),
}  # fmt: skip
LIVE_REVIEWS = (ReviewState.ASSIGNED, ReviewState.DRAFT, ReviewState.SUBMITTED)


class Review(Stamped):
    """One reviewer's review of one application in a round (评审意见).

    ``scores`` is ``{criterion key: number}``, ``gates`` ``{criterion key: {passed: bool, why: str}}``;
    ``total`` is the weighted sum, set when submitted. ``letter`` is the stable pseudonym (专家甲,
    Reviewer A) by which colleagues and applicants meet the reviewer.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="reviews")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="reviews")
    letter = models.PositiveSmallIntegerField(_("代号"))
    state = models.CharField(
        _("状态"), max_length=10, choices=ReviewState.choices, default=ReviewState.ASSIGNED
    )
    scores = models.JSONField(_("评分"), default=dict, blank=True, encoder=Readable)
    gates = models.JSONField(_("门槛"), default=dict, blank=True, encoder=Readable)
    total = models.FloatField(_("总分"), null=True, blank=True)
    confidence = models.PositiveSmallIntegerField(_("把握程度（1–5）"), null=True, blank=True)
    for_applicant = models.TextField(_("反馈申报单位的意见"), blank=True)
    for_office = models.TextField(_("仅联席办可见的意见"), blank=True)
    # Counts saves of the draft: a stale browser's draft never overwrites a newer one.
    revision = models.PositiveIntegerField(default=0)
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("提醒时间"), null=True, blank=True)
    why = models.CharField(_("谢绝或更换原因"), max_length=300, blank=True)

    class Meta:
        ordering = ["round_id", "application_id", "letter"]
        verbose_name = _("评审意见")
        verbose_name_plural = _("评审意见")
        constraints = [
            models.UniqueConstraint(fields=["round", "application", "reviewer"], name="review_once"),
            models.UniqueConstraint(fields=["round", "application", "letter"], name="review_letter"),
        ]

    def get_absolute_url(self) -> str:
        """Address of the reviewer's form."""
        return reverse("review_detail", args=[self.pk])


class ReviewChange(models.Model):
    """A change of a submitted review (评分修改) with its reason: what stood before, what after."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="changes")
    before = models.JSONField(encoder=Readable)
    after = models.JSONField(encoder=Readable)
    why = models.CharField(_("修改理由"), max_length=500)
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["review_id", "id"]


class Remark(models.Model):
    """A word in the discussion (讨论) of an application among its reviewers and the chair.

    ``review`` is the speaker's own review; null when the chair (主持人, the office) speaks.
    """

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="remarks")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="remarks")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    text = models.TextField(_("内容"))
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["id"]
