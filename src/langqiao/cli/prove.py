"""``langqiao ledger prove``: whether a dossier's file is whole, and whether the ledger holds what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from langqiao.cli.shared import out, setup, stop

if TYPE_CHECKING:
    from langqiao.apps.ledger.proof import Mismatch, Proof

KINDS = {
    "changed": "内容与摘要不符 / the text does not give its hash",
    "unlinked": "与前一条不相连 / does not follow the entry before it",
    "disordered": "次序不对 / is out of order",
    "foreign": "属于别的项目 / belongs to another case",
    "beyond": "在链尾之后 / comes after the head",
    "head": "链尾不符 / the head is not the chain's",
    "missing": "台账中没有 / is not in the ledger",
    "different": "与台账所记不同 / differs from the ledger",
    "chain": "台账的链在此断开 / the ledger's own chain breaks here",
}
MOST_BYTES = 256 * 1024 * 1024


def prove(
    file: Annotated[Path, typer.Argument(help="卷宗的核对文件 / the file downloaded from a dossier")],
    offline: Annotated[
        bool, typer.Option("--offline", help="只核对文件本身，不读台账 / the file alone, no ledger")
    ] = False,
    head: Annotated[
        str, typer.Option(help="另行记下的链尾 序号:摘要 / a head noted elsewhere, SEQUENCE:HASH")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """核对卷宗文件：摘要、次序、链接，以及与台账是否一致 / check a dossier's file, and against the ledger."""
    proof = _read(file)
    from langqiao.apps.ledger.proof import Mismatch, mismatches

    found = mismatches(proof)
    if head and f"{proof.head[0]}:{proof.head[1]}" != _noted(head):
        found.append(Mismatch(proof.head[0], "head"))
    if not offline:
        found += _against_the_ledger(proof)
    _tell(proof, found, offline=offline, as_json=as_json)


def _read(file: Path) -> Proof:
    from langqiao.apps.ledger.proof import NotAProof, read

    try:
        if file.stat().st_size > MOST_BYTES:
            stop("文件超过 256 MB / the file is larger than 256 MB", code=2)
        return read(json.loads(file.read_bytes()))
    except OSError as fault:
        stop(f"读不到文件 / the file cannot be read: {fault.strerror}", code=2)
    except NotAProof as fault:
        stop(f"不是卷宗的核对文件，错在 / not the file of a dossier, wrong at: {fault}", code=2)
    except (ValueError, RecursionError):
        stop("不是 JSON 文件 / not a JSON file", code=2)
    raise typer.Exit(2)  # pragma: no cover  stop() has ended the command


def _noted(head: str) -> str:
    sequence, _sep, digest = head.partition(":")
    if not (sequence.isascii() and sequence.isdigit()) or len(digest) != 64:
        stop("链尾应写作 序号:64位摘要 / write the head as SEQUENCE:64-digit hash", code=2)
    return f"{int(sequence)}:{digest.lower()}"


def _against_the_ledger(proof: Proof) -> list[Mismatch]:
    setup()
    from django.db import connection

    from langqiao.apps.ledger import queries
    from langqiao.apps.ledger.models import Entry
    from langqiao.apps.ledger.proof import Mismatch, differences

    if Entry._meta.db_table not in connection.introspection.table_names():
        stop("这里没有台账；请加 --offline / there is no ledger here; add --offline", code=2)
    wanted = [one.sequence for one in proof.pieces]
    entries: dict[int, Entry] = {}
    for start in range(0, len(wanted), 500):
        entries |= Entry.objects.in_bulk(wanted[start : start + 500])
    at_head = Entry.objects.filter(sequence=proof.head[0]).values_list("hash", flat=True).first()
    found = list(differences(proof, entries, hash_at_head=at_head))
    fault = queries.verify().fault
    if fault is not None:
        found.append(Mismatch(fault.sequence, "chain"))
    return found


def _tell(proof: Proof, found: list[Mismatch], *, offline: bool, as_json: bool) -> None:
    whole = sum(not one.withheld for one in proof.pieces)
    if as_json:
        told: dict[str, Any] = {
            "case": proof.case,
            "made_at": proof.made_at,
            "entries": len(proof.pieces),
            "recomputed": whole,
            "ledger": not offline,
            "head": {"sequence": proof.head[0], "hash": proof.head[1]},
            "mismatches": [{"sequence": one.sequence, "kind": one.kind} for one in found],
        }
        print(json.dumps(told, ensure_ascii=False))
    elif not found:
        out.print(
            f"✓ 卷宗 {proof.case}：{len(proof.pieces)} 条，其中 {whole} 条重算摘要相符，"
            f"{'未与台账比对' if offline else '全部与台账一致，链完整'}。"
            f" / {len(proof.pieces)} entries, {whole} re-computed, "
            f"{'not compared with a ledger' if offline else 'all as in the ledger, whose chain is whole'}",
            soft_wrap=True,
            markup=False,
        )
        out.print(f"  链尾 / head {proof.head[0]}:{proof.head[1]}", soft_wrap=True)
    if found:
        told_kinds = "\n".join(f"  #{one.sequence} {KINDS[one.kind]}" for one in found)
        stop(f"卷宗文件不成立 / the file does not hold\n{told_kinds}", code=1)
