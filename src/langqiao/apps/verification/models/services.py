"""The three services of a centre (概念验证服务) for a case: evaluation, feasibility, business.

Terms follow GB/T 44731-2024 (科技成果评估规范) and GB/T 22900-2022 (科学技术研究项目评价通则); readiness is
TRL by ISO 16290.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import Achievement, Organisation, Person, Readable
from langqiao.kit.models import KeptFile, Stamped


class ExaminationState(models.TextChoices):
    """Where an examination stands (状态)."""

    REQUESTED = "requested", _("已委托")
    PLANNED = "planned", _("方案编制")
    UNDER_WAY = "under_way", _("验证中")
    CONCLUDED = "concluded", _("已结论")
    DECLINED = "declined", _("未受理")
    WITHDRAWN = "withdrawn", _("已撤回")


EXAMINATION_TRANSITIONS: dict[str, tuple[str, ...]] = {
    ExaminationState.REQUESTED: (
        ExaminationState.PLANNED, ExaminationState.DECLINED, ExaminationState.WITHDRAWN,
    ),
    ExaminationState.PLANNED: (ExaminationState.UNDER_WAY, ExaminationState.WITHDRAWN),
    ExaminationState.UNDER_WAY: (ExaminationState.CONCLUDED, ExaminationState.WITHDRAWN),
    ExaminationState.CONCLUDED: (),
    ExaminationState.DECLINED: (),
    ExaminationState.WITHDRAWN: (),
}  # fmt: skip


class Examination(Stamped):
    """An examination (验证与评价) of a case or an achievement by a centre for a client."""

    class Service(models.TextChoices):
        TRANSFER = "transfer", _("科技成果转化评估")
        TECHNICAL = "technical", _("技术可行性分析")
        BUSINESS = "business", _("商业评价")

    class Kind(models.TextChoices):
        PRINCIPLE = "principle", _("原理验证")
        PRODUCT = "product", _("产品与场景体系验证")
        PROTOTYPE = "prototype", _("原型制备与技术可行性验证")
        MARKET = "market", _("商业前景验证")

    class Conclusion(models.TextChoices):
        GO = "go", _("通过，进入下一阶段")
        CONDITIONAL = "conditional", _("有条件通过")
        NO_GO = "no_go", _("不通过，终止")

    case = models.CharField(_("项目编号"), max_length=40, db_index=True)
    title = models.CharField(_("名称"), max_length=200)
    service = models.CharField(_("服务"), max_length=10, choices=Service.choices)
    kind = models.CharField(_("验证类别"), max_length=10, choices=Kind.choices, blank=True)
    centre = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="examinations", verbose_name=_("概念验证中心")
    )
    client = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="examined", verbose_name=_("委托单位")
    )
    achievement = models.ForeignKey(
        Achievement, on_delete=models.PROTECT, null=True, blank=True, related_name="examinations",
        verbose_name=_("所涉成果"),
    )  # fmt: skip
    question = models.TextField(_("委托事项"))
    state = models.CharField(
        _("状态"), max_length=10, choices=ExaminationState.choices, default=ExaminationState.REQUESTED
    )
    # The service's form (domain.forms_of_services): {field key: value}.
    values = models.JSONField(_("评价内容"), default=dict, blank=True, encoder=Readable)
    trl_before = models.PositiveSmallIntegerField(_("验证前 TRL"), null=True, blank=True)
    trl_target = models.PositiveSmallIntegerField(_("目标 TRL"), null=True, blank=True)
    trl_after = models.PositiveSmallIntegerField(_("验证后 TRL"), null=True, blank=True)
    budget = models.DecimalField(_("经费（万元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    experts = models.ManyToManyField(
        Person, blank=True, related_name="examinations", verbose_name=_("评价专家")
    )
    conclusion = models.CharField(_("结论"), max_length=12, choices=Conclusion.choices, blank=True)
    reasons = models.TextField(_("结论理由"), blank=True)
    conditions = models.TextField(_("附带条件"), blank=True)
    concluded_at = models.DateTimeField(_("结论时间"), null=True, blank=True)
    why = models.CharField(_("未受理或撤回原因"), max_length=300, blank=True)
    illustrative = models.BooleanField(_("示例"), default=False, db_index=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("验证与评价")
        verbose_name_plural = _("验证与评价")
        constraints = [
            models.CheckConstraint(
                condition=Q(**{name: None}) | Q(**{f"{name}__gte": 1, f"{name}__lte": 9}),
                name=f"exam_{name}",
            )
            for name in ("trl_before", "trl_target", "trl_after")
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the examination's page."""
        return reverse("examination_detail", args=[self.pk])


class Milestone(models.Model):
    """A milestone of a verification plan (里程碑): what is shown by when, for how much, by which evidence.

    ``decision`` is the go/no-go record (节点决策) taken at it.
    """

    class Decision(models.TextChoices):
        GO = "go", _("继续")
        ADJUST = "adjust", _("调整后继续")
        NO_GO = "no_go", _("终止")

    examination = models.ForeignKey(Examination, on_delete=models.CASCADE, related_name="milestones")
    order = models.PositiveSmallIntegerField(_("次序"))
    name = models.CharField(_("里程碑"), max_length=200)
    criterion = models.TextField(_("判定标准"))
    due = models.DateField(_("计划日期"))
    budget = models.DecimalField(_("经费（万元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    spent = models.DecimalField(_("已用经费（万元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    reached_on = models.DateField(_("完成日期"), null=True, blank=True)
    finding = models.TextField(_("验证结果"), blank=True)
    decision = models.CharField(_("节点决策"), max_length=8, choices=Decision.choices, blank=True)
    decided_why = models.TextField(_("决策理由"), blank=True)
    decided_at = models.DateTimeField(_("决策时间"), null=True, blank=True)
    # What a later decision replaced, oldest first: ``[{decision, why, at}]``; the record is never rewritten.
    earlier = models.JSONField(_("先前决策"), default=list, blank=True, encoder=Readable)

    class Meta:
        ordering = ["examination_id", "order", "id"]

    def __str__(self) -> str:
        return self.name


class Evidence(KeptFile):
    """A file that shows a finding (验证证据); its kind says which readiness levels it can speak for."""

    class Kind(models.TextChoices):
        THEORY = "theory", _("原理依据")
        CONCEPT = "concept", _("应用设想")
        LABORATORY = "laboratory", _("实验室试验记录")
        RELEVANT = "relevant", _("模拟环境试验记录")
        PROTOTYPE = "prototype", _("样机与演示记录")
        FIELD = "field", _("实际环境试验记录")
        CERTIFICATE = "certificate", _("检测、认证与验收文件")
        OPERATION = "operation", _("实际使用记录")
        RIGHTS = "rights", _("权属与许可文件")
        MARKET = "market", _("市场与客户证据")
        FINANCE = "finance", _("财务与合同")
        OTHER = "other", _("其他")

    examination = models.ForeignKey(Examination, on_delete=models.CASCADE, related_name="evidence")
    milestone = models.ForeignKey(
        Milestone, on_delete=models.SET_NULL, null=True, blank=True, related_name="evidence"
    )
    kind = models.CharField(_("证据类别"), max_length=12, choices=Kind.choices, default=Kind.OTHER)
    what = models.CharField(_("说明"), max_length=200)

    def __str__(self) -> str:
        return self.what
