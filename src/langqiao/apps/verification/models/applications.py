"""Applications (申报) to a call: drafts, handed-in versions with receipts, files, promises, screening."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from langqiao.apps.registry.models import Achievement, City, Field, Organisation, Readable
from langqiao.apps.verification.models.calls import Call
from langqiao.kit.models import KeptFile, Stamped


class ApplicationState(models.TextChoices):
    """Where an application stands (状态)."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("已提交")
    RETURNED = "returned", _("退回补正")
    ACCEPTED = "accepted", _("已受理")
    REJECTED = "rejected", _("不予受理")
    WITHDRAWN = "withdrawn", _("已撤回")
    ELIMINATED = "eliminated", _("未进入下一环节")
    CHOSEN = "chosen", _("入选")
    NOT_CHOSEN = "not_chosen", _("未入选")


APPLICATION_TRANSITIONS: dict[str, tuple[str, ...]] = {
    ApplicationState.DRAFT: (ApplicationState.SUBMITTED, ApplicationState.WITHDRAWN),
    ApplicationState.SUBMITTED: (
        ApplicationState.SUBMITTED, ApplicationState.RETURNED, ApplicationState.ACCEPTED,
        ApplicationState.REJECTED, ApplicationState.WITHDRAWN,
    ),
    ApplicationState.RETURNED: (
        ApplicationState.SUBMITTED, ApplicationState.REJECTED, ApplicationState.WITHDRAWN,
    ),
    ApplicationState.ACCEPTED: (
        ApplicationState.ELIMINATED, ApplicationState.CHOSEN, ApplicationState.NOT_CHOSEN,
        ApplicationState.WITHDRAWN,
    ),
    ApplicationState.CHOSEN: (ApplicationState.NOT_CHOSEN,),
    ApplicationState.NOT_CHOSEN: (ApplicationState.CHOSEN,),
    ApplicationState.REJECTED: (),
    ApplicationState.ELIMINATED: (),
    ApplicationState.WITHDRAWN: (),
}  # fmt: skip
# In which the content was handed in and not taken back.
HANDED_IN = (
    ApplicationState.SUBMITTED, ApplicationState.RETURNED, ApplicationState.ACCEPTED,
    ApplicationState.REJECTED, ApplicationState.ELIMINATED, ApplicationState.CHOSEN,
    ApplicationState.NOT_CHOSEN,
)  # fmt: skip


class Application(Stamped):
    """An application (申报) of an organisation to a call.

    ``values`` is the working copy (``{field key: value}``); the office and the reviewers read the newest
    :class:`ApplicationVersion`, never a newer draft.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="applications")
    # Given at the first submission, kept for good: by it a double-blind reviewer knows an application.
    number = models.PositiveIntegerField(_("申报序号"), null=True, blank=True)
    case = models.CharField(_("项目编号"), max_length=40, db_index=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="applications", verbose_name=_("申报单位")
    )
    city = models.ForeignKey(City, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("城市"))
    field = models.ForeignKey(
        Field, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("产业领域")
    )
    achievement = models.ForeignKey(
        Achievement, on_delete=models.PROTECT, null=True, blank=True, related_name="applications",
        verbose_name=_("所涉成果"),
    )  # fmt: skip
    title = models.CharField(_("申报名称"), max_length=200)
    amount = models.DecimalField(
        _("申请经费（万元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    values = models.JSONField(_("申报内容"), default=dict, blank=True, encoder=Readable)
    # Experts whom the applicant asks to keep out (回避申请): [{person, why}].
    kept_out = models.JSONField(_("回避申请"), default=list, blank=True, encoder=Readable)
    state = models.CharField(
        _("状态"), max_length=12, choices=ApplicationState.choices, default=ApplicationState.DRAFT
    )
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    version = models.PositiveIntegerField(_("已提交的版本"), null=True, blank=True)
    correct_by = models.DateTimeField(_("补正期限"), null=True, blank=True)
    grade = models.CharField(_("等次"), max_length=40, blank=True)
    why = models.TextField(_("原因"), blank=True)
    illustrative = models.BooleanField(_("示例"), default=False, db_index=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["call_id", "number", "id"]
        verbose_name = _("申报")
        verbose_name_plural = _("申报")
        constraints = [
            models.UniqueConstraint(fields=["call", "number"], name="application_number"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the application's page."""
        return reverse("application_detail", args=[self.pk])

    @property
    def label(self) -> str:
        """How a double-blind reviewer meets it: its number alone."""
        return str(_("申报 %(number)02d") % {"number": self.number or 0})


class ApplicationVersion(models.Model):
    """What was handed in (提交版本), never changed; ``digest`` is what receipt and ledger hold.

    ``content`` is canonical JSON of title, organisation, achievement, amount, values, the files' digests
    and the promises' digests; ``digest`` its SM3.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("版本号"))
    content = models.JSONField(_("内容"), encoder=Readable)
    digest = models.CharField(_("回执摘要（SM3）"), max_length=64)
    # The ledger's entry of the submission; the receipt (回执) names it.
    entry = models.BigIntegerField(_("台账序号"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["application_id", "-number"]
        constraints = [models.UniqueConstraint(fields=["application", "number"], name="app_version_once")]


class ApplicationFile(KeptFile):
    """A file of an application (申报附件) under the key of what it answers; "" for a further one.

    A file that a version names is kept for good: ``replaced`` takes it out of the working copy only.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="files")
    key = models.CharField(_("附件要求"), max_length=40, blank=True)
    replaced = models.BooleanField(default=False)


class SignedPromise(models.Model):
    """A promise (承诺书) signed for an application; the full text is kept as it was read."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="promises")
    key = models.CharField(max_length=40)
    title = models.CharField(_("承诺书"), max_length=120)
    text = models.TextField(_("全文"))
    digest = models.CharField(_("摘要（SM3）"), max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("签署时间"), auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["application", "key"], name="app_promise_once")]


class Screening(models.Model):
    """One document check (资料审查) of one version: each point passed or not, and the verdict."""

    class Verdict(models.TextChoices):
        ACCEPT = "accept", _("受理")
        RETURN = "return", _("退回补正")
        REJECT = "reject", _("不予受理")

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="screenings")
    version = models.PositiveIntegerField(_("版本号"))
    # {point key: {passed: bool, note: str}}
    points = models.JSONField(_("要点"), default=dict, blank=True, encoder=Readable)
    verdict = models.CharField(_("结论"), max_length=8, choices=Verdict.choices)
    note = models.TextField(_("说明"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        ordering = ["application_id", "id"]
