"""A person's own pages: notifications, tokens, profile, members; sign-in and its limits."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from langqiao.apps.accounts.domain import issue_token, notify
from langqiao.apps.accounts.models import ApiToken, Membership, Notification, Role
from tests.factories.accounts import make_member, make_office, make_user
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["notifications", "tokens", "profile", "members"])
def test_own_pages_ask_a_stranger_to_sign_in(client, name):
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


# -- notifications ------------------------------------------------------------------------------


def test_opening_a_notification_marks_it_read_and_leads_on(client):
    person = make_user()
    notify([person], text="新答题", url="/ledger/", event="a")
    notify([person], text="另一条", url="/", event="b")
    client.force_login(person)
    row = Notification.objects.get(event="a")
    response = client.get(reverse("notification_open", args=[row.pk]))
    assert response["Location"] == "/ledger/"
    assert list(Notification.objects.filter(read_at=None).values_list("event", flat=True)) == ["b"]


def test_a_notification_never_leads_to_another_site(client):
    person = make_user()
    notify([person], text="x", url="https://elsewhere.example/", event="a")
    client.force_login(person)
    row = Notification.objects.get()
    assert client.get(reverse("notification_open", args=[row.pk]))["Location"] == reverse("notifications")


def test_nobody_opens_anothers_notification(client):
    notify([make_user()], text="x", url="/", event="a")
    client.force_login(make_user())
    assert client.get(reverse("notification_open", args=[Notification.objects.get().pk])).status_code == 404
    assert "x" not in re.findall(
        r'lq-row-title"[^>]*>([^<]+)', client.get(reverse("notifications")).content.decode()
    )


def test_all_are_marked_read_at_once(client):
    person, other = make_user(), make_user()
    notify([person, other], text="x", url="/", event="a")
    client.force_login(person)
    client.post(reverse("notifications_read"))
    assert list(Notification.objects.filter(read_at=None).values_list("user", flat=True)) == [other.pk]


# -- tokens -------------------------------------------------------------------------------------


def test_a_tokens_secret_is_shown_once(client):
    client.force_login(make_user())
    response = client.post(reverse("tokens"), {"name": "对接", "days": 30})
    secret = re.search(r'id="token-secret">(lq_[\w-]+)<', response.content.decode()).group(1)
    assert "no-store" in response["Cache-Control"]
    assert secret not in client.get(reverse("tokens")).content.decode()
    token = ApiToken.objects.get()
    assert not token.may_write
    assert secret not in (token.digest, token.name)


@pytest.mark.parametrize(
    "values", [{"name": "", "days": 30}, {"name": "a", "days": 0}, {"name": "a", "days": 400}]
)
def test_a_token_with_wrong_values_is_not_issued(client, values):
    client.force_login(make_user())
    html = client.post(reverse("tokens"), values).content.decode()
    assert 'role="alert"' in html
    assert not ApiToken.objects.exists()


def test_a_person_revokes_their_own_token_only(client):
    person = make_user()
    mine, _secret = issue_token(person, name="a")
    other, _secret = issue_token(make_user(), name="b")
    client.force_login(person)
    client.post(reverse("token_revoke", args=[mine.pk]))
    assert client.post(reverse("token_revoke", args=[other.pk])).status_code == 403
    assert [t.revoked_at is None for t in ApiToken.objects.order_by("name")] == [False, True]
    assert client.get(reverse("token_revoke", args=[mine.pk])).status_code == 405


# -- profile ------------------------------------------------------------------------------------


def test_the_profile_keeps_name_and_language(client):
    person = make_user()
    client.force_login(person)
    response = client.post(reverse("profile"), {"display_name": "林知远", "language": "en"}, follow=True)
    person.refresh_from_db()
    assert (person.display_name, person.language) == ("林知远", "en")
    assert '<html lang="en">' in response.content.decode()


def test_the_profile_changes_nothing_else(client):
    person = make_user()
    client.force_login(person)
    client.post(
        reverse("profile"), {"display_name": "a", "language": "", "is_staff": "1", "is_superuser": "1"}
    )
    person.refresh_from_db()
    assert not person.is_staff
    assert not person.is_superuser


# -- members ------------------------------------------------------------------------------------


@pytest.fixture
def firm():
    return make_organisation(name="菱光科技", kind="enterprise")


def grant(client, organisation, **values):
    return client.post(
        f"{reverse('members')}?organisation={organisation.pk}", {"role": "enterprise", **values}
    )


def test_a_manager_grants_and_ends_roles_in_their_own_organisation(client, firm):
    client.force_login(make_member(firm, is_manager=True))
    newcomer = make_user(username="newcomer")
    assert grant(client, firm, user="newcomer").status_code == 302
    membership = Membership.objects.get(user=newcomer)
    assert (membership.organisation, membership.role, membership.is_manager) == (firm, Role.ENTERPRISE, False)
    client.post(reverse("member_end", args=[membership.pk]))
    membership.refresh_from_db()
    assert membership.valid_to == timezone.localdate() - timedelta(days=1)


def test_a_manager_finds_a_person_by_mail_in_any_case(client, firm):
    client.force_login(make_member(firm, is_manager=True))
    newcomer = make_user()
    grant(client, firm, user=newcomer.email.upper())
    assert Membership.objects.filter(user=newcomer).exists()


def test_an_unknown_person_is_said_at_the_field(client, firm):
    client.force_login(make_member(firm, is_manager=True))
    html = grant(client, firm, user="nobody").content.decode()
    assert 'id="id_user-errors"' in html
    assert "nobody" in html


@pytest.mark.parametrize("role", ["office", "liaison", "evaluator"])
def test_a_manager_cannot_grant_a_corridor_role(client, firm, role):
    client.force_login(make_member(firm, is_manager=True))
    newcomer = make_user(username="newcomer")
    response = grant(client, firm, user="newcomer", role=role)
    assert response.status_code == 200
    assert not Membership.objects.filter(user=newcomer).exists()


def test_the_office_grants_them(client, firm):
    client.force_login(make_office())
    newcomer = make_user(username="newcomer")
    grant(client, firm, user="newcomer", role="evaluator")
    assert Membership.objects.get(user=newcomer).role == Role.EVALUATOR


def test_others_neither_see_nor_change_members(client, firm):
    member = make_member(firm)
    client.force_login(make_member(make_organisation(kind="enterprise"), is_manager=True))
    make_user(username="newcomer")
    assert client.get(f"{reverse('members')}?organisation={firm.pk}").status_code == 403
    assert grant(client, firm, user="newcomer").status_code == 403
    mine = Membership.objects.get(user=member)
    assert client.post(reverse("member_end", args=[mine.pk])).status_code == 403
    mine.refresh_from_db()
    assert mine.valid_to is None
    assert Membership.objects.filter(organisation=firm).count() == 1


def test_somebody_of_no_organisation_is_told_whom_to_ask(client):
    client.force_login(make_user())
    html = client.get(reverse("members")).content.decode()
    assert "您还不属于任何机构" in html


def test_member_pages_ask_no_more_for_more_members(client, firm, django_assert_max_num_queries):
    manager = make_member(firm, is_manager=True)
    client.force_login(manager)
    for _number in range(20):
        make_member(firm)
    with django_assert_max_num_queries(12):
        client.get(reverse("members"))


# -- sign-in ------------------------------------------------------------------------------------


def sign_in(client, name, password):
    return client.post(reverse("account_login"), {"login": name, "password": password})


def test_signing_in_by_name_or_mail(client):
    person = make_user(username="lin")
    assert sign_in(client, "lin", "langqiao").status_code == 302
    client.logout()
    assert sign_in(client, person.email, "langqiao").status_code == 302


def test_a_wrong_password_is_told_without_saying_which_was_wrong(client):
    make_user(username="lin")
    wrong_password = sign_in(client, "lin", "x").content.decode()
    wrong_name = sign_in(client, "nobody-here", "x").content.decode()

    def said(html: str) -> list[str]:
        return re.findall(r'role="alert">(.*?)</div>\s*<', html, flags=re.DOTALL)

    assert said(wrong_password) == said(wrong_name) != []


def test_many_wrong_passwords_pause_the_account(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": False}
    make_user(username="lin")
    answers = [sign_in(client, "lin", "wrong") for _number in range(settings.AXES_FAILURE_LIMIT + 1)]
    assert answers[-1].status_code == 429
    assert "已暂停登录" in answers[-1].content.decode()
    assert "已暂停登录" in sign_in(client, "lin", "langqiao").content.decode()
    make_user(username="zhou")
    assert sign_in(client, "zhou", "langqiao").status_code == 302


def test_a_password_is_reset_by_mail(client):
    make_user(username="lin")
    person_mail = "lin@example.org"
    response = client.post(reverse("account_reset_password"), {"email": person_mail}, follow=True)
    assert "请查收邮件" in response.content.decode()
    assert mail.outbox[0].to == [person_mail]


def test_signing_out_needs_a_button(client):
    client.force_login(make_user())
    assert client.get(reverse("account_logout")).status_code == 200
    client.post(reverse("account_logout"))
    assert client.get(reverse("tokens")).status_code == 302


@pytest.mark.parametrize("name", ["account_change_password", "account_email", "socialaccount_connections"])
def test_security_pages_stand_in_the_frame(client, name):
    client.force_login(make_user())
    html = client.get(reverse(name)).content.decode()
    assert 'class="lq-nav"' in html
    assert "form-control" in html or "btn" in html
