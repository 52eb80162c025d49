"""Verbs of servers (服务器): register, import, drain, maintain, fail, restore, retire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.computing.domain.buildings import RACK_KW_AT_MOST
from langqiao.apps.computing.domain.campus import enter_campus, number
from langqiao.apps.computing.models import SERVER_TRANSITIONS, Campus, Hall, Rack, Server
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.acts import assign, clean_reason, lock, move
from langqiao.apps.registry.domain.bulk import REFUSALS_AT_MOST, Outcome, Summary
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

ROWS_AT_MOST = 5_000
CORES_AT_MOST, MEMORY_AT_MOST, GPUS_AT_MOST = 2_000_000, 2**26, 64
State = Server.State

# Columns of a server and how each is cleaned; those of its place stand apart.
COLUMNS: dict[str, v.Cleaner] = {
    "name": v.text(80),
    "cpu_milli": v.whole(1, CORES_AT_MOST),
    "memory_mib": v.whole(1, MEMORY_AT_MOST),
    "gpus": v.whole(0, GPUS_AT_MOST, empty=0),
    "gpu_model": v.text(40),
    "is_domestic": v.flag,
    "switch": v.text(40),
    "illustrative": v.flag,
}
PLACE: dict[str, v.Cleaner] = {
    "building": v.whole(1, 999),
    "hall": v.text(40),
    "row": v.text(20),
    "rack": v.text(40),
    "rack_kw": v.text(20),
}
NEEDED = ("name", "building", "hall", "row", "rack", "cpu_milli", "memory_mib")


def _cleaned(values: Mapping[str, Any], columns: Mapping[str, v.Cleaner]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    lookups = Lookups()
    for name, value in values.items():
        try:
            found[name] = columns[name](value, lookups)
        except Invalid as problem:
            problem.field = problem.field or name
            raise
    return found


def _check(server: Server) -> None:
    for name in ("cpu_milli", "memory_mib"):
        if not getattr(server, name, None):
            raise Invalid(_("此项必填。"), mend=_("请填写后重试。"), field=name)
    if not server.name:
        raise Invalid(_("此项必填。"), mend=_("请填写后重试。"), field="name")
    if bool(server.gpus) != bool(server.gpu_model):
        raise Invalid(
            _("GPU 数与型号应同时填写。"), mend=_("没有 GPU 的服务器两项都留空。"), field="gpu_model"
        )
    if Server.objects.filter(name=server.name).exclude(pk=server.pk).exists():
        raise Invalid(
            _("服务器“%(name)s”已经登记。") % {"name": server.name}, mend=_("请改用其他名称。"), field="name"
        )


@transaction.atomic
def register_server(
    actor: User | None, rack: Rack, *, name: str, cpu_milli: int, memory_mib: int, **values: Any
) -> Server:
    """Register a server (登记服务器) in a rack.

    Args:
        values: ``gpus``, ``gpu_model``, ``is_domestic``, ``switch``, ``illustrative``.

    Raises:
        NotAllowed: only the campus's operator may.
        Invalid: a value is missing, wrong or taken; ``field`` names it.
    """
    require(actor, "computing.run_campus", rack)
    given = {**values, "name": name, "cpu_milli": cpu_milli, "memory_mib": memory_mib}
    server = Server(rack=rack)
    assign(server, _cleaned(given, COLUMNS))
    _check(server)
    server.save()
    _enter(actor, "register_server", server, {"gpus": server.gpus, "gpu_model": server.gpu_model})
    return server


def _rack(campus: Campus, place: Mapping[str, Any], racks: dict[tuple[Any, ...], Rack]) -> Rack:
    """The rack of a row's place, made when the hall has a position left."""
    key = tuple(place[name] for name in ("building", "hall", "row", "rack"))
    if key in racks:
        return racks[key]
    number_of, hall_name, row, name = key
    hall = Hall.objects.filter(building__campus=campus, building__number=number_of, name=hall_name).first()
    if hall is None:
        raise Invalid(
            _("%(building)s 号楼没有机房“%(hall)s”。") % {"building": number_of, "hall": hall_name},
            mend=_("请先登记这个机房，或改正楼号与机房。"),
            field="hall",
        )
    rack = Rack.objects.filter(hall=hall, row=row, name=name).first()
    if rack is None:
        if hall.standing.count() >= hall.racks:
            raise Invalid(
                _("机房“%(hall)s”只有 %(racks)d 个机架位。") % {"hall": hall.name, "racks": hall.racks},
                mend=_("请先增加机架位，或登记到其他机房。"),
                field="rack",
            )
        rating = number(place.get("rack_kw") or 0, "rack_kw", low=0, high=RACK_KW_AT_MOST)
        rack = Rack.objects.create(hall=hall, row=row, name=name, power_kw=rating)
    racks[key] = rack
    return rack


