"""Verbs of deciding (表决): open, vote, recuse, close; the result is counted, never typed in."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.conference.domain.counting import Tally, tally
from langqiao.apps.conference.domain.matters import enter_matter, say_decided, tell_proposer
from langqiao.apps.conference.domain.resolutions import issue
from langqiao.apps.conference.models import (
    BALLOT_TRANSITIONS,
    MATTER_TRANSITIONS,
    AgendaItem,
    Ballot,
    Matter,
    Recusal,
    Seat,
    Session,
    Vote,
)
from langqiao.apps.conference.rules import recused, voters, votes_of
from langqiao.apps.registry.domain.acts import clean, clean_reason, digest, enter, lock, move, must_be_in
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, NotAllowed, Refused

REASON_AT_MOST = 1_000
DECIDES = {
    Ballot.State.CARRIED: AgendaItem.Outcome.APPROVED,
    Ballot.State.FAILED: AgendaItem.Outcome.REJECTED,
}


@transaction.atomic
def open_ballot(
    actor: User | None,
    item: AgendaItem,
    *,
    method: str = Ballot.Method.VOTE,
    is_secret: bool | None = None,
) -> Ballot:
    """Open the decision on a matter (开始表决), by consent or by vote.

    Args:
        is_secret: whether only counts are ever shown; None takes what the session says.

    Raises:
        NotAllowed: only the office may.
        Refused: the session is not open, the matter has its result, is being voted on, or nobody may vote.
        Invalid: no such method, or consent in secret.
    """
    require(actor, "conference.run_session", item.session)
    session = lock(item.session)
    must_be_in(session, Session.State.OPEN)
    lock(item)
    if item.outcome:
        raise Refused(_("该议题已有结果。"))
    if method not in Ballot.Method.values:
        raise Invalid(_("没有这种表决方式。"), field="method")
    if item.ballots.filter(state=Ballot.State.OPEN).exists():
        raise Refused(_("该议题正在表决。"), mend=_("请先结束表决。"))
    if not set(voters(session)) - recused(item):
        raise Refused(_("没有可以表决的参会单位。"), mend=_("请核对参会单位与回避。"))
    consent = method == Ballot.Method.CONSENT
    secret = session.is_secret and not consent if is_secret is None else is_secret
    if consent and secret:
        raise Invalid(_("协商一致不能无记名。"), mend=_("请改为投票表决。"), field="is_secret")
    ballot = Ballot.objects.create(item=item, method=method, is_secret=secret)
    enter_matter(actor, "open_ballot", item.matter, {"ballot": ballot.pk, "method": method, "secret": secret})
    return ballot


def _open(ballot: Ballot) -> Ballot:
    """The ballot, locked, if votes can still be cast.

    Raises:
        Refused: it is closed.
    """
    lock(ballot)
    must_be_in(ballot, Ballot.State.OPEN)
    return ballot


@transaction.atomic
def cast_vote(actor: User | None, ballot: Ballot, *, choice: str, voter: str = "", reason: str = "") -> Vote:
    """Cast or change a vote (投票) for a city or a seat; under consent, object or let it pass.

    Neither the ledger nor a notification says what was voted.

    Args:
        voter: for whom, where the actor may vote for several.

    Raises:
        NotAllowed: the actor has no vote here, or not for this voter.
        Refused: the ballot is closed.
        Invalid: no such choice, an objection without its reason, or the voter must be named.
    """
    require(actor, "conference.vote", ballot)
    _open(ballot)
    mine = votes_of(actor, ballot.item)
    if not voter and len(mine) > 1:
        raise Invalid(_("您可以代表多个单位表决，请写明代表谁。"), field="voter")
    chosen = voter or mine[0]
    if chosen not in mine:
        raise NotAllowed(_("您不能代表该单位表决。"))
    consent = ballot.method == Ballot.Method.CONSENT
    if choice not in Vote.Choice.values or (consent and choice == Vote.Choice.ABSTAIN):
        raise Invalid(_("请选择意见。"), field="choice")
    text = clean(
        reason,
        "reason",
        most=REASON_AT_MOST,
        required=consent and choice == Vote.Choice.AGAINST,
    )
    vote, made = Vote.objects.update_or_create(
        ballot=ballot,
        voter=chosen,
        defaults={"choice": choice, "reason": "" if ballot.is_secret else text, "cast_by": actor},
    )
    enter_matter(
        actor, "cast_vote", ballot.item.matter, {"ballot": ballot.pk, "voter": chosen, "again": not made}
    )
    return vote


@transaction.atomic
def recuse(actor: User | None, item: AgendaItem, *, voter: str, why: str) -> Recusal:
    """Keep a voter out of a decision (回避): the voter's own step, or entered by the office for it.

    A vote cast before is dropped.

    Raises:
        NotAllowed: the actor neither votes for it nor is the office.
        Refused: the matter has its result.
        Invalid: no such voter, or no reason.
    """
    require(actor, "conference.recuse", item)
    lock(item)
    if item.outcome:
        raise Refused(_("该议题已有结果。"))
    if voter not in voters(item.session):
        raise Invalid(_("没有这个表决单位。"), field="voter")
    if voter not in votes_of(actor, item):
        require(actor, "conference.run_session", item.session)
    recusal, _made = Recusal.objects.get_or_create(
        item=item, voter=voter, defaults={"why": clean_reason(why)}
    )
    Vote.objects.filter(ballot__item=item, ballot__state=Ballot.State.OPEN, voter=voter).delete()
    enter_matter(actor, "recuse", item.matter, {"voter": voter, "why_sm3": digest(recusal.why)})
    return recusal


def count(ballot: Ballot) -> Tally:
    """What the votes cast so far come to under the session's rules."""
    item, session = ballot.item, ballot.item.session
    seats = voters(session)
    return tally(
        {vote.voter: vote.choice for vote in ballot.votes.all()},
        entitled=set(seats) - recused(item),
        present={
            voter
            for voter, own in seats.items()
            if any(seat.attendance == Seat.Attendance.PRESENT for seat in own)
        },
        method=ballot.method,
        quorum=session.quorum,
        majority=session.majority,
        base=session.majority_of,
    )


