"""Verbs of the answering side (高校答题): draft, versions, team, submit, withdraw."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.challenges.domain.acts import (
    enter,
    firm,
    followers,
    insiders,
    lock,
    move,
    move_answer,
    must_be_open,
    team,
)
from langqiao.apps.challenges.models import Answer, AnswerVersion, Challenge, State, TeamMember
from langqiao.apps.challenges.rules import ANSWERING_KINDS, answering_ids, is_sealed
from langqiao.apps.ledger.chain import canonical
from langqiao.apps.ledger.models import Visibility
from langqiao.apps.registry.models import Organisation
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, NotAllowed, Refused

TITLE_AT_MOST = 300
TEXT_AT_MOST = 50_000
PART_AT_MOST = 300
MONTHS_AT_MOST = 240
TEAM_AT_MOST = 20
PRICE_AT_MOST = Decimal(10) ** 9  # 万元

EDITABLE = (Answer.State.DRAFT, Answer.State.SUBMITTED)


class Proposal(TypedDict, total=False):
    """What an answer says; price in 万元, duration in months."""

    title: str
    approach: str
    plan: str
    price: Decimal | None
    months: int | None


def _clean(values: Proposal) -> dict[str, Any]:
    clean: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in values.items()
    }
    for name, most in (("title", TITLE_AT_MOST), ("approach", TEXT_AT_MOST), ("plan", TEXT_AT_MOST)):
        text = clean.get(name, "")
        if name != "plan" and not text:
            raise Invalid(_("请填写方案名称与技术方案。"), field=name)
        if len(text) > most:
            raise Invalid(
                _("内容过长：%(length)s 字，最多 %(most)s 字。") % {"length": len(text), "most": most},
                mend=_("请精简，或改用附件。"),
                field=name,
            )
    price, months = clean.get("price"), clean.get("months")
    if price is not None and not 0 <= price <= PRICE_AT_MOST:
        raise Invalid(_("报价须为 0 以上的金额（万元）。"), field="price")
    if months is not None and not 1 <= months <= MONTHS_AT_MOST:
        raise Invalid(_("工期须为 1 至 240 个月。"), field="months")
    return clean


def _add_version(actor: User | None, answer: Answer, values: dict[str, Any], number: int) -> AnswerVersion:
    named = {name: values.get(name) for name in ("title", "approach", "plan", "price", "months")}
    named["plan"] = named["plan"] or ""
    return AnswerVersion.objects.create(
        answer=answer, number=number, digest=sm3_hex(canonical(named).encode()), created_by=actor, **named
    )


def _lead(answer: Answer) -> Organisation:
    return answer.team.select_related("organisation").get(is_lead=True).organisation


def _enter(actor: User | None, verb: str, answer: Answer, data: dict[str, Any]) -> str:
    """Entry of an act on an answer, seen by its parties; returns the event's name for notices."""
    entry = enter(
        actor,
        verb,
        answer.challenge,
        object=answer,
        data=data,
        organisation=_lead(answer),
        visibility=Visibility.PARTIES,
    )
    return f"ledger:{entry.sequence}"


def _lock(answer: Answer) -> Challenge:
    """Lock challenge and answer, always in this order."""
    challenge = answer.challenge
    lock(challenge)
    lock(answer)
    answer.challenge = challenge
    return challenge


@transaction.atomic
def draft_answer(
    actor: User | None, challenge: Challenge, *, organisation: Organisation, **values: Unpack[Proposal]
) -> Answer:
    """Draft an answer (起草答题) led by ``organisation``; only its team sees it.

    Raises:
        NotAllowed: the actor may not answer, or not for this organisation; sealed challenges need
            the promise first.
        Refused: the challenge is not open, its deadline is over, or no firm has claimed it.
        Invalid: a value is missing or wrong.
    """
    lock(challenge)
    must_be_open(challenge)
    if challenge.organisation_id is None:
        raise Refused(_("该征集需求尚无企业认领，暂不能答题。"), mend=_("可先关注，认领后将通知您。"))
    _require_answer(actor, challenge)
    if actor is not None and organisation.pk not in answering_ids(actor):
        raise NotAllowed(
            _("您不能代表“%(name)s”答题。") % {"name": organisation.name},
            mend=_("请选择您所在且可答题的机构。"),
        )
    _check_member(challenge, organisation)
    answer = Answer.objects.create(challenge=challenge, created_by=actor)
    TeamMember.objects.create(answer=answer, organisation=organisation, is_lead=True)
    version = _add_version(actor, answer, _clean(values), 1)
    _enter(actor, "draft_answer", answer, {"version": 1, "sm3": version.digest})
    return answer


