"""``langqiao quantum …``: one file for each command, gathered here."""

from __future__ import annotations

import typer

from langqiao.cli.kme.up import up
from langqiao.cli.quantum.plan import plan
from langqiao.cli.quantum.poll import poll
from langqiao.cli.quantum.rate import rate
from langqiao.cli.quantum.readings import readings

quantum_app = typer.Typer(help="量子网络 / the quantum network", no_args_is_help=True)


@quantum_app.callback()
def _group() -> None:
    """量子网络 / the quantum network."""


quantum_app.command()(plan)
quantum_app.command()(poll)
quantum_app.command()(rate)
quantum_app.command()(readings)
quantum_app.command()(up)
