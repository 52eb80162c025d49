"""The rows that failed, written out with the reason, to be mended and imported again."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from django.utils.translation import gettext as _

from langqiao.apps.registry.exchange.report import RowError
from langqiao.kit.exports import defused
from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Row


class FailedRows:
    """A CSV of failed rows, begun with the first of them; nothing is written when ``target`` is None."""

    def __init__(self, target: Path | None, columns: list[str]) -> None:
        self.target, self.columns = target, columns
        self.path = ""
        self._file: TextIO | None = None
        self._writer: Any = None

    @property
    def is_open(self) -> bool:
        """Whether failed rows are kept, so that the others may be written."""
        return self.target is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: Row, error: RowError) -> None:
        """Append one row.

        Raises:
            Invalid: the file cannot be written.
        """
        if self.target is None:
            return
        if self._writer is None:
            self._begin(self.target)
        cells = [_cell(row.values.get(name)) for name in self.columns]
        reason = (str(row.number), error.label, error.why, error.mend)
        self._writer.writerow([defused(cell) for cell in (*cells, *reason)])

    def _begin(self, target: Path) -> None:
        try:
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise Invalid(
                _("无法写入失败行文件 %(name)s。") % {"name": target.name},
                mend=_("请检查文件夹的写入权限，或指定其他位置。"),
            ) from error
        self._file = os.fdopen(handle, "w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(
            [*map(defused, self.columns), _("原行号"), _("有误的列"), _("原因"), _("如何修改")]
        )
        self.path = str(target)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "；".join(_cell(part) for part in value)
    return str(value)
