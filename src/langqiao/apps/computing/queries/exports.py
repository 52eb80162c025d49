"""The quotas of a campus (配额) as the exporters for real schedulers take them."""

from __future__ import annotations

from collections import Counter

from django.db.models import Sum

from langqiao.apps.computing.models import Campus, Server, Tenant
from langqiao.engines.scheduling.export import Capacity, Ceiling, Plan
from langqiao.engines.scheduling.simulation.types import NOTHING, Quota
from langqiao.engines.scheduling.simulation.types import Tenant as Holder

MILLI = 1000


def capacities_of(campus: Campus) -> list[Capacity]:
    """What the campus's servers have by GPU model, most GPUs first, those without GPUs last; not the retired.

    GPUs and cores in thousandths, memory in MiB.
    """
    servers = Server.objects.filter(rack__hall__building__campus=campus).exclude(state=Server.State.RETIRED)
    sums: dict[str, list[int]] = {}
    for model, gpus, cpu, memory in (
        servers.order_by()
        .values_list("gpu_model")
        .annotate(gpus=Sum("gpus"), cpu=Sum("cpu_milli"), memory=Sum("memory_mib"))
    ):
        held = sums.setdefault(model if gpus else "", [0, 0, 0])
        for at, amount in enumerate((gpus * MILLI, cpu, memory)):
            held[at] += amount
    order = sorted(sums, key=lambda model: (-sums[model][0], model))
    return [Capacity(model, *sums[model]) for model in order]


def quota_plan(campus: Campus, *, corridor: str = "") -> Plan:
    """A campus's tenants and cities with their quotas; three queries.

    Tenants bear their organisation's name; where two organisations share one, its key follows. What no quota
    holds may be borrowed, as a round of the site lets it be.

    Args:
        corridor: name of the whole; ``campus-KEY`` where empty.

    Raises:
        SchedulingError: kind "plan": the campus has no tenant.
    """
    rows: list[Tenant] = list(campus.tenants.select_related("organisation"))
    names = Counter(row.organisation.name for row in rows)
    holders = {
        row.organisation.name
        if names[row.organisation.name] == 1
        else f"{row.organisation.name} {row.organisation_id}": row
        for row in rows
    }
    return Plan(
        tenants=[
            Holder(
                name=name,
                city=row.organisation.city_id or "",
                quota=Quota(row.gpu_milli),
                # Nought of both: Slurm needs no QOS of a tenant that borrows nothing.
                borrow_limit=Quota(row.borrow_milli) if row.borrow_milli else NOTHING,
                weight=float(row.weight),
            )
            for name, row in holders.items()
        ],
        capacities=capacities_of(campus),
        corridor=corridor or f"campus-{campus.pk}",
        ceilings=[Ceiling(one.city_id, one.gpu_milli, one.borrow_milli) for one in campus.city_quotas.all()],
        held=[name for name, row in holders.items() if row.is_suspended],
        lends_rest=True,
    )
