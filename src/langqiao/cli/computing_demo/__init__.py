"""The demo of the computing centre: the campus as published, with illustrative tenants (示例) and jobs."""

from __future__ import annotations

from collections.abc import Callable

from langqiao.engines.matching.types import Progress


def load(*, progress: Callable[[Progress], None]) -> None:
    """Load the campus, its requests and quotas, its jobs; needs the corridor's demo records.

    Raises:
        Refused: a record is wrong; the message names it.
    """
    from langqiao.cli.computing_demo.campus import load_campus
    from langqiao.cli.computing_demo.jobs import load_jobs
    from langqiao.cli.computing_demo.sharing import load_sharing

    load_campus(progress)
    load_sharing(progress)
    load_jobs(progress)
