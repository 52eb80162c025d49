"""``langqiao kme …``: one file for each command, gathered here."""

from __future__ import annotations

import typer

from langqiao.cli.kme.care import discard, rotate, verify
from langqiao.cli.kme.conformance import conformance
from langqiao.cli.kme.init import init
from langqiao.cli.kme.serve import serve

kme_app = typer.Typer(help="密钥管理实体 / the key management entity", no_args_is_help=True)
kme_app.command()(init)
kme_app.command()(serve)
kme_app.command()(verify)
kme_app.command()(rotate)
kme_app.command()(discard)
kme_app.command()(conformance)
