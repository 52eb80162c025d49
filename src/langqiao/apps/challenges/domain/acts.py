"""What every verb of challenges shares: the lock, the step between states, the entry, the telling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.accounts.queries import members_of
from langqiao.apps.challenges.models import (
    ANSWER_TRANSITIONS,
    OPEN_STATES,
    TRANSITIONS,
    Answer,
    Challenge,
    State,
)
from langqiao.apps.challenges.rules import INSIDERS
from langqiao.apps.ledger.domain import record
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.signals import acted
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.refusals import Refused
from langqiao.kit.words import listed


def lock(thing: Challenge | Answer) -> None:
    """Read the row anew and hold it until the transaction ends, so that verbs queue on it."""
    if isinstance(thing, Challenge):
        thing.refresh_from_db(from_queryset=Challenge.objects.select_for_update())
    else:
        thing.refresh_from_db(from_queryset=Answer.objects.select_for_update())


def digest(text: str) -> str:
    """SM3 of a text that must not stand in the ledger itself."""
    return sm3_hex(text.encode())


def _names(states: Iterable[str], labels: type[models.TextChoices]) -> str:
    return listed(str(labels(state).label) for state in states)


def move(challenge: Challenge, to: State) -> None:
    """Take a step of the table of transitions.

    Raises:
        Refused: the table has no such step; the message says which states allow it.
    """
    if to not in TRANSITIONS[challenge.state]:
        origins = [state for state, targets in TRANSITIONS.items() if to in targets]
        raise Refused(
            _("题目处于“%(now)s”状态，不能变为“%(to)s”。")
            % {"now": challenge.get_state_display(), "to": to.label},
            mend=_("只有处于以下状态的题目可以：%(states)s。") % {"states": _names(origins, State)},
        )
    challenge.state = to


def move_answer(answer: Answer, to: Answer.State) -> None:
    """Take a step of the answers' table.

    Raises:
        Refused: the table has no such step; the message says which states allow it.
    """
    if to not in ANSWER_TRANSITIONS[answer.state]:
        origins = [state for state, targets in ANSWER_TRANSITIONS.items() if to in targets]
        raise Refused(
            _("答题处于“%(now)s”状态，不能变为“%(to)s”。")
            % {"now": answer.get_state_display(), "to": to.label},
            mend=_("只有处于以下状态的答题可以：%(states)s。") % {"states": _names(origins, Answer.State)},
        )
    answer.state = to


def must_be_in(challenge: Challenge, *states: State) -> None:
    """Refuse an act outside the states that allow it.

    Raises:
        Refused: the message says which states allow the act.
    """
    if challenge.state not in states:
        raise Refused(
            _("题目处于“%(now)s”状态，不能这样做。") % {"now": challenge.get_state_display()},
            mend=_("只有处于以下状态的题目可以：%(states)s。") % {"states": _names(states, State)},
        )


def must_be_open(challenge: Challenge) -> None:
    """Refuse what only an open challenge before its deadline allows.

    Raises:
        Refused: not open, or the last day (inclusive, Beijing time) is over.
    """
    must_be_in(challenge, *OPEN_STATES)
    if challenge.deadline is not None and challenge.deadline < timezone.localdate():
        raise Refused(
            _("答题已于 %(day)s 截止。") % {"day": challenge.deadline.isoformat()},
            mend=_("请联系出题企业延长期限。"),
        )


def enter(
    actor: User | None,
    verb: str,
    challenge: Challenge,
    *,
    object: models.Model | None = None,
    data: Mapping[str, Any] | None = None,
    organisation: models.Model | str | None = None,
    visibility: str = Visibility.PUBLIC,
) -> Entry:
    """Write the ledger entry of an act in the challenge's case and send ``registry.signals.acted``.

    Acts on drafts are never public. ``organisation`` is for whom the actor acted, by default the
    posing firm.
    """
    if challenge.state == State.DRAFT:
        visibility = Visibility.PARTIES
    target = challenge if object is None else object
    entry = record(
        actor,
        verb,
        target,
        data=data,
        organisation=(challenge.organisation or "") if organisation is None else organisation,
        city=challenge.city_id or "",
        case=challenge.case,
        visibility=visibility,
    )
    acted.send(sender=type(target), actor=actor, verb=verb, object=target)
    return entry


def insiders(organisation_ids: Iterable[int]) -> set[User]:
    """Users who work on challenges in the organisations today."""
    return members_of(organisation_ids, *INSIDERS)


def followers(challenge: Challenge) -> set[User]:
    """Users who follow the challenge."""
    return set(User.objects.filter(follows__challenge=challenge, is_active=True))


def firm(challenge: Challenge) -> set[User]:
    """Users of the posing firm."""
    return insiders([challenge.organisation_id]) if challenge.organisation_id else set()


def team(answer: Answer) -> set[User]:
    """Users of the organisations in the answer's team."""
    return insiders(answer.team.values_list("organisation_id", flat=True))
