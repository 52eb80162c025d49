"""Our own policy on the published traces."""

from pathlib import Path

import pytest

from benchmarks.own_policy import compare
from langqiao.engines.scheduling.traces import read_nodes, read_tasks


@pytest.mark.slow
@pytest.mark.parametrize("trace", ["default", "gpushare40", "multigpu20"])
def test_it_lies_between_fgd_and_the_bound(shared_data: Path, trace: str) -> None:
    folder = shared_data / "openb"
    nodes = read_nodes(folder / "openb_node_list_gpu_node.csv")
    tasks = read_tasks(folder / f"openb_pod_list_{trace}.csv")
    found = compare(nodes, tasks, seeds=[42], arrival=1.3, look_ahead=1000)
    assert found["gain"] >= 0.25
    assert found["own"] <= found["bound"] + 0.2  # one seed scatters around the fluid limit
    assert found["look_ahead"] >= found["own"] + 0.25
