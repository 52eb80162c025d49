"""The demo of alliances: loaded once, real alliances as published, all else illustrative; the commands."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from langqiao.apps.accounts.models import Role
from langqiao.apps.alliances.models import Alliance, Contact, Exchange, Gathering, Member, Rating
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import verify
from langqiao.apps.registry.domain import load_corridor
from langqiao.apps.registry.domain.bulk import upsert_many
from langqiao.apps.registry.models import Organisation
from langqiao.cli.alliances import alliances_app
from langqiao.cli.alliances_demo import load
from langqiao.cli.corridor_demo import records
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
