"""The report: the check values of the facts, verdicts, what is near, warnings, cities as sums of parks."""

from __future__ import annotations

import pytest

from langqiao.apps.alliances.models import Place
from langqiao.apps.alliances.queries.parks.matrix import Basis, bases, basis_from, comparison
from langqiao.apps.alliances.queries.parks.report import as_json, grid_of, park_report, report_on
from tests.factories import alliances_parks as make
from tests.factories.registry import make_city

pytestmark = pytest.mark.django_db
X = [[10, 20, 30], [40, 10, 10], [5, 5, 50]]  # facts/corridor.md
PEOPLE = Basis("employees", "人", "2024")


def test_the_check_values_of_the_facts() -> None:
    places = make.make_table(X)
    report = park_report(places[0], PEOPLE)
    assert report is not None
    quotients = {line.activity: round(line.quotient, 4) for line in report.lines}
    assert quotients == {"甲": 0.5455, "乙": 1.7143, "丙": 1.0}
    found = comparison("park", PEOPLE)
    every = [park_report(place, PEOPLE).specialisation for place in places]  # type: ignore[union-attr]
    assert [round(one or 0, 4) for one in every] == [0.2778, 0.7222, 0.6667]
    grid = grid_of(found)
    assert grid is not None
    alike = [[round(value, 4) for _row, value in cells] for _row, _index, cells in grid.cells]
    assert (alike[0][1], alike[0][2], alike[1][2]) == (0.5669, 0.8733, 0.3501)


def test_verdicts_follow_the_thresholds() -> None:
    first, second, third, fourth = make.make_table([[50, 50, 0], [50, 45, 0], [0, 0, 9], [60, 0, 40]])
    report = park_report(first, PEOPLE)
    assert report is not None
    assert [peer.row.name for peer in report.duplicates] == [second.name]
    assert [peer.row.name for peer in report.complements] == [third.name]
    assert [peer.row.name for peer in report.partly] == [fourth.name]
    assert report.duplicates[0].shared == ["乙", "甲"]
    assert report.complements[0].theirs == ["丙"]
    assert round(report.complements[0].krugman, 4) == 2.0
    assert report.duplicates[0].km == 0


def test_near_activities_come_from_a_reference_where_one_is_there() -> None:
    park, _other = make.make_table([[9, 0, 0], [0, 0, 9]])
    alone = park_report(park, PEOPLE)
    assert alone is not None
    assert (alone.reference_rows, [one.activity for one in alone.near]) == (2, [])
    # In the reference 甲 and 乙 always go together, 丙 never with them.
    make.make_table([[5, 5, 0], [6, 4, 0], [0, 0, 9], [0, 0, 7]], kind="reference")
    report = park_report(park, PEOPLE)
    assert report is not None
    assert report.reference_rows == 4
    assert [one.activity for one in report.near] == ["乙"]
    assert report.near[0].density == pytest.approx(1.0)
    assert any("4 个地区" in one for one in report.warnings)
    assert any("没有对照地区" in one for one in alone.warnings)


def test_presence_is_compared_where_no_quantities_are_published() -> None:
    eye = make.make_place(name="真实园", illustrative=False, source_name="来源甲")
    for name in ("数字", "航天", "终端"):
        make.make_activity(eye, name, illustrative=False, source_name="来源甲")
    near, far = make.make_place(), make.make_place()
    make.make_activity(near, "数字", quantity=5)
    make.make_activity(near, "终端", quantity=500)
    make.make_activity(far, "磁材", quantity=9)
    assert [(basis.key, number) for basis, number in bases()] == [("employees|人|2024", 2), ("presence", 3)]
    basis = basis_from("", "park", of=eye)
    assert basis.is_presence
    assert basis_from("", "park", of=near) == PEOPLE
    assert basis_from("presence", "park", of=near).is_presence
    assert basis_from("nonsense", "park", of=eye).is_presence
    report = park_report(eye, basis)
    assert report is not None
    # cos between (1, 1, 1) and (1, 0, 1) is 2 / √6.
    assert report.duplicates[0].similarity == pytest.approx(2 / 6**0.5)
    assert report.complements[0].similarity == 0
    words = "".join(str(one) for one in report.warnings)
    assert "只按有无比较" in words
    assert "示例数据" in words
    assert "只有 3 个" in words
    assert park_report(eye, PEOPLE) is None
    assert comparison("park", PEOPLE).left_out == ["真实园"]


def test_near_of_a_park_by_presence_is_what_others_have_beside_the_same() -> None:
    park = make.make_place()
    make.make_activity(park, "数字")
    for _number in range(3):
        other = make.make_place()
        make.make_activity(other, "数字")
        make.make_activity(other, "软件")
    lonely = make.make_place()
    make.make_activity(lonely, "磁材")
    report = park_report(park, Basis("presence"))
    assert report is not None
    assert [one.activity for one in report.near] == ["软件"]
    assert len(report.near[0].places) == 3


def test_cities_are_sums_of_their_parks_until_they_have_data_of_their_own() -> None:
    songjiang, jiaxing = make_city(), make_city("jiaxing")
    for city, values in ((songjiang, (3, 1)), (songjiang, (2, 0)), (jiaxing, (0, 8))):
        place = make.make_place(city=city)
        for name, value in zip("甲乙", values, strict=True):
            make.make_activity(place, name, quantity=value)
    found = comparison("city", PEOPLE)
    assert found.summed
    assert {row.key: row.values for row in found.rows} == {
        "city-songjiang": {"甲": 5.0, "乙": 1.0},
        "city-jiaxing": {"甲": 0.0, "乙": 8.0},
    }
    report = report_on("city-songjiang", found)
    assert report is not None
    assert any("登记园区的合计" in str(one) for one in report.warnings)
    assert round(report.peers[0].km or 0) == 55
    whole = make.make_place(kind="city", name="松江全市", city=songjiang)
    make.make_activity(whole, "甲", quantity=100)
    found = comparison("city", PEOPLE)
    assert (found.summed, [row.name for row in found.rows]) == (False, ["松江全市"])
    assert grid_of(found) is None


def test_one_park_alone_has_no_peers_and_zero_quantities_do_not_count() -> None:
    park = make.make_place()
    make.make_activity(park, "甲", quantity=4)
    empty = make.make_place()
    make.make_activity(empty, "甲", quantity=0)
    report = park_report(park, PEOPLE)
    assert report is not None
    assert (report.peers, report.lines) == ([], [])
    assert park_report(empty, PEOPLE) is None
    assert report_on("place-0", comparison(Place.Kind.PARK, PEOPLE)) is None


def test_the_report_as_plain_values() -> None:
    places = make.make_table(X)
    report = park_report(places[0], PEOPLE)
    assert report is not None
    found = as_json(report)
    assert found["basis"] == {"measure": "employees", "unit": "人", "period": "2024"}
    assert [peer["similarity"] for peer in found["peers"]] == [0.8733, 0.5669]
    assert found["thresholds"] == {"duplicates": 0.75, "complements": 0.35}
    assert found["activities"][0] == {
        "activity": "丙", "quantity": 30.0, "share": 0.5, "location_quotient": 1.0, "others": 2,
    }  # fmt: skip
