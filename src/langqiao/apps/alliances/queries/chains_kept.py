"""Graphs kept on disk (产业链图缓存), so that the first reader after a restart need not wait for a build.

A file is a pickle of our own making in our own data folder, named by what it holds and by the engine's
sources; a reader that finds none builds the graph from the database. Nothing is lost with the folder.
"""

from __future__ import annotations

import pickle
import tempfile
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from langqiao.engines import chains
from langqiao.engines.chains.graph import ChainGraph
from langqiao.engines.sm.sm3 import sm3_hex

FILES_KEPT = 4


def folder() -> Path:
    """Where the files lie."""
    return Path(settings.DATA_DIR) / "chains"


@lru_cache(maxsize=1)
def _sources() -> str:
    """SM3 of the engine's sources: a graph of another release is not read."""
    place = Path(chains.__file__).parent
    return sm3_hex(b"".join(path.read_bytes() for path in sorted(place.glob("*.py"))))


def path_of(key: str) -> Path:
    """The file of a graph."""
    return folder() / f"{sm3_hex(f'{_sources()}|{key}'.encode())[:32]}.graph"


def read(key: str) -> ChainGraph | None:
    """The graph kept under ``key``; None when there is none or its file is damaged."""
    try:
        found = pickle.loads(path_of(key).read_bytes())  # noqa: S301  see above
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ValueError, ImportError):
        return None
    return found if isinstance(found, ChainGraph) else None


def keep(key: str, graph: ChainGraph) -> None:
    """Keep a graph under ``key``, whole or not at all, and drop the oldest files."""
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place, delete=False) as file:
        file.write(pickle.dumps(graph, pickle.HIGHEST_PROTOCOL))
    Path(file.name).replace(path_of(key))
    kept = sorted(place.glob("*.graph"), key=lambda path: path.stat().st_mtime)
    for old in kept[:-FILES_KEPT]:
        old.unlink(missing_ok=True)
