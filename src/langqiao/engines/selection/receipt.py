"""Receipts (回执): what went in, with which parameters and versions, and what came out, as SM3 digests.

A digest is taken of canonical JSON: keys sorted, no spaces, UTF-8, numbers as Python writes them. Whoever
holds the same inputs runs the same call again and compares ``result``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any

from langqiao.engines.sm import sm3_hex


@dataclass(frozen=True, slots=True)
class Receipt:
    """Enough to run a calculation again and see that it comes out the same.

    Attributes:
        method: name and number of the method.
        inputs: SM3 of the inputs as canonical JSON, 64 hexadecimal digits.
        parameters: everything else that the call was given, the seed included.
        versions: package → version.
        result: SM3 of the result as canonical JSON.
    """

    method: str
    inputs: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    result: str = ""


def canonical(value: Any) -> str:
    """The one JSON text of a value.

    >>> canonical({"b": 1.5, "a": ["数"]})
    '{"a":["数"],"b":1.5}'
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """SM3 of the canonical JSON of a value, 64 hexadecimal digits."""
    return sm3_hex(canonical(value).encode())


@cache
def own_version() -> str:
    """The version of Langqiao that calculates."""
    return version("langqiao")
