"""Engines side by side in one process, as the site runs them."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import numpy as np
from langqiao.engines.assignment import Plan, Problem, assign
from langqiao.engines.selection.choice import Candidate, choose
choose([Candidate("a", 2.0), Candidate("b", 1.0)], places=1)
scores = np.round(np.random.default_rng(1).random((18, 11)), 2)
assert assign(Problem(scores, per_item=2, max_load=4), Plan("fair")).complete
"""


def test_a_fair_assignment_after_a_choice_is_complete() -> None:
    """HiGHS keeps the number of threads it began with: a solver that asks for another gets no answer."""
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
