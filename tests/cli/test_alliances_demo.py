"""The demo of alliances: loaded once, real alliances as published, all else illustrative; the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from langqiao.apps.accounts.models import Role
from langqiao.apps.alliances.models import (
    Activity,
    Alliance,
    Contact,
    Exchange,
    Gathering,
    Member,
    Place,
    Rating,
)
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import verify
from langqiao.apps.registry.domain import load_corridor
from langqiao.apps.registry.domain.bulk import upsert_many
from langqiao.apps.registry.models import Organisation
from langqiao.cli.alliances import alliances_app
from langqiao.cli.alliances_demo import load
from langqiao.cli.alliances_demo.parks import load_parks
from langqiao.cli.corridor_demo import records
from langqiao.cli.parks import parks_app
from tests.factories.accounts import make_member, make_user

pytestmark = pytest.mark.django_db


def load_people() -> None:
    load_corridor(None)
    assert not upsert_many(None, "organisations", records("organisations")).refused
    for username, code, role in (
        ("demo-firm", "B-ORG-026", Role.ENTERPRISE),
        ("demo-secretariat", "B-ORG-004", Role.SECRETARIAT),
    ):
        make_member(Organisation.objects.get(code=code), role, user=make_user(username=username))


def test_the_alliances_are_loaded_once() -> None:
    load_people()
    load(progress=lambda _report: None)
    entries = Entry.objects.count()
    load(progress=lambda _report: None)
    assert Entry.objects.count() == entries
    assert verify().fault is None
    real = Alliance.objects.filter(illustrative=False)
    assert not Member.objects.filter(alliance__in=real).exists()
    assert not Gathering.objects.filter(alliance__in=real).exists()
    assert not Rating.objects.filter(alliance__in=real).exists()
    assert sorted(Member.objects.values_list("state", flat=True)) == ["active"] * 5 + ["applied", "refused"]
    assert sorted(Gathering.objects.values_list("state", flat=True)) == ["announced", "minuted"]
    assert (Exchange.objects.count(), Contact.objects.count()) == (2, 2)
    rating = Rating.objects.get()
    assert (str(rating.total), rating.grade) == ("86.23", "优秀")
    for model in (Member, Gathering, Exchange, Contact):
        assert not model.objects.filter(illustrative=False).exists()


def test_the_eye_is_as_published_and_the_parks_around_it_are_examples() -> None:
    load_corridor(None)
    load_parks()
    entries = Entry.objects.count()
    load_parks()
    assert Entry.objects.count() == entries
    eye = Place.objects.get(illustrative=False)
    assert (eye.name, eye.city_id) == ("科创之眼", "songjiang")
    assert [(one.name, one.measure, one.quantity) for one in eye.activities.all()] == [
        ("数字信息技术", "presence", None), ("商业航天及卫星互联", "presence", None), ("智能终端", "presence", None),
    ]  # fmt: skip
    assert eye.figures == [
        {
            "label": "集聚人才",
            "label_en": "Talents",
            "value": "50000",
            "unit": "人",
            "kind": "target",
            "period": "",
        }
    ]
    others = Place.objects.exclude(pk=eye.pk)
    assert others.count() == 9
    assert all(one.illustrative and "示例" in one.name for one in others)
    assert not Activity.objects.exclude(place=eye).filter(illustrative=False).exists()
    run = CliRunner().invoke
    found = json.loads(run(parks_app, ["report", "R-PARK-001", "--json"]).output)
    assert (found["basis"]["measure"], found["compared"]) == ("presence", 10)
    verdicts = {row["place"]: row["verdict"] for row in found["peers"]}
    assert verdicts["婺东磁电产业园（示例）"] == "complements"
    assert found["peers"][0]["shared"]
    assert found["near"]
    assert "克鲁格曼" not in run(parks_app, ["report", "科创之眼"]).output
    assert "沧吴光电" in run(parks_app, ["report", "S-PARK-001"]).output
    assert "松江" in run(parks_app, ["report", "songjiang"]).output
    assert run(parks_app, ["report", "nowhere"]).exit_code == 2


def test_parks_are_imported_on_the_command_line(tmp_path: Path) -> None:
    load_corridor(None)
    run = CliRunner().invoke
    path = tmp_path / "a.csv"
    path.write_text("园区,类别,产业活动,示例\n甲园,园区,终端,是\n乙园,,终端,是\n", "utf-8")
    found = run(parks_app, ["import", str(path)])
    assert found.exit_code == 1
    assert "第 3 行 place" in found.output
    assert not Place.objects.exists()
    path.write_text("园区,类别,产业活动,示例\n甲园,园区,终端,是\n", "utf-8")
    assert "新增 1" in run(parks_app, ["import", str(path)]).output
    assert Place.objects.get().name == "甲园"


def test_the_tree_on_the_command_line() -> None:
    load_corridor(None)
    run = CliRunner().invoke
    assert "alliances load" in run(alliances_app, ["tree"]).output
    found = run(alliances_app, ["load", "--file", "/nowhere.toml"])
    assert found.exit_code == 1
    from langqiao.apps.alliances.domain.alliances.keeping import load_tree

    load_tree(None)
    assert "激光产业联盟  2022-06-16 · 苏州 · 长光华芯" in run(alliances_app, ["tree"]).output
    tree = json.loads(run(alliances_app, ["tree", "--json"]).output)
    assert len(tree["tree"]["children"]) == 11
    assert [row["value"] for row in tree["figures"]] == [14, 16, 14]
