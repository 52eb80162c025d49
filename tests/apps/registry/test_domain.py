"""Verbs: the whole record they leave, the entry they write, what they refuse, and that all fails together."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from django.forms.models import model_to_dict

from langqiao.apps.accounts.models import Role
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry import domain, signals
from langqiao.apps.registry.domain.verbs import VERBS
from langqiao.apps.registry.models import Achievement, Organisation, OrganisationName, Person
from langqiao.engines.sm.sm3 import sm3_hex
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import (
    make_achievement,
    make_city,
    make_field,
    make_organisation,
    make_person,
    make_product,
    make_programme,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def corridor():
    make_city("songjiang")
    make_city("hefei")
    make_field("materials")
    make_field("ai")


def last() -> tuple[str, str, dict]:
    entry = Entry.objects.last()
    return entry.verb, entry.object, json.loads(entry.data)


def test_register_organisation_leaves_the_record_and_one_entry():
    liaison = make_liaison(make_city("songjiang"))
    made = domain.register_organisation(
        liaison,
        name=" 泖东理工大学 ",
        kind="高校",
        city="松江",
        credit_code="91110000600037341l",
        fields="新材料；ai",
        website="example.org",
        description="简介" * 200,
        source_date="2024-05-24",
    )
    saved = Organisation.objects.get(pk=made.pk)
    values = model_to_dict(saved)
    assert {field.pk for field in values.pop("fields")} == {"materials", "ai"}
    assert values == {
        "id": made.pk,
        "code": None,
        "name": "泖东理工大学",
        "name_en": "",
        "short_name": "",
        "kind": "university",
        "city": "songjiang",
        "credit_code": "91110000600037341L",
        "description": "简介" * 200,
        "description_en": "",
        "website": "https://example.org",
        "illustrative": False,
        "source_name": "",
        "source_url": "",
        "source_date": date(2024, 5, 24),
    }
    entry = Entry.objects.get()
    assert (entry.actor, entry.organisation, entry.city, entry.app, entry.visibility) == (
        f"accounts.user:{liaison.pk}",
        f"registry.organisation:{made.pk}",
        "songjiang",
        "registry",
        "public",
    )
    assert last() == (
        "register_organisation",
        f"registry.organisation:{made.pk}",
        {
            "changes": {
                "name": "泖东理工大学",
                "kind": "university",
                "city": "songjiang",
                "credit_code": "91110000600037341L",
                "fields": ["ai", "materials"],
                "website": "https://example.org",
                "description": {
                    "begins": "简介" * 100,
                    "length": 400,
                    "sm3": sm3_hex(("简介" * 200).encode()),
                },
                "source_date": "2024-05-24",
            }
        },
    )


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "", "kind": "park"}, "name"),
        ({"name": "甲", "kind": "公司"}, "kind"),
        ({"name": "甲", "kind": "park", "city": "北京"}, "city"),
        ({"name": "甲", "kind": "park", "credit_code": "123"}, "credit_code"),
        ({"name": "甲", "kind": "park", "fields": ["钓鱼"]}, "fields"),
        ({"name": "甲", "kind": "park", "website": "javascript:alert(1)"}, "website"),
        ({"name": "甲" * 201, "kind": "park"}, "name"),
        ({"name": "甲" * 198, "kind": "park", "illustrative": True}, "name"),
        ({"name": "甲", "kind": "park", "colour": "red"}, "colour"),
    ],
)
def test_register_organisation_names_the_wrong_field_and_writes_nothing(values, field):
    with pytest.raises(Invalid) as refusal:
        domain.register_organisation(None, **values)
    assert (refusal.value.field, bool(refusal.value.mend)) == (field, True)
    assert (Organisation.objects.count(), Entry.objects.count()) == (0, 0)


def test_a_name_or_credit_code_already_there_is_refused():
    make_organisation(name="甲", credit_code="91110000600037341L")
    with pytest.raises(Invalid, match="名录中已有机构“甲”") as refusal:
        domain.register_organisation(None, name="甲 ", kind="park")
    assert refusal.value.field == "name"
    with pytest.raises(Invalid, match="已被另一条记录使用") as refusal:
        domain.register_organisation(None, name="乙", kind="park", credit_code="91110000600037341L")
    assert refusal.value.field == "credit_code"


def test_a_changed_name_keeps_the_former_ones_with_their_dates():
    organisation = make_organisation(name="甲厂")
    domain.revise_organisation(None, organisation, name="甲公司", renamed_on=date(2019, 6, 1))
    revised = domain.revise_organisation(None, organisation, name="甲集团", renamed_on=date(2023, 1, 1))
    assert revised.name == "甲集团"
    assert list(
        OrganisationName.objects.order_by("valid_to").values_list("name", "valid_from", "valid_to")
    ) == [("甲厂", None, date(2019, 6, 1)), ("甲公司", date(2019, 6, 1), date(2023, 1, 1))]
    assert last() == (
        "revise_organisation",
        f"registry.organisation:{organisation.pk}",
        {"changes": {"name": ["甲公司", "甲集团"]}},
    )
    with pytest.raises(Invalid, match="在将来"):
        domain.revise_organisation(None, organisation, name="乙", renamed_on=date(2999, 1, 1))


def test_a_revision_that_changes_nothing_writes_nothing():
    organisation = make_organisation(name="甲", fields=[make_field("ai")])
    stamp = organisation.updated_at
    domain.revise_organisation(None, organisation, name="甲", city="songjiang", fields=["人工智能"])
    organisation.refresh_from_db()
    assert (Entry.objects.count(), organisation.updated_at) == (0, stamp)


def test_marking_a_record_illustrative_says_so_in_its_name_once():
    organisation = make_organisation(name="甲")
    revised = domain.revise_organisation(None, organisation, illustrative=True)
    assert revised.name == "甲（示例）"
    assert domain.revise_organisation(None, revised, name="乙示例厂").name == "乙示例厂"
    assert [former.name for former in organisation.names.all()] == ["甲（示例）"]


def test_a_revision_reads_the_record_afresh_and_keeps_what_others_changed():
    organisation = make_organisation(name="甲", short_name="旧")
    stale = Organisation.objects.get(pk=organisation.pk)
    domain.revise_organisation(None, organisation, short_name="新")
    revised = domain.revise_organisation(None, stale, website="example.org")
    assert (revised.short_name, revised.website) == ("新", "https://example.org")


def test_roles_are_given_once_and_ended():
    organisation = make_organisation()
    office = make_office()
    given = domain.give_role(
        office, organisation, role="联盟牵头单位", valid_from=date(2018, 11, 1), source_url="example.org/a"
    )
    assert (given.valid_from, given.valid_to, given.source_url) == (
        date(2018, 11, 1),
        None,
        "https://example.org/a",
    )
    assert last()[0::2] == ("give_role", {"role": "联盟牵头单位", "from": "2018-11-01", "to": None})
    with pytest.raises(Refused, match="已担任"):
        domain.give_role(office, organisation, role="联盟牵头单位")
    with pytest.raises(Invalid, match="早于"):
        domain.end_role(office, given, on=date(2018, 1, 1))
    assert domain.end_role(office, given, on=date(2024, 1, 1)).valid_to == date(2024, 1, 1)
    assert last()[0::2] == ("end_role", {"role": "联盟牵头单位", "to": "2024-01-01"})
    with pytest.raises(Refused, match="已经终止"):
        domain.end_role(office, given, on=date(2024, 2, 1))
    assert domain.give_role(office, organisation, role="联盟牵头单位").pk != given.pk


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"role": " "}, "role"),
        ({"role": "长" * 121}, "role"),
        ({"role": "甲", "valid_from": date(2024, 1, 2), "valid_to": date(2024, 1, 1)}, "valid_to"),
    ],
)
def test_a_wrong_role_is_refused(values, field):
    with pytest.raises(Invalid) as refusal:
        domain.give_role(None, make_organisation(), **values)
    assert refusal.value.field == field
    assert Entry.objects.count() == 0


def test_add_achievement_with_its_people():
    owner = make_organisation(name="甲所", code="A-1")
    first, second = make_person(name="骆某", code="P-1"), make_person(name="温某")
    made = domain.add_achievement(
        make_member(owner, Role.RESEARCHER),
        kind="patent",
        title="晶界扩散方法",
        keywords="扩散；磁钢",
        field="新材料",
        trl="6",
        owner="甲所",
        city="松江",
        date="2024-03-18",
        people=["P-1", "温某"],
        licence="普通许可",
    )
    saved = Achievement.objects.get()
    assert saved == made
    assert (saved.kind, saved.title, saved.keywords, saved.field_id, saved.trl) == (
        "patent", "晶界扩散方法", ["扩散", "磁钢"], "materials", 6,
    )  # fmt: skip
    assert (saved.owner, saved.city_id, saved.date, saved.licence) == (
        owner, "songjiang", date(2024, 3, 18), "non_exclusive",
    )  # fmt: skip
    assert set(saved.people.all()) == {first, second}
    verb, target, data = last()
    assert (verb, target) == ("add_achievement", f"registry.achievement:{made.pk}")
    assert data["changes"]["people"] == [f"registry.person:{first.pk}", f"registry.person:{second.pk}"]
    assert data["changes"]["owner"] == f"registry.organisation:{owner.pk}"
    revised = domain.revise_achievement(None, made, people=["P-1"], trl=None)
    assert list(revised.people.all()) == [first]
    assert last()[2] == {
        "changes": {
            "people": [
                [f"registry.person:{first.pk}", f"registry.person:{second.pk}"],
                [f"registry.person:{first.pk}"],
            ],
            "trl": [6, None],
        }
    }


def test_a_member_keeps_the_records_of_their_own_organisation_only():
    ours, theirs = make_organisation(name="我方"), make_organisation(name="他方")
    member = make_member(ours)
    made = domain.add_achievement(member, kind="paper", title="甲", owner="我方")
    with pytest.raises(NotAllowed):
        domain.add_achievement(member, kind="paper", title="乙", owner="他方")
    with pytest.raises(NotAllowed):
        domain.add_achievement(member, kind="paper", title="丙")
    with pytest.raises(NotAllowed):
        domain.revise_achievement(member, made, owner="他方")
    with pytest.raises(NotAllowed):
        domain.revise_achievement(member, make_achievement(owner=theirs), owner="我方")
    assert list(Achievement.objects.filter(owner=ours)) == [made]
    assert Entry.objects.count() == 1


def test_a_person_keeps_their_own_record_but_does_not_join_an_organisation_alone():
    user = make_user()
    person = make_person(name="骆某", user=user, organisation=make_organisation(name="甲"))
    make_organisation(name="乙")
    assert domain.revise_person(user, person, bio="新简介").bio == "新简介"
    with pytest.raises(NotAllowed):
        domain.revise_person(user, person, organisation="乙")
    assert Person.objects.get().organisation.name == "甲"


def test_an_account_is_linked_once_and_the_entry_is_the_offices():
    organisation = make_organisation()
    manager, user = make_member(organisation, Role.VISITOR, is_manager=True), make_user()
    person, other = make_person(organisation=organisation), make_person(organisation=organisation)
    assert domain.link_person(manager, person, user).user == user
    domain.link_person(manager, person, user)
    entry = Entry.objects.get()
    assert (entry.verb, entry.visibility, json.loads(entry.data)) == (
        "link_person",
        "office",
        {"user": user.pk},
    )
    with pytest.raises(Refused, match="另一位专家"):
        domain.link_person(manager, other, user)
    with pytest.raises(NotAllowed):
        domain.link_person(user, person, None)
    assert domain.link_person(manager, person, None).user is None
    domain.retire_person(None, person, why="重复")
    with pytest.raises(Refused, match="已注销"):
        domain.link_person(None, person, user)


def test_finance_amounts_stand_in_order():
    made = domain.add_finance(
        None, name="基金", kind="fund", amount_min="100", amount_max=500, stages="中试", cities=["合肥"]
    )
    made.refresh_from_db()
    assert (made.amount_min, made.amount_max, made.stages) == (Decimal(100), Decimal(500), ["pilot"])
    assert [city.slug for city in made.cities.all()] == ["hefei"]
    with pytest.raises(Invalid) as refusal:
        domain.revise_finance(None, made, amount_max=50)
    assert refusal.value.field == "amount_max"
    made.refresh_from_db()
    assert made.amount_max == Decimal(500)
    count = Entry.objects.count()
    domain.revise_finance(None, made, amount_max="500.00")
    assert Entry.objects.count() == count


def test_a_product_belongs_to_a_firm():
    with pytest.raises(Invalid) as refusal:
        domain.add_product(None, organisation="", name="磁钢", direction="product")
    assert refusal.value.field == "organisation"
    firm = make_organisation(name="甲")
    made = domain.add_product(None, organisation=firm, name="磁钢", direction="配套需求", tier="上游")
    assert (made.organisation, made.direction, made.tier) == (firm, "need", "upstream")


def test_programme_figures_are_checked_and_kept_as_stated():
    figures = [{"label": "成员", "value": "119", "unit": "家", "source_url": "example.org"}]
    made = domain.add_programme(None, name="联盟", kind="alliance", date="2019-05", figures=figures)
    made.refresh_from_db()
    assert made.figures == [
        {
            "label": "成员", "label_en": "", "value": "119", "unit": "家", "date": "",
            "source_url": "https://example.org",
        }
    ]  # fmt: skip
    for wrong in ("[", [{"label": "成员"}], {"label": "成员"}, ["x"]):
        with pytest.raises(Invalid) as refusal:
            domain.revise_programme(None, made, figures=wrong)
        assert refusal.value.field == "figures"


MINIMAL = {
    "organisations": {"name": "甲", "kind": "park"},
    "people": {"name": "甲"},
    "achievements": {"title": "甲", "kind": "paper"},
    "facilities": {"name": "甲", "kind": "instrument"},
    "finance": {"name": "甲", "kind": "grant"},
    "talent_demand": {"position": "甲", "level": "尖"},
    "training": {"name": "甲", "kind": "joint_graduate"},
    "products": {"name": "甲", "direction": "product", "organisation": "某厂"},
    "programmes": {"name": "甲", "kind": "plan"},
}


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_kind_is_added_revised_and_retired_with_an_entry_each(name):
    make_organisation(name="某厂")
    verbs, office = VERBS[name], make_office()
    record = verbs.add(office, **MINIMAL[name])
    verbs.revise(office, record, source_name="某报")
    verbs.retire(office, record, why="重复登记")
    assert list(Entry.objects.values_list("verb", flat=True)) == list(verbs.kind.verbs)
    assert not verbs.kind.model.objects.filter(pk=record.pk).exists()
    kept = verbs.kind.model.everything.get(pk=record.pk)
    assert (kept.source_name, kept.retired_why, kept.retired_at is not None) == ("某报", "重复登记", True)
    with pytest.raises(Refused, match="已注销"):
        verbs.revise(office, kept, source_name="另一报")
    with pytest.raises(Refused, match="已注销"):
        verbs.retire(office, kept, why="再来一次")


def test_only_the_office_retires_and_says_why():
    achievement = make_achievement(owner=make_organisation())
    with pytest.raises(NotAllowed):
        domain.retire_achievement(make_member(achievement.owner), achievement, why="重复")
    with pytest.raises(Invalid) as refusal:
        domain.retire_achievement(make_office(), achievement, why=" ")
    assert refusal.value.field == "why"
    assert Achievement.objects.count() == 1


def test_what_refers_to_a_retired_record_still_reads():
    owner = make_organisation(name="甲")
    achievement = make_achievement(owner=owner)
    domain.retire_organisation(None, owner, why="合并")
    assert Achievement.objects.get(pk=achievement.pk).owner.name == "甲"


@pytest.mark.parametrize("name", sorted(VERBS))
def test_a_record_stands_or_falls_with_its_entry(name, monkeypatch):
    make_organisation(name="某厂")
    before = VERBS[name].kind.model.everything.count()

    def fail(*_args, **_values):
        raise RuntimeError("disk full")

    monkeypatch.setattr(Entry.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        VERBS[name].add(None, **MINIMAL[name])
    assert VERBS[name].kind.model.everything.count() == before


def test_a_revision_stands_or_falls_with_its_entry(monkeypatch):
    organisation = make_organisation(name="甲", fields=[make_field("ai")])

    def fail(*_args, **_values):
        raise RuntimeError("disk full")

    monkeypatch.setattr(Entry.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        domain.revise_organisation(None, organisation, name="乙", fields=[])
    organisation.refresh_from_db()
    assert (organisation.name, organisation.fields.count(), OrganisationName.objects.count()) == ("甲", 1, 0)


def test_others_are_told_inside_the_transaction():
    told = []

    def listen(sender, actor, verb, object, **_more):
        told.append((sender, actor, verb, object.pk))

    signals.acted.connect(listen)
    try:
        programme = make_programme()
        domain.revise_programme(None, programme, name="新名")
        domain.revise_programme(None, programme, name="新名")
        product = make_product()
        domain.retire_product(None, product, why="停产")
    finally:
        signals.acted.disconnect(listen)
    assert told == [
        (type(programme), None, "revise_programme", programme.pk),
        (type(product), None, "retire_product", product.pk),
    ]
