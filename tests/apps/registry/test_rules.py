"""Role × action: for every permission of the registry, who may, for whose record.

A column is one actor; ``o`` marks the acts allowed. The table is the specification: it lists every
role, for one's own and for another organisation or city, nobody signed in, and the console.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from langqiao.apps.accounts.models import Role
from langqiao.apps.registry.models import (
    Achievement,
    Facility,
    Finance,
    Organisation,
    Person,
    Product,
    Programme,
    TalentDemand,
    Training,
)
from langqiao.kit.permissions import allowed, permissions
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db

ACTORS = (
    "console", "anonymous", "no_role", "office", "liaison_here", "liaison_elsewhere",
    "enterprise", "researcher", "evaluator", "secretariat", "computing_operator", "quantum_operator",
    "visitor", "manager", "enterprise_elsewhere", "manager_elsewhere", "former_enterprise", "own_person",
    "inactive_office",
)  # fmt: skip
STEWARDS = {"console", "office", "liaison_here"}
MEMBERS = {"enterprise", "researcher", "manager"}
OPERATORS = {"computing_operator", "quantum_operator"}

# Permission → who may, for a record of the organisation "ours" in Songjiang.
MAY = {
    "registry.load_corridor": {"console", "office"},
    "registry.register_organisation": STEWARDS,
    "registry.revise_organisation": STEWARDS | MEMBERS | OPERATORS | {"secretariat"},
    "registry.give_role": STEWARDS,
    "registry.keep_person": STEWARDS | MEMBERS | {"own_person"},
    "registry.link_person": STEWARDS | {"manager"},
    "registry.keep_achievement": STEWARDS | MEMBERS,
    "registry.keep_facility": STEWARDS | MEMBERS | OPERATORS,
    "registry.keep_finance": STEWARDS | MEMBERS,
    "registry.keep_product": STEWARDS | MEMBERS,
    "registry.keep_talent_demand": STEWARDS | MEMBERS,
    "registry.keep_training": STEWARDS | MEMBERS,
    "registry.keep_programme": {"console", "office", "secretariat", "manager"},
    "registry.retire": {"console", "office"},
    "registry.import": {
        "console", "office", "liaison_here", "liaison_elsewhere", "enterprise", "researcher",
        "enterprise_elsewhere",
    },
}  # fmt: skip
OF = {
    "registry.keep_person": lambda ours, user: Person(organisation=ours, city=ours.city, user=user),
    "registry.link_person": lambda ours, _user: Person(organisation=ours, city=ours.city),
    "registry.keep_achievement": lambda ours, _user: Achievement(owner=ours, city=ours.city),
    "registry.keep_facility": lambda ours, _user: Facility(organisation=ours, city=ours.city),
    "registry.keep_finance": lambda ours, _user: Finance(organisation=ours),
    "registry.keep_product": lambda ours, _user: Product(organisation=ours),
    "registry.keep_talent_demand": lambda ours, _user: TalentDemand(organisation=ours),
    "registry.keep_training": lambda ours, _user: Training(organisation=ours),
    "registry.keep_programme": lambda ours, _user: Programme(lead=ours, city=ours.city),
    "registry.retire": lambda ours, _user: Achievement(owner=ours),
    "registry.register_organisation": lambda ours, _user: Organisation(city=ours.city),
    "registry.load_corridor": lambda *_: None,
    "registry.import": lambda *_: None,
}


@pytest.fixture
def ours():
    return make_organisation(name="本单位", city=make_city("songjiang"))


def actor(name: str, ours: Organisation):
    elsewhere = make_organisation(name="别的单位", city=make_city("hefei"))
    from datetime import date

    if name == "console":
        return None
    if name == "anonymous":
        return AnonymousUser()
    if name in {"no_role", "own_person"}:
        return make_user()
    if name == "office":
        return make_office()
    if name == "inactive_office":
        return make_office(is_active=False)
    if name.startswith("liaison"):
        return make_liaison(make_city("songjiang" if name == "liaison_here" else "hefei"))
    if name == "manager":
        return make_member(ours, Role.VISITOR, is_manager=True)
    if name == "manager_elsewhere":
        return make_member(elsewhere, Role.VISITOR, is_manager=True)
    if name == "enterprise_elsewhere":
        return make_member(elsewhere, Role.ENTERPRISE)
    if name == "former_enterprise":
        return make_member(ours, Role.ENTERPRISE, valid_to=date(2021, 1, 1))
    return make_member(ours, Role(name))


def test_the_table_covers_every_role_and_permission():
    assert set(MAY) == {p.name for p in permissions() if p.name.startswith("registry.")}
    own = {role.value for role in Role} - {"office", "liaison"}
    assert own <= set(ACTORS)


@pytest.mark.parametrize("permission", sorted(MAY))
@pytest.mark.parametrize("name", ACTORS)
def test_who_may_do_what(ours, name, permission):
    user = actor(name, ours)
    target = OF.get(permission, lambda ours, _user: ours)(ours, user if name == "own_person" else None)
    assert allowed(user, permission, target) is (name in MAY[permission])


@pytest.mark.parametrize(
    ("name", "may"),
    [("liaison_here", True), ("liaison_elsewhere", False), ("enterprise", False), ("office", True)],
)
def test_a_record_of_no_organisation_belongs_to_its_city(ours, name, may):
    orphan = Achievement(city=make_city("songjiang"))
    assert allowed(actor(name, ours), "registry.keep_achievement", orphan) is may


@pytest.mark.parametrize(
    ("name", "may"), [("liaison_here", False), ("liaison_elsewhere", False), ("office", True)]
)
def test_a_record_of_no_organisation_and_no_city_is_the_offices(ours, name, may):
    assert allowed(actor(name, ours), "registry.keep_achievement", Achievement()) is may


def test_the_owners_city_answers_for_a_record_that_says_another(ours):
    theirs = Achievement(owner=make_organisation(city=make_city("hefei")), city=make_city("songjiang"))
    assert allowed(actor("liaison_here", ours), "registry.keep_achievement", theirs) is False
    assert allowed(actor("liaison_elsewhere", ours), "registry.keep_achievement", theirs) is True


@pytest.mark.parametrize(
    ("name", "may"),
    [("anonymous", False), ("no_role", False), ("evaluator", False), ("researcher", True), ("office", True)],
)
def test_without_a_record_it_is_asked_whether_anything_may_be_added(ours, name, may):
    assert allowed(actor(name, ours), "registry.keep_achievement") is may
