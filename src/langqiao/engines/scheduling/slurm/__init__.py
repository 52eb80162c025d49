"""A Slurm back end (真实作业后端): submit, watch and cancel jobs, each of them run at most once."""

from __future__ import annotations

from langqiao.engines.scheduling.slurm.backend import Backend, Held
from langqiao.engines.scheduling.slurm.cluster import Seen
from langqiao.engines.scheduling.slurm.commands import Programs, SlurmError
from langqiao.engines.scheduling.slurm.request import Request

__all__ = ["Backend", "Held", "Programs", "Request", "Seen", "SlurmError"]
