"""Twenty gigabytes in constant memory (slow). LANGQIAO_LARGE_GB sets another size."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.engines.sm.sealed.scene import READER, SIGNER

CHILD = """
import sys
from pathlib import Path
from langqiao.engines.sm.sealed import KeyFile, TrustedKeys, Vault, open_sealed, seal
from langqiao.engines.sm.sm2 import Sm2PrivateKey

what, folder = sys.argv[1], Path(sys.argv[2])
signer = Sm2PrivateKey.from_pem((folder / "sm2.pem").read_bytes())
keys, vault = KeyFile(folder / f"{what}.keys"), Vault(bytes(32))
if what == "seal":
    made = seal(folder / "film", folder / "film.lqs", sender="a", recipient="b", signer=signer, keys=keys, vault=vault)
else:
    trusted = TrustedKeys([("a", signer.public)])
    made = open_sealed(folder / "film.lqs", folder / "out", recipient="b", trusted=trusted, keys=keys, vault=vault)
size = made.info.header.size
# Not getrusage: its peak of this process survives exec, so it would be pytest's.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak, f"{what} {size / 1e6 / made.seconds:.0f} MB/s {made.engine}")
"""


@pytest.mark.slow
def test_twenty_gigabytes_in_200_megabytes(tmp_path):
    size = int(float(os.environ.get("LANGQIAO_LARGE_GB", "20")) * 1e9)
    if os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize < 2.2 * size:
        pytest.skip(f"the disk has no room for two files of {size} bytes")
    film = tmp_path / "film"
    with film.open("wb") as stream:
        for at in range(0, size, size // 50):
            stream.seek(at)
            stream.write(READER.public.point)
        stream.truncate(size)
    (tmp_path / "sm2.pem").write_bytes(SIGNER.to_pem())
    for name in ("seal.keys", "open.keys"):
        (tmp_path / name).write_text("".join(f"key-{n} {n:064x}\n" for n in range(64)))
        (tmp_path / name).chmod(0o600)
    for what in ("seal", "open"):
        done = subprocess.run(
            [sys.executable, "-c", CHILD, what, str(tmp_path)], capture_output=True, check=True, text=True
        )
        kib, words = done.stdout.split(" ", 1)
        print(words.strip(), f"peak {int(kib) / 1024:.0f} MiB")
        assert int(kib) * 1024 <= 200e6
    with film.open("rb") as one, (tmp_path / "out").open("rb") as other:
        for at in (0, size // 2, size // 50 * 49):
            one.seek(at)
            other.seek(at)
            assert one.read(1 << 20) == other.read(1 << 20)
    assert (tmp_path / "out").stat().st_size == size
    for name in ("film.lqs", "out"):  # not kept for the next three runs
        (tmp_path / name).unlink()
