"""Slurm's own programs as children: argument lists, never a shell; a time limit; complaints in words."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from langqiao.engines.scheduling.errors import SchedulingError

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
LONGEST = 400  # characters of a complaint that are passed on
_UNREACHABLE = ("Unable to contact", "Connection refused", "Zero Bytes were transmitted", "timed out")
_UNKNOWN = ("Invalid job id",)


class SlurmError(SchedulingError):
    """Slurm cannot be asked, or says no.

    ``kind``: absent (a program is not installed), timeout, unreachable (the controller does not answer),
    unknown (no such job), refused (Slurm says no), conflict (a token stands for another request).
    """


Kind = Literal["absent", "timeout", "unreachable", "unknown", "refused"]


@dataclass(frozen=True, slots=True)
class Programs:
    """Where Slurm's programs are and how long they may take.

    Attributes:
        conf: slurm.conf; None for the machine's own.
        folder: folder of the programs; None for the usual ones.
        timeout: seconds a call may take.
    """

    conf: Path | None = None
    folder: Path | None = None
    timeout: float = 20.0

    def run(self, name: str, *arguments: str, text: str = "", keep: tuple[int, ...] = ()) -> str:
        """What a program prints.

        Args:
            name: sbatch, squeue, scontrol or scancel.
            arguments: its arguments.
            text: its standard input.
            keep: file descriptors that it inherits.

        Raises:
            SlurmError: see there.
        """
        where = str(self.folder) if self.folder else SYSTEM_PATH
        found = shutil.which(name, path=where)
        if found is None:
            raise SlurmError(f"{name} is not installed (looked in {where})", kind="absent", subjects=(name,))
        # A file and no pipe: a child that outlives a killed parent still reads all of it.
        with tempfile.TemporaryFile() as given:
            given.write(text.encode())
            given.seek(0)
            try:
                done = subprocess.run(  # noqa: S603  # a list of arguments that this package has checked
                    [found, *arguments],
                    stdin=given,
                    capture_output=True,
                    timeout=self.timeout,
                    env=self._environment(),
                    pass_fds=keep,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise SlurmError(
                    f"{name} did not answer within {self.timeout:g} seconds", kind="timeout", subjects=(name,)
                ) from None
        said = done.stderr.decode(errors="replace").strip()
        if done.returncode:
            raise SlurmError(f"{name}: {_words(said, name)}", kind=_kind(said), subjects=(name,))
        return done.stdout.decode(errors="replace")

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's but this: sbatch would hand it on to the job."""
        held = {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": os.environ.get("HOME", "/")}
        if self.conf is not None:
            held["SLURM_CONF"] = str(self.conf)
        return held


def _words(said: str, name: str) -> str:
    lines = [line.removeprefix(f"{name}: ").removeprefix("error: ").strip() for line in said.splitlines()]
    words = " ".join(line for line in lines if line) or "it failed without a word"
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def _kind(said: str) -> Kind:
    if any(sign in said for sign in _UNREACHABLE):
        return "unreachable"
    return "unknown" if any(sign in said for sign in _UNKNOWN) else "refused"