def _require_answer(actor: User | None, challenge: Challenge) -> None:
    """The rule, with the promise named when only it is missing."""
    if actor is not None and is_sealed(challenge) and answering_ids(actor):
        from langqiao.apps.challenges.rules import may_read_details

        if not may_read_details.test(actor, challenge):
            raise NotAllowed(_("该题目须先签署保密承诺才能答题。"), mend=_("请在题目页面阅读并签署承诺书。"))
    require(actor, "challenges.answer", challenge)


def _check_member(challenge: Challenge, organisation: Organisation) -> None:
    if organisation.pk == challenge.organisation_id:
        raise Invalid(_("出题企业不能参加自己题目的答题。"), field="organisation")
    if organisation.kind not in ANSWERING_KINDS:
        raise Invalid(
            _("“%(name)s”不是可答题的机构。") % {"name": organisation.name},
            mend=_("可答题的有高校、院所、实验室、医院和企业。"),
            field="organisation",
        )


def _must_be_editable(answer: Answer) -> None:
    must_be_open(answer.challenge)
    if answer.state not in EDITABLE:
        raise Refused(
            _("答题处于“%(now)s”状态，不能修改。") % {"now": answer.get_state_display()},
            mend=_("只有草稿和已提交的答题可以修改。"),
        )


@transaction.atomic
def revise_answer(actor: User | None, answer: Answer, **values: Unpack[Proposal]) -> AnswerVersion:
    """Add a version (新版本); the firm sees it only once it is submitted.

    Raises:
        NotAllowed: the actor is not of the team.
        Refused: the challenge is not open, the deadline is over, or the answer is settled.
        Invalid: a value is missing or wrong.
    """
    _lock(answer)
    require(actor, "challenges.edit_answer", answer)
    _must_be_editable(answer)
    newest = answer.versions.order_by("-number")[0]
    present: dict[str, Any] = {
        name: getattr(newest, name) for name in ("title", "approach", "plan", "price", "months")
    }
    wanted = _clean({**present, **values})  # type: ignore[typeddict-item]
    if wanted == present:
        return newest
    version = _add_version(actor, answer, wanted, newest.number + 1)
    answer.save(update_fields=["updated_at"])
    event = _enter(actor, "revise_answer", answer, {"version": version.number, "sm3": version.digest})
    tell(
        team(answer),
        _("题目《%(title)s》的答题有新版本。"),
        {"title": answer.challenge.title},
        url=answer.get_absolute_url(),
        event=event,
        but=actor,
    )
    return version


