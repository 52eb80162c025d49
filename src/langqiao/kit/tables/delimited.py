"""CSV and TSV: delimiter found from the first rows, strict quoting, bounded cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import TextIO

from django.utils.translation import gettext as _

from langqiao.kit.refusals import Invalid
from langqiao.kit.tables.checks import check_text, checked_header, column_letter, too_long, too_many_rows
from langqiao.kit.tables.types import Limits, Row

DELIMITERS = (",", "\t", ";", "|")
_SAMPLE_CHARS = 1 << 16


def sniff_delimiter(sample: str) -> str:
    """The delimiter that cuts the first rows of ``sample`` into equally many columns, most columns first."""
    best, best_score = DELIMITERS[0], (False, 0)
    for delimiter in DELIMITERS:
        rows = [row for row in csv.reader(sample.splitlines()[:20], delimiter=delimiter) if row]
        if not rows:
            continue
        width = len(rows[0])
        alike = sum(len(row) == width for row in rows) / len(rows)
        score = (width > 1 and alike >= 0.6, width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


class _Feed:
    """Lines for ``csv.reader``, counted so that an endless cell stops the reading early.

    ``csv.reader`` asks for lines until a record is whole; an unclosed quote would make it swallow the
    file. The pieces of the present record are kept to say in which column that happened.
    """

    def __init__(self, text: TextIO, limits: Limits) -> None:
        self.text, self.limits = text, limits
        self.row, self.chars = 0, 0
        self.pieces: list[str] = []

    def begin(self, row: int) -> None:
        self.row, self.chars = row, 0
        self.pieces.clear()

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self.text.readline(self.limits.row_chars + 1)
        if not line:
            raise StopIteration
        self.chars += len(line)
        self.pieces.append(line)
        if self.chars > self.limits.row_chars:
            raise _TooLong
        return line


class _TooLong(Exception):
    pass


def read_delimited(
    text: TextIO, *, delimiter: str, limits: Limits, tolerant: bool = False
) -> Iterator[Row | list[str]]:
    """The header (a list of names), then the rows.

    Raises:
        Invalid: broken quoting, a row longer than the header, or a cell over the limits; with
            ``tolerant`` a row that is only too long comes as :class:`Row` with its ``problem``.
    """
    # The module's limit is one for the whole process: it is only ever raised, ours is the feed's.
    csv.field_size_limit(max(csv.field_size_limit(), limits.row_chars + 1))
    feed = _Feed(text, limits)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    header: list[str] = []
    number = data_rows = 0
    while True:
        feed.begin(number + 1)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _TooLong:
            raise too_long(
                row=number + 1, field=_open_column(feed, header, delimiter), limit=limits.row_chars
            ) from None
        except csv.Error as error:
            raise _broken_quoting(feed, header, delimiter) from error
        number += 1
        if not any(cell.strip() for cell in cells):
            continue
        if not header:
            header = checked_header(cells, row=number, limits=limits)
            yield header
            continue
        data_rows += 1
        if data_rows > limits.rows:
            raise too_many_rows(limits, row=number)
        try:
            yield _row(number, header, cells, limits)
        except Invalid as problem:
            if not tolerant:
                raise
            yield Row(number, dict(zip(header, cells, strict=False)), problem)


def _row(number: int, header: Sequence[str], cells: Sequence[str], limits: Limits) -> Row:
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        raise Invalid(
            _("第 %(row)d 行有 %(cells)d 个单元格，但表头只有 %(columns)d 列。")
            % {"row": number, "cells": len(cells), "columns": len(header)},
            mend=_("请检查该行的引号和分隔符：内容里有分隔符时要用英文双引号括起来。"),
            row=number,
            field=column_letter(len(header) + 1),
        )
    values: dict[str, str] = {}
    for index, name in enumerate(header):
        # Spreadsheets leave out empty cells at a row's end; they read as empty.
        value = cells[index] if index < len(cells) else ""
        check_text(value, row=number, field=name, limits=limits)
        values[name] = value
    return Row(number, values)


def _open_column(feed: _Feed, header: Sequence[str], delimiter: str) -> str:
    """Name of the column in which the present record broke off."""
    text = "".join(feed.pieces)[: feed.limits.row_chars]
    try:
        cells = next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return ""
    lengths = [len(cell) for cell in cells]
    index = lengths.index(max(lengths)) if lengths else 0
    return header[index] if index < len(header) else column_letter(index + 1)


def _broken_quoting(feed: _Feed, header: Sequence[str], delimiter: str) -> Invalid:
    field = _open_column(feed, header, delimiter) if header else ""
    where = _("第 %(row)d 行“%(field)s”列附近") if field else _("第 %(row)d 行")
    return Invalid(
        _("%(where)s的引号不成对。") % {"where": where % {"row": feed.row, "field": field}},
        mend=_('单元格里的英文双引号要写成两个（""），整个单元格再用双引号括起来。'),
        row=feed.row,
        field=field,
    )
