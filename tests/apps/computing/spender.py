"""A process that submits, runs, ends, bills and pays without pause, to be killed; run by test_crash.py.

It goes through the same acts from the beginning each time, with the same tokens, as a caller does that does not
know how far it came.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

import django

JOBS = 12


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "langqiao.web.settings"
    django.setup()
    from django.utils import timezone

    from langqiao.apps.computing.domain import billing, jobs, vouchers
    from langqiao.apps.computing.domain.scheduling import schedule
    from langqiao.apps.computing.models import Bill, Campus, Grant, Job, Voucher
    from langqiao.apps.ledger.queries import verify
    from langqiao.kit.refusals import Refused

    campus, grant = Campus.objects.get(), Grant.objects.get()
    print("ready", flush=True)
    for number in range(JOBS):
        jobs.submit_job(
            None, grant, token=f"job-{number}", name=f"作业{number}", cpu_milli=1000, memory_mib=1024,
            gpus=2, count=1 + number % 2, estimate=3600,
        )  # fmt: skip
        print(f"job {number}", flush=True)
    while True:
        schedule(None, campus)
        running = list(Job.objects.filter(state=Job.State.RUNNING).order_by("pk"))
        print(f"round {len(running)}", flush=True)
        if not running:
            break
        for job in running:
            jobs.finish_job(None, job)
            print(f"end {job.pk}", flush=True)
    today = timezone.localdate()
    month = today.replace(day=1)
    bill = billing.make_bill(None, grant.tenant, month=month, today=month + timedelta(days=40))
    print("bill", flush=True)
    for voucher in Voucher.objects.order_by("pk"):
        try:
            vouchers.redeem(None, voucher, Bill.objects.get(pk=bill.pk), amount=5)
        except Refused as refused:
            print(f"refused {refused}", flush=True)
        print("paid", flush=True)
    fault = verify().fault
    print("all" if fault is None else f"the ledger is broken: {fault}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
