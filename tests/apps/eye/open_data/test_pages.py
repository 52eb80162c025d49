"""Pages, files and API of open data: both languages, stable addresses, conditional requests, limits."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django.utils.http import http_date, parse_http_date

from langqiao.apps.eye.open_data.formats import BLOCK, csv_chunks, forms, json_chunks
from langqiao.apps.registry.models import Organisation
from langqiao.kit.opendata import Column, Dataset, datasets
from tests.apps.eye.open_data.scene import make_everything
from tests.factories.registry import make_facility, make_organisation

pytestmark = pytest.mark.django_db
CSV = "/open-data/organisations.csv"


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_the_catalogue_lists_every_data_set_and_narrows_by_word_subject_and_form(client: Client) -> None:
    make_organisation()
    page = client.get("/open-data/").content.decode()
    assert all(f"/open-data/{one.slug}/" in page for one in datasets())
    narrowed = client.get("/open-data/?q=机构 曾用名&app=registry&form=csv").content.decode()
    assert "/open-data/organisation-names/" in narrowed
    assert "/open-data/cities/" not in narrowed
    graphs = client.get("/open-data/?form=graphml").content.decode()
    assert "/open-data/organisation-graph/" in graphs
    assert "/open-data/organisations/" not in graphs
    none = client.get("/open-data/?q=绝无此物").content.decode()
    assert "没有符合条件的数据集" in none
    assert client.get("/open-data/?app=nonsense&form=%00&q=%00").status_code == 200


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_data_set_has_a_page_with_its_dictionary_licence_and_addresses(
    client: Client, language: str
) -> None:
    make_everything()
    for one in datasets():
        response = client.get(f"/open-data/{one.slug}/", headers={"accept-language": language})
        page = response.content.decode()
        assert response.status_code == 200
        assert "CC BY 4.0" in page
        for form in forms(one):
            assert f"http://testserver/open-data/{one.slug}.{form.ending}" in page
        assert all(f"<code>{column.name}</code>" in page for column in one.columns)


def test_unknown_data_sets_and_forms_are_not_found(client: Client) -> None:
    for address in (
        "/open-data/nothing/", "/open-data/nothing.csv", "/open-data/organisations.exe",
        "/open-data/organisation-graph.csv", "/open-data/organisation-graph.csv-metadata.json",
        "/api/v1/open-data/nothing", "/api/v1/open-data/%00",
    ):  # fmt: skip
        assert client.get(address).status_code == 404, address
    assert client.post(CSV).status_code == 405


def test_a_file_says_its_name_type_licence_and_dictionary(client: Client) -> None:
    make_organisation(name="甲")
    response = client.get(CSV)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="organisations.csv"'
    assert 'rel="license"; title="CC BY 4.0"' in response["Link"]
    assert (
        '<http://testserver/open-data/organisations.csv-metadata.json>; rel="describedby"' in response["Link"]
    )
    plain = body(response)
    assert plain.startswith(b"id,code,name")
    marked = client.get(CSV + "?bom=1")
    assert body(marked) == b"\xef\xbb\xbf" + plain
    assert marked["ETag"] != response["ETag"]


def test_whoever_has_the_data_is_told_that_nothing_changed_until_something_does(client: Client) -> None:
    organisation = make_organisation()
    first = client.get(CSV)
    tag, changed = first["ETag"], first["Last-Modified"]
    assert body(first)
    for known in ({"if-none-match": tag}, {"if-modified-since": changed}):
        again = client.get(CSV, headers=known)
        assert again.status_code == 304
        assert body(again) == b""
        assert again["ETag"] == tag
    assert client.get(CSV, headers={"if-none-match": '"other"'}).status_code == 200
    before = http_date(parse_http_date(changed) - 60)
    assert client.get(CSV, headers={"if-modified-since": before}).status_code == 200
    organisation.name = "新名"
    organisation.save()
    later = client.get(CSV, headers={"if-none-match": tag})
    assert later.status_code == 200
    assert "新名" in body(later).decode()


def test_a_record_that_is_named_elsewhere_changes_the_tag_of_that_data_set_too(client: Client) -> None:
    facility = make_facility(organisation=make_organisation(name="旧名"))
    tag = client.get("/open-data/facilities.json")["ETag"]
    Organisation.objects.filter(pk=facility.organisation_id).update(
        name="新名", updated_at=timezone.now() + timedelta(seconds=1)
    )
    after = client.get("/open-data/facilities.json")
    assert after["ETag"] != tag
    assert json.loads(body(after))[0]["organisation_name"] == "新名"


def test_a_retired_record_changes_the_tag(client: Client) -> None:
    make_organisation()
    second = make_organisation()
    tag = client.get(CSV)["ETag"]
    Organisation.objects.filter(pk=second.pk).update(retired_at=timezone.now())
    assert client.get(CSV)["ETag"] != tag


def test_head_gives_the_headers_and_no_body(client: Client) -> None:
    make_organisation()
    got = client.get("/open-data/organisations.parquet")
    head = client.head("/open-data/organisations.parquet")
    assert body(head) == b""
    assert "Content-Length" not in head
    for name in ("ETag", "Last-Modified", "Content-Type", "Link"):
        assert head[name] == got[name]
    assert body(got)[:4] == b"PAR1"


def test_the_dictionary_and_the_catalogue_can_be_asked_conditionally(client: Client) -> None:
    make_organisation()
    for address, kind in (
        ("/open-data/organisations.csv-metadata.json", "application/csvm+json"),
        ("/open-data/catalog.jsonld", "application/ld+json"),
    ):
        response = client.get(address)
        assert response["Content-Type"] == kind
        assert response["Access-Control-Allow-Origin"] == "*"
        assert client.get(address, headers={"if-none-match": response["ETag"]}).status_code == 304


def test_downloads_are_bounded_for_each_address(client: Client, settings: Any) -> None:
    cache.clear()
    settings.PER_MINUTE = {**settings.PER_MINUTE, "download": 2}
    answers = [client.get(CSV).status_code for _ in range(4)]
    cache.clear()
    assert answers.count(429) >= 1
    assert answers[:2] == [200, 200]


def test_the_api_lists_and_describes(client: Client) -> None:
    make_organisation()
    listed = client.get("/api/v1/open-data?q=finance").json()
    assert [one["slug"] for one in listed] == ["finance"]
    found = client.get("/api/v1/open-data/organisations").json()
    assert found["rows"] == 1
    assert found["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    assert found["title"]["zh"] == "机构"
    kind = next(column for column in found["columns"] if column["name"] == "kind")
    assert kind["type"] == "text"
    assert kind["values"]["enterprise"]["zh"] == "企业"
    assert [form["form"] for form in found["forms"]] == ["csv", "json", "parquet"]


def test_rows_are_streamed_not_gathered() -> None:
    """The first block leaves while most rows have not been read."""
    read = 0

    def rows() -> Any:
        nonlocal read
        for number in range(200_000):
            read += 1
            yield number, "文字" * 10

    columns = (Column("n", "integer", "n"), Column("t", "text", "t"))
    for chunks in (csv_chunks, json_chunks):
        read = 0
        first = next(iter(chunks(Dataset("long", "l", "l", "eye", columns, rows=rows))))
        assert len(first) < 4 * BLOCK
        assert read < 10_000


def test_licence_and_publisher_can_be_configured(client: Client, settings: Any) -> None:
    settings.OPEN_DATA_LICENCE = "https://example.org/terms"
    settings.OPEN_DATA_PUBLISHER = "某市数据局"
    page = client.get("/open-data/cities/").content.decode()
    assert "https://example.org/terms" in page
    assert "某市数据局" in page
