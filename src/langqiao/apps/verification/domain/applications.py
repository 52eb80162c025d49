"""Verbs of the applicants (申报单位): draft, revise, sign, submit with a receipt, withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.chain import canonical
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain.cases import next_case
from langqiao.apps.registry.models import Achievement, Field, Organisation, Person
from langqiao.apps.verification.domain import filling, layout
from langqiao.apps.verification.domain.acts import (
    applicants,
    digest,
    enter_application,
    lock,
    move,
    must_be_in,
)
from langqiao.apps.verification.domain.intake import (
    APPLICATION,
    EDITABLE,
    editing_closed,
    hold,
    must_be_editable,
)
from langqiao.apps.verification.domain.receipts import content_digest, frozen_content
from langqiao.apps.verification.domain.rounds import chairs_of
from langqiao.apps.verification.models import (
    APPLICATION_TRANSITIONS,
    Application,
    ApplicationState,
    ApplicationVersion,
    Call,
    SignedPromise,
)
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

TITLE_AT_MOST = 200
WHY_AT_MOST = 500
KEPT_OUT_AT_MOST = 10
KEPT_OUT_WHY_AT_MOST = 300
AMOUNT_AT_MOST = Decimal(10) ** 9  # 万元
# Kinds for which an organisation applies once.
ONCE = (Call.Kind.RECOGNISE, Call.Kind.GRADE)


class Filled(TypedDict, total=False):
    """What an application may be given; ``values`` by field key (None or "" empties), ``amount`` in 万元.

    ``kept_out``: experts whom the applicant asks to keep out (申请回避), ``[{"person": id, "why": …}]``.
    """

    title: str
    field: Field | None
    achievement: Achievement | None
    amount: Decimal | None
    values: Mapping[str, Any]
    kept_out: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Missing:
    """What is still missing before an application can be submitted.

    Attributes:
        part: ``basics``, ``form``, ``files`` or ``promises``.
        key: of the field, the file or the promise.
        why: the sentence for the applicant.
    """

    part: str
    key: str
    why: str


# -- draft and revise -----------------------------------------------------------------------------


def _clean(call: Call, values: Filled) -> dict[str, Any]:
    """Values as they are kept.

    Raises:
        Invalid: the field and what is wrong with it.
    """
    clean: dict[str, Any] = dict(values)
    if "title" in values:
        title = " ".join(values["title"].split())
        if not title or len(title) > TITLE_AT_MOST or not layout.is_plain(title):
            raise Invalid(_("请填写申报名称，最多 %(most)d 字。") % {"most": TITLE_AT_MOST}, field="title")
        clean["title"] = title
    if values.get("amount") is not None:
        clean["amount"] = _amount(call, values["amount"])
    if "values" in values:
        clean["values"] = filling.clean_values(call.form, values["values"])
    if "kept_out" in values:
        clean["kept_out"] = _kept_out(values["kept_out"])
    return clean


def _amount(call: Call, value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
        fits = amount.is_finite() and 0 <= amount <= AMOUNT_AT_MOST
    except (InvalidOperation, ValueError):
        fits = False
    if not fits:
        raise Invalid(_("申请经费须为 0 以上的金额（万元）。"), field="amount")
    if call.budget is not None and amount > call.budget:
        raise Invalid(
            _("申请经费超过该征集的经费总额 %(budget)s 万元。") % {"budget": call.budget}, field="amount"
        )
    return round(amount, 2)


def _kept_out(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > KEPT_OUT_AT_MOST:
        raise Invalid(_("申请回避的专家最多 %(most)d 位。") % {"most": KEPT_OUT_AT_MOST}, field="kept_out")
    found: list[dict[str, Any]] = []
    for row in value:
        person, why = (row.get("person"), row.get("why", "")) if isinstance(row, dict) else (None, "")
        known = (
            isinstance(person, int)
            and not isinstance(person, bool)
            and 0 < person < 2**63
            and Person.objects.filter(pk=person).exists()
        )
        if not known:
            raise Invalid(_("名录中没有这位专家。"), mend=_("请从专家名录中选择。"), field="kept_out")
        if not isinstance(why, str) or not why.strip() or len(why) > KEPT_OUT_WHY_AT_MOST:
            raise Invalid(
                _("申请回避须写明理由，最多 %(most)d 字。") % {"most": KEPT_OUT_WHY_AT_MOST}, field="kept_out"
            )
        if not layout.is_plain(why):
            raise Invalid(_("含有控制字符。"), mend=_("请重新输入。"), field="kept_out")
        if all(one["person"] != person for one in found):
            found.append({"person": person, "why": why.strip()})
    return found


def _case_for(case: str, organisation: Organisation) -> str:
    """The application's own case number, or that of a matter in which the organisation took part.

    Raises:
        Invalid: the organisation has no part in that case.
    """
    wanted = case.strip()
    if not wanted:
        return next_case()
    if not Entry.objects.filter(case=wanted[:41], organisation=identifier(organisation)).exists():
        raise Invalid(
            _("贵单位没有参与项目“%(case)s”。") % {"case": wanted[:40]},
            mend=_("请核对项目编号，或留空以新编一个。"),
            field="case",
        )
    return wanted


@transaction.atomic
def draft_application(
    actor: User | None,
    call: Call,
    *,
    organisation: Organisation,
    title: str,
    field: Field | None = None,
    achievement: Achievement | None = None,
    amount: Decimal | None = None,
    case: str = "",
    values: Mapping[str, Any] | None = None,
    illustrative: bool = False,
) -> Application:
    """Draft an application (起草申报) for an organisation; only its members see it.

    Args:
        case: of a challenge or other matter it grows out of; empty gives it a case of its own.
        values: by field key of the call's form; may be incomplete.

    Raises:
        NotAllowed: the actor is no member of the organisation.
        Refused: the call takes no applications, or the organisation applied already where it may once.
        Invalid: a value is wrong; ``field`` names it.
    """
    require(actor, "verification.apply", organisation)
    lock(call)
    application = Application(call=call, organisation=organisation, created_by=actor)
    must_be_editable(application)
    if call.kind in ONCE:
        others = call.applications.filter(organisation=organisation)
        if others.exclude(state=ApplicationState.WITHDRAWN).exists():
            raise Refused(_("贵单位在该征集中已有一份申报。"), mend=_("请继续填写那一份，或先将其撤回。"))
    given = _clean(call, {"title": title, "amount": amount, "values": values or {}})
    application.title, application.amount = given["title"], given.get("amount")
    application.values = filling.merged({}, given["values"])
    application.field, application.achievement = field, achievement
    application.city, application.illustrative = organisation.city, illustrative
    application.case = _case_for(case, organisation)
    application.save()
    enter_application(actor, "draft_application", application, data={"title_sm3": digest(application.title)})
    return application


@transaction.atomic
def revise_application(actor: User | None, application: Application, **values: Unpack[Filled]) -> Application:
    """Revise the working copy (修改申报); what was handed in stays until it is submitted again.

    ``values`` adds to what is filled in; a key given as None or "" is emptied.

    Raises:
        NotAllowed: the actor is no member of the applicant.
        Refused: the state or the time does not allow it.
        Invalid: a value is wrong; ``field`` names it.
    """
    require(actor, "verification.edit_application", application)
    call = hold(application)
    must_be_editable(application)
    clean = _clean(call, values)
    if "values" in clean:
        clean["values"] = filling.merged(application.values, clean["values"])
    changed = sorted(name for name, value in clean.items() if getattr(application, name) != value)
    if not changed:
        return application
    for name in changed:
        setattr(application, name, clean[name])
    application.save()
    enter_application(
        actor,
        "revise_application",
        application,
        data={"changed": changed, "values_sm3": digest(canonical(application.values))},
    )
    return application


# -- promises -------------------------------------------------------------------------------------


@transaction.atomic
def sign_promise(actor: User | None, application: Application, *, key: str) -> SignedPromise:
    """Sign a promise form (签署承诺书) of the call; the text is kept as it was read.

    Signing it again changes nothing.

    Raises:
        NotAllowed: the actor is no member of the applicant.
        Refused: the state or the time does not allow it, or nobody signs (the console).
        Invalid: the call has no such promise.
    """
    require(actor, "verification.edit_application", application)
    call = hold(application)
    must_be_editable(application)
    if actor is None:
        raise Refused(_("承诺书须由申报单位的人员签署。"), mend=_("请以申报单位成员的身份登录后签署。"))
    wanted = next((row for row in call.promises if row["key"] == key), None)
    if wanted is None:
        raise Invalid(_("该征集没有这份承诺书。"), field="key")
    promise, made = SignedPromise.objects.get_or_create(
        application=application,
        key=key,
        defaults={
            "title": wanted["title"],
            "text": wanted["text"],
            "digest": digest(wanted["text"]),
            "user": actor,
        },
    )
    if made:
        data = {"promise": key, "text_sm3": promise.digest}
        enter_application(actor, "sign_application_promise", application, data=data)
    return promise


# -- submit and withdraw --------------------------------------------------------------------------


def missing(application: Application) -> list[Missing]:
    """All that is still missing before the application can be submitted, in the order of the form."""
    call = application.call
    found = []
    if not application.title.strip():
        found.append(Missing("basics", "title", str(_("请填写申报名称。"))))
    found += [
        Missing("form", field["key"], str(_("请填写“%(label)s”。") % {"label": field["label"]}))
        for field in filling.unfilled(call.form, application.values)
    ]
    kept = set(application.files.filter(replaced=False).values_list("key", flat=True))
    found += [
        Missing("files", row["key"], str(_("请上传“%(name)s”。") % {"name": row["name"]}))
        for row in call.wanted_files
        if row["required"] and row["key"] not in kept
    ]
    signed = set(application.promises.values_list("key", flat=True))
    found += [
        Missing("promises", row["key"], str(_("请阅读并签署“%(title)s”。") % {"title": row["title"]}))
        for row in call.promises
        if row["key"] not in signed
    ]
    return found


@transaction.atomic
def submit_application(actor: User | None, application: Application) -> ApplicationVersion:
    """Submit the working copy (提交申报): a new version is frozen, its digest goes into the ledger.

    The first submission gives the application its number in the call; a later one, before the deadline
    or on request (补正), keeps it.

    Raises:
        NotAllowed: the actor is no member of the applicant.
        Refused: too late, too early, a state that does not allow it, or nothing changed since.
        Invalid: something is missing; ``field`` names the first of it.
    """
    require(actor, "verification.submit_application", application)
    call = hold(application)
    must_be_in(application, *EDITABLE, what=APPLICATION)
    why = editing_closed(application)
    if why:
        raise Refused(why, mend=_("如有特殊情况，请联系联席办。"))
    gaps = missing(application)
    if gaps:
        rest = _("另有 %(count)d 处未完成。") % {"count": len(gaps) - 1} if len(gaps) > 1 else ""
        raise Invalid(gaps[0].why, mend=rest, field=gaps[0].key)
    was_returned = application.state == ApplicationState.RETURNED
    if application.number is None:
        last = call.applications.aggregate(last=Max("number"))["last"]
        application.number = (last or 0) + 1
    content = frozen_content(application)
    frozen = content_digest(content)
    newest = application.versions.first()
    if newest is not None and newest.digest == frozen:
        raise Refused(_("内容与已提交的版本相同。"), mend=_("请修改后再提交。"))
    move(application, ApplicationState.SUBMITTED, APPLICATION_TRANSITIONS, what=APPLICATION)
    application.version = (newest.number if newest is not None else 0) + 1
    application.submitted_at, application.correct_by = timezone.now(), None
    application.save()
    entry = enter_application(
        actor,
        "submit_application",
        application,
        data={"number": application.number, "version": application.version, "sm3": frozen},
    )
    version = ApplicationVersion.objects.create(
        application=application,
        number=application.version,
        content=content,
        digest=frozen,
        entry=entry.sequence,
        by=actor,
    )
    words = {"title": call.title, "number": application.number}
    own = applicants([application])
    event = f"ledger:{entry.sequence}"
    tell(
        own,
        _("征集《%(title)s》的申报已提交，申报序号 %(number)d，请查收回执。"),
        words,
        url=application.get_absolute_url(),
        event=event,
        but=actor,
    )
    if was_returned:
        tell(
            chairs_of(call),
            _("征集《%(title)s》的申报 %(number)d 已补正，请审查。"),
            words,
            url=application.get_absolute_url(),
            event=event,
        )
    return version


@transaction.atomic
def withdraw_application(actor: User | None, application: Application, *, why: str = "") -> Application:
    """Withdraw an application (撤回申报) before the result; it leaves all later steps.

    Args:
        why: needed once it was handed in; the office reads it.

    Raises:
        NotAllowed: the actor is no member of the applicant.
        Refused: it is settled.
        Invalid: no reason, or too long.
    """
    require(actor, "verification.submit_application", application)
    call = hold(application)
    handed_in = application.submitted_at is not None
    move(application, ApplicationState.WITHDRAWN, APPLICATION_TRANSITIONS, what=APPLICATION)
    reason = why.strip()
    if handed_in and not reason:
        raise Invalid(_("请写明撤回的原因。"), field="why")
    if len(reason) > WHY_AT_MOST or not layout.is_plain(reason):
        raise Invalid(_("原因最多 %(most)d 字。") % {"most": WHY_AT_MOST}, field="why")
    application.why = reason
    application.save(update_fields=["state", "why", "updated_at"])
    entry = enter_application(
        actor, "withdraw_application", application, data={"version": application.version}
    )
    own = applicants([application])
    words = {"title": call.title, "number": application.number or 0}
    event = f"ledger:{entry.sequence}"
    tell(
        own,
        _("征集《%(title)s》的申报已撤回。"),
        words,
        url=application.get_absolute_url(),
        event=event,
        but=actor,
    )
    if handed_in:
        tell(
            chairs_of(call),
            _("征集《%(title)s》的申报 %(number)d 已撤回。"),
            words,
            url=call.get_absolute_url(),
            event=event,
        )
    return application
