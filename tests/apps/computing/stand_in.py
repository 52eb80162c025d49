"""A stand-in for Slurm's programs: one script over one file, without a daemon, for the logic of recovery.

It takes jobs held, lets them run when released, knows them by their comment, and ends them as it is told
(``tell``). The real Slurm is in test_slurm_real.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from langqiao.engines.scheduling.slurm import Programs

SCRIPT = """#!{python} -SE
import fcntl, json, os, sys, time
state = {state!r}
name, rest = os.path.basename(sys.argv[0]), sys.argv[1:]
if os.path.exists(state + ".down"):
    sys.exit("Unable to contact slurm controller (connect failure)")
with open(state + ".lock", "w") as held:
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        jobs = json.load(open(state))
    except FileNotFoundError:
        jobs = []
    now = int(time.time())
    for job in jobs:
        if {life} and job["state"] == "RUNNING" and time.time() - job["start"] >= {life}:
            job.update(state="COMPLETED", end=now)
    stamp = lambda t: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) if t else "N/A"
    options = dict(one.removeprefix("--").split("=", 1) for one in rest if one.startswith("--") and "=" in one)
    if name == "sbatch":
        if options.get("partition") == "none":
            sys.exit("sbatch: error: invalid partition specified: none")
        sys.stdin.read()
        jobs.append(dict(id=len(jobs) + 1, comment=options["comment"], state="PENDING", reason="JobHeldUser",
                         start=0, end=0, exit=0, gres=[one for one in rest if "gres" in one or "gpus" in one]))
        print(len(jobs))
    elif name == "squeue":
        for job in jobs:
            print("|".join([str(job["id"]), job["state"], stamp(job["start"]), "n1", job["reason"] or "None",
                            job["comment"]]))
    else:
        job = jobs[int(rest[-1]) - 1]
        final = job["state"] not in ("PENDING", "RUNNING")
        if name == "scancel" and not final:
            job.update(state="CANCELLED", end=now)
        elif name == "scontrol" and rest[0] == "release":
            if final:
                sys.exit("Job is no longer pending execution")
            job.update(reason="", state="RUNNING", start=job["start"] or now)
        elif name == "scontrol":
            print(f"JobId={{job['id']}} JobState={{job['state']}} Reason={{job['reason'] or 'None'}} "
                  f"StartTime={{stamp(job['start'])}} EndTime={{stamp(job['end'])}} ExitCode={{job['exit']}}:0 "
                  f"NodeList=n1 Comment={{job['comment']}}")
    with open(state + ".new", "w") as file:
        json.dump(jobs, file)
    os.replace(state + ".new", state)
"""


class StandIn:
    """Slurm's programs in a folder, and what they know; jobs end by themselves after ``life`` seconds, if any."""

    def __init__(self, folder: Path, *, life: float = 0) -> None:
        self.state = folder / "slurm.json"
        self.folder = folder / "programs"
        self.folder.mkdir(exist_ok=True)
        body = SCRIPT.format(python=sys.executable, state=str(self.state), life=life)
        for name in ("sbatch", "squeue", "scontrol", "scancel"):
            program = self.folder / name
            program.write_text(body, encoding="utf-8")
            program.chmod(0o755)

    @property
    def programs(self) -> Programs:
        return Programs(folder=self.folder)

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """All jobs that were ever taken."""
        if not self.state.exists():
            return []
        found: list[dict[str, Any]] = json.loads(self.state.read_text(encoding="utf-8"))
        return found

    def tell(self, number: int, state: str, **values: Any) -> None:
        """Let a job be in a state, with its start, end or exit status."""
        jobs = self.jobs
        jobs[number - 1].update(state=state, **values)
        self.state.write_text(json.dumps(jobs), encoding="utf-8")

    def down(self, *, is_down: bool = True) -> None:
        """Let the controller answer nothing."""
        mark = self.state.with_name(f"{self.state.name}.down")
        if is_down:
            mark.touch()
        else:
            mark.unlink()
