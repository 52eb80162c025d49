"""``langqiao kme …``: one file for each command, gathered here."""

from __future__ import annotations

import typer

from langqiao.cli.kme.init import init
from langqiao.cli.kme.serve import serve

kme_app = typer.Typer(help="密钥管理实体 / the key management entity", no_args_is_help=True)
kme_app.command()(init)
kme_app.command()(serve)
