"""What every model does the same way: blank texts, overlong texts, vectors of length 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]

LONGEST_TEXT: Final = 6_000
"""Characters of a text that are read; the rest is beyond what sentence encoders take in."""


def normalised(rows: ArrayLike) -> Floats:
    """Rows of length 1 as float32; a row of zeros stays one."""
    values = np.asarray(rows, dtype=np.float64)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return np.asarray(values / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def encode_filled(
    texts: Sequence[str], dimensions: Callable[[], int], encode: Callable[[list[str]], ArrayLike]
) -> Floats:
    """Encode the texts that say something, each distinct one once; blank texts become rows of zeros.

    A blank text has no meaning that a vector could point to, and several services refuse it.
    ``dimensions`` is asked only after the texts were encoded.
    """
    cut = [text.strip()[:LONGEST_TEXT] for text in texts]
    distinct = list(dict.fromkeys(text for text in cut if text))
    if not distinct:
        return np.zeros((len(texts), dimensions()), np.float32)
    rows = normalised(encode(distinct))
    where = {text: row for row, text in enumerate(distinct)}
    result = np.zeros((len(texts), rows.shape[1]), np.float32)
    for at, text in enumerate(cut):
        if text:
            result[at] = rows[where[text]]
    return result
