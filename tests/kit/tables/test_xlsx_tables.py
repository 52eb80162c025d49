"""XLSX: what is read, what is refused, and bombs."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from datetime import date, datetime

import openpyxl
import pytest

from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Limits, open_table, read_table


def book(*rows, **sheets) -> io.BytesIO:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for name, state in sheets.items():
        made.create_sheet(name).sheet_state = state
    file = io.BytesIO()
    made.save(file)
    return file


def repacked(file: io.BytesIO, changes: dict[str, bytes]) -> io.BytesIO:
    """The workbook with parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, changes.pop(part.filename, old.read(part)))
        for name, data in changes.items():
            new.writestr(name, data)
    return out


def test_values_become_plain():
    file = book(
        ["编号", "名称", "数", "日期", "是"],
        ["A1", "减速器", 3.0, datetime(2026, 11, 23), True],  # noqa: DTZ001  sheets know no zones
        [],
        ["A2", None, 1.5, date(2026, 1, 2), False],
    )
    table = open_table(file)
    assert table.format == "xlsx"
    assert table.columns == ["编号", "名称", "数", "日期", "是"]
    assert [(row.number, list(row.values.values())) for row in table.rows()] == [
        (2, ["A1", "减速器", 3, "2026-11-23", True]),
        (4, ["A2", None, 1.5, "2026-01-02", False]),
    ]


def test_a_cell_in_per_cent_arrives_as_it_is_shown():
    made = openpyxl.Workbook()
    made.active.append(["a", "b", "c", "d", "e", "f"])
    made.active.append([0.03, 0.125, 1, 0.03, 3, -0.0007])
    formats = ["0%", "0.00%", "0%;[Red]-0%", "General", '0"%"', "0.0 %"]
    for cell, shown in zip(made.active[2], formats, strict=True):
        cell.number_format = shown
    file = io.BytesIO()
    made.save(file)
    assert next(iter(open_table(file).rows())).values == {
        "a": "3%", "b": "12.5%", "c": "100%", "d": 0.03, "e": 3, "f": "-0.07%",
    }  # fmt: skip


def test_text_that_begins_with_an_equals_sign_is_text():
    made = openpyxl.Workbook()
    made.active.append(["code", "name"])
    made.active.append(["1", "x"])
    made.active["B2"].value = "=1+1"
    made.active["B2"].data_type = "s"
    file = io.BytesIO()
    made.save(file)
    assert [row.values for row in read_table(file)] == [{"code": "1", "name": "=1+1"}]


def test_formula_is_refused_by_row_and_column():
    file = book(["code", "name"], ["1", "a"], ["2", "=HYPERLINK(A1)"])
    with pytest.raises(Invalid) as refusal:
        list(read_table(file))
    assert (refusal.value.row, refusal.value.field) == (3, "name")
    assert "B3" in refusal.value.why
    assert [row.problem is None for row in read_table(file, tolerant=True)] == [True, False]


def test_error_value_and_headless_cell_are_refused():
    file = book(["code", "name"], ["1", "#N/A"], ["2", "b", "stray"])
    problems = [row.problem for row in read_table(file, tolerant=True)]
    assert [problem.field for problem in problems] == ["name", "C"]


def test_hidden_and_further_sheets_are_named():
    table = open_table(book(["code"], ["1"], 秘密="hidden", 更多="visible", 深藏="veryHidden"))
    assert [row.values for row in table.rows()] == [{"code": "1"}]
    assert any("秘密、深藏" in text for text in table.warnings)
    assert any("更多" in text for text in table.warnings)
    with pytest.raises(Invalid, match="没有名为"):
        open_table(book(["code"]), sheet="无")


def test_old_encrypted_and_macro_workbooks_are_refused():
    with pytest.raises(Invalid, match=r"旧版|加密"):
        open_table(io.BytesIO(bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600)))
    with pytest.raises(Invalid, match="宏"):
        open_table(repacked(book(["a"]), {"xl/vbaProject.bin": b"x"}))
    with pytest.raises(Invalid, match="链接"):
        open_table(repacked(book(["a"]), {"xl/externalLinks/externalLink1.xml": b"<x/>"}))


