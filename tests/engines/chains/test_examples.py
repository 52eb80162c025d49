"""The examples in the docstrings run as they stand."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["names", "link", "place", "read"])
def test_examples(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"langqiao.engines.chains.{module}"))
    assert found.attempted > 0
    assert found.failed == 0
