"""What the chain asks of others: the joint conference (会议研究) and the public notice (张榜公示).

Both are reached by signals only (``registry.signals``); nothing here knows who answers.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.ledger.domain import identifier
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.signals import conference_wanted, notice_wanted
from langqiao.apps.verification.domain import layout
from langqiao.apps.verification.domain.acts import enter_call, lock
from langqiao.apps.verification.domain.results import adopted_choice, chosen_rows
from langqiao.apps.verification.models import Call, ChoiceRun, StepDone, StepKind
from langqiao.kit.refusals import Refused

# What StepDone.answer holds while and after the conference or the notice is asked.
WAITING = "waiting"
APPROVED, REJECTED, RETURNED = "approved", "rejected", "returned"  # the conference's outcomes
STANDS, UPHELD = "stands", "upheld"  # the notice without, with objections found right
ASKED = (StepKind.CONFERENCE, StepKind.NOTICE)


def current(call: Call) -> StepDone | None:
    """The record of the step the call is at; None before and after the chain."""
    if call.current_step is None or call.step is None:
        return None
    return call.steps_done.filter(step=call.step, done_at=None).order_by("-id").first()


def _said(answers: list[tuple[Any, Any]]) -> Any:
    return next((answer for _receiver, answer in answers if answer is not None), None)


def _city(call: Call) -> str:
    return (call.organiser.city_id or "") if call.organiser is not None else ""


def _choice_pk(call: Call) -> int | None:
    run: ChoiceRun | None = adopted_choice(call)
    return run.pk if run is not None else None


def ask_conference(actor: User | None, call: Call, record: StepDone) -> None:
    """Put the call before the joint conference (会议研究).

    Raises:
        Refused: nobody answers: there is no conference app.
    """
    rows = chosen_rows(call)
    words = {"count": len(rows), "chosen": sum(row.chosen for row in rows)}
    # What is kept is Chinese, whichever language the actor reads.
    with translation.override("zh-hans"):
        summary = str(_("仍在评选中的申报 %(count)d 份。") % words)
        if words["chosen"]:
            summary = str(_("仍在评选中的申报 %(count)d 份，拟入选 %(chosen)d 份。") % words)
    answers = conference_wanted.send(
        sender=Call,
        actor=actor,
        subject=identifier(call),
        case=call.case,
        title=call.title,
        summary=summary,
        url=call.get_absolute_url(),
        city=_city(call),
        organisation=identifier(call.organiser),
        illustrative=call.illustrative,
    )
    matter = _said(answers)
    if matter is None:
        raise Refused(_("系统中没有联席会议模块，无法提交会议研究。"), mend=_("请联系系统管理员。"))
    record.answer = WAITING
    record.answer_data = {"matter": str(matter), "choice": _choice_pk(call)}
    record.save(update_fields=["answer", "answer_data"])


def ask_notice(actor: User | None, call: Call, record: StepDone) -> None:
    """Publish the list of those to be chosen (张榜公示).

    Raises:
        Refused: nobody answers, or nobody is to be chosen.
    """
    chosen = [row for row in chosen_rows(call) if row.chosen]
    if not chosen:
        raise Refused(_("拟入选名单为空，无法公示。"), mend=_("请先采用遴选方案。"))
    days = int(call.chain[record.step].get("days", layout.NOTICE_DAYS))
    words = {"title": call.title}
    with translation.override("zh-hans"):
        rows = [row.public() for row in chosen]
        title = str(_("%(title)s拟入选名单公示") % words)
        body = str(_("现将“%(title)s”拟入选名单予以公示。对名单有异议的，请在公示期内提出。") % words)
    answers = notice_wanted.send(
        sender=Call,
        actor=actor,
        subject=identifier(call),
        case=call.case,
        title=title,
        body=body,
        rows=rows,
        days=days,
        city=_city(call),
        illustrative=call.illustrative,
    )
    published = _said(answers)
    if published is None:
        raise Refused(_("系统中没有公示模块，无法张榜公示。"), mend=_("请联系系统管理员。"))
    url, last_day = published
    before = call.steps_done.filter(step=record.step, answer=WAITING).exclude(pk=record.pk).exists()
    if before and call.notice_url == url:
        raise Refused(_("公示仍在进行。"), mend=_("请等待公示结束，或先撤回公示。"))
    call.notice_url = str(url)[:200]
    call.save(update_fields=["notice_url", "updated_at"])
    record.answer = WAITING
    record.answer_data = {"last_day": last_day.isoformat(), "rows": len(rows), "choice": _choice_pk(call)}
    record.save(update_fields=["answer", "answer_data"])


# -- answers of the conference and the notice -----------------------------------------------------


def _asking(subject: str, kind: StepKind) -> tuple[Call, StepDone] | None:
    """The call named by ``subject`` and its waiting step, locked; None when it is not ours or not waiting."""
    label, _sep, key = subject.partition(":")
    if label != Call._meta.label_lower or not key.isdecimal():
        return None
    call = Call.objects.filter(pk=int(key)).first() if len(key) < 19 else None
    if call is None:
        return None
    lock(call)
    record = current(call)
    if record is None or record.kind != kind or record.answer != WAITING:
        return None
    return call, record


@transaction.atomic
def take_decision(actor: User | None, *, subject: str, outcome: str, resolution: str, url: str) -> None:
    """Keep what the joint conference resolved (receiver of ``conference_decided``)."""
    asked = _asking(subject, StepKind.CONFERENCE)
    if asked is None or outcome not in (APPROVED, REJECTED, RETURNED):
        return
    call, record = asked
    record.answer = outcome
    record.answer_data = {**record.answer_data, "resolution": resolution, "url": url}
    record.save(update_fields=["answer", "answer_data"])
    if outcome == APPROVED:
        call.resolution, call.resolution_url = resolution[:80], url[:200]
        call.save(update_fields=["resolution", "resolution_url", "updated_at"])
    data = {"outcome": outcome, "resolution": resolution}
    enter_call(actor, "take_decision", call, data=data, visibility=Visibility.OFFICE)


@transaction.atomic
def take_notice(actor: User | None, *, subject: str, upheld: list[str], url: str) -> None:
    """Keep how the public notice ended (receiver of ``notice_ended``)."""
    asked = _asking(subject, StepKind.NOTICE)
    if asked is None:
        return
    call, record = asked
    record.answer = UPHELD if upheld else STANDS
    record.answer_data = {**record.answer_data, "upheld": [str(one) for one in upheld], "url": url}
    record.save(update_fields=["answer", "answer_data"])
    enter_call(actor, "take_notice", call, data={"upheld": len(upheld)}, visibility=Visibility.OFFICE)
