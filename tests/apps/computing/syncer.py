"""A process that runs rounds and looks at Slurm until no job is left, to be killed; run by the tests of recovery.

Arguments: the journal, and slurm.conf of a real Slurm or the folder of a stand-in's programs.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import django


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "langqiao.web.settings"
    django.setup()
    from langqiao.apps.computing.domain.scheduling import schedule
    from langqiao.apps.computing.domain.slurm import sync
    from langqiao.apps.computing.models import Campus, Job
    from langqiao.apps.ledger.queries import verify
    from langqiao.engines.scheduling.journal import Journal
    from langqiao.engines.scheduling.slurm import Backend, Programs

    where = Path(sys.argv[2])
    programs = Programs(folder=where) if where.is_dir() else Programs(conf=where)
    backend = Backend(programs, Journal(sys.argv[1]))
    campus = Campus.objects.get()
    print("ready", flush=True)
    while Job.objects.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING)).exists():
        schedule(None, campus)
        print("round", flush=True)
        look = sync(None, campus, backend)
        print(f"look {look}", flush=True)
        time.sleep(0.1)
    fault = verify().fault
    print("all" if fault is None else f"the ledger is broken: {fault}", flush=True)


if __name__ == "__main__":
    main()
