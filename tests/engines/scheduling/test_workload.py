"""The target workload and the fragment, by hand and on the real trace."""

from __future__ import annotations

import pytest

from langqiao.engines.scheduling.cluster import Cluster
from langqiao.engines.scheduling.traces import read_nodes, read_tasks
from langqiao.engines.scheduling.types import Node, Task
from langqiao.engines.scheduling.workload import ONE_GPU, Expected, target_workload


def test_the_most_frequent_types_up_to_the_share():
    tasks = [Task("a", 1000, 9, 1, 500)] * 12 + [Task("b", 2000, 9, 0, 0)] * 7 + [Task("c", 1, 9, 1, 1000)]
    assert target_workload(tasks) == (
        Expected(1000, 1, 500, (), 12 / 19),
        Expected(2000, 0, 0, (), 7 / 19),
    )
    assert len(target_workload(tasks, popular=1.0)) == 3


def test_memory_is_not_looked_at_and_models_are():
    tasks = [Task("a", 1, 1, 1, 500, ("A",)), Task("b", 1, 2, 1, 500, ("A",)), Task("c", 1, 1, 1, 500)]
    assert target_workload(tasks) == (Expected(1, 1, 500, ("A",), 2 / 3), Expected(1, 1, 500, (), 1 / 3))


def test_of_nothing_a_whole_gpu_is_expected():
    assert target_workload([]) == (ONE_GPU,)


def test_the_fragment_by_hand():
    """Weng et al., section 3.2: a type that cannot run wastes all that is idle, else the GPUs too full for it."""
    tasks = [
        Task("a", 1000, 0, 1, 600),  # runs on GPU 1 alone: 400 of GPU 0 are lost
        Task("b", 1000, 0, 2, 1000),  # cannot run: 1400
        Task("c", 9000, 0, 1, 100),  # too many cores: 1400
        Task("d", 1000, 0, 0, 0),  # needs no GPU: 1400
    ]
    cluster = Cluster([Node("n", 8000, 0, 2, "A")], policy="bestfit", workload=tasks)
    cluster.place(cluster.type_of(Task("x", 0, 0, 1, 600)))
    assert cluster.free_gpu.tolist() == [[400, 1000]]
    assert cluster.fragment_pct() == pytest.approx(100 * (400 + 3 * 1400) / 4 / 2000)


def test_the_published_trace(shared_data):
    tasks = read_tasks(shared_data / "openb" / "openb_pod_list_default.csv")
    nodes = read_nodes(shared_data / "openb" / "openb_node_list_gpu_node.csv")
    assert len(target_workload(tasks)) == 35
    assert len(target_workload(tasks, popular=1.0)) == 91
    assert Cluster(nodes, policy="fgd", workload=tasks).fragment_pct() == pytest.approx(13.94, abs=0.005)
