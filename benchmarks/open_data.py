"""How long a data set of many rows takes in each form, and how much memory it holds at most.

Rows are made up as they are read, so that only writing is measured. As a peer, the same rows are gathered and
written by pandas in the same run.

    python benchmarks/open_data.py --rows 200000 [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langqiao.web.settings")

import django

django.setup()

from langqiao.apps.eye.open_data.formats import csv_chunks, json_chunks, parquet_chunks  # noqa: E402
from langqiao.kit.opendata import Column, Dataset  # noqa: E402

KINDS = ("integer", "text", "text", "decimal", "number", "boolean", "date", "datetime", "list", "text")
COLUMNS = tuple(Column(f"c{place}", kind, "列") for place, kind in enumerate(KINDS))  # type: ignore[arg-type]
AT, DAY = datetime(2026, 11, 27, 8, 30, tzinfo=UTC), date(2026, 11, 27)


def made(count: int) -> Iterator[tuple[Any, ...]]:
    """So many rows of ten columns."""
    for n in range(count):
        yield (
            n, f"机构 {n}", "说明" * 20, Decimal(n) / 4, n / 3, n % 2 == 0, DAY, AT,
            ["materials", "ai"], f"https://example.org/{n}",
        )  # fmt: skip


def measured(work: Callable[[], int]) -> dict[str, float]:
    """Bytes, seconds, and the most memory held, MiB (a second run, under tracemalloc)."""
    start = time.perf_counter()
    size = work()
    seconds = time.perf_counter() - start
    tracemalloc.start()
    work()
    most = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return {"bytes": size, "seconds": round(seconds, 2), "peak_mib": round(most, 1)}


def drained(chunks: Iterable[bytes]) -> int:
    """Bytes of a stream, which is thrown away."""
    return sum(len(chunk) for chunk in chunks)


def gathered(count: int) -> int:
    """The peer: all rows in a table of pandas, written as CSV at once."""
    import pandas as pd

    table = pd.DataFrame(made(count), columns=[column.name for column in COLUMNS])
    return len(table.to_csv(index=False).encode())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    dataset = Dataset("made", "made", "made", "eye", COLUMNS, rows=lambda: made(given.rows))
    found = {
        "CSV": measured(lambda: drained(csv_chunks(dataset))),
        "JSON": measured(lambda: drained(json_chunks(dataset))),
        "Parquet": measured(lambda: drained(parquet_chunks(dataset))),
        "pandas CSV, gathered": measured(lambda: gathered(given.rows)),
    }
    print("| form | MB | s | peak MiB |\n|---|---|---|---|")
    for name, one in found.items():
        print(f"| {name} | {one['bytes'] / 1e6:.1f} | {one['seconds']} | {one['peak_mib']} |")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
