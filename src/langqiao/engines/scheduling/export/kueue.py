"""Kueue objects (kueue.x-k8s.io/v1beta1) for a plan: flavors, cohorts, queues and priorities.

A GPU model is a ResourceFlavor, the corridor and each city a Cohort, a tenant a ClusterQueue with a
LocalQueue in a namespace of its own. A tenant's quota is its nominalQuota, its borrowing limit the
borrowingLimit; what it lent may be reclaimed from whoever borrows (reclaimWithinCohort: Any). Cohorts of
this version, which name their parent by parentName, need Kueue 0.13 or later.

A cohort may use its own nominalQuota, those of all queues below it, and its borrowingLimit. A city's ceiling
is written so that the three add up to it: what the tenants' quotas leave of the city's is the cohort's own;
where they are more than the city's, each gives up its part of the excess, and may borrow as much more.

Our quotas count GPUs of any model, Kueue's those of one flavor. So a quota is divided over the models as the
centre has them, in whole GPUs, and the parts sum to the quota. Where nothing limits a tenant, its nominal
quota is what the centre has. Source: kueue.sigs.k8s.io, API reference of kueue.x-k8s.io/v1beta1, and the
concept page of cohorts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.export.plan import Capacity, Ceiling, Plan, label_of
from langqiao.engines.scheduling.simulation.types import City, Quota, Tenant
from langqiao.engines.scheduling.types import WHOLE

API = "kueue.x-k8s.io/v1beta1"
NAME = "langqiao.example/name"
"""Annotation that keeps a name that Kubernetes does not take."""
GPU = "nvidia.com/gpu"
MODEL_LABEL = "langqiao.example/gpu-model"
Object = dict[str, Any]


def kueue_objects(plan: Plan, *, gpu: str = GPU, model_label: str = MODEL_LABEL) -> list[Object]:
    """Objects in the order in which they can be applied.

    Args:
        plan: with capacities of at least one model.
        gpu: resource name of a GPU.
        model_label: label of nodes that names their GPU model.

    Raises:
        SchedulingError: kind "plan": the plan names no capacities.
    """
    if not plan.capacities:
        raise SchedulingError("Kueue needs to know what the centre has: give the nodes", kind="plan")
    root = label_of(plan.corridor)
    found = [_flavor(capacity, model_label) for capacity in plan.capacities]
    found += [_priority(value) for value in sorted({tenant.priority for tenant in plan.tenants})]
    tenants, cities = settled(plan)
    rest = _rest(plan, tenants, cities) if plan.lends_rest else []
    found.append(_object("Cohort", plan.corridor, {"resourceGroups": _pool(plan, rest, gpu)} if rest else {}))
    found += [_city(city, plan, root, gpu) for city in cities]
    for tenant in tenants:
        found += _tenant(tenant, plan, gpu)
    return found


def settled(plan: Plan) -> tuple[list[Tenant], list[City]]:
    """Tenants and cities with every ceiling turned into quotas that Kueue adds up.

    A tenant's most, quota and borrowing together, stays what it is.
    """
    tenants = {tenant.name: tenant for tenant in plan.tenants}
    cities = {city.name: city for city in plan.all_cities()}
    for ceiling in plan.ceilings:
        mine = [tenant for tenant in plan.tenants if tenant.city == ceiling.city]
        wanted = [_wanted(tenant, ceiling) for tenant in mine]
        given = _reduced(ceiling.gpu_milli, wanted)
        for tenant, amount in zip(mine, given, strict=True):
            tenants[tenant.name] = _with_quota(tenant, amount)
        own = Quota(ceiling.gpu_milli - sum(given), 0)
        cities[ceiling.city] = City(ceiling.city, own, Quota(ceiling.borrow_gpu_milli))
    return list(tenants.values()), list(cities.values())


def _wanted(tenant: Tenant, ceiling: Ceiling) -> int:
    """A tenant's own quota; the city's where nothing limits the tenant."""
    amount = tenant.quota.gpu_milli
    return ceiling.gpu_milli if amount is None else amount


def _reduced(amount: int, wanted: Sequence[int]) -> list[int]:
    """What is wanted; parts of the amount where it is less, in whole GPUs unless one gets too much so."""
    if sum(wanted) <= amount:
        return list(wanted)
    given = divided(amount, wanted)
    if any(one > most for one, most in zip(given, wanted, strict=True)):
        given = divided(amount, wanted, unit=1)
    return given


def _with_quota(tenant: Tenant, gpu_milli: int) -> Tenant:
    held, limit = tenant.quota, tenant.borrow_limit
    open_ended = held.gpu_milli is None or limit.gpu_milli is None
    more = None if open_ended else (held.gpu_milli or 0) + (limit.gpu_milli or 0) - gpu_milli
    return replace(
        tenant,
        quota=replace(held, gpu_milli=gpu_milli),
        borrow_limit=replace(limit, gpu_milli=more),
    )


def _rest(plan: Plan, tenants: Iterable[Tenant], cities: Iterable[City]) -> list[int]:
    """GPUs of each model that no quota holds; empty where every model is held."""
    gpus = [one.gpu_milli for one in plan.capacities]
    held = [0] * len(gpus)
    for quota in (*(one.quota for one in tenants), *(one.quota for one in cities)):
        held = [a + b for a, b in zip(held, _shares(quota.gpu_milli, gpus), strict=True)]
    free = [max(0, have - used) for have, used in zip(gpus, held, strict=True)]
    return free if any(free) else []


def _pool(plan: Plan, amounts: Sequence[int], gpu: str) -> list[Object]:
    """The root's own GPUs; it has no parent, so that Kueue takes no limits of it."""
    flavors = [
        {"name": _flavor_name(capacity), "resources": [{"name": gpu, "nominalQuota": quantity(amount)}]}
        for capacity, amount in zip(plan.capacities, amounts, strict=True)
    ]
    return [{"coveredResources": [gpu], "flavors": flavors}]


