"""These tests ask for more files a minute than one reader may; the one about the bound sets its own."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _unbounded(settings: Any) -> None:
    settings.PER_MINUTE = {**settings.PER_MINUTE, "download": 0, "search": 0}
