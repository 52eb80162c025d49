"""``langqiao computing …``: one file for each command, gathered here."""

from __future__ import annotations

import typer

from langqiao.cli.computing.export import export
from langqiao.cli.computing.generate import generate
from langqiao.cli.computing.plan import plan

computing_app = typer.Typer(help="智算中心 / the computing centre", no_args_is_help=True)
computing_app.command()(export)
computing_app.command()(generate)
computing_app.command()(plan)
