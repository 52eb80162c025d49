"""``langqiao quantum rate``: what one span of fibre yields."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from langqiao.cli.shared import out, stop


def rate(
    km: Annotated[float, typer.Option(help="光纤长度，千米 / length of the fibre in km")],
    parameters: Annotated[
        str,
        typer.Option(help="参数组 / set: gys, illustration-40mhz, illustration-625mhz, illustration-twin"),
    ] = "gys",
    pulses: Annotated[
        float, typer.Option(help="有限码长：每块脉冲数，0 为渐近 / finite key: pulses a block, 0 for none")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """单段成码率：诱骗态 BB84、有限码长、双场 / the key rate of one span."""
    from langqiao.engines.qkd.errors import QkdError
    from langqiao.engines.qkd.physics import named, rate_report

    try:
        chosen = named(parameters)
        found = rate_report(chosen, km, pulses=pulses or None)
    except QkdError as error:
        stop(error, code=2)
        return
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    table = Table(
        title=f"{chosen.name}, {km:g} km, {chosen.protocol}",
        title_justify="left",
        show_edge=False,
        pad_edge=False,
    )
    for head in ("量 quantity", "值 value", "单位 unit"):
        table.add_column(head)
    for name, (words, unit) in WORDS.items():
        value = found.get(name)
        if isinstance(value, int | float):
            table.add_row(words, f"{value:.6g}", unit)
    out.print(table)


WORDS = {
    "transmittance": ("总透过率 transmittance η", ""),
    "gain": ("信号态增益 gain Qμ", "1/pulse"),
    "qber": ("误码率 QBER Eμ", ""),
    "y1": ("单光子产率下界 y1", ""),
    "e1": ("单光子误码上界 e1", ""),
    "q1": ("单光子增益下界 q1", "1/pulse"),
    "phase_error": ("相位误码上界 phase error", ""),
    "rate_asymptotic": ("渐近成码率 asymptotic", "bit/pulse"),
    "rate_vacuum_weak": ("真空+弱诱骗态 vacuum + weak", "bit/pulse"),
    "rate_twin_field": ("双场成码率 twin field", "bit/pulse"),
    "rate_finite": ("有限码长 finite key", "bit/pulse"),
    "key_bits": ("每块密钥 key of a block", "bit"),
    "bits_per_second": ("每秒密钥 key a second", "bit/s"),
}
