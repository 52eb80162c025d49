"""The published scores on states worked out by hand from the authors' formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from langqiao.engines.scheduling.cluster import Cluster
from langqiao.engines.scheduling.types import Node, Task


def busy(policy: str, *, workload: tuple[Task, ...] = ()) -> Cluster:
    """Three nodes of two GPUs: empty; one GPU of 700 free and one whole; one whole GPU taken."""
    cluster = Cluster(
        [Node(f"n{i}", 64_000, 1_000, 2, "A") for i in range(3)], policy=policy, workload=workload
    )
    part, whole = cluster.type_of(Task("p", 4_000, 0, 1, 300)), cluster.type_of(Task("w", 8_000, 0, 1, 1000))
    cluster.place_on(part, 1, (0,))
    cluster.place_on(whole, 2, (1,))
    return cluster


@pytest.mark.parametrize(
    ("policy", "task", "expected"),
    [
        # int(100·(1 − ½·ΔCPU/128000 − ½·ΔGPU/8000))
        ("bestfit", Task("t", 4_000, 0, 1, 500), [67, 70, 76]),
        # int(100·(1 − (cpu·cpu + gpu·gpu)/2)), each a part of 128 cores and of 8 GPUs
        ("dotprod", Task("t", 64_000, 0, 0, 0), [87, math.nan, math.nan]),
        ("dotprod", Task("t", 16_000, 0, 2, 1000), [93, math.nan, math.nan]),
        # empty: 33 − GPUs; a whole GPU of a used node: 50 − GPUs; a shared one: 100 − free %/10
        ("packing", Task("t", 0, 0, 1, 500), [31, 93, 49]),
        ("packing", Task("t", 0, 0, 1, 800), [31, 49, 49]),
        ("packing", Task("t", 0, 0, 1, 1000), [31, 49, 49]),
        ("packing", Task("t", 0, 0, 2, 1000), [31, math.nan, math.nan]),
        ("packing", Task("t", 0, 0, 0, 0), [0, 0, 0]),
        # same class alone 75, among others 50, empty 25, others 0; and 25·(8000 − free)//8000
        ("clustering", Task("t", 0, 0, 1, 500), [25 + 18, 75 + 19, 21]),
        ("clustering", Task("t", 0, 0, 1, 1000), [25 + 18, 19, 75 + 21]),
        ("clustering", Task("t", 0, 0, 0, 0), [0, 0, 0]),
    ],
)
def test_scores(policy, task, expected):
    cluster = busy(policy)
    np.testing.assert_array_equal(cluster.scores(cluster.type_of(task)), expected)


def test_clustering_among_several_classes():
    cluster = busy("clustering")
    cluster.place_on(cluster.type_of(Task("w", 0, 0, 1, 1000)), 1)
    scores = cluster.scores(cluster.type_of(Task("t", 0, 0, 1, 500)))
    assert scores[1] == 50 + 25 * 7300 // 8000


def test_fgd_rounds_the_sigmoid_of_the_fall():
    """One expected type of 600: n1's GPU 0 keeps 700; taking 500 there loses 200, which only n1 offers."""
    cluster = busy("fgd", workload=(Task("m", 0, 0, 1, 600),))
    kind = cluster.type_of(Task("t", 0, 0, 1, 500))
    fall = [-500, -200, -500]  # 500 left on a whole GPU are lost, or 200 on the shared one
    expected = [int(100 / (1 + math.exp(-one / 1000))) for one in fall]
    np.testing.assert_array_equal(cluster.scores(kind), expected)
    assert cluster.where(cluster.place(kind)) == (1, (0,))


def test_gpus_within_a_node():
    for policy in ("bestfit", "dotprod", "packing", "clustering"):
        cluster = busy(policy)
        assert cluster.where(cluster.place_on(cluster.type_of(Task("t", 0, 0, 1, 200)), 1))[1] == (0,)
        assert cluster.where(cluster.place_on(cluster.type_of(Task("t", 0, 0, 1, 1000)), 1))[1] == (1,)
    taken = set()
    for seed in range(20):
        cluster = Cluster([Node("n", 0, 0, 3, "A")], policy="random", seed=seed)
        taken |= set(cluster.where(cluster.place(cluster.type_of(Task("t", 0, 0, 1, 200))))[1])
    assert taken == {0, 1, 2}
