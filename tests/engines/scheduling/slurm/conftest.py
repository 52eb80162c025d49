"""A real Slurm for one test module: munged, slurmctld and slurmd in a folder of their own, no fixed ports."""

import os
import shutil
import socket
import subprocess
import time

import pytest

from langqiao.engines.scheduling.slurm import Programs

CONF = """ClusterName=langqiao
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SwitchType=switch/none
MinJobAge=600
ReturnToService=2
SchedulerParameters=sched_interval=1,batch_sched_delay=0
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=500 Gres=gpu:a100:2
PartitionName=main Nodes={host} Default=YES MaxTime=60 State=UP
"""


def _port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """Programs of a running cluster of one node with two stand-in GPUs."""
    missing = [name for name in ("slurmctld", "slurmd", "munged", "sbatch") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (Debian packages slurm-wlm and munge)")
    if os.getuid() != 0:
        pytest.skip("slurmd starts jobs only as root")
    folder = tmp_path_factory.mktemp("slurm")
    folder.chmod(0o755)
    for name in ("munge", "state", "spool", "dev", "work"):
        (folder / name).mkdir(mode=0o755)
    for number in range(2):
        os.mknod(folder / "dev" / f"gpu{number}", 0o666 | 0o020000, os.makedev(1, 3))  # a second /dev/null
    key = folder / "munge" / "key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    conf = folder / "slurm.conf"
    host = socket.gethostname().split(".")[0]
    conf.write_text(CONF.format(host=host, folder=folder, ctld_port=_port(), slurmd_port=_port()))
    (folder / "gres.conf").write_text(f"Name=gpu Type=a100 File={folder}/dev/gpu[0-1]\n")
    munge = [f"--{name}={folder}/munge/{name.split('-')[0]}" for name in ("socket", "key-file", "log-file", "pid-file", "seed-file")]  # fmt: skip
    commands = [
        ["munged", "--foreground", "--force", *munge],
        ["slurmctld", "-D", "-f", conf],
        ["slurmd", "-D", "-f", conf],
    ]
    children = []
    try:
        for command in commands:
            with (folder / f"{command[0]}.out").open("wb") as log:
                children.append(subprocess.Popen(command, stdout=log, stderr=log))
            if command[0] == "munged":
                _until((folder / "munge" / "socket").exists, folder)
        programs = Programs(conf=conf)
        _until(lambda: _idle(programs), folder)
        yield programs
    finally:
        for child in reversed(children):
            child.terminate()
        for child in children:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _idle(programs):
    shown = subprocess.run(
        ["sinfo", "--noheader", "--format=%T"],
        env={"PATH": os.environ["PATH"], "SLURM_CONF": str(programs.conf)},
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout.strip() == "idle"


def _until(ready, folder, seconds=40):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            logs = "\n".join(
                f"{log.name}: {log.read_text(errors='replace')[-800:]}" for log in folder.glob("*.*")
            )
            pytest.fail(f"Slurm did not start\n{logs}")
        time.sleep(0.1)
