"""Who shares the campus in the demo: real voucher schemes, illustrative requests and vouchers (示例).

Loading twice changes nothing: schemes and requests have codes, a firm gets one voucher of a scheme.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from langqiao.apps.computing.domain import quotas, sharing, vouchers
from langqiao.apps.computing.models import Campus, Request, Scheme, Voucher
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import Organisation
from langqiao.cli.corridor_demo import folder
from langqiao.engines.matching.types import Progress
from langqiao.kit.refusals import Refused

MILLI = 1000
MONEY = ("cap_firm_year", "pool_year", "pool_total")
DAYS = ("starts_on", "ends_on", "source_date")


def load_sharing(progress: Callable[[Progress], None]) -> None:
    """Register the schemes, set quotas of cities, play the requests as far as each says, issue vouchers.

    Raises:
        Refused: no campus or organisation of the demo is loaded yet, or a record is wrong.
    """
    campus = Campus.objects.order_by("pk").first()
    if campus is None:
        raise Refused("还没有登记算力园区。", mend="请先载入园区的示例数据。")
    steps: list[tuple[Callable[[Campus, dict[str, Any]], None], dict[str, Any]]] = [
        (play, row)
        for play, name in (
            (_scheme, "schemes"),
            (_city_quota, "quotas"),
            (_request, "requests"),
            (_voucher, "vouchers"),
        )
        for row in _rows(name)
    ]
    for done, (play, row) in enumerate(steps, start=1):
        with transaction.atomic():
            play(campus, row)
        progress(Progress("sharing", done, len(steps)))


def _rows(name: str) -> list[dict[str, Any]]:
    lines = (folder() / "computing" / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def _organisation(code: str) -> Organisation:
    found = Organisation.objects.filter(code=code).first()
    if found is None:
        raise Refused(f"名录中没有示例机构 {code}。", mend="请先运行 langqiao demo。")
    return found


def _scheme(_campus: Campus, row: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        name: Decimal(value) if name in MONEY else date.fromisoformat(value) if name in DAYS else value
        for name, value in row.items()
    }
    values["city"] = Lookups().city(row.get("city", ""))
    known = Scheme.objects.filter(code=row["code"]).first()
    if known is None:
        vouchers.register_scheme(None, **values)
    else:
        vouchers.revise_scheme(None, known, **values)


def _city_quota(campus: Campus, row: dict[str, Any]) -> None:
    city = Lookups().city(row["city"])
    if city is not None:
        quotas.set_city_quota(
            None, campus, city=city, gpu_milli=row["gpus"] * MILLI, borrow_milli=row["borrow"] * MILLI
        )


def _request(campus: Campus, row: dict[str, Any]) -> None:
    if Request.objects.filter(code=row["code"]).exists():
        return
    today = timezone.localdate()
    asked = sharing.draft_request(
        None,
        campus,
        organisation=_organisation(row["organisation"]),
        code=row["code"],
        title=row["title"],
        purpose=row["purpose"],
        gpus=row["gpus"],
        gpu_hours=row["gpu_hours"],
        chips=row.get("chips", Request.Chips.ANY),
        starts_on=today,
        ends_on=today + timedelta(days=row["days"]),
        illustrative=True,
    )
    if row["state"] == Request.State.DRAFT:
        return
    sharing.submit_request(None, asked)
    if row["state"] == Request.State.APPROVED:
        sharing.approve_request(None, asked, **row.get("granted", {}))
    elif row["state"] == Request.State.RETURNED:
        sharing.return_request(None, asked, why=row["why"])


def _voucher(_campus: Campus, row: dict[str, Any]) -> None:
    scheme, firm = Scheme.objects.get(code=row["scheme"]), _organisation(row["organisation"])
    if not Voucher.objects.filter(scheme=scheme, organisation=firm).exists():
        vouchers.issue_voucher(
            None,
            scheme,
            organisation=firm,
            amount=Decimal(row["amount"]),
            expires_on=timezone.localdate() + timedelta(days=row["days"]),
            domestic_only=row.get("domestic_only", False),
            illustrative=True,
        )
