"""Counting a ballot (计票): who is entitled, who is present, what is carried. Pure functions.

A share *over half* (过半数) is strict: 2a > b. *Two thirds or more* (三分之二以上) is 3a ≥ 2b, the number
itself included, as 以上 is read in law (民法典 第一千二百五十九条: 民法所称的“以上”包括本数).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from langqiao.apps.conference.models import Ballot, Session, Vote


@dataclass(frozen=True, slots=True)
class Tally:
    """What a ballot comes to.

    Attributes:
        entitled: voters with a vote in this matter, recused ones left out.
        present: those of them who are present or have voted.
    """

    entitled: int
    present: int
    in_favour: int
    against: int
    abstaining: int
    outcome: Ballot.State


def has_share(part: int, whole: int, share: str) -> bool:
    """Whether ``part`` of ``whole`` is over half, or two thirds or more; of nothing, nothing is a share."""
    if whole <= 0:
        return False
    return 2 * part > whole if share == Session.Share.HALF else 3 * part >= 2 * whole


def tally(
    choices: Mapping[str, str],
    *,
    entitled: AbstractSet[str],
    present: AbstractSet[str],
    method: str,
    quorum: str,
    majority: str,
    base: str,
) -> Tally:
    """Count a ballot.

    Args:
        choices: voter → choice (:class:`Vote.Choice`); votes of voters not entitled do not count.
        entitled: voters with a vote in this matter.
        present: voters whose attendance is recorded; who has voted is present too.
        method: consent (协商一致: carried when nobody is against) or vote.
        quorum, majority: shares (:class:`Session.Share`).
        base: of whom the majority is taken (:class:`Session.Base`).
    """
    counted = {voter: choice for voter, choice in choices.items() if voter in entitled and choice}
    here = len({voter for voter in entitled if voter in present or voter in counted})
    number = {choice: list(counted.values()).count(choice) for choice in Vote.Choice}
    in_favour, against = number[Vote.Choice.FOR], number[Vote.Choice.AGAINST]
    if not has_share(here, len(entitled), quorum):
        outcome = Ballot.State.NO_QUORUM
    elif method == Ballot.Method.CONSENT:
        outcome = Ballot.State.NO_CONSENT if against else Ballot.State.CARRIED
    else:
        whole = here if base == Session.Base.PRESENT else in_favour + against
        outcome = Ballot.State.CARRIED if has_share(in_favour, whole, majority) else Ballot.State.FAILED
    return Tally(len(entitled), here, in_favour, against, number[Vote.Choice.ABSTAIN], outcome)
