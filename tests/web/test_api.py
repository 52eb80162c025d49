"""The REST API: who may call what, errors in words, paging."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from langqiao.apps.accounts.domain import issue_token, notify, revoke_token
from langqiao.apps.accounts.models import ApiToken
from langqiao.apps.ledger.domain import record
from langqiao.apps.ledger.models import Visibility
from tests.factories.accounts import make_office, make_user
from tests.factories.registry import make_organisation

pytestmark = pytest.mark.django_db
ME, TOKENS, READ = "/api/v1/me", "/api/v1/me/tokens", "/api/v1/me/notifications/read"
OPEN = "/api/v1/ledger/entries"


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def post(client, path, body, **headers):
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


@pytest.fixture
def person():
    return make_user()


@pytest.fixture
def reader(person):
    return issue_token(person, name="读")[1]


@pytest.fixture
def writer(person):
    return issue_token(person, name="写", may_write=True)[1]


def test_a_stranger_reads_what_is_public_and_nothing_of_a_person(client):
    assert client.get(OPEN).status_code == 200
    for path in (ME, TOKENS, "/api/v1/me/notifications"):
        answer = client.get(path)
        assert answer.status_code == 403
        assert answer.json()["error"]["mend"]
    assert post(client, READ, {}).status_code == 403
    assert post(client, TOKENS, {"name": "x"}).status_code == 403


def test_a_reading_token_reads_and_does_not_write(client, person, reader):
    assert client.get(ME, headers=bearer(reader)).json()["username"] == person.username
    answer = post(client, READ, {}, **bearer(reader))
    assert answer.status_code == 403
    assert "只能读取" in answer.json()["error"]["why"]


def test_a_writing_token_writes_as_its_person(client, person, writer):
    notify([person], text="新", url="/", event="e")
    notify([make_user()], text="别人的", url="/", event="e")
    assert post(client, READ, {}, **bearer(writer)).json() == {"marked": 1}


@pytest.mark.parametrize("header", ["Bearer lq_wrong", "Bearer ", "Basic YTpi", "Bearer", "lq_x"])
@pytest.mark.parametrize("path", [ME, OPEN])
def test_a_bad_token_is_refused_even_where_strangers_may_read(client, header, path):
    answer = client.get(path, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"]["mend"]


def test_expired_revoked_and_inactive_tokens_are_refused(client, person):
    token, secret = issue_token(person, name="a")
    assert client.get(ME, headers=bearer(secret)).status_code == 200
    revoke_token(person, token)
    assert client.get(ME, headers=bearer(secret)).status_code == 401
    token, secret = issue_token(person, name="b")
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(ME, headers=bearer(secret)).status_code == 401
    _token, secret = issue_token(person, name="c")
    person.is_active = False
    person.save()
    assert client.get(ME, headers=bearer(secret)).status_code == 401


def test_a_session_reads_and_writes_only_with_csrf(person):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert client.get(ME).status_code == 200
    refused = post(client, READ, {})
    assert refused.status_code == 403
    assert "CSRF" in refused.json()["error"]["why"]
    client.get("/")  # sets the cookie
    token = client.cookies["csrftoken"].value
    assert post(client, READ, {}, **{"X-CSRFToken": token}).status_code == 200


def test_a_bad_token_is_not_saved_by_a_session(client, person):
    client.force_login(person)
    assert client.get(ME, headers=bearer("lq_wrong")).status_code == 401


def test_tokens_by_api_show_the_secret_once(client, person, writer):
    client.force_login(person)
    made = post(client, TOKENS, {"name": "对接", "days": 30, "may_write": False})
    client.logout()
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert client.get(ME, headers=bearer(secret)).status_code == 200
    listed = client.get(TOKENS, headers=bearer(writer)).json()
    assert listed["total"] == 2
    assert secret not in json.dumps(listed)
    assert all("secret" not in item and "digest" not in item for item in listed["items"])
    assert post(client, f"{TOKENS}/{made.json()['id']}/revoke", {}, **bearer(writer)).status_code == 200
    assert client.get(ME, headers=bearer(secret)).status_code == 401


def test_nobody_revokes_anothers_token(client, writer):
    token, _secret = issue_token(make_user(), name="别人的")
    assert post(client, f"{TOKENS}/{token.pk}/revoke", {}, **bearer(writer)).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


@pytest.mark.parametrize(
    ("body", "field"), [({"name": " "}, "name"), ({"name": "a", "days": 0}, "days"), ({"days": "x"}, "")]
)
def test_wrong_values_name_their_field(client, person, body, field):
    client.force_login(person)
    answer = post(client, TOKENS, body)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["why"]
    assert field in error["field"]


def test_missing_things_answer_in_json(client):
    answer = client.get(f"{OPEN}/99999999")
    assert answer.status_code == 404
    assert answer.json()["error"]["why"]
    assert client.get(f"{OPEN}/{2**70}").status_code == 404


def test_paging_counts_all_and_gives_a_slice(client, person, writer):
    for number in range(5):
        notify([person], text=f"n{number}", url="", event=str(number))
    page = client.get("/api/v1/me/notifications?limit=2&offset=1", headers=bearer(writer)).json()
    assert page["total"] == 5
    assert [item["text"] for item in page["items"]] == ["n3", "n2"]
    assert (page["limit"], page["offset"]) == (2, 1)
    for query in ("limit=0", "limit=100000", "offset=-1", "limit=x"):
        assert client.get(f"/api/v1/me/notifications?{query}", headers=bearer(writer)).status_code == 422


def test_the_ledger_by_api_keeps_its_visibility(client):
    firm = make_organisation(kind="enterprise")
    with transaction.atomic():
        public = record(None, "publish_challenge", firm, case="LQ-1", data={"a": 1})
        parties = record(None, "sign_promise", firm, case="LQ-1", visibility=Visibility.PARTIES)
        office = record(None, "grant_membership", firm, visibility=Visibility.OFFICE)
    found = client.get(OPEN).json()
    assert [item["sequence"] for item in found["items"]] == [public.sequence]
    assert found["items"][0]["data"] == {"a": 1}
    assert "actor" not in found["items"][0]
    assert client.get(f"{OPEN}?case=LQ-1").json()["total"] == 1
    for hidden in (parties, office):
        assert client.get(f"{OPEN}/{hidden.sequence}").status_code == 404
    client.force_login(make_office())
    seen = {item["sequence"] for item in client.get(f"{OPEN}?after=0").json()["items"]}
    assert {public.sequence, parties.sequence, office.sequence} <= seen
    assert client.get("/api/v1/ledger/head").json()["sequence"] >= office.sequence


def test_the_documentation_page_and_schema_are_served_from_here(client):
    page = client.get("/api/v1/docs").content.decode()
    assert "/static/ninja/swagger-ui-bundle.js" in page
    assert "cdn" not in page
    schema = client.get("/api/v1/openapi.json").json()
    assert schema["components"]["securitySchemes"]["BearerOrSession"]["scheme"] == "bearer"
    assert "/api/v1/me" in schema["paths"]
