"""What Slurm says of our jobs: squeue for all of them, scontrol for one that has ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from langqiao.engines.scheduling.slurm.commands import Programs, SlurmError
from langqiao.engines.scheduling.slurm.request import MARK

State = Literal["held", "waiting", "running", "done", "failed", "cancelled", "timeout", "impossible", "gone"]
"""held: not yet released. impossible: no node of the cluster could ever hold it, which Slurm finds out only
when a held job is released. gone: Slurm knows it no more, and its end was not seen."""
FINAL: frozenset[State] = frozenset({"done", "failed", "cancelled", "timeout", "impossible", "gone"})
STATES: dict[str, State] = {
    "PENDING": "waiting",
    "CONFIGURING": "waiting",
    "REQUEUED": "waiting",
    "REQUEUE_FED": "waiting",
    "REQUEUE_HOLD": "held",
    "RESV_DEL_HOLD": "held",
    "SPECIAL_EXIT": "held",
    "RUNNING": "running",
    "COMPLETING": "running",
    "RESIZING": "running",
    "SIGNALING": "running",
    "STAGE_OUT": "running",
    "STOPPED": "running",
    "SUSPENDED": "running",
    "COMPLETED": "done",
    "FAILED": "failed",
    "BOOT_FAIL": "failed",
    "NODE_FAIL": "failed",
    "OUT_OF_MEMORY": "failed",
    "CANCELLED": "cancelled",
    "PREEMPTED": "cancelled",
    "REVOKED": "cancelled",
    "DEADLINE": "timeout",
    "TIMEOUT": "timeout",
}
HELD_REASONS = {"JobHeldUser", "JobHeldAdmin"}
NEVER = "BadConstraints"
_FIELD = re.compile(r"(?:^|\s)(\w[\w:/]*)=(\S*)")


@dataclass(frozen=True, slots=True)
class Seen:
    """A job as Slurm shows it.

    Attributes:
        token: ours; job: Slurm's number.
        state: see :data:`State`; slurm: the state in Slurm's word; reason: Slurm's reason for waiting or end.
        started, ended: seconds since 1970 (UTC); None where not yet or unknown.
        exit: exit status of the script, or 128 + signal; None where not yet or unknown.
        nodes: Slurm's list of nodes, "" before it runs.
    """

    token: str
    job: int
    state: State
    slurm: str = ""
    reason: str = ""
    started: float | None = None
    ended: float | None = None
    exit: int | None = None
    nodes: str = ""


def seen_by_token(programs: Programs, user: int) -> dict[str, list[Seen]]:
    """All jobs of ours of one user that Slurm still knows, those of one token by their number.

    Raises:
        SlurmError: Slurm cannot be asked.
    """
    layout = "%A|%T|%S|%N|%r|%k"
    printed = programs.run("squeue", "--noheader", "--states=all", f"--user={user}", f"--format={layout}")
    found: dict[str, list[Seen]] = {}
    for line in printed.splitlines():
        cells = line.strip().split("|", 5)
        if len(cells) != 6 or not cells[5].startswith(MARK) or not cells[0].isdigit():
            continue
        number, state, started, nodes, reason, comment = cells
        job = Seen(
            token=comment.removeprefix(MARK).strip(),
            job=int(number),
            state=_state(state, reason),
            slurm=state,
            reason="" if reason == "None" else reason,
            started=None if STATES.get(state) in {"waiting", "held"} else _moment(started),
            nodes=nodes,
        )
        found.setdefault(job.token, []).append(job)
    for jobs in found.values():
        jobs.sort(key=lambda job: job.job)
    return found


def seen_alone(programs: Programs, token: str, job: int) -> Seen:
    """One job with its times and its exit status; "gone" where Slurm knows it no more.

    Raises:
        SlurmError: Slurm cannot be asked.
    """
    try:
        printed = programs.run("scontrol", "--oneliner", "show", "job", str(job))
    except SlurmError as error:
        if error.kind != "unknown":
            raise
        return Seen(token, job, "gone")
    cells = dict(_FIELD.findall(printed))
    if cells.get("Comment") != f"{MARK}{token}":
        return Seen(token, job, "gone")  # Slurm's numbers begin anew after a loss of its state
    state = cells.get("JobState", "")
    ours = _state(state, cells.get("Reason", ""))
    ended = ours in FINAL
    return Seen(
        token=token,
        job=job,
        state=ours,
        slurm=state,
        reason="" if cells.get("Reason") in {None, "None"} else cells["Reason"],
        started=_moment(cells.get("StartTime", "")) if ours == "running" or ended else None,
        ended=_moment(cells.get("EndTime", "")) if ended else None,
        exit=_exit(cells.get("ExitCode", "")) if ended else None,
        nodes=_nodes(cells.get("NodeList", "")),
    )


def _state(slurm: str, reason: str) -> State:
    ours = STATES.get(slurm)
    if ours is None:
        raise SlurmError(f"Slurm names a state that is not known here: {slurm}", kind="refused")
    if ours == "waiting" and reason == NEVER:
        return "impossible"
    return "held" if ours == "waiting" and reason in HELD_REASONS else ours


def _moment(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:  # N/A, Unknown
        return None


def _exit(text: str) -> int | None:
    status, _, signal = text.partition(":")
    if not (status.isdigit() and signal.isdigit()):
        return None
    return 128 + int(signal) if int(signal) else int(status)


def _nodes(text: str) -> str:
    return "" if text == "(null)" else text
