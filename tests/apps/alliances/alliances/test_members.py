"""Verbs of membership: apply, decide, leave, and what each leaves behind."""

from __future__ import annotations

from typing import Any

import pytest

from langqiao.apps.accounts.models import Notification
from langqiao.apps.alliances.domain.alliances import members as verbs
from langqiao.apps.alliances.models import MEMBER_TRANSITIONS, Exchange, Member
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import readable
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import alliances as make
from tests.factories.accounts import make_office
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db


def apply(**values: Any) -> tuple[Member, Any, Any]:
    alliance = make.make_alliance()
    firm = make_organisation()
    person = make.make_insider(firm)
    secretary = make.make_secretary(alliance)
    member = verbs.apply_membership(person, alliance, organisation=firm, statement="我们做磁材", **values)
    return member, person, secretary


def test_an_application_is_approved_and_both_sides_are_told() -> None:
    member, person, secretary = apply()
    assert (member.state, member.applied_on) == ("applied", make.today())
    assert Notification.objects.filter(user=secretary).count() == 1
    verbs.approve_member(secretary, member)
    member.refresh_from_db()
    assert (member.state, member.joined_on, member.decided_by) == ("active", make.today(), secretary)
    assert "已加入" in Notification.objects.get(user=person).text
    verbs_, visibility = zip(
        *Entry.objects.values_list("verb", "visibility").order_by("sequence"), strict=True
    )
    assert verbs_ == ("apply_membership", "approve_member")
    assert visibility == ("parties", "public")
    assert "我们做磁材" not in "".join(Entry.objects.values_list("data", flat=True))


def test_a_refused_or_withdrawn_application_may_be_made_again() -> None:
    member, person, secretary = apply()
    with pytest.raises(Invalid):
        verbs.refuse_member(secretary, member, why=" ")
    member.refresh_from_db()
    verbs.refuse_member(secretary, member, why="材料不全")
    again = verbs.apply_membership(person, member.alliance, organisation=member.organisation)
    with pytest.raises(Refused, match="已申请"):
        verbs.apply_membership(person, member.alliance, organisation=member.organisation)
    verbs.withdraw_membership(person, again)
    assert list(Member.objects.order_by("pk").values_list("state", flat=True)) == ["refused", "withdrawn"]
    assert Member.objects.get(pk=member.pk).why == "材料不全"


def test_leaving_and_removing_close_what_was_posted() -> None:
    for verb, state in ((verbs.leave_alliance, "left"), (verbs.remove_member, "removed")):
        member = make.make_membership()
        exchange = make.make_exchange(member)
        person = make.make_insider(member.organisation)
        actor = person if state == "left" else make.make_secretary(member.alliance)
        verb(actor, member, why="业务调整")
        member.refresh_from_db()
        assert (member.state, member.ended_on, member.why) == (state, make.today(), "业务调整")
        assert Exchange.objects.get(pk=exchange.pk).outcome == "withdrawn"


def test_steps_that_the_table_lacks_are_refused() -> None:
    acts = {
        Member.State.ACTIVE: lambda one: verbs.approve_member(None, one),
        Member.State.REFUSED: lambda one: verbs.refuse_member(None, one, why="x"),
        Member.State.WITHDRAWN: lambda one: verbs.withdraw_membership(None, one),
        Member.State.LEFT: lambda one: verbs.leave_alliance(None, one),
        Member.State.REMOVED: lambda one: verbs.remove_member(None, one, why="x"),
    }
    for now, targets in MEMBER_TRANSITIONS.items():
        for to, act in acts.items():
            member = make.make_membership(state=now)
            if to in targets:
                act(member)
                assert member.state == to
            else:
                with pytest.raises(Refused, match="不能变为"):
                    act(member)


def test_who_may_not_is_refused() -> None:
    member, person, secretary = apply()
    other = make.make_insider(make_organisation())
    with pytest.raises(NotAllowed):
        verbs.apply_membership(other, member.alliance, organisation=member.organisation)
    for actor in (person, other, make_office(), make.make_secretary(make.make_alliance())):
        with pytest.raises(NotAllowed):
            verbs.approve_member(actor, member)
    with pytest.raises(NotAllowed):
        verbs.withdraw_membership(secretary, member)
    with pytest.raises(Refused, match="分组"):
        verbs.apply_membership(person, make.make_root(), organisation=person.memberships.get().organisation)


def test_the_office_stands_in_while_there_is_no_secretariat() -> None:
    member = make.make_membership(make.make_alliance(secretariat=None), state="applied")
    verbs.approve_member(make_office(), member)
    assert member.state == "active"


def test_who_reads_the_entries_of_an_application() -> None:
    member, person, secretary = apply()
    case = member.alliance.case
    outsider = make.make_insider(make_organisation())
    for reader, seen in ((person, 1), (secretary, 1), (make_office(), 1), (outsider, 0), (None, 0)):
        assert readable(reader, case).filter(verb="apply_membership").count() == seen, reader


def test_a_ledger_that_fails_takes_the_act_back(monkeypatch: pytest.MonkeyPatch) -> None:
    member, _person, secretary = apply()

    def broken(*_args: Any, **_values: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("langqiao.apps.alliances.domain.alliances.members.enter_alliance", broken)
    with pytest.raises(RuntimeError):
        verbs.approve_member(secretary, member)
    assert Member.objects.get(pk=member.pk).state == "applied"
