"""SWF, Philly, Helios, Sia, our own tables, and telling them apart."""

import gzip
import json
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.traces import (
    FORMATS,
    TraceError,
    read_nodes,
    read_tasks,
    strange_columns,
    swf,
    write_nodes,
    write_tasks,
)
from langqiao.engines.scheduling.types import Node, Place, Task

SWF = """; Version: 2.2
; Computer: a machine
; Note: first
; Note: second
;
1 0 5 60 4 -1 -1 8 100 2048 1 3 7 -1 2 -1 -1 -1
2 10.5 -1 30 -1 -1 512 -1 -1 -1 5 3 -1 -1 -1 -1 1 20
3 11 0 9 2 -1 -1 2 -1 -1 2 3 7 -1 2 -1 -1 -1
4 12 -1 -1 2 -1 -1 -1 50 -1 5 9 -1 -1 -1 -1 -1 -1
"""
HELIOS = "job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue\n"
JOB = {
    "status": "Pass",
    "vc": "ee9e8c",
    "jobid": "application_1",
    "attempts": [
        {"start_time": "2017-10-07 01:12:09", "end_time": "2017-10-07 01:13:23", "detail": []},
        {
            "start_time": "2017-10-07 01:13:30",
            "end_time": "2017-10-09 06:53:12",
            "detail": [{"ip": "m1", "gpus": ["gpu0"] * 4}, {"ip": "m2", "gpus": ["gpu0"] * 2}],
        },
    ],
    "submitted_time": "2017-10-07 01:11:39",
    "user": "u",
}


def written(tmp_path, text, name="trace"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_log_in_the_standard_workload_format(tmp_path):
    log = swf.read_log(written(tmp_path, SWF))
    assert log.header["Note"] == ("first", "second")
    assert log.jobs[0] == swf.SwfJob(
        1, 0.0, 5.0, 60.0, 4, None, None, 8, 100.0, 2048.0, 1, 3, 7, None, 2, None, None, None
    )
    assert (log.jobs[1].submit, log.jobs[1].preceding, log.jobs[1].think_time) == (10.5, 1, 20.0)


def test_jobs_of_a_log_are_gangs_of_one_core_tasks(tmp_path):
    first, last = read_tasks(written(tmp_path, SWF))  # 2 has no processors, 3 is a burst
    assert first == Task(
        "1", 1000, 2, tenant="g7", quality="q2", submitted=0, started=5, ended=65, estimate=100, count=8
    )
    assert (last.name, last.tenant, last.count, last.started, last.ended) == ("4", "u9", 2, None, None)


def test_a_packed_log_reads_as_the_plain_one(tmp_path):
    packed = tmp_path / "log.swf.gz"
    packed.write_bytes(gzip.compress(SWF.encode()))
    assert read_tasks(packed) == read_tasks(written(tmp_path, SWF))
    packed.write_bytes(gzip.compress(SWF.encode())[:-12])
    with pytest.raises(TraceError, match="damaged"):
        read_tasks(packed, "swf")


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ("1 2 3", "run", "3 fields instead of 18"),
        ("1 0 5 60 4 -1 -1 8 100 2048 1 3 7 -1 2 -1 -1 -2", "think_time", "out of bounds"),
        ("1 0 5 60 4 -1 -1 8 100 2048 7 3 7 -1 2 -1 -1 -1", "status", "no status"),
        ("1 0 5 60 4.5 -1 -1 8 100 2048 1 3 7 -1 2 -1 -1 -1", "allocated", "not a whole number"),
        ("-1 0 5 60 4 -1 -1 8 100 2048 1 3 7 -1 2 -1 -1 -1", "job", "has a number"),
        ("; Version: 3", "Version", "version 3"),
    ],
)
def test_a_malformed_line_of_a_log(tmp_path, line, column, said):
    with pytest.raises(TraceError, match=said) as wrong:
        read_tasks(written(tmp_path, SWF + line), "swf")
    assert (wrong.value.line, wrong.value.column) == (10, column)


def test_philly_jobs_run_from_the_first_attempt_to_the_last(tmp_path):
    never = {**JOB, "jobid": "none", "attempts": []}
    (task,) = read_tasks(written(tmp_path, json.dumps([JOB, never])))
    hour = 3600.0
    assert task == Task(
        "application_1",
        0,
        0,
        gpus=2,
        gpu_milli=1000,
        tenant="ee9e8c",
        submitted=hour + 11 * 60 + 39,
        started=hour + 12 * 60 + 9,
        ended=2 * 24 * hour + 6 * hour + 53 * 60 + 12,
        count=3,
    )


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"jobid": ""}, "jobid"),
        ({"jobid": 7}, "jobid"),
        ({"submitted_time": "yesterday"}, "submitted_time"),
        ({"submitted_time": "2017-13-07 01:11:39"}, "submitted_time"),
        ({"attempts": None}, "attempts"),
        ({"attempts": [{"detail": [{"gpus": 3}]}]}, "detail"),
    ],
)
def test_a_malformed_philly_job_is_named_by_its_line(tmp_path, change, column):
    path = written(tmp_path, f"[\n{json.dumps(JOB)},\n\n{json.dumps({**JOB, **change})}\n]")
    with pytest.raises(TraceError) as wrong:
        read_tasks(path)
    assert (wrong.value.line, wrong.value.column) == (4, column)


