"""``langqiao kme conformance URL``: examine any KME against ETSI GS QKD 014 V1.1.1."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from langqiao.cli.shared import out, stop

MARKS = {"pass": Text("✓", "green"), "fail": Text("✗", "red"), "skip": Text("–", "dim")}


def conformance(
    url: Annotated[str, typer.Argument(help="https://主机:端口 / https://HOST:PORT of the master's KME")],
    master: Annotated[str, typer.Option(help="主 SAE 编号 / identifier of the master SAE")],
    slave: Annotated[str, typer.Option(help="从 SAE 编号 / identifier of the slave SAE")],
    cert: Annotated[Path, typer.Option(help="主 SAE 证书 / certificate of the master")],
    key: Annotated[Path, typer.Option(help="主 SAE 私钥 / its private key")],
    ca: Annotated[Path, typer.Option(help="CA 证书 / certificate of the authority")],
    slave_url: Annotated[str, typer.Option(help="从 SAE 所在 KME / the slave's KME")] = "",
    slave_cert: Annotated[Path | None, typer.Option(help="从 SAE 证书 / the slave's certificate")] = None,
    slave_key: Annotated[Path | None, typer.Option(help="从 SAE 私钥 / its private key")] = None,
    other: Annotated[
        list[str] | None, typer.Option(help="组播的其他 SAE / further SAEs for multicast")
    ] = None,
    outsider_cert: Annotated[
        Path | None, typer.Option(help="无关 SAE 的证书 / an SAE that no key is for")
    ] = None,
    outsider_key: Annotated[Path | None, typer.Option(help="其私钥 / its private key")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """以原始 HTTP 检查任一 KME 是否符合 ETSI GS QKD 014 / examine any KME by raw HTTP; spends some keys."""
    from langqiao.kme.conformance import Target
    from langqiao.kme.conformance import conformance as examine
    from langqiao.kme.errors import KmeError

    target = Target(
        url, master, slave, cert, key, ca, slave_url, slave_cert, slave_key, tuple(other or ()),
        outsider_cert, outsider_key,
    )  # fmt: skip
    try:
        outcomes = list(examine(target))
    except KmeError as wrong:
        stop(wrong, code=2)
    counts = Counter(outcome.verdict for outcome in outcomes)
    if as_json:
        facts = {"url": url, "counts": counts, "checks": [asdict(outcome) for outcome in outcomes]}
        print(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        table = Table("", "条款 / clause", "检查 / check", "原因 / why")
        for outcome in outcomes:
            table.add_row(MARKS[outcome.verdict], outcome.clause, outcome.name, outcome.fault)
        out.print(table)
        out.print(
            f"通过 {counts['pass']}，未通过 {counts['fail']}，未检查 {counts['skip']}"
            f" / {counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped",
            highlight=False,
        )
    if counts["fail"]:
        raise typer.Exit(1)
