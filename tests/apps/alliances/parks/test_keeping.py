"""Verbs of parks: register, revise, record and drop activities, import a table."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook

from langqiao.apps.alliances.domain.parks import keeping as verbs
from langqiao.apps.alliances.domain.parks.table import read_activities
from langqiao.apps.alliances.models import Activity, Place
from langqiao.apps.ledger.models import Entry
from langqiao.kit.refusals import Invalid, NotAllowed
from tests.factories import alliances_parks as make
from tests.factories.accounts import make_liaison, make_member, make_office, make_user
from tests.factories.registry import make_city, make_field, make_organisation

pytestmark = pytest.mark.django_db
ROW: dict[str, Any] = {
    "place": "甲园", "place_kind": "park", "city": "松江", "activity": "智能终端", "measure": "从业人员",
    "quantity": "1,200", "unit": "人", "period": 2024, "source_name": "园区年报",
}  # fmt: skip


def test_a_park_is_registered_and_revised() -> None:
    make_city()
    office = make_office()
    park = verbs.register_park(
        office, name="科创园", city=make_city(), source_name="来源甲",
        figures=[{"label": "人才", "value": "50000", "unit": "人", "kind": "target"}],
    )  # fmt: skip
    assert (park.kind, park.figures[0]["kind"], park.figures[0]["period"]) == ("park", "target", "")
    entry = Entry.objects.latest("sequence")
    assert (entry.verb, entry.city, entry.visibility) == ("register_park", "songjiang", "public")
    verbs.revise_park(office, park, summary="概述")
    count = Entry.objects.count()
    verbs.revise_park(office, park, summary="概述")
    assert Entry.objects.count() == count


def test_wrong_values_of_a_park_are_refused_by_field() -> None:
    make.make_place(name="旧园", code="P-1")
    right: dict[str, Any] = {"name": "新园", "illustrative": True}
    for field, values in {
        "name": {"name": "旧园"},
        "code": {"code": "P-1"},
        "kind": {"kind": "province"},
        "city": {"kind": "city"},
        "source_name": {"illustrative": False},
        "organisation": {"organisation": 3},
        "figures": {"figures": [{"value": "1"}]},
    }.items():
        with pytest.raises(Invalid) as wrong:
            verbs.register_park(None, **{**right, **values})
        assert wrong.value.field == field
    for figures in ("x", [{"label": "a", "kind": "maybe"}], [{"label": "a", "x": 1}], [{"label": "a"}] * 31):
        with pytest.raises(Invalid):
            verbs.register_park(None, **{**right, "figures": figures})


def test_who_keeps_which_park() -> None:
    city, far = make_city(), make_city("hefei")
    firm = make_organisation()
    park = make.make_place(city=city, organisation=None)
    run = make.make_place(city=far, organisation=firm)
    liaison, manager, other = make_liaison(city), make_member(firm), make_member(make_organisation())
    verbs.revise_park(liaison, park, summary="甲")
    verbs.revise_park(manager, run, summary="甲")
    for actor, place in ((liaison, run), (manager, park), (other, park), (other, run)):
        with pytest.raises(NotAllowed):
            verbs.revise_park(actor, place, summary="乙")
    for kind in ("city", "reference"):
        with pytest.raises(NotAllowed):
            verbs.register_park(liaison, name=f"{kind}数据", kind=kind, city=city, illustrative=True)
    with pytest.raises(NotAllowed):
        verbs.import_activities(make_user(), [ROW])


def test_a_table_is_imported_once_and_again_changes_nothing() -> None:
    make_city()
    make_field("ai")
    rows = [
        ROW,
        {
            **ROW,
            "activity": "人工智能",
            "field": "人工智能",
            "measure": "",
            "quantity": "",
            "unit": "",
            "period": "",
        },
    ]
    dry = verbs.import_activities(None, rows, dry_run=True)
    assert (dry.created, dry.written, Place.objects.count()) == (2, False, 0)
    summary = verbs.import_activities(None, rows)
    assert (summary.created, summary.written) == (2, True)
    made = Activity.objects.get(name="智能终端")
    assert (str(made.quantity), made.unit, made.period, made.place.name) == (
        "1200.0000",
        "人",
        "2024",
        "甲园",
    )
    there = Activity.objects.get(name="人工智能")
    assert (there.measure, there.quantity, there.field_id) == ("presence", None, "ai")
    assert list(Entry.objects.order_by("sequence").values_list("verb", flat=True)) == [
        "register_park",
        "record_activities",
    ]
    again = verbs.import_activities(None, rows)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
    assert Entry.objects.count() == 2
    changed = verbs.import_activities(None, [{**ROW, "quantity": 1300}])
    assert (changed.changed, str(Activity.objects.get(name="智能终端").quantity)) == (1, "1300.0000")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("place", {"place": ""}),
        ("place", {"place": "无名园", "place_kind": ""}),
        ("activity", {"activity": " "}),
        ("city", {"city": "大城"}),
        ("field", {"field": "造船"}),
        ("measure", {"measure": "高度"}),
        ("measure", {"measure": ""}),
        ("quantity", {"quantity": "-1"}),
        ("quantity", {"quantity": "很多"}),
        ("quantity", {"quantity": "1.23456"}),
        ("quantity", {"quantity": "1e30"}),
        ("quantity", {"quantity": ""}),
        ("unit", {"unit": ""}),
        ("period", {"period": ""}),
        ("period", {"period": "去年"}),
        ("vintage", {"vintage": "旧"}),
        ("read_on", {"read_on": "昨天"}),
        ("source_name", {"source_name": ""}),
        ("note", {"note": "x"}),
    ],
)
def test_a_wrong_row_is_refused_with_row_and_field_and_nothing_is_written(
    field: str, values: dict[str, Any]
) -> None:
    make_city()
    summary = verbs.import_activities(None, [ROW, {**ROW, "activity": "乙", **values}], numbers=[2, 7])
    assert [(one.row, one.field) for one in summary.refusals] == [(7, field)]
    assert (summary.written, Place.objects.count(), Entry.objects.count()) == (False, 0, 0)


def test_the_same_row_twice_is_refused() -> None:
    make_city()
    summary = verbs.import_activities(None, [ROW, ROW])
    assert [(one.row, one.field) for one in summary.refusals] == [(2, "activity")]


def test_rows_of_other_parks_are_refused_to_a_liaison() -> None:
    city, far = make_city(), make_city("hefei")
    make.make_place(name="远园", city=far)
    summary = verbs.import_activities(make_liaison(city), [ROW, {**ROW, "place": "远园"}])
    assert [one.row for one in summary.refusals] == [2]
    assert isinstance(summary.refusals[0], NotAllowed)


def test_one_activity_is_recorded_and_dropped_with_a_reason() -> None:
    park, office = make.make_place(), make_office()
    activity = verbs.record_activity(office, park, activity="机器人", illustrative=True)
    assert activity.measure == "presence"
    same = verbs.record_activity(office, park, activity="机器人", illustrative=True)
    assert (same.pk, Entry.objects.count()) == (activity.pk, 1)
    with pytest.raises(Invalid):
        verbs.drop_activity(office, activity, why="")
    verbs.drop_activity(office, activity, why="登记错误")
    assert not Activity.objects.exists()
    assert "登记错误" in Entry.objects.latest("sequence").data


def test_files_are_read_with_their_own_row_numbers() -> None:
    table = "园区,产业活动,数量,序号\n甲园,终端,1,1\n,,,\n乙园,终端,2,2\n".encode()
    rows, numbers = read_activities(BytesIO(table))
    assert numbers == [2, 4]
    assert rows[1] == {"place": "乙园", "activity": "终端", "quantity": "2"}
    book = Workbook()
    book.active.append(["Park", "Activity", "Quantity", "Period"])
    book.active.append(["A", "Robots", 3, 2024])
    file = BytesIO()
    book.save(file)
    assert read_activities(file)[0] == [{"place": "A", "activity": "Robots", "quantity": 3, "period": 2024}]
    with pytest.raises(Invalid) as wrong:
        read_activities(BytesIO("园区,高度\n甲,1\n".encode()))
    assert wrong.value.field == "file"
