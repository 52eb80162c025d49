"""``langqiao computing simulate`` on small files."""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from langqiao.cli.computing import computing_app
from langqiao.cli.computing.comparison import Case, run_all
from langqiao.cli.computing.reasons import WORDS, in_words
from langqiao.engines.scheduling import simulation
from langqiao.engines.scheduling.simulation.types import Reason
from langqiao.engines.scheduling.traces import read_nodes, read_tasks

NODES = "sn,cpu_milli,memory_mib,gpu,model\n" + "".join(f"n{i},32000,65536,4,A\n" for i in range(2))
HEAD = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,creation_time,deletion_time,scheduled_time\n"
PODS = HEAD + "".join(f"p{i:02d},1000,1024,1,1000,{10 * i},{10 * i + 300},{10 * i}\n" for i in range(20))
KEYS = {"done", "wait", "completion", "allocation_pct", "jain", "preemptions", "events", "digest", "tenants"}


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "nodes.csv").write_text(NODES)
    (tmp_path / "pods.csv").write_text(PODS)
    return ["simulate", "--nodes", str(tmp_path / "nodes.csv"), "--jobs", str(tmp_path / "pods.csv")]


def run(*arguments: str):
    return CliRunner().invoke(computing_app, list(arguments))


def test_an_outcome_is_one_object_and_the_same_again(files):
    told = run(*files, "--json", "--order", "fair", "--half-life", "600")
    assert told.exit_code == 0, told.output
    facts = json.loads(told.stdout)
    assert set(facts) >= KEYS
    assert "results" not in facts
    assert (facts["jobs"], facts["done"], facts["rejected"]) == (20, 20, 0)
    assert facts["wait"]["p99"] > 0
    assert json.loads(run(*files, "--json", "--order", "fair", "--half-life", "600").stdout) == facts
    assert len(json.loads(run(*files, "--json", "--details").stdout)["results"]) == 20


def test_a_table_for_people(files):
    told = run(*files)
    assert told.exit_code == 0
    assert "JCT" in told.stdout


def test_why_a_job_waits(files):
    told = run(*files, "--until", "150", "--why", "10", "--why", "1", "--json")
    facts = json.loads(told.stdout)
    assert facts["at"] == 150
    assert facts["jobs"]["1"][0]["kind"] == "running"
    assert facts["jobs"]["10"][0]["kind"] == "capacity"
    assert run(*files, "--why", "99").exit_code == 1
    words = "".join(run(*files, "--until", "150", "--why", "10", "--why", "1").stdout.split())
    assert "作业/job10（p09）·空闲不够：需1张GPU，可用的节点上空闲0张GPU" in words
    assert "作业/job1（p00）·正在运行，自第0秒起，预计第300秒结束" in words
    assert "{" not in words


def test_every_kind_of_reason_has_words():
    kinds = re.findall(r"^        ([a-z, ]+): ", Reason.__doc__ or "", re.MULTILINE)
    assert set(WORDS) == {kind for line in kinds for kind in line.split(", ")}
    quota = {"level": "city", "name": "松江", "resource": "cpu", "used": 2000, "kept": 500, "limit": 3000}
    assert "城市 松江的配额已满：连同可借用共 3 核，已用 2.5 核" in in_words(
        "quota", {**quota, "asked": 1000}
    )
    assert "永远不能运行" in in_words("above", {**quota, "level": "corridor", "name": "", "asked": 9000})
    assert "until 7 s" in in_words("closed", {"nodes": 2, "until": 7.0})
    assert "1/2" in in_words(
        "fragment", {"resource": "gpu", "asked": 1500, "free": 2000, "parts_fit": 1, "parts": 2}
    )
    assert "0.2500" in in_words("order", {"ahead": 3, "share": 0.5, "lowest": 0.25})


OWN_NODES = "name,cpu_milli,memory_mib,gpus,model\nn,8000,8000,1,A\n"
OWN = "name,tenant,cpu_milli,memory_mib,gpus,gpu_milli,submitted,ended,priority,preemptible\n"
TWO = OWN + "low,lab,1000,1,1,1000,0,100,0,{}\nhigh,lab,1000,1,1,1000,10,60,{},\n"


def own(folder: Path, text: str) -> list[str]:
    (folder / "n.csv").write_text(OWN_NODES)
    (folder / "j.csv").write_text(text)
    return ["simulate", "--nodes", str(folder / "n.csv"), "--jobs", str(folder / "j.csv")]


