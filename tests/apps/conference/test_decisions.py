"""Matters and ballots: signals, recusal, secrecy, results that are counted, numbers of resolutions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Notification, Role
from langqiao.apps.conference import domain
from langqiao.apps.conference.models import (
    BALLOT_TRANSITIONS,
    MATTER_TRANSITIONS,
    Matter,
    Resolution,
    Vote,
)
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.apps.registry.signals import conference_decided, conference_wanted
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import conference as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
SUBJECT = "verification.call:7"


@pytest.fixture
def users() -> dict[str, Any]:
    """The liaisons of five cities."""
    make.make_cities()
    return {slug: make_liaison(make_city(slug)) for slug in make.CITIES}


@pytest.fixture
def heard():
    """What conference_decided said."""
    found: list[dict[str, Any]] = []

    def listen(sender: Any, **said: Any) -> None:
        said.pop("signal")
        found.append(said)

    conference_decided.connect(listen)
    yield found
    conference_decided.disconnect(listen)


def want(actor: Any, **values: Any) -> str:
    answers = conference_wanted.send(
        sender=None,
        **{
            "actor": actor,
            "subject": SUBJECT,
            "case": "LQ-2026-000077",
            "title": "认定十二家概念验证中心",
            "summary": "评审结果",
            "url": "/calls/7/",
            "city": "songjiang",
            "organisation": None,
            **values,
        },
    )
    return next(answer for _receiver, answer in answers if answer)


# -- matters ------------------------------------------------------------------------------------


def test_the_same_subject_is_the_same_matter_until_it_is_decided(users, heard) -> None:
    office = make_office()
    first = want(office)
    matter = Matter.objects.get()
    assert first == f"conference.matter:{matter.pk}"
    assert (matter.case, matter.url, matter.city_id, matter.state) == (
        "LQ-2026-000077", "/calls/7/", "songjiang", "waiting",
    )  # fmt: skip
    assert want(office, title="改了标题") == first
    domain.put_on_agenda(office, make.make_session(office), matter)
    assert want(office) == first
    domain.return_matter(office, matter, why="补充材料")
    assert heard == [
        {
            "actor": office, "subject": SUBJECT, "outcome": "returned", "resolution": "",
            "url": matter.get_absolute_url(),
        }
    ]  # fmt: skip
    assert want(office) != first
    assert Matter.objects.count() == 2


def test_an_organisation_is_known_in_every_form(users) -> None:
    firm = make_organisation(code="F-1")
    for number, form in enumerate((firm, firm.pk, "F-1", firm.name, f"registry.organisation:{firm.pk}", "")):
        want(None, subject=f"x.y:{number}", organisation=form)
    assert list(Matter.objects.order_by("pk").values_list("organisation", flat=True)) == [firm.pk] * 5 + [
        None
    ]


def test_liaisons_propose_for_their_own_city_and_the_office_is_told(users) -> None:
    office = make_office()
    matter = domain.propose_matter(users["hefei"], title="合肥议题", city=make_city("hefei"))
    assert [n.user for n in Notification.objects.all()] == [office]
    with pytest.raises(NotAllowed):
        domain.propose_matter(users["hefei"], title="越权", city=make_city("suzhou"))
    with pytest.raises(Invalid) as refusal:
        domain.propose_matter(users["hefei"], title="跨市")
    assert refusal.value.field == "city"
    with pytest.raises(NotAllowed):
        domain.propose_matter(make_user(), title="越权", city=make_city())
    with pytest.raises(Invalid):
        domain.propose_matter(office, title=" ")
    for url in ("https://elsewhere.example/", "//elsewhere.example", "javascript:1"):
        with pytest.raises(Invalid):
            domain.propose_matter(office, title="x", url=url)
    assert list(Matter.objects.all()) == [matter]


def test_postponed_matters_wait_again_and_come_to_another_session(users) -> None:
    session, later = make.make_open(), make.make_session()
    item = make.make_item(session)
    domain.postpone_matter(None, item.matter, why="再议")
    assert (item.matter.state, item.matter.postponed, item.matter.why) == ("waiting", 1, "再议")
    with pytest.raises(Refused, match="本次会议已经处理过"):
        domain.put_on_agenda(None, session, item.matter)
    item.matter.refresh_from_db()
    again = domain.put_on_agenda(None, later, item.matter)
    assert again.outcome == ""
    with pytest.raises(Refused):
        domain.put_on_agenda(None, later, item.matter)


def test_matters_move_by_the_table(users) -> None:
    verbs = {
        "waiting": lambda m: domain.postpone_matter(None, m, why="x"),
        "returned": lambda m: domain.return_matter(None, m, why="x"),
    }
    for state in Matter.State.values:
        for to, verb in verbs.items():
            matter = make.make_matter()
            Matter.objects.filter(pk=matter.pk).update(state=state)
            matter.refresh_from_db()
            if to in MATTER_TRANSITIONS[state]:
                assert verb(matter).state == to
            else:
                with pytest.raises(Refused):
                    verb(matter)


# -- voting -------------------------------------------------------------------------------------


def test_a_vote_by_cities_carries_and_numbers_the_resolution(users, heard) -> None:
    office = make_office()
    session = make.make_open(office, number_prefix="沪苏浙皖G60联")
    want(office)
    item = domain.put_on_agenda(office, session, Matter.objects.get())
    ballot = domain.open_ballot(office, item)
    make.vote_all(ballot, users, {"songjiang": "for", "jiaxing": "against", "hangzhou": "for"})
    domain.cast_vote(users["jiaxing"], ballot, choice="for")  # changed while it is open
    make.vote_all(ballot, users, {"suzhou": "abstain"})
    domain.close_ballot(office, ballot, text="同意认定。")
    year = timezone.localdate().year
    assert (ballot.state, ballot.entitled, ballot.present) == ("carried", 5, 4)
    assert (ballot.in_favour, ballot.against, ballot.abstaining) == (3, 0, 1)
    resolution = Resolution.objects.get()
    assert (resolution.number, resolution.outcome, resolution.text, resolution.is_public) == (
        f"沪苏浙皖G60联〔{year}〕1号", "approved", "同意认定。", False,
    )  # fmt: skip
    item.matter.refresh_from_db()
    assert item.matter.state == "approved"
    assert heard == [
        {
            "actor": office, "subject": SUBJECT, "outcome": "approved", "resolution": resolution.number,
            "url": resolution.get_absolute_url(),
        }
    ]  # fmt: skip
    entry = Entry.objects.get(verb="adopt_resolution")
    assert (entry.case, entry.city, entry.visibility) == ("LQ-2026-000077", "songjiang", Visibility.PARTIES)
    with pytest.raises(Refused, match="已有结果"):
        domain.open_ballot(office, item)
    with pytest.raises(Refused):
        domain.cast_vote(users["suzhou"], ballot, choice="for")


def test_a_failed_vote_rejects(users, heard) -> None:
    session = make.make_open()
    item = make.make_item(session, subject=SUBJECT)
    ballot = domain.open_ballot(None, item)
    make.vote_all(ballot, users, dict.fromkeys(users, "against"))
    assert domain.close_ballot(None, ballot).state == "failed"
    assert Resolution.objects.get().outcome == "rejected"
    assert [said["outcome"] for said in heard] == ["rejected"]


def test_without_quorum_or_consent_the_matter_stays(users, heard) -> None:
    session = make.make_open(quorum="two_thirds")
    item = make.make_item(session)
    ballot = domain.open_ballot(None, item)
    make.vote_all(ballot, users, {"songjiang": "for", "jiaxing": "for"})
    assert domain.close_ballot(None, ballot).state == "no_quorum"
    make.attend(session)
    consent = domain.open_ballot(None, item, method="consent")
    with pytest.raises(Invalid) as refusal:
        domain.cast_vote(users["hefei"], consent, choice="against")
    assert refusal.value.field == "reason"
    with pytest.raises(Invalid):
        domain.cast_vote(users["hefei"], consent, choice="abstain")
    domain.cast_vote(users["hefei"], consent, choice="against", reason="预算过高")
    assert domain.close_ballot(None, consent).state == "no_consent"
    again = domain.open_ballot(None, item, method="consent")
    domain.cast_vote(users["hefei"], again, choice="against", reason="预算过高")
    domain.cast_vote(users["hefei"], again, choice="for")  # the objection is taken back
    assert domain.close_ballot(None, again).state == "carried"
    assert Resolution.objects.count() == 1
    assert heard == []  # the matter has no subject


def test_a_vote_by_seats(users) -> None:
    firms = [make_organisation() for _ in range(3)]
    managers = [make_member(firm, is_manager=True) for firm in firms]
    session = make.make_session(voters="member", seat_cities=False)
    seats = [domain.add_seat(None, session, organisation=firm) for firm in firms]
    domain.open_session(None, domain.call_session(None, session))
    ballot = domain.open_ballot(None, make.make_item(session))
    for seat, manager in zip(seats, managers, strict=True):
        assert domain.cast_vote(manager, ballot, choice="for").voter == f"seat:{seat.pk}"
    with pytest.raises(NotAllowed):
        domain.cast_vote(managers[0], ballot, choice="for", voter=f"seat:{seats[1].pk}")
    with pytest.raises(NotAllowed):
        domain.cast_vote(users["songjiang"], ballot, choice="for")
    assert domain.close_ballot(None, ballot).in_favour == 3


def test_who_votes_for_several_says_for_whom(users) -> None:
    both = users["songjiang"]
    from tests.factories.accounts import make_member as member

    member(make_organisation(kind="government", city=make_city("hefei")), Role.LIAISON, user=both)
    ballot = domain.open_ballot(None, make.make_item(make.make_open()))
    with pytest.raises(Invalid) as refusal:
        domain.cast_vote(both, ballot, choice="for")
    assert refusal.value.field == "voter"
    domain.cast_vote(both, ballot, choice="for", voter="city:hefei")
    assert Vote.objects.get().voter == "city:hefei"


def test_the_applicant_keeps_out(users) -> None:
    applicant = make_organisation(city=make_city())
    own = make_member(applicant, is_manager=True)
    session = make.make_session(voters="member", seat_cities=False)
    domain.add_seat(None, session, organisation=applicant)
    other = make_organisation()
    manager = make_member(other, is_manager=True)
    domain.add_seat(None, session, organisation=other)
    domain.open_session(None, domain.call_session(None, session))
    ballot = domain.open_ballot(None, make.make_item(session, organisation=applicant))
    with pytest.raises(NotAllowed, match="回避"):
        domain.cast_vote(own, ballot, choice="for")
    domain.cast_vote(manager, ballot, choice="against")
    domain.close_ballot(None, ballot)
    assert (ballot.entitled, ballot.state) == (1, "failed")


def test_who_steps_back_has_no_vote_any_more(users) -> None:
    session = make.make_open()
    item = make.make_item(session)
    ballot = domain.open_ballot(None, item)
    make.vote_all(ballot, users, {"songjiang": "for", "jiaxing": "for", "hangzhou": "for"})
    with pytest.raises(NotAllowed):
        domain.recuse(users["jiaxing"], item, voter="city:songjiang", why="代人回避")
    with pytest.raises(Invalid):
        domain.recuse(None, item, voter="city:nowhere", why="x")
    domain.recuse(users["songjiang"], item, voter="city:songjiang", why="利益相关")
    domain.recuse(None, item, voter="city:hefei", why="联席办登记")
    with pytest.raises(NotAllowed):
        domain.cast_vote(users["songjiang"], ballot, choice="for")
    domain.close_ballot(None, ballot)
    assert (ballot.entitled, ballot.in_favour, ballot.state) == (3, 2, "carried")


def test_the_excused_do_not_vote(users) -> None:
    session = make.make_open()
    seat = make.seat_of(session, "songjiang")
    domain.mark_attendance(None, session, attendance={seat.pk: "excused"})
    ballot = domain.open_ballot(None, make.make_item(session))
    with pytest.raises(NotAllowed):
        domain.cast_vote(users["songjiang"], ballot, choice="for")


def test_a_secret_ballot_keeps_counts_only(users) -> None:
    session = make.make_open(is_secret=True)
    item = make.make_item(session)
    with pytest.raises(Invalid):
        domain.open_ballot(None, item, method="consent", is_secret=True)
    ballot = domain.open_ballot(None, item)
    assert ballot.is_secret
    for slug, choice in zip(users, ("for", "for", "for", "against", "abstain"), strict=True):
        domain.cast_vote(users[slug], ballot, choice=choice, reason=f"理由 {make.MARKER}")
    domain.close_ballot(None, ballot)
    assert (ballot.in_favour, ballot.against, ballot.abstaining) == (3, 1, 1)
    assert set(Vote.objects.values_list("choice", "reason")) == {("", "")}
    # Neither the ledger nor a notification ever knew.
    for entry in Entry.objects.filter(verb="cast_vote"):
        assert set(json.loads(entry.data)) == {"ballot", "voter", "again"}


def test_nobody_types_a_result_in() -> None:
    import inspect

    assert "outcome" not in inspect.signature(domain.close_ballot).parameters
    assert set(BALLOT_TRANSITIONS) == {"open", "carried", "failed", "no_quorum", "no_consent"}


def test_a_ballot_needs_an_open_session_and_one_at_a_time(users) -> None:
    session = make.make_session()
    item = make.make_item(session)
    with pytest.raises(Refused):
        domain.open_ballot(None, item)
    domain.open_session(None, domain.call_session(None, session))
    ballot = domain.open_ballot(None, item)
    with pytest.raises(Refused, match="正在表决"):
        domain.open_ballot(None, item)
    with pytest.raises(Refused, match="正在表决"):
        domain.postpone_matter(None, item.matter, why="x")
    with pytest.raises(Refused, match="正在表决"):
        domain.return_matter(None, item.matter, why="x")
    with pytest.raises(NotAllowed):
        domain.close_ballot(users["songjiang"], ballot)


# -- resolutions --------------------------------------------------------------------------------


def test_numbers_count_by_prefix_and_year(users) -> None:
    year = timezone.localdate().year
    numbers = []
    for kind, prefix in (("conference", "甲"), ("office", "乙"), ("conference", "甲")):
        session = make.make_open(kind=kind, number_prefix=prefix)
        numbers.append(make.make_resolution(session, users).number)
        domain.close_session(None, session)
    assert numbers == [f"甲〔{year}〕1号", f"乙〔{year}〕1号", f"甲〔{year}〕2号"]


def test_a_resolution_is_worded_until_it_is_public(users) -> None:
    resolution = make.make_resolution(make.make_open(), users)
    domain.word_resolution(None, resolution, title="关于认定的决议", text="一、同意。")
    domain.publish_resolution(None, resolution)
    entry = Entry.objects.order_by("-sequence")[0]
    assert (entry.verb, entry.visibility) == ("publish_resolution", Visibility.PUBLIC)
    with pytest.raises(Refused):
        domain.word_resolution(None, resolution, title="改", text="改")
    with pytest.raises(Refused):
        domain.publish_resolution(None, resolution)
    with pytest.raises(NotAllowed):
        domain.word_resolution(make_user(), resolution, title="改", text="改")


def test_a_resolution_without_text_is_not_published(users) -> None:
    session = make.make_open()
    ballot = domain.open_ballot(None, make.make_item(session))
    make.vote_all(ballot, users, dict.fromkeys(users, "for"))
    domain.close_ballot(None, ballot)
    with pytest.raises(Invalid):
        domain.publish_resolution(None, Resolution.objects.get())


def test_every_verb_has_words() -> None:
    """Verbs written through helpers, which the search of tests/web/test_words.py does not see."""
    import ast
    from pathlib import Path

    from langqiao.apps import conference
    from langqiao.apps.conference.words import VERBS

    found = set()
    for path in (Path(conference.__file__).parent / "domain").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and "enter" in getattr(node.func, "id", ""):
                for part in ast.walk(node.args[1]) if len(node.args) > 1 else ():
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        found.add(part.value)
    assert found == set(VERBS)
