"""The engines' kernels with every index checked: numba, left to itself, reads and writes beside an array."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
QUICK = ("assignment", "chains", "matching/test_kernels.py", "scheduling", "selection", "valuation")
COMPILED_LOOP = ("scheduling/simulation/test_core.py",)


@pytest.mark.parametrize(
    ("suites", "choice"), [(QUICK, ("-k", "not benchmark")), (COMPILED_LOOP, ("-m", "slow"))]
)
def test_no_kernel_reads_or_writes_beside_its_arrays(
    tmp_path: Path, suites: tuple[str, ...], choice: tuple[str, ...]
) -> None:
    checked = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    patient = ("-o", "faulthandler_timeout=0")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *(str(HERE / name) for name in suites), *choice, *patient],
        env=checked, cwd=HERE.parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-5000:]
