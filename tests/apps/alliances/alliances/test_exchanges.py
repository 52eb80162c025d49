"""Needs, offers and replies inside an alliance; the contact list with consent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from langqiao.apps.accounts.models import Notification
from langqiao.apps.alliances.domain.alliances import contacts, members
from langqiao.apps.alliances.domain.alliances import exchanges as verbs
from langqiao.apps.alliances.models import Contact, Exchange, Reply
from langqiao.apps.alliances.queries.alliances.inside import visible_contacts, visible_replies
from langqiao.apps.ledger.models import Entry
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import alliances as make
from tests.factories.accounts import make_office
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db


def two() -> tuple[Any, Any, Any, Any]:
    """An alliance's two members with a person each."""
    first = make.make_membership()
    second = make.make_membership(first.alliance)
    return first, make.make_insider(first.organisation), second, make.make_insider(second.organisation)


def test_a_need_is_answered_accepted_and_closed() -> None:
    first, poser, second, answerer = two()
    exchange = verbs.post_exchange(
        poser, first.alliance, organisation=first.organisation, kind="need", title="需要磁材", text="详情甲",
        valid_to=make.today() + timedelta(days=30),
    )  # fmt: skip
    reply = verbs.send_reply(answerer, exchange, organisation=second.organisation, text="可供样品")
    assert "新的回应" in Notification.objects.get(user=poser).text
    verbs.accept_reply(poser, reply)
    assert "被接受" in Notification.objects.get(user=answerer).text
    verbs.close_exchange(poser, exchange, outcome="met")
    exchange.refresh_from_db()
    assert (exchange.state, exchange.outcome) == ("closed", "met")
    with pytest.raises(Refused):
        verbs.close_exchange(poser, exchange, outcome="met")
    with pytest.raises(Refused):
        verbs.send_reply(answerer, exchange, organisation=second.organisation, text="再次")
    assert set(Entry.objects.values_list("visibility", flat=True)) == {"parties"}
    assert not [one for one in Entry.objects.all() if "磁材" in one.data or "样品" in one.data]


def test_a_reply_declined_or_withdrawn_may_be_sent_again() -> None:
    first, poser, second, answerer = two()
    exchange = make.make_exchange(first)
    reply = verbs.send_reply(answerer, exchange, organisation=second.organisation, text="一")
    with pytest.raises(Refused):
        verbs.send_reply(answerer, exchange, organisation=second.organisation, text="二")
    verbs.decline_reply(poser, reply, why="规格不符")
    assert Reply.objects.get().why == "规格不符"
    verbs.send_reply(answerer, exchange, organisation=second.organisation, text="二")
    reply.refresh_from_db()
    verbs.withdraw_reply(answerer, reply)
    again = verbs.send_reply(answerer, exchange, organisation=second.organisation, text="三")
    assert (again.pk, again.text, again.why) == (reply.pk, "三", "")


def test_who_may_post_reply_and_read() -> None:
    first, poser, second, answerer = two()
    exchange = make.make_exchange(first)
    outsider = make.make_insider(make_organisation())
    valid = make.today() + timedelta(days=9)
    for actor in (outsider, make_office(), make.make_secretary(first.alliance)):
        with pytest.raises(NotAllowed):
            verbs.post_exchange(
                actor, first.alliance, organisation=first.organisation, kind="need", title="x", valid_to=valid
            )
        with pytest.raises(NotAllowed):
            verbs.send_reply(actor, exchange, organisation=second.organisation, text="x")
    with pytest.raises(NotAllowed):
        verbs.post_exchange(
            poser, first.alliance, organisation=second.organisation, kind="need", title="x", valid_to=valid
        )
    with pytest.raises(NotAllowed):
        verbs.send_reply(poser, exchange, organisation=first.organisation, text="x")
    with pytest.raises(Refused):
        verbs.send_reply(None, exchange, organisation=first.organisation, text="x")
    with pytest.raises(Refused):
        verbs.send_reply(None, exchange, organisation=outsider.memberships.get().organisation, text="x")
    reply = make.make_reply(exchange, second.organisation)
    third = make.make_insider(make.make_membership(first.alliance).organisation)
    for viewer, sees in ((poser, 1), (answerer, 1), (third, 0), (make.make_secretary(first.alliance), 0)):
        assert visible_replies(viewer, exchange).count() == sees
    with pytest.raises(NotAllowed):
        verbs.accept_reply(answerer, reply)
    with pytest.raises(NotAllowed):
        verbs.withdraw_reply(poser, reply)
    verbs.close_exchange(make.make_secretary(first.alliance), exchange, outcome="expired", why="到期")


