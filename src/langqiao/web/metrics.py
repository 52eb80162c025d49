"""Figures for Prometheus: requests by route, the ledger's length. No person, address or text among them."""

from __future__ import annotations

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUESTS = Counter("langqiao_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "langqiao_request_seconds",
    "Seconds from request to answer.",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Note one request; ``route`` is the URL pattern."""
    REQUESTS.labels(method if method in METHODS else "other", route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


class LedgerCollector(Collector):
    """Where the ledger's chain ends, read when asked."""

    def collect(self) -> list[GaugeMetricFamily]:
        from langqiao.apps.ledger.queries import head

        return [GaugeMetricFamily("langqiao_ledger_sequence", "Entries in the ledger.", value=head()[0])]


def exposition() -> bytes:
    """All figures in Prometheus' text format, of all workers where they share a folder.

    Several gunicorn workers add up when ``PROMETHEUS_MULTIPROC_DIR`` names a folder they can write to;
    otherwise the figures are those of the worker that answers.
    """
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    ledger = CollectorRegistry()
    ledger.register(LedgerCollector())
    own = registry if os.environ.get("PROMETHEUS_MULTIPROC_DIR") else REGISTRY
    return generate_latest(own) + generate_latest(ledger)
