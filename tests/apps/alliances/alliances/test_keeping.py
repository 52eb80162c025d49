"""Verbs of the tree: the file, registering and revising an alliance, its secretariat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from langqiao.apps.accounts.models import Notification
from langqiao.apps.alliances.domain.alliances import keeping
from langqiao.apps.alliances.domain.alliances.tree_file import DEFAULT, read_tree
from langqiao.apps.alliances.models import Alliance, TreeFigure
from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import verify
from langqiao.apps.registry.domain import load_corridor
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import alliances as make
from tests.factories.accounts import make_office, make_user
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db
KNOWN = {
    "new-materials": ("2018-11", "jinhua", "横店东磁", [], None),
    "robots": ("2018-12", "wuhu", "", [], None),
    "ai": ("2019-05-15", "songjiang", "科大智能", [], 119),
    "general-aviation": ("2019-09", "wuhu", "", [], None),
    "laser": ("2022-06-16", "suzhou", "长光华芯", [], None),
    "quantum-cryptography": ("2023-11-08", None, "", ["国科量子", "国盾", "中电信量子"], None),
}


def write(place: Path, text: str) -> Path:
    place.write_text(text, encoding="utf-8")
    return place


def test_the_known_alliances_are_as_published() -> None:
    load_corridor(None)
    firm = make_organisation(name="科大智能科技股份有限公司", short_name="科大智能")
    loaded = keeping.load_tree(None)
    assert (loaded.made, loaded.changed, loaded.unchanged) == (17, 0, 0)
    rows = {one.slug: one for one in Alliance.objects.filter(tier="sub")}
    found = {
        slug: (one.founded_on, one.city_id, one.lead_name, one.named, one.stated_units)
        for slug, one in rows.items()
    }
    assert found == KNOWN
    assert rows["ai"].lead == firm
    assert rows["laser"].lead is None
    # What is not published stays empty and is said to be missing.
    assert all(one.secretariat is None and one.note and one.source_name for one in rows.values())
    assert {one.read_on for one in rows.values()} == {None}
    industries = Alliance.objects.filter(tier="industry").values_list("name", flat=True)
    assert list(industries) == [
        "人工智能",
        "集成电路",
        "高端装备",
        "新材料",
        "新能源汽车",
        "新能源",
        "生物医药",
    ]
    figures = {one.key: (one.value, one.period) for one in TreeFigure.objects.all()}
    assert figures == {
        "alliances-2021-10": (14, "2021-10"),
        "alliances-2024-05": (16, "2024-05"),
        "parks-2024-05": (14, "2024-05"),
    }


def test_loading_again_changes_nothing_and_keeps_what_was_entered_by_hand() -> None:
    load_corridor(None)
    keeping.load_tree(None)
    ai = Alliance.objects.get(slug="ai")
    keeping.appoint_secretariat(None, ai, organisation=make_organisation())
    keeping.revise_alliance(None, ai, description="手工写的简介")
    entries = Entry.objects.count()
    loaded = keeping.load_tree(None)
    assert (loaded.made, loaded.changed, loaded.unchanged) == (0, 0, 17)
    assert Entry.objects.count() == entries
    ai.refresh_from_db()
    assert (ai.description, ai.secretariat is not None) == ("手工写的简介", True)
    assert verify().fault is None


def test_a_changed_file_revises_and_a_fault_writes_nothing(tmp_path: Path) -> None:
    load_corridor(None)
    keeping.load_tree(None)
    text = DEFAULT.read_text("utf-8")
    path = write(tmp_path / "tree.toml", text.replace('founded_on = "2018-12"', 'founded_on = "2018-12-06"'))
    loaded = keeping.load_tree(None, path=path)
    assert (loaded.made, loaded.changed) == (0, 1)
    last = Entry.objects.latest("sequence")
    assert (last.verb, '"changed":["founded_on"]' in last.data) == ("revise_alliance", True)
    path = write(
        tmp_path / "bad.toml",
        text.replace('city = "suzhou"', 'city = "atlantis"').replace("2018-11", "2018-10"),
    )
    with pytest.raises(Invalid) as wrong:
        keeping.load_tree(None, path=path)
    assert wrong.value.field.startswith("nodes[")
    assert Alliance.objects.get(slug="new-materials").founded_on == "2018-11"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('tier = "one"', 'tier = "two"', "nodes[1].tier"),
        ('parent = "one"', 'parent = "nine"', "nodes[2].parent"),
        ('slug = "one"', 'slug = "One"', "nodes[1].slug"),
        ("value = 14\n", "value = -1\n", "figures[1].value"),
        ("value = 14\n", "value = true\n", "figures[1].value"),
        ('founded_on = "2018-11"', 'founded_on = "2018-13"', "nodes[9].founded_on"),
        ('name = "机器人产业联盟"', 'name = "新材料产业技术创新联盟"', "nodes[10].name"),
        ('name = "机器人产业联盟"', 'name = ""', "nodes[10].name"),
        ('slug = "robots"', 'slug = "robots"\nleader = "x"', "nodes[10].leader"),
        ("is_group = true", 'is_group = "yes"', "nodes[1].is_group"),
        ('named = ["国科量子"', "named = [1", "nodes[14].named"),
        ('tier = "industry"', 'tier = "one"', "nodes[2].tier"),
        ('slug = "ai"\ntier = "sub"\nparent = "seven-ai"', 'slug = "ai"\ntier = "sub"\nparent = "robots"', "nodes[11].parent"),
        ('slug = "ai"\ntier = "sub"\nparent = "seven-ai"', 'slug = "ai"\ntier = "sub"', "nodes[11].parent"),
        ("[tree]", "[trees]", "trees.*"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, old: str, new: str, field: str) -> None:
    text = DEFAULT.read_text("utf-8")
    assert old in text
    with pytest.raises(Invalid) as wrong:
        read_tree(write(tmp_path / "tree.toml", text.replace(old, new, 1)))
    assert wrong.value.field == field


def test_a_missing_or_broken_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGQIAO_ALLIANCES", str(tmp_path / "none.toml"))
    with pytest.raises(Invalid, match=r"none\.toml"):
        read_tree()
    with pytest.raises(Invalid, match="TOML"):
        read_tree(write(tmp_path / "a.toml", "[tree"))
    with pytest.raises(Invalid):
        read_tree(
            write(
                tmp_path / "b.toml",
                '[tree]\nname = "x"\n[[nodes]]\nslug = "a"\ntier = "sub"\nname = "a"\nparent = "b"\n',
            )
        )


def test_only_the_office_loads() -> None:
    for actor in (make_user(), make.make_secretary(make.make_alliance())):
        with pytest.raises(NotAllowed):
            keeping.load_tree(actor)


def test_an_alliance_is_registered_and_revised() -> None:
    office, root = make_office(), make.make_root()
    values: dict[str, Any] = {"city": make_city("jiaxing"), "founded_on": "2024-05", "source_name": "来源甲"}
    made = keeping.register_alliance(office, slug="film", parent=root, name="影视联盟", **values)
    assert (made.tier, made.case[:3], made.city_id, made.founded_on) == ("sub", "LQ-", "jiaxing", "2024-05")
    entry = Entry.objects.latest("sequence")
    assert (entry.verb, entry.case, entry.city) == ("register_alliance", made.case, "jiaxing")
    keeping.revise_alliance(office, made, lead_name="某企业", founded_on="2024-05")
    assert '"changed":["lead_name"]' in Entry.objects.latest("sequence").data
    count = Entry.objects.count()
    keeping.revise_alliance(office, made, lead_name="某企业")
    assert Entry.objects.count() == count


def test_wrong_values_of_an_alliance_are_refused_by_field() -> None:
    office, root = make_office(), make.make_root()
    sub = make.make_alliance()
    for field, values in {
        "slug": {"slug": "大"},
        "name": {"name": " "},
        "parent": {"parent": sub},
        "founded_on": {"founded_on": "2024-13"},
        "source_name": {"founded_on": "2024"},
        "stated_units": {"stated_units": -1},
        "city": {"city": "suzhou"},
        "vintage": {"vintage": "old"},
        "read_on": {"read_on": "昨天"},
    }.items():
        with pytest.raises(Invalid) as wrong:
            keeping.register_alliance(office, **{"slug": "new", "parent": root, "name": "新联盟", **values})
        assert wrong.value.field == field
    with pytest.raises(Invalid) as wrong:
        keeping.register_alliance(office, slug=sub.slug, parent=root, name="新联盟")
    assert wrong.value.field == "slug"
    with pytest.raises(Refused, match="另一个联盟"):
        keeping.register_alliance(office, slug="new", parent=root, name=sub.name)


def test_the_secretariat_changes_only_the_description() -> None:
    alliance = make.make_alliance()
    secretary = make.make_secretary(alliance)
    keeping.revise_alliance(secretary, alliance, description="新的简介")
    with pytest.raises(NotAllowed):
        keeping.revise_alliance(secretary, alliance, name="改名")
    with pytest.raises(NotAllowed):
        keeping.revise_alliance(make.make_secretary(make.make_alliance()), alliance, description="x")


def test_a_secretariat_is_appointed_and_told() -> None:
    alliance, body = make.make_alliance(secretariat=None), make_organisation()
    person = make.make_insider(body)
    office = make_office()
    keeping.appoint_secretariat(office, alliance, organisation=body)
    assert Notification.objects.get(user=person).url == alliance.get_absolute_url()
    count = Entry.objects.count()
    keeping.appoint_secretariat(office, alliance, organisation=body)
    assert Entry.objects.count() == count
    with pytest.raises(Refused):
        keeping.appoint_secretariat(office, make.make_root(), organisation=body)
