"""Verbs of accounts: memberships, tokens, notifications."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from langqiao.apps.accounts import domain
from langqiao.apps.accounts.models import ApiToken, Membership, Notification, Role, User
from langqiao.apps.accounts.queries import holds_role, organisation_ids, unread
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.models import Organisation
from langqiao.kit.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db


def person(name: str) -> User:
    return User.objects.create_user(name)


def organisation(name: str) -> Organisation:
    return Organisation.objects.create(name=name, kind="enterprise")


def member(name: str, where: Organisation, role: Role, **more) -> User:
    user = person(name)
    domain.grant_membership(None, user, where, role, **more)
    return user


def test_the_console_grants_and_the_ledger_knows():
    firm, user = organisation("甲公司"), person("u")
    membership = domain.grant_membership(None, user, firm, Role.ENTERPRISE)
    entry = Entry.objects.get(object=f"accounts.membership:{membership.pk}")
    assert (entry.actor, entry.verb, entry.visibility) == ("system", "grant_membership", "office")
    assert holds_role(user, Role.ENTERPRISE, organisation=firm)
    assert organisation_ids(user) == {firm.pk}
    assert not holds_role(user, Role.OFFICE)


@pytest.mark.parametrize(
    ("role", "is_manager", "granted", "passes"),
    [
        (Role.OFFICE, False, Role.OFFICE, True),
        (Role.OFFICE, False, Role.ENTERPRISE, True),
        (Role.ENTERPRISE, True, Role.ENTERPRISE, True),
        (Role.ENTERPRISE, True, Role.RESEARCHER, True),
        (Role.ENTERPRISE, True, Role.OFFICE, False),
        (Role.ENTERPRISE, True, Role.LIAISON, False),
        (Role.ENTERPRISE, True, Role.EVALUATOR, False),
        (Role.ENTERPRISE, False, Role.ENTERPRISE, False),
        (Role.LIAISON, False, Role.ENTERPRISE, False),
        (Role.VISITOR, False, Role.ENTERPRISE, False),
    ],
)
def test_who_may_grant_what(role, is_manager, granted, passes):
    firm = organisation("甲公司")
    actor, newcomer = member("a", firm, role, is_manager=is_manager), person("n")
    if passes:
        domain.grant_membership(actor, newcomer, firm, granted)
        assert holds_role(newcomer, granted)
    else:
        with pytest.raises(NotAllowed):
            domain.grant_membership(actor, newcomer, firm, granted)
        assert not holds_role(newcomer)


def test_a_manager_grants_only_in_the_own_organisation():
    mine, other = organisation("甲公司"), organisation("乙公司")
    actor = member("a", mine, Role.ENTERPRISE, is_manager=True)
    with pytest.raises(NotAllowed, match="联席办或本机构管理员"):
        domain.grant_membership(actor, person("n"), other, Role.ENTERPRISE)


def test_nobody_grants_from_the_network_without_signing_in():
    with pytest.raises(NotAllowed, match="请先登录"):
        domain.grant_membership(AnonymousUser(), person("n"), organisation("甲公司"), Role.ENTERPRISE)


def test_a_superuser_has_no_shortcut():
    root = User.objects.create_superuser("root")
    with pytest.raises(NotAllowed):
        domain.grant_membership(root, root, organisation("甲公司"), Role.OFFICE)


def test_an_ended_membership_holds_no_more():
    firm = organisation("甲公司")
    user = member("u", firm, Role.ENTERPRISE)
    domain.end_membership(None, Membership.objects.get(user=user))
    assert not holds_role(User.objects.get(pk=user.pk))


def test_a_membership_that_ends_before_it_starts_is_refused():
    with pytest.raises(Invalid) as refusal:
        domain.grant_membership(
            None,
            person("u"),
            organisation("甲"),
            Role.ENTERPRISE,
            valid_to=timezone.localdate() - timedelta(days=1),
        )
    assert refusal.value.field == "valid_to"


def test_an_inactive_user_holds_no_role():
    user = member("u", organisation("甲公司"), Role.OFFICE)
    user.is_active = False
    user.save()
    assert not holds_role(User.objects.get(pk=user.pk), Role.OFFICE)


def test_a_token_is_known_by_its_secret_alone():
    user = person("u")
    token, secret = domain.issue_token(user, name="脚本", may_write=True)
    assert secret not in str(ApiToken.objects.values())
    assert all(secret not in entry.data for entry in Entry.objects.all())
    assert domain.token_holder(secret) == (user, token)
    assert domain.token_holder(secret + "x") is None


def test_a_revoked_or_expired_token_holds_nobody():
    user = person("u")
    token, secret = domain.issue_token(user, name="脚本")
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert domain.token_holder(secret) is None
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    domain.revoke_token(user, token)
    assert domain.token_holder(secret) is None


def test_only_its_owner_or_the_office_revokes_a_token():
    token, _secret = domain.issue_token(person("u"), name="脚本")
    with pytest.raises(NotAllowed):
        domain.revoke_token(person("other"), token)
    domain.revoke_token(member("o", organisation("联席办"), Role.OFFICE), token)
    token.refresh_from_db()
    assert token.revoked_at is not None


@pytest.mark.parametrize(("values", "field"), [({"name": " "}, "name"), ({"name": "x", "days": 0}, "days"),
                                               ({"name": "x", "days": 367}, "days")])  # fmt: skip
def test_a_wrong_token_request_names_the_field(values, field):
    with pytest.raises(Invalid) as refusal:
        domain.issue_token(person("u"), **values)
    assert refusal.value.field == field
    assert ApiToken.objects.count() == 0


def test_an_event_tells_a_person_once():
    user = person("u")
    assert domain.notify([user], text="一", url="/", event="e:1") == 1
    assert domain.notify([user, person("v")], text="一", url="/", event="e:1") == 1
    assert domain.mark_read(user) == 1
    assert unread(user).count() == 0
    assert Notification.objects.count() == 2
