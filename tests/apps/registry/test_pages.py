"""Pages of the registry in both languages, their queries counted."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import make_liaison, make_member, make_office
from tests.factories.registry import (
    make_achievement,
    make_city,
    make_facility,
    make_field,
    make_finance,
    make_organisation,
    make_person,
    make_product,
    make_programme,
    make_talent_demand,
    make_training,
)

pytestmark = pytest.mark.django_db
LANGUAGES = ("zh-hans", "en")


@pytest.fixture
def corridor():
    """One record of each kind around one organisation."""
    city, field = make_city(), make_field()
    make_city("jiaxing")
    organisation = make_organisation(
        name="泖东理工大学", name_en="Maodong University", kind="university", city=city, fields=[field]
    )
    common = {"organisation": organisation, "city": city}
    person = make_person(name="骆某", expertise=["稀土永磁"], **common)
    return {
        "organisation": organisation,
        "person": person,
        "achievement": make_achievement(
            title="晶界扩散方法",
            owner=organisation,
            city=city,
            field=field,
            people=[person],
            trl=6,
            keywords=["扩散"],
        ),
        "facility": make_facility(name="透射电镜", fields=[field], **common),
        "finance": make_finance(
            name="新材料基金", organisation=organisation, amount_min=100, stages=["pilot"]
        ),
        "product": make_product(name="磁钢", organisation=organisation, tier="midstream", chain="稀土永磁"),
        "talent": make_talent_demand(position="材料工程师", skills=["烧结"], **common),
        "training": make_training(name="材料博士后站", **common),
        "programme": make_programme(
            name="新材料联盟",
            lead=organisation,
            city=city,
            date="2018-11",
            figures=[
                {
                    "label": "成员单位",
                    "label_en": "members",
                    "value": "119",
                    "unit": "家",
                    "date": "2019-05",
                    "source_url": "https://example.org/a",
                }
            ],
        ),
    }


WORDS = (
    "organisation",
    "person",
    "achievement",
    "facility",
    "finance",
    "product",
    "talent",
    "training",
    "programme",
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("word", WORDS)
def test_list_and_page_of_every_kind(client: Client, corridor, word, language):
    headers = {"accept-language": language}
    record = corridor[word]
    name = record.name_en if (word, language) == ("organisation", "en") else str(record)
    listed = client.get(reverse(f"{word}_list"), headers=headers)
    shown = client.get(record.get_absolute_url(), headers=headers)
    assert (listed.status_code, shown.status_code) == (200, 200)
    assert name in listed.content.decode()
    assert name in shown.content.decode()
    assert shown.headers["Content-Language"] == language


@pytest.mark.parametrize(
    ("word", "queries"),
    [
        ("organisation", 4),  # filters' cities and fields, count, rows with their fields
        ("achievement", 4),
        ("finance", 6),
    ],
)
def test_a_list_asks_as_much_for_many_rows_as_for_few(
    client: Client, corridor, word, queries, django_assert_max_num_queries
):
    makers = {"organisation": make_organisation, "achievement": make_achievement, "finance": make_finance}
    for _number in range(20):
        makers[word](
            **({"fields": [make_field("ai")]} if word != "achievement" else {"field": make_field("ai")})
        )
    with django_assert_max_num_queries(queries + 1):
        client.get(reverse(f"{word}_list"))


def test_an_organisation_page_gathers_what_belongs_to_it(
    client: Client, corridor, django_assert_max_num_queries
):
    organisation = corridor["organisation"]
    for _number in range(12):
        make_achievement(owner=organisation, field=make_field("ai"))
        make_person(organisation=organisation)
    with django_assert_max_num_queries(30):
        text = client.get(organisation.get_absolute_url()).content.decode()
    for word in ("facility", "finance", "product", "talent", "training", "programme"):
        assert str(corridor[word]) in text
    assert "中游" in text
    assert '<span class="text-muted">13</span>' in text


def test_a_person_is_shown_by_their_achievements(client: Client, corridor):
    text = client.get(corridor["person"].get_absolute_url()).content.decode()
    assert "晶界扩散方法" in text
    other = make_person()
    assert "还没有登记成果" in client.get(other.get_absolute_url()).content.decode()


def test_a_programme_shows_each_figure_with_unit_date_and_source(client: Client, corridor):
    page = corridor["programme"].get_absolute_url()
    text = client.get(page).content.decode()
    for part in ("成员单位", "119", "家", "2019-05", "https://example.org/a"):
        assert part in text
    assert "members" in client.get(page, headers={"accept-language": "en"}).content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_city_page_counts_and_measures(client: Client, corridor, language):
    page = reverse("city_detail", args=["songjiang"])
    text = client.get(page, headers={"accept-language": language}).content.decode()
    assert ("嘉兴" if language == "zh-hans" else "Jiaxing") in text
    assert '<td class="lq-number">55</td>' in text
    assert client.get(reverse("city_detail", args=["nowhere"])).status_code == 404


def test_an_illustrative_record_says_so(client: Client):
    record = make_achievement(title="某技术（示例）", illustrative=True)
    assert "演示数据，非真实记录。" in client.get(record.get_absolute_url()).content.decode()


def test_a_source_is_shown_with_its_date(client: Client):
    record = make_programme(
        source_name="新华网", source_url="https://example.org/x", source_date="2024-05-24"
    )
    text = client.get(record.get_absolute_url()).content.decode()
    assert "新华网" in text
    assert "2024年5月24日" in text


def test_a_row_opens_in_place(client: Client, corridor):
    achievement = corridor["achievement"]
    text = client.get(reverse("achievement_list"), {"open": achievement.pk}).content.decode()
    assert "没有摘要" in text
    assert "<html" not in text


def test_lists_narrow_by_chinese_keyword_and_by_city(client: Client, corridor):
    make_achievement(title="别的成果", city=make_city("hefei"))
    listed = reverse("achievement_list")
    found = client.get(listed, {"q": "扩散"}).content.decode()
    assert "晶界扩散方法" in found
    assert "别的成果" not in found
    assert "别的成果" in client.get(listed, {"city": "hefei"}).content.decode()


def test_a_finance_without_a_city_serves_every_city(client: Client):
    make_finance(name="九城基金")
    make_finance(name="合肥基金", cities=[make_city("hefei")])
    text = client.get(reverse("finance_list"), {"city": make_city().slug}).content.decode()
    assert "九城基金" in text
    assert "合肥基金" not in text


def test_another_app_puts_a_section_on_a_page(client: Client, corridor, monkeypatch):
    from langqiao.apps.registry import sections
    from langqiao.apps.registry.models import Organisation

    monkeypatch.setattr(sections, "_makers", {})

    def challenges_of(record, viewer):
        return sections.Section("出过的题", "registry/parts/text.html", {"viewer": viewer})

    sections.page_section(Organisation, challenges_of)
    sections.page_section(Organisation, lambda *_: None)
    assert "出过的题" in client.get(corridor["organisation"].get_absolute_url()).content.decode()
    assert "出过的题" not in client.get(corridor["person"].get_absolute_url()).content.decode()


def test_buttons_are_shown_to_those_who_may(client: Client, corridor):
    page = corridor["achievement"].get_absolute_url()
    edit, retire = (
        reverse(f"achievement_{act}", args=[corridor["achievement"].pk]) for act in ("edit", "retire")
    )
    seen = {}
    for name, user in {
        "anonymous": None,
        "member": make_member(corridor["organisation"]),
        "liaison": make_liaison(make_city("hefei")),
        "office": make_office(),
    }.items():
        if user is not None:
            client.force_login(user)
        text = client.get(page).content.decode()
        seen[name] = (edit in text, retire in text)
    assert seen == {
        "anonymous": (False, False),
        "member": (True, False),
        "liaison": (False, False),
        "office": (True, True),
    }
