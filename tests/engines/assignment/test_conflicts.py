"""Conflicts of interest: each relation by hand, and none between strangers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from langqiao.engines.assignment.conflicts import (
    Affiliation,
    Applicant,
    Candidate,
    Circumstances,
    Relation,
    SharedWork,
    Tie,
    conflicts,
    families,
    years_before,
)
from langqiao.engines.assignment.types import AssignmentError

TODAY = date(2026, 11, 26)
# Two codes with the same characters 9 to 17, and one of a stranger.
CODES = {"university": "12000000MADEUP001A", "institute": "91000000MADEUP001B", "firm": "91000000MADEUP002C"}


def around(**values: Any) -> Circumstances:
    return Circumstances(today=TODAY, **values)


def relations(expert: Candidate, application: Applicant, circumstances: Circumstances) -> list[Relation]:
    return [tie.relation for tie in conflicts([expert], [application], circumstances)]


def test_a_colleague_of_today_and_one_of_tomorrow() -> None:
    application = Applicant("a", "firm")
    assert relations(Candidate("x", (Affiliation("firm"),)), application, around()) == ["same_organisation"]
    ends_today = Candidate("x", (Affiliation("firm", None, TODAY),))
    assert relations(ends_today, application, around()) == ["same_organisation"]
    begins_later = Candidate("x", (Affiliation("firm", date(2026, 12, 1)),))
    assert relations(begins_later, application, around()) == []


def test_a_former_colleague_counts_for_the_years_said() -> None:
    expert = Candidate("x", (Affiliation("firm", None, date(2023, 11, 26)),))
    application = Applicant("a", "firm")
    assert conflicts([expert], [application], around(same_years=3)) == [
        Tie("x", "a", Relation.FORMER_ORGANISATION, "firm", date(2023, 11, 26))
    ]
    assert relations(expert, application, around(same_years=2)) == []
    assert relations(expert, application, around(same_years=0)) == []


def test_a_family_by_credit_code_and_by_parent() -> None:
    expert = Candidate("x", (Affiliation("institute"),))
    assert relations(expert, Applicant("a", "university"), around(credit_codes=CODES)) == ["family"]
    assert relations(expert, Applicant("a", "firm"), around(credit_codes=CODES)) == []
    parents = {"hospital": "university", "laboratory": "hospital"}
    assert relations(
        Candidate("x", (Affiliation("laboratory"),)), Applicant("a", "university"), around(parents=parents)
    ) == ["family"]
    assert len(set(families(around(credit_codes=CODES, parents={"lab": "institute"})).values())) == 2


def test_a_shared_work_within_the_years() -> None:
    works = [
        SharedWork("old", ("x", "colleague"), date(2021, 11, 25)),
        SharedWork("new", ("x", "colleague"), date(2024, 1, 1)),
        SharedWork("newer", ("x", "colleague", "z"), date(2025, 1, 1)),
    ]
    members = {"firm": ["colleague"]}
    assert conflicts([Candidate("x")], [Applicant("a", "firm")], around(works=works, members=members)) == [
        Tie("x", "a", Relation.CO_AUTHOR, "newer", date(2025, 1, 1))
    ]
    assert (
        conflicts([Candidate("x")], [Applicant("a", "firm")], around(works=works[:1], members=members)) == []
    )
    assert (
        conflicts(
            [Candidate("x")], [Applicant("a", "firm")], around(works=works, members=members, author_years=0)
        )
        == []
    )


def test_a_part_in_the_application_itself() -> None:
    application = Applicant("a", "firm", ("x", "y"))
    assert relations(Candidate("x"), application, around()) == ["own"]
    works = [SharedWork("w", ("z", "y"))]
    assert relations(Candidate("z"), application, around(works=works)) == ["co_author"]


def test_years_out_of_range_are_refused() -> None:
    with pytest.raises(AssignmentError, match="same_years"):
        around(same_years=-1)
    assert years_before(date(2024, 2, 29), 1) == date(2023, 2, 28)


@given(some.permutations(range(6)), some.permutations(range(4)))
def test_the_order_of_input_does_not_matter(experts: list[int], applications: list[int]) -> None:
    pool = [Candidate(f"e{n}", (Affiliation(f"o{n % 3}"),)) for n in range(6)]
    entered = [Applicant(f"a{n}", f"o{n}", (f"e{n}",)) for n in range(4)]
    works = [SharedWork("w", ("e0", "e5")), SharedWork("v", ("e4", "e3"))]
    known = around(works=works, members={"o3": ["e5"]})
    expected = conflicts(pool, entered, known)
    assert expected
    assert conflicts([pool[n] for n in experts], [entered[n] for n in applications], known) == expected
    for tie in expected:
        if tie.relation == Relation.SAME_ORGANISATION:
            assert f"o{int(tie.expert[1:]) % 3}" == f"o{tie.application[1:]}"
