"""Quotas and priorities (配额与优先级) in the words of real schedulers: Kueue and Slurm."""

from __future__ import annotations

from langqiao.engines.scheduling.export.kueue import kueue_objects, kueue_yaml
from langqiao.engines.scheduling.export.plan import Capacity, Ceiling, Plan, capacities_of, read_plan
from langqiao.engines.scheduling.export.slurm import SlurmFiles, slurm_files

__all__ = [
    "Capacity",
    "Ceiling",
    "Plan",
    "SlurmFiles",
    "capacities_of",
    "kueue_objects",
    "kueue_yaml",
    "read_plan",
    "slurm_files",
]
