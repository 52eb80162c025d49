"""The yearly list and the major projects: upserts, import, publication, status, roll-over, slippage."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.conference import domain, queries
from langqiao.apps.conference.exchange import read_rows
from langqiao.apps.conference.models import PRIORITY_TRANSITIONS, CityStatus, Priority, Project
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories import conference as make
from tests.factories.accounts import make_liaison, make_user
from tests.factories.registry import make_city

pytestmark = pytest.mark.django_db


def row(code: str = "A-1", **values: Any) -> dict[str, Any]:
    return {"code": code, "year": "2026", "title": f"工作{code}", "cities": "松江、嘉兴", **values}


def test_an_upsert_is_idempotent_and_keeps_the_status_of_cities_that_stay() -> None:
    make.make_cities()
    priority, outcome = domain.upsert_priority(None, row())
    assert (outcome, priority.number, priority.state) == ("created", 1, "draft")
    entries = Entry.objects.count()
    assert domain.upsert_priority(None, row())[1] == "unchanged"
    assert Entry.objects.count() == entries
    domain.publish_priorities(None, year=2026)
    priority.refresh_from_db()
    domain.tell_status(None, priority, city=make_city(), status="done", note="已投用")
    assert domain.upsert_priority(None, row(cities=["松江", "合肥"], measure="举措"))[1] == "changed"
    assert list(priority.cities.values_list("city", "status")) == [
        ("songjiang", "done"),
        ("hefei", "not_started"),
    ]
    assert Entry.objects.order_by("-sequence")[0].visibility == Visibility.PUBLIC


def test_an_import_is_all_or_nothing_and_a_dry_run_writes_nothing() -> None:
    make.make_cities()
    good = [row("A-1"), row("A-2", number="7")]
    assert domain.upsert_priorities(None, good, dry_run=True).created == 2
    assert not Priority.objects.exists()
    bad = [*good, row("A-3", due_on="昨天"), row("A-1"), row("A-4", number="7"), {"title": "无编号"}]
    summary = domain.upsert_priorities(None, bad)
    assert [(r.row, r.field) for r in summary.refusals] == [
        (3, "due_on"),
        (4, "code"),
        (5, "number"),
        (6, "code"),
    ]
    assert (summary.written, Priority.objects.exists(), Entry.objects.exists()) == (False, False, False)
    assert domain.upsert_priorities(None, good).created == 2
    again = domain.upsert_priorities(None, good)
    assert (again.created, again.unchanged) == (0, 2)
    with pytest.raises(NotAllowed):
        domain.upsert_priorities(make_user(), good)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"year": "1999"}, "year"),
        ({"year": ""}, "year"),
        ({"title": ""}, "title"),
        ({"cities": "亚特兰蒂斯"}, "cities"),
        ({"lead": "无此机构"}, "lead"),
        ({"starts_on": "2026-05-01", "due_on": "2026-04-01"}, "due_on"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_rows_name_their_column(values: dict, field: str) -> None:
    make.make_cities()
    with pytest.raises(Invalid) as refusal:
        domain.upsert_priority(None, row(**values))
    assert refusal.value.field == field


def test_a_table_is_read_by_its_headings() -> None:
    text = "编号,年度,重点工作,参与城市,状态\nA-1,2026,建设平台,松江；嘉兴,已发布\n,,,,\n"
    assert read_rows(BytesIO(text.encode("utf-8-sig"))) == [
        {"code": "A-1", "year": "2026", "title": "建设平台", "cities": "松江；嘉兴"}
    ]
    for content in (b"", b"\x00\x01", "编号,颜色\n1,红\n".encode()):
        with pytest.raises(Invalid) as refusal:
            read_rows(BytesIO(content))
        assert refusal.value.field == "file"


def test_publication_and_status_by_city() -> None:
    priority = make.make_priority()
    songjiang, hefei = make_liaison(make_city()), make_liaison(make_city("hefei"))
    with pytest.raises(Refused):
        domain.tell_status(songjiang, priority, city=make_city(), status="done")
    assert domain.publish_priorities(None, year=2026) == 1
    with pytest.raises(Refused):
        domain.publish_priorities(None, year=2026)
    domain.tell_status(songjiang, priority, city=make_city(), status="blocked", note="土地指标")
    entry = Entry.objects.order_by("-sequence")[0]
    assert (entry.verb, entry.city, entry.visibility) == ("tell_status", "songjiang", Visibility.PUBLIC)
    with pytest.raises(NotAllowed):
        domain.tell_status(hefei, priority, city=make_city(), status="done")
    with pytest.raises(Invalid, match="不参与"):
        domain.tell_status(hefei, priority, city=make_city("hefei"), status="done")
    with pytest.raises(Invalid):
        domain.tell_status(songjiang, priority, city=make_city(), status="asleep")


def test_the_matrix_shows_who_takes_part() -> None:
    priority = make.make_priority()
    make.make_priority(year=2025)
    assert queries.matrix(make_user()) is None
    domain.publish_priorities(None, year=2026)
    domain.tell_status(None, priority, city=make_city(), status="done")
    found = queries.matrix(make_user())
    assert (found.year, found.years, [c.slug for c in found.cities]) == (2026, [2026], list(make.CITIES))
    assert [cell.status if cell else None for cell in found.rows[0][1]] == [
        "done",
        "not_started",
        None,
        None,
        None,
    ]
    assert {value: number for value, _label, number in found.counts} == {
        "not_started": 1, "under_way": 0, "done": 1, "blocked": 0,
    }  # fmt: skip


def test_roll_over_carries_what_is_left_once() -> None:
    finished, left = make.make_priority(), make.make_priority()
    domain.publish_priorities(None, year=2026)
    for slug in ("songjiang", "jiaxing"):
        domain.tell_status(None, finished, city=make_city(slug), status="done")
    domain.tell_status(None, left, city=make_city(), status="done")
    carried = domain.roll_over(None, year=2026)
    assert [(p.year, p.title, p.state, p.rolled_from) for p in carried] == [(2027, left.title, "draft", left)]
    assert list(carried[0].cities.values_list("city", flat=True)) == ["jiaxing"]
    assert domain.roll_over(None, year=2026) == []
    with pytest.raises(Invalid):
        domain.roll_over(None, year=2100)


def test_a_dropped_task_leaves_the_list() -> None:
    priority = make.make_priority()
    domain.publish_priorities(None, year=2026)
    priority.refresh_from_db()
    domain.drop_priority(None, priority, why="合并")
    assert queries.matrix(make_user()) is None
    assert PRIORITY_TRANSITIONS["dropped"] == ()
    with pytest.raises(Refused):
        domain.upsert_priority(None, {"code": priority.code, "title": "改"})
    assert not CityStatus.objects.filter(priority__state="published").exists()


# -- projects -----------------------------------------------------------------------------------

HOSPITAL = {"code": "H-1", "kind": "医院", "title": "示例医院", "city": "松江", "illustrative": "是"}


def test_a_project_is_known_by_its_code() -> None:
    make.make_cities()
    project, outcome = domain.upsert_project(None, HOSPITAL)
    assert (outcome, project.kind, project.city_id, project.illustrative) == (
        "created",
        "hospital",
        "songjiang",
        True,
    )
    assert domain.upsert_project(None, HOSPITAL)[1] == "unchanged"
    assert domain.upsert_project(None, {"code": "H-1", "area": "12000.5"})[1] == "changed"
    assert Project.objects.count() == 1
    assert Entry.objects.filter(verb="record_project").get().visibility == Visibility.PUBLIC


def test_real_figures_need_their_source_and_its_date() -> None:
    make.make_cities()
    real = {**HOSPITAL, "illustrative": False, "investment": "236000"}
    with pytest.raises(Invalid) as refusal:
        domain.upsert_project(None, real)
    assert refusal.value.field == "source_name"
    domain.upsert_project(None, {**real, "source_name": "示例日报", "source_date": "2026-01-05"})
    for wrong in ({"investment": "-1"}, {"kind": "castle"}, {"title": ""}, {"code": ""}, {"height": 3}):
        with pytest.raises(Invalid):
            domain.upsert_project(None, {**HOSPITAL, "code": "H-2", **wrong})


def test_phases_and_slippage() -> None:
    project = make.make_project()
    today = date(2026, 11, 26)
    set_phase = domain.set_phase
    set_phase(None, project, {"kind": "意向", "actual_on": "2024-05-24", "note": "签署意向书"})
    set_phase(None, project, {"kind": "land", "planned_on": "2025-01-01", "actual_on": "2025-01-31"})
    fresh = queries.projects().get()
    assert queries.reached(fresh).kind == "land"
    assert queries.slippage(fresh, today) == 30
    set_phase(None, project, {"kind": "start", "planned_on": "2026-11-16"})
    fresh = queries.projects().get()
    assert queries.slippage(fresh, today) == 10  # due ten days ago and not reached
    assert queries.reached(fresh).kind == "land"
    assert set_phase(None, project, {"kind": "start", "planned_on": "2026-11-16"})[1] == "unchanged"
    future = timezone.localdate() + timedelta(days=1)
    with pytest.raises(Invalid) as refusal:
        set_phase(None, project, {"kind": "opening", "actual_on": future})
    assert refusal.value.field == "actual_on"
    with pytest.raises(Invalid):
        set_phase(None, project, {"kind": "opening"})
    with pytest.raises(Invalid):
        set_phase(None, project, {"planned_on": "2027-01-01"})
    with pytest.raises(NotAllowed):
        set_phase(make_user(), project, {"kind": "opening", "planned_on": "2027-01-01"})


def test_the_timeline_keeps_every_mark_on_the_line() -> None:
    project = make.make_project()
    empty = queries.timeline(queries.projects().get())
    assert (empty.first, len(empty.bars), empty.years) == (None, 9, [])
    domain.set_phase(None, project, {"kind": "intent", "actual_on": "2024-05-24"})
    domain.set_phase(None, project, {"kind": "opening", "planned_on": "2028-12-31"})
    line = queries.timeline(queries.projects().get(), date(2026, 11, 26))
    places = [at for bar in line.bars for at in (bar.planned_at, bar.actual_at) if at is not None]
    assert all(0 < at < 100 for at in (*places, line.today_at))
    assert [year for year, _at in line.years] == [2025, 2026, 2027, 2028, 2029]
