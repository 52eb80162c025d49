"""The site's jobs on a real Slurm: kill -9 of the syncer at random moments, and each job runs and counts once."""

from __future__ import annotations

from pathlib import Path

import pytest

from langqiao.engines.scheduling.slurm import Programs
from tests.apps.computing.recovery import JOBS, settle, trial
from tests.engines.scheduling.slurm.conftest import slurm  # noqa: F401  # the fixture of a real Slurm

pytestmark = pytest.mark.slurm


def test_killed_again_and_again_each_job_of_the_site_runs_and_counts_once(
    slurm: Programs,  # noqa: F811  # it takes the fixture's name
    tmp_path: Path,
) -> None:
    runs = settle(tmp_path)
    assert slurm.conf is not None
    trial(tmp_path, slurm.conf, kills=8, seed=4)
    names = sorted(mark.name.split(".")[0] for mark in runs.iterdir())
    assert (len(names), len(set(names))) == (JOBS, JOBS)
