"""A job to be submitted, checked, and its arguments for sbatch."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.types import WHOLE, Task
from langqiao.engines.sm import sm3_hex

MARK = "langqiao:"
"""Begins the comment by which a job of ours is known again."""
_TOKEN = re.compile(r"[a-z0-9][a-z0-9-]{6,62}[a-z0-9]")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
_PATH = re.compile(r"/[^\0\n%\\]{0,1023}")
DIRECTIVE = re.compile(r"^\s*#(SBATCH|PBS|BSUB)\b", re.MULTILINE)
"""Lines of a script that would change the request."""
LONGEST_SCRIPT = 1_000_000  # bytes
LONGEST_RUN = 366 * 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class Request:
    """A job for Slurm.

    Attributes:
        token: names the job for ever: 8 to 64 of a–z, 0–9 and -. The same token is never run twice.
        task: what each part needs; ``count`` parts run together. Its name, tenant and times are not sent.
        script: the batch script, beginning with ``#!``; no #SBATCH lines, which could ask for more.
        minutes: time limit.
        folder: absolute path where it runs; output: file for what it prints, "%j" is the job's number.
        partition, account, qos, user: as Slurm knows them; "" for Slurm's defaults.
        shards: shards of a GPU in this cluster (gres/shard), needed for a part of a GPU; 0 where there are
            none.
        requeue: whether Slurm may run it again from the start after a failure of its node.
    """

    token: str
    task: Task
    script: str
    minutes: int
    folder: str = "/"
    output: str = "/dev/null"
    partition: str = ""
    account: str = ""
    qos: str = ""
    shards: int = 0
    requeue: bool = False

    def check(self) -> None:
        """Refuse what Slurm would misread.

        Raises:
            SchedulingError: kind "request"; ``subjects`` names the attribute.
        """
        self._check_words()
        task = self.task
        numbers = (
            ("minutes", self.minutes, 1, LONGEST_RUN),
            ("count", task.count, 1, 100_000),
            ("gpus", task.gpus, 0, 1024),
            ("cpu_milli", task.cpu_milli, 0, 10**9),
            ("memory_mib", task.memory_mib, 0, 10**9),
            ("shards", self.shards, 0, 1000),
        )
        for name, value, least, most in numbers:
            if not least <= value <= most:
                raise _wrong(name, f"{name} must be from {least:,} to {most:,}, not {value:,}")
        if task.gpus == 1 and not 1 <= task.gpu_milli <= WHOLE:
            raise _wrong("gpu_milli", "a GPU is asked for by 1 to 1,000 thousandths")
        if task.gpus == 1 and task.gpu_milli < WHOLE and not self.shards:
            raise _wrong(
                "gpu_milli",
                "this cluster has no shards: a part of a GPU cannot be asked for; ask for 1,000 thousandths",
            )
        if task.gpus == 1 and task.gpu_milli < WHOLE and task.models:
            raise _wrong(
                "models", "Slurm's shards have no model: leave the models out or ask for a whole GPU"
            )

    def _check_words(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise _wrong("token", "a token is 8 to 64 of a-z, 0-9 and -, and begins and ends with none of -")
        if not self.script.startswith("#!"):
            raise _wrong("script", "the script must begin with #! and its interpreter")
        if "\0" in self.script or len(self.script.encode(errors="replace")) > LONGEST_SCRIPT:
            raise _wrong("script", "the script holds a NUL character or is larger than 1 MB")
        if DIRECTIVE.search(self.script):
            raise _wrong("script", "lines of #SBATCH, #PBS or #BSUB would change the request: take them out")
        for name in ("partition", "account", "qos"):
            if getattr(self, name) and not _WORD.fullmatch(getattr(self, name)):
                raise _wrong(name, f"{name} is letters, digits, _, . and -, 63 at most")
        for model in self.task.models:
            if not _WORD.fullmatch(model):
                raise _wrong("models", "a GPU model is letters, digits, _, . and -, 63 at most")
        if not _PATH.fullmatch(self.folder) or not _PATH.fullmatch(self.output.replace("%j", "")):
            raise _wrong("folder", "folder and output are absolute paths, without % (but %j) and \\")

    def digest(self) -> str:
        """SM3 of what is asked for: the same token must always stand for the same request."""
        held: dict[str, Any] = asdict(self)
        for unsent in ("name", "tenant", "quality", "submitted", "started", "ended", "estimate"):
            del held["task"][unsent]
        return sm3_hex(json.dumps(held, sort_keys=True, ensure_ascii=False).encode())

    def arguments(self) -> list[str]:
        """Arguments of sbatch; the job is held (``--hold``) until its number has been written down.

        CPUs and memory are rounded up to whole cores and MiB. Where several models will do, nodes must say
        theirs as a feature (``Feature=V100M16``).
        """
        task = self.task
        cores = max(-(-task.cpu_milli // 1000), 1)
        listed = [
            "--parsable",
            "--hold",
            f"--job-name={self.token}",
            f"--comment={MARK}{self.token}",
            f"--time={self.minutes}",
            f"--chdir={self.folder}",
            f"--output={self.output}",
            f"--ntasks={task.count}",
            f"--cpus-per-task={cores}",
            "--requeue" if self.requeue else "--no-requeue",
            "--ignore-pbs",
        ]
        if task.memory_mib:
            listed.append(
                f"--mem={task.memory_mib}M"
                if task.count == 1
                else f"--mem-per-cpu={-(-task.memory_mib // cores)}M"
            )
        listed.extend(
            f"--{name}={getattr(self, name)}"
            for name in ("partition", "account", "qos")
            if getattr(self, name)
        )
        return listed + self._gpus()

    def _gpus(self) -> list[str]:
        task = self.task
        if not task.gpus:
            return []
        if task.gpu_milli < WHOLE and task.gpus == 1:
            shards = -(-task.gpu_milli * self.shards // WHOLE)
            return (
                [f"--gres=shard:{shards}"]
                if task.count == 1
                else ["--ntasks-per-node=1", f"--gres=shard:{shards}"]
            )
        models = tuple(dict.fromkeys(task.models))
        kind = f"{models[0]}:" if len(models) == 1 else ""
        asked = [f"--constraint={'|'.join(models)}"] if len(models) > 1 else []
        if task.count == 1:
            return [*asked, f"--gres=gpu:{kind}{task.gpus}"]
        return [*asked, f"--gpus-per-task={kind}{task.gpus}"]


def _wrong(name: str, why: str) -> SchedulingError:
    return SchedulingError(why, kind="request", subjects=(name,))
