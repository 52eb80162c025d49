"""Imports: idempotent by code, checked whole before anything is written, few queries, crash-safe."""

from __future__ import annotations

import json
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langqiao.apps.ledger.models import Entry
from langqiao.apps.ledger.queries import verify
from langqiao.apps.registry import domain
from langqiao.apps.registry.domain.bulk import Summary
from langqiao.apps.registry.domain.kinds import KINDS
from langqiao.apps.registry.models import Achievement, Organisation, OrganisationName
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories.accounts import make_member
from tests.factories.registry import make_city, make_field, make_organisation, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def corridor():
    make_city("songjiang")
    make_field("materials")


def achievements(number: int, **more):
    return [
        {
            "code": f"T-{i}",
            "kind": "paper",
            "title": f"成果{i}",
            "field": "materials",
            "city": "松江",
            "keywords": ["甲", "乙"],
            **more,
        }
        for i in range(number)
    ]


def test_upsert_creates_changes_and_leaves_alone():
    row = {"code": "A-1", "name": "甲", "kind": "park", "city": "松江", "fields": "新材料"}
    made, outcome = domain.upsert(None, "organisations", row)
    assert (outcome, made.name, made.city_id) == ("created", "甲", "songjiang")
    again, outcome = domain.upsert(None, "organisations", row)
    assert (outcome, again) == ("unchanged", made)
    changed, outcome = domain.upsert(None, "organisations", {"code": "A-1", "name": "乙", "kind": "园区"})
    assert (outcome, changed.name, changed.city_id) == ("changed", "乙", "songjiang")
    assert OrganisationName.objects.get().name == "甲"
    assert [json.loads(e.data)["changes"]["name"] for e in Entry.objects.all()] == ["甲", ["甲", "乙"]]


def test_an_empty_value_clears_and_a_missing_column_keeps():
    domain.upsert(
        None, "achievements", {"code": "A", "kind": "paper", "title": "甲", "trl": 3, "city": "松江"}
    )
    changed, outcome = domain.upsert(None, "achievements", {"code": "A", "trl": "", "city": ""})
    assert (outcome, changed.trl, changed.city, changed.title) == ("changed", None, None, "甲")


@pytest.mark.parametrize(
    ("kind", "row", "field"),
    [
        ("achievements", {"kind": "paper", "title": "甲"}, "code"),
        ("achievements", {"code": "长" * 81, "kind": "paper", "title": "甲"}, "code"),
        ("achievements", {"code": "A", "kind": "paper"}, "title"),
        ("achievements", {"code": "A", "kind": "paper", "title": "甲", "trl": 10}, "trl"),
        ("achievements", {"code": "A", "kind": "paper", "title": "甲", "owner": "无此单位"}, "owner"),
        ("achievements", {"code": "A", "kind": "paper", "title": "甲", "people": "无此人"}, "people"),
        ("achievements", {"code": "A", "kind": "paper", "title": "甲", "people": {"a": 1}}, "people"),
        ("poems", {"code": "A"}, "kind"),
    ],
)
def test_upsert_names_the_wrong_field(kind, row, field):
    with pytest.raises(Invalid) as refusal:
        domain.upsert(None, kind, row)
    assert (refusal.value.field, refusal.value.row) == (field, None)
    assert Entry.objects.count() == 0


def test_many_are_written_in_batches_with_one_entry_each():
    seen = []
    summary = domain.upsert_many(None, "achievements", achievements(25), batch=10, progress=seen.append)
    assert summary == Summary(created=25, written=True)
    assert seen == [10, 20, 25]
    assert Achievement.objects.count() == Entry.objects.count() == 25
    assert verify().fault is None
    rows = achievements(26)
    rows[3]["title"] = "改名"
    assert domain.upsert_many(None, "achievements", rows) == Summary(1, 1, 24, written=True)
    assert Entry.objects.count() == 27
    assert Achievement.objects.get(code="T-3").title == "改名"


def test_one_batch_takes_the_same_queries_for_few_and_for_many(django_assert_max_num_queries):
    owner = make_organisation(code="O-1")
    make_person(code="P-1")
    rows = achievements(200, owner="O-1", people=["P-1"])
    with django_assert_max_num_queries(40):
        domain.upsert_many(None, "achievements", rows, batch=200)
    assert owner.achievements.filter(people__code="P-1").count() == 200
    with django_assert_max_num_queries(20):
        assert domain.upsert_many(None, "achievements", rows, batch=200).unchanged == 200


def test_refused_rows_are_all_told_and_nothing_is_written():
    rows = achievements(30)
    rows[4]["trl"] = "十"
    rows[11]["code"] = "T-3"
    rows[29]["city"] = "北京"
    summary = domain.upsert_many(None, "achievements", rows, batch=10)
    assert [(r.row, r.field) for r in summary.refusals] == [(5, "trl"), (12, "code"), (30, "city")]
    assert (summary.refused, summary.created, summary.written) == (3, 27, False)
    assert (Achievement.objects.count(), Entry.objects.count()) == (0, 0)


