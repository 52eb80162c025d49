"""``langqiao quantum readings``: bring in a table of readings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from langqiao.cli.shared import migrate, out, refusals, setup, stop

SHOWN = 50


def readings(
    file: Annotated[
        Path,
        typer.Argument(help="CSV 或 XLSX，列见 docs/quantum.md / the table", exists=True, dir_okay=False),
    ],
    dry_run: Annotated[bool, typer.Option(help="只检查不写入 / check, write nothing")] = False,
) -> None:
    """导入密钥池读数：有一行不对就一行也不写 / import readings of key pools, all rows or none."""
    setup()
    from langqiao.apps.quantum.domain.imports import import_readings
    from langqiao.apps.quantum.exchange import read_readings

    with refusals():
        migrate()
        with file.open("rb") as handle:
            rows, numbers = read_readings(handle)
        summary = import_readings(None, rows, numbers=numbers, dry_run=dry_run)
    for refusal in summary.refusals[:SHOWN]:
        out.print(f"第 {refusal.row} 行 {refusal.field}：{refusal}", highlight=False, soft_wrap=True)
    if summary.refused:
        stop(
            f"{summary.refused} 行需要改正，什么也没有写入 / {summary.refused} rows refused, nothing written"
        )
    word = "检查通过，将" if dry_run else "✓ "
    out.print(f"{word}新增 {summary.created}，未变 {summary.unchanged}")
