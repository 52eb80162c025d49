"""The frame: languages, navigation, headers, designed errors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from langqiao.apps.accounts.domain import notify
from langqiao.apps.accounts.models import Role
from tests.factories.accounts import make_member, make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
PAGES = ["home", "ledger_list", "challenge_list", "organisation_list", "account_login", "account_signup"]


@pytest.fixture(autouse=True)
def _no_remembered_counts():
    from django.core.cache import cache

    cache.clear()


@pytest.mark.parametrize("name", PAGES)
def test_public_pages_stand_in_the_frame_for_everybody(client, name):
    response = client.get(reverse(name))
    html = response.content.decode()
    assert response.status_code == 200
    assert '<html lang="zh-Hans">' in html
    assert 'class="skip" href="#main"' in html
    assert 'id="main"' in html
    assert 'role="combobox"' in html
    assert html.count("<h1") == 1


def test_language_is_chosen_remembered_and_marked(client):
    response = client.post(reverse("set_language"), {"language": "en", "next": "/"}, follow=True)
    html = response.content.decode()
    assert '<html lang="en">' in html
    assert 'value="zh-hans"' in html  # the way back
    assert client.cookies["django_language"].value == "en"


def test_a_persons_own_language_holds_unless_this_browser_chose(client):
    client.force_login(make_user(language="en"))
    assert '<html lang="en">' in client.get("/").content.decode()
    client.cookies["django_language"] = "zh-hans"
    assert '<html lang="zh-Hans">' in client.get("/").content.decode()


@pytest.mark.parametrize("path", ["/", "/nothing-here/", "/api/v1/docs", "/accounts/login/"])
def test_content_security_policy_forbids_foreign_and_inline_scripts(client, path):
    policy = client.get(path)["Content-Security-Policy"]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";") if " " in part.strip())
    assert rules["script-src"] == "'self'"
    assert rules["default-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", ["/", "/ledger/", "/accounts/login/", "/nothing-here/", "/api/v1/docs"])
def test_pages_carry_no_inline_script_and_nothing_from_elsewhere(client, path):
    html = client.get(path).content.decode()
    for tag in re.findall(r"<script\b[^>]*>", html):
        assert "src=" in tag or 'type="application/json"' in tag, tag
    assert not re.search(r"\son[a-z]+=", html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//(?!testserver)', html)
    assert "hx-on" not in html


def test_the_navigation_marks_where_one_is_and_hides_what_one_may_not(client):
    html = client.get("/ledger/").content.decode()
    assert re.search(r'href="/ledger/" aria-current="page"', html)
    imports = reverse("import_start") if _known("import_start") else None
    if imports:
        assert f'href="{imports}"' not in html
        client.force_login(make_office())
        assert f'href="{imports}"' in client.get("/ledger/").content.decode()


def _known(name: str) -> bool:
    from django.urls import NoReverseMatch

    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True


def test_the_person_menu_shows_roles_and_unread_notices(client):
    firm = make_organisation(name="菱光科技", kind="enterprise")
    person = make_member(firm, Role.ENTERPRISE, is_manager=True)
    notify([person], text="有新答题", url="/", event="e1")
    client.force_login(person)
    html = client.get("/").content.decode()
    assert "菱光科技" in html
    assert re.search(r'class="lq-dot">\s*1\s*<', html)
    assert reverse("members") in html
    assert reverse("admin:index") not in html


def test_somebody_without_an_organisation_is_not_led_to_members(client):
    client.force_login(make_user())
    assert reverse("members") not in client.get("/").content.decode()


def test_a_page_that_is_not_there(client):
    response = client.get("/nothing-here/")
    assert response.status_code == 404
    assert "没有这个页面" in response.content.decode()
    assert '<html lang="zh-Hans">' in response.content.decode()


def test_a_late_form_is_told_what_to_do():
    client = Client(enforce_csrf_checks=True)
    response = client.post(reverse("set_language"), {"language": "en"})
    assert response.status_code == 403
    assert "已经过期" in response.content.decode()


def test_a_server_error_shows_no_trace(client, monkeypatch):
    from langqiao.web import views

    def broken():
        raise RuntimeError("secret detail")

    monkeypatch.setattr(views, "by_city", broken)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "服务器出了问题" in response.content.decode()
    assert "secret detail" not in response.content.decode()


def test_a_refusal_becomes_a_page_with_reason_and_next_step(client):
    other = make_organisation(kind="enterprise")
    client.force_login(make_member(make_organisation(kind="enterprise")))
    address = f"{reverse('members')}?organisation={other.pk}"
    response = client.get(address, headers={"Referer": "http://testserver/ledger/"})
    html = response.content.decode()
    assert response.status_code == 403
    assert "只有联席办或本机构管理员可以授予或终止机构角色。" in html
    assert 'href="http://testserver/ledger/"' in html


def test_a_refusal_does_not_lead_back_to_another_site(client):
    client.force_login(make_member(make_organisation(kind="enterprise")))
    address = f"{reverse('members')}?organisation={make_organisation(kind='enterprise').pk}"
    html = client.get(address, headers={"Referer": "https://elsewhere.example/"}).content.decode()
    assert "elsewhere.example" not in html


def test_a_refusal_to_htmx_is_a_fragment_on_top_of_the_page(client):
    client.force_login(make_member(make_organisation(kind="enterprise")))
    address = f"{reverse('members')}?organisation={make_organisation(kind='enterprise').pk}"
    response = client.get(address, headers={"HX-Request": "true"})
    assert response.status_code == 403
    assert "<html" not in response.content.decode()
    assert response["HX-Retarget"] == "#lq-messages"


def test_home_counts_and_draws_every_city(client):
    make_city("suzhou")
    hefei = make_city("hefei")
    make_organisation(city=hefei, kind="enterprise")
    html = client.get("/").content.decode()
    assert html.count('class="lq-pier"') == 2
    assert reverse("city_detail", args=["hefei"]) in html
    assert re.search(r'aria-label="合肥，1 条记录"', html)


@pytest.mark.parametrize("illustrative", [False, True])
def test_counts_are_marked_only_where_an_example_is_among_them(client, illustrative):
    make_organisation(city=make_city("hefei"), kind="enterprise", illustrative=illustrative)
    home = client.get("/").content.decode()
    city = client.get(reverse("city_detail", args=["hefei"])).content.decode()
    assert ("含示例数据" in home, "含示例，" in city) == (illustrative, illustrative)


def test_home_asks_no_more_for_more_records(client, django_assert_max_num_queries):
    for _number in range(3):
        make_organisation(kind="enterprise", city=make_city("suzhou"))
    with django_assert_max_num_queries(20):
        client.get("/")


def test_health(client):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert json.loads(response.content) == {"status": "ok"}
    assert "no-cache" in response["Cache-Control"]


def test_metrics_are_for_this_machine_or_the_token(client, monkeypatch):
    client.get("/ledger/?q=secret-words")
    monkeypatch.delenv("LANGQIAO_METRICS_TOKEN", raising=False)
    text = client.get("/metrics").content.decode()
    assert 'langqiao_requests_total{method="GET",route="ledger/",status="200"}' in text
    assert "langqiao_ledger_sequence" in text
    assert "secret-words" not in text
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 404
    monkeypatch.setenv("LANGQIAO_METRICS_TOKEN", "t0ken")
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer t0ken"}).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer näin"}).status_code == 404


def test_every_icon_named_exists_in_the_package():
    root = Path(__file__).resolve().parents[2]
    icons = root / "node_modules/@tabler/icons/icons"
    if not icons.is_dir():
        pytest.skip("node_modules is not installed (npm ci)")
    named = set()
    for path in (root / "src").rglob("*"):
        if path.suffix in {".html", ".py"}:
            named |= set(
                re.findall(
                    r"\bicon(?:_name)?[\"']?(?:\s+|\s*[=:]\s*)[\"']([a-z0-9-]+)[\"']", path.read_text()
                )
            )
    assert "search" in named
    missing = [
        name
        for name in named
        if not (icons / "outline" / f"{name}.svg").exists() and not name.endswith("-filled")
    ]
    assert missing == []
