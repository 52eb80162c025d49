"""A fresh index folder for each test."""

from __future__ import annotations

import pytest

from langqiao.apps.challenges.matching import store


@pytest.fixture(autouse=True)
def fresh_index(settings, tmp_path):
    settings.INDEX_DIR = tmp_path / "index"
    store.index.cache_clear()
    yield
    store.index.cache_clear()
