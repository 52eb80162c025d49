"""What is exported: cities, tenants, their quotas, and what the centre has of each GPU model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.simulation.types import City, Quota, Tenant
from langqiao.engines.scheduling.traces.table import Row, rows_of
from langqiao.engines.scheduling.types import WHOLE, Node
from langqiao.engines.sm import sm3_hex

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?")
TENANT_COLUMNS = {
    "tenant": "租户",
    "city": "城市",
    "gpu_milli": "GPU千分数",
    "cpu_milli": "CPU毫核",
    "borrow_gpu_milli": "可借GPU千分数",
    "borrow_cpu_milli": "可借CPU毫核",
    "weight": "权重",
    "priority": "优先级",
}
_ENGLISH = {chinese: name for name, chinese in TENANT_COLUMNS.items()}


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the centre has of one GPU model, "" for nodes without GPUs: thousandths of GPUs and cores, MiB."""

    model: str
    gpu_milli: int
    cpu_milli: int
    memory_mib: int


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a city's tenants may hold together (城市配额), however their own quotas add up.

    A :class:`City` of the simulator has its quota on top of its tenants'; this one is the bound of them all.

    Attributes:
        city: its name.
        gpu_milli: the city's quota, in thousandths of a GPU.
        borrow_gpu_milli: what it may use beyond that while others leave it idle; None for no limit.
    """

    city: str
    gpu_milli: int
    borrow_gpu_milli: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no bound.

        Raises:
            SchedulingError: kind "plan": an amount below zero.
        """
        if min(self.gpu_milli, self.borrow_gpu_milli or 0) < 0:
            raise SchedulingError(f"{self.city} has an amount below zero", kind="plan", subjects=(self.city,))

    @property
    def most(self) -> int | None:
        """Quota and borrowing together, in thousandths of a GPU; None for no limit."""
        return None if self.borrow_gpu_milli is None else self.gpu_milli + self.borrow_gpu_milli


@dataclass(frozen=True, slots=True)
class Plan:
    """What is exported.

    Attributes:
        tenants: with their quotas; names differ.
        cities: those with quotas or weights of their own; a tenant's city that is not listed has none.
        capacities: of each model, in the order in which a job tries them.
        corridor: name of the whole, the root of the tree.
        ceilings: bounds of cities; no city has both a bound and an entry among ``cities``.
        held: names of tenants that start no job (暂停); what they run goes on.
        lends_rest: whether GPUs of the centre that no quota holds may be borrowed.
    """

    tenants: Sequence[Tenant]
    cities: Sequence[City] = ()
    capacities: Sequence[Capacity] = ()
    corridor: str = "langqiao"
    ceilings: Sequence[Ceiling] = ()
    held: Sequence[str] = ()
    lends_rest: bool = False

    def __post_init__(self) -> None:
        """Refuse what no scheduler can tell apart.

        Raises:
            SchedulingError: kind "plan": no tenant, two of one name, or an amount below zero.
        """
        if not self.tenants:
            raise SchedulingError("there is no tenant to export", kind="plan")
        cities = [one.name for one in self.cities] + [one.city for one in self.ceilings]
        for names in ([one.name for one in self.tenants], cities):
            for at, name in enumerate(names):
                if not name:
                    raise SchedulingError("a tenant or city has no name", kind="plan")
                if name in names[:at]:
                    raise SchedulingError(f"{name} stands twice", kind="plan", subjects=(name,))
        holders: tuple[Tenant | City, ...] = (*self.tenants, *self.cities)
        for one in holders:
            held, limit = one.quota, one.borrow_limit
            amounts = (held.gpu_milli, held.cpu_milli, limit.gpu_milli, limit.cpu_milli)
            if any(amount is not None and amount < 0 for amount in amounts):
                raise SchedulingError(
                    f"{one.name} has an amount below zero", kind="plan", subjects=(one.name,)
                )
            if one.weight is not None and not 0 < one.weight < 1e6:
                raise SchedulingError(
                    f"the weight of {one.name} must lie between 0 and a million",
                    kind="plan",
                    subjects=(one.name,),
                )

    def all_cities(self) -> list[City]:
        """Cities that are listed, those with a ceiling, then those that only tenants name."""
        found = {city.name: city for city in self.cities}
        found |= {ceiling.city: City(ceiling.city) for ceiling in self.ceilings}
        for tenant in self.tenants:
            if tenant.city:
                found.setdefault(tenant.city, City(tenant.city))
        return list(found.values())


def capacities_of(nodes: Sequence[Node]) -> list[Capacity]:
    """What nodes have together, by model; the one with the most GPUs first, nodes without GPUs last."""
    sums: dict[str, list[int]] = {}
    for node in nodes:
        held = sums.setdefault(node.model if node.gpus else "", [0, 0, 0])
        held[0] += node.gpus * WHOLE
        held[1] += node.cpu_milli
        held[2] += node.memory_mib
    order = sorted(sums, key=lambda model: (-sums[model][0], model))
    return [Capacity(model, *sums[model]) for model in order]


def label_of(name: str) -> str:
    """A name that Kubernetes and Slurm both take: itself if it is one, else one made from its SM3.

    >>> label_of("fudan"), label_of("复旦大学")
    ('fudan', 'n-b32f9895c8')
    """
    return name if _LABEL.fullmatch(name) else f"n-{sm3_hex(name.encode())[:10]}"


def read_plan(path: str | Path, *, nodes: Sequence[Node] = (), corridor: str = "langqiao") -> Plan:
    """A plan from a table of tenants: tenant, city, gpu_milli, cpu_milli, borrow_…, weight, priority.

    Empty quotas and limits mean none; Chinese names of the columns will do. A row without a tenant is that of
    a city: ``gpu_milli`` is what its tenants may hold together, ``borrow_gpu_milli`` what they may beyond it.

    Raises:
        TraceError: a malformed row.
        SchedulingError: kind "plan", as :class:`Plan`.
        OSError: the file cannot be read.
    """

    def named(name: str) -> str:
        return _ENGLISH.get(name.strip(), name.strip())

    tenants, ceilings = [], []
    for row in rows_of(path, needed=("tenant", "gpu_milli"), names=named):
        if row.text("tenant") or not row.text("city"):
            tenants.append(_tenant(row))
        else:
            ceilings.append(_ceiling(row))
    return Plan(tenants, capacities=capacities_of(nodes), corridor=corridor, ceilings=ceilings)


def _tenant(row: Row) -> Tenant:
    return Tenant(
        name=row.named("tenant"),
        city=row.text("city"),
        quota=Quota(_amount(row, "gpu_milli"), _amount(row, "cpu_milli")),
        borrow_limit=Quota(_amount(row, "borrow_gpu_milli"), _amount(row, "borrow_cpu_milli")),
        weight=row.number("weight", least=0.001, most=1e6) if row.text("weight") else 1.0,
        priority=row.whole("priority", least=-1_000_000, most=1_000_000) if row.text("priority") else 0,
    )


def _ceiling(row: Row) -> Ceiling:
    for column in ("cpu_milli", "borrow_cpu_milli", "weight", "priority"):
        if row.text(column):
            raise row.wrong(column, "a city's row has a GPU quota and a borrowing limit only")
    return Ceiling(row.named("city"), row.whole("gpu_milli"), _amount(row, "borrow_gpu_milli"))


def _amount(row: Row, column: str) -> int | None:
    return row.whole(column) if row.text(column) else None
