"""A process that imports a file and stops half-way to be killed; run by test_exchange_crash.py."""

from __future__ import annotations

import os
import sys
import time

import django


def main(path: str, stop_after: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.unmigrated"
    django.setup()
    from django.core.management import call_command

    from langqiao.apps.registry.exchange import import_file

    call_command("migrate", run_syncdb=True, verbosity=0)

    def tell(stage: str, done: int, total: int) -> None:
        if stop_after and done >= stop_after:
            print("half", flush=True)
            time.sleep(60)

    report = import_file(None, path, "organisations", progress=tell)
    print(report.created, report.unchanged, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