def test_wrong_values_of_a_need_are_refused() -> None:
    first, poser, second, answerer = two()
    right = {"organisation": first.organisation, "kind": "need", "title": "x", "valid_to": make.today()}
    for field, values in {
        "title": {"title": ""},
        "kind": {"kind": "wish"},
        "valid_to": {"valid_to": make.today() - timedelta(days=1)},
        "organisation": {"organisation": None},
    }.items():
        with pytest.raises(Invalid) as wrong:
            verbs.post_exchange(poser, first.alliance, **{**right, **values})
        assert wrong.value.field == field
    with pytest.raises(Invalid):
        verbs.post_exchange(
            poser, first.alliance, **{**right, "valid_to": make.today() + timedelta(days=400)}
        )
    old = make.make_exchange(first, valid_to=make.today() - timedelta(days=1))
    with pytest.raises(Refused, match="有效期"):
        verbs.send_reply(answerer, old, organisation=second.organisation, text="x")
    with pytest.raises(Invalid):
        verbs.close_exchange(poser, Exchange.objects.get(pk=old.pk), outcome="lost")


def consent(actor: Any, member: Any, **values: Any) -> Contact:
    return contacts.give_consent(
        actor, member.alliance, organisation=member.organisation,
        **{"agreed": True, "name": "王示例", "phone": "021-1111", **values},
    )  # fmt: skip


def test_consent_is_given_and_withdrawn_by_the_person() -> None:
    first, person, _second, other = two()
    contact = consent(person, first, email="a@example.org", duty="经理")
    assert len(contact.consent_sm3) == 64
    assert [one.name for one in visible_contacts(other)] == ["王示例"]
    with pytest.raises(Refused):
        consent(person, first)
    with pytest.raises(NotAllowed):
        contacts.withdraw_consent(other, contact)
    contacts.withdraw_consent(person, contact)
    contact.refresh_from_db()
    assert (contact.state, contact.name, contact.duty, contact.phone, contact.email) == (
        "withdrawn",
        "",
        "",
        "",
        "",
    )
    assert visible_contacts(other).count() == 0
    with pytest.raises(Refused):
        contacts.withdraw_consent(person, contact)
    assert consent(person, first).state == "given"
    words = "".join(Entry.objects.values_list("data", flat=True))
    assert not any(part in words for part in ("王示例", "021", "example.org", "经理"))


def test_nobody_is_listed_without_agreeing_or_for_another_organisation() -> None:
    first, person, second, _other = two()
    for field, values in {
        "agreed": {"agreed": False},
        "name": {"name": " "},
        "phone": {"phone": ""},
        "email": {"email": "keine"},
    }.items():
        with pytest.raises(Invalid) as wrong:
            consent(person, first, **values)
        assert wrong.value.field == field
    with pytest.raises(NotAllowed):
        consent(person, second)
    outsider = make.make_insider(make_organisation())
    with pytest.raises(NotAllowed):
        consent(outsider, first)
    secretary = make.make_secretary(first.alliance)
    made = contacts.give_consent(
        secretary, first.alliance, organisation=first.alliance.secretariat, agreed=True, name="秘", phone="1"
    )
    assert made.state == "given"


def test_contacts_are_seen_by_members_and_the_secretariat_only_and_vanish_with_the_membership() -> None:
    first, person, _second, other = two()
    consent(person, first)
    elsewhere = make.make_insider(make.make_membership().organisation)
    for viewer, sees in (
        (other, 1),
        (person, 1),
        (make.make_secretary(first.alliance), 1),
        (elsewhere, 0),
        (make_office(), 0),
    ):
        assert visible_contacts(viewer).count() == sees
    members.leave_alliance(person, first)
    assert visible_contacts(other).count() == 0
    contacts.withdraw_consent(person, Contact.objects.get())