@pytest.mark.parametrize(
    "text", ["{}", "[", "[{}", "[\n{} {}]", "[3]", "[[[", '[{"a":}]', "[{},]", "[" * 9999]
)
def test_what_is_no_list_of_jobs(tmp_path, text):
    with pytest.raises(TraceError):
        read_tasks(written(tmp_path, text), "philly")


def test_a_table_of_philly_jobs(tmp_path):
    text = (
        "job_id,vc,gpu_num,submit_time,start_time,end_time\n"
        "a,v,12,2017-10-07 01:00:00,,\n"
        "b,v,0,2017-10-07 01:00:00,,\n"
        "c,v,2,2017-10-07 02:00:00,2017-10-07 02:00:10,None\n"
    )
    first, second = read_tasks(written(tmp_path, text))
    assert (first.gpus, first.count, first.submitted, first.started) == (4, 3, 3600.0, None)
    assert (second.gpus, second.count, second.started, second.ended) == (2, 1, 7210.0, None)


def test_helios_jobs_are_divided_over_their_nodes(tmp_path):
    text = HELIOS + (
        "1,u,v,16,64,2,COMPLETED,2020-06-09 18:41:01,2020-06-09 18:41:02,2020-06-10 04:55:09,36847,1\n"
        "2,u,v,9,10,2,FAILED,2020-06-09 18:41:01,None,None,0,0\n"
        "3,u,v,0,3,2,FAILED,2020-06-09 18:41:01,,,,\n"
    )
    two, three, cores = read_tasks(written(tmp_path, text))
    assert (two.gpus, two.count, two.cpu_milli, two.ended - two.started) == (8, 2, 32000, 36847.0)
    assert (three.gpus, three.count, three.cpu_milli, three.started) == (3, 3, 3334, None)
    assert (cores.gpus, cores.gpu_milli, cores.count, cores.cpu_milli) == (0, 0, 2, 1500)


def test_a_malformed_helios_row(tmp_path):
    row = "1,u,v,1,1,0,COMPLETED,2020-06-09 18:41:01,,,,\n"
    with pytest.raises(TraceError) as wrong:
        read_tasks(written(tmp_path, HELIOS + row))
    assert (wrong.value.line, wrong.value.column) == (2, "node_num")


def test_sia_workloads(tmp_path, shared_data):
    tasks = read_tasks(shared_data / "sia_workloads" / "newtrace" / "workload-1.csv")
    assert len(tasks) == 960
    assert (tasks[0].quality, tasks[0].count, tasks[0].gpus) == ("deepspeech2", 8, 1)
    assert all(a.submitted <= b.submitted for a, b in pairwise(tasks))
    bad = written(tmp_path, "name,time,application,num_replicas,batch_size\na,-1,bert,4,8\n")
    with pytest.raises(TraceError, match="line 2, column time"):
        read_tasks(bad)


def test_our_own_table_in_chinese_and_gb18030(tmp_path):
    path = tmp_path / "tasks.csv"
    path.write_bytes(
        "作业,GPU数,GPU千分数,CPU毫核,内存MiB,租户\n训练,2,1000,8000,64,松江\n".encode("gb18030")
    )
    assert read_tasks(path) == [Task("训练", 8000, 64, 2, 1000, tenant="松江")]
    path.write_bytes("节点,CPU毫核,内存MiB,GPU数,GPU型号,楼栋\nn1,8000,64,2,T4,一号楼\n".encode("gb18030"))
    assert read_nodes(path) == [Node("n1", 8000, 64, 2, "T4", Place(building="一号楼"))]


OWN = "name,cpu_milli,memory_mib,gpus,gpu_milli"


def test_priority_and_whether_a_job_may_be_displaced(tmp_path):
    rows = ["a,1,1,0,0,100,no", "b,1,1,0,0,-5,是", "c,1,1,0,0,,"]
    path = written(tmp_path, f"{OWN},优先级,可抢占\n" + "\n".join(rows))
    assert [(one.priority, one.preemptible) for one in read_tasks(path)] == [
        (100, False),
        (-5, True),
        (None, True),
    ]


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ("high,", "priority", "not a whole number"),
        ("1000000001,", "priority", "out of bounds"),
        ("1,maybe", "preemptible", "neither yes"),
    ],
)
def test_a_malformed_priority(tmp_path, cells, column, said):
    path = written(tmp_path, f"{OWN},priority,preemptible\na,1,1,0,0,{cells}\n")
    with pytest.raises(TraceError, match=said) as wrong:
        read_tasks(path)
    assert (wrong.value.line, wrong.value.column) == (2, column)