def kueue_yaml(plan: Plan, *, gpu: str = GPU, model_label: str = MODEL_LABEL) -> str:
    """The objects as one YAML stream, each document written as JSON (which YAML contains).

    Raises:
        SchedulingError: as :func:`kueue_objects`.
    """
    objects = kueue_objects(plan, gpu=gpu, model_label=model_label)
    return "".join(f"---\n{json.dumps(one, ensure_ascii=False, indent=2)}\n" for one in objects)


def divided(amount: int, parts: Sequence[int], *, unit: int = WHOLE) -> list[int]:
    """An amount divided as ``parts`` stand to one another, in whole units, summing to the amount.

    Units go by the largest remainder, ties to the first; what is less than a unit goes to the largest part.

    >>> divided(10_500, [3, 1, 0])
    [8500, 2000, 0]
    """
    whole = sum(parts)
    if whole == 0:
        return [amount, *([0] * (len(parts) - 1))]
    units, rest = divmod(amount, unit)
    found = [units * part // whole for part in parts]
    order = sorted(range(len(parts)), key=lambda at: (-(units * parts[at] % whole), at))
    for at in order[: units - sum(found)]:
        found[at] += 1
    amounts = [one * unit for one in found]
    amounts[max(range(len(parts)), key=lambda at: (parts[at], -at))] += rest
    return amounts


def quantity(milli: int) -> str:
    """Thousandths as a Kubernetes quantity.

    >>> quantity(2000), quantity(1500)
    ('2', '1500m')
    """
    return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"


def _object(kind: str, name: str, spec: Object, *, namespace: str = "", api: str = API) -> Object:
    label = label_of(name)
    meta: Object = {"name": label}
    if namespace:
        meta["namespace"] = namespace
    if label != name:
        meta["annotations"] = {NAME: name}
    return {"apiVersion": api, "kind": kind, "metadata": meta, **({"spec": spec} if spec else {})}


def _flavor_name(capacity: Capacity) -> str:
    return label_of(f"gpu-{capacity.model.lower()}") if capacity.model else "no-gpu"


def _flavor(capacity: Capacity, model_label: str) -> Object:
    labels = {"nodeLabels": {model_label: capacity.model}} if capacity.model else {}
    made = _object("ResourceFlavor", _flavor_name(capacity), labels)
    if capacity.model:
        made["metadata"]["annotations"] = {NAME: capacity.model}
    return made


def _priority(value: int) -> Object:
    made = _object("WorkloadPriorityClass", priority_name(value), {})
    return made | {"value": value, "description": f"priority {value} of the computing centre"}


def priority_name(value: int) -> str:
    """Name of the WorkloadPriorityClass of a priority.

    >>> priority_name(5), priority_name(-5)
    ('priority-5', 'priority-minus-5')
    """
    return f"priority-{value}" if value >= 0 else f"priority-minus-{-value}"


def _city(city: City, plan: Plan, root: str, gpu: str) -> Object:
    spec: Object = {"parentName": root}
    bounded = city.borrow_limit.gpu_milli is not None or city.borrow_limit.cpu_milli is not None
    if bounded or city.quota.gpu_milli or city.quota.cpu_milli:
        spec["resourceGroups"] = _groups(city.quota, city.borrow_limit, plan.capacities, gpu, memory=False)
    if city.weight is not None:
        spec["fairSharing"] = {"weight": _weight(city.weight)}
    return _object("Cohort", city_name(city.name), spec)


def city_name(name: str) -> str:
    """Name of a city's cohort: cities and the corridor share one space of names."""
    return f"city-{label_of(name)}"


def _tenant(tenant: Tenant, plan: Plan, gpu: str) -> list[Object]:
    label = label_of(tenant.name)
    queue = _object(
        "ClusterQueue",
        tenant.name,
        {
            "cohort": city_name(tenant.city) if tenant.city else label_of(plan.corridor),
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": label}},
            "queueingStrategy": "BestEffortFIFO",
            "preemption": {"reclaimWithinCohort": "Any", "withinClusterQueue": "LowerPriority"},
            **({"stopPolicy": "Hold"} if tenant.name in plan.held else {}),
            "fairSharing": {"weight": _weight(tenant.weight)},
            "resourceGroups": _groups(tenant.quota, tenant.borrow_limit, plan.capacities, gpu, memory=True),
        },
    )
    space = _object("Namespace", tenant.name, {}, api="v1")
    local = _object("LocalQueue", tenant.name, {"clusterQueue": label}, namespace=label)
    return [space, queue, local]


def _groups(
    quota: Quota, limit: Quota, capacities: Sequence[Capacity], gpu: str, *, memory: bool
) -> list[Object]:
    """One group of resources: every flavor names the same resources in the same order, as Kueue demands.

    Our quotas leave memory open, but Kueue admits no job that asks for a resource its queue does not cover;
    so a tenant's memory is what the centre has.
    """
    gpus = [one.gpu_milli for one in capacities]
    cores = [one.cpu_milli for one in capacities]
    nominal = {gpu: _shares(quota.gpu_milli, gpus), "cpu": _shares(quota.cpu_milli, cores)}
    limits = {
        gpu: divided(limit.gpu_milli, gpus) if limit.gpu_milli is not None else None,
        "cpu": divided(limit.cpu_milli, cores) if limit.cpu_milli is not None else None,
    }
    flavors = []
    for at, capacity in enumerate(capacities):
        resources: list[Object] = []
        for name in ("cpu", gpu):
            one = {"name": name, "nominalQuota": quantity(nominal[name][at])}
            bound = limits[name]
            if bound is not None:
                one["borrowingLimit"] = quantity(bound[at])
            resources.append(one)
        if memory:
            resources.insert(1, {"name": "memory", "nominalQuota": f"{capacity.memory_mib}Mi"})
        flavors.append({"name": _flavor_name(capacity), "resources": resources})
    covered = ["cpu", "memory", gpu] if memory else ["cpu", gpu]
    return [{"coveredResources": covered, "flavors": flavors}]


def _shares(amount: int | None, whole: list[int]) -> list[int]:
    return list(whole) if amount is None else divided(amount, whole)


def _weight(weight: float) -> str:
    return quantity(max(round(weight * 1000), 1))
