"""Matrices from files: .npy, .npz (also the layout of public reviewer data), CSV dense or as triples."""

from __future__ import annotations

import csv
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 2_000_000_000  # bytes of a file that is read
# Names under which public data sets keep scores and conflicts.
SCORES = ("similarity_matrix", "scores", "affinities")
MASKS = ("mask_matrix", "conflicts", "mask")
TRIPLE = ("item", "reviewer", "score")
TRIPLE_ZH = ("申报", "专家", "契合度")


class MatrixError(ValueError):
    """A file does not hold what is asked for; the message names file, row and column."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores with the identifiers and the mask that the file gave."""

    scores: Any
    items: Sequence[str] = ()
    reviewers: Sequence[str] = ()
    mask: Any = None


def read_scores(path: Path) -> Scores:
    """Scores (items × reviewers) from .npy, .npz or CSV.

    Raises:
        MatrixError: no such kind of file, or a cell that is no number.
        OSError: the file cannot be read.
    """
    kind = path.suffix.lower()
    if kind == ".csv":
        return _from_csv(path)
    held = _load(path)
    if isinstance(held, np.ndarray):
        return Scores(_numbers(path, held))
    if {"indptr", "indices", "data", "shape"} <= set(held):
        return Scores(_sparse(path, held))
    name = next((name for name in SCORES if name in held), None)
    if name is None and len(held) == 1:
        name = next(iter(held))
    if name is None:
        raise MatrixError(
            f"{path.name}: 没有找到契合度矩阵 / holds none of {', '.join(SCORES)}, but {sorted(held)}"
        )
    mask = next((held[mask] for mask in MASKS if mask in held), None)
    return Scores(_numbers(path, held[name]), mask=None if mask is None else _numbers(path, mask) != 0)


def read_matrix(path: Path) -> NDArray[Any]:
    """A matrix of numbers, such as a mask.

    Raises:
        MatrixError: as :func:`read_scores`.
    """
    if path.suffix.lower() == ".csv":
        found = _from_csv(path).scores
        return np.asarray(found.toarray() if hasattr(found, "toarray") else found)
    held = _load(path)
    if isinstance(held, dict):
        if len(held) != 1:
            raise MatrixError(f"{path.name}: 应只含一个矩阵 / must hold one matrix, not {sorted(held)}")
        held = next(iter(held.values()))
    return _numbers(path, held)


def read_vector(path: Path) -> NDArray[Any]:
    """One number for each item or reviewer, from .npy or a CSV of one column.

    Raises:
        MatrixError: not one column of numbers.
    """
    if path.suffix.lower() == ".csv":
        rows = _rows(path)
        return np.array([_number(path, at, 1, row[0]) for at, row in enumerate(rows, 1) if row])
    held = read_matrix(path)
    return np.asarray(held.reshape(-1))


def _load(path: Path) -> Any:
    if path.stat().st_size > LARGEST:
        raise MatrixError(f"{path.name}: 文件过大 / the file is too large")
    try:
        held = np.load(path, allow_pickle=False)
        return held if isinstance(held, np.ndarray) else {name: held[name] for name in held.files}
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError):
        raise MatrixError(
            f"{path.name}: 不是 .npy 或 .npz 数值文件 / no .npy or .npz file of numbers"
        ) from None


def _numbers(path: Path, held: Any) -> NDArray[Any]:
    array = np.asarray(held)
    if array.dtype.kind not in "fiub":
        raise MatrixError(f"{path.name}: 不是数值 / holds no numbers, but {array.dtype}")
    return array.astype(np.float64)


def _sparse(path: Path, held: dict[str, Any]) -> Any:
    from scipy import sparse

    try:
        found = sparse.csr_array((held["data"], held["indices"], held["indptr"]), shape=tuple(held["shape"]))
        found.check_format()
    except (ValueError, TypeError) as wrong:
        raise MatrixError(f"{path.name}: 稀疏矩阵不完整 / the sparse matrix is broken ({wrong})") from None
    return found


# -- CSV -------------------------------------------------------------------------------------------


def _rows(path: Path) -> list[list[str]]:
    if path.stat().st_size > LARGEST:
        raise MatrixError(f"{path.name}: 文件过大 / the file is too large")
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise MatrixError(f"{path.name}: 文字编码无法识别 / neither UTF-8 nor GB18030")
    try:
        return [
            row for row in csv.reader(text.splitlines(), strict=True) if any(cell.strip() for cell in row)
        ]
    except csv.Error as wrong:
        raise MatrixError(f"{path.name}: CSV 有误 / broken CSV ({wrong})") from None


def _number(path: Path, row: int, column: int, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise MatrixError(
            f"{path.name}: 第 {row} 行第 {column} 列不是数 / "
            f"row {row}, column {column} is no number: {cell[:40]!r}"
        ) from None
    if math.isinf(value) and value > 0:
        raise MatrixError(
            f"{path.name}: 第 {row} 行第 {column} 列为无穷 / row {row}, column {column} is infinite"
        )
    return value


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _from_csv(path: Path) -> Scores:
    rows = _rows(path)
    if not rows:
        raise MatrixError(f"{path.name}: 文件是空的 / the file is empty")
    head = tuple(cell.strip().lower() for cell in rows[0])
    if head[:3] in (TRIPLE, TRIPLE_ZH):
        return _from_triples(path, rows)
    has_head = not all(_is_number(cell) for cell in rows[0][1:])
    body = rows[1:] if has_head else rows
    first = 2 if has_head else 1
    if not body:
        raise MatrixError(f"{path.name}: 只有表头 / there is a head and nothing below")
    has_names = has_head or not _is_number(body[0][0])
    start = 1 if has_names else 0
    width = len(rows[0])
    matrix = []
    for at, row in enumerate(body, first):
        if len(row) != width:
            raise MatrixError(
                f"{path.name}: 第 {at} 行有 {len(row)} 列，应为 {width} 列 / "
                f"row {at} has {len(row)} columns, not {width}"
            )
        matrix.append(
            [
                _number(path, at, column, cell) if cell.strip() else math.nan
                for column, cell in enumerate(row[start:], start + 1)
            ]
        )
    return Scores(
        np.array(matrix, dtype=np.float64).reshape(len(matrix), width - start),
        items=[row[0].strip() for row in body] if has_names else (),
        reviewers=[cell.strip() for cell in rows[0][1:]] if has_head else (),
    )


def _from_triples(path: Path, rows: list[list[str]]) -> Scores:
    from scipy import sparse

    items: dict[str, int] = {}
    reviewers: dict[str, int] = {}
    seen: set[tuple[int, int]] = set()
    entries: list[tuple[int, int, float]] = []
    for at, row in enumerate(rows[1:], 2):
        if len(row) < 3:
            raise MatrixError(f"{path.name}: 第 {at} 行不足三列 / row {at} has fewer than three columns")
        i = items.setdefault(row[0].strip(), len(items))
        j = reviewers.setdefault(row[1].strip(), len(reviewers))
        if (i, j) in seen:
            raise MatrixError(f"{path.name}: 第 {at} 行的一对重复 / row {at} repeats a pair")
        seen.add((i, j))
        entries.append((i, j, _number(path, at, 3, row[2])))
    if not entries:
        raise MatrixError(f"{path.name}: 只有表头 / there is a head and nothing below")
    columns = list(zip(*entries, strict=True))
    matrix = sparse.csr_array(
        (np.array(columns[2]), (np.array(columns[0]), np.array(columns[1]))),
        shape=(len(items), len(reviewers)),
    )
    return Scores(matrix, items=list(items), reviewers=list(reviewers))
