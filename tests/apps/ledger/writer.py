"""A process that writes N ledger entries one by one; test_writers.py starts several at once."""

from __future__ import annotations

import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langqiao.web.settings")
    django.setup()
    from django.db import transaction

    from langqiao.apps.ledger.domain import record

    name, count = sys.argv[1], int(sys.argv[2])
    for i in range(count):
        with transaction.atomic():
            record(None, "note", f"test.{name}:{i}")
        print(i, flush=True)
