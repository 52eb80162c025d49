"""Submit, watch and cancel, so that a job is run at most once whatever is killed when.

The order of writing makes it so. (1) The intent goes into the journal. (2) sbatch submits the job held; it
inherits the journal's lock, so that nobody looks for the job while a killed caller's sbatch still works.
(3) Slurm's number goes into the journal. (4) The job is released. Whoever comes after a crash finds the
intent, looks the token up in Slurm, and goes on: a job that is found is adopted; a second one, which could
only stem from a submission that Slurm answered too late, is still held and is cancelled. A held job never
runs and never leaves the queue by itself, so that the look-up cannot miss it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from langqiao.engines.scheduling.journal import Fact, Journal, Writer
from langqiao.engines.scheduling.slurm.cluster import FINAL, Seen, State, seen_alone, seen_by_token
from langqiao.engines.scheduling.slurm.commands import Programs, SlurmError
from langqiao.engines.scheduling.slurm.request import Request

Tell = Callable[[Seen], None]


@dataclass(slots=True)
class Held:
    """What the journal knows of a token.

    Attributes:
        digest: SM3 of its request.
        job: Slurm's number; None where the submission was not confirmed.
        released: whether it was let run.
        cancelled: whether somebody asked for its end.
        seen: its last state that was written down.
    """

    token: str
    digest: str = ""
    job: int | None = None
    released: bool = False
    cancelled: bool = False
    seen: Seen | None = None

    @property
    def final(self) -> bool:
        """Whether its end has been written down."""
        return self.seen is not None and self.seen.state in FINAL


class Backend:
    """Jobs of one user in one cluster, remembered in one journal."""

    def __init__(self, programs: Programs, journal: Journal, *, user: int | None = None) -> None:
        self.programs = programs
        self.journal = journal
        self.user = os.getuid() if user is None else user

    def known(self) -> dict[str, Held]:
        """What the journal knows, by token.

        Raises:
            TraceError: the journal is damaged.
        """
        return _replayed(self.journal.facts())

    def submit(self, request: Request) -> int:
        """Submit a job, or find it again; Slurm's number of it.

        Raises:
            SchedulingError: the request is malformed (kind "request"), or the journal is in use ("busy").
            SlurmError: Slurm says no or cannot be asked; after "timeout" and "unreachable" the same call
                again finds out what became of it. Kind "conflict": the token stands for another request or
                was cancelled.
        """
        request.check()
        with self.journal.writing() as writer:
            held = _replayed(writer.facts).get(request.token)
            if held is None:
                held = Held(request.token, request.digest())
                writer.append(_fact(request.token, "intent", digest=held.digest))
                return self._submit(writer, request)
            if held.digest != request.digest():
                raise SlurmError(
                    f"the token {request.token} already stands for another request",
                    kind="conflict",
                    subjects=(request.token,),
                )
            if held.cancelled:
                raise SlurmError(
                    f"{request.token} was cancelled: take a new token",
                    kind="conflict",
                    subjects=(request.token,),
                )
            job = held.job if held.job is not None else self._adopt(writer, request.token)
            if job is None:
                return self._submit(writer, request)
            if not held.released:
                self._release(writer, request.token, job)
            return job

    def poll(self) -> dict[str, Seen]:
        """Look once at all jobs that have not ended, finish half-done submissions, write changes down.

        A job that no node could ever hold is cancelled, so that it does not start after its end was told.
        Jobs whose submission was not confirmed and that Slurm does not know are left out: only their caller
        has the request, and its next :meth:`submit` decides.

        Raises:
            SlurmError: Slurm cannot be asked.
            SchedulingError: the journal is in use.
        """
        with self.journal.writing() as writer:
            held = _replayed(writer.facts)
            waiting = {token: one for token, one in held.items() if not one.final}
            if not waiting:
                return {token: one.seen for token, one in held.items() if one.seen is not None}
            queue = seen_by_token(self.programs, self.user)
            for token, one in held.items():
                for stray in queue.get(token, []):
                    if one.job not in {None, stray.job} and stray.state == "held":
                        self._end_stray(writer, token, stray.job)
            for token, one in waiting.items():
                job = one.job if one.job is not None else self._adopt(writer, token, queue.get(token, []))
                if job is None:
                    continue
                if one.cancelled:
                    self.programs.run("scancel", str(job))
                elif not one.released:
                    self._release(writer, token, job)
                seen = self._look(token, job, queue)
                if seen.state == "impossible":
                    self.programs.run("scancel", str(job))
                self._note(writer, one, seen)
            return {token: one.seen for token, one in _replayed(writer.facts).items() if one.seen is not None}

    def watch(
        self,
        tokens: Iterable[str] | None = None,
        *,
        tell: Tell | None = None,
        pause: float = 5.0,
        until: float | None = None,
        outage: float = 600.0,
        complain: Callable[[SlurmError], None] | None = None,
    ) -> dict[str, Seen]:
        """Look again and again until all jobs have ended; may be killed and begun anew at any time.

        Args:
            tokens: those to wait for; None for all of the journal.
            tell: called with each job when its state, reason or nodes change, and at the first look.
            pause: seconds between two looks.
            until: seconds to watch at most.
            outage: seconds for which Slurm may not answer, as while its controller is restarted.
            complain: called with each look that failed for that reason.

        Raises:
            SlurmError: Slurm has not answered for longer than ``outage``, or says no; kind "unknown" for a
                token that the journal does not know.
        """
        wanted = list(self.known()) if tokens is None else list(dict.fromkeys(tokens))
        known = self.known()
        for token in wanted:
            if token not in known:
                raise SlurmError(f"no job {token} in {self.journal.path}", kind="unknown", subjects=(token,))
        deadline = None if until is None else time.monotonic() + until
        told: dict[str, Seen] = {}
        answered = time.monotonic()
        while True:
            seen = self._poll_or_complain(answered + outage, complain)
            if seen is not None:
                answered = time.monotonic()
                _tell_changes(wanted, seen, told, tell)
                if all(token not in seen or seen[token].state in FINAL for token in wanted):
                    return told
            if deadline is not None and time.monotonic() >= deadline:
                return told
            time.sleep(pause)

    def _poll_or_complain(
        self, until: float, complain: Callable[[SlurmError], None] | None
    ) -> dict[str, Seen] | None:
        """One look; None where Slurm does not answer, as long as that is no longer than ``until``."""
        try:
            return self.poll()
        except SlurmError as error:
            if error.kind not in {"timeout", "unreachable"} or time.monotonic() > until:
                raise
            if complain is not None:
                complain(error)
            return None

    def cancel(self, token: str) -> None:
        """Ask for the end of a job; a token that was not confirmed is looked up first and never runs later.

        Raises:
            SlurmError: no such token (kind "unknown"), or Slurm cannot be asked: call again.
            SchedulingError: the journal is in use.
        """
        with self.journal.writing() as writer:
            held = _replayed(writer.facts).get(token)
            if held is None:
                raise SlurmError(f"no job {token} in {self.journal.path}", kind="unknown", subjects=(token,))
            if held.final:
                return
            if not held.cancelled:
                writer.append(_fact(token, "cancel"))
            job = held.job if held.job is not None else self._adopt(writer, token)
            if job is not None:
                self.programs.run("scancel", str(job))

    def _submit(self, writer: Writer, request: Request) -> int:
        try:
            printed = self.programs.run(
                "sbatch", *request.arguments(), text=request.script, keep=(writer.lock,)
            )
        except SlurmError as error:
            if error.kind in {"refused", "absent"}:
                # Nothing of it is in Slurm: the token is free for a mended request.
                writer.append(_fact(request.token, "refused", why=str(error)))
            raise
        job = _number(printed)
        writer.append(_fact(request.token, "submitted", job=job))
        self._release(writer, request.token, job)
        return job

    def _adopt(self, writer: Writer, token: str, jobs: list[Seen] | None = None) -> int | None:
        """The number of a job whose submission was not confirmed; None where Slurm does not know it."""
        if jobs is None:
            jobs = seen_by_token(self.programs, self.user).get(token, [])
        if not jobs:
            return None
        first, *strays = jobs
        for stray in strays:
            self._end_stray(writer, token, stray.job)
        writer.append(_fact(token, "submitted", job=first.job, found=True))
        return first.job

    def _end_stray(self, writer: Writer, token: str, job: int) -> None:
        self.programs.run("scancel", str(job))
        writer.append(_fact(token, "stray", job=job))

    def _release(self, writer: Writer, token: str, job: int) -> None:
        try:
            self.programs.run("scontrol", "release", str(job))
        except SlurmError as error:
            ended = error.kind in {"refused", "unknown"} and self._look(token, job, {}).state in FINAL
            if not ended:
                raise
        writer.append(_fact(token, "released"))

    def _look(self, token: str, job: int, queue: dict[str, list[Seen]]) -> Seen:
        found = next((one for one in queue.get(token, []) if one.job == job), None)
        if found is None or found.state in FINAL:
            return seen_alone(self.programs, token, job)
        return found

    def _note(self, writer: Writer, held: Held, seen: Seen) -> None:
        if seen != held.seen:
            told = {name: getattr(seen, name) for name in Seen.__slots__ if name != "token"}
            writer.append(_fact(seen.token, "seen", **told))


def _tell_changes(
    wanted: Iterable[str], seen: dict[str, Seen], told: dict[str, Seen], tell: Tell | None
) -> None:
    for token in wanted:
        now = seen.get(token)
        if now is not None and told.get(token) != now:
            told[token] = now
            if tell is not None:
                tell(now)


def _number(printed: str) -> int:
    """The job's number of ``sbatch --parsable``: "17", or "17;cluster"."""
    number = printed.strip().split(";")[0]
    if not number.isdigit():
        raise SlurmError(f"sbatch printed no job number but {printed.strip()[:80]!r}", kind="refused")
    return int(number)


def _fact(token: str, what: str, **more: object) -> Fact:
    return {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "token": token, "what": what, **more}


def _replayed(facts: Iterable[Fact]) -> dict[str, Held]:
    held: dict[str, Held] = {}
    for fact in facts:
        token, what = str(fact.get("token", "")), fact.get("what")
        if what == "refused":
            held.pop(token, None)
            continue
        one = held.setdefault(token, Held(token))
        if what == "intent":
            one.digest = fact["digest"]
        elif what == "submitted":
            one.job = fact["job"]
        elif what == "released":
            one.released = True
        elif what == "cancel":
            one.cancelled = True
        elif what == "seen":
            state: State = fact["state"]
            told = {name: fact[name] for name in Seen.__slots__ if name in fact}
            one.seen = replace(Seen(token, fact["job"], state), **told)
    return held