@transaction.atomic
def close_ballot(actor: User | None, ballot: Ballot, *, text: str = "") -> Ballot:
    """Close a ballot (结束表决) and take its result.

    Carried or failed, the matter is decided, the resolution gets its number and the app that put the
    matter forward is told. Without quorum or consent the matter stays on the agenda.

    Args:
        text: the resolution's wording; can be written later too.

    Raises:
        NotAllowed: only the office may.
        Refused: it is closed already.
    """
    item = ballot.item
    require(actor, "conference.run_session", item.session)
    lock(item)  # a recusal and the closing of its ballot queue here
    _open(ballot)
    found = count(ballot)
    move(ballot, found.outcome, BALLOT_TRANSITIONS)
    ballot.entitled, ballot.present = found.entitled, found.present
    ballot.in_favour, ballot.against, ballot.abstaining = found.in_favour, found.against, found.abstaining
    ballot.closed_at = timezone.now()
    ballot.save()
    if ballot.is_secret:
        ballot.votes.update(choice="", reason="")
    enter_matter(
        actor,
        "close_ballot",
        item.matter,
        {
            "ballot": ballot.pk,
            "outcome": ballot.state,
            "entitled": found.entitled,
            "present": found.present,
            "for": found.in_favour,
            "against": found.against,
            "abstain": found.abstaining,
        },
    )
    if found.outcome in DECIDES:
        _decide(actor, item, DECIDES[found.outcome], text)
    return ballot


def _decide(actor: User | None, item: AgendaItem, outcome: AgendaItem.Outcome, text: str) -> None:
    matter = lock(item.matter)
    move(matter, Matter.State(outcome), MATTER_TRANSITIONS)
    matter.decided_at = timezone.now()
    matter.save(update_fields=["state", "decided_at", "updated_at"])
    item.outcome = outcome
    item.save(update_fields=["outcome"])
    resolution = issue(item, text=text)
    entry = enter(
        actor,
        "adopt_resolution",
        resolution,
        case=matter.case,
        city=matter.city_id,
        organisation=matter.organisation,
        data={"number": resolution.number, "outcome": resolution.outcome},
    )
    tell_proposer(actor, matter, _("议题“%(title)s”已有决定。"), entry)
    say_decided(
        actor,
        matter,
        outcome=str(outcome),
        resolution=resolution.number,
        url=resolution.get_absolute_url(),
    )
