"""Tables for processes of tests that work on a file of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def make_tables(environment: Mapping[str, str]) -> None:
    """Make every table in the database that ``environment`` names, from the models (see ``unmigrated``)."""
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v0"],
        env={**environment, "DJANGO_SETTINGS_MODULE": "tests.unmigrated"},
        check=True,
        cwd=ROOT,
    )
