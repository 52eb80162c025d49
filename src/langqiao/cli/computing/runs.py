"""What ``replay`` and ``simulate`` share: lists of policies and seeds, means, the word about compiling."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from typing import Any

from langqiao.cli.shared import err, stop

MOST_RUNS = 10_000


def policies_of(text: str) -> list[str]:
    """The policies of "fgd", "bestfit,fgd" or "all", each once.

    Raises:
        SchedulingError: one is unknown.
    """
    from langqiao.engines.scheduling.policies import POLICIES, policy_number

    names = list(POLICIES) if text == "all" else [name.strip() for name in text.split(",")]
    for name in names:
        policy_number(name)
    return list(dict.fromkeys(names))


def seeds_of(text: str) -> list[int]:
    """The seeds of "42", "1,5" or "42-51", each once."""
    seeds: dict[int, None] = {}
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            stop(f"--seed：{text} 不是种子 / not seeds, such as 42 or 42-51", code=2)
        low, high = int(first), int(last or first)
        if high - low >= MOST_RUNS or high < low:
            stop(f"--seed：{part} 为空或过多 / none or too many", code=2)
        seeds |= dict.fromkeys(range(low, high + 1))
    return list(seeds)


def spread_of(values: Iterable[float | None], digits: int) -> tuple[float | None, float | None]:
    """Mean and standard deviation (None of a single value), rounded; None where a value is not known."""
    known = list(values)
    if not known or any(value is None or not math.isfinite(value) for value in known):
        return None, None
    numbers = [float(value) for value in known if value is not None]
    deviation = round(statistics.stdev(numbers), digits) if len(numbers) > 1 else None
    return round(statistics.fmean(numbers), digits), deviation


def with_spread(mean: Any, deviation: Any, layout: str = ".2f") -> str:
    """Both in a cell of a table.

    >>> with_spread(95.4, 0.127), with_spread(95.4, None), with_spread(None, None)
    ('95.40 ± 0.13', '95.40', '—')
    """
    if mean is None:
        return "—"
    return f"{mean:{layout}}" + ("" if deviation is None else f" ± {deviation:{layout}}")


def tell_compiling() -> None:
    """Say on standard error why nothing happens for a while."""
    err.print(
        "正在编译内核，约一两分钟，每台机器只需一次… / "
        "compiling the kernels, a minute or two, once on a machine …",
        highlight=False,
    )
