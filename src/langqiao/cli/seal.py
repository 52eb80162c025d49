"""``langqiao seal``, ``open``, ``seal-keys``, ``seal-receipt``: files sealed under quantum keys.

Settings come from options, then environment variables, then a TOML file (``--config``, by default
``~/.config/langqiao/seal.toml``), whose paths are relative to its own folder::

    sae = "SAE-songjiang-1"
    signing_key = "sm2.pem"
    trusted = "trusted.txt"
    kem_key = "mlkem.pem"
    secret = "seal.secret"

    [kme]
    url = "https://127.0.0.1:17001"
    cert = "sae.crt"
    key = "sae.pem"
    ca = "ca.crt"
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from langqiao.cli.sealing import (
    AsJson,
    Ca,
    Cert,
    Config,
    Engine,
    Key,
    KeyFileOption,
    Overwrite,
    PathOption,
    Sae,
    Secret,
    Settings,
    Signing,
    Trusted,
    Url,
    Wait,
    Workers,
    facts_of,
    guarded,
    key_provider,
    local_vault,
    read_kem,
    read_signer,
    read_trusted,
    receipt_place,
    seal_bar,
    speed_of,
    tell,
    to_report,
)
from langqiao.cli.shared import err, stop


def seal(
    file: Annotated[Path, typer.Argument(help="要封装的文件 / the file")],
    to: Annotated[str, typer.Option("--to", help="收件方应用编号 / the recipient's SAE ID")],
    output: Annotated[
        PathOption, typer.Option("--output", "-o", help="缺省为 FILE.lqs / the sealed file")
    ] = None,
    sae: Sae = "",
    config: Config = None,
    signing_key: Signing = None,
    kme: Url = "",
    cert: Cert = None,
    key: Key = None,
    ca: Ca = None,
    key_file: KeyFileOption = None,
    wait: Wait = 300.0,
    kem: Annotated[
        PathOption, typer.Option("--kem", help="收件方 ML-KEM-768 公钥 / recipient's ML-KEM public key, PEM")
    ] = None,
    secret: Secret = None,
    manifest: Annotated[str, typer.Option(help="full|tags")] = "full",
    segment_kib: Annotated[int, typer.Option(help="每段 KiB，2 的幂 / KiB a segment")] = 1024,
    segments_per_key: Annotated[int, typer.Option(help="每把密钥的段数，2 的幂 / segments a key")] = 1024,
    engine: Engine = "auto",
    workers: Workers = 0,
    overwrite: Overwrite = False,
    restart: Annotated[bool, typer.Option(help="丢弃断点，重新取密钥 / begin again with new keys")] = False,
    as_json: AsJson = False,
) -> None:
    """封装文件，只有收件方能打开；中断后再次运行从原处继续 / seal a file for one recipient; resumable."""
    from langqiao.engines.sm.mlkem import KemPublicKey
    from langqiao.engines.sm.sealed import SealOptions
    from langqiao.engines.sm.sealed import seal as seal_file
    from langqiao.engines.sm.sm2 import read_key_file

    with guarded(), ExitStack() as stack:
        settings = Settings(config)
        if manifest not in {"full", "tags"}:
            stop("--manifest: full|tags", code=2)
        made = seal_file(
            file,
            output or file.with_name(file.name + ".lqs"),
            sender=settings.text(sae, "sae", "--sae"),
            recipient=to,
            signer=read_signer(settings, signing_key),
            keys=key_provider(
                settings, stack, to, url=kme, cert=cert, key=key, ca=ca, key_file=key_file, wait=wait
            ),
            vault=local_vault(settings, secret),
            kem=KemPublicKey.from_pem(read_key_file(kem)) if kem else None,
            options=SealOptions(
                segment_kib << 10, segments_per_key, "tags" if manifest == "tags" else "full", engine, workers
            ),
            overwrite=overwrite,
            restart=restart,
            progress=stack.enter_context(seal_bar(quiet=as_json)),
        )
    speed = speed_of(made.info.header.size, made.seconds)
    facts = {
        **facts_of(made.info), "engine": made.engine, "seconds": round(made.seconds, 3),
        "mb_per_second": speed,
        "resumed_at": made.resumed_at,
    }  # fmt: skip
    tell(
        f"✓ 已封装 sealed  {made.info.path}  {facts['segments']} 段 segments · {facts['keys']} 把密钥 keys · "
        f"{speed} MB/s{to_report(facts)}",
        facts,
        as_json=as_json,
    )


def open_file(
    file: Annotated[Path, typer.Argument(help="密封文件 / the sealed file")],
    output: Annotated[
        PathOption, typer.Option("--output", "-o", help="目标文件或文件夹，缺省为当前文件夹 / file or folder")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="只校验，不需要密钥 / check only, without keys")
    ] = False,
    receipt: Annotated[
        PathOption, typer.Option("--receipt", help="启封后写出 SM2 签名回执 / write a signed receipt")
    ] = None,
    sae: Sae = "",
    config: Config = None,
    trusted: Trusted = None,
    signing_key: Signing = None,
    kme: Url = "",
    cert: Cert = None,
    key: Key = None,
    ca: Ca = None,
    key_file: KeyFileOption = None,
    kem_key: Annotated[
        PathOption, typer.Option("--kem-key", help="ML-KEM-768 私钥 / private key, PEM")
    ] = None,
    secret: Secret = None,
    engine: Engine = "auto",
    workers: Workers = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """启封：先验签名，再取密钥，任何改动都被拒绝并指出位置 / open a sealed file, whole or not at all."""
    from langqiao.engines.sm.sealed import inspect, make_receipt, open_sealed, verify

    with guarded(), ExitStack() as stack:
        settings = Settings(config)
        believed = read_trusted(settings, trusted)
        show = stack.enter_context(seal_bar(quiet=as_json))
        if check:
            info = verify(file, believed, workers=workers, progress=show)
            facts = facts_of(info)
            words = f"✓ 完整，{info.header.sender} 签名 / whole, signed by {info.header.sender}"
            tell(words + to_report(facts), facts, as_json=as_json)
            return
        signer = read_signer(settings, signing_key) if receipt else None
        if receipt:
            receipt_place(receipt, file, overwrite=overwrite)
        peer = inspect(file).header.sender
        found = open_sealed(
            file,
            output or Path.cwd(),
            recipient=settings.text(sae, "sae", "--sae"),
            trusted=believed,
            keys=key_provider(settings, stack, peer, url=kme, cert=cert, key=key, ca=ca, key_file=key_file),
            vault=local_vault(settings, secret),
            kem=read_kem(settings, kem_key),
            engine=engine,
            workers=workers,
            overwrite=overwrite,
            progress=show,
        )
        if receipt and signer:
            receipt_place(receipt, file, found.target, overwrite=overwrite)
            receipt.write_text(make_receipt(found.info, signer).to_json(), "utf-8")
    speed = speed_of(found.info.header.size, found.seconds)
    facts = {
        **facts_of(found.info), "target": str(found.target), "name": found.name, "engine": found.engine,
        "seconds": round(found.seconds, 3), "mb_per_second": speed, "resumed_at": found.resumed_at,
        "receipt": str(receipt) if receipt else "",
    }  # fmt: skip
    tell(f"✓ 已启封 opened  {found.target}  {speed} MB/s · 发送方 sender {peer}", facts, as_json=as_json)


def seal_keys(
    folder: Annotated[Path, typer.Argument(help="存放密钥的文件夹 / folder for the keys")],
    sae: Annotated[str, typer.Option("--sae", envvar="LANGQIAO_SAE", help="应用编号 / SAE ID")],
) -> None:
    """生成 SM2 与 ML-KEM 密钥，打印信任名单的一行 / make keys, print the line for trusted files."""
    from langqiao.engines.sm.mlkem import KemPrivateKey
    from langqiao.engines.sm.sm2 import Sm2PrivateKey, write_private

    with guarded():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        signer, kem = Sm2PrivateKey.generate(), KemPrivateKey.generate()
        for name, pem in (("sm2.pem", signer.to_pem()), ("mlkem.pem", kem.to_pem())):
            write_private(folder / name, pem)
        (folder / "sm2.pub").write_bytes(signer.public.to_pem())
        (folder / "mlkem.pub").write_bytes(kem.public.to_pem())
    err.print(f"✓ {folder}{os.sep} sm2.pem sm2.pub mlkem.pem mlkem.pub", highlight=False)
    print(f"{signer.public.hex()} {sae}")


def seal_receipt(
    receipt: Annotated[Path, typer.Argument(help="回执文件 / the receipt")],
    file: Annotated[
        PathOption, typer.Option("--file", help="对应的密封文件 / the sealed file it is for")
    ] = None,
    config: Config = None,
    trusted: Trusted = None,
    as_json: AsJson = False,
) -> None:
    """核对收件方签名的回执 / check a recipient's signed receipt."""
    from langqiao.engines.sm.sealed import Receipt, check_receipt, inspect

    with guarded():
        with receipt.open("rb") as stream:
            found = Receipt.from_json(stream.read(65_536))
        check_receipt(found, read_trusted(Settings(config), trusted), inspect(file) if file else None)
    facts = json.loads(found.to_json())
    tell(f"✓ {found.recipient} 于 {found.opened} 启封 / opened by {found.recipient}", facts, as_json=as_json)
