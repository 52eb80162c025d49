"""Receipts (估值回执): what was put in, what came out, and how to get the same again."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from langqiao.engines.sm import sm3_hex

from .codec import study_from_data, to_data
from .study import Appraisal, Study, appraise

ENGINE = "valuation 1"
"""Raised whenever the same study would give other figures."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of one run.

    Attributes:
        inputs: SM3 of the canonical JSON of the study, seed and draws included.
        result: SM3 of the canonical JSON of the figures, each to nine significant digits, so that
            the last bits of another processor do not matter.
        seed, draws: of the simulation.
        versions: of this engine and of what it computes with.
    """

    inputs: str
    result: str
    seed: int
    draws: int
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a second run says: whether inputs and result are those of the receipt, and what ran it."""

    inputs: bool
    result: bool
    versions: Mapping[str, str]

    @property
    def same(self) -> bool:
        """The same study gave the same figures."""
        return self.inputs and self.result


def versions() -> dict[str, str]:
    """What computes here."""
    return {
        "engine": ENGINE,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "scipy": scipy.__version__,
    }


def issue(study: Study, appraisal: Appraisal) -> Receipt:
    """The receipt of an appraisal of that study."""
    return Receipt(
        inputs=inputs_digest(study),
        result=result_digest(result_data(appraisal)),
        seed=study.seed,
        draws=study.draws,
        versions=versions(),
    )


def inputs_digest(study: Study) -> str:
    """SM3 of all that determines a valuation; whole numbers count as they are read back."""
    return _digest(to_data(study_from_data(to_data(study))))


def result_digest(data: Mapping[str, Any]) -> str:
    """SM3 of the figures, from :func:`result_data` or read back from where they were kept."""
    return _digest(_rounded(dict(data)))


def rerun(study: Study, receipt: Receipt) -> Comparison:
    """Appraise the study once more and compare with the receipt."""
    again = issue(study, appraise(study))
    return Comparison(again.inputs == receipt.inputs, again.result == receipt.result, again.versions)


def result_data(appraisal: Appraisal) -> dict[str, Any]:
    """All figures of an appraisal as plain JSON data, without the draws themselves."""
    data: dict[str, Any] = to_data(appraisal)
    return data


def _digest(data: object) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return sm3_hex(text.encode())


def _rounded(data: Any) -> Any:
    """Numbers as texts of nine digits; histograms left out, where one bit may move a draw by a bin."""
    if isinstance(data, int | float) and not isinstance(data, bool):
        return f"{data + 0.0:.9g}"  # + 0.0: minus zero is zero
    if isinstance(data, list):
        return [_rounded(item) for item in data]
    if isinstance(data, dict):
        return {key: _rounded(item) for key, item in data.items() if key != "histogram"}
    return data
