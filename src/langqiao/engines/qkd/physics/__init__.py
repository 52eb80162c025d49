"""The rate of one span (单段成码率)."""

from __future__ import annotations

from langqiao.engines.qkd.physics.decoy import (
    bounds,
    check,
    decoy_rate,
    gain,
    reach,
    secret_fraction,
    single_photons,
    transmittance,
)
from langqiao.engines.qkd.physics.entropy import binary_entropy
from langqiao.engines.qkd.physics.finite import finite_key, from_counts
from langqiao.engines.qkd.physics.report import rate_report
from langqiao.engines.qkd.physics.sets import GYS, SETS, named
from langqiao.engines.qkd.physics.spans import link_of, span_rate
from langqiao.engines.qkd.physics.twin import twin_rate

__all__ = [
    "GYS",
    "SETS",
    "binary_entropy",
    "bounds",
    "check",
    "decoy_rate",
    "finite_key",
    "from_counts",
    "gain",
    "link_of",
    "named",
    "rate_report",
    "reach",
    "secret_fraction",
    "single_photons",
    "span_rate",
    "transmittance",
    "twin_rate",
]
