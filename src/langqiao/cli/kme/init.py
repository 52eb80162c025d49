"""``langqiao kme init``: a test network of nine cities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from langqiao.cli.shared import out, stop


def init(
    folder: Annotated[Path, typer.Argument(help="新建的文件夹 / folder to make")],
    port: Annotated[int, typer.Option(min=1, max=65000, help="第一个端口 / first port")] = 17014,
    health: Annotated[
        int, typer.Option(min=0, max=65000, help="第一个状态端口，0 为无 / first health port, 0 for none")
    ] = 17114,
    saes: Annotated[int, typer.Option(min=1, max=99, help="每城的 SAE 数 / SAEs in each city")] = 2,
    stock: Annotated[
        int,
        typer.Option(
            min=0, max=1_000_000, help="每条链路每个方向的初始存量，256 位为一单位 / units to begin with"
        ),
    ] = 4096,
    cipher: Annotated[str, typer.Option(help="sm4-gcm|aes-256-gcm")] = "sm4-gcm",
) -> None:
    """建立九城试验网：自签 CA、各 KME 与 SAE 的证书和配置 / make a nine-city test network with its own CA."""
    from langqiao.kme.config import CIPHERS
    from langqiao.kme.errors import KmeError
    from langqiao.kme.initialise import initialise, nine_cities

    if cipher not in CIPHERS:
        stop(f"--cipher：{cipher} 不在 {', '.join(CIPHERS)} 之中 / is none of these", code=2)
    plan = nine_cities(saes=saes)
    count = len(plan.cities)
    try:
        initialise(
            folder,
            plan,
            ports=range(port, port + count),
            health_ports=range(health, health + count) if health else (),
            stock=stock,
            cipher=cipher,
        )
    except (KmeError, OSError) as wrong:
        stop(wrong)
    out.print(f"✓ {count} 个 KME 已建立在 {folder} / {count} KMEs made", highlight=False)
    out.print(f"  langqiao quantum up {folder}", highlight=False)