@pytest.mark.parametrize(
    ("more", "movable", "times", "displaced"),
    [
        # One GPU; low runs 100 s from 0, high 50 s from 10.
        ([], "", [(0, 100), (100, 150)], 0),
        (["--preempt"], "yes", [(0, 150), (10, 60)], 1),
        (["--preempt"], "no", [(0, 100), (100, 150)], 0),
        (["--preempt", "--work", "restart"], "", [(0, 160), (10, 60)], 1),
        (["--preempt", "--restart-cost", "5"], "", [(0, 155), (10, 60)], 1),
        # It asks again at 30, when low has run for 30 s.
        (["--preempt", "--min-run", "30", "--reclaim-every", "20"], "", [(0, 150), (30, 80)], 1),
    ],
)
def test_a_high_priority_displaces_a_low_one_at_known_times(tmp_path, more, movable, times, displaced):
    told = run(*own(tmp_path, TWO.format(movable, 100)), *more, "--json", "--details")
    assert told.exit_code == 0, told.output
    facts = json.loads(told.stdout)
    assert [(one["started"], one["ended"]) for one in facts["results"]] == times
    assert facts["preemptions"] == displaced


def test_where_all_priorities_are_equal_preempt_says_that_it_changes_nothing(tmp_path):
    told = run(*own(tmp_path, TWO.format("", 0)), "--preempt", "--json")
    assert "--preempt 不起作用" in told.stderr.replace("\n", "")
    assert json.loads(told.stdout)["preemptions"] == 0
    assert "--preempt" not in run(*own(tmp_path, TWO.format("", 1)), "--preempt").stderr


def test_classes_of_service_have_the_priorities_that_are_given(files, tmp_path):
    head = HEAD.replace("creation_time", "qos,creation_time")
    rows = "be,1000,1,4,1000,BE,0,100,0\nbe2,1000,1,4,1000,BE,0,100,0\nls,1000,1,4,1000,LS,10,60,10\n"
    (tmp_path / "pods.csv").write_text(head + rows)
    given = ["--priority", "LS=100", "--priority", "BE=0", "--preempt", "--json", "--details"]
    facts = json.loads(run(*files, *given).stdout)
    assert (facts["preemptions"], facts["results"][2]["started"]) == (1, 10)
    refused = run(*files, "--priority", "XX=1")
    assert refused.exit_code == 1
    assert "XX; the trace has: BE, LS" in " ".join(refused.stderr.split())
    assert run(*files, "--priority", "LS=high").exit_code == 2


def test_promises_to_as_many_as_depth_says(tmp_path):
    """One GPU of 10 s for each; promised are the first one or two jobs that wait."""
    rows = "".join(f"j{at},lab,1000,1,1,1000,0,10,0,\n" for at in range(4))
    given = ["--backfill", "conservative", "--until", "5", "--why", "3", "--json"]
    kinds = []
    for depth in (1, 2):
        told = run(*own(tmp_path, OWN + rows), *given, "--depth", str(depth))
        kinds.append({one["kind"] for one in json.loads(told.stdout)["jobs"]["3"]})
    assert "promised" not in kinds[0]
    assert "promised" in kinds[1]


def test_a_failure_costs_what_was_done_since_the_last_checkpoint(tmp_path):
    base = [*own(tmp_path, OWN + "a,lab,1000,1,1,1000,0,3600,0,\n"), "--mtbf-hours", "0.5", "--json"]
    lost = [
        json.loads(run(*base, "--mttr-hours", "0.1", "--checkpoint-every", every).stdout)["lost_gpu_hours"]
        for every in ("0", "600")
    ]
    assert lost[0] == pytest.approx(0.0, abs=1e-9)
    assert lost[1] > 0.01


def test_columns_that_nobody_reads_are_named(tmp_path):
    told = run(*own(tmp_path, TWO.format("", 1).replace("priority", "prio")), "--json")
    assert told.exit_code == 0
    assert "j.csv：不认识的列" in told.stderr.replace("\n", "")
    assert "prio" in told.stderr
    assert json.loads(told.stdout)["done"] == 2


def test_several_policies_and_seeds_are_the_single_runs_and_their_means(files, tmp_path):
    given = ["--mtbf-hours", "0.1", "--mttr-hours", "0.02", "--sample-every", "60", "--json"]
    told = run(
        *files, *given, "--policy", "bestfit,random", "--seed", "1-2", "--plot", str(tmp_path / "plots")
    )
    assert told.exit_code == 0, told.output
    facts = json.loads(told.stdout)
    assert [(one["policy"], one["seed"]) for one in facts["runs"]] == [
        ("bestfit", 1), ("bestfit", 2), ("random", 1), ("random", 2),
    ]  # fmt: skip
    single = json.loads(run(*files, *given, "--policy", "random", "--seed", "2").stdout)
    assert facts["runs"][3] == {"policy": "random", "seed": 2, **single}
    waits = [one["wait"]["mean"] for one in facts["runs"][:2]]
    mean = facts["policies"][0]
    assert (mean["policy"], mean["runs"]) == ("bestfit", 2)
    assert mean["wait_mean"] == pytest.approx(statistics.fmean(waits))
    assert mean["wait_mean_sd"] == pytest.approx(statistics.stdev(waits), abs=1e-5)
    assert mean["wait_mean_sd"] > 0
    assert mean["kwh"] is mean["kwh_sd"] is None
    picture = ET.fromstring((tmp_path / "plots" / "allocation.svg").read_text())
    assert len(picture.findall(".//{http://www.w3.org/2000/svg}polyline")) == 2


