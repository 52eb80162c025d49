"""Sealed files end to end: read, encrypt, digest, write, and back; beside plain SM4-GCM and GmSSL.

    python benchmarks/sealed.py --mb 512 --json

Wall time is what a user waits; processor time beside it shows what was spent, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import gmssl_pyx

from langqiao.engines.sm.errors import SmError
from langqiao.engines.sm.libgcrypt import version
from langqiao.engines.sm.sealed import KeyFile, SealOptions, TrustedKeys, Vault, open_sealed, seal, verify
from langqiao.engines.sm.sm2 import Sm2PrivateKey
from langqiao.engines.sm.sm3 import sm3
from langqiao.engines.sm.sm4gcm import back_end


def measured(action: Any, size: int) -> dict[str, float]:
    """MB/s by the clock and by the processor, and how many processors were busy."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"mb_s": size / 1e6 / wall, "mb_s_cpu": size / 1e6 / cpu, "cores": cpu / wall}


def end_to_end(folder: Path, size: int, engine: str, manifest: str, signer: Sm2PrivateKey) -> dict[str, Any]:
    """Seal, check and open one file; each step durable on the disk."""
    film, sealed, out = folder / "film", folder / "film.lqs", folder / "out"
    vault, trusted = Vault(os.urandom(32)), TrustedKeys([("a", signer.public)])
    lines = "".join(f"key-{n} {os.urandom(32).hex()}\n" for n in range(1 + (size >> 30)))
    for name in ("a.keys", "b.keys"):
        (folder / name).write_text(lines)
        (folder / name).chmod(0o600)
    options = SealOptions(engine=engine, manifest="tags" if manifest == "tags" else "full")
    found = {
        "seal": measured(
            lambda: seal(
                film, sealed, sender="a", recipient="b", signer=signer, keys=KeyFile(folder / "a.keys"),
                vault=vault, options=options, overwrite=True,
            ),
            size,
        ),
        "check": measured(lambda: verify(sealed, trusted), size),
        "open": measured(
            lambda: open_sealed(
                sealed, out, recipient="b", trusted=trusted, keys=KeyFile(folder / "b.keys"), vault=vault,
                engine=engine, overwrite=True,
            ),
            size,
        ),
    }  # fmt: skip
    with film.open("rb") as one, out.open("rb") as other:
        while piece := one.read(1 << 22):
            if piece != other.read(1 << 22):
                sys.exit("what was opened differs from what was sealed")
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=512, help="size of the file, MB")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    size, rows = args.mb * 1_000_000, {}
    block = os.urandom(64 << 20)
    engines = ["portable"]
    try:
        rows["libgcrypt"] = {"version": version()}
        engines.append("libgcrypt")
    except SmError as error:
        rows["libgcrypt"] = {"refused": str(error)}
    for engine in engines:
        cipher = back_end(engine)[1](block[:16])
        rows[f"{engine}: SM4-GCM, one call of 64 MiB"] = measured(
            lambda cipher=cipher: cipher.seal(bytes(12), block, b""), len(block)
        )
    small = block[: 8 << 20]
    rows["GmSSL: SM4-GCM, one call of 8 MiB"] = measured(
        lambda: gmssl_pyx.sm4_gcm_encrypt(block[:16], bytes(12), b"", small), len(small)
    )
    rows["SM3, one call of 64 MiB"] = measured(lambda: sm3(block), len(block))
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        with (folder / "film").open("wb") as stream:
            for at in range(0, size, len(block)):
                stream.write(block[: size - at])
        signer = Sm2PrivateKey.generate()
        for engine in engines:
            for manifest in ("full", "tags"):
                for step, row in end_to_end(folder, size, engine, manifest, signer).items():
                    rows[f"{engine}, manifest {manifest}: {step} {args.mb} MB"] = row
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    print(f"{'':48}{'MB/s':>8}{'MB/s CPU':>10}{'cores':>7}")
    for name, row in rows.items():
        if "mb_s" in row:
            print(f"{name:48}{row['mb_s']:8.0f}{row['mb_s_cpu']:10.0f}{row['cores']:7.2f}")
        else:
            print(f"{name:48}{' '.join(map(str, row.values()))}")


if __name__ == "__main__":
    main()