def test_other_zips_and_broken_ones(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as parcel:
        parcel.writestr("a.csv", "x")
    with pytest.raises(Invalid, match="不是 XLSX"):
        open_table(file)
    whole = book(["a"], ["1"]).getvalue()
    with pytest.raises(Invalid, match="损坏"):
        open_table(io.BytesIO(whole[: len(whole) // 2]))
    (tmp_path / "a.xlsx").write_text("a,b\n1,2\n")
    with pytest.raises(Invalid, match="不是 Excel"):
        open_table(tmp_path / "a.xlsx")
    with pytest.raises(Invalid, match="损坏"):
        list(read_table(repacked(book(["a"]), {"xl/worksheets/sheet1.xml": b"<worksheet><broken"})))


def test_entity_bomb_is_refused():
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    with pytest.raises(Invalid, match="实体"):
        open_table(repacked(book(["a"]), {"xl/worksheets/sheet1.xml": bomb}))


def test_zip_bombs_are_refused_by_count_size_and_ratio():
    zeros = bytes(40 << 20)
    with pytest.raises(Invalid, match="压缩比"):
        open_table(repacked(book(["a"]), {"xl/media/a.bin": zeros}))
    with pytest.raises(Invalid, match="超过"):
        open_table(repacked(book(["a"]), {"xl/media/a.bin": zeros}), limits=Limits(zip_bytes=1 << 20))
    with pytest.raises(Invalid, match="部件"):
        open_table(
            repacked(book(["a"]), {f"xl/{n}.xml": b"" for n in range(50)}), limits=Limits(zip_entries=40)
        )


def test_a_parcel_that_lies_about_its_size_is_refused():
    data = bytearray(repacked(book(["a"]), {"xl/media/a.bin": bytes(1 << 20)}).getvalue())
    honest = (1 << 20).to_bytes(4, "little")
    while (place := data.find(honest)) >= 0:
        data[place : place + 4] = (100).to_bytes(4, "little")
    with pytest.raises(Invalid):
        open_table(io.BytesIO(bytes(data)))


@pytest.mark.parametrize("shared", [True, False])
def test_giant_cell_is_refused_with_row_and_column(shared):
    import random

    letters = random.Random(3).choices("甲乙丙丁戊己庚辛abcdefgh", k=9_000_000)
    giant = "".join(letters).encode()  # varied enough to pass the ratio check
    main = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    if shared:
        cells = b'<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="B2" s="1" t="s"><v>1</v></c></row>'
        strings = b"<sst " + main + b"><si><t>code</t></si><si><t>" + giant + b"</t></si></sst>"
        parts = {"xl/sharedStrings.xml": strings}
    else:
        text = b"<is><t>" + giant + b"</t></is>"
        cells = b'<row r="2"><c r="A2"><v>1</v></c><c r="B2" t="inlineStr">' + text + b"</c></row>"
        parts = {}
    sheet = b"<worksheet " + main + b"><sheetData>" + cells + b"</sheetData></worksheet>"
    file = repacked(book(["a"]), {"xl/worksheets/sheet1.xml": sheet, **parts})
    with pytest.raises(Invalid) as refusal:
        open_table(file)
    assert (refusal.value.row, refusal.value.field) == (2, "B")


def test_far_cell_and_false_dimensions_cost_nothing():
    made = openpyxl.Workbook()
    made.active.append(["code", "name"])
    made.active.append(["1", "a"])
    made.active["XFD3"] = "far"
    file = io.BytesIO()
    made.save(file)
    rows = list(read_table(file, tolerant=True))
    assert rows[0].values == {"code": "1", "name": "a"}


def test_defused_xml_guards_openpyxl():
    from openpyxl import DEFUSEDXML

    assert DEFUSEDXML


@pytest.mark.parametrize("seed", range(60))
def test_damaged_workbooks_give_rows_or_a_refusal(seed):
    import random

    rng = random.Random(seed)
    made = book(["编号", "名称"], ["F-1", "x"], [1, 2.5])
    with zipfile.ZipFile(made) as parcel:
        name = rng.choice(parcel.namelist())
        part = bytearray(parcel.read(name))
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(part))
        part[place : place + rng.randint(0, 20)] = rng.choice(
            [b"", b"<", b'"', b"-1", b"99999999999", b'r="ZZZZ9"']
        )
    with suppress(Invalid):
        list(read_table(repacked(made, {name: bytes(part)}), tolerant=bool(seed % 2)))
