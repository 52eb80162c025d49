"""``langqiao eye export``: all open data as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from langqiao.cli.shared import out, refusals, setup

app = typer.Typer(help="科创之眼：开放数据 / the Eye: open data", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """科创之眼：开放数据 / the Eye: open data."""


@app.command("export")
def export_folder(
    folder: Annotated[Path, typer.Argument(help="写入的文件夹 / folder to write", file_okay=False)],
) -> None:
    """导出全部公开数据与数据字典、DCAT 目录 / write all that is public, dictionary and DCAT."""
    setup()
    from langqiao.apps.eye.open_data.folder import export

    files = size = 0
    with refusals():
        for written in export(folder):
            rows = "" if written.rows is None else f"{written.rows:,}"
            out.print(f"{written.name:<44}{written.size:>14,} B{rows:>12}", highlight=False)
            files, size = files + 1, size + written.size
    out.print(f"✓ {files} 个文件，{size:,} 字节 / {files} files, {size:,} bytes → {folder}", highlight=False)
