"""Slurm accounts, QOS and configuration for a plan.

The corridor is the root account, a city an account below it, a tenant an account below its city. GrpTRES of
an account is all that it may hold: quota and borrowing together. What lies within the quota and what is
borrowed are two QOS of each tenant: NAME-quota has the quota as its GrpTRES, a high priority, and may preempt
every NAME-borrow; NAME-borrow has the borrowing limit, a low priority, and a grace time. So a quota is
reclaimed as in our simulator, once a job names the QOS under which it runs.

Slurm counts whole GPUs, so thousandths are rounded down. ``sacctmgr dump`` knows no QOS; they are made by
commands of their own, before the associations are loaded. A city's ceiling is the GrpTRES of its account, a
tenant that is held back has GrpJobs=0: what runs goes on, nothing starts. Source: man pages of sacctmgr and
slurm.conf of version 22.05.
"""

from __future__ import annotations

from dataclasses import dataclass

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.export.plan import Plan, label_of
from langqiao.engines.scheduling.simulation.types import City, Quota, Tenant
from langqiao.engines.scheduling.types import WHOLE

QUOTA_PRIORITY = 1000
"""Priority of a QOS within the quota; a borrowing one begins at 0, the tenant's own is added to both."""
SPAN = 900  # tenants' priorities are moved into 0 … 900, so that borrowing never outranks a quota


@dataclass(frozen=True, slots=True)
class SlurmFiles:
    """What an administrator needs.

    Attributes:
        qos: arguments of sacctmgr, one command each, to be run first.
        associations: file for ``sacctmgr load``.
        conf: lines for slurm.conf.
    """

    qos: list[list[str]]
    associations: str
    conf: str

    def text(self) -> str:
        """All three, one after the other, for reading; commands quoted for a shell."""
        commands = "\n".join(f"sacctmgr {' '.join(command)}" for command in self.qos)
        return (
            f"# slurm.conf\n{self.conf}\n# QOS: run before the associations are loaded\n{commands}\n\n"
            f"# sacctmgr load file=…\n{self.associations}"
        )


def slurm_files(plan: Plan, *, cluster: str = "", grace: int = 300) -> SlurmFiles:
    """Accounts, QOS and configuration.

    Args:
        plan: what is exported; capacities are not needed.
        cluster: Slurm's name of the cluster; the corridor's where empty.
        grace: seconds that a preempted job may still run.

    Raises:
        SchedulingError: kind "plan": a tenant and a city have one name, or the grace time is below zero.
    """
    if grace < 0:
        raise SchedulingError("the grace time is below zero", kind="plan")
    cities = plan.all_cities()
    accounts = [label_of(city.name) for city in cities] + [label_of(one.name) for one in plan.tenants]
    twice = next((name for at, name in enumerate(accounts) if name in accounts[:at]), None)
    if twice or "root" in accounts:
        name = twice or "root"
        raise SchedulingError(f"Slurm knows one account {name} only", kind="plan", subjects=(name,))
    return SlurmFiles(
        qos=_qos(plan, grace),
        associations=_associations(plan, cities, label_of(cluster or plan.corridor)),
        conf=_conf(),
    )


def _conf() -> str:
    lines = (
        "AccountingStorageType=accounting_storage/slurmdbd",
        "AccountingStorageTRES=gres/gpu",
        "AccountingStorageEnforce=associations,limits,qos,safe",
        "PriorityType=priority/multifactor",
        "PriorityWeightQOS=100000",
        "PriorityWeightFairshare=10000",
        "PriorityWeightAge=1000",
        "PreemptType=preempt/qos",
        "PreemptMode=REQUEUE",
    )
    return "".join(f"{line}\n" for line in lines)


