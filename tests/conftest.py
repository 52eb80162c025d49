"""Fixtures for every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data beside the checkout; tests that need it skip when it is not there."""
    place = Path(
        os.environ.get("LANGQIAO_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
    )
    if not place.is_dir():
        pytest.skip(
            "the folder shared/data is not beside the checkout (LANGQIAO_SHARED_DATA names another place)"
        )
    return place
