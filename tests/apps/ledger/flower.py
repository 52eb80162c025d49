"""A process that writes entries that count, or catches the sums up; test_flows.py starts several at once."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

ENTRIES = 150


def moved(_entry: Any, data: Any) -> Any:
    from langqiao.apps.ledger.flows import Flow

    return [Flow(data["from"], data["to"], 1)]


def main(what: str) -> str:
    from django.db import transaction

    from langqiao.apps.ledger.domain import Act, record_all
    from langqiao.apps.ledger.flows import catch_up, kept_sums, only, plain_sums

    if what == "write":
        for number in range(ENTRIES // 3):
            with transaction.atomic():
                data = {"from": "hefei", "to": ("wuhu", "huzhou")[number % 2]}
                record_all(None, [Act("move", "test.thing:1", data)] * 3)
        return "written"
    with only(("talent", "test", "move", moved)):
        until = time.monotonic() + 60
        while catch_up() < ENTRIES and time.monotonic() < until:
            time.sleep(0.002)
        return "equal" if kept_sums() == plain_sums() and kept_sums() else "different"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langqiao.web.settings")
    import django

    django.setup()
    sys.stdout.write(main(sys.argv[1]) + "\n")