def test_several_runs_in_a_table_and_what_they_refuse(files, tmp_path):
    told = run(*files, "--seed", "1,2", "--workers", "1")
    assert told.exit_code == 0, told.output
    assert "bestfit × 2" in told.stdout
    assert "±" in told.stdout
    assert run(*files, "--seed", "1,2", "--checkpoint", str(tmp_path / "c")).exit_code == 2
    assert run(*files, "--policy", "bestfit,fgd", "--why", "1").exit_code == 2
    short = run(*files, "--plot", str(tmp_path), "--sample-every", "0")
    assert short.exit_code == 1
    assert "--sample-every" in short.stderr


def test_several_runs_stop_when_they_are_asked_to(files, tmp_path):
    nodes, tasks = read_nodes(tmp_path / "nodes.csv"), read_tasks(tmp_path / "pods.csv")
    jobs = simulation.jobs_of(tasks, tenant="lab")
    case = Case(nodes, jobs, [simulation.Tenant("lab")], simulation.Options())
    with pytest.raises(simulation.Stopped) as stopped:
        run_all(case, ["bestfit"], list(range(40)), workers=1, halted=lambda: True)
    assert stopped.value.total == 40
    assert stopped.value.done < 40


def test_tenants_and_quotas_of_a_file(files, tmp_path):
    tenants = tmp_path / "tenants.json"
    tenants.write_text(json.dumps({"tenants": [{"name": "default", "gpu": 2, "borrow_gpu": 0}]}))
    facts = json.loads(run(*files, "--tenants", str(tenants), "--json").stdout)
    assert facts["done"] == 20
    assert facts["wait"]["p50"] > json.loads(run(*files, "--json").stdout)["wait"]["p50"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--order", "lifo"], "order"),
        (["--backfill", "all"], "backfill"),
        (["--quota", "always"], "reclaim"),
        (["--grace", "-1"], "grace"),
        (["--pue", "0.5"], "pue"),
        (["--policy", "best"], "policy"),
        (["--min-run", "-1"], "min_run"),
        (["--depth", "0"], "depth"),
        (["--restart-cost", "-1"], "restart_cost"),
        (["--checkpoint-every", "-1"], "checkpoint_every"),
        (["--reclaim-every", "0"], "reclaim_every"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_words(files, more, why):
    told = run(*files, *more)
    assert told.exit_code == 1
    assert why in told.stderr
    assert "Traceback" not in told.output


def test_a_malformed_row_is_named_with_line_and_column(files, tmp_path):
    (tmp_path / "pods.csv").write_text(PODS + "p99,many,1024,1,1000,5,10,5\n")
    told = run(*files)
    assert told.exit_code == 1
    words = " ".join(told.stderr.split())
    assert "22" in words
    assert "cpu_milli" in words
    assert "Traceback" not in told.output


@pytest.mark.parametrize("text", ["{", "[]", '{"tenants": [{"gpu": 1}]}'])
def test_a_file_of_tenants_that_is_none_is_refused(files, tmp_path, text):
    tenants = tmp_path / "tenants.json"
    tenants.write_text(text)
    told = run(*files, "--tenants", str(tenants))
    assert told.exit_code == 1
    assert "tenants.json" in told.stderr.replace("\n", "")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"tenants": [{"name": "a"}, {"name": "b", "gpu": Infinity}]}', "tenants[1].gpu"),
        ('{"tenants": [{"name": "a", "gpu": "2"}]}', "tenants[0].gpu"),
        ('{"tenants": [{"name": "a", "gpu": -1}]}', "tenants[0].gpu"),
        ('{"tenants": [{"name": "a", "priority": 1e400}]}', "tenants[0].priority"),
        ('{"tenants": [{"name": "a", "priority": 1.5}]}', "tenants[0].priority"),
        ('{"tenants": [{"name": "a", "weight": 0}]}', "tenants[0].weight"),
        ('{"tenants": [{"name": "a", "gpus": 4}]}', "tenants[0].gpus"),
        ('{"tenants": [{"name": 3}]}', "tenants[0].name"),
        ('{"tenants": "a"}', "tenants"),
        ('{"cities": [{"name": ""}], "tenants": []}', "cities[0].name"),
        ('{"tenant": []}', "tenant"),
    ],
)
def test_what_is_wrong_with_tenants_is_named_by_file_entry_and_field(files, tmp_path, text, where):
    path = tmp_path / "tenants.json"
    path.write_text(text)
    told = run(*files, "--tenants", str(path))
    assert told.exit_code == 1
    assert not isinstance(told.exception, ValueError | OverflowError)
    assert f"tenants.json：{where}：" in told.stderr.replace("\n", "")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"maintenance": [{"nodes": ["n0"], "start": "x", "end": 3}]}', "maintenance[0].start"),
        ('{"maintenance": [{"nodes": ["n0"], "start": 3, "end": 3}]}', "maintenance[0].end"),
        ('{"maintenance": [{"nodes": "n0", "start": 0, "end": 3}]}', "maintenance[0].nodes"),
        ('{"maintenance": [{"nodes": [], "start": 0, "end": 3}]}', "maintenance[0].nodes"),
        ('{"maintenance": [{"nodes": ["n0"], "start": 0, "end": 3, "stop": "no"}]}', "maintenance[0].stop"),
        ('{"maintenance": [{"nodes": ["n0"], "begin": 0, "end": 3}]}', "maintenance[0].begin"),
        ('{"maintenance": [7]}', "maintenance[0]"),
        ('{"mantenance": []}', "mantenance"),
        ('{"reservations": [{"nodes": ["n0"], "start": 0, "end": 3}]}', "reservations[0].tenant"),
        ('{"deliveries": [{"at": NaN, "nodes": "x.csv"}]}', "deliveries[0].at"),
        ('{"power": {"A": {"idle": "q", "full": 1}}}', "power.A.idle"),
        ('{"power": {"A": {"idle": 2, "full": 1}}}', "power.A.full"),
        ('{"power": {"A": 1}}', "power.A"),
    ],
)
def test_what_is_wrong_with_a_scenario_is_named_by_file_entry_and_field(files, tmp_path, text, where):
    path = tmp_path / "scenario.json"
    path.write_text(text)
    told = run(*files, "--scenario", str(path))
    assert told.exit_code == 1
    assert not isinstance(told.exception, ValueError)
    assert f"scenario.json：{where}：" in told.stderr.replace("\n", "")