def _qos(plan: Plan, grace: int) -> list[list[str]]:
    borrowing = [_name(tenant, "borrow") for tenant in plan.tenants if _borrows(tenant)]
    commands = [
        _command(tenant, "borrow", tenant.borrow_limit, _own_priority(plan, tenant), [f"GraceTime={grace}"])
        for tenant in plan.tenants
        if _borrows(tenant)
    ]
    for tenant in plan.tenants:
        more = [f"Preempt={','.join(borrowing)}"] if borrowing else []
        priority = QUOTA_PRIORITY + _own_priority(plan, tenant)
        commands.append(_command(tenant, "quota", tenant.quota, priority, more))
    return commands


def _command(tenant: Tenant, what: str, amount: Quota, priority: int, more: list[str]) -> list[str]:
    limits = _tres(amount)
    return [
        "-i",
        "add",
        "qos",
        _name(tenant, what),
        "set",
        f"Priority={priority}",
        *([f"GrpTRES={limits}"] if limits else []),
        *more,
    ]


def _name(tenant: Tenant, what: str) -> str:
    return f"{label_of(tenant.name)}-{what}"


def _borrows(tenant: Tenant) -> bool:
    """Whether anything may be borrowed: a limit of nought GPUs and nought cores forbids it."""
    limit = tenant.borrow_limit
    return limit.gpu_milli != 0 or limit.cpu_milli != 0


def _own_priority(plan: Plan, tenant: Tenant) -> int:
    """The tenant's priority, moved so that the lowest is 0 and none is above ``SPAN``."""
    values = [one.priority for one in plan.tenants]
    low, high = min(values), max(values)
    return 0 if high == low else round((tenant.priority - low) * min(SPAN / (high - low), 1.0))


def _associations(plan: Plan, cities: list[City], cluster: str) -> str:
    lines = [f"Cluster - '{cluster}':Fairshare=1", "Parent - 'root'"]
    bounds = {ceiling.city: Quota(ceiling.most) for ceiling in plan.ceilings}
    for city in cities:
        mine = [tenant for tenant in plan.tenants if tenant.city == city.name]
        weight = city.weight if city.weight is not None else sum(tenant.weight for tenant in mine) or 1.0
        all_held = _sum(city.quota, *(tenant.quota for tenant in mine), city.borrow_limit)
        lines.append(_account(city.name, weight, bounds.get(city.name, all_held)))
    lines.extend(_of_tenant(tenant, plan) for tenant in plan.tenants if not tenant.city)
    for city in cities:
        mine = [tenant for tenant in plan.tenants if tenant.city == city.name]
        if mine:
            lines.append(f"Parent - '{label_of(city.name)}'")
            lines.extend(_of_tenant(tenant, plan) for tenant in mine)
    return "".join(f"{line}\n" for line in lines)


def _of_tenant(tenant: Tenant, plan: Plan) -> str:
    names = [_name(tenant, "quota"), *([_name(tenant, "borrow")] if _borrows(tenant) else [])]
    more = f":DefaultQOS='{names[0]}':QOS='{','.join(names)}'"
    if tenant.name in plan.held:
        more = f":GrpJobs=0{more}"
    return _account(tenant.name, tenant.weight, _sum(tenant.quota, tenant.borrow_limit)) + more


def _account(name: str, weight: float, held: Quota) -> str:
    limits = _tres(held)
    described = name.replace("'", "").replace('"', "").replace(":", " ").replace("\n", " ")
    return (
        f"Account - '{label_of(name)}':Description='{described}':Organization='{described}'"
        f":Fairshare={max(round(weight * 100), 1)}" + (f":GrpTRES={limits}" if limits else "")
    )


def _sum(*quotas: Quota) -> Quota:
    """Amounts together; no limit where one of them has none."""
    gpus = [one.gpu_milli for one in quotas]
    cores = [one.cpu_milli for one in quotas]
    return Quota(
        sum(one or 0 for one in gpus) if None not in gpus else None,
        sum(one or 0 for one in cores) if None not in cores else None,
    )


def _tres(amount: Quota) -> str:
    parts = []
    if amount.cpu_milli is not None:
        parts.append(f"cpu={amount.cpu_milli // WHOLE}")
    if amount.gpu_milli is not None:
        parts.append(f"gres/gpu={amount.gpu_milli // WHOLE}")
    return ",".join(parts)