def test_a_dry_run_says_what_would_happen_and_writes_nothing():
    domain.upsert(None, "achievements", achievements(1)[0])
    seen = []
    rows = achievements(3, discipline="材料学")
    summary = domain.upsert_many(None, "achievements", rows, dry_run=True, progress=seen.append)
    assert summary == Summary(created=2, changed=1)
    assert seen == [3]
    assert (Achievement.objects.count(), Entry.objects.count()) == (1, 1)


def test_a_failure_in_writing_keeps_whole_batches_and_the_rest_follows_on_a_second_run(monkeypatch):
    from langqiao.apps.registry.domain import records

    whole = records.record_all
    calls = []

    def third_fails(actor, acts):
        calls.append(actor)
        if len(calls) == 3:
            raise RuntimeError("power cut")
        return whole(actor, acts)

    monkeypatch.setattr(records, "record_all", third_fails)
    with pytest.raises(RuntimeError, match="power cut"):
        domain.upsert_many(None, "achievements", achievements(25), batch=10)
    assert Achievement.objects.count() == Entry.objects.count() == 20
    monkeypatch.undo()
    assert domain.upsert_many(None, "achievements", achievements(25)) == Summary(5, 0, 20, written=True)


def test_each_row_is_judged_by_the_rules():
    ours, theirs = make_organisation(code="O-1"), make_organisation(code="O-2")
    member = make_member(ours)
    rows = achievements(3, owner="O-1")
    rows[1]["owner"] = "O-2"
    summary = domain.upsert_many(member, "achievements", rows)
    assert [(r.row, type(r)) for r in summary.refusals] == [(2, NotAllowed)]
    assert theirs.achievements.count() == 0


def test_a_code_of_a_retired_record_is_refused():
    made, _outcome = domain.upsert(None, "achievements", achievements(1)[0])
    domain.retire_achievement(None, made, why="重复")
    with pytest.raises(Refused, match="已注销"):
        domain.upsert(None, "achievements", achievements(1)[0])


def test_two_rows_with_one_credit_code_are_refused():
    rows = [
        {"code": f"O-{i}", "name": f"甲{i}", "kind": "park", "credit_code": "91110000600037341L"}
        for i in (1, 2)
    ]
    summary = domain.upsert_many(None, "organisations", rows)
    assert [(r.row, r.field) for r in summary.refusals] == [(2, "credit_code")]
    assert Organisation.objects.count() == 0


def test_reimporting_an_illustrative_record_changes_nothing():
    row = {"code": "A-1", "name": "甲", "kind": "park", "illustrative": True}
    made, _outcome = domain.upsert(None, "organisations", row)
    assert made.name == "甲（示例）"
    assert domain.upsert(None, "organisations", row)[1] == "unchanged"


_texts = st.text(max_size=60)
_numbers = count(1)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.fixed_dictionaries(
        {"title": _texts, "kind": st.sampled_from(["paper", "专利"])},
        optional={
            "abstract": _texts,
            "keywords": st.one_of(_texts, st.lists(_texts, max_size=4)),
            "trl": st.one_of(st.integers(1, 9), st.sampled_from(["", "3", 4.0])),
            "date": st.one_of(st.dates(), st.sampled_from(["", "2024年3月8日", "2024/3/8"])),
            "illustrative": st.sampled_from([True, False, "是", ""]),
            "city": st.sampled_from(["", "松江", "songjiang", "松江区"]),
            "language": st.sampled_from(["", "zh"]),
        },
    )
)
def test_whatever_is_taken_is_taken_again_without_a_change(corridor, row):
    row = {"code": f"H-{next(_numbers)}", **row}
    try:
        made, outcome = domain.upsert(None, "achievements", row)
    except Invalid:
        return
    assert outcome == "created"
    entries = Entry.objects.count()
    again, outcome = domain.upsert(None, "achievements", row)
    assert (outcome, again.pk, Entry.objects.count()) == ("unchanged", made.pk, entries)


# The columns that imports, forms and the API agree on.
LAYOUTS = {
    "organisations": "name,name_en,short_name,kind,city,credit_code,fields,description,description_en,website",
    "people": "name,name_en,title,organisation,city,fields,expertise,bio",
    "achievements": (
        "kind,title,abstract,keywords,field,discipline,trl,owner,city,date,people,licence,language"
    ),
    "facilities": "name,kind,organisation,city,description,fields,open_to,fee",
    "finance": "name,kind,organisation,cities,fields,stages,amount_min,amount_max,description",
    "talent_demand": "organisation,city,position,field,number,skills,level,description",
    "training": "name,kind,organisation,city,fields,places,description",
    "products": "organisation,name,description,direction,field,tier,chain",
    "programmes": "name,name_en,kind,date,city,lead,fields,description,description_en,figures",
}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_columns_are_those_of_the_layouts(name):
    sources = ["illustrative", "source_name", "source_url", "source_date"]
    assert set(KINDS[name].columns) == {"code", *LAYOUTS[name].split(","), *sources}
