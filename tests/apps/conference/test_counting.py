"""Counting a ballot: the shares, and what holds for every ballot."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langqiao.apps.conference.domain.counting import has_share, tally
from langqiao.apps.conference.models import Ballot, Session, Vote

VOTERS = [f"city:{name}" for name in "abcdefghi"]
SHARES = st.sampled_from(Session.Share.values)


@pytest.mark.parametrize(
    ("part", "whole", "share", "expected"),
    [
        (5, 9, "half", True),
        (4, 8, "half", False),  # half is not over half
        (6, 9, "two_thirds", True),  # 以上 includes the number itself
        (5, 8, "two_thirds", False),
        (0, 0, "half", False),
        (0, 0, "two_thirds", False),
    ],
)
def test_shares(part: int, whole: int, share: str, expected: bool) -> None:
    assert has_share(part, whole, share) is expected


def count(choices: dict[str, str], **rules: object):
    given_rules = {"method": "vote", "quorum": "two_thirds", "majority": "half", "base": "present", **rules}
    entitled = given_rules.pop("entitled", set(VOTERS))
    present = given_rules.pop("present", set())
    return tally(choices, entitled=entitled, present=present, **given_rules)  # type: ignore[arg-type]


def test_abstaining_counts_against_a_majority_of_those_present_but_not_of_votes_cast() -> None:
    choices = dict(zip(VOTERS, ["for"] * 4 + ["against"] * 3 + ["abstain"] * 2, strict=True))
    assert count(choices).outcome == Ballot.State.FAILED
    assert count(choices, base="cast").outcome == Ballot.State.CARRIED
    assert count(choices, base="cast", majority="two_thirds").outcome == Ballot.State.FAILED


def test_without_a_quorum_there_is_no_result() -> None:
    choices = dict.fromkeys(VOTERS[:5], "for")
    found = count(choices)
    assert (found.outcome, found.entitled, found.present, found.in_favour) == (
        Ballot.State.NO_QUORUM,
        9,
        5,
        5,
    )
    # Who is recorded as present counts without having voted.
    assert count(choices, present={VOTERS[8]}).outcome == Ballot.State.CARRIED


def test_consent_is_broken_by_one_objection() -> None:
    everybody = set(VOTERS)
    assert count({}, method="consent", present=everybody).outcome == Ballot.State.CARRIED
    assert (
        count({VOTERS[0]: "against"}, method="consent", present=everybody).outcome == Ballot.State.NO_CONSENT
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    choices=st.dictionaries(st.sampled_from(VOTERS), st.sampled_from(Vote.Choice.values)),
    entitled=st.sets(st.sampled_from(VOTERS)),
    present=st.sets(st.sampled_from(VOTERS)),
    rules=st.fixed_dictionaries(
        {
            "method": st.just("vote"),
            "quorum": SHARES,
            "majority": SHARES,
            "base": st.sampled_from(Session.Base.values),
        }
    ),
)
def test_what_holds_for_every_ballot(choices, entitled, present, rules) -> None:
    found = tally(choices, entitled=entitled, present=present, **rules)
    assert (
        found.in_favour + found.against + found.abstaining <= found.present <= found.entitled == len(entitled)
    )
    # Votes of those who are not entitled change nothing.
    own = {voter: choice for voter, choice in choices.items() if voter in entitled}
    assert tally(own, entitled=entitled, present=present, **rules) == found
    # The order in which votes came in changes nothing.
    assert tally(dict(reversed(list(choices.items()))), entitled=entitled, present=present, **rules) == found
    # A vote turned in favour never undoes a result that was carried.
    if found.outcome == Ballot.State.CARRIED:
        for voter in own:
            better = tally({**own, voter: "for"}, entitled=entitled, present=present, **rules)
            assert better.outcome == Ballot.State.CARRIED
