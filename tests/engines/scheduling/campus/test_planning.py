"""The capacity plan against cases worked by hand, and what holds for every campus."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.scheduling.campus import Band, Changes, Demand, Hall, Plan, Remark, plan, read_month
from langqiao.engines.scheduling.errors import SchedulingError
from tests.engines.scheduling.campus.scene import START, planned, site, standing

OPEN = Hall("A", 100, 1_000.0, 1_000.0)


def capacities(found: Plan) -> list[Band]:
    return [row.capacity for row in found.months]


@pytest.mark.parametrize(
    ("hall", "racks", "binding"),
    [
        # 100 positions; 10 kW a rack.
        (Hall("A", 100, 1_000.0, 1_000.0), 100, "racks"),
        (Hall("A", 100, 705.0, 900.0), 70, "power"),
        (Hall("A", 100, 900.0, 705.0), 70, "cooling"),
        (Hall("A", 100, 705.0, 705.0), 70, "power"),
        (Hall("A", 100, 1_000.0, 1_000.0, derating=30), 70, "power"),
        (Hall("A", 100, 1_000.0, 1_000.0, derating=100), 0, "power"),
        (Hall("A", 100, None, 400.0), 40, "cooling"),
        (Hall("A", 100), 100, "racks"),
    ],
)
def test_the_scarcest_limit_binds_a_hall(hall: Hall, racks: int, binding: str) -> None:
    found = plan(site(standing(hall)), start=START, months=1)
    (line,) = found.halls
    assert (line.racks, line.gpus, line.it_kw, line.binding) == (racks, racks * 8, racks * 10.0, binding)
    assert capacities(found) == [Band(racks * 8, racks * 8, racks * 8)]
    assert found.months[0].binding == binding


def test_a_hall_has_what_is_installed_until_it_is_equipped() -> None:
    hall = Hall("A", 10, 100.0, 100.0, installed=24)
    found = plan(site(standing(hall), fit_out_months=(1.0, 2.0, 3.0)), start=START, months=5)
    # Equipped after 3 months at the latest, after 1 at the earliest: 10 racks of 8.
    assert capacities(found) == [
        Band(24, 24, 24),
        Band(24, 24, 80),
        Band(24, 80, 80),
        Band(80, 80, 80),
        Band(80, 80, 80),
    ]
    assert [row.binding for row in found.months] == ["servers", "servers", "racks", "racks", "racks"]
    assert found.halls[0].ready == (START + 3, START + 2, START + 1)


def test_installed_servers_need_power_too() -> None:
    # 50 kW carry 5 racks of 8 GPUs of the 64 that stand there.
    hall = Hall("A", 10, 100.0, 100.0, derating=50, installed=64)
    found = plan(site(standing(hall), fit_out_months=(6.0, 6.0, 6.0)), start=START, months=1)
    assert capacities(found) == [Band(40, 40, 40)]
    assert found.months[0].binding == "power"
    assert found.remarks == (Remark("crowded", ("1/A",)),)
    assert plan(site(planned(None, hall)), start=START, months=1).remarks == (Remark("undated", ("2",)),)


def test_halls_that_wait_for_servers_do_not_outvote_those_at_work() -> None:
    work = Hall("A", 10, 50.0, 100.0, installed=64)
    waiting = (Hall("B", 10, 100.0, 100.0), Hall("C", 10, 100.0, 100.0))
    slow = (6.0, 6.0, 6.0)
    found = plan(site(standing(work, *waiting), fit_out_months=slow), start=START, months=7)
    assert [row.binding for row in found.months] == ["power"] * 6 + ["racks"]
    # Where nobody is at work it is the servers that are missing.
    alone = plan(site(standing(*waiting), fit_out_months=slow), start=START, months=1)
    assert alone.months[0].binding == "servers"


def test_more_gpus_than_the_density_foresees_stay() -> None:
    hall = Hall("A", 2, 100.0, 100.0, installed=32)
    assert capacities(plan(site(standing(hall)), start=START, months=1)) == [Band(32, 32, 32)]


def test_a_planned_building_comes_late_in_the_low_case_and_early_in_the_high() -> None:
    campus = site(standing(OPEN), planned("2027-02-15", Hall("A", 10, 100.0, 100.0)), slip_months=(0, 1, 2))
    found = plan(campus, start=START, months=6)
    # Mid-February counts from March: high in March, middle in April, low in May.
    assert capacities(found) == [
        Band(800, 800, 800),
        Band(800, 800, 800),
        Band(800, 800, 880),
        Band(800, 880, 880),
        Band(880, 880, 880),
        Band(880, 880, 880),
    ]


def test_a_slip_moves_a_planned_building_and_no_other() -> None:
    campus = site(
        standing(OPEN), planned("2027-02-01", OPEN, name="2"), planned("2027-02-01", OPEN, name="3")
    )
    base = plan(campus, start=START, months=6)
    late = plan(campus, start=START, months=6, changes=Changes(slips={"2": 3}))
    assert [band.middle for band in capacities(base)] == [800, 2400, 2400, 2400, 2400, 2400]
    assert [band.middle for band in capacities(late)] == [800, 1600, 1600, 1600, 2400, 2400]
    same = plan(campus, start=START, months=6, changes=Changes(slips={"1": 3}))
    assert capacities(same) == capacities(base)
    assert same.remarks == (Remark("delivered", ("1",)),)


def test_what_if_a_hall_is_derated() -> None:
    campus = site(standing(Hall("A", 100, 1_000.0, 1_000.0, derating=10), Hall("B", 100, 1_000.0, 1_000.0)))
    found = plan(campus, start=START, months=1, changes=Changes(deratings={"1/A": 25}))
    # A: 750 kW carry 75 racks in place of the 90 at its own 10 %; B keeps its 100.
    assert [(line.hall, line.racks, line.binding) for line in found.halls] == [
        ("A", 75, "power"), ("B", 100, "racks"),
    ]  # fmt: skip
    assert capacities(found) == [Band(1400, 1400, 1400)]


def test_spare_is_kept_back() -> None:
    found = plan(site(standing(OPEN), spare_pct=(5.0, 10.0, 20.0)), start=START, months=1)
    assert capacities(found) == [Band(640, 720, 760)]


def test_density_spans_the_band() -> None:
    # 6, 12 and 16 kW with 4, 8 and 12 GPUs a rack in a hall of 100 positions and 960 kW:
    # 100 racks × 4 = 400, 80 × 8 = 640, 60 × 12 = 720.
    hall = Hall("A", 100, 960.0, 960.0)
    found = plan(site(standing(hall), rack_kw=(6, 12, 16), gpus_per_rack=(4, 8, 12)), start=START, months=1)
    assert capacities(found) == [Band(400, 640, 720)]
    assert found.halls[0].binding == "power"


def test_headroom_and_promise_look_ahead() -> None:
    demand = (Demand("a", 100, START), Demand("b", 600, START + 2, START + 3))
    found = plan(site(standing(OPEN), demand=demand), start=START, months=5)
    assert [row.demand for row in found.months] == [100, 100, 700, 700, 100]
    assert [row.headroom.middle for row in found.months] == [700, 700, 100, 100, 700]
    # What is promised in January must still be there in March.
    assert [row.promise.middle for row in found.months] == [100, 100, 100, 100, 700]


def test_more_promised_than_there_is_is_a_gap_and_no_promise() -> None:
    found = plan(site(standing(OPEN), demand=(Demand("a", 900, START + 1),)), start=START, months=2)
    assert [row.headroom.low for row in found.months] == [800, -100]
    assert [row.promise.low for row in found.months] == [0, 0]
    assert found.remarks == (Remark("over", ("2027-02",)),)


@pytest.mark.parametrize(
    ("gpus", "first", "verdict", "short", "earliest"),
    [
        # 400 in the low case, 640 in the middle, 720 in the high, from the start.
        (300, 0, "firm", 0, (0, 0, 0)),
        (500, 0, "likely", 0, (None, 0, 0)),
        (700, 0, "possible", 60, (None, None, 0)),
        (900, 0, "no", 260, (None, None, None)),
    ],
)
def test_a_tenant_that_arrives(
    gpus: int, first: int, verdict: str, short: int, earliest: tuple[int | None, ...]
) -> None:
    campus = site(standing(Hall("A", 100, 960.0, 960.0)), rack_kw=(6, 12, 16), gpus_per_rack=(4, 8, 12))
    arrival = Demand("x", gpus, START + first)
    (fit,) = plan(campus, start=START, months=3, changes=Changes(arrivals=(arrival,))).fits
    assert (fit.verdict, fit.short) == (verdict, short)
    assert fit.earliest == tuple(None if month is None else START + month for month in earliest)


def test_a_tenant_waits_for_a_building_and_the_second_for_the_first() -> None:
    campus = site(standing(Hall("A", 10)), planned("2027-03-01", Hall("A", 10)))
    arrivals = (Demand("x", 100, START), Demand("y", 60, START + 2), Demand("z", 10, START + 2))
    x, y, z = plan(campus, start=START, months=4, changes=Changes(arrivals=arrivals)).fits
    assert (x.verdict, x.short, x.earliest) == ("no", 20, (START + 2,) * 3)
    assert (y.verdict, y.short, y.earliest) == ("firm", 0, (START + 2,) * 3)
    # x took 100 of the 160 and y 60: nothing is left for z.
    assert (z.verdict, z.short) == ("no", 10)


def test_power_follows_what_runs() -> None:
    campus = site(standing(OPEN), demand=(Demand("a", 400, START), Demand("b", 1_000, START + 1)))
    first, second = plan(campus, start=START, months=2).months
    # 10 kW over 8 GPUs: 1.25 kW each; never more than stand there.
    assert first.it_kw == Band(500.0, 500.0, 500.0)
    assert first.facility_kw == Band(600.0, 625.0, 650.0)
    assert second.it_kw == Band(1_000.0, 1_000.0, 1_000.0)
    # All 800 that are available, whatever is promised.
    assert first.full_it_kw == second.full_it_kw == Band(1_000.0, 1_000.0, 1_000.0)
    assert first.full_facility_kw == Band(1_200.0, 1_250.0, 1_300.0)
    (idle,) = plan(site(standing(OPEN)), start=START, months=1).months
    assert (idle.facility_kw, idle.full_facility_kw) == (Band(0.0, 0.0, 0.0), first.full_facility_kw)


def test_remarks_name_what_the_plan_does_not_know() -> None:
    campus = site(
        standing(Hall("A", 1)), planned(None, OPEN, name="2"), planned("2023-12-31", OPEN, name="3")
    )
    found = plan(campus, start=START, months=1)
    assert found.remarks == (
        Remark("undated", ("2",)), Remark("overdue", ("3",)), Remark("no_limits", ("1",)),
    )  # fmt: skip
    # The one that is overdue counts from the start at the earliest, the one without a date never.
    assert capacities(found) == [Band(808, 808, 808)]
    assert [line.ready for line in found.halls] == [(START,) * 3, None, (START,) * 3]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        (Changes(slips={"9": 1}), "no_building"),
        (Changes(deratings={"1/Z": 10}), "no_hall"),
        (Changes(deratings={"1/A": 101}), "range"),
        (Changes(slips={"1": -1}), "range"),
        (Changes(arrivals=(Demand("x", -1, START),)), "range"),
    ],
)
def test_changes_of_what_is_not_there_are_refused(changes: Changes, kind: str) -> None:
    with pytest.raises(SchedulingError) as refused:
        plan(site(standing(OPEN)), start=START, months=1, changes=changes)
    assert refused.value.kind == kind


def test_a_plan_needs_its_assumptions() -> None:
    campus = site(standing(OPEN))
    del campus.assumptions["rack_kw"]  # type: ignore[attr-defined]  the mapping is a dictionary here
    with pytest.raises(SchedulingError, match="rack_kw is missing"):
        plan(campus, start=START)
    for wrong in ((3.0, 2.0, 1.0), (0.0, 1.0, 2.0), (1.0, 2.0, float("nan")), (1.0, 2.0, 1e9)):
        with pytest.raises(SchedulingError) as refused:
            plan(site(standing(OPEN), rack_kw=wrong), start=START)
        assert (refused.value.kind, refused.value.subjects) == ("range", ("rack_kw",))


@pytest.mark.parametrize("months", [0, 121])
def test_a_plan_has_an_end(months: int) -> None:
    with pytest.raises(SchedulingError, match="1 to 120 months"):
        plan(site(standing(OPEN)), start=START, months=months)


def test_names_stand_once() -> None:
    with pytest.raises(SchedulingError, match="named twice: 1/A"):
        plan(site(standing(OPEN, OPEN)), start=START)


halls = st.builds(
    Hall,
    name=st.just("A"),
    racks=st.integers(0, 500),
    power_kw=st.none() | st.floats(0, 5_000),
    cooling_kw=st.none() | st.floats(0, 5_000),
    derating=st.floats(0, 100),
    installed=st.integers(0, 2_000),
)
Three = tuple[float, float, float]


def in_order(values: list[float]) -> Three:
    low, middle, high = sorted(values)
    return low, middle, high


thirds = st.lists(st.floats(0, 40), min_size=3, max_size=3).map(in_order)
days = st.none() | st.dates(date(2026, 1, 1), date(2029, 12, 31)).map(str)


@given(
    parts=st.lists(st.tuples(days, halls), max_size=4),
    bands=st.tuples(thirds, thirds, thirds, thirds, thirds),
    gpus_wanted=st.integers(0, 5_000),
    slip=st.integers(0, 24),
    derating=st.integers(0, 100),
)
@settings(max_examples=60, deadline=None)
def test_a_band_is_in_order_and_no_trouble_ever_adds_capacity(
    parts: list[tuple[str | None, Hall]], bands: tuple[Three, ...], gpus_wanted: int, slip: int, derating: int
) -> None:
    density, gpus, spare, late, fit_out = bands
    blocks = [planned(day, hall, name=str(i)) for i, (day, hall) in enumerate(parts)]
    a, b, c = density
    campus = site(
        *blocks,
        rack_kw=(a + 0.1, b + 0.1, c + 0.1),
        gpus_per_rack=gpus,
        spare_pct=spare,
        slip_months=late,
        fit_out_months=fit_out,
    )
    base = plan(campus, start=START, months=48)
    for row in base.months:
        for band in (
            row.capacity, row.headroom, row.promise,
            row.it_kw, row.facility_kw, row.full_it_kw, row.full_facility_kw,
        ):  # fmt: skip
            assert band.low <= band.middle <= band.high
        assert row.promise.low >= 0
    first = [row.capacity.middle for row in base.months]
    assert first == sorted(first)
    worse = Changes(
        slips={block.name: slip for block in blocks},
        deratings={f"{b.name}/A": max(derating, b.halls[0].derating) for b in blocks},
        arrivals=(Demand("x", gpus_wanted, START),),
    )
    changed = plan(campus, start=START, months=48, changes=worse)
    for before, after in zip(base.months, changed.months, strict=True):
        assert all(x >= y for x, y in zip(before.capacity, after.capacity, strict=True))
        assert all(x >= y for x, y in zip(before.promise, after.promise, strict=True))


def test_months_read_and_write() -> None:
    assert read_month("2026-12") + 1 == read_month("2027-01-31")
    for wrong in ("2026", "2026-13", "26-01", "2026-02-30", "", "२०२६-०१"):
        with pytest.raises(SchedulingError, match="write YYYY-MM"):
            read_month(wrong)
