"""How long the Eye takes with a ledger of a million entries, beside the plain sum over the same ledger.

    python -m benchmarks.eye [--entries N] [--share P] [--folder DIR] [--json]

A SQLite database in a temporary folder is filled with synthetic entries: of each hundred, ``--share`` are
public acts that count as flows, the rest are other acts, public or not. Measured are the first view of the
Eye from a warm process, catching up with a thousand new entries, a view that catches up, a rebuild, how long
a writer takes with and without a reader that catches up after each act, and the plain sum over the ledger,
entry by entry, as the baseline of the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.clock import timed

ROUNDS = 9
MONTHS = 36
BATCH = 10_000
CITIES = ("songjiang", "jiaxing", "hangzhou", "jinhua", "suzhou", "huzhou", "xuancheng", "wuhu", "hefei")
ORGANISATIONS = 5_000


def act_of(chance: random.Random, share: int) -> tuple[str, str, str, str, str, dict[str, Any]]:
    """App, verb, object, city, visibility and data of a synthetic entry."""
    if chance.randrange(100) >= share:
        seen = chance.choice(("public", "public", "parties"))
        return "registry", "add_achievement", f"registry.achievement:{chance.randrange(10**6)}", "", seen, {}
    a, b = chance.choice(CITIES), chance.choice(CITIES)
    return chance.choice(
        (
            ("challenges", "sign_contract", "challenges.challenge:1", b, "public",
             {"from": {a: [chance.randrange(1, ORGANISATIONS)]}}),
            ("registry", "revise_person", "registry.person:1", b, "public", {"changes": {"city": [a, b]}}),
            ("conference", "record_project", "conference.project:1", b, "public",
             {"invested": [{"from": a, "to": b, "wan": str(chance.randrange(1, 100_000))}]}),
            ("computing", "publish_usage", "computing.campus:1", a, "public",
             {"to": b, "gpu_seconds": chance.randrange(1, 10**6)}),
            ("quantum", "publish_keys", "quantum.site:1", a, "public",
             {"to": b, "keys": chance.randrange(1, 10**4)}),
        )
    )  # fmt: skip


def synthetic(first: int, count: int, share: int, *, seed: int, of: int) -> Iterator[Any]:
    """Entries of a ledger of ``of``, over three years that end now; hashes are numbers: none is verified."""
    from langqiao.apps.ledger.models import Entry

    chance = random.Random(seed)
    now = datetime.now(UTC)
    for number in range(first, first + count):
        app, verb, thing, city, seen, data = act_of(chance, share)
        back = timedelta(days=MONTHS * 30.4 * max(0, of - number) / of)
        yield Entry(
            sequence=number, at=now - back, actor="system", city=city, app=app, verb=verb, object=thing,
            organisation=f"registry.organisation:{chance.randrange(1, ORGANISATIONS)}",
            case=f"LQ-2026-{chance.randrange(10**4):04}" if chance.random() < 0.5 else "",
            visibility=seen, data=json.dumps(data), previous=f"{number - 1:064x}", hash=f"{number:064x}",
        )  # fmt: skip


def fill(count: int, share: int) -> None:
    """Write the entries and the head of the chain."""
    from django.db import transaction

    from langqiao.apps.ledger.models import Entry, Head

    begun = Head.objects.get(id=1).sequence + 1  # loading the corridor has written some
    for first in range(begun, count + 1, BATCH):
        size = min(BATCH, count + 1 - first)
        with transaction.atomic():
            Entry.objects.bulk_create(
                list(synthetic(first, size, share, seed=first, of=count)), batch_size=1_000
            )
            Head.objects.update_or_create(
                id=1, defaults={"sequence": first + size - 1, "hash": f"{first + size - 1:064x}"}
            )


def add(count: int, share: int) -> None:
    """Some more entries at the end."""
    from django.db import transaction

    from langqiao.apps.ledger.models import Entry, Head

    with transaction.atomic():
        head = Head.objects.select_for_update().get(id=1)
        Entry.objects.bulk_create(
            list(synthetic(head.sequence + 1, count, share, seed=head.sequence, of=head.sequence)),
            batch_size=1_000,
        )
        head.sequence += count
        head.hash = f"{head.sequence:064x}"
        head.save()


def write_one() -> None:
    """One act as a verb writes it."""
    from django.db import transaction

    from langqiao.apps.ledger.domain import record

    with transaction.atomic():
        record(None, "publish_keys", "quantum.site:1", data={"to": "hefei", "keys": 1}, city="songjiang")


def middle(times: Sequence[float]) -> float:
    """Median, ms."""
    return round(statistics.median(times), 1)


def measure(count: int, share: int) -> dict[str, Any]:
    """Fill and measure."""
    from django.test import Client

    from langqiao.apps.ledger.flows import catch_up, kept_sums, plain_sums, rebuild
    from langqiao.apps.ledger.models import FlowLine
    from langqiao.apps.registry.domain import load_corridor

    load_corridor(None)
    first = timed(lambda: fill(count, share))
    client = Client()

    def view(path: str = "/eye/") -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")

    found: dict[str, Any] = {"entries": count, "share": share, "fill_s": round(first / 1000, 1)}
    found["rebuild_s"] = round(timed(rebuild) / 1000, 2)
    plain: dict[Any, Any] = {}
    found["plain_sum_s"] = round(timed(lambda: plain.update(plain_sums())) / 1000, 2)
    if plain != kept_sums():
        raise RuntimeError("the kept sums differ from the plain sum")
    found["lines"], found["sums"] = FlowLine.objects.count(), len(plain)
    view()  # warms templates and catalogues
    found["first_view_ms"] = middle([timed(view) for _ in range(ROUNDS)])
    found["city_ms"] = middle([timed(lambda: view("/eye/cities/hefei/")) for _ in range(ROUNDS)])
    found["evidence_ms"] = middle(
        [timed(lambda: view("/eye/evidence/?kind=keys&period=year")) for _ in range(ROUNDS)]
    )
    catching = []
    for _round in range(ROUNDS):
        add(1_000, share)
        catching.append(timed(catch_up))
    found["catch_up_1000_ms"] = middle(catching)
    viewing = []
    for _round in range(ROUNDS):
        add(1_000, share)
        viewing.append(timed(view))
    found["view_with_1000_new_ms"] = middle(viewing)
    found["write_ms"] = middle([timed(write_one) for _ in range(50)])
    after = []
    for _round in range(50):
        after.append(timed(write_one))
        catch_up()
    found["write_while_read_ms"] = middle(after)
    plain_ms = found["plain_sum_s"] * 1000
    found["plain_sum_over_first_view"] = round(plain_ms / found["first_view_ms"], 1)
    found["plain_sum_over_catch_up"] = round(plain_ms / found["catch_up_1000_ms"], 1)
    found["rebuild_over_plain_sum"] = round(found["rebuild_s"] / found["plain_sum_s"], 2)
    return found


def main() -> None:
    """Run in a folder of its own and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--share", type=int, default=30, help="how many of a hundred entries count as flows")
    parser.add_argument("--folder", type=Path, default=None, help="where the temporary database goes")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        os.environ.pop("DATABASE_URL", None)
        os.environ |= {"LANGQIAO_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "langqiao.web.settings"}
        os.environ |= {"LANGQIAO_HOSTS": "testserver", "LANGQIAO_LOG_LEVEL": "ERROR"}
        import django

        django.setup()
        from django.apps import apps
        from django.conf import settings
        from django.core.management import call_command

        # The tables as the models have them: the database lives as long as this run.
        settings.MIGRATION_MODULES = {one.label: None for one in apps.get_app_configs()}
        call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
        found = measure(asked.entries, asked.share)
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name:<28}{value:>14,}")


if __name__ == "__main__":
    main()
