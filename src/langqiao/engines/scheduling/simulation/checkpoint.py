"""A simulation in a file: written whole or not at all, read again only if it is of the same inputs.

The file is a line of JSON with the digests of inputs and content, then the state as a pickle of which nothing
but the simulation's own classes and plain numpy arrays are ever loaded.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

from langqiao.engines.scheduling.errors import SchedulingError

from .simulator import Simulation

OURS = "langqiao.engines.scheduling."
PLAIN = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy.random._pickle", "__bit_generator_ctor"),
    ("numpy.random._pickle", "__generator_ctor"),
    ("numpy.random._pcg64", "PCG64"),
    ("numpy.random.bit_generator", "SeedSequence"),
    ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence"),
    ("builtins", "frozenset"),
    ("builtins", "set"),
}
FORMAT = 2


class _Narrow(pickle.Unpickler):
    """Loads nothing that could act."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith(OURS) and name[:1].isupper():
            return super().find_class(module, name)
        if (module, name) in PLAIN:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} does not belong into a checkpoint")


def fingerprint(*inputs: object) -> str:
    """SHA-256 of inputs whose text says all about them: dataclasses, tuples, numbers."""
    digest = hashlib.sha256()
    for one in inputs:
        digest.update(repr(one).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def save(path: Path, sim: Simulation, inputs: str) -> None:
    """Write the state beside ``path``, then put it in its place in one step: a kill leaves the old one."""
    state = pickle.dumps(sim, protocol=5)
    head = json.dumps({"format": FORMAT, "inputs": inputs, "content": hashlib.sha256(state).hexdigest()})
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(head.encode() + b"\n" + state)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: Path, inputs: str) -> Simulation | None:
    """The state that was saved, without its jobs; None if there is no file.

    Raises:
        SchedulingError: the file is damaged, or belongs to other nodes, jobs, tenants, options or seed.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    line, _, state = raw.partition(b"\n")
    try:
        head = json.loads(line)
        whole = head["format"] == FORMAT and head["content"] == hashlib.sha256(state).hexdigest()
        same = head["inputs"] == inputs
    except (ValueError, KeyError, TypeError):
        whole = same = False
    if not whole:
        raise SchedulingError(f"{path} is not a whole checkpoint", kind="checkpoint", subjects=(str(path),))
    if not same:
        raise SchedulingError(
            f"{path} belongs to a simulation of other inputs", kind="foreign", subjects=(str(path),)
        )
    try:
        found = _Narrow(io.BytesIO(state)).load()
    except (pickle.UnpicklingError, AttributeError, ImportError, EOFError, IndexError) as wrong:
        raise SchedulingError(f"{path}: {wrong}", kind="checkpoint", subjects=(str(path),)) from wrong
    assert isinstance(found, Simulation)  # the digest says that we wrote it
    return found
