"""Exports: no cell becomes a formula, values keep their kind."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from langqiao.kit.exports import Table, as_xlsx, csv_lines, defused, plain
from langqiao.kit.listing import Badge
from langqiao.kit.refusals import Refused


def table(rows: list[list], heads: list[str] | None = None) -> Table:
    return Table("t", "表：一/二", heads or ["甲", "乙"], lambda: iter(rows), lambda: len(rows))


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "＋1", "－1", "＠x"]
)
def test_dangerous_starts_are_defused(text):
    assert defused(text) == f"'{text}"


@given(st.text())
def test_no_text_cell_of_the_csv_starts_a_formula(text):
    lines = "".join(csv_lines(table([[text, "x"]])))
    assert lines.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(lines[1:], newline="")))
    cell = rows[1][0]
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert cell in {text, f"'{text}"}


def test_numbers_stay_numbers_even_below_zero():
    lines = list(csv_lines(table([[-5, Decimal("-1.50")]])))
    assert lines[1].strip() == "-5,-1.50"


def test_plain_values():
    assert plain(None) == ""
    assert plain(["甲", "", None, "乙"]) == "甲、乙"
    assert plain(Badge("已发布", "water")) == "已发布"
    assert plain((Decimal(3), Decimal(5))) == "3、5"
    assert plain(date(2026, 11, 23)) == date(2026, 11, 23)
    # an aware time becomes the wall clock of the corridor
    assert plain(datetime(2026, 11, 23, 0, 0, tzinfo=UTC)) == datetime(2026, 11, 23, 8, 0)  # noqa: DTZ001
    assert plain(True) == "是"


def test_xlsx_keeps_kinds_drops_control_characters_and_cuts_giants():
    rows = [["=1+1", Decimal("2.5")], ["a\x00b\x1f", date(2026, 1, 2)], ["长" * 40_000, 7]]
    response = as_xlsx(table(rows))
    book = load_workbook(io.BytesIO(response.getvalue()))
    response.file_to_stream.close()
    sheet = book.active
    assert sheet.title == "表：一二"
    assert sheet.freeze_panes == "A2"
    values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert values[1] == ["=1+1", 2.5]
    assert sheet["A2"].data_type != "f"
    assert values[2][0] == "a b "
    assert values[2][1] == datetime(2026, 1, 2)  # noqa: DTZ001
    assert len(values[3][0]) == 32_767
    assert values[3][0].endswith("…")


def test_too_many_rows_for_a_sheet_are_refused_before_writing():
    big = Table("t", "t", ["甲"], lambda: iter([]), lambda: 1_048_576)
    with pytest.raises(Refused, match="行数上限"):
        as_xlsx(big)
