"""Node and pod lists of the openb trace, and what is said of a malformed row."""

from pathlib import Path

import pytest

from langqiao.engines.scheduling.traces import TraceError, read_nodes, read_tasks
from langqiao.engines.scheduling.types import Node, Task

NODES = "sn,cpu_milli,memory_mib,gpu,model\n"
PODS = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "trace.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_nodes_keep_the_order_of_the_file(tmp_path):
    path = written(tmp_path, NODES + "b,32000,262144,0,\na,64000,262144,2,P100\n")
    assert read_nodes(path) == [Node("b", 32000, 262144), Node("a", 64000, 262144, 2, "P100")]


def test_a_pod_has_its_models_and_times(tmp_path):
    row = "p,12000,16384,1,460,V100M16|V100M32,LS,Running,5,90,7\n"
    assert read_tasks(written(tmp_path, PODS + row)) == [
        Task(
            "p",
            12000,
            16384,
            1,
            460,
            ("V100M16", "V100M32"),
            quality="LS",
            submitted=5.0,
            started=7.0,
            ended=90.0,
        )
    ]


def test_scheduled_time_may_be_empty_and_time_columns_missing(tmp_path):
    assert read_tasks(written(tmp_path, PODS + "p,1,1,0,0,,BE,Pending,5,90,\n"))[0].started is None
    (task,) = read_tasks(written(tmp_path, "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,8,4,2,1000\n"))
    assert task == Task("p", 8, 4, 2, 1000)


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("p,x,1,0,0,,,,,,", "cpu_milli", "'x' is not a whole number"),
        ("p,-1,1,0,0,,,,,,", "cpu_milli", "out of bounds"),
        ("p,1_0,1,0,0,,,,,,", "cpu_milli", "not a whole number"),
        ("p,99999999999999999,1,0,0,,,,,,", "cpu_milli", "not a whole number"),
        ("p,1,1,1,0,,,,,,", "gpu_milli", "from 1 to 1,000"),
        ("p,1,1,0,5,,,,,,", "gpu_milli", "from 0 to 0"),
        ("p,1,1,2,500,,,,,,", "gpu_milli", "from 1,000 to 1,000"),
        ("p,1,1,1,500,A||B,,,,,", "gpu_spec", "no name"),
        ("p,1,1,0,0,,,,nan,,", "creation_time", "'nan' is not a number"),
        ("p,1,1,0,0,,,,9,5,", "deletion_time", "lies before creation_time"),
        (",1,1,0,0,,,,,,", "name", "empty"),
        ("p,1,1,0,0", "gpu_spec", "5 cells under a heading of 11"),
        ("p,1,1,0,0,,,,,,,,", "", "13 cells under a heading of 11"),
        ('p,1,1,0,0,"x,,,,,', "", "unexpected end"),
    ],
)
def test_a_malformed_row_is_named_by_line_and_column(tmp_path, row, column, said):
    path = written(tmp_path, PODS + "good,1,1,0,0,,,,,,\n\n" + row)
    with pytest.raises(TraceError, match=said) as wrong:
        read_tasks(path, "openb")
    assert (wrong.value.line, wrong.value.column, wrong.value.path) == (4, column, str(path))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, ""),
        ("sn,cpu_milli,memory_mib,gpu\n", 1, "model"),
        ("sn,sn,cpu_milli,memory_mib,gpu,model\n", 1, "sn"),
        (NODES + "a,1,1,0,\na,1,1,0,\n", 3, "sn"),
        (NODES + "a,1,1,2,\n", 2, "model"),
        (NODES.encode() + b"a,1,1,0,\n\xff\xff,1,1,0,\n", 3, ""),
        (NODES + "a,1,1,0,\x00\n", 2, ""),
    ],
)
def test_a_node_list_that_cannot_be_read(tmp_path, text, line, column):
    with pytest.raises(TraceError) as wrong:
        read_nodes(written(tmp_path, text))
    assert (wrong.value.line, wrong.value.column) == (line, column)


def test_the_published_files(shared_data):
    nodes = read_nodes(shared_data / "openb" / "openb_node_list_gpu_node.csv")
    assert (len(nodes), sum(node.gpus for node in nodes), sum(node.cpu_milli for node in nodes)) == (
        1213,
        6212,
        107_018_000,
    )
    pods = read_tasks(shared_data / "openb" / "openb_pod_list_default.csv")
    assert len(pods) == 8152
    assert sum(pod.gpus == 1 and pod.gpu_milli < 1000 for pod in pods) == 3078
    assert sum(pod.started is None for pod in pods) == 897
