"""``langqiao kme verify``, ``rotate`` and ``discard``: care for a store while its KME is stopped."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from langqiao.cli.shared import out, stop

ConfigFile = Annotated[Path, typer.Argument(help="KME 配置文件 / configuration of the KME")]
NEW_VARIABLE = "LANGQIAO_KME_NEW_MASTER_KEY"
MEND = (
    "这个库不可再用于发放密钥：请用备份替换 keys.sqlite3，删除同名的 -wal 与 -shm 文件，再执行"
    " langqiao kme discard 丢弃其中的密钥 / give out no keys from this store: put a copy of keys.sqlite3"
    " in its place, remove the -wal and -shm files beside it, then throw the copy's keys away with"
    " langqiao kme discard"
)


def verify(
    config: ConfigFile,
    expect: Annotated[
        str, typer.Option(help="以前记下的链尾 序号:摘要 / a head noted earlier, SEQUENCE:HASH")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """校验密钥库与审计链 / check store, audit chain, sealed records and balance."""
    from langqiao.kme.config import load_config
    from langqiao.kme.errors import KmeError
    from langqiao.kme.store.admin import holds_entry, verify_store

    try:
        chosen = load_config(config)
        report = verify_store(chosen.store, chosen.master_key())
        faults = list(report.faults)
        if expect:
            number, _sep, digest = expect.partition(":")
            if not (number.isascii() and number.isdigit() and len(number) < 19):
                stop("链尾应写作 序号:64位摘要 / write the head as SEQUENCE:64-digit hash", code=2)
            if not holds_entry(chosen.store, int(number), digest):
                faults.append(f"审计链中没有 {expect} / the audit trail does not hold {expect}")
    except (KmeError, OSError) as wrong:
        stop(wrong)
    head = f"{report.head.seq}:{report.head.hash.hex()}"
    if as_json:
        facts = {
            "entries": report.entries,
            "head": head,
            "units": report.units,
            "shared": report.shared,
            "lost": report.lost,
            "faults": faults,
        }
        print(json.dumps(facts, ensure_ascii=False))
    elif not faults:
        out.print(
            f"✓ 审计 {report.entries} 条，库存 {report.units} 单位，另有组播密钥 {report.shared} 个，"
            f"丢失 {report.lost} 个"
            f" / {report.entries} audit entries, {report.units} units, {report.lost} keys lost",
            highlight=False,
        )
        out.print(f"  链尾 / head {head}", soft_wrap=True, highlight=False)
    if faults:
        stop("\n  ".join((*faults, MEND) if report.faults else faults))


def rotate(config: ConfigFile) -> None:
    """轮换主密钥与数据密钥，重新加密全库 / renew master and data key, seal every record anew."""
    from langqiao.kme.config import load_config
    from langqiao.kme.errors import KmeError
    from langqiao.kme.files import SECRET_BYTES, secret_from_hex
    from langqiao.kme.store.admin import rotate as renew

    try:
        chosen = load_config(config)
        place = chosen.master_file
        if place is None and not os.environ.get(NEW_VARIABLE):
            stop(f"请把新主密钥放入 {NEW_VARIABLE} / put the new master key into {NEW_VARIABLE}")
        new = (
            secret_from_hex(os.environ[NEW_VARIABLE], NEW_VARIABLE)
            if place is None
            else os.urandom(SECRET_BYTES)
        )
        count = renew(chosen.store, chosen.master_key(), new, place=place)
    except (KmeError, OSError) as wrong:
        stop(wrong)
    out.print(f"✓ 已重新加密 {count} 条 / {count} records sealed anew", highlight=False)


def discard(
    config: ConfigFile,
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 / do not ask")] = False,
) -> None:
    """丢弃库中全部密钥，恢复旧拷贝后使用 / throw every stored key away, after an old copy was put back."""
    from langqiao.kme.config import load_config
    from langqiao.kme.errors import KmeError
    from langqiao.kme.store.admin import discard as throw_away

    if not yes:
        typer.confirm("丢弃全部密钥？ / Throw all keys away?", abort=True)
    try:
        chosen = load_config(config)
        units = throw_away(chosen.store, chosen.master_key())
    except (KmeError, OSError) as wrong:
        stop(wrong)
    out.print(f"✓ 已丢弃 {units} 单位 / {units} units thrown away", highlight=False)
