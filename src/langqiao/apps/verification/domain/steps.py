"""The chain (评选流程) in motion: start, leave a step and enter the next, ask again, issue the result.

Each step that was entered has a row of :class:`StepDone`; a step that is asked again (the conference
returned the matter, the notice is repeated) has one row for each time.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.verification.domain import layout
from langqiao.apps.verification.domain.acts import enter_application, enter_call, lock, move, must_be_in
from langqiao.apps.verification.domain.asking import (
    APPROVED,
    ASKED,
    REJECTED,
    RETURNED,
    STANDS,
    UPHELD,
    WAITING,
    ask_conference,
    ask_notice,
    current,
)
from langqiao.apps.verification.domain.files import as_handed_in
from langqiao.apps.verification.domain.results import adopted_choice, in_play, settle
from langqiao.apps.verification.models import (
    APPLICATION_TRANSITIONS,
    CALL_TRANSITIONS,
    ApplicationState,
    Call,
    CallState,
    RoundState,
    StepDone,
    StepKind,
)
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

CALL = _("征集")
OUTCOME_AT_MOST = 300
NUMBER_AT_MOST = 80


# -- where the call stands ------------------------------------------------------------------------


def _last_step(call: Call) -> bool:
    return call.step == len(call.chain) - 1


def is_scored(call: Call, *, before: int | None = None) -> bool:
    """Whether applications are scored anywhere in the chain, or before the step of that position."""
    steps = call.chain if before is None else call.chain[:before]
    return any(step["kind"] in layout.SCORED for step in steps)


def reason_wanted(call: Call) -> bool:
    """Whether going on needs a reason: the notice ended with objections found right."""
    record = current(call)
    return record is not None and record.kind == StepKind.NOTICE and record.answer == UPHELD


def may_put_again(call: Call) -> bool:
    """Whether the present step can be asked again (重新提交会议、重新公示)."""
    record = current(call)
    if record is None or record.kind not in ASKED:
        return False
    if record.answer in (REJECTED, RETURNED, UPHELD):
        return True
    return record.answer != WAITING and _asked_other_choice(call, record)


def hindrance(call: Call) -> str:
    """Why the call cannot leave its present step (or an open call cannot start), in words.

    Empty when it can. A call that is neither open nor running is hindered by its state.
    """
    if call.state == CallState.OPEN:
        return _start_hindrance(call)
    step = call.current_step
    if step is None:
        return str(_("征集处于“%(now)s”状态，没有下一步。") % {"now": call.get_state_display()})
    kind = step["kind"]
    if kind == StepKind.ISSUE:
        return str(_("请填写文号并发文。"))
    why = ""
    if kind == StepKind.DOCUMENTS:
        why = _screening_hindrance(call)
    elif kind in layout.SCORED:
        why = _round_hindrance(call)
    elif kind in ASKED:
        why = _answer_hindrance(call)
    if not why and not in_play(call).exists():
        why = str(_("没有仍在评选中的申报。可以取消征集。"))
    return why or _choice_hindrance(call)


def _start_hindrance(call: Call) -> str:
    if call.closes_at is not None and timezone.now() <= call.closes_at:
        at = timezone.localtime(call.closes_at).strftime("%Y-%m-%d %H:%M")
        return str(_("申报截止时间 %(at)s 未到。") % {"at": at})
    if not call.applications.filter(state=ApplicationState.SUBMITTED).exists():
        return str(_("没有已提交的申报。可以延长期限或取消征集。"))
    return ""


def _screening_hindrance(call: Call) -> str:
    if call.step == 0:
        unscreened = call.applications.filter(state=ApplicationState.SUBMITTED).count()
        returned = call.applications.filter(state=ApplicationState.RETURNED).count()
    else:
        unscreened, returned = in_play(call).filter(screenings=None).count(), 0
    if unscreened and returned:
        return str(
            _("%(count)d 份申报尚未审查，%(returned)d 份等待补正。")
            % {"count": unscreened, "returned": returned}
        )
    if unscreened:
        return str(_("%(count)d 份申报尚未审查。") % {"count": unscreened})
    if returned:
        return str(_("%(count)d 份申报等待补正；逾期未补正的可不予受理。") % {"count": returned})
    return ""


def _round_hindrance(call: Call) -> str:
    found = call.rounds.filter(step=call.step or 0).first()
    if found is None or found.state != RoundState.CLOSED:
        name = layout.step_name(call.chain[call.step or 0])
        return str(_("“%(step)s”还没有结束。") % {"step": name})
    return ""


def _answer_hindrance(call: Call) -> str:
    record = current(call)
    if record is None or record.answer == WAITING:
        if record is not None and record.kind == StepKind.NOTICE:
            return str(_("公示还没有结束，或异议尚未处理完。"))
        return str(_("联席会议尚未就此作出决议。"))
    if record.answer == REJECTED:
        return str(_("联席会议没有通过。请采用其他遴选方案后重新提交会议。"))
    if record.answer == RETURNED:
        return str(_("联席会议退回。请调整或说明后重新提交会议。"))
    return ""


def _choice_hindrance(call: Call) -> str:
    """A step after the scores that speaks of the outcome needs an adopted choice, and the same one."""
    position = call.step or 0
    rest = [step["kind"] for step in call.chain[position + 1 :]]
    if not is_scored(call, before=position + 1) or any(kind in layout.SCORED for kind in rest):
        return ""
    if rest and rest[0] == StepKind.DOCUMENTS:
        return ""
    if adopted_choice(call) is None:
        return str(_("还没有采用遴选方案。"))
    record = current(call)
    if record is not None and record.kind in ASKED and _asked_other_choice(call, record):
        return str(_("采用的遴选方案与提交时的不同，请重新提交。"))
    return ""


def _asked_other_choice(call: Call, record: StepDone) -> bool:
    """Whether the choice adopted now is not the one that conference or notice spoke of."""
    run = adopted_choice(call)
    return bool((run.pk if run is not None else None) != record.answer_data.get("choice"))


def choice_locked(call: Call) -> str:
    """Why the adopted choice may not be changed now, in words; empty when it may."""
    if call.state not in (CallState.OPEN, CallState.RUNNING):
        return str(_("征集处于“%(now)s”状态，不能更改遴选方案。") % {"now": call.get_state_display()})
    record = current(call)
    if record is None:
        return ""
    if record.kind == StepKind.ISSUE and any(step["kind"] in ASKED for step in call.chain):
        return str(_("结果已经会议研究或公示，不能再更改遴选方案。"))
    if record.kind in ASKED and record.answer == WAITING:
        return str(_("遴选方案正在会议研究或公示中，不能更改。"))
    if record.kind in ASKED and record.answer in (APPROVED, STANDS):
        return str(_("遴选方案已获通过，不能更改。"))
    return ""


# -- the verbs ------------------------------------------------------------------------------------


@transaction.atomic
def start_chain(actor: User | None, call: Call) -> Call:
    """Close the intake and start the chain (开始评选); what is still a draft stays behind.

    Changes that were not submitted are dropped: from now on everybody reads what was handed in.
    A chain that does not begin with the document check (资料审查) accepts every submitted application;
    one returned for correction that was not handed in again by then is rejected.

    Raises:
        NotAllowed: only the office may, unless recused.
        Refused: not open, the deadline is not over, nothing was handed in.
    """
    require(actor, "verification.run_call", call)
    lock(call)
    must_be_in(call, CallState.OPEN, what=CALL)
    why = hindrance(call)
    if why:
        raise Refused(why)
    move(call, CallState.RUNNING, CALL_TRANSITIONS, what=CALL)
    if call.closes_at is None:
        call.closes_at = timezone.now()
    call.save(update_fields=["state", "closes_at", "updated_at"])
    for application in call.applications.filter(state=ApplicationState.SUBMITTED):
        application.call = call
        if as_handed_in(application):
            data = {"version": application.version}
            enter_application(actor, "drop_unsubmitted", application, data=data)
    if call.chain[0]["kind"] != StepKind.DOCUMENTS:
        _accept_all(actor, call)
    counted = call.applications.exclude(submitted_at=None).exclude(state=ApplicationState.WITHDRAWN).count()
    data = {"applications": counted, "to": call.chain[0]["kind"]}
    enter_call(actor, "start_chain", call, data=data)
    _enter_step(actor, call, 0)
    return call


def _accept_all(actor: User | None, call: Call) -> None:
    for application in call.applications.filter(state=ApplicationState.RETURNED):
        application.call = call
        move(application, ApplicationState.REJECTED, APPLICATION_TRANSITIONS, what=_("申报"))
        with translation.override("zh-hans"):  # what is kept is Chinese
            application.why = str(_("逾期未补正。"))
        application.save(update_fields=["state", "why", "updated_at"])
        enter_application(actor, "reject_application", application, data={"version": application.version})
    for application in call.applications.filter(state=ApplicationState.SUBMITTED):
        application.call = call
        move(application, ApplicationState.ACCEPTED, APPLICATION_TRANSITIONS, what=_("申报"))
        application.save(update_fields=["state", "updated_at"])
        enter_application(actor, "accept_application", application, data={"version": application.version})


@transaction.atomic
def advance(actor: User | None, call: Call, *, outcome: str = "") -> Call:
    """Leave the present step and enter the next (进入下一步); after the last one the call is finished.

    Args:
        outcome: what the office notes of the step; a reason is needed to go on after a notice that
            ended with objections found right (异议成立).

    Raises:
        NotAllowed: only the office may, unless recused.
        Refused: the step cannot be left yet; the message says why.
        Invalid: the outcome is too long, or a reason is missing.
    """
    require(actor, "verification.run_call", call)
    lock(call)
    must_be_in(call, CallState.RUNNING, what=CALL)
    note = " ".join(outcome.split())
    if len(note) > OUTCOME_AT_MOST or not layout.is_plain(note):
        raise Invalid(_("说明最多 %(most)d 字。") % {"most": OUTCOME_AT_MOST}, field="outcome")
    why = hindrance(call)
    if why:
        raise Refused(why)
    if reason_wanted(call) and not note:
        raise Invalid(
            _("公示期间有异议成立。"),
            mend=_("请写明继续的理由，或采用其他遴选方案后重新公示。"),
            field="outcome",
        )
    _leave(call, note)
    left = call.chain[call.step or 0]["kind"]
    if _last_step(call):
        settle(actor, call, number="")
        return call
    position = (call.step or 0) + 1
    data = {"from": left, "to": call.chain[position]["kind"], "in_play": in_play(call).count()}
    enter_call(actor, "advance", call, data=data)
    _enter_step(actor, call, position)
    return call


@transaction.atomic
def put_again(actor: User | None, call: Call) -> Call:
    """Put the matter before the conference again, or repeat the notice (重新提交会议、重新公示).

    A notice that was withdrawn can be repeated too; while it stands, that is refused.

    Raises:
        NotAllowed: only the office may, unless recused.
        Refused: the step is neither, or its answer leaves nothing to ask.
    """
    require(actor, "verification.run_call", call)
    lock(call)
    must_be_in(call, CallState.RUNNING, what=CALL)
    record = current(call)
    withdrawn = record is not None and record.kind == StepKind.NOTICE and record.answer == WAITING
    if not may_put_again(call) and not withdrawn:
        raise Refused(
            _("现在不能重新提交会议或重新公示。"),
            mend=_("会议未通过或退回、公示有异议成立、或遴选方案已更换之后才可以。"),
        )
    if is_scored(call, before=call.step) and adopted_choice(call) is None:
        raise Refused(_("还没有采用遴选方案。"))
    assert record is not None
    _leave(call, "")
    enter_call(actor, "put_again", call, data={"step": record.kind}, visibility=Visibility.OFFICE)
    _enter_step(actor, call, call.step or 0)
    return call


@transaction.atomic
def issue_result(actor: User | None, call: Call, *, number: str) -> Call:
    """Issue the result (发文): applications are chosen or not, or get their grade; the call is finished.

    Recognised centres get their part in the registry (概念验证中心); applicants are told.

    Raises:
        NotAllowed: only the office may, unless recused.
        Refused: the call is not at this step, or no choice is adopted.
        Invalid: no number (文号), or too long.
    """
    require(actor, "verification.run_call", call)
    lock(call)
    must_be_in(call, CallState.RUNNING, what=CALL)
    step = call.current_step
    if step is None or step["kind"] != StepKind.ISSUE:
        raise Refused(_("还没有到发文这一步。"), mend=_("请先完成前面的步骤。"))
    clean = " ".join(number.split())
    if not clean or len(clean) > NUMBER_AT_MOST or not layout.is_plain(clean):
        raise Invalid(_("请填写文号，最多 %(most)d 字。") % {"most": NUMBER_AT_MOST}, field="number")
    why = _choice_hindrance(call)
    if why:
        raise Refused(why)
    _leave(call, clean)
    settle(actor, call, number=clean)
    return call


# -- leaving and entering -------------------------------------------------------------------------


def _leave(call: Call, outcome: str) -> None:
    call.steps_done.filter(step=call.step or 0, done_at=None).update(done_at=timezone.now(), outcome=outcome)


def _enter_step(actor: User | None, call: Call, position: int) -> None:
    """Stand at a step and do what it begins with."""
    kind = call.chain[position]["kind"]
    call.step = position
    call.save(update_fields=["step", "updated_at"])
    record = StepDone.objects.create(call=call, step=position, kind=kind)
    if kind in layout.SCORED:
        from langqiao.apps.verification.domain.rounds import open_round

        open_round(actor, call, position)
    elif kind == StepKind.CONFERENCE:
        ask_conference(actor, call, record)
    elif kind == StepKind.NOTICE:
        ask_notice(actor, call, record)
