"""The corridor file: what it must say, how its faults are told, how it is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings

from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.corridor import read_corridor
from langqiao.apps.registry.domain import load_corridor
from langqiao.apps.registry.models import City, Field
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories.accounts import make_liaison, make_office

SHIPPED = Path(settings.CORRIDOR_FILE).read_text(encoding="utf-8")


def test_the_shipped_corridor_has_nine_cities_and_seven_fields():
    corridor = read_corridor()
    assert corridor.name == "长三角G60科创走廊"
    assert [city.name for city in corridor.cities] == [
        "松江", "嘉兴", "杭州", "金华", "苏州", "湖州", "宣城", "芜湖", "合肥",
    ]  # fmt: skip
    assert [field.slug for field in corridor.fields] == [
        "ai", "ic", "equipment", "materials", "nev", "energy", "biomed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('slug = "jiaxing"', 'slug = "Jia Xing"', "cities[2].slug"),
        ('slug = "jiaxing"', 'slug = "songjiang"', "cities[2].slug"),
        ('name = "嘉兴"', 'name = ""', "cities[2].name"),
        ('name = "嘉兴"', "name = 3", "cities[2].name"),
        ('name = "嘉兴"', f'name = "{"嘉" * 41}"', "cities[2].name"),
        ('division_code = "330400"', "division_code = 330400", "cities[2].division_code"),
        ('division_code = "330400"', 'division_code = "310117"', "cities[2].division_code"),
        ("latitude = 30.7522", "latitude = 120.75", "cities[2].latitude"),
        ("latitude = 30.7522", "latitude = true", "cities[2].latitude"),
        ("longitude = 120.7500", "longitude = nan", "cities[2].longitude"),
        ("latitude = 30.7522\n", "", "cities[2].latitude"),
        ('province = "上海"', 'province = "上海"\nmayor = "x"', "cities[1].mayor"),
        ('slug = "ic"', 'slug = "ai"', "fields[2].slug"),
        ('[corridor]\nname = "长三角G60科创走廊"', "[corridor]", "corridor.name"),
        ("[corridor]", "[corrider]", "corrider.*"),
        ("[[fields]]", "[[industries]]", "industries.*"),
    ],
)
def test_a_fault_names_its_table_and_key(tmp_path, old, new, field):
    assert old in SHIPPED
    place = tmp_path / "other.toml"
    place.write_text(SHIPPED.replace(old, new), encoding="utf-8")
    with pytest.raises(Invalid) as refusal:
        read_corridor(place)
    assert refusal.value.field == field
    assert refusal.value.mend


def test_a_file_that_is_missing_or_not_toml_is_named(tmp_path):
    with pytest.raises(Invalid, match="读不到"):
        read_corridor(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"[corridor\n\xff")
    with pytest.raises(Invalid, match="不是有效的 TOML"):
        read_corridor(broken)


@pytest.mark.django_db
def test_loading_twice_writes_once():
    load_corridor(None)
    assert (City.objects.count(), Field.objects.count(), Entry.objects.count()) == (9, 7, 16)
    load_corridor(None)
    assert Entry.objects.count() == 16


@pytest.mark.django_db
def test_a_changed_city_is_one_entry_with_old_and_new(tmp_path):
    load_corridor(None)
    place = tmp_path / "moved.toml"
    place.write_text(SHIPPED.replace("latitude = 30.7522", "latitude = 30.7"), encoding="utf-8")
    load_corridor(None, path=place)
    entry = Entry.objects.last()
    assert (entry.verb, entry.object, entry.city) == ("revise_city", "registry.city:jiaxing", "jiaxing")
    assert json.loads(entry.data) == {"changes": {"latitude": [30.7522, 30.7]}}
    assert City.objects.get(pk="jiaxing").latitude == 30.7


@pytest.mark.django_db
def test_a_name_that_another_slug_bears_is_refused_whole(tmp_path):
    load_corridor(None)
    place = tmp_path / "renamed.toml"
    place.write_text(SHIPPED.replace('slug = "hefei"', 'slug = "luzhou"'), encoding="utf-8")
    with pytest.raises(Refused):
        load_corridor(None, path=place)
    assert not City.objects.filter(pk="luzhou").exists()


@pytest.mark.django_db
def test_only_the_office_and_the_console_load():
    load_corridor(make_office())
    with pytest.raises(NotAllowed):
        load_corridor(make_liaison(City.objects.get(pk="hefei")))