def _upsert(
    actor: User | None, campus: Campus, row: Mapping[str, Any], racks: dict[tuple[Any, ...], Rack]
) -> Outcome:
    for name in row:
        if name not in COLUMNS and name not in PLACE:
            raise Invalid(_("没有“%(name)s”这一列。") % {"name": str(name)[:40]}, field=str(name)[:40])
    for name in NEEDED:
        if row.get(name) in (None, ""):
            raise Invalid(_("此项必填。"), mend=_("请填写后重试。"), field=name)
    place = _cleaned({name: row[name] for name in row if name in PLACE}, PLACE)
    given = _cleaned({name: row[name] for name in row if name in COLUMNS}, COLUMNS)
    rack = _rack(campus, place, racks)
    server = Server.objects.select_for_update().filter(name=given["name"]).first()
    if server is None:
        register_server(actor, rack, **given)
        return "created"
    if server.rack.hall.building.campus_id != campus.pk:
        raise Invalid(
            _("服务器“%(name)s”属于其他园区。") % {"name": server.name},
            mend=_("请改用其他名称。"),
            field="name",
        )
    changed = assign(server, {**given, "rack": rack})
    if not changed:
        return "unchanged"
    if server.slots.exists() and set(changed) & {"rack", "cpu_milli", "memory_mib", "gpus", "gpu_model"}:
        raise Invalid(
            _("服务器“%(name)s”正在运行作业，不能改配置或搬移。") % {"name": server.name},
            mend=_("请先腾空再导入。"),
            field="name",
        )
    _check(server)
    server.save()
    _enter(actor, "revise_server", server, {"changed": changed})
    return "changed"


def import_servers(
    actor: User | None,
    campus: Campus,
    rows: Sequence[Mapping[str, Any]],
    *,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Register or revise many servers (批量导入服务器), all or none; idempotent by name.

    Racks that are named and not yet there are made, as far as their hall has positions.

    Returns:
        Counts and refusals with their 1-based rows; if any row is refused, nothing is written.

    Raises:
        NotAllowed: only the campus's operator may.
        Invalid: more than 5,000 rows.
    """
    require(actor, "computing.run_campus", campus)
    if len(rows) > ROWS_AT_MOST:
        raise Invalid(_("一次最多导入 5000 行。"), mend=_("请拆分后分次导入。"))
    summary, racks, seen = Summary(), dict[tuple[Any, ...], Rack](), set[str]()
    with transaction.atomic():
        for at, row in enumerate(rows, start=1):
            try:
                with transaction.atomic():
                    name = str(row.get("name") or "").strip()
                    if name and name in seen:
                        raise Invalid(_("“%(name)s”在本次导入中重复。") % {"name": name[:80]}, field="name")
                    seen.add(name)
                    known = dict(racks)
                    summary.count(_upsert(actor, campus, row, known))
                racks = known
            except Refused as refusal:
                refusal.row = at
                summary.refused += 1
                if len(summary.refusals) < REFUSALS_AT_MOST:
                    summary.refusals.append(refusal)
            if progress is not None:
                progress(at)
        summary.written = not dry_run and not summary.refused
        if not summary.written:
            transaction.set_rollback(True)
    return summary


def _enter(actor: User | None, verb: str, server: Server, data: Mapping[str, Any]) -> None:
    enter_campus(actor, verb, server, server.rack.hall.building.campus, data, public=False)


def _step(
    actor: User | None, server: Server, to: State, verb: str, why: str, *, stops: bool = False
) -> Server:
    """Take a step between the states of a server; ``stops`` puts its running jobs off it first."""
    require(actor, "computing.run_servers", server)
    lock(server.rack.hall.building.campus)  # before the server, as the scheduler does
    lock(server)
    reason = clean_reason(why) if why or to != State.READY else ""
    before = str(server.state)
    move(server, to, SERVER_TRANSITIONS)
    if to == State.RETIRED and server.slots.exists():
        raise Refused(_("服务器仍有作业。"), mend=_("请先腾空，待作业结束后再退役。"))
    server.state_why = reason
    server.save(update_fields=["state", "state_why", "updated_at"])
    _enter(actor, verb, server, {"from": before, "to": str(to)})
    if stops and server.slots.exists():
        # Imported late: the module of jobs knows servers, too.
        from langqiao.apps.computing.domain.jobs import interrupt

        interrupt(actor, server, why=reason)
    return server


@transaction.atomic
def drain_server(actor: User | None, server: Server, *, why: str) -> Server:
    """Drain a server (腾空): it takes no new jobs, those that run go on.

    Raises:
        NotAllowed: only the campus's operator may.
        Refused: its state does not allow it.
        Invalid: no reason is given.
    """
    return _step(actor, server, State.DRAINING, "drain_server", why)


@transaction.atomic
def start_maintenance(actor: User | None, server: Server, *, why: str) -> Server:
    """Take a server into maintenance (开始维护): jobs that still run go back to the queue.

    Raises:
        NotAllowed: only the campus's operator may.
        Refused: its state does not allow it.
        Invalid: no reason is given.
    """
    return _step(actor, server, State.MAINTENANCE, "start_maintenance", why, stops=True)


@transaction.atomic
def fail_server(actor: User | None, server: Server, *, why: str) -> Server:
    """Report a server as failed (登记故障): its jobs go back to the queue.

    Raises:
        NotAllowed: only the campus's operator may.
        Refused: its state does not allow it.
        Invalid: no reason is given.
    """
    return _step(actor, server, State.FAILED, "fail_server", why, stops=True)


@transaction.atomic
def restore_server(actor: User | None, server: Server, *, why: str = "") -> Server:
    """Bring a server back into use (恢复在用).

    Raises:
        NotAllowed: only the campus's operator may.
        Refused: its state does not allow it.
    """
    return _step(actor, server, State.READY, "restore_server", why)


@transaction.atomic
def retire_server(actor: User | None, server: Server, *, why: str) -> Server:
    """Retire a server (退役), for good.

    Raises:
        NotAllowed: only the campus's operator may.
        Refused: its state does not allow it, or it still holds jobs.
        Invalid: no reason is given.
    """
    return _step(actor, server, State.RETIRED, "retire_server", why)
