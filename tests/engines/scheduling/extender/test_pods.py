"""Pods as tasks: quantities to the digit, init containers, annotations of parts of a GPU."""

from fractions import Fraction

import pytest

from langqiao.engines.scheduling.extender import PodError, task_of
from langqiao.engines.scheduling.extender.pods import quantity
from langqiao.engines.scheduling.types import Task


def pod(containers, notes=None, **spec):
    def made(requests, **more):
        return {"resources": {"requests": requests}, **more}

    held = [one if "resources" in one else made(one) for one in containers]
    inits = [one if "resources" in one else made(one) for one in spec.pop("inits", [])]
    return {
        "metadata": {"name": "p", "annotations": notes or {}},
        "spec": {"containers": held, "initContainers": inits, **spec},
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("500m", Fraction(1, 2)), ("1.5Gi", 3 * 2**29), ("2k", 2000), ("1e3", 1000), ("5E", 5 * 10**18), (".5", Fraction(1, 2)), ("3u", Fraction(3, 10**6))],
)  # fmt: skip
def test_quantities(text, value):
    assert quantity(text) == value


@pytest.mark.parametrize("text", ["", "1.", "x", "1Zi", "1 Gi", "--1", "1e", "NaN", "0x1", "1" * 40])
def test_what_is_no_quantity(text):
    if text == "1.":
        assert quantity(text) == 1  # as Kubernetes reads it
        return
    with pytest.raises(PodError):
        quantity(text)


def test_containers_are_summed_and_the_largest_init_container_counts():
    raw = pod(
        [{"cpu": "500m", "memory": "1Mi"}, {"cpu": 1, "memory": 1}],
        inits=[{"cpu": "4", "memory": "1"}],
        overhead={"cpu": "100m"},
    )
    assert task_of(raw) == Task("default/p", 4100, 2, 0, 0)


def test_init_containers_that_stay_are_summed():
    side = {"resources": {"requests": {"cpu": "2"}}, "restartPolicy": "Always"}
    assert task_of(pod([{"cpu": "3"}], inits=[side, {"cpu": "2500m"}])).cpu_milli == 5000


def test_gpus_from_limits_and_from_annotations():
    limits = {"resources": {"limits": {"nvidia.com/gpu": "2"}}}
    assert task_of(pod([limits], {"langqiao.example/gpu-models": "A100|H100"})) == Task(
        "default/p", 0, 0, 2, 1000, ("A100", "H100")
    )
    part = task_of(pod([{"cpu": "1"}], {"langqiao.example/gpu-milli": "250"}))
    assert (part.gpus, part.gpu_milli) == (1, 250)


@pytest.mark.parametrize(
    ("containers", "notes"),
    [
        ([{"nvidia.com/gpu": "500m"}], {}),
        ([{"nvidia.com/gpu": "1"}], {"langqiao.example/gpu-milli": "250"}),
        ([{}], {"langqiao.example/gpu-milli": "1001"}),
        ([{}], {"langqiao.example/gpu-milli": "0.5"}),
        ([{"cpu": "-1"}], {}),
        ([{"cpu": True}], {}),
        ([{"cpu": "9E"}], {}),
        ([{"nvidia.com/gpu": "2000"}], {}),
    ],
)
def test_amounts_that_cannot_be(containers, notes):
    with pytest.raises(PodError):
        task_of(pod(containers, notes))


@pytest.mark.parametrize("raw", [None, 3, {}, {"metadata": {"name": 4}}])
def test_a_pod_needs_a_name(raw):
    with pytest.raises(PodError, match="neither uid nor name"):
        task_of(raw)
