"""Tables with a heading: cells checked one by one, and what is wrong named by line and column."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from langqiao.engines.scheduling.errors import TraceError

LARGEST = 2_000_000_000  # bytes of a file, unpacked
MOST = 10**15  # a number beyond it is no amount of anything, and sums must stay within 64 bits
_WHOLE = re.compile(r"[+-]?[0-9]{1,16}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,16}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def text_of(path: str | Path) -> str:
    """Text of a file in UTF-8 (with or without a mark) or GB18030, also packed as .gz.

    Raises:
        TraceError: it is in neither encoding, holds NUL, is damaged, or is larger than 2 GB.
        OSError: it cannot be read.
    """
    path = Path(path)
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as packed:
            try:
                held = packed.read(LARGEST + 1)
            except (EOFError, gzip.BadGzipFile, zlib.error) as damaged:
                raise TraceError(f"the archive is damaged ({damaged})", path=str(path), line=1) from damaged
    else:
        with path.open("rb") as plain:
            held = plain.read(LARGEST + 1)
    if len(held) > LARGEST:
        raise TraceError(f"the file is larger than {LARGEST:,} bytes", path=str(path), line=1)
    try:
        text = held.decode("utf-8-sig")
    except UnicodeDecodeError as not_utf8:
        try:
            text = held.decode("gb18030")
        except UnicodeDecodeError:
            line = held.count(b"\n", 0, not_utf8.start) + 1
            raise TraceError("neither UTF-8 nor GB18030", path=str(path), line=line) from not_utf8
    nul = text.find("\0")
    if nul >= 0:
        raise TraceError("holds a NUL character", path=str(path), line=text.count("\n", 0, nul) + 1)
    return text


@dataclass(frozen=True, slots=True)
class Row:
    """A record: where it stands, and its cells by the names of the heading."""

    path: str
    line: int
    cells: dict[str, str]

    def wrong(self, column: str, why: str) -> TraceError:
        """The complaint about a cell."""
        return TraceError(why, path=self.path, line=self.line, column=column)

    def text(self, column: str) -> str:
        """A cell without the blanks around it; empty where the column is missing."""
        return self.cells.get(column, "").strip()

    def named(self, column: str) -> str:
        """A cell that must not be empty.

        Raises:
            TraceError: it is.
        """
        text = self.text(column)
        if not text:
            raise self.wrong(column, "the cell is empty")
        return text

    def whole(self, column: str, *, least: int = 0, most: int = MOST) -> int:
        """A whole number from ``least`` to ``most``.

        Raises:
            TraceError: it is none, or out of these bounds.
        """
        text = self.named(column)
        if not _WHOLE.fullmatch(text):
            raise self.wrong(column, f"{shown(text)} is not a whole number")
        self._within(column, text, int(text), least, most)
        return int(text)

    def number(self, column: str, *, least: float = -MOST, most: float = MOST) -> float:
        """A finite number from ``least`` to ``most``.

        Raises:
            TraceError: it is none, or out of these bounds.
        """
        text = self.named(column)
        if not _DECIMAL.fullmatch(text):
            raise self.wrong(column, f"{shown(text)} is not a number")
        self._within(column, text, float(text), least, most)
        return float(text)

    def number_or_none(self, column: str, *, least: float = -MOST) -> float | None:
        """As :meth:`number`; None where the cell is empty or the column missing.

        Raises:
            TraceError: as :meth:`number`.
        """
        return self.number(column, least=least) if self.text(column) else None

    def _within(self, column: str, text: str, value: float, least: float, most: float) -> None:
        if not least <= value <= most:
            bounds = f"from {least:,} to {most:,}" if most < MOST else f"{least:,} or more"
            raise self.wrong(column, f"{shown(text)} is out of bounds: it must be {bounds}")

    def ordered(self, earlier: str, later: str, first: float | None, second: float | None) -> None:
        """Times that are both known follow one another.

        Raises:
            TraceError: the later one lies before the earlier one.
        """
        if first is not None and second is not None and second < first:
            raise self.wrong(later, f"{second:g} lies before {earlier} {first:g}")


def shown(text: str) -> str:
    """A cell in a message: quoted, its beginning only."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def rows_of(
    path: str | Path, *, needed: tuple[str, ...], names: Callable[[str], str] = str.strip
) -> Iterator[Row]:
    """Records of a CSV file with a heading; empty lines are passed over.

    Args:
        path: the file.
        needed: columns that must be there; others may.
        names: turns a name of the heading into the one asked for.

    Raises:
        TraceError: no heading, a needed column is missing or stands twice, a record has another number of
            cells than the heading, or quotes are not closed.
        OSError: the file cannot be read.
    """
    where = str(path)
    with closing(io.StringIO(text_of(path), newline="")) as stream:
        reader = csv.reader(stream, strict=True)
        try:
            heading = [names(name) for name in next(reader, [])]
            _check(where, heading, needed)
            for cells in reader:
                if not any(cells):
                    continue
                if len(cells) != len(heading):
                    raise TraceError(
                        f"{len(cells)} cells under a heading of {len(heading)}",
                        path=where,
                        line=reader.line_num,
                        column=heading[len(cells)] if len(cells) < len(heading) else "",
                    )
                yield Row(where, reader.line_num, dict(zip(heading, cells, strict=True)))
        except csv.Error as broken:
            raise TraceError(str(broken), path=where, line=reader.line_num) from broken


def heading_of(path: str | Path, *, names: Callable[[str], str] = str.strip) -> list[str]:
    """The names of a CSV file's heading, turned as in :func:`rows_of`; none where there is no heading.

    Raises:
        TraceError: quotes are not closed, or the text cannot be read.
        OSError: the file cannot be read.
    """
    with closing(io.StringIO(text_of(path), newline="")) as stream:
        reader = csv.reader(stream, strict=True)
        try:
            return [names(name) for name in next(reader, [])]
        except csv.Error as broken:
            raise TraceError(str(broken), path=str(path), line=1) from broken


def _check(where: str, heading: list[str], needed: tuple[str, ...]) -> None:
    if not any(heading):
        raise TraceError("the file has no heading", path=where, line=1)
    for name in needed:
        if name not in heading:
            raise TraceError("the column is missing", path=where, line=1, column=name)
    twice = next((name for at, name in enumerate(heading) if name and name in heading[:at]), None)
    if twice:
        raise TraceError("the column stands twice", path=where, line=1, column=twice)
