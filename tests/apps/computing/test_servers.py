"""Servers: registered, imported, and taken through their states."""

from __future__ import annotations

import pytest

from langqiao.apps.computing.domain import servers as verbs
from langqiao.apps.computing.models import SERVER_TRANSITIONS, Job, Rack, Server, Slot
from langqiao.apps.ledger.models import Entry
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories.computing import (
    make_building,
    make_campus,
    make_hall,
    make_job,
    make_operator,
    make_rack,
    make_server,
    make_slot,
)

pytestmark = pytest.mark.django_db

ROW = {
    "name": "gpu-01", "building": "1", "hall": "A", "row": "01", "rack": "R1", "rack_kw": "12",
    "cpu_milli": "96000", "memory_mib": 524288, "gpus": "8", "gpu_model": "G2", "is_domestic": "是",
}  # fmt: skip


def verbs_written() -> list[str]:
    return list(Entry.objects.filter(app="computing").order_by("sequence").values_list("verb", flat=True))


def test_a_server_is_registered() -> None:
    rack = make_rack()
    actor = make_operator(rack.hall.building.campus)
    verbs.register_server(
        actor, rack, name="s1", cpu_milli=96000, memory_mib=1024, gpus=2, gpu_model="G2", is_domestic=True
    )
    server = Server.objects.get()
    assert (server.rack, server.gpus, server.gpu_model, server.is_domestic, server.state) == (
        rack, 2, "G2", True, Server.State.READY,
    )  # fmt: skip
    assert verbs_written() == ["register_server"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "taken"}, "name"),
        ({"cpu_milli": 0}, "cpu_milli"),
        ({"memory_mib": "x"}, "memory_mib"),
        ({"gpus": 65, "gpu_model": "G2"}, "gpus"),
        ({"gpus": 2}, "gpu_model"),
        ({"gpu_model": "G2"}, "gpu_model"),
    ],
)
def test_a_wrong_server_is_refused(values: dict[str, object], field: str) -> None:
    rack = make_rack()
    make_server(name="taken")
    with pytest.raises(Invalid) as refused:
        verbs.register_server(
            make_operator(rack.hall.building.campus), rack,
            **{"name": "s1", "cpu_milli": 1000, "memory_mib": 1024, **values},
        )  # fmt: skip
    assert refused.value.field == field


def test_servers_are_imported_once_and_then_corrected() -> None:
    campus = make_campus()
    make_hall(make_building(campus, number=1), name="A", racks=2)
    actor = make_operator(campus)
    rows = [
        ROW,
        ROW | {"name": "gpu-02"},
        ROW | {"name": "gpu-03", "rack": "R2", "gpus": "", "gpu_model": ""},
    ]
    tried = verbs.import_servers(actor, campus, rows, dry_run=True)
    assert (tried.created, tried.written, Server.objects.count(), Rack.objects.count()) == (3, False, 0, 0)
    done = verbs.import_servers(actor, campus, rows)
    assert (done.created, done.written) == (3, True)
    again = verbs.import_servers(actor, campus, [ROW, ROW | {"name": "gpu-02", "memory_mib": 1024}])
    assert (again.created, again.changed, again.unchanged) == (0, 1, 1)
    assert list(Rack.objects.values_list("name", "power_kw")) == [("R1", 12.0), ("R2", 12.0)]
    assert verbs_written() == ["register_server"] * 3 + ["revise_server"]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (ROW | {"name": ""}, "name"),
        (ROW | {"hall": "Z"}, "hall"),
        (ROW | {"building": "x"}, "building"),
        (ROW | {"rack": "R9"}, "rack"),
        (ROW | {"gpus": "x"}, "gpus"),
        (ROW | {"weight": "1"}, "weight"),
        (ROW | {"name": "gpu-00"}, "name"),
        (ROW | {"name": "elsewhere"}, "name"),
    ],
)
def test_one_wrong_row_leaves_nothing_and_is_named(row: dict[str, object], field: str) -> None:
    campus = make_campus()
    make_hall(make_building(campus, number=1), name="A", racks=1)
    make_server(name="elsewhere")
    summary = verbs.import_servers(make_operator(campus), campus, [ROW | {"name": "gpu-00"}, row])
    assert not summary.written
    assert summary.refusals[-1].field == field
    assert [refusal.row for refusal in summary.refusals] == [2]
    assert (
        Server.objects.exclude(name="elsewhere").count(),
        Entry.objects.filter(app="computing").count(),
    ) == (0, 0)


def test_a_new_rack_needs_a_power_that_is_a_number() -> None:
    campus = make_campus()
    make_hall(make_building(campus, number=1), name="A")
    summary = verbs.import_servers(make_operator(campus), campus, [ROW | {"rack_kw": "many"}])
    assert [(refusal.row, refusal.field) for refusal in summary.refusals] == [(1, "rack_kw")]
    assert Rack.objects.count() == 0


def test_a_server_that_runs_jobs_is_not_moved_by_an_import() -> None:
    campus = make_campus()
    hall = make_hall(make_building(campus, number=1), name="A", racks=2)
    make_slot(server=make_server(make_rack(hall, row="01", name="R1"), name="gpu-01"))
    summary = verbs.import_servers(make_operator(campus), campus, [ROW | {"rack": "R2"}])
    assert [str(refusal.field) for refusal in summary.refusals] == ["name"]
    assert "正在运行作业" in str(summary.refusals[0])


STEPS = {
    Server.State.READY: verbs.restore_server,
    Server.State.DRAINING: verbs.drain_server,
    Server.State.MAINTENANCE: verbs.start_maintenance,
    Server.State.FAILED: verbs.fail_server,
    Server.State.RETIRED: verbs.retire_server,
}


@pytest.mark.parametrize("state", Server.State.values)
def test_every_step_of_the_table_and_no_other(state: str) -> None:
    server = make_server(state=state)
    actor = make_operator(server.rack.hall.building.campus)
    for to, verb in STEPS.items():
        Server.objects.filter(pk=server.pk).update(state=state)
        if to in SERVER_TRANSITIONS[state]:
            assert verb(actor, server, why="检修").state == to
        else:
            with pytest.raises(Refused, match="不能变为"):
                verb(actor, server, why="检修")


def test_a_reason_is_asked_for_and_strangers_are_refused() -> None:
    server = make_server()
    actor = make_operator(server.rack.hall.building.campus)
    with pytest.raises(Invalid):
        verbs.drain_server(actor, server, why=" ")
    with pytest.raises(NotAllowed):
        verbs.drain_server(make_operator(make_campus()), server, why="x")
    verbs.drain_server(actor, server, why="升级")
    assert (server.state, server.state_why) == (Server.State.DRAINING, "升级")
    verbs.restore_server(actor, server)
    assert (server.state, server.state_why) == (Server.State.READY, "")


def test_a_failure_sends_running_jobs_back_to_the_queue() -> None:
    slot = make_slot()
    campus = slot.server.rack.hall.building.campus
    job = make_job(state=Job.State.RUNNING)
    Slot.objects.filter(pk=slot.pk).update(job=slot.job)
    actor = make_operator(campus)
    verbs.drain_server(actor, slot.server, why="x")
    assert Slot.objects.count() == 1
    verbs.fail_server(actor, slot.server, why="断电")
    slot.job.refresh_from_db()
    job.refresh_from_db()
    assert Slot.objects.count() == 0
    assert slot.job.state != Job.State.RUNNING
    assert job.state == Job.State.RUNNING
    verbs.retire_server(actor, slot.server, why="报废")
    assert slot.server.state == Server.State.RETIRED
