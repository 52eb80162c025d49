"""Reads of campuses: claims by quantity, PUE against its limit, racks in use, the map down to a GPU."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.rules import is_office
from langqiao.apps.computing.models import Building, Campus, Claim, Hall, Rack, Reading, Server, Slot
from langqiao.apps.computing.rules import operated_ids

WHOLE = 1000
# Rules beside the campus's own limits: PUE at most, racks in use at least (%).
NATIONAL = (_("国家绿色数据中心（2025 年）"), 1.30, 60.0)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit and whether it is kept."""

    label: str
    value: float
    is_kept: bool


def with_counts(campuses: QuerySet[Campus]) -> QuerySet[Campus]:
    """Campuses with the number of their buildings and of those delivered."""
    return campuses.select_related("operator", "city").annotate(
        buildings_all=Count("buildings", distinct=True),
        buildings_done=Count("buildings", filter=Q(buildings__delivered_on__isnull=False), distinct=True),
    )


def visible_servers(viewer: Any) -> QuerySet[Server]:
    """Servers that the viewer may see: all for the office, those of their campuses for operators."""
    rows = Server.objects.select_related("rack__hall__building__campus")
    return rows if is_office.test(viewer) else rows.filter(_mine(viewer, "rack__hall__building__campus"))


def visible_readings(viewer: Any) -> QuerySet[Reading]:
    """Energy readings, for whoever may see the servers."""
    rows = Reading.objects.select_related("campus", "building")
    return rows if is_office.test(viewer) else rows.filter(_mine(viewer, "campus"))


def _mine(viewer: Any, path: str) -> Q:
    return Q(**{f"{path}__operator__in": operated_ids(viewer)})


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one quantity: every claim, the newest first; whether they differ."""

    label: str
    claims: tuple[Claim, ...]

    @property
    def is_disputed(self) -> bool:
        """Whether two claims give different figures or days."""
        return len({(claim.value, claim.unit, claim.happened_on) for claim in self.claims}) > 1


def claims_of(campus: Campus) -> list[Said]:
    """Claims by quantity in the order of the choices, unmerged."""
    found: dict[str, list[Claim]] = defaultdict(list)
    for claim in campus.claims.order_by("-stated_on", "pk"):
        found[claim.quantity].append(claim)
    return [
        Said(str(label), tuple(found[quantity]))
        for quantity, label in Claim.Quantity.choices
        if quantity in found
    ]


@dataclass(frozen=True, slots=True)
class Power:
    """PUE of readings of one basis over a span: the facility's energy over the IT's."""

    basis: str
    label: str
    pue: float
    green_pct: float | None
    starts_on: date
    ends_on: date
    limits: tuple[Limit, ...]
    illustrative: bool


def power_of(campus: Campus) -> list[Power]:
    """PUE of the last twelve months that were read, metered and assumed apart; weighed by energy.

    Readings of single buildings count only where the campus as a whole has none of that basis.
    """
    found = []
    readings = list(campus.readings.order_by("-ends_on", "-pk"))
    for basis, label in Reading.Basis.choices:
        rows = [one for one in readings if one.basis == basis]
        rows = [one for one in rows if one.building_id is None] or rows
        if not rows:
            continue
        last = rows[0].ends_on
        rows = [one for one in rows if (last - one.ends_on).days < 365]
        facility = sum(one.facility_kwh for one in rows)
        pue = facility / sum(one.it_kwh for one in rows)
        green = [one.green_kwh for one in rows]
        found.append(
            Power(
                basis=basis,
                label=str(label),
                pue=pue,
                green_pct=100 * sum(g or 0 for g in green) / facility if None not in green else None,
                starts_on=min(one.starts_on for one in rows),
                ends_on=last,
                limits=tuple(
                    Limit(str(name), limit, round(pue, 3) <= limit)
                    for name, limit in ((_("园区限值"), float(campus.pue_limit)), NATIONAL[:2])
                ),
                illustrative=any(one.illustrative for one in rows),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class RackUse:
    """Racks in use (上架率): positions that hold a server, of those in delivered halls."""

    used: int
    positions: int
    floor: float

    @property
    def pct(self) -> float:
        """Per cent in use; 0 without positions."""
        return 100 * self.used / self.positions if self.positions else 0.0

    @property
    def floors(self) -> tuple[Limit, ...]:
        """The floors that apply, the campus's own first."""
        return tuple(
            Limit(str(name), floor, self.pct >= floor)
            for name, floor in ((_("园区下限"), self.floor), (NATIONAL[0], NATIONAL[2]))
        )


