"""``langqiao computing …``: one file for each command, gathered here."""

from __future__ import annotations

import typer

from langqiao.cli.computing.export import export
from langqiao.cli.computing.extender import agreement, extender
from langqiao.cli.computing.generate import generate
from langqiao.cli.computing.plan import plan
from langqiao.cli.computing.queue import bill, schedule
from langqiao.cli.computing.replay import replay
from langqiao.cli.computing.simulate import simulate
from langqiao.cli.computing.slurm import slurm_app

computing_app = typer.Typer(help="智算中心 / the computing centre", no_args_is_help=True)
computing_app.command()(agreement)
computing_app.command()(bill)
computing_app.command()(export)
computing_app.command()(extender)
computing_app.command()(generate)
computing_app.command()(plan)
computing_app.command()(schedule)
computing_app.command()(replay)
computing_app.command()(simulate)
computing_app.add_typer(slurm_app, name="slurm")
