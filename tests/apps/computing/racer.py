"""A process that pays bills from one voucher and runs rounds as fast as it can; test_race.py starts several at once.

``make`` fills an empty database, ``check`` says what there is; else it waits for the file that it is given, and
then begins.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import django

BILLS = 6
JOBS = 12


def fill() -> None:
    """One voucher of ten yuan, six bills of eight, twelve jobs for eight GPUs, one of which waits for all."""
    from django.utils import timezone

    from langqiao.apps.computing.domain import jobs
    from langqiao.apps.computing.models import Scheme, Tenant
    from tests.factories import computing as make

    campus = make.make_campus()
    make.make_server(make.make_rack(make.make_hall(make.make_building(campus))))
    tenant: Tenant = make.make_tenant(campus, gpu_milli=8000)
    grant = make.make_grant(tenant, gpus=8)
    scheme: Scheme = make.make_scheme(share_domestic=100, share_other=100)
    make.make_voucher(scheme, organisation=tenant.organisation, amount=10)
    month = timezone.localdate().replace(day=1)
    for number in range(BILLS):
        make.make_bill(tenant, month=month.replace(year=month.year - number), lines=((8, True),))
    for number in range(JOBS):
        jobs.submit_job(
            None, grant, token=f"job-{number}", name=f"作业{number}", cpu_milli=1000, memory_mib=1024,
            gpus=1, estimate=3600,
        )  # fmt: skip


def race() -> dict[str, Any]:
    """Pay five yuan of every bill, run three rounds, end what runs; what of it succeeded here."""
    from langqiao.apps.computing.domain import jobs, vouchers
    from langqiao.apps.computing.domain.scheduling import schedule
    from langqiao.apps.computing.models import Bill, Campus, Job, Voucher
    from langqiao.kit.refusals import Refused

    campus, voucher = Campus.objects.get(), Voucher.objects.get()
    found: dict[str, Any] = {"paid": [], "started": [], "ended": []}
    for bill in Bill.objects.order_by("pk"):
        try:
            vouchers.redeem(None, voucher, bill, amount=5)  # type: ignore[arg-type]
            found["paid"].append(bill.pk)
        except Refused:
            pass
    for _ in range(3):
        found["started"] += schedule(None, campus).started
        for job in Job.objects.filter(state=Job.State.RUNNING).order_by("pk"):
            try:
                jobs.finish_job(None, job)
                found["ended"].append(job.pk)
            except Refused:
                pass
    return found


def check() -> dict[str, Any]:
    """What the database holds after a race."""
    from django.db.models import Sum

    from langqiao.apps.computing.domain.jobs import charged
    from langqiao.apps.computing.models import Bill, Grant, Job, Redemption, Usage, Voucher
    from langqiao.apps.ledger.models import Entry
    from langqiao.apps.ledger.queries import verify

    voucher, grant = Voucher.objects.get(), Grant.objects.get()
    paid = Redemption.objects.aggregate(paid=Sum("amount"))["paid"]
    return {
        "spent": float(voucher.spent),
        "redeemed": float(paid or 0),
        "by_voucher": float(Bill.objects.aggregate(paid=Sum("by_voucher"))["paid"] or 0),
        "used": grant.used_seconds,
        "counted": sum(charged(row.gpu_seconds) for row in Usage.objects.all()),
        "held": grant.held_seconds,
        "open": Job.objects.exclude(state=Job.State.DONE).count() * 3600,
        "runs": Usage.objects.count(),
        "entries": [
            Entry.objects.filter(verb=verb).count() for verb in ("redeem", "start_job", "finish_job")
        ],
        "fault": verify().fault,
    }


def main() -> None:
    django.setup()
    if sys.argv[1] == "make":
        fill()
    elif sys.argv[1] == "check":
        print(json.dumps(check()))
    else:
        print("ready", flush=True)
        while not Path(sys.argv[1]).exists():
            time.sleep(0.005)
        print(json.dumps(race()))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langqiao.web.settings")
    main()
