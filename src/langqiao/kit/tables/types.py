"""What the readers take and give: rows and the limits that keep a hostile file small."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from langqiao.kit.refusals import Invalid


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds checked while reading, before memory is used for what exceeds them.

    Attributes:
        file_bytes: size of the file itself.
        cell_chars: characters of one cell.
        row_chars: characters of one record, all cells together.
        rows: records of one file.
        columns: columns of one file.
        depth: nesting of JSON values inside one record.
        zip_entries: parts inside an XLSX file.
        zip_bytes: size of all parts of an XLSX file, inflated.
        zip_ratio: inflated to packed size of one part (looked at above ``zip_ratio_floor`` bytes).
    """

    file_bytes: int = 1 << 30
    cell_chars: int = 1_000_000
    row_chars: int = 4_000_000
    rows: int = 2_000_000
    columns: int = 200
    depth: int = 8
    zip_entries: int = 1_000
    zip_bytes: int = 512 << 20
    zip_ratio: int = 200
    zip_ratio_floor: int = 16 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One record.

    Attributes:
        number: the row as a spreadsheet counts it (the header is row 1), the line of a JSON Lines
            file, or the 1-based place in a JSON array.
        values: column name → value; text, number, bool, None, or (JSON only) list and object.
        problem: why this record alone cannot be read; only with ``tolerant`` reading.
    """

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    problem: Invalid | None = None