def test_a_scenario_of_every_kind(files, tmp_path):
    (tmp_path / "more.csv").write_text(NODES.replace("n0", "m0").replace("n1", "m1"))
    window = {"nodes": ["n0"], "start": 100, "end": 200}
    scenario = {
        "maintenance": [{**window, "stop": False}],
        "reservations": [{**window, "nodes": ["n1"], "tenant": "default"}],
        "deliveries": [{"at": 50, "nodes": "more.csv"}],
        "power": {"A": {"idle": 0.5, "full": 2}},
    }
    (tmp_path / "scenario.json").write_text(json.dumps(scenario))
    facts = json.loads(run(*files, "--scenario", str(tmp_path / "scenario.json"), "--json").stdout)
    assert facts["done"] == 20
    assert facts["kwh"] > 0


@pytest.mark.slow
def test_where_nothing_is_compiled_yet_it_says_so(files, tmp_path):
    program = str(Path(sys.executable).with_name("langqiao"))
    cold = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cold")}
    command = [program, "computing", *files, "--json"]
    told = [
        subprocess.run(command, capture_output=True, text=True, check=True, env=cold).stderr for _ in range(2)
    ]
    assert "正在编译内核" in told[0]
    assert told[1] == ""


@pytest.mark.slow
def test_ctrl_c_leaves_a_checkpoint_and_the_next_run_ends_as_if_nothing_had_been(files, tmp_path):
    many = HEAD + "".join(
        f"p{i},1000,1024,1,1000,{7 * i % 9973},{7 * i % 9973 + 400},{7 * i % 9973}\n" for i in range(6000)
    )
    (tmp_path / "pods.csv").write_text(many)
    state = tmp_path / "state"
    options = ["--backfill", "easy", "--json"]
    program = str(Path(sys.executable).with_name("langqiao"))
    command = [program, "computing", *files, *options]
    kept = [*command, "--checkpoint", str(state), "--every", "0"]
    process = subprocess.Popen(kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not state.exists():
        pass
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 130, told
    assert str(state) in told.replace("\n", "")
    again = subprocess.run(kept, capture_output=True, text=True, check=True).stdout
    assert again == subprocess.run(command, capture_output=True, text=True, check=True).stdout
