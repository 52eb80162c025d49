"""Without a Slurm: what is sent to it, what its programs may do wrong, and the journal."""

import json
import multiprocessing
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.scheduling.errors import SchedulingError, TraceError
from langqiao.engines.scheduling.journal import Journal
from langqiao.engines.scheduling.slurm import Backend, Programs, Request, SlurmError
from langqiao.engines.scheduling.types import Task

GOOD = Request("job-0001-a", Task("t", 1500, 100, 2, 1000), "#!/bin/sh\n", minutes=10)


def arguments(**changes):
    task = {name: changes.pop(name) for name in list(changes) if name in Task.__slots__}
    asked = replace(GOOD, task=replace(GOOD.task, **task), **changes)
    asked.check()
    return asked.arguments()


def test_the_arguments_of_sbatch():
    assert arguments(partition="main", models=("A100",)) == [
        "--parsable", "--hold", "--job-name=job-0001-a", "--comment=langqiao:job-0001-a", "--time=10", "--chdir=/",
        "--output=/dev/null", "--ntasks=1", "--cpus-per-task=2", "--no-requeue", "--ignore-pbs", "--mem=100M",
        "--partition=main", "--gres=gpu:A100:2",
    ]  # fmt: skip
    gang = arguments(count=3)
    assert {"--ntasks=3", "--mem-per-cpu=50M", "--gpus-per-task=2"} <= set(gang)
    assert "--gres=shard:2" in arguments(gpus=1, gpu_milli=300, shards=4)
    assert {"--constraint=A100|H100", "--gres=gpu:2"} <= set(arguments(models=("A100", "H100", "A100")))
    assert not any("gpu" in one for one in arguments(gpus=0, gpu_milli=0))


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"token": "short"}, "token"),
        ({"token": "has space"}, "token"),
        ({"token": "-leading-dash"}, "token"),
        ({"script": "echo"}, "script"),
        ({"script": "#!/bin/sh\n#SBATCH --array=1-99\n"}, "script"),
        ({"script": "#!/bin/sh\n  #PBS -q x\n"}, "script"),
        ({"script": "#!/bin/sh\n\0"}, "script"),
        ({"script": "#!" + "x" * 1_000_001}, "script"),
        ({"minutes": 0}, "minutes"),
        ({"partition": "a,b --wrap=x"}, "partition"),
        ({"account": "-x"}, "account"),
        ({"folder": "relative"}, "folder"),
        ({"output": "/tmp/%A"}, "folder"),
        ({"gpus": 1, "gpu_milli": 300}, "gpu_milli"),
        ({"gpus": 1, "gpu_milli": 300, "shards": 4, "models": ("A100",)}, "models"),
        ({"models": ("A:9,B",)}, "models"),
        ({"count": 0}, "count"),
    ],
)
def test_a_malformed_request_is_refused_in_words(changes, about):
    with pytest.raises(SchedulingError) as wrong:
        arguments(**changes)
    assert (wrong.value.kind, wrong.value.subjects) == ("request", (about,))


def program(folder, name, body):
    """One of Slurm's programs that misbehaves: a script in its place."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ("exec sleep 9", "timeout", "did not answer within 0.3 seconds"),
        ("echo 'sbatch: error: Invalid account' >&2; exit 1", "refused", "sbatch: Invalid account"),
        ("echo 'Unable to contact slurm controller (connect failure)' >&2; exit 1", "unreachable", "contact"),
        ("exit 1", "refused", "without a word"),
        ("echo welcome", "refused", "no job number"),
    ],
)
def test_what_sbatch_may_do_wrong(tmp_path, body, kind, said):
    program(tmp_path, "sbatch", body)
    backend = Backend(Programs(folder=tmp_path, timeout=0.3), Journal(tmp_path / "jobs"))
    with pytest.raises(SlurmError, match=said) as wrong:
        backend.submit(GOOD)
    assert wrong.value.kind == kind
    # Only where Slurm said no may the token be free for another request.
    assert (GOOD.token in backend.known()) == (said not in {"sbatch: Invalid account", "without a word"})


def test_a_watcher_outlasts_a_restart_of_the_controller(tmp_path):
    program(tmp_path, "sbatch", "echo 7")
    program(
        tmp_path,
        "scontrol",
        f"""case "$*" in *show*) echo "JobId=7 JobState=COMPLETED Reason=None
 StartTime=2026-11-27T01:00:00 EndTime=2026-11-27T01:00:09 ExitCode=0:0 NodeList=n1 Comment=langqiao:{GOOD.token}";; esac""",
    )
    count = tmp_path / "count"
    down = "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1"
    line = f"7|COMPLETED|N/A|n1|None|langqiao:{GOOD.token}"
    program(
        tmp_path,
        "squeue",
        f"echo x >> {count}; [ $(wc -l < {count}) -gt 2 ] && echo '{line}' && exit; {down}",
    )
    backend = Backend(Programs(folder=tmp_path), Journal(tmp_path / "jobs"))
    assert backend.submit(GOOD) == 7
    complaints = []
    (seen,) = backend.watch(pause=0.01, complain=complaints.append).values()
    assert (seen.state, seen.ended - seen.started, seen.exit, seen.nodes) == ("done", 9, 0, "n1")
    assert [one.kind for one in complaints] == ["unreachable", "unreachable"]
    program(tmp_path, "squeue", down)
    again = replace(GOOD, token="job-0002-b")
    backend.submit(again)
    with pytest.raises(SlurmError, match="Unable to contact"):
        backend.watch(pause=0.01, outage=0.05)


