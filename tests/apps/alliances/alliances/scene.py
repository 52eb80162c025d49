"""One alliance in use with everybody around it, for the matrix and the leak test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser

from langqiao.apps.accounts.models import Role, User
from langqiao.apps.alliances.models import Alliance, Contact, Exchange, Gathering, Member, Rating, Reply
from langqiao.apps.registry.models import Organisation
from tests.factories import alliances as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation


@dataclass
class Scene:
    """Two members (firm, partner), an applicant, a need with the partner's reply, an activity, a rating."""

    alliance: Alliance
    orphan: Alliance
    firm: Organisation
    partner: Organisation
    member: Member
    application: Member
    gathering: Gathering
    open_gathering: Gathering
    exchange: Exchange
    reply: Reply
    contact: Contact
    rating: Rating
    actors: dict[str, Any] = field(default_factory=dict)


def make_scene() -> Scene:
    """The marker stands in all that only members, parties or the office may read."""
    marker = make.MARKER
    firm, partner, applicant = (
        make_organisation(name=f"示例{name}") for name in ("成员", "伙伴", "申请单位")
    )
    alliance = make.make_alliance()
    member = make.make_membership(alliance, organisation=firm, statement=marker)
    make.make_membership(alliance, organisation=partner)
    application = make.make_membership(
        alliance, organisation=applicant, state="applied", joined_on=None, statement=marker
    )
    exchange = make.make_exchange(member, title=f"需求 {marker}", text=marker)
    actors: dict[str, Any] = {
        "console": None,
        "stranger": AnonymousUser(),
        "visitor": make_user(),
        "superuser": User.objects.create_superuser("root", password="langqiao"),
        "office": make_office(),
        "liaison": make_liaison(make_city("songjiang")),
        "secretary": make.make_secretary(alliance),
        "other secretary": make.make_secretary(make.make_alliance()),
        "secretariat's firm side": make_member(alliance.secretariat, Role.ENTERPRISE),
        "insider": make_member(firm, Role.ENTERPRISE),
        "researcher": make_member(firm, Role.RESEARCHER),
        "firm visitor": make_member(firm, Role.VISITOR),
        "partner": make_member(partner, Role.ENTERPRISE),
        "applicant": make_member(applicant, Role.ENTERPRISE),
        "outsider": make_member(make_organisation(), Role.ENTERPRISE),
        "evaluator": make_member(make_organisation(), Role.EVALUATOR),
    }
    return Scene(
        alliance=alliance,
        orphan=make.make_alliance(secretariat=None),
        firm=firm,
        partner=partner,
        member=member,
        application=application,
        gathering=make.make_gathering(alliance, title=f"活动 {marker}", summary=marker),
        open_gathering=make.make_gathering(alliance, audience="public"),
        exchange=exchange,
        reply=make.make_reply(exchange, partner, text=marker),
        contact=make.make_contact(member, user=actors["insider"], name=f"人 {marker}", phone=marker),
        rating=make.make_rating(alliance=alliance),
        actors=actors,
    )