def rack_use_of(campus: Campus) -> RackUse:
    """Racks in use in the delivered halls whose racks are registered."""
    halls = Hall.objects.filter(building__campus=campus, building__delivered_on__isnull=False)
    positions = halls.filter(Exists(Rack.objects.filter(hall=OuterRef("pk")))).aggregate(n=Sum("racks"))["n"]
    standing = Server.objects.filter(rack=OuterRef("pk")).exclude(state=Server.State.RETIRED)
    used = Rack.objects.filter(Exists(standing), hall__in=halls).count()
    return RackUse(used, positions or 0, float(campus.use_floor))


@dataclass(slots=True)
class Filled:
    """GPUs of some part of the campus: how many, how many are up, thousandths in use."""

    gpus: int = 0
    ready: int = 0
    milli: int = 0
    servers: int = 0

    @property
    def used(self) -> float:
        """GPUs in use."""
        return self.milli / WHOLE

    @property
    def pct(self) -> float:
        """Per cent of the GPUs in use."""
        return self.milli / (self.gpus * WHOLE) * 100 if self.gpus else 0.0


@dataclass(slots=True)
class Standing:
    """A server on the map: its GPUs' use in per cent, and the parts in use."""

    server: Server
    gpus: list[float]
    fill: Filled


@dataclass(slots=True)
class Line:
    """A row of a hall: its racks, each with its servers."""

    name: str
    racks: list[tuple[Rack, list[Standing]]] = field(default_factory=list)


def fills(campus: Campus, *, by: str) -> dict[int, Filled]:
    """GPUs by the key of a part: ``rack__hall__building`` or ``rack__hall``; two queries."""
    found: dict[int, Filled] = defaultdict(Filled)
    servers = Server.objects.filter(rack__hall__building__campus=campus).exclude(state=Server.State.RETIRED)
    ready = Q(state=Server.State.READY)
    counted = servers.values_list(by).annotate(
        all=Sum("gpus"), up=Sum("gpus", filter=ready), count=Count("pk")
    )
    for key, gpus, up, count in counted:
        found[key].gpus, found[key].ready, found[key].servers = gpus or 0, up or 0, count
    held = Slot.objects.filter(server__in=servers).values_list(f"server__{by}").annotate(Sum("milli"))
    for key, milli in held:
        found[key].milli = milli
    return found


def lines_of(hall: Hall) -> list[Line]:
    """Rows, racks, servers and GPUs of a hall; three queries."""
    held: dict[int, dict[int, int]] = defaultdict(dict)
    slots = Slot.objects.filter(server__rack__hall=hall).values_list("server", "gpu").annotate(Sum("milli"))
    for server, gpu, milli in slots:
        held[server][gpu] = milli
    by_rack: dict[int, list[Standing]] = defaultdict(list)
    for server in Server.objects.filter(rack__hall=hall).exclude(state=Server.State.RETIRED).order_by("name"):
        by_rack[server.rack_id].append(standing(server, held[server.pk]))
    lines: dict[str, Line] = {}
    for rack in hall.standing.order_by("row", "name"):
        lines.setdefault(rack.row, Line(rack.row)).racks.append((rack, by_rack[rack.pk]))
    return list(lines.values())


def standing(server: Server, held: dict[int, int]) -> Standing:
    """A server with the use of each GPU."""
    gpus = [held.get(number, 0) / WHOLE * 100 for number in range(server.gpus)]
    ready = server.gpus if server.state == Server.State.READY else 0
    return Standing(server, gpus, Filled(server.gpus, ready, sum(held.values()), 1))


def total(parts: Iterable[Filled]) -> Filled:
    """The sum of several parts."""
    found = Filled()
    for part in parts:
        found.gpus += part.gpus
        found.ready += part.ready
        found.milli += part.milli
        found.servers += part.servers
    return found


def phases_of(campus: Campus) -> list[Building]:
    """Buildings in the order in which they stand or are to come; those without a date last."""
    rows = list(campus.buildings.annotate(hall_count=Count("halls")))
    return sorted(rows, key=lambda one: (one.delivered_on or one.planned_on or date.max, one.number))