def test_slurm_is_not_installed(tmp_path):
    backend = Backend(Programs(folder=tmp_path), Journal(tmp_path / "jobs"))
    with pytest.raises(SlurmError, match="sbatch is not installed") as wrong:
        backend.submit(GOOD)
    assert wrong.value.kind == "absent"
    with pytest.raises(SlurmError, match="no job"):
        backend.cancel("never-heard-of")
    with pytest.raises(SlurmError, match="no job"):
        backend.watch(["never-heard-of"])
    assert backend.watch() == {}


def test_nothing_of_the_environment_reaches_slurm(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    program(tmp_path, "scontrol", "env")
    assert "SECRET" not in Programs(folder=tmp_path).run("scontrol")


def test_a_journal_keeps_whole_lines_only(tmp_path):
    journal = Journal(tmp_path / "facts")
    assert journal.facts() == []
    with journal.writing() as writer:
        writer.append({"a": 1})
        writer.append({"b": "二"})
    with journal.path.open("ab") as file:
        file.write(b'{"torn":')
    assert journal.facts() == [{"a": 1}, {"b": "二"}]
    with journal.writing() as writer:
        assert len(writer.facts) == 2
        writer.append({"c": 3})
    assert journal.facts() == [{"a": 1}, {"b": "二"}, {"c": 3}]
    with journal.path.open("ab") as file:
        file.write(b"[]\n")
    with pytest.raises(TraceError, match="line 4"):
        journal.facts()
    with journal.path.open("wb") as file:
        file.write(b"x" * 9000)
    with journal.writing():
        pass
    assert journal.path.read_bytes() == b""
    with pytest.raises(ValueError, match="1 MB"), journal.writing() as writer:
        writer.append({"long": "x" * 1_000_000})


@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9), max_size=3), max_size=5
    )
)
@settings(max_examples=25, deadline=None)
def test_facts_read_back(tmp_path_factory, facts):
    journal = Journal(tmp_path_factory.mktemp("journal") / "facts")
    with journal.writing() as writer:
        for fact in facts:
            writer.append(fact)
    assert journal.facts() == facts
    assert [json.loads(line) for line in journal.path.read_text().split("\n")[:-1]] == facts


def _hold(path, begun, leave):
    with Journal(path).writing():
        begun.set()
        leave.wait(20)


def test_one_writer_at_a_time(tmp_path):
    many = multiprocessing.get_context("spawn")
    begun, leave = many.Event(), many.Event()
    other = many.Process(target=_hold, args=(tmp_path / "facts", begun, leave))
    other.start()
    try:
        assert begun.wait(20)
        with (
            pytest.raises(SchedulingError, match="in use") as busy,
            Journal(tmp_path / "facts", patience=0.1).writing(),
        ):
            pass
        assert busy.value.kind == "busy"
    finally:
        leave.set()
        other.join()
    with Journal(tmp_path / "facts").writing() as writer:
        writer.append({})


PARENT = """
import sys, os, subprocess
from langqiao.engines.scheduling.journal import Journal
with Journal(sys.argv[1]).writing() as writer:
    subprocess.Popen(["sleep", "1.5"], pass_fds=(writer.lock,))
    os.kill(os.getpid(), 9)
"""


def test_a_child_that_outlives_its_parent_keeps_the_lock(tmp_path):
    killed = subprocess.run([sys.executable, "-c", PARENT, tmp_path / "facts"], check=False)
    assert killed.returncode == -9
    with pytest.raises(SchedulingError, match="in use"), Journal(tmp_path / "facts", patience=0.1).writing():
        pass
    with Journal(tmp_path / "facts", patience=20).writing() as writer:
        assert writer.facts == []
