"""A conformance suite for ETSI GS QKD 014 V1.1.1: raw HTTP over TLS, against any KME.

It needs the URL of a KME and the certificates of one or two of its SAEs (the second at the KME of the first
one's partner), speaks through a socket of its own, and judges what comes back row by row of the standard's
tables.
"""

from __future__ import annotations

from langqiao.kme.conformance.run import Outcome, Target, conformance

__all__ = ["Outcome", "Target", "conformance"]
