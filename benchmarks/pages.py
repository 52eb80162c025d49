"""How long the challenge page with its four panels takes, from the demo's size to a large corridor.

    python -m benchmarks.pages --docs FILE… [--grow N] [--json]

The demo corridor is loaded into a folder of its own and measured; then achievements made from the
sentences of ``--docs`` are imported until the corridor holds ``--grow`` of them, and the same pages
are measured again. The demo's size is the baseline: ``ratio`` says what the large corridor costs.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.clock import timed
from benchmarks.corpora import read_papers, recombined

CHALLENGES = 40
ROUNDS = 2


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile, ms."""
    ordered = sorted(milliseconds)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
    }


def measure_pages() -> dict[str, dict[str, float]]:
    """Times of the panels and pages over the demo's challenges; the first round only warms up."""
    from django.test import Client

    from langqiao.apps.challenges.matching import match_challenge, search_all
    from langqiao.apps.challenges.models import Challenge

    client = Client()
    challenges = list(Challenge.objects.select_related("organisation", "city")[:CHALLENGES])

    def get(path: str, *, part: str = "") -> None:
        headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": part} if part else {}
        response = client.get(path, headers=headers)
        if response.status_code != 200:
            raise RuntimeError(f"{path} answered {response.status_code}")

    tasks: dict[str, Callable[[Any], object]] = {
        "panels": lambda c: match_challenge(c, viewer=None),
        "panels_page": lambda c: get(f"/challenges/{c.pk}/matches/", part="section#panels"),
        "match_page": lambda c: get(f"/match/?text={c.title}"),
        "challenge_page": lambda c: get(f"/challenges/{c.pk}/"),
        "suggestions": lambda c: search_all(c.title[:4]),
        "achievement_list": lambda c: get(f"/achievements/?page={c.pk % 9 + 1}"),
    }
    measured: dict[str, dict[str, float]] = {}
    for name, task in tasks.items():
        for _round in range(ROUNDS):
            times = [timed(partial(task, c)) for c in challenges]
        measured[name] = percentiles(times)
    return measured


def measure_new_record() -> float:
    """Seconds from saving one achievement until a search finds it."""
    from langqiao.apps.challenges.matching import follow, search_all
    from langqiao.apps.registry.domain import add_achievement

    begun = time.perf_counter()
    title = "钽酸锂压电薄膜离子剥离转移"
    add_achievement(None, kind="technology", title=title, abstract="离子剥离转移的钽酸锂压电薄膜。")
    follow.catch_up()
    if search_all(title)[0].title != title:
        raise RuntimeError("the new record was not found")
    return round(time.perf_counter() - begun, 2)


def grow(docs: Sequence[Path], count: int) -> dict[str, float]:
    """Import made-up achievements and rebuild the index; seconds of both."""
    from langqiao.apps.challenges.matching import follow
    from langqiao.apps.registry.domain import upsert_many

    papers = list(itertools.chain.from_iterable(read_papers(path) for path in docs))
    cities = ["songjiang", "jiaxing", "hangzhou", "jinhua", "suzhou", "huzhou", "xuancheng", "wuhu", "hefei"]
    rows = [
        {
            "code": f"grown:{n}", "kind": "paper", "title": abstract[:30], "abstract": abstract,
            "city": cities[n % 9], "trl": n % 9 + 1, "date": f"{2015 + n % 11}-06-01",
        }
        for n, abstract in enumerate(recombined(papers, count))
    ]  # fmt: skip
    begun = time.perf_counter()
    summary = upsert_many(None, "achievements", rows)
    imported = time.perf_counter()
    if summary.refused:
        raise RuntimeError(str(summary.refusals[0]))
    follow.rebuild()
    return {"import": round(imported - begun, 1), "rebuild": round(time.perf_counter() - imported, 1)}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--docs", type=Path, nargs="+", required=True)
    parser.add_argument("--grow", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"LANGQIAO_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "langqiao.web.settings"}
        os.environ |= {"LANGQIAO_HOSTS": "testserver", "LANGQIAO_LOG_LEVEL": "ERROR"}
        os.environ["LANGQIAO_MATCHES_PER_MINUTE"] = "0"  # no visitor asks as often
        import django

        django.setup()
        from langqiao.cli import corridor_demo, migrate

        migrate()
        corridor_demo.load(progress=lambda _progress: None)
        small = measure_pages()
        seconds = grow(options.docs, options.grow)
        large = measure_pages()
        report = {
            "achievements": options.grow,
            "seconds": seconds | {"new_record": measure_new_record()},
            "demo_ms": small,
            "large_ms": large,
            "ratio": {name: round(large[name]["p50"] / small[name]["p50"], 2) for name in large},
        }
    if options.json:
        print(json.dumps(report))
        return
    print(f"{'ms':18}{'demo p50':>10}{'p95':>8}{'large p50':>12}{'p95':>8}{'ratio':>8}")
    for name, times in large.items():
        print(
            f"{name:18}{small[name]['p50']:10}{small[name]['p95']:8}{times['p50']:12}{times['p95']:8}"
            f"{report['ratio'][name]:8}"
        )
    print("seconds:", report["seconds"])


if __name__ == "__main__":
    main()
