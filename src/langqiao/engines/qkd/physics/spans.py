"""From bits a pulse to bits a second: spans and links."""

from __future__ import annotations

from langqiao.engines.qkd.physics.decoy import check, check_length, decoy_rate
from langqiao.engines.qkd.physics.twin import twin_rate
from langqiao.engines.qkd.types import Link, Parameters, Span


def span_rate(parameters: Parameters, km: float) -> float:
    """Key of one span in bits a second: clock times bits a pulse.

    Decoy-state BB84 with vacuum and weak decoy, or phase matching where the parameters say so.
    """
    if parameters.protocol == "pm":
        return parameters.clock_hz * twin_rate(parameters, km).rate
    return parameters.clock_hz * decoy_rate(parameters, km).rate_vacuum_weak


def link_of(a: str, b: str, *, spans: tuple[float, ...], parameters: Parameters, systems: int = 1) -> Link:
    """A link of spans of given lengths: its rate is that of the slowest span, times the parallel systems."""
    check(parameters)
    for km in spans:
        check_length(km)
    known = {km: span_rate(parameters, km) for km in set(spans)}
    rows = tuple(Span(km, known[km] * systems) for km in spans)
    return Link(
        a=a, b=b, spans=rows, equipment=parameters.name, systems=systems, rate=min(row.rate for row in rows)
    )
