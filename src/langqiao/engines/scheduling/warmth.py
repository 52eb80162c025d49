"""Whether kernels were compiled before (编译缓存): the first run on a machine takes a minute or two."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langqiao.engines.scheduling.simulation import Simulation


def is_kept(function: Any, files: Iterable[str | Path] = ()) -> bool:
    """Whether numba holds a compiled function, or has kept it on disk since its files last changed.

    Cheap, and by the times of files: a file that was touched without a change counts as changed, and what
    was kept for another processor counts as kept.

    Args:
        function: compiled by numba with ``cache=True``; any other counts as kept.
        files: besides its own, what the compiled code is made of.
    """
    stats = getattr(function, "stats", None)
    if stats is None or function.signatures:
        return True
    own = Path(function.py_func.__code__.co_filename)
    pattern = f"{own.stem}.*{function.py_func.__name__}-*.nbi"
    kept = [index.stat().st_mtime for index in Path(stats.cache_path).glob(pattern)]
    return bool(kept) and max(kept) >= max(Path(file).stat().st_mtime for file in (own, *files))


def replays_at_once() -> bool:
    """Whether a replay begins without compiling first."""
    from langqiao.engines.scheduling import kernels

    return is_kept(kernels.arrivals)


def places_at_once() -> bool:
    """Whether placements, which every simulation makes, need no compiling first."""
    from langqiao.engines.scheduling import kernels

    return is_kept(kernels.place)


def loops_at_once(sim: Simulation) -> bool:
    """Whether the loop that a simulation will take needs no compiling first."""
    if not sim.takes_compiled_loop():
        return True
    from langqiao.engines.scheduling import kernels
    from langqiao.engines.scheduling.simulation.core import entry, loop, queueing, state, victims

    return is_kept(entry.run, [str(part.__file__) for part in (loop, queueing, state, victims, kernels)])
