"""Whether something is compiled already, by what numba keeps on disk."""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType

import pytest

from langqiao.engines.scheduling.simulation import Job, Simulation, Tenant, simulate
from langqiao.engines.scheduling.types import Node, Task
from langqiao.engines.scheduling.warmth import is_kept, loops_at_once

SOURCE = """
from numba import njit

@njit(cache=True)
def add(a, b):
    return a + b
"""


def loaded(path) -> ModuleType:
    """The module anew, as another process would have it."""
    spec = importlib.util.spec_from_file_location("warmed", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["warmed"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "warmed.py"
    path.write_text(SOURCE)
    yield path
    sys.modules.pop("warmed", None)


def test_what_was_compiled_is_kept_until_its_files_change(source, tmp_path):
    first = loaded(source)
    assert not is_kept(first.add)
    assert first.add(1, 2) == 3
    assert is_kept(first.add)
    assert is_kept(loaded(source).add)
    part = tmp_path / "part.py"
    part.write_text("")
    later = source.stat().st_mtime + 3600
    os.utime(part, (later, later))
    assert not is_kept(loaded(source).add, [part])
    assert is_kept(loaded)  # not numba's


def test_few_jobs_need_no_compiled_loop_and_nothing_is_said_twice():
    node, job = Node("n", 8000, 1, 1, "T4"), Job(1, "lab", Task("t", 1000, 0, 1, 1000), 0.0, 60.0)
    assert loops_at_once(Simulation([node], [job], [Tenant("lab")]))
    simulate([node], [job], [Tenant("lab")])  # from here on the kernels are there
    said: list[int] = []
    simulate([node], [job], [Tenant("lab")], compiling=lambda: said.append(1))
    assert said == []
