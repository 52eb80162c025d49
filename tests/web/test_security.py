"""Ways in that must stay closed: accounts through the admin, tokens from tokens, floods, giants."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from langqiao.apps.accounts.domain import issue_token, notify
from langqiao.apps.accounts.models import ApiToken, Membership, Notification, Role, User
from langqiao.apps.challenges.templatetags.challenges import highlight
from langqiao.apps.challenges.views.answers import word_changes
from langqiao.apps.challenges.views.work import ADDRESS_AT_MOST, TEXT_AT_MOST
from langqiao.apps.ledger.domain import record
from langqiao.apps.ledger.models import Visibility
from tests.factories.accounts import make_member, make_office, make_user
from tests.factories.registry import make_achievement, make_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings: Any, tmp_path: Any) -> None:
    settings.INDEX_DIR = tmp_path / "index"
    cache.clear()


@pytest.fixture
def root(client: Client) -> Client:
    """The client of a superuser without any role."""
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


# -- the admin ------------------------------------------------------------------------------------


def test_the_admin_sets_nobodys_password_and_deletes_nobody(root: Client) -> None:
    user = make_user()
    before = User.objects.get(pk=user.pk).password
    address = reverse("admin:auth_user_password_change", args=[user.pk])
    values = {"password1": "a-new-pass-77", "password2": "a-new-pass-77", "usable_password": "true"}
    assert root.get(address).status_code == 403
    assert root.post(address, values).status_code == 403
    assert User.objects.get(pk=user.pk).password == before
    assert (
        root.post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"}).status_code == 403
    )


def test_the_admin_changes_nobodys_name_or_address(root: Client) -> None:
    user = make_user()
    address = reverse("admin:accounts_user_change", args=[user.pk])
    said = {"username": "other", "email": "thief@example.org", "display_name": "新名", "is_active": "on"}
    assert root.post(address, said).status_code == 302
    changed = User.objects.get(pk=user.pk)
    assert changed.display_name == "新名"
    assert (changed.username, changed.email) == (user.username, user.email)


def test_staff_raise_nobody_above_themselves(client: Client) -> None:
    from django.contrib.auth.models import Permission

    staff, user = make_user(is_staff=True), make_user()
    staff.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    client.force_login(staff)
    said = {"display_name": "x", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    for who in (user, staff):
        client.post(reverse("admin:accounts_user_change", args=[who.pk]), said)
    assert not User.objects.filter(is_superuser=True).exists()
    assert not User.objects.get(pk=user.pk).is_staff


def test_the_admin_has_no_side_door_into_accounts(root: Client) -> None:
    names = {model._meta.label for model in admin.site._registry}
    assert not names & {
        "otp_totp.TOTPDevice", "otp_static.StaticDevice", "socialaccount.SocialToken", "socialaccount.SocialAccount",
    }  # fmt: skip
    for model in ("emailaddress",):
        assert root.get(reverse(f"admin:account_{model}_add")).status_code == 403
    assert root.get(reverse("admin:accounts_apitoken_add")).status_code == 403


def test_the_admin_shows_the_ledger_as_its_pages_do(root: Client) -> None:
    from django.db import transaction

    with transaction.atomic():
        hidden = record(None, "submit_answer", "challenges.answer:1", visibility=Visibility.PARTIES)
        shown = record(None, "publish_challenge", "challenges.challenge:1")
    listed = root.get(reverse("admin:ledger_entry_changelist")).content.decode()
    assert "publish_challenge" in listed
    assert "submit_answer" not in listed
    assert root.get(reverse("admin:ledger_entry_change", args=[shown.pk])).status_code == 200
    assert root.get(reverse("admin:ledger_entry_change", args=[hidden.pk])).status_code == 302  # to the index


def test_the_admin_does_not_show_what_others_were_told() -> None:
    assert not admin.site.is_registered(Notification)


# -- tokens and members ---------------------------------------------------------------------------


def test_a_token_issues_no_token_that_would_outlive_it(client: Client) -> None:
    person = make_user()
    _token, secret = issue_token(person, name="写", may_write=True, days=1)
    body = json.dumps({"name": "长期", "days": 366, "may_write": True})
    answer = client.post(
        "/api/v1/me/tokens", body, content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )  # fmt: skip
    assert answer.status_code == 403
    assert ApiToken.objects.count() == 1


def test_a_session_writes_by_api_only_with_its_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    body = json.dumps({"name": "x"})
    assert client.post("/api/v1/me/tokens", body, content_type="application/json").status_code == 403
    assert ApiToken.objects.count() == 0


@pytest.mark.parametrize("is_verified", [False, True])
def test_a_role_is_not_granted_to_an_address_nobody_proved(client: Client, *, is_verified: bool) -> None:
    organisation = make_organisation()
    client.force_login(make_member(organisation, is_manager=True))
    claimant = make_user()
    EmailAddress.objects.create(user=claimant, email=claimant.email, verified=is_verified, primary=True)
    said = {"user": claimant.email, "role": Role.ENTERPRISE}
    client.post(f"{reverse('members')}?organisation={organisation.pk}", said)
    assert Membership.objects.filter(user=claimant).exists() is is_verified


# -- floods and giants ----------------------------------------------------------------------------


def test_matches_of_one_address_are_bounded_and_say_when_to_come_back(settings: Any, client: Client) -> None:
    settings.PER_MINUTE = {"match": 2, "search": 2}
    body = json.dumps({"text": "减薄"})
    said = [client.post("/api/v1/match", body, content_type="application/json") for _ in range(5)]
    assert [answer.status_code for answer in said][:2] == [200, 200]
    refused = said[-1]
    assert refused.status_code == 429
    assert refused["Retry-After"] == "60"
    assert refused.json()["error"]["mend"]
    page = client.get("/match/", {"text": "减薄"})
    assert page.status_code == 429
    assert "请求太频繁" in page.content.decode()
    # Another person is not held up by a stranger's flood; searching counts on its own.
    assert client.get("/search/", {"q": "减薄"}).status_code == 200
    client.force_login(make_office())
    assert client.get("/match/", {"text": "减薄"}).status_code == 200


def test_a_made_up_forwarding_header_does_not_lift_the_bound(settings: Any, client: Client) -> None:
    settings.PER_MINUTE = {"match": 2, "search": 2}
    said = [
        client.get("/match/", {"text": "减薄"}, headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code
        for n in range(5)
    ]
    assert said[-1] == 429


@pytest.mark.parametrize("path", ["/api/v1/match", "/match/", "/accounts/login/"])
def test_fifty_megabytes_of_text_are_refused_before_they_are_read(client: Client, path: str) -> None:
    kind = "application/json" if "api" in path else "application/x-www-form-urlencoded"
    # The length alone is said: nothing of it is there to be read.
    said = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(50 << 20)}
    answer = client.generic("POST", path, b"", **said)
    assert answer.status_code == 413
    assert "内容过大" in (answer.json()["error"]["why"] if "api" in path else answer.content.decode())


def test_a_long_problem_is_posted_and_a_short_one_stands_in_the_address(client: Client) -> None:
    short = client.post("/match/", {"text": "碳化硅减薄"})
    assert short.status_code == 302
    assert client.get(short["Location"]).context["text"] == "碳化硅减薄"
    long = "碳化硅晶圆减薄。" * 300
    assert len(long) > ADDRESS_AT_MOST
    page = client.post("/match/", {"text": long})
    assert page.status_code == 200
    assert page.context["text"] == long
    assert not page.context["was_cut"]


def test_a_text_beyond_the_limit_is_cut_with_a_notice(client: Client) -> None:
    page = client.post("/match/", {"text": "减" * (TEXT_AT_MOST + 1)})
    assert len(page.context["text"]) == TEXT_AT_MOST
    assert "文字过长" in page.content.decode()
    body = json.dumps({"text": "减" * (TEXT_AT_MOST + 1)})
    assert client.post("/api/v1/match", body, content_type="application/json").status_code == 422


@pytest.mark.parametrize(
    ("old", "new"),
    [("ab" * 10_000, "ba" * 10_000), ("a\n" * 10_000, "b\n\n" * 10_000), ("", "x" * 20_000)],
    ids=["characters", "lines", "from nothing"],
)
def test_no_pair_of_versions_keeps_the_server_busy(old: str, new: str) -> None:
    runs = list(word_changes(old, new))
    assert "".join(text for kind, text in runs if kind != "new") == old
    assert "".join(text for kind, text in runs if kind != "gone") == new


# -- what others wrote ----------------------------------------------------------------------------

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"


def test_marked_terms_and_imported_values_stay_text(client: Client) -> None:
    assert "<script" not in highlight(SCRIPT, ["script", "<", "alert"])
    assert "<img" not in highlight(SCRIPT, [])
    owner = make_organisation(name=f"公司{SCRIPT}")
    made = make_achievement(title=f"成果{SCRIPT}", abstract=SCRIPT, owner=owner, keywords=[SCRIPT])
    for page in (
        "/achievements/",
        made.get_absolute_url(),
        owner.get_absolute_url(),
        f"/achievements/?q={SCRIPT}",
    ):
        html = client.get(page).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_no_address_sends_people_elsewhere(client: Client, target: str) -> None:
    user = make_user()
    said = {"login": user.username, "password": "langqiao", "next": target}
    assert "evil" not in client.post("/accounts/login/", said)["Location"]
    assert "evil" not in client.post(reverse("set_language"), {"language": "en", "next": target})["Location"]
    notify([user], text="t", url=target, event="e")
    opened = client.get(reverse("notification_open", args=[Notification.objects.get().pk]))
    assert opened["Location"] == reverse("notifications")


def test_cookies_are_for_us_alone(client: Client, settings: Any) -> None:
    client.post("/accounts/login/", {"login": make_user().username, "password": "langqiao"})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_every_address_that_acts_refuses_a_strangers_form() -> None:
    """No view that writes is exempt from CSRF but the API, which checks it for sessions itself."""
    from django.urls import get_resolver

    def views(resolver: Any, prefix: str = "") -> Any:
        for pattern in resolver.url_patterns:
            route = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from views(pattern, route)
            else:
                yield route, pattern.callback

    exempt = {route for route, view in views(get_resolver()) if getattr(view, "csrf_exempt", False)}
    assert {route for route in exempt if not route.startswith(("api/v1/", "accounts/"))} == set()


def test_nobody_learns_who_has_an_account(client: Client) -> None:
    known = make_user()

    def said(path: str, **values: str) -> tuple[int, str, str]:
        answer = client.post(path, values)
        words = answer.content.decode().replace(known.username, "X").replace("nobody-here", "X")
        return answer.status_code, answer.headers.get("Location", ""), words.count("<li>") and words[-400:]

    wrong = [
        said("/accounts/login/", login=name, password="wrong") for name in (known.username, "nobody-here")
    ]
    assert wrong[0] == wrong[1]
    reset = [said("/accounts/password/reset/", email=address) for address in (known.email, "no@example.org")]
    assert reset[0][:2] == reset[1][:2]
    assert reset[0][0] == 302


def test_behind_our_proxy_the_address_it_appended_counts(settings: Any, rf: Any) -> None:
    from langqiao.kit.throttle import address

    request = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 10.1.2.3"}, REMOTE_ADDR="127.0.0.1")
    assert address(request) == "127.0.0.1"
    settings.HTTPS = True
    assert address(request) == "10.1.2.3"


def test_the_forms_for_a_problem_carry_their_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    long = "碳化硅晶圆减薄。" * 300
    assert client.post("/match/", {"text": long}).status_code == 403
    for page in ("/", "/match/"):
        html = client.get(page).content.decode()
        form = html[
            html.index(
                'action="/match/" method="post"' if page == "/" else 'method="post" action="/match/"'
            ) :
        ]
        token = form.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        answer = client.post("/match/", {"text": long, "csrfmiddlewaretoken": token})
        assert answer.status_code == 200
        # Filters of a long problem are posted too: no address holds it.
        assert 'hx-post="/match/"' in answer.content.decode()
    part = client.post(
        "/match/", {"text": long, "trl_min": "3", "csrfmiddlewaretoken": token},
        headers={"HX-Request": "true", "HX-Target": "div#panels"},
    )  # fmt: skip
    assert part.status_code == 200
    assert "HX-Replace-Url" not in part.headers
    assert "<html" not in part.content.decode()
