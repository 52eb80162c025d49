"""Jobs of the demo (示例): some ran last month and are billed, some run now, some wait for different reasons.

Loading twice changes nothing: a job's code is its token, and what it did once is not done again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from langqiao.apps.computing.domain import sharing
from langqiao.apps.computing.domain.billing import make_bills, midnight, set_price
from langqiao.apps.computing.domain.jobs import finish_job, submit_job
from langqiao.apps.computing.domain.scheduling import schedule
from langqiao.apps.computing.models import Bill, Campus, Job, Request, Usage
from langqiao.apps.registry.models import Organisation
from langqiao.cli.corridor_demo import folder
from langqiao.engines.matching.types import Progress
from langqiao.kit.refusals import Refused

# A request that was granted before last month, so that there is something to bill.
EARLIER: dict[str, Any] = {
    "code": "C-REQ-101",
    "organisation": "A-ORG-115",
    "title": "工业缺陷基线模型（示例）",
    "purpose": "清洗样本并训练基线模型。演示用，非真实申请。",
    "gpus": 8,
    "gpu_hours": 2000,
}
RUNNING_SINCE = timedelta(hours=3)


def load_jobs(progress: Callable[[Progress], None]) -> None:
    """Set prices, play last month's jobs and its bill, start what runs now, queue what waits.

    Raises:
        Refused: campus or grants of the demo are not loaded yet, or a record is wrong.
    """
    campus = Campus.objects.order_by("pk").first()
    if campus is None:
        raise Refused("还没有登记算力园区。", mend="请先载入园区的示例数据。")
    for row in _rows("prices"):
        day = date.fromisoformat(row["from_on"])
        set_price(None, campus, **{**row, "from_on": day, "illustrative": True})
    _earlier(campus)
    now = timezone.now()
    # What runs began today: the grants of the demo do.
    since = max(now - RUNNING_SINCE, midnight(timezone.localdate(now)))
    rows = _rows("jobs")
    for done, row in enumerate(rows, start=1):
        if not Job.objects.filter(token=row["code"]).exists():
            with transaction.atomic():
                _play(campus, row, since)
        progress(Progress("jobs", done, len(rows)))
    month = timezone.localdate(now).replace(day=1) - timedelta(days=1)
    billed = Bill.objects.filter(tenant__campus=campus, month=month.replace(day=1))
    if Usage.objects.filter(tenant__campus=campus, bill=None).exists() and not billed.exists():
        make_bills(None, campus, month=month)


def _rows(name: str) -> list[dict[str, Any]]:
    lines = (folder() / "computing" / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


@transaction.atomic
def _earlier(campus: Campus) -> None:
    if Request.objects.filter(code=EARLIER["code"]).exists():
        return
    firm = Organisation.objects.filter(code=EARLIER["organisation"]).first()
    if firm is None:
        raise Refused(f"名录中没有示例机构 {EARLIER['organisation']}。", mend="请先运行 langqiao demo。")
    today = timezone.localdate()
    asked = sharing.draft_request(
        None,
        campus,
        organisation=firm,
        code=EARLIER["code"],
        title=EARLIER["title"],
        purpose=EARLIER["purpose"],
        gpus=EARLIER["gpus"],
        gpu_hours=EARLIER["gpu_hours"],
        starts_on=today - timedelta(days=60),
        ends_on=today + timedelta(days=90),
        illustrative=True,
    )
    sharing.submit_request(None, asked)
    sharing.approve_request(None, asked)


def _play(campus: Campus, row: dict[str, Any], since: datetime) -> None:
    """Submit a job, and let it run where its record says so."""
    grant = Request.objects.get(code=row["request"]).grant
    first = timezone.localdate().replace(day=1)
    at = {
        Job.State.DONE: midnight(first + timedelta(days=row.get("day", 0))),
        Job.State.RUNNING: since,
        Job.State.QUEUED: timezone.now(),
    }[row["state"]]
    job = submit_job(
        None,
        grant,
        token=row["code"],
        at=at,
        name=row["name"],
        gpus=row["gpus"],
        gpu_milli=row.get("gpu_milli", 1000),
        count=row.get("count", 1),
        cpu_milli=row["cores"] * 1000,
        memory_mib=row["memory_gib"] * 1024,
        gpu_models=row["models"],
        estimate=row["hours"] * 3600,
        priority=row.get("priority", 0),
    )
    schedule(None, campus, at=at)
    if row["state"] == Job.State.DONE:
        job.refresh_from_db()
        finish_job(None, job, at=at + timedelta(hours=row["ran_hours"]))
