"""``langqiao kme serve``: one KME in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from langqiao.cli.shared import stop


def serve(
    config: Annotated[Path, typer.Option("--config", help="KME 配置文件 / configuration of the KME")],
    group: Annotated[
        int, typer.Option(min=1, max=4096, help="一次提交的请求数上限 / requests a commit takes at most")
    ] = 256,
) -> None:
    """启动一个 KME，Ctrl+C 停止 / serve one KME until Ctrl+C."""
    import logging

    from langqiao.kme.config import load_config
    from langqiao.kme.errors import KmeError
    from langqiao.kme.server import main

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        main(load_config(config), group=group)
    except (KmeError, OSError) as wrong:
        stop(wrong)
