"""Lists: filters in the address, search, sort, pages, parts for htmx, exports."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from django.test import Client
from openpyxl import load_workbook

from langqiao.apps.registry.models import OrganisationName
from tests.factories.registry import make_city, make_field, make_organisation

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.kit.listing.urls")]
HTMX = {"HX-Request": "true", "HX-Target": "div#listing"}


@pytest.fixture
def rows():
    suzhou, hefei = make_city("suzhou"), make_city("hefei")
    ai, biomed = make_field("ai"), make_field("biomed")
    made = {
        "alpha": make_organisation(name="甲公司", name_en="Alpha", city=suzhou, kind="enterprise"),
        "beta": make_organisation(
            name="乙公司", name_en="Beta", city=hefei, kind="enterprise", illustrative=True
        ),
        "gamma": make_organisation(name="丙大学", city=None, kind="university"),
        "office": make_organisation(name="某办公室", city=suzhou, kind="government"),
    }
    made["alpha"].fields.set([ai, biomed])
    made["beta"].fields.set([biomed])
    OrganisationName.objects.create(organisation=made["alpha"], name="甲厂")
    OrganisationName.objects.create(organisation=made["alpha"], name="甲厂二分厂")
    return made


def names(client: Client, query: str = "") -> list[str]:
    """Names in the order the page shows them."""
    html = client.get(f"/firms/{query}").content.decode()
    return re.findall(r'<a href="/x/\d+/">([^<]+)</a>', html)


def test_rows_are_limited_to_the_listings_own_queryset(client, rows):
    assert set(names(client)) == {"甲公司", "乙公司", "丙大学"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?city=suzhou", {"甲公司"}),
        ("?field=biomed", {"甲公司", "乙公司"}),
        ("?field=ai&field=biomed", {"甲公司", "乙公司"}),
        ("?english=alp", {"甲公司"}),
        ("?real=1", {"甲公司", "丙大学"}),
        ("?city=suzhou&real=1", {"甲公司"}),
        ("?city=hefei&field=ai", set()),
        ("?q=公司", {"甲公司", "乙公司"}),
        ("?q=甲厂", {"甲公司"}),  # two former names match, the firm stands once
        ("?q=公司 乙", {"乙公司"}),
        ("?city=nowhere", {"甲公司", "乙公司", "丙大学"}),  # an unknown choice is no filter
        ("?since_min=2020-01-01", {"甲公司", "乙公司", "丙大学"}),
        ("?since_max=2020-01-01", set()),
        ("?since_min=nonsense&since_max=NaN", {"甲公司", "乙公司", "丙大学"}),
        ("?q=%00", {"甲公司", "乙公司", "丙大学"}),
    ],
)
def test_filters_and_search(client, rows, query, expected):
    found = names(client, query)
    assert set(found) == expected
    assert len(found) == len(set(found))


def test_sort_by_a_column_both_ways_with_unknown_values_last(client, rows):
    assert names(client, "?sort=city") == ["甲公司", "乙公司", "丙大学"]
    assert names(client, "?sort=-city") == ["乙公司", "甲公司", "丙大学"]


def test_a_column_that_cannot_be_sorted_is_ignored(client, rows):
    assert names(client, "?sort=kind") == names(client, "?sort=name") == names(client, "?sort=;drop")


def test_pages_hold_every_row_once(client, db):
    for number in range(60):
        make_organisation(name=f"同名{number % 2}", kind="enterprise")
    seen = []
    for page in (1, 2, 3):
        html = client.get(f"/firms/?sort=name&page={page}").content.decode()
        seen += re.findall(r'<a href="/x/(\d+)/">', html)
    assert len(seen) == len(set(seen)) == 60
    assert len(names(client, "?per=50")) == 50
    assert len(names(client, "?per=7")) == 25  # not offered
    assert len(names(client, "?page=99")) == 10  # the last page


def test_htmx_gets_the_table_alone_and_the_clean_address(client, rows):
    whole = client.get("/firms/")
    part = client.get("/firms/?city=suzhou&q=&sort=", headers=HTMX)
    assert b"<html" in whole.content
    assert b"<html" not in part.content
    assert "甲公司" in part.content.decode()
    assert part["HX-Push-Url"] == "/firms/?city=suzhou"
    assert "HX-Target" in part["Vary"]
    typed = client.get("/firms/?q=甲", headers={**HTMX, "HX-Source": "form#listing-filters"})
    assert "HX-Push-Url" not in typed
    assert typed["HX-Replace-Url"].startswith("/firms/?q=")


def test_chips_take_one_condition_away(client, rows):
    html = client.get("/firms/?city=suzhou&q=甲&since_min=2020-01-01").content.decode()
    chips = re.findall(r'class="lq-chip" href="([^"]+)"', html)
    assert len(chips) == 3
    assert any("city" not in chip and "q=" in chip and "since_min" in chip for chip in chips)


def test_empty_states_offer_the_next_step(client, db):
    assert "还没有机构。" in client.get("/firms/").content.decode()
    assert 'href="/somewhere/"' in client.get("/firms/").content.decode()
    make_organisation(name="甲", kind="enterprise")
    narrowed = client.get("/firms/?q=没有").content.decode()
    assert "没有符合条件的记录" in narrowed
    assert "还没有机构。" not in narrowed


def test_the_primary_action_depends_on_the_viewer(client, rows, django_user_model):
    assert 'href="/new/"' not in client.get("/firms/").content.decode()
    client.force_login(django_user_model.objects.create_user("a"))
    assert 'href="/new/"' in client.get("/firms/").content.decode()


def test_a_row_opens_under_the_lists_own_limits(client, rows, settings, tmp_path):
    (tmp_path / "registry_row_test.html").write_text("行：{{ object.name }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], tmp_path]}]
    assert client.get(f"/firms/?open={rows['alpha'].pk}").content.decode() == "行：甲公司"
    assert client.get(f"/firms/?open={rows['office'].pk}").status_code == 404
    assert client.get("/firms/?open=nonsense").status_code == 404


def test_text_of_a_record_cannot_become_markup(client, db):
    make_organisation(name="<script>alert(1)</script>", kind="enterprise")
    html = client.get("/firms/?q=<script>").content.decode()
    assert "<script>alert" not in html


def test_query_count_does_not_grow_with_rows(client, rows, django_assert_num_queries):
    # count, rows, fields of the rows
    with django_assert_num_queries(3):
        client.get("/firms/?per=50", headers=HTMX)
    for number in range(30):
        make_organisation(name=f"机构{number}", kind="enterprise").fields.set([make_field("ai")])
    with django_assert_num_queries(3):
        client.get("/firms/?per=50", headers=HTMX)


def read_csv(response) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_csv_holds_all_filtered_rows_with_the_illustrative_column(client, rows):
    response = client.get("/firms/?field=biomed&sort=name&export=csv")
    head, *lines = read_csv(response)
    assert "charset=utf-8" in response["Content-Type"]
    assert re.search(r'filename="firms-\d{8}\.csv"', response["Content-Disposition"])
    assert {"名称", "城市", "网址", "示例"} <= set(head)
    table = {line[head.index("名称")]: dict(zip(head, line, strict=True)) for line in lines}
    assert set(table) == {"甲公司", "乙公司"}
    assert table["乙公司"]["示例"] == "示例"
    assert table["甲公司"]["示例"] == ""
    assert table["甲公司"]["类型"] == "企业"
    assert set(table["甲公司"]["领域"].split("、")) == {"人工智能", "生物医药"}


def test_exports_are_not_cut_to_the_page(client, db):
    for number in range(70):
        make_organisation(name=f"机构{number}", kind="enterprise")
    assert len(read_csv(client.get("/firms/?export=csv"))) == 71


def test_xlsx_holds_the_same_rows_as_text_and_numbers(client, rows):
    make_organisation(name='=HYPERLINK("http://x")', name_en="\x0bodd", kind="enterprise")
    response = client.get("/firms/?export=xlsx&sort=name")
    sheet = load_workbook(io.BytesIO(response.getvalue())).active
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    at = cells[0].index("名称")
    assert {row[at] for row in cells[1:]} == {"甲公司", "乙公司", "丙大学", '=HYPERLINK("http://x")'}
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_an_unknown_format_is_refused_in_words(client, rows):
    response = client.get("/firms/?export=exe")
    assert response.status_code == 422
    assert "CSV" in response.content.decode()


def test_lists_are_read_only(client, rows):
    assert client.post("/firms/").status_code == 405


def test_dates_of_the_page_are_in_the_readers_language(client, rows):
    from langqiao.web.names import day

    assert day(date(2026, 11, 23)) == "2026年11月23日"
