"""Calls (征集): what is asked for, in which form, by which criteria, through which chain of steps.

Form, attachments, promises, screening points, criteria, chain and grades are data of the call, checked
by ``domain.layout`` and frozen when the call is published.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import Field, Organisation, Readable
from langqiao.kit.models import Sourced, Stamped


class CallState(models.TextChoices):
    """Where a call stands (状态)."""

    DRAFT = "draft", _("草稿")
    OPEN = "open", _("征集中")
    RUNNING = "running", _("评选中")
    FINISHED = "finished", _("已发文")
    CANCELLED = "cancelled", _("已取消")


# The allowed transitions; docs/verification.md draws its picture from this table.
CALL_TRANSITIONS: dict[str, tuple[str, ...]] = {
    CallState.DRAFT: (CallState.OPEN, CallState.CANCELLED),
    CallState.OPEN: (CallState.RUNNING, CallState.CANCELLED),
    CallState.RUNNING: (CallState.FINISHED, CallState.CANCELLED),
    CallState.FINISHED: (),
    CallState.CANCELLED: (),
}
PUBLIC_CALL_STATES = (CallState.OPEN, CallState.RUNNING, CallState.FINISHED, CallState.CANCELLED)


class StepKind(models.TextChoices):
    """Steps a chain (评选流程) is made of; a call leaves out or reorders them."""

    DOCUMENTS = "documents", _("资料审查")
    REVIEW = "review", _("专家评审")
    DEFENCE = "defence", _("现场答辩")
    CONFERENCE = "conference", _("会议研究")
    NOTICE = "notice", _("张榜公示")
    ISSUE = "issue", _("发文")


class Call(Sourced, Stamped):
    """A call for applications (征集、认定、评价、考核) with all that configures it.

    The JSON columns:
        form: ``[{key, title, help, fields: [field]}]`` with fields
            ``{key, label, kind, required, help, options, most, identifying}``
        wanted_files: ``[{key, name, required, identifying}]`` (required attachments 必备附件)
        promises: ``[{key, title, text}]`` (promise forms 承诺书)
        screening: ``[{key, text}]`` (points of the document check 形式审查要点)
        criteria: ``[{key, name, help, kind: score|gate, most, weight, rule: any|majority}]``
        chain: ``[{kind, name, due, criteria}]``; ``name``, ``due`` and ``criteria`` may be left out
        grades: ``[{key, name, at_least}]`` from best to worst, for calls without a number of places
        panel: ``{city: {at_most, at_least}, kind: {…}}`` quotas on the reviewers of one application
        choice: constraints of the choice as ``engines.selection`` takes them
    """

    class Kind(models.TextChoices):
        RECOGNISE = "recognise", _("认定概念验证中心")
        VERIFY = "verify", _("概念验证项目")
        EVALUATE = "evaluate", _("科技成果评价")
        GRADE = "grade", _("年度考核")

    class Blindness(models.TextChoices):
        SINGLE = "single", _("单盲：申报单位不知评审专家")
        DOUBLE = "double", _("双盲：评审专家也不知申报单位")

    case = models.CharField(_("项目编号"), max_length=40, unique=True)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices)
    title = models.CharField(_("名称"), max_length=200)
    summary = models.TextField(_("摘要"), blank=True)
    guide = models.TextField(_("申请指南"), blank=True)
    organiser = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("组织单位"),
    )  # fmt: skip
    fields = models.ManyToManyField(Field, blank=True, verbose_name=_("产业领域"))
    state = models.CharField(
        _("状态"), max_length=10, choices=CallState.choices, default=CallState.DRAFT, db_index=True
    )
    step = models.PositiveSmallIntegerField(_("当前步骤"), null=True, blank=True)
    opens_at = models.DateTimeField(_("开始时间"), null=True, blank=True)
    closes_at = models.DateTimeField(_("截止时间"), null=True, blank=True)
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True)
    places = models.PositiveSmallIntegerField(_("名额"), null=True, blank=True)
    budget = models.DecimalField(
        _("经费总额（万元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    form = models.JSONField(_("申报表"), default=list, blank=True, encoder=Readable)
    wanted_files = models.JSONField(_("附件要求"), default=list, blank=True, encoder=Readable)
    promises = models.JSONField(_("承诺书"), default=list, blank=True, encoder=Readable)
    screening = models.JSONField(_("形式审查要点"), default=list, blank=True, encoder=Readable)
    criteria = models.JSONField(_("评分标准"), default=list, blank=True, encoder=Readable)
    chain = models.JSONField(_("评选流程"), default=list, blank=True, encoder=Readable)
    grades = models.JSONField(_("等次"), default=list, blank=True, encoder=Readable)
    panel = models.JSONField(_("专家组构成"), default=dict, blank=True, encoder=Readable)
    choice = models.JSONField(_("遴选约束"), default=dict, blank=True, encoder=Readable)
    blindness = models.CharField(
        _("盲审方式"), max_length=8, choices=Blindness.choices, default=Blindness.SINGLE
    )
    reviews_per = models.PositiveSmallIntegerField(_("每份申报的评审数"), default=3)
    max_load = models.PositiveSmallIntegerField(_("每位专家最多评审数"), default=10)
    min_load = models.PositiveSmallIntegerField(_("每位专家最少评审数"), default=0)
    conflict_years = models.PositiveSmallIntegerField(_("同单位回避年限"), default=3)
    coauthor_years = models.PositiveSmallIntegerField(_("合作者回避年限"), default=5)
    number_issued = models.CharField(_("文号"), max_length=80, blank=True)
    issued_at = models.DateTimeField(_("发文时间"), null=True, blank=True)
    notice_url = models.CharField(_("公示页面"), max_length=200, blank=True)
    resolution = models.CharField(_("决议文号"), max_length=80, blank=True)
    resolution_url = models.CharField(_("决议页面"), max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-published_at", "-id"]
        verbose_name = _("征集")
        verbose_name_plural = _("征集")
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_at=None) | Q(closes_at=None) | Q(closes_at__gt=F("opens_at")),
                name="call_dates",
            ),
            models.CheckConstraint(condition=Q(max_load__gte=F("min_load")), name="call_loads"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the call's page."""
        return reverse("call_detail", args=[self.pk])

    @property
    def current_step(self) -> dict[str, Any] | None:
        """The step the call is at, or None before and after its chain."""
        if self.state != CallState.RUNNING or self.step is None:
            return None
        step: dict[str, Any] = self.chain[self.step]
        return step

    @property
    def is_double_blind(self) -> bool:
        """Whether reviewers must not learn who applied."""
        return self.blindness == self.Blindness.DOUBLE


class StepDone(models.Model):
    """A step of the chain that was completed (流程记录): when, by whom, with which outcome."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="steps_done")
    step = models.PositiveSmallIntegerField(_("步骤"))
    kind = models.CharField(_("类别"), max_length=12, choices=StepKind.choices)
    outcome = models.CharField(_("结果"), max_length=300, blank=True)
    started_at = models.DateTimeField(_("开始时间"), auto_now_add=True)
    done_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    # What the joint conference or the public notice answered; "waiting" until it does.
    answer = models.CharField(_("答复"), max_length=12, blank=True)
    answer_data = models.JSONField(default=dict, blank=True, encoder=Readable)

    class Meta:
        ordering = ["call_id", "id"]
