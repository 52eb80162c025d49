"""An A4 document (DOCX) with our headings, tables, drawn bars and page numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

FONT = "Noto Sans CJK SC"
_WIDTH = 170  # mm between the margins
_UNITS = 85  # columns of the grid on which bars are drawn: 2 mm each
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: object) -> str:
    """Text without the characters that XML does not know."""
    return _NO_XML.sub("", str(text))


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """One bar: its label and note, and pieces (from, to, colour) as shares 0…1 of the width, in order."""

    label: str
    note: str
    pieces: Sequence[tuple[float, float, str]]


class Paper:
    """An A4 document with our headings, tables of two columns, and page numbers."""

    def __init__(self) -> None:
        self.document = Document()
        section = self.document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = Mm(20)
        section.top_margin = section.bottom_margin = Mm(20)
        for name in ("Normal", "Title", "Heading 1", "Heading 2"):
            style = self.document.styles[name]
            style.font.name = FONT
            style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
        self.document.styles["Normal"].font.size = Pt(10.5)
        self._number(section.footer.paragraphs[0])

    @staticmethod
    def _number(paragraph: Any) -> None:
        """A page number, which Word works out when it opens the file."""
        run = paragraph.add_run()
        for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
            part = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                part.set(qn("w:fldCharType"), kind)
            part.text = text or None
            run._r.append(part)  # noqa: SLF001  python-docx has no call for fields

    def heading(self, text: str, level: int = 1) -> None:
        """A heading."""
        self.document.add_heading(clean(text), level)

    def text(self, text: str, *, bold: bool = False) -> None:
        """A paragraph for each line."""
        for line in clean(text).split("\n"):
            self.document.add_paragraph().add_run(line).bold = bold

    def pairs(self, rows: Iterable[tuple[str, str]]) -> None:
        """A table of labels and values."""
        table = self.document.add_table(rows=0, cols=2, style="Table Grid")
        table.autofit = False
        for label, value in rows:
            cells = table.add_row().cells
            cells[0].width, cells[1].width = Mm(40), Mm(130)
            cells[0].text, cells[1].text = clean(label), clean(value)
        self.document.add_paragraph()

    def table(
        self, heads: Sequence[str], rows: Iterable[Sequence[str]], *, size: float | None = None
    ) -> None:
        """A table with a heading row; ``size`` of the letters in points where it is wide."""
        table = self.document.add_table(rows=1, cols=len(heads), style="Table Grid")
        for cell, head in zip(table.rows[0].cells, heads, strict=True):
            cell.text = ""
            cell.paragraphs[0].add_run(clean(head)).bold = True
        for row in rows:
            for cell, value in zip(table.add_row().cells, row, strict=True):
                cell.text = clean(value)
        if size is not None:
            runs = (r for row in table.rows for c in row.cells for p in c.paragraphs for r in p.runs)
            for run in runs:
                run.font.size = Pt(size)
        self.document.add_paragraph()

    def bytes(self) -> bytes:
        """The file."""
        out = BytesIO()
        self.document.save(out)
        return out.getvalue()

    def bars(self, bars: Iterable[DrawnBar]) -> None:
        """Bars drawn as shaded cells of one table: no picture, so that any reader shows them."""
        table = self.document.add_table(rows=0, cols=_UNITS)
        table.autofit = False
        for column in table.columns:
            column.width = Mm(_WIDTH / _UNITS)
        half = _UNITS // 2
        for bar in bars:
            words = [_Cell(half, text=bar.label), _Cell(_UNITS - half, text=bar.note, align="right")]
            table._tbl.append(_row(words))  # noqa: SLF001  python-docx has no call for rows of uneven cells
            table._tbl.append(_row(_drawn(bar.pieces), height=4))  # noqa: SLF001
        self.document.add_paragraph()


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell over ``span`` columns of the grid."""

    span: int
    text: str = ""
    fill: str = ""
    align: str = ""


def _drawn(pieces: Sequence[tuple[float, float, str]]) -> list[_Cell]:
    """Pieces as cells of the grid, with empty ones between; each piece is at least one column wide."""
    cells: list[_Cell] = []
    at = 0
    for start, end, colour in pieces:
        first = min(max(at, round(start * _UNITS)), _UNITS - 1)
        last = min(max(first + 1, round(end * _UNITS)), _UNITS)
        if at >= _UNITS:
            break
        if first > at:
            cells.append(_Cell(first - at))
        cells.append(_Cell(last - first, fill=colour))
        at = last
    return [*cells, _Cell(_UNITS - at)] if at < _UNITS else cells


def _row(cells: Iterable[_Cell], *, height: int = 0) -> Any:
    """A row of cells of uneven width; ``height`` in millimetres where it is fixed."""
    row = OxmlElement("w:tr")
    if height:
        _child(_child(row, "w:trPr"), "w:trHeight", val=str(height * 57), hRule="exact")  # 57 twips a mm
    for cell in cells:
        made = _child(row, "w:tc")
        style = _child(made, "w:tcPr")
        _child(style, "w:tcW", w=str(round(cell.span * _WIDTH / _UNITS * 56.7)), type="dxa")
        _child(style, "w:gridSpan", val=str(cell.span))
        if cell.fill:
            _child(style, "w:shd", val="clear", color="auto", fill=cell.fill)
        paragraph = _child(made, "w:p")
        if cell.align:
            _child(_child(paragraph, "w:pPr"), "w:jc", val=cell.align)
        _child(_child(paragraph, "w:r"), "w:t").text = clean(cell.text)
    return row


def _child(parent: Any, name: str, **attributes: str) -> Any:
    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    parent.append(made)
    return made
