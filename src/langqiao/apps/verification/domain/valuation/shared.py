"""What the verbs of valuations share: states, entries, who is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.domain import tell
from langqiao.apps.accounts.models import User
from langqiao.apps.accounts.queries import members_of
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.models import Organisation
from langqiao.apps.verification.domain.acts import enter, move, must_be_in
from langqiao.apps.verification.models import VALUATION_TRANSITIONS, Valuation
from langqiao.apps.verification.rules import INSIDERS, insider_ids

WHAT = _("估值")


def step(valuation: Valuation, to: Valuation.State) -> None:
    """Take a step of the table.

    Raises:
        Refused: the table has no such step.
    """
    move(valuation, to, VALUATION_TRANSITIONS, what=WHAT)


def stand(valuation: Valuation, *states: Valuation.State) -> None:
    """Refuse an act outside the states that allow it.

    Raises:
        Refused: the message says which states allow it.
    """
    must_be_in(valuation, *states, what=WHAT)


def enter_valuation(
    actor: User | None, verb: str, valuation: Valuation, *, data: Mapping[str, Any] | None = None
) -> Entry:
    """Write the entry of an act, for the parties alone: digests and counts, never an amount."""
    of = _acted_for(actor, valuation)
    return enter(
        actor, verb, valuation, case=valuation.case, organisation=of, city=of.city_id or "", data=data
    )


def _acted_for(actor: User | None, valuation: Valuation) -> Organisation:
    """The owner, unless the actor works for the centre alone."""
    centre = valuation.centre
    if actor is None or centre is None or valuation.organisation_id in insider_ids(actor):
        return valuation.organisation
    return centre


def say(words: object, valuation: Valuation, entry: Entry, *, but: User | None) -> None:
    """Tell the members of both sides of an act; the case is named, never the content."""
    sides = {pk for pk in (valuation.organisation_id, valuation.centre_id) if pk is not None}
    tell(
        members_of(sides, *INSIDERS),
        words,
        {"case": valuation.case},
        url=valuation.get_absolute_url(),
        event=f"ledger:{entry.sequence}",
        but=but,
    )