@transaction.atomic
def change_team(
    actor: User | None,
    answer: Answer,
    *,
    members: Iterable[tuple[Organisation, str]],
    lead_part: str | None = None,
) -> Answer:
    """Set the partners beside the leading organisation and their parts (调整团队); they are told.

    Args:
        members: the other organisations, each with its part (分工).
        lead_part: the leading organisation's own part; None leaves it.

    Raises:
        NotAllowed: the actor is not of the leading organisation.
        Refused: the challenge is not open, the deadline is over, or the answer is settled.
        Invalid: the firm itself, one organisation twice, a kind that does not answer, too many.
    """
    _lock(answer)
    require(actor, "challenges.lead_answer", answer)
    _must_be_editable(answer)
    lead = answer.team.get(is_lead=True)
    wanted: dict[int, tuple[Organisation, str]] = {}
    for organisation, part in members:
        _check_member(answer.challenge, organisation)
        if organisation.pk in wanted or organisation.pk == lead.organisation_id:
            raise Invalid(_("“%(name)s”在团队中重复。") % {"name": organisation.name}, field="organisation")
        wanted[organisation.pk] = (organisation, part.strip()[:PART_AT_MOST])
    if len(wanted) + 1 > TEAM_AT_MOST:
        raise Invalid(_("团队最多 20 家机构。"), field="organisation")
    before = set(answer.team.filter(is_lead=False).values_list("organisation_id", flat=True))
    answer.team.filter(is_lead=False).exclude(organisation__in=wanted).delete()
    for organisation, part in wanted.values():
        TeamMember.objects.update_or_create(answer=answer, organisation=organisation, defaults={"part": part})
    if lead_part is not None and lead_part.strip() != lead.part:
        lead.part = lead_part.strip()[:PART_AT_MOST]
        lead.save(update_fields=["part"])
    answer.save(update_fields=["updated_at"])
    event = _enter(actor, "change_team", answer, {"organisations": [lead.organisation_id, *sorted(wanted)]})
    tell(
        insiders(set(wanted) - before),
        _("贵单位被列入题目《%(title)s》的答题团队。"),
        {"title": answer.challenge.title},
        url=answer.challenge.get_absolute_url(),
        event=event,
        but=actor,
    )
    return answer


@transaction.atomic
def submit_answer(actor: User | None, answer: Answer) -> Answer:
    """Submit the newest version (提交答题); the first submission takes the challenge to answering.

    Raises:
        NotAllowed: the actor is not of the leading organisation.
        Refused: the challenge is not open, the deadline is over, or this version is submitted.
    """
    challenge = _lock(answer)
    require(actor, "challenges.lead_answer", answer)
    must_be_open(challenge)
    newest = answer.versions.order_by("-number")[0]
    if answer.state == Answer.State.SUBMITTED and answer.submitted_version == newest.number:
        raise Refused(_("这一版本已经提交。"), mend=_("请先修改，再提交新版本。"))
    move_answer(answer, Answer.State.SUBMITTED)
    answer.submitted_at, answer.submitted_version = timezone.now(), newest.number
    answer.save(update_fields=["state", "submitted_at", "submitted_version", "updated_at"])
    if challenge.state == State.PUBLISHED:
        move(challenge, State.ANSWERING)
        challenge.save(update_fields=["state", "updated_at"])
        enter(actor, "start_answering", challenge, organisation="")
        tell(
            followers(challenge),
            _("题目《%(title)s》收到首份答题。"),
            {"title": challenge.title},
            url=challenge.get_absolute_url(),
            event=f"challenges.first_answer:{challenge.pk}",
            but=actor,
        )
    event = _enter(actor, "submit_answer", answer, {"version": newest.number, "sm3": newest.digest})
    tell(
        firm(challenge) | team(answer),
        _("题目《%(title)s》收到答题。"),
        {"title": challenge.title},
        url=answer.get_absolute_url(),
        event=event,
        but=actor,
    )
    return answer


@transaction.atomic
def withdraw_answer(actor: User | None, answer: Answer) -> Answer:
    """Withdraw an answer (撤回答题) before a selection; the firm no longer reads its content.

    Raises:
        NotAllowed: the actor is not of the leading organisation.
        Refused: it is selected, declined or withdrawn; the message says which states allow it.
    """
    challenge = _lock(answer)
    require(actor, "challenges.lead_answer", answer)
    was_submitted = answer.state == Answer.State.SUBMITTED
    move_answer(answer, Answer.State.WITHDRAWN)
    answer.save(update_fields=["state", "updated_at"])
    event = _enter(actor, "withdraw_answer", answer, {"version": answer.submitted_version})
    tell(
        team(answer) | (firm(challenge) if was_submitted else set()),
        _("题目《%(title)s》的一份答题已撤回。"),
        {"title": challenge.title},
        url=challenge.get_absolute_url(),
        event=event,
        but=actor,
    )
    return answer
