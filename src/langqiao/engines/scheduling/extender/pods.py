"""A Kubernetes pod as a task: the sum of its containers, or its largest init container where that is more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from langqiao.engines.scheduling.types import WHOLE, Task

_QUANTITY = re.compile(
    r"([+-]?[0-9]{1,18}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(?:([eE][+-]?[0-9]{1,2})|([a-zA-Z]{0,2}))"
)
_SUFFIX = {
    "": Fraction(1),
    **{name: Fraction(1, 1000**power) for power, name in enumerate(("m", "u", "n"), start=1)},
    **{name: Fraction(1000**power) for power, name in enumerate(("k", "M", "G", "T", "P", "E"), start=1)},
    **{
        name: Fraction(1024**power)
        for power, name in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)
    },
}
MIB = 2**20
MOST = 1 << 40  # of what the engine counts


class PodError(ValueError):
    """A pod cannot be read as a task."""


@dataclass(frozen=True, slots=True)
class Names:
    """How this cluster names what Kubernetes has no name for.

    Attributes:
        gpu: resource of whole GPUs.
        milli: annotation with the thousandths of one GPU that a pod asks for, in place of ``gpu``.
        models: annotation with the GPU models that will do, "A|B".
    """

    gpu: str = "nvidia.com/gpu"
    milli: str = "langqiao.example/gpu-milli"
    models: str = "langqiao.example/gpu-models"


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod by what Kubernetes knows it by; ``node`` is "" before it is bound."""

    uid: str
    name: str
    node: str
    ended: bool


def pod_of(raw: Any) -> Pod:
    """Who a pod is.

    Raises:
        PodError: it has neither uid nor name.
    """
    meta, spec, status = (_table(_table(raw).get(part)) for part in ("metadata", "spec", "status"))
    name = f"{_word(meta.get('namespace')) or 'default'}/{_word(meta.get('name'))}"
    uid = _word(meta.get("uid")) or (name if not name.endswith("/") else "")
    if not uid:
        raise PodError("the pod has neither uid nor name")
    return Pod(uid, name, _word(spec.get("nodeName")), status.get("phase") in {"Succeeded", "Failed"})


def task_of(raw: Any, names: Names | None = None) -> Task:
    """What a pod needs (requests, or else limits), as the scheduler of Kubernetes sums it up.

    Raises:
        PodError: an amount cannot be read, or a part of a GPU is asked for beside whole ones.
    """
    names = names or Names()
    pod = pod_of(raw)
    spec = _table(_table(raw).get("spec"))
    notes = _table(_table(_table(raw).get("metadata")).get("annotations"))
    cpu, memory, gpus = (_summed(spec, name) for name in ("cpu", "memory", names.gpu))
    if gpus.denominator != 1:
        raise PodError(f"{names.gpu} must be whole")
    milli = _amount(notes.get(names.milli), names.milli) if names.milli in notes else Fraction(0)
    if milli and (gpus or milli.denominator != 1 or not 0 < milli <= WHOLE):
        raise PodError(f"{names.milli} is 1 to {WHOLE} of one GPU, without {names.gpu} beside it")
    amounts = (-(-cpu * 1000 // 1), -(-memory // MIB), gpus)
    if any(amount > MOST for amount in amounts) or gpus > 1024:
        raise PodError("an amount is beyond any node")
    count = 1 if milli else int(gpus)
    wanted = notes.get(names.models)
    models = (
        tuple(part.strip() for part in wanted.split("|") if part.strip()) if isinstance(wanted, str) else ()
    )
    return Task(
        name=pod.name,
        cpu_milli=int(amounts[0]),
        memory_mib=int(amounts[1]),
        gpus=count,
        gpu_milli=int(milli) if milli else WHOLE if count else 0,
        models=models[:16],
    )


def quantity(text: str) -> Fraction:
    """A Kubernetes quantity, exactly.

    >>> quantity("500m"), quantity("2Gi"), quantity("1e3")
    (Fraction(1, 2), Fraction(2147483648, 1), Fraction(1000, 1))

    Raises:
        PodError: it is none.
    """
    found = _QUANTITY.fullmatch(text)
    if found is None or (found[3] or "") not in _SUFFIX:
        raise PodError(f"{text[:40]!r} is no quantity")
    return Fraction(found[1] + (found[2] or "")) * _SUFFIX[found[3] or ""]


def _summed(spec: Mapping[str, Any], resource: str) -> Fraction:
    """Containers together and init containers that stay (restartPolicy Always); the largest other if more."""
    always = Fraction(0)
    peak = Fraction(0)
    for container in _list(spec.get("initContainers")):
        asked = _of_container(container, resource)
        if _table(container).get("restartPolicy") == "Always":
            always += asked
            peak = max(peak, always)
        else:
            peak = max(peak, always + asked)
    running = always + sum(
        (_of_container(one, resource) for one in _list(spec.get("containers"))), Fraction(0)
    )
    overhead = _table(spec.get("overhead")).get(resource)
    return max(peak, running) + (_amount(overhead, resource) if overhead is not None else 0)


def _of_container(container: Any, resource: str) -> Fraction:
    resources = _table(_table(container).get("resources"))
    for part in ("requests", "limits"):
        asked = _table(resources.get(part))
        if resource in asked:
            return _amount(asked[resource], resource)
    return Fraction(0)


def _amount(value: Any, name: str) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PodError(f"{name} is no quantity")
    found = quantity(str(value))
    if found < 0:
        raise PodError(f"{name} is below zero")
    return found


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(value: Any) -> str:
    return value[:253] if isinstance(value, str) else ""