def test_columns_that_nobody_reads_are_told_of_our_own_tables_alone(tmp_path):
    path = written(tmp_path, f"{OWN},优先级,priorty,note,\na,1,1,0,0,1,2,x,\n")
    assert strange_columns(path, of="tasks") == ("priorty", "note")
    path.write_text("name,cpu_milli,memory_mib,gpus,model,tenant\nn,1,1,0,,x\n")
    assert strange_columns(path, of="nodes") == ("tenant",)
    path.write_text("name,cpu_milli,memory_mib,num_gpu,gpu_milli,pod_phase\nn,1,1,0,0,x\n")
    assert strange_columns(path, of="tasks") == ()


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z"), exclude_characters="|"))
times = st.none() | st.floats(0, 1e9).map(lambda t: round(t, 6))


@st.composite
def tasks(draw):
    gpus = draw(st.integers(0, 8))
    moments = sorted(draw(st.lists(st.floats(0, 1e9), min_size=3, max_size=3)))
    return Task(
        name=draw(words.filter(bool)),
        cpu_milli=draw(st.integers(0, 10**9)),
        memory_mib=draw(st.integers(0, 10**9)),
        gpus=gpus,
        gpu_milli=draw(st.integers(1, 1000)) if gpus == 1 else 1000 * (gpus > 1),
        models=tuple(draw(st.lists(words.filter(bool), max_size=2))),
        tenant=draw(words),
        quality=draw(words),
        submitted=moments[0],
        started=draw(st.sampled_from([None, moments[1]])),
        ended=draw(st.sampled_from([None, moments[2]])),
        estimate=draw(times),
        count=draw(st.integers(1, 9)),
        priority=draw(st.none() | st.integers(-(10**9), 10**9)),
        preemptible=draw(st.booleans()),
    )


@given(held=st.lists(tasks(), max_size=4), encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]))
@settings(max_examples=25, deadline=None)
def test_our_own_table_reads_back_what_was_written(tmp_path_factory, held, encoding):
    path = tmp_path_factory.mktemp("own") / "tasks.csv"
    write_tasks(path, held, encoding="utf-8" if encoding == "gb18030" else encoding)
    assert read_tasks(path, "own") == held


def test_a_formula_is_written_as_a_text(tmp_path):
    path = tmp_path / "tasks.csv"
    task = Task("=HYPERLINK(1)", 1, 1, tenant="'=x", quality="+1", models=("@a",))
    write_tasks(path, [task])
    cells = path.read_text().splitlines()[1].split(",")
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert read_tasks(path) == [task]


def test_nodes_read_back(tmp_path):
    nodes = [Node("一号节点", 8000, 64, 2, "T4", Place("B1", "H1", "R1", "K1", "S1")), Node("=2", 1, 1)]
    write_nodes(tmp_path / "nodes.csv", nodes, encoding="gb18030")
    assert read_nodes(tmp_path / "nodes.csv") == nodes


def test_a_pod_list_of_ours_reads_as_openb(tmp_path):
    held = [Task("p", 8000, 64, 1, 460, ("T4", "G2"), quality="LS", submitted=1, started=2.5, ended=3)]
    write_tasks(tmp_path / "pods.csv", held, format="openb")
    assert read_tasks(tmp_path / "pods.csv") == held
    with pytest.raises(SchedulingError, match="gang of 2"):
        write_tasks(tmp_path / "pods.csv", [Task("g", 1, 1, count=2)], format="openb")
    assert read_tasks(tmp_path / "pods.csv") == held  # a refusal leaves the file as it was
    with pytest.raises(SchedulingError, match="holds"):
        write_tasks(tmp_path / "x.csv", [Task("g", 1, 1, models=("a|b",))])
    assert [found.name for found in tmp_path.iterdir()] == ["pods.csv"]


def test_an_unknown_layout_is_refused_in_words(tmp_path):
    with pytest.raises(TraceError, match="none of the known layouts"):
        read_tasks(written(tmp_path, "a,b\n1,2\n"))
    with pytest.raises(TraceError, match="nearest to that of helios"):
        read_tasks(written(tmp_path, HELIOS.replace("submit_time", "time")))
    with pytest.raises(SchedulingError, match="no trace format x"):
        read_tasks(written(tmp_path, SWF), "x")
    with pytest.raises(FileNotFoundError):
        read_tasks(tmp_path / "missing")


@given(st.binary(max_size=300), st.sampled_from(sorted(FORMATS)))
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_read_or_refused_in_words(tmp_path_factory, data, layout):
    path = tmp_path_factory.mktemp("any") / "trace"
    path.write_bytes(data)
    for format in (layout, "auto"):
        with suppress(TraceError):
            read_tasks(path, format)
