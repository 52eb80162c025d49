"""From a selection to the result: select, contract, accept (选定、签约、验收)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.challenges.domain.acts import (
    enter,
    firm,
    followers,
    lock,
    move,
    move_answer,
    must_be_in,
    team,
)
from langqiao.apps.challenges.models import Answer, Challenge, State
from langqiao.apps.ledger.models import Visibility
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

NOTE_AT_MOST = 500
AMOUNT_AT_MOST = Decimal(10) ** 9  # 万元


def selected_answer(challenge: Challenge) -> Answer:
    """The answer selected for the challenge.

    Raises:
        Refused: none is.
    """
    answer = challenge.answers.filter(state=Answer.State.SELECTED).first()
    if answer is None:
        raise Refused(_("尚未选定答题。"), mend=_("请先选定一份答题。"))
    return answer


def _partners(answer: Answer) -> dict[str, list[int] | list[str]]:
    """Organisations and cities of a team, as public facts for the ledger."""
    members = answer.team.select_related("organisation")
    return {
        "organisations": [m.organisation_id for m in members],
        "cities": sorted({m.organisation.city_id for m in members if m.organisation.city_id}),
    }


def _origins(answer: Answer) -> dict[str, list[int]]:
    """Organisations of a team by the city from which their technology comes."""
    found: dict[str, list[int]] = {}
    for member in answer.team.select_related("organisation").order_by("organisation_id"):
        if member.organisation.city_id:
            found.setdefault(member.organisation.city_id, []).append(member.organisation_id)
    return found


@transaction.atomic
def select_answer(actor: User | None, answer: Answer) -> Answer:
    """Select an answer (选定答题); the others submitted are declined, the chosen team is public.

    Raises:
        NotAllowed: the actor is not of the posing firm.
        Refused: the challenge is not answering, or this answer is not submitted.
    """
    challenge = answer.challenge
    lock(challenge)
    lock(answer)
    answer.challenge = challenge
    require(actor, "challenges.select", challenge)
    move(challenge, State.SELECTED)
    move_answer(answer, Answer.State.SELECTED)
    answer.save(update_fields=["state", "updated_at"])
    others = list(challenge.answers.filter(state=Answer.State.SUBMITTED).exclude(pk=answer.pk))
    for other in others:
        move_answer(other, Answer.State.DECLINED)
        other.save(update_fields=["state", "updated_at"])
    challenge.save(update_fields=["state", "updated_at"])
    entry = enter(
        actor,
        "select_answer",
        challenge,
        data={"answer": answer.pk, "declined": len(others), **_partners(answer)},
    )
    event = f"ledger:{entry.sequence}"
    words = {"title": challenge.title}
    url = answer.get_absolute_url()
    tell(team(answer), _("贵团队对题目《%(title)s》的答题已入选。"), words, url=url, event=event, but=actor)
    for other in others:
        tell(
            team(other),
            _("题目《%(title)s》已选定其他答题，感谢参与。"),
            words,
            url=other.get_absolute_url(),
            event=event,
            but=actor,
        )
    tell(
        followers(challenge),
        _("题目《%(title)s》已选定答题。"),
        words,
        url=challenge.get_absolute_url(),
        event=event,
        but=actor,
    )
    return answer


@transaction.atomic
def cancel_selection(actor: User | None, challenge: Challenge, *, reason: str) -> Challenge:
    """Cancel the selection (取消选定) before a contract: all answers stand as submitted again.

    Raises:
        NotAllowed: the actor is not of the posing firm.
        Refused: nothing is selected.
        Invalid: no reason is given.
    """
    lock(challenge)
    require(actor, "challenges.select", challenge)
    must_be_in(challenge, State.SELECTED)
    if not reason.strip():
        raise Invalid(_("请写明原因。"), mend=_("原因将随台账公开。"), field="reason")
    move(challenge, State.ANSWERING)
    challenge.save(update_fields=["state", "updated_at"])
    settled = challenge.answers.filter(state__in=(Answer.State.SELECTED, Answer.State.DECLINED))
    told: set[User] = set()
    for answer in settled:
        move_answer(answer, Answer.State.SUBMITTED)
        answer.save(update_fields=["state", "updated_at"])
        told |= team(answer)
    entry = enter(actor, "cancel_selection", challenge, data={"reason": reason.strip()[:NOTE_AT_MOST]})
    tell(
        told | followers(challenge),
        _("题目《%(title)s》的选定已取消，重新评议。"),
        {"title": challenge.title},
        url=challenge.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=actor,
    )
    return challenge


@transaction.atomic
def sign_contract(
    actor: User | None, challenge: Challenge, *, on: date | None = None, amount: Decimal | None = None
) -> Challenge:
    """Register the contract with the selected team (登记签约).

    That it was signed, when and with whom is public; the amount (万元) is for the office's sums only.

    Raises:
        NotAllowed: the actor is not of the posing firm.
        Refused: no answer is selected.
        Invalid: a day in the future, an amount below zero.
    """
    lock(challenge)
    require(actor, "challenges.contract", challenge)
    move(challenge, State.CONTRACTED)
    day = on or timezone.localdate()
    if day > timezone.localdate():
        raise Invalid(_("签约日期不能晚于今天。"), field="on")
    if amount is not None and not 0 <= amount <= AMOUNT_AT_MOST:
        raise Invalid(_("合同金额须为 0 以上的金额（万元）。"), field="amount")
    answer = selected_answer(challenge)
    challenge.save(update_fields=["state", "updated_at"])
    entry = enter(
        actor,
        "sign_contract",
        challenge,
        data={"answer": answer.pk, "on": day, "from": _origins(answer), **_partners(answer)},
    )
    if amount is not None:
        enter(
            actor,
            "state_contract_amount",
            challenge,
            data={"amount_wan": str(amount), **_partners(answer)},
            visibility=Visibility.OFFICE,
        )
    _tell_all(actor, challenge, answer, _("题目《%(title)s》已签约。"), entry.sequence)
    return challenge


@transaction.atomic
def accept_result(actor: User | None, challenge: Challenge, *, note: str = "") -> Challenge:
    """Accept the result (验收); the note is public.

    Raises:
        NotAllowed: the actor is not of the posing firm.
        Refused: no contract is signed.
    """
    lock(challenge)
    require(actor, "challenges.accept", challenge)
    move(challenge, State.ACCEPTED)
    answer = selected_answer(challenge)
    challenge.save(update_fields=["state", "updated_at"])
    entry = enter(
        actor,
        "accept_result",
        challenge,
        data={"answer": answer.pk, "note": note.strip()[:NOTE_AT_MOST], **_partners(answer)},
    )
    _tell_all(actor, challenge, answer, _("题目《%(title)s》已验收。"), entry.sequence)
    return challenge


def _tell_all(actor: User | None, challenge: Challenge, answer: Answer, text: object, sequence: int) -> None:
    tell(
        followers(challenge) | firm(challenge) | team(answer),
        text,
        {"title": challenge.title},
        url=challenge.get_absolute_url(),
        event=f"ledger:{sequence}",
        but=actor,
    )
